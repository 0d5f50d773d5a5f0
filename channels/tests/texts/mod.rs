//! What the tests of providers of texts send, and what may not be printed of it.

use liaison_channels::{
    address::PhoneNumber,
    error::SendError,
    message::{ChannelId, OurRef, Outgoing, Text},
    private::Private,
};
use uuid::Uuid;

pub(crate) const CARER: &str = "+447700900123";
pub(crate) const OTHER: &str = "+447700900124";
pub(crate) const WORDS: &str = "Swimming is on Friday & starts at 9: bring café money, €2";

pub(crate) fn channel() -> ChannelId {
    ChannelId::parse("texts").unwrap()
}

pub(crate) fn text_to(number: &str, body: &str) -> Outgoing {
    let to = PhoneNumber::parse(number).unwrap();
    Outgoing::text(OurRef(Uuid::now_v7()), Text { to, body: Private::from(body) })
}

pub(crate) fn text() -> Outgoing {
    text_to(CARER, WORDS)
}

/// Neither numbers nor words nor secrets may be printed, whatever went wrong.
pub(crate) fn assert_prints_none(error: &SendError, secrets: &[&str]) {
    let printed = format!("{error} {error:?}");
    for secret in ["7700900", "Swimming", "café"].iter().chain(secrets) {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}
