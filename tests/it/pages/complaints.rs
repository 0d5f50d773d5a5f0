//! The Complaints Procedure as colleagues meet it: a case is handed on, and the complaint has pages of its own.

use liaison::{
    domain::{ids::StaffId, staff::Role},
    flows::{colleagues, complaint, divert},
};

use super::{Answer, Browser, CLARA, Staffed};
use crate::support::inbound::Letter;

const WHY: &str = "Nobody told her about the trip.";
const FOUND: &str = "The letter was not sent, and the class is told now.";

/// Hands the case of this carer on from its page, to this colleague; returns where the browser was sent.
async fn hand_on(browser: &mut Browser, case: &str, owner: StaffId) -> Answer {
    let page = browser.get(&format!("/cases/{case}")).await;
    let owner = owner.to_string();
    browser.press(&page, &format!("/cases/{case}/complaint"), &[("owner", &owner), ("why", WHY)]).await
}

/// A further colleague of the SLT.
async fn okoro(school: &Staffed) -> StaffId {
    let email = "okoro@northfield.example";
    colleagues::add(&school.school.gateway, "Okoro", email, &[Role::Slt], "test").await.unwrap();
    school.staff(email).await
}

async fn role(school: &Staffed, role: Role) -> StaffId {
    school.staff(crate::support::staffed::email_of(role)).await
}

#[tokio::test]
async fn the_slt_hands_a_case_on_and_whoever_has_it_answers() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let (mut slt, mut office) = (school.as_role(Role::Slt).await, school.as_role(Role::Office).await);

    let sent = hand_on(&mut slt, &case, role(&school, Role::Office).await).await;
    let page = office.get("/complaints/C-1").await;
    let fields = [("stage", "1"), ("outcome", "partly_upheld"), ("said", FOUND)];
    let answered = office.press(&page, "/complaints/C-1/answer", &fields).await;
    let again = office.press(&page, "/complaints/C-1/answer", &fields).await;
    let after = slt.get("/complaints/C-1").await.body;
    let of_case = slt.get(&format!("/cases/{case}")).await.body;

    assert_eq!(sent.to(), "/complaints/C-1?done=complaint", "{}", sent.body);
    assert!(page.body.contains("Answer stage 1 by Monday 7 December"), "{}", page.body);
    assert!(page.body.contains(&format!("/cases/{case}")) && page.body.contains(WHY));
    assert!(!page.body.contains("/complaints/C-1/next"), "the office does not name who is next");
    assert_eq!(answered.to(), "/complaints/C-1?done=stage-answered");
    assert_eq!(again.to(), answered.to(), "pressed twice, done once");
    assert_eq!(
        school.school.rows("select kind from complaint_step order by id").await,
        ["begun", "answered"]
    );
    assert!(after.contains(FOUND) && after.contains("Stage 1 was answered: upheld in part"), "{after}");
    assert!(of_case.contains("In the Complaints Procedure: complaint C-1, stage 1"), "{of_case}");
    assert!(
        of_case.contains("href=\"/complaints/C-1\"") && of_case.contains("moved to complaint C-1, stage 1")
    );
    for deed in ["complaint", "close"] {
        assert!(!of_case.contains(&format!("\"/cases/{case}/{deed}\"")), "not while it runs: {deed}");
    }
    school.close().await;
}

