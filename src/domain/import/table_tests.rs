//! The tables of cases for [`super`].
#![expect(clippy::indexing_slicing, reason = "tests")]

use super::{super::Problem, *};

const HEADER: &str = "pupil_ref,legal_surname,legal_forename";

fn told(bytes: &[u8]) -> (Option<Table>, Vec<String>) {
    let mut problems = Problems::default();
    let table = super::read(File::Pupils, bytes, &mut problems);
    (table, problems.into_sorted().iter().map(Problem::to_string).collect())
}

fn rows(text: &str) -> Vec<(u64, String)> {
    let (table, problems) = told(text.as_bytes());
    assert_eq!(problems, Vec::<String>::new(), "{text:?}");
    let table = table.expect("a table");
    table.rows.iter().map(|row| (row.line, row.cell("legal_surname").to_owned())).collect()
}

fn only_problem(bytes: &[u8]) -> String {
    let (_, problems) = told(bytes);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].clone()
}

#[test]
fn a_byte_order_mark_every_line_break_and_quoting_are_read() {
    let cases = [
        format!("\u{feff}{HEADER}\nP1,Fox,Ann\n"),
        format!("{HEADER}\r\nP1,Fox,Ann\r\n"),
        format!("{HEADER}\rP1,Fox,Ann\r"),
        format!("{HEADER}\nP1,Fox,Ann"),
        format!("{HEADER}\n\"P1\",\"Fox\",\"Ann\"\n"),
        "Legal_Surname, legal_forename ,PUPIL_REF\n  Fox ,Ann,P1\n".to_owned(),
        format!("{HEADER},,\nP1,Fox,Ann,,\n"),
    ];

    for text in cases {
        assert_eq!(rows(&text), [(2, "Fox".to_owned())], "{text:?}");
    }
}

#[test]
fn commas_quotation_marks_and_formulas_stay_text() {
    let text = format!(
        "{HEADER}\nP1,\"Fox, \"\"Jr\"\"\",A\nP2,=1+1,B\nP3,+x,C\nP4,-x,D\nP5,@x,E\nP6,\"=HYPERLINK(\"\"x\"\")\",F\n"
    );

    let surnames: Vec<_> = rows(&text).into_iter().map(|(_, surname)| surname).collect();

    assert_eq!(surnames, ["Fox, \"Jr\"", "=1+1", "+x", "-x", "@x", "=HYPERLINK(\"x\")"]);
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    let text = format!("\n{HEADER}\r\n\r\n\nP1,Fox,Ann\n,,\nP2,Hare,Bo\n\nP3,Mole,Cy\n");

    assert_eq!(rows(&text), [(5, "Fox".to_owned()), (7, "Hare".to_owned()), (9, "Mole".to_owned())]);
}

#[test]
fn an_address_of_several_lines_is_one_row() {
    let header = "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,legal_restriction,address1";
    let text =
        format!("{header}\nP1,C1,A,B,m,1,yes,none,\"Flat 2\r\n1 High St\"\nP1,C2,A,B,m,1,yes,none,x\n");
    let mut problems = Problems::default();

    let table = super::read(File::Contacts, text.as_bytes(), &mut problems).expect("a table");

    let got: Vec<_> = table.rows.iter().map(|row| (row.line, row.cell("address1"))).collect();
    assert_eq!(got, [(2, "Flat 2\n1 High St"), (3, "x")]);
}

#[test]
fn a_file_that_is_not_utf8_gets_a_sentence() {
    let latin = b"pupil_ref,legal_surname,legal_forename\nP1,Zo\xEB,Ann\n";
    let wide = [&[0xFF, 0xFE][..], b"p\0u\0"].concat();

    assert!(only_problem(latin).starts_with("pupils.csv, line 2: The file is not UTF-8"));
    assert!(only_problem(&wide).contains("UTF-16"));
}

#[test]
fn a_header_that_is_unknown_double_or_short_is_refused_without_repeating_it() {
    let unknown = only_problem(b"pupil_ref,legal_surname,Fox,legal_forename\nP1,a,b,c\n");
    let double = only_problem(b"pupil_ref,pupil_ref,legal_surname,legal_forename\nP1,P1,a,b\n");
    let short = only_problem(b"pupil_ref,legal_surname\nP1,a\n");
    let none = only_problem(b"P1,Fox,Ann\nP2,Hare,Bo\n");
    let semicolons = only_problem(b"pupil_ref;legal_surname;legal_forename\nP1;Fox;Ann\n");

    assert!(unknown.starts_with("pupils.csv, line 1: Column C ") && !unknown.contains("Fox"), "{unknown}");
    assert_eq!(double, "pupils.csv, line 1, pupil_ref: This column is there twice: keep one.");
    assert_eq!(short, "pupils.csv, line 1, legal_forename: This column is missing and is required: add it.");
    assert!(none.contains("does not name any column") && !none.contains("Fox"), "{none}");
    assert!(semicolons.contains("separated by commas"), "{semicolons}");
}

#[test]
fn an_empty_file_and_one_with_only_a_header_are_refused() {
    assert!(only_problem(b"").contains("empty"));
    assert!(only_problem(b"\xEF\xBB\xBF\r\n\r\n").contains("empty"));
    assert!(only_problem(HEADER.as_bytes()).contains("no rows"));
}

#[test]
fn a_file_may_have_fifty_thousand_rows_and_no_more() {
    let most = format!("{HEADER}\n{}", "P,a,b\n".repeat(MOST_ROWS));

    let (table, problems) = told(most.as_bytes());

    assert_eq!((table.expect("a table").rows.len(), problems.len()), (MOST_ROWS, 0));
    assert!(only_problem(format!("{most}P,a,b\n").as_bytes()).contains("may have 50000"));
}

#[test]
fn a_row_of_another_shape_than_the_header_is_refused() {
    let short = only_problem(format!("{HEADER}\nP1,Fox\n").as_bytes());
    let long = only_problem(format!("{HEADER}\nP1,Fox,Ann,more\n").as_bytes());
    let nameless = only_problem(format!("{HEADER},\nP1,Fox,Ann,more\n").as_bytes());

    assert!(short.starts_with("pupils.csv, line 2: The row has 2 cells and the header 3"), "{short}");
    assert!(long.contains("4 cells"), "{long}");
    assert!(nameless.contains("Column D has a value and no heading"), "{nameless}");
}

#[test]
fn control_characters_line_breaks_and_overlong_cells_are_refused_by_column() {
    let cases = [
        ("P1,F\0x,Ann".to_owned(), "legal_surname: There is an invisible control character"),
        ("P1,F\u{1b}[2Jx,Ann".to_owned(), "legal_surname: There is an invisible control character"),
        ("P1,F\tx,Ann".to_owned(), "legal_surname: There is an invisible control character"),
        ("P1,\"F\nx\",Ann".to_owned(), "legal_surname: There is a line break"),
        (
            format!("P1,{},Ann", "x".repeat(101)),
            "legal_surname: The cell has 101 characters and may have 100",
        ),
    ];

    for (row, sentence) in cases {
        let told = only_problem(format!("{HEADER}\n{row}\n").as_bytes());
        assert!(told.starts_with(&format!("pupils.csv, line 2, {sentence}")), "{told}");
    }
}

#[test]
fn a_quotation_mark_left_open_does_not_swallow_the_rest() {
    let told = only_problem(format!("{HEADER}\nP1,Fox,\"Ann\nP2,Hare,Bo\n").as_bytes());

    assert!(told.contains("never closed"), "{told}");
}

#[test]
fn columns_are_lettered_as_in_a_spreadsheet() {
    assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
}
