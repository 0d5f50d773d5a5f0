//! The section of records elsewhere.

use std::path::PathBuf;

use serde::Deserialize;

use super::Problems;
use crate::domain::key_item::{Filed, RecordPolicy};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordsSection {
    folder: String,
    safeguarding: Filed,
    send: Filed,
    behaviour: Filed,
}

impl Problems {
    /// How the school's own recording system names what goes on there, and the folder for sheets, if there is one.
    pub(super) fn records(&mut self, section: RecordsSection) -> (RecordPolicy, Option<PathBuf>) {
        for (topic, filed) in [
            ("safeguarding", &section.safeguarding),
            ("send", &section.send),
            ("behaviour", &section.behaviour),
        ] {
            if filed.category.trim().is_empty() {
                self.0
                    .push(format!("records.{topic}.category is empty: write what the other system calls it"));
            }
            if [&filed.category, &filed.alert_to].iter().any(|text| text.contains(|c: char| c.is_control())) {
                self.0.push(format!("records.{topic}: write one line of text"));
            }
        }
        let folder = Some(section.folder.trim()).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        if folder.as_ref().is_some_and(|folder| !folder.is_absolute()) {
            self.0.push("records.folder must be a whole path, such as /srv/liaison/records".to_owned());
        }
        let RecordsSection { safeguarding, send, behaviour, .. } = section;
        (RecordPolicy { safeguarding, send, behaviour }, folder)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_text;

    #[test]
    fn the_school_says_how_the_other_system_calls_each_topic() {
        let own = "[records.send]\ncategory = \"Learning support\"\nalert_to = \"Mrs Hill\"\n";
        let read = read_text(own).expect("valid").policy.records;
        let none = read_text("").expect("valid").record_folder;
        let relative = read_text("[records]\nfolder = \"records\"\n").expect_err("problems").to_string();
        let wrong =
            read_text("[records.send]\ncategory = \" \"\n[records.behaviour]\nalert_to = \"a\\nb\"\n");
        let wrong = wrong.expect_err("problems").to_string();

        assert_eq!(
            (read.send.category.as_str(), read.send.alert_to.as_str()),
            ("Learning support", "Mrs Hill")
        );
        assert!(none.is_none() && relative.contains("records.folder must be a whole path"), "{relative}");
        assert_eq!(read.behaviour.category, "Behaviour", "the others stay as they were");
        assert!(wrong.contains("records.send.category is empty"), "{wrong}");
        assert!(wrong.contains("records.behaviour: write one line of text"), "{wrong}");
    }
}
