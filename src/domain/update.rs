//! A teacher's update, and the CSV file it is queued from.

use liaison_channels::private::Private;

use super::{
    csv_file,
    time::{Date, week_of},
    topic::{Topic, read_topic},
};

/// The most characters one update may have: about four pages, so that a pasted document is noticed.
pub const LONGEST_UPDATE: usize = 10_000;

/// One row of an updates file, valid in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRow {
    /// The line in the file, as a spreadsheet counts.
    pub line: u64,
    /// The pupil, by the school's own reference.
    pub pupil_ref: String,
    /// The Monday of the week it is about.
    pub week: Date,
    /// The teacher's words.
    pub text: Private<String>,
    /// Marked sensitive: never goes by text.
    pub sensitive: bool,
    /// What it is about, where that is said.
    pub topic: Option<Topic>,
    /// Why the SLT lets it go by text all the same; no file says so.
    pub text_because: Option<Private<String>>,
    /// Whether a second person has approved it; no file says so.
    pub approved: bool,
}

/// A row that cannot be queued. Nothing of the file is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowProblem {
    /// The line in the file, as a spreadsheet counts; 1 is the header.
    pub line: u64,
    /// What is wrong and what to do, without the teacher's words.
    pub sentence: String,
}

impl RowProblem {
    /// A problem at a line.
    pub fn new(line: u64, sentence: impl Into<String>) -> Self {
        Self { line, sentence: sentence.into() }
    }
}

