//! Getting a line: reach, greet, encrypt, sign in, open the mailbox for reading.

use std::time::Duration;

use async_imap::imap_proto::Status;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use tokio::time::timeout;

use super::{
    config::ImapConfig,
    line::Line,
    talk::{Talk, capabilities, quoted},
    trouble::{Phase, Snag, Trouble},
};
use crate::{
    error::OpenError,
    line::{self, Io},
    secret,
    tls::{Encryption, Tls},
};

/// How to get a line: everything [`Dialer::dial`] needs.
pub(super) struct Dialer {
    host: String,
    port: u16,
    tls: Tls,
    encryption: Option<Encryption>,
    username: String,
    password: SecretString,
    mailbox: String,
    deadline: Duration,
}

impl Dialer {
    /// Reads password and certificates; reaches nothing.
    pub(super) fn new(config: &ImapConfig) -> Result<Self, OpenError> {
        let encrypt = || Encryption::new(&config.host, config.ca_file.as_deref());
        let password = secret::password(&config.password_file)?;
        if password.expose_secret().contains(['\r', '\n']) {
            return Err(OpenError("password_file: the password must be one line".to_owned()));
        }
        Ok(Self {
            host: config.host.clone(),
            port: config.port(),
            tls: config.tls,
            encryption: (config.tls != Tls::None).then(encrypt).transpose()?,
            username: config.username.clone(),
            password,
            mailbox: config.mailbox.clone(),
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

    /// A new line with the mailbox open, each step within its time.
    pub(super) async fn dial(&self) -> Result<Line, Trouble> {
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
        self.sign_in(&mut talk).await?;
        // Asked again, because many servers offer more to those who have signed in.
        let can_idle = offers(&mut talk).await?.iter().any(|name| name == "IDLE");
        Line::open(talk, &self.mailbox, can_idle).await
    }

    async fn start_tls(&self, mut talk: Talk) -> Result<Talk, Trouble> {
        if !offers(&mut talk).await?.iter().any(|name| name == "STARTTLS") {
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
    async fn sign_in(&self, talk: &mut Talk) -> Result<(), Trouble> {
        // What was offered before encryption may have been forged, so this is asked anew.
        let offers = offers(talk).await?;
        let offered = |name: &str| offers.iter().any(|offer| offer == name);
        let done = if offered("AUTH=PLAIN") {
            self.sign_in_plain(talk).await
        } else if offered("LOGINDISABLED") {
            return Err(Trouble::NoPassword);
        } else {
            let password = Zeroizing::new(quoted(self.password.expose_secret()));
            let command = Zeroizing::new(format!("LOGIN {} {}", quoted(&self.username), *password));
            talk.command(&command, |_| {}).await
        };
        done.map_err(|snag| Trouble::Snag(Phase::Login, snag))
    }

    /// RFC 4616.
    async fn sign_in_plain(&self, talk: &mut Talk) -> Result<(), Snag> {
        let words = Zeroizing::new(format!("\0{}\0{}", self.username, self.password.expose_secret()));
        let tag = talk.begin("AUTHENTICATE PLAIN").await?;
        talk.leave(&tag).await?;
        talk.say(&Zeroizing::new(STANDARD.encode(&*words))).await?;
        talk.finish(&tag, |_| {}).await
    }
}

async fn offers(talk: &mut Talk) -> Result<Vec<String>, Trouble> {
    let mut names = Vec::new();
    let asked = talk.command("CAPABILITY", |response| names.extend(capabilities(response))).await;
    asked.map_err(|snag| Trouble::Snag(Phase::Greeting, snag))?;
    Ok(names)
}
