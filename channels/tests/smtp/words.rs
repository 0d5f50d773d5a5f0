//! What stands in the message: headers that cannot be forged, bodies that cannot smuggle.

use liaison_channels::{
    Sender as _,
    address::EmailAddress,
    error::Fault,
    fakes::smtp::{Act, At, Script, SmtpFake},
    message::{Mail, Manner, OurRef, Outgoing},
};
use serde_json::json;
use uuid::Uuid;

use crate::kit::{both_kinds, channel, channel_with, hasty, mail, message, message_to, start};

/// Sends it and returns the message as the server kept it, its head unfolded, and its body.
async fn delivered(mail: Mail) -> (Vec<String>, String) {
    let fake = start(true).await;
    channel(&fake).send(&Outgoing::mail(OurRef(Uuid::from_u128(5)), mail)).await.unwrap();
    assert_eq!((fake.violations(), fake.taken()), (vec![], 1));
    let data = fake.messages().remove(0).data;
    let (head, body) = data.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    (head.split("\r\n").map(str::to_owned).collect(), body.to_owned())
}

fn names(head: &[String]) -> Vec<&str> {
    head.iter().map(|line| line.split(':').next().unwrap()).collect()
}

fn value<'a>(head: &'a [String], name: &str) -> &'a str {
    head.iter().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default()
}

const HEADERS: [&str; 10] = [
    "From",
    "X-Liaison",
    "MIME-Version",
    "X-Auto-Response-Suppress",
    "Date",
    "Message-ID",
    "To",
    "Subject",
    "Content-Language",
    "Content-Type",
];

#[tokio::test]
async fn a_message_has_its_headers_and_no_others() {
    let (head, body) = delivered(mail()).await;

    assert_eq!(names(&head), HEADERS);
    assert_eq!(value(&head, "From"), "\"Northfield School\" <parents@northfield.example>");
    assert_eq!(value(&head, "To"), "\"Amina Yusuf\" <amina@post.example>");
    assert_eq!(value(&head, "X-Auto-Response-Suppress"), "OOF, AutoReply");
    assert_eq!(value(&head, "Content-Language"), "en-GB");
    assert!(value(&head, "Content-Type").starts_with("multipart/alternative; boundary="));
    let (plain, html) = (body.find("text/plain").unwrap(), body.find("text/html").unwrap());
    assert!(plain < html, "the last alternative is the preferred one (RFC 2046 §5.1.4)");
    assert!(body.contains("Dear Amina,\r\nall is well.\r\n") && body.contains("<p>all is well.</p>\r\n"));
}

#[tokio::test]
async fn of_an_acknowledgement_nothing_is_reported_back_where_the_server_can_be_asked() {
    for pipelining in [true, false] {
        for null_sender in [true, false] {
            for dsn in [true, false] {
                let fake = SmtpFake::start(Script { pipelining, dsn, ..Script::default() }).await;
                let channel = channel_with(&fake, &json!({"null_sender": null_sender}));
                let automatic = Mail { manner: Manner::Automatic, ..mail() };

                channel.send(&Outgoing::mail(OurRef(Uuid::from_u128(5)), automatic)).await.unwrap();
                channel.send(&message(6)).await.unwrap();

                let asked: Vec<_> = fake.messages().into_iter().map(|message| message.notify).collect();
                assert_eq!(asked, [dsn.then(|| "NEVER".to_owned()), None], "dsn {dsn}");
                assert_eq!(fake.violations(), Vec::<String>::new());
            }
        }
    }
}

#[tokio::test]
async fn what_leaves_on_a_timer_is_marked_where_the_settings_say_so() {
    let fake = start(true).await;
    let marked = channel_with(&fake, &json!({"auto_submitted": "auto-generated"}));

    marked.send(&message(1)).await.unwrap();
    channel(&fake).send(&message(2)).await.unwrap();

    let says: Vec<_> = fake
        .messages()
        .iter()
        .map(|message| message.data.contains("\r\nAuto-Submitted: auto-generated\r\n"))
        .collect();
    assert_eq!(says, [true, false]);
}

#[tokio::test]
async fn hostile_names_subjects_and_languages_do_not_become_headers() {
    let hostile = [
        "a\r\nBcc: thief@evil.test",
        "a\nBcc: thief@evil.test",
        "a\rBcc: x",
        "a\u{85}Bcc: x",
        "a\u{2028}Bcc: x",
        "\"; <thief@evil.test>, \"",
        "\\\"\\",
        "a, b@evil.test",
        "\u{202e}txt.exe\u{202c}",
        "=?utf-8?q?=0D=0ABcc:_x?=",
        "أمينة يوسف",
        "Zoë O’Neil (Amina's mum) <x@evil.test>",
        "\0",
        "",
    ];

    for text in hostile {
        let text = text.to_owned();
        let mail = Mail {
            to_name: text.clone().into(),
            subject: text.clone().into(),
            language: text.clone(),
            manner: liaison_channels::message::Manner::Letter,
            in_reply_to: None,
            thread: Vec::new(),
            reply_tag: None,
            unsubscribe: None,
            ..mail()
        };
        let (head, _) = delivered(mail).await;

        let expected: Vec<_> = HEADERS.into_iter().filter(|name| *name != "Content-Language").collect();
        assert_eq!(names(&head), expected, "{text:?}");
        let to = value(&head, "To");
        let shown: lettre::message::Mailboxes = to.parse().expect("one address");
        assert_eq!(shown.iter().count(), 1, "{to}");
        assert_eq!(shown.iter().next().unwrap().email.to_string(), "amina@post.example", "{to}");
    }
}