#[tokio::test]
async fn whoever_sees_the_case_knows_of_the_complaint_and_not_what_was_said_in_it() {
    let school = Staffed::open().await;
    let (case, family) = (school.case_of("Amina Ash").await, school.family_of("P1").await);
    let slt = role(&school, Role::Slt).await;
    hand_on(&mut school.as_role(Role::Slt).await, &case, slt).await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let page = teacher.get(&format!("/cases/{case}")).await.body;
    let (inbox, chronology) = (teacher.get("/cases").await.body, teacher.get(&family).await.body);
    let (list, absent) = (teacher.get("/complaints").await, teacher.get("/complaints/C-1").await);
    let invented = teacher.get("/complaints/C-7").await;
    let key = teacher.get(&format!("/cases/{case}")).await.hidden(&format!("/cases/{case}/note"), "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let fields =
        [("form_key", key.as_str()), ("once", &once), ("stage", "1"), ("outcome", "upheld"), ("said", FOUND)];
    let deed = teacher.post("/complaints/C-1/answer", &fields).await.status;
    let leader = school.as_role(Role::Slt).await.get(&family).await.body;

    for body in [&page, &inbox, &chronology] {
        assert!(body.contains("omplaint C-1, stage 1") && !body.contains(WHY), "{body}");
    }
    assert!(leader.contains(WHY), "{leader}");
    assert!(!page.contains("href=\"/complaints") && page.contains("Senior leadership has its papers."));
    assert!(list.body.contains("You have no complaint."), "{}", list.body);
    assert_eq!((absent.status, absent.body == invented.body, deed), (404, true, 404));
    assert_eq!(school.school.rows("select kind from complaint_step").await, ["begun"]);
    school.close().await;
}

#[tokio::test]
async fn the_next_stage_needs_another_owner_and_what_was_typed_stays_where_it_was_refused() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let (slt, okoro) = (role(&school, Role::Slt).await.to_string(), okoro(&school).await.to_string());
    let mut browser = school.as_role(Role::Slt).await;
    hand_on(&mut browser, &case, role(&school, Role::Slt).await).await;
    let stale = browser.get("/complaints/C-1").await;
    let why = "She wants it in writing, she says.";
    let next = |owner| [("stage", "1"), ("owner", owner), ("why", why)];

    let same = browser.press(&stale, "/complaints/C-1/next", &next(slt.as_str())).await;
    let page = browser.get("/complaints/C-1").await;
    let begun = browser.press(&page, "/complaints/C-1/next", &next(okoro.as_str())).await;
    let late = browser
        .press(&stale, "/complaints/C-1/close", &[("stage", "1"), ("end", "It is settled, she says.")])
        .await;
    let second = browser.get("/complaints/C-1").await.body;

    let option = format!("<option value=\"{slt}\"");
    let form = |body: &str| {
        body.split("/complaints/C-1/next").nth(1).unwrap().split("</form>").next().unwrap().to_owned()
    };
    assert!(!form(&page.body).contains(&option), "who had the stage before is not offered");
    assert_eq!(same.status, 422);
    assert!(
        same.body.contains("That colleague had the stage before") && same.body.contains(why),
        "{}",
        same.body
    );
    assert_eq!(begun.to(), "/complaints/C-1?done=next-stage", "{}", begun.body);
    assert_eq!(late.status, 422);
    assert!(late.body.contains("at stage 2 by now") && late.body.contains("It is settled, she says."));
    assert!(second.contains("The carer was not satisfied: stage 2 began, with Okoro"), "{second}");
    assert!(form(&second).contains("The panel, one person on each line"), "{second}");
    school.close().await;
}

#[tokio::test]
async fn only_the_slt_names_a_panel_where_it_sees_the_case() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let okoro = okoro(&school).await;
    let mut slt = school.as_role(Role::Slt).await;
    hand_on(&mut slt, &case, okoro).await;
    let page = slt.get("/complaints/C-1").await;
    let owner = role(&school, Role::Office).await.to_string();
    slt.press(&page, "/complaints/C-1/next", &[("stage", "1"), ("owner", &owner), ("why", "Not enough.")])
        .await;
    let page = slt.get("/complaints/C-1").await;

    let mut dsl = school.as_role(Role::Dsl).await;
    let seen = dsl.get("/complaints/C-1").await;
    let (key, once) = (seen.hidden("/complaints/C-1/owner", "form_key"), uuid::Uuid::now_v7().to_string());
    let okoro = okoro.to_string();
    let fields = [("stage", "2"), ("owner", okoro.as_str()), ("why", "Not enough."), ("panel", "A\nB\nC")];
    let marks = [("form_key", key.as_str()), ("once", once.as_str())];
    let by_dsl = dsl.post("/complaints/C-1/next", &[&marks[..], &fields[..]].concat()).await;
    let by_slt = slt.press(&page, "/complaints/C-1/next", &fields).await;

    assert!(seen.body.contains("Senior leadership names it.") && !seen.body.contains("/complaints/C-1/next"));
    assert_eq!(by_dsl.status, 422);
    assert!(by_dsl.body.contains("A panel is named by senior leadership."), "{}", by_dsl.body);
    assert_eq!(by_slt.to(), "/complaints/C-1?done=next-stage", "{}", by_slt.body);
    school.close().await;
}

