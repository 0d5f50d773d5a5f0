//! Health, for IT and whoever must be able to pause all sending: counts and times, nothing that anybody wrote.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who,
    admin_channels::{counts, seen_by},
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
    domain::{staff::Role, time::moment_in_full},
    flows::{FlowError, channels, operate},
    store::{StoreError, attachments, daemons::ALL_CHANNELS, desk},
};

/// Who looks after the machine, and who may pause sending.
pub(super) const READERS: &[Role] = &[Role::It, Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    vec![
        get("/health", Who::Holders(READERS), health_page),
        post("/health/pause", Who::Holders(READERS), pause),
        post("/health/go-on", Who::Holders(READERS), go_on),
    ]
}

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    frame: Frame,
    counts: Vec<(String, String, i64)>,
    holds: Vec<(String, String, String)>,
    channels: Vec<Lines>,
    /// Files that came with mails and are held back; `None`: nothing looks through them.
    files: Option<attachments::Counts>,
    paused: bool,
}

async fn health_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    let frame = Frame::of(&web, &signed, "Health", "/health").after(after.done.as_deref());
    show(&web, &signed, StatusCode::OK, frame).await
}

async fn show(web: &Web, signed: &Signed, status: StatusCode, frame: Frame) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let holds = desk::holds(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let counts = counts(web, signed).await?;
    let channels = channels::health(&web.gateway, seen_by(signed)).await?;
    let files = match web.gateway.scanner {
        Some(_) => Some(file_counts(web, signed).await?),
        None => None,
    };
    let template = HealthPage {
        frame,
        files,
        counts: counts
            .into_iter()
            .map(|(channel, state, count)| (channel, state_in_words(&state), count))
            .collect(),
        paused: holds.iter().any(|hold| hold.scope == ALL_CHANNELS),
        holds: holds
            .into_iter()
            .map(|hold| {
                let scope = if hold.scope == ALL_CHANNELS { "All sending".to_owned() } else { hold.scope };
                (scope, hold.reason, moment_in_full(hold.since, now))
            })
            .collect(),
        channels: channels.iter().map(|one| lines(web, one, now)).collect(),
    };
    Ok(frame::page(status, &template))
}

/// Files that are held back, as this colleague may see their messages; for IT without those of restricted ones.
async fn file_counts(web: &Web, signed: &Signed) -> Result<attachments::Counts, Wrong> {
    let Some(staff) = seen_by(signed) else {
        return Ok(attachments::counts(&mut *web.gateway.store.acquire().await?, false).await?);
    };
    let mut tx = web.gateway.store.as_colleague(staff).await?;
    let counts = attachments::counts(&mut tx, true).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(counts)
}

async fn pause(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let reason = sent.fields.text("reason");
    let did = once(&web, &signed, &sent, async {
        if reason.is_empty() {
            let why = "say in a few words why sending is paused; colleagues will see it";
            return Err(FlowError::at("reason", why));
        }
        operate::hold(&web.gateway, ALL_CHANNELS, reason, &signed.by()).await?;
        Ok("/health?done=held".to_owned())
    })
    .await?;
    answer(&web, &signed, did).await
}

async fn go_on(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let did = once(&web, &signed, &sent, async {
        operate::release(&web.gateway, ALL_CHANNELS, &signed.by()).await?;
        Ok("/health?done=released".to_owned())
    })
    .await?;
    answer(&web, &signed, did).await
}

async fn answer(web: &Web, signed: &Signed, did: Did) -> Result<Response, Wrong> {
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let frame = Frame::of(web, signed, "Health", "/health")
                .refused(Some(in_page_words(&sentence)))
                .at(sentence.field);
            show(web, signed, StatusCode::UNPROCESSABLE_ENTITY, frame).await
        }
    }
}
