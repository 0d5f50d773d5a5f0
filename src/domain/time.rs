//! School time: instants in UTC, days in Europe/London. Nothing here reads a clock.

pub use jiff::{Timestamp, civil::Date, civil::Time};
use jiff::{ToSpan, civil::Weekday, tz::TimeZone};

/// The zone every date of the school is meant in.
pub const SCHOOL_ZONE: &str = "Europe/London";

/// The school's zone, from the system's zone data or the copy compiled in.
///
/// # Panics
/// Never: the zone is in the copy.
#[expect(clippy::expect_used, reason = "jiff carries its own copy of the zone data")]
pub fn school_zone() -> TimeZone {
    TimeZone::get(SCHOOL_ZONE).expect("Europe/London is in the zone data")
}

/// The school's date at this instant: never the UTC date.
pub fn school_date(at: Timestamp) -> Date {
    at.to_zoned_datetime(school_zone()).date()
}

/// The time of day at this instant, by the school's clock.
pub fn school_time(at: Timestamp) -> Time {
    at.to_zoned_datetime(school_zone()).time()
}

/// The instant at which a school day begins, at midnight.
pub fn start_of(day: Date) -> Timestamp {
    let midnight = day.to_datetime(Time::midnight()).to_zoned_datetime(school_zone());
    midnight.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The Monday of the week a day is in.
pub fn week_of(day: Date) -> Date {
    let back = i64::from(day.weekday().to_monday_zero_offset());
    day.saturating_sub(back.days())
}

/// `Friday 27 November`, as people write it.
pub fn day_in_words(day: Date) -> String {
    day.strftime("%A %-d %B").to_string()
}

/// `November 2026`.
pub fn month_in_words(first: Date) -> String {
    first.strftime("%B %Y").to_string()
}

/// `Friday 27 November 2026`, for what is read years later.
pub fn dated(day: Date) -> String {
    day.strftime("%A %-d %B %Y").to_string()
}

/// `Friday 27 November`, with the year where it is another than `today`'s.
pub fn day_in_full(day: Date, today: Date) -> String {
    day.strftime(if day.year() == today.year() { "%A %-d %B" } else { "%A %-d %B %Y" }).to_string()
}

/// The instant at which a school day begins; `None` for days beyond all calendars.
pub fn day_begins(day: Date) -> Option<Timestamp> {
    let midnight = school_zone().to_ambiguous_zoned_datetime(day.at(0, 0, 0, 0));
    midnight.compatible().ok().map(|zoned| zoned.timestamp())
}

/// What was said before this moment was said a year ago or longer, as [`is_a_year_old`] has it.
pub fn a_year_before(today: Date) -> Timestamp {
    let newest = today.saturating_sub(1.year());
    newest.tomorrow().map_or_else(|_| start_of(newest), start_of)
}

/// Whether a year and more has passed since that day.
pub fn is_a_year_old(day: Date, today: Date) -> bool {
    day.saturating_add(1.year()) <= today
}

/// `Friday 27 November, 17:00`, in school time, as a sentence of the record says it.
pub fn moment_in_a_sentence(at: Timestamp) -> String {
    at.to_zoned_datetime(school_zone()).strftime("%A %-d %B, %H:%M").to_string()
}

/// `Fri 27 Nov, 17:00`, in school time, where columns are narrow.
pub fn moment_in_words(at: Timestamp) -> String {
    at.to_zoned_datetime(school_zone()).strftime("%a %-d %b, %H:%M").to_string()
}

/// `Friday 27 November, 17:00`, in school time, as a page says it; with the year where it is another than `now`'s.
pub fn moment_in_full(at: Timestamp, now: Timestamp) -> String {
    let local = at.to_zoned_datetime(school_zone());
    let same_year = local.year() == now.to_zoned_datetime(school_zone()).year();
    local.strftime(if same_year { "%A %-d %B, %H:%M" } else { "%A %-d %B %Y, %H:%M" }).to_string()
}

/// `2026-11-27T15:30`, in school time, as a form's date-and-time field has it.
pub fn field_moment(at: Timestamp) -> String {
    at.to_zoned_datetime(school_zone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Whether a day is Monday to Friday.
pub fn is_weekday(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carer_reads_the_year_only_where_it_is_another() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        for (due, today, expected) in [
            ("2026-11-13", "2026-11-09", "Friday 13 November"),
            ("2027-01-07", "2026-12-18", "Thursday 7 January 2027"),
        ] {
            assert_eq!(day_in_full(day(due), day(today)), expected);
        }
    }
}
