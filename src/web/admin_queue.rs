//! The queue: messages that wait, are in doubt, failed or were refused, and what is done with one by hand. IT sees which and
//! why, and nobody's name.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use liaison_channels::message::ChannelId;

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Sent, once},
};
use crate::{
    domain::{
        ids::DeliveryId,
        staff::Role,
        time::{Timestamp, moment_in_full},
    },
    flows::{FlowError, operate},
    store::{
        StoreError,
        outbox_list::{self, QueueLine, Wanted},
    },
};

/// Who sees what waits. What belongs to a restricted case only the DSL sees.
pub(super) const READERS: &[Role] = &[Role::It, Role::Office, Role::Slt, Role::Dsl];
/// Who may do something with a message of somebody's.
const DOERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

/// How many stand on a page.
const PAGE: usize = 50;

/// States with the words for them.
const STATES: &[(&str, &str)] = &[
    ("queued", "Waiting"),
    ("unknown", "May have gone"),
    ("failed", "Failed"),
    ("refused", "Refused by the gate"),
    ("submitting", "Leaving now"),
];

/// A state of a message, as a page says it.
pub(super) fn state_in_words(state: &str) -> String {
    let said = match state {
        "submitted" => "Sent",
        "delivered" => "Arrived",
        "cancelled" => "Taken back",
        state => STATES.iter().find(|(word, _)| *word == state).map_or(state, |(_, said)| *said),
    };
    said.to_owned()
}

pub(super) fn served() -> Vec<Served> {
    let doers = Who::Holders(DOERS);
    vec![
        get("/admin/queue", Who::Holders(READERS), queue_page),
        post("/admin/queue/{delivery}/hold", doers, hold),
        post("/admin/queue/{delivery}/release", doers, release),
        post("/admin/queue/{delivery}/retry", doers, retry),
        post("/admin/queue/{delivery}/cancel", doers, cancel),
    ]
}

/// A message as the page shows it.
#[expect(clippy::struct_field_names, reason = "a row and what a page says of it")]
struct Line {
    line: QueueLine,
    state: &'static str,
    when: String,
    why: Option<String>,
    held: bool,
}

/// A choice of what is listed.
struct Choice {
    path: String,
    name: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "admin_queue.html")]
struct QueuePage {
    frame: Frame,
    states: Vec<Choice>,
    channels: Vec<Choice>,
    lines: Vec<Line>,
    older: Option<String>,
    does: bool,
    /// Whether this colleague has the page of channels.
    channels_too: bool,
}

async fn queue_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, &after, None).await
}

/// Whether names may be shown: to those who see the school's contact data, and of those whom they may see.
fn with_names(signed: &Signed) -> bool {
    signed.is(DOERS)
}

async fn found(
    web: &Web,
    signed: &Signed,
    wanted: Wanted<'_>,
    most: i64,
) -> Result<Vec<QueueLine>, StoreError> {
    if with_names(signed) {
        let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
        let lines = outbox_list::lines(&mut tx, wanted, true, most).await?;
        tx.commit().await?;
        return Ok(lines);
    }
    // IT may see no pupil, and so no row of anybody's: which messages there are, without whose, and none of a restricted case.
    outbox_list::lines(&mut *web.gateway.store.acquire().await?, wanted, false, most).await
}

