//! The tables of cases for [`super`].
#![expect(clippy::indexing_slicing, reason = "tests")]

use super::{
    super::{Problem, Severity, table},
    *,
};
use crate::domain::people::RestrictionKind;

/// A good row as columns and values, with some of them changed or added.
fn row(changes: &[(&str, &str)]) -> String {
    let mut cells = vec![
        ("pupil_ref", "P1"),
        ("contact_ref", "C1"),
        ("surname", "Begum"),
        ("forename", "Amina"),
        ("relationship", "mother"),
        ("priority", "1"),
        ("parental_responsibility", "yes"),
        ("legal_restriction", "none"),
    ];
    for (column, value) in changes {
        cells.retain(|(known, _)| known != column);
        cells.push((column, value));
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let header: Vec<_> = cells.iter().map(|(column, _)| *column).collect();
    let values: Vec<_> = cells.iter().map(|(_, value)| quoted(value)).collect();
    format!("{}\n{}\n", header.join(","), values.join(","))
}

fn told(changes: &[(&str, &str)]) -> (Vec<ContactRow>, Vec<Problem>) {
    let mut problems = Problems::default();
    let table = table::read(File::Contacts, row(changes).as_bytes(), &mut problems);
    let contacts = table.map(|table| read(&table, &mut problems)).unwrap_or_default();
    (contacts, problems.into_sorted())
}

fn good(changes: &[(&str, &str)]) -> ContactRow {
    let (mut contacts, problems) = told(changes);
    assert_eq!(problems, [], "{changes:?}");
    contacts.pop().expect("a row")
}

fn kept_with_warning(changes: &[(&str, &str)]) -> (ContactRow, String) {
    let (mut contacts, problems) = told(changes);
    assert_eq!(problems.len(), 1, "{changes:?}: {problems:?}");
    assert_eq!(problems[0].severity, Severity::Warning);
    (contacts.pop().expect("kept"), problems[0].to_string())
}

#[test]
fn every_column_of_a_contact_is_read() {
    let contact = good(&[
        ("title", "Mrs"),
        ("lives_with_pupil", "yes"),
        ("legal_restriction", "supervised"),
        ("restriction_note_ref", "Cabinet 3, file 12"),
        ("restriction_from", "2026-09-01"),
        ("restriction_until", "2027-08-31"),
        ("address_confidential", "yes"),
        ("receives_correspondence", "yes"),
        ("receives_reports", "yes"),
        ("emergency_contact", "yes"),
        ("language", "PA-GURU"),
        ("format", "Large_Print"),
        ("interpreter", "Punjabi"),
        ("best_times", "after 4"),
        ("contact_consent_note", "form of 1 September"),
    ]);

    assert_eq!((contact.line, contact.pupil_ref.as_str(), contact.contact_ref.as_str()), (2, "P1", "C1"));
    let carer = &contact.carer;
    assert_eq!(carer.title.as_ref().expect("one").expose(), "Mrs");
    assert_eq!(
        (carer.language.as_str(), carer.format, carer.address_confidential),
        ("pa-Guru", Format::LargePrint, true)
    );
    let notes = [&carer.interpreter, &carer.best_times, &carer.contact_consent_note];
    assert_eq!(
        notes.map(|note| note.as_ref().expect("one").expose().as_str()),
        ["Punjabi", "after 4", "form of 1 September"]
    );
    let link = &contact.link;
    assert_eq!((link.relationship.as_str(), link.priority), ("mother", 1));
    assert_eq!(link.parental_responsibility, Responsibility::Yes);
    assert!(
        link.lives_with_pupil
            && link.receives_correspondence
            && link.receives_reports
            && link.emergency_contact
    );
    let restriction = contact.restriction.expect("one");
    assert_eq!(restriction.restriction.kind, RestrictionKind::Supervised);
    assert_eq!(restriction.restriction.starts, Some("2026-09-01".parse().expect("a date")));
    assert_eq!(restriction.restriction.ends, Some("2027-08-31".parse().expect("a date")));
    assert_eq!(restriction.note_ref.as_deref(), Some("Cabinet 3, file 12"));
}

#[test]
fn what_an_optional_cell_leaves_out_is_the_careful_answer() {
    let contact = good(&[
        ("lives_with_pupil", ""),
        ("receives_correspondence", ""),
        ("language", ""),
        ("interpreter", "No"),
    ]);

    assert!(
        !contact.link.lives_with_pupil
            && !contact.link.receives_correspondence
            && !contact.link.receives_reports
    );
    assert!(!contact.link.emergency_contact && !contact.carer.address_confidential);
    assert_eq!((contact.carer.language.as_str(), contact.carer.format), ("en", Format::Standard));
    assert_eq!((contact.preferred, contact.restriction, contact.carer.interpreter), (None, None, None));
}

#[test]
fn a_bad_cell_is_refused_by_its_column() {
    let cases = [
        ("pupil_ref", ""),
        ("contact_ref", ""),
        ("surname", " "),
        ("forename", ""),
        ("relationship", ""),
        ("priority", ""),
        ("priority", "0"),
        ("parental_responsibility", ""),
        ("parental_responsibility", "perhaps"),
        ("lives_with_pupil", "sometimes"),
        ("legal_restriction", ""),
        ("legal_restriction", "court order"),
        ("address_confidential", "?"),
        ("receives_correspondence", "x"),
        ("receives_reports", "x"),
        ("emergency_contact", "x"),
        ("preferred_channel", "pigeon"),
        ("email", "amina"),
        ("mobile", "07700"),
        ("phone", "ask the aunt"),
        ("language", "Polish"),
        ("format", "big"),
    ];

    for (column, value) in cases {
        let (contacts, problems) = told(&[(column, value)]);
        assert!(contacts.is_empty(), "{column} {value}");
        assert_eq!(problems.len(), 1, "{column} {value}: {problems:?}");
        assert_eq!((problems[0].severity, problems[0].column), (Severity::Refused, Some(column)), "{value}");
    }
}

#[test]
fn addresses_come_in_one_form_whatever_they_were_typed_as() {
    let contact = good(&[
        ("email", "Amina.Begum@Post.Example"),
        ("mobile", "+44 (0)7700 900 123"),
        ("phone", "01632 960123"),
        ("address1", "Flat 2\r\n1 High St"),
        ("address2", ""),
        ("address3", " Anytown "),
        ("postcode", "ZZ99 9ZZ"),
    ]);

    let got: Vec<_> =
        contact.addresses.iter().map(|a| (a.column, a.kind, a.value.expose().as_str(), a.position)).collect();
    assert_eq!(
        got,
        [
            ("email", AddressKind::Email, "amina.begum@post.example", 1),
            ("mobile", AddressKind::Mobile, "+447700900123", 1),
            ("phone", AddressKind::Landline, "+441632960123", 2),
            ("address1", AddressKind::Postal, "Flat 2\n1 High St\nAnytown\nZZ99 9ZZ", 1),
        ]
    );
}

#[test]
fn a_mobile_in_the_phone_column_is_a_second_mobile_and_the_same_one_is_not_kept_twice() {
    let second = good(&[("mobile", "07700 900123"), ("phone", "07700 900456")]);
    let same = good(&[("mobile", "07700 900123"), ("phone", "+447700900123")]);

    let kinds =
        |contact: &ContactRow| contact.addresses.iter().map(|a| (a.kind, a.position)).collect::<Vec<_>>();
    assert_eq!(kinds(&second), [(AddressKind::Mobile, 1), (AddressKind::Mobile, 2)]);
    assert_eq!(kinds(&same), [(AddressKind::Mobile, 1)]);
}

#[test]
fn a_landline_in_the_mobile_column_is_kept_for_ringing_and_warned_of() {
    let (contact, told) = kept_with_warning(&[("mobile", "01632 960123")]);

    assert_eq!(contact.addresses[0].kind, AddressKind::Landline);
    assert!(told.starts_with("contacts.csv, line 2, mobile: This is a landline"), "{told}");
}

#[test]
fn a_restricted_contact_with_a_wish_is_kept_and_told_that_nothing_will_be_sent() {
    let (contact, told) = kept_with_warning(&[
        ("legal_restriction", "no_contact"),
        ("preferred_channel", "email"),
        ("email", "a@post.example"),
    ]);

    assert_eq!((contact.preferred, contact.restriction.is_some()), (Some(Route::Email), true));
    assert!(told.contains("nothing will be sent"), "{told}");
}

#[test]
fn a_wish_without_an_address_for_it_is_warned_of() {
    for channel in ["email", "sms", "phone", "letter"] {
        let (_, told) = kept_with_warning(&[("preferred_channel", channel)]);
        assert!(told.contains("no address for the wished channel"), "{told}");
    }
    good(&[("preferred_channel", "sms"), ("mobile", "07700 900123")]);
    good(&[("preferred_channel", "phone"), ("mobile", "07700 900123")]);
}

#[test]
fn unknown_parental_responsibility_is_warned_of() {
    let (contact, told) = kept_with_warning(&[("parental_responsibility", "unknown")]);

    assert_eq!(contact.link.parental_responsibility, Responsibility::Unknown);
    assert!(told.contains("find out"), "{told}");
}

#[test]
fn dates_of_a_restriction_must_have_one_and_be_in_order() {
    let (_, without) = told(&[("restriction_from", "2026-09-01")]);
    let (_, backwards) = told(&[
        ("legal_restriction", "see_dsl"),
        ("restriction_from", "2026-09-02"),
        ("restriction_until", "2026-09-01"),
    ]);
    let (_, pointer) = kept_with_warning(&[("restriction_note_ref", "file 12")]);

    assert_eq!((without[0].severity, without[0].column), (Severity::Refused, Some("legal_restriction")));
    assert_eq!((backwards[0].severity, backwards[0].column), (Severity::Refused, Some("restriction_until")));
    assert!(pointer.contains("points to an order"), "{pointer}");
}

#[test]
fn no_sentence_repeats_what_a_person_typed() {
    let typed = "Marzipan";
    let columns = File::Contacts.columns().iter().map(|column| column.name);

    for column in columns.filter(|column| !column.ends_with("_ref")) {
        let (_, problems) = told(&[(column, typed)]);
        for problem in problems {
            assert!(!problem.to_string().contains(typed), "{problem}");
        }
    }
}
