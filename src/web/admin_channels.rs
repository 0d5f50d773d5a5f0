//! Channels: what messages leave and arrive by, how each is, and pausing one or all. Counts and times; nothing of anybody.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use liaison_channels::message::ChannelId;

use super::{
    Served, Web, Who,
    admin_queue::state_in_words,
    cases::in_page_words,
    channel_lines::{Lines, lines},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Sent, once},
};
use crate::{
    domain::{ids::StaffId, staff::Role, time::moment_in_full},
    flows::{FlowError, channels, operate},
    store::{StoreError, daemons::ALL_CHANNELS, desk, outbox_list},
};

/// Who looks after channels.
pub(super) const READERS: &[Role] = &[Role::It, Role::Office, Role::Slt];
/// Who sees whose messages they are, of those whom they may see.
const SEE_FAMILIES: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![
        get("/admin/channels", readers, channels_page),
        post("/admin/channels/{channel}/hold", readers, hold),
        post("/admin/channels/{channel}/release", readers, release),
    ]
}

/// A channel as the page shows it.
struct Channel {
    lines: Lines,
    /// `3 queued`, with the word of the state for the list behind it.
    counts: Vec<(String, i64)>,
    /// Why it is paused, and since when.
    held: Option<(String, String)>,
    /// Whether it can be paused: messages leave by it.
    sends: bool,
}

#[derive(Template)]
#[template(path = "admin_channels.html")]
struct ChannelsPage {
    frame: Frame,
    /// Why all sending is paused, and since when.
    all_held: Option<(String, String)>,
    channels: Vec<Channel>,
    reason: String,
}

async fn channels_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, "", after.done.as_deref(), None).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    reason: &str,
    done: Option<&str>,
    fault: Option<String>,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let holds = desk::holds(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let counts = counts(web, signed).await?;
    let all_held = holds
        .iter()
        .find(|hold| hold.scope == ALL_CHANNELS)
        .map(|hold| (hold.reason.clone(), moment_in_full(hold.since, now)));
    let health = channels::health(&web.gateway, seen_by(signed)).await?;
    let channels = health.iter().map(|one| Channel {
        lines: lines(web, one, now),
        counts: counts
            .iter()
            .filter(|(channel, _, _)| *channel == one.id)
            .map(|(_, state, count)| (state.clone(), *count))
            .collect(),
        held: one.held.as_ref().map(|(why, since)| (why.clone(), moment_in_full(*since, now))),
        sends: web.gateway.carriers.all().any(|id| id.as_str() == one.id),
    });
    let channels = channels.collect();
    let template = ChannelsPage {
        frame: Frame::of(web, signed, "Channels", "/admin").after(done).refused(fault),
        all_held,
        channels,
        reason: reason.to_owned(),
    };
    Ok(frame::page(status, &template))
}

/// As whom a colleague's numbers are counted; IT has no families.
pub(super) fn seen_by(signed: &Signed) -> Option<StaffId> {
    signed.is(SEE_FAMILIES).then(|| signed.staff())
}

/// What waits or came to grief, by channel and state: as the queue lists it to this colleague, for a number that is larger than
/// the list tells what the list hides.
pub(super) async fn counts(web: &Web, signed: &Signed) -> Result<Vec<(String, String, i64)>, StoreError> {
    if let Some(staff) = seen_by(signed) {
        let mut tx = web.gateway.store.as_colleague(staff).await?;
        let counts = outbox_list::counts(&mut tx, true).await?;
        tx.commit().await?;
        return Ok(counts);
    }
    outbox_list::counts(&mut *web.gateway.store.acquire().await?, false).await
}

/// The scope in the address: `all`, or one of the channels; never one message.
fn meant(web: &Web, channel: &str) -> Result<String, Wrong> {
    let mut known = web.gateway.carriers.all().map(ChannelId::as_str).chain([ALL_CHANNELS]);
    known.find(|id| *id == channel).map(ToOwned::to_owned).ok_or(Wrong::Absent)
}

async fn hold(
    State(web): State<Web>,
    signed: Signed,
    Path(channel): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let scope = meant(&web, &channel)?;
    let reason = sent.fields.text("reason");
    let did = once(&web, &signed, &sent, async {
        if reason.is_empty() {
            return Err(FlowError::Refused(
                "say in a few words why sending is paused; colleagues will see it".to_owned(),
            ));
        }
        operate::hold(&web.gateway, &scope, reason, &signed.by()).await?;
        Ok(format!("/admin/channels?done={}", if scope == ALL_CHANNELS { "held" } else { "channel-held" }))
    })
    .await?;
    answer(&web, &signed, reason, did).await
}

async fn release(
    State(web): State<Web>,
    signed: Signed,
    Path(channel): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let scope = meant(&web, &channel)?;
    let did = once(&web, &signed, &sent, async {
        operate::release(&web.gateway, &scope, &signed.by()).await?;
        let word = if scope == ALL_CHANNELS { "released" } else { "channel-released" };
        Ok(format!("/admin/channels?done={word}"))
    })
    .await?;
    answer(&web, &signed, "", did).await
}

async fn answer(web: &Web, signed: &Signed, reason: &str, did: Did) -> Result<Response, Wrong> {
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let fault = Some(in_page_words(&sentence));
            show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, reason, None, fault).await
        }
    }
}
