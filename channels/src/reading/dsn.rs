//! The machine-readable part of a delivery status notification (RFC 3464 §2).

use super::limits;
use super::mime::without_comments;

/// What is said of one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recipient {
    pub(super) address: Option<String>,
    /// `failed`, `delayed`, `delivered`, `relayed`, `expanded`; empty: not said.
    pub(super) action: String,
    pub(super) status: Option<String>,
    pub(super) diagnostic: String,
}

/// The whole part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) recipients: Vec<Recipient>,
    /// Microsoft names the mail that did not arrive in the first group.
    pub(super) message_id: Option<String>,
}

/// Fields of one group; the standard knows about a dozen.
const GROUP_FIELDS: usize = 1000;

/// Reads the groups. A group that names a recipient is one, also the first, as some programs leave the first out.
pub(super) fn read(part: &str) -> Status {
    let mut status = Status::default();
    let mut group: Vec<(String, String)> = Vec::new();
    for line in part.lines().chain(std::iter::once("")) {
        if line.trim().is_empty() {
            close(&mut status, &std::mem::take(&mut group));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        if status.recipients.len() >= limits::BOUNCED || group.len() > GROUP_FIELDS {
            break;
        }
    }
    status
}

fn close(status: &mut Status, group: &[(String, String)]) {
    let value = |name: &str| group.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let id = value("x-original-message-id").or_else(|| value("original-message-id"));
    status.message_id =
        status.message_id.take().or_else(|| id.and_then(|id| super::words::ids(id).into_iter().next()));
    let address =
        ["original-recipient", "final-recipient"].iter().filter_map(|name| value(name)).find_map(address);
    let action = value("action").map(|action| without_comments(action).trim().to_ascii_lowercase());
    let code = value("status").and_then(|status| super::codes::enhanced(status).into_iter().next());
    if address.is_none() && action.is_none() && code.is_none() {
        return;
    }
    status.recipients.push(Recipient {
        address,
        action: action.unwrap_or_default(),
        status: code,
        diagnostic: value("diagnostic-code").unwrap_or_default().to_owned(),
    });
}

/// The address in `rfc822; someone@example.org`, also without the type, in brackets, or with a comment.
fn address(field: &str) -> Option<String> {
    let value = field.split_once(';').map_or(field, |(_, value)| value);
    let value = without_comments(value);
    let value = value.trim().trim_matches(['<', '>', '"']).trim();
    let value = value.strip_prefix("mailto:").unwrap_or(value);
    (value.contains('@') && !value.contains(char::is_whitespace))
        .then(|| super::sender::with_lower_domain(value))
}
