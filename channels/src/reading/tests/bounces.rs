use super::*;

fn bounce(raw: &str) -> (Bounce, MailReading) {
    let raw = raw.replace('\n', "\r\n");
    let reading = read(raw.as_bytes(), &own());
    assert_eq!(reading.kind, MailKind::Bounce, "{raw}");
    (reading.bounce.clone().expect("a bounce tells what failed"), reading)
}

fn addresses(bounce: &Bounce) -> Vec<&str> {
    bounce.addresses.iter().map(|one| one.expose().as_str()).collect()
}

fn report(groups: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nTo: parents@school.example\nAuto-Submitted: auto-replied\n\
         Subject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; \
         boundary=\"b\"\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n{groups}\n--b\nContent-Type: \
         text/rfc822-headers\n\nFrom: parents@school.example\nMessage-ID: <ours.1@school.example>\n\n--b--\n"
    )
}

#[test]
fn a_standard_report_tells_everything() {
    let raw = report(
        "Reporting-MTA: dns; mx.example (postfix)\nArrival-Date: x\n\nFINAL-RECIPIENT: rfc822; ana@Home.example\nAction: failed (really)\n\
         Status: 5.1.1 (bad mailbox)\nDiagnostic-Code: smtp; 550\n 5.1.10 RESOLVER.ADR.RecipientNotFound",
    );

    let (bounce, reading) = bounce(&raw);

    assert!(bounce.permanent);
    assert_eq!(addresses(&bounce), ["ana@home.example"]);
    assert_eq!(bounce.status, ["5.1.1", "5.1.10"]);
    assert_eq!(bounce.smtp_code, [550]);
    assert_eq!(bounce.message_id.as_deref(), Some("ours.1@school.example"));
    assert_eq!(rules(&reading), [1, 2, 3, 6]);
}

#[test]
fn where_the_status_names_no_reason_the_other_server_s_answer_counts() {
    // Exim writes 5.0.0 of all that it gave up.
    for (diagnostic, permanent) in [
        ("Diagnostic-Code: smtp; 452 4.2.2 the mailbox is full", false),
        ("Diagnostic-Code: smtp; 452 the mailbox is full", false),
        ("Diagnostic-Code: smtp; 550 5.1.1 no such user here", true),
        ("X-Nothing: said", true),
    ] {
        let group =
            format!("Final-Recipient: rfc822;ana@x.example\nAction: failed\nStatus: 5.0.0\n{diagnostic}\n\n");

        let (bounce, _) = bounce(&report(&format!("Reporting-MTA: dns; x\n\n{group}")));

        assert_eq!((bounce.permanent, bounce.given_up), (permanent, true), "{diagnostic}");
    }
}

#[test]
fn action_and_status_decide_whether_it_is_final() {
    let group = |address: &str, action: &str, status: &str| {
        format!("Final-Recipient: rfc822;{address}@x.example\nAction: {action}\nStatus: {status}\n\n")
    };
    let table = [
        (group("a", "failed", "5.2.2"), true, vec!["a@x.example"]),
        (group("a", "failed", "4.4.7"), false, vec!["a@x.example"]),
        (group("a", "delayed", "4.4.1"), false, vec!["a@x.example"]),
        (group("a", "Delayed", "5.0.0"), false, vec!["a@x.example"]),
        (
            group("a", "failed", "5.1.1") + &group("b", "failed", "5.1.1"),
            true,
            vec!["a@x.example", "b@x.example"],
        ),
        (group("a", "delayed", "4.0.0") + &group("b", "failed", "5.1.1"), true, vec!["b@x.example"]),
        (group("a", "delivered", "2.0.0") + &group("b", "failed", "5.1.1"), true, vec!["b@x.example"]),
    ];
    for (groups, permanent, expected) in table {
        let (bounce, _) = bounce(&report(&format!("Reporting-MTA: dns; x\n\n{groups}")));

        assert_eq!((bounce.permanent, addresses(&bounce)), (permanent, expected), "{groups}");
    }
}

