//! What every test here needs: a mail server, the next one behind it, a channel to it, and its mailbox.

use std::{sync::Arc, time::Duration};

use liaison_channels::{
    Inbox as _,
    address::EmailAddress,
    fakes::{
        mta::{Kind, MAILBOX, Mta},
        smtp::{Authority, Script, SmtpFake},
    },
    inbox::{Most, Position},
    inbox_maildir::Maildir,
    message::{ChannelId, Mail, Manner, OurRef, Outgoing},
    reading::{self, Hints, MailReading},
    smtp::Smtp,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const BOTH: [Kind; 2] = [Kind::Postfix, Kind::Exim];

/// How long a mail may be on its way on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server and what is around it.
pub(crate) struct Post {
    pub(crate) mta: Mta,
    /// Whom the server hands mail for `post.example` to.
    pub(crate) next: SmtpFake,
    pub(crate) authority: Arc<Authority>,
    inbox: Maildir,
    position: Position,
}

impl Post {
    /// `None` where the server cannot run.
    pub(crate) async fn start(kind: Kind) -> Option<Self> {
        let next = SmtpFake::start(Script::default()).await;
        let authority = Authority::new();
        let mta = Mta::start(kind, next.address(), &authority)?;
        let settings =
            json!({"path": mta.maildir(), "addresses": [MAILBOX], "poll_secs": 0.1, "mark_seen": false});
        let id = ChannelId::parse("parents-inbox").unwrap();
        let mut inbox = Maildir::open(id, &serde_json::from_value(settings).unwrap()).unwrap();
        let standing = inbox.standing().await.unwrap();
        let position = Position { generation: standing.generation, after: standing.next - 1 };
        Some(Self { mta, next, authority, inbox, position })
    }

    pub(crate) fn channel(&self, more: &Value) -> Arc<Smtp> {
        let id = ChannelId::parse("school-mail").unwrap();
        Arc::new(Smtp::open(id, &serde_json::from_value(self.mta.settings(more)).unwrap()).unwrap())
    }

    /// The next mails that arrive, at least so many.
    pub(crate) async fn arrive(&mut self, count: usize) -> Vec<MailReading> {
        let mut mails = Vec::new();
        let arriving = async {
            while mails.len() < count {
                let most = Most { mails: 1000, bytes: 1 << 26 };
                let batch = self.inbox.fetch(self.position, most).await.unwrap();
                self.position.after = batch.up_to;
                mails.extend(
                    batch.mails.iter().map(|mail| reading::read(mail.raw.expose(), &Hints::default())),
                );
                if mails.len() < count {
                    self.inbox.wait(PATIENCE).await.unwrap();
                }
            }
        };
        let came = tokio::time::timeout(PATIENCE, arriving).await;
        assert!(came.is_ok(), "{:?} delivers nothing: {}", self.mta.kind(), self.mta.log());
        mails
    }
}

/// The `number`th message.
pub(crate) fn message_to(number: u128, to: &str) -> Outgoing {
    message(number, to, "Dear Amina,\nall is well.\n")
}

pub(crate) fn message(number: u128, to: &str, plain: &str) -> Outgoing {
    let mail = Mail {
        to: EmailAddress::parse(to).unwrap(),
        to_name: "Amina Yusuf".into(),
        subject: format!("Żółw, message {number}").into(),
        plain: plain.to_owned().into(),
        html: "<p>Dear Amina,</p>\n<p>all is well.</p>\n".into(),
        language: "en-GB".to_owned(),
        manner: Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    };
    Outgoing::mail(OurRef(Uuid::from_u128(number)), mail)
}
