//! Calendars changed by hand, and calendars as files again.

use super::*;

fn span(kind: Kind, from: &str, until: &str, reason: &str) -> Span {
    Span { kind, from: day(from), until: day(until), reason: reason.to_owned(), announced: None }
}

#[test]
fn a_calendar_written_as_a_file_and_read_is_the_same() {
    for rows in [
        "",
        "closure,2026-11-26,2026-11-27,\"Snow, \"\"deep\"\"\",2026-11-26",
        "covers_until,2027-12-31,,,",
        "covers_from,2026-08-15,,,",
        "bank_holiday,2026-11-30,,The school's own day,",
        "term,2028-01-04,2028-03-24,,",
    ] {
        let calendar = with(rows);

        let again = read(calendar.csv().as_bytes()).expect(rows);

        assert_eq!(again.version_hex(), calendar.version_hex(), "{rows}");
        assert_eq!(again, calendar);
    }
}

#[test]
fn one_thing_at_a_time_is_added_changed_and_taken_out() {
    let snow = span(Kind::Closure, "2026-11-26", "2026-11-26", "Snow");
    let longer = span(Kind::Closure, "2026-11-26", "2026-11-27", "Snow");
    let calendar = example();

    let closed = read(calendar.edited(&Edit::Add(snow.clone())).expect("a good calendar").as_bytes())
        .expect("a good calendar");
    let changed =
        closed.edited(&Edit::Change(Kind::Closure, snow.from, longer.clone())).expect("a good calendar");
    let changed = read(changed.as_bytes()).expect("a good calendar");
    let back =
        read(changed.edited(&Edit::Remove(Kind::Closure, snow.from)).expect("a good calendar").as_bytes())
            .expect("a good calendar");

    assert_eq!(closed.day(day("2026-11-26")), Day::Closure(&snow));
    assert_eq!(changed.day(day("2026-11-27")), Day::Closure(&longer));
    assert_eq!(back, calendar);
    assert_eq!(calendar.differences(&closed), ["new: Closure, Snow: Thursday 26 November 2026"]);
    assert_eq!(closed.differences(&calendar), ["no longer: Closure, Snow: Thursday 26 November 2026"]);
}

#[test]
fn a_further_term_carries_the_calendar_on_and_a_known_holiday_stays_known() {
    let spring = span(Kind::Term, "2028-01-04", "2028-03-24", "Spring 2028");
    let known = with("covers_until,2027-12-31,,,");

    let further = read(example().edited(&Edit::Add(spring.clone())).expect("a good calendar").as_bytes())
        .expect("a good calendar");
    let over =
        read(known.edited(&Edit::Add(spring)).expect("a good calendar").as_bytes()).expect("a good calendar");

    assert_eq!(further.covers_until(), day("2028-03-24"));
    assert_eq!(over.covers_until(), day("2028-03-24"));
}

#[test]
fn what_makes_no_sense_is_refused_without_numbers_of_lines_that_nobody_has_seen() {
    let calendar = example();
    let refused = |edit: Edit| calendar.edited(&edit).expect_err("refused").join(" / ");
    let add = |kind, from, until| refused(Edit::Add(span(kind, from, until, "")));

    assert!(add(Kind::Closure, "2026-12-25", "2026-12-25").contains("not inside any term"));
    assert_eq!(
        add(Kind::HalfTerm, "2026-10-26", "2026-10-30"),
        "this half-term is there already: keep one of them"
    );
    assert!(add(Kind::Term, "2026-12-01", "2027-01-02").contains("shares days with another: correct"));
    assert!(refused(Edit::Remove(Kind::Closure, day("2026-11-26"))).contains("not in the calendar any more"));
    assert!(refused(Edit::Add(span(Kind::Closure, "2026-11-26", "2026-11-26", "a\nb"))).contains("line"));
}

#[test]
fn a_school_without_a_calendar_begins_with_a_term() {
    let autumn = span(Kind::Term, "2026-09-01", "2026-12-18", "Autumn");

    let first = edited(None, &Edit::Add(autumn.clone())).expect("a calendar");
    let over_none = edited(Some(&Calendar::bank_holidays_only()), &Edit::Add(autumn)).expect("a calendar");
    let alone = edited(None, &Edit::Add(span(Kind::Closure, "2026-11-26", "2026-11-26", "Snow")));

    assert_eq!(first, over_none);
    assert_eq!(read(first.as_bytes()).expect("a good calendar").covers_until(), day("2026-12-18"));
    assert!(alone.is_err());
}
