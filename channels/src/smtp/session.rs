//! One connection: reach, greet, encrypt, sign in. What is said on it afterwards is in `transaction`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use tokio::time::timeout;

use super::{
    classify::{Phase, Stop},
    config::{Login, Patience, SmtpConfig, Tls},
    reply::Reply,
    wire::{Broken, Wire, Words},
};
use crate::{
    error::OpenError,
    line::{self, Io},
    oauth::{Proof, Provider, Token, initial_response},
    tls::Encryption,
    wire_log::{Recorder, STRUCK},
};

/// How to get a connection: everything `Session::open` needs.
pub(super) struct Dialer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) patience: Patience,
    encryption: Option<Encryption>,
    hello: String,
    login: Option<Login>,
}

impl Dialer {
    /// Reads password and certificates; reaches nothing.
    pub(super) fn new(config: &SmtpConfig) -> Result<Self, OpenError> {
        let encrypt = || Encryption::new(&config.host, config.ca_file.as_deref());
        Ok(Self {
            host: config.host.clone(),
            port: config.port(),
            tls: config.tls,
            patience: config.patience()?,
            encryption: (config.tls != Tls::None).then(encrypt).transpose()?,
            hello: format!("EHLO {}\r\n", config.hello()),
            login: config.login()?,
        })
    }

    /// Whether and how it signs in, for `liaison check`.
    pub(super) fn login_in_words(&self) -> &'static str {
        self.login.as_ref().map_or("without signing in", |login| login.proof.in_words())
    }
}

/// What the server said it can do.
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own in the answer to EHLO")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// Several commands in one write (RFC 2920).
    pub(super) pipelining: bool,
    /// Declared sizes (RFC 1870), and the largest message in bytes; 0 for no stated limit.
    pub(super) size: Option<usize>,
    /// Addresses beyond ASCII (RFC 6531).
    pub(super) utf8: bool,
    /// Told for whom to report what (RFC 3461).
    pub(super) dsn: bool,
    starttls: bool,
    sign_in: SignIn,
    /// Takes tokens (AUTH XOAUTH2).
    tokens: bool,
}

/// How the server takes a password; PLAIN where it offers both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum SignIn {
    #[default]
    No,
    Login,
    Plain,
}

impl Offers {
    fn read(reply: &Reply) -> Self {
        let mut offers = Self::default();
        for line in reply.lines().skip(1).map(str::to_ascii_uppercase) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("SIZE") => {
                    offers.size = Some(words.next().and_then(|max| max.parse().ok()).unwrap_or(0));
                }
                Some("SMTPUTF8") => offers.utf8 = true,
                Some("DSN") => offers.dsn = true,
                Some("STARTTLS") => offers.starttls = true,
                Some("AUTH") => {
                    offers.tokens = words.clone().any(|word| word == "XOAUTH2");
                    offers.sign_in = words.map(SignIn::by_name).max().unwrap_or_default();
                }
                _ => {}
            }
        }
        offers
    }
}

impl SignIn {
    fn by_name(word: &str) -> Self {
        match word {
            "PLAIN" => Self::Plain,
            "LOGIN" => Self::Login,
            _ => Self::No,
        }
    }
}

/// A connection ready for messages.
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) offers: Offers,
    /// The longest wait for an answer.
    pub(super) patience: Patience,
    /// Whether the last message ended cleanly, so that the connection may carry another.
    pub(super) in_step: bool,
    /// Kept to save an allocation a message.
    pub(super) commands: String,
}

impl Session {
    /// Connects, encrypts and signs in, each step within its time.
    pub(super) async fn open(dialer: &Dialer, recorder: &Recorder) -> Result<Self, Stop> {
        match &dialer.login {
            None => Self::connect(dialer, recorder).await,
            Some(Login { username, proof: Proof::Password(password) }) => {
                let mut session = Self::connect(dialer, recorder).await?;
                session.sign_in(username, password).await?;
                Ok(session)
            }
            Some(Login { username, proof: Proof::Token(tokens) }) => {
                // Before there is a line, which would have to wait for it.
                let token = tokens.get().await.map_err(Stop::NoToken)?;
                match Self::connect_with_token(dialer, username, tokens.provider(), &token, recorder).await {
                    Err(Stop::TokenRefused { .. }) => {}
                    done => return done,
                }
                // It may have been withdrawn before its time. On a line of its own, as servers count what fails on one.
                let token = tokens.instead_of(&token).await.map_err(Stop::NoToken)?;
                Self::connect_with_token(dialer, username, tokens.provider(), &token, recorder).await
            }
        }
    }

