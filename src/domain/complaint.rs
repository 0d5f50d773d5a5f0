//! A complaint in the school's Complaints Procedure (R44): its stages, by when each is due, who may have it. The law names the
//! three stages and asks for clear timescales, which are the school's own (SI 2014/3283, Schedule, paragraph 33).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, CalendarMissing, Rule, due, not_counted_words},
    ids::StaffId,
    people::{UnknownWord, words},
    time::{Date, Timestamp, day_in_full, day_in_words, school_date},
};

/// The fewest people of a panel.
const PANEL: usize = 3;

/// How far a complaint has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Put right informally.
    Informal,
    /// Formal, in writing.
    Formal,
    /// Before a panel of people who had nothing to do with it.
    Panel,
}

impl Stage {
    /// The three, in order.
    pub const ALL: [Self; 3] = [Self::Informal, Self::Formal, Self::Panel];

    /// 1, 2 or 3.
    pub const fn number(self) -> i16 {
        match self {
            Self::Informal => 1,
            Self::Formal => 2,
            Self::Panel => 3,
        }
    }

    /// Reads the number.
    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }

    /// Where a complaint goes whose carer is not satisfied; `None` after the last.
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Informal => Some(Self::Formal),
            Self::Formal => Some(Self::Panel),
            Self::Panel => None,
        }
    }

    /// What it is, as a page says it beside the number.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Informal => "informal",
            Self::Formal => "formal, in writing",
            Self::Panel => "a panel",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage {}", self.number())
    }
}

words! {
    /// What came of a stage.
    Outcome, "a stage ends as one of:" {
        /// The carer is right.
        Upheld = "upheld",
        /// In some points.
        PartlyUpheld = "partly_upheld",
        /// In none.
        NotUpheld = "not_upheld",
        /// Nobody answered it, for the carer took it back.
        Withdrawn = "withdrawn",
    }
}

impl Outcome {
    /// The three that an answer can have.
    pub const OF_AN_ANSWER: [Self; 3] = [Self::Upheld, Self::PartlyUpheld, Self::NotUpheld];

    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::PartlyUpheld => "upheld in part",
            Self::NotUpheld => "not upheld",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What people call a complaint: `C-7`, or `CR-2` where its case was the DSL's when it began. Those are counted apart, so that
/// no gap between the others tells of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// Whether its case was restricted when it began.
    pub of_the_dsl: bool,
    /// Running, from 1.
    pub no: i64,
}

impl Number {
    /// Reads what [`Display`](fmt::Display) writes, in small letters too.
    pub fn parse(word: &str) -> Option<Self> {
        let (series, no) = word.split_once('-')?;
        let of_the_dsl = match series.to_ascii_uppercase().as_str() {
            "C" => false,
            "CR" => true,
            _ => return None,
        };
        let digits = no.chars().all(|digit| digit.is_ascii_digit());
        no.parse().ok().filter(|no| digits && *no > 0).map(|no| Self { of_the_dsl, no })
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", if self.of_the_dsl { "CR" } else { "C" }, self.no)
    }
}

/// When a stage is due, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageDue {
    /// The last day that counts; `None`: the calendar does not reach so far, and no day is guessed.
    pub day: Option<Date>,
    /// Why then, or why no day can be named, in one sentence without a full stop.
    pub words: String,
}

/// By when a stage that began then is due: so many counted days after the day on which it began, whatever the hour.
pub fn stage_due(
    stage: Stage,
    days: u8,
    began: Timestamp,
    calendar: Option<&Calendar>,
    clock: &Rule,
) -> StageDue {
    let rule = Rule { days, after_hours: None, ..*clock };
    let from = day_in_words(school_date(began));
    let many = if days == 1 { "school day" } else { "school days" };
    let found = calendar.ok_or_else(|| CalendarMissing::entirely(began)).and_then(|calendar| {
        let due = due(began, calendar, &rule)?;
        let but = not_counted_words(&due, began, calendar, &rule);
        Ok((due.day, but))
    });
    match found {
        Ok((day, but)) => {
            let by = day_in_full(day, school_date(began));
            StageDue {
                day: Some(day),
                words: format!("{stage}: {days} {many} after {from}, so by {by}{but}"),
            }
        }
        Err(missing) => StageDue {
            day: None,
            words: format!("{stage}: {days} {many} after {from}, but {}", missing.sentence()),
        },
    }
}

/// What another calendar makes of a stage's day: a later one, or its first. Never an earlier one, for that one was named; and
/// what was missed before anybody said so stays missed.
pub fn redated(named: Option<Date>, fresh: &StageDue, today: Date) -> Option<Date> {
    match (named, fresh.day) {
        (None, fresh) => fresh,
        (Some(named), Some(fresh)) if fresh > named && named >= today => Some(fresh),
        _ => None,
    }
}

/// Whether a colleague may have this stage: nobody judges what they had before. `held` is who has had which stage.
pub fn may_own(stage: Stage, wanted: StaffId, held: &[(Stage, StaffId)]) -> Result<(), &'static str> {
    let before = held.iter().any(|(was, who)| *who == wanted && was.next() == Some(stage));
    if before {
        Err("that colleague had the stage before: choose somebody else for this one")
    } else {
        Ok(())
    }
}

