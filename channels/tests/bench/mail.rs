//! Measures mail on the wire alone, without the gateway around it: sending to Postfix's own sink over 1, 4 and 16
//! connections, and fetching small and large mails from Dovecot.
//!
//! `cargo bench -p liaison-channels --bench mail`, or `-- send 5000`, or `-- fetch 5000`. The server runs beside it on this
//! machine, on loopback. Prints one JSON object a line.

#![expect(clippy::print_stdout, reason = "the result is printed")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt as _,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use liaison_channels::{
    Inbox as _, Sender as _,
    address::EmailAddress,
    fakes::dovecot::Dovecot,
    imap::Imap,
    inbox::{Most, Position},
    message::{ChannelId, Mail, Manner, OurRef, Outgoing},
    smtp::Smtp,
};
use serde_json::json;
use uuid::Uuid;

const MB: f64 = 1_048_576.0;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = arguments.get(1).and_then(|text| text.parse().ok());
    match arguments.first().map(String::as_str) {
        None => {
            send(5_000).await;
            fetch(5_000).await;
        }
        Some("send") => send(number.unwrap_or(5_000)).await,
        Some("fetch") => fetch(number.unwrap_or(5_000)).await,
        Some(other) => panic!("there is no benchmark {other}: say send or fetch"),
    }
}

/// Ends the process when the bench does, however it does.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Postfix's sink, and where it listens.
fn sink() -> (Ends, u16) {
    let port = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("its number").port();
    let mut command = Command::new("/usr/sbin/smtp-sink");
    // Started as root it must be told whom to become.
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        command.args(["-u", "nobody"]);
    }
    command.args([&format!("127.0.0.1:{port}"), "1000"]).stdout(Stdio::null()).stderr(Stdio::null());
    let sink = Ends(command.spawn().expect("start smtp-sink (Debian's postfix)"));
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "smtp-sink does not listen");
        std::thread::yield_now();
    }
    (sink, port)
}

async fn send(messages: u32) {
    let (_sink, port) = sink();
    for connections in [1, 4, 16] {
        let settings = json!({
            "host": "127.0.0.1", "port": port, "tls": "none", "from": "Northfield School <parents@northfield.example>",
            "connections": connections,
        });
        let id = ChannelId::parse("school-mail").expect("a name");
        let settings = serde_json::from_value(settings).expect("known settings");
        let channel = Arc::new(Smtp::open(id, &settings).expect("good settings"));
        let began = Instant::now();
        // As many at work as there are connections, as the outbox has it.
        let lanes = (0..connections).map(|lane| {
            let channel = Arc::clone(&channel);
            tokio::spawn(async move {
                for number in (lane..messages).step_by(connections as usize) {
                    channel.send(&message(number)).await.expect("the sink takes everything");
                }
            })
        });
        futures_util::future::join_all(lanes).await.into_iter().for_each(|done| done.expect("no panic"));
        let seconds = began.elapsed().as_secs_f64();
        channel.close().await;
        let result = json!({
            "bench": "send", "connections": connections, "messages": messages, "seconds": round(seconds),
            "per_second": (f64::from(messages) / seconds).round(),
        });
        println!("{result}");
    }
}

fn message(number: u32) -> Outgoing {
    let mail = Mail {
        to: EmailAddress::parse("amina@post.example").expect("an address"),
        to_name: "Amina Yusuf".into(),
        subject: "This week".into(),
        plain: "All is well with her this week.\n".repeat(16).into(),
        html: "<p>All is well with her this week.</p>\n".repeat(16).into(),
        language: "en-GB".to_owned(),
        manner: Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    };
    Outgoing::mail(OurRef(Uuid::from_u128(number.into())), mail)
}

async fn fetch(mails: u32) {
    for (what, count, size) in [("small", mails, 3_000), ("large", mails.div_ceil(250), 10 << 20)] {
        let dovecot = Dovecot::start().expect("Debian's dovecot-imapd is installed");
        let raw = letter(size);
        for _ in 0..count {
            dovecot.deliver(&raw);
        }
        let settings = serde_json::from_value(dovecot.settings(&json!({}))).expect("known settings");
        let mut inbox =
            Imap::open(ChannelId::parse("inbox").expect("a name"), &settings).expect("good settings");
        // Dovecot's first look builds its index: that is its affair, and measured apart.
        let looked = Instant::now();
        let generation = inbox.standing().await.expect("a mailbox").generation;
        let looked = looked.elapsed().as_secs_f64();
        let mut position = Position { generation, after: 0 };
        let (mut came, mut bytes, began) = (0, 0, Instant::now());
        while came < count as usize {
            let batch = inbox
                .fetch(position, Most { mails: 200, bytes: 32 << 20 })
                .await
                .expect("the mails are there");
            came += batch.mails.len();
            bytes += batch.mails.iter().map(|mail| mail.raw.expose().len()).sum::<usize>();
            position.after = batch.up_to;
        }
        let seconds = began.elapsed().as_secs_f64();
        let listing = Instant::now();
        let listed = inbox.listed(Position { after: 0, ..position }, position.after).await.expect("a list");
        let result = json!({
            "bench": "fetch", "mails": what, "messages": came, "seconds": round(seconds),
            "per_second": (came as f64 / seconds).round(), "mb_per_second": round(bytes as f64 / MB / seconds),
            "first_look_seconds": round(looked), "listed": listed.len(),
            "list_seconds": round(listing.elapsed().as_secs_f64()),
        });
        println!("{result}");
    }
}

fn letter(size: usize) -> Vec<u8> {
    let mut raw = b"From: Amina <amina@post.example>\r\nSubject: This week\r\n\r\n".to_vec();
    while raw.len() < size {
        raw.extend_from_slice(b"All is well with her this week, and she says that she likes it here.\r\n");
    }
    raw
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
