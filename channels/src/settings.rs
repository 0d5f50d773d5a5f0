//! Checks that the settings of several channels share: ranges, secrets in files, addresses, senders, pace.

use std::{fs, num::NonZeroU32, path::Path, time::Duration};

use secrecy::SecretString;
use url::Url;

use crate::{error::OpenError, pace::Pace};

/// A setting that cannot be used, as a sentence that names it and says what to do.
pub(crate) fn bad(sentence: &str) -> OpenError {
    OpenError(sentence.to_owned())
}

/// E.164 with its plus.
pub(crate) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// What British networks pass on as a sender's name.
pub(crate) fn is_sender_name(text: &str) -> bool {
    (1..=11).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" .&_-".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

pub(crate) fn within<T: PartialOrd + std::fmt::Display + Copy>(
    setting: &str,
    value: T,
    from: T,
    to: T,
) -> Result<T, OpenError> {
    if value < from || value > to {
        return Err(OpenError(format!("{setting} must lie between {from} and {to}")));
    }
    Ok(value)
}

/// Seconds that a person would wait: 1 to 300.
pub(crate) fn seconds(setting: &str, value: u64) -> Result<Duration, OpenError> {
    within(setting, value, 1, 300).map(Duration::from_secs)
}

/// So many messages a second, with one second's worth in a burst; below one a second, one message.
pub(crate) fn pace(per_second: f64, most: f64) -> Result<Pace, OpenError> {
    if !(0.001..=most).contains(&per_second) {
        return Err(OpenError(format!("per_second must lie between 0.001 and {most}")));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 1000")]
    let burst = NonZeroU32::new(per_second.ceil() as u32).unwrap_or(NonZeroU32::MIN);
    Ok(Pace::limited(NonZeroU32::MIN, Duration::from_secs_f64(1.0 / per_second), burst))
}

/// Reads a secret from the file that a setting names. Space around it is dropped.
pub(crate) fn secret(setting: &str, file: &Path) -> Result<SecretString, OpenError> {
    let text = fs::read_to_string(file)
        .map_err(|e| OpenError(format!("{setting}: cannot read {}: {}", file.display(), e.kind())))?;
    match text.trim() {
        "" => Err(OpenError(format!("{setting}: {} is empty", file.display()))),
        text => Ok(SecretString::from(text)),
    }
}

/// An address that carries a login and personal data: `https`, or `http` that cannot leave this machine.
fn is_private_line(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// An address over which a login may go: without a login in it, `?` or `#`.
pub(crate) fn plain_url(setting: &str, text: &str) -> Result<Url, OpenError> {
    let url = Url::parse(text).ok().filter(|url| {
        is_private_line(url)
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    url.ok_or_else(|| OpenError(format!("{setting} must be an https address without login, '?' or '#'")))
}

/// Where a provider's API is. Plain `http` is accepted on loopback only, for rehearsals against a stand-in.
pub(crate) fn base_url(text: &str) -> Result<Url, OpenError> {
    plain_url("base_url", text.trim_end_matches('/'))
}

/// Our own address, kept as it was written: Twilio signs the text of the address we give it, not its normal form.
pub(crate) fn public_url(text: &str) -> Result<String, OpenError> {
    let text = text.trim_end_matches('/');
    plain_url("public_url", text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_number_or_a_short_name() {
        for (text, number, name) in [
            ("+447700900456", true, false),
            ("447700900456", false, false),
            ("+0447700900456", false, false),
            ("Hill School", false, true),
            ("Hill Academy", false, false),
            ("2468", false, false),
            ("Ünal", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_e164(text), is_sender_name(text)), (number, name), "{text:?}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (url, fits) in [
            ("https://api.twilio.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost:1", true),
            ("http://api.twilio.com", false),
            ("http://127.0.0.1.example", false),
            ("https://user:pass@api.twilio.com", false),
            ("https://api.twilio.com?x=1", false),
            ("ftp://api.twilio.com", false),
            ("api.twilio.com", false),
        ] {
            assert_eq!(base_url(url).is_ok(), fits, "{url}");
        }
    }
}
