//! Contacts are kept as they were told, corrected by further ones, and seen by those they are for.

use liaison::{
    domain::{
        contact::{ContactKind, Direction},
        ids::{PupilId, StaffId},
        time::Timestamp,
    },
    flows::{
        Clock as _,
        contacts::{Contact, correct, log},
        tasks,
    },
    store::{
        contacts::{self, Of},
        desk::{self, WhichTasks},
    },
};

use super::{as_colleague, carer_id, colleague, pupil_id, refusal, sees};
use crate::support::{people::one_by_email, school::School};

fn meeting(pupil: PupilId, happened_at: Timestamp) -> Contact {
    Contact {
        kind: ContactKind::Meeting,
        direction: Direction::Out,
        pupil,
        carer: None,
        case: None,
        happened_at,
        place: "room 4".to_owned(),
        colleagues: Vec::new(),
        facts: "Talked about reading at home.".to_owned(),
        agreed: String::new(),
        topic: None,
        sensitive: false,
        praise: false,
        follow_up_due: None,
        one_colleague_because: String::new(),
    }
}

struct Scene {
    school: School,
    teacher: StaffId,
    pupil: PupilId,
}

async fn scene() -> Scene {
    let school = School::open(&one_by_email()).await;
    let teacher = colleague(&school, "teacher", "teacher").await;
    let pupil = pupil_id(&school, "P1").await;
    Scene { school, teacher, pupil }
}

#[tokio::test]
async fn a_contact_written_down_later_tells_both_times_and_keeps_its_words_beside_the_entry() {
    let Scene { school, teacher, pupil } = scene().await;
    let friday = "2026-11-20T15:30:00Z".parse().unwrap();
    let future = "2026-11-23T10:00:01Z".parse().unwrap();

    log(&school.gateway, &meeting(pupil, friday), &teacher.to_string()).await.unwrap();
    let future = refusal(log(&school.gateway, &meeting(pupil, future), &teacher.to_string()).await);
    let empty = Contact { facts: " ".to_owned(), ..meeting(pupil, friday) };
    let empty = refusal(log(&school.gateway, &empty, &teacher.to_string()).await);

    let entry = school.entries().await.into_iter().find(|e| e.kind == "contact").unwrap();
    assert_eq!((entry.happened_at, entry.recorded_at), (friday, school.clock.now()));
    assert_eq!(entry.sentence, "a meeting was recorded");
    assert_eq!(entry.words.as_deref(), Some("Talked about reading at home."));
    assert!(future.contains("future") && empty.contains("say what happened"), "{future} {empty}");
    school.close().await;
}

#[tokio::test]
async fn a_sensitive_contact_needs_two_colleagues_or_a_reason_for_one() {
    let Scene { school, teacher, pupil } = scene().await;
    let other = colleague(&school, "other", "office").await;
    let by = teacher.to_string();
    let alone =
        Contact { sensitive: true, colleagues: vec![teacher, teacher], ..meeting(pupil, school.clock.now()) };

    let refused = refusal(log(&school.gateway, &alone, &by).await);
    let two = Contact { colleagues: vec![teacher, other], ..alone.clone() };
    let reasoned = Contact { one_colleague_because: "at the gate".to_owned(), ..alone.clone() };
    let stranger = Contact { colleagues: vec![teacher, StaffId::new()], ..alone };
    let stranger = refusal(log(&school.gateway, &stranger, &by).await);

    assert!(refused.contains("two colleagues"), "{refused}");
    assert!(stranger.contains("not known here"), "{stranger}");
    assert!(log(&school.gateway, &two, &by).await.is_ok());
    assert!(log(&school.gateway, &reasoned, &by).await.is_ok());
    school.close().await;
}

#[tokio::test]
async fn a_sensitive_contact_is_seen_by_the_slt_the_dsl_and_those_who_were_there_alone() {
    let Scene { school, teacher, pupil } = scene().await;
    let [there, absent, slt, dsl] = [
        colleague(&school, "there", "office").await,
        colleague(&school, "absent", "office").await,
        colleague(&school, "head", "slt").await,
        colleague(&school, "lead", "dsl").await,
    ];
    let sensitive =
        Contact { sensitive: true, colleagues: vec![there, slt], ..meeting(pupil, school.clock.now()) };

    log(&school.gateway, &sensitive, &teacher.to_string()).await.unwrap();

    let mut seen = Vec::new();
    for who in [teacher, there, absent, slt, dsl] {
        let words = "chronology_body b join chronology_entry e on e.id = b.entry_id where e.kind = 'contact'";
        seen.push((sees(&school, who, "contact").await, sees(&school, who, words).await));
    }
    assert_eq!(seen, [(1, 0), (1, 0), (0, 0), (1, 0), (1, 1)], "author, there, absent, SLT, DSL");
    let entries = "chronology_entry where kind = 'contact'";
    let mut told = Vec::new();
    for who in [teacher, there, absent, slt, dsl] {
        told.push(sees(&school, who, entries).await);
    }
    assert_eq!(told, [0, 0, 0, 0, 1], "that there was one tells already");
    school.close().await;
}

