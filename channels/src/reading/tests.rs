//! Readings of whole mails, as tables: one line per rule.

use std::time::{Duration, Instant};

use super::*;

mod attachments;
mod bounces;
mod hostile;
mod kinds;
mod replies;

fn own() -> Hints {
    Hints { own: vec![Private::from("parents@school.example")], envelope_from: None }
}

fn mail(extra: &str, body: &str) -> MailReading {
    let head = "From: Ana Pop <Ana.Pop@Home.Example>\r\nTo: parents@school.example\r\n";
    let raw = format!("{head}{extra}\r\n{}", body.replace('\n', "\r\n"));
    read(raw.as_bytes(), &own())
}

fn rules(reading: &MailReading) -> Vec<u8> {
    reading.no_answer.iter().map(|one| one.rule).collect()
}

#[test]
fn a_letter_is_read_whole() {
    let extra = "Subject: =?utf-8?Q?Wycieczka_=C5=BC?=\r\n =?utf-8?B?w7PFgnRh?=\r\nDate: Fri, 8 May 2026 10:11:12 +0100\r\n\
                 Message-ID: <m1@home.example>\r\nIn-Reply-To: <b@school.example>\r\n\
                 References: <a@school.example>\r\n <b@school.example>\r\nReturn-Path: <ana.pop@HOME.example>\r\n\
                 Delivered-To: parents+tag@school.example\r\nCc: PARENTS@school.example, Jo <jo@home.example>\r\n\
                 Content-Type: text/plain; charset=iso-8859-2\r\nContent-Transfer-Encoding: quoted-printable\r\n";

    let reading = mail(extra, "Dzie=F1 dobry\n");

    assert_eq!(reading.from, Some(Private::from("Ana.Pop@home.example")));
    assert_eq!(reading.from_name.expose(), "Ana Pop");
    assert_eq!(reading.subject.expose(), "Wycieczka żółta");
    assert_eq!(reading.text.expose(), "Dzień dobry");
    assert_eq!(reading.message_id.as_deref(), Some("m1@home.example"));
    assert_eq!(reading.answers, ["b@school.example", "a@school.example"]);
    assert_eq!(reading.references, ["a@school.example", "b@school.example"]);
    assert_eq!(reading.return_path, Some(Private::from("ana.pop@home.example")));
    let recipients: Vec<&str> = reading.recipients.iter().map(|one| one.expose().as_str()).collect();
    assert_eq!(recipients, ["parents@school.example", "jo@home.example", "parents+tag@school.example"]);
    assert_eq!(reading.date.map(Timestamp::as_second), Some(1_778_231_472));
    assert_eq!((reading.kind, rules(&reading)), (MailKind::Human, vec![]));
    assert_eq!(reading.problems, Vec::<String>::new());
}

#[test]
fn characters_are_read_in_their_alphabet() {
    let table: &[(&str, &[u8], &str)] = &[
        ("utf-8", "Żółw".as_bytes(), "Żółw"),
        ("us-ascii", "Żółw".as_bytes(), "Żółw"),
        ("iso-8859-1", "Żółw".as_bytes(), "Żółw"),
        ("windows-1250", b"\xafyd", "Żyd"),
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xb3\xf2", "Привіт"),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
        ("iso-2022-jp", b"\x1b$B%O%m!<\x1b(B", "ハロー"),
        ("windows-1256", b"\xe3\xd1\xcd\xc8\xc7", "مرحبا"),
        ("utf-8", b"caf\xe9", "café"),
        ("x-nonsense", b"caf\xe9", "café"),
        ("utf-8", b"caf\xc3\xa9 \xff", "café \u{fffd}"),
    ];
    for (charset, bytes, expected) in table {
        let mut raw =
            format!("From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\n").into_bytes();
        raw.extend_from_slice(bytes);

        let reading = read(&raw, &own());

        assert_eq!(reading.text.expose(), expected, "{charset}");
    }
}

#[test]
fn eight_bit_headers_are_read_as_utf_8_or_western() {
    for subject in
        ["Café".as_bytes(), b"Caf\xe9", b"=?utf-8?Q?Caf=C3?= =?UTF-8?Q?=A9?=", b"=?iso-8859-1?q?Caf=E9?="]
    {
        let raw = [b"From: a@b.example\r\nSubject: ", subject, b"\r\n\r\nx"].concat();

        let reading = read(&raw, &own());

        assert_eq!(reading.subject.expose(), "Café");
    }
}

