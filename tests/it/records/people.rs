//! What colleagues change of a carer keeps its history, and only the right ones loosen.

use liaison::{
    domain::people::{AddressKind, Purpose, Restriction, RestrictionKind, Route},
    flows::people as deeds,
    store::people,
};

use super::{carer_id, colleague, link_id, refusal};
use crate::support::{
    people::{Roll, one_by_email},
    school::School,
};

const PROVEN: deeds::Proven = deeds::Proven::ByMessage;
const WORDS: &str = "Sam read two whole chapters aloud.";

fn bound() -> Roll {
    one_by_email().changed("C1", |c| c.restricted("no_contact", "", ""))
}

async fn binding(school: &School) -> Vec<people::RestrictionRow> {
    let carer = carer_id(school, "C1").await;
    let mut connection = school.gateway.store.acquire().await.unwrap();
    people::restrictions(&mut connection, carer).await.unwrap()
}

#[tokio::test]
async fn only_the_dsl_or_the_slt_lifts_a_restriction_and_then_the_next_message_goes() {
    let school = School::open(&bound()).await;
    let order = binding(&school).await[0].id;
    let lift = |reason: &'static str, roles: &'static [&'static str]| {
        deeds::lift_restriction(&school.gateway, order, reason, "d.sl", roles)
    };

    let teacher = refusal(lift("court order varied", &["teacher", "office"]).await);
    let wordless = refusal(lift("  ", &["dsl"]).await);
    let held = school.queue(&[("P1", WORDS)]).await;
    lift("court order varied", &["dsl"]).await.unwrap();
    let twice = refusal(lift("court order varied", &["slt"]).await);
    let sent = liaison::flows::queue::updates(
        &school.gateway,
        "pupil,week,text,sensitive\nP1,2026-11-30,Sam counted to ten.,no\n".as_bytes(),
        "h.barlow",
    )
    .await
    .unwrap();
    school.deliver().await;

    assert!(teacher.contains("only the DSL or the SLT"), "{teacher}");
    assert!(wordless.contains("say why"), "{wordless}");
    assert!(twice.contains("lifted already"), "{twice}");
    assert_eq!(held.left_out.get("restriction"), Some(&1));
    assert_eq!((sent.email, school.mail.taken()), (1, 1));
    assert_eq!(school.told("restriction_lifted").await, 1, "the reason is in a restricted entry");
    let reasons = school
        .rows(
            "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
             where e.kind = 'restriction_lifted' and e.visibility = 'restricted'",
        )
        .await;
    assert_eq!(reasons, ["court order varied"]);
    assert!(!binding(&school).await[0].holds_on(jiff::civil::date(2026, 11, 23)));
    school.close().await;
}

#[tokio::test]
async fn a_file_that_still_has_the_order_tightens_again() {
    let school = School::open(&bound()).await;
    let order = binding(&school).await[0].id;
    deeds::lift_restriction(&school.gateway, order, "varied", "d.sl", &["slt"]).await.unwrap();

    school.import(&bound()).await;
    let queued = school.queue(&[("P1", WORDS)]).await;

    let all = binding(&school).await;
    assert_eq!(all.iter().filter(|one| one.ended.is_none()).count(), 1);
    assert_eq!(all.len(), 2);
    assert_eq!(queued.left_out.get("restriction"), Some(&1));
    school.close().await;
}

