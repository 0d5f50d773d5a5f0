//! The birthdays that change whom the school may tell: at 16 a pupil is asked, at 18 nobody is told by right any more
//! (parental responsibility ends: Children Act 1989 s.3 with s.105).

use jiff::ToSpan as _;

use super::time::Date;

/// At this age a pupil is asked whom the school may tell.
pub const ASKED_AT: i16 = 16;
/// At this age a pupil is a child no longer.
pub const ADULT_AT: i16 = 18;
/// So many days before such a birthday the school is reminded of it.
const AHEAD_DAYS: i64 = 30;

/// The day on which somebody born on that day reaches an age. Who was born on 29 February does so on 1 March in a year without
/// that day.
pub fn turns(born: Date, age: i16) -> Date {
    let year = born.year().saturating_add(age);
    Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, 3, 1)).unwrap_or(Date::MAX)
}

/// The last day that today is a reminder ahead of.
pub fn reminded_until(today: Date) -> Date {
    today.saturating_add(AHEAD_DAYS.days())
}

/// Who was born on this day or before reaches the age by `by`, give or take a leap day.
pub fn born_by(by: Date, age: i16) -> Date {
    by.saturating_sub(i64::from(age).years())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_is_the_day_itself_and_after_a_leap_day_the_first_of_march() {
        for (born, age, day) in [
            ("2008-11-27", 18, "2026-11-27"),
            ("2010-01-01", 16, "2026-01-01"),
            ("2008-02-29", 16, "2024-02-29"),
            ("2008-02-29", 18, "2026-03-01"),
        ] {
            assert_eq!(turns(born.parse().expect("a day"), age).to_string(), day, "{born} {age}");
        }
    }

    #[test]
    fn whoever_turns_an_age_by_a_day_was_born_by_the_day_that_is_looked_for() {
        let by: Date = "2026-03-01".parse().expect("a day");

        for born in ["2008-02-29", "2008-03-01", "2007-12-31"] {
            let born: Date = born.parse().expect("a day");
            assert!(turns(born, ADULT_AT) <= by && born <= born_by(by, ADULT_AT), "{born}");
        }
    }
}