#[tokio::test]
async fn very_long_names_and_subjects_fit_their_lines() {
    for long in ["x".repeat(5000), "word ".repeat(1000), "é".repeat(2500)] {
        let (head, _) =
            delivered(Mail { to_name: long.clone().into(), subject: long.into(), ..mail() }).await;

        assert_eq!(names(&head), HEADERS);
    }
}

#[tokio::test]
async fn a_body_cannot_end_the_message_or_begin_another() {
    let smuggled = "MAIL FROM:<head@northfield.example>\nRCPT TO:<all@northfield.example>\nDATA\nx";
    let ends = ["\n.\n", "\r\n.\r\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\0\r\n.\0\r\n"];

    for end in ends {
        let text = format!("before{end}{smuggled}{end}after");
        let (head, body) = delivered(Mail { plain: text.clone().into(), html: text.into(), ..mail() }).await;

        assert_eq!(names(&head), HEADERS, "{end:?}");
        assert_eq!(body.matches("before\r\n.\r\nMAIL FROM").count(), 2, "{end:?}: {body}");
        assert_eq!(body.matches("x\r\n.\r\nafter").count(), 2, "{end:?}: {body}");
    }
}

#[tokio::test]
async fn lines_that_begin_with_dots_arrive_as_written() {
    let (_, body) =
        delivered(Mail { plain: ".\n..\n...and so on\n.".into(), html: ".".into(), ..mail() }).await;

    assert!(body.contains("\r\n\r\n.\r\n..\r\n...and so on\r\n."), "{body}");
}

#[tokio::test]
async fn long_lines_and_all_scripts_go_through_any_server() {
    let texts = [
        "a".repeat(10_000),
        "Привіт, мамо. ".repeat(200),
        "zażółć gęślą jaźń\n".repeat(50),
        "…".repeat(3000),
    ];

    for text in texts {
        let (_, body) = delivered(Mail { plain: text.clone().into(), html: text.into(), ..mail() }).await;

        assert!(body.is_ascii());
        assert!(body.lines().all(|line| line.len() <= 78), "encoded lines are short");
    }
}

#[tokio::test]
async fn a_repeat_carries_the_same_message_id() {
    for fake in both_kinds().await {
        let channel = hasty(&fake);
        fake.next(At::Dot, Act::TakeAndSilence);

        let doubt = channel.send(&message(42)).await;
        let repeat = channel.send(&message(42)).await.unwrap();
        let other = channel.send(&message(43)).await.unwrap();

        assert!(doubt.is_err());
        let ids: Vec<_> =
            fake.messages().iter().map(|m| m.data.matches(&repeat.reference.0).count()).collect();
        assert_eq!(ids, [1, 1, 0]);
        assert_ne!(repeat.reference, other.reference);
    }
}

#[tokio::test]
async fn answers_and_bounces_go_where_the_settings_say() {
    let fake = start(true).await;
    let settings = json!({"reply_to": "Office <office@northfield.example>", "envelope_from": "bounces@northfield.example"});

    channel_with(&fake, &settings).send(&message(1)).await.unwrap();

    let caught = &fake.messages()[0];
    assert_eq!(caught.from, "bounces@northfield.example");
    assert!(caught.data.contains("\r\nReply-To: Office <office@northfield.example>\r\n"));
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let fake = start(true).await;
    let able = SmtpFake::start(Script { utf8: true, ..Script::default() }).await;

    let refused = channel(&fake).send(&message_to(1, "зоя@post.example")).await.unwrap_err();
    let taken = channel(&able).send(&message_to(1, "зоя@post.example")).await;
    let domain = channel(&fake).send(&message_to(1, "zoe@bücher.example")).await;

    assert_eq!(refused.fault, Fault::Refused);
    assert!(taken.is_ok() && domain.is_ok(), "{taken:?} {domain:?}");
    assert_eq!(able.messages()[0].to, "зоя@post.example");
    assert_eq!(fake.messages()[0].to, "zoe@xn--bcher-kva.example");
    assert_eq!((fake.violations(), able.violations()), (vec![], vec![]));
}

#[tokio::test]
async fn odd_but_lawful_addresses_stay_one_recipient() {
    for address in ["\"a>b\"@post.example", "o'neil+school@post.example", "a@[192.0.2.1]"] {
        let Ok(_) = EmailAddress::parse(address) else { continue };
        let fake = start(true).await;

        let sent = channel(&fake).send(&message_to(1, address)).await;

        assert!(sent.is_ok(), "{address}: {sent:?}");
        assert_eq!(fake.messages()[0].to, address);
    }
}

#[tokio::test]
async fn a_message_larger_than_the_server_takes_is_not_tried() {
    let fake = start(true).await;
    fake.change(|script| script.size = Some(500));

    let error = channel(&fake).send(&message(1)).await.unwrap_err();

    assert_eq!((error.fault, fake.steps(At::Mail)), (Fault::Refused, 0));
}
