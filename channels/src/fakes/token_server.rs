//! A strict stand-in for the token services of Microsoft and Google, in the test's own process, on a loopback port the
//! system chooses.
//!
//! It checks grant, scope, client, secret and signature as the services do, refuses unknown fields, answers with the
//! services' own errors, and misbehaves when told to. Whoever plays the mail server asks it which tokens count
//! ([`TokenServer::check`]; Dovecot asks by HTTP).

mod assertion;
mod serve;

use std::{fs, io, ops::Deref, path::Path, sync::Arc};

use axum::Router;
use serde_json::{Value, json};

use self::assertion::KEY;
use super::stage::{Deed, Server, Stage};

/// The one application's tenant.
pub const TENANT: &str = "northfield.onmicrosoft.com";
/// The one application.
pub const CLIENT: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
/// Its secret.
pub const SECRET: &str = "abc8Q~secret-value-of-the-app-registration";
/// The one service account.
pub const ACCOUNT: &str = "liaison@northfield-mail.iam.gserviceaccount.com";
const KEY_ID: &str = "0123456789abcdef0123456789abcdef01234567";

#[derive(Debug)]
struct State {
    mailbox: String,
    /// As the service account's assertions must name it.
    google_url: String,
    tokens: Vec<String>,
    given: usize,
    lives: u64,
    length: usize,
}

/// What the thread and the test share.
type Shared = super::stage::Shared<Deed, State>;

/// The running stand-in; it stops when dropped. How it behaves is set on its [`Stage`].
#[derive(Debug)]
pub struct TokenServer {
    shared: Arc<Shared>,
    server: Server,
}

/// Knows which tokens count.
#[derive(Debug, Clone)]
pub struct TokenCheck(Arc<Shared>);

impl Deref for TokenServer {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl TokenServer {
    /// Starts it, with one mailbox that tokens are for. Needs no runtime.
    pub fn start(mailbox: &str) -> io::Result<Self> {
        let shared = Shared::new(State {
            mailbox: mailbox.to_owned(),
            google_url: String::new(),
            tokens: Vec::new(),
            given: 0,
            lives: 3599,
            length: 1600,
        });
        let router = Router::new().fallback(serve::serve).with_state(Arc::clone(&shared));
        let server = Server::start(router)?;
        shared.lock().google_url = format!("{}/token", server.base_url());
        Ok(Self { shared, server })
    }

    /// `[channels.x.oauth]` for the one application. Writes its secret's file into `directory`.
    pub fn microsoft(&self, directory: &Path) -> io::Result<Value> {
        let secret = directory.join("client-secret");
        fs::write(&secret, format!("{SECRET}\n"))?;
        Ok(json!({
            "provider": "microsoft", "tenant": TENANT, "client_id": CLIENT, "client_secret_file": secret,
            "token_url": format!("{}/{TENANT}/oauth2/v2.0/token", self.server.base_url()),
        }))
    }

    /// `[channels.x.oauth]` for the one service account. Writes its key's file into `directory`.
    pub fn google(&self, directory: &Path) -> io::Result<Value> {
        let file = directory.join("service-account.json");
        let url = format!("{}/token", self.server.base_url());
        let key = json!({
            "type": "service_account", "project_id": "northfield-mail", "private_key_id": KEY_ID, "private_key": KEY,
            "client_email": ACCOUNT, "client_id": "123456789012345678901", "token_uri": url,
        });
        fs::write(&file, key.to_string())?;
        Ok(json!({"provider": "google", "key_file": file, "token_url": url}))
    }

    /// For how many seconds tokens to come count, as their answer says.
    pub fn tokens_live(&self, secs: u64) {
        self.shared.lock().lives = secs;
    }

    /// How many letters tokens to come have; Microsoft's have some 1,600.
    pub fn tokens_are_long(&self, length: usize) {
        self.shared.lock().length = length;
    }

    /// No token that was given counts any longer.
    pub fn withdraw(&self) {
        self.shared.lock().tokens.clear();
    }

    /// How many tokens were given.
    pub fn given(&self) -> usize {
        self.shared.lock().given
    }

    /// Every token that counts.
    pub fn tokens(&self) -> Vec<String> {
        self.shared.lock().tokens.clone()
    }

    /// For a mail server in this process.
    pub fn check(&self) -> TokenCheck {
        TokenCheck(Arc::clone(&self.shared))
    }

    /// For a mail server that asks by HTTP with the token in the header `Authorization`.
    pub fn introspection_url(&self) -> String {
        format!("{}/introspect", self.server.base_url())
    }

    /// Microsoft's answer for one of its numbers.
    pub fn microsoft_refuses(status: u16, name: &str, number: u64) -> Deed {
        Deed::Answer { status, content_type: "application/json", body: serve::microsoft_error(name, number) }
    }

    /// Google's answer for one of its names.
    pub fn google_refuses(status: u16, name: &str, words: &str) -> Deed {
        Deed::Answer { status, content_type: "application/json", body: serve::google_error(name, words) }
    }
}

impl TokenCheck {
    /// Whether this is what XOAUTH2 says for the mailbox, with a token that counts.
    pub fn fits(&self, response: &str) -> bool {
        use base64::{Engine as _, engine::general_purpose::STANDARD};

        let state = self.0.lock();
        state.tokens.iter().any(|token| {
            response == STANDARD.encode(format!("user={}\x01auth=Bearer {token}\x01\x01", state.mailbox))
        })
    }
}

/// What a mail server says to a token that does not count, before its no: a challenge in base64
/// (developers.google.com/workspace/gmail/imap/xoauth2-protocol).
pub const CHALLENGE: &str =
    "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K";
