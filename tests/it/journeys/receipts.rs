//! What the provider reports later, through the webhook as it is served.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use liaison::{
    flows::{gateway::Gateway, receipts},
    store::Store,
    web,
};
use liaison_channels::{
    fakes::twilio::{Deed, SignedPost},
    message::ProviderRef,
    receipt::{FailedAs, Progress, Receipt},
};
use sqlx::postgres::PgConnectOptions;
use tower::ServiceExt as _;

use crate::support::{
    people::{Roll, carer, one_by_text, pupil},
    school::{School, sender},
};

const WORDS: &str = "Sam read two whole chapters aloud.";

/// Posts to the daemon; returns the HTTP status.
pub(super) async fn post(school: &School, post: &SignedPost) -> u16 {
    post_to(&school.gateway, &post.path_and_query, post).await
}

async fn post_to(gateway: &Arc<Gateway>, path: &str, post: &SignedPost) -> u16 {
    let mut request = Request::post(path);
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(post.body.clone())).unwrap();
    web::router(Arc::clone(gateway), web::Site::default()).oneshot(request).await.unwrap().status().as_u16()
}

/// Reports on a message of the provider's.
async fn report(school: &School, sid: &str, status: &str, code: Option<u32>) -> u16 {
    post(school, &school.texts.callback_request(sid, status, code).unwrap()).await
}

async fn sent_text() -> (School, String) {
    let school = School::open(&one_by_text()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let sid = school.texts.messages()[0].sid.clone();
    (school, sid)
}

#[tokio::test]
async fn receipts_in_every_order_and_repeated_end_in_the_same_state() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let carers: Vec<_> = (0..orders.len())
        .map(|n| {
            carer("P1", &format!("C{n}"), "Ann", "Other").mobile(&format!("07700 90020{n}")).wants("sms")
        })
        .collect();
    let school = School::open(&Roll::new(&[pupil("P1", "Sam", "Ash")], &carers)).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    for (message, order) in school.texts.messages().iter().zip(orders) {
        for status in order.map(|n| ["sending", "sent", "delivered"][n]) {
            for _ in 0..3 {
                assert_eq!(report(&school, &message.sid, status, None).await, 200);
            }
        }
    }

    let states = school.states().await;
    assert!(states.iter().all(|state| state.ends_with("delivered")), "{states:?}");
    assert_eq!(school.told("delivered").await, orders.len());
    assert_eq!(school.rows("select count(*)::text from receipt").await, ["18"], "every status is kept, once");
    assert_eq!(school.rows("select count(*)::text from receipt where moved").await, ["6"]);
    school.close().await;
}

#[tokio::test]
async fn a_text_that_did_not_arrive_takes_the_next_route_once_however_often_it_is_reported() {
    let (school, sid) = sent_text().await;

    for _ in 0..3 {
        report(&school, &sid, "undelivered", Some(30_005)).await;
    }
    report(&school, &sid, "sent", None).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email submitted", "Amina Begum text failed"]);
    assert_eq!(school.to_do().await, ["check_address for Amina Begum"]);
    assert_eq!(school.rows("select status from address where kind = 'mobile'").await, ["failing"]);
    assert_eq!(school.told("failed").await, 1);
    school.close().await;
}

#[tokio::test]
async fn nothing_moves_a_text_that_has_arrived() {
    let (school, sid) = sent_text().await;
    report(&school, &sid, "delivered", None).await;

    for (status, code) in [("failed", Some(30_008)), ("undelivered", Some(30_005)), ("queued", None)] {
        assert_eq!(report(&school, &sid, status, code).await, 200);
    }
    school.deliver().await;

    assert_eq!(school.delivery().await.state, "delivered");
    assert_eq!(school.mail.taken(), 0);
    assert_eq!(school.rows("select count(*)::text from receipt").await, ["4"]);
    school.close().await;
}

