use super::*;

const PLAIN: &str = "Content-Type: text/plain\r\n";

#[test]
fn each_header_tells_its_kind_and_rules() {
    use MailKind::{AutoReply, Human, List};
    let table: &[(&str, MailKind, &[u8])] = &[
        ("", Human, &[]),
        ("Auto-Submitted: no\r\n", Human, &[]),
        ("Auto-Submitted: No (really; not)\r\n", Human, &[]),
        ("Auto-Submitted: no\r\nSubject: Out of office\r\n", Human, &[]),
        ("Auto-Submitted: (comment) auto-replied; owner-email=\"x@y.example\"\r\n", AutoReply, &[1]),
        ("Auto-Submitted: AUTO-REPLIED (vacation)\r\n", AutoReply, &[1]),
        ("Auto-Submitted: auto-generated\r\nList-Id: <x.y>\r\n", AutoReply, &[1, 4]),
        ("X-Autoreply: yes\r\n", AutoReply, &[1]),
        ("X-Autoreply: no\r\n", Human, &[]),
        ("X-Autorespond: x\r\n", AutoReply, &[1]),
        ("Precedence: auto_reply\r\n", AutoReply, &[1]),
        ("X-POST-MessageClass: 9; Autoresponder\r\n", AutoReply, &[1]),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n", Human, &[5]),
        ("X-Auto-Response-Suppress: All\r\n", Human, &[5]),
        ("X-Auto-Response-Suppress: DR, RN\r\n", Human, &[]),
        ("X-Auto-Response-Suppress: None\r\n", Human, &[]),
        ("X-Auto-Response-Suppress: All\r\nSubject: Automatic reply: trip\r\n", AutoReply, &[1, 5]),
        ("Return-Path: <>\r\n", Human, &[2]),
        ("Return-Path: <bounce+x@mail.example>\r\n", Human, &[6]),
        ("List-Unsubscribe: <https://x.example>\r\n", List, &[4]),
        ("Precedence: bulk\r\n", List, &[4]),
        ("Precedence: Junk\r\n", List, &[4]),
        ("Precedence: normal\r\n", Human, &[]),
        ("X-Loop: Parents@school.example\r\n", Human, &[8]),
        ("X-Loop: other@x.example\r\n", Human, &[]),
        ("X-Liaison: School.example\r\n", Human, &[8]),
        ("X-Liaison: 1\r\nMessage-ID: <00000000000000000000000000000007@school.example>\r\n", Human, &[8]),
        ("X-Liaison: southfield.example\r\nMessage-ID: <7@southfield.example>\r\n", Human, &[]),
        ("X-Liaison: notschool.example\r\n", Human, &[]),
        ("Message-ID: <7@school.example>\r\n", Human, &[]),
        ("X-Liaison: southfield.example\r\nAuto-Submitted: auto-replied\r\n", AutoReply, &[1]),
        ("Authentication-Results: mx.example; spf=pass; dmarc=fail (p=NONE) header.from=x\r\n", Human, &[10]),
        (
            "Authentication-Results: mx.example; dmarc=pass\r\nAuthentication-Results: x; dmarc=fail\r\n",
            Human,
            &[],
        ),
        ("Authentication-Results: mx.example; spf=fail; dkim=none (dmarc=fail)\r\n", Human, &[]),
        ("X-Spam-Flag: YES\r\n", Human, &[15]),
        ("X-Spam-Status: No, score=1\r\n", Human, &[]),
        ("X-Spam-Status: Yes, score=9\r\n", Human, &[15]),
        ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:5;SRV:;\r\n", Human, &[15]),
        ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:-1;\r\n", Human, &[]),
        ("X-MS-Exchange-Organization-SCL: 6\r\n", Human, &[15]),
    ];
    for (extra, kind, barred) in table {
        let reading = mail(extra, "Amina is ill today.\n");

        assert_eq!((reading.kind, rules(&reading).as_slice()), (*kind, *barred), "{extra}");
        assert!(!reading.reasons.is_empty());
    }
}

