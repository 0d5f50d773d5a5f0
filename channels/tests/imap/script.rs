//! A small IMAP server that keeps to a script: it shows mails, and misbehaves where it is told to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use liaison_channels::fakes::token_server::{CHALLENGE, TokenCheck};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// How a mail is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Its answer cannot be read, neither whole nor in parts.
    Garbled,
    /// Its answer cannot be read whole; in parts it can.
    GarbledWhole,
    /// What the server says about it cannot be read; the mail itself can.
    GarbledListing,
    /// The server says no.
    Refused,
    /// The server closes the line.
    Cut,
    /// The server falls silent.
    Silent,
    /// It is listed, and gone when it is asked for.
    Gone,
    /// The server has no content of it.
    Nil,
    /// Its parts come shorter than was asked for.
    ShortParts,
    /// Its parts end in its middle.
    HalfInParts,
    /// The server estimates its size, a little too high.
    Estimated,
    /// The same, and says no to what is asked beyond its end.
    EstimatedAndNo,
}

/// What the server does in IDLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idling {
    /// Closes the line.
    Cut,
    /// Says goodbye and closes the line.
    Bye,
    /// Says "still here" without end, and answers to DONE.
    Keepalive,
    /// Says nothing, not even to DONE.
    Dead,
    /// Never consents.
    NoConsent,
    /// Refuses, though it offers it.
    No,
    /// Consents, and refuses at the end.
    NoAfterDone,
}

/// What the server has and does; may be changed while it runs.
pub(crate) struct State {
    pub(crate) greeting: &'static str,
    pub(crate) offers: &'static str,
    /// Takes these tokens.
    pub(crate) tokens: Option<TokenCheck>,
    /// What it says to a token that does not count, instead of its usual no.
    pub(crate) refusal: Option<&'static str>,
    /// Says this instead of opening the mailbox.
    pub(crate) closed: Option<&'static str>,
    pub(crate) generation: u32,
    pub(crate) tells_next: bool,
    pub(crate) mails: Vec<(u32, Vec<u8>)>,
    pub(crate) bad: HashMap<u32, Bad>,
    pub(crate) idling: Idling,
    /// Said once behind the mails of the next `UID FETCH` of content.
    pub(crate) aside: Option<&'static str>,
    /// Each command, without its tag.
    pub(crate) heard: Vec<String>,
    pub(crate) connections: usize,
}

/// The running server.
pub(crate) struct Scripted {
    port: u16,
    pub(crate) state: Arc<Mutex<State>>,
    password: tempfile::NamedTempFile,
}

type Write = OwnedWriteHalf;

impl Scripted {
    pub(crate) async fn start(mails: &[(u32, &[u8])]) -> Self {
        let state = Arc::new(Mutex::new(State {
            greeting: "* OK ready",
            offers: "IMAP4rev1 IDLE",
            tokens: None,
            refusal: None,
            closed: None,
            generation: 5,
            tells_next: true,
            mails: mails.iter().map(|(uid, raw)| (*uid, raw.to_vec())).collect(),
            bad: HashMap::new(),
            idling: Idling::Keepalive,
            aside: None,
            heard: Vec::new(),
            connections: 0,
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(line, Arc::clone(&shared)));
            }
        });
        let password = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(password.path(), "s3cret").unwrap();
        Self { port, state, password }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    pub(crate) fn heard(&self, command: &str) -> usize {
        self.state.lock().unwrap().heard.iter().filter(|heard| heard.starts_with(command)).count()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Settings of a channel that soon loses patience.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "host": "127.0.0.1", "port": self.port, "tls": "none", "username": "parents",
            "password_file": self.password.path(), "addresses": ["parents@northfield.example"],
            "deadline_secs": 0.3,
        })
    }
}

async fn serve(line: TcpStream, state: Arc<Mutex<State>>) {
    let (read, mut write) = line.into_split();
    let mut lines = BufReader::new(read).lines();
    let greeting = state.lock().unwrap().greeting;
    if greeting.is_empty() {
        // Silent, but there.
        let _ = lines.next_line().await;
        return;
    }
    say(&mut write, format!("{greeting}\r\n").into_bytes()).await;
    while let Ok(Some(line)) = lines.next_line().await {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        state.lock().unwrap().heard.push(command.to_owned());
        if let Some(response) = command.strip_prefix("AUTHENTICATE XOAUTH2") {
            if !token(&state, tag, response, &mut lines, &mut write).await {
                return;
            }
            continue;
        }
        if command == "IDLE" {
            if !idle(&state, tag, &mut lines, &mut write).await {
                return;
            }
            continue;
        }
        let answer = answer(&mut state.lock().unwrap(), tag, command);
        match answer {
            Answer::Say(bytes) => say(&mut write, bytes).await,
            Answer::SayAndCut(bytes) => {
                say(&mut write, bytes).await;
                return;
            }
        };
    }
}

