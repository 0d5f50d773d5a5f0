//! Gone, not gone, or nobody knows: at every step of the conversation.

use std::time::Duration;

use liaison_channels::{
    Sender as _,
    error::{Fault, SendError, Went},
    fakes::smtp::{Act, At, SmtpFake},
};

use crate::kit::{both_kinds, channel, hasty, message, message_to};

/// Each step before the body, and what its failing is: no message may pay for one that comes before its sender is told.
const BEFORE_THE_BODY: [(At, Fault); 5] = [
    (At::Greeting, Fault::Unreachable),
    (At::Ehlo, Fault::Unreachable),
    (At::Mail, Fault::Temporary),
    (At::Rcpt, Fault::Temporary),
    (At::Data, Fault::Temporary),
];

/// After a failure: the next message gets through, and the right one.
async fn recovers(fake: &SmtpFake, error: &SendError, channel: &liaison_channels::smtp::Smtp) {
    fake.behave();
    let before = fake.taken();

    let next = channel.send(&message(99)).await;

    assert!(next.is_ok(), "after {error:?}: {next:?}");
    assert_eq!(fake.taken(), before + 1);
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_message_the_server_took_is_accepted_with_its_words() {
    for fake in both_kinds().await {
        let accepted = channel(&fake).send(&message(7)).await.unwrap();

        assert_eq!(accepted.said, "250 2.0.0 taken");
        assert_eq!(accepted.reference.0, "<00000000000000000000000000000007@northfield.example>");
        assert_eq!(fake.messages()[0].to, "amina@post.example");
        assert_eq!(fake.messages()[0].from, "parents@northfield.example");
    }
}

#[tokio::test]
async fn a_line_cut_before_the_body_sent_nothing() {
    for (at, fault) in BEFORE_THE_BODY {
        for fake in both_kinds().await {
            let channel = channel(&fake);
            fake.always(at, Act::Cut);

            let error = channel.send(&message(1)).await.unwrap_err();

            assert_eq!((error.fault, error.went), (fault, Went::No), "{at:?}");
            assert_eq!(fake.taken(), 0);
            recovers(&fake, &error, &channel).await;
        }
    }
}

#[tokio::test]
async fn a_server_silent_before_the_body_sent_nothing_and_is_given_up_in_time() {
    for (at, fault) in BEFORE_THE_BODY {
        for fake in both_kinds().await {
            let channel = hasty(&fake);
            fake.always(at, Act::Silence);

            let sent = tokio::time::timeout(Duration::from_secs(5), channel.send(&message(1))).await;

            let error = sent.expect("its own deadline comes first").unwrap_err();
            assert_eq!((error.fault, error.went), (fault, Went::No), "{at:?}");
            fake.all_closed().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_greets_late_but_in_time_is_waited_for() {
    for fake in both_kinds().await {
        fake.next(At::Greeting, Act::Late(Duration::from_millis(50)));

        assert!(channel(&fake).send(&message(1)).await.is_ok());
    }
}

#[tokio::test]
async fn a_body_given_without_an_answer_may_have_gone() {
    for act in [Act::Cut, Act::Silence, Act::TakeAndCut, Act::TakeAndSilence, Act::Say("hello".to_owned())] {
        for fake in both_kinds().await {
            let channel = hasty(&fake);
            fake.next(At::Dot, act.clone());

            let error = channel.send(&message(1)).await.unwrap_err();

            assert_eq!(error.went, Went::Perhaps, "{act:?}");
            recovers(&fake, &error, &channel).await;
        }
    }
}

#[tokio::test]
async fn a_short_body_cut_half_way_cannot_be_told_from_one_that_arrived() {
    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.next(At::Body, Act::Cut);

        let error = channel.send(&message(1)).await.unwrap_err();

        assert_eq!(error.went, Went::Perhaps);
        recovers(&fake, &error, &channel).await;
    }
}

#[tokio::test]
async fn a_long_body_cut_before_its_end_was_written_sent_nothing() {
    use crate::kit::mail;
    use liaison_channels::message::{Mail, OurRef, Outgoing};

    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.change(|script| script.size = None);
        fake.next(At::Body, Act::Cut);
        // More than loopback's buffers hold, so that the end cannot have left our hands.
        let long = Mail { plain: "All is well with her this week.\n".repeat(500_000).into(), ..mail() };

        let error = channel.send(&Outgoing::mail(OurRef(uuid::Uuid::nil()), long)).await.unwrap_err();

        assert_eq!(error.went, Went::No);
    }
}

#[tokio::test]
async fn a_refusal_at_any_step_sent_nothing_and_keeps_the_connection_where_it_can() {
    for at in [At::Mail, At::Rcpt, At::Data, At::Dot] {
        for fake in both_kinds().await {
            let channel = channel(&fake);
            fake.next(at, Act::Say("550 5.7.1 not this one".to_owned()));

            let error = channel.send(&message(1)).await.unwrap_err();

            assert_eq!((error.went, error.code.as_deref()), (Went::No, Some("550 5.7.1")), "{at:?}");
            assert_eq!(error.said.expose(), "550 5.7.1 not this one");
            recovers(&fake, &error, &channel).await;
            assert_eq!(fake.connections(), 1, "{at:?}");
        }
    }
}

#[tokio::test]
async fn a_goodbye_at_the_final_dot_is_a_no() {
    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.next(At::Dot, Act::SayAndCut("421 4.3.0 closing".to_owned()));

        let error = channel.send(&message(1)).await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Throttled { wait: None }, Went::No));
        recovers(&fake, &error, &channel).await;
    }
}