#[tokio::test]
async fn what_was_agreed_becomes_a_follow_up_for_the_author_and_survives_a_correction_once() {
    let Scene { school, teacher, pupil } = scene().await;
    let carer = carer_id(&school, "C1").await;
    let by = teacher.to_string();
    let due = jiff::civil::date(2026, 11, 27);
    let agreed = Contact {
        carer: Some(carer),
        agreed: "A reading diary.".to_owned(),
        follow_up_due: Some(due),
        ..meeting(pupil, school.clock.now())
    };

    let nobody = refusal(log(&school.gateway, &Contact { carer: None, ..agreed.clone() }, &by).await);
    let logged = log(&school.gateway, &agreed, &by).await.unwrap();
    let corrected = correct(&school.gateway, logged.id, &agreed, "wrong room", &by).await.unwrap();

    let task = school.task("follow_up").await;
    assert_eq!((task.role.as_str(), task.class.as_deref(), task.due), ("teacher", Some("Oak"), due));
    assert_eq!((logged.follow_up, corrected.follow_up), (Some(task.id), Some(task.id)));
    assert!(nobody.contains("name the carer"), "{nobody}");
    school.close().await;
}

#[tokio::test]
async fn a_correction_is_a_further_contact_and_the_first_stays_as_it_was() {
    let Scene { school, teacher, pupil } = scene().await;
    let by = teacher.to_string();
    let right = Contact { facts: "Talked about sums.".to_owned(), ..meeting(pupil, school.clock.now()) };
    let first = log(&school.gateway, &meeting(pupil, school.clock.now()), &by).await.unwrap().id;

    let wordless = refusal(correct(&school.gateway, first, &right, "", &by).await);
    let second = correct(&school.gateway, first, &right, "it was about sums", &by).await.unwrap().id;
    let again = refusal(correct(&school.gateway, first, &right, "again", &by).await);

    let mut connection = as_colleague(&school, teacher).await;
    let all = contacts::list(&mut connection, Of::Pupil(pupil), None, 50).await.unwrap();
    let rest =
        contacts::list(&mut connection, Of::Pupil(pupil), Some((all[0].happened_at, all[0].id)), 50).await;
    let balance = contacts::balance(&mut connection, pupil, Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(all.iter().map(|one| one.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!((all[1].facts.as_str(), all[1].corrected_by), ("Talked about reading at home.", Some(second)));
    assert_eq!(rest.unwrap().len(), 1);
    assert_eq!(balance.other, 1, "a corrected contact counts once");
    assert!(wordless.contains("say what was wrong") && again.contains("already"), "{wordless} {again}");
    assert_eq!(school.told("contact_corrected").await, 1);
    school.close().await;
}

#[tokio::test]
async fn good_news_is_logged_without_a_word_and_shows_in_the_balance() {
    let Scene { school, teacher, pupil } = scene().await;
    let carer = carer_id(&school, "C1").await;
    let by = teacher.to_string();
    let friday = "2026-11-20T15:30:00Z".parse().unwrap();
    let postcard = Contact {
        kind: ContactKind::Postcard,
        carer: Some(carer),
        facts: String::new(),
        praise: true,
        ..meeting(pupil, friday)
    };

    log(&school.gateway, &postcard, &by).await.unwrap();
    log(&school.gateway, &meeting(pupil, school.clock.now()), &by).await.unwrap();

    let mut connection = as_colleague(&school, teacher).await;
    let balance = contacts::balance(&mut connection, pupil, Timestamp::UNIX_EPOCH).await.unwrap();
    let of_carer = contacts::list(&mut connection, Of::Carer(carer), None, 50).await.unwrap();
    assert_eq!((balance.praise, balance.other, balance.last_praise), (1, 1, Some(friday)));
    assert_eq!(of_carer.len(), 1);
    school.close().await;
}

#[tokio::test]
async fn the_follow_up_of_a_sensitive_contact_is_on_the_lists_of_those_who_were_there_and_of_the_slt_alone() {
    let Scene { school, teacher, pupil } = scene().await;
    let [there, absent, other, slt, dsl] = [
        colleague(&school, "there", "office").await,
        colleague(&school, "absent", "office").await,
        colleague(&school, "other", "teacher").await,
        colleague(&school, "head", "slt").await,
        colleague(&school, "lead", "dsl").await,
    ];
    let sensitive = Contact {
        sensitive: true,
        colleagues: vec![there, teacher],
        carer: Some(carer_id(&school, "C1").await),
        agreed: "To talk again.".to_owned(),
        follow_up_due: Some(jiff::civil::date(2026, 11, 27)),
        ..meeting(pupil, school.clock.now())
    };

    let task = log(&school.gateway, &sensitive, &teacher.to_string()).await.unwrap().follow_up.unwrap();
    let opened = {
        let mut seen = Vec::new();
        for who in [teacher, there, absent, other, slt, dsl] {
            let mut connection = as_colleague(&school, who).await;
            let which = WhichTasks { kind: None, mine: true, after: None, limit: 9 };
            let mine = desk::tasks(&mut connection, &which).await.unwrap().len();
            let entries = "chronology_entry where task_id is not null";
            seen.push((sees(&school, who, "task").await, mine, sees(&school, who, entries).await));
        }
        seen
    };
    tasks::close(&school.gateway, task, true, &teacher.to_string(), "SECRET outcome").await.unwrap();
    let words = "chronology_body where body like 'SECRET%'";
    let closed = [
        sees(&school, absent, words).await,
        sees(&school, slt, words).await,
        sees(&school, dsl, words).await,
    ];

    let (mine, none) = ((1, 1, 0), (0, 0, 0));
    assert_eq!(
        opened,
        [mine, mine, none, none, mine, (1, 0, 1)],
        "author, there, absent, same class, SLT, DSL"
    );
    assert_eq!(closed, [0, 0, 1]);
    school.close().await;
}
