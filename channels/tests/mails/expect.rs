//! How a reading is held against an expectation, key by key; an unknown key is a fault of its own, so that no
//! misspelt wish passes for a fulfilled one.

use liaison_channels::private::Private;
use liaison_channels::reading::{Bounce, Limits, MailKind, MailReading, attachments, read};
use serde_json::{Value, json};

use crate::corpus::Case;

/// What differs, one line each: file, key, what was expected, what came.
pub(crate) fn faults(case: &Case) -> Vec<String> {
    let reading = read(&case.raw, &case.hints);
    let wishes = case.expected.iter().filter(|(key, _)| *key != "why");
    let mut found: Vec<String> = wishes
        .filter_map(|(key, wanted)| {
            let came = if key == "files" {
                same(wanted, &files(&case.raw))
            } else {
                differs(key, wanted, &reading)
            }?;
            Some(format!("  {} · {key}\n      expected {wanted}\n      came     {came}", case.name))
        })
        .collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, &case.raw);
    if reading.digest != digest.as_ref() {
        found.push(format!("  {} · digest is not the SHA-256 of the bytes", case.name));
    }
    let files = attachments(&case.raw, &Limits::default()).count();
    if files != usize::from(reading.attachments).min(Limits::default().attachments) {
        found.push(format!("  {} · {files} files are taken out, {} counted", case.name, reading.attachments));
    }
    found
}

/// What came, if it is not what was wanted.
fn differs(key: &str, wanted: &Value, reading: &MailReading) -> Option<String> {
    match key {
        "from" | "from_name" | "return_path" | "subject" | "message_id" | "answers" | "kind"
        | "attachments" => same(wanted, &plain(key, reading)),
        "from_name_has" => has(&json!([wanted]), reading.from_name.expose()),
        "kind_in" => among(wanted, &json!(kind(reading.kind))),
        "answers_first" => same(wanted, &json!(reading.answers.first())),
        "subject_one_line" => {
            unless(!reading.subject.expose().contains(['\r', '\n']), reading.subject.expose())
        }
        "nul_free" => unless(!everything(reading).contains('\0'), "a NUL byte"),
        "text_has" => has(wanted, reading.text.expose()),
        "text_lacks" => lacks(wanted, reading.text.expose()),
        "text_or_problem" => has(wanted, reading.text.expose()).filter(|_| reading.problems.is_empty()),
        "text_or_attachment" => has(wanted, reading.text.expose()).filter(|_| reading.attachments == 0),
        "reply_text" => {
            same(&json!(tidy(wanted.as_str().unwrap())), &json!(tidy(reading.reply_text.expose())))
        }
        // An empty list: there is no problem.
        "problem_has" if wanted.as_array().unwrap().is_empty() => {
            unless(reading.problems.is_empty(), &reading.problems.join(" "))
        }
        "problem_has" => has(wanted, &reading.problems.join(" ")),
        "reply_has" => has(wanted, reading.reply_text.expose()),
        "reply_lacks" => lacks(wanted, reading.reply_text.expose()),
        "no_answer" => same(wanted, &json!(rules(reading))),
        "no_answer_has" => {
            let rules = json!(rules(reading));
            unless(
                wanted.as_array().unwrap().iter().all(|rule| among(&rules, rule).is_none()),
                &rules.to_string(),
            )
        }
        "bounce" | "bounce_status_has" | "bounce_addresses_has" | "bounce_lacks" => {
            bounce(key, wanted, reading.bounce.as_ref())
        }
        _ => Some("a key this test does not know".to_owned()),
    }
}

/// Each file as `name type size`, and `inline` behind one that the page shows.
fn files(raw: &[u8]) -> Value {
    let told = attachments(raw, &Limits::default()).map(|file| {
        let inline = if file.inline { " inline" } else { "" };
        format!("{} {} {}{inline}", file.name.expose(), file.declared, file.size)
    });
    told.collect()
}

