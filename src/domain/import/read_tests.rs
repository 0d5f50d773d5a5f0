//! Whole files, from bytes to a roll.
#![expect(clippy::indexing_slicing, reason = "tests")]

use super::*;

const PUPILS: &str = "pupil_ref,legal_surname,legal_forename\nP1,Fox,Ann\nP2,Hare,Bo\n";
const HEADER: &str = "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                      legal_restriction,restriction_until,emergency_contact,preferred_channel,email,mobile";
const TODAY: Date = Date::constant(2026, 11, 24);

fn told(rows: &[&str]) -> (Read, Vec<String>) {
    let read = read(PUPILS.as_bytes(), format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes(), TODAY);
    let refused = |problem: &&Problem| problem.severity == Severity::Refused;
    let sentences = read.problems.iter().filter(refused).map(ToString::to_string).collect();
    (read, sentences)
}

fn warnings(rows: &[&str]) -> Vec<String> {
    let (read, refused) = told(rows);
    assert_eq!(refused, Vec::<String>::new());
    read.problems.iter().map(ToString::to_string).collect()
}

/// A good row: pupil, contact, surname, restriction, email, mobile.
fn row(pupil: &str, contact: &str, surname: &str, restriction: &str, email: &str, mobile: &str) -> String {
    format!("{pupil},{contact},{surname},X,mother,1,yes,{restriction},,yes,,{email},{mobile}")
}

#[test]
fn two_good_files_are_a_roll_without_problems() {
    let (read, refused) = told(&[
        &row("P1", "C1", "Fox", "none", "a@post.example", "07700 900001"),
        &row("P1", "C2", "Fox", "none", "b@post.example", "07700 900002"),
        &row("P2", "C1", "Fox", "none", "a@post.example", "07700 900001"),
        &row("P2", "C2", "Fox", "none", "b@post.example", "07700 900002"),
    ]);

    assert!(read.is_good() && refused.is_empty());
    assert_eq!((read.roll.pupils.len(), read.roll.contacts.len()), (2, 4));
    assert_eq!((read.problems, read.proposals), (vec![], vec![]));
}

#[test]
fn a_contact_of_an_unknown_pupil_is_refused() {
    let (_, refused) = told(&[&row("P9", "C1", "Fox", "none", "", "")]);

    assert_eq!(refused.len(), 1);
    assert!(refused[0].starts_with("contacts.csv, line 2, pupil_ref: No pupil"), "{refused:?}");
}

#[test]
fn a_contact_stands_once_under_a_pupil() {
    let twice = row("P1", "C1", "Fox", "none", "", "");

    let (_, refused) = told(&[&twice, &twice]);

    assert_eq!(refused.len(), 1);
    assert!(
        refused[0].starts_with("contacts.csv, line 3, contact_ref: Line 2 has the same contact"),
        "{refused:?}"
    );
}

#[test]
fn rows_of_one_contact_agree_on_the_person_and_may_differ_on_the_link() {
    let first = row("P1", "C1", "Fox", "none", "a@post.example", "07700 900001");
    let cases = [
        ("P2,C1,Fox,X,aunt,7,no,supervised,,no,,a@post.example,07700900001", vec![]),
        ("P2,C1,fox,X,mother,1,yes,none,,yes,,a@post.example,07700 900001", vec!["surname"]),
        ("P2,C1,Fox,Y,mother,1,yes,none,,yes,,A@post.example,07700 900001", vec!["forename"]),
        ("P2,C1,Fox,X,mother,1,yes,none,,yes,,,07700 900009", vec!["email", "mobile"]),
        ("P2,C1,Fox,X,mother,1,yes,none,,yes,email,a@post.example,07700 900001", vec!["preferred_channel"]),
    ];

    for (second, columns) in cases {
        let (_, refused) = told(&[&first, second]);
        let expected: Vec<_> =
            columns.iter().map(|column| format!("contacts.csv, line 3, {column}: Line 2 ")).collect();
        assert_eq!(refused.len(), expected.len(), "{refused:?}");
        for (told, start) in refused.iter().zip(expected) {
            assert!(told.starts_with(&start), "{told}");
        }
    }
}