#[tokio::test]
async fn lifting_closes_the_review_that_a_loosening_file_had_opened_and_the_file_asks_no_more() {
    let school = School::open(&bound()).await;
    school.import(&one_by_email()).await;
    let asked = school.to_do().await;
    let order = binding(&school).await[0].id;

    deeds::lift_restriction(&school.gateway, order, "varied", "d.sl", &["dsl"]).await.unwrap();
    let after = school.to_do().await;
    school.import(&one_by_email()).await;

    assert_eq!(asked, ["review_restriction for Amina Begum"]);
    assert_eq!(after, Vec::<String>::new());
    assert_eq!(school.to_do().await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_restriction_by_a_colleague_stops_what_is_queued_already() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    let link = link_id(&school, "C1").await;
    let order = Restriction { kind: RestrictionKind::NoInformation, starts: None, ends: None };

    deeds::add_restriction(&school.gateway, link, &order, Some("DSL cabinet 4"), "d.sl").await.unwrap();
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email refused"]);
    assert_eq!(school.mail.taken(), 0);
    assert_eq!(school.told("restriction_added").await, 1);
    school.close().await;
}

#[tokio::test]
async fn a_lifted_restriction_binds_no_writer_either() {
    let school = School::open(&bound()).await;
    let carer = carer_id(&school, "C1").await;
    let today = jiff::civil::date(2026, 11, 23);
    let order = binding(&school).await[0].id;
    let bound_now = async || {
        let mut connection = school.gateway.store.acquire().await.unwrap();
        let of = [carer];
        let all = liaison::store::matching::restricted(&mut connection, &of, today).await.unwrap();
        let writers = ["amina.begum@home.example".to_owned()];
        let writers = liaison::store::matching::writers(&mut connection, AddressKind::Email, &writers, today)
            .await
            .unwrap();
        let link = writers.values().flatten().flat_map(|w| &w.links).any(|link| link.restricted);
        (all.contains(&carer), link)
    };

    let before = bound_now().await;
    deeds::lift_restriction(&school.gateway, order, "varied", "d.sl", &["dsl"]).await.unwrap();

    assert_eq!(before, (true, true));
    assert_eq!(bound_now().await, (false, false));
    school.close().await;
}

#[tokio::test]
async fn a_preference_tells_who_changed_it_when_and_on_whose_word_and_a_file_leaves_it() {
    let school = School::open(&one_by_email()).await;
    let carer = carer_id(&school, "C1").await;
    let (weekly, order) = (Purpose::WeeklyUpdate, [Route::Text, Route::Call]);

    deeds::set_preference(&school.gateway, carer, weekly, &order, "her own, by phone", "h.barlow")
        .await
        .unwrap();
    let wordless = refusal(deeds::set_preference(&school.gateway, carer, weekly, &order, " ", "a").await);
    let none = refusal(deeds::set_preference(&school.gateway, carer, weekly, &[], "hers", "a").await);
    school.import(&one_by_email()).await;
    let queued = school.queue(&[("P1", WORDS)]).await;

    let mut connection = school.gateway.store.acquire().await.unwrap();
    let history = people::preferences(&mut connection, carer).await.unwrap();
    drop(connection);
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].routes, order);
    assert_eq!(history[0].set_by.as_deref(), Some("h.barlow"));
    assert_eq!(history[0].on_whose_word.as_deref(), Some("her own, by phone"));
    assert_eq!((history[1].source.as_str(), history[1].routes[0]), ("import", Route::Email));
    assert_eq!((queued.email, queued.text), (0, 1));
    assert!(wordless.contains("on whose word") && none.contains("at least one"), "{wordless} {none}");
    school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn an_address_that_a_colleague_added_or_removed_outlives_the_next_file() {
    let school = School::open(&one_by_email()).await;
    let carer = carer_id(&school, "C1").await;
    let gateway = &school.gateway;
    let old = school.rows("select id::text from address where kind = 'email'").await[0].parse().unwrap();

    let new =
        deeds::add_address(gateway, carer, AddressKind::Email, "Amina@New.example ", true, PROVEN, "a").await;
    let again = refusal(
        deeds::add_address(gateway, carer, AddressKind::Email, "amina@new.example", true, PROVEN, "a").await,
    );
    let bad =
        refusal(deeds::add_address(gateway, carer, AddressKind::Email, "nonsense", false, PROVEN, "a").await);
    deeds::remove_address(gateway, carer, old, "a").await.unwrap();
    school.import(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert!(new.is_ok());
    assert!(again.contains("already") && !bad.contains("nonsense"), "{again} {bad}");
    assert_eq!(school.mail.messages()[0].to, "amina@new.example");
    assert_eq!(school.told("address").await, 2);
    school.close().await;
}

#[tokio::test]
async fn a_failing_address_that_was_checked_is_used_again_and_a_stopped_one_is_not() {
    let school = School::open(&one_by_email()).await;
    let carer = carer_id(&school, "C1").await;
    let address = |kind: &'static str| format!("select id::text from address where kind = '{kind}'");
    let mail = school.rows(&address("email")).await[0].parse().unwrap();
    let mobile = school.rows(&address("mobile")).await[0].parse().unwrap();
    school
        .db
        .as_superuser(
            "update address set status = 'failing' where kind = 'email';
             update address set status = 'stopped' where kind = 'mobile'",
        )
        .await;

    deeds::mark_good(&school.gateway, carer, mail, "a").await.unwrap();
    let stopped = refusal(deeds::mark_good(&school.gateway, carer, mobile, "a").await);
    let queued = school.queue(&[("P1", WORDS)]).await;

    assert_eq!(queued.email, 1);
    assert!(stopped.contains("START"), "{stopped}");
    school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn colleagues_see_that_a_restriction_was_lifted_and_not_why() {
    let school = School::open(&bound()).await;
    let teacher = colleague(&school, "teacher", "teacher").await;
    let order = binding(&school).await[0].id;
    deeds::lift_restriction(&school.gateway, order, "varied", "d.sl", &["dsl"]).await.unwrap();

    let mut connection = super::as_colleague(&school, teacher).await;
    let carer = carer_id(&school, "C1").await;
    let seen = people::restrictions(&mut connection, carer).await.unwrap();
    let why = sqlx::query("select end_reason from restriction").fetch_all(&mut connection).await;
    let entries = super::sees(&school, teacher, "chronology_entry where kind = 'restriction_lifted'").await;

    assert!(seen[0].ended.is_some());
    assert!(why.is_err(), "the column is not theirs");
    assert_eq!(entries, 1);
    school.close().await;
}
