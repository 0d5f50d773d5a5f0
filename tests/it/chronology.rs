//! The chronology against somebody who has the database in his hands: whatever he changes, verify names the place.

mod seals;

use liaison::{
    domain::chronology::{Entry, kind},
    flows::{
        Clock as _,
        seal::seal,
        verify::{Fault, Noted, Verdict, verify},
    },
    store::chronology,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::support::{self, people::four_ways, school::School};

const WORDS: &str = "Sam read two whole chapters aloud.";
const TABLES: [&str; 4] = ["chronology_entry", "chronology_body", "chronology_unsealed", "chronology_seal"];

/// A school whose chronology is closed by several seals, with a copy of every row put by.
async fn sealed() -> School {
    let school = School::open(&four_ways()).await;
    school.seal().await;
    school.queue(&[("P1", WORDS)]).await;
    school.seal().await;
    school.deliver().await;
    school.seal().await;
    put_by(&school).await;
    school
}

async fn put_by(school: &School) {
    for table in TABLES {
        school.db.as_superuser(&format!("create table kept_{table} as table {table}")).await;
    }
}

/// Puts every row back as it was written.
async fn put_back(school: &School) {
    for table in TABLES {
        school
            .db
            .as_superuser(&format!("truncate {table}; insert into {table} select * from kept_{table}"))
            .await;
    }
    assert!(proof(school).await.good, "the copy is whole");
}

async fn proof(school: &School) -> Verdict {
    verify(&school.gateway.store, &[]).await.expect("the database answers")
}

/// The entry of a message that was sent: it has every subject but a task, and words.
async fn an_entry(school: &School) -> Uuid {
    let id = school
        .rows("select id::text from chronology_entry where kind = 'submitted' order by id limit 1")
        .await;
    id[0].parse().unwrap()
}

/// A changed value of a column, by its type.
fn another(column: &str, kind: &str) -> String {
    match (column, kind) {
        ("visibility", _) => "'restricted'".to_owned(),
        (_, "uuid") => "gen_random_uuid()".to_owned(),
        (_, "timestamp with time zone") => format!("{column} + interval '1 microsecond'"),
        (_, "bytea") => format!("set_byte({column}, 0, get_byte({column}, 0) # 1)"),
        (_, "bigint") => format!("{column} + 100"),
        (_, "text") => format!("{column} || ' '"),
        (_, other) => panic!("say how to change a {other}"),
    }
}

/// Name and type of every column of a table, so that a new one is tried without being added here.
async fn columns(school: &School, table: &str) -> Vec<(String, String)> {
    let listed = format!(
        "select column_name || ':' || data_type from information_schema.columns
         where table_schema = current_schema() and table_name = '{table}' order by ordinal_position"
    );
    let split = |line: &String| line.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    school.rows(&listed).await.iter().map(split).collect()
}

#[tokio::test]
async fn a_change_of_any_column_of_an_entry_is_named() {
    let school = sealed().await;
    let entry = an_entry(&school).await;
    let columns = columns(&school, "chronology_entry").await;
    assert!(columns.len() >= 14, "{columns:?}");

    for (column, kind) in &columns {
        let changed = another(column, kind);
        school
            .db
            .as_superuser(&format!("update chronology_entry set {column} = {changed} where id = '{entry}'"))
            .await;
        let verdict = proof(&school).await;

        assert!(!verdict.good, "{column}");
        assert!(
            verdict.faults.iter().any(|fault| fault.entry == Some(entry)),
            "{column}: {:?}",
            verdict.faults
        );
        put_back(&school).await;
    }
    school.close().await;
}

#[tokio::test]
async fn emptying_any_column_of_an_entry_is_named() {
    let school = sealed().await;
    let entry = an_entry(&school).await;

    for column in ["carer_id", "pupil_id", "update_id", "delivery_id", "body_digest"] {
        school
            .db
            .as_superuser(&format!("update chronology_entry set {column} = null where id = '{entry}'"))
            .await;
        let verdict = proof(&school).await;

        let altered = |fault: &Fault| fault.what == "altered" && fault.entry == Some(entry);
        assert!(verdict.faults.iter().any(altered), "{column}: {:?}", verdict.faults);
        put_back(&school).await;
    }
    school.close().await;
}

#[tokio::test]
async fn an_entry_removed_brought_in_or_exchanged_is_named() {
    let school = sealed().await;
    let entry = an_entry(&school).await;
    let brought_in = Uuid::now_v7();
    let copy = "happened_at, recorded_at, actor, kind, carer_id, pupil_id, update_id, delivery_id, task_id, visibility,
                sentence, body_digest, digest";
    let other =
        "(select id from kept_chronology_entry where kind = 'left_out' or kind = 'task_opened' limit 1)";
    let exchange = |a: &str, b: &str| {
        format!(
            "update chronology_entry e set ({copy}) = (select {copy} from kept_chronology_entry k where k.id = {b})
             where e.id = {a};"
        )
    };
    let me = format!("'{entry}'");

    for (deed, sql, wanted, what) in [
        ("remove", format!("delete from chronology_entry where id = '{entry}'"), entry, "missing"),
        (
            "bring in a copy",
            format!("insert into chronology_entry (id, {copy}) select '{brought_in}', {copy} from chronology_entry where id = '{entry}'"),
            brought_in,
            "foreign",
        ),
        (
            "bring in a copy and queue it for sealing",
            format!(
                "insert into chronology_entry (id, {copy}) select '{brought_in}', {copy} from chronology_entry where id = '{entry}';
                 insert into chronology_unsealed values ('{brought_in}')"
            ),
            brought_in,
            "altered",
        ),
        ("exchange two", exchange(&me, other) + &exchange(other, &me), entry, "altered"),
    ] {
        school.db.as_superuser(&sql).await;
        let verdict = proof(&school).await;

        let named = verdict.faults.iter().any(|fault| fault.entry == Some(wanted) && fault.what == what);
        assert!(named, "{deed}: {:?}", verdict.faults);
        put_back(&school).await;
    }
    school.close().await;
}

#[tokio::test]
async fn an_entry_with_a_true_digest_that_was_never_queued_is_foreign_and_sealing_does_not_launder_it() {
    let school = sealed().await;
    let entry = Entry::now(school.clock.now(), kind::SUBMITTED, "sent by school-mail");
    let mut connection = PgConnection::connect_with(&school.db.owner()).await.unwrap();
    chronology::append(&mut connection, std::slice::from_ref(&entry)).await.unwrap();
    let forget = format!("delete from chronology_unsealed where entry_id = '{}'", entry.id);
    school.db.as_superuser(&forget).await;

    let before = proof(&school).await;
    school.seal().await;
    let after = proof(&school).await;

    for verdict in [before, after] {
        assert_eq!((verdict.faults[0].what, verdict.faults[0].entry), ("foreign", Some(entry.id.0)));
    }
}

#[tokio::test]
async fn what_is_changed_before_its_seal_is_named_before_and_after_it() {
    let school = School::open(&four_ways()).await;
    let entry: Uuid = school.rows("select id::text from chronology_entry").await[0].parse().unwrap();
    let changed = format!("update chronology_entry set actor = 'nobody' where id = '{entry}'");
    school.db.as_superuser(&changed).await;

    let before = proof(&school).await;
    school.seal().await;
    let after = proof(&school).await;

    for verdict in [before, after] {
        assert_eq!((verdict.faults[0].what, verdict.faults[0].entry), ("altered", Some(entry)));
    }
}

#[tokio::test]
async fn an_entry_removed_while_it_waited_for_its_seal_is_missed() {
    let school = School::open(&four_ways()).await;
    let entry: Uuid = school.rows("select id::text from chronology_entry").await[0].parse().unwrap();
    school.db.as_superuser(&format!("delete from chronology_entry where id = '{entry}'")).await;

    let verdict = proof(&school).await;

    assert!(!verdict.good);
    assert_eq!((verdict.faults[0].what, verdict.faults[0].entry), ("missing", Some(entry)));
}

#[tokio::test]
async fn changed_words_are_named_and_erased_ones_leave_their_proof() {
    let school = sealed().await;
    let entry = an_entry(&school).await;
    let of = format!("where entry_id = '{entry}'");

    for change in ["body = body || ' '", "salt = set_byte(salt, 3, get_byte(salt, 3) # 1)", "body = ''"] {
        school.db.as_superuser(&format!("update chronology_body set {change} {of}")).await;
        let verdict = proof(&school).await;

        assert_eq!((verdict.faults[0].what, verdict.faults[0].entry), ("words", Some(entry)), "{change}");
        put_back(&school).await;
    }
    school.db.as_superuser(&format!("delete from chronology_body {of}")).await;

    assert!(proof(&school).await.good, "an erasure removes words and keeps the proof that there were some");
    school.close().await;
}

#[tokio::test]
async fn neither_the_daemon_nor_the_owner_may_change_what_is_written() {
    let school = sealed().await;
    let mut owner = PgConnection::connect_with(&school.db.owner()).await.unwrap();
    let mut daemon = school.gateway.store.acquire().await.unwrap();

    for (table, column) in
        [("chronology_entry", "actor"), ("chronology_seal", "sealed_at"), ("chronology_body", "body")]
    {
        for deed in [
            format!("update {table} set {column} = {column}"),
            format!("delete from {table}"),
            format!("truncate {table} cascade"),
        ] {
            let by_daemon = daemon.execute(sqlx::raw_sql(AssertSqlSafe(deed.clone()))).await.unwrap_err();
            assert!(by_daemon.to_string().contains("permission denied"), "{deed}: {by_daemon}");
            if table == "chronology_body" && deed.starts_with("delete") {
                continue; // the owner may erase words
            }
            let by_owner = owner.execute(sqlx::raw_sql(AssertSqlSafe(deed.clone()))).await.unwrap_err();
            assert!(by_owner.to_string().contains("insert-only"), "{deed}: {by_owner}");
        }
    }
    drop(daemon);
    school.close().await;
}

#[tokio::test]
async fn two_daemons_that_seal_at_once_make_one_chain() {
    let school = School::open(&four_ways()).await;
    let second = school.another_daemon(school.db.store());
    let mut sealed = 0;
    for round in 0..10 {
        let mut tx = school.gateway.store.begin().await.unwrap();
        let entries: Vec<_> =
            (0..50).map(|n| Entry::now(school.clock.now(), kind::OPERATOR, format!("{round} {n}"))).collect();
        chronology::append(&mut tx, &entries).await.unwrap();
        tx.commit().await.unwrap();
        let (a, b, c) = tokio::join!(seal(&school.gateway), seal(&second), seal(&second));
        sealed += a.unwrap() + b.unwrap() + c.unwrap();
    }
    sealed += seal(&second).await.unwrap();

    let verdict = proof(&school).await;

    assert!(verdict.good, "{:?}", verdict.faults);
    assert_eq!((verdict.entries, verdict.sealed), (501, sealed as u64));
    school.close().await;
}

#[tokio::test]
async fn an_empty_chronology_is_whole() {
    let db = support::database().await;
    let store = db.store();

    let verdict = verify(&store, &[]).await.unwrap();
    let noted: Noted = format!("1:{}", "ab".repeat(32)).parse().unwrap();
    let cut = verify(&store, &[noted]).await.unwrap();

    assert!(verdict.good);
    assert_eq!((verdict.entries, verdict.seals, verdict.newest_seal), (0, 0, None));
    assert_eq!(cut.faults[0].what, "cut");
}
