//! A strict stand-in for Vonage's SMS API, in the test's own process, on a loopback port the system chooses.
//!
//! It runs on a thread of its own, so a test may block, and a daemon in another process may use it. It refuses whatever
//! is not documented, keeps what it takes, and misbehaves when told to.

mod posts;
mod serve;
mod text;

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    ops::Deref,
    path::Path,
    sync::Arc,
};

use axum::Router;

use super::stage::{Server, Stage};
use crate::cost::CostConfig;
use crate::vonage::{VonageConfig, signature::Method};

pub use super::{
    deed::Deed,
    post::{SignedPost, deliver},
};
pub use posts::Carriage;

/// A text the stand-in has, or some parts of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The provider's name for each part that was taken.
    pub ids: Vec<String>,
    /// The recipient, with `+`.
    pub to: String,
    /// The words as the handset gets them: with question marks for letters that the type does not hold.
    pub body: String,
    /// Every form field it was posted with.
    pub fields: BTreeMap<String, String>,
}

#[derive(Debug)]
struct State {
    messages: Vec<Taken>,
    tear: Option<(usize, u32)>,
    balance: (f64, bool),
    method: Method,
    logins_refused: bool,
}

/// What the thread and the test share.
type Shared = super::stage::Shared<Deed, State>;

/// The running stand-in; it stops when dropped. What a test can tell it to do is [`Stage`]'s.
#[derive(Debug)]
pub struct VonageFake {
    shared: Arc<Shared>,
    server: Server,
}

impl Deref for VonageFake {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl VonageFake {
    /// The one account.
    pub const KEY: &'static str = "abcd1234";
    /// Its API secret.
    pub const SECRET: &'static str = "vonage-api-secret";
    /// What it signs its posts with.
    pub const SIGNATURE_SECRET: &'static str = "abcdefghijklmnop0123456789ABCDEF";
    /// The account's number. Names of up to 11 characters may send, too.
    pub const NUMBER: &'static str = "+447700900456";

    /// Starts it. Needs no runtime.
    pub fn start() -> io::Result<Self> {
        let shared = Shared::new(State {
            messages: Vec::new(),
            tear: None,
            balance: (12.5, false),
            method: Method::Sha256,
            logins_refused: false,
        });
        let router = Router::new().fallback(serve::serve).with_state(Arc::clone(&shared));
        Ok(Self { shared, server: Server::start(router)? })
    }

    /// Whether every login is refused, as after a change of the secret.
    pub fn refuse_logins(&self, refuse: bool) {
        self.shared.lock().logins_refused = refuse;
    }

    /// For `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Settings that reach this stand-in, fast. Writes the secrets' files into `directory`.
    pub fn config(&self, directory: &Path) -> io::Result<VonageConfig> {
        let (secret, signature) = (directory.join("vonage-secret"), directory.join("vonage-signature"));
        fs::write(&secret, format!("{}\n", Self::SECRET))?;
        fs::write(&signature, format!("{}\n", Self::SIGNATURE_SECRET))?;
        Ok(VonageConfig {
            cost: CostConfig::default(),
            api_key: Self::KEY.to_owned(),
            api_secret_file: secret,
            from: Self::NUMBER.to_owned(),
            base_url: self.base_url(),
            public_url: Some("https://liaison.school.example".to_owned()),
            signature_secret_file: Some(signature),
            signature_method: Method::Sha256,
            weak_signature: None,
            signature_window_secs: 300,
            per_second: 1000.0,
            in_flight: 4,
            connect_timeout_secs: 5,
            answer_timeout_secs: 10,
            validity_secs: None,
        })
    }

    /// Refuses this part (from 0) of the next text with this status, and takes the others.
    pub fn tear(&self, part: usize, status: u32) {
        self.shared.lock().tear = Some((part, status));
    }

    /// What the account has left, in euros, and whether it refills itself.
    pub fn balance_is(&self, euros: f64, refills: bool) {
        self.shared.lock().balance = (euros, refills);
    }

    /// Signs by another method from now on.
    pub fn sign_by(&self, method: Method) {
        self.shared.lock().method = method;
    }

    /// Every text it has, in the order it took them.
    pub fn messages(&self) -> Vec<Taken> {
        self.shared.lock().messages.clone()
    }

    /// Number and words of every text that it took more than once.
    pub fn doubled(&self) -> Vec<(String, String)> {
        let mut seen = HashSet::new();
        let all = self.messages().into_iter().map(|taken| (taken.to, taken.body));
        all.filter(|text| !seen.insert(text.clone())).collect()
    }
}
