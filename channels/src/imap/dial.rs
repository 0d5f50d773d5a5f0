//! Getting a line: reach, greet, encrypt, sign in, open the mailbox for reading.

use std::time::Duration;

use async_imap::imap_proto::Status;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use tokio::time::timeout;

use super::{
    config::ImapConfig,
    folder_name,
    line::Line,
    talk::{Talk, capabilities, quoted},
    trouble::{Phase, Snag, Trouble},
};
use crate::{
    error::OpenError,
    line::{self, Io},
    oauth::{Proof, Protocol, Provider, Token, initial_response, refusal},
    tls::{Encryption, Tls},
};

/// How to get a line: everything [`Dialer::dial`] needs.
pub(super) struct Dialer {
    host: String,
    port: u16,
    tls: Tls,
    encryption: Option<Encryption>,
    username: String,
    proof: Proof,
    mailbox: String,
    deadline: Duration,
}

impl Dialer {
    /// Reads password and certificates; reaches nothing.
    pub(super) fn new(config: &ImapConfig) -> Result<Self, OpenError> {
        let encrypt = || Encryption::new(&config.host, config.ca_file.as_deref());
        let proof = Proof::open(&config.username, config.password_file.as_deref(), config.oauth.as_deref())?
            .ok_or_else(|| OpenError("password_file: name the file with the password".to_owned()))?;
        if let Proof::Password(password) = &proof
            && password.expose_secret().contains(['\r', '\n'])
        {
            return Err(OpenError("password_file: the password must be one line".to_owned()));
        }
        Ok(Self {
            host: config.host.clone(),
            port: config.port(),
            tls: config.tls,
            encryption: (config.tls != Tls::None).then(encrypt).transpose()?,
            username: config.username.clone(),
            proof,
            mailbox: folder_name::encoded(&config.mailbox),
            deadline: config.deadline()?,
        })
    }

