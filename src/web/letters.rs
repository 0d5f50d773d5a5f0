//! Letters to post: which wait, the batch as it is printed or handed over, what was posted, and what came back (R20).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{moment_place, of_moment},
    people::who,
    post,
    sent::{Did, Sent, once},
    shown,
    todo::{ON_A_LIST, note_tasks},
};
use crate::{
    domain::{
        ids::TaskId,
        staff::Role,
        time::{Date, Timestamp, day_in_full, moment_in_full, school_date},
    },
    flows::{
        FlowError, handed_over,
        letters::{self, LeftOut},
    },
    store::{
        StoreError, desk,
        letters::{HandedLetter, OpenLetter, PostedLetter, among, handed_over as on_their_way, open, posted},
    },
};

/// Who posts letters: teachers see nobody's postal address.
pub(super) const POSTERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

/// How many letters wait on one page; the rest come when these are posted.
const MOST: i64 = 200;
/// How many of those that were posted are shown.
const RECENT: i64 = 50;
/// An address that has been known so long is to be asked about again (R07).
const OLD_DAYS: i32 = 365;

pub(super) fn served() -> Vec<Served> {
    let posters = Who::Holders(POSTERS);
    vec![
        get("/letters", posters, letters_page),
        // The choice is a form: which letters stands in no address.
        post("/letters/print", posters, print),
        post("/letters/posted", posters, mark_posted),
        post("/letters/handed-over", posters, hand_over),
        post("/letters/{task}/returned", posters, returned),
    ]
}

/// A letter that waits.
struct Waits {
    letter: OpenLetter,
    due: String,
    /// Where it goes, on one line.
    to: Option<String>,
    /// Since when that address is known.
    since: String,
    /// Known so long that it may not hold any more.
    old: bool,
    /// How the carer reads, where it is in another form than the usual.
    format: Option<String>,
    chosen: bool,
}

/// A letter that was handed over.
struct Handed {
    letter: HandedLetter,
    at: String,
}

/// A letter that was posted.
struct Gone {
    letter: PostedLetter,
    posted: String,
    by: String,
    /// When it came back, and why.
    back: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "letters.html")]
struct LettersPage {
    frame: Frame,
    waits: Vec<Waits>,
    overdue: usize,
    /// Whether more wait than are shown.
    more: bool,
    /// The channel that prints and posts letters, where there is one.
    hands_to: Option<String>,
    /// What it has and has not yet posted.
    handed: Vec<Handed>,
    gone: Vec<Gone>,
    /// Where those that were posted go on, and where this page of them begins.
    next: Option<String>,
    place: String,
    today: Date,
    /// What was typed that could not be taken.
    typed: Typed,
}

/// What was chosen and typed before a refusal.
#[derive(Default)]
struct Typed {
    /// The letters that were ticked; `None`: the page is fresh, and all are.
    chosen: Option<Vec<TaskId>>,
    day: String,
    /// The letter said to have come back, and why.
    back: Option<(TaskId, String)>,
    /// After which of those that were posted the page begins.
    place: String,
}

impl Typed {
    fn why(&self, task: &TaskId) -> &str {
        self.back.as_ref().filter(|(back, _)| back == task).map_or("", |(_, why)| why)
    }

    fn opened(&self, task: &TaskId) -> bool {
        self.back.as_ref().is_some_and(|(back, _)| back == task)
    }
}

async fn letters_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let frame = Frame::of(&web, &signed, "Letters", "/letters").after(after.done.as_deref());
    let typed = Typed { place: after.place.unwrap_or_default(), ..Typed::default() };
    show(&web, &signed, StatusCode::OK, frame, typed).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    frame: Frame,
    typed: Typed,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let today = school_date(now);
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let mut waits = open(&mut tx, today, None, MOST + 1).await?;
    let place: Option<(Timestamp, TaskId)> = moment_place(&typed.place);
    let mut gone = posted(&mut tx, place, RECENT + 1).await?;
    let handed = on_their_way(&mut tx, MOST).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = waits.len() > most;
    waits.truncate(most);
    let recent = usize::try_from(RECENT).unwrap_or(usize::MAX);
    let older = gone.len() > recent;
    gone.truncate(recent);
    let last = gone.last().filter(|_| older).map(|last| (last.recorded_at, last.task));
    let listed = waits.iter().map(|letter| letter.task);
    let listed =
        listed.chain(handed.iter().map(|letter| letter.task)).chain(gone.iter().map(|letter| letter.task));
    note_tasks(web, signed, &listed.collect::<Vec<_>>(), ON_A_LIST).await?;
    let template = LettersPage {
        frame,
        overdue: waits.iter().filter(|letter| letter.overdue).count(),
        waits: waits.into_iter().map(|letter| wait(letter, &typed, now)).collect(),
        more,
        hands_to: web.gateway.carriers.letter.as_ref().map(ToString::to_string),
        handed: handed
            .into_iter()
            .map(|letter| Handed { at: moment_in_full(letter.at, now), letter })
            .collect(),
        next: last.as_ref().map(|last| format!("/letters?after={}#posted", of_moment(last))),
        place: place.as_ref().map(of_moment).unwrap_or_default(),
        gone: gone
            .into_iter()
            .map(|letter| Gone {
                posted: day_in_full(letter.posted_on, today),
                by: who(&letter.posted_by, &names),
                back: letter.returned.clone().map(|(at, why)| (moment_in_full(at, now), why)),
                letter,
            })
            .collect(),
        today,
        typed,
    };
    Ok(frame::page(status, &template))
}

