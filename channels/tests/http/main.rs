//! Channels through described providers: the descriptions that are shipped, against strict stand-ins of their providers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod description;
mod esendex;
mod fakes;
mod firetext;
mod posted;

use std::path::Path;

use liaison_channels::{
    Sender,
    address::PhoneNumber,
    error::SendError,
    http::{Http, HttpConfig},
    message::{ChannelId, OurRef, Outgoing, Text},
    private::Private,
};
use uuid::Uuid;

pub(crate) const CARER: &str = "+447700900123";
pub(crate) const WORDS: &str = "Swimming is on Friday & starts at 9: bring café money, €2";

/// A description as it is shipped.
pub(crate) fn shipped(name: &str) -> HttpConfig {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/providers").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    read(&text, name)
}

/// A channel's section, without its kind.
pub(crate) fn read(text: &str, name: &str) -> HttpConfig {
    let mut all: toml::Table = toml::from_str(text).unwrap();
    let channels = all.remove("channels").unwrap();
    let mut section = channels[name].as_table().unwrap().clone();
    assert_eq!(section.remove("kind"), Some(toml::Value::from("http")));
    section.try_into().unwrap()
}

pub(crate) fn open(name: &str, config: &HttpConfig) -> Http {
    Http::open(ChannelId::parse(name).unwrap(), config).unwrap()
}

pub(crate) fn text_to(number: &str, body: &str) -> Outgoing {
    let to = PhoneNumber::parse(number).unwrap();
    Outgoing::text(OurRef(Uuid::now_v7()), Text { to, body: Private::from(body) })
}

pub(crate) fn text() -> Outgoing {
    text_to(CARER, WORDS)
}

/// The failure of a text, which prints neither numbers nor words nor secrets.
pub(crate) async fn fails(http: &Http, message: &Outgoing) -> SendError {
    let error = http.send(message).await.unwrap_err();
    let printed = format!("{error} {error:?}");
    for secret in ["7700900", "Swimming", "café", "firetext-api-key", "esendex-password"] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
    error
}
