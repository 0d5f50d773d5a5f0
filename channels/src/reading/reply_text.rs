//! What the person wrote now: a mail's text without the history it quotes and without signatures.
//!
//! In doubt a line is kept: too much on a page is a nuisance, a lost sentence of a parent is a fault. The whole text is
//! always kept beside it.

use super::added_lines::{DEVICES, SIGNATURE_ENDS, SIGNATURES};
use super::quotes::{ATTRIBUTIONS, FORWARDS, FROM, SENT, SEPARATORS, SUBJECT, TO};

/// Lines an attribution may be wrapped over.
const WRAPPED: usize = 4;
/// Lines below a "From:" in which the rest of a header block must stand.
const BLOCK: usize = 8;
/// Longest line, in bytes, that a program's own words are looked for in.
const LINE: usize = 400;
/// Longest signature, in lines.
const SIGNATURE: usize = 30;

/// What remains of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) text: String,
    /// The history went on to the end of the text.
    pub(super) to_the_end: bool,
}

struct Line<'a> {
    text: &'a str,
    /// Trimmed, in lower case and without marks for bold or direction; empty for a long line.
    lower: String,
    quoted: bool,
    kept: bool,
}

impl<'a> Line<'a> {
    fn new(text: &'a str) -> Self {
        let trimmed = text.trim_matches(is_blank);
        let lower = if trimmed.len() > LINE { String::new() } else { plain_lower(trimmed) };
        Self { text, lower, quoted: trimmed.starts_with('>'), kept: true }
    }

    fn is_blank(&self) -> bool {
        self.text.trim_matches(is_blank).is_empty()
    }
}

fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn plain_lower(text: &str) -> String {
    if text.is_ascii() && !text.contains('*') {
        return text.to_ascii_lowercase();
    }
    let shown = text
        .chars()
        .filter(|character| *character != '*' && (!is_blank(*character) || character.is_whitespace()));
    let spaced = shown.map(|character| if character.is_whitespace() { ' ' } else { character });
    spaced.flat_map(char::to_lowercase).collect()
}

/// Takes history and signatures out of `text`. `cut_before`: a program's history was taken off already.
pub(super) fn take(text: &str, cut_before: bool) -> Reply {
    let mut lines: Vec<Line> = text.lines().map(Line::new).collect();
    let quotes = drop_quotes(&mut lines);
    let to_the_end = cut_history(&mut lines);
    let evidence = quotes || to_the_end || cut_before;
    drop_signatures(&mut lines);
    drop_armour(&mut lines);
    let kept = collapse(&lines);
    let text = if kept.is_empty() && !evidence { text.trim().to_owned() } else { kept };
    Reply { text, to_the_end }
}

/// Takes out lines that begin with `>`, and what introduces them.
fn drop_quotes(lines: &mut [Line]) -> bool {
    let count = lines.iter().filter(|line| line.quoted).count();
    let mut introduced = false;
    let mut before_quote = true;
    for index in 0..lines.len() {
        let starts = lines.get(index).is_some_and(|line| line.quoted) && before_quote;
        before_quote = lines.get(index).is_some_and(|line| !line.quoted);
        if starts && let Some(range) = introduction(lines, index) {
            introduced = true;
            lines.iter_mut().take(range.1).skip(range.0).for_each(|line| line.kept = false);
        }
    }
    // A single line with a `>` and nothing to introduce it may be anything.
    let drop = introduced || count > 1;
    if drop {
        lines.iter_mut().filter(|line| line.quoted).for_each(|line| line.kept = false);
    }
    drop
}

/// The lines before a quote that say whose it is.
fn introduction(lines: &[Line], quote: usize) -> Option<(usize, usize)> {
    let end = lines.get(..quote)?.iter().rposition(|line| !line.is_blank())? + 1;
    for length in 1..=WRAPPED {
        let start = end.checked_sub(length)?;
        if lines.get(start..end)?.iter().any(|line| line.is_blank() || line.quoted) {
            return None;
        }
        if is_attribution(&joined(lines, start, end), true) || (length == 1 && is_separator(lines, start)) {
            return Some((whole_sentence(lines, start, end), end));
        }
    }
    None
}

