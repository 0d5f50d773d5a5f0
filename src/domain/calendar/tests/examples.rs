use super::*;
use crate::domain::time::Time;

/// What the rule gives with INSET days not counted, and with after-hours mail taken as of the next day.
struct Example {
    received: &'static str,
    counted: [&'static str; 4],
    due: &'static str,
    without_inset: &'static str,
    after_hours: &'static str,
}

const fn example_of(
    received: &'static str,
    counted: [&'static str; 4],
    due: &'static str,
    without_inset: &'static str,
    after_hours: &'static str,
) -> Example {
    Example { received, counted, due, without_inset, after_hours }
}

#[rustfmt::skip]
const EXAMPLES: [Example; 18] = [
    // An ordinary week.
    example_of("2026-11-09T09:15Z", ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"], "2026-11-13T17:00Z", "2026-11-13", "2026-11-13"),
    // After hours.
    example_of("2026-11-09T21:40Z", ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"], "2026-11-13T17:00Z", "2026-11-13", "2026-11-16"),
    // Friday evening.
    example_of("2026-11-13T18:05Z", ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"], "2026-11-19T17:00Z", "2026-11-19", "2026-11-20"),
    // Saturday.
    example_of("2026-11-14T11:00Z", ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"], "2026-11-19T17:00Z", "2026-11-19", "2026-11-20"),
    // Before INSET and half-term, over the change of the clocks.
    example_of("2026-10-21T09:00Z", ["2026-10-22", "2026-10-23", "2026-11-02", "2026-11-03"], "2026-11-03T17:00Z", "2026-11-04", "2026-11-03"),
    // On the INSET day.
    example_of("2026-10-23T09:00Z", ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"], "2026-11-05T17:00Z", "2026-11-05", "2026-11-05"),
    // In half-term.
    example_of("2026-10-28T09:00Z", ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"], "2026-11-05T17:00Z", "2026-11-05", "2026-11-06"),
    // The last afternoon of term.
    example_of("2026-12-18T16:45Z", ["2027-01-04", "2027-01-05", "2027-01-06", "2027-01-07"], "2027-01-07T17:00Z", "2027-01-08", "2027-01-08"),
    // Christmas Day.
    example_of("2026-12-25T10:00Z", ["2027-01-04", "2027-01-05", "2027-01-06", "2027-01-07"], "2027-01-07T17:00Z", "2027-01-08", "2027-01-08"),
    // Over May Day.
    example_of("2027-04-29T09:00Z", ["2027-04-30", "2027-05-04", "2027-05-05", "2027-05-06"], "2027-05-06T16:00Z", "2027-05-06", "2027-05-06"),
    // On a bank holiday in term.
    example_of("2027-05-03T10:00Z", ["2027-05-04", "2027-05-05", "2027-05-06", "2027-05-07"], "2027-05-07T16:00Z", "2027-05-07", "2027-05-10"),
    // A bank holiday inside half-term.
    example_of("2027-05-27T09:00Z", ["2027-05-28", "2027-06-07", "2027-06-08", "2027-06-09"], "2027-06-09T16:00Z", "2027-06-10", "2027-06-09"),
    // Friday in London, still Thursday in UTC.
    example_of("2027-04-15T23:30Z", ["2027-04-19", "2027-04-20", "2027-04-21", "2027-04-22"], "2027-04-22T16:00Z", "2027-04-22", "2027-04-22"),
    // The repeated hour, first and second time.
    example_of("2026-10-25T00:30Z", ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"], "2026-11-05T17:00Z", "2026-11-05", "2026-11-06"),
    example_of("2026-10-25T01:30Z", ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"], "2026-11-05T17:00Z", "2026-11-05", "2026-11-06"),
    // The last day of the spring term.
    example_of("2027-03-25T12:00Z", ["2027-04-12", "2027-04-13", "2027-04-14", "2027-04-15"], "2027-04-15T16:00Z", "2027-04-15", "2027-04-15"),
    // The summer holidays.
    example_of("2027-08-09T09:00Z", ["2027-09-01", "2027-09-02", "2027-09-03", "2027-09-06"], "2027-09-06T16:00Z", "2027-09-07", "2027-09-07"),
    // Before a closure is declared.
    example_of("2026-11-23T09:00Z", ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"], "2026-11-27T17:00Z", "2026-11-27", "2026-11-27"),
];

#[test]
fn the_worked_examples_come_out_as_written() {
    let calendar = example();

    for Example { received, counted, due: expected, .. } in EXAMPLES {
        let due = due(at(received), &calendar, &Rule::default()).expect("a date");

        assert_eq!(due.counted, counted.map(day), "{received}");
        assert_eq!(due.at, at(expected), "{received}");
        assert_eq!(due.day, day(counted[3]), "{received}");
    }
}

#[test]
fn the_worked_examples_come_out_as_written_with_each_option() {
    let calendar = example();
    let without_inset = Rule { inset_counts: false, ..Rule::default() };
    let after_hours = Rule { after_hours: Some(Time::constant(16, 0, 0, 0)), ..Rule::default() };

    for Example { received, without_inset: first, after_hours: second, .. } in EXAMPLES {
        let due = |rule| due(at(received), &calendar, rule).expect("a date").day;

        assert_eq!(due(&without_inset), day(first), "{received} without INSET");
        assert_eq!(due(&after_hours), day(second), "{received} with after-hours");
    }
}

#[test]
fn a_declared_closure_is_not_counted() {
    let calendar = with("closure,2026-11-27,,Boiler,2026-11-26");

    let due = due(at("2026-11-23T09:00Z"), &calendar, &Rule::default()).expect("a date");

    assert_eq!(due.counted, ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-30"].map(day));
    assert_eq!(due.at, at("2026-11-30T17:00Z"));
}

#[test]
fn at_the_after_hours_minute_itself_mail_is_still_of_the_day() {
    let rule = Rule { after_hours: Some(Time::constant(16, 0, 0, 0)), ..Rule::default() };

    let days = ["2026-11-09T16:00:00Z", "2026-11-09T16:00:01Z"]
        .map(|received| due(at(received), &example(), &rule).expect("a date").day);

    assert_eq!(days, [day("2026-11-13"), day("2026-11-16")]);
}

#[test]
fn summer_mail_has_no_date_until_the_next_year_is_loaded() {
    let this_year: String = EXAMPLE_FILE
        .lines()
        .filter(|line| !line.contains(",2027-09") && !line.contains(",2027-10"))
        .fold(String::new(), |file, line| file + line + "\n");
    let calendar = read(this_year.as_bytes()).expect("a good calendar");

    let missing = due(at("2027-07-20T09:00Z"), &calendar, &Rule::default()).expect_err("no date");

    assert_eq!(missing.covers_until, Some(day("2027-07-21")));
    assert_eq!(missing.first_missing, day("2027-07-22"));
    assert_eq!(
        missing.sentence(),
        "the school calendar ends on Wednesday 21 July 2027 and Thursday 22 July 2027 would be needed to count: add the \
         next term dates to it"
    );
    assert!(due(at("2027-08-09T09:00Z"), &calendar, &Rule::default()).is_err());
}

#[test]
fn mail_from_before_the_first_term_has_no_date() {
    let missing = due(at("2026-08-20T09:00Z"), &example(), &Rule::default()).expect_err("no date");

    assert_eq!(missing.first_missing, day("2026-08-20"));
    assert!(missing.sentence().contains("begins after Thursday 20 August 2026"), "{missing}");
}

#[test]
fn with_bank_holidays_only_every_other_weekday_counts() {
    let calendar = Calendar::bank_holidays_only();
    let cases = [
        // Christmas 2026, whose Boxing Day is kept on the Monday.
        ("2026-12-24T12:00Z", Some("2026-12-29 2026-12-30 2026-12-31 2027-01-04")),
        // Easter 2025, the clocks already changed.
        ("2025-04-16T12:00Z", Some("2025-04-17 2025-04-22 2025-04-23 2025-04-24")),
        // The last days that are known.
        ("2028-12-21T12:00Z", Some("2028-12-22 2028-12-27 2028-12-28 2028-12-29")),
        ("2028-12-22T12:00Z", None),
        ("2025-01-01T12:00Z", Some("2025-01-02 2025-01-03 2025-01-06 2025-01-07")),
        ("2024-12-31T12:00Z", None),
    ];

    for (received, expected) in cases {
        let due = due(at(received), &calendar, &Rule::default()).ok();

        let counted =
            due.map(|due| due.counted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        assert_eq!(counted.as_deref(), expected, "{received}");
    }
}

#[test]
fn every_carried_bank_holiday_is_a_weekday_and_each_year_has_eight() {
    for (day, name) in BANK_HOLIDAYS {
        assert!(crate::domain::time::is_weekday(day), "{day} {name}");
    }
    assert!(BANK_HOLIDAYS.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order");
    for year in 2025..=2028 {
        assert_eq!(BANK_HOLIDAYS.iter().filter(|(day, _)| day.year() == year).count(), 8, "{year}");
    }
}

#[test]
fn the_reason_for_a_date_is_told_in_words() {
    let after_hours = Rule { after_hours: Some(Time::constant(16, 0, 0, 0)), ..Rule::default() };
    let cases = [
        (
            "2026-10-21T09:00Z",
            Rule::default(),
            "received Wednesday 21 October, so day 0; counted Thursday 22 October, Friday 23 October (INSET), \
             Monday 2 November, Tuesday 3 November; not counted: half-term 26–30 October, weekends; \
             due Tuesday 3 November, 17:00",
        ),
        (
            "2026-11-09T09:15Z",
            Rule::default(),
            "received Monday 9 November, so day 0; counted Tuesday 10 November, Wednesday 11 November, \
             Thursday 12 November, Friday 13 November; due Friday 13 November, 17:00",
        ),
        (
            "2027-04-15T23:30Z",
            Rule::default(),
            "received Friday 16 April, so day 0; counted Monday 19 April, Tuesday 20 April, Wednesday 21 April, \
             Thursday 22 April; not counted: the weekend; due Thursday 22 April, 17:00",
        ),
        (
            "2026-12-18T16:45Z",
            after_hours,
            "received Friday 18 December, 16:45, after 16:00, so treated as received on Monday 4 January 2027, day 0; \
             counted Tuesday 5 January 2027, Wednesday 6 January 2027, Thursday 7 January 2027, Friday 8 January 2027; \
             not counted: holidays 19 December–3 January 2027; due Friday 8 January 2027, 17:00",
        ),
        (
            "2027-05-03T10:00Z",
            after_hours,
            "received Monday 3 May, a day that does not count, so treated as received on Tuesday 4 May, day 0; counted \
             Wednesday 5 May, Thursday 6 May, Friday 7 May, Monday 10 May; not counted: the weekend; \
             due Monday 10 May, 17:00",
        ),
        (
            "2027-04-29T09:00Z",
            Rule { inset_counts: false, days: 1, ..Rule::default() },
            "received Thursday 29 April, so day 0; counted Friday 30 April; due Friday 30 April, 17:00",
        ),
        (
            "2027-04-30T09:00Z",
            Rule { days: 20, ..Rule::default() },
            "received Friday 30 April, so day 0; counted 20 days from Tuesday 4 May to Monday 7 June; not counted: \
             Monday 3 May (Early May bank holiday), half-term 31 May–4 June, weekends; due Monday 7 June, 17:00",
        ),
    ];

    for (received, rule, expected) in cases {
        let received = at(received);
        let calendar = example();
        let due = due(received, &calendar, &rule).expect("a date");

        assert_eq!(due_words(&due, received, &calendar, &rule), expected);
    }
}

#[test]
fn closures_and_uncounted_inset_days_are_named_with_their_reason() {
    let calendar = with("closure,2026-10-22,,snow,");
    let rule = Rule { inset_counts: false, days: 1, ..Rule::default() };
    let received = at("2026-10-21T09:00Z");

    let due = due(received, &calendar, &rule).expect("a date");

    assert_eq!(
        due_words(&due, received, &calendar, &rule),
        "received Wednesday 21 October, so day 0; counted Monday 2 November; not counted: Thursday 22 October (closed: \
         snow), Friday 23 October (INSET), half-term 26–30 October, weekends; due Monday 2 November, 17:00"
    );
}
