//! Reports that a mail did not arrive, by the standard (RFC 3464) and by all the others.

use super::headers::Headers;
use super::limits::{self, Limits};
use super::mime::{Mail, Part};
use super::sender::Sender;
use super::{Bounce, auto_reply, bounce_words as say, codes, dsn, words};
use crate::private::Private;

/// What a bounce may be found by.
pub(super) struct Seen<'a> {
    pub(super) mail: &'a Mail<'a>,
    pub(super) sender: &'a Sender,
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    /// Addresses that are ours or the sender's: a bounce mentions them, but they did not fail.
    pub(super) own: &'a [String],
}

pub(super) enum Found {
    /// With the reason.
    Bounce(Bounce, String),
    /// A report of success.
    Arrived,
    No,
}

pub(super) fn find(seen: &Seen) -> Found {
    let part = seen.mail.leaf_of(&["message/delivery-status", "message/global-delivery-status"]);
    if let Some(status) = part
        .map(|part| dsn::read(&text_of(part, &seen.mail.limits)))
        .filter(|status| !status.recipients.is_empty())
    {
        let arrived = |action: &str| matches!(action, "delivered" | "relayed" | "expanded");
        if status.recipients.iter().all(|one| arrived(&one.action)) {
            return Found::Arrived;
        }
        return Found::Bounce(
            by_status(seen, &status),
            "A mail server reports in the standard form that a mail did not arrive.".into(),
        );
    }
    match unstandardised(seen, part.is_some()) {
        Some(why) => Found::Bounce(by_words(seen), why.to_owned()),
        None => Found::No,
    }
}

fn text_of(part: &Part, limits: &Limits) -> String {
    let (bytes, _) = part.bytes(limits.encoded_bytes());
    let bytes = bytes.get(..limits.text_bytes).unwrap_or(&bytes);
    words::text(&super::decode::characters(bytes, None).0, limits.text_bytes)
}

/// The header of a mail that stands in a part.
pub(super) fn headers_of(part: &Part, limits: &Limits) -> Headers {
    let (bytes, _) = part.bytes(limits.header_bytes.saturating_mul(4));
    Headers::of_mail(&bytes, limits).0
}

// --- by the standard ----------------------------------------------------------------------------------------------

fn by_status(seen: &Seen, status: &dsn::Status) -> Bounce {
    let failed: Vec<&dsn::Recipient> = status
        .recipients
        .iter()
        .filter(|one| !matches!(one.action.as_str(), "delivered" | "relayed" | "expanded"))
        .collect();
    let permanent = failed.iter().any(|one| is_permanent(one));
    // "failed" with a code of class 4: the time for trying ran out (RFC 3464 §2.3.3).
    let failed_for_good = failed.iter().any(|one| one.action == "failed");
    // When one address is gone and another is late, the bounce tells of the one that is gone.
    let told = failed.into_iter().filter(|one| is_permanent(one) == permanent);
    let mut bounce = Bounce {
        permanent,
        given_up: permanent || failed_for_good,
        addresses: Vec::new(),
        status: Vec::new(),
        smtp_code: Vec::new(),
        message_id: None,
    };
    for one in told {
        push_address(&mut bounce, one.address.as_deref());
        let found = codes::enhanced(&one.diagnostic);
        one.status.iter().cloned().chain(found).for_each(|code| push(&mut bounce.status, code));
        for code in codes::replies(&one.diagnostic) {
            push(&mut bounce.smtp_code, code);
        }
    }
    if bounce.addresses.is_empty() {
        failed_recipients(seen).for_each(|address| push_address(&mut bounce, Some(&address)));
    }
    bounce.message_id = original_id(seen, status.message_id.clone());
    bounce
}

fn is_permanent(one: &dsn::Recipient) -> bool {
    if one.action == "delayed" {
        return false;
    }
    // 5.0.0 names no reason (RFC 3463 §3.1). Exim writes it of all that it gave up, full mailboxes among them; what the
    // other server said stands in the diagnostic then.
    let status = one.status.clone().filter(|status| status != "5.0.0");
    let code = status.or_else(|| codes::enhanced(&one.diagnostic).into_iter().next());
    match code.as_deref().and_then(|code| code.chars().next()) {
        Some(class) => class != '4',
        None => codes::replies(&one.diagnostic).first().is_none_or(|code| *code >= 500),
    }
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.len() < limits::BOUNCED && !list.contains(&item) {
        list.push(item);
    }
}

fn push_address(bounce: &mut Bounce, address: Option<&str>) {
    if let Some(address) = address {
        push(&mut bounce.addresses, Private::new(address.to_owned()));
    }
}

fn failed_recipients<'a>(seen: &'a Seen) -> impl Iterator<Item = String> + 'a {
    seen.mail
        .headers()
        .mailboxes("x-failed-recipients")
        .into_iter()
        .map(|one| super::sender::with_lower_domain(&one.address))
}

// --- by what people are told ----------------------------------------------------------------------------------------

/// Why it is a bounce although it has no readable status part.
fn unstandardised(seen: &Seen, status_part: bool) -> Option<&'static str> {
    let root = seen.mail.root_type();
    let kind = root.parameter("report-type").unwrap_or_default();
    if status_part || (root.value == "multipart/report" && kind.eq_ignore_ascii_case("delivery-status")) {
        return Some("It is a delivery report, though not a readable one.");
    }
    if seen.mail.headers().has("x-failed-recipients") {
        return Some("The header X-Failed-Recipients names those who were not reached.");
    }
    let server = is_server(seen.sender);
    if !server && !seen.sender.is_null() {
        return None;
    }
    let subject = seen.subject.to_lowercase();
    if contains(&subject, say::SUBJECTS) && !says_absent(seen) {
        return Some("A mail server wrote it, and its subject says that a mail did not arrive.");
    }
    let sentence = contains(&own_words(seen.text).to_lowercase(), say::SENTENCES);
    (server && sentence).then_some("A mail server wrote it, and its words say that a mail did not arrive.")
}

