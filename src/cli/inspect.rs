//! `liaison inspect`: what Liaison would make of something. Keeps nothing, needs no database, prints one JSON object (for
//! `mail` one a line). None of them fails or takes long on any bytes.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use clap::Subcommand;
use liaison_channels::{
    address::inspect_number,
    inbound_reading::{inspect_webhook, webhook_kinds},
    private::Private,
    reading::{Attachment, Hints, Limits, MailKind, MailReading, attachments, read},
    text::inspect_text,
};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::{put, settings::read_calendar};
use crate::domain::calendar::{Calendar, inspect_due};

/// A mail that is not read by then is told as such; the reading itself is bounded far below.
const DEADLINE: Duration = Duration::from_millis(900);

#[derive(Debug, Subcommand)]
pub(super) enum InspectCommand {
    /// Alphabet and length of a text
    Text {
        /// The words
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Count it as it stands, without replacing typographic characters
        #[arg(long)]
        raw: bool,
    },
    /// What a phone number is, and whether it may be texted
    Number {
        /// The number, as somebody wrote it
        #[arg(allow_hyphen_values = true)]
        number: String,
    },
    /// What a mail says, of which kind it is, and whether it may be acknowledged; one JSON object a file
    Mail {
        /// Files that each hold one mail (RFC 5322), such as reply.eml
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The mailbox it came to; mail from there is our own
        #[arg(long, value_name = "ADDRESS")]
        mailbox: Vec<String>,
        /// The envelope sender, where the mail does not carry it; empty or <> for the null sender
        #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
        envelope_from: Option<String>,
    },
    /// When a message received at an instant is to be answered by a person, and why then
    Due {
        /// The instant, such as 2026-11-09T09:15:00Z
        #[arg(allow_hyphen_values = true)]
        instant: String,
        /// The school's calendar; see deploy/calendar.example.csv
        #[arg(long, value_name = "FILE", conflicts_with = "bank_holidays_only")]
        calendar: Option<PathBuf>,
        /// Count every Monday to Friday but bank holidays (also without --calendar)
        #[arg(long)]
        bank_holidays_only: bool,
        /// School days to count
        #[arg(long, default_value_t = 4)]
        days: u8,
    },
    /// Whether a provider's post is believed, and what it tells; the body is read from standard input
    Webhook {
        #[arg(help = format!("The provider: {}", webhook_kinds().collect::<Vec<_>>().join(", ")))]
        kind: String,
        /// The address as the provider called it, with its query
        #[arg(long)]
        url: String,
        /// A header, as 'Name: value'; as often as there are headers
        #[arg(long = "header", value_name = "NAME: VALUE")]
        headers: Vec<String>,
        /// The file that holds the secret
        #[arg(long, value_name = "FILE")]
        secret_file: PathBuf,
    },
}

pub(super) fn run(what: &InspectCommand) {
    match what {
        InspectCommand::Text { text, raw } => print(&inspect_text(text, *raw)),
        InspectCommand::Number { number } => print(&inspect_number(number)),
        InspectCommand::Mail { files, mailbox, envelope_from } => {
            for file in files {
                print(&mail(file, &hints(mailbox, envelope_from.as_deref())));
            }
        }
        InspectCommand::Due { instant, calendar, days, .. } => {
            print(&due(instant, calendar.as_deref(), *days));
        }
        InspectCommand::Webhook { kind, url, headers, secret_file } => {
            print(&webhook(kind, url, headers, secret_file));
        }
    }
}

fn print(reading: &impl serde::Serialize) {
    put(&serde_json::to_string(reading).unwrap_or_else(|_| "{}".to_owned()));
}

fn hints(mailbox: &[String], envelope_from: Option<&str>) -> Hints {
    let bare = |address: &str| Private::new(address.trim().trim_matches(['<', '>']).to_owned());
    Hints {
        own: mailbox.iter().map(|address| bare(address)).collect(),
        envelope_from: envelope_from.map(bare),
    }
}

