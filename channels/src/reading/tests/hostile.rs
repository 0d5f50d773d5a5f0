use proptest::prelude::*;

use super::*;

/// Far above what any of these takes, as the machine may be busy; the quadratic paths they guard against take minutes.
const PATIENCE: Duration = Duration::from_secs(8);

fn reads_in_time(raw: &[u8]) -> MailReading {
    let start = Instant::now();

    let reading = read(raw, &own());

    let took = start.elapsed();
    assert!(took < PATIENCE, "{took:?} for {} bytes", raw.len());
    reading
}

fn html(body: &str) -> Vec<u8> {
    format!("From: a@b.example\r\nContent-Type: text/html\r\n\r\n{body}").into_bytes()
}

#[test]
fn no_mail_takes_long() {
    let mut boundaries =
        String::from("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n");
    for depth in 0..1000 {
        boundaries +=
            &format!("--b{depth}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", depth + 1);
    }
    let head = "From: a@b.example\r\n";
    let attachment = "QUJD".repeat(19) + "\r\n";
    let files = format!(
        "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\nContent-Type: image/jpeg\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        attachment.repeat(300_000)
    );
    let mails: Vec<Vec<u8>> = vec![
        html(&"<div>".repeat(200_000)),
        html(&"<table><tr><td>".repeat(50_000)),
        html(&"<a href=\"".repeat(100_000)),
        html(&"<a=\">=\"".repeat(30_000)),
        html(&"<!--".repeat(200_000)),
        html(&"</".repeat(300_000)),
        html(&"<style>".repeat(100_000)),
        html(&"&".repeat(300_000)),
        html(&"<blockquote type=cite>".repeat(20_000)),
        boundaries.into_bytes(),
        format!("{head}\r\n{}", "\n".repeat(10_000_000)).into_bytes(),
        format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--\n".repeat(5_000_000))
            .into_bytes(),
        format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\n".repeat(1_000_000))
            .into_bytes(),
        format!("{head}\r\n{}", ">".repeat(10_000_000)).into_bytes(),
        format!("{head}\r\n{}", "a:\n".repeat(100_000)).into_bytes(),
        format!("{head}\r\n{}", "from:\n".repeat(100_000)).into_bytes(),
        format!("{head}\r\n{}", "-- \n".repeat(100_000)).into_bytes(),
        format!("{head}Subject: {}\r\n\r\nx", "=?utf-8?q?".repeat(100_000)).into_bytes(),
        format!("{head}To: {}\r\n\r\nx", "(".repeat(1_000_000)).into_bytes(),
        format!("{head}To: {}\r\n\r\nx", "a@b.example,".repeat(200_000)).into_bytes(),
        format!("{head}References: {}\r\n\r\nx", "<a@b>".repeat(200_000)).into_bytes(),
        "a: b\r\n".repeat(1_000_000).into_bytes(),
        "x".repeat(30_000_000).into_bytes(),
    ];
    for raw in mails {
        reads_in_time(&raw);
    }

    let reading = reads_in_time(files.as_bytes());

    assert_eq!((reading.text.expose().as_str(), reading.attachments), ("words", 1));
    assert!(reading.problems.is_empty());
}

#[test]
fn the_largest_mail_is_read_and_its_file_is_named_without_being_held() {
    let line = "QUJD".repeat(19) + "\r\n";
    let head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\n\
                Content-Type: video/mp4; name=play.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let raw = format!("{head}{}--b--\r\n", line.repeat(650_000));
    assert!(raw.len() > 50_000_000);

    let reading = reads_in_time(raw.as_bytes());
    let start = Instant::now();
    let files: Vec<Attachment> = attachments(raw.as_bytes(), &Limits::default()).collect();

    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    assert_eq!((reading.text.expose().as_str(), reading.attachments), ("words", 1));
    let [file] = files.as_slice() else { panic!("{} files", files.len()) };
    assert_eq!((file.size, file.bytes.is_none()), (57 * 650_000, true));
}

#[test]
fn a_mail_beyond_the_limit_is_read_from_its_beginning() {
    let raw = format!("From: a@b.example\r\n\r\nwords\r\n{}", "x".repeat(70 * 1024 * 1024));

    let reading = reads_in_time(raw.as_bytes());

    assert!(reading.text.expose().starts_with("words\n"));
    assert!(
        reading.problems.iter().any(|problem| problem.starts_with("It is so large that only its beginning"))
    );
}

#[test]
fn packed_bombs_cost_no_more_than_their_bytes() {
    let part = |kind: &str, body: &str| {
        format!(
            "From: a@b.example\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}"
        )
        .into_bytes()
    };
    let zeros = "AAAA".repeat(5_000_000);
    let attributes =
        "78 9f 3e 22 01 00".split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap_or_default());
    // Attributes without data, eleven bytes each, and properties that claim four thousand million of their kind.
    let tnef: Vec<u8> = attributes.chain([2, 2, 0x90, 6, 0, 0, 0, 0, 0, 0, 0].repeat(500_000)).collect();
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let claims =
        [&[0xff; 4][..], &[0x1f, 0x10, 1, 0x30, 0xff, 0xff, 0xff, 0xff], &vec![0; 4_000_000]].concat();
    let length = u32::try_from(claims.len()).unwrap_or_default().to_le_bytes();
    let mapi = [&[0x78, 0x9f, 0x3e, 0x22, 1, 0, 1, 3, 0x90, 6, 0], &length[..], &claims, &[0, 0]].concat();
    for raw in [
        part("text/plain", &zeros),
        part("text/html", &zeros),
        part("application/pkcs7-mime", &zeros),
        part("application/pkcs7-mime", &base64(&b"\x30\x80".repeat(5_000_000))),
        part("application/ms-tnef", &zeros),
        part("application/ms-tnef", &base64(&tnef)),
        part("application/ms-tnef", &base64(&mapi)),
    ] {
        reads_in_time(&raw);
        let start = Instant::now();
        let held: u64 = attachments(&raw, &Limits::default()).map(|file| file.size).sum();
        assert!(start.elapsed() < PATIENCE && held <= 20_000_000, "{:?} {held}", start.elapsed());
    }
}

