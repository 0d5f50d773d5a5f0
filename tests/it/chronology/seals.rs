//! Seals that were altered, removed or made anew.

use liaison::{
    domain::{
        chronology::{Digest, Entry, kind},
        seal::{merkle_root, seal_hash},
    },
    flows::{
        Clock as _,
        verify::{Noted, verify},
    },
    store::chronology,
};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use super::{another, columns, proof, put_back, sealed};
use crate::support::{people::four_ways, school::School};

#[tokio::test]
async fn a_change_of_any_column_of_a_seal_is_named() {
    let school = sealed().await;
    let count: i64 = school.rows("select count(*)::text from chronology_seal").await[0].parse().unwrap();
    assert!(count >= 3, "{count}");

    for (column, kind) in columns(&school, "chronology_seal").await {
        let changed = match column.as_str() {
            "entries" => "array(select unnest(entries) order by 1 desc)".to_owned(),
            "digests" => {
                "array_prepend(set_byte(digests[1], 0, get_byte(digests[1], 0) # 1), digests[2:])".to_owned()
            }
            column => another(column, &kind),
        };
        for seal in 1..=count {
            if column == "entries" && seal == 1 {
                continue; // it closes a single entry
            }
            let sql = format!("update chronology_seal set {column} = {changed} where no = {seal}");
            school.db.as_superuser(&sql).await;
            let verdict = proof(&school).await;

            assert!(
                verdict.faults.iter().any(|fault| fault.seal == Some(seal)),
                "{column} {seal}: {:?}",
                verdict.faults
            );
            put_back(&school).await;
        }
    }
    school.close().await;
}

#[tokio::test]
async fn a_seal_taken_out_of_the_middle_is_missed() {
    let school = sealed().await;
    let entries = "(select unnest(entries) from kept_chronology_seal where no = 2)";

    for and_its_entries in [false, true] {
        school.db.as_superuser("delete from chronology_seal where no = 2").await;
        if and_its_entries {
            school.db.as_superuser(&format!("delete from chronology_entry where id in {entries}")).await;
        }
        let verdict = proof(&school).await;

        let fault = verdict.faults.iter().find(|fault| fault.what == "missing" && fault.seal == Some(2));
        assert!(fault.is_some(), "{and_its_entries}: {:?}", verdict.faults);
        put_back(&school).await;
    }
    school.close().await;
}

#[tokio::test]
async fn an_end_that_was_cut_off_shows_by_a_seal_noted_elsewhere() {
    let school = sealed().await;
    let noted: Noted = proof(&school).await.newest_seal.unwrap().parse().unwrap();
    let older: Noted = noted_at(&school, 1).await;
    school
        .db
        .as_superuser(&format!(
            "delete from chronology_entry where id in (select unnest(entries) from chronology_seal where no = {0});
             delete from chronology_seal where no = {0}",
            noted.no
        ))
        .await;

    let alone = proof(&school).await;
    let verdict = verify(&school.gateway.store, &[older, noted.clone()]).await.unwrap();

    assert!(alone.good, "the database alone cannot know: that is what noting down is for");
    assert_eq!(verdict.faults.len(), 1);
    assert_eq!((verdict.faults[0].what, verdict.faults[0].seal), ("cut", Some(noted.no)));
}

async fn noted_at(school: &School, no: i64) -> Noted {
    let line = format!("select no || ':' || encode(hash, 'hex') from chronology_seal where no = {no}");
    school.rows(&line).await[0].parse().unwrap()
}

#[tokio::test]
async fn a_history_written_anew_with_true_hashes_shows_by_a_seal_noted_elsewhere() {
    let school = sealed().await;
    let noted: Noted = proof(&school).await.newest_seal.unwrap().parse().unwrap();
    write_anew(&school, noted.no).await;

    let alone = proof(&school).await;
    let verdict = verify(&school.gateway.store, std::slice::from_ref(&noted)).await.unwrap();

    assert!(alone.good, "{:?}", alone.faults);
    assert_eq!((verdict.faults[0].what, verdict.faults[0].seal), ("cut", Some(noted.no)));
    assert!(verdict.faults[0].sentence.contains("written anew"));
}

#[tokio::test]
async fn a_seal_in_the_middle_written_anew_breaks_the_chain_behind_it() {
    let school = sealed().await;
    write_anew(&school, 2).await;

    let verdict = proof(&school).await;

    assert_eq!((verdict.faults[0].what, verdict.faults[0].seal), ("seal", Some(3)), "{:?}", verdict.faults);
}

/// Takes the last entry out of a seal and makes the seal anew, as somebody who knows how would.
async fn write_anew(school: &School, no: i64) {
    let mut connection = PgConnection::connect_with(&school.db.owner()).await.unwrap();
    let (previous, mut entries, mut digests, at): (Vec<u8>, Vec<Uuid>, Vec<Vec<u8>>, i64) = sqlx::query_as(
        "select previous, entries, digests, (extract(epoch from sealed_at) * 1000000)::bigint from chronology_seal where no = $1",
    )
    .bind(no)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let gone = entries.pop().unwrap();
    digests.pop();
    let leaves: Vec<Digest> = digests.iter().map(|digest| digest.as_slice().try_into().unwrap()).collect();
    let root = merkle_root(&leaves);
    let at = jiff::Timestamp::from_microsecond(at).unwrap();
    let hash = seal_hash(no, &previous.as_slice().try_into().unwrap(), &root, leaves.len(), at);
    connection.execute("set session_replication_role = replica").await.unwrap();
    for sql in
        ["delete from chronology_body where entry_id = $1", "delete from chronology_entry where id = $1"]
    {
        sqlx::query(sql).bind(gone).execute(&mut connection).await.unwrap();
    }
    sqlx::query("update chronology_seal set entries = $2, digests = $3, root = $4, hash = $5 where no = $1")
        .bind(no)
        .bind(entries)
        .bind(digests)
        .bind(root.as_slice())
        .bind(hash.as_slice())
        .execute(&mut connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn many_broken_seals_accuse_no_honest_entry() {
    let school = School::open(&four_ways()).await;
    school.seal().await;
    for _ in 0..40 {
        let mut tx = school.gateway.store.begin().await.unwrap();
        let entry = Entry::now(school.clock.now(), kind::OPERATOR, "all sending held");
        chronology::append(&mut tx, &[entry]).await.unwrap();
        tx.commit().await.unwrap();
        school.seal().await;
    }
    school
        .db
        .as_superuser(
            "update chronology_seal set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where no < 35",
        )
        .await;

    let verdict = proof(&school).await;

    assert!(!verdict.good);
    assert!(
        verdict.faults.iter().all(|fault| fault.what == "seal" && fault.entry.is_none()),
        "{:?}",
        verdict.faults
    );
    assert_eq!(verdict.faults[0].seal, Some(1));
}
