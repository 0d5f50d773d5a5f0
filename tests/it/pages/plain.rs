//! Advice for whoever writes to a family: it stands beside the words, and holds nothing back.

use liaison::domain::{plain::LONGEST, staff::Role};

use super::Staffed;

const JARGON: &str = "The EHCP AR is via SENCO.";

#[tokio::test]
async fn school_words_in_an_update_are_named_with_plain_ones_and_it_is_queued_all_the_same() {
    let school = Staffed::open().await;
    let write = format!("/update/{}", school.pupil("P1").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&write).await;

    teacher.press_with(&page, &write, JARGON).await;
    let saved = teacher.get(&write).await;
    let preview = teacher.get(&format!("{write}/preview")).await;
    let class = school.school.rows("select class_id::text from pupil where pupil_ref = 'P1'").await;
    let queued = teacher.press_with(&preview, &format!("/week/{}/queue", class[0]), "").await;

    assert!(!page.body.contains("In plainer words"), "nothing is written yet");
    for page in [&saved, &preview] {
        for words in ["education, health and care plan", "annual review", "special needs coordinator"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
    }
    assert_eq!(queued.status, 303, "{}", queued.body);
    school.close().await;
}

#[tokio::test]
async fn a_reply_is_looked_at_before_it_is_sent_and_nothing_leaves_by_that() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let (path, reply) = (format!("/cases/{case}"), format!("/cases/{case}/reply"));
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&path).await;
    let long = format!("{}.", vec!["word"; LONGEST + 1].join(" "));
    let before = school.digests().await;

    let advised = teacher.press(&page, &reply, &[("words", &long), ("preview", "yes")]).await;
    let plain = teacher.press(&page, &reply, &[("words", "It is here."), ("preview", "yes")]).await;
    let after = school.digests().await;
    let sent = teacher.press(&advised, &reply, &[("words", &long)]).await;

    assert_eq!(advised.status, 200);
    assert!(advised.body.contains(&format!("has {} words", LONGEST + 1)), "{}", advised.body);
    assert!(advised.body.contains(&long), "what was typed is still there");
    assert!(plain.body.contains("Nothing to make plainer was found"), "{}", plain.body);
    assert_eq!(before, after, "nothing was done");
    assert_eq!(sent.to(), format!("{path}?done=replied"), "{}", sent.body);
    school.close().await;
}

#[tokio::test]
async fn an_announcement_is_advised_on_its_preview_by_the_schools_own_words() {
    let mut school = Staffed::open().await;
    school.school.policy(|policy| policy.plain_words = vec![("snows".to_owned(), "will be cold".to_owned())]);
    school.serve_at("http://127.0.0.1");
    let id = school.announcement().await;

    let preview = school.as_role(Role::Office).await.get(&format!("/announce/{id}/preview")).await;

    assert!(preview.body.contains("will be cold"), "{}", preview.body);
    school.close().await;
}
