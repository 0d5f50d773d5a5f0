//! An email as bytes, whichever channel carries it: headers and the same words twice, plain and as HTML.
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
    message::{Mail, Manner, OurRef},
};

/// A run of letters without a space cannot be folded, and a line may hold 998 (RFC 5322 §2.1.1).
const RUN_MAX: usize = 400;

/// What is the same in every message of a channel.
pub(crate) struct Letterhead {
    /// `From` and the rest, encoded.
    head: String,
    /// What stands behind the `@` of our Message-IDs.
    id_domain: String,
    /// Where answers go, to be marked so that each is known again.
    tagged: Option<Mailbox>,
    /// Whether what leaves on a timer says that a machine sent it.
    marked: bool,
}

/// The most References a mail repeats: the first, and the newest of the rest (RFC 5322 leaves it open, line limits do not).
const MOST_REFERENCES: usize = 20;

impl Letterhead {
    /// Who writes, and where answers go if not there. With `tags`, each mail gets a Reply-To of its own.
    pub(crate) fn new(from: Mailbox, reply_to: Option<Mailbox>, tags: bool) -> Self {
        let id_domain = from.email.domain().to_owned();
        let tagged = tags.then(|| reply_to.clone().unwrap_or_else(|| from.clone()));
        let mut head = header(FromHeader::from(Mailboxes::from(from)));
        if let Some(reply_to) = reply_to.filter(|_| !tags) {
            head.push_str(&header(ReplyTo::from(Mailboxes::from(reply_to))));
        }
        // Our own mail is known by this, should it ever come back to us.
        put_line(&mut head, "X-Liaison", &id_domain);
        head.push_str("MIME-Version: 1.0\r\n");
        Self { head, id_domain, tagged, marked: false }
    }

    /// The same; with `marked`, what leaves on a timer says that a machine sent it.
    #[must_use]
    pub(crate) fn marked(self, marked: bool) -> Self {
        Self { marked, ..self }
    }

