//! Who a mail says it is from, and who handed it over.

use super::headers::{Headers, Mailbox};
use super::{Hints, words};

/// The one who wrote, as far as the mail tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Sender {
    /// The whole address, when it is one; domain in lower case.
    pub(super) address: Option<String>,
    /// The part before the `@` in lower case; machines write it without a domain too.
    pub(super) local: String,
    pub(super) domain: String,
    pub(super) name: String,
    /// The envelope sender; `Some("")` is the null sender.
    pub(super) return_path: Option<String>,
}

impl Sender {
    pub(super) fn read(headers: &Headers, hints: &Hints) -> Self {
        let first = headers
            .mailboxes("from")
            .into_iter()
            .next()
            .unwrap_or(Mailbox { address: String::new(), name: String::new() });
        let address =
            if first.address.is_empty() && !first.name.contains(' ') { &first.name } else { &first.address };
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let whole = !local.is_empty() && !domain.is_empty();
        Self {
            address: whole.then(|| with_lower_domain(address)),
            local: local.to_lowercase(),
            domain: domain.to_lowercase(),
            name: first.name,
            return_path: return_path(headers, hints),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.return_path.as_deref() == Some("")
    }
}

fn return_path(headers: &Headers, hints: &Hints) -> Option<String> {
    if let Some(envelope) = &hints.envelope_from {
        return Some(address(envelope.expose()));
    }
    headers.first("return-path").map(address)
}

fn address(field: &str) -> String {
    let inner =
        field.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(field, |(inner, _)| inner);
    with_lower_domain(&words::line(inner).replace(' ', ""))
}

/// An address as it is written, its domain in lower case.
pub(super) fn with_lower_domain(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => address.to_owned(),
    }
}
