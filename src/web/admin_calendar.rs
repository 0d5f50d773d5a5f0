//! The school's calendar: terms, half-terms, INSET days, closures and bank holidays. A change is looked at first, with the
//! open clocks that it would move, and then adopted (R39).

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who,
    admin_calendar_ics::show_proposed,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Fields, Sent, once},
    upload::{Upload, with_files},
};
use crate::{
    domain::{
        calendar::{Calendar, Edit, Kind, Span, edited, is_ics, read_ics, warn_before},
        policy::CALENDAR_WARNING,
        staff::Role,
        time::{Date, moment_in_full, school_date},
    },
    flows::calendar::{self, Look},
    store::{StoreError, desk, versions},
};

/// Who keeps the calendar.
pub(super) const KEEPERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

/// How many earlier calendars the page lists.
const EARLIER: i64 = 10;

pub(super) fn served() -> Vec<Served> {
    let keepers = Who::Holders(KEEPERS);
    vec![
        get("/admin/calendar", keepers, calendar_page),
        // Looking changes nothing; the change stands in no address.
        post("/admin/calendar/look", keepers, look_at_change),
        with_files(post("/admin/calendar/file", keepers, look_at_file)),
        post("/admin/calendar", keepers, adopt),
    ]
}

/// A range of days of the calendar.
struct Days {
    kind: &'static str,
    word: &'static str,
    from: Date,
    until: Date,
    name: String,
    in_words: String,
    /// When it was announced.
    announced: Option<String>,
    past: bool,
}

impl Days {
    fn of(span: &Span, today: Date) -> Self {
        Self {
            kind: span.kind.in_words(),
            word: span.kind.word(),
            from: span.from,
            until: span.until,
            name: span.reason.clone(),
            in_words: span.days_in_words(),
            announced: span.announced.map(|day| day.strftime("%-d %B %Y").to_string()),
            past: span.until < today,
        }
    }
}

/// Whether what was typed was to correct these days.
fn corrects(typed: &Fields, days: &Days) -> bool {
    typed.text("what").is_empty() && typed.text("kind") == days.word && typed.parsed("old") == Some(days.from)
}

/// The id of a field of the form that corrects these days.
fn row_id(field: &str, days: &Days) -> String {
    format!("{field}-{}-{}", days.word, days.from)
}

/// A school year, such as `2026 to 2027`.
struct Year {
    name: String,
    over: bool,
    days: Vec<Days>,
}

#[derive(Template)]
#[template(path = "admin_calendar.html")]
struct CalendarPage {
    frame: Frame,
    years: Vec<Year>,
    /// The last day it knows.
    until: Option<String>,
    /// How many days are left, where they are few.
    left: Option<i64>,
    /// Where the present calendar comes from.
    source: String,
    earlier: Vec<String>,
    base: String,
    file: String,
    kinds: &'static [Kind],
    typed: Fields,
    faults: Vec<String>,
}

async fn calendar_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, Fields::default(), after.done.as_deref(), (None, Vec::new())).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    typed: Fields,
    done: Option<&str>,
    (field, faults): (Option<String>, Vec<String>),
) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let adopted = versions::calendars(&mut tx, EARLIER).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let (policy, now) = (web.gateway.policy(), web.gateway.now());
    let today = school_date(now);
    let present = policy.calendar.as_ref();
    let told: Vec<String> = adopted
        .iter()
        .map(|version| {
            format!(
                "adopted by {}, {}: {}",
                who(&version.adopted_by, &names),
                moment_in_full(version.adopted_at, now),
                version.why
            )
        })
        .collect();
    let source = match (told.first(), present) {
        (Some(told), _) => format!("It was {told}"),
        (None, Some(_)) => "It is the one from the settings file".to_owned(),
        (None, None) => String::new(),
    };
    let first = faults.first().map(|fault| in_page_words(fault));
    let template = CalendarPage {
        frame: Frame::of(web, signed, "Calendar", "/admin").after(done).refused(first).at(field),
        years: present.map(|calendar| years(calendar, today)).unwrap_or_default(),
        until: present.map(|calendar| dated(calendar.covers_until())),
        left: present.and_then(|calendar| warn_before(calendar, today, CALENDAR_WARNING)),
        source,
        earlier: told.into_iter().skip(1).collect(),
        base: policy.calendar_version(),
        file: present.map(Calendar::csv).unwrap_or_default(),
        kinds: &[Kind::Closure, Kind::Inset, Kind::Term, Kind::HalfTerm],
        typed,
        faults: faults.into_iter().skip(1).collect(),
    };
    Ok(frame::page(status, &template))
}

fn dated(day: Date) -> String {
    day.strftime("%A %-d %B %Y").to_string()
}

/// What the calendar says, by school year, which begins in September.
fn years(calendar: &Calendar, today: Date) -> Vec<Year> {
    let begins = |day: Date| if day.month() >= 9 { day.year() } else { day.year() - 1 };
    let (from, until) = (calendar.covers_from(), calendar.covers_until());
    let mut spans: Vec<&Span> =
        calendar.spans().iter().filter(|span| span.until >= from && span.from <= until).collect();
    spans.sort_by_key(|span| (span.from, span.kind));
    let mut years: Vec<(i16, Year)> = Vec::new();
    for span in spans {
        let year = begins(span.from);
        let days = Days::of(span, today);
        if let Some((_, last)) = years.last_mut().filter(|(last, _)| *last == year) {
            last.days.push(days);
        } else {
            let name = format!("{year} to {}", year + 1);
            years.push((year, Year { name, over: year < begins(today), days: vec![days] }));
        }
    }
    years.into_iter().map(|(_, year)| year).collect()
}

