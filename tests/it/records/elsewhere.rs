//! Key items stay on the list until they have a reference in the school's own recording system, or a reason to need none.

use liaison::{
    domain::{
        case_kind::CaseKind,
        contact::{ContactKind, Direction},
        ids::{PupilId, StaffId},
        key_item::{KeyTopic, late_before},
        time::Timestamp,
        topic::Topic,
    },
    flows::{
        Clock as _, cases,
        contacts::{Contact, correct, log},
        divert,
        hand_off::{self, hand_off, not_needed_because},
        hand_off_sheet, queue,
    },
    store::key_items,
};
use uuid::Uuid;

use super::{colleague, pupil_id, refusal, sees};
use crate::support::{
    inbound::Letter,
    people::{Roll, carer, pupil},
    school::{School, usual_policy},
};

const AMINA: &str = "amina.begum@home.example";
const BORIS: &str = "boris.czerny@away.example";
const BY: &str = "h.barlow";

/// Sam's separated parents.
async fn school() -> School {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA).mobile("07700 900101").wants("email"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).mobile("07700 900102").wants("email"),
        ],
    );
    let school = School::open(&roll).await;
    school.db.as_superuser("update pupil set upn = 'A123456789012'").await;
    school
}

fn call(pupil: PupilId, topic: Option<Topic>, at: Timestamp) -> Contact {
    Contact {
        kind: ContactKind::Call,
        direction: Direction::Out,
        pupil,
        carer: None,
        case: None,
        happened_at: at,
        place: String::new(),
        colleagues: Vec::new(),
        facts: "He pushed a boy.".to_owned(),
        agreed: "He says sorry.".to_owned(),
        topic,
        sensitive: false,
        praise: false,
        follow_up_due: None,
        one_colleague_because: "at the gate".to_owned(),
    }
}

/// A call about Sam that was logged with this topic.
async fn logged(school: &School, topic: Option<Topic>) -> Uuid {
    let pupil = pupil_id(school, "P1").await;
    log(&school.gateway, &call(pupil, topic, school.clock.now()), BY).await.unwrap().id.0
}

/// An update of a week with this topic.
async fn update(school: &School, week: &str, topic: &str) -> Uuid {
    let file = format!("pupil,week,text,topic\nP1,{week},Sam read aloud.,{topic}\n");
    queue::updates(&school.gateway, file.as_bytes(), BY).await.unwrap();
    let id = school.rows(&format!("select id::text from pupil_update where week = '{week}'")).await;
    id[0].parse().unwrap()
}

/// A case of Sam's mother: its id and code.
async fn case(school: &School) -> (Uuid, String) {
    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;
    let case = school.case().await;
    (case.id.0, case.code)
}

/// What waits, as the daemon lists it.
async fn open(school: &School) -> Vec<Uuid> {
    let mut connection = school.gateway.store.acquire().await.unwrap();
    let open = key_items::open(&mut connection, None, 100).await.unwrap();
    open.into_iter().map(|item| item.item.id()).collect()
}

/// By what this is a key item.
async fn key(school: &School, id: Uuid) -> Option<KeyTopic> {
    let mut connection = school.gateway.store.acquire().await.unwrap();
    key_items::find(&mut connection, id).await.unwrap().map(|item| item.topic)
}

async fn counts(school: &School, who: StaffId) -> i64 {
    sees(school, who, "key_item where not settled").await
}

#[tokio::test]
async fn what_is_a_key_item_in_the_database_is_one_by_the_rule_and_nothing_else_is() {
    let school = school().await;
    let (id, code) = case(&school).await;
    let mut weeks =
        ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2027-01-04", "2027-01-11"].iter();

    for topic in Topic::ALL.iter().copied() {
        let rule = KeyTopic::of_topic(topic);
        let contact = logged(&school, Some(topic)).await;
        let update = update(&school, weeks.next().unwrap(), topic.as_str()).await;
        assert_eq!((key(&school, contact).await, key(&school, update).await), (rule, rule), "{topic}");
        let reply = cases::Reply {
            words: "We talk on Monday.",
            promise: None,
            full_answer: false,
            sensitive: false,
            topic: Some(topic),
            by_text: None,
            by: BY,
        };
        cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
        assert_eq!(key(&school, id).await, rule, "a reply about {topic}");
        school.db.as_superuser("update answer set topic = null").await;
    }
    for kind in CaseKind::ALL.iter().copied() {
        school.db.as_superuser(&format!("update carer_case set kind = '{kind}'")).await;
        assert_eq!(key(&school, id).await, KeyTopic::of_kind(kind), "a case of the kind {kind}");
    }
    school.db.as_superuser("update carer_case set kind = 'query', visibility = 'restricted'").await;
    assert_eq!(key(&school, id).await, Some(KeyTopic::Safeguarding), "a restricted case");
    let none = logged(&school, None).await;
    assert_eq!(key(&school, none).await, None);
    school.close().await;
}

