//! From kept bytes to what they say. Runs off the runtime, with a deadline, and survives a reader that panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use liaison_channels::{
    inbound::{OptOut, RawForm, read_text},
    private::Private,
    reading::{Bounce, Hints, Limits, MailKind, MailReading, NoAnswer, read_within},
};
use ring::digest::{SHA256, digest};

use crate::{
    domain::{
        ids::{DeliveryId, ReceivedId},
        people::Route,
        tag::{ReplyKey, codes_in},
        time::Timestamp,
    },
    store::inbox::Waiting,
};

/// How long a batch may take to read before those that are not done are called unreadable.
const DEADLINE: Duration = Duration::from_secs(20);
/// The longest words that go into the chronology, in bytes; the bytes of the mail itself are kept whole.
const MOST_WORDS: usize = 64 * 1024;

/// A message as it was understood.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "Message-ID is the header's own name")]
pub(super) struct Message {
    pub(super) id: ReceivedId,
    pub(super) channel: String,
    pub(super) received_at: Timestamp,
    /// Email or text.
    pub(super) came_by: Route,
    /// What kind of message it is, as stored.
    pub(super) kind: &'static str,
    /// The address or number it came from, in the form the school's records have.
    pub(super) sender: Option<Private<String>>,
    pub(super) subject: Private<String>,
    /// What the person wrote now.
    pub(super) words: Private<String>,
    pub(super) message_id: Option<String>,
    /// Message-IDs it answers, the nearest first.
    pub(super) answers: Vec<String>,
    /// The thread, as an answer repeats it.
    pub(super) references: Vec<String>,
    /// The message of ours whose mark it carries.
    pub(super) tagged: Option<DeliveryId>,
    /// What the provider says that a text asks of it, in whichever language.
    pub(super) opt_out: Option<OptOut>,
    /// Codes of cases in the subject.
    pub(super) codes: Vec<String>,
    pub(super) no_answer: Vec<NoAnswer>,
    pub(super) return_path: Option<Private<String>>,
    pub(super) dated: Option<Timestamp>,
    pub(super) bounce: Option<Bounce>,
    pub(super) attachments: u16,
    pub(super) reasons: Vec<String>,
    pub(super) problems: Vec<String>,
}

impl Message {
    /// A message that was tried too often: a person looks at it as it is.
    pub(super) fn given_up(one: &Waiting) -> Self {
        let mut message = shell(one);
        message.problems.push("it could not be dealt with".to_owned());
        message
    }

    /// The digest of its words, by which a repeat is known.
    pub(super) fn words_digest(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, self.words.expose().as_bytes()).as_ref());
        out
    }

    /// Its words as they are searched, where a person wrote them.
    pub(super) fn said(&self) -> Option<Private<String>> {
        let by_a_person = matches!(self.kind, "human" | "opt_out" | "opt_in");
        (by_a_person && !self.words.expose().is_empty()).then(|| self.words.clone())
    }

    /// The messages of ours it answers, as their Message-IDs tell.
    pub(super) fn ours(&self) -> Vec<DeliveryId> {
        self.answers.iter().filter_map(|id| our_delivery(id)).collect()
    }
}

/// The delivery that a Message-ID of ours names: 32 hexadecimal digits before the `@`.
pub(super) fn our_delivery(message_id: &str) -> Option<DeliveryId> {
    let (id, _) = message_id.split_once('@')?;
    (id.len() == 32).then(|| uuid::Uuid::try_parse(id).ok()).flatten().map(DeliveryId)
}

/// Reads a batch. What takes too long alone, or makes the reader panic, is `unreadable`, and a person looks at it; `None` where a
/// batch of several took too long, which is then to be read one by one.
pub(super) async fn understand(
    waiting: Vec<Waiting>,
    hints: Arc<Hints>,
    limits: Limits,
    key: &ReplyKey,
) -> Option<Vec<Message>> {
    let shells: Vec<Message> = waiting.iter().map(shell).collect();
    let half = waiting.len().div_ceil(2);
    let mut first = waiting;
    let second = first.split_off(half.min(first.len()));
    let parts = [first, second].map(|part| {
        let (hints, key) = (Arc::clone(&hints), key.clone());
        let work = tokio::task::spawn_blocking(move || {
            part.iter().map(|one| one_safely(one, &hints, &limits, &key)).collect::<Vec<_>>()
        });
        tokio::time::timeout(DEADLINE, work)
    });
    let [first, second] = parts;
    let (first, second) = tokio::join!(first, second);
    let mut read = Vec::with_capacity(shells.len());
    for part in [first, second] {
        // A part that did not come back: its messages stand as shells below.
        match part {
            Ok(Ok(messages)) => read.extend(messages),
            Err(_) if shells.len() > 1 => return None,
            _ => {}
        }
    }
    let done: std::collections::HashSet<_> = read.iter().map(|message| message.id).collect();
    read.extend(shells.into_iter().filter(|shell| !done.contains(&shell.id)).map(|mut shell| {
        shell.problems.push("reading it took too long".to_owned());
        shell
    }));
    read.sort_by_key(|message| message.id);
    Some(read)
}

