//! Audit: figures that equal a hand-made sheet, packs that stay, and nobody's name.

use std::{collections::BTreeMap, time::Duration};

use liaison::{
    domain::{
        audit::{Counted, Timeliness},
        coverage::Tally,
        ids::PackId,
        staff::Role,
    },
    flows::{
        audit::{self, Asked, Opened},
        cases, colleagues, divert,
    },
};

use super::{Answer, Browser, Staffed};
use crate::support::school::School;

const GOVERNOR: &str = "governor@northfield.example";
const WEEK: Asked = Asked { from: day(23), until: day(29), sample: 10 };

const fn day(day: i8) -> jiff::civil::Date {
    jiff::civil::Date::constant(2026, 11, day)
}

impl Staffed {
    /// A pack of the week, made by the colleague of this role.
    pub(crate) async fn pack(&self, role: Role) -> String {
        let by = self.staff(&format!("{role}@northfield.example")).await;
        audit::make(&self.school.gateway, &WEEK, by).await.expect("a pack").to_string()
    }

    async fn open_pack(&self, email: &str, pack: &str) -> Opened {
        let (staff, pack): (_, PackId) = (self.staff(email).await, pack.parse().expect("an id"));
        audit::open(&self.school.gateway, staff, pack).await.expect("an answer").expect("the pack")
    }
}

/// Amina is answered on Tuesday at noon; Clara is not; Boris, who is restricted, waits for the DSL. Sam has an update, Tia none.
/// It is Monday 30 November.
async fn a_week_later() -> Staffed {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "Sam read aloud.")]).await;
    school.school.deliver().await;
    school.school.set_clock("2026-11-24T12:00:00Z");
    let case = school.case_of("Amina Ash").await;
    let words = "On his peg.";
    let reply = cases::Reply {
        words,
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "oak",
    };
    cases::reply(&school.school.gateway, &case, false, &reply).await.expect("a reply");
    school.school.deliver().await;
    school.school.set_clock("2026-11-30T09:00:00Z");
    school
}

fn answered() -> Timeliness {
    Timeliness {
        asked: 1,
        acknowledged: 1,
        in_time: 1,
        median_secs: Some(26 * 3600),
        ..Timeliness::default()
    }
}

fn unanswered() -> Timeliness {
    Timeliness { asked: 1, acknowledged: 1, overdue: 1, ..Timeliness::default() }
}

