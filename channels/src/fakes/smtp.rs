//! A strict mail server in the test's own process, on a loopback port the system chooses.
//!
//! It keeps what it took, counts its connections, refuses whatever breaks the protocol (see
//! [`SmtpFake::violations`]), and misbehaves on demand: at any step it can say no, hang up, or fall silent.

mod conversation;
mod lines;
mod tls;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use self::conversation::Conversation;
pub use self::tls::{Authority, Flaw};
use super::token_server::TokenCheck;

/// How the server is set up.
#[expect(clippy::struct_excessive_bools, reason = "each is an offer of its own")]
#[derive(Debug, Clone)]
pub struct Script {
    /// Offers PIPELINING, and takes several commands in one write only then.
    pub pipelining: bool,
    /// Offers SMTPUTF8.
    pub utf8: bool,
    /// Offers DSN, and takes its parameters of RCPT only then.
    pub dsn: bool,
    /// Offers SIZE with this limit, in bytes.
    pub size: Option<usize>,
    /// Asks for this user name and password.
    pub login: Option<(String, String)>,
    /// Takes tokens for its one mailbox (XOAUTH2, which `mechanisms` must name).
    pub tokens: Option<TokenCheck>,
    /// Refuses a token at once, as Exchange Online does, and not by a challenge first, as Gmail does.
    pub refuses_at_once: bool,
    /// The sign-in methods it offers, when it asks.
    pub mechanisms: String,
    /// Certificate and key, when it encrypts.
    pub tls: Option<(Encrypt, Arc<Authority>)>,
    /// The name in its certificate.
    pub name: String,
    /// What is wrong with its certificate.
    pub flaw: Flaw,
}

/// When the line is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encrypt {
    /// By STARTTLS, and mail is refused before it.
    OnRequest,
    /// From the first byte.
    AtOnce,
    /// By STARTTLS, with a forged answer slipped in behind the consent.
    WithForgedAnswer,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            pipelining: true,
            utf8: false,
            dsn: false,
            size: Some(10_000_000),
            login: None,
            tokens: None,
            refuses_at_once: false,
            mechanisms: "PLAIN LOGIN".to_owned(),
            tls: None,
            name: "localhost".to_owned(),
            flaw: Flaw::None,
        }
    }
}

/// A step of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// Before the greeting.
    Greeting,
    /// The answer to EHLO.
    Ehlo,
    /// The answer to STARTTLS.
    StartTls,
    /// The answer to AUTH.
    Auth,
    /// The answer to MAIL.
    Mail,
    /// The answer to RCPT.
    Rcpt,
    /// The answer to DATA.
    Data,
    /// The first line of the body.
    Body,
    /// The answer to the final dot.
    Dot,
    /// The answer to RSET.
    Rset,
    /// The answer to QUIT.
    Quit,
    /// After [`Act::AddLater`] has spoken; only counted.
    Unasked,
}

/// How the server behaves at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Says this instead, such as `550 5.1.1 no such mailbox`.
    Say(String),
    /// Does as usual, and says this right behind its answer, unasked.
    Add(String),
    /// Does as usual, and says this a moment later, unasked.
    AddLater(String),
    /// Closes the connection.
    Cut,
    /// Says this and closes the connection.
    SayAndCut(String),
    /// Never answers.
    Silence,
    /// At the final dot: keeps the message, then closes without a word.
    TakeAndCut,
    /// At the final dot: keeps the message, then never answers.
    TakeAndSilence,
    /// Answers as usual, this much later.
    Late(Duration),
}

