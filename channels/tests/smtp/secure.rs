//! Encryption and sign-in: closed when in doubt, and a sentence that says what to do.

use std::{io::Write as _, sync::Arc};

use liaison_channels::{
    Sender as _,
    error::{Fault, SendError, Went},
    fakes::smtp::{Act, At, Authority, Encrypt, Flaw, Script, SmtpFake},
    message::ChannelId,
    smtp::Smtp,
};
use serde_json::{Value, json};

use crate::kit::{channel_with, message, settings};

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

async fn encrypted(how: Encrypt, name: &str) -> (SmtpFake, Arc<Authority>) {
    let authority = Authority::new();
    let tls = Some((how, Arc::clone(&authority)));
    (SmtpFake::start(Script { tls, name: name.to_owned(), ..Script::default() }).await, authority)
}

async fn send(fake: &SmtpFake, more: &Value) -> Result<(), SendError> {
    channel_with(fake, more).send(&message(1)).await.map(drop)
}

#[tokio::test]
async fn mail_goes_encrypted_to_a_server_of_the_school_s_own_authority() {
    for (how, tls) in [(Encrypt::OnRequest, "starttls"), (Encrypt::AtOnce, "tls")] {
        let (fake, authority) = encrypted(how, "localhost").await;
        let ca = file(&authority.pem());
        let channel = channel_with(&fake, &json!({"host": "localhost", "tls": tls, "ca_file": ca.path()}));

        channel.send(&message(1)).await.unwrap();
        channel.send(&message(2)).await.unwrap();

        assert_eq!((fake.taken(), fake.connections(), fake.violations()), (2, 1, vec![]), "{tls}");
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_holds_the_channel() {
    for (how, tls) in [(Encrypt::OnRequest, "starttls"), (Encrypt::AtOnce, "tls")] {
        let (stranger, _) = encrypted(how, "localhost").await;
        let (other, authority) = encrypted(how, "other.test").await;
        let ca = file(&authority.pem());

        let untrusted = send(&stranger, &json!({"host": "localhost", "tls": tls})).await.unwrap_err();
        let misnamed =
            send(&other, &json!({"host": "localhost", "tls": tls, "ca_file": ca.path()})).await.unwrap_err();

        assert_eq!((untrusted.fault, misnamed.fault), (Fault::Misconfigured, Fault::Misconfigured));
        assert!(untrusted.summary.contains("ca_file"), "{untrusted}");
        assert!(misnamed.summary.contains("set `host`"), "{misnamed}");
        assert_eq!((stranger.taken(), other.taken()), (0, 0));
    }
}

#[tokio::test]
async fn each_flaw_of_a_certificate_is_told_apart_and_nothing_is_said_to_its_server() {
    for (flaw, word) in [
        (Flaw::Expired, "out of date"),
        (Flaw::NotYetValid, "clock is wrong"),
        (Flaw::SelfSigned, "nobody this machine trusts"),
    ] {
        for (how, tls) in [(Encrypt::OnRequest, "starttls"), (Encrypt::AtOnce, "tls")] {
            let (fake, authority) = encrypted(how, "localhost").await;
            fake.change(|script| script.flaw = flaw);
            let (ca, password) = (file(&authority.pem()), file("p"));

            let error = send(
                &fake,
                &json!({
                    "host": "localhost", "tls": tls, "ca_file": ca.path(), "username": "u", "password_file": password.path(),
                }),
            )
            .await
            .unwrap_err();

            assert_eq!(error.fault, Fault::Misconfigured, "{flaw:?} {tls}: {error}");
            assert!(error.summary.contains(word), "{flaw:?} {tls}: {error}");
            assert_eq!((fake.steps(At::Auth), fake.steps(At::Mail)), (0, 0), "{flaw:?} {tls}");
        }
    }
}

#[tokio::test]
async fn without_encryption_offered_nothing_is_said() {
    let fake = SmtpFake::start(Script { login: Some(("u".into(), "p".into())), ..Script::default() }).await;
    let password = file("p");
    let login = json!({"tls": "starttls", "username": "u", "password_file": password.path()});

    let error = send(&fake, &login).await.unwrap_err();

    assert_eq!(error.fault, Fault::Misconfigured);
    assert_eq!((fake.steps(At::Auth), fake.steps(At::Mail)), (0, 0));
}

#[tokio::test]
async fn an_answer_slipped_in_before_encryption_is_never_believed() {
    let (fake, authority) = encrypted(Encrypt::WithForgedAnswer, "localhost").await;
    let ca = file(&authority.pem());

    let error = send(&fake, &json!({"host": "localhost", "tls": "starttls", "ca_file": ca.path()}))
        .await
        .unwrap_err();

    assert_eq!((error.fault, fake.steps(At::Mail)), (Fault::Unreachable, 0));
}

#[tokio::test]
async fn a_refused_or_broken_encryption_sends_nothing() {
    let (fake, authority) = encrypted(Encrypt::OnRequest, "localhost").await;
    let ca = file(&authority.pem());
    let tls = json!({"host": "localhost", "tls": "starttls", "ca_file": ca.path(), "command_secs": 0.3});
    let acts = [
        (Act::Say("454 4.7.0 not now".to_owned()), Fault::Unreachable),
        (Act::Say("502 5.5.1 no".to_owned()), Fault::Misconfigured),
        (Act::Cut, Fault::Unreachable),
        (Act::Silence, Fault::Unreachable),
    ];

    for (act, fault) in acts {
        fake.next(At::StartTls, act.clone());

        assert_eq!(send(&fake, &tls).await.unwrap_err().fault, fault, "{act:?}");
    }
    assert_eq!(fake.steps(At::Mail), 0);
}

#[tokio::test]
async fn a_plain_server_at_an_encrypted_port_is_named_as_such() {
    let fake = SmtpFake::start(Script::default()).await;

    let error = send(&fake, &json!({"host": "localhost", "tls": "tls"})).await.unwrap_err();

    assert_eq!(error.fault, Fault::Misconfigured);
    assert!(error.summary.contains("check `port`"), "{error}");
}

#[tokio::test]
async fn a_password_signs_in_by_either_method_and_its_line_break_is_dropped() {
    for mechanisms in ["PLAIN LOGIN", "LOGIN", "XOAUTH2 PLAIN", "XOAUTH2 LOGIN"] {
        let login = Some(("parents".to_owned(), "s3cret pass".to_owned()));
        let fake =
            SmtpFake::start(Script { login, mechanisms: mechanisms.to_owned(), ..Script::default() }).await;
        let password = file("s3cret pass\r\n");
        let settings = json!({"username": "parents", "password_file": password.path()});

        send(&fake, &settings).await.unwrap();
        let told = channel_with(&fake, &settings).probe().await.unwrap();

        assert!(told.contains("signed in"), "{told}");
        assert_eq!(fake.violations(), Vec::<String>::new(), "{mechanisms}");
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_holds_the_channel_and_not_the_message() {
    let login = Some(("parents".to_owned(), "right".to_owned()));
    let fake = SmtpFake::start(Script { login, ..Script::default() }).await;
    let (wrong, right) = (file("wrong"), file("right"));
    let settings =
        |password: &tempfile::NamedTempFile| json!({"username": "parents", "password_file": password.path()});

    let refused = send(&fake, &settings(&wrong)).await.unwrap_err();
    let unasked = send(&fake, &json!({})).await.unwrap_err();
    fake.next(At::Auth, Act::Say("454 4.7.0 directory away".to_owned()));
    let later = send(&fake, &settings(&right)).await.unwrap_err();
    fake.change(|script| script.mechanisms = "XOAUTH2".to_owned());
    let tokens = send(&fake, &settings(&right)).await.unwrap_err();

    assert_eq!((refused.fault, refused.code.as_deref()), (Fault::Misconfigured, Some("535 5.7.8")));
    assert_eq!((unasked.fault, tokens.fault), (Fault::Misconfigured, Fault::Misconfigured));
    assert_eq!(later.fault, Fault::Unreachable);
    assert!(!format!("{refused:?}").contains("wrong\""), "no password in an error");
}

#[tokio::test]
async fn a_server_that_fails_while_we_sign_in_costs_no_message_a_try() {
    let login = Some(("parents".to_owned(), "right".to_owned()));
    let fake = SmtpFake::start(Script { login, ..Script::default() }).await;
    let password = file("right");
    let settings = json!({"username": "parents", "password_file": password.path(), "command_secs": 0.3});

    for act in [Act::Cut, Act::Silence, Act::SayAndCut("421 4.3.2 closing".to_owned())] {
        fake.next(At::Auth, act.clone());

        let error = send(&fake, &settings).await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Unreachable, Went::No), "{act:?}: {error}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_at_once() {
    let fake = SmtpFake::start(Script::default()).await;
    let empty = file("\n");
    let wrong = [
        (json!({"username": "u", "password_file": "/nonexistent"}), "password_file"),
        (json!({"username": "u", "password_file": empty.path()}), "password_file"),
        (json!({"tls": "starttls", "ca_file": "/nonexistent"}), "ca_file"),
        (json!({"tls": "starttls", "ca_file": empty.path()}), "ca_file"),
        (json!({"from": "nobody"}), "from"),
        (json!({"reply_to": "a\r\nBcc: b@c.test"}), "reply_to"),
        (json!({"data_secs": 0}), "data_secs"),
        (json!({"connections": 65}), "connections"),
    ];

    for (more, key) in wrong {
        let opened = Smtp::open(ChannelId::parse("school-mail").unwrap(), &settings(&fake, &more));

        let told = opened.err().expect(key).to_string();
        assert!(told.contains(key) && told.contains("school-mail"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_later() {
    let fake = SmtpFake::start(Script::default()).await;
    let gone = settings(&fake, &json!({}));
    drop(fake);
    let fake = SmtpFake::start(Script::default()).await;
    let id = ChannelId::parse("school-mail").unwrap();
    let place = format!("127.0.0.1:{}", gone.port.unwrap());

    let refused = Smtp::open(id, &gone).unwrap().send(&message(1)).await;
    let nameless = send(&fake, &json!({"host": "nowhere.invalid", "allow_plain": true, "connect_secs": 0.3}))
        .await
        .unwrap_err();

    if let Err(error) = refused {
        assert_eq!(error.fault, Fault::Unreachable);
        assert!(error.summary.contains(&place), "{error}");
    }
    assert_eq!(nameless.fault, Fault::Unreachable);
    assert!(nameless.summary.contains("nowhere.invalid"), "{nameless}");
}
