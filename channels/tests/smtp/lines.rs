//! The words for refusals, as they come over the line; every row of the table is tested beside the table itself.

use liaison_channels::{
    Sender as _,
    error::{Fault, Went},
    fakes::smtp::{Act, At},
};

use crate::kit::{both_kinds, channel, message, message_to};

#[tokio::test]
async fn the_step_decides_what_the_same_answer_means() {
    let cases = [
        (At::Greeting, "554 5.7.1 no", Fault::Misconfigured),
        (At::Ehlo, "421 4.3.2 closing", Fault::Unreachable),
        (At::Mail, "550 5.7.1 no", Fault::Misconfigured),
        (At::Rcpt, "550 5.7.1 no", Fault::Refused),
        (At::Rcpt, "550 5.1.1 no", Fault::BadAddress),
        (At::Rcpt, "554 5.7.1 relay access denied", Fault::Misconfigured),
        (At::Rcpt, "452 4.2.2 full", Fault::Temporary),
        (At::Dot, "550 5.7.1 no", Fault::Refused),
        (At::Dot, "450 4.7.1 rate", Fault::Throttled { wait: None }),
    ];

    for (at, said, fault) in cases {
        for fake in both_kinds().await {
            fake.always(at, Act::Say(said.to_owned()));

            let error = channel(&fake).send(&message(1)).await.unwrap_err();

            assert_eq!((error.fault, error.went), (fault, Went::No), "{at:?} {said}");
            assert_eq!(error.code.as_deref(), said.rsplit_once(' ').map(|_| said.get(..9).unwrap()));
            assert!(error.summary.starts_with("127.0.0.1:") && error.summary.ends_with('.'), "{error}");
        }
    }
}

#[tokio::test]
async fn one_bad_address_does_not_hold_up_the_others() {
    for fake in both_kinds().await {
        let channel = channel(&fake);
        fake.refuse("gone@post.example", "550 5.1.1 no such mailbox");

        let mut faults = Vec::new();
        for to in ["a@post.example", "gone@post.example", "b@post.example"] {
            faults.push(channel.send(&message_to(1, to)).await.map_err(|error| error.fault).err());
        }

        assert_eq!(faults, [None, Some(Fault::BadAddress), None]);
        let taken: Vec<_> = fake.messages().into_iter().map(|message| message.to).collect();
        assert_eq!(
            (taken, fake.connections()),
            (vec!["a@post.example".to_owned(), "b@post.example".to_owned()], 1)
        );
    }
}
