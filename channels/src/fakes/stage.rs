//! What every stand-in over HTTP shares: a thread of its own, a port the system chooses, lines that can be cut, deeds to
//! misbehave by, messages that are held, and complaints.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use super::line::{Line, Lines};

/// Something other than a proper answer that any server may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Answers this; nothing is taken.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The content type.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// An HTTP status with a page that is not the provider's, such as 503 from a load balancer.
    Fail {
        /// The HTTP status.
        status: u16,
        /// Whether the message was taken all the same.
        took: bool,
    },
    /// 429 with `Retry-After`; takes nothing.
    Throttle {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// The line is cut before the answer.
    Cut {
        /// Whether the message was taken all the same.
        took: bool,
    },
    /// Takes the message; the line is cut in the middle of the answer.
    CutShort,
    /// Never answers.
    Hang {
        /// Whether the message was taken all the same.
        took: bool,
    },
    /// Answers 307 to another address; takes nothing.
    Redirect,
    /// Takes the message and answers as if well, but with half a JSON text.
    Garbled,
    /// Takes the message and answers with a body without end.
    Endless,
}

impl Deed {
    /// Whether the message is taken all the same.
    pub const fn takes(&self) -> bool {
        match self {
            Self::Fail { took, .. } | Self::Cut { took } | Self::Hang { took } => *took,
            Self::CutShort | Self::Garbled | Self::Endless => true,
            Self::Answer { .. } | Self::Throttle { .. } | Self::Redirect => false,
        }
    }

    /// Does it. `answer` is what a well-behaved server would say.
    pub(super) async fn commit(self, line: &Line, answer: Response) -> Response {
        match self {
            Self::Answer { status, content_type, body } => reply(status, content_type, body),
            Self::Fail { status, .. } => reply(status, "text/html", "<html>upstream</html>"),
            Self::Throttle { retry_after } => {
                let mut response = reply(429, "text/plain", "Too Many Requests");
                response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
                response
            }
            Self::Cut { .. } => {
                line.cut();
                answer
            }
            Self::CutShort => cut_short(answer),
            Self::Hang { .. } => pending().await,
            Self::Redirect => redirect(),
            Self::Garbled => reply(201, "application/json", "{\"id\": \"7"),
            Self::Endless => endless(201),
        }
    }
}

/// An answer.
pub(super) fn reply(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, content_type.to_owned())], body.into()).into_response()
}

/// 307 to another address of the same server.
pub(super) fn redirect() -> Response {
    let mut response = reply(307, "text/html", "");
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/elsewhere"));
    response
}

/// A body without end.
pub(super) fn endless(status: u16) -> Response {
    let spaces = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b' '; 8 * 1024])));
    reply(status, "application/json", Body::from_stream(spaces))
}

/// Half an answer, and then a cut line.
pub(super) fn cut_short(answer: Response) -> Response {
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = stream::unfold(0, |step| async move {
        // Waiting once lets the first half leave before the second fails.
        tokio::task::yield_now().await;
        let part = if step == 0 {
            Ok(Bytes::from_static(b"{\"sid\": "))
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        };
        Some((part, step + 1)).filter(|(part, _): &(io::Result<_>, i32)| step < 2 || part.is_ok())
    });
    Response::from_parts(parts, Body::from_stream(body))
}

#[derive(Debug)]
struct State<D> {
    posts: VecDeque<D>,
    questions: VecDeque<D>,
    always: Option<D>,
    always_question: Option<D>,
    complaints: Vec<String>,
    clock_ahead: SignedDuration,
    asked: usize,
    at_once: usize,
    most_at_once: usize,
}