#[tokio::test]
async fn a_recipient_refused_while_data_is_agreed_to_gets_nothing() {
    let [fake, _] = both_kinds().await;
    let channel = channel(&fake);
    fake.refuse("gone@post.example", "550 5.1.1 no such mailbox");
    fake.next(At::Data, Act::Say("354 go on all the same".to_owned()));

    let error = channel.send(&message_to(1, "gone@post.example")).await.unwrap_err();

    assert_eq!((error.fault, error.went), (Fault::BadAddress, Went::No));
    recovers(&fake, &error, &channel).await;
    assert_eq!((fake.taken(), fake.connections()), (1, 1), "the empty message was not kept");
}

#[tokio::test]
async fn an_answer_to_data_that_is_no_354_never_gets_a_body() {
    for said in ["250 ok", "220 ok", "350 go", "200 go"] {
        for fake in both_kinds().await {
            let channel = channel(&fake);
            fake.next(At::Data, Act::Say(said.to_owned()));

            let error = channel.send(&message(1)).await.unwrap_err();

            assert_eq!(error.went, Went::No, "{said}");
            recovers(&fake, &error, &channel).await;
            assert_eq!(fake.connections(), 2, "such a line is not used again");
        }
    }
}

#[tokio::test]
async fn an_answer_too_many_is_never_taken_for_that_of_the_message() {
    for at in [At::Mail, At::Rcpt, At::Data] {
        for fake in both_kinds().await {
            let channel = channel(&fake);
            fake.next(at, Act::Add("250 2.0.0 and this".to_owned()));
            fake.always(At::Dot, Act::Say("554 5.7.1 refused".to_owned()));

            let first = channel.send(&message(1)).await.unwrap_err();
            let second = channel.send(&message(2)).await.unwrap_err();

            assert_eq!((first.went, first.fault), (Went::No, Fault::Temporary), "{at:?}");
            assert_eq!(second.code.as_deref(), Some("554 5.7.1"), "{at:?}");
        }
    }
}

#[tokio::test]
async fn a_message_that_timed_out_does_not_lend_its_answer_to_the_next() {
    for fake in both_kinds().await {
        let channel = hasty(&fake);
        fake.next(At::Dot, Act::Late(Duration::from_millis(300)));
        fake.next(At::Dot, Act::Say("554 5.7.1 refused".to_owned()));

        let first = channel.send(&message(1)).await.unwrap_err();
        let second = channel.send(&message(2)).await.unwrap_err();

        assert_eq!(first.went, Went::Perhaps);
        assert_eq!((second.went, second.code.as_deref()), (Went::No, Some("554 5.7.1")));
    }
}

#[tokio::test]
async fn no_error_repeats_an_address_a_name_or_a_word() {
    for at in [At::Greeting, At::Mail, At::Rcpt, At::Data, At::Dot] {
        for act in [Act::Say("550 5.1.1 <amina@post.example> Amina Yusuf: all is well".to_owned()), Act::Cut]
        {
            for fake in both_kinds().await {
                fake.always(at, act.clone());

                let error = channel(&fake).send(&message(1)).await.unwrap_err();

                let shown = format!("{error} {error:?}");
                assert!(!["mina", "post.example", "well"].iter().any(|word| shown.contains(word)), "{shown}");
            }
        }
    }
}
