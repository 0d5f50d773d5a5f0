//! Records elsewhere, as colleagues meet them: the list, an item with its sheet, and the form that takes it off the list.

use liaison::{
    domain::{
        contact::{ContactKind, Direction},
        staff::Role,
        topic::Topic,
    },
    flows::{
        contacts::{Contact, log},
        queue, record_drop,
    },
};

use super::{BORIS, Staffed, two_classes};
use crate::support::{inbound::Letter, school::School};

const HOSTILE: &str = "=cmd|'/C calc'!A0 <script>\",";

/// The path of a call about a pupil, about behaviour.
async fn behaviour(school: &Staffed, pupil: &str, facts: &str) -> String {
    let gateway = &school.school.gateway;
    let contact = Contact {
        kind: ContactKind::Call,
        direction: Direction::Out,
        pupil: school.family_of(pupil).await.replace("/families/", "").parse().unwrap(),
        carer: None,
        case: None,
        happened_at: gateway.clock.now(),
        place: String::new(),
        colleagues: Vec::new(),
        facts: facts.to_owned(),
        agreed: String::new(),
        topic: Some(Topic::Behaviour),
        sensitive: false,
        praise: false,
        follow_up_due: None,
        one_colleague_because: String::new(),
    };
    format!("/records/{}", log(gateway, &contact, "test").await.unwrap().id)
}

async fn kept(school: &Staffed) -> Vec<String> {
    school
        .school
        .rows("select coalesce(system || ' ' || reference, 'not needed: ' || not_needed) from hand_off")
        .await
}

#[tokio::test]
async fn a_contact_about_behaviour_leads_to_its_sheet_and_leaves_the_list_once_it_has_a_reference() {
    let school = Staffed::open().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let log = format!("{}/log", school.family_of("P1").await);
    let page = teacher.get(&log).await;
    let fields = [
        ("kind", "call"),
        ("direction", "out"),
        ("carer", ""),
        ("when", "2026-11-23T09:30"),
        ("facts", "He pushed a boy."),
        ("topic", "behaviour"),
    ];

    let logged = teacher.press(&page, &log, &fields).await;
    let item = logged.to().split('?').next().unwrap().to_owned();
    let shown = teacher.get(logged.to()).await;
    let (home, list) = (teacher.get("/").await.body, teacher.get("/records").await.body);
    let deed = format!("{item}/hand-off");
    let blank = teacher.press(&shown, &deed, &[("system", "none"), ("reference", " ")]).await;
    let first = teacher.press(&shown, &deed, &[("system", "Engage"), ("reference", "ref 12")]).await;
    let twice = teacher.press(&shown, &deed, &[("system", "Engage"), ("reference", "ref 12")]).await;
    let after = teacher.get(first.to()).await.body;
    let contact = teacher.get(&item.replace("/records/", "/contacts/")).await.body;

    assert!(item.starts_with("/records/"), "{}", logged.to());
    assert!(
        shown.body.contains("It needs a reference in CPOMS or Engage")
            && shown.body.contains("He pushed a boy.")
    );
    assert!(home.contains("1 key item has no reference in CPOMS or Engage"), "{home}");
    assert!(list.contains(&item) && list.contains("Sam Ash"), "{list}");
    assert_eq!(blank.status, 422);
    assert!(
        blank.body.contains("Say why it needs no reference")
            && blank.body.contains("value=\"none\" required checked")
    );
    assert_eq!((first.to(), twice.to()), (&*format!("{item}?done=handed"), first.to()));
    assert_eq!(kept(&school).await, ["Engage ref 12"], "pressed twice, recorded once");
    assert!(
        after.contains("In Engage:") && after.contains("ref 12") && after.contains("It has what it needs"),
        "{after}"
    );
    assert!(contact.contains("In Engage:"), "{contact}");
    assert!(teacher.get("/records").await.body.contains("Nothing waits"));
    assert!(!teacher.get("/").await.body.contains("key item"));
    school.close().await;
}

