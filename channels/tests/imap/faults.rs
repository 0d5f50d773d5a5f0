//! Servers that misbehave: every deadline holds, and no bad mail blocks those behind it.

use std::time::{Duration, Instant};

use liaison_channels::{
    Inbox as _,
    error::Fault,
    inbox::{Batch, Most, Position},
};

use crate::{
    kit::{PLENTY, beginning, large, opened, raws, uids},
    script::{Bad, Idling, Scripted},
};

const START: Position = Position { generation: 5, after: 0 };
const LONG: Duration = Duration::from_mins(1);

async fn three() -> Scripted {
    Scripted::start(&[(1, b"first\r\n"), (2, b"second\r\n"), (5, b"third\r\n")]).await
}

/// Three mails, of which the second is bad.
async fn second_is(bad: Bad) -> Scripted {
    let server = three().await;
    server.change(|state| state.bad.extend([(2, bad)]));
    server
}

fn troubled(batch: &Batch) -> Vec<bool> {
    batch.mails.iter().map(|mail| mail.trouble.is_some()).collect()
}

#[tokio::test]
async fn a_server_that_never_greets_is_given_up_in_time() {
    let server = three().await;
    server.change(|state| state.greeting = "");
    let began = Instant::now();

    let error = opened(server.settings()).standing().await.unwrap_err();

    assert_eq!(error.fault, Fault::Temporary);
    assert!(error.summary.contains("did not greet") && error.summary.contains("`tls"), "{error}");
    assert!(began.elapsed() < LONG / 4);
}

#[tokio::test]
async fn a_goodbye_for_a_greeting_is_ours_later_and_a_stranger_s_session_is_refused() {
    for (greeting, fault) in [
        ("* BYE too busy", Fault::Temporary),
        ("* PREAUTH hello amina", Fault::Misconfigured),
        ("220 mail.test ESMTP", Fault::Temporary),
    ] {
        let server = three().await;
        server.change(|state| state.greeting = greeting);

        let error = opened(server.settings()).standing().await.unwrap_err();

        assert_eq!(error.fault, fault, "{greeting}: {error}");
        assert_eq!(server.heard("LOGIN"), 0);
    }
}

#[tokio::test]
async fn where_sign_in_is_closed_no_password_is_said() {
    let server = three().await;
    server.change(|state| state.offers = "IMAP4rev1 LOGINDISABLED");

    let error = opened(server.settings()).standing().await.unwrap_err();

    assert_eq!((error.fault, server.heard("LOGIN")), (Fault::Misconfigured, 0));
}

#[tokio::test]
async fn a_server_that_does_not_tell_the_next_number_is_asked_for_the_last() {
    let server = three().await;
    server.change(|state| state.tells_next = false);

    let standing = opened(server.settings()).standing().await.unwrap();

    assert_eq!((standing.generation, standing.next), (5, 6));
}

#[tokio::test]
async fn two_hundred_mails_are_three_commands() {
    let mails: Vec<_> = (1..=200).map(|uid| (uid, &b"mail\r\n"[..])).collect();
    let server = Scripted::start(&mails).await;
    let mut inbox = opened(server.settings());

    let batch = inbox.fetch(START, Most { mails: 200, bytes: 1 << 20 }).await.unwrap();

    assert_eq!(batch.mails.len(), 200);
    assert_eq!((server.heard("UID FETCH"), server.heard("NOOP"), server.connections()), (2, 1, 1));
    assert_eq!(server.heard("SELECT") + server.heard("UID STORE"), 0);
}

