//! Where a page of a list goes on, as its address says it: times and ids, never words of people. What is no such place is
//! the beginning.

use uuid::Uuid;

use crate::{
    domain::time::{Date, Timestamp},
    store::case_lists::Place,
};

/// The due time of a case without a clock running.
const NEVER: &str = "never";

/// `1795190400000000.1795100000000000.<id>`: due and opened in microseconds.
pub(super) fn of_case(place: &Place) -> String {
    let due = place.due.map_or_else(|| NEVER.to_owned(), |due| due.as_microsecond().to_string());
    format!("{due}.{}.{}", place.opened_at.as_microsecond(), place.id)
}

/// Reads [`of_case`].
pub(super) fn case_place(word: &str) -> Option<Place> {
    let mut parts = word.split('.');
    let (due, opened, id) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Place {
        due: if due == NEVER { None } else { Some(instant(due)?) },
        opened_at: instant(opened)?,
        id: id.parse().ok()?,
    })
}

/// `1795190400000000.<id>`.
pub(super) fn of_moment<T: std::fmt::Display>((at, id): &(Timestamp, T)) -> String {
    format!("{}.{id}", at.as_microsecond())
}

/// Reads [`of_moment`].
pub(super) fn moment_place<T: std::str::FromStr>(word: &str) -> Option<(Timestamp, T)> {
    let (at, id) = word.split_once('.')?;
    Some((instant(at)?, id.parse().ok()?))
}

/// `2026-11-27.<id>`.
pub(super) fn of_day((day, id): &(Date, Uuid)) -> String {
    format!("{day}.{id}")
}

/// Reads [`of_day`].
pub(super) fn day_place(word: &str) -> Option<(Date, Uuid)> {
    let (day, id) = word.split_once('.')?;
    let day: Date = day.parse().ok()?;
    (day.year() >= 1970).then_some((day, id.parse().ok()?))
}

/// An instant that Postgres holds too.
fn instant(micros: &str) -> Option<Timestamp> {
    let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
    // Before 1970 and after 9999 nobody writes to a school.
    (at >= Timestamp::UNIX_EPOCH).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CaseId;

    #[test]
    fn a_place_is_read_as_it_was_written_and_anything_else_is_the_beginning() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let id = CaseId(Uuid::now_v7());
        let due = Some(at("2026-11-27T17:00:00.000001Z"));
        let places = [
            Place { due, opened_at: at("2026-11-23T10:00:00Z"), id },
            Place { due: None, opened_at: at("2026-11-23T10:00:00Z"), id },
        ];

        for place in places {
            assert_eq!(case_place(&of_case(&place)), Some(place));
        }
        let day = ("2026-11-27".parse().expect("a day"), id.0);
        assert_eq!(day_place(&of_day(&day)), Some(day));
        let moment = (at("2026-11-23T10:00:00Z"), id);
        assert_eq!(moment_place(&of_moment(&moment)), Some(moment));
        for nonsense in [
            "",
            "..",
            "x.y.z",
            "1.1.1",
            "-1.-1.-1",
            "never.never.never",
            "99999999999999999999.1.1",
            "-9999-01-01.x",
        ] {
            assert_eq!(case_place(nonsense), None, "{nonsense}");
            assert_eq!((day_place(nonsense), moment_place::<CaseId>(nonsense)), (None, None), "{nonsense}");
        }
    }
}
