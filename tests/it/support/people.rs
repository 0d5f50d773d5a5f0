//! Small schools, written as their own system would export them.

use std::collections::BTreeMap;

/// Mon 23 November 2026, the week most tests are about.
pub(crate) const WEEK: &str = "2026-11-23";

/// A row of one of the two files.
#[derive(Debug, Clone)]
pub(crate) struct Person(BTreeMap<&'static str, String>);

/// Both files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roll {
    pub(crate) pupils: Vec<Person>,
    pub(crate) carers: Vec<Person>,
}

/// A pupil of class Oak.
pub(crate) fn pupil(reference: &str, forename: &str, surname: &str) -> Person {
    Person(BTreeMap::new())
        .with("pupil_ref", reference)
        .with("legal_forename", forename)
        .with("legal_surname", surname)
        .with("class", "Oak")
}

/// A carer with parental responsibility, no restriction and no address.
pub(crate) fn carer(pupil: &str, reference: &str, forename: &str, surname: &str) -> Person {
    Person(BTreeMap::new())
        .with("pupil_ref", pupil)
        .with("contact_ref", reference)
        .with("forename", forename)
        .with("surname", surname)
        .with("relationship", "parent")
        .with("priority", "1")
        .with("parental_responsibility", "yes")
        .with("legal_restriction", "none")
        .with("receives_correspondence", "yes")
}

impl Person {
    /// The same with another value in this column.
    pub(crate) fn with(mut self, column: &'static str, value: &str) -> Self {
        self.0.insert(column, value.to_owned());
        self
    }

    pub(crate) fn email(self, address: &str) -> Self {
        self.with("email", address)
    }

    pub(crate) fn mobile(self, number: &str) -> Self {
        self.with("mobile", number)
    }

    pub(crate) fn lives_at(self, street: &str) -> Self {
        self.with("address1", street).with("address2", "Northfield").with("postcode", "ZZ1 1ZZ")
    }

    /// Prefers `email`, `sms`, `phone` or `letter`.
    pub(crate) fn wants(self, channel: &str) -> Self {
        self.with("preferred_channel", channel)
    }

    /// A restriction, with its first and last day; an empty one has none.
    pub(crate) fn restricted(self, kind: &str, from: &str, until: &str) -> Self {
        self.with("legal_restriction", kind).with("restriction_from", from).with("restriction_until", until)
    }

    fn of(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }
}

impl Roll {
    pub(crate) fn new(pupils: &[Person], carers: &[Person]) -> Self {
        Self { pupils: pupils.to_vec(), carers: carers.to_vec() }
    }

    /// The same, with this carer's row changed.
    pub(crate) fn changed(&self, reference: &str, change: impl Fn(Person) -> Person) -> Self {
        let mut roll = self.clone();
        for row in roll.carers.iter_mut().filter(|row| row.of("contact_ref") == reference) {
            *row = change(row.clone());
        }
        roll
    }

    pub(crate) fn pupils_csv(&self) -> String {
        csv(
            &self.pupils,
            &[
                "pupil_ref",
                "legal_surname",
                "legal_forename",
                "preferred_name",
                "date_of_birth",
                "year_group",
                "class",
                "leaving_date",
            ],
        )
    }

    pub(crate) fn contacts_csv(&self) -> String {
        csv(
            &self.carers,
            &[
                "pupil_ref",
                "contact_ref",
                "title",
                "surname",
                "forename",
                "relationship",
                "priority",
                "parental_responsibility",
                "legal_restriction",
                "restriction_from",
                "restriction_until",
                "receives_correspondence",
                "receives_reports",
                "preferred_channel",
                "email",
                "mobile",
                "phone",
                "address1",
                "address2",
                "postcode",
                "language",
                "format",
                "interpreter",
                "best_times",
            ],
        )
    }
}

fn csv(rows: &[Person], columns: &[&str]) -> String {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(columns).expect("a header");
    for row in rows {
        file.write_record(columns.iter().map(|column| row.of(column))).expect("a row");
    }
    String::from_utf8(file.into_inner().expect("the file")).expect("UTF-8")
}

/// An updates file: a pupil, the words, and whether they are sensitive.
pub(crate) fn updates(rows: &[(&str, &str, bool)]) -> String {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(["pupil", "week", "text", "sensitive"]).expect("a header");
    for (pupil, words, sensitive) in rows {
        file.write_record([*pupil, WEEK, *words, if *sensitive { "yes" } else { "no" }]).expect("a row");
    }
    String::from_utf8(file.into_inner().expect("the file")).expect("UTF-8")
}

/// The four carers of Sam Ash, each reached in another way.
pub(crate) fn four_ways() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email("amina.begum@home.example").wants("email"),
            carer("P1", "C2", "Boris", "Czerny").mobile("07700 900102").wants("sms"),
            carer("P1", "C3", "Carys", "Dafydd").mobile("07700 900103").wants("phone"),
            carer("P1", "C4", "Derek", "Eames").lives_at("4 Quarry Lane").wants("letter"),
        ],
    )
}

/// One pupil and one carer with every address, who prefers email, then the school's order.
pub(crate) fn one_by_email() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[carer("P1", "C1", "Amina", "Begum")
            .email("amina.begum@home.example")
            .mobile("07700 900101")
            .lives_at("1 Quarry Lane")
            .wants("email")],
    )
}

/// The same carer, who prefers texts.
pub(crate) fn one_by_text() -> Roll {
    one_by_email().changed("C1", |carer| carer.wants("sms"))
}