#[test]
fn bounces_without_a_standard_are_known_by_their_words() {
    let table = [
        (
            "qmail",
            "From: MAILER-DAEMON@q.example\nReturn-Path: <>\nSubject: failure notice\n\nHi. This is the qmail-send program at q.example.\n\
             I'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't \
             work out.\n\n<ana@home.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.\n\n\
             --- Below this line is a copy of the message.\n\nReturn-Path: <parents@school.example>\nMessage-ID: <ours.1@school.example>\nTo: other@x.example\n",
            true,
            vec!["5.1.1"],
            vec![550],
        ),
        (
            "exim",
            "From: Mail Delivery System <Mailer-Daemon@e.example>\nX-Failed-Recipients: ana@home.example\nSubject: Mail delivery failed: returning message \
             to sender\n\nThis message was created automatically by mail delivery software.\n\n  ana@home.example\n    host mx [192.0.2.1]\n    SMTP error from \
             remote mail server after RCPT TO:<ana@home.example>:\n    550 No such user\n\n------ This is a copy of the message, including all the headers. \
             ------\n\nReceived: from x\nMessage-Id: <ours.1@school.example>\n",
            true,
            vec![],
            vec![550],
        ),
        (
            "gmail",
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nReferences: <x@y> \
             <ours.1@school.example>\n\n** Address not found **\n\nYour message wasn't delivered to ana@home.example because the address couldn't be \
             found.\n\nThe response was:\n\n550 5.1.1 The email account that you tried to reach does not exist.\n",
            true,
            vec!["5.1.1"],
            vec![550],
        ),
        (
            "exchange",
            "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@s.example>\nSubject: Undeliverable: Trip\n\nDelivery has failed to \
             these recipients or groups:\n\nana@home.example\nThe email address you entered couldn't be found.\n\nDiagnostic information for \
             administrators:\n\nana@home.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\nReceived: from \
             x\nMessage-ID:\n <ours.1@school.example>\n",
            true,
            vec!["5.1.1"],
            vec![550],
        ),
        (
            "sendmail, late",
            "From: Mail Delivery Subsystem <MAILER-DAEMON@s.example>\nSubject: Warning: could not send message for past 4 hours\nIn-Reply-To: \
             <ours.1@school.example>\n\n    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n\n   ----- \
             Transcript of session follows -----\n<ana@home.example>... Deferred: 451 4.4.1 timed out\n",
            false,
            vec!["4.4.1"],
            vec![451],
        ),
        (
            "polish exchange",
            "From: postmaster@s.example\nSubject: Nie można dostarczyć: Wycieczka\nIn-Reply-To: <ours.1@school.example>\n\nana@home.example\n",
            true,
            vec![],
            vec![],
        ),
    ];
    for (name, raw, permanent, status, codes) in table {
        let (bounce, _) = bounce(raw);

        assert_eq!(bounce.permanent, permanent, "{name}");
        assert_eq!(addresses(&bounce), ["ana@home.example"], "{name}");
        assert_eq!(bounce.status, status, "{name}");
        assert_eq!(bounce.smtp_code, codes, "{name}");
        assert_eq!(bounce.message_id.as_deref(), Some("ours.1@school.example"), "{name}");
    }
}

#[test]
fn people_who_write_of_bounces_are_people() {
    let table = [
        ("Subject: Undeliverable: my letter to you\r\n", "It came back, see below: 550 5.1.1\n"),
        ("Subject: FW: failure notice\r\n", "Hi. This is the qmail-send program\n"),
    ];
    for (extra, body) in table {
        assert_eq!(mail(extra, body).kind, MailKind::Human, "{extra}");
    }
    let away = mail("Subject: Automatic reply: Trip\r\nReturn-Path: <>\r\n", "I am away.\n");
    assert_eq!(away.kind, MailKind::AutoReply);
}

#[test]
fn codes_are_not_taken_from_versions_and_machines() {
    let text = "host 5.1.1.2 v4.96.2.1 said: 550-5.7.26 no; 554: x 1550 555-1234 room 4500 (421)";

    assert_eq!(codes::enhanced(text), ["5.7.26"]);
    assert_eq!(codes::replies(text), [550, 554, 555, 421]);
}