#[tokio::test]
async fn a_forged_post_is_refused_and_nothing_of_it_is_kept() {
    let (school, sid) = sent_text().await;
    let honest = school.texts.callback_request(&sid, "undelivered", Some(30_005)).unwrap();
    let forged = |change: &dyn Fn(&mut SignedPost)| {
        let mut post = honest.clone();
        change(&mut post);
        post
    };
    let posts = [
        forged(&|post| {
            post.body =
                String::from_utf8(post.body.clone()).unwrap().replace("undelivered", "delivered").into();
        }),
        forged(&|post| post.headers.retain(|(name, _)| name != "x-twilio-signature")),
        forged(&|post| {
            post.headers
                .iter_mut()
                .for_each(|(_, value)| *value = value.replace('a', "b").replace('=', "A="));
        }),
        forged(&|post| post.path_and_query.push_str("&more=1")),
        forged(&|post| post.body.extend_from_slice(b"&ErrorCode=21610")),
    ];

    for forged in &posts {
        let status = post(&school, forged).await;
        assert_eq!(status, 403, "{:?}", String::from_utf8_lossy(&forged.body));
    }

    assert_eq!(school.delivery().await.state, "submitted");
    assert_eq!(school.rows("select status from receipt").await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_post_to_a_channel_that_is_posted_nothing_is_not_found() {
    let (school, sid) = sent_text().await;
    let honest = school.texts.callback_request(&sid, "delivered", None).unwrap();

    for path in ["/webhooks/school-mail/status", "/webhooks/nobody/status", "/webhooks/No%20Name/status"] {
        assert_eq!(post_to(&school.gateway, path, &honest).await, 404, "{path}");
    }
    school.close().await;
}

#[tokio::test]
async fn while_postgres_is_away_the_provider_is_told_to_come_again() {
    let (school, sid) = sent_text().await;
    let honest = school.texts.callback_request(&sid, "delivered", None).unwrap();
    let nowhere =
        PgConnectOptions::new_without_pgpass().socket("/nonexistent").database("none").username("none");
    let away = school.another_daemon(Store::open(nowhere, 4));

    let unreachable = post_to(&away, &honest.path_and_query, &honest).await;
    let ready = Request::get("/readyz").body(Body::empty()).unwrap();
    let ready = web::router(Arc::clone(&away), web::Site::default()).oneshot(ready).await.unwrap().status();
    let back = post(&school, &honest).await;

    assert_eq!((unreachable, ready, back), (503, StatusCode::SERVICE_UNAVAILABLE, 200));
    assert_eq!(school.delivery().await.state, "delivered");
    school.close().await;
}

#[tokio::test]
async fn after_postgres_was_restarted_the_first_receipt_is_kept_at_once() {
    let (school, sid) = sent_text().await;
    // Every connection of the pool is open, parked, and then dead.
    let pool = school.gateway.store.pool();
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(pool.acquire().await.unwrap());
    }
    drop(open);
    while pool.num_idle() < 8 {
        tokio::task::yield_now().await;
    }
    school.db.cut_connections().await;

    let status = report(&school, &sid, "delivered", None).await;

    assert_eq!(status, 200, "the provider does not repeat a status for ever");
    assert_eq!(school.delivery().await.state, "delivered");
    school.close().await;
}

#[tokio::test]
async fn a_receipt_that_overtakes_our_own_settling_stands() {
    let school = School::open(&one_by_text()).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "texts").await;
    lane.step().await.unwrap();
    let sid = school.texts.messages()[0].sid.clone();

    let before = school.delivery().await.state;
    let status = report(&school, &sid, "delivered", None).await;
    lane.finish().await.unwrap();

    assert_eq!((before.as_str(), status), ("submitting", 200));
    let delivery = school.delivery().await;
    assert_eq!((delivery.state.as_str(), delivery.provider_ref), ("delivered", Some(sid)));
    assert_eq!((school.told("submitted").await, school.told("delivered").await), (1, 1));
    school.close().await;
}

