//! Which rows each colleague sees: before a divert, after it, and when a stranger's mail turns out to be a restricted
//! carer's.

use liaison::{
    domain::{
        chronology::Entry,
        ids::{PupilId, StaffId},
    },
    flows::{audit, cases, complaint, divert, hand_off, questions, questions::Says},
    store::chronology,
};

use super::{AMINA, HER_WORDS, REASON, hire, school, sees, signed_in, words_seen};
use crate::support::{
    inbound::Letter,
    people::{Roll, carer, pupil},
    school::School,
};

const OAK: &str = "\
pupil: Sam, Una
carer: Amina, Boris, Derek
address: +447700900104, amina.begum, boris.czerny
restriction: no_contact
delivery: acknowledgement to Amina, weekly_update to Amina
carer_case: Amina
clock: Amina
answer: acknowledgement to Amina
reading: amina
received_seen: amina
question: which_child amina
task: call Derek
attempt: Amina
choice: Amina, Boris, Derek
receipt: Amina
chronology_entry: Amina, Boris, Derek
chronology_body: Amina";

const ELM: &str = "\
pupil: Tom, Vera
carer: Carys
address: carys.dafydd
delivery: acknowledgement to Carys, weekly_update to Carys
carer_case: Carys
clock: Carys
answer: acknowledgement to Carys
reading: carys
received_seen: carys
attempt: Carys
choice: Carys
receipt: Carys
chronology_entry: Carys
chronology_body: Carys";

const OFFICE: &str = "\
pupil: Sam, Tom, Una, Vera
carer: Amina, Boris, Carys, Derek
address: +447700900104, 1 Quarry Lane, amina.begum, boris.czerny, carys.dafydd
restriction: no_contact
delivery: acknowledgement to Amina, acknowledgement to Carys, weekly_update to Amina, weekly_update to Carys
carer_case: Amina, Carys
clock: Amina, Carys
answer: acknowledgement to Amina, acknowledgement to Carys
reading: amina, carys, stranger
received_seen: amina, carys, stranger
question: which_child amina, who_is_this stranger
task: call Derek
attempt: Amina, Carys
choice: Amina, Boris, Carys, Derek
receipt: Amina, Carys
chronology_entry: Amina, Boris, Carys, Derek, nobody, stranger
chronology_body: Amina, Carys, stranger";

const DSL: &str = "\
pupil: Sam, Tom, Una, Vera
carer: Amina, Boris, Carys, Derek
address: +447700900104, 1 Quarry Lane, amina.begum, boris.czerny, carys.dafydd
restriction: no_contact
delivery: acknowledgement to Amina, acknowledgement to Carys, weekly_update to Amina, weekly_update to Carys
carer_case: Amina, Boris, Carys
clock: Amina, Boris, Carys
answer: acknowledgement to Amina, acknowledgement to Carys
reading: amina, boris, carys, stranger
received_seen: amina, boris, carys, stranger
question: which_child amina, who_is_this stranger
task: call Derek
attempt: Amina, Carys
choice: Amina, Boris, Carys, Derek
receipt: Amina, Carys
chronology_entry: Amina, Boris, Carys, Derek, nobody, restricted Boris, stranger
chronology_body: Amina, Carys, restricted Boris, stranger";

/// A colleague of Sam's family: his sister and all their carers are hidden too.
const PARENT: &str = "\
pupil: Tom
carer: Carys
address: carys.dafydd
delivery: acknowledgement to Carys, weekly_update to Carys
carer_case: Carys
clock: Carys
answer: acknowledgement to Carys
reading: carys, stranger
received_seen: carys, stranger
question: who_is_this stranger
attempt: Carys
choice: Carys
receipt: Carys
chronology_entry: Carys, nobody, stranger
chronology_body: Carys, stranger";

#[tokio::test]
async fn everybody_sees_what_their_work_needs_and_no_more() {
    let school = school().await;
    let expected = [
        ("oak", OAK),
        ("elm", ELM),
        ("office", OFFICE),
        ("slt", OFFICE),
        ("dsl", DSL),
        ("parent", PARENT),
        ("governor", ""),
        ("it", ""),
        ("gone", ""),
        ("", ""),
    ];

    for (name, rows) in expected {
        assert_eq!(sees(&school, name).await, rows, "{name}");
    }
    school.close().await;
}