#[tokio::test]
async fn an_item_of_each_kind_stays_on_the_list_until_a_reference_is_entered_or_a_reason() {
    let school = school().await;
    let (case, code) = case(&school).await;
    cases::rekind(&school.gateway, &code, false, "send", BY).await.unwrap();
    let items =
        [case, logged(&school, Some(Topic::Behaviour)).await, update(&school, "2026-11-23", "send").await];
    let ordinary = logged(&school, Some(Topic::Attendance)).await;
    let before = open(&school).await;

    for (at, id) in items.into_iter().enumerate() {
        let drawer = hand_off(&school.gateway, id, false, ("a drawer", "4711"), BY).await;
        let blank = hand_off(&school.gateway, id, false, ("CPOMS", " "), BY).await;
        let silent = not_needed_because(&school.gateway, id, false, " ", BY).await;
        assert!(refusal(drawer).contains("CPOMS, Engage"));
        assert!(refusal(blank).contains("enter the reference") && refusal(silent).contains("say why"));
        assert!(open(&school).await.contains(&id), "nothing was recorded yet");
        if at == 0 {
            not_needed_because(&school.gateway, id, false, "a misunderstanding", BY).await.unwrap();
        }
        hand_off(&school.gateway, id, false, ("cpoms", "4711"), BY).await.unwrap();
        assert!(!open(&school).await.contains(&id));
    }
    let other = hand_off(&school.gateway, ordinary, false, ("CPOMS", "4711"), BY).await;

    assert_eq!(before.len(), 3, "{before:?}");
    assert!(refusal(other).contains("no such item"));
    assert_eq!(open(&school).await, Vec::<Uuid>::new());
    let kept =
        "select coalesce(system || ' ' || reference, not_needed) from hand_off order by recorded_at, id";
    assert_eq!(school.rows(kept).await, ["a misunderstanding", "CPOMS 4711", "CPOMS 4711", "CPOMS 4711"]);
    let told: Vec<_> = school.entries().await.into_iter().filter(|entry| entry.kind == "hand_off").collect();
    let sentences: Vec<_> = told.iter().map(|entry| entry.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        [
            &format!("case {code} needs no reference in another system"),
            &format!("case {code} goes on in CPOMS"),
            "a call goes on in CPOMS",
            "weekly update of Monday 23 November goes on in CPOMS"
        ]
    );
    assert!(told.iter().all(|entry| entry.pupil.is_some() && entry.words.is_some()), "{told:?}");
    assert!(told[3].update_id.is_some());
    school.close().await;
}

#[tokio::test]
async fn what_was_decided_of_a_contact_goes_along_with_a_correction_but_not_to_another_topic() {
    let school = school().await;
    let pupil = pupil_id(&school, "P1").await;
    let now = school.clock.now();
    let first = log(&school.gateway, &call(pupil, Some(Topic::Behaviour), now), BY).await.unwrap().id;
    hand_off(&school.gateway, first.0, false, ("Engage", "77"), BY).await.unwrap();

    let same =
        Contact { facts: "He pushed two boys.".to_owned(), ..call(pupil, Some(Topic::Behaviour), now) };
    let second = correct(&school.gateway, first, &same, "there were two", BY).await.unwrap().id;
    let after_same = open(&school).await;
    let other = call(pupil, Some(Topic::Safeguarding), now);
    let third = correct(&school.gateway, second, &other, "a bruise", BY).await.unwrap().id;

    assert_eq!(after_same, Vec::<Uuid>::new());
    assert_eq!(open(&school).await, [third.0], "the corrected ones are not on the list");
    let sensitive = school.rows("select topic from contact where sensitive").await;
    assert_eq!(sensitive, ["safeguarding"], "what is about safeguarding is for few eyes");
    school.close().await;
}