#[tokio::test]
async fn a_receipt_clears_up_a_doubt_by_itself() {
    let school = School::open(&one_by_text()).await;
    school.real_time();
    school.texts.next(1, Deed::Cut { took: true });
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let sid = school.texts.messages()[0].sid.clone();

    report(&school, &sid, "sent", None).await;
    let cleared = school.delivery().await.state;
    report(&school, &sid, "delivered", None).await;
    school.deliver().await;

    assert_eq!(cleared, "submitted");
    assert_eq!(school.delivery().await.state, "delivered");
    assert_eq!(school.texts.messages().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_receipt_for_a_message_that_is_not_ours_is_kept_and_moves_nothing() {
    let (school, sid) = sent_text().await;
    let foreign = format!("SM{}", uuid::Uuid::now_v7().simple());
    let mut taken = school.texts.messages().remove(0);
    taken.sid.clone_from(&foreign);
    school.texts.plant(taken);

    let status = report(&school, &foreign, "undelivered", Some(30_005)).await;

    assert_eq!(status, 200);
    let delivery = school.delivery().await;
    assert_eq!((delivery.state.as_str(), delivery.provider_ref), ("submitted", Some(sid)));
    assert_eq!(school.rows("select moved::text from receipt").await, ["false"]);
    school.close().await;
}

#[tokio::test]
async fn a_receipt_that_overtakes_our_own_doubt_stands() {
    let school = School::open(&one_by_text()).await;
    school.texts.next(1, Deed::Cut { took: true });
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "texts").await;
    lane.step().await.unwrap();
    let sid = school.texts.messages()[0].sid.clone();

    report(&school, &sid, "sent", None).await;
    lane.finish().await.unwrap();
    school.deliver().await;

    let delivery = school.delivery().await;
    assert_eq!((delivery.state.as_str(), delivery.provider_ref), ("submitted", Some(sid)));
    assert_eq!(school.texts.messages().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_receipt_that_overtakes_the_answer_to_its_message_is_read_once_the_name_is_known() {
    let school = School::open(&one_by_text()).await;
    school.queue(&[("P1", WORDS)]).await;
    let mut lane = school.lane(&school.gateway, "texts").await;
    // Handed over, and not yet settled: the provider's name for it stands nowhere of ours.
    lane.step().await.unwrap();
    let sid = school.texts.messages()[0].sid.clone();
    let early = Receipt {
        reference: ProviderRef(sid.clone()),
        ours: None,
        progress: Progress::Failed(FailedAs::Refused),
        status: "undelivered".to_owned(),
        code: Some("30007".to_owned()),
    };

    let moved = receipts::keep(&school.gateway, "texts", std::slice::from_ref(&early)).await.unwrap();
    let repeated = receipts::keep(&school.gateway, "texts", &[early]).await.unwrap();
    lane.finish().await.unwrap();

    assert_eq!((moved, repeated), (0, 0));
    let failed = school.deliveries().await.remove(0);
    assert_eq!((failed.state.as_str(), failed.provider_ref), ("failed", Some(sid)));
    assert!(failed.reason.unwrap().contains("undelivered (code 30007)"));
    let placed = "select moved::text || ' ' || (delivery_id is not null)::text from receipt";
    assert_eq!(school.rows(placed).await, ["true true"]);
    assert_eq!(school.deliveries().await[1].route, "email", "the next way is taken");
    school.close().await;
}

#[tokio::test]
async fn a_missed_post_is_made_up_for_by_the_providers_list() {
    let (school, sid) = sent_text().await;
    assert!(school.texts.set_status(&sid, "undelivered", Some(30_005)).is_some());
    let texts = sender(&school.gateway, "texts");

    let moved = receipts::catch_up(&school.gateway, texts.as_ref()).await.unwrap();
    let again = receipts::catch_up(&school.gateway, texts.as_ref()).await.unwrap();

    assert_eq!((moved, again), (Some(1), Some(0)));
    assert_eq!(school.deliveries().await[0].state, "failed");
    school.close().await;
}