async fn count(school: &School, name: &str, table: &str) -> i64 {
    let mut connection = signed_in(school, name).await;
    let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_disabled_account_is_nobody_also_for_classes_and_colleagues_and_seals_are_for_those_who_answer_for_them()
 {
    let school = school().await;
    school.seal().await;

    for table in ["class", "class_staff", "staff", "hold", "daemon", "inbox", "chronology_seal"] {
        assert_eq!((count(&school, "gone", table).await, count(&school, "", table).await), (0, 0), "{table}");
    }
    assert_eq!(count(&school, "it", "class").await, 2);
    assert!(count(&school, "it", "staff").await > 5);
    for (name, sees) in [("governor", true), ("slt", true), ("dsl", true), ("office", false), ("oak", false)]
    {
        assert_eq!(count(&school, name, "chronology_seal").await > 0, sees, "{name}");
    }
    school.close().await;
}

#[tokio::test]
async fn packs_and_verifications_are_for_those_who_answer_for_the_record() {
    let school = school().await;
    let slt = school.rows("select id::text from staff where name = 'slt'").await.remove(0);
    let asked = audit::Asked {
        from: "2026-11-23".parse().unwrap(),
        until: "2026-11-29".parse().unwrap(),
        sample: 10,
    };
    audit::make(&school.gateway, &asked, StaffId(slt.parse().unwrap())).await.unwrap();
    audit::verify_now(&school.gateway, "slt").await.unwrap();
    // The DSL is of Tom's family: his mother's case is not in the sample they see.
    let family = "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p \
                  where s.name = 'dsl' and p.pupil_ref = 'P2'";
    school.db.as_superuser(family).await;

    for (name, packs, lines) in [
        ("governor", 1, 2),
        ("slt", 1, 2),
        ("dsl", 1, 1),
        ("office", 0, 0),
        ("oak", 0, 0),
        ("parent", 0, 0),
        ("it", 0, 0),
        ("gone", 0, 0),
        ("", 0, 0),
    ] {
        assert_eq!(count(&school, name, "audit_pack").await, packs, "{name}");
        assert_eq!(count(&school, name, "verification").await, packs, "{name}");
        assert_eq!(count(&school, name, "audit_sample").await, lines, "{name}");
    }
    school.close().await;
}

#[tokio::test]
async fn a_complaint_is_for_the_leaders_and_whoever_has_it_and_its_words_beside_entries_too() {
    let school = school().await;
    let code = school.cases().await.into_iter().find(|case| case.carer == "Carys Dafydd").unwrap().code;
    let elm = school.rows("select id::text from staff where name = 'elm'").await.remove(0);
    let elm = StaffId(elm.parse().unwrap());
    complaint::open(&school.gateway, &code, false, elm, "SECRET why", "slt").await.unwrap();

    for (name, sees) in [
        ("slt", true),
        ("dsl", true),
        ("elm", true),
        ("office", false),
        ("oak", false),
        ("parent", false),
        ("governor", false),
        ("it", false),
        ("gone", false),
        ("", false),
    ] {
        let rows = i64::from(sees);
        assert_eq!(count(&school, name, "complaint").await, rows, "{name}");
        assert_eq!(count(&school, name, "complaint_step").await, rows, "{name}");
        assert_eq!(words_seen(&school, name).await.contains("SECRET"), sees, "{name}");
    }
    let told = "chronology_entry where kind = 'complaint'";
    assert_eq!((count(&school, "office", told).await, count(&school, "oak", told).await), (1, 0));
    divert::divert(&school.gateway, &code, false, REASON, "slt").await.unwrap();
    for (name, rows) in [("slt", 0), ("elm", 0), ("dsl", 1)] {
        assert_eq!(count(&school, name, "complaint").await, rows, "{name}");
        assert_eq!(count(&school, name, "complaint_step").await, rows, "{name}");
        assert_eq!(words_seen(&school, name).await.contains("SECRET"), rows == 1, "{name}");
    }
    school.close().await;
}

/// The same lines without what is the diverted case's, and with the one sentence that is left.
const OAK_AFTER: &str = "\
pupil: Sam, Una
carer: Amina, Boris, Derek
address: +447700900104, amina.begum, boris.czerny
restriction: no_contact
delivery: weekly_update to Amina
task: call Derek
attempt: Amina
choice: Amina, Boris, Derek
receipt: Amina
chronology_entry: Amina, Boris, Derek, Sam
chronology_body: Amina";

const OFFICE_AFTER: &str = "\
pupil: Sam, Tom, Una, Vera
carer: Amina, Boris, Carys, Derek
address: +447700900104, 1 Quarry Lane, amina.begum, boris.czerny, carys.dafydd
restriction: no_contact
delivery: acknowledgement to Carys, weekly_update to Amina, weekly_update to Carys
carer_case: Carys
clock: Carys
answer: acknowledgement to Carys
reading: carys, stranger
received_seen: carys, stranger
question: who_is_this stranger
task: call Derek
attempt: Amina, Carys
choice: Amina, Boris, Carys, Derek
receipt: Amina, Carys
chronology_entry: Amina, Boris, Carys, Derek, Sam, nobody, stranger
chronology_body: Amina, Carys, stranger";

/// Amina's case as far as a divert can find it: child known, a reply queued, an internal note; then diverted; then the
/// reply leaves, and she writes again.
async fn diverted(school: &School) {
    let code = school.cases().await.into_iter().find(|case| case.carer == "Amina Begum").unwrap().code;
    let says = Says::Is { carer: None, pupil: Some("P1") };
    let question = school.questions().await.into_iter().find(|one| one.kind == "which_child").unwrap();
    questions::answer(&school.gateway, question.id, false, &says, "office").await.unwrap();
    cases::note(&school.gateway, &code, false, "SECRET note", "oak").await.unwrap();
    let words = "SECRET reply";
    let reply = cases::Reply {
        words,
        promise: None,
        full_answer: false,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "oak",
    };
    cases::reply(&school.gateway, &code, false, &reply).await.unwrap();
    divert::divert(&school.gateway, &code, false, REASON, "oak").await.unwrap();
    school.deliver().await;
    let more = Letter::from(AMINA).subject(&format!("[Ref {code}]")).says("SECRET second letter?");
    school.arrives(&more).await;
    school.deliver().await;
    let id = hand_off::id_of(&school.gateway, &code, true).await.unwrap();
    hand_off::hand_off(&school.gateway, id, true, ("CPOMS", "4711"), "dsl").await.unwrap();
    // A deed that was under way while the case was diverted tells of it as it knew it.
    let case = school.cases().await.into_iter().find(|case| case.code == code).unwrap().id;
    let late = Entry::now(school.gateway.clock.now(), "note", "a note in a case").case(case);
    let pupil: uuid::Uuid = sqlx::query_scalar("select id from pupil where pupil_ref = 'P1'")
        .fetch_one(school.gateway.store.pool())
        .await
        .unwrap();
    let late = Entry { pupil: Some(PupilId(pupil)), ..late }.words([7; 16], "SECRET race".into());
    let mut connection = school.gateway.store.acquire().await.unwrap();
    chronology::append(&mut connection, &[late]).await.unwrap();
}

#[tokio::test]
async fn after_a_divert_only_the_dsl_sees_anything_of_it_and_others_one_sentence() {
    let school = school().await;
    let before = words_seen(&school, "oak").await;

    diverted(&school).await;

    assert!(before.contains(HER_WORDS));
    assert_eq!(sees(&school, "oak").await, OAK_AFTER);
    assert_eq!(sees(&school, "elm").await, ELM);
    assert_eq!(sees(&school, "office").await, OFFICE_AFTER);
    assert_eq!(sees(&school, "slt").await, OFFICE_AFTER);
    assert_eq!(sees(&school, "parent").await, PARENT);
    for (name, words) in [("oak", ""), ("office", HER_WORDS), ("slt", HER_WORDS)] {
        let seen = words_seen(&school, name).await;
        assert!(!seen.contains("SECRET") && !seen.contains(REASON), "{name}: {seen}");
        // Carys and the stranger wrote the same words.
        assert_eq!(seen.contains(HER_WORDS), !words.is_empty(), "{name}: {seen}");
    }
    let dsl = words_seen(&school, "dsl").await;
    for words in [HER_WORDS, "SECRET note", "SECRET reply", "SECRET second letter?", REASON] {
        assert!(dsl.contains(words), "{words}");
    }
    assert_eq!((count(&school, "dsl", "hand_off").await, count(&school, "slt", "hand_off").await), (1, 0));
    school.close().await;
}

#[tokio::test]
async fn a_hidden_entry_is_the_dsls_and_stays_hidden() {
    let school = school().await;
    let amina = "select id from carer where forename = 'Amina'";
    let hide = format!(
        "insert into entry_hidden select id, now(), 'oak', 'x' from chronology_entry where carer_id = ({amina})"
    );
    school.db.as_superuser(&hide).await;

    let (office, dsl) = (words_seen(&school, "office").await, words_seen(&school, "dsl").await);
    let told = school.entries().await;
    let pool = school.gateway.store.pool();
    for write in ["delete from entry_hidden", "update entry_hidden set reason = ''"] {
        assert!(sqlx::query(write).execute(pool).await.is_err(), "{write}");
    }

    assert!(!office.contains("Amina") && dsl.contains("Amina"), "{office}");
    assert!(told.iter().all(|entry| entry.carer.as_deref() != Some("Amina Begum")), "{told:?}");
    assert!(told.iter().any(|entry| entry.carer.as_deref() == Some("Carys Dafydd")));
    school.close().await;
}

#[tokio::test]
async fn a_strangers_mail_that_turns_out_to_be_a_restricted_carers_is_the_dsls_from_then_on() {
    let school = school().await;
    let question = school.questions().await.into_iter().find(|one| one.kind == "who_is_this").unwrap();
    let says = Says::Is { carer: Some("C2"), pupil: None };
    questions::answer(&school.gateway, question.id, false, &says, "office").await.unwrap();

    let (office, dsl) = (sees(&school, "office").await, sees(&school, "dsl").await);

    assert!(!office.contains("stranger"), "{office}");
    assert!(dsl.contains("reading: amina, boris, carys, stranger"), "{dsl}");
    assert!(dsl.contains("who_is_this stranger"), "{dsl}");
    school.close().await;
}

#[tokio::test]
async fn words_that_came_before_the_child_was_known_are_for_the_class_whose_case_it_is_by_now() {
    let hers = |child| carer(child, "C1", "Amina", "Begum").email(AMINA);
    let pupils = [pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Ash").with("class", "Elm")];
    let school = School::open(&Roll::new(&pupils, &[hers("P1"), hers("P2")])).await;
    for (name, class) in [("oak", "Oak"), ("elm", "Elm")] {
        school.db.as_superuser(&hire(name, "teacher", class, false)).await;
    }
    school.arrives(&Letter::from(AMINA).says(HER_WORDS)).await;
    let code = school.cases().await.remove(0).code;
    cases::note(&school.gateway, &code, false, "SECRET note", "office").await.unwrap();
    let question = school.questions().await.remove(0).id;
    let is = |pupil| Says::Is { carer: None, pupil: Some(pupil) };
    let reads = async |name: &str| {
        let words = words_seen(&school, name).await;
        (words.contains(HER_WORDS), words.contains("SECRET note"))
    };

    questions::answer(&school.gateway, question, false, &is("P2"), "office").await.unwrap();
    let of_elm = [reads("oak").await, reads("elm").await];
    questions::undo(&school.gateway, question, false, "a slip", "office").await.unwrap();
    questions::answer(&school.gateway, question, false, &is("P1"), "office").await.unwrap();
    let of_oak = [reads("oak").await, reads("elm").await];

    assert_eq!(of_elm, [(false, false), (true, true)], "Oak, Elm");
    assert_eq!(of_oak, [(true, true), (false, false)], "Oak, Elm");
    school.close().await;
}

#[tokio::test]
async fn what_may_be_of_a_colleagues_own_family_is_nothing_to_them_before_it_is_placed_and_after() {
    let shares = |reference, name| carer("P1", reference, name, "Ash").email(AMINA);
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Tom", "Birch")],
        &[
            shares("C1", "Amina"),
            shares("C2", "Boris"),
            carer("P2", "C3", "Carys", "Dafydd").email(super::CARYS),
        ],
    );
    let school = School::open(&roll).await;
    for name in ["office", "parent"] {
        school.db.as_superuser(&hire(name, "office", "", false)).await;
    }
    let family = "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p \
                  where s.name = 'parent' and p.pupil_ref = 'P1'";
    school.db.as_superuser(family).await;
    // From the mailbox that both parents share; unreadable from there; and a reply to what she was sent, from elsewhere.
    school.queue(&[("P1", "Sam read aloud.")]).await;
    school.deliver().await;
    let ours = school.mail.messages().pop().unwrap();
    let (_, id) = ours.data.split_once("Message-ID: <").unwrap();
    let elsewhere = Letter::from("other@elsewhere.example").answers(id.split('>').next().unwrap());
    school.arrives(&Letter::from(AMINA).says(HER_WORDS)).await;
    school.arrives(&elsewhere.says(HER_WORDS)).await;
    let report = Letter::from(AMINA).subject("Report").header("Content-Type", "message/feedback-report");
    school.arrives(&report.says(HER_WORDS)).await;
    let all = ["question", "reading", "received_seen"];
    let counted = async |name| {
        let mut counts = Vec::new();
        for table in all {
            counts.push(count(&school, name, table).await);
        }
        (counts, words_seen(&school, name).await.matches(HER_WORDS).count())
    };

    let (office, parent) = (counted("office").await, counted("parent").await);
    let question = school.questions().await.into_iter().find(|one| one.candidates.len() > 1).unwrap().id;
    let says = Says::Is { carer: Some("C1"), pupil: None };
    questions::answer(&school.gateway, question, false, &says, "office").await.unwrap();
    let placed = counted("parent").await;

    assert!(office.0.iter().all(|count| *count >= 2) && office.1 >= 2, "{office:?}");
    assert_eq!(parent, (vec![0, 0, 0], 0));
    assert_eq!(placed, (vec![0, 0, 0], 0));
    school.close().await;
}
