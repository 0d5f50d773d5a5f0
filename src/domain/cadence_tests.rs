//! When a report, a newsletter and a review are due, as tables.

use super::{
    super::calendar::{EXAMPLE_FILE, read},
    Milestone::{AnnualReview, ChristmasReport, SummerReport},
    Standing::{Done, Due, Missed, NotDue},
    *,
};

/// When the school began to use Liaison.
const BEGAN: Date = Date::constant(2026, 9, 1);

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn terms_on(today: &str) -> Vec<Term> {
    terms(&read(EXAMPLE_FILE.as_bytes()).expect("a good calendar"), BEGAN, day(today))
}

fn pupil(from: Option<&str>, until: Option<&str>, done: &[(Milestone, &str)]) -> OnRoll {
    OnRoll {
        from: from.map(day),
        until: until.map(day),
        done: done.iter().map(|(kind, on)| (*kind, day(on))).collect(),
    }
}

#[test]
fn a_term_counts_from_its_first_day_and_one_that_ended_before_the_school_began_does_not() {
    let names = |today: &str| terms_on(today).into_iter().map(|term| term.name).collect::<Vec<_>>();
    let late = terms(&read(EXAMPLE_FILE.as_bytes()).expect("good"), day("2026-12-19"), day("2027-01-03"));

    assert!(names("2026-08-31").is_empty());
    assert_eq!(names("2026-09-01"), ["Autumn 2026"]);
    assert_eq!(names("2027-04-12"), ["Summer 2027", "Spring 2027", "Autumn 2026"]);
    assert_eq!(late, [], "the autumn term had ended when they began");
}

#[test]
fn a_report_is_due_until_the_last_day_of_its_term_and_missed_after_it() {
    let new = || pupil(None, None, &[]);
    let given = |on: &str| pupil(None, None, &[(ChristmasReport, on)]);
    let last = day("2026-12-18");
    let cases = [
        ("in the term", new(), "2026-09-07", Due(last)),
        ("on its last day", new(), "2026-12-18", Due(last)),
        ("the day after", new(), "2026-12-19", Missed(last)),
        ("in spring", new(), "2027-03-01", Missed(last)),
        ("given", given("2026-12-10"), "2026-12-11", Done(day("2026-12-10"))),
        ("given late", given("2027-01-08"), "2027-01-09", Done(day("2027-01-08"))),
        ("that of the year before", given("2025-12-10"), "2026-12-11", Due(last)),
        ("another kind", pupil(None, None, &[(AnnualReview, "2026-12-10")]), "2026-12-11", Due(last)),
        ("came after the term", pupil(Some("2027-01-04"), None, &[]), "2027-01-05", NotDue),
        ("leaves before its end", pupil(None, Some("2026-12-01"), &[]), "2026-11-20", NotDue),
        ("left since", pupil(None, Some("2026-12-18"), &[]), "2027-01-05", NotDue),
        ("a year on, the next one", new(), "2027-09-01", Due(day("2027-12-17"))),
    ];

    for (what, pupil, today, expected) in cases {
        let found = pupil.standing(ChristmasReport, &terms_on(today), BEGAN, day(today));
        assert_eq!(found, expected, "{what}");
    }
    let summer = |today: &str| new().standing(SummerReport, &terms_on(today), BEGAN, day(today));
    assert_eq!((summer("2027-03-01"), summer("2027-07-21")), (NotDue, Due(day("2027-07-21"))));
    assert_eq!(summer("2027-07-22"), Missed(day("2027-07-21")));
}

#[test]
fn a_school_with_six_terms_owes_a_report_for_the_one_before_christmas_and_the_last() {
    let term = |from: &str, until: &str| Term { name: String::new(), from: day(from), until: day(until) };
    let six = [
        term("2027-06-07", "2027-07-21"),
        term("2027-04-12", "2027-05-28"),
        term("2026-11-02", "2027-01-01"),
        term("2026-09-01", "2026-10-23"),
    ];
    let on = |kind, today: &str| {
        let begun: Vec<Term> = six.iter().filter(|term| term.from <= day(today)).cloned().collect();
        pupil(None, None, &[]).standing(kind, &begun, BEGAN, day(today))
    };

    assert_eq!(on(ChristmasReport, "2026-10-20"), NotDue);
    assert_eq!(on(ChristmasReport, "2026-11-02"), Due(day("2027-01-01")));
    assert_eq!(on(SummerReport, "2027-05-20"), NotDue);
    assert_eq!(on(SummerReport, "2027-06-07"), Due(day("2027-07-21")));
}

#[test]
fn a_review_is_due_a_year_after_the_last_or_after_the_pupil_came() {
    let held = |on: &str| pupil(Some("2020-09-01"), None, &[(AnnualReview, on)]);
    let cases = [
        ("held this year", held("2026-03-02"), "2026-10-01", Done(day("2026-03-02"))),
        ("61 days before", held("2026-03-02"), "2026-12-31", Done(day("2026-03-02"))),
        ("60 days before", held("2026-03-02"), "2027-01-01", Due(day("2027-03-02"))),
        ("on its day", held("2026-03-02"), "2027-03-02", Due(day("2027-03-02"))),
        ("a day late", held("2026-03-02"), "2027-03-03", Missed(day("2027-03-02"))),
        ("none on record", pupil(Some("2020-09-01"), None, &[]), "2026-12-01", NotDue),
        ("none in the first year", pupil(None, None, &[]), "2027-09-02", Missed(day("2027-09-01"))),
        ("came later", pupil(Some("2026-11-02"), None, &[]), "2027-09-10", Due(day("2027-11-02"))),
        ("left", pupil(None, Some("2027-07-21"), &[]), "2027-09-02", NotDue),
    ];

    for (what, pupil, today, expected) in cases {
        assert_eq!(pupil.standing(AnnualReview, &terms_on(today), BEGAN, day(today)), expected, "{what}");
    }
}

#[test]
fn a_newsletter_is_due_each_term() {
    let term = terms_on("2026-09-01").remove(0);
    let cases = [
        (None, "2026-12-18", Due(day("2026-12-18"))),
        (None, "2026-12-19", Missed(day("2026-12-18"))),
        (Some("2026-10-01"), "2026-10-02", Done(day("2026-10-01"))),
        (Some("2026-07-01"), "2026-10-02", Due(day("2026-12-18"))),
    ];

    for (sent, today, expected) in cases {
        assert_eq!(newsletter(&term, sent.map(day), day(today)), expected, "{sent:?} {today}");
    }
}
