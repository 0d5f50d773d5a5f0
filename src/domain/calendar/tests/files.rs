use super::*;

const HEADER: &str = "kind,from,until,reason,announced\n";
const TERM: &str = "term,2026-09-01,2026-12-18,Autumn,\n";

/// The problems of a file, as `line: sentence`.
fn problems(file: &str) -> Vec<String> {
    let problems = read(file.as_bytes()).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{}: {}", problem.line, problem.sentence)).collect()
}

/// The one problem of a good file with these rows added from line 3 on.
fn problem(rows: &str) -> String {
    let told = problems(&format!("{HEADER}{TERM}{rows}\n"));
    assert_eq!(told.len(), 1, "{rows}: {told:?}");
    told[0].clone()
}

#[test]
fn the_example_file_is_good() {
    let calendar = example();

    assert_eq!((calendar.covers_from(), calendar.covers_until()), (day("2026-09-01"), day("2027-12-17")));
    assert_eq!(calendar.spans().iter().filter(|span| span.kind == Kind::Inset).count(), 5);
}

#[test]
fn each_mistake_is_told_by_its_line() {
    let cases = [
        ("term,2026-12-01,2027-03-25,,", "3: this term shares days with the one on line 2"),
        ("term,2026-09-01,2026-12-18,Again,", "3: this term is there already on line 2"),
        ("half_term,2027-02-15,2027-02-19,,", "3: this half-term is not inside any term"),
        ("half_term,2026-12-16,2026-12-20,,", "3: this half-term is not inside any term"),
        ("inset,2026-08-31,,,", "3: this INSET day is not inside any term"),
        ("inset,2026-10-24,,,", "3: Saturday 24 October is at a weekend"),
        ("closure,2025-11-27,,Boiler,", "3: this closure is not inside any term"),
        ("term,2027-03-25,2027-01-04,,", "3: from is after until"),
        ("term,2027-01-04,2072-03-25,,", "3: this term has "),
        ("holiday,2026-10-26,2026-10-30,,", "3: column kind is not one of term, half_term"),
        ("Term,2027-01-04,2027-03-25,,", "3: column kind is not one of"),
        ("inset,23/10/2026,,,", "3: column from is not a date"),
        ("inset,2026-11-31,,,", "3: column from is not a date"),
        ("inset,20261123,,,", "3: column from is not a date"),
        ("inset,2026-10-23,2026-10-,,", "3: column until is not a date"),
        ("closure,2026-11-27,,Boiler,yesterday", "3: column announced is not a date"),
        ("inset,2026-10-23,,,2026-10-01", "3: only a closure has a day on which it was announced"),
        ("inset,,,,", "3: column from is empty"),
        ("inset,0026-10-23,,,", "3: column from is in the year 26"),
        ("closure,2026-11-27,,snow,ice,wind", "3: this line has more cells"),
        ("closure,2026-11-27,,\"snow\nand ice\",", "3: a cell goes on over the end"),
        ("covers_until,2026-12-01", "3: covers_until must not be before the last term ends"),
        ("covers_until,2029-07-01", "3: covers_until must not be before"),
        ("covers_from,2026-09-02", "3: covers_from must not be after"),
        ("covers_from,2024-12-31", "3: covers_from must not be after"),
        ("covers_until,2027-01-01,2027-01-02", "3: this kind of row takes one date only"),
    ];

    for (rows, expected) in cases {
        let told = if rows.contains('\n') {
            problems(&format!("{HEADER}{TERM}{rows}\n"))[0].clone()
        } else {
            problem(rows)
        };

        assert!(told.starts_with(expected), "{rows}: {told}");
    }
}

#[test]
fn every_problem_is_told_at_once_and_in_order() {
    let told = problems(&format!(
        "{HEADER}{TERM}inset,2026-10-23,,,\ninset,2026-10-23,,,\n# a remark\n\nhalf_term,2026-10-30,2026-10-26,,\nsnow,x,,,\n"
    ));

    let lines: Vec<_> = told.iter().map(|told| told.split(':').next().unwrap_or_default()).collect();
    assert_eq!(lines, ["4", "7", "8", "8"], "{told:?}");
}

#[test]
fn an_inset_day_inside_half_term_is_refused() {
    let told = problem("half_term,2026-10-26,2026-10-30,,\ninset,2026-10-26,,,");

    assert!(told.starts_with("4: this INSET day is inside half-term"), "{told}");
}

#[test]
fn a_row_that_cannot_be_read_brings_no_problems_upon_others() {
    let told = problems(&format!("{HEADER}term,2026-09-01,18 December,,\ninset,2026-10-23,,,\n"));

    assert_eq!(told, ["2: column until is not a date of the calendar: write it like 2026-09-01"]);
}

