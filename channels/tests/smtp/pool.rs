//! Connections: never more than the cap, used again when clean, never when not.

use liaison_channels::{
    Sender as _,
    error::{Fault, Went},
    fakes::smtp::{Act, At},
};
use serde_json::json;

use crate::kit::{both_kinds, channel, channel_with, message, start};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_messages_at_once_never_open_more_connections_than_allowed() {
    let fake = start(true).await;
    let channel = channel_with(&fake, &json!({"connections": 3}));

    let sends = (0..50).map(|number| {
        let channel = channel.clone();
        tokio::spawn(async move { channel.send(&message(number)).await.is_ok() })
    });
    let sent = futures_util::future::join_all(sends).await;

    assert!(sent.into_iter().all(Result::unwrap));
    assert_eq!((fake.taken(), fake.connections(), fake.max_open()), (50, 3, 3));
}

#[tokio::test]
async fn one_connection_carries_many_messages() {
    for fake in both_kinds().await {
        let channel = channel(&fake);

        for number in 0..20 {
            channel.send(&message(number)).await.unwrap();
        }

        assert_eq!((fake.taken(), fake.connections()), (20, 1));
        assert_eq!((fake.steps(At::Rset), fake.violations().len()), (0, 0));
    }
}

#[tokio::test]
async fn a_send_dropped_half_way_spoils_no_later_one() {
    for at in [At::Mail, At::Data, At::Dot] {
        for fake in both_kinds().await {
            let channel = channel(&fake);
            channel.send(&message(1)).await.unwrap();
            let begun = fake.steps(at);
            fake.next(at, Act::Silence);
            let dropped = message(2);
            tokio::select! {
                _ = channel.send(&dropped) => panic!("the server is silent"),
                () = fake.reached(at, begun + 1) => {}
            }
            fake.next(At::Dot, Act::Say("554 5.7.1 refused".to_owned()));

            let next = channel.send(&message(3)).await.unwrap_err();

            assert_eq!(next.code.as_deref(), Some("554 5.7.1"), "{at:?}");
            assert!(channel.send(&message(4)).await.is_ok());
            assert_eq!(fake.connections(), 2);
        }
    }
}

#[tokio::test]
async fn a_parked_line_that_the_server_closed_costs_no_message() {
    for act in [Act::Cut, Act::SayAndCut("421 4.4.2 idle too long".to_owned())] {
        for fake in both_kinds().await {
            let channel = channel(&fake);
            channel.send(&message(1)).await.unwrap();
            fake.next(At::Mail, act.clone());

            let second = channel.send(&message(2)).await;

            assert!(second.is_ok(), "{act:?}: {second:?}");
            assert_eq!((fake.taken(), fake.connections()), (2, 2));
        }
    }
}

#[tokio::test]
async fn a_fresh_line_that_fails_is_not_tried_again() {
    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.always(At::Mail, Act::SayAndCut("421 4.7.0 slow down".to_owned()));

        let error = channel.send(&message(1)).await.unwrap_err();

        assert_eq!((error.fault, error.went), (Fault::Throttled { wait: None }, Went::No));
        assert_eq!(fake.connections(), 1);
    }
}

#[tokio::test]
async fn a_stale_line_is_replaced_once_and_no_more() {
    let fake = start(true).await;
    let channel = channel(&fake);
    channel.send(&message(1)).await.unwrap();
    fake.always(At::Mail, Act::Cut);

    let error = channel.send(&message(2)).await.unwrap_err();

    assert_eq!(error.went, Went::No);
    assert_eq!(fake.connections(), 2);
}

#[tokio::test]
async fn a_line_on_which_the_server_spoke_unasked_is_not_used_again() {
    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.next(At::Dot, Act::Add("421 4.4.2 closing".to_owned()));

        assert!(channel.send(&message(1)).await.is_ok());
        assert!(channel.send(&message(2)).await.is_ok());

        assert_eq!(fake.connections(), 2);
    }
}

#[tokio::test]
async fn a_line_on_which_the_server_spoke_while_it_was_parked_is_not_used_again() {
    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.next(At::Dot, Act::AddLater("250 2.0.0 by the way".to_owned()));
        channel.send(&message(1)).await.unwrap();
        fake.reached(At::Unasked, 1).await;

        let second = channel.send(&message(2)).await;

        assert!(second.is_ok(), "{second:?}");
        assert_eq!((fake.connections(), fake.taken()), (2, 2));
    }
}

#[tokio::test]
async fn a_line_unused_for_too_long_is_not_used_again() {
    let fake = start(true).await;
    let channel = channel_with(&fake, &json!({"idle_secs": 0.000_000_001}));

    channel.send(&message(1)).await.unwrap();
    channel.send(&message(2)).await.unwrap();

    assert_eq!((fake.connections(), fake.taken()), (2, 2));
}

#[tokio::test]
async fn closing_says_goodbye_on_every_parked_line() {
    let fake = start(true).await;
    let channel = channel(&fake);
    let (one, two) = (message(1), message(2));
    let (first, second) = tokio::join!(channel.send(&one), channel.send(&two));
    assert!(first.is_ok() && second.is_ok());

    channel.close().await;

    fake.all_closed().await;
    assert_eq!(fake.steps(At::Quit), fake.connections());
}

#[tokio::test]
async fn a_probe_tries_everything_and_writes_to_nobody() {
    for fake in both_kinds().await {
        let channel = channel_with(&fake, &json!({"connections": 1}));
        channel.send(&message(1)).await.unwrap();

        let told = channel.probe().await.unwrap();

        assert!(told.contains("without encryption, without signing in"), "{told}");
        fake.all_closed().await;
        assert_eq!((fake.taken(), fake.steps(At::Rcpt), fake.max_open()), (1, 1, 1));
        assert_eq!((fake.steps(At::Mail), fake.steps(At::Rset)), (2, 1));
    }
}

#[tokio::test]
async fn a_pace_lets_a_second_s_worth_through_and_then_holds() {
    let fake = start(true).await;
    let slow = channel_with(&fake, &json!({"per_minute": 30}));
    let quick = channel_with(&fake, &json!({"per_minute": 6000}));

    let places = (slow.pace().take(1000), slow.pace().take(1000), quick.pace().take(1000));

    assert_eq!(places, (1, 0, 100));
}
