//! What the stand-in can be told to do, and what it keeps.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The shape of an error answer; the provider uses both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{code, message, more_info, status}`.
    Classic,
    /// RFC 9457 problem details.
    Problem,
}

/// Something other than a proper answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// 429, with `Retry-After` in seconds if given.
    Throttle {
        /// Seconds to wait.
        retry_after: Option<u32>,
    },
    /// An HTTP status with a page that is not Twilio's, such as 503 from a load balancer.
    Fail {
        /// The HTTP status.
        status: u16,
        /// Whether the message was taken all the same.
        took: bool,
    },
    /// An error answer; nothing is taken.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The provider's code.
        code: u32,
        /// The answer's shape.
        shape: Shape,
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
    /// Takes the message and answers 201 without a SID.
    Nameless,
    /// Takes the message and answers 201 with half a JSON text.
    Garbled,
    /// Takes the message and answers 201 with a body without end.
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
}

/// A message the stand-in has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// `SM` and 32 hexadecimal digits.
    pub sid: String,
    /// The recipient.
    pub to: String,
    /// The sender, unless a messaging service has yet to choose it.
    pub from: Option<String>,
    /// The messaging service, if one was named.
    pub service: Option<String>,
    /// The words.
    pub body: String,
    /// The provider's word for how far it has come.
    pub status: String,
    /// The code of its failure.
    pub error_code: Option<u32>,
    /// `outbound-api`, `outbound-reply` or `inbound`.
    pub direction: String,
    /// When it was taken.
    pub created: Timestamp,
    /// Every form field it was posted with; of a text from a carer, the fields its webhook is told beyond the usual.
    pub fields: BTreeMap<String, String>,
}

impl Taken {
    /// Whether it is a text from somebody, and not one of ours.
    pub fn is_inbound(&self) -> bool {
        self.direction == "inbound"
    }
}
