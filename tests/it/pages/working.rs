//! What takes long: it goes on, whoever waits sees how far it is, and its answer is there for nobody else.

use liaison::domain::staff::Role;
use liaison::store::roll;

use super::{
    Answer, Browser, Staffed,
    admin_import::{changed, put_up_roll},
};
use crate::support::people::Roll;

/// Looks again until something else is answered than that it is being done.
async fn looked_again(browser: &mut Browser, to: &str) -> Answer {
    for _ in 0..10_000 {
        let answer = browser.get(to).await;
        if answer.status != 200 || !answer.body.contains("Look again") {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("{to} is being done for ever")
}

async fn put_up(roll: &Roll) -> (Staffed, Browser, String) {
    let mut school = Staffed::open().await;
    school.serve_the_impatient();
    let mut office = school.as_role(Role::Office).await;
    let sent_on = put_up_roll(&mut office, roll).await;
    assert_eq!(sent_on.status, 303, "{}", sent_on.body);
    let to = sent_on.to().to_owned();
    assert!(to.starts_with("/working/"), "{to}");
    (school, office, to)
}

#[tokio::test]
async fn an_import_that_takes_long_says_at_which_step_it_is_and_then_what_came_of_it() {
    let mut school = Staffed::open().await;
    school.serve_the_impatient();
    let mut office = school.as_role(Role::Office).await;
    let mut other_import = school.school.gateway.store.begin().await.unwrap();
    roll::lock(&mut other_import).await.unwrap();

    let sent_on = put_up_roll(&mut office, &changed()).await;
    let to = sent_on.to().to_owned();
    let mut page = office.get(&to).await;
    for _ in 0..10_000 {
        if page.body.contains("step 2 of 3") {
            break;
        }
        page = office.get(&to).await;
    }
    let others =
        [school.as_role(Role::Slt).await.get(&to).await.status, school.browser().get(&to).await.status];
    other_import.rollback().await.unwrap();
    let done = looked_again(&mut office, &to).await;
    let again = office.get(&to).await;
    let proposal = office.get(done.to()).await;

    assert!(page.body.contains("step 2 of 3: comparing the files"), "{}", page.body);
    assert_eq!(others, [404, 303], "another colleague's, and nobody's");
    assert!(done.to().starts_with("/admin/import/"), "{} {}", done.status, done.body);
    assert_eq!(again.status, 404, "an answer is fetched once");
    assert!(proposal.body.contains("pupil P3: added"), "{}", proposal.body);
    school.close().await;
}

#[tokio::test]
async fn what_cannot_be_done_after_all_is_said_on_the_page_it_belongs_to() {
    let bad = changed().changed("C3", |carer| carer.mobile("twelve").with("priority", "first"));

    let (school, mut office, to) = put_up(&bad).await;
    let refused = looked_again(&mut office, &to).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("contacts.csv, line 5, priority"), "{}", refused.body);
    school.close().await;
}

#[tokio::test]
async fn it_is_done_to_its_end_though_nobody_comes_for_the_answer() {
    let (school, mut office, to) = put_up(&changed()).await;
    let mut other = school.as_role(Role::Slt).await;

    let mut waits = String::new();
    while waits.is_empty() {
        waits = school.school.rows("select id::text from import_proposal").await.join("");
    }
    let seen = other.get(&format!("/admin/import/{waits}")).await;
    let answer = looked_again(&mut office, &to).await;

    assert!(seen.body.contains("pupil P3: added"), "{}", seen.body);
    assert_eq!(answer.to(), format!("/admin/import/{waits}?done=put-up"));
    school.close().await;
}
