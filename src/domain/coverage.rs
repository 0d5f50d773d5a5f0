//! The cadence of weekly updates (R21): in which weeks one is due about whom, and which were missed.
//!
//! One is due for each pupil on roll in a week with at least one school day, and missed once that week is over. A pupil counts
//! with the class they are in now: in which one they were is not kept. Weeks that the calendar does not know are not counted,
//! for none is guessed.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, Day},
    ids::{ClassId, PupilId},
    time::{Date, week_of},
};

/// A week in which pupils are at school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchoolWeek {
    /// Its Monday.
    pub monday: Date,
    /// Its first school day.
    pub first: Date,
    /// Its last school day.
    pub last: Date,
}

/// How many weeks are looked through for school weeks: more than a year's.
const FAR: i64 = 60;

/// The school weeks from the one of `from` to that of `until`, the newest first; at most `most`.
pub fn school_weeks(calendar: &Calendar, from: Date, until: Date, most: usize) -> Vec<SchoolWeek> {
    let (mut monday, oldest) = (week_of(until), week_of(from));
    let mut weeks = Vec::new();
    while monday >= oldest && weeks.len() < most {
        weeks.extend(school_week(calendar, monday));
        let before = monday.saturating_sub(7_i64.days());
        if before >= monday {
            break;
        }
        monday = before;
    }
    weeks
}

/// The newest school weeks up to that of `today`, the newest first.
pub fn newest_weeks(calendar: &Calendar, today: Date, most: usize) -> Vec<SchoolWeek> {
    school_weeks(calendar, today.saturating_sub((FAR * 7).days()), today, most)
}

fn school_week(calendar: &Calendar, monday: Date) -> Option<SchoolWeek> {
    let mut days = (0..7_i64)
        .map(|day| monday.saturating_add(day.days()))
        .filter(|day| matches!(calendar.day(*day), Day::School));
    let first = days.next()?;
    Some(SchoolWeek { monday, first, last: days.next_back().unwrap_or(first) })
}

/// A pupil with the weeks they have.
#[derive(Debug, Clone)]
pub struct Pupil {
    /// The pupil.
    pub id: PupilId,
    /// The pupil's name. Personal.
    pub name: String,
    /// The class they are in now.
    pub class: Option<ClassId>,
    /// The class's name.
    pub class_name: Option<String>,
    /// From which day updates are due; `None`: always.
    pub from: Option<Date>,
    /// The last day at the school.
    pub until: Option<Date>,
    /// The Mondays of the weeks whose update was sent.
    pub sent: Vec<Date>,
    /// The Mondays of the weeks whose update is queued, to leave in a moment.
    pub queued: Vec<Date>,
}

/// How a pupil's week stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// None is due: the pupil was not on roll.
    NotDue,
    /// Its update was sent or is queued.
    Done,
    /// It is still to be written.
    Due,
    /// The week is over without one.
    Missed,
}

impl Pupil {
    /// How a week stands today.
    pub fn standing(&self, week: &SchoolWeek, today: Date) -> Standing {
        if self.sent.contains(&week.monday) || self.queued.contains(&week.monday) {
            return Standing::Done;
        }
        let here = self.from.is_none_or(|from| from <= week.last)
            && self.until.is_none_or(|until| until >= week.first);
        if !here {
            Standing::NotDue
        } else if week_of(today) > week.monday {
            Standing::Missed
        } else if self.until.is_some_and(|until| until < today) {
            // Who left in this very week: the gate lets none of theirs go any more, so nobody is asked to write one.
            Standing::NotDue
        } else {
            Standing::Due
        }
    }

    /// How many weeks in a row, back from the newest that is over, were missed. `weeks` are the newest first.
    pub fn missed_in_a_row(&self, weeks: &[SchoolWeek], today: Date) -> usize {
        weeks
            .iter()
            .map(|week| self.standing(week, today))
            .filter(|standing| *standing != Standing::Due)
            .take_while(|standing| *standing == Standing::Missed)
            .count()
    }
}

