//! A message as bytes: headers and the same words twice, plain and as HTML.
//!
//! lettre encodes what is risky to encode by hand (names, subjects, bodies); the frame is written here into one
//! buffer, at a third of the cost of lettre's own builder, and with every line end made CR LF.

use lettre::{
    Address,
    message::{
        Body, Mailbox, Mailboxes,
        header::{ContentTransferEncoding, Date, From as FromHeader, Header, Headers, ReplyTo, Subject, To},
    },
};

use crate::{
    address::EmailAddress,
    error::{Fault, SendError},
    message::{Mail, OurRef},
};

/// A run of letters without a space cannot be folded, and a line may hold 998 (RFC 5322 §2.1.1).
const RUN_MAX: usize = 400;

/// What is the same in every message of a channel.
pub(super) struct Letterhead {
    /// `From` and the rest, encoded.
    head: String,
    /// What stands behind the `@` of our Message-IDs.
    id_domain: String,
}

impl Letterhead {
    /// Who writes, and where answers go if not there.
    pub(super) fn new(from: Mailbox, reply_to: Option<Mailbox>) -> Self {
        let id_domain = from.email.domain().to_owned();
        let mut head = header(FromHeader::from(Mailboxes::from(from)));
        if let Some(reply_to) = reply_to {
            head.push_str(&header(ReplyTo::from(Mailboxes::from(reply_to))));
        }
        // Written by a colleague, so not `Auto-Submitted`; still no reason for out-of-office answers.
        head.push_str("X-Auto-Response-Suppress: OOF, AutoReply\r\nMIME-Version: 1.0\r\n");
        Self { head, id_domain }
    }

    /// The Message-ID of a delivery, with its angle brackets: the same at every attempt, so that a repeat is known.
    pub(super) fn message_id(&self, reference: OurRef) -> String {
        format!("<{reference}@{}>", self.id_domain)
    }

    /// The whole message, lines ending in CR LF, dated now. ASCII, unless the address itself is not.
    pub(super) fn write(&self, mail: &Mail, reference: OurRef) -> Result<Vec<u8>, SendError> {
        let to = Mailbox::new(shown_name(mail.to_name.expose()), on_the_wire(&mail.to)?);
        let mut data =
            Vec::with_capacity(1024 + (mail.plain.expose().len() + mail.html.expose().len()) * 5 / 4);
        put(
            &mut data,
            &[&self.head, &header(Date::now()), "Message-ID: ", &self.message_id(reference), "\r\n"],
        );
        put(&mut data, &[&header(To::from(Mailboxes::from(to)))]);
        put(&mut data, &[&header(Subject::from(one_line(mail.subject.expose())))]);
        // BCP 47 knows letters, digits and hyphens; anything else could end the header.
        let named = mail.language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if named && !mail.language.is_empty() {
            put(&mut data, &["Content-Language: ", &mail.language, "\r\n"]);
        }
        let boundary = format!("=_{reference}");
        put(&mut data, &["Content-Type: multipart/alternative; boundary=\"", &boundary, "\"\r\n\r\n"]);
        write_part(&mut data, &boundary, "plain", mail.plain.expose());
        write_part(&mut data, &boundary, "html", mail.html.expose());
        put(&mut data, &["--", &boundary, "--\r\n"]);
        Ok(data)
    }
}

fn put(data: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        data.extend_from_slice(text.as_bytes());
    }
}

fn header<H: Header>(header: H) -> String {
    let mut headers = Headers::with_capacity(1);
    headers.set(header);
    headers.to_string()
}

/// The address in the form every server takes: letters beyond ASCII in the domain have one (RFC 5891).
pub(super) fn on_the_wire(address: &EmailAddress) -> Result<Address, SendError> {
    let bad = || {
        SendError::not_sent(
            Fault::BadAddress,
            "The address is not one mail can go to; check it with the carer.",
        )
    };
    let text = address.expose();
    let domain = address.domain();
    if domain.is_ascii() {
        return text.parse().map_err(|_| bad());
    }
    let user = text.strip_suffix(domain).and_then(|rest| rest.strip_suffix('@')).ok_or_else(bad)?;
    let url::Host::Domain(domain) = url::Host::parse(domain).map_err(|_| bad())? else { return Err(bad()) };
    Address::new(user, domain).map_err(|_| bad())
}

fn shown_name(name: &str) -> Option<String> {
    let name = one_line(name.trim());
    (!name.is_empty()).then_some(name)
}

/// Words for a header: no control characters, and no run too long to be folded.
fn one_line(text: &str) -> String {
    let (mut line, mut run) = (String::with_capacity(text.len()), 0);
    for letter in text.chars() {
        let letter = if letter.is_control() { ' ' } else { letter };
        run = if letter == ' ' { 0 } else { run + letter.len_utf8() };
        if run > RUN_MAX {
            line.push(' ');
            run = 0;
        }
        line.push(letter);
    }
    line
}

/// One body, encoded to lines of at most 76 ASCII characters.
fn write_part(data: &mut Vec<u8>, boundary: &str, kind: &str, text: &str) {
    let body = Body::new(crlf(text));
    let encoding = match body.encoding() {
        ContentTransferEncoding::Base64 => "base64",
        ContentTransferEncoding::QuotedPrintable => "quoted-printable",
        _ => "7bit",
    };
    put(data, &["--", boundary, "\r\nContent-Type: text/", kind, "; charset=utf-8\r\n"]);
    put(data, &["Content-Transfer-Encoding: ", encoding, "\r\n\r\n"]);
    data.extend_from_slice(body.as_ref());
    data.extend_from_slice(b"\r\n");
}

/// Ends every line with CR LF and nothing else: a bare CR or LF is how one message is smuggled inside another.
fn crlf(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / 16 + 2);
    let mut rest = text;
    while let Some((before, found)) = rest.find(['\r', '\n', '\0']).and_then(|at| rest.split_at_checked(at)) {
        lines.push_str(before);
        let mut letters = found.chars();
        if letters.next() != Some('\0') {
            lines.push_str("\r\n");
        }
        rest = letters.as_str();
        if found.starts_with("\r\n") {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
    }
    lines.push_str(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_becomes_one() {
        assert_eq!(
            crlf("a\nb\r\nc\rd\n\re\0f\r\n.\r\n"),
            "a\r\nb\r\nc\r\nd\r\n\r\ne".to_owned() + "f\r\n.\r\n"
        );
    }

    #[test]
    fn a_header_word_is_never_longer_than_a_line() {
        let line = one_line(&"x".repeat(3000));

        assert!(line.split(' ').all(|word| word.len() <= RUN_MAX + 1));
        assert_eq!(one_line("a\r\nBcc: b\u{85}"), "a  Bcc: b ");
    }

    #[test]
    fn a_domain_beyond_ascii_travels_in_its_ascii_form() {
        let address = EmailAddress::parse("amina@bücher.example").expect("an address");

        assert_eq!(on_the_wire(&address).expect("has a form").to_string(), "amina@xn--bcher-kva.example");
    }
}
