//! Colleagues: their roles, and what makes a password or a second factor good.

use std::fmt;

use ring::{
    digest::{SHA256, digest},
    hmac,
};
use serde::{Deserialize, Serialize};

use super::{people::UnknownWord, time::Timestamp};

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $said:literal);+ $(;)?) => {
        /// What a colleague is at the school. Several may be held at once.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($(#[$doc])* $variant,)+ }

        impl Role {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stored word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// As a page says it.
            pub const fn in_words(self) -> &'static str {
                match self { $(Self::$variant => $said),+ }
            }

            /// Reads the word; `Err` is a sentence naming the words that exist.
            pub fn parse(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord(concat!("a role is one of:", $(" ", $word),+))),
                }
            }
        }
    };
}

roles! {
    /// Has classes of their own, and sees those.
    Teacher = "teacher", "teacher";
    /// Contact data and routine matters of the whole school; no safeguarding.
    Office = "office", "office";
    /// Senior leadership: the whole school, without what is the DSL's.
    Slt = "slt", "senior leadership";
    /// The designated safeguarding lead: everything.
    Dsl = "dsl", "safeguarding lead";
    /// Counts and dates, names masked, no safeguarding content.
    Governor = "governor", "governor";
    /// Settings and health; nothing that anybody wrote.
    It = "it", "IT";
}

impl Role {
    /// Whether it opens the whole school's record to its holder. Such a role is given, and the account of whoever holds one
    /// changed, by senior leadership or the safeguarding lead alone: IT manages accounts and cannot make itself one of them.
    pub const fn is_guarded(self) -> bool {
        matches!(self, Self::Slt | Self::Dsl | Self::Governor)
    }
}

/// Whether somebody with the roles `mine` may give `roles` to a colleague who holds `theirs` now, or change that account in
/// another way; `Err` is a sentence.
pub fn may_manage(mine: &[Role], theirs: &[Role], roles: &[Role]) -> Result<(), &'static str> {
    let lead = mine.iter().any(|role| matches!(role, Role::Slt | Role::Dsl));
    if !lead && !mine.contains(&Role::It) {
        return Err("accounts are looked after by IT, senior leadership and the safeguarding lead");
    }
    if !lead && theirs.iter().chain(roles).any(|role| role.is_guarded()) {
        return Err(
            "the accounts of senior leadership, the safeguarding lead and governors are changed by senior leadership or \
                    the safeguarding lead: ask one of them",
        );
    }
    Ok(())
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The fewest characters of a password (NCSC: length, not symbols).
pub const PASSWORD_LENGTH: usize = 12;
/// The most, so that hashing one cannot be made expensive.
pub const PASSWORD_LONGEST: usize = 200;

/// What is wrong with a new password, as a sentence; `None` when it is good.
pub fn password_fault(password: &str, email: &str) -> Option<&'static str> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let own = email.split('@').next().unwrap_or_default().to_lowercase();
    if length < PASSWORD_LENGTH {
        return Some("Choose a password of at least 12 characters. Three random words are good.");
    }
    if length > PASSWORD_LONGEST {
        return Some("Choose a password of at most 200 characters.");
    }
    let distinct: std::collections::BTreeSet<char> = lower.chars().collect();
    let guessed =
        ["password", "liaison", "123456", "qwerty", "letmein"].iter().any(|word| lower.starts_with(word));
    if distinct.len() < 5 || guessed || (own.len() > 3 && lower.contains(&own)) {
        return Some("That password is easy to guess. Three random words are better.");
    }
    None
}

/// The seconds for which one code of a second factor is good (RFC 6238, 4.1).
const STEP_SECS: i64 = 30;

/// The step of time a code belongs to (RFC 6238).
pub fn totp_step(now: Timestamp) -> i64 {
    now.as_second().div_euclid(STEP_SECS)
}

/// The six digits that a secret gives at a step (RFC 4226, 5.3, with HMAC-SHA-1 as every authenticator app has it).
pub fn totp_code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
    let word = bytes.iter().skip(offset).take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, looking one step back and one ahead for clocks that differ; steps up to `used` are spent.
pub fn totp_accepts(secret: &[u8], given: &str, now: Timestamp, used: Option<i64>) -> Option<i64> {
    let given: String = given.chars().filter(char::is_ascii_digit).collect();
    let at = totp_step(now);
    (at.saturating_sub(1)..=at.saturating_add(1))
        .filter(|step| used.is_none_or(|used| *step > used))
        // Compared by digest, so that the time it takes tells nothing of the digits.
        .find(|step| {
            digest(&SHA256, totp_code(secret, *step).as_bytes()).as_ref()
                == digest(&SHA256, given.as_bytes()).as_ref()
        })
}

