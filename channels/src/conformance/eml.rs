//! Reads just enough of an email to see whether it is whole. Not for mail from the world.

use base64::{Engine, engine::general_purpose::STANDARD};

/// An email as bytes, after any dot-stuffing was undone.
pub struct Eml(String);

impl Eml {
    /// Takes the bytes of a whole message. Ours are ASCII; other bytes become replacement characters.
    pub fn new(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The first header of this name (in any case), its folded lines joined, still encoded.
    pub fn header(&self, name: &str) -> Option<String> {
        header(self.0.split("\r\n\r\n").next()?, name)
    }

    /// The plain-text part, decoded, lines ending in `\n`.
    pub fn plain(&self) -> Option<String> {
        self.part("text/plain")
    }

    /// The HTML part, decoded, lines ending in `\n`.
    pub fn html(&self) -> Option<String> {
        self.part("text/html")
    }

    /// The first part of this type, of a message whose parts lie side by side.
    fn part(&self, content_type: &str) -> Option<String> {
        let kind = self.header("Content-Type")?;
        let (_, boundary) = kind.split_once("boundary=")?;
        let boundary = boundary.trim_start_matches('"').split(['"', ';']).next()?;
        let delimiter = format!("\r\n--{boundary}");
        // A delimiter begins a line; the line break before it belongs to it (RFC 2046 §5.1.1).
        let (_, body) = self.0.split_once("\r\n\r\n")?;
        let body = format!("\r\n{body}");
        let parts = body.split(&delimiter).map(|part| part.trim_start_matches("\r\n"));
        parts.filter_map(|part| part.split_once("\r\n\r\n")).find_map(|(head, body)| {
            let is_it = header(head, "Content-Type")?.to_lowercase().starts_with(content_type);
            let encoding = header(head, "Content-Transfer-Encoding").unwrap_or_default().to_lowercase();
            is_it.then(|| decode(&encoding, body))?
        })
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn decode(encoding: &str, body: &str) -> Option<String> {
    let bytes = match encoding {
        "base64" => STANDARD.decode(body.replace("\r\n", "")).ok()?,
        "quoted-printable" => quoted_printable(body)?,
        _ => body.as_bytes().to_vec(),
    };
    Some(String::from_utf8(bytes).ok()?.replace("\r\n", "\n"))
}

/// RFC 2045 §6.7.
fn quoted_printable(body: &str) -> Option<Vec<u8>> {
    let joined = body.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "Subject: =?utf-8?b?w7M=?=\r\n folded\r\nContent-Type: multipart/alternative;\r\n boundary=\"b1\"\r\n\r\n\
        --b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        =C5=BB=C3=B3=C5=82w =3D long=\r\n er\r\nend\r\n--b1\r\n\
        Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+\r\nPC9wPg==\r\n--b1--\r\n";

    #[test]
    fn parts_are_decoded_and_headers_unfolded() {
        let eml = Eml::new(LETTER.as_bytes());

        assert_eq!(eml.header("subject").as_deref(), Some("=?utf-8?b?w7M=?= folded"));
        assert_eq!(eml.plain().as_deref(), Some("Żółw = long er\nend"));
        assert_eq!(eml.html().as_deref(), Some("<p></p>"));
    }

    #[test]
    fn what_is_cut_off_is_not_whole() {
        let cut = LETTER.split("Content-Type: text/html").next().expect("first half");

        assert!(Eml::new(cut.as_bytes()).html().is_none() && Eml::new(b"").plain().is_none());
    }
}