    async fn connect_with_token(
        dialer: &Dialer,
        username: &str,
        provider: Provider,
        token: &Token,
        recorder: &Recorder,
    ) -> Result<Self, Stop> {
        let mut session = Self::connect(dialer, recorder).await?;
        session.sign_in_with_token(username, provider, token).await?;
        Ok(session)
    }

    async fn connect(dialer: &Dialer, recorder: &Recorder) -> Result<Self, Stop> {
        let patience = dialer.patience;
        recorder.said(&format!("(a new connection to {}:{})", dialer.host, dialer.port));
        let tcp = line::reach(&dialer.host, dialer.port, patience.connect)
            .await
            .inspect_err(|why| recorder.broke(why.as_words()))?;
        let mut io: Box<dyn Io> = Box::new(tcp);
        if dialer.tls == Tls::Tls {
            io = encrypt(dialer, io, recorder).await?;
        }
        let wire = Wire::new(io, recorder.clone());
        let mut session =
            Self { wire, offers: Offers::default(), patience, in_step: false, commands: String::new() };
        session.expect(Phase::Greeting).await?;
        session.greet(dialer).await?;
        if dialer.tls == Tls::StartTls {
            session = session.start_tls(dialer).await?;
        }
        Ok(session)
    }

    /// Whether the next message may use this connection: nothing has come in unasked, not even the end.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.wire.is_quiet()
    }

    /// Says goodbye and waits briefly for the answer.
    pub(super) async fn quit(mut self, limit: Duration) {
        self.record(Phase::Greeting, "QUIT");
        if self.wire.write(b"QUIT\r\n", limit).await.is_ok() {
            let _ = self.wire.reply(limit).await;
        }
    }

    /// Writes a command, unless an answer is left over: from then on every answer would be that of the step before.
    pub(super) async fn say(&mut self, phase: Phase, command: &str) -> Result<(), Stop> {
        if !self.wire.is_in_step() {
            return Err(Stop::lost(phase, Broken::Garbled));
        }
        self.record(phase, command);
        let limit = self.patience.command;
        self.wire.write(command.as_bytes(), limit).await.map_err(|unwritten| Stop::lost(phase, unwritten.how))
    }

    /// Writes down what is about to be said, line by line; of signing in only which way.
    fn record(&self, phase: Phase, command: &str) {
        for line in command.lines() {
            match line.strip_prefix("AUTH ").and_then(|rest| rest.split(' ').next()) {
                Some(way) => self.wire.recorder.said(&format!("AUTH {way} {STRUCK}")),
                None if phase == Phase::Auth => self.wire.recorder.said(STRUCK),
                None => self.wire.recorder.said(line),
            }
        }
    }

    /// Reads one reply, whatever it says.
    pub(super) async fn hear(&mut self, phase: Phase) -> Result<Reply, Stop> {
        self.wire.words = match phase {
            Phase::Rcpt | Phase::Data => Words::Struck,
            Phase::Body => Words::KeptOfYes,
            Phase::Greeting | Phase::StartTls | Phase::Auth | Phase::Mail => Words::Kept,
        };
        self.wire.reply(self.patience.command).await.map_err(|how| Stop::lost(phase, how))
    }

    /// Reads one reply that must be a yes.
    pub(super) async fn expect(&mut self, phase: Phase) -> Result<Reply, Stop> {
        let reply = self.hear(phase).await?;
        if reply.is_yes() { Ok(reply) } else { Err(Stop::answer(phase, reply)) }
    }

    async fn greet(&mut self, dialer: &Dialer) -> Result<(), Stop> {
        self.say(Phase::Greeting, &dialer.hello).await?;
        let reply = self.expect(Phase::Greeting).await?;
        self.offers = Offers::read(&reply);
        Ok(())
    }

    async fn start_tls(mut self, dialer: &Dialer) -> Result<Self, Stop> {
        if !self.offers.starttls {
            return Err(Stop::NoStartTls);
        }
        self.say(Phase::StartTls, "STARTTLS\r\n").await?;
        self.expect(Phase::StartTls).await?;
        let recorder = self.wire.recorder.clone();
        let plain = self.wire.into_io().map_err(|how| Stop::lost(Phase::StartTls, how))?;
        self.wire = Wire::new(encrypt(dialer, plain, &recorder).await?, recorder);
        // What was offered in the clear may have been forged: ask again (RFC 3207 §4.2).
        self.greet(dialer).await?;
        Ok(self)
    }

    async fn sign_in(&mut self, user: &str, password: &SecretString) -> Result<(), Stop> {
        let password = password.expose_secret();
        match self.offers.sign_in {
            SignIn::No => return Err(Stop::NoPassword),
            SignIn::Plain => {
                let token = encoded(&Zeroizing::new(format!("\0{user}\0{password}")));
                self.say(Phase::Auth, &Zeroizing::new(format!("AUTH PLAIN {}\r\n", *token))).await?;
            }
            SignIn::Login => {
                self.say(Phase::Auth, "AUTH LOGIN\r\n").await?;
                for secret in [user, password] {
                    let reply = self.hear(Phase::Auth).await?;
                    if reply.code != 334 {
                        return Err(Stop::answer(Phase::Auth, reply));
                    }
                    self.say(Phase::Auth, &Zeroizing::new(format!("{}\r\n", *encoded(secret)))).await?;
                }
            }
        }
        self.expect(Phase::Auth).await.map(drop)
    }

    /// SASL XOAUTH2 (see [`crate::oauth`]).
    async fn sign_in_with_token(
        &mut self,
        user: &str,
        provider: Provider,
        token: &Token,
    ) -> Result<(), Stop> {
        if !self.offers.tokens {
            return Err(Stop::NoTokens);
        }
        let response = initial_response(user, token);
        let at_once = Zeroizing::new(format!("AUTH XOAUTH2 {}\r\n", *response));
        let mut reply = if at_once.len() <= COMMAND_MAX {
            self.say(Phase::Auth, &at_once).await?;
            self.hear(Phase::Auth).await?
        } else {
            self.say(Phase::Auth, "AUTH XOAUTH2\r\n").await?;
            let leave = self.hear(Phase::Auth).await?;
            if leave.code != 334 {
                return Err(Stop::answer(Phase::Auth, leave));
            }
            self.say(Phase::Auth, &Zeroizing::new(format!("{}\r\n", *response))).await?;
            self.hear(Phase::Auth).await?
        };
        let challenged = reply.code == 334;
        if challenged {
            // It says why in its own way, and its no only after an empty line.
            self.say(Phase::Auth, "\r\n").await?;
            reply = self.hear(Phase::Auth).await?;
        }
        match reply.code {
            235 if !challenged => Ok(()),
            534 | 535 | 550..=599 => Err(Stop::TokenRefused { provider, reply }),
            _ => Err(Stop::answer(Phase::Auth, reply)),
        }
    }
}

/// The longest command in bytes, with its end (RFC 5321 §4.5.3.1.4). A longer answer to AUTH must not go with the command
/// but be waited for (RFC 4954 §4).
const COMMAND_MAX: usize = 512;

fn encoded(secret: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(secret))
}

async fn encrypt(dialer: &Dialer, plain: Box<dyn Io>, recorder: &Recorder) -> Result<Box<dyn Io>, Stop> {
    let Some(encryption) = &dialer.encryption else { return Err(Stop::NoStartTls) };
    let done = match timeout(dialer.patience.command, encryption.wrap_and_tell(plain)).await {
        Ok(done) => done.map_err(Stop::Tls),
        Err(_) => Err(Stop::lost(Phase::StartTls, Broken::Late)),
    };
    let (line, told) = done.inspect_err(|_| recorder.broke("encryption could not be set up"))?;
    recorder.note(&told);
    Ok(line)
}