async fn say(write: &mut Write, bytes: Vec<u8>) -> bool {
    write.write_all(&bytes).await.is_ok()
}

/// SASL XOAUTH2. `false`: the client broke the rules.
async fn token(
    state: &Mutex<State>,
    tag: &str,
    response: &str,
    lines: &mut Lines<BufReader<OwnedReadHalf>>,
    write: &mut Write,
) -> bool {
    let sasl_ir = state.lock().unwrap().offers.contains("SASL-IR");
    let response = match response.strip_prefix(' ') {
        Some(_) if !sasl_ir => return false,
        Some(response) => response.to_owned(),
        None => {
            say(write, b"+ \r\n".to_vec()).await;
            lines.next_line().await.unwrap().unwrap()
        }
    };
    let (good, refusal) = {
        let state = state.lock().unwrap();
        let good = state.tokens.as_ref().is_some_and(|tokens| tokens.fits(&response));
        (good, state.refusal.unwrap_or("NO [AUTHENTICATIONFAILED] Invalid credentials of amina@post.example"))
    };
    if good {
        return say(write, format!("{tag} OK welcome\r\n").into_bytes()).await;
    }
    say(write, format!("+ {CHALLENGE}\r\n").into_bytes()).await;
    let answer = lines.next_line().await.unwrap().unwrap();
    answer.is_empty() && say(write, format!("{tag} {refusal}\r\n").into_bytes()).await
}

async fn idle(
    state: &Mutex<State>,
    tag: &str,
    lines: &mut Lines<BufReader<OwnedReadHalf>>,
    write: &mut Write,
) -> bool {
    let how = state.lock().unwrap().idling;
    if how == Idling::NoConsent {
        return lines.next_line().await.is_ok();
    }
    if how == Idling::No {
        return say(write, format!("{tag} BAD no such command\r\n").into_bytes()).await;
    }
    say(write, b"+ idling\r\n".to_vec()).await;
    match how {
        Idling::Cut => return false,
        Idling::Bye => {
            say(write, b"* BYE going down\r\n".to_vec()).await;
            return false;
        }
        Idling::Dead => {
            let _ = lines.next_line().await;
            let _ = lines.next_line().await;
            return false;
        }
        Idling::NoAfterDone => {
            let ended = lines.next_line().await.is_ok_and(|line| line.is_some());
            return ended && say(write, format!("{tag} NO not here\r\n").into_bytes()).await;
        }
        Idling::Keepalive | Idling::NoConsent | Idling::No => {}
    }
    let mut every = tokio::time::interval(std::time::Duration::from_millis(5));
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let ended = line.is_ok_and(|line| line.is_some());
                return ended && say(write, format!("{tag} OK done\r\n").into_bytes()).await;
            }
            _ = every.tick() => {
                if !say(write, b"* OK Still here\r\n".to_vec()).await {
                    return false;
                }
            }
        }
    }
}

enum Answer {
    Say(Vec<u8>),
    SayAndCut(Vec<u8>),
}

fn answer(state: &mut State, tag: &str, command: &str) -> Answer {
    let words: Vec<_> = command.splitn(4, ' ').collect();
    if let Some(closed) = state.closed.filter(|_| words[0] == "EXAMINE") {
        return Answer::Say(format!("{tag} {closed}\r\n").into_bytes());
    }
    let last = state.mails.iter().map(|(uid, _)| *uid).max().unwrap_or(0);
    let untagged = match words[0] {
        "CAPABILITY" => format!("* CAPABILITY {}\r\n", state.offers),
        "EXAMINE" => {
            let next =
                if state.tells_next { format!("* OK [UIDNEXT {}] x\r\n", last + 1) } else { String::new() };
            format!("* {} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n{next}", state.mails.len(), state.generation)
        }
        "UID" if words[1] == "SEARCH" => {
            let found = state.mails.iter().filter(|(uid, _)| within(*uid, words[3], last));
            format!("* SEARCH{}\r\n", found.map(|(uid, _)| format!(" {uid}")).collect::<String>())
        }
        "UID" => return fetched(state, tag, words[2], words[3]),
        "SELECT" | "STORE" | "EXPUNGE" => return Answer::Say(format!("{tag} BAD never\r\n").into_bytes()),
        _ => String::new(),
    };
    Answer::Say(format!("{untagged}{tag} OK done\r\n").into_bytes())
}

