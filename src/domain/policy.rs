//! The school's settings that decisions depend on.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::ToSpan;
use liaison_channels::private::Private;

use super::time::{Date, Timestamp, is_weekday, school_date};
use super::{
    acknowledge::AckPolicy,
    calendar::{Calendar, CalendarMissing, Due, Rule, due, due_words, warn_before},
    complaint::{Stage, StageDue, stage_due},
    hours::Hours,
    key_item::RecordPolicy,
    notice::NoticePolicy,
    people::Purpose,
    plain::{Advice, advice},
    second_person::SecondFor,
    standard::Meanwhile,
    topic::Topic,
    version::Known,
    wording::Templates,
};

/// So many days before the calendar ends, those who can enter the next terms are told.
pub const CALENDAR_WARNING: i64 = 90;
/// How many days are looked through for a school day: longer than any holiday.
const NEAR: usize = 62;

/// The school as carers know it.
#[derive(Debug, Clone)]
pub struct School {
    /// `Northfield School`.
    pub name: String,
    /// The office's number as it is written for people.
    pub office_phone: String,
}

/// What a text may say of a weekly update (R12: a text is information only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextUpdate {
    /// Only that it is ready, and whom to ring.
    Notice,
    /// All of it, where it fits into this many parts; otherwise the notice.
    Full {
        /// The most parts a full update may take (1 part is 160 plain letters).
        max_parts: usize,
    },
}

/// How long to wait before each further try; the list's length is the number of tries after the first.
#[derive(Debug, Clone)]
pub struct RetrySchedule(pub Vec<Duration>);

impl RetrySchedule {
    /// The wait after `tries` failed tries (1 or more), or `None` when they were the last.
    pub fn after(&self, tries: u16) -> Option<Duration> {
        self.0.get(usize::from(tries).checked_sub(1)?).copied()
    }
}

/// Everything a decision may depend on besides the facts of the case.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The school.
    pub school: School,
    /// What a text may say.
    pub text_update: TextUpdate,
    /// When messages may leave.
    pub hours: Hours,
    /// `Some`: only these addresses can be reached; all else is recorded as "would have been sent".
    pub rehearsal: Option<BTreeSet<Private<String>>>,
    /// The retry schedule.
    pub retry: RetrySchedule,
    /// More messages than this in an hour stop all sending until a person releases it.
    pub ceiling_per_hour: u32,
    /// More messages than this in an hour do not leave for one address: the next one waits. 0: no limit.
    pub address_per_hour: u32,
    /// The site that carers reach, such as `https://liaison.northfield.example`: there each ends newsletters for themselves.
    /// `None`: newsletters carry no link.
    pub carers_url: Option<String>,
    /// Whether an address that a colleague typed is confirmed at it before anything else goes there.
    pub confirm_addresses: bool,
    /// What goes to a carer of another language while a colleague's words wait to be translated or read to them.
    pub meanwhile: Meanwhile,
    /// School days until a call or letter should be done.
    pub task_days: u8,
    /// Calls without reaching the carer until the task goes up to the SLT.
    pub call_tries: u8,
    /// How long what a page queued can be taken back (R15).
    pub undo: Duration,
    /// What is sent only after a second person has approved it (R17).
    pub approval: BTreeSet<SecondFor>,
    /// What is about these never goes by text, unless the SLT lets one item (R12).
    pub never_by_text: BTreeSet<Topic>,
    /// The school's own words with what families are told instead (R49).
    pub plain_words: Vec<(String, String)>,
    /// Automatic acknowledgements.
    pub acknowledge: AckPolicy,
    /// How colleagues are told that something waits for them.
    pub notices: NoticePolicy,
    /// The school's calendar; without one no date is named, for none is guessed.
    pub calendar: Option<Calendar>,
    /// How the days are counted until a person answers.
    pub clock: Rule,
    /// School days that each stage of a complaint takes: the school's own timescales.
    pub stage_days: [u8; 3],
    /// The words around what colleagues write, in every language.
    pub templates: Arc<Templates>,
    /// How the school's own recording system names what goes on there.
    pub records: RecordPolicy,
    /// The version of all this, once it was asked for.
    pub known: Known,
}

impl Policy {
    /// How words to a family could be plainer, by our words and the school's own.
    pub fn advice(&self, words: &str) -> Vec<Advice> {
        advice(words, &self.plain_words)
    }