/// Whether these words name a panel: a line for each person, three at least.
pub fn names_a_panel(lines: &str) -> Result<(), &'static str> {
    if lines.lines().filter(|line| !line.trim().is_empty()).count() >= PANEL {
        return Ok(());
    }
    Err(
        "name the panel, one person on each line: three at least, nobody who had to do with it, and one of them independent of \
         the running of the school",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{EXAMPLE_FILE, read};

    fn example() -> Calendar {
        read(EXAMPLE_FILE.as_bytes()).expect("a good calendar")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    #[test]
    fn a_stage_is_due_so_many_school_days_after_the_day_on_which_it_began() {
        let cases = [
            (Stage::Informal, 10, "2026-11-23T10:00:00Z", "2026-12-07"),
            // The hour does not matter, nor that the day itself does not count.
            (Stage::Informal, 10, "2026-11-23T22:30:00Z", "2026-12-07"),
            (Stage::Informal, 1, "2026-11-28T10:00:00Z", "2026-11-30"),
            // Over the holidays; and over half-term.
            (Stage::Formal, 15, "2026-12-10T10:00:00Z", "2027-01-14"),
            (Stage::Panel, 20, "2026-10-19T10:00:00Z", "2026-11-23"),
        ];

        for (stage, days, began, expected) in cases {
            let due = stage_due(stage, days, at(began), Some(&example()), &Rule::default());
            assert_eq!(due.day, Some(day(expected)), "{stage} {began}: {}", due.words);
        }
    }

    #[test]
    fn a_stage_says_why_it_is_due_then_and_names_no_day_that_the_calendar_does_not_have() {
        let calendar = example();
        let due =
            |began: &str, calendar| stage_due(Stage::Informal, 10, at(began), calendar, &Rule::default());

        let known = due("2026-11-23T10:00:00Z", Some(&calendar));
        let far = due("2031-11-24T10:00:00Z", Some(&calendar));
        let none = due("2026-11-23T10:00:00Z", None);

        assert_eq!(
            known.words,
            "stage 1: 10 school days after Monday 23 November, so by Monday 7 December; not counted: weekends"
        );
        assert!(far.day.is_none() && far.words.contains("the school calendar"), "{}", far.words);
        assert!(none.day.is_none() && none.words.contains("no school calendar is loaded"), "{}", none.words);
    }

    #[test]
    fn after_hours_do_not_move_the_day_on_which_a_stage_begins() {
        let clock = Rule { after_hours: Some(jiff::civil::time(16, 0, 0, 0)), ..Rule::default() };

        let due = stage_due(Stage::Informal, 10, at("2026-11-23T18:00:00Z"), Some(&example()), &clock);

        assert_eq!(due.day, Some(day("2026-12-07")));
    }

    #[test]
    fn another_calendar_names_a_first_or_a_later_day_and_forgives_none() {
        let (named, later, earlier) = (day("2026-12-07"), day("2026-12-08"), day("2026-12-04"));
        let fresh = |day| StageDue { day, words: String::new() };
        let cases = [
            (None, Some(later), "2026-11-23", Some(later)),
            (None, None, "2026-11-23", None),
            (Some(named), Some(later), "2026-11-23", Some(later)),
            (Some(named), Some(later), "2026-12-07", Some(later)),
            (Some(named), Some(later), "2026-12-08", None),
            (Some(named), Some(earlier), "2026-11-23", None),
            (Some(named), Some(named), "2026-11-23", None),
            (Some(named), None, "2026-11-23", None),
        ];

        for (before, after, today, expected) in cases {
            assert_eq!(redated(before, &fresh(after), day(today)), expected, "{before:?} {after:?} {today}");
        }
    }

    #[test]
    fn nobody_has_a_stage_who_had_the_one_before() {
        let (a, b, c) = (StaffId::new(), StaffId::new(), StaffId::new());
        let held = [(Stage::Informal, a), (Stage::Informal, b), (Stage::Formal, c)];
        let cases = [
            (Stage::Informal, a, true),
            (Stage::Formal, a, false),
            (Stage::Formal, b, false),
            (Stage::Formal, c, true),
            (Stage::Panel, c, false),
            (Stage::Panel, a, true),
        ];

        for (stage, who, may) in cases {
            assert_eq!(may_own(stage, who, &held).is_ok(), may, "{stage}");
        }
    }

    #[test]
    fn a_panel_has_three_at_least() {
        assert!(names_a_panel("A. Able\nB. Baker\nC. Carr, independent").is_ok());
        for too_few in ["", "A. Able", "A. Able\n\n  \nB. Baker"] {
            assert!(names_a_panel(too_few).is_err(), "{too_few:?}");
        }
    }

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for number in [Number { of_the_dsl: false, no: 7 }, Number { of_the_dsl: true, no: 12 }] {
            assert_eq!(Number::parse(&number.to_string()), Some(number));
        }
        assert_eq!(Number::parse("c-7"), Some(Number { of_the_dsl: false, no: 7 }));
        for nonsense in ["", "7", "C7", "C-", "C-0", "C--1", "C-+1", "X-1", "C-99999999999999999999", "C-1-2"]
        {
            assert_eq!(Number::parse(nonsense), None, "{nonsense}");
        }
    }
}
