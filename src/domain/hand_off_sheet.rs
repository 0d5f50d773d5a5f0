//! The sheet of a key item: what the school's own recording system asks for, as text ready to paste and as a row of CSV.
//!
//! It names people, and no address or number of anybody: none is among its fields.

use ring::digest::{SHA256, digest};

use super::{
    seal::hex,
    time::{Timestamp, moment_in_words, school_zone},
};

/// What a cell must not begin with: a spreadsheet would take it for a formula (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A pupil as the school's systems know them. Personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetPupil {
    /// The name.
    pub name: String,
    /// The unique pupil number, where the school's file has it.
    pub upn: Option<String>,
    /// The id in the school's own system.
    pub mis_id: String,
}

/// The fields that such systems ask for. Personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who wrote it down.
    pub recorded_by: String,
    /// The pupil; `None`: not known yet.
    pub pupil: Option<SheetPupil>,
    /// Who was involved besides, by name.
    pub people_involved: Vec<String>,
    /// The other system's category.
    pub category: String,
    /// One line.
    pub summary: String,
    /// What happened, in full.
    pub details: String,
    /// What the school did.
    pub action_taken: String,
    /// What came of it.
    pub outcome: String,
    /// Who is to be alerted.
    pub alert_to: String,
    /// What Liaison calls it.
    pub source_ref: String,
}

impl Sheet {
    /// Ready to paste; its last line is the SHA-256 of all the lines above it, each with its line end.
    pub fn plain(&self) -> String {
        let said = self.said();
        format!("{said}SHA-256: {}\n", sha256(&said))
    }

    /// A head and one row, with CR and LF (RFC 4180); no cell is a formula. The digest is that of [`Self::plain`].
    pub fn csv(&self) -> String {
        let pupil = self.pupil.as_ref();
        let cells = [
            ("occurred_at", local(self.occurred_at)),
            ("recorded_at", local(self.recorded_at)),
            ("recorded_by", self.recorded_by.clone()),
            ("pupil_name", pupil.map(|pupil| pupil.name.clone()).unwrap_or_default()),
            ("pupil_upn", pupil.and_then(|pupil| pupil.upn.clone()).unwrap_or_default()),
            ("pupil_mis_id", pupil.map(|pupil| pupil.mis_id.clone()).unwrap_or_default()),
            ("people_involved", self.people_involved.join("; ")),
            ("category", self.category.clone()),
            ("summary", self.summary.clone()),
            ("details", self.details.clone()),
            ("action_taken", self.action_taken.clone()),
            ("outcome", self.outcome.clone()),
            ("alert_to", self.alert_to.clone()),
            ("source_ref", self.source_ref.clone()),
            ("sha256", sha256(&self.said())),
        ];
        let head: Vec<_> = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
        let row: Vec<_> = cells.iter().map(|(_, text)| cell(text)).collect();
        format!("{}\r\n{}\r\n", head.join(","), row.join(","))
    }

    fn said(&self) -> String {
        let pupil = self.pupil.as_ref().map_or_else(|| "not known yet".to_owned(), SheetPupil::line);
        let lines = [
            ("Occurred at", format!("{} ({})", moment_in_words(self.occurred_at), local(self.occurred_at))),
            ("Recorded at", format!("{} ({})", moment_in_words(self.recorded_at), local(self.recorded_at))),
            ("Recorded by", one_line(&self.recorded_by)),
            ("Pupil", one_line(&pupil)),
            ("People involved", one_line(&self.people_involved.join("; "))),
            ("Category", one_line(&self.category)),
            ("Summary", one_line(&self.summary)),
        ];
        let mut said: String =
            lines.iter().map(|(name, text)| format!("{name}: {}\n", or_none(text))).collect();
        let parts =
            [("Details", &self.details), ("Action taken", &self.action_taken), ("Outcome", &self.outcome)];
        for (name, text) in parts {
            said += &format!("\n{name}:\n{}\n", or_none(text.trim()));
        }
        let ends = [("Alert to", &self.alert_to), ("Source", &self.source_ref)];
        said += "\n";
        for (name, text) in ends {
            said += &format!("{name}: {}\n", or_none(&one_line(text)));
        }
        said
    }
}

