//! Reading another program's calendar (iCalendar, RFC 5545): what may be the school's days, each with a guess at what it is.
//! Nothing of it counts until a person has said so.
//!
//! Only what a list of school days needs is read: `VEVENT`s with `DTSTART`, `DTEND`, `DURATION` in days and `SUMMARY`. An
//! event that repeats is taken once, and said to repeat.

use jiff::ToSpan as _;

use super::{Date, Kind, Span};
use crate::domain::time::{Timestamp, school_date};

/// The most events that are looked at: a school's whole diary may hold thousands, and nobody reads that many.
const MOST: usize = 300;
/// The most letters of a title that are kept.
const TITLE: usize = 100;

/// What may be days of the school's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// What the file calls it.
    pub title: String,
    /// The first day.
    pub from: Date,
    /// The last day, never before the first.
    pub until: Date,
    /// What it may be; `None`: nothing that counts days, such as a concert.
    pub kind: Option<Kind>,
    /// Whether the file says that it comes again.
    pub repeats: bool,
}

impl Proposed {
    /// The same as days of the calendar, of this kind.
    pub fn span(&self, kind: Kind) -> Span {
        Span { kind, from: self.from, until: self.until, reason: self.title.clone(), announced: None }
    }
}

/// Whether a file is a calendar of this kind and not ours.
pub fn is_ics(file: &[u8]) -> bool {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file).trim_ascii_start();
    text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"))
}

/// Reads it; `Err` is a sentence. By day, the first first; days of the law are left out, for the program has those.
pub fn read_ics(file: &[u8]) -> Result<Vec<Proposed>, &'static str> {
    let text = std::str::from_utf8(file).map_err(|_| "the file is not UTF-8 text: export it again")?;
    let mut found = Vec::new();
    let mut event: Option<Event> = None;
    // Alarms and the like stand inside of an event and have fields of the same names.
    let mut inside = 0_usize;
    for line in unfolded(text) {
        let Some(field) = Field::read(&line) else { continue };
        match (field.name.as_str(), &mut event) {
            ("BEGIN", None) if field.is("VEVENT") => event = Some(Event::default()),
            ("BEGIN", Some(_)) => inside += 1,
            ("END", Some(_)) if inside > 0 => inside -= 1,
            ("END", Some(whole)) => {
                found.extend(whole.proposed());
                event = None;
                if found.len() > MOST {
                    return Err("the file holds more than 300 events: export only the school's term dates");
                }
            }
            (name, Some(event)) if inside == 0 => event.take(name, &field),
            _ => {}
        }
    }
    if found.is_empty() {
        return Err("the file holds no event with a day: check that it is the calendar you meant");
    }
    found.sort_by(|a, b| (a.from, a.until, &a.title).cmp(&(b.from, b.until, &b.title)));
    found.dedup();
    Ok(terms(found))
}

/// The lines, each put together again where it was folded (RFC 5545 §3.1).
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// One line: its name, whether it says that its value is a date, and the value.
struct Field<'a> {
    name: String,
    value: &'a str,
}

impl<'a> Field<'a> {
    fn read(line: &'a str) -> Option<Self> {
        // A colon may stand in a quoted parameter.
        let mut quoted = false;
        let colon = line.char_indices().find_map(|(at, c)| {
            quoted ^= c == '"';
            (c == ':' && !quoted).then_some(at)
        })?;
        let (head, value) = line.split_at_checked(colon)?;
        let name = head.split(';').next().unwrap_or_default().trim().to_ascii_uppercase();
        Some(Self { name, value: value.strip_prefix(':')? })
    }

    fn is(&self, word: &str) -> bool {
        self.value.trim().eq_ignore_ascii_case(word)
    }

    /// The day, and whether it is a whole one. A moment in UTC is the school's day at that moment; one without a zone, or of
    /// another, is the day as it is written.
    fn day(&self) -> Option<(Date, bool)> {
        let value = self.value.trim();
        let digits = value.get(..8).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        let day: Date = Date::strptime("%Y%m%d", digits).ok()?;
        if value.len() == 8 {
            return Some((day, true));
        }
        let utc = value
            .ends_with('Z')
            .then(|| Timestamp::strptime("%Y%m%dT%H%M%S%#z", value.replace('Z', "+0000")).ok());
        Some((utc.flatten().map_or(day, school_date), false))
    }