#[test]
fn an_address_shared_with_a_restricted_contact_of_the_pupil_stops_the_whole_import() {
    let free = row("P1", "C1", "Fox", "none", "a@post.example", "07700 900001");
    let cases = [
        (row("P1", "C2", "Fox", "no_contact", "b@post.example", "+447700900001"), Some("mobile")),
        (row("P1", "C2", "Fox", "see_dsl", "A@POST.example", ""), Some("email")),
        (row("P1", "C2", "Fox", "supervised", "", "07700 900002"), None),
        (row("P1", "C2", "Fox", "none", "a@post.example", "07700 900001"), None),
        (row("P2", "C2", "Fox", "no_contact", "a@post.example", ""), None),
    ];

    for (second, column) in cases {
        let (read, refused) = told(&[&free, &second]);
        assert_eq!(read.is_good(), column.is_none(), "{refused:?}");
        assert_eq!(refused.len(), usize::from(column.is_some()), "{refused:?}");
        if let (Some(told), Some(column)) = (refused.first(), column) {
            assert!(
                told.starts_with(&format!("contacts.csv, line 3, {column}: Contacts C2 (restricted) and C1")),
                "{told}"
            );
            assert!(!told.contains("900001") && !told.contains("post.example"), "{told}");
        }
    }
}

#[test]
fn a_restriction_that_has_ended_no_longer_stops_a_shared_address() {
    let free = row("P1", "C1", "Fox", "none", "", "07700 900001");
    let until = |day: &str| format!("P1,C2,Fox,X,father,1,yes,no_contact,{day},yes,,,07700 900001");

    let yesterday = told(&[&free, &until("2026-11-23")]).0.is_good();
    let today = told(&[&free, &until("2026-11-24")]).0.is_good();

    assert_eq!((yesterday, today), (true, false));
}

#[test]
fn a_pupil_without_contact_responsibility_or_a_second_emergency_contact_is_warned_of() {
    let told = warnings(&["P1,C1,Fox,X,aunt,1,no,none,,yes,,,"]);

    assert_eq!(
        told,
        [
            "pupils.csv, line 2: No contact of the pupil is recorded as having parental responsibility: find out who has.",
            "pupils.csv, line 2: The pupil has fewer than two emergency contacts: ask for another where possible.",
            "pupils.csv, line 3: The pupil has no contact at all: nobody will hear about the pupil.",
        ]
    );
}

#[test]
fn one_person_entered_once_per_child_is_proposed_and_never_merged() {
    let cases = [
        (["P1", "P2"], ["Fox", "FOX"], ["a@post.example", "A@post.example"], 1),
        (["P1", "P2"], ["Fox", "Hare"], ["a@post.example", "a@post.example"], 0),
        (["P1", "P2"], ["Fox", "Fox"], ["a@post.example", "b@post.example"], 0),
        // Side by side on one pupil: two people with one mailbox.
        (["P1", "P1"], ["Fox", "Fox"], ["a@post.example", "a@post.example"], 0),
        (["P1", "P2"], ["Fox", "Fox"], ["", ""], 0),
    ];

    for (pupils, surnames, emails, expected) in cases {
        let rows: Vec<_> =
            [0, 1].map(|at| row(pupils[at], &format!("C{at}"), surnames[at], "none", emails[at], "")).into();
        let (read, refused) = told(&[&rows[0], &rows[1]]);
        assert_eq!(
            (read.proposals.len(), refused.len()),
            (expected, 0),
            "{pupils:?} {surnames:?} {emails:?}"
        );
        assert_eq!(read.roll.contacts.len(), 2);
        for proposal in read.proposals {
            assert_eq!(proposal.contact_refs, ["C0", "C1"]);
            assert!(!proposal.sentence.to_lowercase().contains("fox"), "{}", proposal.sentence);
        }
    }
}

#[test]
fn both_files_are_told_of_at_once() {
    let read = read(b"", b"x", TODAY);

    let files: Vec<_> = read.problems.iter().map(|problem| problem.file).collect();
    assert_eq!(files, [File::Pupils, File::Contacts]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(header: bool, rows in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let start = if header { format!("{HEADER}\n") } else { String::new() };
        let contacts = [start.as_bytes(), &rows].concat();

        let read = read(PUPILS.as_bytes(), &contacts, TODAY);

        proptest::prop_assert!(!read.is_good() || header);
    }

    #[test]
    fn no_text_of_a_cell_is_lost_or_changed(cell in "[ -~£éłа-я]{1,40}") {
        let quoted = cell.replace('"', "\"\"");
        let pupils = format!("pupil_ref,legal_surname,legal_forename\nP1,\"x{quoted}x\",Ann\n");
        let contacts = format!("{HEADER}\n{}\n", row("P1", "C1", "Fox", "none", "", ""));

        let read = read(pupils.as_bytes(), contacts.as_bytes(), TODAY);

        let surname = read.roll.pupils.first().map(|pupil| pupil.fields.legal_surname.expose().clone());
        proptest::prop_assert_eq!(surname, Some(format!("x{cell}x")));
    }
}