/// An attribution that ends in "wrote" is found by its last line; it begins further up if the date is there.
fn whole_sentence(lines: &[Line], start: usize, end: usize) -> usize {
    let begins = |at: usize| {
        let text = joined(lines, at, end);
        has_date(&text) && ATTRIBUTIONS.iter().any(|one| one.start.len() > 1 && text.starts_with(one.start))
    };
    let has_all = has_date(&joined(lines, start, end));
    let highest = end.saturating_sub(WRAPPED);
    let apart = |at: &usize| {
        lines.get(*at..start).is_none_or(|between| between.iter().any(|line| line.is_blank() || line.quoted))
    };
    let further = (highest..start)
        .rev()
        .take_while(|at| !apart(at))
        .find(|at| begins(*at) || (!has_all && dated(lines, *at)));
    further.unwrap_or(start)
}

fn dated(lines: &[Line], at: usize) -> bool {
    lines.get(at).is_some_and(|line| has_date(&line.lower))
}

fn joined(lines: &[Line], start: usize, end: usize) -> String {
    let parts: Vec<&str> =
        lines.get(start..end).unwrap_or_default().iter().map(|line| line.lower.as_str()).collect();
    parts.join(" ")
}

/// Whether a line (or a wrapped one, joined) says "X wrote:". Before a quote that is enough; elsewhere it must also
/// show a date or an address, as people too write "as you wrote:".
fn is_attribution(text: &str, before_quote: bool) -> bool {
    let Some(said) = text.strip_suffix([':', '：']).map(str::trim_end) else { return false };
    if said.len() > LINE || !(before_quote || is_dated_as_programs_do(said)) {
        return false;
    }
    ATTRIBUTIONS.iter().any(|one| {
        let verb = if one.last { said.ends_with(one.verb) } else { said.contains(one.verb) };
        verb && said.starts_with(one.start) && (one.last || has_date(said))
    })
}

fn is_dated_as_programs_do(said: &str) -> bool {
    let (year, clock) = date(said);
    (year && clock) || (said.contains('@') && (year || clock))
}

fn has_date(text: &str) -> bool {
    let (year, clock) = date(text);
    year || clock
}

/// Whether a year, and whether a time of day is written in it.
fn date(text: &str) -> (bool, bool) {
    let (mut year, mut clock) = (false, false);
    let mut digits = 0;
    let mut hours = false;
    for character in text.chars().chain(std::iter::once(' ')) {
        if character.is_numeric() {
            digits += 1;
            continue;
        }
        year |= digits == 4;
        clock |= hours && digits == 2;
        hours = matches!(character, ':' | '.') && (digits == 1 || digits == 2);
        digits = 0;
    }
    (year, clock)
}

/// Finds where the mail that was answered begins without any mark on its lines, and takes out the rest.
fn cut_history(lines: &mut [Line]) -> bool {
    let last_quote = lines.iter().rposition(|line| line.quoted && !line.kept);
    for at in 0..lines.len() {
        if !lines.get(at).is_some_and(|line| line.kept && !line.lower.is_empty() && !line.quoted) {
            continue;
        }
        if let Some(length) = attribution_at(lines, at)
            && last_quote.is_some_and(|quote| quote > at)
        {
            // The quote below it is marked line by line, so what is not marked there is the person's answer.
            lines.iter_mut().skip(at).take(length).for_each(|line| line.kept = false);
        } else if history_begins(lines, at) {
            let start = rule_above(lines, at);
            lines.iter_mut().skip(start).for_each(|line| line.kept = false);
            return true;
        }
    }
    false
}

fn history_begins(lines: &[Line], at: usize) -> bool {
    let forward = lines.get(at).is_some_and(|line| FORWARDS.contains(&line.lower.as_str()));
    is_separator(lines, at)
        || forward
        || begins_block(lines, at)
        || attribution_at(lines, at).is_some()
        || runs_on(lines, at)
}

