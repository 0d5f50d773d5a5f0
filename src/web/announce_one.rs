//! One announcement: what each carer gets of it before it is queued, and how far it is afterwards.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    announce::{WRITERS, state, what},
    announce_to::{may_announce, to_words},
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
};
use crate::{
    domain::{
        announcement::{Announcement, Stage, Verdict},
        ids::{AnnouncementId, CarerId},
        plain::Advice,
        staff::Role,
    },
    flows::{
        announced::{self as reading, Counted},
        announcements::needs_approval,
        preview::{Gets, PreviewFor},
    },
    store::{
        StoreError,
        announced::{self, Progress, Untold},
        announcements, desk,
    },
};

/// Who approves what others wrote.
pub(super) const APPROVERS: &[Role] = &[Role::Slt, Role::Dsl];

/// How many carers are on a page of those it has not reached.
const A_PAGE: usize = 50;

pub(super) fn served() -> Vec<Served> {
    let writers = Who::Holders(WRITERS);
    vec![
        get("/announce/{announcement}", writers, one_page),
        get("/announce/{announcement}/preview", writers, preview_page),
    ]
}

/// The announcement, where there is one for this colleague.
pub(super) async fn open(web: &Web, signed: &Signed, id: &str) -> Result<Announcement, Wrong> {
    let id: AnnouncementId = id.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let one = announcements::find(&mut tx, id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    one.ok_or(Wrong::Absent)
}

/// Why it was declined, where it was.
pub(super) fn declined(one: &Announcement) -> Option<String> {
    match one.decision.as_ref().map(|decision| &decision.verdict) {
        Some(Verdict::Declined(why)) => Some(super::shown(why)),
        Some(Verdict::Approved) | None => None,
    }
}

/// What this colleague may do with it now.
#[expect(clippy::struct_excessive_bools, reason = "one for each button, and any of them may go together")]
struct May {
    change: bool,
    ask: bool,
    queue: bool,
    decide: bool,
    take_back: bool,
    cancel: bool,
}

impl May {
    async fn of(web: &Web, signed: &Signed, one: &Announcement) -> Result<Self, Wrong> {
        let writer = match may_announce(web, signed, &one.written).await {
            Ok(()) => true,
            Err(Wrong::Absent) => false,
            Err(wrong) => return Err(wrong),
        };
        let needs = needs_approval(&web.gateway, one);
        Ok(Self {
            change: writer && one.may_be_changed().is_ok(),
            ask: writer && one.may_be_asked(needs).is_ok(),
            queue: writer && one.may_be_queued(needs).is_ok(),
            decide: signed.is(APPROVERS) && one.may_be_decided(&signed.by()).is_ok(),
            take_back: writer && one.may_be_taken_back().is_ok(),
            cancel: writer && one.may_be_cancelled().is_ok(),
        })
    }
}

#[derive(Template)]
#[template(path = "announce_one.html")]
struct OnePage {
    frame: Frame,
    id: AnnouncementId,
    version: i64,
    what: &'static str,
    to: String,
    state: String,
    /// Why it is urgent, where it is.
    because: Option<String>,
    title: String,
    words: String,
    declined: Option<String>,
    dropped: bool,
    /// The reason that was typed and could not be taken.
    why: String,
    may: May,
    /// Whether it waits for somebody else than this colleague.
    waits_for_another: bool,
    /// Whether its messages are made.
    sent: bool,
    progress: Progress,
    untold: Vec<(Untold, String)>,
    /// The last carer of the page, where more follow.
    more_after: Option<CarerId>,
}

async fn one_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    show_one(&web, &signed, &id, &after, StatusCode::OK, None, "").await
}

