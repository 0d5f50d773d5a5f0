//! A deed that takes longer than anybody looks at an empty page: it goes on, and a page says how far it is until its answer
//! is there.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::SignedDuration;
use tokio::task::JoinHandle;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
};
use crate::{
    domain::{ids::StaffId, time::Timestamp},
    flows::{progress::Progress, salt},
};

/// How long a browser waits for an answer before it is sent to the page that says how far the deed is.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// An answer that nobody has come for in this time is let go.
const KEPT: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn served() -> Vec<Served> {
    vec![get("/working/{deed}", Who::Colleagues, look)]
}

/// The deeds whose colleagues were told to come back.
#[derive(Default)]
pub(super) struct Working(Mutex<HashMap<Uuid, Deed>>);

struct Deed {
    staff: StaffId,
    began: Timestamp,
    progress: Progress,
    answer: JoinHandle<Response>,
}

/// What is known of a deed.
enum Asked {
    Underway(Timestamp, Progress),
    /// Its answer, which is known no more from then on.
    Done(JoinHandle<Response>),
}

impl Working {
    /// How far this colleague's deed is; `None` where there is no such deed of theirs.
    fn ask(&self, id: Uuid, staff: StaffId) -> Option<Asked> {
        let mut deeds = self.deeds();
        let deed = deeds.get(&id).filter(|deed| deed.staff == staff)?;
        if deed.answer.is_finished() {
            return deeds.remove(&id).map(|deed| Asked::Done(deed.answer));
        }
        Some(Asked::Underway(deed.began, deed.progress.clone()))
    }

    fn deeds(&self) -> MutexGuard<'_, HashMap<Uuid, Deed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does a deed to its end, also where the browser goes away meanwhile: pressing again, Stop and a phone without a net end the
/// connection, and with it whatever it waits for. With `waits`, the colleague who is told to come back when it takes long.
pub(super) async fn to_its_end(
    web: &Web,
    waits: Option<StaffId>,
    deed: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let (progress, began) = (Progress::default(), web.gateway.now());
    let told = progress.clone();
    let mut answer = tokio::spawn(async move { told.of(deed).await }.in_current_span());
    let Some(staff) = waits else { return ended(answer.await) };
    // Without any patience nothing is awaited, not even what is done within its first moment.
    if !web.site.patience.is_zero()
        && let Ok(done) = tokio::time::timeout(web.site.patience, &mut answer).await
    {
        return ended(done);
    }
    let id = Uuid::from_bytes(salt());
    let mut deeds = web.working.deeds();
    deeds.retain(|_, deed| !deed.answer.is_finished() || began.duration_since(deed.began) < KEPT);
    deeds.insert(id, Deed { staff, began, progress, answer });
    Redirect::to(&format!("/working/{id}")).into_response()
}

fn ended(answer: Result<Response, tokio::task::JoinError>) -> Response {
    match answer {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The daemon is being stopped.
            Err(_) => Wrong::Away.into_response(),
        },
    }
}

#[derive(Template)]
#[template(path = "working.html")]
struct WorkingPage {
    frame: Frame,
    here: String,
    seconds: i64,
    step: String,
}

/// How far it is; its answer, once, when it is done.
async fn look(State(web): State<Web>, signed: Signed, Path(deed): Path<String>) -> Result<Response, Wrong> {
    let id: Uuid = deed.parse().map_err(|_| Wrong::Absent)?;
    match web.working.ask(id, signed.staff()).ok_or(Wrong::Absent)? {
        Asked::Done(answer) => Ok(ended(answer.await)),
        Asked::Underway(began, progress) => {
            let template = WorkingPage {
                frame: Frame::of(&web, &signed, "It is being done", ""),
                here: format!("/working/{id}"),
                seconds: web.gateway.now().duration_since(began).as_secs(),
                step: progress.step(),
            };
            Ok(frame::page(StatusCode::OK, &template))
        }
    }
}
