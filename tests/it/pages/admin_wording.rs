//! The school's own words, and how each message reads.

use liaison::{domain::staff::Role, flows::current};

use super::{CLARA, Staffed};
use crate::support::inbound::Letter;

const PAGE: &str = "/admin/wording";

#[tokio::test]
async fn words_kept_on_the_page_stand_in_the_next_acknowledgement_of_every_daemon() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;
    let other = school.school.another_daemon(school.school.db.store());
    let words = [
        ("urgent", "If it cannot wait, ring the lodge on 01632 960111."),
        ("more", "We read messages from 8 to 4."),
        ("base", ""),
    ];

    let kept = office.press(&page, PAGE, &words).await;
    let twice = office.press(&page, PAGE, &words).await;
    let stale = office.get(PAGE).await;
    let stale = office.press(&stale, PAGE, &[("urgent", "Other."), ("base", "")]).await;
    let again = office.get(kept.to()).await;
    school
        .school
        .arrives(&Letter::from(CLARA).says("And is her coat there?").subject("Another matter"))
        .await;
    school.school.deliver().await;
    current::refresh(&other).await.unwrap();

    assert_eq!((kept.status, twice.to(), stale.status), (303, kept.to(), 422));
    assert!(stale.body.contains("Other."), "what was typed stays");
    assert!(stale.body.contains("Set meanwhile by a colleague"), "and theirs stands beside: {}", stale.body);
    assert!(again.body.contains("ring the lodge") && again.body.contains("set by office"), "{}", again.body);
    assert!(again.body.matches("We read messages from 8 to 4.").count() >= 4, "{}", again.body);
    let acks = school.school.acknowledgements();
    assert!(acks.last().unwrap().data.contains("We read messages from 8 to 4."), "{acks:?}");
    assert_eq!(other.policy().acknowledge.more_words, "We read messages from 8 to 4.");
    assert_eq!(school.school.rows("select count(*)::text from wording_version").await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn every_message_is_shown_by_each_way_with_the_length_of_texts_and_hostile_words_stay_words() {
    let school = Staffed::open().await;
    let mut slt = school.as_role(Role::Slt).await;
    let page = slt.get(PAGE).await;
    let long = "x".repeat(401);

    let hostile = slt.press(&page, PAGE, &[("urgent", "<b>Ring</b> us."), ("base", "")]).await;
    let shown = slt.get(hostile.to()).await;
    let long = slt.press(&shown, PAGE, &[("urgent", &long), ("base", "1")]).await;

    for said in
        ["in term", "in the holidays", "does not reach", "by letter", "what a colleague says", "1 part"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(page.body.contains("Dear Ms Example,") && page.body.contains("999"));
    assert!(shown.body.contains("&#60;b&#62;Ring") && !shown.body.contains("<b>Ring"));
    assert_eq!(long.status, 422);
    school.close().await;
}
