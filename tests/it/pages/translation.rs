//! A teacher translates instead of ringing, from the call's page; nobody translates another class's, or the school's.

use liaison::domain::staff::Role;

use super::{Staffed, two_classes};
use crate::support::school::{School, received};

const WORDS: &str = "Sam read two whole chapters aloud.";

/// Amina, of Sam in Oak, and Clara, of Tia in Rowan, read Polish; a week's updates of both are written.
async fn school() -> Staffed {
    let polish = |carer: crate::support::people::Person| carer.with("language", "pl");
    let roll = two_classes().changed("C1", polish).changed("C3", polish);
    let school = Staffed::of(School::open(&roll).await, "Oak", |role| role.as_str().to_owned()).await;
    school.school.queue(&[("P1", WORDS), ("P2", WORDS)]).await;
    school
}

async fn call_of(school: &Staffed, carer: &str) -> String {
    let sql = format!(
        "select t.id::text from task t join carer c on c.id = t.carer_id where t.kind = 'call' and c.contact_ref = '{carer}'"
    );
    school.school.rows(&sql).await.remove(0)
}

#[tokio::test]
async fn a_teacher_translates_from_the_calls_page_once_however_often_the_button_is_pressed() {
    let school = school().await;
    let call = call_of(&school, "C1").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let at = format!("/tasks/{call}/translation");

    let link = teacher.get(&format!("/calls/{call}")).await.body;
    let page = teacher.get(&at).await;
    let typed = |by| [("words", "Sam <czytał> & pomagał."), ("made", "person"), ("checked_by", by)];
    let nobody = teacher.press(&page, &at, &typed(" ")).await;
    let page = teacher.get(&at).await;
    let (done, twice) = (
        teacher.press(&page, &at, &typed("Ewa Nowak")).await,
        teacher.press(&page, &at, &typed("Ewa Nowak")).await,
    );
    school.school.deliver().await;
    let after = teacher.get(&at).await.status;

    assert!(link.contains(&format!("href=\"{at}\"")), "{link}");
    assert!(page.body.contains("Words in Polish") && page.body.contains("lang=\"pl\""), "{}", page.body);
    assert_eq!(nobody.status, 422);
    assert!(nobody.body.contains("Sam &#60;czytał&#62; &#38; pomagał.</textarea>"), "{}", nobody.body);
    assert_eq!((done.to(), twice.to()), ("/calls?done=translated", "/calls?done=translated"));
    assert_eq!((school.school.told("translation").await, after), (1, 404));
    assert_eq!(received(&school.school, "amina@family.example").len(), 1);
    school.close().await;
}

#[tokio::test]
async fn another_classes_call_and_what_the_office_announced_are_not_a_teachers_to_translate() {
    let school = school().await;
    let (own, other) = (call_of(&school, "C1").await, call_of(&school, "C3").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let of = |task: &str| format!("/tasks/{task}/translation");

    let others = teacher.get(&of(&other)).await.status;
    // As the call about an announcement to the whole school is.
    school.school.db.as_superuser("update task set role = 'office' where kind = 'call'").await;
    let (wide, link) =
        (teacher.get(&of(&own)).await.status, teacher.get(&format!("/calls/{own}")).await.body);
    let office = school.as_role(Role::Office).await.get(&of(&own)).await.status;

    assert_eq!((others, wide, office), (404, 404, 200));
    assert!(!link.contains("translation"), "{link}");
    school.close().await;
}
