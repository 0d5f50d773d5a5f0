//! What keeps a whole school from being told too much, or too soon given up: a restored copy, a server out of reach.

use std::time::Duration;

use liaison::flows::operate;

use crate::support::{people::one_by_email, school::School};

const WORDS: &str = "Sam read two whole chapters aloud.";

#[tokio::test]
async fn a_database_found_on_another_server_sends_nothing_until_a_person_releases_it() {
    let school = School::open(&one_by_email()).await;
    let at_home = [
        operate::hold_if_moved(&school.gateway).await.unwrap(),
        operate::hold_if_moved(&school.gateway).await.unwrap(),
    ];
    school.queue(&[("P1", WORDS)]).await;
    school.db.as_superuser("update home set server = 'the server before'").await;

    let moved = operate::hold_if_moved(&school.gateway).await.unwrap();
    school.deliver().await;
    let while_held = school.mail.taken();
    let again = operate::hold_if_moved(&school.gateway).await.unwrap();
    assert!(operate::release(&school.gateway, "all", "technician").await.unwrap());
    school.deliver().await;

    assert_eq!((at_home, moved, again), ([false, false], true, false));
    assert_eq!((while_held, school.mail.taken()), (0, 1));
    school.close().await;
}

#[tokio::test]
async fn a_server_out_of_reach_uses_up_no_tries_and_takes_no_other_route() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let school =
        School::with(&one_by_email(), |setup| setup.policy.retry.0 = vec![Duration::from_mins(1)]).await;
    let config: liaison_channels::smtp::SmtpConfig = serde_json::from_value(serde_json::json!({
        "host": "127.0.0.1", "port": nobody.port(), "tls": "none", "from": "parents@northfield.example",
    }))
    .unwrap();
    school.queue(&[("P1", WORDS)]).await;

    for _ in 0..4 {
        // Each round a channel of its own, as its pause is kept by the machine's clock and not by the test's.
        let id = liaison_channels::message::ChannelId::parse("school-mail").unwrap();
        let gone = liaison_channels::open(id, &liaison_channels::ChannelConfig::new(config.clone())).unwrap();
        let mut lane = liaison::flows::deliver::Lane::new(school.gateway.clone(), gone, 1);
        school.beat(&lane).await;
        lane.step().await.unwrap();
        lane.finish().await.unwrap();
        school.later(Duration::from_mins(2));
    }
    let waiting = school.delivery().await;
    school.deliver().await;

    assert_eq!((waiting.state.as_str(), waiting.tries), ("queued", 4));
    assert_eq!(school.to_do().await, Vec::<String>::new(), "no call was made of it");
    assert_eq!(school.mail.taken(), 1, "it leaves when the server is back");
    school.close().await;
}
