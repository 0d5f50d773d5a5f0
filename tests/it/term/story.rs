//! A term's chronology as a story: what is routine in a line a week, all else line by line, with names instead of ids.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use jiff::{
    Timestamp,
    civil::{Date, time},
};
use liaison::domain::time::{school_date, school_time};
use serde::Deserialize;

use crate::support::school::School;

/// A line of it.
pub(super) struct Line {
    pub(super) at: Timestamp,
    /// What orders lines of the same minute: whose they are, and in which order they were recorded.
    pub(super) order: String,
    pub(super) says: String,
}

/// What a weekly update leads to when nothing goes wrong.
const ROUTINE: [&str; 6] = ["queued", "submitted", "delivered", "task_opened", "task_closed", "left_out"];

/// Tells it, with what colleagues were mailed, from `since` on.
pub(super) async fn tell(school: &School, since: Timestamp, mailed: Vec<Line>) -> String {
    let names = Names::of(school).await;
    let entries = Told::all(school).await;
    let is_routine = |entry: &Told| entry.of_update && ROUTINE.contains(&entry.kind.as_str());
    // Whoever has something else on a day has all of that day told.
    let special: BTreeSet<_> = entries
        .iter()
        .filter(|entry| !is_routine(entry))
        .filter_map(|entry| Some((entry.carer.clone()?, school_date(entry.happened_at))))
        .collect();
    let mut lines = mailed;
    let mut weeks: BTreeMap<Date, BTreeMap<String, usize>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.happened_at >= since) {
        let day = school_date(entry.happened_at);
        let plain = entry.carer.clone().is_none_or(|carer| !special.contains(&(carer, day)));
        if is_routine(entry) && plain {
            let what = if entry.kind == "queued" { "messages queued" } else { entry.kind.as_str() };
            *weeks.entry(day).or_default().entry(what.replace('_', " ")).or_default() += 1;
            continue;
        }
        lines.push(names.line(entry));
    }
    for (day, counts) in weeks {
        let counts: Vec<_> = counts.into_iter().map(|(what, count)| format!("{count} {what}")).collect();
        let at = super::moment(day, time(23, 59, 0, 0));
        let says = format!("of weekly updates: {}", counts.join(", "));
        lines.push(Line { at, order: String::new(), says });
    }
    lines.sort_by(|one, other| (one.at, &one.order).cmp(&(other.at, &other.order)));
    let (mut story, mut day) = (String::new(), None);
    for line in lines {
        let today = school_date(line.at);
        if day != Some(today) {
            day = Some(today);
            let _ = writeln!(story, "\n{}", today.strftime("%A %-d %B %Y"));
        }
        let time = if line.order.is_empty() {
            "     ".to_owned()
        } else {
            school_time(line.at).strftime("%H:%M").to_string()
        };
        let _ = writeln!(story, "  {time}  {}", line.says);
    }
    story
}

/// An entry as the DSL reads it: nothing is left out.
#[derive(Debug, Deserialize)]
struct Told {
    id: String,
    happened_at: Timestamp,
    actor: String,
    kind: String,
    carer: Option<String>,
    pupil: Option<String>,
    of_update: bool,
    sentence: String,
    dsl_only: bool,
}

impl Told {
    async fn all(school: &School) -> Vec<Self> {
        let sql = "select json_build_object('id', e.id, 'happened_at', e.happened_at, 'actor', e.actor, 'kind', e.kind,
                          'carer', c.forename || ' ' || c.surname, 'pupil', p.legal_forename || ' ' || p.legal_surname,
                          'of_update', e.update_id is not null, 'sentence', e.sentence,
                          'dsl_only', e.visibility = 'restricted' or h.entry_id is not null)::text
                   from chronology_entry e
                   left join carer c on c.id = e.carer_id left join pupil p on p.id = e.pupil_id
                   left join entry_hidden h on h.entry_id = e.id
                   order by e.id";
        school.rows(sql).await.iter().map(|row| serde_json::from_str(row).expect("an entry")).collect()
    }
}

/// What stands for ids and codes, which differ from run to run.
struct Names {
    colleagues: BTreeMap<String, String>,
    /// Each case's code, with its number in the order they were opened.
    cases: Vec<(String, String)>,
}

impl Names {
    async fn of(school: &School) -> Self {
        let colleagues = school.rows("select id || ' ' || name from staff").await;
        let cases = school.rows("select code from carer_case order by opened_at, id").await;
        Self {
            colleagues: colleagues
                .iter()
                .filter_map(|row| row.split_once(' '))
                .map(|(id, name)| (id.to_owned(), name.to_owned()))
                .collect(),
            cases: cases.into_iter().zip(1..).map(|(code, n)| (code, format!("No. {n}"))).collect(),
        }
    }

    fn line(&self, entry: &Told) -> Line {
        let mut says = entry.sentence.clone();
        for (code, number) in &self.cases {
            says = says.replace(code, number);
        }
        let about = match (&entry.carer, &entry.pupil) {
            (Some(carer), Some(pupil)) => format!("{carer} ({pupil}): "),
            (Some(one), None) | (None, Some(one)) => format!("{one}: "),
            (None, None) => String::new(),
        };
        let by = match entry.actor.as_str() {
            "daemon" => String::new(),
            actor => format!(" [{}]", self.colleagues.get(actor).map_or(actor, String::as_str)),
        };
        let seen = if entry.dsl_only { "(DSL only) " } else { "" };
        let carer = entry.carer.as_deref().unwrap_or("~");
        Line {
            at: entry.happened_at,
            order: format!("{carer} {}", entry.id),
            says: format!("{seen}{about}{says}{by}"),
        }
    }
}