#[tokio::test]
async fn due_and_late_complaints_are_on_the_first_page_of_leaders_and_owner_and_first_on_the_list() {
    let school = Staffed::open().await;
    let (amina, clara) = (school.case_of("Amina Ash").await, school.case_of("Clara Birch").await);
    let office = role(&school, Role::Office).await;
    hand_on(&mut school.as_role(Role::Slt).await, &amina, office).await;
    school.school.set_clock("2026-11-24T09:00:00Z");
    let slt = role(&school, Role::Slt).await;
    hand_on(&mut school.as_role(Role::Slt).await, &clara, slt).await;
    let home = async |role| school.as_role(role).await.get("/").await.body;

    school.school.set_clock("2026-12-04T09:00:00Z");
    let early = home(Role::Slt).await;
    school.school.set_clock("2026-12-08T09:00:00Z");
    let (leaders, owner) = (home(Role::Slt).await, home(Role::Office).await);
    let (teacher, governor) =
        (home(Role::Teacher).await, school.as_role(Role::Governor).await.get("/audit").await.body);
    let list = school.as_role(Role::Dsl).await.get("/complaints").await.body;
    let own = school.as_role(Role::Office).await.get("/complaints").await.body;
    let mut slt = school.as_role(Role::Slt).await;
    let page = slt.get("/complaints/C-1").await;
    slt.press(&page, "/complaints/C-1/close", &[("stage", "1"), ("end", "Withdrawn by phone.")]).await;
    let (open, closed) = (slt.get("/complaints").await.body, slt.get("/complaints?list=closed").await.body);

    assert!(!early.contains("due to be answered"), "{early}");
    assert!(leaders.contains("2 complaints are due to be answered, 1 late"), "{leaders}");
    assert!(owner.contains("1 complaint is due to be answered, 1 late"), "{owner}");
    assert!(!teacher.contains("due to be answered"), "{teacher}");
    assert!(
        governor.contains("2 complaints are open, 1 of them late") && !governor.contains("Amina"),
        "{governor}"
    );
    assert!(list.find("C-1: ").unwrap() < list.find("C-2: ").unwrap(), "what is due first stands first");
    assert!(list.contains("Late: stage 1 was to be answered by Monday 7 December"), "{list}");
    assert!(own.contains("C-1: ") && !own.contains("C-2: "), "{own}");
    assert!(!open.contains("C-1: ") && closed.contains("C-1: ") && closed.contains("withdrawn"), "{closed}");
    school.close().await;
}

#[tokio::test]
async fn the_complaint_of_a_restricted_case_is_as_if_it_were_not_there_and_reading_it_is_recorded() {
    let school = Staffed::open().await;
    let case = school.case_of("Boris Czerny").await;
    let dsl = role(&school, Role::Dsl).await;
    let mut browser = school.as_role(Role::Dsl).await;
    let sent = hand_on(&mut browser, &case, dsl).await;
    let read = format!(
        "select sentence from chronology_entry where kind = 'read_restricted' and actor = '{dsl}' \
         and sentence like '%complaint%' order by id"
    );

    let mut slt = school.as_role(Role::Slt).await;
    let absent = slt.get("/complaints/CR-1").await;
    let invented = slt.get("/complaints/CR-2").await;
    let (list, home) = (slt.get("/complaints").await.body, slt.get("/").await.body);
    let (page, own) = (browser.get("/complaints/CR-1").await, browser.get("/complaints").await.body);

    assert_eq!(sent.to(), "/complaints/CR-1?done=complaint", "{}", sent.body);
    assert_eq!((absent.status, absent.body == invented.body), (404, true));
    for body in [&list, &home] {
        assert!(!body.contains("CR-1") && !body.contains("Boris"), "{body}");
    }
    assert_eq!(page.status, 200);
    assert!(
        !page.body.split("</title>").next().unwrap().contains("Boris") && page.body.contains("Restricted")
    );
    assert!(own.contains("CR-1: "));
    let told = school.school.rows(&read).await;
    assert_eq!(told, ["a complaint of this case was read", "a list with a complaint of this case was read"]);
    school.close().await;
}