fn named<T, const N: usize>(rows: [(&str, T); N]) -> BTreeMap<String, T> {
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[tokio::test]
async fn the_figures_of_a_pack_are_those_of_a_hand_made_sheet() {
    let school = a_week_later().await;

    let pack = school.pack(Role::Governor).await;
    let opened = school.open_pack(GOVERNOR, &pack).await.pack;

    let both = Timeliness { asked: 2, acknowledged: 2, in_time: 1, overdue: 1, ..answered() };
    let expected = Counted {
        messages: 2,
        opened: 2,
        answers: both,
        promises: Timeliness::default(),
        by_class: named([("Oak", answered()), ("Rowan", unanswered())]),
        by_channel: named([("email", both)]),
        updates: named([
            ("Oak", Tally { due: 1, done: 1, missed: 0 }),
            ("Rowan", Tally { due: 1, done: 0, missed: 1 }),
        ]),
        contacts: BTreeMap::new(),
    };
    assert_eq!(opened.figures.counted, expected);
    let found = &opened.figures.found;
    assert_eq!((found.overdue.cases, found.closed, &found.kinds), (1, 0, &named([("query", 2)])));
    let entries = school.school.rows("select (count(*) - 1)::text from chronology_entry").await;
    assert_eq!(found.record.entries.to_string(), entries[0], "all but the entry of the pack itself");
    school.close().await;
}

/// A page without what is fresh in each form.
fn still(page: &Answer) -> String {
    page.body
        .split("<input type=\"hidden\"")
        .map(|part| part.split_once('>').map_or(part, |(_, rest)| rest))
        .collect()
}

#[tokio::test]
async fn a_pack_is_the_same_by_its_id_whatever_happens_later() {
    let school = a_week_later().await;
    let path = format!("/audit/{}", school.pack(Role::Governor).await);
    let mut governor = school.as_role(Role::Governor).await;
    let then = governor.get(&path).await;

    school.school.later(Duration::from_mins(10));
    let case = school.case_of("Clara Birch").await;
    let words = "In her bag.";
    let reply = cases::Reply {
        words,
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "x",
    };
    cases::reply(&school.school.gateway, &case, false, &reply).await.expect("a reply");
    school.school.deliver().await;
    // And of a case that becomes the DSL's: the pack does not tell that it did.
    divert::divert(&school.school.gateway, &case, false, "She said so.", "x").await.expect("diverted");
    let now = governor.get(&path).await;
    let again = governor.press(&now, &format!("{path}/again"), &[]).await;

    assert_eq!(then.status, 200);
    assert_eq!(still(&now), still(&then));
    assert_eq!(again.status, 200);
    assert!(again.body.contains("every figure is the same"), "{}", again.body);
    school.close().await;
}

#[tokio::test]
async fn counting_again_names_what_was_corrected_since() {
    let school = a_week_later().await;
    let path = format!("/audit/{}", school.pack(Role::Governor).await);
    let mut governor = school.as_role(Role::Governor).await;
    let page = governor.get(&path).await;
    // The reply bounced after all.
    school.sql("update clock set state = 'running', met_at = null, met_by = null, ended_by = null where state = 'met'").await;

    let again = governor.press(&page, &format!("{path}/again"), &[]).await.body;

    assert!(again.contains("Answers: in time: 1 then, 0 now"), "{again}");
    assert!(again.contains("Answers: overdue: 1 then, 2 now"), "{again}");
    school.close().await;
}

#[tokio::test]
async fn the_sample_is_drawn_by_the_packs_id_and_names_nobody() {
    let school = a_week_later().await;

    let pack = school.pack(Role::Governor).await;
    let opened = school.open_pack(GOVERNOR, &pack).await;
    let page = school.as_role(Role::Governor).await.get(&format!("/audit/{pack}")).await.body;
    let slt = school.as_role(Role::Slt).await.get(&format!("/audit/{pack}")).await.body;

    let drawn = format!(
        "select line::text || ' ' || r.forename from audit_sample s join carer r on r.id = s.carer_id
         where pack_id = '{pack}' order by sha256(uuid_send(pack_id) || uuid_send(case_id))"
    );
    let drawn = school.school.rows(&drawn).await;
    let numbers: Vec<_> = drawn.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(numbers, ["1", "2"], "{drawn:?}");
    assert!(!drawn.iter().any(|line| line.contains("Boris")), "{drawn:?}");
    assert_eq!(opened.lines.len(), 2);
    for word in
        ["Amina", "Clara", "Boris", "Sam", "Tia", "coat", "reading book", "family.example", "A question"]
    {
        assert!(!page.contains(word), "{word}: {page}");
    }
    assert!(page.contains("Carer A about Pupil 1 of"), "{page}");
    assert!(
        page.contains("Case by email: query")
            && page.contains("answered by email Tuesday 24 November, 12:00, in time"),
        "{page}"
    );
    assert!(!page.contains("/cases/") && slt.contains("/cases/"), "{slt}");
    school.close().await;
}

#[tokio::test]
async fn nobodys_own_family_is_in_a_sample_they_make_or_read() {
    let school = a_week_later().await;
    let by_slt = school.pack(Role::Slt).await;
    colleagues::own_family(&school.school.gateway, GOVERNOR, "P2", "test").await.expect("noted");

    let own = school.pack(Role::Governor).await;
    let read = school.open_pack(GOVERNOR, &by_slt).await.lines;
    let made = school.open_pack(GOVERNOR, &own).await.lines;
    let slts = school.open_pack("slt@northfield.example", &by_slt).await.lines;

    assert_eq!(slts.len(), 2);
    for lines in [&read, &made] {
        assert_eq!(lines.len(), 1);
        assert!(lines[0].1.who.contains("Oak"), "{lines:?}");
    }
    let kept = format!("select count(*)::text from audit_sample where pack_id = '{own}'");
    assert_eq!(school.school.rows(&kept).await, ["1"]);
    school.close().await;
}

async fn made(governor: &mut Browser, page: &Answer, fields: &[(&str, &str)]) -> Answer {
    governor.press(page, "/audit/packs", fields).await
}

#[tokio::test]
async fn making_a_pack_is_an_entry_and_pressing_twice_makes_one() {
    let school = a_week_later().await;
    let mut governor = school.as_role(Role::Governor).await;
    let page = governor.get("/audit").await;
    let fields = [("term", "2026-09-01/2026-12-18"), ("sample", "5")];

    let (first, second) =
        (made(&mut governor, &page, &fields).await, made(&mut governor, &page, &fields).await);
    let pack = governor.get(first.to()).await.body;
    let list = governor.get("/audit").await.body;

    assert!(page.body.contains("1 September to Friday 18 December 2026"), "{}", page.body);
    assert_eq!((first.status, first.to()), (303, second.to()));
    assert!(
        pack.contains("The pack is made.") && pack.contains("Tuesday 1 September to Friday 18 December 2026"),
        "{pack}"
    );
    assert!(list.contains(first.to().split('?').next().unwrap()), "{list}");
    let staff = school.staff(GOVERNOR).await;
    let told = "select actor || ' ' || sentence from chronology_entry where kind = 'audited'";
    let id = first.to().replace("/audit/", "").replace("?done=pack", "");
    assert_eq!(
        school.school.rows(told).await,
        [format!("{staff} audit pack {id} made, from 2026-09-01 to 2026-12-18")]
    );
    school.close().await;
}

#[tokio::test]
async fn a_period_that_makes_no_sense_is_refused_with_what_was_typed_still_there() {
    let school = Staffed::open().await;
    let mut governor = school.as_role(Role::Governor).await;
    let page = governor.get("/audit").await;
    let refused = [
        (
            [("term", ""), ("from", "2026-11-29"), ("until", "2026-11-23"), ("sample", "10")],
            "The first day lies after the last",
        ),
        (
            [("term", ""), ("from", "2026-12-29"), ("until", "2026-12-30"), ("sample", "10")],
            "The period has not begun",
        ),
        ([("term", ""), ("from", "2024-11-23"), ("until", "2026-11-23"), ("sample", "10")], "a year at most"),
        (
            [("term", ""), ("from", "2026-11-01"), ("until", "2026-11-23"), ("sample", "51")],
            "A sample draws 50 at most",
        ),
        (
            [("term", ""), ("from", "soon"), ("until", "2026-11-23"), ("sample", "10")],
            "That is no day: choose one",
        ),
        ([("term", "x/y"), ("from", ""), ("until", ""), ("sample", "10")], "Choose a term from the list"),
    ];

    for (fields, why) in refused {
        let answer = made(&mut governor, &page, &fields).await;
        assert_eq!(answer.status, 422, "{why}");
        assert!(
            answer.body.contains(why) && answer.body.contains(&format!("value=\"{}\"", fields[1].1)),
            "{why}: {}",
            answer.body
        );
    }
    assert_eq!(school.school.told("audited").await, 0);
    school.close().await;
}

#[tokio::test]
async fn the_record_is_verified_from_the_page_and_what_was_altered_is_named() {
    let school = Staffed::open().await;
    school.school.seal().await;
    let mut governor = school.as_role(Role::Governor).await;
    let before = governor.get("/audit").await;

    let done = governor.press(&before, "/audit/verify", &[]).await;
    let good = governor.get(done.to()).await;
    school.school.seal().await;
    school
        .school
        .db
        .as_superuser("update chronology_entry set sentence = sentence || '.' where kind = 'imported'")
        .await;
    let done_again = governor.press(&good, "/audit/verify", &[]).await;
    let bad = governor.get(done_again.to()).await.body;
    let home = governor.get("/").await.body;

    assert!(before.body.contains("It has not been verified from here yet."), "{}", before.body);
    assert!(before.body.contains("Sealed up to Monday 23 November, 10:00: seal 1, root"), "{}", before.body);
    assert_eq!((done.to(), done_again.to()), ("/audit?done=verified", "/audit?done=altered"));
    assert!(good.body.contains("every entry is as it was written"), "{}", good.body);
    assert!(
        bad.contains("something is wrong") && bad.contains("was altered: it is not what seal 1 closed"),
        "{bad}"
    );
    assert!(home.contains("The record was altered"), "{home}");
    assert_eq!(school.school.told("verified").await, 2);
}

/// Every table that an audit keeps.
async fn kept(school: &School) -> Vec<String> {
    let sql = "select 'verification' || count(*) from verification union all select 'pack' || count(*) from audit_pack
               union all select 'sample' || count(*) from audit_sample order by 1";
    school.rows(sql).await
}

#[tokio::test]
async fn what_an_audit_kept_cannot_be_changed_by_the_daemon_itself() {
    let school = a_week_later().await;
    school.pack(Role::Slt).await;
    audit::verify_now(&school.school.gateway, "test").await.expect("verified");
    let before = kept(&school.school).await;

    for write in [
        "delete from audit_sample",
        "update audit_pack set figures = '{}'",
        "update verification set good = true",
        "update audit_sample set about = '{}'",
    ] {
        let done = sqlx::query(write).execute(school.school.gateway.store.pool()).await;
        assert!(done.is_err(), "{write}");
    }

    assert_eq!(before, ["pack1", "sample2", "verification1"]);
    assert_eq!(kept(&school.school).await, before);
    school.close().await;
}