/// A secret as authenticator apps take it: base32 (RFC 4648, 6) without padding.
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let index = usize::try_from((held >> bits) & 31).unwrap_or_default();
            out.push(char::from(LETTERS.get(index).copied().unwrap_or_default()));
        }
    }
    if bits > 0 {
        let index = usize::try_from((held << (5 - bits)) & 31).unwrap_or_default();
        out.push(char::from(LETTERS.get(index).copied().unwrap_or_default()));
    }
    out
}

/// What an authenticator app reads from a picture: the secret with the account it is for (Key URI format, of Google
/// Authenticator's wiki). `key` is the secret in base32; the app keeps six digits and 30 seconds by itself.
pub fn otpauth_uri(school: &str, email: &str, key: &str) -> String {
    // A colon parts issuer and account, so that neither may hold one.
    let issuer = percent(&format!("Liaison {}", school.replace(':', " ")));
    format!("otpauth://totp/{issuer}:{}?secret={key}&issuer={issuer}", percent(email))
}

/// Text as a part of a URI: all but the unreserved characters as percent and two digits (RFC 3986, 2.1 and 2.3).
fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_told_the_account_and_the_secret_whatever_characters_they_hold() {
        assert_eq!(
            otpauth_uri("St Mary's: N&S", "r.adeyemi+1@northfield.example", "JBSWY3DPEHPK3PXP"),
            "otpauth://totp/Liaison%20St%20Mary%27s%20%20N%26S:r.adeyemi%2B1%40northfield.example\
             ?secret=JBSWY3DPEHPK3PXP&issuer=Liaison%20St%20Mary%27s%20%20N%26S"
        );
    }

    /// RFC 6238, appendix B, SHA-1: the last six of the eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        let cases = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];

        for (seconds, code) in cases {
            let step = totp_step(Timestamp::from_second(seconds).expect("an instant"));

            assert_eq!(totp_code(secret, step), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute_and_a_half() {
        let secret = b"12345678901234567890";
        let at = |seconds: i64| Timestamp::from_second(seconds).expect("an instant");

        assert_eq!(totp_accepts(secret, "287 082", at(59), None), Some(1));
        assert_eq!(totp_accepts(secret, "287082", at(59 + 30), None), Some(1));
        assert_eq!(totp_accepts(secret, "287082", at(59 + 61), None), None);
        assert_eq!(totp_accepts(secret, "287082", at(59), Some(1)), None);
        assert_eq!(totp_accepts(secret, "", at(59), None), None);
    }

    /// RFC 4648, 10.
    #[test]
    fn base32_is_that_of_the_rfc() {
        let cases = [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];

        for (plain, encoded) in cases {
            assert_eq!(base32(plain.as_bytes()), encoded);
        }
    }

    // Who, what the other holds, what is given, and whether they may.
    type Case = (&'static [Role], &'static [Role], &'static [Role], bool);

    #[test]
    fn it_manages_accounts_but_none_that_opens_the_whole_record() {
        use Role::{Dsl, Governor, It, Office, Slt, Teacher};
        let cases: [Case; 10] = [
            (&[It], &[Teacher], &[Teacher, Office], true),
            (&[It], &[], &[It], true),
            (&[It], &[Teacher], &[Dsl], false),
            (&[It], &[], &[Teacher, Slt], false),
            (&[It], &[Governor], &[Teacher], false),
            (&[It, Office], &[Dsl, Teacher], &[], false),
            (&[Slt], &[Dsl], &[Slt], true),
            (&[Dsl], &[], &[Governor], true),
            (&[Office], &[Teacher], &[Teacher], false),
            (&[Teacher, Governor], &[], &[Teacher], false),
        ];

        for (mine, theirs, given, may) in cases {
            assert_eq!(may_manage(mine, theirs, given).is_ok(), may, "{mine:?} {theirs:?} {given:?}");
        }
    }

    #[test]
    fn a_password_that_is_short_or_easily_guessed_is_refused() {
        for bad in ["short", "aaaaaaaaaaaaaa", "password12345!", "o.ferris2026!!"] {
            assert!(password_fault(bad, "o.ferris@northfield.example").is_some(), "{bad}");
        }

        assert_eq!(password_fault("lantern pickle orbit", "o.ferris@northfield.example"), None);
    }
}
