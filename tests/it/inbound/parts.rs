//! A long text whose provider posts it part by part is one message, for the reader and for the record.

use std::time::Duration;

use liaison::flows::{keep, parts};
use liaison_channels::{
    inbound::{KeptText, read_text},
    private::Private,
    vonage,
};

use crate::support::{people::one_by_text, school::School};

/// A part as Vonage posts it.
fn part(number: u16, total: u16, id: &str, words: &str) -> KeptText {
    let raw = format!(
        "msisdn=447700900101&to=447700900456&messageId={id}&text={words}&type=text&keyword=X\
         &message-timestamp=2026-11-23+10%3A00%3A00&concat=true&concat-ref=203&concat-total={total}&concat-part={number}"
    )
    .into_bytes();
    let text = read_text(vonage::POSTED, &raw).expect("a part");
    KeptText { text, form: vonage::POSTED, raw: Private::new(raw) }
}

async fn school() -> School {
    School::open(&one_by_text().changed("C1", |carer| carer.mobile("07700 900101"))).await
}

async fn arrive(school: &School, parts: &[KeptText]) -> usize {
    for part in parts {
        keep::texts(&school.gateway, "texts", std::slice::from_ref(part)).await.expect("kept");
    }
    school.understand().await
}

/// The words of every message that a person reads.
async fn read(school: &School) -> Vec<String> {
    let sql = "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
               where e.kind = 'received' order by e.id";
    school.rows(sql).await
}

#[tokio::test]
async fn parts_in_any_order_and_twice_over_are_one_message_once_all_are_there() {
    let school = school().await;
    let (one, two, three) = (
        part(1, 3, "0A1", "Sam+has+a+cold"),
        part(2, 3, "0A2", ".+He+stays+"),
        part(3, 3, "0A3", "at+home."),
    );

    let early = arrive(&school, &[three.clone(), one.clone(), one.clone()]).await;
    let waits = (school.cases().await.len(), read(&school).await.len());
    arrive(&school, &[two, three]).await;

    assert_eq!((early, waits), (0, (0, 0)));
    assert_eq!(read(&school).await, ["Sam has a cold. He stays at home."]);
    assert_eq!(school.cases().await.len(), 1);
    let forms = school.rows("select form from received order by form, id").await;
    assert_eq!(forms, ["joined_text", "vonage_post", "vonage_post", "vonage_post"], "each as it came");
    assert_eq!(school.rows("select part_of from text_part").await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn what_never_came_whole_is_read_after_a_while_with_the_gap_shown() {
    let school = school().await;
    arrive(&school, &[part(1, 3, "0A1", "Sam+has+a+cold"), part(3, 3, "0A3", "at+home.")]).await;

    school.later(Duration::from_mins(14));
    let early = parts::join_overdue(&school.gateway).await.expect("asked");
    school.later(Duration::from_mins(2));
    let late = parts::join_overdue(&school.gateway).await.expect("asked");
    school.understand().await;
    let again = parts::join_overdue(&school.gateway).await.expect("asked");

    assert_eq!((early, late, again), (0, 1, 0));
    assert_eq!(read(&school).await, ["Sam has a cold […] at home."]);
    school.close().await;
}

#[tokio::test]
async fn the_same_mark_used_again_later_is_another_text() {
    let school = school().await;
    arrive(&school, &[part(1, 2, "0A1", "The+first")]).await;
    school.later(Duration::from_mins(20));

    arrive(&school, &[part(2, 2, "0B2", "+second")]).await;
    parts::join_overdue(&school.gateway).await.expect("asked");
    arrive(&school, &[part(1, 2, "0B1", "The")]).await;

    let mut words = read(&school).await;
    words.sort();
    assert_eq!(words, ["The first […] ", "The second"]);
    school.close().await;
}

#[tokio::test]
async fn two_parts_that_come_at_the_same_moment_find_each_other() {
    let school = school().await;

    let (one, two) = (part(1, 2, "0A1", "Sam+is"), part(2, 2, "0A2", "+ill."));
    let keep = |part: KeptText| {
        let gateway = std::sync::Arc::clone(&school.gateway);
        tokio::spawn(async move { keep::texts(&gateway, "texts", &[part]).await.expect("kept") })
    };
    let (first, second) = (keep(one), keep(two));
    first.await.expect("kept");
    second.await.expect("kept");
    school.understand().await;

    assert_eq!(read(&school).await, ["Sam is ill."]);
    school.close().await;
}