#[test]
fn a_subject_alone_speaks_of_a_machine_only_where_it_begins_so() {
    let machine = [
        "Automatic reply: Trip",
        "Out of Office",
        "AutoReply: x",
        "Odpowiedź automatyczna: Wycieczka",
        "Autoodpowiedź",
        "Răspuns automat: x",
        "Resposta automática: x",
        "Respuesta automática: x",
        "Réponse automatique : x",
        "Absence du bureau",
        "Automatische Antwort: x",
        "Abwesenheitsnotiz",
        "Risposta automatica: x",
        "Automatinis atsakymas: x",
        "Автоматичен отговор: x",
        "Автоматична відповідь: x",
        "Автоматический ответ: x",
        "Автоответ: x",
        "Otomatik yanıt: x",
        "رد تلقائي: x",
        "خودکار جواب: x",
        "پاسخ خودکار: x",
        "خود کار جواب: x",
        "اتوماتیک ځواب: x",
        "ਸਵੈਚਲਿਤ ਜਵਾਬ: x",
        "ਆਟੋਮੈਟਿਕ ਜਵਾਬ: x",
        "স্বয়ংক্রিয় উত্তর: x",
        "સ્વચાલિત જવાબ: x",
        "தானியங்கு பதில்: x",
        "स्वचालित उत्तर: x",
        "Përgjigje automatike: x",
        "Jawaab otomaatig ah: x",
        "自動回覆: x",
        "自动答复: x",
        "自动回复: x",
        "自动回复：x",
        "AUTO: Jo is out of the office (returning 12/05/2026)",
    ];
    let person = [
        "Re: Automatic reply: Trip",
        "The automatic reply I got",
        "Auto: my car",
        "Automatic replying machine",
        "Question on absence",
        "RE: Out of office",
        "Absence du bureaucrate",
    ];
    for subject in machine {
        assert_eq!(mail(&format!("Subject: {subject}\r\n"), "x").kind, MailKind::AutoReply, "{subject}");
    }
    for subject in person {
        assert_eq!(mail(&format!("Subject: {subject}\r\n"), "x").kind, MailKind::Human, "{subject}");
    }
    let answered = mail("Subject: Re: Automatic reply: Trip\r\nReturn-Path: <>\r\n", "x");
    assert_eq!(answered.kind, MailKind::AutoReply);
}

#[test]
fn another_school_that_shares_our_mail_provider_is_not_taken_for_us() {
    let ours = Hints { own: vec![Private::from("northfield@gmail.com")], envelope_from: None };
    let read = |from: &str| {
        let mail = format!("From: {from}\r\nX-Liaison: gmail.com\r\nMessage-ID: <7@gmail.com>\r\n\r\nwords");
        rules(&read(mail.as_bytes(), &ours))
    };

    assert_eq!(read("southfield@gmail.com"), Vec::<u8>::new());
    assert_eq!(read("northfield@gmail.com"), [7]);
}

#[test]
fn another_liaison_s_acknowledgement_is_known_by_its_subject_when_a_relay_took_its_headers() {
    let acknowledgements = [
        "Auto: Southfield School has your message [Ref 7K2M-9QXA]",
        "Auto: Southfield School: otrzymaliśmy Państwa wiadomość [Ref 7K2M-9QXA]",
        "Auto: Southfield School: آپ کا پیغام مل گیا ہے [Ref 7K2M-9QXA]",
        "Auto: Southfield School: 已收到您的来信 [Ref 7K2M-9QXA]",
    ];
    let people = [
        "Re: Auto: Southfield School has your message [Ref 7K2M-9QXA]",
        "AW: Auto: Southfield School has your message [Ref 7K2M-9QXA]",
        "Fwd: Auto: Southfield School has your message [Ref 7K2M-9QXA]",
        "Answer from Southfield School [Ref 7K2M-9QXA]",
        "Auto: my car [Ref sheet]",
        "Auto: my car [Ref 7K2M-9QX]",
    ];

    for path in ["", "Return-Path: <parents@southfield.example>\r\n"] {
        for subject in acknowledgements {
            let kind = mail(&format!("{path}Subject: {subject}\r\n"), "x").kind;

            assert_eq!(kind, MailKind::AutoReply, "{path}{subject}");
        }
        for subject in people {
            let kind = mail(&format!("{path}Subject: {subject}\r\n"), "x").kind;

            assert_eq!(kind, MailKind::Human, "{path}{subject}");
        }
    }
}