/// How many lines from `at` on are an attribution.
fn attribution_at(lines: &[Line], at: usize) -> Option<usize> {
    let first = lines.get(at)?;
    (1..=WRAPPED).find(|length| {
        let Some(wrapped) = lines.get(at..at + length) else { return false };
        let ends = wrapped.last().is_some_and(|last| last.lower.ends_with([':', '：']));
        ends && wrapped.iter().all(|line| !line.is_blank() && !line.quoted && line.kept)
            && sentence_begins(&first.lower, *length)
            && is_attribution(&joined(lines, at, at + length), false)
    })
}

/// Yahoo's app goes on with the quoted mail in the line of the attribution.
fn runs_on(lines: &[Line], at: usize) -> bool {
    let Some(line) = lines.get(at).filter(|line| line.text.contains('@')) else { return false };
    let said = line.lower.match_indices(": ").take(6).filter_map(|(colon, _)| line.lower.get(..=colon));
    said.into_iter().any(|said| said.contains('@') && is_attribution(said, false))
}

/// A person's last sentence may stand directly above: a wrapped attribution begins with its own first word or a date.
fn sentence_begins(first: &str, length: usize) -> bool {
    length == 1
        || has_date(first)
        || ATTRIBUTIONS.iter().any(|one| one.start.len() > 1 && first.starts_with(one.start))
        || ["w dniu ", "dnia ", "în ", "pe ", "em ", "el ", "il ", "на ", "в ", "у ", "op ", "在", "于"]
            .iter()
            .any(|start| first.starts_with(start))
}

/// "-----Original Message-----" and its like.
fn is_separator(lines: &[Line], at: usize) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let lower = line.lower.as_str();
    if !lower.starts_with(['-', '_', '=', '—', '–']) {
        return false;
    }
    let core = lower
        .trim_matches(|sign: char| matches!(sign, '-' | '_' | '=' | '—' | '–' | ':') || sign.is_whitespace());
    if core.len() >= 120 && !core.contains('@') {
        return false;
    }
    // Zoho: "---- On Fri, 08 May 2026 10:11:12 +0100 X <x@y.example> wrote ----".
    let attribution =
        lower.starts_with("--") && lower.ends_with("--") && is_attribution(&format!("{core}:"), false);
    attribution || SEPARATORS.iter().any(|phrase| core.starts_with(phrase))
}

/// "From: … Sent: … To: … Subject: …", as Outlook writes it in every language.
fn begins_block(lines: &[Line], at: usize) -> bool {
    let Some(first) = lines.get(at) else { return false };
    let from_first = is_field(first, FROM);
    if !from_first && !is_field(first, SENT) {
        return false;
    }
    let below = lines.get(at + 1..).unwrap_or_default().iter().filter(|line| !line.is_blank()).take(BLOCK);
    let (mut from, mut sent, mut to, mut subject) = (from_first, false, false, false);
    for line in below {
        from |= is_field(line, FROM);
        sent |= is_field(line, SENT);
        to |= is_field(line, TO);
        subject |= is_field(line, SUBJECT);
    }
    // People write "From: … To: … Subject: …" of dates too; only a mail shows when it was sent, or an address.
    let address = lines.iter().skip(at).take(BLOCK).any(|line| line.text.contains('@'));
    if !from_first {
        // GMX and mail.com begin with the date; so do people's own lists, which name no address.
        return from && to && subject && address;
    }
    (subject && sent) || (address && to && (subject || sent))
}

fn is_field(line: &Line, names: &[&str]) -> bool {
    let name = line.lower.split([':', '：']).next().unwrap_or_default();
    name.len() < line.lower.len() && names.contains(&name.trim_end())
}

/// Takes in the rule, and the blanks, above the history.
fn rule_above(lines: &[Line], start: usize) -> usize {
    let above = lines.get(..start).unwrap_or_default();
    let Some(last) = above.iter().rposition(|line| !line.is_blank()) else { return start };
    let rule = above.get(last).is_some_and(|line| {
        line.lower.len() >= 5
            && line.lower.chars().all(|sign| matches!(sign, '_' | '-' | '=' | '—' | '–' | ' '))
    });
    if rule { last } else { start }
}

