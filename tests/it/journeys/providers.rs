//! The same journey by other providers of texts: an update arrives, and its answer is a person's.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use liaison::web;
use liaison_channels::{
    ChannelConfig,
    conformance::Post,
    fakes::{
        govuk_notify::GovukNotifyFake,
        vonage::{SignedPost, VonageFake},
    },
};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::support::{people::one_by_text, school::School};

const WORDS: &str = "Sam read two whole chapters aloud.";
const HER_NUMBER: &str = "+447700900101";
const STATUS_URL: &str = "https://liaison.school.example/webhooks/texts/status";
const TEXT_URL: &str = "https://liaison.school.example/webhooks/texts/text";

/// A school whose texts go by this provider.
async fn school(texts: ChannelConfig) -> School {
    School::with(&one_by_text(), |setup| setup.texts = Some(texts)).await
}

/// Calls the daemon by its own routes. Returns the HTTP status.
async fn call(school: &School, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> u16 {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    let request = request.body(Body::from(body.to_vec())).unwrap();
    web::router(Arc::clone(&school.gateway), web::Site::default())
        .oneshot(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

/// The call of an account that is set to call by GET: everything in the address.
async fn get(school: &School, post: &SignedPost) -> u16 {
    let form = String::from_utf8(post.body.clone()).unwrap();
    call(school, "GET", &format!("{}?{form}", post.path_and_query), &[], &[]).await
}

/// The words of every message that a person reads.
async fn read(school: &School) -> Vec<String> {
    let sql = "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
               where e.kind = 'received' order by e.id";
    school.rows(sql).await
}

/// One answer of hers is in a case of her class teacher's, waits for an answer, and reads like this.
async fn is_before_her_teacher(school: &School, words: &str) {
    let case = school.case().await;
    assert_eq!((case.carer.as_str(), case.pupil.as_deref()), ("Amina Begum", Some("Sam Ash")));
    assert_eq!((case.role.as_str(), case.came_by), ("teacher", "text"));
    assert_eq!(school.clocks().await.len(), 1);
    assert_eq!(read(school).await, [words]);
}

#[tokio::test]
async fn by_vonage_an_update_is_delivered_when_its_last_part_is_and_an_answer_in_parts_is_one_case() {
    let (folder, fake) = (TempDir::new().unwrap(), VonageFake::start().unwrap());
    let school = school(ChannelConfig::new(fake.config(folder.path()).unwrap())).await;
    school.queue(&[("P1", &WORDS.repeat(6))]).await;
    school.deliver().await;
    let [taken] = <[_; 1]>::try_from(fake.messages()).unwrap();
    assert_eq!((taken.to.as_str(), taken.ids.len()), (HER_NUMBER, 2), "{}", taken.body);
    assert!(taken.body.contains(WORDS));

    let mut states = vec![school.delivery().await.state];
    for part in 0..taken.ids.len() {
        let receipt = fake.receipt_request(&taken, part, "delivered", "0").unwrap();
        assert!(receipt.url.starts_with(STATUS_URL));
        assert_eq!(get(&school, &receipt).await, 200);
        states.push(school.delivery().await.state);
    }
    let words = "Thank you. Could you tell me which book it was, please? ".repeat(5);
    let mut parts = fake.receive(TEXT_URL, HER_NUMBER, words.trim_end());
    parts.reverse();
    for part in &parts {
        assert_eq!(get(&school, part).await, 200);
    }
    school.understand().await;

    assert_eq!(states, ["submitted", "submitted", "delivered"]);
    assert_eq!(parts.len(), 2);
    is_before_her_teacher(&school, words.trim_end()).await;
    assert_eq!(fake.complaints(), Vec::<String>::new());
    assert_eq!(school.texts.posted(), 0);
    school.close().await;
}

#[tokio::test]
async fn by_govuk_notify_an_update_is_delivered_and_an_answer_is_a_case() {
    let (folder, fake) = (TempDir::new().unwrap(), GovukNotifyFake::start().unwrap());
    let school = school(ChannelConfig::new(fake.config(folder.path()).unwrap())).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let [taken] = <[_; 1]>::try_from(fake.texts()).unwrap();
    assert!(taken.sent.contains(WORDS), "{}", taken.sent);

    let mut states = vec![school.delivery().await.state];
    for status in ["sending", "delivered"] {
        let receipt = fake.receipt(&taken.id, status).unwrap();
        assert_eq!(post(&school, "status", &receipt).await, 200);
        states.push(school.delivery().await.state);
    }
    let words = "Thank you. Which book was it?";
    let text = fake.receive(HER_NUMBER, words);
    // The provider repeats what it has had no answer to.
    assert_eq!([post(&school, "text", &text).await, post(&school, "text", &text).await], [200, 200]);
    school.understand().await;

    assert_eq!(states, ["submitted", "submitted", "delivered"]);
    is_before_her_teacher(&school, words).await;
    assert_eq!(fake.complaints(), Vec::<String>::new());
    assert_eq!(school.texts.posted(), 0);
    school.close().await;
}

async fn post(school: &School, what: &str, post: &Post) -> u16 {
    call(school, "POST", &format!("/webhooks/texts/{what}"), &post.headers, &post.body).await
}

#[tokio::test]
async fn what_another_forges_in_a_provider_s_name_is_refused_and_nothing_of_it_is_kept() {
    let folder = TempDir::new().unwrap();
    let vonage = VonageFake::start().unwrap();
    let by_vonage = school(ChannelConfig::new(vonage.config(folder.path()).unwrap())).await;
    let notify = GovukNotifyFake::start().unwrap();
    let by_notify = school(ChannelConfig::new(notify.config(folder.path()).unwrap())).await;

    let mut told = vonage.receive(TEXT_URL, HER_NUMBER, "When is the trip?").remove(0);
    told.body = String::from_utf8(told.body).unwrap().replace("trip", "test").into_bytes();
    let mut text = notify.receive(HER_NUMBER, "When is the trip?");
    text.headers.iter_mut().for_each(|(_, value)| *value = value.replace("chosen", "guessed"));

    assert_eq!((get(&by_vonage, &told).await, post(&by_notify, "text", &text).await), (403, 403));
    for school in [by_vonage, by_notify] {
        assert_eq!((school.understand().await, school.received().await.len()), (0, 0));
        school.close().await;
    }
}