#[test]
fn nothing_that_a_database_refuses_comes_out() {
    let raw = b"From: \"A\0B\" <a@b.example>\r\nSubject: x\0y =?utf-8?Q?a=00=0Ab?=\r\n\r\nwords\0 \x07here\r\nline\rline";

    let reading = read(raw, &own());

    assert_eq!(reading.subject.expose(), "x y a b");
    assert_eq!(reading.text.expose(), "words here\nline\nline");
    assert!(!reading.from_name.expose().contains('\0'));
}

#[test]
fn what_is_no_mail_is_unreadable_and_keeps_its_text() {
    for raw in ["", "hello", "hello\r\nworld\r\n"] {
        let reading = read(raw.as_bytes(), &own());

        assert_eq!(reading.kind, MailKind::Unreadable);
        assert_eq!(reading.text.expose().lines().next(), raw.lines().next());
        assert!(!reading.problems.is_empty() && !reading.no_answer.is_empty());
    }
}

#[test]
fn the_words_come_from_the_part_that_has_them() {
    let alternative = |plain: &str, html: &str| {
        format!("--b\nContent-Type: text/plain\n\n{plain}\n--b\nContent-Type: text/html\n\n{html}\n--b--\n")
    };
    let table = [
        ("multipart/alternative", alternative("plain words", "<p>html words</p>"), "plain words", 0),
        ("multipart/alternative", alternative(" \n", "<p>html&nbsp;w&ouml;rds</p>"), "html wörds", 0),
        (
            "multipart/alternative",
            alternative("Your client does not support HTML mail", "<b>real</b>"),
            "real",
            0,
        ),
        (
            "multipart/mixed",
            "--b\n\nwords\n--b\nContent-Type: image/jpeg\n\nxx\n--b--".to_owned(),
            "words",
            1,
        ),
        ("multipart/mixed", "--b\n\none\n--b\n\ntwo\n--b--".to_owned(), "one\n\ntwo", 0),
        ("multipart/mixed", "--b\nContent-Type: image/png; name=x.png\n\nxx\n--b--".to_owned(), "", 1),
        (
            "multipart/mixed",
            "--b\nContent-Disposition: attachment; filename=a.txt\n\nfile\n--b\n\nwords\n--b--".to_owned(),
            "words",
            1,
        ),
        (
            "multipart/signed",
            "--b\n\nwords\n--b\nContent-Type: application/pkcs7-signature\n\nxx\n--b--".to_owned(),
            "words",
            0,
        ),
        (
            "multipart/signed",
            "--b\n\nwords\n--b\nContent-Type: application/octet-stream; name=smime.p7s\n\nxx\n--b--"
                .to_owned(),
            "words",
            0,
        ),
        (
            "multipart/mixed",
            "--b\n\nwords\n--b\nContent-Type: application/octet-stream; name=notes.asc\n\nxx\n--b--"
                .to_owned(),
            "words",
            1,
        ),
        ("multipart/mixed", "--b\n\nno end".to_owned(), "no end", 0),
        ("multipart/mixed", "no divider at all".to_owned(), "no divider at all", 0),
        (
            "multipart/mixed",
            "--b\nContent-Type: application/ms-tnef\n\nxx\n--b\n\nwords\n--b--".to_owned(),
            "words",
            1,
        ),
    ];
    for (kind, body, text, files) in table {
        let reading = mail(&format!("Content-Type: {kind}; boundary=b\r\n"), &body);

        assert_eq!((reading.text.expose().as_str(), reading.attachments), (text, files), "{kind} {body}");
        assert_eq!(reading.kind, MailKind::Human);
    }
}

#[test]
fn flowed_lines_are_joined() {
    let reading =
        mail("Content-Type: text/plain; format=flowed\r\n", "one \ntwo\n> quoted \n> more\n-- \nMe\n");

    assert_eq!(reading.text.expose(), "one two\n> quoted more\n-- \nMe");
}
