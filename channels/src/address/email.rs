//! Email addresses.

use std::fmt;

/// An email address, in the form mail servers accept (RFC 5321 §4.1.2), kept as it was written.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// Text that is not an email address. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an email address: write it like name@example.test")]
pub struct BadEmail;

impl EmailAddress {
    /// Reads one bare address; surrounding space is dropped, nothing else is changed.
    pub fn parse(text: &str) -> Result<Self, BadEmail> {
        let text = text.trim();
        if text.len() > 254 || text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(BadEmail);
        }
        text.parse::<lettre::Address>().map_err(|_| BadEmail)?;
        Ok(Self(text.to_owned()))
    }

    /// The address itself, for the wire and the database.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("email …")
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a domain is one in which people have mailboxes of their own, such as `gmail.com`: a school that has one there shares it
/// with strangers, and nobody at the school has a say over it.
pub fn is_personal_mail(domain: &str) -> bool {
    const PUBLIC: [&str; 26] = [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "hotmail.co.uk",
        "live.com",
        "live.co.uk",
        "msn.com",
        "outlook.co.uk",
        "yahoo.com",
        "yahoo.co.uk",
        "ymail.com",
        "rocketmail.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "btinternet.com",
        "sky.com",
        "talktalk.net",
        "virginmedia.com",
        "ntlworld.com",
        "proton.me",
        "protonmail.com",
        "gmx.com",
        "mail.com",
    ];
    PUBLIC.contains(&domain.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_written_and_prints_as_a_mask() {
        let address = EmailAddress::parse(" Amina.O'Neil+school@Post.example ").expect("good");

        assert_eq!(address.expose(), "Amina.O'Neil+school@Post.example");
        assert_eq!(address.domain(), "Post.example");
        assert_eq!(format!("{address} {address:?}"), "email … email …");
    }

    #[test]
    fn what_is_not_one_bare_address_is_refused() {
        let long = format!("{}@post.example", "a".repeat(250));
        let bad = [
            "",
            "amina",
            "a@",
            "@b.example",
            "a b@c.example",
            "a@b.example, c@d.example",
            "a@b.example\r\nBcc: x",
        ];

        for text in bad.into_iter().chain([long.as_str(), "Amina <a@b.example>"]) {
            assert_eq!(EmailAddress::parse(text), Err(BadEmail), "{text}");
        }
    }
}
