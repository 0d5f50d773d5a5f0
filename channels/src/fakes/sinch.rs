//! A strict stand-in for Sinch's SMS REST API, in the test's own process, on a loopback port the system chooses.
//!
//! It runs on a thread of its own, so a test may block, and a daemon in another process may use it. It refuses whatever
//! is not documented, keeps what it takes, and misbehaves when told to.

mod batch;
mod posts;
mod serve;

use std::{collections::HashSet, fs, io, ops::Deref, path::Path, sync::Arc};

use axum::Router;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::stage::{Server, Stage};
use crate::cost::CostConfig;
use crate::sinch::SinchConfig;

pub use super::{
    deed::Deed,
    post::{SignedPost, deliver},
};

/// A batch the stand-in has.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The provider's name for it.
    pub id: String,
    /// The one recipient, with `+`.
    pub to: String,
    /// The words.
    pub body: String,
    /// When it was taken.
    pub created: Timestamp,
    /// Every member it was posted with.
    pub fields: Map<String, Value>,
}

/// A text that arrived, as the provider tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// When it was taken, by which the list is filtered.
    pub received: Timestamp,
    /// What is told of it, in the post and in the list.
    pub told: Value,
}

#[derive(Debug, Default)]
struct State {
    batches: Vec<Taken>,
    arrived: Vec<Arrived>,
    logins_refused: bool,
    largest_page: Option<usize>,
    count_untold: bool,
    filter_unheeded: bool,
    blamed: Option<&'static str>,
}

/// What the thread and the test share.
type Shared = super::stage::Shared<Deed, State>;

/// The running stand-in; it stops when dropped. What a test can tell it to do is [`Stage`]'s.
#[derive(Debug)]
pub struct SinchFake {
    shared: Arc<Shared>,
    server: Server,
}

impl Deref for SinchFake {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl SinchFake {
    /// The one service plan.
    pub const PLAN: &'static str = "jd63jf88477ll123ab4567cd89012ef3";
    /// Its API token.
    pub const TOKEN: &'static str = "sinch-token-sinch-token-sinch-token";
    /// What it signs its posts with.
    pub const SECRET: &'static str = "sinch-webhook-secret";
    /// The service plan's number. Names of up to 11 characters may send, too.
    pub const NUMBER: &'static str = "+447700900456";

    /// Starts it. Needs no runtime.
    pub fn start() -> io::Result<Self> {
        let shared = Shared::new(State::default());
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
    pub fn config(&self, directory: &Path) -> io::Result<SinchConfig> {
        let (token, secret) = (directory.join("sinch-token"), directory.join("sinch-secret"));
        fs::write(&token, format!("{}\n", Self::TOKEN))?;
        fs::write(&secret, format!("{}\n", Self::SECRET))?;
        Ok(SinchConfig {
            cost: CostConfig::default(),
            service_plan_id: Self::PLAN.to_owned(),
            token_file: token,
            region: "eu".to_owned(),
            from: Self::NUMBER.to_owned(),
            base_url: Some(self.base_url()),
            public_url: Some("https://liaison.school.example".to_owned()),
            webhook_secret_file: Some(secret),
            signature_window_secs: 86_400,
            per_second: 1000.0,
            in_flight: 4,
            connect_timeout_secs: 5,
            answer_timeout_secs: 10,
            validity_secs: None,
            max_parts: 10,
        })
    }

    /// Names this member as the one at fault in every refusal.
    pub fn blame(&self, member: &'static str) {
        self.shared.lock().blamed = Some(member);
    }

    /// Gives at most so many elements a page, whatever is asked for.
    pub fn pages_of(&self, largest: usize) {
        self.shared.lock().largest_page = Some(largest);
    }

    /// Lists without saying how many there are in all.
    pub fn leave_out_counts(&self) {
        self.shared.lock().count_untold = true;
    }

    /// Lists every batch, whatever reference is asked for.
    pub fn heed_no_reference(&self) {
        self.shared.lock().filter_unheeded = true;
    }

    /// Adds a batch that came about in another way.
    pub fn plant(&self, taken: Taken) {
        self.shared.lock().batches.push(taken);
    }

    /// A batch that came about in another way, with this reference.
    pub fn other_batch(reference: &str, created: Timestamp) -> Taken {
        let mut fields = Map::new();
        fields.insert("client_reference".to_owned(), reference.into());
        Taken { id: new_id(), to: "+447700900999".to_owned(), body: "another".to_owned(), created, fields }
    }

    /// Every batch it has, in the order it took them.
    pub fn batches(&self) -> Vec<Taken> {
        self.shared.lock().batches.clone()
    }

    /// Number and words of every text that it took more than once.
    pub fn doubled(&self) -> Vec<(String, String)> {
        let mut seen = HashSet::new();
        let all = self.batches().into_iter().map(|taken| (taken.to, taken.body));
        all.filter(|text| !seen.insert(text.clone())).collect()
    }
}

/// As long as a ULID, and like one in that later ones sort later.
fn new_id() -> String {
    Uuid::now_v7().simple().to_string().to_uppercase()
}
