use super::*;

const RECEIVED: &str = "2026-11-23T09:00Z";
const OLD_DUE: &str = "2026-11-27T17:00Z";
const CLOSURE: &str = "closure,2026-11-27,,Boiler,";

fn redate(calendar: &Calendar, announced: &str) -> Redated {
    redated(at(RECEIVED), at(OLD_DUE), at(announced), calendar, &Rule::default())
}

#[test]
fn a_closure_announced_in_time_moves_an_open_clock_later() {
    for announced in ["2026-11-26T19:00Z", OLD_DUE] {
        let Redated::Later(due) = redate(&with(CLOSURE), announced) else {
            panic!("not moved when announced at {announced}")
        };

        assert_eq!(due.at, at("2026-11-30T17:00Z"));
    }
}

#[test]
fn a_closure_announced_after_the_due_moment_forgives_nothing() {
    let redated = redate(&with(CLOSURE), "2026-11-27T17:00:01Z");

    assert_eq!(redated, Redated::Missed);
}

#[test]
fn a_clock_that_a_change_does_not_touch_stays() {
    for announced in ["2026-11-26T19:00Z", "2026-12-01T09:00Z"] {
        assert_eq!(redate(&example(), announced), Redated::Same);
        assert_eq!(redate(&with("closure,2026-12-01,,Snow,"), announced), Redated::Same);
    }
}

#[test]
fn a_withdrawn_closure_does_not_pull_a_clock_earlier() {
    let later = at("2026-11-30T17:00Z");

    let redated = redated(at(RECEIVED), later, at("2026-11-26T19:00Z"), &example(), &Rule::default());

    assert_eq!(redated, Redated::Same);
}

#[test]
fn a_calendar_that_no_longer_reaches_is_told() {
    let short =
        read(b"kind,from,until,reason\nterm,2026-09-01,2026-11-25,Autumn\n").expect("a good calendar");

    assert!(matches!(redate(&short, "2026-11-24T09:00Z"), Redated::Missing(_)));
    assert_eq!(redate(&short, "2026-12-01T09:00Z"), Redated::Missed, "what was missed stays missed");
}

#[test]
fn the_end_of_the_calendar_is_announced_ninety_days_before() {
    let calendar = example();
    let cases =
        [("2027-09-17", None), ("2027-09-18", Some(90)), ("2027-12-17", Some(0)), ("2027-12-20", Some(-3))];

    for (today, expected) in cases {
        assert_eq!(warn_before(&calendar, day(today), 90), expected, "{today}");
    }
}

#[test]
fn holidays_are_half_terms_and_the_time_between_terms() {
    let calendar = example();
    let cases = [
        ("2026-12-18T16:00Z", false),
        ("2026-12-19T10:00Z", true),
        ("2026-10-24T10:00Z", false),
        ("2026-10-28T10:00Z", true),
        // In London it is already the first day of term.
        ("2027-04-11T23:30Z", false),
        ("2027-05-03T10:00Z", false),
        ("2028-08-01T10:00Z", false),
    ];

    for (now, expected) in cases {
        assert_eq!(on_holiday(at(now), &calendar), expected, "{now}");
        assert!(!on_holiday(at(now), &Calendar::bank_holidays_only()), "{now}");
    }
}