fn plain(key: &str, reading: &MailReading) -> Value {
    match key {
        "from" => json!(reading.from.as_ref().map(Private::expose)),
        "from_name" => json!(reading.from_name.expose()),
        "return_path" => json!(reading.return_path.as_ref().map(Private::expose)),
        "subject" => json!(reading.subject.expose()),
        "message_id" => json!(reading.message_id),
        "answers" => json!(reading.answers),
        "kind" => json!(kind(reading.kind)),
        _ => json!(reading.attachments),
    }
}

fn bounce(key: &str, wanted: &Value, came: Option<&Bounce>) -> Option<String> {
    let Some(came) = came else {
        return unless(wanted.is_null(), "no bounce");
    };
    let addresses: Vec<String> =
        came.addresses.iter().map(|address| address.expose().to_lowercase()).collect();
    match key {
        "bounce_status_has" => has_all(wanted, &came.status),
        "bounce_addresses_has" => has_all(wanted, &addresses),
        "bounce_lacks" => {
            has_all(wanted, &addresses).map_or_else(|| Some(format!("{addresses:?}")), |_| None)
        }
        _ => bounce_fields(wanted, came, &addresses),
    }
}

fn bounce_fields(wanted: &Value, came: &Bounce, addresses: &[String]) -> Option<String> {
    let Some(wanted) = wanted.as_object() else {
        return Some("a bounce".to_owned());
    };
    let faults: Vec<String> = wanted
        .iter()
        .filter_map(|(key, wanted)| {
            let came = match key.as_str() {
                "permanent" => json!(came.permanent),
                "given_up" => json!(came.given_up),
                "addresses" => json!(addresses),
                "status" => json!(came.status),
                "smtp_code" => json!(came.smtp_code),
                "message_id" => json!(came.message_id),
                _ => json!("a key this test does not know"),
            };
            same(wanted, &came).map(|came| format!("{key}: {came}"))
        })
        .collect();
    unless(faults.is_empty(), &faults.join("; "))
}

fn rules(reading: &MailReading) -> Vec<u8> {
    let mut rules: Vec<u8> = reading.no_answer.iter().map(|no| no.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Unreadable => "unreadable",
        MailKind::Bounce => "bounce",
        MailKind::Receipt => "receipt",
        MailKind::Report => "report",
        MailKind::AutoReply => "auto_reply",
        MailKind::List => "list",
        MailKind::Calendar => "calendar",
        MailKind::Human => "human",
    }
}

fn everything(reading: &MailReading) -> String {
    [&reading.subject, &reading.from_name, &reading.text, &reading.reply_text]
        .map(|said| said.expose().clone())
        .concat()
}

/// Words without what different ways of showing HTML and soft line ends change: blanks at line ends, blank lines.
fn tidy(words: &str) -> String {
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Words with every run of blanks and line ends as one space, so that a fold does not hide a snippet.
fn flat(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has(wanted: &Value, words: &str) -> Option<String> {
    let words = flat(words);
    unless(snippets(wanted).all(|snippet| words.contains(&snippet)), &shown(&words))
}

fn lacks(wanted: &Value, words: &str) -> Option<String> {
    let words = flat(words);
    unless(!snippets(wanted).any(|snippet| words.contains(&snippet)), &shown(&words))
}

fn snippets(wanted: &Value) -> impl Iterator<Item = String> {
    wanted.as_array().unwrap().iter().map(|snippet| flat(snippet.as_str().unwrap()))
}

fn has_all(wanted: &Value, came: &[String]) -> Option<String> {
    unless(snippets(wanted).all(|one| came.contains(&one)), &format!("{came:?}"))
}

fn among(wanted: &Value, came: &Value) -> Option<String> {
    unless(wanted.as_array().unwrap().contains(came), &came.to_string())
}

fn same(wanted: &Value, came: &Value) -> Option<String> {
    unless(wanted == came, &shown(&came.to_string()))
}

fn unless(good: bool, came: &str) -> Option<String> {
    (!good).then(|| came.to_owned())
}

fn shown(words: &str) -> String {
    words.chars().take(600).collect()
}
