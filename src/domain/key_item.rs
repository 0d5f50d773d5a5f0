//! Key items: what is about safeguarding, special educational needs or behaviour goes on in the school's own recording system
//! (CPOMS, Engage). Each needs its reference there, or a reason why it needs none (R57).
//!
//! Which rows of the database are key items is the view `key_item`; a test holds it against the rules here.

use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    case_kind::CaseKind,
    ids::{CaseId, ContactId, UpdateId},
    people::{UnknownWord, words},
    policy::Policy,
    time::{Timestamp, school_date, start_of},
    topic::Topic,
};

/// How many days are looked back through for a working day: longer than any holiday.
const NEAR: usize = 62;

words! {
    /// What makes an item a key item.
    KeyTopic, "a key topic is one of:" {
        /// The safety of a child.
        Safeguarding = "safeguarding",
        /// Special educational needs and disabilities.
        Send = "send",
        /// Behaviour and sanctions.
        Behaviour = "behaviour",
    }
}

words! {
    /// The systems in which key items go on.
    System, "a key item goes on in one of:" {
        /// CPOMS.
        Cpoms = "CPOMS",
        /// Engage.
        Engage = "Engage",
    }
}

impl System {
    /// The system that a person means, however they write it.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|system| system.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

impl KeyTopic {
    /// Whether an update, a reply or a contact about this is a key item, and by what.
    pub const fn of_topic(topic: Topic) -> Option<Self> {
        match topic {
            Topic::Safeguarding => Some(Self::Safeguarding),
            Topic::Send => Some(Self::Send),
            Topic::Behaviour => Some(Self::Behaviour),
            Topic::Attendance | Topic::Medical | Topic::Wellbeing => None,
        }
    }

    /// The same of a case of this kind. One that is restricted is [`Self::Safeguarding`] whatever its kind, and one in which a
    /// reply was about a key topic is a key item by that.
    pub const fn of_kind(kind: CaseKind) -> Option<Self> {
        match kind {
            CaseKind::Safeguarding => Some(Self::Safeguarding),
            CaseKind::Send => Some(Self::Send),
            CaseKind::Behaviour => Some(Self::Behaviour),
            CaseKind::Query
            | CaseKind::Attendance
            | CaseKind::Medical
            | CaseKind::Concern
            | CaseKind::Complaint
            | CaseKind::Thanks
            | CaseKind::SubjectAccess
            | CaseKind::DataComplaint => None,
        }
    }

    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Safeguarding => Topic::Safeguarding.in_words(),
            Self::Send => Topic::Send.in_words(),
            Self::Behaviour => Topic::Behaviour.in_words(),
        }
    }
}

/// What is a key item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemId {
    /// A case, with all that was said in it.
    Case(CaseId),
    /// A contact that a colleague logged, as it was corrected last.
    Contact(ContactId),
    /// A weekly update.
    Update(UpdateId),
}

impl ItemId {
    /// The id alone, as addresses and lists have it.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Case(id) => id.0,
            Self::Contact(id) => id.0,
            Self::Update(id) => id.0,
        }
    }

    /// The same where each kind of item has a place of its own: case, contact, update.
    pub const fn columns(self) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Case(id) => (Some(id.0), None, None),
            Self::Contact(id) => (None, Some(id.0), None),
            Self::Update(id) => (None, None, Some(id.0)),
        }
    }
}

/// What became a key item before this instant, and has no reference, is late: a whole working day has passed since the day on
/// which it did. Holidays give time; where the calendar does not reach, weekdays count.
pub fn late_before(policy: &Policy, now: Timestamp) -> Timestamp {
    let today = school_date(now);
    let past = today.series(-1_i32.days()).skip(1).take(NEAR);
    // In a holiday longer than that nothing becomes late.
    past.into_iter().find(|day| policy.is_school_day(*day)).map_or(Timestamp::MIN, start_of)
}

/// How the school's own recording system names an item of a key topic, by the school's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filed {
    /// The category there.
    pub category: String,
    /// Who is alerted there; may be empty.
    pub alert_to: String,
}

/// [`Filed`] for each key topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPolicy {
    /// Safeguarding.
    pub safeguarding: Filed,
    /// SEND.
    pub send: Filed,
    /// Behaviour.
    pub behaviour: Filed,
}

impl Default for RecordPolicy {
    fn default() -> Self {
        let filed = |category: &str| Filed { category: category.to_owned(), alert_to: String::new() };
        Self { safeguarding: filed("Safeguarding"), send: filed("SEND"), behaviour: filed("Behaviour") }
    }
}

impl RecordPolicy {
    /// How an item of this topic is filed.
    pub const fn of(&self, topic: KeyTopic) -> &Filed {
        match topic {
            KeyTopic::Safeguarding => &self.safeguarding,
            KeyTopic::Send => &self.send,
            KeyTopic::Behaviour => &self.behaviour,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safeguarding_send_and_behaviour_are_key_and_nothing_else_is() {
        let topics: Vec<_> = Topic::ALL.iter().filter_map(|topic| KeyTopic::of_topic(*topic)).collect();
        let kinds: Vec<_> = CaseKind::ALL.iter().filter_map(|kind| KeyTopic::of_kind(*kind)).collect();

        assert_eq!(topics, [KeyTopic::Behaviour, KeyTopic::Send, KeyTopic::Safeguarding]);
        assert_eq!(kinds, [KeyTopic::Safeguarding, KeyTopic::Send, KeyTopic::Behaviour]);
        for topic in Topic::ALL.iter().copied() {
            // The same words, so that a row of either is read as the other.
            assert_eq!(KeyTopic::parse(topic.as_str()).ok(), KeyTopic::of_topic(topic), "{topic}");
        }
        for kind in CaseKind::ALL.iter().copied() {
            assert_eq!(KeyTopic::parse(kind.as_str()).ok(), KeyTopic::of_kind(kind), "{kind}");
        }
    }

    #[test]
    fn a_system_is_known_however_it_is_written() {
        assert_eq!(System::named(" cpoms "), Some(System::Cpoms));
        assert_eq!(System::named("ENGAGE"), Some(System::Engage));
        assert_eq!(System::named("a drawer"), None);
    }
}
