//! An email as bytes: the one place where a message gets its headers, whichever channel carries it.

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::{
    error::{Fault, SendError},
    message::{Mail, OurRef},
};

/// Who writes, by a channel's settings.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    /// Shown in `From`.
    pub(crate) from: Mailbox,
    /// Where answers go, if not to `from`.
    pub(crate) reply_to: Option<Mailbox>,
}

impl Writer {
    /// The Message-ID of a delivery, in its angle brackets: the same at every attempt, so mail servers and mailboxes
    /// that see a repeat can drop it.
    pub(crate) fn message_id(&self, reference: OurRef) -> String {
        format!("<{reference}@{}>", self.from.email.domain())
    }

    /// The whole message, headers and body, lines ending in CRLF. Dated now.
    ///
    /// `Auto-Submitted` stays away on purpose: what a teacher wrote is not automatic mail (RFC 3834 §5), however it
    /// is dispatched. `X-Auto-Response-Suppress` asks Exchange for no out-of-office answers (MS-OXCMAIL).
    pub(crate) fn write(&self, mail: &Mail, reference: OurRef) -> Result<Vec<u8>, SendError> {
        let to: Address = mail.to.expose().parse().map_err(|_| {
            SendError::not_sent(Fault::BadAddress, "the email address cannot be written in a mail header")
        })?;
        // lettre panics over a control character in a name.
        let name = mail.to_name.expose().replace(char::is_control, " ");
        let name = Some(name).filter(|name| !name.trim().is_empty());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, to))
            .subject(mail.subject.expose().clone())
            .date_now()
            .message_id(Some(self.message_id(reference)))
            .raw_header(header("X-Auto-Response-Suppress", "OOF, AutoReply"));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if is_language_tag(&mail.language) {
            builder = builder.raw_header(header("Content-Language", &mail.language));
        }
        let body = MultiPart::alternative_plain_html(mail.plain.expose().clone(), mail.html.expose().clone());
        let message = builder.multipart(body).map_err(|_| {
            SendError::not_sent(
                Fault::Refused,
                "the message cannot be written as mail; tell whoever runs Liaison",
            )
        })?;
        Ok(message.formatted())
    }
}

/// Reads `Northfield School <parents@northfield.example>` or a bare address.
pub(crate) fn mailbox(text: &str) -> Option<Mailbox> {
    let mailbox: Mailbox = text.parse().ok().filter(|_| !text.contains(char::is_control))?;
    // lettre stops reading behind the first address: a second one would be dropped without a word.
    let ends_there = text.trim_end_matches(['>', ' ']).ends_with(&mailbox.email.to_string());
    ends_there.then_some(mailbox)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// BCP 47, by its letters: anything else in the header would be somebody's mistake made visible.
fn is_language_tag(text: &str) -> bool {
    (2..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
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
        }
    }

    fn writer(reply_to: Option<&str>) -> Writer {
        let from = mailbox("Northfield School <parents@northfield.example>").expect("good");
        Writer { from, reply_to: reply_to.and_then(mailbox) }
    }

    fn written(mail: &Mail) -> String {
        let bytes = writer(Some("office@northfield.example"))
            .write(mail, OurRef(Uuid::from_u128(7)))
            .expect("written");
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

    proptest! {
        #[test]
        fn any_words_make_one_mail(
            to_name in any::<String>(),
            subject in any::<String>(),
            plain in prop_oneof![any::<String>(), "[a\\n\\r.]{0,40}"],
        ) {
            let whole = Mail { to_name: to_name.into(), subject: subject.into(), plain: plain.into(), ..mail() };

            let headers = headers(&written(&whole));

            let ours = ["Content-", "Date:", "From:", "MIME-", "Message-", "Reply-", "Subject:", "To:", "X-Auto-"];
            prop_assert_eq!(headers.len(), 10);
            prop_assert!(headers.iter().all(|line| ours.iter().any(|name| line.starts_with(name))), "{:?}", headers);
        }
    }
}