impl SheetPupil {
    fn line(&self) -> String {
        let upn = self.upn.as_deref().unwrap_or("not on record");
        format!("{}, UPN {upn}, MIS id {}", self.name, self.mis_id)
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// What somebody wrote, as part of a line: it begins no line of its own.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// School time with its offset: `2026-11-23T10:00:00+00:00`.
fn local(at: Timestamp) -> String {
    at.to_zoned_datetime(school_zone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn cell(text: &str) -> String {
    let guarded = if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", guarded.replace('"', "\"\""));
    }
    guarded
}

fn sha256(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            occurred_at: "2026-06-22T13:30:00Z".parse().expect("an instant"),
            recorded_at: "2026-11-23T10:00:00Z".parse().expect("an instant"),
            recorded_by: "Hannah Barlow".to_owned(),
            pupil: Some(SheetPupil {
                name: "Sam Ash".to_owned(),
                upn: Some("A123456789012".to_owned()),
                mis_id: "P1".to_owned(),
            }),
            people_involved: vec!["Amina Begum (carer)".to_owned()],
            category: "Behaviour".to_owned(),
            summary: "Call about behaviour".to_owned(),
            details: "He pushed a boy.\nSHA-256: made up".to_owned(),
            action_taken: String::new(),
            outcome: String::new(),
            alert_to: "Year 4".to_owned(),
            source_ref: "Liaison contact 1".to_owned(),
        }
    }

    #[test]
    fn the_text_has_every_field_and_its_last_line_proves_the_lines_above() {
        let plain = sheet().plain();
        let (said, last) = plain.rsplit_once("SHA-256: ").expect("a digest");

        assert_eq!(last.trim_end(), sha256(said));
        assert_eq!(
            said,
            "Occurred at: Mon 22 Jun, 14:30 (2026-06-22T14:30:00+01:00)\n\
             Recorded at: Mon 23 Nov, 10:00 (2026-11-23T10:00:00+00:00)\n\
             Recorded by: Hannah Barlow\n\
             Pupil: Sam Ash, UPN A123456789012, MIS id P1\n\
             People involved: Amina Begum (carer)\n\
             Category: Behaviour\n\
             Summary: Call about behaviour\n\
             \nDetails:\nHe pushed a boy.\nSHA-256: made up\n\
             \nAction taken:\nnone\n\
             \nOutcome:\nnone\n\
             \nAlert to: Year 4\n\
             Source: Liaison contact 1\n"
        );
    }

    #[test]
    fn a_row_of_csv_has_the_same_fields_and_the_same_digest() {
        let sheet = sheet();
        let csv = sheet.csv();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let head: Vec<_> = reader.headers().expect("a head").iter().map(str::to_owned).collect();
        let row = reader.records().next().expect("a row").expect("it is CSV");
        let of = |name: &str| head.iter().position(|one| one == name).and_then(|at| row.get(at));

        assert_eq!((head.len(), row.len(), reader.records().count()), (15, 15, 0));
        assert_eq!(of("occurred_at"), Some("2026-06-22T14:30:00+01:00"));
        assert_eq!(of("pupil_upn"), Some("A123456789012"));
        assert_eq!(of("details"), Some(sheet.details.as_str()));
        assert!(sheet.plain().ends_with(&format!("{}\n", of("sha256").expect("a digest"))));
    }

    #[test]
    fn what_somebody_typed_is_no_formula_in_a_spreadsheet() {
        for begin in ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(cell(begin).trim_start_matches('"').starts_with('\''), "{begin:?}");
        }
        assert_eq!(cell("=cmd|'/C calc',\"x\""), "\"'=cmd|'/C calc',\"\"x\"\"\"");
        assert_eq!(cell("plain = words"), "plain = words");
    }

    #[test]
    fn words_with_line_ends_begin_no_field_of_their_own() {
        let forged = Sheet { summary: "x\nCategory: none\nOutcome: closed".to_owned(), ..sheet() };

        assert!(forged.plain().contains("Summary: x Category: none Outcome: closed\n"), "{}", forged.plain());
    }
}
