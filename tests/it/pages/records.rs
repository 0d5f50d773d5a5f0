//! Calls that were tried, and contacts that were logged.

use liaison::{
    domain::{
        announcement::{Audience, Written},
        people::Purpose,
        staff::Role,
    },
    flows::announcements,
};

use super::Staffed;
use crate::support::people::carer;

#[tokio::test]
async fn a_teacher_rings_and_records_what_came_of_it() {
    let school = Staffed::open().await;
    let call = school.call().await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let list = teacher.get("/calls").await.body;
    let page = teacher.get(&format!("/calls/{call}")).await;
    let action = format!("/calls/{call}/attempt");
    let nothing = teacher.press(&page, &action, &[("when", "2026-11-23T10:00")]).await;
    let fields = [("outcome", "no_answer"), ("when", "2026-11-23T10:00")];
    let tried = teacher.press(&nothing, &action, &fields).await;
    let again = teacher.press(&nothing, &action, &fields).await;

    assert!(list.contains("Dora Ash"), "{list}");
    assert!(page.body.contains("+447700900104") && page.body.contains("two whole chapters"), "{}", page.body);
    assert_eq!(nothing.status, 422);
    assert_eq!((tried.to(), again.to()), ("/calls?done=ring-again", "/calls?done=ring-again"));
    let attempts = school.school.rows("select count(*)::text from call_attempt").await;
    assert_eq!(attempts, ["1"], "pressed twice, tried once");
    school.close().await;
}

#[tokio::test]
async fn a_contact_is_logged_and_stands_in_the_chronology_with_both_its_times() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let action = format!("{family}/log");
    let page = teacher.get(&action).await;

    let fields = [
        ("kind", "corridor"),
        ("direction", "in"),
        ("when", "2026-11-20T15:30"),
        ("facts", "His grandmother collects him this week."),
    ];
    let logged = teacher.press(&page, &action, &fields).await;
    let record = teacher.get(logged.to()).await.body;
    let page = teacher.get(&action).await;
    let future =
        [("kind", "call"), ("direction", "out"), ("when", "2026-11-30T15:30"), ("facts", "Kept words")];
    let refused = teacher.press(&page, &action, &future).await;

    assert_eq!(logged.to(), format!("{family}?done=logged"));
    assert!(record.contains("His grandmother collects him this week."), "{record}");
    assert!(
        record.contains("Friday 20 November, 15:30") && record.contains("written down Monday 23 November"),
        "{record}"
    );
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Kept words"), "what was typed is still there");
    school.close().await;
}

#[tokio::test]
async fn a_contact_about_another_classs_pupil_cannot_be_logged() {
    let school = Staffed::open().await;
    let (own, other) = (school.family_of("P1").await, school.family_of("P2").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&format!("{own}/log")).await;
    let key = page.hidden(&format!("{own}/log"), "form_key");
    let once = uuid::Uuid::now_v7().to_string();

    let fields = [
        ("form_key", key.as_str()),
        ("once", once.as_str()),
        ("kind", "call"),
        ("direction", "out"),
        ("when", "2026-11-23T09:30"),
        ("facts", "x"),
    ];
    let status = teacher.post(&format!("{other}/log"), &fields).await.status;

    assert_eq!(status, 404);
    assert_eq!(school.school.rows("select count(*)::text from contact").await, ["0"]);
    school.close().await;
}

