//! The chronology on the pages of a pupil and of a carer: narrowed by fixed words, ids and days, paged by its key, and printed.

use axum::{extract::FromRequestParts, http::request::Parts};
use jiff::ToSpan as _;
use uuid::Uuid;

use super::{Web, guard::Signed, people::who};
use crate::{
    domain::{
        groups::Group,
        time::{Date, Timestamp, day_begins, day_in_full, moment_in_full, school_date, school_zone},
    },
    store::entries::{Narrow, Told},
};

/// How many entries a page shows.
const ENTRIES: usize = 50;
/// How many a page to print shows.
const PRINTED: usize = 500;

/// What an address asks of a chronology: words of ours, ids and days, never words of people. Anything else is not read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    group: Option<Group>,
    /// The carer on a pupil's page, the pupil on a carer's.
    pub(super) who: Option<Uuid>,
    from: Option<Date>,
    until: Option<Date>,
    before: Option<Uuid>,
    /// To be printed: the record alone, with its words open.
    pub(super) print: bool,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "kind" => asked.group = Group::parse(&value),
                "who" => asked.who = value.parse().ok(),
                "from" => asked.from = value.parse().ok(),
                "until" => asked.until = value.parse().ok(),
                "before" => asked.before = value.parse().ok(),
                "print" => asked.print = value == "yes",
                _ => {}
            }
        }
        Ok(asked)
    }
}

impl Asked {
    /// As the store is asked; one more than is shown, to know whether there is more.
    pub(super) fn narrow(&self) -> Narrow {
        Narrow {
            group: self.group,
            from: self.from.and_then(day_begins),
            until: self.until.and_then(|day| day.checked_add(1.day()).ok()).and_then(day_begins),
            before: self.before,
        }
    }

    const fn shown(&self) -> usize {
        if self.print { PRINTED } else { ENTRIES }
    }

    /// How many entries the store is asked for.
    pub(super) fn limit(&self) -> i64 {
        i64::try_from(self.shown() + 1).unwrap_or(i64::MAX)
    }

    const fn is_narrowed(&self) -> bool {
        self.group.is_some() || self.who.is_some() || self.from.is_some() || self.until.is_some()
    }

    fn address(&self, path: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(group) = self.group {
            query.append_pair("kind", group.as_str());
        }
        if let Some(who) = self.who {
            query.append_pair("who", &who.to_string());
        }
        for (name, day) in [("from", self.from), ("until", self.until)] {
            if let Some(day) = day {
                query.append_pair(name, &day.to_string());
            }
        }
        if let Some(before) = self.before {
            query.append_pair("before", &before.to_string());
        }
        if self.print {
            query.append_pair("print", "yes");
        }
        match query.finish() {
            empty if empty.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

/// A line of the chronology.
pub(super) struct Line {
    pub(super) entry: Told,
    /// Without its full stop: a name may follow.
    pub(super) sentence: String,
    pub(super) who: String,
    pub(super) happened: String,
    /// When it was written down, where that was later.
    pub(super) recorded: Option<String>,
}

/// A choice of a list: its value, its name, and whether it is chosen.
pub(super) type Choice = (String, String, bool);

/// The chronology as a page shows it.
pub(super) struct Chronology {
    pub(super) path: String,
    pub(super) groups: Vec<Choice>,
    /// What the second list is called.
    pub(super) others_are: &'static str,
    pub(super) others: Vec<Choice>,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) narrowed: bool,
    /// What is shown, in words.
    pub(super) shown: String,
    pub(super) lines: Vec<Line>,
    pub(super) older: Option<String>,
    /// Back to the newest.
    pub(super) newest: Option<String>,
    pub(super) print: bool,
    pub(super) to_print: String,
    /// Who printed it, and when.
    pub(super) printed: String,
}

/// The page a chronology stands on.
pub(super) struct On<'a> {
    pub(super) path: String,
    /// What the second list is called.
    pub(super) others_are: &'static str,
    /// Ids and names for it.
    pub(super) others: Vec<(Uuid, String)>,
    pub(super) names: &'a std::collections::HashMap<String, String>,
}

/// Makes what a page shows of the entries that were found.
pub(super) fn chronology(
    web: &Web,
    signed: &Signed,
    asked: Asked,
    on: On<'_>,
    mut entries: Vec<Told>,
) -> Chronology {
    let now = web.gateway.now();
    let more = entries.len() > asked.shown();
    entries.truncate(asked.shown());
    let last = entries.last().map(|entry| entry.id).filter(|_| more);
    let first_page = Asked { before: None, print: false, ..asked };
    let shown = shown(&asked, &on, school_date(now));
    let groups = Group::ALL
        .map(|group| (group.as_str().to_owned(), group.in_words().to_owned(), asked.group == Some(group)));
    let others = on.others.into_iter().map(|(id, name)| (id.to_string(), name, asked.who == Some(id)));
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let policy = web.gateway.policy();
    let school = &policy.school.name;
    Chronology {
        groups: groups.to_vec(),
        others_are: on.others_are,
        others: others.collect(),
        from: day(asked.from),
        until: day(asked.until),
        narrowed: asked.is_narrowed(),
        shown,
        lines: entries.into_iter().map(|entry| line(entry, on.names, now)).collect(),
        older: last.map(|id| Asked { before: Some(id), ..asked }.address(&on.path)),
        newest: asked.before.map(|_| Asked { before: None, ..asked }.address(&on.path)),
        print: asked.print,
        to_print: Asked { print: !asked.print, ..first_page }.address(&on.path),
        printed: format!("{school}. Printed by {} on {}.", signed.session.name, moment_in_print(now)),
        path: on.path,
    }
}

/// With its year: paper is kept.
fn moment_in_print(now: Timestamp) -> String {
    now.to_zoned_datetime(school_zone()).strftime("%A %-d %B %Y, %H:%M").to_string()
}

fn shown(asked: &Asked, on: &On<'_>, today: Date) -> String {
    let mut parts = vec![asked.group.map_or("All entries", Group::in_words).to_owned()];
    if let Some((_, name)) = on.others.iter().find(|(id, _)| Some(*id) == asked.who) {
        parts.push(format!("{} {name}", on.others_are.to_lowercase()));
    }
    if let Some(day) = asked.from {
        parts.push(format!("from {}", day_in_full(day, today)));
    }
    if let Some(day) = asked.until {
        parts.push(format!("until {}", day_in_full(day, today)));
    }
    if asked.before.is_some() {
        parts.push("an older page".to_owned());
    }
    parts.join(", ")
}

fn line(entry: Told, names: &std::collections::HashMap<String, String>, now: Timestamp) -> Line {
    let late = entry.recorded_at.duration_since(entry.happened_at).as_secs() >= 60;
    Line {
        sentence: entry.sentence.trim_end_matches('.').to_owned(),
        who: who(&entry.actor, names),
        happened: moment_in_full(entry.happened_at, now),
        recorded: late.then(|| moment_in_full(entry.recorded_at, now)),
        entry,
    }
}
