//! What is done with a case: a reply, a note, a promise, and who has it next.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::civil::DateTime;

use super::{
    Served, Web, Who,
    cases::{READERS, Typed, case_frame, open, restricted, show_case},
    complaints::LEADERS,
    frame::Wrong,
    guard::Signed,
    post,
    preview::ALLOWERS,
    sent::{Did, Fields, Sent, done_before, once},
    write::topic_of,
};
use crate::{
    domain::{
        case_kind::CaseKind,
        key_item::KeyTopic,
        time::{Date, Timestamp, school_zone},
    },
    flows::{
        FlowError,
        cases::{self, Elsewhere, How, Reply},
        complaint, divert, give,
    },
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        post("/cases/{case}/reply", readers, reply),
        post("/cases/{case}/note", readers, note),
        post("/cases/{case}/promise", readers, promise),
        post("/cases/{case}/answered", readers, answered),
        post("/cases/{case}/kind", readers, kind),
        post("/cases/{case}/suggested", readers, suggested),
        post("/cases/{case}/fulfilled", readers, fulfilled),
        post("/cases/{case}/pass-up", readers, pass_up),
        post("/cases/{case}/give", readers, give),
        post("/cases/{case}/to-dsl", readers, to_dsl),
        post("/cases/{case}/complaint", Who::Holders(LEADERS), complain),
        post("/cases/{case}/close", readers, close),
        post("/cases/{case}/reopen", readers, reopen),
    ]
}

/// Does a case's deed, and shows the case again where it could not be done.
async fn case_deed(
    web: &Web,
    signed: &Signed,
    code: &str,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    // Proved before anything is done: a case this colleague may not see does not exist.
    match open(web, signed, code).await {
        // Whoever passed it to the DSL does not see it any more, and may still press the button twice.
        Err(Wrong::Absent) => return done_before(web, signed, sent).await?.ok_or(Wrong::Absent),
        opened => drop(opened?),
    }
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let typed = Typed::of(sent);
            // As it stands now: a colleague may have done something meanwhile.
            let opened = open(web, signed, code).await?;
            let frame = case_frame(web, signed, &opened).refusal(Some(&sentence), |field| typed.id_of(field));
            show_case(web, signed, StatusCode::UNPROCESSABLE_ENTITY, opened, frame, typed).await
        }
    }
}

/// A date field's day.
pub(super) fn day(fields: &Fields, field: &'static str) -> Result<Date, FlowError> {
    fields.parsed(field).ok_or_else(|| FlowError::at(field, "that is no day: choose one in the calendar"))
}

/// A date-and-time field's instant, which is meant in school time.
pub(super) fn moment(fields: &Fields, field: &'static str) -> Result<Timestamp, FlowError> {
    let wrong = |_| FlowError::at(field, "that is no day and time of the school: choose both");
    let local: DateTime = fields.text(field).parse().map_err(wrong)?;
    // A time that the clocks skip or repeat in spring or autumn is not guessed.
    let zoned = school_zone().to_ambiguous_zoned_datetime(local).unambiguous();
    zoned.map(|zoned| zoned.timestamp()).map_err(wrong)
}