#[test]
fn a_mail_in_too_many_wrappings_says_so() {
    let wrapping =
        |depth: usize| format!("Content-Type: multipart/mixed; boundary=b{depth}x\n\n--b{depth}x\n");
    let wrapped = |depth| (1..depth).map(wrapping).collect::<String>() + "\nwords\n";

    let shallow = mail("Content-Type: multipart/mixed; boundary=b\r\n", &format!("--b\n{}", wrapped(5)));
    let deep = mail("Content-Type: multipart/mixed; boundary=b\r\n", &format!("--b\n{}", wrapped(20)));

    assert_eq!((shallow.text.expose().as_str(), shallow.problems.len()), ("words", 0));
    assert_eq!(deep.problems.len(), 1);
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let reading = mail("", &"words and words\n".repeat(100_000));

    assert!(reading.text.expose().len() <= Limits::default().text_bytes);
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn the_limits_that_are_given_are_those_that_count() {
    let few = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        let body = "--b\r\nx-a: 1\r\nx-b: 2\r\n\r\none\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
                    --c\r\nContent-Type: text/html\r\n\r\n<p>two &amp; two</p>\r\n--c--\r\n--b--\r\n";
        let head = "From: a@b.example\r\nSubject: a subject of some length\r\n\
                    Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        let reading = read_within(format!("{head}{body}").as_bytes(), &own(), &limits);
        (reading.text.expose().clone(), reading.problems.len())
    };

    assert_eq!(few(|_| {}), ("one\n\ntwo & two".to_owned(), 0));
    assert_eq!(few(|limits| limits.parts = 2), ("one".to_owned(), 1));
    assert_eq!(few(|limits| limits.nesting = 1), ("one".to_owned(), 1));
    assert_eq!(few(|limits| limits.text_bytes = 2).0, "on");
    assert_eq!(few(|limits| limits.html_bytes = 6), ("one\n\ntwo".to_owned(), 1));
    assert_eq!(few(|limits| limits.mail_bytes = 120).1, 1);
    assert_eq!(few(|limits| limits.header_fields = 1).1, 1);
    assert_eq!(few(|limits| limits.field_bytes = 20).1, 1);
    assert_eq!(few(|limits| limits.header_bytes = 20).1, 1);
}

const SAMPLES: &[&str] = &[
    "From: \"A\" <a@b.example>\r\nTo: x@y.example\r\nSubject: =?utf-8?Q?=C5=BC?= x\r\nContent-Type: multipart/alternative; \
     boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=koi8-r; format=flowed\r\n\r\nwords \r\nOn 8 May 2026 at \
     10:11, X <x@y.example> wrote:\r\n> hi\r\n-- \r\nme\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: \
     quoted-printable\r\n\r\n<div class=3D\"gmail_quote\">&eacute;<blockquote>x</blockquote></div><!-- x --><pre>\n--b--\r\n",
    "From: MAILER-DAEMON\r\nReturn-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\
     \r\n--b\r\n\r\nfailed 550 5.1.1 <x@y.example>\r\nMessage-ID:\r\n <a@b>\r\n--b\r\nContent-Type: \
     message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\nAction: \
     failed\r\nStatus: 5.1.1 (x)\r\nDiagnostic-Code: smtp; 550\r\n 5.1.1 no\r\n--b\r\nContent-Type: message/rfc822\r\n\
     \r\nMessage-ID: <o@s.example>\r\n\r\nx\r\n--b--\r\n",
];

proptest! {
    #[test]
    fn any_bytes_can_be_read(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let reading = read(&raw, &own());

        prop_assert!(!reading.text.expose().contains('\0'));
        prop_assert!(!reading.problems.iter().any(|problem| problem.starts_with("Reading it failed")));
    }

    #[test]
    fn any_damaged_mail_can_be_read(
        which in 0..2_usize,
        damage in proptest::collection::vec((any::<u16>(), 0..4_u8, any::<u8>()), 1..12),
    ) {
        let mut raw = SAMPLES.get(which).copied().unwrap_or_default().as_bytes().to_vec();
        for (place, how, byte) in damage {
            let place = usize::from(place) % raw.len().max(1);
            match how {
                0 => raw.get_mut(place).into_iter().for_each(|old| *old = byte),
                1 => raw.insert(place, byte),
                2 => raw.truncate(place.max(20)),
                _ => {
                    let copy: Vec<u8> = raw.iter().skip(place).take(40).copied().collect();
                    raw.splice(place..place, copy);
                }
            }
        }

        let reading = read(&raw, &own());

        prop_assert!(!reading.problems.iter().any(|problem| problem.starts_with("Reading it failed")));
        prop_assert!(!reading.subject.expose().contains('\n'));
    }
}
