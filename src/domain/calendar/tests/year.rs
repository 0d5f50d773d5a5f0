//! Generated school years against a second count of the days, written apart from the first: a day is a number, London's hour
//! stands in a table of published dates, and what a day is follows from the raw ranges alone.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::domain::time::Time;

/// The first days on which the terms may begin, as days since 1970-01-01: 1 September 2026, 4 January and 12 April 2027.
const BEGIN: [i64; 3] = [20_697, 20_822, 20_920];
/// The bank holidays of England and Wales in that year, as published.
const BANK_HOLIDAYS: [&str; 8] = [
    "2026-12-25",
    "2026-12-28",
    "2027-01-01",
    "2027-03-26",
    "2027-03-29",
    "2027-05-03",
    "2027-05-31",
    "2027-08-30",
];
/// The seconds in UTC between which London is an hour ahead.
const SUMMERS: [(&str, &str); 2] =
    [("2026-03-29T01:00Z", "2026-10-25T01:00Z"), ("2027-03-28T01:00Z", "2027-10-31T01:00Z")];

/// Days from the first to the last.
type Range = (i64, i64);

/// A school year as a person would draw it on a wall.
#[derive(Debug, Clone)]
struct Year {
    terms: Vec<Range>,
    half_terms: Vec<Range>,
    insets: Vec<i64>,
    closures: Vec<Range>,
}

fn holds(ranges: &[Range], day: i64) -> bool {
    ranges.iter().any(|(from, until)| (*from..=*until).contains(&day))
}

/// Monday is 0: the first day of 1970 was a Thursday.
fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

impl Year {
    /// Of what was drawn by chance, that which a file may say: INSET days on weekdays outside half-term, closures that share
    /// no day.
    fn of(
        terms: [(i64, i64); 3],
        breaks: [(i64, i64); 3],
        insets: Vec<(usize, i64)>,
        shut: Vec<(usize, i64, i64)>,
    ) -> Self {
        let terms: Vec<Range> = BEGIN
            .iter()
            .zip(terms)
            .map(|(begin, (late, length))| (begin + late, begin + late + length))
            .collect();
        let half_terms: Vec<Range> = terms
            .iter()
            .zip(breaks)
            .map(|((from, _), (after, length))| (from + after, from + after + length))
            .collect();
        let mut year = Self { terms, half_terms, insets: Vec::new(), closures: Vec::new() };
        for (term, after) in insets {
            let day = year.terms[term].0 + after;
            if weekday(day) < 5 && !holds(&year.half_terms, day) && !year.insets.contains(&day) {
                year.insets.push(day);
            }
        }
        for (term, after, length) in shut {
            let from = year.terms[term].0 + after;
            if (from..=from + length).all(|day| !holds(&year.closures, day)) {
                year.closures.push((from, from + length));
            }
        }
        year
    }

    fn file(&self) -> String {
        let date = |day: &i64| Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(*day));
        let mut file = "kind,from,until,reason\n".to_owned();
        for (kind, ranges) in
            [("term", &self.terms), ("half_term", &self.half_terms), ("closure", &self.closures)]
        {
            for (from, until) in ranges {
                file += &format!("{kind},{},{},by chance\n", date(from), date(until));
            }
        }
        for day in &self.insets {
            file += &format!("inset,{},,by chance\n", date(day));
        }
        file
    }

    fn last(&self) -> i64 {
        self.terms[2].1
    }

    /// Whether somebody is at work for it; `None` beyond the last term.
    fn counts(&self, day: i64, inset_counts: bool) -> Option<bool> {
        if day < self.terms[0].0 || day > self.last() {
            return None;
        }
        let bank = BANK_HOLIDAYS.iter().any(|text| number(super::day(text)) == day);
        let shut = !holds(&self.terms, day)
            || holds(&self.half_terms, day)
            || holds(&self.closures, day)
            || weekday(day) > 4
            || bank;
        Some(!shut && (inset_counts || !self.insets.contains(&day)))
    }

    /// The second count: the last moment, in seconds.
    fn due(&self, received: i64, rule: &Rule) -> Option<i64> {
        let local = received + 3600 * ahead(received);
        let (mut day, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let counts = |day| self.counts(day, rule.inset_counts);
        let here = counts(day)?;
        if rule.after_hours.is_some() && !(here && second <= 16 * 3600) {
            day += 1;
            while !counts(day)? {
                day += 1;
            }
        }
        let mut left = rule.days;
        while left > 0 {
            day += 1;
            left -= u8::from(counts(day)?);
        }
        let noon = day * 86_400 + 43_200;
        Some(day * 86_400 + 17 * 3600 - 3600 * ahead(noon))
    }
}

fn number(day: Date) -> i64 {
    let span = Date::constant(1970, 1, 1).until(day).expect("a span");
    i64::from(span.get_days())
}

/// How many hours London is ahead.
fn ahead(seconds: i64) -> i64 {
    let summer =
        |(from, until): &(&str, &str)| (at(from).as_second()..at(until).as_second()).contains(&seconds);
    i64::from(SUMMERS.iter().any(summer))
}

fn years() -> impl Strategy<Value = Year> {
    let term = |length: std::ops::Range<i64>| (0_i64..5, length);
    let pause = || (28_i64..45, 2_i64..9);
    (
        (term(98..110), term(68..82), term(85..98)),
        (pause(), pause(), pause()),
        vec((0_usize..3, 0_i64..68), 0..6),
        vec((0_usize..3, 0_i64..64, 0_i64..4), 0..5),
    )
        .prop_map(|((a, b, c), (d, e, f), insets, shut)| Year::of([a, b, c], [d, e, f], insets, shut))
}

proptest! {
    #[test]
    fn a_generated_year_is_counted_as_a_second_count_does(
        year in years(), moments in vec(0_i64..330 * 86_400, 40), days in 1_u8..12, inset: bool, late: bool
    ) {
        let calendar = read(year.file().as_bytes()).expect("a good calendar");
        let after_hours = late.then(|| Time::constant(16, 0, 0, 0));
        let rule = Rule { days, inset_counts: inset, after_hours, ..Rule::default() };
        for moment in moments {
            let received = year.terms[0].0 * 86_400 + moment;
            let counted = due(Timestamp::from_second(received).expect("an instant"), &calendar, &rule);

            prop_assert_eq!(
                counted.ok().map(|due| due.at.as_second()),
                year.due(received, &rule),
                "received {} under\n{}", Timestamp::from_second(received).expect("an instant"), year.file()
            );
        }
    }
}
