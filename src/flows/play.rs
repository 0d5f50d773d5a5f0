//! Playing a carer, in the demo only: what lies in their mailbox and on their phone, and answering.
//!
//! What reached them is read from the files that the stand-ins for the providers wrote: what is not there has not left. An
//! email is answered as the world answers: a file in the folder that the demo reads as its mailbox. A text comes as a
//! provider's signed post.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use liaison_channels::{
    fakes::twilio::{TwilioFake, deliver},
    private::Private,
    reading::{Hints, read},
};
use uuid::Uuid;

use super::{FlowError, gateway::Gateway, tasks};
use crate::{
    domain::ids::CarerId,
    store::play::{self as roll, ByHand, Carer},
};

/// Where the demo's messages lie.
#[derive(Debug, Clone)]
pub struct Play {
    /// The folder that is read as the school's mailbox.
    pub inbox: PathBuf,
    /// The emails that left, each a file.
    pub mail: PathBuf,
    /// The texts that left, each a file.
    pub texts: PathBuf,
    /// The carers' phones.
    pub phones: Phones,
}

/// The carers' phones: what they text goes to the stand-in for the provider, which posts it to us like any provider.
#[derive(Debug, Clone)]
pub struct Phones {
    /// The stand-in.
    pub provider: Arc<TwilioFake>,
    /// Where its posts reach us, such as `http://127.0.0.1:8080`.
    pub pages: String,
    /// Where it believes us to be, which is what it signs.
    pub public_url: String,
}

impl Phones {
    /// Texts these words from a number to the school, and waits until the daemon has them. `once` names the text, so that
    /// sending it twice brings it once.
    pub async fn text(&self, from: &str, words: &str, once: Uuid, channel: &str) -> Result<(), FlowError> {
        let url = format!("{}/webhooks/{channel}/text", self.public_url);
        let taken = self.provider.arrive_once(once, from, words);
        let post = self.provider.text_request(&url, &taken.sid);
        let post = post.ok_or_else(|| refused("the provider does not know this text"))?;
        match deliver(&self.pages, &post).await {
            Ok(200) => Ok(()),
            Ok(answer) => Err(refused(&format!("the text was answered with {answer}: try again"))),
            Err(_) => Err(refused("the text did not come through: is the daemon still there?")),
        }
    }
}

/// The address of somebody whom the school does not know.
pub const STRANGER_EMAIL: &str = "nobody.you.know@elsewhere.example";
/// The number of somebody whom the school does not know.
pub const STRANGER_MOBILE: &str = "+447700900998";
/// The longest answer that is taken, in characters.
const LONGEST: usize = 5_000;

/// An email that lies in a mailbox.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its Message-ID, without angle brackets.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Its words.
    pub words: String,
    /// Where the next answer to it belongs: its own thread and itself.
    thread: Vec<String>,
}

/// What reached an address, newest first.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// Emails.
    pub mails: Vec<Mail>,
    /// Texts.
    pub texts: Vec<String>,
}

/// What lies in a mailbox and on a phone.
pub async fn reached(play: &Play, email: Option<&str>, mobile: Option<&str>) -> Result<Reached, FlowError> {
    let (play, email, mobile) = (play.clone(), email.map(str::to_owned), mobile.map(str::to_owned));
    let look = move || -> io::Result<Reached> {
        Ok(Reached {
            mails: email.map(|email| mails_to(&play.mail, &email)).transpose()?.unwrap_or_default(),
            texts: mobile.map(|mobile| texts_to(&play.texts, &mobile)).transpose()?.unwrap_or_default(),
        })
    };
    tokio::task::spawn_blocking(look).await.map_err(|_| unread())?.map_err(|_| unread())
}

/// A call or letter, with what is said or written as far as it may still be.
#[derive(Debug, Clone)]
pub struct Task {
    /// The task.
    pub task: ByHand,
    /// The words.
    pub words: Option<String>,
}

/// The calls and letters for a carer.
pub async fn by_hand(gateway: &Gateway, carer: CarerId) -> Result<Vec<Task>, FlowError> {
    let found = roll::by_hand(&mut *gateway.store.acquire().await?, carer).await?;
    let mut all = Vec::with_capacity(found.len());
    for task in found {
        let words = if task.state == "open" {
            tasks::show(gateway, task.task).await?.needs.and_then(|needs| needs.words)
        } else {
            None
        };
        all.push(Task { task, words });
    }
    Ok(all)
}

/// Who writes.
#[derive(Debug, Clone)]
pub struct Writer {
    /// Their name.
    pub name: String,
    /// Their mailbox.
    pub email: Option<String>,
    /// Their phone.
    pub mobile: Option<String>,
}

impl From<&Carer> for Writer {
    fn from(carer: &Carer) -> Self {
        Self { name: carer.name.clone(), email: carer.email.clone(), mobile: carer.mobile.clone() }
    }
}

impl Writer {
    /// Somebody whom the school does not know.
    pub fn stranger() -> Self {
        Self {
            name: "Somebody You Know Not".to_owned(),
            email: Some(STRANGER_EMAIL.to_owned()),
            mobile: Some(STRANGER_MOBILE.to_owned()),
        }
    }
}