#[test]
fn a_file_without_its_header_or_terms_is_refused() {
    let cases = [
        ("", "1: the file is empty"),
        ("# only a remark\n", "1: the file is empty"),
        ("term,2026-09-01,2026-12-18,\n", "1: this line must name the columns"),
        ("kind;from;until;reason\n", "1: this line must name the columns"),
        ("kind,from,until\n", "1: this line must name the columns"),
        ("kind,from,until,reason\n", "1: the file has no term"),
        ("kind,from,until,reason\nterm,2020-09-01,2020-12-18,\n", "1: the bank holidays are known from"),
    ];

    for (file, expected) in cases {
        let told = problems(file);

        assert!(told.len() == 1 && told[0].starts_with(expected), "{file:?}: {told:?}");
    }
}

#[test]
fn a_spreadsheets_ways_do_no_harm() {
    let plain = "kind,from,until,reason\nterm,2026-09-01,2026-12-18,Autumn\ninset,2026-09-01\n";
    let spreadsheet = "\u{feff}Kind , From,Until,Reason,Announced\r\n\r\nterm,2026-09-01,2026-12-18,\"Autumn\",\r\n,,,,\r\n inset ,2026-09-01,,,\r\n";

    assert_eq!(read(plain.as_bytes()), read(spreadsheet.as_bytes()));
    assert!(read(plain.as_bytes()).is_ok());
}

#[test]
fn the_file_may_say_how_far_it_reaches() {
    let file = format!("{HEADER}{TERM}covers_from,2026-08-01\ncovers_until,2027-01-03\n");

    let calendar = read(file.as_bytes()).expect("a good calendar");

    let days = ["2026-07-31", "2026-08-01", "2027-01-03", "2027-01-04"];
    let expected = [Day::Unknown, Day::Holidays, Day::Holidays, Day::Unknown];
    assert_eq!(days.map(|text| calendar.day(day(text))), expected);
}

#[test]
fn a_term_beyond_the_known_bank_holidays_is_not_covered_until_they_are_there() {
    let terms = "kind,from,until,reason\nterm,2028-09-01,2028-12-20,\nterm,2029-01-08,2029-03-28,\n";

    let without = read(terms.as_bytes()).expect("a good calendar");
    let with =
        read(format!("{terms}bank_holiday,2029-01-01,,New Year\n").as_bytes()).expect("a good calendar");

    assert_eq!(without.covers_until(), KNOWN_UNTIL);
    assert_eq!(with.covers_until(), day("2029-03-28"));
}

#[test]
fn a_proclaimed_bank_holiday_is_not_counted() {
    let calendar = with("bank_holiday,2027-06-14,,Jubilee,\nbank_holiday,2027-05-03,,May Day,");

    assert!(matches!(calendar.day(day("2027-06-14")), Day::BankHoliday(span) if span.reason == "Jubilee"));
    assert!(matches!(calendar.day(day("2027-05-03")), Day::BankHoliday(span) if span.reason == "May Day"));
}

#[test]
fn the_version_follows_what_the_calendar_says_and_nothing_else() {
    let mut rows: Vec<&str> = EXAMPLE_FILE.lines().filter(|line| !line.starts_with('#')).collect();
    rows[1..].reverse();
    let shuffled = read(rows.join("\n").as_bytes()).expect("a good calendar");

    assert_eq!(shuffled, example());
    assert_eq!(shuffled.version_hex().len(), 64);
    assert_ne!(with("closure,2026-11-27,,Boiler,").version(), example().version());
    assert_ne!(with("covers_until,2027-12-31").version(), example().version());
    assert_ne!(Calendar::bank_holidays_only().version(), example().version());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let mut file = HEADER.as_bytes().to_vec();
        file.extend(&bytes);
        let _ = (read(&bytes), read(&file));
    }

    #[test]
    fn no_rows_make_it_panic(
        rows in proptest::collection::vec("(term|half_term|inset|closure|bank_holiday|covers_until|covers_from),20[0-9]{2}-0[1-9]-[012][1-8],(20[0-9]{2}-0[1-9]-[012][1-8])?,[a-z\"]{0,2}", 0..8)
    ) {
        if let Ok(calendar) = read(format!("{HEADER}{}\n", rows.join("\n")).as_bytes()) {
            let received = calendar.covers_from().to_datetime(jiff::civil::Time::midnight());
            let received = received.to_zoned_datetime(crate::domain::time::school_zone()).expect("a moment").timestamp();
            if let Ok(due) = due(received, &calendar, &Rule::default()) {
                let _ = due_words(&due, received, &calendar, &Rule::default());
            }
        }
    }
}