fn drop_signatures(lines: &mut [Line]) {
    for at in 0..lines.len() {
        let Some(line) = lines.get(at).filter(|line| line.kept) else { continue };
        if is_dashes(line.text) {
            cut_signature(lines, at);
        } else if is_added(&line.lower)
            && let Some(line) = lines.get_mut(at)
        {
            line.kept = false;
        }
    }
}

/// Takes out what a cleartext signature puts around the words (RFC 9580 §7); one without its end stays.
fn drop_armour(lines: &mut [Line]) {
    let at = |mark: &str| lines.iter().position(|line| line.text.trim_end() == mark);
    let (Some(begin), Some(from), Some(end)) = (
        at("-----BEGIN PGP SIGNED MESSAGE-----"),
        at("-----BEGIN PGP SIGNATURE-----"),
        at("-----END PGP SIGNATURE-----"),
    ) else {
        return;
    };
    let head = lines.iter().skip(begin + 1).take_while(|line| line.lower.starts_with("hash: ")).count();
    for (index, line) in lines.iter_mut().enumerate() {
        if (begin..=begin + head).contains(&index) || (from..=end).contains(&index) {
            line.kept = false;
        }
    }
}

/// The signature mark of RFC 3676 §4.3, also without the blank that programs lose.
fn is_dashes(line: &str) -> bool {
    matches!(line.trim_end_matches('\r'), "-- " | "--" | "--\u{a0}")
}

/// A signature goes as far as the next thing that was taken out, or to the end; a longer one is somebody's letter.
fn cut_signature(lines: &mut [Line], at: usize) {
    let tail = lines.get(at..).unwrap_or_default();
    let strict = tail.first().is_some_and(|line| line.text.starts_with("-- "));
    let most = if strict { SIGNATURE } else { SIGNATURE / 3 };
    let near = tail.get(..2 * most).unwrap_or(tail);
    let Some(end) =
        near.iter().position(|line| !line.kept).or((near.len() == tail.len()).then_some(near.len()))
    else {
        return;
    };
    let signs = |line: &Line| strict || line.is_blank() || is_of_a_signature(line.text);
    if near.iter().skip(1).take(end.saturating_sub(1)).any(|line| !signs(line)) {
        return;
    }
    if near.iter().take(end).filter(|line| !line.is_blank()).count() <= most {
        lines.iter_mut().skip(at).take(end).for_each(|line| line.kept = false);
    }
}

/// A name, a post, a number: short, not begun as a sentence goes on, and not ended as one ends. Two dashes alone part
/// paragraphs as well, and nobody's words may go with them.
fn is_of_a_signature(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() <= 48
        && !line.ends_with(['.', '?', '!', ':', ','])
        && line.chars().next().is_some_and(|c| !c.is_lowercase())
}

/// "Sent from my phone": a short line that a program added.
fn is_added(lower: &str) -> bool {
    if lower.is_empty() || lower.len() > 160 || lower.ends_with('?') {
        return false;
    }
    let bare = lower.trim_start_matches(['-', '_', '<', '(', '[', ' ']);
    let phrase = SIGNATURES.iter().any(|phrase| bare.starts_with(phrase))
        || SIGNATURE_ENDS.iter().any(|phrase| bare.trim_end_matches('.').ends_with(phrase));
    phrase && DEVICES.iter().any(|device| bare.contains(device)) && bare.split_whitespace().count() <= 14
}

/// The kept lines; where something was taken out, or many lines were blank, one blank line.
fn collapse(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut gap = false;
    for line in lines {
        if !line.kept || line.is_blank() {
            gap = true;
            continue;
        }
        if !text.is_empty() {
            text.push_str(if gap { "\n\n" } else { "\n" });
        }
        gap = false;
        text.push_str(line.text.trim_end());
    }
    text
}