fn fetched(state: &mut State, tag: &str, set: &str, what: &str) -> Answer {
    let last = state.mails.iter().map(|(uid, _)| *uid).max().unwrap_or(0);
    let mut out = Vec::new();
    let listing = what.contains("RFC822.SIZE");
    if what.contains("BODY[") {
        return Answer::Say(format!("{tag} BAD that would mark the mail as read\r\n").into_bytes());
    }
    for (number, (uid, raw)) in (1..).zip(&state.mails).filter(|(_, (uid, _))| within(*uid, set, last)) {
        let bad = state.bad.get(uid).copied();
        let partial = what.split_once('<').map(|(_, rest)| rest.trim_end_matches(">)"));
        let garbage = format!("* {number} FETCH (UID {uid} BODY[ amina@post.example {{\r\n").into_bytes();
        match bad {
            Some(Bad::GarbledListing) if listing => out.extend(garbage),
            _ if listing => {
                let estimated = matches!(bad, Some(Bad::Estimated | Bad::EstimatedAndNo));
                let size = if estimated { raw.len() + raw.len() / 20 } else { raw.len() };
                out.extend_from_slice(
                    format!(
                        "* {number} FETCH (UID {uid} INTERNALDATE \"17-Jul-2026 02:44:25 +0100\" RFC822.SIZE {size})\r\n"
                    )
                    .as_bytes(),
                );
            }
            Some(Bad::EstimatedAndNo) if part(raw, partial).1.is_empty() => {
                return Answer::Say(format!("{tag} NO there is no more\r\n").into_bytes());
            }
            Some(Bad::Garbled) => out.extend(garbage),
            Some(Bad::GarbledWhole) if partial.is_none() => out.extend(garbage),
            Some(Bad::Refused) => {
                out.extend_from_slice(format!("{tag} NO amina@post.example is broken\r\n").as_bytes());
                return Answer::Say(out);
            }
            Some(Bad::Cut) => return Answer::SayAndCut(out),
            Some(Bad::Silent) => return Answer::Say(out),
            Some(Bad::Gone) => {}
            Some(Bad::Nil) => {
                out.extend_from_slice(format!("* {number} FETCH (UID {uid} BODY[] NIL)\r\n").as_bytes());
            }
            _ => {
                let raw = if bad == Some(Bad::HalfInParts) { &raw[..raw.len() / 2] } else { raw };
                let (label, content) = part(raw, partial);
                let most = if bad == Some(Bad::ShortParts) { 100_000 } else { usize::MAX };
                let content = &content[..content.len().min(most)];
                out.extend_from_slice(
                    format!("* {number} FETCH (UID {uid} BODY[]{label} {{{}}}\r\n", content.len()).as_bytes(),
                );
                out.extend_from_slice(content);
                out.extend_from_slice(b")\r\n");
            }
        }
    }
    if !listing && let Some(aside) = state.aside.take() {
        out.extend_from_slice(aside.as_bytes());
    }
    out.extend_from_slice(format!("{tag} OK done\r\n").as_bytes());
    Answer::Say(out)
}

fn part<'a>(raw: &'a [u8], partial: Option<&str>) -> (String, &'a [u8]) {
    let Some((from, count)) = partial.and_then(|partial| partial.split_once('.')) else {
        return (String::new(), raw);
    };
    let from: usize = from.parse().unwrap();
    let content = &raw[from.min(raw.len())..];
    (format!("<{from}>"), &content[..content.len().min(count.parse().unwrap())])
}

/// Whether a sequence set holds a UID; `n:*` holds the last, whatever n is.
fn within(uid: u32, set: &str, last: u32) -> bool {
    let number = |text: &str| if text == "*" { last } else { text.parse().unwrap() };
    set.split(',').any(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let (from, to) = (number(from), number(to));
        (from.min(to)..=from.max(to)).contains(&uid)
    })
}
