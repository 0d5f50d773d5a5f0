//! Small pieces repeated up to two megabytes: where reading costs the square of what it reads, one hostile mail of a
//! size that every server accepts would hold the gateway for minutes.

use std::time::{Duration, Instant};

use liaison_channels::reading::{Hints, read};

/// How large each mail is made.
const BYTES: usize = 2_000_000;

/// Generous for two megabytes without optimisation; what is square takes minutes.
const LONGEST: Duration = Duration::from_secs(3);

/// Headers of a mail whose words follow.
const PLAIN: &str = "From: a@b.example\r\nContent-Type: text/plain\r\n\r\n";
const PAGE: &str = "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n";
const TEXT_BOUNCE: &str =
    "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nSubject: failure notice\r\n\r\n";
const REPORT: &str = "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n report-type=delivery-status; boundary=a\r\n\r\n--a\r\nContent-Type: message/delivery-status\r\n\r\n";

/// What stands before, and what is repeated behind it; `#` becomes the number of the repetition.
const SWOLLEN: &[(&str, &str)] = &[
    (PLAIN, ">"),
    (PLAIN, "> x\r\n"),
    (PLAIN, "\r\n"),
    (PLAIN, " "),
    (PLAIN, "-- \r\n"),
    (PLAIN, "--\r\nSent from my iPhone\r\n"),
    (PLAIN, "Sent from my iPhone\r\n"),
    (PLAIN, "________________________________\r\n"),
    (PLAIN, "-----Original Message-----\r\n"),
    (PLAIN, "---------- Forwarded message ---------\r\n"),
    (PLAIN, "From: a\r\nSent: b\r\n"),
    (PLAIN, "From: \r\n"),
    (PLAIN, "On Mon\r\n"),
    (PLAIN, "On Mon, 2 Mar 2026 at 09:14, A <a@b.example>\r\n"),
    (PLAIN, "On Mon, 2 Mar 2026, a@b.example wrote:\r\nx\r\n"),
    (PLAIN, "On 2 Mar 2026, a@b.example wrote: > "),
    (PLAIN, "a\r\n> b\r\n"),
    (PLAIN, "\u{feff}\u{202e}"),
    (PAGE, "<"),
    (PAGE, "&"),
    (PAGE, "&nbsp;"),
    (PAGE, "<!--"),
    (PAGE, "<div>"),
    (PAGE, "<b><i>x"),
    (PAGE, "</p>"),
    (PAGE, "<blockquote>"),
    (PAGE, "<blockquote>x</blockquote>y"),
    (PAGE, "<div class=\"gmail_quote\">"),
    (PAGE, "<table><tr><td>"),
    (PAGE, "<table><b>x"),
    (PAGE, "<p><font color=a>"),
    (PAGE, "<a href=\"https://b.example/#\">x</a>"),
    (PAGE, "<p>-- </p>"),
    (PAGE, "<svg><math><select>"),
    (PAGE, "<style>"),
    (TEXT_BOUNCE, "<u#@b.example>: 550 5.1.# no\r\n"),
    (TEXT_BOUNCE, "550 5.1.1 "),
    (TEXT_BOUNCE, "Message-ID: <#@b.example>\r\n"),
    (REPORT, "\r\nFinal-Recipient: rfc822; u#@b.example\r\nAction: failed\r\nStatus: 5.1.#\r\n"),
    (REPORT, "Diagnostic-Code: smtp;\r\n ("),
    ("From: a@b.example\r\n", "X: y\r\n"),
    ("From: a@b.example\r\nSubject:", " =?utf-8?Q?a?="),
    ("From: a@b.example\r\nSubject:", "=?"),
    ("From: a@b.example\r\nTo: ", "u#@b.example, "),
    ("From: a@b.example\r\nTo: a@b.example\r\n", "Cc: u#@b.example\r\n"),
    ("From: a@b.example\r\nReferences:", " <#@b.example>\r\n"),
    ("From: ", "("),
    ("From: ", "\""),
    ("From: a@b.example\r\nAuto-Submitted: ", "("),
    ("From: a@b.example\r\nContent-Type: text/plain", ";\r\n a*#=b"),
    ("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n", "--a\r\n\r\nx\r\n"),
    ("From: a@b.example\r\n", "Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n"),
    ("From: a@b.example\r\n", "Content-Type: message/rfc822\r\n\r\n"),
];

#[test]
fn no_repetition_makes_reading_take_long() {
    let cases = SWOLLEN.iter().map(|(before, piece)| (*piece, swollen(before, piece)));

    let slow: Vec<String> = cases
        .filter_map(|(piece, raw)| {
            let start = Instant::now();
            read(&raw, &Hints::default());
            let took = start.elapsed();
            (took > LONGEST).then(|| format!("{piece:?} to {} bytes took {took:?}", raw.len()))
        })
        .collect();

    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

fn swollen(before: &str, piece: &str) -> Vec<u8> {
    let mut mail = before.to_owned();
    let mut number = 0_u32;
    while mail.len() < BYTES {
        mail.push_str(&piece.replace('#', &number.to_string()));
        number += 1;
    }
    mail.into_bytes()
}