#[tokio::test]
async fn who_lost_sight_of_a_complaint_is_named_and_somebody_else_is_asked_for() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut slt = school.as_role(Role::Slt).await;
    let okoro = okoro(&school).await;
    hand_on(&mut slt, &case, okoro).await;

    colleagues::disable(&school.school.gateway, "okoro@northfield.example", "test").await.unwrap();
    let (home, list) = (slt.get("/").await.body, slt.get("/complaints").await.body);
    let page = slt.get("/complaints/C-1").await;
    let owner = role(&school, Role::Slt).await.to_string();
    let given = [("stage", "1"), ("owner", owner.as_str()), ("why", "She has left.")];
    let given = slt.press(&page, "/complaints/C-1/owner", &given).await;
    let after = slt.get("/").await.body;

    assert!(home.contains("1 complaint has no day, or nobody who sees it"), "{home}");
    assert!(list.contains("That colleague does not see it any more"), "{list}");
    assert_eq!(given.to(), "/complaints/C-1?done=complaint-given", "{}", given.body);
    assert!(!after.contains("nobody who sees it"), "{after}");
    school.close().await;
}

#[tokio::test]
async fn a_complaint_of_a_colleagues_own_family_or_of_a_diverted_case_is_nothing_to_them() {
    let school = Staffed::open().await;
    let (amina, clara) = (school.case_of("Amina Ash").await, school.case_of("Clara Birch").await);
    let mut slt = school.as_role(Role::Slt).await;
    let owner = role(&school, Role::Slt).await;
    hand_on(&mut slt, &amina, owner).await;
    hand_on(&mut slt, &clara, owner).await;
    let gateway = &school.school.gateway;

    colleagues::own_family(gateway, "slt@northfield.example", "P2", "test").await.unwrap();
    divert::divert(gateway, &amina, false, "He hits the boy.", "slt").await.unwrap();
    let statuses = [slt.get("/complaints/C-1").await.status, slt.get("/complaints/C-2").await.status];
    let list = slt.get("/complaints").await.body;

    assert_eq!(statuses, [404, 404]);
    assert!(list.contains("No complaint is open."), "{list}");
    assert_eq!(school.as_role(Role::Dsl).await.get("/complaints/C-1").await.status, 200);
    school.close().await;
}

#[tokio::test]
async fn a_long_list_goes_on_where_it_ended() {
    let school = Staffed::open().await;
    let owner = role(&school, Role::Slt).await;
    for nth in 0..30 {
        let _ = school.school.arrives(&Letter::from(CLARA).subject(&format!("Matter {nth}"))).await;
    }
    let open = "select code from carer_case where visibility = 'ordinary' order by id";
    for code in school.school.rows(open).await {
        complaint::open(&school.school.gateway, &code, false, owner, WHY, "slt").await.unwrap();
    }
    let mut slt = school.as_role(Role::Slt).await;

    let first = slt.get("/complaints").await.body;
    let next =
        first.split("href=\"/complaints?after=").nth(1).expect("a next page").split('"').next().unwrap();
    let second = slt.get(&format!("/complaints?after={next}")).await.body;

    assert_eq!(first.matches("<h2><a href=\"/complaints/C-").count(), 25);
    assert!(second.matches("<h2><a href=\"/complaints/C-").count() >= 5, "{second}");
    assert!(!second.contains("Next complaints") && second.contains("Back to the beginning"));
    school.close().await;
}

#[tokio::test]
async fn a_complaint_is_found_by_its_number_by_whoever_may_read_its_papers() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut slt = school.as_role(Role::Slt).await;
    hand_on(&mut slt, &case, okoro(&school).await).await;

    let mut found = Vec::new();
    for role in [Role::Slt, Role::Dsl, Role::Office, Role::Teacher] {
        let mut browser = school.as_role(role).await;
        let page = browser.get("/search").await;
        let page = browser.press(&page, "/search", &[("words", "c-1")]).await.body;
        assert_eq!(page.contains("href=\"/complaints/C-1\""), page.contains("Complaints (1)"), "{page}");
        found.push(page.contains("Complaints (1)"));
    }

    assert_eq!(found, [true, true, false, false], "who leads, and not who only sees the case");
    school.close().await;
}