#[tokio::test]
async fn a_teacher_of_another_class_neither_sees_an_item_nor_takes_it_off_the_list() {
    let school = Staffed::open().await;
    let theirs = behaviour(&school, "P1", "He pushed a boy.").await;
    let others = behaviour(&school, "P2", "She pushed a girl.").await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let list = teacher.get("/records").await.body;
    let (page, file) = (teacher.get(&others).await, teacher.get(&format!("{others}/sheet.csv")).await);
    let own = teacher.get(&theirs).await;
    let deed = format!("{theirs}/hand-off");
    let marks = [own.hidden(&deed, "form_key"), own.hidden(&deed, "once")];
    let fields = [
        ("form_key", marks[0].as_str()),
        ("once", marks[1].as_str()),
        ("system", "CPOMS"),
        ("reference", "1"),
        ("item", others.as_str()),
    ];
    let pressed = teacher.post(&format!("{others}/hand-off"), &fields).await;

    assert!(list.contains(&theirs) && !list.contains(&others) && !list.contains("Tia"), "{list}");
    assert_eq!([page.status, file.status, pressed.status], [404, 404, 404]);
    assert_eq!(kept(&school).await, Vec::<String>::new());
    assert!(teacher.get("/").await.body.contains("1 key item has"), "nor is it counted");
    school.close().await;
}

#[tokio::test]
async fn a_restricted_case_is_absent_from_list_count_page_and_file_for_all_but_the_dsl() {
    let school = Staffed::open().await;
    let sql =
        "select k.id::text from carer_case k join carer c on c.id = k.carer_id where c.forename = 'Boris'";
    let item = format!("/records/{}", school.school.rows(sql).await.remove(0));
    let code = school.case_of("Boris Czerny").await;

    for role in [Role::Teacher, Role::Office, Role::Slt] {
        let mut browser = school.as_role(role).await;
        let list = browser.get("/records").await.body;
        assert!(list.contains("Nothing waits") && !list.contains(&code) && !list.contains("Boris"), "{list}");
        assert!(!browser.get("/").await.body.contains("key item"), "{role}");
        for path in [item.clone(), format!("{item}/sheet.csv")] {
            assert_eq!(browser.get(&path).await.status, 404, "{role} {path}");
        }
    }
    let mut dsl = school.as_role(Role::Dsl).await;
    let (list, door) = (dsl.get("/records").await.body, dsl.get("/safeguarding").await.body);
    let page = dsl.get(&item).await;
    let file = dsl.get(&format!("{item}/sheet.csv")).await;
    let noted = "select sentence from chronology_entry
                 where kind = 'read_restricted' and case_id is not null order by recorded_at, id";
    let read = school.school.rows(noted).await;
    let done =
        dsl.press(&page, &format!("{item}/hand-off"), &[("system", "CPOMS"), ("reference", "4711")]).await;

    assert!(list.contains(&item) && door.contains("1 key item has no reference yet"), "{list} {door}");
    assert!(page.body.contains("When is Sam let out?") && !page.body.contains(BORIS), "{}", page.body);
    assert!(page.body.contains("<title>Record elsewhere"), "the title names nobody");
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"liaison-sheet.csv\"");
    assert!(file.body.contains("When is Sam let out?"), "{}", file.body);
    assert_eq!(read.iter().filter(|said| *said == "its hand-off sheet was read").count(), 2, "{read:?}");
    assert!(read.contains(&"a list with this item was read".to_owned()), "{read:?}");
    assert_eq!((done.status, kept(&school).await), (303, vec!["CPOMS 4711".to_owned()]));
    assert!(!dsl.get("/records").await.body.contains(&item));
    school.close().await;
}

#[tokio::test]
async fn what_somebody_typed_is_neither_a_tag_on_the_page_nor_a_formula_in_the_file() {
    let school = Staffed::open().await;
    let item = behaviour(&school, "P1", HOSTILE).await;
    let mut slt = school.as_role(Role::Slt).await;

    let page = slt.get(&item).await.body;
    let file = slt.get(&format!("{item}/sheet.csv")).await.body;

    assert!(!page.contains("<script>"), "{page}");
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    assert!(row.iter().any(|cell| cell == format!("'{HOSTILE}")), "{file}");
    assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{file}");
    school.close().await;
}