    /// `host:port`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// How the line is encrypted, in words.
    pub(super) const fn encryption_in_words(&self) -> &'static str {
        match self.tls {
            Tls::StartTls => "over STARTTLS",
            Tls::Tls => "over TLS",
            Tls::None => "without encryption",
        }
    }

    /// How it signs in, for `liaison check`.
    pub(super) const fn login_in_words(&self) -> &'static str {
        self.proof.in_words()
    }

    /// A new line with the mailbox open, each step within its time.
    pub(super) async fn dial(&self) -> Result<Line, Trouble> {
        let tokens = match &self.proof {
            Proof::Password(password) => return self.dial_as(SignIn::Password(password)).await,
            Proof::Token(tokens) => tokens,
        };
        // Before there is a line, which would have to wait for it.
        let token = tokens.get().await.map_err(Trouble::NoToken)?;
        match self.dial_as(SignIn::Token(tokens.provider(), &token)).await {
            Err(Trouble::TokenRefused(_)) => {}
            done => return done,
        }
        // It may have been withdrawn before its time. On a line of its own, as servers count what fails on one.
        let token = tokens.instead_of(&token).await.map_err(Trouble::NoToken)?;
        self.dial_as(SignIn::Token(tokens.provider(), &token)).await
    }

    async fn dial_as(&self, sign_in: SignIn<'_>) -> Result<Line, Trouble> {
        let tcp = line::reach(&self.host, self.port, self.deadline).await.map_err(Trouble::Unreached)?;
        let mut io: Box<dyn Io> = Box::new(tcp);
        if self.tls == Tls::Tls {
            io = self.encrypt(io).await?;
        }
        let mut talk = Talk::new(io, self.deadline);
        let greeting = talk.greeting().await.map_err(|snag| Trouble::Snag(Phase::Greeting, snag))?;
        if greeting != Status::Ok {
            return Err(Trouble::Stranger);
        }
        if self.tls == Tls::StartTls {
            talk = self.start_tls(talk).await?;
        }
        // What was offered before encryption may have been forged, so this is asked anew.
        let offers = offers_of(&mut talk).await?;
        match sign_in {
            SignIn::Password(password) => self.sign_in(&mut talk, &offers, password).await?,
            SignIn::Token(provider, token) => {
                self.sign_in_with_token(&mut talk, &offers, provider, token).await?;
            }
        }
        // Asked again, because many servers offer more to those who have signed in.
        let can_idle = offers_of(&mut talk).await?.iter().any(|name| name == "IDLE");
        Line::open(talk, &self.mailbox, can_idle).await
    }

    async fn start_tls(&self, mut talk: Talk) -> Result<Talk, Trouble> {
        if !offers_of(&mut talk).await?.iter().any(|name| name == "STARTTLS") {
            return Err(Trouble::NoStartTls);
        }
        talk.command("STARTTLS", |_| {}).await.map_err(|snag| match snag {
            Snag::No { .. } => Trouble::NoStartTls,
            other => Trouble::Snag(Phase::StartTls, other),
        })?;
        Ok(Talk::new(self.encrypt(talk.into_io()).await?, self.deadline))
    }

    async fn encrypt(&self, plain: Box<dyn Io>) -> Result<Box<dyn Io>, Trouble> {
        let Some(encryption) = &self.encryption else { return Err(Trouble::NoStartTls) };
        match timeout(self.deadline, encryption.wrap(plain)).await {
            Ok(done) => done.map_err(Trouble::Tls),
            Err(_) => Err(Trouble::Snag(Phase::StartTls, Snag::Late)),
        }
    }

    /// By SASL where the server can, as `LOGIN` has no word for letters beyond ASCII (RFC 9051 §6.2.3).
    async fn sign_in(
        &self,
        talk: &mut Talk,
        offers: &[String],
        password: &SecretString,
    ) -> Result<(), Trouble> {
        let offered = |name: &str| offers.iter().any(|offer| offer == name);
        let done = if offered("AUTH=PLAIN") {
            // RFC 4616.
            let words = Zeroizing::new(format!("\0{}\0{}", self.username, password.expose_secret()));
            let words = Zeroizing::new(STANDARD.encode(&*words));
            talk.authenticate("PLAIN", &words, offered("SASL-IR")).await.map_err(|no| no.snag)
        } else if offered("LOGINDISABLED") {
            return Err(Trouble::NoPassword);
        } else {
            let password = Zeroizing::new(quoted(password.expose_secret()));
            let command = Zeroizing::new(format!("LOGIN {} {}", quoted(&self.username), *password));
            talk.command(&command, |_| {}).await
        };
        done.map_err(|snag| Trouble::Snag(Phase::Login, snag))
    }

    /// SASL XOAUTH2 (see [`crate::oauth`]).
    async fn sign_in_with_token(
        &self,
        talk: &mut Talk,
        offers: &[String],
        provider: Provider,
        token: &Token,
    ) -> Result<(), Trouble> {
        let offered = |name: &str| offers.iter().any(|offer| offer == name);
        if !offered("AUTH=XOAUTH2") {
            return Err(Trouble::NoTokens);
        }
        let response = initial_response(&self.username, token);
        let done = talk.authenticate("XOAUTH2", &response, offered("SASL-IR")).await;
        done.map_err(|no| match no.snag {
            Snag::No { passing: false } => {
                Trouble::TokenRefused(refusal(provider, Protocol::Imap, no.words.expose()))
            }
            snag => Trouble::Snag(Phase::Login, snag),
        })
    }
}

/// What is shown at one attempt to sign in.
enum SignIn<'a> {
    Password(&'a SecretString),
    Token(Provider, &'a Token),
}

async fn offers_of(talk: &mut Talk) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    let asked = talk.command("CAPABILITY", |response| names.extend(capabilities(response))).await;
    asked.map_err(|snag| Trouble::Snag(Phase::Greeting, snag))?;
    Ok(names)
}
