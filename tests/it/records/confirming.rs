//! An address that a colleague typed is asked first whether it is right (R07): a slip of one letter is a stranger's mailbox.

use liaison::{
    domain::{ids::AddressId, people::AddressKind},
    flows::people::{self as deeds, Proven},
};

use super::{carer_id, refusal};
use crate::support::{
    inbound::Letter,
    people::{Roll, carer, one_by_email, pupil},
    school::{School, readable},
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const NEW: &str = "amina@new.example";
const NUMBER: &str = "+447700900155";

/// Amina has a new address, which is to be tried first, by the clerk's word.
async fn typed(school: &School, kind: AddressKind, value: &str) -> AddressId {
    let amina = carer_id(school, "C1").await;
    deeds::add_address(&school.gateway, amina, kind, value, true, Proven::ByWord, "clerk")
        .await
        .expect("added")
}

async fn status(school: &School, address: AddressId) -> String {
    school.rows(&format!("select status from address where id = '{address}'")).await.remove(0)
}

fn to<'a>(school: &'a School, address: &'a str) -> Vec<String> {
    let mails = school.mail.messages().into_iter().filter(move |mail| mail.to == address);
    mails.map(|mail| readable(&mail.data)).collect()
}

#[tokio::test]
async fn a_new_address_is_asked_names_nobody_and_gets_nothing_else_until_it_says_yes() {
    let school = School::open(&one_by_email()).await;
    let new = typed(&school, AddressKind::Email, NEW).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    let asked = to(&school, NEW);
    let before = (status(&school, new).await, to(&school, "amina.begum@home.example").len());
    school.arrives(&Letter::from(NEW).says("Yes.")).await;
    school.queue_week("2026-11-16", "P1", WORDS).await;
    school.deliver().await;

    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("answer YES") && asked[0].contains("Northfield School"), "{}", asked[0]);
    for name in ["Amina", "Begum", "Sam", "Ash", "chapters"] {
        let said = asked[0].replace(NEW, "");
        assert!(!said.contains(name), "{name} in {said}");
    }
    assert_eq!(before, ("unconfirmed".to_owned(), 1), "the update went where she is known");
    assert_eq!(status(&school, new).await, "good");
    let mails = to(&school, NEW);
    assert!(mails.len() == 2 && mails[1].contains(WORDS), "{mails:?}");
    assert_eq!(school.cases().await.len(), 0, "the answer is no message to anybody");
    assert_eq!(school.received().await[0].kind.as_deref(), Some("confirmed"));
    assert_eq!(school.acknowledgements().len(), 0);
    school.close().await;
}

#[tokio::test]
async fn whatever_is_said_beside_the_answer_is_read_by_somebody() {
    for (words, stands) in [("Yes.\n\nSam is ill today.", "good"), ("No\n\nSam is afraid.", "failing")] {
        let school = School::open(&one_by_email()).await;
        let new = typed(&school, AddressKind::Email, NEW).await;
        school.deliver().await;

        school.arrives(&Letter::from(NEW).says(words)).await;

        assert_eq!(status(&school, new).await, stands);
        assert_eq!(school.question().await.kind, "who_is_this");
        assert_eq!(school.received().await[0].kind.as_deref(), Some("human"));
        school.close().await;
    }
}

#[tokio::test]
async fn whoever_says_no_is_written_to_no_more_and_the_office_finds_out() {
    let school = School::open(&one_by_email()).await;
    let new = typed(&school, AddressKind::Mobile, "07700 900155").await;
    school.deliver().await;
    let asked = school.texts.messages();

    school.text_arrives(NUMBER, "No!").await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    assert_eq!((asked.len(), asked[0].to.as_str()), (1, NUMBER));
    assert!(asked[0].body.contains("answer YES"), "{}", asked[0].body);
    assert_eq!(status(&school, new).await, "failing");
    assert_eq!(school.to_do().await, ["check_address for Amina Begum"]);
    assert_eq!(school.texts.messages().len(), 1);
    school.close().await;
}

