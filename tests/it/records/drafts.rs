//! A draft belongs to its pupil and week, and an older tab overwrites nothing.

use liaison::{
    domain::{
        ids::{PupilId, StaffId},
        time::Date,
    },
    flows::drafts::{Saved, Words, save},
    store::drafts::find,
};

use super::{colleague, pupil_id, refusal};
use crate::support::{people::one_by_email, school::School};

const WEEK: Date = Date::constant(2026, 11, 23);

fn words(text: &str) -> Words<'_> {
    Words { text, sensitive: false, topic: None, praise: false, card: None }
}

async fn scene() -> (School, PupilId, StaffId, StaffId) {
    let school = School::open(&one_by_email()).await;
    let one = colleague(&school, "teacher", "teacher").await;
    let other = colleague(&school, "slt", "slt").await;
    let pupil = pupil_id(&school, "P1").await;
    (school, pupil, one, other)
}

async fn stands(school: &School, pupil: PupilId) -> (String, i64, String) {
    let mut connection = school.gateway.store.acquire().await.unwrap();
    let draft = find(&mut connection, pupil, WEEK).await.unwrap().unwrap();
    (draft.words, draft.version, draft.author)
}

#[tokio::test]
async fn of_two_tabs_the_older_is_told_whose_words_are_newer_and_overwrites_nothing() {
    let (school, pupil, one, other) = scene().await;
    let (one, other) = (one.to_string(), other.to_string());
    let gateway = &school.gateway;

    let first = save(gateway, pupil, WEEK, words("Read well."), 0, &one).await.unwrap();
    let second = save(gateway, pupil, WEEK, words("Read very well."), 1, &other).await.unwrap();
    let older = save(gateway, pupil, WEEK, words("Read."), 1, &one).await.unwrap();
    let blank_page = save(gateway, pupil, WEEK, words("New."), 0, &one).await.unwrap();

    assert!(matches!(first, Saved::Kept(draft) if draft.version == 1));
    assert!(matches!(second, Saved::Kept(draft) if draft.version == 2));
    for conflict in [older, blank_page] {
        let Saved::Conflict(newer) = conflict else { panic!("an older tab was kept") };
        assert_eq!((newer.words.as_str(), newer.version, &newer.author), ("Read very well.", 2, &other));
    }
    assert_eq!(stands(&school, pupil).await, ("Read very well.".to_owned(), 2, other));
}

#[tokio::test]
async fn empty_words_are_kept_as_an_empty_draft() {
    let (school, pupil, one, _) = scene().await;
    let one = one.to_string();
    save(&school.gateway, pupil, WEEK, words("Read\r\nwell."), 0, &one).await.unwrap();
    let before = stands(&school, pupil).await;

    save(&school.gateway, pupil, WEEK, words(""), 1, &one).await.unwrap();

    assert_eq!(before.0, "Read\nwell.");
    assert_eq!(stands(&school, pupil).await, (String::new(), 2, one));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_a_sentence() {
    let (school, pupil, one, _) = scene().await;
    let (one, gateway) = (one.to_string(), &school.gateway);
    let long = "a".repeat(10_001);

    let tuesday = refusal(save(gateway, pupil, Date::constant(2026, 11, 24), words("x"), 0, &one).await);
    let far = refusal(save(gateway, pupil, Date::constant(2036, 11, 24), words("x"), 0, &one).await);
    let long = refusal(save(gateway, pupil, WEEK, words(&long), 0, &one).await);
    let control = refusal(save(gateway, pupil, WEEK, words("a\u{7}"), 0, &one).await);
    let nobody = refusal(save(gateway, PupilId::new(), WEEK, words("x"), 0, &one).await);
    let never_saved = refusal(save(gateway, pupil, WEEK, words("x"), 4, &one).await);

    assert!(tuesday.contains("Monday"), "{tuesday}");
    assert!(far.contains("more than a year"), "{far}");
    assert!(long.contains("10000 characters"), "{long}");
    assert!(control.contains("control character"), "{control}");
    assert!(nobody.contains("no such pupil"), "{nobody}");
    assert!(never_saved.contains("no draft"), "{never_saved}");
}