#[tokio::test]
async fn a_case_that_becomes_another_matter_comes_back_to_the_list() {
    let school = school().await;
    let (id, code) = case(&school).await;
    cases::rekind(&school.gateway, &code, false, "behaviour", BY).await.unwrap();
    not_needed_because(&school.gateway, id, false, "settled in class", BY).await.unwrap();
    let settled = open(&school).await;
    school.later(std::time::Duration::from_mins(1));

    divert::divert(&school.gateway, &code, false, "a bruise", BY).await.unwrap();
    let diverted = open(&school).await;
    let absent = hand_off(&school.gateway, id, false, ("CPOMS", "1"), BY).await;
    hand_off(&school.gateway, id, true, ("CPOMS", "1"), "dsl").await.unwrap();

    assert_eq!((settled, diverted), (vec![], vec![id]), "a reason for behaviour is none for safeguarding");
    assert!(refusal(absent).contains("no such item"));
    assert_eq!(open(&school).await, Vec::<Uuid>::new());
    assert_eq!(school.told("hand_off").await, 0, "all of it is the DSL's");
    school.close().await;
}

#[tokio::test]
async fn each_colleague_has_on_the_list_what_they_may_see_and_a_restricted_case_is_the_dsls_alone() {
    let school = school().await;
    let (_, code) = case(&school).await;
    let teacher = colleague(&school, "tess", "teacher").await;
    let slt = colleague(&school, "selma", "slt").await;
    let dsl = colleague(&school, "dora", "dsl").await;
    let office = colleague(&school, "olga", "office").await;
    school
        .db
        .as_superuser(
            "insert into staff (id, name, email, roles) values
             ('00000000-0000-7000-8000-000000000001', 'otto', 'otto@northfield.example', '{teacher}')",
        )
        .await;
    let other: StaffId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
    logged(&school, Some(Topic::Behaviour)).await;
    update(&school, "2026-11-23", "send").await;
    // Sensitive: for the SLT, the DSL and whoever was there.
    logged(&school, Some(Topic::Safeguarding)).await;
    divert::divert(&school.gateway, &code, false, "a bruise", BY).await.unwrap();

    let seen = [teacher, other, office, slt, dsl];
    let mut found = Vec::new();
    for who in seen {
        let page = hand_off::open_items(&school.gateway, who, None).await.unwrap();
        found.push((
            page.lines.len(),
            counts(&school, who).await,
            page.lines.iter().any(|item| item.restricted),
        ));
    }

    assert_eq!(found, [(2, 2, false), (0, 0, false), (2, 2, false), (3, 3, false), (4, 4, true)]);
    let noted = "select actor || ' ' || sentence from chronology_entry where kind = 'read_restricted' and case_id is not null";
    assert_eq!(school.rows(noted).await, [format!("{dsl} a list with this item was read")]);
    assert_eq!(hand_off::all_open(&school.gateway, false).await.unwrap().len(), 2, "an operator as others");
    assert_eq!(hand_off::all_open(&school.gateway, true).await.unwrap().len(), 4);
    school.close().await;
}

