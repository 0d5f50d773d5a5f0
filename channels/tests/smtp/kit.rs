//! What every test here needs: a channel to the fake, and a message.

use std::sync::Arc;

use liaison_channels::{
    address::EmailAddress,
    fakes::smtp::{Script, SmtpFake},
    message::{ChannelId, Mail, OurRef, Outgoing},
    smtp::{Smtp, SmtpConfig},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A server with and without PIPELINING: what holds for one must hold for the other.
pub(crate) async fn both_kinds() -> [SmtpFake; 2] {
    [start(true).await, start(false).await]
}

pub(crate) async fn start(pipelining: bool) -> SmtpFake {
    SmtpFake::start(Script { pipelining, ..Script::default() }).await
}

/// Settings for the fake, with `more` laid over.
pub(crate) fn settings(fake: &SmtpFake, more: &Value) -> SmtpConfig {
    let mut settings = json!({
        "host": "127.0.0.1", "port": fake.address().port(), "tls": "none",
        "from": "Northfield School <parents@northfield.example>",
        "connect_secs": 5, "command_secs": 5, "data_secs": 5,
    });
    let more = more.as_object().unwrap().clone();
    settings.as_object_mut().unwrap().extend(more);
    serde_json::from_value(settings).unwrap()
}

pub(crate) fn channel_with(fake: &SmtpFake, more: &Value) -> Arc<Smtp> {
    let id = ChannelId::parse("school-mail").unwrap();
    Arc::new(Smtp::open(id, &settings(fake, more)).unwrap())
}

pub(crate) fn channel(fake: &SmtpFake) -> Arc<Smtp> {
    channel_with(fake, &json!({}))
}

/// A channel that soon loses patience.
pub(crate) fn hasty(fake: &SmtpFake) -> Arc<Smtp> {
    channel_with(fake, &json!({"command_secs": 0.15, "data_secs": 0.15}))
}

pub(crate) fn mail() -> Mail {
    Mail {
        to: EmailAddress::parse("amina@post.example").unwrap(),
        to_name: "Amina Yusuf".into(),
        subject: "This week".into(),
        plain: "Dear Amina,\nall is well.\n".into(),
        html: "<p>Dear Amina,</p>\n<p>all is well.</p>\n".into(),
        language: "en-GB".to_owned(),
        manner: liaison_channels::message::Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    }
}

/// The `number`th message; the same number is the same delivery.
pub(crate) fn message(number: u128) -> Outgoing {
    Outgoing::mail(OurRef(Uuid::from_u128(number)), mail())
}

pub(crate) fn message_to(number: u128, to: &str) -> Outgoing {
    let to = EmailAddress::parse(to).unwrap();
    Outgoing::mail(OurRef(Uuid::from_u128(number)), Mail { to, ..mail() })
}
