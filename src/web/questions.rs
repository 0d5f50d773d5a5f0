//! What only a person can decide about a message: who wrote, and about which child. Nothing is said to anybody before.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::{in_page_words, restricted},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    paging::{day_place, moment_place, of_day, of_moment},
    people::who,
    post,
    sent::{Did, Fields, Sent, done_before, once},
};
use crate::{
    domain::{
        ids::{CarerId, PupilId, QuestionId},
        people::AddressKind,
        staff::Role,
        time::{Timestamp, day_in_words, moment_in_full},
    },
    flows::{
        FlowError,
        desk::{self, Asked},
        lists, people,
        questions::{self, Person, Says},
    },
    store::{
        self, StoreError,
        cases::{self, WhichCases},
        desk::Decided,
        matching::{self, Pair},
        questions::QuestionRow,
    },
};

/// Who decides whose a message is.
pub(super) const SORTERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let sorters = Who::Holders(SORTERS);
    vec![
        get("/questions", sorters, questions_page),
        get("/questions/{question}", sorters, question_page),
        post("/questions/{question}/find", sorters, find),
        post("/questions/{question}/answer", sorters, answer),
        post("/questions/{question}/set-aside", sorters, set_aside),
        post("/questions/{question}/undo", sorters, undo),
    ]
}

/// A question as its page shows it.
struct Question {
    asked: Asked,
    title: &'static str,
    received: String,
    due: String,
}

/// A question as the list shows it.
struct Line {
    question: QuestionRow,
    title: &'static str,
    received: String,
    due: String,
}

#[derive(Template)]
#[template(path = "questions.html")]
struct QuestionsPage {
    frame: Frame,
    questions: Vec<Line>,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
}

/// A question that was decided, as the list shows it.
struct Past {
    question: Decided,
    title: &'static str,
    received: String,
    /// Who decided, and when.
    by: String,
    at: String,
}

#[derive(Template)]
#[template(path = "questions_decided.html")]
struct DecidedPage {
    frame: Frame,
    lines: Vec<Past>,
    /// Where the list goes on.
    next: Option<String>,
    /// Whether this is its beginning.
    first: bool,
}

/// What was decided, the last first: whoever finds a decision wrong undoes it from here (T29).
async fn decided_page(web: &Web, signed: &Signed, after: &After) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let place = after.place.as_deref().and_then(moment_place);
    let page = lists::decided(&web.gateway, signed.staff(), place).await?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = store::desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let line = |question: Decided| Past {
        title: title(&question.kind),
        received: moment_in_full(question.received_at, now),
        by: who(&question.by, &names),
        at: moment_in_full(question.at, now),
        question,
    };
    let template = DecidedPage {
        frame: Frame::of(web, signed, "Who is this?", "/questions").after(after.done.as_deref()),
        next: page.next.as_ref().map(|place| format!("/questions?list=decided&after={}", of_moment(place))),
        lines: page.lines.into_iter().map(line).collect(),
        first: place.is_none(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage {
    frame: Frame,
    question: Question,
    /// What was looked for, and whom it found.
    found: Option<(String, Vec<Pair>)>,
    /// Whether the address it came from can be kept as the carer's: where nobody has it.
    new_address: bool,
    /// Whether files are looked through for viruses.
    scans: bool,
    /// What was typed that could not be taken.
    typed: Fields,
}

fn question(asked: Asked, now: Timestamp) -> Question {
    Question {
        title: title(&asked.question.kind),
        received: moment_in_full(asked.question.received_at, now),
        due: day_in_words(asked.question.due),
        asked,
    }
}

/// What is asked, as a heading.
fn title(kind: &str) -> &'static str {
    match kind {
        "who_is_this" => "Who is this?",
        "which_child" => "Which child is it about?",
        "whose_reply" => "Whose reply is this?",
        _ => "What is this?",
    }
}

async fn questions_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    if after.list.as_deref() == Some("decided") {
        return decided_page(&web, &signed, &after).await;
    }
    let now = web.gateway.now();
    let place = after.place.as_deref().and_then(day_place);
    let page = lists::questions(&web.gateway, signed.staff(), place).await?;
    let line = |question: QuestionRow| Line {
        title: title(&question.kind),
        received: moment_in_full(question.received_at, now),
        due: day_in_words(question.due),
        question,
    };
    let template = QuestionsPage {
        frame: Frame::of(&web, &signed, "Who is this?", "/questions").after(after.done.as_deref()),
        questions: page.lines.into_iter().map(line).collect(),
        next: page.next.as_ref().map(|place| format!("/questions?after={}", of_day(place))),
        first: place.is_none(),
    };
    Ok(frame::page(StatusCode::OK, &template))
}

