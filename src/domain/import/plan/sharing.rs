//! Addresses that a restricted contact shares, seen with what is stored: a restriction that only the DSL knows of, a
//! contact that this file no longer names.

use std::collections::{BTreeMap, HashMap};

use super::{Planner, carers::is};
use crate::domain::{
    ids::{CarerId, LinkId, PupilId},
    import::{
        File,
        roll::ContactRow,
        shared::{self, Use},
    },
    people::AddressKind,
};

/// A contact of a pupil as it will be after the import.
struct Contact<'a> {
    row: Option<&'a ContactRow>,
    restricted: bool,
}

impl<'a> Planner<'a> {
    /// Refuses shared mobiles and mailboxes, warns of shared landlines and postal addresses.
    pub(super) fn sharing(&mut self) {
        let contacts = self.contacts();
        let addresses: HashMap<CarerId, Vec<(AddressKind, &'a str)>> = contacts
            .iter()
            .map(|((_, carer), contact)| (*carer, self.addresses_of(*carer, contact.row)))
            .collect();
        let uses = contacts.iter().flat_map(|((pupil, carer), contact)| {
            let pupil = self.pupil_refs.get(pupil).copied().unwrap_or_default();
            let carer_ref = self.contact_refs.get(carer).copied().unwrap_or_default();
            let line = contact.row.map(|row| row.line);
            addresses.get(carer).into_iter().flatten().map(move |(kind, value)| Use {
                pupil,
                carer: carer_ref,
                line,
                restricted: contact.restricted,
                kind: *kind,
                value,
            })
        });
        for clash in shared::clashes(uses) {
            if shared::is_sent_to(clash.kind) {
                self.problems.refuse(File::Contacts, clash.line, Some(clash.column()), clash.refusal());
            } else {
                self.problems.warn(File::Contacts, clash.line, Some(clash.column()), clash.warning());
            }
        }
    }

    /// Every contact of every pupil of the file.
    fn contacts(&self) -> BTreeMap<(PupilId, CarerId), Contact<'a>> {
        let mut contacts = BTreeMap::new();
        for ids in self.stored.links.keys() {
            if self.pupil_refs.get(&ids.0).is_some_and(|pupil| self.pupil_ids.contains_key(pupil)) {
                contacts.insert(*ids, Contact { row: None, restricted: self.is_restricted(*ids) });
            }
        }
        for row in &self.roll.contacts {
            let pupil = self.pupil_ids.get(row.pupil_ref.as_str()).copied();
            let carer = self.carer_ids.get(row.contact_ref.as_str()).copied();
            if let (Some(pupil), Some(carer)) = (pupil, carer) {
                let by_file = row
                    .restriction
                    .as_ref()
                    .is_some_and(|written| self.still_holds(written.restriction.ends));
                let restricted = by_file || self.is_restricted((pupil, carer));
                contacts.insert((pupil, carer), Contact { row: Some(row), restricted });
            }
        }
        contacts
    }

    fn is_restricted(&self, ids: (PupilId, CarerId)) -> bool {
        let link: Option<LinkId> = self.stored.links.get(&ids).map(|link| link.id);
        let restrictions = link.and_then(|link| self.stored.restrictions.get(&link));
        restrictions.into_iter().flatten().any(|known| self.still_holds(known.restriction.ends))
    }

    /// The addresses a carer will have in use.
    fn addresses_of(&self, carer: CarerId, row: Option<&'a ContactRow>) -> Vec<(AddressKind, &'a str)> {
        let stored = self.stored;
        let written = row.map_or(&[][..], |row| row.addresses.as_slice());
        let kept = stored.uses.get(&carer).into_iter().flatten().filter(|known| {
            known.in_use
                && (row.is_none() || !self.owns(known))
                && !written.iter().any(|address| is(known, address))
        });
        let kept = kept.map(|known| (known.kind, known.value.expose().as_str()));
        written.iter().map(|address| (address.kind, address.value.expose().as_str())).chain(kept).collect()
    }
}
