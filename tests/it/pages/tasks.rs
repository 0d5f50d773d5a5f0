//! Tasks that are no calls and no letters, and what was decided about whose a message is.

use jiff::civil::date;
use liaison::{
    domain::{
        contact::{ContactKind, Direction},
        staff::Role,
    },
    flows::contacts::{self, Contact},
};

use super::{AMINA, Staffed, two_classes};
use crate::support::inbound::bounce;

/// What was agreed with Amina is to be confirmed in writing; the task's id.
async fn follow_up(school: &Staffed) -> String {
    let teacher = school.staff("teacher@northfield.example").await;
    let amina = school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0);
    let contact = Contact {
        kind: ContactKind::Meeting,
        direction: Direction::Out,
        pupil: school.family_of("P1").await.replace("/families/", "").parse().unwrap(),
        carer: Some(amina.parse().unwrap()),
        case: None,
        happened_at: school.school.gateway.now(),
        place: String::new(),
        colleagues: vec![teacher],
        facts: "We met.".to_owned(),
        agreed: "We look again in two weeks.".to_owned(),
        topic: None,
        sensitive: false,
        praise: false,
        follow_up_due: Some(date(2026, 11, 27)),
        one_colleague_because: String::new(),
    };
    let logged = contacts::log(&school.school.gateway, &contact, &teacher.to_string()).await.unwrap();
    logged.follow_up.unwrap().to_string()
}

#[tokio::test]
async fn whoever_confirms_what_was_agreed_reads_which_interpreter_to_book() {
    for (column, value, said) in [
        ("language", "ur", Some("Urdu")),
        ("format", "bsl", Some("British Sign Language")),
        ("language", "en", None),
    ] {
        let school = Staffed::open().await;
        school.school.import(&two_classes().changed("C1", |carer| carer.with(column, value))).await;
        let task = follow_up(&school).await;
        let mut teacher = school.as_role(Role::Teacher).await;

        let (list, page) =
            (teacher.get("/to-do").await.body, teacher.get(&format!("/tasks/{task}")).await.body);

        for shown in [list, page] {
            match said {
                Some(said) => assert!(shown.contains(&format!("Interpreter: {said}, book first")), "{shown}"),
                None => assert!(!shown.contains("Interpreter:"), "{shown}"),
            }
        }
        school.close().await;
    }
}

