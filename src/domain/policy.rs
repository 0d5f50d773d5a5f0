//! The school's settings that decisions depend on.

use std::{collections::BTreeSet, time::Duration};

use jiff::ToSpan;
use liaison_channels::private::Private;

use super::time::{Date, Time, Timestamp, is_weekday, school_date, school_zone};
use super::{
    acknowledge::AckPolicy,
    announcement::AudienceKind,
    calendar::{Calendar, CalendarMissing, Due, Rule, due, due_words},
};

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

/// When messages may leave.
#[derive(Debug, Clone, Copy)]
pub struct Hours {
    /// First moment of the day, school time.
    pub from: Time,
    /// From this moment on nothing leaves, school time. Equal to `from`: all day.
    pub until: Time,
    /// Whether Saturdays and Sundays count too.
    pub weekends: bool,
}

impl Hours {
    /// At any time: for the demo and for tests.
    pub const ALWAYS: Self = Self { from: Time::midnight(), until: Time::midnight(), weekends: true };

    /// `None` when messages may leave now; otherwise the next moment at which they may.
    pub fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned_datetime(school_zone());
        let all_day = self.from == self.until;
        if self.day_counts(local.date())
            && (all_day || (self.from <= local.time() && local.time() < self.until))
        {
            return None;
        }
        let mut day = local.date();
        if all_day || local.time() >= self.from {
            day = day.tomorrow().ok()?;
        }
        while !self.day_counts(day) {
            day = day.tomorrow().ok()?;
        }
        day.to_datetime(self.from).to_zoned_datetime(school_zone()).ok().map(|zoned| zoned.timestamp())
    }

    fn day_counts(&self, day: Date) -> bool {
        self.weekends || is_weekday(day)
    }
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
    /// Working days until a call or letter should be done.
    pub task_days: u8,
    /// Calls without reaching the carer until the task goes up to the SLT.
    pub call_tries: u8,
    /// How long what a page queued can be taken back (R15).
    pub undo: Duration,
    /// Audiences that are told only after a second person has approved it (R17).
    pub approval: BTreeSet<AudienceKind>,
    /// What one part of a text costs, in pence; 0: not known.
    pub text_part_pence: f64,
    /// Automatic acknowledgements.
    pub acknowledge: AckPolicy,
    /// The school's calendar; without one no date is named, for none is guessed.
    pub calendar: Option<Calendar>,
    /// How the days are counted until a person answers.
    pub clock: Rule,
}

impl Policy {
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

    /// What so many parts of texts cost in pounds, such as `£1.08`; `None` where what a part costs is not known.
    pub fn texts_cost(&self, parts: usize) -> Option<String> {
        let parts = u32::try_from(parts).unwrap_or(u32::MAX);
        let pounds = f64::from(parts) * self.text_part_pence / 100.0;
        (self.text_part_pence > 0.0).then(|| format!("£{pounds:.2}"))
    }

    /// The day by which a task opened now should be done: that many weekdays on.
    pub fn task_due(&self, now: Timestamp) -> Date {
        let mut day = school_date(now);
        let mut left = self.task_days;
        while left > 0 {
            day = day.tomorrow().unwrap_or(day);
            left -= u8::from(is_weekday(day));
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        Hours { from: Time::constant(8, 0, 0, 0), until: Time::constant(18, 0, 0, 0), weekends: false }
    }

    fn wait(at: &str) -> Option<String> {
        hours().wait(at.parse().expect("an instant")).map(|until| until.to_string())
    }

    #[test]
    fn what_is_queued_on_saturday_night_leaves_on_monday_morning() {
        assert_eq!(wait("2026-11-21T22:40:00Z").as_deref(), Some("2026-11-23T08:00:00Z"));
    }

    #[test]
    fn hours_are_school_time_also_in_summer() {
        let cases = [
            ("2026-11-23T08:00:00Z", None),
            ("2026-11-23T07:59:59Z", Some("2026-11-23T08:00:00Z")),
            ("2026-11-23T17:59:59Z", None),
            ("2026-11-23T18:00:00Z", Some("2026-11-24T08:00:00Z")),
            ("2026-11-27T18:00:00Z", Some("2026-11-30T08:00:00Z")),
            ("2026-06-15T07:00:00Z", None),
            ("2026-06-15T17:00:00Z", Some("2026-06-16T07:00:00Z")),
        ];

        for (at, expected) in cases {
            assert_eq!(wait(at).as_deref(), expected, "{at}");
        }
    }

    #[test]
    fn a_school_that_sends_at_any_time_never_waits() {
        assert_eq!(Hours::ALWAYS.wait("2026-11-21T22:40:00Z".parse().expect("an instant")), None);
    }

    #[test]
    fn all_day_on_school_days_still_waits_out_the_weekend() {
        let hours = Hours { weekends: false, ..Hours::ALWAYS };

        let until = hours.wait("2026-11-21T22:40:00Z".parse().expect("an instant"));

        assert_eq!(until.map(|until| until.to_string()).as_deref(), Some("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn the_schedule_ends_after_its_last_wait() {
        let schedule = RetrySchedule(vec![Duration::from_mins(1), Duration::from_mins(5)]);

        assert_eq!(
            [1, 2, 3].map(|tries| schedule.after(tries).map(|wait| wait.as_secs())),
            [Some(60), Some(300), None]
        );
    }
}
