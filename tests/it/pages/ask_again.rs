//! Carers of whom nothing was said for a year are asked again, and leave the list once they have answered.

use liaison::domain::staff::Role;

use super::{Browser, Staffed};

/// What was last said of every carer, as their file or a colleague said it, was said then.
async fn said_at(school: &Staffed, at: &str) {
    let sql = format!("update preference set set_at = '{at}'; update carer_address set added_at = '{at}'");
    school.school.db.as_superuser(&sql).await;
}

async fn listed(browser: &mut Browser) -> Vec<&'static str> {
    let page = browser.get("/ask-again").await.body;
    ["Amina Ash", "Boris Czerny", "Clara Birch", "Dora Ash"]
        .into_iter()
        .filter(|name| page.contains(&format!("<bdi>{name}</bdi></a></h2>")))
        .collect()
}

#[tokio::test]
async fn a_year_after_the_last_word_a_carer_is_to_be_asked_again_and_a_day_sooner_is_not() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;

    let fresh = listed(&mut office).await;
    said_at(&school, "2025-11-24T00:00:00Z").await;
    let sooner = (listed(&mut office).await, office.get("/").await.body);
    said_at(&school, "2025-11-23T23:59:59Z").await;
    let (list, home) = (listed(&mut office).await, office.get("/").await.body);
    let page = office.get("/ask-again").await.body;

    assert!(
        fresh.is_empty() && sooner.0.is_empty() && !sooner.1.contains("to ask again"),
        "{fresh:?} {sooner:?}"
    );
    assert_eq!(list, ["Amina Ash", "Clara Birch", "Dora Ash"], "nobody rings whom an order keeps away");
    assert!(home.contains("3 carers to ask again how they are reached"), "{home}");
    assert!(
        page.contains("Last said Sunday 23 November 2025.") && page.contains("<bdi>Sam Ash</bdi>"),
        "{page}"
    );
    school.close().await;
}

#[tokio::test]
async fn who_says_that_all_of_it_is_right_leaves_the_list_and_the_record_says_on_whose_word() {
    let school = Staffed::open().await;
    said_at(&school, "2025-06-01T09:00:00Z").await;
    let id = school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0);
    let (at, deed) = (format!("/carers/{id}"), format!("/carers/{id}/still-right"));
    let mut office = school.as_role(Role::Office).await;

    let page = office.get(&at).await;
    let silent = office.press(&page, &deed, &[("heard", " ")]).await;
    let page = office.get(&at).await;
    let done = office.press(&page, &deed, &[("heard", "hers, by phone")]).await;
    let twice = office.press(&page, &deed, &[("heard", "hers, by phone")]).await;
    let after = office.get(&at).await.body;

    assert_eq!((silent.status, done.to(), twice.to()), (422, &*format!("{at}?done=still-right"), done.to()));
    assert!(
        silent.body.contains("say on whose word") || silent.body.contains("Say on whose word"),
        "{}",
        silent.body
    );
    assert!(after.contains("Last said to be right Monday 23 November, by "), "{after}");
    assert_eq!(listed(&mut office).await, ["Clara Birch", "Dora Ash"]);
    let told = school
        .school
        .rows(
            "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
             where e.sentence like 'was asked again%'",
        )
        .await;
    assert_eq!(told, ["hers, by phone"], "once");
    let teacher = school.as_role(Role::Teacher).await.get(&at).await.body;
    assert!(!teacher.contains("still-right"), "no form that is not theirs");
    school.close().await;
}

#[tokio::test]
async fn whose_pupils_have_left_or_who_has_died_is_not_asked_and_a_new_wish_is_an_answer() {
    let school = Staffed::open().await;
    said_at(&school, "2025-06-01T09:00:00Z").await;
    school
        .school
        .db
        .as_superuser(
            "update pupil set leaving_date = '2026-07-17' where pupil_ref = 'P2';
             update carer set died_on = '2026-03-01', died_set_at = now(), died_set_by = 'office' where contact_ref = 'C4'",
        )
        .await;
    let mut office = school.as_role(Role::Office).await;
    let before = listed(&mut office).await;

    school
        .school
        .db
        .as_superuser(
            "insert into preference (carer_id, purpose, routes, source, set_at)
             select id, 'notice', '{email}', 'import', '2026-09-01T09:00:00Z' from carer where contact_ref = 'C1'",
        )
        .await;

    assert_eq!(before, ["Amina Ash"]);
    assert_eq!(listed(&mut office).await, Vec::<&str>::new());
    school.close().await;
}
