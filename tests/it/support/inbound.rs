//! What arrives at a test's school: mails and texts, by the same ways as in life, and what became of them.

use std::{
    fs::{self, FileTimes},
    os::unix::fs::{MetadataExt as _, chown},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{body::Body, http::Request};
use jiff::{Timestamp, tz::TimeZone};
use liaison::{
    flows::{
        Clock as _, cases,
        gateway::Gateway,
        keep::{self, Kept},
        mailbox::Mailbox,
        questions, receive,
    },
    store::{
        inbox::Place,
        readings::{self, ReceivedView, WhichReceived},
    },
    web,
};
use liaison_channels::{
    ChannelConfig,
    fakes::{dovecot::Dovecot, smtp::Caught, twilio::SignedPost},
    inbox::{ArrivedMail, Batch},
    message::ChannelId,
};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::school::School;

/// The mailbox that the school reads.
pub(crate) const INBOX: &str = "parents-inbox";
/// Where the provider posts texts to, as it knows us.
pub(crate) const TEXT_URL: &str = "https://liaison.school.example/webhooks/texts/text";

/// A mail from somebody to the school.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    from: String,
    to: String,
    return_path: Option<String>,
    subject: String,
    body: String,
    id: String,
    dated: Option<Timestamp>,
    headers: Vec<(String, String)>,
}