    /// Text with its escapes undone (RFC 5545 §3.3.11), on one line.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut letters = self.value.chars();
        while let Some(letter) = letters.next() {
            let read = if letter == '\\' { letters.next().unwrap_or(' ') } else { letter };
            let breaks = (letter == '\\' && matches!(read, 'n' | 'N')) || read.is_control();
            text.push(if breaks { ' ' } else { read });
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TITLE).collect()
    }
}

#[derive(Default)]
struct Event {
    title: String,
    starts: Option<(Date, bool)>,
    ends: Option<(Date, bool)>,
    days: Option<i64>,
    repeats: bool,
    cancelled: bool,
}

impl Event {
    fn take(&mut self, name: &str, field: &Field<'_>) {
        match name {
            "SUMMARY" => self.title = field.text(),
            "DTSTART" => self.starts = field.day(),
            "DTEND" => self.ends = field.day(),
            "DURATION" => self.days = days(field.value),
            "RRULE" | "RDATE" => self.repeats = true,
            "STATUS" => self.cancelled = field.is("CANCELLED"),
            _ => {}
        }
    }

    fn proposed(&self) -> Option<Proposed> {
        let (from, _) = self.starts.filter(|_| !self.cancelled)?;
        let until = match (self.ends, self.days) {
            // Of whole days the end is the day after (RFC 5545 §3.6.1).
            (Some((end, true)), _) => end.yesterday().unwrap_or(end),
            (Some((end, false)), _) => end,
            (None, Some(days)) => from.saturating_add((days - 1).days()),
            (None, None) => from,
        };
        let kind = guess(&self.title);
        if kind == Some(Kind::BankHoliday) {
            return None;
        }
        Some(Proposed {
            title: self.title.clone(),
            from,
            until: until.max(from),
            kind,
            repeats: self.repeats,
        })
    }
}

/// A duration of whole days or weeks, `P5D` or `P2W`.
fn days(text: &str) -> Option<i64> {
    let number = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let (number, times) = match (number.strip_suffix('D'), number.strip_suffix('W')) {
        (Some(days), _) => (days, 1),
        (_, Some(weeks)) => (weeks, 7),
        _ => return None,
    };
    number.parse::<u16>().ok().map(|number| (i64::from(number) * times).max(1))
}

/// What a title may mean, by what schools and local authorities write.
fn guess(title: &str) -> Option<Kind> {
    let title = title.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| title.contains(word));
    if says(&[
        "inset",
        "non-pupil",
        "non pupil",
        "staff training",
        "training day",
        "teacher day",
        "baker day",
        "occasional day",
    ]) {
        return Some(Kind::Inset);
    }
    if says(&["half term", "half-term", "halfterm"]) {
        return Some(Kind::HalfTerm);
    }
    if says(&[
        "bank holiday",
        "christmas day",
        "boxing day",
        "new year's day",
        "good friday",
        "easter monday",
    ]) {
        return Some(Kind::BankHoliday);
    }
    if says(&["school closed", "closure", "snow day", "polling"]) {
        return Some(Kind::Closure);
    }
    // Days between terms are those that no term holds.
    if says(&["holiday", "break", "vacation"]) {
        return None;
    }
    says(&["term"]).then_some(Kind::Term)
}

