//! What stand-ins for web APIs have in common: what they are told to do, whom they hold, and what they complain of.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::{crowd::Crowd, line::Line, server};

/// Something other than a proper answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// 429, with `Retry-After` in seconds if given.
    Throttle {
        /// Seconds to wait.
        retry_after: Option<u32>,
    },
    /// An HTTP status with a page that is not the provider's, such as 503 from a load balancer.
    Fail {
        /// The HTTP status.
        status: u16,
        /// Whether the message was taken all the same.
        took: bool,
    },
    /// The provider's own error answer; nothing is taken.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The provider's code.
        code: String,
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
    /// Takes the message and answers with success that names nothing.
    Nameless,
    /// Takes the message and answers with success and half a JSON text.
    Garbled,
    /// Takes the message and answers with success and a body without end.
    Endless,
}

impl Deed {
    pub(super) const fn takes(&self) -> bool {
        match self {
            Self::Fail { took, .. } | Self::Cut { took } | Self::Hang { took } => *took,
            Self::CutShort | Self::Nameless | Self::Garbled | Self::Endless => true,
            Self::Throttle { .. } | Self::Refuse { .. } | Self::Redirect => false,
        }
    }

    /// The answer that is none, where `proper` is what a proper one would be and `refusal` the provider's error answer.
    pub(super) async fn perform(
        self,
        line: &Line,
        proper: Response,
        refusal: impl FnOnce(u16, &str) -> Response,
    ) -> Response {
        match self {
            Self::Throttle { retry_after } => {
                let mut response = server::answer(429, "text/plain", "Too Many Requests");
                if let Some(secs) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, secs.into());
                }
                response
            }
            Self::Fail { status, .. } => server::answer(status, "text/html", "<html>upstream</html>"),
            Self::Refuse { status, code } => refusal(status, &code),
            Self::Cut { .. } => {
                line.cut();
                proper
            }
            Self::CutShort => server::cut_short(proper),
            Self::Hang { .. } => pending().await,
            Self::Redirect => server::redirect(),
            Self::Nameless => server::answer(200, "application/json", "{}"),
            Self::Garbled => server::answer(200, "application/json", "{\"id\": \"0"),
            Self::Endless => server::endless(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Script {
    posts: VecDeque<Deed>,
    questions: VecDeque<Deed>,
    always: Option<Deed>,
    always_question: Option<Deed>,
    logins_refused: bool,
    complaints: Vec<String>,
}

/// The part of a stand-in that a test directs.
#[derive(Debug)]
pub struct Stage {
    pub(super) crowd: Crowd,
    script: Mutex<Script>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self { crowd: Crowd::new(), script: Mutex::default() }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn post_deed(&self) -> Option<Deed> {
        let mut script = self.script();
        script.posts.pop_front().or_else(|| script.always.clone())
    }

    pub(super) fn question_deed(&self) -> Option<Deed> {
        let mut script = self.script();
        script.questions.pop_front().or_else(|| script.always_question.clone())
    }

    pub(super) fn logins_refused(&self) -> bool {
        self.script().logins_refused
    }

    pub(super) fn complain(&self, what: impl Into<String>) {
        self.script().complaints.push(what.into());
    }

    /// Does this with each of the next `times` posted messages, before anything set by [`Stage::always`].
    pub fn next(&self, times: usize, deed: &Deed) {
        self.script().posts.extend(std::iter::repeat_n(deed.clone(), times));
    }

    /// Does this with every posted message from now on; `None` makes it behave again.
    pub fn always(&self, deed: Option<Deed>) {
        self.script().always = deed;
    }

    /// Does this with each of the next `times` questions.
    pub fn next_question(&self, times: usize, deed: &Deed) {
        self.script().questions.extend(std::iter::repeat_n(deed.clone(), times));
    }

    /// Does this with every question from now on; `None` makes it behave again.
    pub fn always_question(&self, deed: Option<Deed>) {
        self.script().always_question = deed;
    }

    /// Whether every login is refused, as after a change of the secret.
    pub fn refuse_logins(&self, refuse: bool) {
        self.script().logins_refused = refuse;
    }

    /// What a strict provider would have complained of. Empty after a good test.
    pub fn complaints(&self) -> Vec<String> {
        self.script().complaints.clone()
    }

    /// Holds every posted message, unread, until [`Stage::release`].
    pub fn hold(&self) {
        self.crowd.hold(true);
    }

    /// Waits until that many messages are held.
    pub async fn until_held(&self, count: usize) {
        self.crowd.until_held(count).await;
    }

    /// Lets held messages go on.
    pub fn release(&self) {
        self.crowd.hold(false);
    }

    /// How many messages have been posted, taken or not.
    pub fn posted(&self) -> usize {
        self.crowd.posted()
    }

    /// Waits until that many messages have been posted, taken or not.
    pub async fn until_posted(&self, count: usize) {
        self.crowd.until_posted(count).await;
    }

    /// The most posted messages that were here at the same time.
    pub fn most_at_once(&self) -> usize {
        self.crowd.most_at_once()
    }
}

pub(super) fn nothing() -> Response {
    ().into_response()
}
