//! A strict stand-in for Twilio, in the test's own process, on a loopback port the system chooses.
//!
//! It runs on a thread of its own, so a test may block, and a daemon in another process may use it. It refuses
//! whatever is not documented, keeps what it takes, and misbehaves when told to.

mod callbacks;
mod deed;
mod inbound;
mod post;
mod serve;
mod show;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    ops::Deref,
    path::Path,
    sync::Arc,
};

use axum::Router;
use uuid::Uuid;

use self::post::Post;
use super::stage::{Server, Stage};
use crate::cost::CostConfig;
use crate::twilio::TwilioConfig;

pub use callbacks::{SignedPost, deliver};
pub use deed::{Deed, Shape, Taken};

const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";

#[derive(Debug, Default)]
struct State {
    messages: Vec<Taken>,
    answers: HashMap<String, (u32, Shape)>,
    logins_refused: bool,
    account_status: String,
    account_type: String,
    pages_at: String,
    webhook_key: Option<(String, String)>,
}

/// What the thread and the test share.
type Shared = super::stage::Shared<Deed, State>;

impl Shared {
    fn take(&self, post: Post) -> Taken {
        let of = |name: &str| post.field(name).map(str::to_owned);
        let service = of("MessagingServiceSid");
        // A messaging service changes curly quotes unless it is told not to.
        let changes = service.is_some() && post.field("SmartEncoded") != Some("false");
        let body = of("Body").unwrap_or_default();
        let taken = Taken {
            sid: format!("SM{}", Uuid::now_v7().simple()),
            to: post.to().to_owned(),
            from: of("From"),
            body: if changes { body.replace('’', "'") } else { body },
            status: if service.is_some() { "accepted" } else { "queued" }.to_owned(),
            service,
            error_code: None,
            direction: "outbound-api".to_owned(),
            created: self.now(),
            fields: post.fields,
        };
        self.lock().messages.push(taken.clone());
        taken
    }
}

/// The running stand-in; it stops when dropped. How it behaves is set on its [`Stage`].
#[derive(Debug)]
pub struct TwilioFake {
    shared: Arc<Shared>,
    server: Server,
}

impl Deref for TwilioFake {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl TwilioFake {
    /// The one account.
    pub const ACCOUNT: &'static str = "AC0123456789abcdef0123456789abcdef";
    /// Its auth token.
    pub const TOKEN: &'static str = "12345678901234567890123456789012";
    /// An API key of the account.
    pub const KEY: &'static str = "SK0123456789abcdef0123456789abcdef";
    /// The API key's secret.
    pub const KEY_SECRET: &'static str = "key-secret-key-secret-key-secret";
    /// The account's number. Names of up to 11 characters may send, too.
    pub const NUMBER: &'static str = "+447700900456";
    /// The account's messaging service.
    pub const SERVICE: &'static str = SERVICE;

    /// Starts it. Needs no runtime.
    pub fn start() -> io::Result<Self> {
        let state = State {
            account_status: "active".to_owned(),
            account_type: "Full".to_owned(),
            ..State::default()
        };
        let shared = Shared::new(state);
        let router = Router::new().fallback(serve::serve).with_state(Arc::clone(&shared));
        Ok(Self { server: Server::start(router)?, shared })
    }

    /// For `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Settings that reach this stand-in, fast. Writes the token's file into `directory`.
    pub fn config(&self, directory: &Path) -> io::Result<TwilioConfig> {
        let token = directory.join("twilio-token");
        fs::write(&token, format!("{}\n", Self::TOKEN))?;
        Ok(TwilioConfig {
            cost: CostConfig::default(),
            account_sid: Self::ACCOUNT.to_owned(),
            auth_token_file: Some(token),
            api_key_sid: None,
            api_key_secret_file: None,
            webhook_key_files: BTreeMap::new(),
            from: Some(Self::NUMBER.to_owned()),
            messaging_service_sid: None,
            base_url: self.base_url(),
            public_url: Some("https://liaison.school.example".to_owned()),
            per_second: 1000.0,
            in_flight: 4,
            connect_timeout_secs: 5,
            answer_timeout_secs: 10,
            validity_secs: None,
            retain_content: true,
            retain_address: true,
        })
    }

    /// Answers every message to this number with an error.
    pub fn answer(&self, to: &str, code: u32, shape: Shape) {
        self.shared.lock().answers.insert(to.to_owned(), (code, shape));
    }

    /// Takes messages to this number again.
    pub fn forgive(&self, to: &str) {
        self.shared.lock().answers.remove(to);
    }

    /// Whether every login is refused, as after a change of the token.
    pub fn refuse_logins(&self, refuse: bool) {
        self.shared.lock().logins_refused = refuse;
    }

    /// What the account's record says: status such as `suspended`, type `Full` or `Trial`.
    pub fn account_is(&self, status: &str, kind: &str) {
        let mut state = self.shared.lock();
        status.clone_into(&mut state.account_status);
        kind.clone_into(&mut state.account_type);
    }

    /// Lets the list's next pages be at another origin, such as `http://127.0.0.1:9`.
    pub fn pages_at(&self, origin: &str) {
        origin.clone_into(&mut self.shared.lock().pages_at);
    }

    /// Adds a message that came about in another way.
    pub fn plant(&self, taken: Taken) {
        self.shared.lock().messages.push(taken);
    }

    /// Moves a message to a status. Returns it, if it is there.
    pub fn set_status(&self, sid: &str, status: &str, error_code: Option<u32>) -> Option<Taken> {
        let mut state = self.shared.lock();
        let taken = state.messages.iter_mut().find(|taken| taken.sid == sid)?;
        status.clone_into(&mut taken.status);
        taken.error_code = error_code;
        Some(taken.clone())
    }

    /// Every message of ours it has, in the order it took them. [`TwilioFake::arrived`] has those from carers.
    pub fn messages(&self) -> Vec<Taken> {
        self.shared.lock().messages.iter().filter(|taken| !taken.is_inbound()).cloned().collect()
    }

    /// Number and words of every text of ours that it took more than once.
    pub fn doubled(&self) -> Vec<(String, String)> {
        let mut seen = HashSet::new();
        let all = self.messages().into_iter().map(|taken| (taken.to, taken.body));
        all.filter(|text| !seen.insert(text.clone())).collect()
    }
}
