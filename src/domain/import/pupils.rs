//! Rows of `pupils.csv`.

use std::collections::HashMap;

use super::{
    File,
    cell::{self, Cells},
    problem::Problems,
    roll::{PupilFields, PupilRow},
    table::{Row, Table},
};

/// The pupils, each once, and every `pupil_ref` that stands in the file, in a good row or not.
pub(super) fn read(table: &Table, problems: &mut Problems) -> (Vec<PupilRow>, HashMap<String, u64>) {
    let mut seen = HashMap::new();
    let mut pupils = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let pupil = pupil(row, problems);
        let pupil_ref = row.cell("pupil_ref");
        if let Some(before) = seen.get(pupil_ref) {
            let sentence = format!("Line {before} has the same pupil_ref: keep one row per pupil.");
            problems.refuse(File::Pupils, Some(row.line), Some("pupil_ref"), sentence);
        } else if !pupil_ref.is_empty() {
            seen.insert(pupil_ref.to_owned(), row.line);
            pupils.extend(pupil);
        }
    }
    (pupils, seen)
}

fn pupil(row: &Row, problems: &mut Problems) -> Option<PupilRow> {
    let before = problems.refused();
    let mut cells = Cells { file: File::Pupils, row, problems };
    let pupil_ref = cells.required("pupil_ref");
    let key_colleague = cells.read("key_colleague_email", cell::email);
    let fields = PupilFields {
        upn: cells.private("upn"),
        legal_surname: cells.required_private("legal_surname"),
        legal_forename: cells.required_private("legal_forename"),
        preferred_name: cells.private("preferred_name"),
        date_of_birth: cells.read("date_of_birth", cell::date),
        year_group: cells.text("year_group"),
        class: cells.text("class"),
        home_language: cells.read("home_language", cell::language),
        leaving_date: cells.read("leaving_date", cell::date),
    };
    if fields.upn.as_ref().is_some_and(|upn| !cell::is_upn(upn.expose())) {
        cells.warn(
            "upn",
            "A unique pupil number is a letter, eleven digits, and a digit or letter: check it.",
        );
    }
    if key_colleague.is_some() && fields.class.is_none() {
        cells.warn(
            "key_colleague_email",
            "The pupil has no class, so the colleague cannot be put in charge of it.",
        );
    }
    (problems.refused() == before).then_some(PupilRow { line: row.line, pupil_ref, fields, key_colleague })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::{super::Severity, *};
    use crate::domain::import::table;

    const HEADER: &str = "pupil_ref,upn,legal_surname,legal_forename,preferred_name,date_of_birth,year_group,class,\
                          key_colleague_email,home_language,leaving_date";

    fn told(rows: &str) -> (Vec<PupilRow>, Vec<(Severity, String)>) {
        let mut problems = Problems::default();
        let table = table::read(File::Pupils, format!("{HEADER}\n{rows}").as_bytes(), &mut problems)
            .expect("a table");
        let (pupils, _) = read(&table, &mut problems);
        (
            pupils,
            problems.into_sorted().iter().map(|problem| (problem.severity, problem.to_string())).collect(),
        )
    }

    #[test]
    fn every_column_of_a_pupil_is_read() {
        let (pupils, problems) = told(
            "P1,A801200001001,Nowak,Zofia,Zosia,2015-03-04,Y6,Oak,Tess.Teacher@School.Example,PL,2027-07-21\n",
        );

        assert_eq!(problems, []);
        let pupil = &pupils[0];
        assert_eq!((pupil.line, pupil.pupil_ref.as_str()), (2, "P1"));
        assert_eq!(pupil.key_colleague.as_ref().expect("one").expose(), "tess.teacher@school.example");
        let fields = &pupil.fields;
        assert_eq!(fields.upn.as_ref().expect("one").expose(), "A801200001001");
        assert_eq!(
            (fields.legal_surname.expose().as_str(), fields.legal_forename.expose().as_str()),
            ("Nowak", "Zofia")
        );
        assert_eq!(fields.preferred_name.as_ref().expect("one").expose(), "Zosia");
        assert_eq!(fields.date_of_birth, Some("2015-03-04".parse().expect("a date")));
        assert_eq!((fields.year_group.as_deref(), fields.class.as_deref()), (Some("Y6"), Some("Oak")));
        assert_eq!(fields.home_language.as_deref(), Some("pl"));
        assert_eq!(fields.leaving_date, Some("2027-07-21".parse().expect("a date")));
    }

    #[test]
    fn a_bad_cell_is_refused_by_its_column() {
        let cases = [
            (",,A,B,,,,,,,", "pupil_ref"),
            ("P1,,,B,,,,,,,", "legal_surname"),
            ("P1,,A,,,,,,,,", "legal_forename"),
            ("P1,,A,B,,4/3/15,,,,,", "date_of_birth"),
            ("P1,,A,B,,,,Oak,tess,,", "key_colleague_email"),
            ("P1,,A,B,,,,,,Polish,", "home_language"),
            ("P1,,A,B,,,,,,,soon", "leaving_date"),
        ];

        for (row, column) in cases {
            let (pupils, problems) = told(row);
            assert!(pupils.is_empty(), "{row}");
            assert_eq!(problems.len(), 1, "{row}: {problems:?}");
            assert_eq!(problems[0].0, Severity::Refused);
            assert!(problems[0].1.starts_with(&format!("pupils.csv, line 2, {column}: ")), "{problems:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_row_is_told_at_once() {
        let (_, problems) = told("P1,,,,,x,,,,,y\n");

        assert_eq!(problems.len(), 4, "{problems:?}");
    }

    #[test]
    fn a_pupil_stands_in_the_file_once() {
        let (pupils, problems) = told("P1,,A,B,,,,,,,\nP2,,C,D,,,,,,,\nP1,,A,B,,,,,,,\n");

        assert_eq!(pupils.len(), 2);
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].1.starts_with("pupils.csv, line 4, pupil_ref: Line 2 has the same"),
            "{problems:?}"
        );
    }

    #[test]
    fn an_odd_pupil_number_and_a_colleague_without_a_class_are_only_warned_of() {
        let (pupils, problems) = told("P1,123,A,B,,,,,tess@school.example,,\n");

        assert_eq!(pupils.len(), 1);
        assert!(problems.iter().all(|(severity, _)| *severity == Severity::Warning));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