/// Puts a term together where the file has its first and its last day as two events.
fn terms(found: Vec<Proposed>) -> Vec<Proposed> {
    let mut together: Vec<Proposed> = Vec::with_capacity(found.len());
    let mut open: Option<usize> = None;
    for event in found {
        let title = event.title.to_lowercase();
        let is_term = event.kind == Some(Kind::Term) && event.from == event.until;
        let says = |words: &[&str]| is_term && words.iter().any(|word| title.contains(word));
        if says(&["start", "begin", "first day", "opens"]) {
            open = Some(together.len());
            together.push(event);
        } else if says(&["end", "last day", "finish", "closes"])
            && let Some(term) = open.take().and_then(|at| together.get_mut(at))
        {
            term.until = event.from;
        } else {
            together.push(event);
        }
    }
    together
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &str) -> Vec<String> {
        let file =
            format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"));
        let proposed = read_ics(file.as_bytes()).expect("a good calendar");
        let line = |one: Proposed| {
            let kind = one.kind.map_or("-", Kind::word);
            format!(
                "{kind} {} {} {}{}",
                one.from,
                one.until,
                one.title,
                if one.repeats { " (repeats)" } else { "" }
            )
        };
        proposed.into_iter().map(line).collect()
    }

    fn event(fields: &str) -> String {
        format!("BEGIN:VEVENT\n{fields}\nEND:VEVENT\n")
    }

    #[test]
    fn the_end_of_whole_days_is_the_day_after_and_a_line_may_be_folded() {
        let half_term = event(
            "DTSTART;VALUE=DATE:20261026\nDTEND;VALUE=DATE:20261031\nSUMMARY:Autumn Half \n Term\\, all years",
        );
        let inset = event("SUMMARY:Staff INSET\nDTSTART;VALUE=DATE:20260901");

        assert_eq!(
            read(&format!("{half_term}{inset}")),
            [
                "inset 2026-09-01 2026-09-01 Staff INSET",
                "half_term 2026-10-26 2026-10-30 Autumn Half Term, all years"
            ]
        );
    }

    #[test]
    fn a_moment_is_the_schools_day_and_a_duration_counts_from_the_first() {
        let late = event("DTSTART:20270531T233000Z\nSUMMARY:INSET");
        let local = event(
            "DTSTART;TZID=\"Europe/London: x\":20270601T090000\nDTEND;TZID=Europe/London:20270601T150000\nSUMMARY:INSET two",
        );
        let week = event("DTSTART;VALUE=DATE:20270215\nDURATION:P1W\nSUMMARY:Half term");

        assert_eq!(
            read(&format!("{late}{local}{week}")),
            [
                "half_term 2027-02-15 2027-02-21 Half term",
                "inset 2027-06-01 2027-06-01 INSET",
                "inset 2027-06-01 2027-06-01 INSET two"
            ]
        );
    }

    #[test]
    fn a_terms_first_and_last_day_become_one_term_and_what_counts_no_days_is_shown_as_such() {
        let days = [
            ("20260902", "Autumn term starts"),
            ("20261218", "Last day of term"),
            ("20270104", "Spring Term begins"),
            ("20270326", "Good Friday (bank holiday)"),
            ("20270325", "End of Spring term"),
            ("20270401", "Easter holiday"),
            ("20270501", "Summer fair"),
        ];
        let all: String = days
            .iter()
            .map(|(day, title)| event(&format!("DTSTART;VALUE=DATE:{day}\nSUMMARY:{title}")))
            .collect();

        assert_eq!(
            read(&all),
            [
                "term 2026-09-02 2026-12-18 Autumn term starts",
                "term 2027-01-04 2027-03-25 Spring Term begins",
                "- 2027-04-01 2027-04-01 Easter holiday",
                "- 2027-05-01 2027-05-01 Summer fair"
            ]
        );
    }

    #[test]
    fn an_alarm_in_an_event_is_not_the_event_and_what_is_cancelled_is_gone() {
        let alarm = event(
            "DTSTART;VALUE=DATE:20260901\nBEGIN:VALARM\nSUMMARY:Wake up\nDTSTART:20200101T000000Z\nEND:VALARM\nSUMMARY:INSET\nRRULE:FREQ=YEARLY",
        );
        let gone = event("DTSTART;VALUE=DATE:20260902\nSUMMARY:INSET\nSTATUS:CANCELLED");

        assert_eq!(read(&format!("{alarm}{gone}")), ["inset 2026-09-01 2026-09-01 INSET (repeats)"]);
    }

    #[test]
    fn garbage_is_refused_in_a_sentence_and_never_panics() {
        assert!(is_ics(b"\xef\xbb\xbfbegin:vcalendar\r\n") && !is_ics(b"kind,from,until,reason"));
        for file in [
            b"BEGIN:VCALENDAR" as &[u8],
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026\nSUMMARY:\\\nEND:VEVENT",
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:99999999\nDURATION:P99999999999D\nEND:VEVENT",
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:2026\xc3\xa9090\nEND:VEVENT",
            b"BEGIN:VCALENDAR\n\xff\xfe",
            b"BEGIN:VCALENDAR\nEND:VEVENT\nEND:VALARM\n:\n;:\n\"",
        ] {
            assert!(read_ics(file).is_err(), "{}", String::from_utf8_lossy(file));
        }
        let many = event("DTSTART;VALUE=DATE:20260901\nSUMMARY:INSET").repeat(600);
        assert!(read_ics(format!("BEGIN:VCALENDAR\n{many}").as_bytes()).is_err());
    }
}
