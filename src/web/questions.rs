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
    post,
    sent::{Did, Fields, Sent, once},
};
use crate::{
    domain::{
        ids::QuestionId,
        staff::Role,
        time::{Timestamp, day_in_words, moment_in_full},
    },
    flows::{
        FlowError,
        desk::{self, Asked},
        questions::{self, Person, Says},
    },
    store::{StoreError, explain},
};

/// Who decides whose a message is.
pub(super) const SORTERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let sorters = Who::Holders(SORTERS);
    vec![
        get("/questions", sorters, questions_page),
        get("/questions/{question}", sorters, question_page),
        post("/questions/{question}/answer", sorters, answer),
        post("/questions/{question}/set-aside", sorters, set_aside),
        post("/questions/{question}/undo", sorters, undo),
    ]
}

/// A question as a page shows it.
struct Question {
    asked: Asked,
    title: &'static str,
    received: String,
    due: String,
}

#[derive(Template)]
#[template(path = "questions.html")]
struct QuestionsPage {
    frame: Frame,
    questions: Vec<Question>,
}

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage {
    frame: Frame,
    question: Question,
    /// What was typed that could not be taken.
    typed: Fields,
}

fn question(asked: Asked, now: Timestamp) -> Question {
    Question {
        title: match asked.question.kind.as_str() {
            "who_is_this" => "Who is this?",
            "which_child" => "Which child is it about?",
            "whose_reply" => "Whose reply is this?",
            _ => "What is this?",
        },
        received: moment_in_full(asked.question.received_at, now),
        due: day_in_words(asked.question.due),
        asked,
    }
}

async fn questions_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let asked = desk::questions(&web.gateway, signed.staff(), None).await?;
    let frame = Frame::of(&web, &signed, "Who is this?", "/questions").after(after.done.as_deref());
    let questions = asked.into_iter().map(|asked| question(asked, now)).collect();
    Ok(frame::page(StatusCode::OK, &QuestionsPage { frame, questions }))
}

async fn question_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let asked = ask(&web, &signed, &id).await?;
    let frame = Frame::of(&web, &signed, "Who is this?", "/questions").after(after.done.as_deref());
    let question = question(asked, web.gateway.now());
    Ok(frame::page(StatusCode::OK, &QuestionPage { frame, question, typed: Fields::default() }))
}

/// The question, where there is one for this colleague.
async fn ask(web: &Web, signed: &Signed, id: &str) -> Result<Asked, Wrong> {
    let id: QuestionId = id.parse().map_err(|_| Wrong::Absent)?;
    desk::questions(&web.gateway, signed.staff(), Some(id)).await?.pop().ok_or(Wrong::Absent)
}

async fn question_deed(
    web: &Web,
    signed: &Signed,
    asked: Asked,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>>,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame =
                Frame::of(web, signed, "Who is this?", "/questions").refused(Some(in_page_words(&sentence)));
            let question = question(asked, web.gateway.now());
            let template = QuestionPage { frame, question, typed: sent.fields.clone() };
            Ok(frame::page(StatusCode::UNPROCESSABLE_ENTITY, &template))
        }
    }
}

async fn answer(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let asked = ask(&web, &signed, &id).await?;
    let question = asked.question.id;
    // One of the people shown, or one whom the colleague names by the school's references: in either case somebody they may
    // see.
    let chosen = asked.candidates.iter().find(|person| key(person) == sent.fields.text("who"));
    let (carer, pupil) = match chosen {
        Some(person) => (Some(person.carer.to_string()), person.pupil.map(|pupil| pupil.to_string())),
        None => named(&web, &signed, &sent).await?,
    };
    let by = signed.by();
    let work = async {
        if carer.is_none() && pupil.is_none() {
            return Err(FlowError::Refused(
                "choose who it is, or set the message aside with a reason".to_owned(),
            ));
        }
        let says = Says::Is { carer: carer.as_deref(), pupil: pupil.as_deref() };
        let answered = questions::answer(&web.gateway, question, restricted(&signed), &says, &by).await?;
        Ok(answered.case.map_or_else(
            || "/questions?done=answered".to_owned(),
            |case| format!("/cases/{case}?done=answered"),
        ))
    };
    Box::pin(question_deed(&web, &signed, asked.clone(), &sent, work)).await
}

/// A candidate as the form names them.
fn key(person: &Person) -> String {
    format!("{}/{}", person.carer, person.pupil.map(|pupil| pupil.to_string()).unwrap_or_default())
}

/// The carer and pupil that were typed, where this colleague may see them; what is not found stays as it was typed, for the
/// sentence that says so.
async fn named(web: &Web, signed: &Signed, sent: &Sent) -> Result<(Option<String>, Option<String>), Wrong> {
    let typed = |name| Some(sent.fields.text(name).to_owned()).filter(|text: &String| !text.is_empty());
    let (carer, pupil) = (typed("carer"), typed("pupil"));
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let carer_seen = match &carer {
        Some(name) => explain::carer_named(&mut tx, name).await?.is_some(),
        None => true,
    };
    let pupil_seen = match &pupil {
        Some(name) => explain::pupil_named(&mut tx, name).await?.is_some(),
        None => true,
    };
    tx.commit().await.map_err(StoreError::from)?;
    if carer_seen && pupil_seen {
        Ok((carer, pupil))
    } else {
        Err(Wrong::Refused("No carer or pupil has that reference. Look it up under Families.".to_owned()))
    }
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
