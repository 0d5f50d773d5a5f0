//! The words of a notice or newsletter. They are the same for everybody but for the greeting, and name no child.

use super::super::{people::Purpose, route::AnnouncedFacts};

/// What the colleague who rings is to do. Nobody reads a newsletter out: it is offered.
pub(super) fn to_say(purpose: Purpose, announced: &AnnouncedFacts) -> String {
    let title = announced.title.expose();
    if purpose == Purpose::Report {
        return format!("Tell them how the reports are given, \u{201c}{title}\u{201d}");
    }
    if purpose == Purpose::Newsletter {
        return format!(
            "Say that the newsletter \u{201c}{title}\u{201d} is ready, and ask how they would like to have it. In it stands"
        );
    }
    format!("Tell them this {}, \u{201c}{title}\u{201d}", purpose.in_words())
}

/// A title as a sentence of its own.
pub(super) fn sentence(title: &str) -> String {
    if title.ends_with(['.', '!', '?', '\u{2026}']) { title.to_owned() } else { format!("{title}.") }
}
