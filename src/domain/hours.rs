//! The hours and days at which messages leave (R16).

use super::time::{Date, Time, Timestamp, is_weekday, school_zone};

/// On which days messages leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// Every day.
    Every,
    /// Monday to Friday, in holidays too.
    Weekdays,
    /// The school days of the calendar.
    School,
}

impl Days {
    /// The word of the setting; `None` where it is none of them.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "every_day" => Some(Self::Every),
            "weekdays" => Some(Self::Weekdays),
            "school_days" => Some(Self::School),
            _ => None,
        }
    }
}

/// When messages may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// First moment of the day, school time.
    pub from: Time,
    /// From this moment on nothing leaves, school time. Equal to `from`: all day.
    pub until: Time,
    /// On which days.
    pub days: Days,
}

/// Days that are looked through for one on which messages leave: more than a year, so that one is found in any calendar.
const FAR: usize = 400;

impl Hours {
    /// At any time: for the demo and for tests.
    pub const ALWAYS: Self = Self { from: Time::midnight(), until: Time::midnight(), days: Days::Every };

    /// The same hours, on the weekdays of the holidays too.
    #[must_use]
    pub const fn in_holidays_too(self) -> Self {
        let days = match self.days {
            Days::Every => Days::Every,
            Days::Weekdays | Days::School => Days::Weekdays,
        };
        Self { days, ..self }
    }

    /// `None` when messages may leave now; otherwise the next moment at which they may, by the days that are school days.
    pub fn wait(&self, now: Timestamp, school_day: impl Fn(Date) -> bool) -> Option<Timestamp> {
        let local = now.to_zoned_datetime(school_zone());
        let counts = |day: Date| match self.days {
            Days::Every => true,
            Days::Weekdays => is_weekday(day),
            Days::School => school_day(day),
        };
        let all_day = self.from == self.until;
        if counts(local.date()) && (all_day || (self.from <= local.time() && local.time() < self.until)) {
            return None;
        }
        let mut day = local.date();
        if all_day || local.time() >= self.from {
            day = day.tomorrow().ok()?;
        }
        let mut looked = 0;
        while !counts(day) && looked < FAR {
            day = day.tomorrow().ok()?;
            looked += 1;
        }
        day.to_datetime(self.from).to_zoned_datetime(school_zone()).ok().map(|zoned| zoned.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn hours() -> Hours {
        Hours { from: Time::constant(8, 0, 0, 0), until: Time::constant(18, 0, 0, 0), days: Days::School }
    }

    /// A week of holidays, with weekdays around it.
    fn school_day(day: Date) -> bool {
        is_weekday(day) && !(date(2026, 10, 26) <= day && day <= date(2026, 10, 30))
    }

    fn wait(hours: Hours, at: &str) -> Option<String> {
        hours.wait(at.parse().expect("an instant"), school_day).map(|until| until.to_string())
    }

    #[test]
    fn what_is_queued_on_saturday_night_leaves_on_monday_morning() {
        assert_eq!(wait(hours(), "2026-11-21T22:40:00Z").as_deref(), Some("2026-11-23T08:00:00Z"));
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
            assert_eq!(wait(hours(), at).as_deref(), expected, "{at}");
        }
    }

    #[test]
    fn what_is_queued_in_half_term_leaves_when_school_is_back_in_winter_time() {
        let cases = [
            ("2026-10-23T17:00:00Z", "2026-11-02T08:00:00Z"),
            ("2026-10-28T10:00:00Z", "2026-11-02T08:00:00Z"),
        ];

        for (at, expected) in cases {
            assert_eq!(wait(hours(), at).as_deref(), Some(expected), "{at}");
        }
        let in_holidays_too = hours().in_holidays_too();
        assert_eq!(wait(in_holidays_too, "2026-10-28T10:00:00Z"), None, "a colleague at work answers");
        assert_eq!(wait(in_holidays_too, "2026-10-31T10:00:00Z").as_deref(), Some("2026-11-02T08:00:00Z"));
    }

    #[test]
    fn a_school_that_sends_at_any_time_never_waits() {
        assert_eq!(wait(Hours::ALWAYS, "2026-11-21T22:40:00Z"), None);
    }

    #[test]
    fn all_day_on_school_days_still_waits_out_the_weekend() {
        let hours = Hours { days: Days::Weekdays, ..Hours::ALWAYS };

        assert_eq!(wait(hours, "2026-11-21T22:40:00Z").as_deref(), Some("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn a_calendar_without_any_school_day_does_not_hold_a_message_for_ever() {
        let until = hours().wait("2026-11-21T22:40:00Z".parse().expect("an instant"), |_| false);

        assert!(until.is_some_and(|until| until < "2028-01-01T00:00:00Z".parse().expect("an instant")));
    }
}
