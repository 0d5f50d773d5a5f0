//! Mail by the school's own mail server (SMTP, RFC 5321).
//!
//! * [`SmtpConfig`] is what can be set; [`Smtp`] is the channel;
//! * `session` reaches the server, encrypts and signs in; `transaction` hands one message over; `wire` and `reply` are
//!   the bytes underneath; `pool` keeps connections for the next message;
//! * `letter` makes a message ready for the wire; `crate::mime` has written it;
//! * `classify` and `codes` say whose turn it is when it does not go.
//!
//! Whether mail has *arrived* is not known here: bounces come to the inbox, and are matched by Message-ID.

mod classify;
mod codes;
mod config;
mod kind;
mod letter;
mod pool;
mod reply;
mod session;
mod transaction;
mod wire;

use std::{num::NonZeroU32, time::Duration};

use async_trait::async_trait;

pub use self::config::{SmtpConfig, Tls};
use self::{
    classify::Stop,
    letter::{Desk, Letter},
    pool::Pool,
    reply::Reply,
    session::{Dialer, Session},
};
use crate::{
    cost::Cost,
    error::{Fault, OpenError, SendError},
    message::{ChannelId, Outgoing, Parts, ProviderRef},
    pace::Pace,
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup, Sender},
    wire_log::Recorder,
};

/// How long a server may take over our goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// A channel that hands mail to one server.
pub struct Smtp {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    place: String,
    dialer: Dialer,
    desk: Desk,
    pool: Pool,
}

impl Smtp {
    /// Checks the settings and reads password and certificates. Reaches nothing yet.
    pub fn open(id: ChannelId, config: &SmtpConfig) -> Result<Self, OpenError> {
        let named = |OpenError(why): OpenError| OpenError(format!("channel {id}: {why}"));
        config.check().map_err(named)?;
        let dialer = Dialer::new(config).map_err(named)?;
        let desk = Desk::of(config).map_err(named)?;
        Ok(Self {
            limits: Limits {
                carries: Carries::Mail,
                in_flight: config.connections,
                alphabet: None,
                can_be_answered: true,
                cost: Cost::default(),
            },
            pace: pace(config.per_minute),
            place: format!("{}:{}", dialer.host, dialer.port),
            pool: Pool::new(config.connections, dialer.patience.idle),
            id,
            dialer,
            desk,
        })
    }

    async fn hand_over(&self, letter: &Letter, recorder: &Recorder) -> Result<Reply, Stop> {
        if let Some(mut session) = self.pool.take() {
            session.wire.recorder = recorder.clone();
            recorder.note("on a connection that was kept");
            let done = session.hand_over(letter).await;
            // Servers close lines they find idle. Nothing of the message was given, so a fresh line is no second try.
            if !done.as_ref().is_err_and(Stop::is_stale_line) {
                return self.put_back(session, done);
            }
        }
        let mut session = Session::open(&self.dialer, recorder).await?;
        let done = session.hand_over(letter).await;
        self.put_back(session, done)
    }

    fn put_back(&self, session: Session, done: Result<Reply, Stop>) -> Result<Reply, Stop> {
        if session.in_step {
            self.pool.park(session);
        }
        done
    }

    async fn try_settings(&self) -> Result<String, Stop> {
        // A probe needs a line of its own, and must not exceed the cap for it.
        if let Some(parked) = self.pool.take() {
            parked.quit(GOODBYE).await;
        }
        let mut session = Session::open(&self.dialer, &Recorder::default()).await?;
        session.try_sender(&self.desk.sender).await?;
        let line = match self.dialer.tls {
            Tls::StartTls => "over STARTTLS",
            Tls::Tls => "over TLS",
            Tls::None => "without encryption",
        };
        let login = self.dialer.login_in_words();
        let speed = if session.offers.pipelining { "PIPELINING offered" } else { "PIPELINING not offered" };
        session.quit(GOODBYE).await;
        Ok(format!("reached {} {line}, {login}, the sender is accepted, {speed}", self.place))
    }
}

/// Steady, a second's worth at a time; the burst comes off the rate, so that no minute ever holds more than allowed.
fn pace(per_minute: Option<NonZeroU32>) -> Pace {
    per_minute.map_or_else(Pace::unlimited, |messages| {
        let burst = NonZeroU32::new(messages.get() / 60).unwrap_or(NonZeroU32::MIN);
        let steady = NonZeroU32::new(messages.get() - burst.get()).unwrap_or(NonZeroU32::MIN);
        Pace::limited(steady, Duration::from_mins(1), burst)
    })
}

#[async_trait]
impl Sender for Smtp {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let Parts::Mail(mail) = message.parts() else {
            return Err(SendError::not_sent(Fault::Refused, "This channel carries mail, not texts."));
        };
        let _slot = self.pool.slot().await;
        let letter = self.desk.write(message.reference(), mail)?;
        let recorder = Recorder::default();
        let done = self.hand_over(&letter, &recorder).await;
        // Servers repeat the address in their own words, in whole or up to the @. Less than a name is any word's beginning.
        let local = letter.to.rsplit_once('@').map_or("", |(local, _)| local);
        let local = if local.len() < 4 { "" } else { local };
        recorder.log(&[&letter.to, local]).on(match done {
            Ok(reply) => Ok(Accepted::new(ProviderRef(letter.id), reply.said())),
            Err(stop) => Err(stop.into_error(&self.place)),
        })
    }

    /// Mail servers cannot be asked. A repeat carries the same Message-ID, by which mailboxes recognise it.
    async fn find(&self, _lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        Ok(Found::CannotTell.into())
    }

    async fn probe(&self) -> Result<String, SendError> {
        let _slot = self.pool.slot().await;
        self.try_settings().await.map_err(|stop| stop.into_error(&self.place))
    }

    async fn close(&self) {
        let goodbyes = self.pool.drain().into_iter().map(|session| session.quit(GOODBYE));
        futures_util::future::join_all(goodbyes).await;
    }
}
