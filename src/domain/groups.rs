//! The kinds of entry as people look for them in a chronology.

use super::chronology::kind;

/// A group of kinds. Every entry is in one of them, so that their numbers add up to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What the school sent, tried to send or did not send.
    Out,
    /// What carers wrote, and what was made of it.
    In,
    /// Calls, letters, meetings and the tasks for them.
    Contacts,
    /// Changes of addresses, preferences and rights.
    Data,
    /// Everything else.
    Other,
}

impl Group {
    /// Every one of them, in the order in which a page offers them.
    pub const ALL: [Self; 5] = [Self::Out, Self::In, Self::Contacts, Self::Data, Self::Other];

    /// The word in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
            Self::Contacts => "contacts",
            Self::Data => "data",
            Self::Other => "other",
        }
    }

    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Out => "Messages out",
            Self::In => "Messages in",
            Self::Contacts => "Calls, letters and contacts",
            Self::Data => "Changes of contact data and rights",
            Self::Other => "Everything else",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == word)
    }

    /// The kinds that are in it; of [`Group::Other`], none: what it holds is in no other.
    pub const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Out => &[
                kind::QUEUED,
                kind::LEFT_OUT,
                kind::SUBMITTED,
                kind::DELIVERED,
                kind::TRY_FAILED,
                kind::FAILED,
                kind::REFUSED,
                kind::IN_DOUBT,
                kind::DOUBT_RESOLVED,
                kind::OPERATOR,
                kind::REPLIED,
            ],
            Self::In => &[
                kind::RECEIVED,
                kind::CASE,
                kind::CASE_MOVED,
                kind::CLOCK,
                kind::QUESTION,
                kind::NOTE,
                kind::DIVERTED,
                kind::HAND_OFF,
                kind::COMPLAINT,
            ],
            Self::Contacts => &[
                kind::ANSWERED_ELSEWHERE,
                kind::TASK_OPENED,
                kind::TASK_CLOSED,
                kind::TASK_MOVED,
                kind::CALLED,
                kind::POSTED,
                kind::LETTER_RETURNED,
                kind::CONTACT,
                kind::CONTACT_CORRECTED,
            ],
            Self::Data => &[
                kind::IMPORTED,
                kind::RESTRICTION_ADDED,
                kind::RESTRICTION_KEPT,
                kind::RESTRICTION_LIFTED,
                kind::LINK_ENDS,
                kind::DIED,
                kind::ADULT_AGREED,
                kind::PREFERENCE,
                kind::ADDRESS,
                kind::ADDRESS_FAILING,
            ],
            Self::Other => &[],
        }
    }

    /// The kinds to look for, and whether it is all but those.
    pub fn sought(self) -> (Vec<&'static str>, bool) {
        match self {
            Self::Other => (Self::ALL.iter().flat_map(|group| group.kinds()).copied().collect(), true),
            named => (named.kinds().to_vec(), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_in_two_groups_and_the_words_are_read_back() {
        let mut all: Vec<_> = Group::ALL.iter().flat_map(|group| group.kinds()).collect();
        let kinds = all.len();
        all.sort_unstable();
        all.dedup();

        assert_eq!(all.len(), kinds);
        assert!(Group::ALL.into_iter().all(|group| Group::parse(group.as_str()) == Some(group)));
        assert_eq!(Group::parse("all"), None);
    }
}