#[tokio::test]
async fn what_was_tried_stands_on_the_call_and_after_three_it_is_told_that_it_went_up() {
    let school = Staffed::open().await;
    let call = school.call().await;
    let path = format!("/calls/{call}");
    let action = format!("{path}/attempt");
    let mut teacher = school.as_role(Role::Teacher).await;

    let mut led = Vec::new();
    for (outcome, words) in [("no_answer", ""), ("left_safe_message", "Her <machine>"), ("no_answer", "")] {
        let page = teacher.get(&path).await;
        let fields = [("outcome", outcome), ("when", "2026-11-23T10:00"), ("words", words)];
        led.push(teacher.press(&page, &action, &fields).await.to().to_owned());
    }
    let page = teacher.get(&path).await.body;
    let list = teacher.get("/calls").await.body;

    assert_eq!(led, ["/calls?done=ring-again", "/calls?done=ring-again", "/calls?done=passed-up"]);
    assert_eq!(page.matches("teacher rang").count(), 3, "{page}");
    assert!(page.contains("Monday 23 November, 10:00") && page.contains("Her &#60;machine&#62;"), "{page}");
    assert!(page.contains("senior leadership has it now"), "{page}");
    assert!(list.contains("Tried 3 times so far"), "{list}");
    school.close().await;
}

#[tokio::test]
async fn an_interpreter_that_is_needed_stands_on_the_list_and_on_the_call() {
    let school = Staffed::open().await;
    let roll =
        super::two_classes().changed("C4", |carer| carer.with("language", "ur").with("interpreter", "yes"));
    school.school.import(&roll).await;
    let call = school.call().await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let list = teacher.get("/calls").await.body;
    let page = teacher.get(&format!("/calls/{call}")).await.body;
    let card = teacher.get(&school.family_of("P1").await).await.body;

    assert!(list.contains("Interpreter: Urdu, book first"), "{list}");
    assert!(page.contains("<dt>Interpreter</dt><dd>Urdu: book first</dd>"), "{page}");
    assert!(card.contains("Interpreter: Urdu, book first"), "{card}");
    school.close().await;
}

#[tokio::test]
async fn a_call_that_rests_on_a_child_of_another_class_by_now_names_that_child_to_nobody_of_the_first() {
    let school = Staffed::open().await;
    let mut roll = super::two_classes();
    roll.carers.push(carer("P2", "C4", "Dora", "Ash").mobile("07700 900104").wants("phone"));
    school.school.import(&roll).await;
    let office = school.staff("office@northfield.example").await.to_string();
    let slt = school.staff("slt@northfield.example").await.to_string();
    let notice = Written::read(Purpose::Notice, "Closed on Friday", "It snows.", Audience::School).unwrap();
    let gateway = &school.school.gateway;
    let id = announcements::write(gateway, &notice, &office).await.unwrap();
    announcements::ask(gateway, id, 1, &office).await.unwrap();
    announcements::approve(gateway, id, 1, &slt).await.unwrap();
    announcements::queue(gateway, id, 1, &office).await.unwrap();
    school.school.later(std::time::Duration::from_mins(5));
    announcements::send_due(gateway).await.unwrap();
    let call = format!("/calls/{}", school.school.task("call").await.id);
    let mut teacher = school.as_role(Role::Teacher).await;
    let before = teacher.get(&call).await;
    let bar = "insert into restriction (id, link_id, kind, recorded_at, recorded_by)
               select gen_random_uuid(), l.id, 'no_information', now(), 'dsl' from link l
               join carer c on c.id = l.carer_id join pupil p on p.id = l.pupil_id
               where c.contact_ref = 'C4' and p.pupil_ref = 'P1'";
    school.school.db.as_superuser(bar).await;

    let moved = teacher.get(&call).await;
    let theirs = school.as_role(Role::Office).await.get(&call).await;

    assert_eq!((before.status, moved.status, theirs.status), (200, 404, 200));
    assert!(before.body.contains("Dora Ash") && !moved.body.contains("Tia"), "{}", moved.body);
    assert!(theirs.body.contains("Tia"), "{}", theirs.body);
    school.close().await;
}

