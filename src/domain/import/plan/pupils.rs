//! Pupils.

use std::collections::HashMap;

use super::Planner;
use crate::domain::{
    ids::{ClassId, PupilId},
    import::{
        changes::PupilWrite,
        report::{Change, Line, What},
        roll::PupilRow,
    },
};

impl<'a> Planner<'a> {
    /// Adds and changes pupils, and counts the ones that are not in the file.
    pub(super) fn pupils(&mut self, classes: &HashMap<&'a str, ClassId>) {
        let roll = self.roll;
        for row in &roll.pupils {
            let id = self.pupil(row, classes);
            self.pupil_ids.insert(&row.pupil_ref, id);
            self.pupil_refs.insert(id, &row.pupil_ref);
        }
        let missing =
            self.stored.pupils.keys().filter(|known| !self.pupil_ids.contains_key(known.as_str())).count();
        self.counts.pupils.missing = missing;
    }

    fn pupil(&mut self, row: &PupilRow, classes: &HashMap<&'a str, ClassId>) -> PupilId {
        let known = self.stored.pupils.get(&row.pupil_ref);
        let id = known.map_or_else(PupilId::new, |known| known.id);
        let mut fields = known.map_or_else(|| row.fields.clone(), |known| known.fields.clone());
        let changed = fields.adopt(&row.fields, &self.roll.pupil_columns);
        let change = if known.is_none() {
            self.counts.pupils.added += 1;
            Change::Added
        } else if changed.is_empty() {
            self.counts.pupils.unchanged += 1;
            return id;
        } else {
            self.counts.pupils.changed += 1;
            Change::Changed
        };
        self.lines.push(Line::new(What::Pupil, change).pupil(&row.pupil_ref).fields(changed));
        // A class kept from before is not in this file and so not in `classes`.
        let class = fields
            .class
            .as_deref()
            .and_then(|name| classes.get(name).or_else(|| self.stored.classes.get(name)));
        let class = class.copied();
        self.changes.pupils.push(PupilWrite { id, pupil_ref: row.pupil_ref.clone(), fields, class });
        id
    }
}