#[test]
fn an_item_is_late_after_a_whole_working_day() {
    let policy = usual_policy();
    let late = |since: &str, now: &str| {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        at(since) < late_before(&policy, at(now))
    };
    for (since, not_yet, late_at, why) in [
        ("2026-11-23T10:00:00Z", "2026-11-24T23:59:59Z", "2026-11-25T00:00:00Z", "Tuesday is its day"),
        ("2026-11-27T16:00:00Z", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z", "a weekend gives time"),
        (
            "2026-11-28T12:00:00Z",
            "2026-11-30T23:59:59Z",
            "2026-12-01T00:00:00Z",
            "and so does one on a Saturday",
        ),
        (
            "2026-10-22T12:00:00Z",
            "2026-10-23T22:59:59Z",
            "2026-10-24T00:00:00Z",
            "colleagues work on an INSET day",
        ),
        ("2026-12-18T12:00:00Z", "2027-01-04T23:59:59Z", "2027-01-05T00:00:00Z", "Christmas gives time"),
    ] {
        assert!(!late(since, not_yet), "{why}: not at {not_yet}");
        assert!(late(since, late_at), "{why}: late at {late_at}");
    }
}

#[tokio::test]
async fn a_sheet_tells_the_whole_story_and_no_address_of_anybody() {
    let school = school().await;
    let boris = Letter::from(BORIS).says("I am not happy about Sam.");
    school.arrives(&boris).await;
    school.arrives(&Letter::from(AMINA).says("He was pushed, and cried.")).await;
    school.deliver().await;
    let code = school.cases().await.into_iter().find(|case| case.carer == "Amina Begum").unwrap().code;
    let dora = colleague(&school, "Dora Dean", "dsl").await;
    let reply = cases::Reply {
        words: "We spoke with both boys.",
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: Some(Topic::Behaviour),
        by_text: None,
        by: &dora.to_string(),
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
    cases::note(&school.gateway, &code, false, "Both were calm.", &dora.to_string()).await.unwrap();
    cases::close(&school.gateway, &code, false, "Settled.", &dora.to_string()).await.unwrap();

    let sheet = hand_off_sheet::for_operator(&school.gateway, &code, false).await.unwrap();
    let (plain, csv) = (sheet.plain(), sheet.csv());
    let contact = logged(&school, Some(Topic::Behaviour)).await;
    let of_contact =
        hand_off_sheet::for_operator(&school.gateway, &contact.to_string(), false).await.unwrap();
    let sent = update(&school, "2026-11-23", "send").await;
    let of_update = hand_off_sheet::for_operator(&school.gateway, &sent.to_string(), false).await.unwrap();

    let (said, _) = plain.rsplit_once("SHA-256: ").unwrap();
    insta::assert_snapshot!("hand_off_sheet", said.replace(&code, "CODE"));
    for text in [&plain, &csv, &of_contact.plain(), &of_update.plain()] {
        assert!(text.contains("A123456789012") && text.contains("P1") && text.contains("Sam Ash"), "{text}");
        for never in ["@", "07700", "+447700", "home.example"] {
            assert!(!text.contains(never), "{never} in {text}");
        }
    }
    assert!(!plain.contains("Boris") && !plain.contains("not happy"), "{plain}");
    assert!(of_contact.plain().contains("Details:\nHe pushed a boy.\n\nAction taken:\nHe says sorry."));
    assert!(of_update.plain().contains("Details:\nSam read aloud."));
    school.close().await;
}

#[tokio::test]
async fn a_sheet_about_safeguarding_is_the_dsls_alone_and_reading_it_is_an_entry() {
    let school = school().await;
    let (id, code) = case(&school).await;
    let sensitive = logged(&school, Some(Topic::Safeguarding)).await;
    let about = update(&school, "2026-11-23", "safeguarding").await;
    divert::divert(&school.gateway, &code, false, "a bruise", BY).await.unwrap();
    let slt = colleague(&school, "selma", "slt").await;
    let dsl = colleague(&school, "dora", "dsl").await;
    let gateway = &school.gateway;

    let mut sheets = Vec::new();
    for item in [id, sensitive, about] {
        for (who, is_dsl) in [(slt, false), (dsl, true)] {
            let opened = hand_off_sheet::open(gateway, who, is_dsl, item).await.unwrap();
            sheets.push(opened.map(|opened| opened.sheet.is_some()));
        }
    }
    let operator = [code.clone(), sensitive.to_string(), about.to_string()];
    for item in &operator {
        assert!(hand_off_sheet::for_operator(gateway, item, false).await.is_err(), "{item}");
        hand_off_sheet::for_operator(gateway, item, true).await.unwrap();
    }

    assert_eq!(
        sheets,
        [None, Some(true), Some(false), Some(true), Some(false), Some(true)],
        "for the SLT a restricted case does not exist, and the sheet of the others is not theirs"
    );
    let noted = "select case actor when 'operator' then actor else 'dsl' end || ' ' || visibility from chronology_entry
                 where sentence = 'its hand-off sheet was read' order by 1";
    assert_eq!(
        school.rows(noted).await,
        ["dsl restricted", "dsl restricted", "operator restricted", "operator restricted"],
        "of the case and of the sensitive call"
    );
    school.close().await;
}