async fn note(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        cases::note(&web.gateway, &code, restricted(&signed), sent.fields.text("note"), &signed.by()).await?;
        Ok(format!("/cases/{code}?done=note"))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn promise(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let day = day(&sent.fields, "day")?;
        cases::promise(&web.gateway, &code, restricted(&signed), day, &signed.by()).await?;
        Ok(format!("/cases/{code}?done=promised"))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn answered(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let how = How::parse(sent.fields.text("how"))
            .ok_or_else(|| FlowError::at("how", "choose how it was answered"))?;
        let answer = Elsewhere {
            how,
            words: sent.fields.text("said"),
            happened_at: moment(&sent.fields, "when")?,
            full_answer: sent.fields.ticked("full"),
        };
        cases::answered_elsewhere(&web.gateway, &code, restricted(&signed), &answer, &signed.by()).await?;
        Ok(format!("/cases/{code}?done=elsewhere"))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn kind(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let kind = sent.fields.text("kind");
        cases::rekind(&web.gateway, &code, restricted(&signed), kind, &signed.by()).await?;
        let key = CaseKind::parse(kind).ok().and_then(KeyTopic::of_kind);
        Ok(format!("/cases/{code}?done={}", if key.is_some() { "kind-key" } else { "kind" }))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

/// Whether it is what its words suggest; a yes to safeguarding passes it to the DSL alone.
async fn suggested(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let is = match sent.fields.text("is") {
            "yes" => true,
            "no" => false,
            _ => return Err(FlowError::Refused("say yes or no".to_owned())),
        };
        let diverted = cases::decide(&web.gateway, &code, restricted(&signed), is, &signed.by()).await?;
        Ok(if diverted { "/cases?done=diverted".to_owned() } else { format!("/cases/{code}?done=suggested") })
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

/// What the law asks for is done.
async fn fulfilled(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let how = sent.fields.text("fulfilled");
        cases::fulfil(&web.gateway, &code, restricted(&signed), how, &signed.by()).await?;
        Ok(format!("/cases/{code}?done=fulfilled"))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn pass_up(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let reason = sent.fields.text("reason");
        cases::escalate(&web.gateway, &code, restricted(&signed), reason, &signed.by()).await?;
        Ok("/cases?done=given".to_owned())
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

/// One act: from here on the case is the DSL's alone, also for the colleague who did it.
async fn to_dsl(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let reason = sent.fields.text("reason");
        divert::divert(&web.gateway, &code, restricted(&signed), reason, &signed.by()).await?;
        Ok("/cases?done=diverted".to_owned())
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

/// The matter goes on in the Complaints Procedure, with this colleague.
async fn complain(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let owner = sent.fields.parsed("owner");
        let owner = owner.ok_or_else(|| FlowError::at("owner", "choose who has the first stage"))?;
        let (why, by) = (sent.fields.text("why"), signed.by());
        let number = complaint::open(&web.gateway, &code, restricted(&signed), owner, why, &by).await?;
        Ok(format!("/complaints/{number}?done=complaint"))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn reopen(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let reason = sent.fields.text("reason");
        cases::reopen(&web.gateway, &code, restricted(&signed), reason, &signed.by()).await?;
        Ok(format!("/cases/{code}?done=reopened"))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn reply(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    if sent.fields.ticked("preview") {
        let opened = open(&web, &signed, &code).await?;
        let plain = web.gateway.policy().advice(sent.fields.raw("words")).is_empty();
        let frame = case_frame(&web, &signed, &opened).after(plain.then_some("plain"));
        return show_case(&web, &signed, StatusCode::OK, opened, frame, Typed::of(&sent)).await;
    }
    let work = async {
        let promise = match sent.fields.text("promise") {
            "" => None,
            _ => Some(day(&sent.fields, "promise")?),
        };
        let by = signed.by();
        let reply = Reply {
            words: sent.fields.text("words"),
            promise,
            // Only what is said to be all of it meets a promise: a word in between must not stop its clock.
            full_answer: sent.fields.ticked("full"),
            sensitive: sent.fields.ticked("sensitive"),
            topic: topic_of(&sent.fields)?,
            by_text: by_text(&signed, &sent.fields)?,
            by: &by,
        };
        let replied = cases::reply(&web.gateway, &code, restricted(&signed), &reply).await?;
        let done = match replied.route {
            "email" if replied.not_by_text.is_some() => "not-by-text",
            "email" | "text" => "replied",
            _ => "task",
        };
        Ok(format!("/cases/{}?done={done}", replied.case))
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

/// Why the SLT lets a reply go by text, where they say so.
fn by_text<'a>(signed: &Signed, fields: &'a Fields) -> Result<Option<&'a str>, FlowError> {
    match fields.text("by_text") {
        "" => Ok(None),
        why if signed.is(ALLOWERS) => Ok(Some(why)),
        _ => Err(FlowError::at("by_text", "only senior leadership lets a reply go by text that may not")),
    }
}

async fn give(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let (role, by) = (sent.fields.text("role"), signed.by());
        // By name where a colleague was chosen: the flow asks whether that one could see it.
        if sent.fields.ticked("colleague") {
            let to = sent.fields.parsed("colleague");
            let to = to.ok_or_else(|| FlowError::at("colleague", "choose who the case is for"))?;
            give::give_to(&web.gateway, &code, restricted(&signed), to, &by).await?;
            return Ok("/cases?done=given".to_owned());
        }
        if !["teacher", "office", "slt"].contains(&role) {
            return Err(FlowError::at("role", "choose who the case is for"));
        }
        cases::assign(&web.gateway, &code, restricted(&signed), role, None, &by).await?;
        Ok("/cases?done=given".to_owned())
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}

async fn close(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let work = async {
        let outcome = sent.fields.text("outcome");
        cases::close(&web.gateway, &code, restricted(&signed), outcome, &signed.by()).await?;
        Ok("/cases?done=closed".to_owned())
    };
    Box::pin(case_deed(&web, &signed, &code, &sent, work)).await
}
