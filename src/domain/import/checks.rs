//! What only several rows together can tell.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::{
    File,
    problem::Problems,
    roll::{ContactRow, Roll},
    shared::{self, Use},
};
use crate::domain::{
    people::{AddressKind, Responsibility},
    time::Date,
};

/// Contacts that may be one person entered once per child. Never merged by an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The contacts, by `contact_ref`, in order.
    pub contact_refs: Vec<String>,
    /// What to do about it.
    pub sentence: String,
}

/// Rows for pupils that are not in the other file.
pub(super) fn unknown_pupils(
    contacts: &[ContactRow],
    pupils: &HashMap<String, u64>,
    problems: &mut Problems,
) {
    for contact in contacts.iter().filter(|contact| !pupils.contains_key(&contact.pupil_ref)) {
        let sentence = "No pupil in pupils.csv has this pupil_ref: add the pupil or delete the row.";
        problems.refuse(File::Contacts, Some(contact.line), Some("pupil_ref"), sentence);
    }
}

/// The same contact twice for one pupil, and rows of one contact that contradict each other.
pub(super) fn one_contact_one_person(contacts: &[ContactRow], problems: &mut Problems) {
    let mut pairs: HashMap<(&str, &str), u64> = HashMap::new();
    let mut first: HashMap<&str, &ContactRow> = HashMap::new();
    for contact in contacts {
        let line = Some(contact.line);
        if let Some(before) = pairs.insert((&contact.pupil_ref, &contact.contact_ref), contact.line) {
            let sentence = format!("Line {before} has the same contact for the same pupil: keep one.");
            problems.refuse(File::Contacts, line, Some("contact_ref"), sentence);
            continue;
        }
        let known = *first.entry(&contact.contact_ref).or_insert(contact);
        for column in contradictions(known, contact) {
            let sentence = format!(
                "Line {} has another value for the same contact_ref: one contact is one person, so make the rows agree or \
                 give this one its own contact_ref.",
                known.line
            );
            problems.refuse(File::Contacts, line, Some(column), sentence);
        }
    }
}

fn contradictions(one: &ContactRow, other: &ContactRow) -> Vec<&'static str> {
    let mut columns = one.carer.differing(&other.carer);
    if one.preferred != other.preferred {
        columns.push("preferred_channel");
    }
    let by_column = |contact: &ContactRow, column: &str| {
        contact.addresses.iter().find(|address| address.column == column).map(|address| address.value.clone())
    };
    columns.extend(
        ["email", "mobile", "phone", "address1"]
            .into_iter()
            .filter(|column| by_column(one, column) != by_column(other, column)),
    );
    columns
}

/// A mobile or mailbox that a restricted and another contact of one pupil share: what is sent to one would reach both.
pub(super) fn shared_with_restricted(contacts: &[ContactRow], today: Date, problems: &mut Problems) {
    let uses = contacts.iter().flat_map(|contact| {
        let restricted = contact
            .restriction
            .as_ref()
            .is_some_and(|written| written.restriction.ends.is_none_or(|ends| today <= ends));
        contact.addresses.iter().map(move |address| Use {
            pupil: &contact.pupil_ref,
            carer: &contact.contact_ref,
            line: Some(contact.line),
            restricted,
            kind: address.kind,
            value: address.value.expose(),
        })
    });
    for clash in shared::clashes(uses).iter().filter(|clash| shared::is_sent_to(clash.kind)) {
        problems.refuse(File::Contacts, clash.line, Some(clash.column()), clash.refusal());
    }
}

/// Pupils for whom the school should know more than the file says.
pub(super) fn thin_pupils(roll: &Roll, problems: &mut Problems) {
    let mut contacts: HashMap<&str, Vec<&ContactRow>> = HashMap::new();
    for contact in &roll.contacts {
        contacts.entry(&contact.pupil_ref).or_default().push(contact);
    }
    for pupil in &roll.pupils {
        let mut warn = |sentence: &str| problems.warn(File::Pupils, Some(pupil.line), None, sentence);
        let contacts = contacts.get(pupil.pupil_ref.as_str()).map_or(&[][..], Vec::as_slice);
        if contacts.is_empty() {
            warn("The pupil has no contact at all: nobody will hear about the pupil.");
            continue;
        }
        if !contacts.iter().any(|contact| contact.link.parental_responsibility == Responsibility::Yes) {
            warn("No contact of the pupil is recorded as having parental responsibility: find out who has.");
        }
        let for_emergencies = contacts.iter().filter(|contact| contact.link.emergency_contact).count();
        if roll.contact_columns.has("emergency_contact") && for_emergencies < 2 {
            warn("The pupil has fewer than two emergency contacts: ask for another where possible.");
        }
    }
}

/// Contacts with the same mailbox and surname under different ids, unless they stand side by side on one pupil: then
/// they are two people who share a mailbox.
pub(super) fn proposals(contacts: &[ContactRow]) -> Vec<Proposal> {
    let mut pupils: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut groups: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for contact in contacts {
        pupils.entry(&contact.contact_ref).or_default().insert(&contact.pupil_ref);
        if let Some(email) = contact.addresses.iter().find(|address| address.kind == AddressKind::Email) {
            let key = (email.value.expose().clone(), contact.carer.surname.expose().to_lowercase());
            groups.entry(key).or_default().insert(&contact.contact_ref);
        }
    }
    let apart = |one: &str, other: &str| match (pupils.get(one), pupils.get(other)) {
        (Some(of_one), Some(of_other)) => one != other && of_one.is_disjoint(of_other),
        _ => false,
    };
    let mut proposals: Vec<Proposal> = groups
        .values()
        .map(|group| {
            let alike = group.iter().filter(|one| group.iter().any(|other| apart(one, other)));
            alike.map(|one| (*one).to_owned()).collect::<Vec<_>>()
        })
        .filter(|contact_refs| contact_refs.len() > 1)
        .map(|contact_refs| Proposal {
            sentence: format!(
                "Contacts {} have the same email and surname: if they are one person, give them one contact_ref.",
                contact_refs.join(", ")
            ),
            contact_refs,
        })
        .collect();
    proposals.sort_by(|one, other| one.contact_refs.cmp(&other.contact_refs));
    proposals
}
