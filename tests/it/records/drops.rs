//! The sheet of a key item on its way to the folder of records.

use liaison::{
    domain::{
        contact::{ContactKind, Direction},
        topic::Topic,
    },
    flows::{
        Clock as _, cases,
        contacts::{Contact, log},
        divert, hand_off,
        record_drop::{ask, write_due},
    },
    store::record_drops,
};
use liaison_channels::record_sink::Record;
use uuid::Uuid;

use super::{colleague, pupil_id, refusal, sees};
use crate::support::{inbound::Letter, people::one_by_email, school::School};

const BY: &str = "h.barlow";

/// A school with a folder of records, and a call about Sam's behaviour.
async fn scene() -> (School, Uuid) {
    let school = School::with(&one_by_email(), |setup| setup.records = true).await;
    let call = Contact {
        kind: ContactKind::Call,
        direction: Direction::Out,
        pupil: pupil_id(&school, "P1").await,
        carer: None,
        case: None,
        happened_at: school.clock.now(),
        place: String::new(),
        colleagues: Vec::new(),
        facts: "He pushed a boy.".to_owned(),
        agreed: String::new(),
        topic: Some(Topic::Behaviour),
        sensitive: false,
        praise: false,
        follow_up_due: None,
        one_colleague_because: String::new(),
    };
    let id = log(&school.gateway, &call, BY).await.unwrap().id.0;
    (school, id)
}

/// A case of Sam's mother about behaviour: its id and code.
async fn case(school: &School) -> (Uuid, String) {
    school.arrives(&Letter::from("amina.begum@home.example")).await;
    let case = school.case().await;
    cases::rekind(&school.gateway, &case.code, false, "behaviour", BY).await.unwrap();
    (case.id.0, case.code)
}

/// The names of the files in the folder, and the words of the texts among them.
fn files(school: &School) -> (Vec<String>, String) {
    let folder = school.place("records");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let texts = names.iter().filter(|name| name.rsplit('.').next() == Some("txt"));
    let words = texts.map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect();
    (names, words)
}

async fn states(school: &School) -> Vec<String> {
    school.rows("select state from record_drop order by id").await
}

#[tokio::test]
async fn a_sheet_is_written_once_when_a_person_asks_and_the_item_stays_on_the_list() {
    let (school, id) = scene().await;
    let by_itself = write_due(&school.gateway).await.unwrap();

    ask(&school.gateway, id, false, BY).await.unwrap();
    let twice = ask(&school.gateway, id, false, BY).await;
    let written = write_due(&school.gateway).await.unwrap();
    let again = write_due(&school.gateway).await.unwrap();

    assert!(refusal(twice).contains("already"));
    assert_eq!((by_itself, written, again), (0, 1, 0), "nothing goes by itself");
    let (names, words) = files(&school);
    let drop = school.rows("select id::text from record_drop").await.remove(0);
    assert_eq!(names, ["csv", "sha256", "txt"].map(|end| format!("{drop}.{end}")), "and no name of anybody");
    assert!(words.contains("He pushed a boy."), "{words}");
    let waits = hand_off::all_open(&school.gateway, false).await.unwrap();
    assert_eq!(waits.len(), 1, "the file is no reference");
    let told: Vec<_> = school.entries().await.into_iter().filter(|entry| entry.kind == "hand_off").collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].sentence, "the sheet of a call was written to the folder of records");
    school.close().await;
}

#[tokio::test]
async fn a_crash_between_writing_and_noting_it_gives_the_same_files_and_no_second_ones() {
    let (school, id) = scene().await;
    ask(&school.gateway, id, false, BY).await.unwrap();
    let mut connection = school.gateway.store.acquire().await.unwrap();
    let due = record_drops::due(&mut connection, 10, school.clock.now()).await.unwrap();
    drop(connection);
    // As a daemon does that dies right after.
    let half = Record { id: due[0].id.0, plain: "from before".into(), csv: "from before".into() };
    school.gateway.sink.as_ref().unwrap().take(&half).await.unwrap();

    let other = school.another_daemon(school.db.store());
    let (mine, theirs) = tokio::join!(write_due(&school.gateway), write_due(&other));

    assert_eq!(mine.unwrap() + theirs.unwrap(), 1, "noted once");
    let (names, words) = files(&school);
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(words.contains("He pushed a boy.") && !words.contains("from before"), "{words}");
    assert_eq!(states(&school).await, ["written"]);
    school.close().await;
}

#[tokio::test]
async fn what_becomes_the_dsls_after_somebody_asked_is_not_written_until_a_dsl_asks() {
    let (school, _) = scene().await;
    let (id, code) = case(&school).await;
    ask(&school.gateway, id, false, BY).await.unwrap();
    divert::divert(&school.gateway, &code, false, "a bruise", BY).await.unwrap();

    let written = write_due(&school.gateway).await.unwrap();
    let (names, _) = files(&school);
    let others = ask(&school.gateway, id, false, BY).await;
    ask(&school.gateway, id, true, "dsl").await.unwrap();
    let hers = write_due(&school.gateway).await.unwrap();

    assert_eq!((written, names.len(), hers), (0, 0, 1), "{names:?}");
    assert!(refusal(others).contains("safeguarding lead alone"));
    assert_eq!(states(&school).await, ["cancelled", "written"]);
    assert_eq!(school.told("hand_off").await, 0, "all of it is the DSL's");
    let (slt, dsl) = (colleague(&school, "selma", "slt").await, colleague(&school, "dora", "dsl").await);
    assert_eq!((sees(&school, slt, "record_drop").await, sees(&school, dsl, "record_drop").await), (0, 2));
    school.close().await;
}

#[tokio::test]
async fn a_folder_that_is_gone_keeps_a_sheet_waiting_and_says_why() {
    let (school, id) = scene().await;
    let folder = school.place("records");
    ask(&school.gateway, id, false, BY).await.unwrap();
    std::fs::rename(&folder, folder.with_extension("gone")).unwrap();

    let gone = write_due(&school.gateway).await.unwrap();
    let why = school.rows("select why from record_drop where state = 'queued'").await;
    std::fs::rename(folder.with_extension("gone"), &folder).unwrap();
    let too_soon = write_due(&school.gateway).await.unwrap();
    school.later(std::time::Duration::from_mins(5));
    let later = write_due(&school.gateway).await.unwrap();

    assert_eq!((gone, too_soon, later), (0, 0, 1));
    assert!(why[0].contains("it is missing") && !why[0].contains("pushed"), "{why:?}");
    school.close().await;
}
