//! "Why?" on pages: a link beside each decision, and an account for those who may see what it is about, for nobody else.

use liaison::{
    domain::staff::Role,
    flows::{complaint, current, divert},
};

use super::{Answer, Browser, CLARA, Staffed};
use crate::support::inbound::Letter;

/// The accounts a page leads to.
fn whys(page: &Answer) -> Vec<String> {
    let parts = page.body.split("href=\"/why/").skip(1);
    parts.map(|rest| format!("/why/{}", rest.split('"').next().unwrap())).collect()
}

/// Opens every account that a page leads to; how many.
async fn open_all(browser: &mut Browser, path: &str) -> usize {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    let all = whys(&page);
    for why in &all {
        let opened = browser.get(why).await;
        assert_eq!(opened.status, 200, "{why} on {path}: {}", opened.body);
        assert!(opened.body.contains("<h2 id=\"d-1\">"), "{why} on {path}: {}", opened.body);
    }
    all.len()
}

/// The usual school, with an update that reached some, a failure, an announcement and a complaint.
async fn eventful() -> Staffed {
    let staffed = Staffed::open().await;
    let school = &staffed.school;
    current::refresh(&school.gateway).await.unwrap();
    school.queue(&[("P1", "Sam read two whole chapters aloud."), ("P2", "Tia painted.")]).await;
    school.deliver().await;
    staffed
        .sql(
            "update delivery d set state = 'failed', fault = 'bad_address', settled_at = queued_at, reason = 'no such mailbox'
             from carer c where c.id = d.carer_id and c.forename = 'Amina' and d.purpose = 'weekly_update'",
        )
        .await;
    staffed
        .sql(
            "insert into task (id, kind, role, carer_id, pupil_id, update_id, why, due, state, created_at)
             select gen_random_uuid(), kind, 'office', d.carer_id, d.pupil_id, d.update_id, 'another way', '2026-11-27', 'open',
                    d.queued_at
             from delivery d, unnest(array['letter', 'check_address']) as kind where d.state = 'failed'",
        )
        .await;
    staffed
}

#[tokio::test]
async fn every_page_that_tells_of_a_decision_leads_to_why() {
    let school = eventful().await;
    let case = school.case_of("Amina Ash").await;
    let owner = school.staff("office@northfield.example").await;
    let clara = school.case_of("Clara Birch").await;
    complaint::open(&school.school.gateway, &clara, false, owner, "Not told.", "slt").await.unwrap();
    let question =
        school.school.rows("select id::text from question where kind = 'who_is_this'").await.remove(0);
    let of_kind = |kind: &str| format!("select id::text from task where kind = '{kind}'");
    let task = school.school.rows(&of_kind("call")).await.remove(0);
    let address = school.school.rows(&of_kind("check_address")).await.remove(0);
    let announcement = school.announcement().await;
    school
        .sql(&format!(
            "update announcement set asked_at = written_at, asked_by = author, decision = 'approved', decided_at = written_at,
                    decided_by = 'x', send_at = written_at, queued_by = author where id = '{announcement}'"
        ))
        .await;
    liaison::flows::announcements::send_due(&school.school.gateway).await.unwrap();
    let family = school.family_of("P1").await;
    let class = school.school.rows("select class_id::text from pupil where pupil_ref = 'P1'").await.remove(0);

    for (role, path) in [
        (Role::Office, format!("/cases/{case}")),
        (Role::Office, "/questions".to_owned()),
        (Role::Office, format!("/questions/{question}")),
        (Role::Office, "/calls".to_owned()),
        (Role::Office, "/letters".to_owned()),
        (Role::Office, format!("/tasks/{address}")),
        (Role::Office, format!("/announce/{announcement}")),
        (Role::Office, "/admin/queue?state=failed".to_owned()),
        (Role::Office, family.clone()),
        (Role::Slt, "/coverage?week=2026-11-23".to_owned()),
        (Role::Slt, "/complaints/C-1".to_owned()),
        (Role::Teacher, format!("/week/{class}")),
        (Role::Teacher, format!("/calls/{task}")),
        (Role::Teacher, family),
    ] {
        let mut browser = school.as_role(role).await;
        assert!(open_all(&mut browser, &path).await > 0, "{path} leads nowhere");
    }
    school.close().await;
}

#[tokio::test]
async fn each_link_says_to_a_screen_reader_what_it_is_about() {
    let school = eventful().await;
    let mut office = school.as_role(Role::Office).await;
    let family = school.family_of("P1").await;

    let page = office.get(&family).await;

    let links: Vec<_> =
        page.body.split("<a class=\"ask\"").skip(1).map(|rest| rest.split("</a>").next().unwrap()).collect();
    assert!(links.len() > 3, "{}", page.body);
    for link in &links {
        assert!(link.contains("<span class=\"unseen\"> "), "{link}");
    }
    school.close().await;
}

#[tokio::test]
async fn an_account_reads_in_plain_words_and_names_the_settings() {
    let school = eventful().await;
    let id = school
        .school
        .rows("select d.id::text from delivery d join carer c on c.id = d.carer_id where c.forename = 'Clara' and d.purpose = 'weekly_update'")
        .await
        .remove(0);
    let mut office = school.as_role(Role::Office).await;

    let page = office.get(&format!("/why/{id}")).await.body;

    for words in [
        "<bdi>Clara Birch</bdi>",
        "about <bdi>Tia Birch</bdi>",
        "How it is sent",
        "May this carer be told?",
        "<strong>Yes.</strong>",
        "Whether it may leave, try 1",
        &format!("settings version {}, in force since", school.school.gateway.policy().version()),
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains(CLARA) && !page.contains("painted"), "{page}");
    school.close().await;
}