#[tokio::test]
async fn a_yes_by_text_is_no_wish_for_texts_but_the_answer() {
    let school = School::open(&one_by_email()).await;
    let new = typed(&school, AddressKind::Mobile, "07700 900155").await;
    school.deliver().await;

    school.text_arrives(NUMBER, "YES").await;
    school.text_arrives(NUMBER, "YES").await;

    assert_eq!(status(&school, new).await, "good");
    assert_eq!(school.told("address").await, 3, "added, asked, confirmed");
    school.close().await;
}

#[tokio::test]
async fn whatever_else_comes_from_it_is_a_strangers_until_a_colleague_knows_whose_it_is() {
    let school = School::open(&one_by_email()).await;
    let new = typed(&school, AddressKind::Email, NEW).await;
    school.deliver().await;

    school.arrives(&Letter::from(NEW).says("How is Sam today?")).await;
    school.deliver().await;
    let question = school.question().await.kind;
    let amina = carer_id(&school, "C1").await;
    let kept =
        |proven| deeds::add_address(&school.gateway, amina, AddressKind::Email, NEW, false, proven, "clerk");
    let word = refusal(kept(Proven::ByWord).await);
    let waits = status(&school, new).await;
    kept(Proven::ByMessage).await.expect("it wrote");

    assert_eq!(question, "who_is_this");
    assert_eq!(school.cases().await.len(), 0);
    assert!(word.contains("already"), "{word}");
    assert_eq!((waits.as_str(), status(&school, new).await.as_str()), ("unconfirmed", "good"));
    school.close().await;
}

#[tokio::test]
async fn a_colleague_who_checked_it_vouches_for_it_and_the_question_is_not_sent_any_more() {
    let school = School::open(&one_by_email()).await;
    let new = typed(&school, AddressKind::Email, NEW).await;
    let amina = carer_id(&school, "C1").await;

    deeds::mark_good(&school.gateway, amina, new, "clerk").await.expect("vouched for");
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    let mails = to(&school, NEW);
    assert!(mails.len() == 1 && mails[0].contains(WORDS), "{mails:?}");
    assert_eq!(
        school.rows("select reason from delivery where state = 'refused'").await,
        ["what it asks or tells has been settled since"]
    );
    school.close().await;
}

#[tokio::test]
async fn an_address_that_is_known_or_that_nobody_is_to_ask_is_used_at_once() {
    let two = Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[
            carer("P1", "C1", "Amina", "Begum").email("amina.begum@home.example"),
            carer("P1", "C2", "Basil", "Begum").email(NEW),
        ],
    );
    let known = School::open(&two).await;
    let not_asked = School::with(&one_by_email(), |setup| setup.policy.confirm_addresses = false).await;

    for school in [known, not_asked] {
        let new = typed(&school, AddressKind::Email, NEW).await;
        assert_eq!(status(&school, new).await, "good");
        assert_eq!(school.rows("select id::text from delivery").await.len(), 0);
        school.close().await;
    }
}

#[tokio::test]
async fn whom_an_order_forbids_is_not_asked_either() {
    let bound = one_by_email().changed("C1", |carer| carer.restricted("no_contact", "", ""));
    let school = School::open(&bound).await;

    let new = typed(&school, AddressKind::Email, NEW).await;
    school.deliver().await;

    assert_eq!((status(&school, new).await.as_str(), school.mail.taken()), ("unconfirmed", 0));
    school.close().await;
}

#[tokio::test]
async fn an_address_that_does_not_exist_fails_as_any_other_and_the_office_is_told() {
    let school = School::open(&one_by_email()).await;
    school.mail.refuse(NEW, "550 5.1.1 no such mailbox");
    let new = typed(&school, AddressKind::Email, NEW).await;

    school.deliver().await;

    assert_eq!(status(&school, new).await, "failing");
    assert_eq!(school.to_do().await, ["check_address for Amina Begum"]);
    school.close().await;
}
