//! Links, the restrictions on them, and the links that are no longer in the file.

use std::collections::HashSet;

use super::Planner;
use crate::domain::{
    ids::{CarerId, LinkId, PupilId, RestrictionId, TaskId},
    import::{
        File,
        changes::{LinkWrite, NewRestriction, Review},
        report::{Change, Line, What},
        roll::{ContactRow, WrittenRestriction},
        stored::StoredRestriction,
    },
    people::RestrictionKind,
};

/// How many links must be missing, and be more than a fifth, before the file looks like a part of one.
const MANY: usize = 10;

/// The ids of a row's link.
#[derive(Clone, Copy)]
struct Ids {
    link: LinkId,
    carer: CarerId,
    pupil: PupilId,
}

impl Planner<'_> {
    /// Adds and changes links, and tightens their restrictions.
    pub(super) fn links(&mut self) {
        let roll = self.roll;
        for row in &roll.contacts {
            let carer = self.carer_ids.get(row.contact_ref.as_str()).copied();
            let pupil = self.pupil_ids.get(row.pupil_ref.as_str()).copied();
            if let (Some(carer), Some(pupil)) = (carer, pupil) {
                let link = self.link(row, carer, pupil);
                self.restriction(row, Ids { link, carer, pupil });
            }
        }
    }

    fn link(&mut self, row: &ContactRow, carer: CarerId, pupil: PupilId) -> LinkId {
        let known = self.stored.links.get(&(pupil, carer));
        let id = known.map_or_else(LinkId::new, |known| known.id);
        let mut fields = known.map_or_else(|| row.link.clone(), |known| known.fields.clone());
        let changed = fields.adopt(&row.link, &self.roll.contact_columns);
        let change = match known {
            None => {
                self.counts.links.added += 1;
                Change::Added
            }
            Some(known) if !known.missing && changed.is_empty() => {
                self.counts.links.unchanged += 1;
                return id;
            }
            Some(known) => {
                self.counts.links.changed += 1;
                if known.missing { Change::Returned } else { Change::Changed }
            }
        };
        self.lines.push(link_line(What::Link, change, row).fields(changed));
        self.changes.links.push(LinkWrite { id, carer, pupil, fields });
        id
    }

    /// Adds what the file restricts and no stored restriction covers; keeps what the file would loosen.
    fn restriction(&mut self, row: &ContactRow, ids: Ids) {
        let stored = self.stored.restrictions.get(&ids.link).map_or(&[][..], Vec::as_slice);
        let file = row.restriction.as_ref();
        if let Some(written) = file {
            if stored.iter().any(|known| known.restriction.covers(&written.restriction)) {
                self.note_ref(row, written, stored);
            } else {
                self.tighten(row, written, ids);
            }
        }
        let loosened = stored
            .iter()
            .filter(|known| self.still_holds(known.restriction.ends))
            .filter(|known| !file.is_some_and(|written| written.restriction.covers(&known.restriction)));
        let kinds: Vec<RestrictionKind> = loosened.map(|known| known.restriction.kind).collect();
        // One that a stricter stored one covers is loosened with it; told and asked once per link.
        if let Some(strictest) = kinds.iter().max() {
            self.keep(row, *strictest, kinds.len(), ids);
        }
    }

    fn tighten(&mut self, row: &ContactRow, written: &WrittenRestriction, ids: Ids) {
        self.counts.restrictions.added += 1;
        let kind = written.restriction.kind;
        self.lines.push(link_line(What::Restriction, Change::Added, row).note(format!("{kind} is recorded")));
        let Ids { link, carer, pupil } = ids;
        self.changes.restrictions.push(NewRestriction {
            id: RestrictionId::new(),
            link,
            carer,
            pupil,
            written: written.clone(),
        });
    }

    fn keep(&mut self, row: &ContactRow, kind: RestrictionKind, how_many: usize, ids: Ids) {
        self.counts.restrictions.kept += how_many;
        let note = format!("the file would loosen {kind}: it is kept, and the DSL is asked");
        self.lines.push(link_line(What::Restriction, Change::Kept, row).note(note));
        let Ids { carer, pupil, .. } = ids;
        if !self.stored.reviews.contains(&(carer, pupil)) {
            self.changes.reviews.push(Review { task: TaskId::new(), carer, pupil, kind });
        }
    }

    /// Moves the pointer to the order along with the file, where an import recorded it. A blank never removes one.
    fn note_ref(&mut self, row: &ContactRow, written: &WrittenRestriction, stored: &[StoredRestriction]) {
        let same = stored.iter().find(|known| known.by_import && known.restriction == written.restriction);
        if let (Some(known), Some(note_ref)) = (same, &written.note_ref)
            && known.note_ref.as_ref() != Some(note_ref)
        {
            self.changes.note_refs.push((known.id, note_ref.clone()));
            let line = link_line(What::Restriction, Change::Changed, row);
            self.lines.push(line.fields(vec!["restriction_note_ref"]));
        }
    }

    /// Marks the links that are not in the file.
    pub(super) fn missing(&mut self) {
        let linked = |row: &ContactRow| {
            Some((
                *self.pupil_ids.get(row.pupil_ref.as_str())?,
                *self.carer_ids.get(row.contact_ref.as_str())?,
            ))
        };
        let in_file: HashSet<(PupilId, CarerId)> = self.roll.contacts.iter().filter_map(linked).collect();
        let mut gone: Vec<_> = self.stored.links.iter().filter(|(ids, _)| !in_file.contains(*ids)).collect();
        self.counts.links.missing = gone.len();
        gone.retain(|(_, link)| !link.missing);
        let known = self.stored.links.values().filter(|link| !link.missing).count();
        if gone.len() >= MANY && gone.len() * 5 > known {
            let sentence = format!(
                "{} of the {known} known links are not in this file and are marked as missing: is it the whole school?",
                gone.len()
            );
            self.problems.warn(File::Contacts, None, None, sentence);
        }
        gone.sort_by_key(|(_, link)| link.id);
        for ((pupil, carer), link) in gone {
            self.changes.missing.push(link.id);
            let mut line = Line::new(What::Link, Change::Missing);
            line.pupil_ref = self.pupil_refs.get(pupil).map(|known| (*known).to_owned());
            line.contact_ref = self.contact_refs.get(carer).map(|known| (*known).to_owned());
            self.lines.push(line);
        }
    }
}

fn link_line(what: What, change: Change, row: &ContactRow) -> Line {
    Line::new(what, change).pupil(&row.pupil_ref).carer(&row.contact_ref)
}
