//! What a second person must approve before it is sent (R17), where the school's rule says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    announcement::AudienceKind,
    by_text::not_by_text,
    people::{UnknownWord, words},
    rights::LinkFacts,
    route::MessageFacts,
    time::Date,
    topic::Topic,
};

words! {
    /// A kind of message that a school may want a second person to approve.
    SecondFor, "what a second person approves is one of:" {
        /// An announcement to one class.
        Class = "class",
        /// An announcement to one year group.
        Year = "year",
        /// An announcement to the whole school.
        School = "school",
        /// An update that never goes by text: marked sensitive, or for what it is about.
        Sensitive = "sensitive",
        /// An update about a pupil of whom somebody must not be told.
        RestrictedFamily = "restricted_family",
    }
}

impl From<AudienceKind> for SecondFor {
    fn from(audience: AudienceKind) -> Self {
        match audience {
            AudienceKind::Class => Self::Class,
            AudienceKind::Year => Self::Year,
            AudienceKind::School => Self::School,
        }
    }
}

impl SecondFor {
    /// Why a second person must approve it, as the second half of a sentence.
    pub const fn because(self) -> &'static str {
        match self {
            Self::Class => "it goes to a class",
            Self::Year => "it goes to a year group",
            Self::School => "it goes to the whole school",
            Self::Sensitive => "it is sensitive, or about what never goes by text",
            Self::RestrictedFamily => "somebody in this family must not be told",
        }
    }
}

/// Why a second person must approve an update before it is sent, given everybody who is linked to its pupil; `None`: they need
/// not. `approval` is the school's rule.
pub fn second_for(
    update: &MessageFacts,
    links: &[&LinkFacts],
    approval: &BTreeSet<SecondFor>,
    never_by_text: &BTreeSet<Topic>,
    today: Date,
) -> Option<SecondFor> {
    let restricted = links.iter().any(|link| link.restrictions.iter().any(|one| one.holds_on(today)));
    let sensitive = not_by_text(update, never_by_text).is_some();
    [(SecondFor::RestrictedFamily, restricted), (SecondFor::Sensitive, sensitive)]
        .into_iter()
        .find_map(|(kind, is)| (is && approval.contains(&kind)).then_some(kind))
}

/// Whether the rule speaks of updates at all.
pub fn speaks_of_updates(approval: &BTreeSet<SecondFor>) -> bool {
    approval.contains(&SecondFor::Sensitive) || approval.contains(&SecondFor::RestrictedFamily)
}

#[cfg(test)]
#[path = "second_person_tests.rs"]
mod tests;