#[tokio::test]
async fn a_hundred_of_two_hundred_mails_are_listed_by_two_commands_and_none_is_looked_at() {
    let mails: Vec<_> = (1..=200).map(|uid| (uid, &b"mail\r\n"[..])).collect();
    let server = Scripted::start(&mails).await;
    let mut inbox = opened(server.settings());

    let listed = inbox.listed(Position { after: 50, ..START }, 150).await.unwrap();
    let nothing = inbox.listed(Position { after: u32::MAX, ..START }, u32::MAX).await.unwrap();

    assert_eq!((listed, nothing), ((51..=150).collect(), Vec::new()));
    assert_eq!((server.heard("UID FETCH"), server.heard("UID SEARCH"), server.heard("NOOP")), (0, 1, 1));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_mail_whose_answer_cannot_be_read_is_set_apart_and_its_neighbours_arrive() {
    let server = second_is(Bad::Garbled).await;
    let mut inbox = opened(server.settings());

    let batch = inbox.fetch(START, PLENTY).await.unwrap();
    let again = inbox.fetch(Position { after: batch.up_to, ..START }, PLENTY).await.unwrap();

    assert_eq!((uids(&batch), batch.up_to, batch.more), (vec![1, 2, 5], 5, false));
    assert_eq!(troubled(&batch), [false, true, false]);
    assert_eq!(raws(&batch.mails), [b"first\r\n", &b""[..], b"third\r\n"]);
    assert!(again.mails.is_empty());
    assert!(!format!("{batch:?}").contains("amina"), "no word of a mail");
}

#[tokio::test]
async fn a_mail_that_comes_only_in_parts_is_whole() {
    let server = second_is(Bad::GarbledWhole).await;

    let batch = opened(server.settings()).fetch(START, PLENTY).await.unwrap();

    assert_eq!(raws(&batch.mails), [&b"first\r\n"[..], b"second\r\n", b"third\r\n"]);
    assert_eq!(troubled(&batch), [false, false, false]);
}

#[tokio::test]
async fn a_large_mail_is_asked_for_until_nothing_more_of_it_comes() {
    for bad in [Bad::ShortParts, Bad::Estimated, Bad::EstimatedAndNo] {
        let sent = large(1_500_000);
        let server = Scripted::start(&[(1, &sent), (2, b"second\r\n")]).await;
        server.change(|state| state.bad.extend([(1, bad)]));

        let batch = opened(server.settings()).fetch(START, PLENTY).await.unwrap();

        assert!(raws(&batch.mails) == [&sent[..], b"second\r\n"], "{bad:?}: the bytes are equal");
        assert_eq!(troubled(&batch), [false, false], "{bad:?}");
        assert_eq!(batch.mails[0].left_out, 0, "{bad:?}");
    }
}

#[tokio::test]
async fn a_large_mail_of_which_the_server_keeps_the_rest_is_told_to_a_person() {
    let sent = large(1_500_000);
    let server = Scripted::start(&[(1, &sent)]).await;
    server.change(|state| state.bad.extend([(1, Bad::HalfInParts)]));

    let batch = opened(server.settings()).fetch(START, PLENTY).await.unwrap();

    assert!(raws(&batch.mails) == [&sent[..750_000]], "what came is kept");
    assert_eq!((batch.mails[0].left_out, troubled(&batch)), (750_000, vec![true]));
}

#[tokio::test]
async fn a_mail_that_cannot_be_listed_is_taken_all_the_same() {
    let server = second_is(Bad::GarbledListing).await;

    let batch = opened(server.settings()).fetch(START, PLENTY).await.unwrap();

    let dated: Vec<_> = batch.mails.iter().map(|mail| mail.arrived_at.is_some()).collect();
    assert_eq!(raws(&batch.mails), [&b"first\r\n"[..], b"second\r\n", b"third\r\n"]);
    assert_eq!((dated, batch.up_to), (vec![true, false, true], 5));
}

#[tokio::test]
async fn a_mail_that_is_withheld_is_asked_for_three_times_and_then_set_apart() {
    for bad in [Bad::Refused, Bad::Cut, Bad::Silent] {
        let server = second_is(bad).await;
        let mut inbox = opened(server.settings());

        let before = inbox.fetch(START, PLENTY).await.unwrap();
        let rest = Position { after: before.up_to, ..START };
        let error = inbox.fetch(rest, PLENTY).await.unwrap_err();
        let after = inbox.fetch(rest, PLENTY).await.unwrap();

        assert_eq!((uids(&before), before.up_to, before.more), (vec![1], 1, true), "{bad:?}");
        assert_eq!(error.fault, Fault::Temporary);
        assert!(!format!("{error:?}").contains("amina"));
        assert_eq!(
            (uids(&after), troubled(&after), after.up_to),
            (vec![2, 5], vec![true, false], 5),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn a_mail_that_vanishes_while_it_is_fetched_is_a_gap() {
    let server = second_is(Bad::Gone).await;

    let batch = opened(server.settings()).fetch(START, PLENTY).await.unwrap();

    assert_eq!((uids(&batch), batch.up_to), (vec![1, 5], 5));
}

#[tokio::test]
async fn a_mail_without_content_is_set_apart() {
    let server = second_is(Bad::Nil).await;

    let batch = opened(server.settings()).fetch(START, PLENTY).await.unwrap();

    assert_eq!((uids(&batch), troubled(&batch)), (vec![1, 2, 5], vec![false, true, false]));
}

#[tokio::test]
async fn a_mailbox_full_of_bad_mails_is_worked_through() {
    let mails: Vec<_> = (1..=12).map(|uid| (uid, &b"mail\r\n"[..])).collect();
    let server = Scripted::start(&mails).await;
    server.change(|state| state.bad.extend((1..=12).map(|uid| (uid, Bad::Garbled))));
    let mut inbox = opened(server.settings());
    let (mut position, mut came, mut fetches) = (START, Vec::new(), 0);

    while position.after < 12 && fetches < 100 {
        let batch = inbox.fetch(position, PLENTY).await.unwrap();
        position.after = batch.up_to;
        came.extend(uids(&batch));
        fetches += 1;
    }

    assert_eq!(came, (1..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn keepalives_do_not_prolong_the_wait() {
    let server = three().await;
    let mut inbox = opened(server.settings());
    inbox.fetch(START, PLENTY).await.unwrap();
    let began = Instant::now();

    inbox.wait(Duration::from_millis(1200)).await.unwrap();

    assert!(began.elapsed() < LONG / 4);
    assert_eq!((server.heard("IDLE"), server.connections()), (1, 1));
    inbox.standing().await.unwrap();
    assert_eq!(server.connections(), 1, "the line is kept");
}

#[tokio::test]
async fn a_line_that_fails_in_the_wait_is_replaced() {
    for idling in [Idling::Cut, Idling::Bye, Idling::Dead, Idling::NoConsent] {
        let server = three().await;
        server.change(|state| state.idling = idling);
        let mut inbox = opened(server.settings());
        inbox.fetch(START, PLENTY).await.unwrap();
        let began = Instant::now();

        inbox.wait(Duration::from_millis(200)).await.unwrap();
        let waited = began.elapsed();
        let batch = inbox.fetch(START, PLENTY).await.unwrap();

        assert!(waited < LONG / 4, "{idling:?}");
        assert_eq!((uids(&batch), server.connections()), (vec![1, 2, 5], 2), "{idling:?}");
    }
}

#[tokio::test]
async fn a_server_that_ends_every_wait_at_once_is_not_asked_in_a_loop() {
    let limit = Duration::from_millis(200);
    for idling in [Idling::Cut, Idling::Bye] {
        let server = three().await;
        server.change(|state| state.idling = idling);
        let mut inbox = opened(server.settings());
        let began = Instant::now();

        for _ in 0..3 {
            inbox.fetch(START, PLENTY).await.unwrap();
            inbox.wait(limit).await.unwrap();
        }

        assert!(began.elapsed() >= limit * 3, "{idling:?}: {:?}", began.elapsed());
        assert_eq!((server.connections(), server.heard("IDLE")), (3, 3), "{idling:?}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_to_tell_of_mail_is_looked_at_from_then_on() {
    let limit = Duration::from_millis(200);
    for idling in [Idling::No, Idling::NoAfterDone] {
        let server = three().await;
        server.change(|state| state.idling = idling);
        let mut inbox = opened(server.settings());
        let began = Instant::now();

        for _ in 0..3 {
            inbox.fetch(START, PLENTY).await.unwrap();
            inbox.wait(limit).await.unwrap();
        }
        let told = inbox.probe().await.unwrap();

        assert!(began.elapsed() >= limit * 3, "{idling:?}: {:?}", began.elapsed());
        assert_eq!(
            (server.heard("IDLE"), server.heard("UID FETCH")),
            (1, 6),
            "{idling:?}: on the line that was kept"
        );
        assert_eq!(server.connections(), 2, "{idling:?}: one to read by, one for the probe");
        assert!(told.contains("looked at every"), "{told}");
    }
}

#[tokio::test]
async fn mail_that_is_announced_during_a_fetch_is_not_waited_for() {
    let server = three().await;
    server.change(|state| state.aside = Some("* 4 EXISTS\r\n* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n"));
    let mut inbox = opened(server.settings());
    let began = Instant::now();

    let batch = inbox.fetch(START, PLENTY).await.unwrap();
    inbox.wait(LONG).await.unwrap();

    assert!(began.elapsed() < LONG / 4, "servers tell it only once");
    assert_eq!((uids(&batch), server.heard("IDLE")), (vec![1, 2, 5], 0));
}

#[tokio::test]
async fn another_numbering_found_at_reconnection_is_told() {
    let server = second_is(Bad::Cut).await;
    let mut inbox = opened(server.settings());
    beginning(&mut inbox).await;
    server.change(|state| state.generation = 6);

    let error = inbox.fetch(START, PLENTY).await.unwrap_err();
    let later = inbox.fetch(START, PLENTY).await.unwrap_err();

    assert_eq!((error.fault, later.fault), (Fault::Temporary, Fault::Temporary));
    assert!(later.summary.contains("numbered"), "{later}");
    assert_eq!(inbox.standing().await.unwrap().generation, 6);
}

#[tokio::test]
async fn a_call_that_is_cancelled_harms_no_later_one() {
    let server = second_is(Bad::Silent).await;
    let mut inbox = opened(server.settings());

    let cancelled = tokio::time::timeout(Duration::from_millis(50), inbox.fetch(START, PLENTY)).await;
    server.change(|state| state.bad.clear());
    let batch = inbox.fetch(START, PLENTY).await.unwrap();

    assert!(cancelled.is_err());
    assert_eq!((uids(&batch), server.connections()), (vec![1, 2, 5], 2));
}
