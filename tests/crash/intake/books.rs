//! What must be true of everything that arrived, whatever happened.

use std::collections::{HashMap, HashSet};

use sqlx::Connection as _;
use uuid::Uuid;

use super::flood::Flood;
use crate::{daemon, ledger};

/// What must not be there: each counts something that went wrong.
const WRONG: [(&str, &str); 7] = [
    ("altered", "select count(*) from received where sha256(raw) <> digest or octet_length(raw) <> bytes"),
    ("cut short", "select count(*) from received where left_out > 0 or trouble is not null"),
    (
        "unread",
        "select count(*) from received r where not exists (select from reading where received_id = r.id)",
    ),
    (
        "read without being there",
        "select count(*) from reading g where not exists (select from received where id = g.received_id)",
    ),
    (
        "told of never, or twice",
        "select count(*) from (select from received r left join chronology_entry e on e.received_id = r.id and e.kind = 'received' group by r.id having count(e.id) <> 1) t",
    ),
    (
        "acknowledged twice",
        "select count(*) from (select from answer where purpose = 'acknowledgement' group by received_id having count(*) > 1) t",
    ),
    (
        "acknowledged by two messages",
        "select count(*) from (select from delivery where answer_id is not null group by answer_id having count(*) > 1) t",
    ),
];

/// Checks it; returns the mails of ours that went twice.
pub(super) async fn check(flood: &Flood) -> HashSet<Uuid> {
    assert_same(kept_mails(flood).await, flood.delivered(), "mails");
    let texts = flood.school.twilio.arrived().into_iter().map(|text| text.sid).collect();
    assert_same(kept_texts(flood).await, texts, "texts");
    for (what, sql) in WRONG {
        assert_eq!(flood.school.count(sql).await, 0, "{what}");
    }
    let acknowledged = flood.school.count("select count(*) from answer").await;
    assert!(acknowledged > 500, "only {acknowledged} were acknowledged");
    assert_eq!(flood.school.smtp.violations(), Vec::<String>::new());
    assert_eq!(flood.school.twilio.complaints(), Vec::<String>::new());
    daemon::run(&flood.school.config(), &["chronology", "verify"]).await;
    ledger::check_log(&flood.school);
    sent_once(flood).await
}

/// Every message of ours is on the books, and no text went twice.
async fn sent_once(flood: &Flood) -> HashSet<Uuid> {
    let mut connection = flood.school.place.connect().await;
    let rows: Vec<(Uuid, String, String, bool)> =
        sqlx::query_as("select id, route, provider_ref, maybe_twice from delivery where state = 'submitted'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    connection.close().await.ok();
    let mut times: HashMap<String, usize> = HashMap::new();
    for mail in flood.school.smtp.messages() {
        let id = mail.data.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("a Message-ID");
        *times.entry(id.trim().to_owned()).or_default() += 1;
    }
    for text in flood.school.twilio.messages() {
        *times.entry(text.sid).or_default() += 1;
    }
    let mut twice = HashSet::new();
    for (id, route, reference, maybe_twice) in rows {
        let came = times.remove(&reference).unwrap_or_else(|| panic!("lost: {route} {id}"));
        assert!(came == 1 || (route == "email" && maybe_twice), "{route} {id} came {came} times, not marked");
        if came > 1 {
            twice.insert(id);
        }
    }
    assert!(times.is_empty(), "sent, and not on the books: {}", times.len());
    twice
}

async fn kept_mails(flood: &Flood) -> Vec<Vec<u8>> {
    let mut connection = flood.school.place.connect().await;
    let sql = "select digest from received where channel = 'parents-inbox'";
    sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
}

async fn kept_texts(flood: &Flood) -> Vec<String> {
    let mut connection = flood.school.place.connect().await;
    let sql = "select once from received where channel = 'texts'";
    sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
}

/// The same ones, each once.
fn assert_same<T: Ord>(mut kept: Vec<T>, mut arrived: Vec<T>, what: &str) {
    kept.sort();
    arrived.sort();
    assert!(
        kept == arrived,
        "{} {what} kept, {} arrived, and they are not the same",
        kept.len(),
        arrived.len()
    );
}
