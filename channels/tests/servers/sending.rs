//! Mail on its way through a server, and its way back where it cannot arrive.

use std::{io::Write as _, sync::Arc};

use liaison_channels::{
    Sender as _,
    error::{Fault, Went},
    fakes::mta::{FULL, FULL_FOR_NOW, Kind, LARGEST, MAILBOX},
    reading::MailKind,
};
use serde_json::json;

use crate::kit::{BOTH, Post, message, message_to};

/// The server, or the next kind where it cannot run.
macro_rules! post_or_next {
    ($kind:expr) => {
        match Post::start($kind).await {
            Some(post) => post,
            None => continue,
        }
    };
}

#[tokio::test]
async fn mail_arrives_with_its_words_and_its_name() {
    for kind in BOTH {
        let mut post = post_or_next!(kind);

        let accepted = post.channel(&json!({})).send(&message_to(7, MAILBOX)).await.unwrap();
        let mails = post.arrive(1).await;

        let [mail] = mails.as_slice() else { panic!("{kind:?}: {} mails", mails.len()) };
        assert_eq!(format!("<{}>", mail.message_id.as_deref().unwrap()), accepted.reference.0, "{kind:?}");
        assert_eq!(mail.subject.expose(), "Żółw, message 7", "{kind:?}");
        assert_eq!(mail.text.expose().trim(), "Dear Amina,\nall is well.", "{kind:?}");
        assert_eq!(mail.return_path.as_ref().map(|path| path.expose().as_str()), Some(MAILBOX), "{kind:?}");
    }
}

#[tokio::test]
async fn mail_goes_encrypted_and_only_to_a_server_that_is_known() {
    for kind in BOTH {
        let mut post = post_or_next!(kind);
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        ca.write_all(post.authority.pem().as_bytes()).unwrap();
        let tls = json!({"host": "localhost", "tls": "starttls", "ca_file": ca.path()});
        let strange = post.channel(&json!({"host": "localhost", "tls": "starttls"}));
        let misnamed = post.channel(&json!({"tls": "starttls", "ca_file": ca.path()}));

        post.channel(&tls).send(&message_to(1, MAILBOX)).await.unwrap();
        let untrusted = strange.send(&message_to(2, MAILBOX)).await.unwrap_err();
        let other_name = misnamed.send(&message_to(3, MAILBOX)).await.unwrap_err();

        assert_eq!(post.arrive(1).await.len(), 1, "{kind:?}");
        assert_eq!(
            (untrusted.fault, other_name.fault),
            (Fault::Misconfigured, Fault::Misconfigured),
            "{kind:?}"
        );
        assert!(untrusted.summary.contains("`ca_file`") && other_name.summary.contains("`host`"), "{kind:?}");
    }
}