/// The page of one, with a sentence of what could not be done, and the reason that was typed.
pub(super) async fn show_one(
    web: &Web,
    signed: &Signed,
    id: &str,
    after: &After,
    status: StatusCode,
    fault: Option<String>,
    why: &str,
) -> Result<Response, Wrong> {
    let one = open(web, signed, id).await?;
    let sent = matches!(one.stage, Stage::Sent { .. } | Stage::Cancelled { .. });
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = desk::names(&mut tx).await?;
    let classes = announced::class_names(&mut tx).await?;
    let mut untold = Vec::new();
    if sent {
        let limit = i64::try_from(A_PAGE + 1).unwrap_or(i64::MAX);
        untold =
            announced::untold(&mut tx, one.id, after.place.as_deref().and_then(|id| id.parse().ok()), limit)
                .await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    let progress = reading::progress(&web.gateway, &[one.id]).await?.remove(&one.id).unwrap_or_default();
    let more = untold.len() > A_PAGE;
    untold.truncate(A_PAGE);
    let may = May::of(web, signed, &one).await?;
    let title = one.written.title.expose().clone();
    let template = OnePage {
        frame: Frame::of(web, signed, &title, "/announce").after(after.done.as_deref()).refused(fault),
        id: one.id,
        version: one.version,
        what: what(one.written.purpose),
        to: to_words(&one.written.audience, &classes),
        state: state(web, &one, &names),
        because: one.written.urgent_because.as_ref().map(super::shown),
        title,
        words: super::shown(&one.written.words),
        declined: declined(&one),
        why: why.to_owned(),
        dropped: matches!(one.stage, Stage::Dropped { .. }),
        waits_for_another: one.stage == Stage::Asked && !may.decide,
        may,
        sent,
        progress,
        more_after: untold.last().map(|last| last.carer).filter(|_| more),
        untold: untold.into_iter().map(|one| (one.clone(), stage_in_words(&one))).collect(),
    };
    Ok(frame::page(status, &template))
}

/// Why a carer was not told yet, as a page says it.
fn stage_in_words(untold: &Untold) -> String {
    let what = match untold.stage.as_str() {
        "to_ring" => "To ring",
        "to_post" => "A letter to post",
        "left_out" => "Left out",
        "taken_back" => "Taken back",
        _ => "Not reached",
    };
    match untold.why.as_str() {
        "" => format!("{what}."),
        why => format!(
            "{what}: {}",
            in_page_words(why.split_once(": left out, ").map_or(why, |(_, reason)| reason))
        ),
    }
}

#[derive(Template)]
#[template(path = "announce_preview.html")]
struct PreviewPage {
    frame: Frame,
    id: AnnouncementId,
    version: i64,
    what: &'static str,
    to: String,
    state: String,
    /// Why it is urgent, where it is.
    because: Option<String>,
    counted: Counted,
    /// Why some get nothing, and how many.
    nothing: Vec<(String, usize)>,
    cost: Option<String>,
    page: Vec<PreviewFor>,
    first_page: bool,
    more_after: Option<CarerId>,
    unseen: usize,
    named: i64,
    /// How the words could be plainer.
    advice: Vec<Advice>,
    may: May,
    undo_minutes: u64,
}

async fn preview_page(
    State(web): State<Web>,
    signed: Signed,
    Path(id): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    show_preview(&web, &signed, &id, &after, StatusCode::OK, None).await
}

/// What each carer would get, with a sentence of what could not be done.
pub(super) async fn show_preview(
    web: &Web,
    signed: &Signed,
    id: &str,
    after: &After,
    status: StatusCode,
    fault: Option<String>,
) -> Result<Response, Wrong> {
    let id: AnnouncementId = id.parse().map_err(|_| Wrong::Absent)?;
    let first: Option<CarerId> = after.place.as_deref().and_then(|id| id.parse().ok());
    let preview = reading::preview(&web.gateway, signed.staff(), id, first).await?.ok_or(Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = desk::names(&mut tx).await?;
    let classes = announced::class_names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let one = &preview.announcement;
    let title = format!("What each carer gets: {}", one.written.title.expose());
    let template = PreviewPage {
        frame: Frame::of(web, signed, &title, "/announce").after(after.done.as_deref()).refused(fault),
        id,
        version: one.version,
        what: what(one.written.purpose),
        to: to_words(&one.written.audience, &classes),
        state: state(web, one, &names),
        because: one.written.urgent_because.as_ref().map(super::shown),
        nothing: preview.counted.nothing.iter().map(|(why, n)| (in_page_words(why), *n)).collect(),
        cost: web.gateway.texts_cost(preview.counted.parts),
        may: May::of(web, signed, one).await?,
        undo_minutes: web.gateway.policy().undo.as_secs() / 60,
        counted: preview.counted,
        page: preview.page,
        first_page: first.is_none(),
        more_after: preview.more_after,
        unseen: preview.unseen,
        named: preview.named,
        advice: web.gateway.policy().advice(one.written.words.expose()),
    };
    Ok(frame::page(status, &template))
}
