//! The section of sending, and the policy that it makes with the others.

use std::{collections::BTreeSet, time::Duration};

use jiff::civil::Time;
use liaison_channels::private::Private;
use serde::Deserialize;

use super::{Problems, SchoolSection, answering::Answering};
use crate::domain::{
    hours::{Days, Hours},
    key_item::RecordPolicy,
    notice::NoticePolicy,
    policy::{Policy, RetrySchedule, School, TextUpdate},
    second_person::SecondFor,
    standard::Meanwhile,
    topic::Topic,
    version::Known,
    wording::Templates,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendingSection {
    pub(super) email_channel: Option<String>,
    pub(super) text_channel: Option<String>,
    pub(super) letter_channel: Option<String>,
    from: String,
    until: String,
    days: String,
    text_update: String,
    text_full_max_parts: usize,
    ceiling_per_hour: u32,
    address_per_hour: u32,
    carers_url: Option<String>,
    confirm_addresses: bool,
    meanwhile: String,
    retry_secs: Vec<u64>,
    task_days: u8,
    call_tries: u8,
    undo_minutes: u32,
    approval: Vec<String>,
    never_by_text: Vec<String>,
    rehearsal: bool,
    rehearsal_only: Vec<String>,
}

impl Problems {
    pub(super) fn policy(
        &mut self,
        school: SchoolSection,
        sending: &SendingSection,
        (answering, notices, stage_days, records): (Answering, NoticePolicy, [u8; 3], RecordPolicy),
    ) -> Option<Policy> {
        let time = "a time of day such as 08:00";
        let from: Option<Time> = self.parsed("sending.from", &sending.from, time);
        let until: Option<Time> = self.parsed("sending.until", &sending.until, time);
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            self.0.push("sending.from is later than sending.until: turn them round".to_owned());
        }
        let text_update = match sending.text_update.as_str() {
            "notice" => TextUpdate::Notice,
            "full" => TextUpdate::Full { max_parts: sending.text_full_max_parts },
            _ => {
                self.0.push("sending.text_update must be notice or full".to_owned());
                return None;
            }
        };
        for (setting, text) in [("school.name", &school.name), ("school.office_phone", &school.office_phone)]
        {
            if text.trim().is_empty() || text.contains(|c: char| c.is_control()) {
                self.0.push(format!("{setting} must be one line of text"));
            }
        }
        if sending.ceiling_per_hour == 0 {
            self.0.push("sending.ceiling_per_hour is 0, so nothing would ever leave".to_owned());
        }
        if sending.call_tries == 0 {
            self.0.push("sending.call_tries is 0: write at least 1, the first call".to_owned());
        }
        let days = Days::parse(&sending.days);
        if days.is_none() {
            self.0.push("sending.days must be school_days, weekdays or every_day".to_owned());
        }
        let plain_words = self.plain_words(&school.plain_words);
        let approval = self.approval(&sending.approval);
        let never_by_text = self.never_by_text(&sending.never_by_text);
        let meanwhile = Meanwhile::parse(&sending.meanwhile).unwrap_or_else(|unknown| {
            self.0.push(format!("sending.meanwhile: {unknown}"));
            Meanwhile::Nothing
        });
        let carers_url = sending.carers_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        // One press must be enough, and seen by nobody on its way (RFC 8058 §3.1).
        if carers_url
            .as_ref()
            .is_some_and(|url| !url.starts_with("https://") || url.contains(['?', '#', ' ']))
        {
            self.0.push(
                "sending.carers_url must be an address such as https://liaison.ourschool.example".to_owned(),
            );
        }
        let listed = sending
            .rehearsal_only
            .iter()
            .map(|address| Private::new(address.trim().to_lowercase()))
            .collect();
        Some(Policy {
            templates: Templates::shipped(),
            known: Known::default(),
            school: School { name: school.name, office_phone: school.office_phone },
            text_update,
            hours: Hours { from: from?, until: until?, days: days? },
            rehearsal: sending.rehearsal.then_some(listed),
            retry: RetrySchedule(sending.retry_secs.iter().copied().map(Duration::from_secs).collect()),
            ceiling_per_hour: sending.ceiling_per_hour,
            address_per_hour: sending.address_per_hour,
            carers_url,
            confirm_addresses: sending.confirm_addresses,
            meanwhile,
            task_days: sending.task_days,
            call_tries: sending.call_tries,
            plain_words,
            undo: Duration::from_secs(u64::from(sending.undo_minutes) * 60),
            approval,
            never_by_text,
            acknowledge: answering.acknowledge,
            notices,
            calendar: answering.calendar,
            clock: answering.rule,
            stage_days,
            records,
        })
    }

    /// `SENCO: Mrs Hill, who helps with special needs`, pair by pair.
    fn plain_words(&mut self, listed: &[String]) -> Vec<(String, String)> {
        let pairs = listed.iter().filter_map(|line| {
            let pair = line.split_once(':').map(|(word, say)| (word.trim(), say.trim()));
            let pair = pair.filter(|(word, say)| !word.is_empty() && !word.contains(' ') && !say.is_empty());
            if pair.is_none() {
                self.0.push(format!(
                    "school.plain_words has \"{line}\": write one word, a colon, and what families are told instead"
                ));
            }
            pair.map(|(word, say)| (word.to_owned(), say.to_owned()))
        });
        pairs.collect()
    }

    fn approval(&mut self, words: &[String]) -> BTreeSet<SecondFor> {
        let read = |word: &String| match SecondFor::parse(word) {
            Ok(audience) => Some(audience),
            Err(unknown) => {
                self.0.push(format!("sending.approval: {unknown}"));
                None
            }
        };
        words.iter().filter_map(read).collect()
    }

    fn never_by_text(&mut self, words: &[String]) -> BTreeSet<Topic> {
        let read = |word: &String| match Topic::parse(word) {
            Ok(topic) => Some(topic),
            Err(unknown) => {
                self.0.push(format!("sending.never_by_text: {unknown}"));
                None
            }
        };
        words.iter().filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::read_text, *};

    fn problems(toml: &str) -> String {
        read_text(toml).expect_err("problems").to_string()
    }

    #[test]
    fn the_schools_own_words_are_pairs_and_a_line_that_is_none_is_named() {
        let good =
            read_text("[school]\nplain_words = [\"Hub: the homework room\"]\n").expect("good settings");
        let told = problems("[school]\nplain_words = [\"Hub\", \"two words: x\", \"y:\"]\n");

        assert_eq!(good.policy.plain_words, [("Hub".to_owned(), "the homework room".to_owned())]);
        assert_eq!(told.matches("school.plain_words has").count(), 3, "{told}");
    }

    #[test]
    fn who_is_asked_to_approve_is_read_or_told_as_wrong() {
        let told = problems("[sending]\napproval = [\"everybody\"]\n");
        let policy =
            read_text("[sending]\napproval = [\"class\", \"restricted_family\"]\n").expect("valid").policy;

        assert!(told.contains("sending.approval: what a second person approves is one of: class year school sensitive restricted_family"), "{told}");
        assert_eq!(
            policy.approval.into_iter().collect::<Vec<_>>(),
            [SecondFor::Class, SecondFor::RestrictedFamily]
        );
    }

    #[test]
    fn what_never_goes_by_text_is_a_list_of_topics() {
        use Topic::{Behaviour, Medical, Safeguarding, Send, Wellbeing};
        let usual = read_text("").expect("valid").policy.never_by_text;
        let none = read_text("[sending]\nnever_by_text = []\n").expect("valid").policy.never_by_text;
        let told = problems("[sending]\nnever_by_text = [\"weather\"]\n");

        assert_eq!(
            usual.into_iter().collect::<Vec<_>>(),
            [Behaviour, Send, Medical, Safeguarding, Wellbeing]
        );
        assert!(none.is_empty());
        assert!(told.contains("sending.never_by_text: a topic is one of: attendance"), "{told}");
    }
}