    /// When a message that was received then is to be answered by a person.
    pub fn answer_due(&self, received: Timestamp) -> Result<Due, CalendarMissing> {
        match &self.calendar {
            Some(calendar) => due(received, calendar, &self.clock),
            None => Err(CalendarMissing::entirely(received)),
        }
    }

    /// Why it is due then, or why no date can be named, in one sentence.
    pub fn due_words(&self, received: Timestamp, due: &Result<Due, CalendarMissing>) -> String {
        match (due, &self.calendar) {
            (Ok(due), Some(calendar)) => due_words(due, received, calendar, &self.clock),
            (Ok(due), None) => format!("due {}", super::time::moment_in_words(due.at)),
            (Err(missing), _) => missing.sentence(),
        }
    }

    /// In how many days the calendar ends, once that is soon (R39); negative when it has ended, and 0 where there is none.
    pub fn calendar_ends(&self, today: Date) -> Option<i64> {
        match &self.calendar {
            Some(calendar) => warn_before(calendar, today, CALENDAR_WARNING),
            None => Some(0),
        }
    }

    /// By when a stage of a complaint that began then is due.
    pub fn stage_due(&self, stage: Stage, began: Timestamp) -> StageDue {
        stage_due(stage, self.days_of(stage), began, self.calendar.as_ref(), &self.clock)
    }

    /// How many school days a stage of a complaint takes.
    pub const fn days_of(&self, stage: Stage) -> u8 {
        let [informal, formal, panel] = self.stage_days;
        match stage {
            Stage::Informal => informal,
            Stage::Formal => formal,
            Stage::Panel => panel,
        }
    }

    /// By which calendar clocks are counted now: its version, or `none`.
    pub fn calendar_version(&self) -> String {
        self.calendar.as_ref().map_or_else(|| "none".to_owned(), Calendar::version_hex)
    }

    /// The nearest days on which somebody is at school: the last before `day`, not before `today`, and the first after both;
    /// within two months, as far as the calendar reaches.
    pub fn school_days_near(&self, day: Date, today: Date) -> Vec<Date> {
        let counts = |day: &Date| match &self.calendar {
            Some(calendar) => self.clock.counts(calendar, *day) == Some(true),
            None => is_weekday(*day),
        };
        let before =
            day.series(-1_i32.days()).skip(1).take(NEAR).take_while(|near| *near >= today).find(counts);
        let after = day.max(today).series(1_i32.days()).take(NEAR).find(|near| *near != day && counts(near));
        before.into_iter().chain(after).collect()
    }

    /// Whether somebody is at school on a day. Where the calendar does not say, on a weekday: nothing is promised by it.
    pub fn is_school_day(&self, day: Date) -> bool {
        let known = self.calendar.as_ref().and_then(|calendar| self.clock.counts(calendar, day));
        known.unwrap_or_else(|| is_weekday(day))
    }

    /// `None` when a message for this purpose may leave now; otherwise the next moment at which it may (R16).
    pub fn wait(&self, purpose: Purpose, now: Timestamp) -> Option<Timestamp> {
        match purpose {
            // The one answers a message that came just now: its writer is awake, and waits to know that it arrived. The other
            // is the explicit exception, whose reason is kept.
            Purpose::Acknowledgement | Purpose::Urgent => None,
            // Somebody asked, and a colleague who is at work in the holidays answers: not at night, nor at the weekend.
            Purpose::Reply => self.hours.in_holidays_too().wait(now, |day| self.is_school_day(day)),
            Purpose::WeeklyUpdate | Purpose::Newsletter | Purpose::Notice | Purpose::Report => {
                self.hours.wait(now, |day| self.is_school_day(day))
            }
        }
    }

    /// The day by which a task opened now should be done: that many school days on.
    pub fn task_due(&self, now: Timestamp) -> Date {
        let mut day = school_date(now);
        let mut left = self.task_days;
        while left > 0 {
            day = day.tomorrow().unwrap_or(day);
            left -= u8::from(self.is_school_day(day) || day == Date::MAX);
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_ends_after_its_last_wait() {
        let schedule = RetrySchedule(vec![Duration::from_mins(1), Duration::from_mins(5)]);

        assert_eq!(
            [1, 2, 3].map(|tries| schedule.after(tries).map(|wait| wait.as_secs())),
            [Some(60), Some(300), None]
        );
    }
}