fn says_absent(seen: &Seen) -> bool {
    !is_server(seen.sender)
        && !auto_reply::evidence(seen.mail.headers(), seen.subject, true).is_empty()
        && !contains(&own_words(seen.text).to_lowercase(), say::SENTENCES)
}

fn is_server(sender: &Sender) -> bool {
    let name = sender.name.to_lowercase();
    say::SERVERS.iter().any(|server| sender.local.starts_with(server) || name.starts_with(server))
}

fn contains(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// The server's own words, before the copy of the mail that did not arrive.
fn own_words(text: &str) -> &str {
    let text = words::head(text, limits::BOUNCE_TEXT_BYTES);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(['-', ' ', '>']).to_lowercase();
        let whole = line.trim_start().to_lowercase();
        if say::COPIES
            .iter()
            .any(|copy| whole.starts_with(copy) || bare.starts_with(copy.trim_start_matches(['-', ' '])))
        {
            return text.get(..at).unwrap_or(text);
        }
        at += line.len();
    }
    text
}

fn by_words(seen: &Seen) -> Bounce {
    let said = own_words(seen.text);
    let status = codes::enhanced(said);
    let smtp_code = codes::replies(said);
    let mut bounce = Bounce {
        permanent: true,
        given_up: true,
        addresses: Vec::new(),
        status,
        smtp_code,
        message_id: None,
    };
    let late = is_late(seen, said);
    bounce.permanent = !late && is_final(&bounce);
    // A notice that speaks of no further try is the last, also where the server thinks another might work.
    bounce.given_up = !late;
    failed_recipients(seen).for_each(|address| push_address(&mut bounce, Some(&address)));
    if bounce.addresses.is_empty() {
        for address in addresses(said, seen) {
            push_address(&mut bounce, Some(&address));
        }
    }
    bounce.message_id = original_id(seen, None);
    bounce
}

fn is_late(seen: &Seen, said: &str) -> bool {
    let words = format!("{}\n{said}", seen.subject).to_lowercase();
    contains(&words, say::LATE) && !contains(&words, say::GIVEN_UP)
}

fn is_final(bounce: &Bounce) -> bool {
    let classes: Vec<bool> = bounce.status.iter().map(|code| !code.starts_with('4')).collect();
    let replies: Vec<bool> = bounce.smtp_code.iter().map(|code| *code >= 500).collect();
    let evidence = if classes.is_empty() { replies } else { classes };
    evidence.is_empty() || evidence.contains(&true)
}

/// Addresses in the server's words that can be those not reached.
fn addresses(said: &str, seen: &Seen) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in said.lines().filter(|line| !line.to_lowercase().contains("message-id")) {
        for word in line.split(|sign: char| {
            sign.is_whitespace() || matches!(sign, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | ',' | ';')
        }) {
            let word = word
                .rsplit(':')
                .find(|piece| !piece.is_empty())
                .unwrap_or(word)
                .trim_matches([':', '.', '*', '!', '?']);
            if let Some(address) = as_address(word)
                && !is_ours(&address, seen)
            {
                push(&mut found, address);
            }
        }
    }
    found
}

fn as_address(word: &str) -> Option<String> {
    let (local, domain) = word.split_once('@')?;
    let right = |part: &str| {
        !part.is_empty()
            && part.chars().all(|sign| sign.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(sign))
    };
    (right(local) && right(domain) && domain.contains('.') && word.len() <= 254)
        .then(|| super::sender::with_lower_domain(word))
}

fn is_ours(address: &str, seen: &Seen) -> bool {
    let lower = address.to_lowercase();
    let untagged = super::no_answer::untagged(&lower);
    let machine = ["postmaster@", "mailer-daemon@", "abuse@"].iter().any(|start| lower.starts_with(start));
    machine || seen.own.contains(&untagged)
}

// --- which mail it was ------------------------------------------------------------------------------------------------

/// The Message-ID of the mail that did not arrive: from its returned header, the status part, the words, and last from
/// what the bounce answers.
fn original_id(seen: &Seen, status: Option<String>) -> Option<String> {
    returned(seen.mail)
        .or(status)
        .or_else(|| quoted_id(seen))
        .or_else(|| seen.mail.headers().ids("in-reply-to").into_iter().next())
        .or_else(|| seen.mail.headers().ids("references").into_iter().next_back())
}

fn returned(mail: &Mail) -> Option<String> {
    const KINDS: [&str; 5] = [
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
    ];
    mail.leaves()
        .filter(|part| KINDS.contains(&part.content.value.as_str()))
        .find_map(|part| headers_of(part, &mail.limits).ids("message-id").into_iter().next())
}

/// A `Message-ID:` line in the words; the returned header may be folded there.
fn quoted_id(seen: &Seen) -> Option<String> {
    let mut lines = seen.text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim_start_matches(['>', '|', ' ', '\t', '*']);
        let named = bare.get(..11).is_some_and(|name| name.eq_ignore_ascii_case("message-id:"));
        let Some(value) = bare.get(11..).filter(|_| named) else { continue };
        let next = lines.clone().next().unwrap_or_default();
        let value = if value.contains('<') {
            value.to_owned()
        } else {
            format!("{value}{}", next.trim_start_matches(['>', ' ']))
        };
        if let Some(id) = words::ids(value.trim_matches(['*', ' '])).into_iter().find(|id| id.contains('@')) {
            return Some(id);
        }
    }
    None
}
