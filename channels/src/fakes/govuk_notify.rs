//! A strict stand-in for GOV.UK Notify, in the test's own process, on a loopback port the system chooses.
//!
//! It checks every request's token by itself, refuses whatever is not documented, makes texts from its template as the
//! provider does, keeps what it takes, and misbehaves when told to.

mod auth;
mod callbacks;
mod letters;
mod post;
mod serve;
mod show;

use std::{collections::HashMap, fs, io, ops::Deref, path::Path, sync::Arc};

use axum::Router;
use jiff::Timestamp;
use uuid::Uuid;

use self::post::New;
use super::stage::{Deed, Server, Stage};
use crate::cost::CostConfig;
use crate::govuk_notify::GovukNotifyConfig;
use crate::sender::Carries;

pub use auth::token;

/// A text, an email or a letter of ours that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: String,
    /// The recipient, as posted; of a letter the lines of the address.
    pub to: String,
    /// `sms`, `email` or `letter`.
    pub kind: &'static str,
    /// The subject of an email or the heading of a letter, as it was really sent.
    pub subject: Option<String>,
    /// Our words, as posted.
    pub words: String,
    /// What it really sent, made from the template.
    pub sent: String,
    /// Our reference.
    pub reference: Option<String>,
    /// The sender that was asked for, or the address to reply to.
    pub sender: Option<String>,
    /// The provider's word for how far it has come.
    pub status: String,
    /// When it was taken.
    pub created: Timestamp,
}

/// A text from a carer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its id.
    pub id: String,
    /// Who sent it, as the provider writes it: without a plus.
    pub from: String,
    /// The words.
    pub words: String,
    /// When it arrived.
    pub created: Timestamp,
}

/// The one template.
#[derive(Debug, Clone)]
pub struct Template {
    /// `sms`, `email` or `letter`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its subject, with placeholders; an email's or a letter's alone.
    pub subject: Option<String>,
    /// Its text, with placeholders.
    pub body: String,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, thrown by a test")]
struct State {
    texts: Vec<Taken>,
    received: Vec<Received>,
    template: Template,
    contact_block: Option<String>,
    keys_revoked: bool,
    smoke: bool,
    international: bool,
    dates_with_space: bool,
    answers: HashMap<String, (u16, String)>,
}

/// What the thread and the test share.
type Shared = super::stage::Shared<Deed, State>;

impl Shared {
    fn take(&self, new: New) -> Taken {
        let taken = Taken {
            id: Uuid::now_v7().to_string(),
            to: new.to,
            kind: new.kind,
            subject: new.subject,
            words: new.words,
            sent: new.sent,
            reference: new.reference,
            sender: new.sender,
            status: "created".to_owned(),
            created: self.now(),
        };
        let mut state = self.lock();
        // The provider's smoke numbers answer like others, but nothing is kept.
        if !(state.smoke && post::is_smoke(&taken.to)) {
            state.texts.push(taken.clone());
        }
        taken
    }
}

/// The running stand-in; it stops when dropped. How it behaves is set on its [`Stage`].
#[derive(Debug)]
pub struct GovukNotifyFake {
    shared: Arc<Shared>,
    server: Server,
}

impl Deref for GovukNotifyFake {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl GovukNotifyFake {
    /// The service.
    pub const SERVICE: &'static str = "26785a09-ab16-4eb0-8407-a37497a57506";
    /// The secret of its key.
    pub const SECRET: &'static str = "3d844edf-8d35-48ac-975b-e847b4f122b0";
    /// The template.
    pub const TEMPLATE: &'static str = "f33517ff-2a88-4f6e-b855-c550268ce08a";
    /// A text message sender.
    pub const SENDER: &'static str = "8e222534-7f05-4972-86e3-17c5d9f894e2";
    /// A reply-to address.
    pub const REPLY_TO: &'static str = "9d1c1d22-ed5c-4b4e-8a46-2b4f6a4a9c11";
    /// The number carers answer to.
    pub const NUMBER: &'static str = "07700900456";
    /// The bearer token of its posts.
    pub const CALLBACK_TOKEN: &'static str = "chosen-by-the-school";

    /// Starts it. Needs no runtime.
    pub fn start() -> io::Result<Self> {
        let shared = Shared::new(State {
            texts: Vec::new(),
            received: Vec::new(),
            template: Template {
                kind: "sms".to_owned(),
                name: "Plain text".to_owned(),
                subject: None,
                body: "((words))".to_owned(),
            },
            contact_block: None,
            keys_revoked: false,
            smoke: false,
            international: false,
            dates_with_space: false,
            answers: HashMap::new(),
        });
        let router = Router::new().fallback(serve::serve).with_state(Arc::clone(&shared));
        Ok(Self { server: Server::start(router)?, shared })
    }

    /// The key as the provider shows it once.
    pub fn key() -> String {
        format!("liaison-{}-{}", Self::SERVICE, Self::SECRET)
    }