/// Reads an updates file: UTF-8 CSV with the columns `pupil`, `week`, `text` and, if wanted, `sensitive` (yes/no)
/// and `topic` (one of [`Topic`]'s words).
/// `week` is any day of it (`2026-11-23`) or an ISO week (`2026-W48`), within a year of `today`. `Err` holds every
/// problem, at once.
pub fn read(file: &[u8], today: Date) -> Result<Vec<UpdateRow>, Vec<RowProblem>> {
    let text = csv_file::text(file).map_err(|fault| vec![RowProblem::new(fault.line, fault.sentence)])?;
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::Headers).flexible(true).from_reader(text.as_bytes());
    let columns = Columns::of(&mut reader)?;
    let (mut rows, mut problems, mut seen) = (Vec::new(), Vec::new(), std::collections::HashMap::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                problems.push(RowProblem::new(
                    line,
                    "this line is not CSV: look for a quotation mark without its pair",
                ));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        match columns.row(&record, line, today) {
            Ok(row) => match seen.insert((row.pupil_ref.clone(), row.week), line) {
                Some(before) => problems.push(RowProblem::new(
                    line,
                    format!(
                        "pupil {} has this week already on line {before}: keep one of them",
                        row.pupil_ref
                    ),
                )),
                None => rows.push(row),
            },
            Err(sentences) => problems.extend(sentences.into_iter().map(|s| RowProblem::new(line, s))),
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(RowProblem::new(1, "the file has no updates: write one line for each pupil"));
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

struct Columns {
    pupil: usize,
    week: usize,
    text: usize,
    sensitive: Option<usize>,
    topic: Option<usize>,
    count: usize,
}

impl Columns {
    fn of(reader: &mut csv::Reader<&[u8]>) -> Result<Self, Vec<RowProblem>> {
        let whole = |sentence: String| vec![RowProblem::new(1, sentence)];
        let header = reader.headers().map_err(|_| whole("the first line is not CSV".to_owned()))?.clone();
        let known = ["pupil", "week", "text", "sensitive", "topic"];
        let mut problems = Vec::new();
        for (at, name) in header.iter().enumerate() {
            let name = name.to_lowercase();
            if !known.contains(&name.as_str()) {
                problems.push(RowProblem::new(
                    1,
                    format!(
                        "column {} is not one of pupil, week, text, sensitive, topic: rename or remove it",
                        at + 1
                    ),
                ));
            } else if header.iter().take(at).any(|other| other.eq_ignore_ascii_case(&name)) {
                problems.push(RowProblem::new(1, format!("column {name} is there twice: remove one")));
            }
        }
        let at = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
        for name in known.iter().take(3).filter(|name| at(name).is_none()) {
            problems
                .push(RowProblem::new(1, format!("column {name} is missing: the first line must name it")));
        }
        match (at("pupil"), at("week"), at("text")) {
            (Some(pupil), Some(week), Some(text)) if problems.is_empty() => Ok(Self {
                pupil,
                week,
                text,
                sensitive: at("sensitive"),
                topic: at("topic"),
                count: header.len(),
            }),
            _ => Err(problems),
        }
    }

    fn row(&self, record: &csv::StringRecord, line: u64, today: Date) -> Result<UpdateRow, Vec<String>> {
        if record.len() != self.count {
            return Err(vec![format!(
                "this line has {} fields, the header {}: put text that holds a comma between quotation marks",
                record.len(),
                self.count
            )]);
        }
        let field = |at: usize| record.get(at).unwrap_or_default().trim();
        let mut problems = Vec::new();
        let pupil_ref = field(self.pupil);
        if pupil_ref.is_empty() {
            problems.push("column pupil is empty: write the pupil's reference".to_owned());
        }
        let week = read_week(field(self.week));
        if week.is_none() {
            problems.push("column week is neither a day like 2026-11-23 nor a week like 2026-W48".to_owned());
        } else if week.is_some_and(|week| is_far(week, today)) {
            problems.push("column week is more than a year from today: check the year".to_owned());
        }
        let text = field(self.text);
        if text.is_empty() {
            problems.push("column text is empty: write the update, or remove the line".to_owned());
        } else if text.chars().count() > LONGEST_UPDATE {
            problems.push(format!("column text is longer than {LONGEST_UPDATE} characters: shorten it"));
        } else if text.lines().skip(1).any(looks_like_a_row) {
            let what =
                "column text holds what looks like the next line of the file: a quotation mark is missing";
            problems.push(what.to_owned());
        } else if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
            problems.push("column text holds a control character: type the words again".to_owned());
        }
        let sensitive = match self.sensitive.map(field).unwrap_or_default().to_lowercase().as_str() {
            "" | "no" => false,
            "yes" => true,
            _ => {
                problems.push("column sensitive is neither yes nor no".to_owned());
                true
            }
        };
        let topic = read_topic(&self.topic.map(field).unwrap_or_default().to_lowercase());
        if let Err(unknown) = topic {
            problems.push(format!("column topic: {unknown}"));
        }
        match (week, topic) {
            (Some(week), Ok(topic)) if problems.is_empty() => Ok(UpdateRow {
                line,
                pupil_ref: pupil_ref.to_owned(),
                week,
                text: Private::new(text.to_owned()),
                sensitive,
                topic,
                text_because: None,
                approved: false,
            }),
            _ => Err(problems),
        }
    }
}

/// A week further away than this is a mistyped year.
const FURTHEST_WEEK_DAYS: i32 = 366;

/// Whether a week is so far from `today` that it must be a mistake.
pub fn is_far(week: Date, today: Date) -> bool {
    days_between(week, today) > FURTHEST_WEEK_DAYS
}

/// What is wrong with the words of an update as a page sends them, in a sentence that says what to do.
pub fn words_problem(text: &str) -> Option<String> {
    if text.chars().count() > LONGEST_UPDATE {
        return Some(format!("the words are longer than {LONGEST_UPDATE} characters: shorten them"));
    }
    let control = text.contains(|c: char| c.is_control() && c != '\n' && c != '\t');
    control.then(|| "the words hold a control character: type them again".to_owned())
}

fn days_between(one: Date, other: Date) -> i32 {
    one.until(other).map_or(i32::MAX, |span| span.get_days().abs())
}

/// Whether a line inside a text begins like a line of the file: a reference, a week, and more. Sending one child's
/// update inside another's is the worst that a missing quotation mark could do.
fn looks_like_a_row(line: &str) -> bool {
    let mut fields = line.splitn(3, ',');
    let (_, week, rest) = (fields.next(), fields.next(), fields.next());
    week.is_some_and(|week| read_week(week.trim().trim_matches('"')).is_some()) && rest.is_some()
}

/// The Monday of `2026-11-25` or `2026-W48`.
fn read_week(text: &str) -> Option<Date> {
    if let Ok(day) = text.parse::<Date>() {
        return Some(week_of(day));
    }
    let (year, week) = text.split_once("-W").or_else(|| text.split_once("-w"))?;
    let week =
        jiff::civil::ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, jiff::civil::Weekday::Monday);
    week.ok().map(jiff::civil::ISOWeekDate::date)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that panics has found something")]
mod tests {
    use super::*;

    fn today() -> Date {
        "2026-11-23".parse().expect("a date")
    }

    #[test]
    fn a_lost_quotation_mark_never_puts_one_childs_line_into_anothers_text() {
        let never_closed = problems("pupil,week,text\nP1,2026-11-23,\"He tried\nP2,2026-11-23,She hit him\n");
        let closed_by_chance =
            problems("pupil,week,text\nP1,2026-11-23,\"He tried\nP2,2026-11-23,She hit him\"\n");

        assert!(never_closed[0].starts_with("2: A quotation mark is opened"), "{never_closed:?}");
        assert!(closed_by_chance[0].contains("looks like the next line"), "{closed_by_chance:?}");
    }

    #[test]
    fn a_mistyped_year_is_found() {
        for week in ["2019-01-07", "2099-01-07", "2036-W48"] {
            let told = problems(&format!("pupil,week,text\nP1,{week},Good\n"));

            assert!(told[0].contains("check the year"), "{week}: {told:?}");
        }
    }

    fn problems(file: &str) -> Vec<String> {
        read(file.as_bytes(), today())
            .expect_err("problems")
            .iter()
            .map(|p| format!("{}: {}", p.line, p.sentence))
            .collect()
    }

    #[test]
    fn a_spreadsheets_file_is_read_with_its_mark_its_quotes_and_its_line_ends() {
        let file = "\u{feff}Pupil,week,text,sensitive\r\nP1,2026-11-25,\"Well done, \"\"Sam\"\".\r\nReally.\",no\r\n,,,\r\nP2,2026-W48,Good,yes\r\n";

        let rows = read(file.as_bytes(), today()).expect("readable");

        let monday: Date = "2026-11-23".parse().expect("a date");
        assert_eq!(rows.iter().map(|row| row.week).collect::<Vec<_>>(), [monday, monday]);
        assert_eq!(rows[0].text.expose(), "Well done, \"Sam\".\nReally.");
        assert_eq!(rows.iter().map(|row| row.sensitive).collect::<Vec<_>>(), [false, true]);
        // Lines of text are counted: the quoted cell has two, and a blank row lies between.
        assert_eq!(rows[1].line, 5);
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_line() {
        let told =
            problems("pupil,week,text\n,soon,\nP1,2026-11-23,ok,extra\nP2,2026-11-23,a\nP2,2026-11-24,b\n");

        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(told[0].starts_with("2: column pupil is empty"));
        assert!(told[3].starts_with("3: this line has 4 fields"));
        assert!(told[4].starts_with("5: pupil P2 has this week already on line 4"));
    }

    #[test]
    fn a_header_with_an_unknown_double_or_missing_column_is_refused() {
        let told = problems("pupil,pupil,words\n");

        assert!(told.iter().any(|p| p.contains("column pupil is there twice")), "{told:#?}");
        assert!(told.iter().any(|p| p.contains("column 3 is not one of")), "{told:#?}");
        assert!(told.iter().any(|p| p.contains("column week is missing")), "{told:#?}");
    }

    #[test]
    fn a_topic_is_one_of_the_list_or_none() {
        let rows = read(b"pupil,week,text,topic\nP1,2026-11-23,a,Behaviour\nP2,2026-11-23,b,\n", today());

        let topics: Vec<_> = rows.expect("readable").iter().map(|row| row.topic).collect();
        assert_eq!(topics, [Some(Topic::Behaviour), None]);
        let told = problems("pupil,week,text,topic\nP1,2026-11-23,a,weather\n");
        assert!(told[0].contains("column topic: a topic is one of: attendance behaviour"), "{told:?}");
    }

    #[test]
    fn the_teachers_words_never_stand_in_a_problem() {
        let told = problems("pupil,week,text\nP1,secretword,secretword\u{7}\n").join(" ");

        assert!(!told.contains("secretword"), "{told}");
    }

    #[test]
    fn an_empty_or_foreign_file_gets_one_sentence() {
        assert!(problems("pupil,week,text\n")[0].contains("no updates"));
        assert!(
            read(b"pupil,week,text\nP1,2026-11-23,caf\xe9\n", today()).expect_err("not UTF-8")[0]
                .sentence
                .contains("UTF-8")
        );
    }
}