/// A message the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// `MAIL FROM`, without its angle brackets.
    pub from: String,
    /// `RCPT TO`, without its angle brackets.
    pub to: String,
    /// What `RCPT` asked to be told of (`NOTIFY`, RFC 3461 §4.1); `None`: it left that to the server.
    pub notify: Option<String>,
    /// The message as it was before dots were stuffed, lines ending in CR LF.
    pub data: String,
    /// Which connection brought it, counted from 1.
    pub connection: usize,
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct SmtpFake {
    address: SocketAddr,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
struct State {
    script: Mutex<Script>,
    rules: Mutex<Rules>,
    seen: watch::Sender<Seen>,
}

#[derive(Debug, Default)]
struct Rules {
    once: Vec<(At, Act)>,
    always: HashMap<At, Act>,
    recipients: HashMap<String, String>,
}

#[derive(Debug, Default)]
struct Seen {
    messages: Vec<Caught>,
    violations: Vec<String>,
    steps: HashMap<At, usize>,
    open: usize,
    max_open: usize,
    connections: usize,
}

impl SmtpFake {
    /// Starts a server.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State {
            script: Mutex::new(script),
            rules: Mutex::default(),
            seen: watch::Sender::new(Seen::default()),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&state)));
        Self { address, state, listening }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Behaves so at the next such step only; several are used up in their order.
    pub fn next(&self, at: At, act: Act) {
        locked(&self.state.rules).once.push((at, act));
    }

    /// Behaves so at every such step, until [`SmtpFake::behave`].
    pub fn always(&self, at: At, act: Act) {
        locked(&self.state.rules).always.insert(at, act);
    }

    /// Answers `RCPT TO` for this address so, always.
    pub fn refuse(&self, recipient: &str, answer: &str) {
        locked(&self.state.rules).recipients.insert(recipient.to_owned(), answer.to_owned());
    }

    /// Forgets all misbehaviour.
    pub fn behave(&self) {
        *locked(&self.state.rules) = Rules::default();
    }

    /// Changes the set-up for connections to come.
    pub fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut locked(&self.state.script));
    }

    /// The messages taken so far.
    pub fn messages(&self) -> Vec<Caught> {
        self.state.seen.borrow().messages.clone()
    }

    /// How many messages were taken so far.
    pub fn taken(&self) -> usize {
        self.state.seen.borrow().messages.len()
    }

    /// What the client did against the protocol. Empty for a good client.
    pub fn violations(&self) -> Vec<String> {
        self.state.seen.borrow().violations.clone()
    }

    /// The most connections that were open at once.
    pub fn max_open(&self) -> usize {
        self.state.seen.borrow().max_open
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.state.seen.borrow().open
    }

    /// How many connections there were in all.
    pub fn connections(&self) -> usize {
        self.state.seen.borrow().connections
    }

    /// How often a step was reached.
    pub fn steps(&self, at: At) -> usize {
        self.state.seen.borrow().steps.get(&at).copied().unwrap_or_default()
    }

    /// Waits until a step was reached this many times in all.
    pub async fn reached(&self, at: At, times: usize) {
        self.wait(|seen| seen.steps.get(&at).copied().unwrap_or_default() >= times).await;
    }

    /// Waits until no connection is open.
    pub async fn all_closed(&self) {
        self.wait(|seen| seen.open == 0).await;
    }

    async fn wait(&self, done: impl FnMut(&Seen) -> bool) {
        let mut seen = self.state.seen.subscribe();
        let _ = seen.wait_for(done).await; // the sender lives as long as we do
    }
}

impl Drop for SmtpFake {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl State {
    fn saw(&self, note: impl FnOnce(&mut Seen)) {
        self.seen.send_modify(note);
    }

    /// Counts a step and says how to behave at it.
    fn act(&self, at: At) -> Option<Act> {
        self.saw(|seen| *seen.steps.entry(at).or_default() += 1);
        let mut rules = locked(&self.rules);
        let once = rules.once.iter().position(|(step, _)| *step == at);
        once.map(|place| rules.once.remove(place).1).or_else(|| rules.always.get(&at).cloned())
    }

    /// How to behave at a step to come, not yet counted.
    fn peek(&self, at: At) -> Option<Act> {
        let rules = locked(&self.rules);
        let once = rules.once.iter().find(|(step, _)| *step == at).map(|(_, act)| act.clone());
        once.or_else(|| rules.always.get(&at).cloned())
    }

    fn answer_for(&self, recipient: &str) -> Option<String> {
        locked(&self.rules).recipients.get(recipient).cloned()
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    // Conversations end with the listener, so that a dropped server leaves no line open.
    let mut conversations = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        let script = locked(&state.script).clone();
        conversations.spawn(async move {
            let open = Open::new(&state);
            Conversation::hold(stream, &state, script, open.number).await;
        });
        while conversations.try_join_next().is_some() {}
    }
}

/// Counts a connection for as long as it is open.
struct Open<'a> {
    state: &'a State,
    number: usize,
}

impl<'a> Open<'a> {
    fn new(state: &'a State) -> Self {
        let mut number = 0;
        state.saw(|seen| {
            seen.connections += 1;
            seen.open += 1;
            seen.max_open = seen.max_open.max(seen.open);
            number = seen.connections;
        });
        Self { state, number }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.state.saw(|seen| seen.open -= 1);
    }
}
