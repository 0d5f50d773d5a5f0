//! Tokens: fetched when they are needed, kept while they live, and asked for by one at a time.

use std::time::{Duration, Instant, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{OAuthConfig, Provider, codes, grant::Grant};
use crate::{
    error::{Fault, OpenError, SendError},
    wire::{Line, Reply},
    wire_log::Recorder,
};

/// The part of its life for which a token is used: the rest is for trouble with the next.
const USED_PERCENT: u32 = 80;
/// How long a token service that gave no new token is left alone while the old one still counts.
const PAUSE: Duration = Duration::from_mins(1);
/// Whatever a service says, a token is asked for anew after a day.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// A token, and which one it is.
#[derive(Clone)]
pub(crate) struct Token {
    secret: SecretString,
    number: u64,
}

/// Why there is no token. The sentence holds neither a token nor a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoToken {
    pub(crate) fault: Fault,
    /// The service's own code, such as `AADSTS7000222` or `invalid_grant`.
    pub(crate) code: Option<String>,
    pub(crate) summary: String,
}

/// The tokens of one channel.
pub(crate) struct Tokens {
    pub(super) provider: Provider,
    line: Line,
    url: Url,
    place: String,
    grant: Grant,
    /// Held while a token is fetched, so that all others wait for that one.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(Token, Life)>,
    given: u64,
    /// When the last fetch failed, and how.
    failed: Option<(Instant, NoToken)>,
}

/// Until when a token is used, and until when it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    fresh_until: Instant,
    ends: Instant,
}

/// RFC 6749 §5.1.
#[derive(Deserialize)]
struct Given {
    access_token: SecretString,
    token_type: String,
    /// Seconds. Both services say it; without it a token is used once.
    #[serde(default)]
    expires_in: u64,
}

impl Token {
    /// What only a mail server may see.
    pub(super) fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }

    #[cfg(test)]
    pub(super) fn of(secret: &str) -> Self {
        Self { secret: secret.into(), number: 1 }
    }
}

impl Life {
    fn of(expires_in: u64, now: Instant) -> Self {
        let life = Duration::from_secs(expires_in).min(LONGEST_LIFE);
        Self { fresh_until: now + life * USED_PERCENT / 100, ends: now + life }
    }

    /// The same after a new token was asked for in vain.
    fn stretched(self, now: Instant) -> Self {
        Self { fresh_until: (now + PAUSE).min(self.ends), ..self }
    }
}

impl Tokens {
    /// Reads the secret. Reaches nothing yet. `mailbox` is whom a service account acts for.
    pub(crate) fn open(config: &OAuthConfig, mailbox: &str) -> Result<Self, OpenError> {
        let url = config.url()?;
        let service = match config.provider {
            Provider::Microsoft => "Microsoft's token service",
            Provider::Google => "Google's token service",
        };
        let place = format!("{service} ({})", url.host_str().unwrap_or_default());
        Ok(Self {
            provider: config.provider,
            line: Line::new(place.clone(), config.patience()?)?,
            grant: Grant::open(config, mailbox, url.as_str())?,
            url,
            place,
            kept: Mutex::default(),
        })
    }

    /// Who gives them.
    pub(crate) const fn provider(&self) -> Provider {
        self.provider
    }

    /// A token that counts: the one that is kept, or a new one.
    pub(crate) async fn get(&self) -> Result<Token, NoToken> {
        let asked = Instant::now();
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if let Some((token, life)) = &kept.token
            && now < life.fresh_until
        {
            return Ok(token.clone());
        }
        match self.fetch_once(&mut kept, asked).await {
            Ok(token) => Ok(token),
            Err(none) => match &mut kept.token {
                Some((token, life)) if Instant::now() < life.ends => {
                    *life = life.stretched(Instant::now());
                    Ok(token.clone())
                }
                _ => Err(none),
            },
        }
    }

    /// A token in the place of one that a mail server refused. Whoever else had the refused one gets the same new one.
    pub(crate) async fn instead_of(&self, refused: &Token) -> Result<Token, NoToken> {
        let asked = Instant::now();
        let mut kept = self.kept.lock().await;
        match &kept.token {
            Some((token, life)) if token.number != refused.number && Instant::now() < life.ends => {
                return Ok(token.clone());
            }
            _ => kept.token = None,
        }
        self.fetch_once(&mut kept, asked).await
    }

    /// Fetches, unless a fetch has failed since we began to wait: that is the answer for all who waited.
    async fn fetch_once(&self, kept: &mut Kept, asked: Instant) -> Result<Token, NoToken> {
        if let Some((at, none)) = &kept.failed
            && *at > asked
        {
            return Err(none.clone());
        }
        match self.fetch().await {
            Ok(given) => {
                kept.given += 1;
                kept.failed = None;
                let token = Token { secret: given.access_token, number: kept.given };
                kept.token = Some((token.clone(), Life::of(given.expires_in, Instant::now())));
                Ok(token)
            }
            Err(none) => {
                kept.failed = Some((Instant::now(), none.clone()));
                Err(none)
            }
        }
    }