async fn question_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let asked = ask(&web, &signed, &id).await?;
    let frame = Frame::of(&web, &signed, "Who is this?", "/questions").after(after.done.as_deref());
    Ok(show(&web, StatusCode::OK, asked, frame, None, Fields::default()))
}

fn show(
    web: &Web,
    status: StatusCode,
    asked: Asked,
    frame: Frame,
    found: Option<(String, Vec<Pair>)>,
    typed: Fields,
) -> Response {
    let new_address = asked.question.case.is_none() && asked.nobody_known && asked.question.sender.is_some();
    let question = question(asked, web.gateway.now());
    frame::page(
        status,
        &QuestionPage { frame, question, found, new_address, scans: web.gateway.scanner.is_some(), typed },
    )
}

/// The most people that looking somebody up shows.
const MOST_FOUND: i64 = 30;

/// Looks up whom a message may be from. What was looked for stands in no address and no log.
async fn find(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let asked = ask(&web, &signed, &id).await?;
    let words = sent.fields.text("name").to_owned();
    let frame = Frame::of(&web, &signed, "Who is this?", "/questions");
    if words.chars().count() < 2 {
        let frame = frame.refused(Some("Type at least two letters of a name, or a reference.".to_owned()));
        return Ok(show(&web, StatusCode::UNPROCESSABLE_ENTITY, asked, frame, None, sent.fields.clone()));
    }
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let found = matching::pairs_named(&mut tx, &words, MOST_FOUND).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(show(&web, StatusCode::OK, asked, frame, Some((words, found)), sent.fields.clone()))
}

/// The question, where there is one for this colleague.
async fn ask(web: &Web, signed: &Signed, id: &str) -> Result<Asked, Wrong> {
    let id: QuestionId = id.parse().map_err(|_| Wrong::Absent)?;
    desk::question(&web.gateway, signed.staff(), id).await?.ok_or(Wrong::Absent)
}

async fn question_deed(
    web: &Web,
    signed: &Signed,
    asked: Asked,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame =
                Frame::of(web, signed, "Who is this?", "/questions").refused(Some(in_page_words(&sentence)));
            Ok(show(web, StatusCode::UNPROCESSABLE_ENTITY, asked, frame, None, sent.fields.clone()))
        }
    }
}