fn wait(letter: OpenLetter, typed: &Typed, now: Timestamp) -> Waits {
    let known = letter.to.as_ref().map(|(_, since)| school_date(*since));
    let days = known.and_then(|since| (school_date(now) - since).get_days().into());
    Waits {
        due: day_in_full(letter.due, school_date(now)),
        to: letter.to.as_ref().map(|(to, _)| to.replace('\n', ", ")),
        since: known.map(|since| since.strftime("%-d %B %Y").to_string()).unwrap_or_default(),
        old: days.is_some_and(|days: i32| days >= OLD_DAYS),
        format: Some(letter.format.replace('_', " ")).filter(|format| format != "standard"),
        chosen: typed.chosen.as_ref().is_none_or(|chosen| chosen.contains(&letter.task)),
        letter,
    }
}

/// The letters of a form that are letters for this colleague; another's are as good as not there.
async fn chosen(web: &Web, signed: &Signed, sent: &Sent) -> Result<Vec<TaskId>, Wrong> {
    let asked: Vec<TaskId> = sent.fields.all("letter").into_iter().filter_map(|id| id.parse().ok()).collect();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = among(&mut tx, &asked).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(seen)
}

const NONE_CHOSEN: &str = "choose at least one letter";

/// Says on the list what could not be done.
async fn refuse(web: &Web, signed: &Signed, sentence: &str, typed: Typed) -> Result<Response, Wrong> {
    let frame = Frame::of(web, signed, "Letters", "/letters").refused(Some(in_page_words(sentence)));
    show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, frame, typed).await
}

/// A letter on its own sheet.
struct Sheet {
    task: TaskId,
    carer: String,
    from: String,
    to: String,
    /// Each with the tag of its language.
    paragraphs: Vec<(String, String)>,
    large: bool,
    /// An address of so many lines is set smaller, to stay in the window.
    tight: bool,
}

#[derive(Template)]
#[template(path = "letters_print.html")]
struct PrintPage {
    frame: Frame,
    sheets: Vec<Sheet>,
    left_out: Vec<LeftOut>,
    today: Date,
}

/// The chosen letters and nothing else, one a sheet. Asks the gate for each, so that one withdrawn meanwhile is not printed.
async fn print(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let chosen = chosen(&web, &signed, &sent).await?;
    if chosen.is_empty() {
        let typed = Typed { chosen: Some(chosen), ..Typed::default() };
        return refuse(&web, &signed, NONE_CHOSEN, typed).await;
    }
    let batch = letters::batch(&web.gateway, &chosen).await?;
    note_tasks(&web, &signed, &chosen, "a letter of this case was printed").await?;
    let sheets = batch.pages.into_iter().map(|page| Sheet {
        task: page.task,
        carer: page.carer,
        from: shown(&page.sheet.from),
        to: shown(&page.sheet.to),
        paragraphs: page
            .sheet
            .paragraphs
            .iter()
            .map(|(language, said)| (language.clone(), shown(said)))
            .collect(),
        large: page.sheet.large_print,
        tight: page.sheet.to.expose().lines().count() > 5,
    });
    let template = PrintPage {
        frame: Frame::of(&web, &signed, "Letters to print", "/letters"),
        sheets: sheets.collect(),
        left_out: batch.left_out,
        today: school_date(web.gateway.now()),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

async fn mark_posted(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let chosen = chosen(&web, &signed, &sent).await?;
    let day = sent.fields.text("day").to_owned();
    let work = async {
        if chosen.is_empty() {
            return Err(FlowError::Refused(NONE_CHOSEN.to_owned()));
        }
        let day =
            day.parse().map_err(|_| FlowError::at("day", "that is no day: choose one in the calendar"))?;
        letters::mark_posted(&web.gateway, &chosen, day, &signed.by()).await?;
        Ok("/letters?done=posted".to_owned())
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let typed = Typed { chosen: Some(chosen), day, ..Typed::default() };
            refuse(&web, &signed, &sentence, typed).await
        }
    }
}

async fn hand_over(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let chosen = chosen(&web, &signed, &sent).await?;
    let work = async {
        if chosen.is_empty() {
            return Err(FlowError::Refused(NONE_CHOSEN.to_owned()));
        }
        let handed = handed_over::hand_over(&web.gateway, &chosen, &signed.by()).await?;
        if handed.left_out.is_empty() {
            return Ok("/letters?done=handed-over".to_owned());
        }
        if handed.now == 0 {
            return Err(FlowError::Refused(stays(&handed.left_out)));
        }
        Ok("/letters?done=handed-over-in-part".to_owned())
    };
    match Box::pin(once(&web, &signed, &sent, work)).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let typed = Typed { chosen: Some(chosen), ..Typed::default() };
            refuse(&web, &signed, &sentence, typed).await
        }
    }
}

/// Why no letter was handed over: the first reason, which is mostly the only one.
fn stays(left_out: &[LeftOut]) -> String {
    let why = left_out.first().map_or("", |one| one.why.as_str());
    match left_out.len() {
        0 | 1 => format!("this letter was not handed over: {why}"),
        count => format!("none of these {count} letters was handed over; the first: {why}"),
    }
}

async fn returned(
    State(web): State<Web>,
    signed: Signed,
    Path(task): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let task: TaskId = task.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = among(&mut tx, &[task]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if seen.is_empty() {
        return Err(Wrong::Absent);
    }
    let why = sent.fields.text("why");
    let work = async {
        letters::returned(&web.gateway, task, why, &signed.by()).await?;
        Ok("/letters?done=came-back".to_owned())
    };
    match Box::pin(once(&web, &signed, &sent, work)).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let place = sent.fields.text("place").to_owned();
            let typed = Typed { back: Some((task, why.to_owned())), place, ..Typed::default() };
            refuse(&web, &signed, &sentence, typed).await
        }
    }
}
