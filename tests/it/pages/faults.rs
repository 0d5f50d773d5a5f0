//! What a page says when it cannot do something: by the field at fault, in words, and with everything still there.

use liaison::domain::{policy::TextUpdate, staff::Role};
use liaison::flows::colleagues;

use super::{Answer, Staffed, two_classes};
use crate::support::school::School;

/// That a refused page leads to this element and marks it as wrong.
fn leads_to(page: &Answer, id: &str) {
    assert_eq!(page.status, 422, "{id}: {}", page.body);
    assert!(page.body.contains(&format!("<p id=\"fault\"><a href=\"#{id}\">")), "{id}: {}", page.body);
    let at = page.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}: {}", page.body));
    let tag = page.body[page.body[..at].rfind('<').expect("a tag")..].split('>').next().expect("its end");
    let group =
        page.body[..at].rfind("<fieldset").map_or("", |from| page.body[from..].split('>').next().unwrap());
    let marked = tag.contains("aria-invalid=\"true\" aria-describedby=\"fault");
    assert!(
        marked || group.contains("aria-describedby=\"fault\"") || tag.contains("aria-describedby=\"fault\""),
        "{tag} {group}"
    );
}

#[tokio::test]
async fn a_contact_that_cannot_be_logged_leads_to_the_field_at_fault_though_it_is_folded_away() {
    let school = Staffed::open().await;
    let log = format!("{}/log", school.family_of("P1").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&log).await;
    let (kind, out) = (("kind", "call"), ("direction", "out"));
    let when = ("when", "2026-11-23T09:00");
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[out, when, ("facts", "x")], "kind-call"),
        (&[kind, out, when, ("facts", " ")], "facts"),
        (&[kind, out, ("when", "2026-11-23T11:00"), ("facts", "x")], "when"),
        (&[kind, out, when, ("facts", "x"), ("agreed", "We ring."), ("follow_up", "soon")], "follow_up"),
        (&[kind, out, when, ("facts", "x"), ("sensitive", "on")], "alone"),
        (&[kind, out, when, ("facts", "x"), ("colleague", "nobody")], "colleague-1"),
    ];

    for (fields, id) in cases {
        let refused = teacher.press(&page, &log, fields).await;

        leads_to(&refused, id);
        let folded = ["follow_up", "alone", "colleague-1"].contains(&id);
        assert_eq!(refused.body.contains("<details open>"), folded, "{id}: {}", refused.body);
    }
    school.close().await;
}

#[tokio::test]
async fn only_colleagues_who_work_with_families_are_named_as_present_and_several_can_be() {
    let school = Staffed::open().await;
    school.sql("update staff set disabled_at = now() where name = 'dsl'").await;
    let log = format!("{}/log", school.family_of("P1").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&log).await;
    let mut ids = Vec::new();
    for role in ["office", "slt", "dsl", "governor", "it"] {
        ids.push(school.staff(&format!("{role}@northfield.example")).await.to_string());
    }

    let fields = [
        ("kind", "meeting"),
        ("direction", "out"),
        ("when", "2026-11-23T09:00"),
        ("facts", "We met."),
        ("sensitive", "on"),
        ("colleague", ids[0].as_str()),
        ("colleague", ids[1].as_str()),
    ];
    let logged = teacher.press(&page, &log, &fields).await;

    let offered: Vec<bool> = ids.iter().map(|id| page.body.contains(&format!("value=\"{id}\""))).collect();
    assert_eq!(offered, [true, true, false, false, false]);
    assert_eq!(logged.status, 303, "{}", logged.body);
    assert_eq!(school.school.rows("select cardinality(colleagues)::text from contact").await, ["3"]);
    school.close().await;
}

#[tokio::test]
async fn staff_calendar_sign_in_and_writing_lead_to_the_field_at_fault() {
    let school = Staffed::open().await;
    let mut slt = school.as_role(Role::Slt).await;
    let staff = slt.get("/admin/staff").await;
    let nameless = slt.press(&staff, "/admin/staff", &[("email", "a@b.example"), ("role", "teacher")]).await;
    leads_to(&nameless, "name");
    let nothing = slt.press(&staff, "/admin/staff", &[("name", "A"), ("email", "a@b.example")]).await;
    leads_to(&nothing, "roles");
    let calendar = slt.get("/admin/calendar").await;
    let base = calendar.hidden("/admin/calendar/look", "base");
    let look = |from, until| [("base", base.as_str()), ("kind", "inset"), ("from", from), ("until", until)];
    let undated = slt.press(&calendar, "/admin/calendar/look", &look("soon", "")).await;
    leads_to(&undated, "from");
    let turned = slt.press(&calendar, "/admin/calendar/look", &look("2026-12-04", "2026-12-03")).await;
    leads_to(&turned, "until");
    let stranger = school.browser().post("/sign-in", &[("email", "x@y.example"), ("password", "x")]).await;
    leads_to(&stranger, "email");
    let mut teacher = school.as_role(Role::Teacher).await;
    let write = school.family_of("P1").await.replace("/families/", "/update/");
    let page = teacher.get(&write).await;
    let long = teacher.press_with(&page, &write, &"a".repeat(20_000)).await;
    assert!(long.status == 409 && long.body.contains("<a href=\"#words\">"), "{}", long.body);
    assert!(long.body.contains("aria-invalid=\"true\" aria-describedby=\"fault\""), "{}", long.body);
    school.close().await;
}