/// How a stand-in behaves and what it saw, whatever its provider. `D` is what it can be told to do.
#[derive(Debug)]
pub struct Stage<D> {
    state: Mutex<State<D>>,
    seen: watch::Sender<usize>,
    held: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl<D: Clone> Stage<D> {
    pub(super) fn new() -> Self {
        let state = State {
            posts: VecDeque::new(),
            questions: VecDeque::new(),
            always: None,
            always_question: None,
            complaints: Vec::new(),
            clock_ahead: SignedDuration::ZERO,
            asked: 0,
            at_once: 0,
            most_at_once: 0,
        };
        Self {
            state: Mutex::new(state),
            seen: watch::Sender::new(0),
            held: watch::Sender::new(false),
            waiting: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<D>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does this with each of the next `times` posted messages, before anything set by [`Stage::always`].
    pub fn next(&self, times: usize, deed: D) {
        self.lock().posts.extend(std::iter::repeat_n(deed, times));
    }

    /// Does this with every posted message from now on; `None` makes it behave again.
    pub fn always(&self, deed: Option<D>) {
        self.lock().always = deed;
    }

    /// Does this with each of the next `times` questions.
    pub fn next_question(&self, times: usize, deed: D) {
        self.lock().questions.extend(std::iter::repeat_n(deed, times));
    }

    /// Does this with every question from now on; `None` makes it behave again.
    pub fn always_question(&self, deed: Option<D>) {
        self.lock().always_question = deed;
    }

    /// Sets its clock ahead of this machine's; behind it if negative.
    pub fn clock_ahead(&self, by: SignedDuration) {
        self.lock().clock_ahead = by;
    }

    /// Holds every posted message, unread, until [`Stage::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Waits until that many messages are held.
    pub async fn until_held(&self, count: usize) {
        self.waiting.subscribe().wait_for(|waiting| *waiting >= count).await.ok();
    }

    /// Lets held messages go on.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// What a strict provider would have complained of. Empty after a good test.
    pub fn complaints(&self) -> Vec<String> {
        self.lock().complaints.clone()
    }

    /// How many messages have been posted, taken or not.
    pub fn posted(&self) -> usize {
        *self.seen.borrow()
    }

    /// How many questions have been asked.
    pub fn asked(&self) -> usize {
        self.lock().asked
    }

    /// Waits until that many messages have been posted, taken or not.
    pub async fn until_posted(&self, count: usize) {
        self.seen.subscribe().wait_for(|seen| *seen >= count).await.ok();
    }

    /// The most posted messages that were here at the same time.
    pub fn most_at_once(&self) -> usize {
        self.lock().most_at_once
    }

    pub(super) fn complain(&self, what: impl Into<String>) {
        self.lock().complaints.push(what.into());
    }

    pub(super) fn post_deed(&self) -> Option<D> {
        let mut state = self.lock();
        state.posts.pop_front().or_else(|| state.always.clone())
    }

    pub(super) fn question_deed(&self) -> Option<D> {
        let mut state = self.lock();
        state.asked += 1;
        state.questions.pop_front().or_else(|| state.always_question.clone())
    }

    /// The provider's clock.
    pub(super) fn now(&self) -> Timestamp {
        let ahead = self.lock().clock_ahead;
        Timestamp::now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// The provider's clock as the header `Date` tells it.
    pub(super) fn dated(&self, mut response: Response) -> Response {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.now()).unwrap_or_default();
        if let Ok(date) = date.parse() {
            response.headers_mut().insert(header::DATE, date);
        }
        response
    }

    /// Counts a posted message while the returned value lives, and holds it while messages are held.
    pub(super) async fn arrive(&self) -> Presence<'_, D> {
        {
            let mut state = self.lock();
            state.at_once += 1;
            state.most_at_once = state.most_at_once.max(state.at_once);
        }
        let presence = Presence(self);
        self.seen.send_modify(|seen| *seen += 1);
        let _waits = Waiting::new(&self.waiting);
        self.held.subscribe().wait_for(|held| !held).await.ok();
        presence
    }
}

/// A posted message that is here.
pub(super) struct Presence<'a, D: Clone>(&'a Stage<D>);

impl<D: Clone> Drop for Presence<'_, D> {
    fn drop(&mut self) {
        self.0.lock().at_once -= 1;
    }
}

/// Counts one that waits, while it lives.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|count| *count += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A server on a thread of its own, so that a test may block and a daemon in another process may use it; it stops when
/// dropped.
#[derive(Debug)]
pub(super) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts it on loopback. Needs no runtime.
    pub(super) fn start(router: Router) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                let service = router.into_make_service_with_connect_info::<Line>();
                // Not a graceful stop: a request that hangs on purpose would hold it for ever.
                tokio::select! {
                    _ = stopped => {}
                    _ = async { axum::serve(Lines(listener), service).await } => {}
                }
            });
        });
        Ok(Self { port, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// What a stand-in's thread and its test share: the stage, and what its provider keeps.
#[derive(Debug)]
pub(super) struct Shared<D, K> {
    pub(super) stage: Stage<D>,
    kept: Mutex<K>,
}

impl<D: Clone, K> Shared<D, K> {
    pub(super) fn new(kept: K) -> Arc<Self> {
        Arc::new(Self { stage: Stage::new(), kept: Mutex::new(kept) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, K> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D, K> Deref for Shared<D, K> {
    type Target = Stage<D>;

    fn deref(&self) -> &Stage<D> {
        &self.stage
    }
}
