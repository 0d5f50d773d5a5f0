//! What was said on the wire for one attempt, secrets and words struck out: for whoever asks months later why a message
//! did not arrive.
//!
//! An adapter makes a [`Recorder`] for each hand-over and each question, gives it to whatever speaks, and puts the
//! [`WireLog`] on what it returns ([`WireLog::on`]). HTTP is written down by `crate::wire`, for every provider alike: there a
//! value is shown only where its name is known to hold nothing personal. The line of mail strikes out what follows `AUTH`,
//! and gives a message's size instead of the message.

pub(crate) mod http;

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::{
    error::SendError,
    sender::{Accepted, Finding},
};

/// Bytes of all lines of one attempt, at most. The oldest go first: the last answer is what decided.
pub const LARGEST: usize = 8 * 1024;
/// Bytes of one line, at most.
const LONGEST_LINE: usize = 1024;
/// What stands for what was struck out, and for the end of a line that was cut.
pub(crate) const STRUCK: &str = "…";
/// What stands for lines that were let go.
const LET_GO: &str = "- (what was said before is not kept)";

/// What was said on the wire for one attempt, line by line. It holds no secret, no word of the message and no address of a
/// carer's; a server's own words are in it, so it is for the attempt's record and hides itself from logs.
///
/// A line begins with `> ` for what we said, `< ` for what was answered, `! ` for how the line failed, and `- ` for a note
/// in between; answers and failures end with the milliseconds they took. At most [`LARGEST`] bytes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct WireLog(Box<[String]>);

impl WireLog {
    /// The lines. Every call is a place where they leave: the attempt's record, or a page that shows one.
    pub const fn expose(&self) -> &[String] {
        &self.0
    }

    /// Whether nothing was said: the message was refused before anything was reached.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an adapter returns, with this log on it.
    pub fn on<T: Logged>(self, outcome: Result<T, SendError>) -> Result<T, SendError> {
        match outcome {
            Ok(good) => Ok(good.with(self)),
            Err(error) => Err(SendError { wire: self, ..error }),
        }
    }
}

impl fmt::Debug for WireLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WireLog({} lines)", self.0.len())
    }
}

impl fmt::Display for WireLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines", self.0.len())
    }
}

/// What a wire log can ride on.
pub trait Logged {
    /// The same, with the log.
    #[must_use]
    fn with(self, log: WireLog) -> Self;
}

impl Logged for Accepted {
    fn with(self, wire: WireLog) -> Self {
        Self { wire, ..self }
    }
}

impl Logged for Finding {
    fn with(self, wire: WireLog) -> Self {
        Self { wire, ..self }
    }
}

/// Whatever else a channel is asked: only its failure is kept.
impl Logged for String {
    fn with(self, _: WireLog) -> Self {
        self
    }
}

/// Writes down what is said for one attempt. A handle: its copies write into the same log.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Record>>);

struct Record {
    lines: VecDeque<String>,
    bytes: usize,
    let_go: bool,
    since: Instant,
}

impl Default for Record {
    fn default() -> Self {
        Self { lines: VecDeque::new(), bytes: 0, let_go: false, since: Instant::now() }
    }
}

impl Recorder {
    /// We said this. Secrets and words must be struck out already.
    pub fn said(&self, line: &str) {
        let mut record = self.record();
        record.since = Instant::now();
        record.add("> ", line, "");
    }

    /// This was answered to what we said last.
    pub fn heard(&self, line: &str) {
        self.timed("< ", line);
    }

    /// The line failed like this.
    pub fn broke(&self, how: &str) {
        self.timed("! ", how);
    }

    /// Something worth knowing that nobody said, such as the version of TLS.
    pub fn note(&self, line: &str) {
        self.record().add("- ", line, "");
    }

    /// The log so far, with these strings, such as the recipient's address in a server's own words, struck out.
    pub fn log(&self, strike: &[&str]) -> WireLog {
        let record = self.record();
        let let_go = record.let_go.then(|| LET_GO.to_owned());
        let struck = |line: &String| {
            let needles = strike.iter().filter(|needle| !needle.is_empty());
            needles.fold(line.clone(), |line, needle| without(&line, needle))
        };
        WireLog(let_go.into_iter().chain(record.lines.iter().map(struck)).collect())
    }