#[tokio::test]
async fn a_task_that_is_no_call_is_done_or_given_up_on_its_page_once_and_leaves_the_list() {
    let school = Staffed::open().await;
    let at = format!("/tasks/{}", follow_up(&school).await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let fields = [("became", "done"), ("outcome", "Wrote to her on paper.")];

    let list = teacher.get("/to-do").await.body;
    let page = teacher.get(&at).await;
    let silent = teacher.press(&page, &at, &[("became", "done"), ("outcome", " ")]).await;
    let undecided = teacher.press(&page, &at, &[("outcome", "Wrote to her.")]).await;
    let done = teacher.press(&page, &at, &fields).await;
    let twice = teacher.press(&page, &at, &fields).await;
    let stale = teacher.press(&silent, &at, &[("became", "given_up"), ("outcome", "Not needed.")]).await;
    let (after, ended) = (teacher.get("/to-do").await.body, teacher.get(&at).await.body);

    assert!(list.contains(&format!("<a href=\"{at}\">Confirm in writing</a>")), "{list}");
    assert!(silent.body.contains("<a href=\"#outcome\">Say what came of it"), "{}", silent.body);
    assert!(undecided.body.contains("<a href=\"#became-done\">"), "{}", undecided.body);
    assert!(undecided.body.contains(">Wrote to her.</textarea>"), "{}", undecided.body);
    assert_eq!((done.to(), twice.to()), ("/to-do?done=task-closed", "/to-do?done=task-closed"));
    assert_eq!(stale.status, 422);
    assert!(
        stale.body.contains("This task is done already") && stale.body.contains("Not needed."),
        "{}",
        stale.body
    );
    assert!(!after.contains(&at) && ended.contains("Wrote to her on paper."), "{after}");
    assert_eq!(school.school.told("task_closed").await, 1);
    school.close().await;
}

#[tokio::test]
async fn a_task_of_another_class_or_a_call_is_not_closed_there() {
    let school = Staffed::open().await;
    let (task, call) = (follow_up(&school).await, school.call().await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&format!("/tasks/{task}")).await;
    let at_call = teacher.get(&format!("/tasks/{call}")).await;
    let key = page.hidden(&format!("/tasks/{task}"), "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let fields = [("form_key", key.as_str()), ("once", once.as_str()), ("became", "done"), ("outcome", "x")];
    let closed = teacher.post(&format!("/tasks/{call}"), &fields).await.status;
    school.sql("delete from class_staff").await;

    let hidden = teacher.get(&format!("/tasks/{task}")).await.status;
    let unseen = teacher.post(&format!("/tasks/{task}"), &fields).await.status;

    assert_eq!(at_call.to(), format!("/calls/{call}"));
    assert_eq!((closed, hidden, unseen), (404, 404, 404));
    assert_eq!(school.school.rows("select count(*)::text from task where state <> 'open'").await, ["0"]);
    school.close().await;
}

#[tokio::test]
async fn saying_that_an_address_is_right_or_taking_it_away_closes_the_task_to_check_it() {
    for deed in ["good", "remove"] {
        let school = Staffed::open().await;
        school.school.queue(&[("P1", "Sam sang.")]).await;
        school.school.deliver().await;
        let _ = school
            .school
            .arrives(&bounce(&school.school.message_id_to(AMINA), AMINA, "failed", "5.1.1"))
            .await;
        let open = "select state from task where kind = 'check_address'";
        let before = school.school.rows(open).await;
        let (carer, address) = (
            school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0),
            school
                .school
                .rows("select id::text from address where value = 'amina@family.example'")
                .await
                .remove(0),
        );
        let mut office = school.as_role(Role::Office).await;
        let page = office.get(&format!("/carers/{carer}")).await;

        office.press(&page, &format!("/carers/{carer}/addresses/{address}/{deed}"), &[]).await;

        assert_eq!(before, ["open"], "{deed}");
        assert_eq!(school.school.rows(open).await, ["done"], "{deed}");
        school.close().await;
    }
}

#[tokio::test]
async fn a_decision_is_found_on_its_list_and_from_the_case_and_can_be_undone() {
    let school = Staffed::open().await;
    let question = school.school.question().await.id.to_string();
    let mut office = school.as_role(Role::Office).await;
    let at = format!("/questions/{question}");
    let page = office.get(&at).await;
    let found = office.press(&page, &format!("{at}/find"), &[("name", "Amina")]).await;
    let (_, who) = found.body.split_once("name=\"who\" value=\"").expect("somebody");
    let who = who.split('"').next().unwrap().to_owned();
    let decided = office.press(&found, &format!("{at}/answer"), &[("who", &who)]).await;

    let case = office.get(decided.to()).await.body;
    let list = office.get("/questions?list=decided").await.body;
    let open = office.get("/questions").await.body;
    let teacher = school.as_role(Role::Teacher).await.get(decided.to()).await.body;
    let page = office.get(&at).await;
    let undone = office.press(&page, &format!("{at}/undo"), &[("reason", "It was somebody else.")]).await;
    let after = office.get("/questions?list=decided").await.body;

    for body in [&case, &list] {
        assert!(body.contains(&format!("href=\"{at}\"")), "{body}");
    }
    assert!(!open.contains(&at), "{open}");
    assert!(!teacher.contains("/questions"), "no link to what is not theirs: {teacher}");
    assert_eq!(undone.to(), format!("{at}?done=undone"));
    assert!(!after.contains(&at), "{after}");
    school.close().await;
}

#[tokio::test]
async fn decisions_are_paged_the_last_decided_first_and_each_stands_once() {
    let school = Staffed::open().await;
    school
        .sql(
            "insert into question (id, kind, received_id, why, candidates, role, visibility, due, state, opened_at, closed_at,
                                   closed_by, outcome)
             select gen_random_uuid(), kind, received_id, why, candidates, role, visibility, due, 'dismissed', opened_at,
                    opened_at + n % 7 * interval '1 hour', 'test', 'An advertisement.'
             from question cross join generate_series(1, 60) n",
        )
        .await;
    let mut office = school.as_role(Role::Office).await;
    let (mut path, mut seen) = ("/questions?list=decided".to_owned(), Vec::new());

    while !path.is_empty() {
        let page = office.get(&path).await.body;
        let links = page.split("href=\"/questions/").skip(1);
        seen.extend(links.map(|rest| rest.split('"').next().unwrap().to_owned()));
        let next = page.split("<p class=\"pages\"><a href=\"").nth(1);
        path = next.map_or_else(String::new, |rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
    }

    let last = "select id::text from question where state <> 'open' order by closed_at desc, id desc";
    assert_eq!(seen, school.school.rows(last).await);
    school.close().await;
}