    async fn fetch(&self) -> Result<Given, NoToken> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
        let Some(form) = self.grant.form(now) else {
            return Err(self.away("cannot be asked, as this machine yields no random numbers"));
        };
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = self.line.client().post(self.url.clone()).form(&form);
        let reply = self.line.ask(request, &Recorder::default()).await.map_err(|none| NoToken {
            // A token that was given and never arrived does no harm: whatever happened, it is asked for again.
            fault: Fault::Unreachable,
            code: None,
            summary: format!(
                "{}, so nobody was signed in; check this machine's network and firewall, and `token_url` if it is set.",
                SendError::from(none).summary
            ),
        })?;
        if reply.status.is_success() { self.read(&reply) } else { Err(self.refused(&reply)) }
    }

    fn read(&self, reply: &Reply) -> Result<Given, NoToken> {
        let given = reply.body().ok().and_then(|body| serde_json::from_slice::<Given>(body).ok());
        let fits = |given: &Given| {
            let token = given.access_token.expose_secret();
            // RFC 6750 §2.1; anything else could end the line on which it is said.
            !token.is_empty()
                && token.bytes().all(|byte| byte.is_ascii_graphic())
                && given.token_type.eq_ignore_ascii_case("bearer")
        };
        given.filter(fits).ok_or_else(|| self.away("answered, but gave no token that can be read"))
    }

    fn refused(&self, reply: &Reply) -> NoToken {
        let status = reply.status.as_u16();
        let place = &self.place;
        match status {
            300..=399 => NoToken {
                fault: Fault::Misconfigured,
                code: Some(format!("HTTP {status}")),
                summary: format!("{place} answers with a redirection; check `token_url`, and any proxy."),
            },
            429 => NoToken {
                fault: Fault::Throttled { wait: reply.retry_after },
                code: Some(format!("HTTP {status}")),
                summary: format!("{place} asked us to slow down."),
            },
            500..=599 | 408 => NoToken {
                code: Some(format!("HTTP {status}")),
                ..self.away("failed, so nobody was signed in; it is asked again")
            },
            _ => codes::judge(self.provider, place, status, reply.body().unwrap_or_default()),
        }
    }

    fn away(&self, what: &str) -> NoToken {
        NoToken { fault: Fault::Unreachable, code: None, summary: format!("{} {what}.", self.place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_for_four_fifths_of_its_life() {
        let now = Instant::now();
        let secs = |secs| now + Duration::from_secs(secs);

        for (expires_in, fresh_until, ends) in
            [(3599, 2879, 3599), (0, 0, 0), (100, 80, 100), (u64::MAX, 69_120, 86_400)]
        {
            let life = Life::of(expires_in, now);

            assert_eq!(life.fresh_until.duration_since(now).as_secs(), fresh_until, "{expires_in}");
            assert_eq!(life.ends, secs(ends), "{expires_in}");
        }
    }

    #[test]
    fn a_failed_refresh_is_tried_again_in_a_minute_but_never_beyond_the_end() {
        let now = Instant::now();
        let life = Life::of(100, now);
        let at = |secs| now + Duration::from_secs(secs);

        assert_eq!(Life::of(3600, now).stretched(at(2880)).fresh_until, at(2940));
        assert_eq!(life.stretched(at(85)), Life { fresh_until: at(100), ends: at(100) });
    }

    #[cfg(feature = "fakes")]
    #[tokio::test]
    async fn a_token_that_still_counts_is_used_while_no_new_one_can_be_had() {
        use crate::fakes::{stage::Deed, token_server::TokenServer};

        let folder = tempfile::TempDir::new().expect("a folder");
        let service = TokenServer::start("parents@northfield.example").expect("a port");
        let settings = service.microsoft(folder.path()).expect("a file");
        let config = serde_json::from_value(settings).expect("known keys");
        let tokens = Tokens::open(&config, "parents@northfield.example").expect("good settings");
        let first = tokens.get().await.expect("a token");
        if let Some((_, life)) = &mut tokens.kept.lock().await.token {
            life.fresh_until = Instant::now();
        }

        service.next(1, Deed::Fail { status: 503, took: false });
        let (second, third) =
            (tokens.get().await.expect("it counts"), tokens.get().await.expect("it counts"));
        let posted = service.posted();
        if let Some((_, life)) = &mut tokens.kept.lock().await.token {
            life.fresh_until = Instant::now();
        }
        let fourth = tokens.get().await.expect("a new token");

        assert_eq!(
            (second.number, third.number, posted),
            (first.number, first.number, 2),
            "a pause after the failure"
        );
        assert_eq!((fourth.number, service.given()), (2, 2));
    }

    #[cfg(feature = "fakes")]
    #[tokio::test]
    async fn two_whose_token_was_refused_get_the_same_new_one() {
        use crate::fakes::token_server::TokenServer;

        let folder = tempfile::TempDir::new().expect("a folder");
        let service = TokenServer::start("parents@northfield.example").expect("a port");
        let settings = service.google(folder.path()).expect("a file");
        let config = serde_json::from_value(settings).expect("known keys");
        let tokens = Tokens::open(&config, "parents@northfield.example").expect("good settings");
        let refused = tokens.get().await.expect("a token");

        let (one, other) = tokio::join!(tokens.instead_of(&refused), tokens.instead_of(&refused));

        let numbers = [one, other].map(|token| token.map(|token| token.number).unwrap_or_default());
        assert_eq!((numbers, service.given()), ([2, 2], 2));
    }
}
