//! What was said on the wire, kept with each attempt.

use std::io::Write as _;

use liaison_channels::{
    Sender as _,
    fakes::smtp::{Act, At, Authority, Encrypt, Script, SmtpFake},
    wire_log::WireLog,
};
use serde_json::json;

use crate::kit::{channel, channel_with, message, start};

/// The lines without the milliseconds.
fn told(log: &WireLog) -> Vec<String> {
    let untimed = |line: &String| match line.rsplit_once(" (") {
        Some((line, took)) if took.ends_with(" ms)") => line.to_owned(),
        _ => line.clone(),
    };
    log.expose().iter().map(untimed).collect()
}

#[tokio::test]
async fn each_command_and_each_reply_is_kept_and_of_the_login_only_its_way() {
    for (mechanisms, way) in [("PLAIN", "> AUTH PLAIN …"), ("LOGIN", "> AUTH LOGIN …")] {
        let authority = Authority::new();
        let script = Script {
            pipelining: false,
            tls: Some((Encrypt::OnRequest, authority.clone())),
            name: "localhost".to_owned(),
            login: Some(("office".to_owned(), "hunter2 hunter2".to_owned())),
            mechanisms: mechanisms.to_owned(),
            ..Script::default()
        };
        let fake = SmtpFake::start(script).await;
        let (mut ca, mut password) =
            (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
        ca.write_all(authority.pem().as_bytes()).unwrap();
        password.write_all(b"hunter2 hunter2").unwrap();
        let channel = channel_with(
            &fake,
            &json!({"host": "localhost", "tls": "starttls", "ca_file": ca.path(), "username": "office",
                "password_file": password.path(), "hello_name": "liaison.example"}),
        );

        let log = channel.send(&message(1)).await.unwrap().wire;

        let told = told(&log);
        let at = |line: &str| {
            told.iter()
                .position(|told| told.starts_with(line))
                .unwrap_or_else(|| panic!("{line} in {told:#?}"))
        };
        let order = [
            "> (a new connection to localhost:",
            "< 220 ",
            "> EHLO liaison.example",
            "< 250 ",
            "> STARTTLS",
            "- TLSv1_3 TLS13_",
            way,
            "< 235 ",
            "> MAIL FROM:<parents@northfield.example> SIZE=",
            "> RCPT TO:<…>",
            "> DATA",
            "< 354",
            "> (the message, ",
        ]
        .map(at);
        assert!(order.is_sorted(), "{told:#?}");
        assert!(told.last().is_some_and(|line| line.starts_with("< 250 ")), "{told:#?}");
        let all = told.join("\n");
        for hidden in ["hunter2", "aHVudGVy", "b2ZmaWNl", "amina", "Amina", "all is well"] {
            assert!(!all.contains(hidden), "{hidden} in {all}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_had_gone_stale_stands_before_the_one_that_carried_the_message() {
    let fake = start(true).await;
    let channel = channel(&fake);
    channel.send(&message(1)).await.unwrap();
    fake.next(At::Mail, Act::Cut);

    let told = told(&channel.send(&message(2)).await.unwrap().wire);

    assert_eq!(told[0], "- on a connection that was kept");
    let cut = told.iter().position(|line| line == "! the line was closed").unwrap();
    let fresh = told.iter().position(|line| line.starts_with("> (a new connection to 127.0.0.1:")).unwrap();
    assert!(cut < fresh && told.last().unwrap().starts_with("< 250"), "{told:#?}");
}

#[tokio::test]
async fn a_refusal_about_the_message_is_kept_by_its_digits_and_one_about_our_settings_in_its_words() {
    let fake = start(true).await;
    let channel = channel(&fake);
    fake.next(At::Dot, Act::Say("554 5.7.1 Amina is no word for a mail".to_owned()));

    let about_it = told(&channel.send(&message(1)).await.unwrap_err().wire);
    fake.next(At::Mail, Act::Say("550 5.7.60 no permission to send as this sender".to_owned()));
    let about_us = told(&channel.send(&message(2)).await.unwrap_err().wire);

    assert_eq!(about_it.last().unwrap(), "< 554 5.7.1 …");
    assert!(
        about_us.iter().any(|line| line == "< 550 5.7.60 no permission to send as this sender"),
        "{about_us:#?}"
    );
}

#[tokio::test]
async fn what_is_said_about_the_recipient_is_kept_by_its_digits_even_when_it_is_a_yes() {
    let fake = start(false).await;
    let channel = channel(&fake);
    fake.next(At::Rcpt, Act::Say("250 2.1.5 Amina Yusuf, go on".to_owned()));

    let told = told(&channel.send(&message(1)).await.unwrap().wire);

    let at = told.iter().position(|line| line == "> RCPT TO:<…>").unwrap();
    assert_eq!(told[at + 1], "< 250 2.1.5 …");
    assert!(!told.last().unwrap().ends_with('…'), "the queue's name is kept: {told:#?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_as_well() {
    let fake = start(true).await;
    let settings = json!({"port": 1});
    let channel = channel_with(&fake, &settings);

    let told = told(&channel.send(&message(1)).await.unwrap_err().wire);

    assert_eq!(told, ["> (a new connection to 127.0.0.1:1)", "! the connection was refused"]);
}