#[tokio::test]
async fn a_family_hidden_by_a_mistake_is_named_to_the_leads_and_shown_again_for_a_reason() {
    let school = Staffed::open().await;
    let gateway = school.school.gateway.clone();
    colleagues::own_family(&gateway, "dsl@northfield.example", "P2", "it").await.unwrap();
    colleagues::own_family(&gateway, "slt@northfield.example", "P1", "it").await.unwrap();
    colleagues::own_family(&gateway, "dsl@northfield.example", "P1", "it").await.unwrap();
    let dsl = school.staff("dsl@northfield.example").await;
    let (at, tia) = (format!("/admin/staff/{dsl}"), school.family_of("P2").await.replace("/families/", ""));
    let sam = school.family_of("P1").await.replace("/families/", "");
    let lift = format!("{at}/not-own-family");
    let (mut head, mut it, mut lead) =
        (school.as_role(Role::Slt).await, school.as_role(Role::It).await, school.as_role(Role::Dsl).await);

    let page = head.get(&at).await;
    let theirs = it.get(&at).await.body;
    let own = lead.get(&at).await.body;
    let hidden = lead.get(&format!("/families/{tia}")).await.status;
    let silent = head.press(&page, &lift, &[("pupil", &tia), ("reason", " ")]).await;
    let unseen = head.press(&page, &lift, &[("pupil", &sam), ("reason", "x")]).await;
    let shown = head.press(&page, &lift, &[("pupil", &tia), ("reason", "Mistyped.")]).await;
    let again = lead.get(&format!("/families/{tia}")).await.status;
    let key = lead.get("/account").await.hidden("/sign-out", "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let mine =
        [("form_key", key.as_str()), ("once", once.as_str()), ("pupil", tia.as_str()), ("reason", "x")];
    let by_oneself = lead.post(&lift, &mine).await.status;

    assert!(page.body.contains("Tia Birch") && !page.body.contains("Sam Ash"), "{}", page.body);
    assert!(!theirs.contains("Tia Birch") && !own.contains("Tia Birch"), "{theirs}");
    assert_eq!((silent.status, unseen.status, hidden, by_oneself), (422, 404, 404, 422));
    assert_eq!((shown.to(), again), (format!("{at}?done=shown-again").as_str(), 200));
    school.close().await;
}

#[tokio::test]
async fn a_preview_tells_by_how_much_a_text_is_too_long_and_which_letter_makes_it_dear() {
    let roll = two_classes().changed("C1", |carer| carer.wants("sms"));
    let school =
        School::with(&roll, |setup| setup.policy.text_update = TextUpdate::Full { max_parts: 2 }).await;
    let school = Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let write = school.family_of("P1").await.replace("/families/", "/update/");

    let page = teacher.get(&write).await;
    teacher.press_with(&page, &write, &"Sam read aloud. ".repeat(40)).await;
    let long = teacher.get(&format!("{write}/preview")).await.body;
    let page = teacher.get(&write).await;
    teacher.press_with(&page, &write, "Sam read \u{141}ukasz a book.").await;
    let odd = teacher.get(&format!("{write}/preview")).await.body;

    assert!(long.contains("it would take 5 parts, and 2 are the most"), "{long}");
    assert!(odd.contains("<bdi>\u{141}</bdi> in it makes each part shorter"), "{odd}");
    school.close().await;
}

#[tokio::test]
async fn pages_name_no_command_and_no_day_in_short() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    school.sql("delete from class_staff").await;
    let none = school.as_role(Role::Teacher).await.get("/week").await;
    school.sql("update carer_case set pupil_id = null where subject <> ''").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&format!("/cases/{case}")).await;
    let refused = office.press(&page, &format!("/cases/{case}/reply"), &[("words", "Yes.")]).await;
    let family = office.get(&school.family_of("P1").await).await.body;

    assert_eq!(none.status, 200, "an empty state and no fault: {}", none.body);
    assert!(none.body.contains("You have no class yet."), "{}", none.body);
    for body in [&none.body, &refused.body, &family] {
        assert!(!body.contains("`liaison") && !body.contains("liaison staff"), "{body}");
    }
    assert!(family.contains("a person answers by Friday 27 November, 17:00"), "{family}");
    assert!(page.body.contains(": <bdi>Amina Ash</bdi></h1>"), "{}", page.body);
    school.close().await;
}

#[tokio::test]
async fn what_nobody_typed_is_not_shown_as_typed_when_the_session_has_ended() {
    let school = Staffed::open().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let write = school.family_of("P1").await.replace("/families/", "/update/");
    let page = teacher.get(&write).await;
    school.sql("delete from staff_session").await;

    let kept = teacher.press_with(&page, &write, "Sam read two whole chapters.").await;

    assert_eq!(kept.status, 401);
    assert!(kept.body.contains("Sam read two whole chapters."), "{}", kept.body);
    assert!(!kept.body.contains(&page.hidden(&write, "card")), "{}", kept.body);
    school.close().await;
}