#[tokio::test]
async fn a_sensitive_contact_is_read_back_and_corrected_by_those_it_is_for_and_is_no_page_to_others() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let slt = school.staff("slt@northfield.example").await.to_string();
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&format!("{family}/log")).await;
    let fields = [
        ("kind", "meeting"),
        ("direction", "out"),
        ("when", "2026-11-20T15:30"),
        ("facts", "He <hit> her."),
        ("place", "Room 4"),
        ("sensitive", "on"),
        ("colleague", slt.as_str()),
    ];
    teacher.press(&page, &format!("{family}/log"), &fields).await;
    let contact = format!("/contacts/{}", school.school.rows("select id::text from contact").await.remove(0));
    let noted = "select count(*)::text from chronology_entry where kind = 'read_restricted'";

    let mut seen = Vec::new();
    for role in [Role::Teacher, Role::Office, Role::Slt, Role::Dsl] {
        let mut browser = school.as_role(role).await;
        let listed = browser.get(&family).await.body.contains(&contact);
        let before = school.school.rows(noted).await;
        let page = browser.get(&contact).await;
        let noted = school.school.rows(noted).await != before;
        let told = page.body.contains("He &#60;hit&#62; her.") && page.body.contains("Room 4");
        seen.push((role, page.status, listed, told, noted));
    }
    let mut slt = school.as_role(Role::Slt).await;
    let form = slt.get(&format!("{contact}/correct")).await;
    let action = format!("{contact}/correct");
    let mut words = fields.to_vec();
    words.retain(|(name, _)| *name != "facts" && *name != "sensitive");
    words.push(("facts", "He pushed her."));
    let silent = slt.press(&form, &action, &words).await;
    words.push(("correction", "It was no blow."));
    let kept = slt.press(&form, &action, &words).await;
    let again = slt.press(&form, &action, &words).await;
    let now = teacher.get(kept.to()).await;
    let first = teacher.get(&contact).await.body;
    let office = school.as_role(Role::Office).await.get(kept.to()).await.status;

    assert_eq!(
        seen,
        [
            (Role::Teacher, 200, true, true, true),
            (Role::Office, 404, false, false, false),
            (Role::Slt, 200, true, true, true),
            (Role::Dsl, 200, true, true, true),
        ],
        "status, listed, told, noted"
    );
    assert!(form.body.contains("He &#60;hit&#62; her.</textarea>") && form.body.contains("value=\"Room 4\""));
    assert_eq!((silent.status, kept.status, again.to()), (422, 303, kept.to()), "{}", kept.body);
    assert!(now.body.contains("He pushed her.") && now.body.contains("It was no blow."), "{}", now.body);
    assert!(now.body.contains("<bdi>teacher</bdi>, <bdi>slt</bdi>"), "{}", now.body);
    assert!(first.contains("It was corrected later") && !first.contains("Correct it"), "{first}");
    assert_eq!(office, 404, "what was sensitive stays so");
    school.close().await;
}

#[tokio::test]
async fn a_contact_of_another_class_is_no_page_and_cannot_be_corrected() {
    let school = Staffed::open().await;
    let (own, other) = (school.family_of("P1").await, school.family_of("P2").await);
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&format!("{other}/log")).await;
    let fields =
        [("kind", "call"), ("direction", "in"), ("when", "2026-11-20T15:30"), ("facts", "She rang.")];
    office.press(&page, &format!("{other}/log"), &fields).await;
    let contact = format!("/contacts/{}", school.school.rows("select id::text from contact").await.remove(0));
    let mut teacher = school.as_role(Role::Teacher).await;
    let key = teacher.get(&format!("{own}/log")).await.hidden(&format!("{own}/log"), "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let mut forged = vec![("form_key", key.as_str()), ("once", once.as_str()), ("correction", "x")];
    forged.extend_from_slice(&fields);

    let statuses = [
        teacher.get(&contact).await.status,
        teacher.get(&format!("{contact}/correct")).await.status,
        teacher.post(&format!("{contact}/correct"), &forged).await.status,
        teacher.get("/contacts/nothing").await.status,
    ];

    assert_eq!(statuses, [404; 4]);
    assert_eq!(school.school.rows("select count(*)::text from contact").await, ["1"]);
    school.close().await;
}
