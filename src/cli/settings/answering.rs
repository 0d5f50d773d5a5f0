//! The settings of what arrives: the school's calendar, the clock, automatic acknowledgements, and the stages of a complaint.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Problems;
use crate::domain::{
    acknowledge::AckPolicy,
    calendar::{Calendar, Rule, read},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarSection {
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnsweringSection {
    days: u8,
    day_end: String,
    inset_counts: bool,
    after_hours: Option<String>,
    acknowledge: bool,
    counts_as_acknowledgement: bool,
    per_sender_day: u32,
    per_domain_hour: u32,
    per_hour: u32,
    once_days: u16,
    oldest_days: u16,
    urgent: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ComplaintsSection {
    stage_days: Vec<u8>,
}

/// What both sections come to.
pub(super) struct Answering {
    pub(super) calendar: Option<Calendar>,
    pub(super) rule: Rule,
    pub(super) acknowledge: AckPolicy,
}

impl Problems {
    pub(super) fn answering(
        &mut self,
        calendar: &CalendarSection,
        answering: &AnsweringSection,
    ) -> Option<Answering> {
        let time = "a time of day such as 17:00";
        let day_end = self.parsed("answering.day_end", &answering.day_end, time);
        let after_hours = match &answering.after_hours {
            Some(text) => Some(self.parsed("answering.after_hours", text, time)?),
            None => None,
        };
        if answering.days == 0 {
            self.0.push("answering.days is 0: a person needs at least one school day".to_owned());
        }
        let calendar = match &calendar.file {
            Some(file) => Some(self.calendar(file)?),
            None => None,
        };
        Some(Answering {
            calendar,
            rule: Rule {
                days: answering.days,
                day_end: day_end?,
                inset_counts: answering.inset_counts,
                after_hours,
            },
            acknowledge: AckPolicy {
                on: answering.acknowledge,
                counts: answering.counts_as_acknowledgement,
                per_sender_day: answering.per_sender_day,
                per_domain_hour: answering.per_domain_hour,
                per_hour: answering.per_hour,
                once_days: answering.once_days,
                oldest_days: answering.oldest_days,
                urgent_words: answering.urgent.clone(),
                more_words: String::new(),
            },
        })
    }

    pub(super) fn stage_days(&mut self, complaints: &ComplaintsSection) -> Option<[u8; 3]> {
        let days = <[u8; 3]>::try_from(complaints.stage_days.as_slice()).ok();
        let days = days.filter(|days| !days.contains(&0));
        if days.is_none() {
            self.0.push(
                "complaints.stage_days must be three numbers of school days from 1, a number for each stage"
                    .to_owned(),
            );
        }
        days
    }

    fn calendar(&mut self, file: &Path) -> Option<Calendar> {
        match read_calendar(file) {
            Ok(calendar) => Some(calendar),
            Err(problems) => {
                self.0.extend(problems.into_iter().map(|problem| format!("calendar.file: {problem}")));
                None
            }
        }
    }
}

/// Reads a calendar file; every problem of it as a sentence.
pub(in crate::cli) fn read_calendar(file: &Path) -> Result<Calendar, Vec<String>> {
    let bytes = std::fs::read(file)
        .map_err(|error| vec![format!("{} cannot be read: {}", file.display(), error.kind())])?;
    read(&bytes).map_err(|problems| {
        problems.iter().map(|problem| format!("line {}: {}", problem.line, problem.sentence)).collect()
    })
}
