//! Mail: whatever arrives is read to an end, within its limits, the same way each time, and prints nobody's address.

use liaison_channels::{
    private::Private,
    reading::{Attachment, Bounce, Hints, Limits, MailReading, attachments, read, read_within},
};

pub(crate) const WORDS: &[&str] = &[
    "\r\n\r\n",
    "\r\n.\r\n",
    "\n.\n",
    "\0",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "From: ",
    "From: a@b.example\r\n",
    "Return-Path: <>\r\n",
    "Content-Type: ",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    "Content-Type: multipart/alternative; boundary=\"\"\r\n",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
    "Content-Type: message/delivery-status\r\n\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Type: text/html; charset=utf-16\r\n\r\n",
    "Content-Type: text/plain; charset=iso-2022-jp; format=flowed; delsp=yes\r\n\r\n",
    "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment; filename*0*=utf-8''%C5; filename*1*=%BC\r\n",
    "Content-Disposition: attachment; filename=\"..\\..\\con.txt\"\r\n",
    "filename*=utf-7''",
    "Content-Disposition: attachment; filename=\"\u{202e}fdp\u{2066}.exe\"\r\n\r\n",
    "=?utf-8?Q?=00=0D=0A?=",
    "=?utf-8?B?",
    "=?x-unknown?q?",
    "--b--\r\n",
    "--b\r\n",
    "eJ8+IgEA",
    "MIAGCSqGSIb3DQEHAqCA",
    "<div class=\"gmail_quote\">",
    "<blockquote type=\"cite\">",
    "<img src=\"cid:",
    "<!--",
    "<style>",
    "&#1114112;",
    "&#x80;",
    "On Fri, 8 May 2026 at 10:11, School <p@school.example> wrote:\r\n> ",
    "-----Original Message-----\r\n",
    "-- \r\n",
    "Final-Recipient: rfc822; jo@home.example\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    "Message-ID: <",
    "References: <a@b> <c@d>\r\n",
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n",
    "-----BEGIN PGP SIGNATURE-----\r\n",
];

pub(crate) fn fuzz(data: &[u8]) {
    let hints = Hints { own: vec![Private::from("parents@northfield.example")], envelope_from: None };
    let reading = read(data, &hints);

    within(&reading, &Limits::default());
    silent(&reading);
    assert_eq!(told(&reading), told(&read(data, &hints)), "read twice, it is not the same");
    files(data, usize::from(reading.attachments), &Limits::default());

    let narrow = Limits {
        mail_bytes: 5_000,
        header_bytes: 900,
        header_fields: 8,
        field_bytes: 200,
        nesting: 2,
        parts: 4,
        text_bytes: 300,
        html_bytes: 400,
        html_depth: 3,
        attachments: 2,
        attachment_bytes: 50,
        attachments_bytes: 80,
    };
    let less = read_within(data, &hints, &narrow);
    within(&less, &narrow);
    files(data, usize::from(less.attachments), &narrow);
}

fn within(reading: &MailReading, limits: &Limits) {
    assert!(
        !reading.problems.iter().any(|problem| problem.starts_with("Reading it failed")),
        "a panic inside"
    );
    assert!(reading.text.expose().len() <= limits.text_bytes, "text beyond its limit");
    assert!(reading.reply_text.expose().len() <= limits.text_bytes, "reply beyond its limit");
    let shown = [&reading.text, &reading.reply_text, &reading.subject, &reading.from_name];
    assert!(!shown.iter().any(|words| words.expose().contains('\0')), "a NUL, which the database refuses");
    let lines = [reading.subject.expose(), reading.from_name.expose()];
    assert!(!lines.iter().any(|line| line.contains(['\r', '\n'])), "a line end in one line");
    assert!(reading.recipients.len() <= 200 && reading.references.len() <= 2_000, "a list beyond its limit");
    assert!(reading.answers.iter().all(|id| id.len() <= 998 && !id.contains(char::is_whitespace)), "an id");
    if let Some(Bounce { addresses, status, smtp_code, .. }) = &reading.bounce {
        assert!(addresses.len().max(status.len()).max(smtp_code.len()) <= 100, "a bounce beyond its limit");
    }
}

/// What is printed of a reading, its Message-IDs aside, names neither who wrote nor whom it was written to.
fn silent(reading: &MailReading) {
    let mut printed = reading.clone();
    printed.message_id = None;
    printed.answers.clear();
    printed.references.clear();
    if let Some(bounce) = &mut printed.bounce {
        bounce.message_id = None;
    }
    let printed = format!("{printed:?}");
    let addresses = reading.from.iter().chain(&reading.recipients).chain(&reading.return_path);
    for address in addresses.map(Private::expose).filter(|address| address.len() > 5 && address.contains('@'))
    {
        assert!(!printed.contains(address), "an address is printed");
    }
}

fn told(reading: &MailReading) -> String {
    let words =
        [&reading.subject, &reading.from_name, &reading.text, &reading.reply_text].map(Private::expose);
    format!("{words:?} {:?} {reading:?}", reading.recipients.iter().map(Private::expose).collect::<Vec<_>>())
}

fn files(data: &[u8], counted: usize, limits: &Limits) {
    let files: Vec<Attachment> = attachments(data, limits).collect();

    assert_eq!(files.len(), counted.min(limits.attachments), "files are counted otherwise than taken out");
    let held: usize =
        files.iter().filter_map(|file| file.bytes.as_ref()).map(|bytes| bytes.expose().len()).sum();
    assert!(held <= limits.attachments_bytes, "files beyond their limit");
    for file in &files {
        let name = file.name.expose();
        let hidden = |sign: char| {
            sign.is_control()
                || matches!(sign, '/' | '\\' | ':' | '"' | '<' | '>' | '|' | '?' | '*')
                || matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        };
        assert!((1..=101).contains(&name.chars().count()) && name.len() <= 201, "a name's length");
        assert!(
            !name.contains(hidden) && !name.starts_with('.') && !name.ends_with(['.', ' ']),
            "a name's signs"
        );
        let token = |sign: u8| sign.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&sign);
        assert!(file.declared.bytes().all(token) && file.declared.matches('/').count() == 1, "a type");
        if let Some(bytes) = &file.bytes {
            assert_eq!(u64::try_from(bytes.expose().len()).unwrap(), file.size, "a size");
            assert!(bytes.expose().len() <= limits.attachment_bytes, "a file beyond its limit");
        }
    }
}