impl Letter {
    /// A short question from this address.
    pub(crate) fn from(address: &str) -> Self {
        Self {
            from: address.to_owned(),
            to: "parents@northfield.example".to_owned(),
            return_path: Some(address.to_owned()),
            subject: "A question".to_owned(),
            body: "Could you tell me when the trip is?".to_owned(),
            id: format!("{}@home.example", Uuid::now_v7().simple()),
            dated: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn to(mut self, address: &str) -> Self {
        address.clone_into(&mut self.to);
        self
    }

    pub(crate) fn subject(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    pub(crate) fn says(mut self, words: &str) -> Self {
        words.clone_into(&mut self.body);
        self
    }

    /// A further header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a file, besides what it says so far.
    pub(crate) fn with_file(mut self, name: &str, bytes: &str) -> Self {
        // Every byte written out (RFC 2231 4): a name may hold anything.
        let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        self.body = format!(
            "--f\nContent-Type: text/plain; charset=utf-8\n\n{}\n--f\nContent-Type: application/pdf\n\
             Content-Disposition: attachment; filename*=utf-8''{name}\n\n{bytes}\n--f--",
            self.body
        );
        self.header("Content-Type", "multipart/mixed; boundary=\"f\"")
    }

    /// An answer to this Message-ID, without its angle brackets.
    pub(crate) fn answers(self, message_id: &str) -> Self {
        let id = format!("<{message_id}>");
        self.header("In-Reply-To", &id).header("References", &id)
    }

    /// With an envelope sender of its own; empty: the null one.
    pub(crate) fn by_way_of(mut self, return_path: &str) -> Self {
        self.return_path = Some(return_path.to_owned());
        self
    }

    /// Says that it was written then, and not just now.
    pub(crate) fn dated(mut self, at: &str) -> Self {
        self.dated = Some(at.parse().expect("an instant"));
        self
    }

    /// Its Message-ID.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// As it lies in the mailbox.
    pub(crate) fn bytes(&self, now: Timestamp) -> Vec<u8> {
        let date = self.dated.unwrap_or(now).to_zoned_datetime(TimeZone::UTC);
        let date = jiff::fmt::rfc2822::to_string(&date).expect("a date");
        let path = self.return_path.as_ref().map(|path| format!("Return-Path: <{path}>\n"));
        let more: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let typed = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = if typed { "" } else { "Content-Type: text/plain; charset=utf-8\n" };
        let mail = format!(
            "{}Received: from mx.example by northfield.example; {date}\nFrom: <{}>\nTo: <{}>\nSubject: {}\nDate: {date}\n\
             Message-ID: <{}>\nMIME-Version: 1.0\n{kind}{more}\n{}\n",
            path.unwrap_or_default(),
            self.from,
            self.to,
            self.subject,
            self.id,
            self.body
        );
        mail.replace('\n', "\r\n").into_bytes()
    }
}

/// A report that a mail did not arrive, as mail servers write it (RFC 3464).
pub(crate) fn bounce(message_id: &str, address: &str, action: &str, status: &str) -> Letter {
    let mut report = Letter::from("mailer-daemon@mx.example")
        .by_way_of("")
        .subject("Undelivered Mail Returned to Sender")
        .header("Auto-Submitted", "auto-replied")
        .header("Content-Type", "multipart/report; report-type=delivery-status; boundary=\"b\"");
    report.body = format!(
        "--b\n\nThis is the mail system.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {} {status} no\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nFrom: parents@northfield.example\nMessage-ID: <{message_id}>\n\n--b--",
        if status.starts_with('4') { "451" } else { "550" }
    );
    report
}

impl School {
    /// A mail arrives, and is understood. Returns what was made of it.
    pub(crate) async fn arrives(&self, letter: &Letter) -> ReceivedView {
        self.arrive_all(std::slice::from_ref(letter)).await.remove(0)
    }

    /// Mails arrive at once, and are understood. Returns what was made of those that are new.
    pub(crate) async fn arrive_all(&self, letters: &[Letter]) -> Vec<ReceivedView> {
        let before = self.received().await.len();
        let now = self.clock.now();
        let raws: Vec<_> = letters.iter().map(|letter| letter.bytes(now)).collect();
        self.keep(&raws).await;
        self.understand().await;
        self.received().await.split_off(before)
    }

    /// Keeps these bytes as mails, and no more.
    pub(crate) async fn keep(&self, raws: &[Vec<u8>]) -> Kept {
        let now = self.clock.now();
        let mails = (1..).zip(raws).map(|(uid, raw)| ArrivedMail {
            uid,
            arrived_at: Some(now),
            raw: raw.clone().into(),
            left_out: 0,
            trouble: None,
        });
        let up_to = u32::try_from(raws.len()).expect("few");
        let batch = Batch { mails: mails.collect(), up_to, more: false };
        let place = Place { generation: 1, taken_to: 0, since: now, looked_at: now, renumbered: false };
        keep::mails(&self.gateway, INBOX, &batch, place).await.expect("kept")
    }

    /// Understands all that waits. Returns how many messages that was.
    pub(crate) async fn understand(&self) -> usize {
        understand_with(&self.gateway).await
    }

    /// All that has arrived, restricted messages included, in the order it came.
    pub(crate) async fn received(&self) -> Vec<ReceivedView> {
        self.received_as(true).await
    }

    /// What somebody sees who may see restricted messages, or not.
    pub(crate) async fn received_as(&self, restricted: bool) -> Vec<ReceivedView> {
        let mut connection = self.gateway.store.acquire().await.expect("a connection");
        let which = WhichReceived { restricted, ..WhichReceived::default() };
        readings::list(&mut connection, which).await.expect("what was received")
    }

    /// Every case, closed and restricted ones included, the oldest first.
    pub(crate) async fn cases(&self) -> Vec<cases::Listed> {
        cases::list(&self.gateway, true, true).await.expect("the cases")
    }

    /// The only case.
    pub(crate) async fn case(&self) -> cases::Listed {
        let mut all = self.cases().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Every clock: `answer running 2026-11-27 17:00`, in the order they began, in school time.
    pub(crate) async fn clocks(&self) -> Vec<String> {
        self.rows(
            "select kind || ' ' || state || coalesce(' ' || to_char(due_at at time zone 'Europe/London', \
             'YYYY-MM-DD HH24:MI'), '') from clock order by id",
        )
        .await
    }

    /// Every open question, restricted ones included.
    pub(crate) async fn questions(&self) -> Vec<questions::Listed> {
        questions::list(&self.gateway, false, true).await.expect("the questions")
    }

    /// The only open question.
    pub(crate) async fn question(&self) -> questions::Listed {
        let mut all = self.questions().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The mails that left by themselves.
    pub(crate) fn acknowledgements(&self) -> Vec<Caught> {
        let all = self.mail.messages().into_iter();
        all.filter(|mail| header(&mail.data, "Auto-Submitted").is_some()).collect()
    }

    /// A real mailbox, with the channel that reads it.
    pub(crate) fn mailbox(&self, server: &Dovecot) -> Mailbox {
        mailbox_of(&self.gateway, server)
    }

    /// A text arrives by the provider's post, and is understood. Returns what was made of it.
    pub(crate) async fn text_arrives(&self, from: &str, body: &str) -> ReceivedView {
        self.text_with(from, body, 0).await
    }

    /// The same, with so many pictures.
    pub(crate) async fn text_with(&self, from: &str, body: &str, pictures: u16) -> ReceivedView {
        let post = self.texts.receive(TEXT_URL, from, body, pictures);
        assert_eq!(self.post(&post).await, 200);
        self.understand().await;
        self.received().await.pop().expect("a text")
    }

    /// Posts to the daemon, as the provider does. Returns the HTTP status.
    pub(crate) async fn post(&self, post: &SignedPost) -> u16 {
        post_to(&self.gateway, post).await
    }

    /// The Message-ID by which the newest mail to this address went.
    pub(crate) fn message_id_to(&self, address: &str) -> String {
        let mail = self.mail.messages().into_iter().rfind(|mail| mail.to == address).expect("a mail");
        let id = header(&mail.data, "Message-ID").expect("a Message-ID");
        id.trim_matches(['<', '>']).to_owned()
    }
}

/// Understands all that waits, by this daemon.
pub(crate) async fn understand_with(gateway: &Gateway) -> usize {
    let mut total = 0;
    for _ in 0..200 {
        match receive::step(gateway).await.expect("understood") {
            0 => return total,
            did => total += did,
        }
    }
    panic!("the reader never came to rest");
}

/// A daemon's channel to a mailbox.
pub(crate) fn mailbox_of(gateway: &Arc<Gateway>, server: &Dovecot) -> Mailbox {
    let settings = ChannelConfig::read("imap", server.settings(&serde_json::json!({}))).expect("settings");
    let id = ChannelId::parse(INBOX).expect("a name");
    let inbox = liaison_channels::open_inbox(id, &settings).expect("open the mailbox");
    Mailbox::new(Arc::clone(gateway), inbox)
}

/// Posts to a daemon by its own routes. Returns the HTTP status.
pub(crate) async fn post_to(gateway: &Arc<Gateway>, post: &SignedPost) -> u16 {
    let mut request = Request::post(&post.path_and_query);
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(post.body.clone())).expect("a request");
    web::router(Arc::clone(gateway), web::Site::default())
        .oneshot(request)
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

/// Puts mails into a mailbox as if they had come at that time, without a server's help.
pub(crate) fn put(server: &Dovecot, at: Timestamp, mails: &[Vec<u8>]) {
    let folder = maildir(server).join("new");
    let owner = fs::metadata(&folder).expect("the mailbox");
    let seconds = u64::try_from(at.as_second()).expect("after 1970");
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    for raw in mails {
        // Dovecot numbers by the time in the name; ours sort in the order they are made.
        let name = folder.join(format!("1600000000.{}.past", Uuid::now_v7().simple()));
        fs::write(&name, raw).expect("write the mail");
        let file = fs::File::options().write(true).open(&name).expect("open the mail");
        file.set_times(FileTimes::new().set_modified(modified)).expect("date the mail");
        if root {
            chown(&name, Some(owner.uid()), Some(owner.gid())).expect("give the mail away");
        }
    }
}

fn maildir(server: &Dovecot) -> PathBuf {
    let settings = server.settings(&serde_json::json!({}));
    let password = PathBuf::from(settings["password_file"].as_str().expect("a path"));
    password.with_file_name("mail")
}

/// A header's value, its folds undone; `None`: the mail has no such header.
pub(crate) fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let line = head
        .split("\r\n")
        .find(|line| line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name)));
    line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
}