#[tokio::test]
async fn a_recipient_that_is_not_there_is_a_bad_address_at_once() {
    for kind in BOTH {
        let post = post_or_next!(kind);
        let channel = post.channel(&json!({}));

        let error = channel.send(&message_to(1, "nobody@northfield.example")).await.unwrap_err();
        let next = channel.send(&message_to(2, MAILBOX)).await;

        assert_eq!((error.fault, error.went), (Fault::BadAddress, Went::No), "{kind:?}: {error}");
        assert_eq!(error.code.as_deref(), Some("550 5.1.1"), "{kind:?}");
        assert!(next.is_ok(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_bounce_names_the_mail_and_the_address_and_whether_it_is_for_good() {
    // What the next server says to the recipient; whether that is for good; the status that the bounce tells.
    let cases = [
        ("550 5.1.1 no such user here", true, "5.1.1"),
        ("552 5.2.2 the mailbox is full", true, "5.2.2"),
        ("452 4.2.2 the mailbox is full", false, "4.2.2"),
        ("554 5.7.1 this is spam", true, "5.7.1"),
    ];
    for kind in BOTH {
        let mut post = post_or_next!(kind);
        let channel = post.channel(&json!({}));
        for (number, (said, permanent, status)) in (1..).zip(cases) {
            let to = format!("carer-{number}@post.example");
            post.next.refuse(&to, said);

            let accepted = channel.send(&message_to(number, &to)).await.unwrap();
            let mails = post.arrive(1).await;

            let [mail] = mails.as_slice() else { panic!("{kind:?} {said}: {} mails", mails.len()) };
            assert_eq!(mail.kind, MailKind::Bounce, "{kind:?} {said}: {:?}", mail.reasons);
            let bounce = mail.bounce.as_ref().unwrap();
            let addresses: Vec<_> =
                bounce.addresses.iter().map(|address| address.expose().as_str()).collect();
            assert_eq!(addresses, [to.as_str()], "{kind:?} {said}");
            assert_eq!(
                format!("<{}>", bounce.message_id.as_deref().unwrap()),
                accepted.reference.0,
                "{kind:?} {said}"
            );
            assert!(bounce.given_up, "{kind:?} {said}");
            assert_eq!(bounce.permanent, permanent, "{kind:?} {said}: {bounce:?}");
            assert!(bounce.status.iter().any(|one| one == status), "{kind:?} {said}: {:?}", bounce.status);
            assert!(!mail.no_answer.is_empty(), "nobody answers a bounce");
        }
    }
}

#[tokio::test]
async fn mail_for_a_mailbox_that_is_full_comes_back() {
    for kind in BOTH {
        let mut post = post_or_next!(kind);
        let channel = post.channel(&json!({}));
        for (number, to) in (1..).zip([FULL, FULL_FOR_NOW]) {
            let accepted = channel.send(&message_to(number, to)).await.unwrap();
            let mails = post.arrive(1).await;

            let [mail] = mails.as_slice() else { panic!("{kind:?} {to}: {} mails", mails.len()) };
            assert_eq!(mail.kind, MailKind::Bounce, "{kind:?} {to}: {:?}", mail.reasons);
            let bounce = mail.bounce.as_ref().unwrap();
            let addresses: Vec<_> =
                bounce.addresses.iter().map(|address| address.expose().as_str()).collect();
            assert_eq!((addresses, bounce.given_up), (vec![to], true), "{kind:?}");
            assert_eq!(
                format!("<{}>", bounce.message_id.as_deref().unwrap()),
                accepted.reference.0,
                "{kind:?} {to}"
            );
            // Of what it gave up Exim tells no more than that.
            assert_eq!(bounce.permanent, to == FULL || kind == Kind::Exim, "{kind:?} {to}: {bounce:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_messages_over_four_connections_arrive_once_each() {
    for kind in BOTH {
        let mut post = post_or_next!(kind);
        let channel = post.channel(&json!({"connections": 4}));

        let sends = (0..40).map(|number| {
            let channel = Arc::clone(&channel);
            tokio::spawn(async move { channel.send(&message_to(number, MAILBOX)).await.unwrap().reference.0 })
        });
        let mut sent: Vec<_> =
            futures_util::future::join_all(sends).await.into_iter().map(Result::unwrap).collect();
        let mails = post.arrive(40).await;

        let mut came: Vec<_> =
            mails.iter().map(|mail| format!("<{}>", mail.message_id.as_deref().unwrap())).collect();
        came.sort();
        sent.sort();
        assert_eq!(came, sent, "{kind:?}");
    }
}

#[tokio::test]
async fn a_restart_of_the_server_between_two_messages_costs_none_and_doubles_none() {
    for kind in BOTH {
        let mut post = post_or_next!(kind);
        let channel = post.channel(&json!({"idle_secs": 3600}));
        channel.send(&message_to(1, MAILBOX)).await.unwrap();
        let before = post.arrive(1).await;
        post.mta.stop();
        let away = channel.send(&message_to(2, MAILBOX)).await.unwrap_err();
        post.mta.restart();

        channel.send(&message_to(2, MAILBOX)).await.unwrap();
        let after = post.arrive(1).await;

        assert_eq!((away.fault, away.went), (Fault::Unreachable, Went::No), "{kind:?}: {away}");
        assert_eq!((before.len(), after.len()), (1, 1), "{kind:?}");
        assert!(after[0].subject.expose().ends_with("message 2"), "{kind:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_before_it_is_sent() {
    for kind in BOTH {
        let post = post_or_next!(kind);
        let channel = post.channel(&json!({}));
        let long = "All is well with her this week, and she says so.\n".repeat(LARGEST / 48);

        let error = channel.send(&message(1, MAILBOX, &long)).await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Refused, Went::No), "{kind:?}: {error}");
        assert!(error.summary.contains("make it shorter"), "{kind:?}: {error}");
    }
}