fn one_safely(one: &Waiting, hints: &Hints, limits: &Limits, key: &ReplyKey) -> Message {
    catch_unwind(AssertUnwindSafe(|| understand_one(one, hints, limits, key))).unwrap_or_else(|_| {
        let mut shell = shell(one);
        shell.problems.push("the reader stumbled over it".to_owned());
        shell
    })
}

fn understand_one(one: &Waiting, hints: &Hints, limits: &Limits, key: &ReplyKey) -> Message {
    let mut message = shell(one);
    match one.form {
        RawForm::MAIL if one.raw.expose().is_empty() => {}
        RawForm::MAIL => {
            fill_mail(&mut message, read_within(one.raw.expose(), hints, limits), hints, key);
        }
        _ => fill_text(&mut message, one),
    }
    message
}

/// Whether it is our own mail come back. A colleague's, from the school's domain, is not: it may be a parent's, forwarded.
fn is_own(reading: &MailReading, hints: &Hints) -> bool {
    let from = reading.from.as_ref().map(|from| from.expose().to_lowercase());
    reading.no_answer.iter().any(|rule| rule.rule == 8)
        || hints.own.iter().any(|own| Some(own.expose().to_lowercase()) == from)
}

fn fill_mail(message: &mut Message, reading: MailReading, hints: &Hints, key: &ReplyKey) {
    message.kind = match reading.kind {
        MailKind::Unreadable => "unreadable",
        MailKind::Bounce => "bounce",
        MailKind::Receipt => "receipt",
        MailKind::Report => "report",
        MailKind::AutoReply => "auto_reply",
        MailKind::List => "list",
        MailKind::Calendar => "calendar",
        MailKind::Human if is_own(&reading, hints) => "own",
        MailKind::Human => "human",
    };
    message.tagged = key.find(reading.recipients.iter().map(|address| address.expose().as_str()));
    message.codes = codes_in(reading.subject.expose());
    message.sender = reading.from.map(|from| Private::new(from.expose().trim().to_lowercase()));
    message.subject = reading.subject;
    message.words =
        cut(if reading.reply_text.expose().trim().is_empty() { reading.text } else { reading.reply_text });
    message.message_id = reading.message_id;
    message.answers = reading.answers;
    message.references = reading.references;
    message.no_answer = reading.no_answer;
    message.return_path = reading.return_path;
    message.dated = reading.date;
    message.bounce = reading.bounce;
    message.attachments = reading.attachments;
    message.reasons = reading.reasons;
    message.problems.extend(reading.problems);
}

fn fill_text(message: &mut Message, one: &Waiting) {
    let Some(text) = read_text(one.form, one.raw.expose()) else {
        message.problems.push("the provider's words about it cannot be read".to_owned());
        return;
    };
    // What was not believed as it came is shown, and a person decides what it is.
    message.kind = if one.trouble.is_some() { "unreadable" } else { "human" };
    let from = text.from.expose();
    let number = text.sender().map(|number| number.expose().to_owned());
    message.sender = Some(Private::new(number.unwrap_or_else(|| from.replace('\0', "").trim().to_owned())));
    message.words = cut(Private::new(text.body.expose().replace('\0', "")));
    message.attachments = text.media;
    message.dated = text.sent_at;
    message.opt_out = text.opt_out;
    if let Some(part) = &text.part {
        let which =
            format!("it is part {} of {} of a long text, which came part by part", part.number, part.total);
        message.problems.push(which);
    }
    if one.form == RawForm::JOINED_TEXT {
        message.problems.push("a long text, joined from the parts that came".to_owned());
    }
}

/// What is known of a message before it is read: kept, and of no kind.
fn shell(one: &Waiting) -> Message {
    Message {
        id: one.id,
        channel: one.channel.clone(),
        received_at: one.received_at,
        came_by: if one.form == RawForm::MAIL { Route::Email } else { Route::Text },
        kind: "unreadable",
        sender: None,
        subject: Private::default(),
        words: Private::default(),
        message_id: None,
        answers: Vec::new(),
        references: Vec::new(),
        tagged: None,
        codes: Vec::new(),
        no_answer: Vec::new(),
        return_path: None,
        dated: None,
        opt_out: None,
        bounce: None,
        attachments: 0,
        reasons: Vec::new(),
        problems: one.trouble.iter().cloned().collect(),
    }
}

fn cut(words: Private<String>) -> Private<String> {
    if words.expose().len() <= MOST_WORDS {
        return words;
    }
    let mut end = MOST_WORDS;
    while !words.expose().is_char_boundary(end) {
        end -= 1;
    }
    Private::new(words.expose().get(..end).unwrap_or_default().to_owned())
}
