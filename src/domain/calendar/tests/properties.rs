//! Properties of the rule over any instant of the example calendar's time.

use proptest::prelude::*;

use super::*;

/// From the first to the last second of the example calendar from which four days can be counted.
const SECONDS: std::ops::Range<i64> = 1_788_217_200..1_829_000_000;

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("an instant")
}

fn dated(seconds: i64, calendar: &Calendar, rule: &Rule) -> Option<Due> {
    due(instant(seconds), calendar, rule).ok()
}

fn rule(days: u8, inset_counts: bool, late: bool) -> Rule {
    let after_hours = late.then(|| crate::domain::time::Time::constant(16, 0, 0, 0));
    Rule { days, inset_counts, after_hours, ..Rule::default() }
}

/// The last Sundays of March and October at 01:00 UTC, as published: between them London is an hour ahead.
const SUMMERS: [(&str, &str); 2] =
    [("2026-03-29T01:00Z", "2026-10-25T01:00Z"), ("2027-03-28T01:00Z", "2027-10-31T01:00Z")];

fn hours_ahead(moment: Timestamp) -> i64 {
    i64::from(SUMMERS.iter().any(|(from, until)| at(from) <= moment && moment < at(until)))
}

/// A day as a number and its weekday (Monday is 0) without any zone: days since 1970-01-01, a Thursday.
fn london_day(seconds: i64) -> i64 {
    (seconds + 3600 * hours_ahead(instant(seconds))).div_euclid(86_400)
}

fn number(day: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(day).map(|span| i64::from(span.get_days())).expect("a span")
}

proptest! {
    #[test]
    fn the_due_day_counts_and_as_many_days_are_counted_as_wanted(
        seconds in SECONDS, days in 1_u8..12, inset: bool, late: bool
    ) {
        let (calendar, rule) = (example(), rule(days, inset, late));
        if let Some(due) = dated(seconds, &calendar, &rule) {
            let receipt = crate::domain::time::school_date(instant(seconds));
            let mut between = Vec::new();
            let mut day = receipt;
            while day < due.day {
                day = day.tomorrow().expect("a day");
                between.extend((rule.counts(&calendar, day) == Some(true)).then_some(day));
            }

            prop_assert_eq!(rule.counts(&calendar, due.day), Some(true));
            prop_assert_eq!(due.counted.len(), usize::from(days));
            prop_assert_eq!(due.counted.last(), Some(&due.day));
            prop_assert!(between.ends_with(&due.counted));
            prop_assert!(late || between == due.counted);
            prop_assert!(due.at > instant(seconds));
        }
    }

    #[test]
    fn what_comes_later_is_never_due_earlier(
        one in SECONDS, other in SECONDS, inset: bool, late: bool
    ) {
        let (calendar, rule) = (example(), rule(4, inset, late));
        let first = dated(one.min(other), &calendar, &rule);
        let second = dated(one.max(other), &calendar, &rule);

        if let (Some(first), Some(second)) = (&first, &second) {
            prop_assert!(first.at <= second.at);
        }
        prop_assert!(first.is_some() || second.is_none(), "missing for the earlier, dated for the later");
    }

    #[test]
    fn a_closure_never_brings_a_date_forward(
        seconds in SECONDS, start in 0_i64..105, length in 0_i64..3, late: bool
    ) {
        use jiff::ToSpan;
        let from = day("2026-09-01").saturating_add(start.days());
        let until = from.saturating_add(length.days());
        let closed = with(&format!("closure,{from},{until},Snow,"));
        let rule = rule(4, true, late);

        let before = dated(seconds, &example(), &rule);
        let after = dated(seconds, &closed, &rule);

        match (before, after) {
            (Some(before), Some(after)) => prop_assert!(before.at <= after.at),
            (before, after) => prop_assert!(before.is_some() || after.is_none()),
        }
    }

    #[test]
    fn the_date_follows_the_published_clock_changes_and_no_other_zone(seconds in SECONDS, days in 1_u8..9) {
        let calendar = example();
        if let Some(due) = dated(seconds, &calendar, &rule(days, true, false)) {
            let counted = |number: i64| {
                let day = Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(number));
                calendar.day(day) == Day::School || matches!(calendar.day(day), Day::Inset(_))
            };
            let mut number_of_day = london_day(seconds);
            for _ in 0..days {
                number_of_day += 1;
                while !counted(number_of_day) {
                    number_of_day += 1;
                }
            }
            let noon = instant(number_of_day * 86_400 + 43_200);
            let expected = number_of_day * 86_400 + (17 - hours_ahead(noon)) * 3600;

            prop_assert_eq!(number(due.day), number_of_day);
            prop_assert_eq!(due.at, instant(expected));
        }
    }

    #[test]
    fn a_clock_counted_again_never_moves_earlier(
        seconds in SECONDS, announced in SECONDS, start in 0_i64..105
    ) {
        use jiff::ToSpan;
        let closed = with(&format!("closure,{},,Snow,", day("2026-09-01").saturating_add(start.days())));
        if let Some(old) = dated(seconds, &example(), &Rule::default()) {
            let again = redated(instant(seconds), old.at, instant(announced), &closed, &Rule::default());

            match again {
                Redated::Later(new) => {
                    prop_assert!(new.at > old.at);
                    prop_assert!(instant(announced) <= old.at, "a miss was forgiven");
                }
                Redated::Missed => prop_assert!(instant(announced) > old.at),
                Redated::Same | Redated::Missing(_) => {}
            }
        }
    }
}
