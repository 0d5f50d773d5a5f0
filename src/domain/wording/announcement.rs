//! The words of a notice or newsletter. They are the same for everybody but for the greeting, and name no child.

use super::{
    super::{
        people::Purpose,
        policy::Policy,
        route::{AnnouncedFacts, MessageFacts},
    },
    Words, only_notice, whole_or_notice,
};

/// The school and the announcement's own title.
pub(super) fn subject(school: &str, purpose: Purpose, announced: &AnnouncedFacts) -> String {
    let what = match purpose {
        Purpose::Newsletter => "Newsletter",
        Purpose::Urgent => "Urgent notice",
        _ => "Notice",
    };
    format!("{what} from {school}: {}", announced.title.expose())
}

/// A text is information only (R12). A notice goes in full where the school sends full texts and it fits; a newsletter, or
/// a notice that does not fit, is told of.
pub(super) fn text(message: &MessageFacts, announced: &AnnouncedFacts, policy: &Policy) -> Words {
    let (school, phone) = (&policy.school.name, &policy.school.office_phone);
    let title = sentence(announced.title.expose());
    let notice = format!(
        "{school} has {} {} for you: {title} Ring {phone} to hear it, or to ask for it by email.",
        if message.purpose == Purpose::Urgent { "an" } else { "a" },
        message.purpose.in_words()
    );
    if matches!(message.purpose, Purpose::Notice | Purpose::Urgent) {
        let whole = format!("{school}: {title} {}", message.words.expose().trim());
        return whole_or_notice(&whole, &notice, policy);
    }
    only_notice(&notice, None)
}

/// What the colleague who rings is to do. Nobody reads a newsletter out: it is offered.
pub(super) fn to_say(purpose: Purpose, announced: &AnnouncedFacts) -> String {
    let title = announced.title.expose();
    if purpose == Purpose::Newsletter {
        return format!(
            "Say that the newsletter \u{201c}{title}\u{201d} is ready, and ask how they would like to have it. In it stands"
        );
    }
    format!("Tell them this {}, \u{201c}{title}\u{201d}", purpose.in_words())
}

/// A title as a sentence of its own.
fn sentence(title: &str) -> String {
    if title.ends_with(['.', '!', '?', '\u{2026}']) { title.to_owned() } else { format!("{title}.") }
}