/// An address of the list, of words of ours only.
fn path(state: Option<&str>, channel: Option<&str>, before: Option<DeliveryId>) -> String {
    let parts = [
        state.map(|state| format!("list={state}")),
        channel.map(|channel| format!("channel={channel}")),
        before.map(|id| format!("before={id}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "/admin/queue".to_owned() } else { format!("/admin/queue?{}", parts.join("&")) }
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    after: &After,
    fault: Option<String>,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let known: Vec<&str> = web.gateway.carriers.all().map(ChannelId::as_str).collect();
    let state = STATES.iter().map(|(word, _)| *word).find(|word| Some(*word) == after.list.as_deref());
    let channel = known.iter().copied().find(|id| Some(*id) == after.channel.as_deref());
    let before = after.before.map(DeliveryId);
    let wanted = Wanted { state, channel, before, one: None };
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut lines = found(web, signed, wanted, most).await?;
    let more = lines.len() > PAGE;
    lines.truncate(PAGE);
    let older = lines.last().filter(|_| more).map(|line| path(state, channel, Some(line.id)));
    let every =
        Choice { path: path(None, channel, None), name: "Any state".to_owned(), here: state.is_none() };
    let states = STATES.iter().map(|(word, name)| Choice {
        path: path(Some(word), channel, None),
        name: (*name).to_owned(),
        here: state == Some(word),
    });
    let both =
        Choice { path: path(state, None, None), name: "Any channel".to_owned(), here: channel.is_none() };
    let channels = known.iter().map(|id| Choice {
        path: path(state, Some(id), None),
        name: (*id).to_owned(),
        here: channel == Some(id),
    });
    let template = QueuePage {
        frame: Frame::of(web, signed, "Queue", "/admin").after(after.done.as_deref()).refused(fault),
        states: std::iter::once(every).chain(states).collect(),
        channels: std::iter::once(both).chain(channels).collect(),
        lines: lines.into_iter().map(|line| told(line, with_names(signed), now)).collect(),
        older,
        does: signed.is(DOERS),
        channels_too: signed.is(super::admin_channels::READERS),
    };
    Ok(frame::page(status, &template))
}

fn told(line: QueueLine, with_names: bool, now: Timestamp) -> Line {
    let held = line.state == "queued" && line.not_before >= operate::HELD_UNTIL;
    let full = |at| moment_in_full(at, now);
    let when = match line.state.as_str() {
        "queued" if held => format!("queued {}", full(line.queued_at)),
        "queued" if line.not_before > now => format!("leaves from {}", full(line.not_before)),
        "queued" => format!("waits since {}", full(line.queued_at)),
        "submitting" | "unknown" => format!("since {}", full(line.wire_since.unwrap_or(line.queued_at))),
        _ => full(line.settled_at.unwrap_or(line.queued_at)),
    };
    let why = line.reason.clone().map(|why| {
        // What a colleague wrote about a message may name somebody.
        if why.starts_with("held: ") && !with_names { "held by hand".to_owned() } else { why }
    });
    let state = STATES.iter().find(|(word, _)| *word == line.state).map_or("", |(_, name)| *name);
    Line { state: if held { "Held by hand" } else { state }, when, why, held, line }
}

/// The message in the address, where this colleague may see whose it is.
async fn meant(web: &Web, signed: &Signed, delivery: &str) -> Result<DeliveryId, Wrong> {
    let id: DeliveryId = delivery.parse().map_err(|_| Wrong::Absent)?;
    let wanted = Wanted { one: Some(id), ..Wanted::default() };
    if found(web, signed, wanted, 1).await?.is_empty() { Err(Wrong::Absent) } else { Ok(id) }
}

/// Does it once, and shows the queue with what came of it.
async fn deed(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    done: &str,
    work: impl Future<Output = Result<(), FlowError>> + Send,
) -> Result<Response, Wrong> {
    let did = once(web, signed, sent, async {
        work.await?;
        Ok(format!("/admin/queue?done={done}"))
    });
    match Box::pin(did).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let sentence = sentence
                .replace(
                    "to send it all the same, add --even-if-twice",
                    "to send it all the same, tick the box",
                )
                .replace("; `liaison queue list` shows them", "");
            let fault = Some(in_page_words(&sentence));
            show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, &After::default(), fault).await
        }
    }
}

/// A deed on a message that has come to rest meanwhile, or that this very button has moved: its answer stands.
async fn meant_or_done(
    web: &Web,
    signed: &Signed,
    delivery: &str,
    sent: &Sent,
) -> Result<Result<DeliveryId, Response>, Wrong> {
    match meant(web, signed, delivery).await {
        Ok(id) => Ok(Ok(id)),
        Err(Wrong::Absent) => match super::sent::done_before(web, signed, sent).await? {
            Some(response) => Ok(Err(response)),
            None => Err(Wrong::Absent),
        },
        Err(wrong) => Err(wrong),
    }
}

async fn hold(
    State(web): State<Web>,
    signed: Signed,
    Path(delivery): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id = match meant_or_done(&web, &signed, &delivery, &sent).await? {
        Ok(id) => id,
        Err(response) => return Ok(response),
    };
    let reason = sent.fields.text("reason");
    let reason = if reason.is_empty() { "by hand" } else { reason };
    let work = async {
        operate::hold(&web.gateway, &id.to_string(), reason, &signed.by()).await?;
        Ok(())
    };
    deed(&web, &signed, &sent, "message-held", work).await
}

async fn release(
    State(web): State<Web>,
    signed: Signed,
    Path(delivery): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id = match meant_or_done(&web, &signed, &delivery, &sent).await? {
        Ok(id) => id,
        Err(response) => return Ok(response),
    };
    let work = async {
        operate::release(&web.gateway, &id.to_string(), &signed.by()).await?;
        Ok(())
    };
    deed(&web, &signed, &sent, "message-released", work).await
}

async fn retry(
    State(web): State<Web>,
    signed: Signed,
    Path(delivery): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id = match meant_or_done(&web, &signed, &delivery, &sent).await? {
        Ok(id) => id,
        Err(response) => return Ok(response),
    };
    let twice = sent.fields.ticked("even_if_twice");
    deed(&web, &signed, &sent, "retried", operate::retry(&web.gateway, id, twice, &signed.by())).await
}

async fn cancel(
    State(web): State<Web>,
    signed: Signed,
    Path(delivery): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id = match meant_or_done(&web, &signed, &delivery, &sent).await? {
        Ok(id) => id,
        Err(response) => return Ok(response),
    };
    deed(&web, &signed, &sent, "message-cancelled", operate::cancel(&web.gateway, id, &signed.by())).await
}
