//! The strict mail server as a rig.

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Eml, Misbehaviour, Rig, Taken, as_logins},
    fakes::smtp::{Act, At, Script, SmtpFake},
    message::ChannelId,
    smtp::{Smtp, SmtpConfig},
};
use tempfile::TempDir;

const USERNAME: &str = "parents@northfield.example";
const PASSWORD: &str = "smtp-password";

pub(crate) struct SmtpRig {
    fake: SmtpFake,
    sender: Smtp,
    _secrets: TempDir,
}

impl SmtpRig {
    pub(crate) async fn start(pipelining: bool) -> Self {
        let login = Some((USERNAME.to_owned(), PASSWORD.to_owned()));
        let fake = SmtpFake::start(Script { pipelining, login, ..Script::default() }).await;
        let secrets = tempfile::tempdir().expect("a folder for the test");
        let password = secrets.path().join("password");
        std::fs::write(&password, PASSWORD).expect("a file for the password");
        let config = serde_json::json!({
            "host": "127.0.0.1",
            "port": fake.address().port(),
            "tls": "none",
            "username": USERNAME,
            "password_file": password,
            "from": "Northfield School <parents@northfield.example>",
            "connections": 3,
            "connect_secs": 5,
            "command_secs": 0.8,
            "data_secs": 0.8,
        });
        let config: SmtpConfig = serde_json::from_value(config).expect("known settings");
        let sender = Smtp::open(ChannelId::parse("mail").expect("good"), &config).expect("opens");
        Self { fake, sender, _secrets: secrets }
    }

    /// The one mail the server has.
    pub(crate) fn only_mail(&self) -> Eml {
        let messages = self.fake.messages();
        assert_eq!(messages.len(), 1);
        Eml::new(messages.first().expect("a mail").data.as_bytes())
    }
}

#[async_trait]
impl Rig for SmtpRig {
    fn sender(&self) -> &dyn Sender {
        &self.sender
    }

    fn secrets(&self) -> Vec<String> {
        as_logins(USERNAME, PASSWORD)
    }

    async fn taken(&self) -> Vec<Taken> {
        let messages = self.fake.messages().into_iter().map(|caught| {
            let eml = Eml::new(caught.data.as_bytes());
            assert!(eml.html().is_some(), "a mail without its second half");
            Taken { to: caught.to, words: eml.plain().expect("a plain part") }
        });
        messages.collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let says = |text: &str| Act::Say(text.to_owned());
        let (at, act) = match how {
            Misbehaviour::Unavailable => (At::Mail, says("451 4.3.0 not now")),
            Misbehaviour::Throttles => (At::Mail, says("452 4.5.3 too many messages, slow down")),
            // Servers like to repeat the address.
            Misbehaviour::RefusesAddress => (
                At::Rcpt,
                says("550 5.1.1 <quillfeather.0@post.example>: Zofia Quillfeather is unknown here"),
            ),
            Misbehaviour::RefusesContent => (At::Dot, says("554 5.7.1 message refused by policy")),
            Misbehaviour::RefusesSettings => {
                (At::Mail, says("550 5.7.60 no permission to send as this sender"))
            }
            Misbehaviour::CutBefore => (At::Body, Act::Cut),
            Misbehaviour::CutAfter => (At::Dot, Act::TakeAndCut),
            Misbehaviour::SilentBefore => (At::Data, Act::Silence),
            Misbehaviour::SilentAfter => (At::Dot, Act::TakeAndSilence),
            Misbehaviour::Garbles => (At::Dot, says("2?0 taken")),
        };
        self.fake.always(at, act);
        true
    }

    async fn behave(&self) {
        self.fake.behave();
    }

    fn most_at_once(&self) -> Option<usize> {
        Some(self.fake.max_open())
    }

    fn complaints(&self) -> Vec<String> {
        self.fake.violations()
    }
}