    fn timed(&self, mark: &str, line: &str) {
        let mut record = self.record();
        let took = format!(" ({} ms)", record.since.elapsed().as_millis());
        record.add(mark, line, &took);
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn add(&mut self, mark: &str, line: &str, took: &str) {
        if line.is_empty() {
            return;
        }
        let line = [mark, &cut(&one_line(line), LONGEST_LINE - mark.len() - took.len()), took].concat();
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes + LET_GO.len() > LARGEST {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len();
            self.let_go = true;
        }
    }
}

/// The text without a needle, in whatever case it stands there.
fn without(line: &str, needle: &str) -> String {
    // Only ASCII is folded: then both have the same bytes at the same places.
    let (low, needle) = (line.to_ascii_lowercase(), needle.to_ascii_lowercase());
    let (mut rest, mut from) = (String::with_capacity(line.len()), 0);
    for (at, found) in low.match_indices(&needle) {
        rest.push_str(line.get(from..at).unwrap_or_default());
        rest.push_str(STRUCK);
        from = at + found.len();
    }
    rest.push_str(line.get(from..).unwrap_or_default());
    rest
}

/// Line breaks and other signs that are not seen could make one line look like two.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The text's beginning, at most so many bytes with the mark of the cut.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most.saturating_sub(STRUCK.len())).rev().find(|at| text.is_char_boundary(*at));
    [text.get(..end.unwrap_or_default()).unwrap_or_default(), STRUCK].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(recorder: &Recorder) -> Vec<String> {
        recorder.log(&[]).expose().to_vec()
    }

    #[test]
    fn each_line_tells_who_spoke_and_answers_tell_how_long_they_took() {
        let recorder = Recorder::default();

        recorder.note("TLS 1.3");
        recorder.clone().said("NOOP");
        recorder.heard("250 ok\r\n251 a forged line");
        recorder.broke("the line was cut");

        let lines = lines(&recorder);
        assert_eq!(lines.first().map(String::as_str), Some("- TLS 1.3"));
        assert_eq!(lines.get(1).map(String::as_str), Some("> NOOP"));
        let heard = lines.get(2).expect("an answer");
        assert!(heard.starts_with("< 250 ok  251 a forged line (") && heard.ends_with(" ms)"), "{heard}");
        assert!(lines.get(3).is_some_and(|line| line.starts_with("! the line was cut (")), "{lines:?}");
    }

    #[test]
    fn a_log_is_bounded_and_its_end_is_kept() {
        let recorder = Recorder::default();

        for number in 0..100 {
            recorder.heard(&format!("{number} {}", "ż".repeat(2_000)));
        }

        let lines = lines(&recorder);
        let bytes: usize = lines.iter().map(String::len).sum();
        assert!(bytes <= LARGEST && bytes > LARGEST - 2 * LONGEST_LINE, "{bytes}");
        assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE));
        assert_eq!(lines.first().map(String::as_str), Some(LET_GO));
        assert!(lines.last().is_some_and(|line| line.starts_with("< 99 ") && line.contains("…")));
    }

    #[test]
    fn what_is_struck_out_is_gone_in_any_case() {
        let recorder = Recorder::default();
        recorder.heard("550 Zofia@Post.example: ż no ZOFIA@post.example here");

        let log = recorder.log(&["", "zofia@post.example"]);

        assert!(
            log.expose().first().is_some_and(|line| line.starts_with("< 550 …: ż no … here (")),
            "{:?}",
            log.expose()
        );
    }

    #[test]
    fn a_log_never_prints_its_lines() {
        let recorder = Recorder::default();
        recorder.said("Amina");

        let log = recorder.log(&[]);

        assert_eq!(format!("{log} {log:?}"), "1 lines WireLog(1 lines)");
    }
}
