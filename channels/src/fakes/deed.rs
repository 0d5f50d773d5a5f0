//! What the stand-ins for Sinch and Vonage can be told to do: what any server may, and the provider's own refusals.

use std::future::pending;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::{
    line::Line,
    stage::{cut_short, endless, redirect, reply},
};

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
                let mut response = reply(429, "text/plain", "Too Many Requests");
                if let Some(secs) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, secs.into());
                }
                response
            }
            Self::Fail { status, .. } => reply(status, "text/html", "<html>upstream</html>"),
            Self::Refuse { status, code } => refusal(status, &code),
            Self::Cut { .. } => {
                line.cut();
                proper
            }
            Self::CutShort => cut_short(proper),
            Self::Hang { .. } => pending().await,
            Self::Redirect => redirect(),
            Self::Nameless => reply(200, "application/json", "{}"),
            Self::Garbled => reply(200, "application/json", "{\"id\": \"0"),
            Self::Endless => endless(201),
        }
    }
}

pub(super) fn nothing() -> Response {
    ().into_response()
}

/// An answer in JSON.
pub(super) fn json_reply(status: u16, body: &serde_json::Value) -> Response {
    reply(status, "application/json;charset=utf-8", body.to_string())
}