#[test]
fn senders_that_nobody_reads_and_our_own_are_barred() {
    let table: &[(&str, &[u8])] = &[
        ("From: no-reply@x.example", &[6]),
        ("From: NoReply@x.example", &[6]),
        ("From: do_not_reply@x.example", &[6]),
        ("From: orders-noreply@x.example", &[6]),
        ("From: owner-list@x.example", &[6]),
        ("From: list-request@x.example", &[6]),
        ("From: list-bounces@x.example", &[6]),
        ("From: bounces+1@x.example", &[6]),
        ("From: bouncey.castle@x.example", &[]),
        ("From: MAILER-DAEMON (Mail Delivery System)", &[6]),
        ("From: <>", &[6]),
        ("From:", &[6]),
        ("Subject: nobody", &[6]),
        ("From: head@School.Example", &[7]),
        ("From: parents+x@school.example", &[7]),
        ("From: ana@notschool.example", &[]),
        ("From: group: ana@home.example;", &[]),
    ];
    for (from, barred) in table {
        let reading = read(format!("{from}\r\n\r\nwords").as_bytes(), &own());

        assert_eq!(rules(&reading).as_slice(), *barred, "{from}");
    }
}

#[test]
fn a_school_with_a_mailbox_among_strangers_hears_its_neighbours() {
    let hints = Hints { own: vec![Private::from("ourschool@gmail.com")], envelope_from: None };

    let neighbour = read(b"From: ana@gmail.com\r\n\r\nx", &hints);
    let own = read(b"From: OurSchool+a@gmail.com\r\n\r\nx", &hints);

    assert_eq!((rules(&neighbour), rules(&own)), (vec![], vec![7]));
}

#[test]
fn the_envelope_that_is_known_counts_before_the_one_that_is_written() {
    let hints = Hints { own: vec![], envelope_from: Some(Private::from("")) };

    let reading = read(b"Return-Path: <a@b.example>\r\nFrom: a@b.example\r\n\r\nx", &hints);

    assert_eq!(reading.return_path, Some(Private::from("")));
    assert_eq!(rules(&reading), [2]);
}

#[test]
fn reports_receipts_and_invitations_are_no_letters() {
    let report = |kind: &str, part: &str| {
        let extra = format!("Content-Type: multipart/report; report-type=\"{kind}\"; boundary=b\r\n");
        let body = format!(
            "--b\n\nwords\n--b\nContent-Type: message/{part}\n\nFinal-Recipient: rfc822; a@b.example\nAction: relayed\n--b--\n"
        );
        mail(&extra, &body)
    };
    let invitation =
        "--b\n\nwords\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n";
    let alternative = mail("Content-Type: multipart/alternative; boundary=b\r\n", invitation);
    let mixed = mail("Content-Type: multipart/mixed; boundary=b\r\n", invitation);
    let file = invitation.replace("method=REQUEST", "method=REQUEST\nContent-Disposition: attachment");
    let attached = mail("Content-Type: multipart/mixed; boundary=b\r\n", &file);
    assert_eq!((attached.kind, rules(&attached)), (MailKind::Human, vec![]));
    let alone = mail("Content-Type: text/calendar\r\n", "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n");
    let signed = mail("Content-Type: application/pkcs7-mime; smime-type=signed-receipt\r\n", "xx");

    let readings = [
        (report("disposition-notification", "disposition-notification"), MailKind::Receipt, 3),
        (report("delivery-status", "delivery-status"), MailKind::Receipt, 3),
        (report("feedback-report", "feedback-report"), MailKind::Report, 3),
        (alternative, MailKind::Calendar, 14),
        (alone, MailKind::Calendar, 14),
        (mixed, MailKind::Human, 14),
        (signed, MailKind::Receipt, 14),
    ];

    for (reading, kind, rule) in readings {
        assert_eq!((reading.kind, rules(&reading)), (kind, vec![rule]));
    }
}

#[test]
fn a_letter_needs_no_words() {
    for body in ["", "k", "👍", "\n\n"] {
        let reading = mail(PLAIN, body);

        assert_eq!((reading.kind, rules(&reading)), (MailKind::Human, vec![]));
        assert_eq!(reading.reply_text.expose(), body.trim());
    }
}