#[tokio::test]
async fn a_sent_update_and_a_case_say_on_their_own_pages_that_a_reference_is_missing() {
    let school = Staffed::open().await;
    let gateway = &school.school.gateway;
    let file = "pupil,week,text,topic\nP1,2026-11-23,Sam was upset.,send\n";
    queue::updates(gateway, file.as_bytes(), "test").await.unwrap();
    let mut teacher = school.as_role(Role::Teacher).await;
    let case = format!("/cases/{}", school.case_of("Amina Ash").await);
    let before = teacher.get(&case).await;

    let update = teacher.get(&school.family_of("P1").await.replace("/families/", "/update/")).await.body;
    let kind = teacher.press(&before, &format!("{case}/kind"), &[("kind", "behaviour")]).await;
    let after = teacher.get(kind.to()).await.body;
    school.school.set_clock("2026-11-25T09:00:00Z");
    let mut teacher = school.as_role(Role::Teacher).await;
    let late = teacher.get(&case).await.body;

    assert!(update.contains("It is about SEND and has no reference in CPOMS or Engage yet"), "{update}");
    assert!(!before.body.contains("Record elsewhere"));
    assert!(kind.to().ends_with("?done=kind-key") && after.contains("It is about behaviour"), "{after}");
    assert!(late.contains("Late: it is about behaviour"), "{late}");
    let list = teacher.get("/records").await.body;
    assert!(list.contains("Late: waits since Monday 23 November"), "{list}");
    assert!(teacher.get("/").await.body.contains("2 key items have no reference in CPOMS or Engage, 2 late"));
    school.close().await;
}

#[tokio::test]
async fn the_list_goes_on_to_its_end() {
    let school = Staffed::open().await;
    let pupil = school.family_of("P1").await.replace("/families/", "");
    school
        .sql(&format!(
            "insert into contact (id, kind, direction, pupil_id, happened_at, recorded_at, recorded_by, facts, topic)
             select gen_random_uuid(), 'call', 'out', '{pupil}', '2026-11-23T09:00:00Z',
                    '2026-11-23T09:00:00Z'::timestamptz + (n / 4) * interval '1 minute', 'test', 'x', 'send'
             from generate_series(1, 60) n"
        ))
        .await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let (mut path, mut seen) = ("/records".to_owned(), Vec::new());

    for _ in 0..5 {
        let page = dsl.get(&path).await.body;
        let ids = page.split("<h2><a href=\"/records/").skip(1);
        seen.extend(ids.map(|rest| rest.split('"').next().unwrap().to_owned()));
        let Some((_, next)) = page.split_once("href=\"/records?after=") else { break };
        path = format!("/records?after={}", next.split('"').next().unwrap());
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();

    assert_eq!((seen.len(), distinct.len()), (61, 61), "with Boris's case");
    school.close().await;
}

#[tokio::test]
async fn a_colleague_has_a_sheet_written_to_the_folder_and_no_sheet_of_what_is_not_theirs() {
    let school = School::with(&two_classes(), |setup| setup.records = true).await;
    school.arrives(&Letter::from(BORIS).says("When is Sam let out?")).await;
    let school = Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await;
    let own = behaviour(&school, "P1", "He pushed a boy.").await;
    let others = behaviour(&school, "P2", "She pushed a girl.").await;
    let restricted =
        format!("/records/{}", school.school.rows("select id::text from carer_case").await.remove(0));
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&own).await;

    let deed = format!("{own}/folder");
    let first = teacher.press(&page, &deed, &[]).await;
    let twice = teacher.press(&page, &deed, &[]).await;
    let after = teacher.get(first.to()).await;
    let again = teacher.press(&after, &deed, &[]).await;
    let marks = [page.hidden(&deed, "form_key"), page.hidden(&deed, "once")];
    let fields = [("form_key", marks[0].as_str()), ("once", marks[1].as_str())];
    let mut absent = Vec::new();
    for path in [&others, &restricted] {
        absent.push(teacher.post(&format!("{path}/folder"), &fields).await.status);
    }
    record_drop::write_due(&school.school.gateway).await.unwrap();
    let written = teacher.get(&own).await.body;

    assert_eq!((first.to(), twice.to()), (&*format!("{own}?done=to-folder"), first.to()));
    assert!(after.body.contains("it waits to be written"), "{}", after.body);
    assert_eq!(again.status, 422);
    assert!(again.body.contains("It waits to be written to the folder already"), "{}", again.body);
    assert_eq!(absent, [404, 404]);
    assert_eq!(school.school.rows("select state from record_drop").await, ["written"]);
    assert!(written.contains(": written Monday 23 November, 10:00, as "), "{written}");
    assert!(teacher.get("/records").await.body.contains(&own), "a file is no reference");
    school.close().await;
}