    /// The headers by which other machines know how to treat this mail (RFC 3834 §5; MS-OXCMAIL §2.1.3.2.20).
    fn manner(&self, mail: &Mail) -> String {
        let mut lines = String::new();
        match mail.manner {
            // Written by a colleague, so not `Auto-Submitted` unless the school wants it; still no reason for out-of-office
            // answers.
            Manner::Letter => {
                if self.marked {
                    put_line(&mut lines, "Auto-Submitted", "auto-generated");
                }
                put_line(&mut lines, "X-Auto-Response-Suppress", "OOF, AutoReply");
            }
            Manner::Reply => {}
            Manner::Automatic => {
                put_line(&mut lines, "Auto-Submitted", "auto-replied");
                put_line(&mut lines, "X-Auto-Response-Suppress", "All");
            }
        }
        if let Some((tag, mailbox)) = mail.reply_tag.as_ref().zip(self.tagged.as_ref())
            && let Ok(email) = Address::new(format!("{}+{tag}", mailbox.email.user()), mailbox.email.domain())
        {
            lines
                .push_str(&header(ReplyTo::from(Mailboxes::from(Mailbox::new(mailbox.name.clone(), email)))));
        }
        if let Some(url) = &mail.unsubscribe {
            // The relay's signature (DKIM) must cover both, or mail programs show no button (RFC 8058 §4).
            put_line(&mut lines, "List-Unsubscribe", &format!("<{url}>"));
            put_line(&mut lines, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
            // By it a mail program knows the next one as of the same list, whatever its subject (RFC 2919 §3).
            put_line(&mut lines, "List-Id", &format!("<newsletters.{}>", self.id_domain));
        }
        if let Some(id) = &mail.in_reply_to {
            put_line(&mut lines, "In-Reply-To", &format!("<{id}>"));
        }
        if let Some((first, rest)) = mail.thread.split_first() {
            let newest = rest.len().saturating_sub(MOST_REFERENCES - 1);
            let kept = std::iter::once(first).chain(rest.iter().skip(newest));
            let ids: Vec<_> = kept.map(|id| format!("<{id}>")).collect();
            // One to a line: the header may be long, a line may not.
            put_line(&mut lines, "References", &ids.join("\r\n "));
        }
        lines
    }

    /// The Message-ID of a delivery, with its angle brackets: the same at every attempt, so that a repeat is known.
    pub(crate) fn message_id(&self, reference: OurRef) -> String {
        format!("<{reference}@{}>", self.id_domain)
    }

    /// The whole message, lines ending in CR LF, dated now. ASCII, unless the address itself is not.
    pub(crate) fn write(&self, mail: &Mail, reference: OurRef) -> Result<Vec<u8>, SendError> {
        let to = Mailbox::new(shown_name(mail.to_name.expose()), on_the_wire(&mail.to)?);
        let mut data =
            Vec::with_capacity(1024 + (mail.plain.expose().len() + mail.html.expose().len()) * 5 / 4);
        put(
            &mut data,
            &[
                &self.head,
                &self.manner(mail),
                &header(Date::now()),
                "Message-ID: ",
                &self.message_id(reference),
                "\r\n",
            ],
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

fn put_line(lines: &mut String, name: &str, value: &str) {
    for text in [name, ": ", value, "\r\n"] {
        lines.push_str(text);
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
pub(crate) fn on_the_wire(address: &EmailAddress) -> Result<Address, SendError> {
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

/// Reads one mailbox out of a setting: `Northfield School <parents@northfield.example>` or a bare address.
pub(crate) fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok().filter(|_| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{address::EmailAddress, private::Private};

    fn mail() -> Mail {
        Mail {
            to: EmailAddress::parse("amina@post.example").expect("good"),
            to_name: "Amina Şahin, mother".into(),
            subject: "Week 3 – Żółw".into(),
            plain: "First line\nZażółć\n.\nFrom here\n".into(),
            html: Private::new(format!("<p>{}</p>", "x".repeat(3000))),
            language: "pl".to_owned(),
            manner: Manner::Letter,
            in_reply_to: None,
            thread: Vec::new(),
            reply_tag: None,
            unsubscribe: None,
        }
    }

    fn letterhead() -> Letterhead {
        let from = mailbox("Northfield School <parents@northfield.example>").expect("good");
        Letterhead::new(from, mailbox("office@northfield.example"), false)
    }

    fn written(mail: &Mail) -> String {
        let bytes = letterhead().write(mail, OurRef(Uuid::from_u128(7))).expect("written");
        String::from_utf8(bytes).expect("headers and encoded parts are ASCII")
    }

    /// The headers of the message itself, folded lines joined.
    fn headers(written: &str) -> Vec<String> {
        let head = written.split("\r\n\r\n").next().unwrap_or_default();
        head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_carries_the_headers_a_school_needs_and_no_more() {
        let headers = headers(&written(&mail()));

        let mut names: Vec<_> =
            headers.iter().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "Content-Language",
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Reply-To",
                "Subject",
                "To",
                "X-Auto-Response-Suppress",
                "X-Liaison",
            ]
        );
        for line in [
            "From: \"Northfield School\" <parents@northfield.example>",
            "Reply-To: office@northfield.example",
            "Message-ID: <00000000000000000000000000000007@northfield.example>",
            "X-Auto-Response-Suppress: OOF, AutoReply",
            "Content-Language: pl",
        ] {
            assert!(headers.iter().any(|header| header == line), "{line} in {headers:?}");
        }
    }

    #[test]
    fn an_automatic_answer_is_marked_as_one_and_stands_in_its_thread() {
        let mail = Mail {
            manner: Manner::Automatic,
            in_reply_to: Some("c@post.example".to_owned()),
            thread: vec!["a@post.example".to_owned(), "c@post.example".to_owned()],
            ..mail()
        };

        let headers = headers(&written(&mail));

        for line in [
            "Auto-Submitted: auto-replied",
            "X-Auto-Response-Suppress: All",
            "In-Reply-To: <c@post.example>",
            "References: <a@post.example> <c@post.example>",
        ] {
            assert!(headers.iter().any(|header| header == line), "{line} in {headers:?}");
        }
    }

    #[test]
    fn what_leaves_on_a_timer_is_marked_as_a_machine_s_only_where_the_school_wants_it() {
        let head = letterhead().marked(true);
        let marks = |manner| {
            let bytes = head.write(&Mail { manner, ..mail() }, OurRef(Uuid::from_u128(7))).expect("written");
            let headers = headers(&String::from_utf8(bytes).expect("ASCII"));
            headers.into_iter().filter(|line| line.starts_with("Auto-")).collect::<Vec<_>>()
        };

        assert_eq!(marks(Manner::Letter), ["Auto-Submitted: auto-generated"]);
        assert_eq!(marks(Manner::Automatic), ["Auto-Submitted: auto-replied"]);
        assert_eq!(marks(Manner::Reply), Vec::<String>::new());
    }

    #[test]
    fn a_reply_by_a_colleague_is_not_marked_as_automatic() {
        let headers = headers(&written(&Mail { manner: Manner::Reply, ..mail() }));

        let marked = |line: &String| line.starts_with("Auto-") || line.starts_with("X-Auto-");
        assert!(!headers.iter().any(marked), "{headers:?}");
    }

    #[test]
    fn a_newsletter_can_be_ended_with_one_press_and_no_other_mail_says_so() {
        let url = "https://liaison.northfield.example/newsletters/k7m".to_owned();
        let newsletter = headers(&written(&Mail { unsubscribe: Some(url.clone()), ..mail() }));
        let other = headers(&written(&mail()));

        for line in [
            &format!("List-Unsubscribe: <{url}>"),
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "List-Id: <newsletters.northfield.example>",
        ] {
            assert!(newsletter.iter().any(|header| header == line), "{line} in {newsletter:?}");
        }
        assert!(!other.iter().any(|header| header.starts_with("List-")), "{other:?}");
    }

    #[test]
    fn a_tagged_mail_is_answered_to_an_address_of_its_own() {
        let from = mailbox("Northfield School <parents@northfield.example>").expect("good");
        let head = Letterhead::new(from, None, true);
        let tagged = Mail { reply_tag: Some("k7m".to_owned()), ..mail() };

        let bytes = head.write(&tagged, OurRef(Uuid::from_u128(7))).expect("written");

        let written = String::from_utf8(bytes).expect("ASCII");
        assert!(
            headers(&written)
                .contains(&"Reply-To: \"Northfield School\" <parents+k7m@northfield.example>".to_owned()),
            "{written}"
        );
    }

    #[test]
    fn lines_end_in_crlf_stay_short_and_are_ascii() {
        let written = written(&mail());

        assert!(written.is_ascii() && !written.replace("\r\n", "").contains(['\r', '\n']));
        assert!(written.split("\r\n").all(|line| line.len() <= 998), "RFC 5322 §2.1.1");
    }

    #[test]
    fn words_never_become_headers() {
        let mut mail = mail();
        mail.language = "pl\r\nBcc: other@post.example".to_owned();
        mail.subject = "Hello\r\nBcc: other@post.example".into();
        mail.to_name = "Amina\r\nBcc: other@post.example".into();

        let headers = headers(&written(&mail));

        assert!(
            !headers.iter().any(|line| line.starts_with("Bcc") || line.starts_with("Content-Language")),
            "{headers:?}"
        );
    }

    #[test]
    fn a_carer_without_a_name_is_written_to_by_address_alone() {
        let mut mail = mail();
        mail.to_name = " ".into();

        assert!(headers(&written(&mail)).contains(&"To: amina@post.example".to_owned()));
    }

    #[test]
    fn a_setting_holds_one_mailbox_and_nothing_behind_it() {
        for good in
            ["a@b.example", "<a@b.example>", "School <a@b.example>", "\"School, North\" <a@b.example> "]
        {
            assert!(mailbox(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "School",
            "a@b.example, c@d.example",
            "a@b.example c",
            "School <a@b.example> x",
            "a\n<a@b.example>",
        ] {
            assert!(mailbox(bad).is_none(), "{bad}");
        }
    }

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

    proptest! {
        #[test]
        fn any_words_make_one_mail(
            to_name in any::<String>(),
            subject in any::<String>(),
            plain in prop_oneof![any::<String>(), "[a\\n\\r.]{0,40}"],
        ) {
            let whole = Mail { to_name: to_name.into(), subject: subject.into(), plain: plain.into(), ..mail() };

            let headers = headers(&written(&whole));

            let ours = ["Content-", "Date:", "From:", "MIME-", "Message-", "Reply-", "Subject:", "To:", "X-Auto-", "X-Liaison:"];
            prop_assert_eq!(headers.len(), 11);
            prop_assert!(headers.iter().all(|line| ours.iter().any(|name| line.starts_with(name))), "{:?}", headers);
        }
    }
}
