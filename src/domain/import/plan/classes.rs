//! Classes and the colleagues in charge of them. Both are only ever added: who leaves a class is a person's decision.

use std::collections::{BTreeMap, HashMap, HashSet};

use liaison_channels::private::Private;

use super::Planner;
use crate::domain::{
    ids::{ClassId, StaffId},
    import::{
        changes::{NewClass, NewStaff},
        report::{Change, Line, What},
    },
};

impl<'a> Planner<'a> {
    /// Every class of the file, known or new, by name.
    pub(super) fn classes(&mut self) -> HashMap<&'a str, ClassId> {
        let mut classes = HashMap::new();
        for name in self.roll.pupils.iter().filter_map(|pupil| pupil.fields.class.as_deref()) {
            if !classes.contains_key(name) {
                classes.insert(name, self.class(name));
            }
        }
        self.class_staff(&classes);
        classes
    }

    fn class(&mut self, name: &str) -> ClassId {
        if let Some(known) = self.stored.classes.get(name) {
            return *known;
        }
        let id = ClassId::new();
        self.changes.classes.push(NewClass { id, name: name.to_owned() });
        self.counts.classes_added += 1;
        self.lines.push(Line::new(What::Class, Change::Added).note(format!("named {name}")));
        id
    }

    fn class_staff(&mut self, classes: &HashMap<&'a str, ClassId>) {
        let mut in_charge: BTreeMap<(&str, &str), ClassId> = BTreeMap::new();
        for pupil in &self.roll.pupils {
            if let (Some(email), Some(class)) = (&pupil.key_colleague, pupil.fields.class.as_deref())
                && let Some(id) = classes.get(class)
            {
                in_charge.insert((class, email.expose()), *id);
            }
        }
        let mut new: HashMap<&str, StaffId> = HashMap::new();
        let mut put: HashSet<(ClassId, StaffId)> = HashSet::new();
        for ((class, email), class_id) in in_charge {
            let known = self.stored.staff.get(&Private::from(email)).or_else(|| new.get(email)).copied();
            let staff_id = known.unwrap_or_else(|| self.colleague(email));
            new.insert(email, staff_id);
            if !self.stored.class_staff.contains(&(class_id, staff_id)) && put.insert((class_id, staff_id)) {
                self.changes.class_staff.push((class_id, staff_id));
                self.lines.push(
                    Line::new(What::Staff, Change::Added).note(format!("a colleague for class {class}")),
                );
            }
        }
    }

    fn colleague(&mut self, email: &str) -> StaffId {
        let id = StaffId::new();
        let name = Private::from(email.split('@').next().unwrap_or(email));
        self.changes.staff.push(NewStaff { id, name, email: Private::from(email) });
        self.counts.staff_added += 1;
        id
    }
}