async fn answer(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let asked = match ask(&web, &signed, &id).await {
        // Whoever said that it is a restricted carer's does not see the question any more, and may still press the button twice.
        Err(Wrong::Absent) => return done_before(&web, &signed, &sent).await?.ok_or(Wrong::Absent),
        asked => asked?,
    };
    let question = asked.question.id;
    let chosen = chosen(&web, &signed, &asked, sent.fields.text("who")).await?;
    let (carer, pupil) = chosen.unzip();
    let (keeps, sender) = (sent.fields.ticked("keep_address"), asked.question.sender.clone());
    let by = signed.by();
    let work = async {
        let Some(who) = carer else {
            return Err(FlowError::Refused(
                "choose who it is, or set the message aside with a reason".to_owned(),
            ));
        };
        let (carer, pupil) = (who.to_string(), pupil.flatten().map(|pupil| pupil.to_string()));
        let says = Says::Is { carer: Some(&carer), pupil: pupil.as_deref() };
        let answered = questions::answer(&web.gateway, question, restricted(&signed), &says, &by).await?;
        let kept = match sender.filter(|_| keeps) {
            Some(address) => keep_address(&web, who, &address, &by).await,
            None => true,
        };
        let done = if kept { "answered" } else { "answered-only" };
        // A case that is the DSL's is nowhere for anybody else, and its code in no address.
        Ok(match seen_case(&web, &signed, answered.case).await {
            Some(code) => format!("/cases/{code}?done={done}"),
            None => format!("/questions?done={done}"),
        })
    };
    Box::pin(question_deed(&web, &signed, asked.clone(), &sent, work)).await
}

/// A candidate as the form names them.
fn key(person: &Person) -> String {
    format!("{}/{}", person.carer, person.pupil.map(|pupil| pupil.to_string()).unwrap_or_default())
}

/// The one who was chosen: a candidate, or a carer and pupil whom this colleague may see and who are linked. `None` where
/// nobody was.
async fn chosen(
    web: &Web,
    signed: &Signed,
    asked: &Asked,
    who: &str,
) -> Result<Option<(CarerId, Option<PupilId>)>, Wrong> {
    if let Some(person) = asked.candidates.iter().find(|person| key(person) == who) {
        return Ok(Some((person.carer, person.pupil)));
    }
    let ids = who.split_once('/').and_then(|(carer, pupil)| Some((carer.parse().ok()?, pupil.parse().ok()?)));
    let Some((carer, pupil)) = ids else { return Ok(None) };
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let pair = matching::pair(&mut tx, carer, pupil).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(pair.map(|pair| (pair.carer, Some(pair.pupil))))
}

/// The address a message came from is from now on one of the carer's, by this colleague's word; `false` where it could not be
/// kept. Whose the message is has been decided by then, and stays so.
async fn keep_address(web: &Web, carer: CarerId, address: &str, by: &str) -> bool {
    let kind = if address.contains('@') { AddressKind::Email } else { AddressKind::Mobile };
    match people::add_address(&web.gateway, carer, kind, address, false, people::Proven::ByMessage, by).await
    {
        Ok(_) => true,
        Err(FlowError::Refused(_) | FlowError::At { .. }) => false,
        Err(error) => {
            tracing::warn!("an address was not kept beside a decision: {error}");
            false
        }
    }
}

/// The code of the case, where this colleague may see it.
async fn seen_case(web: &Web, signed: &Signed, code: Option<String>) -> Option<String> {
    let code = code?;
    let seen = async {
        let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
        let which = WhichCases { named: Some(&code), closed: true, restricted: true };
        let seen = !cases::list(&mut tx, &which).await?.is_empty();
        tx.commit().await?;
        Ok::<_, StoreError>(seen)
    };
    // The decision is made: where nobody can tell now, the list is as good.
    seen.await.unwrap_or(false).then_some(code)
}

async fn set_aside(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let asked = ask(&web, &signed, &id).await?;
    let question = asked.question.id;
    let by = signed.by();
    let work = async {
        let says = Says::Nothing(sent.fields.text("why"));
        questions::answer(&web.gateway, question, restricted(&signed), &says, &by).await?;
        Ok("/questions?done=dismissed".to_owned())
    };
    Box::pin(question_deed(&web, &signed, asked, &sent, work)).await
}

async fn undo(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let asked = ask(&web, &signed, &id).await?;
    let question = asked.question.id;
    let by = signed.by();
    let work = async {
        questions::undo(&web.gateway, question, restricted(&signed), sent.fields.text("reason"), &by).await?;
        Ok(format!("/questions/{question}?done=undone"))
    };
    Box::pin(question_deed(&web, &signed, asked, &sent, work)).await
}