    /// For `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Settings that reach this stand-in, fast, with answers switched on. Writes the secrets' files into `directory`.
    pub fn config(&self, directory: &Path) -> io::Result<GovukNotifyConfig> {
        let (key, token) = (directory.join("notify-key"), directory.join("notify-callback-token"));
        fs::write(&key, format!("{}\n", Self::key()))?;
        fs::write(&token, format!("{}\n", Self::CALLBACK_TOKEN))?;
        Ok(GovukNotifyConfig {
            cost: CostConfig::default(),
            api_key_file: key,
            template_id: Self::TEMPLATE.to_owned(),
            placeholder: "words".to_owned(),
            carries: Carries::Text,
            subject_placeholder: "subject".to_owned(),
            email_reply_to_id: None,
            sms_sender_id: None,
            callback_token_file: Some(token),
            can_be_answered: true,
            international: false,
            base_url: self.base_url(),
            per_second: 50.0,
            in_flight: 4,
            connect_timeout_secs: 5,
            answer_timeout_secs: 10,
        })
    }

    /// A deed that answers with an error of the provider's. The words repeat a number, so that leaks are found.
    pub fn refusal(status: u16, error: &str) -> Deed {
        let body = show::error(status, error, "refused: 07700900123, Swimming is on Friday");
        Deed::Answer { status, content_type: "application/json", body: body.to_string() }
    }

    /// Answers every text to this number with an error.
    pub fn answer(&self, to: &str, status: u16, error: &str) {
        self.shared.lock().answers.insert(to.to_owned(), (status, error.to_owned()));
    }

    /// Takes texts to this number again.
    pub fn forgive(&self, to: &str) {
        self.shared.lock().answers.remove(to);
    }

    /// Whether the key has been revoked.
    pub fn revoke_key(&self, revoked: bool) {
        self.shared.lock().keys_revoked = revoked;
    }

    /// Whether the smoke numbers (07700900000, 07700900111, 07700900222) are the provider's: answered as if taken, and
    /// not kept. Off unless asked for, as the first of them is among the numbers of every test.
    pub fn smoke_numbers(&self, on: bool) {
        self.shared.lock().smoke = on;
    }

    /// Whether the service may text abroad, which the islands are to the provider.
    pub fn international(&self, on: bool) {
        self.shared.lock().international = on;
    }

    /// Whether lists write dates with a space, as the manual shows them.
    pub fn dates_with_space(&self, on: bool) {
        self.shared.lock().dates_with_space = on;
    }

    /// Changes the template.
    pub fn template(&self, kind: &str, name: &str, body: &str) {
        let (kind, name, body) = (kind.to_owned(), name.to_owned(), body.to_owned());
        self.shared.lock().template = Template { kind, name, subject: None, body };
    }

    /// Changes the template to one for emails.
    pub fn email_template(&self, subject: &str, body: &str) {
        self.shared.lock().template = Template {
            kind: "email".to_owned(),
            name: "Plain email".to_owned(),
            subject: Some(subject.to_owned()),
            body: body.to_owned(),
        };
    }

    /// Changes the template to one for letters.
    pub fn letter_template(&self, heading: &str, body: &str) {
        self.shared.lock().template = Template {
            kind: "letter".to_owned(),
            name: "Plain letter".to_owned(),
            subject: Some(heading.to_owned()),
            body: body.to_owned(),
        };
    }

    /// Who writes a letter, above the words of the template, with placeholders.
    pub fn contact_block(&self, block: Option<&str>) {
        self.shared.lock().contact_block = block.map(str::to_owned);
    }

    /// Moves a message to a status by the server's own word, and tells nobody. `false` when it is unknown.
    pub fn set_status(&self, id: &str, status: &str) -> bool {
        let mut state = self.shared.lock();
        let taken = state.texts.iter_mut().find(|taken| taken.id == id);
        taken.map(|taken| status.clone_into(&mut taken.status)).is_some()
    }

    /// Every text, email and letter of ours it has, in the order it took them.
    pub fn texts(&self) -> Vec<Taken> {
        self.shared.lock().texts.clone()
    }

    /// Adds a text that came about in another way.
    pub fn plant(&self, taken: Taken) {
        self.shared.lock().texts.push(taken);
    }

    /// Adds a text from a carer. It is listed from now on; nobody is told.
    pub fn plant_received(&self, received: Received) {
        self.shared.lock().received.push(received);
    }

    /// A text from a carer arrives now. It is listed from now on; nobody is told.
    pub fn arrive(&self, from: &str, words: &str) -> Received {
        let received = Received {
            id: Uuid::now_v7().to_string(),
            from: from.trim_start_matches('+').to_owned(),
            words: words.to_owned(),
            created: self.shared.now(),
        };
        self.plant_received(received.clone());
        received
    }
}