/// Puts an email into the school's mailbox. `answers` is the Message-ID of the one it answers, of those that reached the
/// writer; `once` names it, so that sending it twice puts it there once.
pub async fn email(
    gateway: &Gateway,
    play: &Play,
    writer: &Writer,
    answers: Option<&str>,
    words: &str,
    once: Uuid,
) -> Result<(), FlowError> {
    let words = checked(words)?;
    let from = writer.email.as_deref().ok_or_else(|| refused("this carer has no email address on record"))?;
    let answered = match answers {
        Some(id) => {
            let mails = reached(play, Some(from), None).await?.mails;
            let found = mails.into_iter().find(|mail| mail.id == id);
            Some(found.ok_or_else(|| refused("that email is not in this mailbox: choose another"))?)
        }
        None => None,
    };
    let to = gateway.own.first().ok_or_else(|| refused("the demo reads no mailbox"))?.expose().clone();
    let mail = written(writer, from, &to, answered.as_ref(), words, once, gateway);
    let folder = play.inbox.clone();
    let put = move || put(&folder, &format!("played-{}.eml", once.simple()), mail.as_bytes());
    let unwritten = || refused("the demo's mailbox cannot be written: is its folder still there?");
    tokio::task::spawn_blocking(put).await.map_err(|_| unwritten())?.map_err(|_| unwritten())
}

/// Brings a text as the provider would. `once` names it, as an email's.
pub async fn text(
    gateway: &Gateway,
    play: &Play,
    writer: &Writer,
    words: &str,
    once: Uuid,
) -> Result<(), FlowError> {
    let words = checked(words)?;
    let from = writer.mobile.as_deref().ok_or_else(|| refused("this carer has no mobile on record"))?;
    let channel =
        gateway.carriers.text.as_ref().ok_or_else(|| refused("the demo has no channel for texts"))?;
    play.phones.text(from, words, once, channel.as_str()).await
}

fn checked(words: &str) -> Result<&str, FlowError> {
    let words = words.trim();
    if words.is_empty() {
        return Err(refused("write something first"));
    }
    if words.chars().count() > LONGEST {
        return Err(refused("that is too long: 5000 characters at most"));
    }
    Ok(words)
}

fn written(
    writer: &Writer,
    from: &str,
    to: &str,
    answered: Option<&Mail>,
    words: &str,
    once: Uuid,
    gateway: &Gateway,
) -> String {
    let date = gateway.now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let subject = answered.map_or_else(
        || "A message".to_owned(),
        |mail| {
            if mail.subject.starts_with("Re: ") {
                mail.subject.clone()
            } else {
                format!("Re: {}", mail.subject)
            }
        },
    );
    let thread = answered.map_or_else(String::new, |mail| {
        let references: Vec<String> = mail.thread.iter().map(|id| format!("<{id}>")).collect();
        format!("In-Reply-To: <{}>\r\nReferences: {}\r\n", mail.id, references.join("\r\n "))
    });
    format!(
        "Return-Path: <{from}>\r\nFrom: {} <{from}>\r\nTo: <{to}>\r\nSubject: {}\r\nDate: {date}\r\n\
         Message-ID: <{}@played.example>\r\n{thread}MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        encoded(&writer.name),
        encoded(&subject),
        once.simple(),
        in_lines(&STANDARD.encode(words.replace('\n', "\r\n"))),
    )
}

/// Words of a header, whatever characters they hold (RFC 2047): in pieces short enough for one encoded word each.
fn encoded(words: &str) -> String {
    let letters: Vec<char> = words.chars().filter(|letter| !letter.is_control()).collect();
    let pieces = letters.chunks(12).map(|piece| {
        let piece: String = piece.iter().collect();
        format!("=?utf-8?B?{}?=", STANDARD.encode(piece))
    });
    pieces.collect::<Vec<_>>().join("\r\n ")
}

fn in_lines(encoded: &str) -> String {
    let letters: Vec<char> = encoded.chars().collect();
    letters.chunks(76).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\r\n")
}

/// Puts a file into a folder whole: its reader must never see half of it.
pub(crate) fn put(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let half = folder.join(format!(".{name}"));
    fs::write(&half, content)?;
    fs::rename(half, folder.join(name))
}

fn mails_to(folder: &Path, address: &str) -> io::Result<Vec<Mail>> {
    let mails = newest_first(folder)?.into_iter().filter_map(|raw| {
        let reading = read(&raw, &Hints { own: Vec::new(), envelope_from: None });
        let is_to = |to: &Private<String>| to.expose().eq_ignore_ascii_case(address);
        if !reading.recipients.iter().any(is_to) {
            return None;
        }
        let id = reading.message_id?;
        let thread = reading.references.into_iter().chain([id.clone()]).collect();
        let (subject, words) = (reading.subject.into_inner(), reading.text.into_inner());
        Some(Mail { id, subject, words, thread })
    });
    Ok(mails.collect())
}

fn texts_to(folder: &Path, number: &str) -> io::Result<Vec<String>> {
    let texts = newest_first(folder)?.into_iter().filter_map(|raw| {
        let text = String::from_utf8(raw).ok()?;
        let (head, words) = text.split_once("\n\n")?;
        head.lines().any(|line| line == format!("To: {number}")).then(|| words.trim_end().to_owned())
    });
    Ok(texts.collect())
}

/// The files of a folder. Each is named by its delivery, whose id begins with its time.
fn newest_first(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let found = match fs::read_dir(folder) {
        Ok(found) => found,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut names: Vec<_> = found
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| !name.as_encoded_bytes().starts_with(b"."))
        .collect();
    names.sort_unstable();
    names.iter().rev().map(|name| fs::read(folder.join(name))).collect()
}

fn refused(why: &str) -> FlowError {
    FlowError::Refused(why.to_owned())
}

fn unread() -> FlowError {
    refused("the demo's folders cannot be read: are they still there?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_letters_makes_headers_that_nobody_can_break_out_of() {
        let name = encoded("Małgorzata\r\nBcc: everybody@school.example");

        assert!(name.split("\r\n").all(|line| line.trim_start().starts_with("=?utf-8?B?")), "{name}");
        assert!(name.split("\r\n").skip(1).all(|line| line.starts_with(' ') && line.len() < 78), "{name}");
    }
}