/// How the updates of one or more weeks stand for some pupils.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Updates that were due, also those still to be written.
    pub due: u32,
    /// Sent or queued.
    pub done: u32,
    /// Not written while the week lasted.
    pub missed: u32,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, standing: Standing) {
        let (due, done, missed) = match standing {
            Standing::NotDue => return,
            Standing::Done => (1, 1, 0),
            Standing::Due => (1, 0, 0),
            Standing::Missed => (1, 0, 1),
        };
        self.due += due;
        self.done += done;
        self.missed += missed;
    }

    /// Those still to be written.
    pub const fn open(&self) -> u32 {
        self.due.saturating_sub(self.done).saturating_sub(self.missed)
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that panics has found something")]
mod tests {
    use super::*;
    use crate::domain::calendar::{self, EXAMPLE_FILE};

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    fn example() -> Calendar {
        calendar::read(EXAMPLE_FILE.as_bytes()).expect("a good calendar")
    }

    fn pupil() -> Pupil {
        Pupil {
            id: PupilId::new(),
            name: String::new(),
            class: None,
            class_name: None,
            from: None,
            until: None,
            sent: Vec::new(),
            queued: Vec::new(),
        }
    }

    #[test]
    fn half_term_and_holidays_have_no_school_week_and_inset_is_no_day_of_pupils() {
        let weeks = school_weeks(&example(), day("2026-08-24"), day("2026-11-29"), 60);

        let mondays: Vec<_> = weeks.iter().map(|week| week.monday.to_string()).collect();
        assert_eq!(mondays[0], "2026-11-23");
        assert!(!mondays.contains(&"2026-10-26".to_owned()), "half-term: {mondays:?}");
        let oldest = weeks.last().expect("the first week");
        // Tuesday 1 and Wednesday 2 September are INSET days.
        assert_eq!(
            (oldest.monday, oldest.first, oldest.last),
            (day("2026-08-31"), day("2026-09-03"), day("2026-09-04"))
        );
        let before_half_term = weeks.iter().find(|week| week.monday == day("2026-10-19")).expect("that week");
        assert_eq!(before_half_term.last, day("2026-10-22"), "Friday 23 October is INSET");
        assert_eq!(weeks.len(), 12);
    }

    #[test]
    fn the_newest_weeks_jump_over_the_holidays_and_stop_where_the_calendar_begins() {
        let weeks = newest_weeks(&example(), day("2027-01-06"), 3);

        let mondays: Vec<_> = weeks.iter().map(|week| week.monday).collect();
        assert_eq!(mondays, [day("2027-01-04"), day("2026-12-14"), day("2026-12-07")]);
        assert_eq!(newest_weeks(&example(), day("2026-09-04"), 12).len(), 1);
        assert_eq!(newest_weeks(&example(), day("2020-09-04"), 12), []);
    }

    #[test]
    fn an_update_is_due_while_the_week_lasts_and_missed_on_the_monday_after() {
        let weeks = newest_weeks(&example(), day("2026-11-23"), 1);
        let standing = |pupil: &Pupil, today: &str| pupil.standing(&weeks[0], day(today));
        let mut sent = pupil();
        sent.sent.push(day("2026-11-23"));
        let mut queued = pupil();
        queued.queued.push(day("2026-11-23"));

        assert_eq!(standing(&pupil(), "2026-11-29"), Standing::Due);
        assert_eq!(standing(&pupil(), "2026-11-30"), Standing::Missed);
        assert_eq!(standing(&sent, "2026-11-30"), Standing::Done);
        assert_eq!(standing(&queued, "2026-11-30"), Standing::Done);
    }

    #[test]
    fn nothing_is_due_for_a_pupil_who_is_not_there_on_any_school_day_of_the_week() {
        let weeks = newest_weeks(&example(), day("2026-10-25"), 1);
        let on_roll = |from: Option<&str>, until: Option<&str>| {
            let pupil = Pupil { from: from.map(day), until: until.map(day), ..pupil() };
            pupil.standing(&weeks[0], day("2026-11-02"))
        };

        assert_eq!(on_roll(Some("2026-10-22"), None), Standing::Missed);
        assert_eq!(on_roll(Some("2026-10-23"), None), Standing::NotDue, "Friday is INSET");
        assert_eq!(on_roll(None, Some("2026-10-19")), Standing::Missed);
        assert_eq!(on_roll(None, Some("2026-10-18")), Standing::NotDue);
        let left = Pupil { until: Some(day("2026-10-20")), ..pupil() };
        let on = |today| left.standing(&weeks[0], day(today));
        assert_eq!([on("2026-10-20"), on("2026-10-21")], [Standing::Due, Standing::NotDue]);
    }

    #[test]
    fn weeks_in_a_row_are_counted_from_the_last_that_is_over() {
        let today = day("2026-11-25");
        let weeks = newest_weeks(&example(), today, 4);
        let mut late = pupil();
        late.sent.push(weeks[3].monday);
        let mut fresh = late.clone();
        fresh.sent.push(weeks[0].monday);

        assert_eq!(late.missed_in_a_row(&weeks, today), 2, "this week is not over");
        assert_eq!(fresh.missed_in_a_row(&weeks, today), 0);
        assert_eq!(pupil().missed_in_a_row(&weeks, today), 3);
    }

    #[test]
    fn a_tally_counts_each_pupil_once_and_leaves_out_whom_it_is_not_due() {
        let mut tally = Tally::default();

        for standing in [Standing::Done, Standing::Due, Standing::Missed, Standing::NotDue, Standing::Missed]
        {
            tally.add(standing);
        }

        assert_eq!(tally, Tally { due: 4, done: 1, missed: 2 });
        assert_eq!(tally.open(), 1);
    }
}