/// Every id of something of this carer's.
async fn ids_of(school: &Staffed, carer: &str) -> Vec<String> {
    let of = format!("(select id from carer where forename = '{carer}')");
    let sql = format!(
        "select id::text from delivery where carer_id = {of} union all select id::text from task where carer_id = {of}
         union all select received_id::text from reading where carer_id = {of}
         union all select id::text from carer_case where carer_id = {of} union all select code from carer_case where carer_id = {of}
         union all select k.id::text from clock k join carer_case c on c.id = k.case_id where c.carer_id = {of}
         union all select a.id::text from answer a join carer_case c on c.id = a.case_id where c.carer_id = {of}
         union all select id::text from chronology_entry where carer_id = {of}"
    );
    school.school.rows(&sql).await
}

async fn absent(browser: &mut Browser, id: &str, who: &str) {
    let nothing = browser.get(&format!("/why/{}", uuid::Uuid::now_v7())).await;
    let asked = browser.get(&format!("/why/{id}")).await;
    assert_eq!((asked.status, nothing.status), (404, 404), "{who} {id}: {}", asked.body);
    assert_eq!(asked.body, nothing.body, "{who} {id}");
}

#[tokio::test]
async fn what_a_colleague_may_not_see_is_as_absent() {
    let school = eventful().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    for id in ids_of(&school, "Clara").await {
        absent(&mut teacher, &id, "teacher of another class").await;
    }
    let stranger =
        school.school.rows("select id::text from question where kind = 'who_is_this'").await.remove(0);
    absent(&mut teacher, &stranger, "teacher").await;
    for id in ids_of(&school, "Amina").await {
        assert_eq!(teacher.get(&format!("/why/{id}")).await.status, 200, "her own class: {id}");
    }

    let tia = school.family_of("P2").await.replace("/families/", "");
    let office_id = school.staff("office@northfield.example").await;
    school
        .sql(&format!("insert into conflict_of_interest values ('{office_id}', '{tia}', now(), 'head')"))
        .await;
    let mut office = school.as_role(Role::Office).await;
    for id in ids_of(&school, "Clara").await {
        absent(&mut office, &id, "of the family").await;
    }
    for id in ["x", "..", "0", "C-0", "C-99", &"a".repeat(300)] {
        assert_eq!(office.get(&format!("/why/{id}")).await.status, 404, "{id}");
    }
    school.close().await;
}

#[tokio::test]
async fn what_is_restricted_is_explained_to_the_dsl_alone_and_that_it_was_read_is_recorded() {
    let school = eventful().await;
    let code = school.case_of("Clara Birch").await;
    divert::divert(&school.school.gateway, &code, false, "She is afraid.", "slt").await.unwrap();
    let restricted = school
        .school
        .rows(
            "select c.id::text from carer_case c where c.visibility = 'restricted'
             union all select code from carer_case where visibility = 'restricted'
             union all select g.received_id::text from reading g join carer_case c on c.id = g.case_id where c.visibility = 'restricted'
             union all select k.id::text from clock k join carer_case c on c.id = k.case_id where c.visibility = 'restricted'
             union all select a.id::text from answer a join carer_case c on c.id = a.case_id where c.visibility = 'restricted'
             union all select d.id::text from delivery d join answer a on a.id = d.answer_id
                              join carer_case c on c.id = a.case_id where c.visibility = 'restricted'
             union all select e.id::text from chronology_entry e join carer_case c on c.id = e.case_id where c.visibility = 'restricted'",
        )
        .await;
    assert!(restricted.len() > 8, "{restricted:?}");
    let count = "select count(*)::text from chronology_entry where kind = 'read_restricted' and sentence like 'why %'";

    for role in [Role::Teacher, Role::Office, Role::Slt] {
        let mut browser = school.as_role(role).await;
        for id in &restricted {
            absent(&mut browser, id, role.as_str()).await;
        }
    }
    assert_eq!(school.school.rows(count).await, ["0"]);
    let mut dsl = school.as_role(Role::Dsl).await;
    for id in &restricted {
        assert_eq!(dsl.get(&format!("/why/{id}")).await.status, 200, "{id}");
    }
    assert_eq!(school.school.rows(count).await, [restricted.len().to_string()]);
    school.close().await;
}

#[tokio::test]
async fn governors_and_it_are_told_of_nobody_whatever_they_ask() {
    let school = eventful().await;
    let ids = ids_of(&school, "Amina").await;
    for role in [Role::Governor, Role::It] {
        let mut browser = school.as_role(role).await;
        let nothing = browser.get(&format!("/why/{}", uuid::Uuid::now_v7())).await;
        for id in &ids {
            let asked = browser.get(&format!("/why/{id}")).await;
            assert_eq!((asked.status, &asked.body), (403, &nothing.body), "{role} {id}");
        }
    }
    school.close().await;
}

#[tokio::test]
async fn words_of_a_stranger_do_not_come_back_as_markup() {
    let school = Staffed::open().await;
    let hostile = "<script>alert(1)</script>";
    school.school.arrives(&Letter::from("odd@elsewhere.example").subject(hostile).says(hostile)).await;
    let mut office = school.as_role(Role::Office).await;

    for id in school
        .school
        .rows("select received_id::text from reading union all select id::text from question")
        .await
    {
        let page = office.get(&format!("/why/{id}")).await;
        assert!(!page.body.contains("<script"), "{}", page.body);
    }
    school.close().await;
}
