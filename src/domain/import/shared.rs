//! Addresses that a restricted contact of a pupil shares with another one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::people::AddressKind;

/// One contact of one pupil, and one address of that contact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'a> {
    /// The pupil, by `pupil_ref`.
    pub(super) pupil: &'a str,
    /// The contact, by `contact_ref`.
    pub(super) carer: &'a str,
    /// The contact's row, if it has one in this file.
    pub(super) line: Option<u64>,
    /// Whether a restriction holds on the link now or later.
    pub(super) restricted: bool,
    /// What the address is.
    pub(super) kind: AddressKind,
    /// The address.
    pub(super) value: &'a str,
}

/// Two contacts of one pupil with one address, at least one of them restricted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clash {
    /// A row to point at: the later one of the two that has one.
    pub(super) line: Option<u64>,
    /// The pupil.
    pub(super) pupil: String,
    /// The restricted contact.
    pub(super) restricted: String,
    /// The other one.
    pub(super) other: String,
    /// What the address is.
    pub(super) kind: AddressKind,
}

impl Clash {
    /// The column to point at.
    pub(super) const fn column(&self) -> &'static str {
        match self.kind {
            AddressKind::Email => "email",
            AddressKind::Mobile => "mobile",
            AddressKind::Landline => "phone",
            AddressKind::Postal => "address1",
        }
    }

    /// Why the import stops.
    pub(super) fn refusal(&self) -> String {
        format!(
            "Contacts {} (restricted) and {} of pupil {} have the same {}: what one is sent would reach the other. Nothing \
             is imported until one of them has another address, or none.",
            self.restricted, self.other, self.pupil, self.kind
        )
    }

    /// What to look at, for addresses that no channel sends to.
    pub(super) fn warning(&self) -> String {
        let what = if self.kind == AddressKind::Landline { "telephone number" } else { "postal address" };
        format!(
            "Contacts {} (restricted) and {} of pupil {} have the same {what}: whoever rings or writes should know.",
            self.restricted, self.other, self.pupil
        )
    }
}

/// Whether a channel sends to this kind of address by itself, without a colleague who could think.
pub(super) const fn is_sent_to(kind: AddressKind) -> bool {
    matches!(kind, AddressKind::Email | AddressKind::Mobile)
}

/// Every address that a restricted contact shares with another contact of the same pupil; one clash per such pair.
pub(super) fn clashes<'a>(uses: impl Iterator<Item = Use<'a>>) -> Vec<Clash> {
    let mut by_address: BTreeMap<(&str, AddressKind, &str), Vec<Use<'_>>> = BTreeMap::new();
    for one in uses {
        by_address.entry((one.pupil, one.kind, one.value)).or_default().push(one);
    }
    let mut clashes = BTreeSet::new();
    for sharers in by_address.values() {
        for restricted in sharers.iter().filter(|one| one.restricted) {
            for other in sharers.iter().filter(|other| other.carer != restricted.carer) {
                // Both restricted: told once.
                if other.restricted && other.carer < restricted.carer {
                    continue;
                }
                clashes.insert(Clash {
                    line: restricted.line.max(other.line),
                    pupil: restricted.pupil.to_owned(),
                    restricted: restricted.carer.to_owned(),
                    other: other.carer.to_owned(),
                    kind: restricted.kind,
                });
            }
        }
    }
    clashes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(pupil: &'static str, carer: &'static str, restricted: bool, value: &'static str) -> Use<'static> {
        Use { pupil, carer, line: None, restricted, kind: AddressKind::Mobile, value }
    }

    #[test]
    fn only_a_shared_address_of_one_pupil_with_a_restricted_contact_clashes() {
        let cases = [
            ("free", vec![one("P", "A", false, "1"), one("P", "B", false, "1")], 0),
            ("restricted", vec![one("P", "A", true, "1"), one("P", "B", false, "1")], 1),
            ("both", vec![one("P", "A", true, "1"), one("P", "B", true, "1")], 1),
            ("apart", vec![one("P", "A", true, "1"), one("Q", "B", false, "1")], 0),
            ("other number", vec![one("P", "A", true, "1"), one("P", "B", false, "2")], 0),
            ("itself", vec![one("P", "A", true, "1"), one("P", "A", true, "1")], 0),
            (
                "two others",
                vec![one("P", "A", true, "1"), one("P", "B", false, "1"), one("P", "C", false, "1")],
                2,
            ),
        ];

        for (name, uses, expected) in cases {
            assert_eq!(clashes(uses.into_iter()).len(), expected, "{name}");
        }
    }
}
