//! What an answer to a posted text means, by the description.

use super::{
    config::{Answer, Come, Receipts, Turn},
    document::Document,
};
use crate::{
    error::{Fault, SendError},
    message::{OurRef, ProviderRef},
    receipt::{FailedAs, Progress},
    sender::Accepted,
    wire::{Reply, by_status, said},
};

/// Characters of a code or a name that are kept.
const LONGEST_NAME: usize = 200;

impl From<Turn> for Fault {
    fn from(turn: Turn) -> Self {
        match turn {
            Turn::Temporary => Self::Temporary,
            Turn::Throttled => Self::Throttled { wait: None },
            Turn::BadAddress => Self::BadAddress,
            Turn::Stopped => Self::Stopped,
            Turn::Refused => Self::Refused,
            Turn::Misconfigured => Self::Misconfigured,
        }
    }
}

/// One answer, read by one description.
pub(super) struct Reading<'a> {
    pub(super) provider: &'a str,
    pub(super) answer: &'a Answer,
    pub(super) reply: &'a Reply,
}

impl Reading<'_> {
    /// The text was taken, or refused, or nobody knows.
    pub(super) fn of_a_text(&self, ours: OurRef) -> Result<Accepted, SendError> {
        let document = self.success()?;
        let id = match (&self.answer.id, document) {
            (Some(place), Some(document)) => {
                let id = document.at(place).ok().flatten().filter(|id| is_name(id));
                id.ok_or_else(|| self.in_doubt("its answer names no text"))?
            }
            (Some(_), None) => return Err(self.in_doubt("its answer cannot be read")),
            (None, _) => ours.to_string(),
        };
        Ok(Accepted::new(ProviderRef(id), self.status()))
    }

    /// The answer's body, where it matters, if it tells a success.
    pub(super) fn success(&self) -> Result<Option<Document>, SendError> {
        let [lowest, highest] = self.answer.status;
        if !(lowest..=highest).contains(&self.reply.status.as_u16()) {
            return Err(self.error());
        }
        let document = self.document();
        let Some(place) = &self.answer.success_at else { return Ok(document) };
        let value = document.as_ref().and_then(|document| document.at(place).ok().flatten());
        match value {
            Some(value) if self.answer.success.contains(&value) => Ok(document),
            Some(_) => Err(self.error()),
            None => Err(self.in_doubt("its answer does not say so")),
        }
    }

    fn document(&self) -> Option<Document> {
        Document::read(self.answer.content_type, self.reply.body().ok()?).ok()
    }

    fn in_doubt(&self, why: &str) -> SendError {
        SendError::in_doubt(format!("{} seems to have taken the text, but {why}", self.provider))
            .code(self.status())
    }

    fn status(&self) -> String {
        format!("HTTP {}", self.reply.status.as_u16())
    }

    /// Reads a refusal: by its code where the description knows it, else by the HTTP status.
    fn error(&self) -> SendError {
        let document = self.document();
        let at = |place: &Option<String>| document.as_ref()?.at(place.as_ref()?).ok().flatten();
        let code = at(&self.answer.code).filter(|code| is_code(code));
        let known = |code: &str| {
            let mut faults = self.answer.faults.iter();
            faults.find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, turn)| *turn)
        };
        let provider = self.provider;
        let turn = code.as_deref().and_then(known).or_else(|| known(&self.status()));
        let (fault, says) = match (turn, &code) {
            (Some(turn), _) => (turn.into(), sentence(provider, turn)),
            // The provider said no while HTTP said yes.
            (None, Some(_)) if self.reply.status.is_success() => (
                Fault::Temporary,
                format!("{provider} refused the text for a reason that the description does not name"),
            ),
            _ => by_status(self.reply.status, provider, "the login"),
        };
        let fault = match fault {
            Fault::Throttled { wait } => Fault::Throttled { wait: self.reply.retry_after.or(wait) },
            other => other,
        };
        let error = SendError::not_sent(fault, says)
            .code(code.unwrap_or_else(|| self.status()))
            .said(said(&at(&self.answer.words).unwrap_or_default()));
        SendError { went: self.reply.went(), ..error }
    }
}

fn sentence(provider: &str, turn: Turn) -> String {
    match turn {
        Turn::Temporary => format!("{provider} did not take the text just now"),
        Turn::Throttled => format!("{provider} asked us to slow down"),
        Turn::BadAddress => format!("{provider} says this number cannot get texts: check the number"),
        Turn::Stopped => {
            format!("this number has opted out of our texts at {provider}: reach the carer another way")
        }
        Turn::Refused => format!("{provider} will not take this text: look at its wording and length"),
        Turn::Misconfigured => {
            format!("{provider} refused our settings: check the login, the sender and the account")
        }
    }
}

/// How far a status says a text has come.
pub(super) fn progress(receipts: &Receipts, status: &str, code: Option<&str>) -> Progress {
    match receipts.statuses.get(status) {
        None | Some(Come::Accepted) => Progress::Accepted,
        Some(Come::Sent) => Progress::Sent,
        Some(Come::Delivered) => Progress::Delivered,
        Some(Come::Failed) => {
            let turn = code.and_then(|code| receipts.codes.get(code));
            Progress::Failed(match turn {
                None | Some(Turn::Temporary | Turn::Throttled) => FailedAs::Temporary,
                Some(Turn::BadAddress) => FailedAs::BadAddress,
                Some(Turn::Stopped) => FailedAs::Stopped,
                Some(Turn::Refused) => FailedAs::Refused,
                Some(Turn::Misconfigured) => FailedAs::Misconfigured,
            })
        }
    }
}

/// A provider's name for a text: something, and not a page.
pub(super) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST_NAME && !text.chars().any(char::is_control)
}

/// A code is kept beside the attempt and printed, so it must not be able to hold a number or words of the text.
fn is_code(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (1..=60).contains(&text.len())
        && digits < 8
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