fn mail(file: &Path, hints: &Hints) -> Value {
    let raw = match std::fs::read(file) {
        Ok(raw) => raw,
        Err(error) => {
            return json!({ "file": file.display().to_string(), "error": format!("cannot be read: {}", error.kind()) });
        }
    };
    let digest: String = digest(&SHA256, &raw).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let hints = hints.clone();
    let (read_it, receiver) = mpsc::channel();
    // On a thread of its own: should a mail ever stop the reader, it stops only that thread.
    std::thread::spawn(move || {
        let files: Vec<Value> =
            attachments(&raw, &Limits::default()).map(|file| file_as_json(&file)).collect();
        let _ = read_it.send((read(&raw, &hints), files));
    });
    match receiver.recv_timeout(DEADLINE) {
        Ok((reading, files)) => as_json(&reading, &files, &digest),
        Err(_) => json!({
            "from": null, "subject": "", "text": "", "reply_text": "", "raw_sha256": digest, "kind": "unreadable",
            "auto_reply": false, "bounce": false, "bounce_kind": null, "bounced": [], "status": [], "smtp_code": [],
            "orig_message_id": null, "feedback": false, "may_ack": false,
            "reasons": ["it could not be read in time; a person looks at it"],
        }),
    }
}

fn file_as_json(file: &Attachment) -> Value {
    let digest: String = file.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "name": file.name.expose(), "type": file.declared, "bytes": file.size, "sha256": digest, "inline": file.inline,
    })
}

fn as_json(reading: &MailReading, files: &[Value], digest: &str) -> Value {
    let bounce = reading.bounce.as_ref();
    let bounce_kind = bounce.map(|bounce| if bounce.permanent { "permanent" } else { "temporary" });
    let mut reasons = reading.reasons.clone();
    reasons.extend(reading.no_answer.iter().map(|rule| format!("rule {}: {}", rule.rule, rule.because)));
    reasons.extend(reading.problems.iter().cloned());
    let may_ack = reading.no_answer.is_empty() && reading.kind == MailKind::Human;
    json!({
        "from": reading.from.as_ref().map(Private::expose),
        "subject": reading.subject.expose(),
        "text": reading.text.expose(),
        "reply_text": reading.reply_text.expose(),
        "raw_sha256": digest,
        "kind": kind(reading.kind),
        "message_id": reading.message_id,
        "attachments": reading.attachments,
        "files": files,
        "auto_reply": reading.kind == MailKind::AutoReply,
        "bounce": reading.kind == MailKind::Bounce,
        "bounce_kind": bounce_kind,
        "bounced": bounce.map(|b| b.addresses.iter().map(|a| a.expose().clone()).collect::<Vec<_>>()).unwrap_or_default(),
        "status": bounce.map(|b| b.status.clone()).unwrap_or_default(),
        "smtp_code": bounce.map(|b| b.smtp_code.clone()).unwrap_or_default(),
        "orig_message_id": bounce.and_then(|b| b.message_id.clone()),
        "feedback": reading.kind == MailKind::Report,
        "may_ack": may_ack,
        "reasons": reasons,
    })
}

const fn kind(kind: MailKind) -> &'static str {
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

fn due(instant: &str, calendar: Option<&Path>, days: u8) -> Value {
    let calendar = match calendar.map(read_calendar) {
        Some(Ok(calendar)) => calendar,
        Some(Err(problems)) => return json!({ "error": "the calendar needs mending", "problems": problems }),
        None => Calendar::bank_holidays_only(),
    };
    serde_json::to_value(inspect_due(instant, &calendar, days)).unwrap_or_default()
}

fn webhook(kind: &str, url: &str, headers: &[String], secret_file: &Path) -> Value {
    let refused = |reason: String| json!({ "accepted": false, "reason": reason, "events": [] });
    let mut secret = String::new();
    let read =
        std::fs::File::open(secret_file).and_then(|file| file.take(64 * 1024).read_to_string(&mut secret));
    let secret = match read {
        Ok(_) => secret.trim_end_matches(['\r', '\n']).to_owned(),
        Err(error) => {
            return refused(format!(
                "the secret file {} cannot be read: {}",
                secret_file.display(),
                error.kind()
            ));
        }
    };
    let split: Option<Vec<(String, String)>> = headers
        .iter()
        .map(|header| {
            let (name, value) = header.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let Some(headers) = split else {
        return refused("a header is not written as 'Name: value'".to_owned());
    };
    let mut body = Vec::new();
    // A little more than the largest post that is read, so that a larger one is told as too large.
    if let Err(error) = std::io::stdin().lock().take(8 * 1024 * 1024).read_to_end(&mut body) {
        return refused(format!("the body cannot be read from standard input: {}", error.kind()));
    }
    serde_json::to_value(inspect_webhook(kind, url, &headers, &secret, &body)).unwrap_or_default()
}
