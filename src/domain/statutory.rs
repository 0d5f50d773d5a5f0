//! Clocks that the law sets: they run through holidays, weekends and closures (R45, T15). Sources: `reference` facts on UK GDPR
//! Art. 12(3) and 15, and on DPA 2018 s.164A.

use jiff::ToSpan as _;

use super::time::{Date, Time, Timestamp, day_in_full, moment_in_full, school_date, school_zone};

/// A duty with a time that the law sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statutory {
    /// A subject access request: answered within one month (UK GDPR Art. 12(3)).
    SubjectAccess,
    /// A complaint about data protection: acknowledged within 30 days (DPA 2018 s.164A).
    DataComplaint,
}

/// When it is due, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatutoryDue {
    /// The last moment that counts, UTC: the end of the school's own day, so that somebody is there.
    pub at: Timestamp,
    /// The day of it, school time.
    pub day: Date,
    /// Why it is due then, in one sentence.
    pub words: String,
}

impl Statutory {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SubjectAccess, Self::DataComplaint];

    /// The word that is stored as the clock's kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubjectAccess => "subject_access",
            Self::DataComplaint => "data_complaint",
        }
    }

    /// What is due, as a page says it before "by".
    pub const fn duty(self) -> &'static str {
        match self {
            Self::SubjectAccess => "Answer the subject access request",
            Self::DataComplaint => "Acknowledge the data-protection complaint",
        }
    }

    /// That it is done, as the record says it.
    pub const fn done(self) -> &'static str {
        match self {
            Self::SubjectAccess => "the subject access request is answered",
            Self::DataComplaint => "the data-protection complaint is acknowledged by a person",
        }
    }

    /// Reads the word; `None` for a clock of the school's own.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|law| law.as_str() == word)
    }

    /// When what came at this instant is due: the same day of the next month (its last day where it is shorter), or the
    /// thirtieth day after. No calendar is asked, and a weekend does not move it: what is earlier is safer.
    pub fn due(self, received: Timestamp, day_end: Time) -> StatutoryDue {
        let from = school_date(received);
        let (day, rule) = match self {
            Self::SubjectAccess => (from.saturating_add(1.month()), "one month"),
            Self::DataComplaint => (from.saturating_add(30.days()), "30 days"),
        };
        let end = day.to_datetime(day_end).to_zoned_datetime(school_zone());
        let at = end.map_or(received, |zoned| zoned.timestamp());
        let words = format!(
            "Received {}. The law gives {rule}, and holidays do not stop it; due {}",
            day_in_full(from, day),
            moment_in_full(at, received)
        );
        StatutoryDue { at, day, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Time = Time::constant(17, 0, 0, 0);

    #[test]
    fn the_law_counts_through_holidays_and_short_months() {
        let cases = [
            (Statutory::SubjectAccess, "2026-12-20T10:00:00Z", "2027-01-20T17:00:00Z"),
            (Statutory::SubjectAccess, "2027-01-31T10:00:00Z", "2027-02-28T17:00:00Z"),
            (Statutory::SubjectAccess, "2028-01-31T10:00:00Z", "2028-02-29T17:00:00Z"),
            (Statutory::SubjectAccess, "2026-07-21T10:00:00Z", "2026-08-21T16:00:00Z"),
            // Over the change of the clocks, and a receipt whose UTC date is the day before.
            (Statutory::SubjectAccess, "2026-10-10T10:00:00Z", "2026-11-10T17:00:00Z"),
            (Statutory::SubjectAccess, "2027-04-15T23:30:00Z", "2027-05-16T16:00:00Z"),
            (Statutory::DataComplaint, "2026-12-18T16:00:00Z", "2027-01-17T17:00:00Z"),
            (Statutory::DataComplaint, "2027-01-31T10:00:00Z", "2027-03-02T17:00:00Z"),
        ];

        for (kind, received, due) in cases {
            let found = kind.due(received.parse().expect("an instant"), FIVE);
            assert_eq!(found.at.to_string(), due, "{received}");
            assert_eq!(found.day, school_date(found.at));
        }
    }

    #[test]
    fn a_clock_says_why_it_is_due_then() {
        let due = Statutory::SubjectAccess.due("2026-12-20T10:00:00Z".parse().expect("an instant"), FIVE);

        assert_eq!(
            due.words,
            "Received Sunday 20 December 2026. The law gives one month, and holidays do not stop it; \
             due Wednesday 20 January 2027, 17:00"
        );
    }
}
