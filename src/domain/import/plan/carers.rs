//! Carers, where they can be reached, and how they wish to be.

use super::Planner;
use crate::domain::{
    ids::{AddressId, CarerId},
    import::{
        changes::{AddressUse, CarerWrite, NewAddress, PreferenceWrite},
        report::{Change, Line, What},
        roll::{ContactRow, POSTAL, WrittenAddress, routes},
        stored::StoredUse,
    },
    people::{AddressKind, Purpose},
};

/// What becomes of a wish in the file.
#[derive(PartialEq, Eq)]
enum Wish {
    Same,
    Changed,
    /// A colleague set something else, and it stays.
    LeftToStaff,
}

impl<'a> Planner<'a> {
    /// Adds and changes carers, each by its first row (all its rows agree), and counts the ones not in the file.
    pub(super) fn carers(&mut self) {
        let roll = self.roll;
        for row in &roll.contacts {
            if !self.carer_ids.contains_key(row.contact_ref.as_str()) {
                let id = self.carer(row);
                self.carer_ids.insert(&row.contact_ref, id);
                self.contact_refs.insert(id, &row.contact_ref);
            }
        }
        let missing =
            self.stored.carers.keys().filter(|known| !self.carer_ids.contains_key(known.as_str())).count();
        self.counts.carers.missing = missing;
    }

    fn carer(&mut self, row: &'a ContactRow) -> CarerId {
        let known = self.stored.carers.get(&row.contact_ref);
        let id = known.map_or_else(CarerId::new, |known| known.id);
        let mut fields = known.map_or_else(|| row.carer.clone(), |known| known.fields.clone());
        let mut changed = fields.adopt(&row.carer, &self.roll.contact_columns);
        if known.is_none() || !changed.is_empty() {
            self.changes.carers.push(CarerWrite { id, contact_ref: row.contact_ref.clone(), fields });
        }
        changed.extend(self.addresses(id, row));
        let line = Line::new(What::Carer, Change::Changed).carer(&row.contact_ref);
        match self.preference(id, row) {
            Wish::Changed => changed.push("preferred_channel"),
            Wish::LeftToStaff => {
                self.counts.preferences_left += 1;
                let note = "preferred_channel differs from what a colleague set, which stays";
                self.lines.push(Line { change: Change::Kept, ..line.clone() }.note(note));
            }
            Wish::Same => {}
        }
        if known.is_none() {
            self.counts.carers.added += 1;
            self.lines.push(Line { change: Change::Added, ..line });
        } else if changed.is_empty() {
            self.counts.carers.unchanged += 1;
        } else {
            self.counts.carers.changed += 1;
            self.lines.push(line.fields(changed));
        }
        id
    }

    /// Brings a carer's addresses to what the file says; returns the columns that changed.
    fn addresses(&mut self, carer: CarerId, row: &'a ContactRow) -> Vec<&'static str> {
        let stored = self.stored.uses.get(&carer).map_or(&[][..], Vec::as_slice);
        let mut changed = Vec::new();
        for address in &row.addresses {
            let known = stored.iter().find(|known| is(known, address));
            if known.is_some_and(|known| known.by_staff || known.in_use && known.position == address.position)
            {
                continue;
            }
            let id = known.map_or_else(|| self.address(address), |known| known.address);
            self.changes.uses.push(AddressUse { carer, address: id, position: address.position });
            once(&mut changed, address.column);
        }
        for gone in stored.iter().filter(|known| known.in_use && !known.by_staff) {
            if self.owns(gone) && !row.addresses.iter().any(|address| is(gone, address)) {
                self.changes.unused.push((carer, gone.address));
                once(&mut changed, column(gone));
            }
        }
        changed
    }

    /// The one row of an address, whoever else uses it. Its state (failing, stopped) is no file's to change.
    fn address(&mut self, address: &'a WrittenAddress) -> AddressId {
        if let Some(known) = self.stored.addresses.get(&(address.kind, address.value.clone())) {
            return *known;
        }
        *self.new_addresses.entry((address.kind, address.value.expose())).or_insert_with(|| {
            let id = AddressId::new();
            self.changes.addresses.push(NewAddress { id, kind: address.kind, value: address.value.clone() });
            id
        })
    }

    /// Whether the file has the column that this address stands in.
    pub(super) fn owns(&self, known: &StoredUse) -> bool {
        let given = &self.roll.contact_columns;
        match known.kind {
            AddressKind::Postal => given.has_any(&POSTAL),
            _ => given.has(column(known)),
        }
    }

    /// Brings a carer's preferences to what the file says, where no colleague has set them.
    fn preference(&mut self, carer: CarerId, row: &ContactRow) -> Wish {
        let mut wish = Wish::Same;
        if !self.roll.contact_columns.has("preferred_channel") {
            return wish;
        }
        let wanted = routes(row.preferred);
        // The order for the weekly update is the one the school asks carers for; answers follow it too.
        let purpose = Purpose::WeeklyUpdate;
        match self.stored.preferences.get(&(carer, purpose)) {
            Some(known) if known.routes == wanted => {}
            Some(known) if known.by_staff => {
                if row.preferred.is_some() {
                    wish = Wish::LeftToStaff;
                }
            }
            None if row.preferred.is_none() => {} // no row means the usual order
            _ => {
                self.changes.preferences.push(PreferenceWrite { carer, purpose, routes: wanted });
                wish = Wish::Changed;
            }
        }
        wish
    }
}

/// Whether a stored address is the written one.
pub(super) fn is(known: &StoredUse, written: &WrittenAddress) -> bool {
    known.kind == written.kind && known.value == written.value
}

/// The column a stored address came from.
const fn column(known: &StoredUse) -> &'static str {
    match known.kind {
        AddressKind::Email => "email",
        AddressKind::Postal => "address1",
        AddressKind::Mobile | AddressKind::Landline if known.position == 1 => "mobile",
        AddressKind::Mobile | AddressKind::Landline => "phone",
    }
}

fn once(columns: &mut Vec<&'static str>, column: &'static str) {
    if !columns.contains(&column) {
        columns.push(column);
    }
}
