//! Counting school days: when something is due, and what a changed calendar makes of it.

use super::{
    Calendar, Date, Day, Source,
    words::{after_words, missing_words},
};
use crate::domain::time::{Time, Timestamp, school_date, school_zone};

/// How days are counted. Every field is a setting of the school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How many counted days after the day of receipt; 0 is read as 1.
    pub days: u8,
    /// The hour on the last of them, school time.
    pub day_end: Time,
    /// Whether INSET days count: staff are at work.
    pub inset_counts: bool,
    /// `Some`: what comes after this hour, or on a day that does not count, is taken as received on the next counted day.
    /// It lengthens the wait of a parent, so it is off unless the school wants it; 16:00 is usual.
    pub after_hours: Option<Time>,
}

impl Default for Rule {
    /// Four days, until 17:00, INSET days count, the hour of receipt does not matter.
    fn default() -> Self {
        Self { days: 4, day_end: Time::constant(17, 0, 0, 0), inset_counts: true, after_hours: None }
    }
}

impl Rule {
    /// Whether a day counts in this calendar; `None`: the calendar does not say.
    pub fn counts(&self, calendar: &Calendar, day: Date) -> Option<bool> {
        match calendar.day(day) {
            Day::Unknown => None,
            Day::School => Some(true),
            Day::Inset(_) => Some(self.inset_counts),
            Day::Holidays | Day::HalfTerm(_) | Day::Weekend | Day::BankHoliday(_) | Day::Closure(_) => {
                Some(false)
            }
        }
    }

    /// The days to count, at least 1.
    pub(super) fn wanted(&self) -> usize {
        usize::from(self.days.max(1))
    }
}

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The days that were counted, in order; the last one is `day`.
    pub counted: Vec<Date>,
    /// The last moment, UTC. What is done at this very instant is in time.
    pub at: Timestamp,
    /// The day of that moment, school time.
    pub day: Date,
}

/// There is no date, because the calendar does not say what a day is that the count would need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarMissing {
    /// The last day the calendar knows; `None` when there is no calendar.
    pub covers_until: Option<Date>,
    /// The first day that the count needed and the calendar does not have.
    pub first_missing: Date,
    pub(super) source: Source,
}

impl CalendarMissing {
    /// For a school that has loaded no calendar at all.
    pub fn entirely(received: Timestamp) -> Self {
        Self { covers_until: None, first_missing: school_date(received), source: Source::School }
    }

    fn day(calendar: &Calendar, first_missing: Date) -> Self {
        Self { covers_until: Some(calendar.covers_until()), first_missing, source: calendar.source() }
    }

    /// What is missing and what to do, in one sentence.
    pub fn sentence(&self) -> String {
        missing_words(self)
    }
}

impl std::fmt::Display for CalendarMissing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for CalendarMissing {}

/// When something that was received at an instant is due: at the end of the n-th counted day after the school's date of
/// receipt, which is day 0 whatever the hour.
///
/// Every day from the receipt to the due day must be in the calendar, or there is no date: a later term that nobody has
/// loaded is not guessed.
pub fn due(received: Timestamp, calendar: &Calendar, rule: &Rule) -> Result<Due, CalendarMissing> {
    let mut day = day_zero(received, calendar, rule)?;
    let mut counted = Vec::with_capacity(rule.wanted());
    while counted.len() < rule.wanted() {
        day = next(day, calendar)?;
        if counts(day, calendar, rule)? {
            counted.push(day);
        }
    }
    let end = day.to_datetime(rule.day_end).to_zoned_datetime(school_zone());
    let at = end.map_err(|_| CalendarMissing::day(calendar, day))?.timestamp();
    Ok(Due { counted, at, day })
}

/// The day that is day 0: that of receipt, or the next counted one where the rule looks at the hour.
pub(super) fn day_zero(
    received: Timestamp,
    calendar: &Calendar,
    rule: &Rule,
) -> Result<Date, CalendarMissing> {
    let mut day = school_date(received);
    let counted = counts(day, calendar, rule)?;
    let late = received.to_zoned_datetime(school_zone()).time();
    if rule.after_hours.is_none_or(|hour| counted && late <= hour) {
        return Ok(day);
    }
    loop {
        day = next(day, calendar)?;
        if counts(day, calendar, rule)? {
            return Ok(day);
        }
    }
}

fn counts(day: Date, calendar: &Calendar, rule: &Rule) -> Result<bool, CalendarMissing> {
    rule.counts(calendar, day).ok_or_else(|| CalendarMissing::day(calendar, day))
}

fn next(day: Date, calendar: &Calendar) -> Result<Date, CalendarMissing> {
    day.tomorrow().map_err(|_| CalendarMissing::day(calendar, day))
}

/// What a changed calendar makes of a clock that is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redated {
    /// The old date stands. A clock never moves to an earlier date: a promise was made.
    Same,
    /// The clock moves to this later date.
    Later(Due),
    /// The new calendar would give a later date, but the old one had passed before the change was announced: it stays
    /// missed.
    Missed,
    /// The new calendar does not reach far enough.
    Missing(CalendarMissing),
}

/// Counts an open clock again under a changed calendar. `announced` is when the change was announced, `old_due` the moment
/// that the clock has now.
pub fn redated(
    received: Timestamp,
    old_due: Timestamp,
    announced: Timestamp,
    calendar: &Calendar,
    rule: &Rule,
) -> Redated {
    let passed = old_due < announced;
    match due(received, calendar, rule) {
        Ok(new) if new.at <= old_due => Redated::Same,
        _ if passed => Redated::Missed,
        Ok(new) => Redated::Later(new),
        Err(missing) => Redated::Missing(missing),
    }
}

/// How many days of calendar are left after today, once they are `days` or fewer; negative when it has ended.
pub fn warn_before(calendar: &Calendar, today: Date, days: i64) -> Option<i64> {
    let left = today.until(calendar.covers_until()).map_or(i64::MIN, |span| i64::from(span.get_days()));
    (left <= days).then_some(left)
}

/// Whether an answer should speak of the holidays: the day is in half-term or between terms. A day that the calendar does
/// not know is not called a holiday.
pub fn on_holiday(now: Timestamp, calendar: &Calendar) -> bool {
    matches!(calendar.day(school_date(now)), Day::Holidays | Day::HalfTerm(_))
}

/// Why day 0 is not the day of receipt, for [`super::due_words`].
pub(super) fn moved(received: Timestamp, calendar: &Calendar, rule: &Rule) -> Option<(Date, String)> {
    let zero = day_zero(received, calendar, rule).ok()?;
    (zero != school_date(received)).then(|| (zero, after_words(received, calendar, rule)))
}