#[derive(Template)]
#[template(path = "admin_calendar_look.html")]
struct LookPage {
    frame: Frame,
    csv: String,
    base: String,
    why: String,
    differences: Vec<String>,
    until: String,
    moving: Vec<Move>,
    missed: Vec<String>,
}

/// A clock that would move.
struct Move {
    case: String,
    old: Option<String>,
    new: String,
    words: String,
}

fn show_look(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    look: Look,
    why: &str,
    fault: Option<String>,
) -> Response {
    let now = web.gateway.now();
    let moving = look.moving.into_iter().map(|moving| Move {
        case: moving.case,
        old: moving.old.map(|at| moment_in_full(at, now)),
        new: moment_in_full(moving.new, now),
        words: moving.words,
    });
    let template = LookPage {
        frame: Frame::of(web, signed, "Before the calendar changes", "/admin").refused(fault),
        csv: look.csv,
        base: web.gateway.policy().calendar_version(),
        why: why.to_owned(),
        differences: look.differences,
        until: dated(look.covers_until),
        moving: moving.collect(),
        missed: look.missed,
    };
    frame::page(status, &template)
}

/// What a form asks for; or the field at fault, and what is wrong with it.
fn wanted(fields: &Fields, today: Date) -> Result<Edit, (&'static str, &'static str)> {
    let kind =
        Kind::parse(fields.text("kind")).filter(|kind| *kind != Kind::BankHoliday || fields.ticked("old"));
    let kind = kind.ok_or(("kind", "say what it is"))?;
    let old: Option<Date> = fields.parsed("old");
    if fields.text("what") == "remove" {
        return Ok(Edit::Remove(kind, old.ok_or(("from", "say which"))?));
    }
    let from: Date = fields.parsed("from").ok_or(("from", "give the first day as a date"))?;
    let until = if fields.text("until").is_empty() { Some(from) } else { fields.parsed("until") };
    let until = until.ok_or(("until", "give the last day as a date"))?;
    if until < from {
        return Err(("until", "the last day is before the first: check both dates"));
    }
    let announced = Some(today).filter(|_| kind == Kind::Closure);
    let span = Span { kind, from, until, reason: fields.text("name").to_owned(), announced };
    Ok(match old {
        Some(old) => Edit::Change(kind, old, span),
        None => Edit::Add(span),
    })
}

/// The element that holds a field: of the form that adds something, or of the one that corrects what stands there.
fn id_of(field: &str, fields: &Fields) -> String {
    match (field, fields.text("old")) {
        ("kind", _) => "kind-closure".to_owned(),
        (field, "") => field.to_owned(),
        (field, old) => format!("{field}-{}-{old}", fields.text("kind")),
    }
}

async fn look_at_change(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let policy = web.gateway.policy();
    let csv = if sent.fields.text("base") == policy.calendar_version() {
        wanted(&sent.fields, school_date(web.gateway.now()))
            .map_err(|(field, fault)| (Some(id_of(field, &sent.fields)), vec![fault.to_owned()]))
            .and_then(|edit| edited(policy.calendar.as_ref(), &edit).map_err(|faults| (None, faults)))
    } else {
        let fault = "another calendar was adopted since you opened the page: this is how it is now";
        Err((None, vec![fault.to_owned()]))
    };
    let name = sent.fields.text("name").to_owned();
    match csv {
        Ok(csv) => look_at(&web, &signed, csv.as_bytes(), &name, sent.fields).await,
        Err(faults) => show(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, sent.fields, None, faults).await,
    }
}

async fn look_at_file(State(web): State<Web>, signed: Signed, mut upload: Upload) -> Result<Response, Wrong> {
    let Some(file) = upload.take("file") else {
        let faults = (Some("file".to_owned()), vec!["choose the file".to_owned()]);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&web, &signed, status, upload.sent.fields, None, faults).await;
    };
    if is_ics(file.expose()) {
        return match read_ics(file.expose()) {
            Ok(proposed) => Ok(show_proposed(&web, &signed, proposed)),
            Err(fault) => {
                let faults = (Some("file".to_owned()), vec![fault.to_owned()]);
                show(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, upload.sent.fields, None, faults).await
            }
        };
    }
    look_at(&web, &signed, file.expose(), "", upload.sent.fields).await
}

/// Shows what would change, or what is wrong with the file.
pub(super) async fn look_at(
    web: &Web,
    signed: &Signed,
    file: &[u8],
    why: &str,
    typed: Fields,
) -> Result<Response, Wrong> {
    match calendar::look(&web.gateway, signed.staff(), file).await? {
        Ok(look) => Ok(show_look(web, signed, StatusCode::OK, look, why, None)),
        Err(faults) => show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, typed, None, (None, faults)).await,
    }
}

async fn adopt(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let fields = &sent.fields;
    let (csv, base, why) = (fields.raw("csv"), fields.text("base"), fields.text("why"));
    let did = Box::pin(once(&web, &signed, &sent, async {
        calendar::adopt(&web.gateway, csv.as_bytes(), base, why, &signed.by()).await?;
        Ok("/admin/calendar?done=adopted".to_owned())
    }))
    .await?;
    let sentence = match did {
        Did::Done(response) => return Ok(response),
        Did::Refused(sentence) => sentence,
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    // Made from the calendar that still counts: only the reason is wanting. Otherwise the change is to be made again.
    if base == web.gateway.policy().calendar_version()
        && let Ok(look) = calendar::look(&web.gateway, signed.staff(), csv.as_bytes()).await?
    {
        return Ok(show_look(&web, &signed, status, look, why, Some(in_page_words(&sentence))));
    }
    show(&web, &signed, status, Fields::default(), None, (None, vec![sentence.to_string()])).await
}
