//! What comes from somebody whose link has ended, or from the address of somebody who has died, is asked about.

use liaison::{
    domain::ids::LinkId,
    flows::{
        life::{self, Person},
        questions::{self, Says},
    },
};

use super::{AMINA, BORIS, HER_NUMBER, WORDS, two_parents};
use crate::support::{
    inbound::Letter,
    people::{Roll, carer, pupil},
    school::School,
};

async fn link(school: &School, contact: &str, of: &str) -> LinkId {
    let sql = format!(
        "select l.id::text from link l join carer c on c.id = l.carer_id join pupil p on p.id = l.pupil_id
         where c.contact_ref = '{contact}' and p.pupil_ref = '{of}'"
    );
    school.rows(&sql).await[0].parse().unwrap()
}

async fn ends(school: &School, contact: &str, of: &str) {
    let last = "2026-11-22".parse().unwrap();
    life::end_link(&school.gateway, link(school, contact, of).await, last, "office").await.unwrap();
}

async fn dies(school: &School, contact: &str) {
    let id = school.rows(&format!("select id::text from carer where contact_ref = '{contact}'")).await;
    let who = Person::Carer(id[0].parse().unwrap());
    life::record_death(&school.gateway, who, "2026-11-22".parse().unwrap(), "office").await.unwrap();
}

/// Nobody was answered, no case was opened, and the one question is whose it is.
async fn only_asked(school: &School, why: &str) {
    school.deliver().await;
    assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0));
    assert_eq!(school.cases().await.len(), 0);
    let question = school.question().await;
    assert_eq!((question.kind.as_str(), question.role.as_str()), ("who_is_this", "office"));
    assert!(question.why.contains(why), "{}", question.why);
}

#[tokio::test]
async fn a_mail_and_a_text_after_a_placement_has_ended_are_asked_about_and_answered_by_nobody() {
    let why = "what linked this carer to a pupil here has ended";
    let school = School::open(&two_parents()).await;
    ends(&school, "C1", "P1").await;

    let mail = school.arrives(&Letter::from(AMINA).says("How is Sam?")).await;
    only_asked(&school, why).await;

    assert_eq!(mail.carer, None);
    assert!(mail.answered.unwrap().contains("(rule 9)"));
    school.close().await;
    let school = School::open(&two_parents()).await;
    ends(&school, "C1", "P1").await;

    school.text_arrives(HER_NUMBER, "How is Sam?").await;

    only_asked(&school, why).await;
    school.close().await;
}

#[tokio::test]
async fn an_answer_to_an_update_from_before_the_end_joins_nothing() {
    let school = School::open(&two_parents()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let taken = school.mail.taken();
    let update = school.message_id_to(AMINA);
    ends(&school, "C1", "P1").await;

    school.arrives(&Letter::from(AMINA).answers(&update)).await;
    school.deliver().await;

    assert_eq!((school.mail.taken(), school.cases().await.len()), (taken, 0));
    assert_eq!(school.question().await.kind, "who_is_this");
    school.close().await;
}

#[tokio::test]
async fn a_carer_whose_link_to_one_of_two_has_ended_is_heard_about_the_other() {
    let roll = Roll::new(
        &[pupil("P1", "Sam", "Ash"), pupil("P2", "Lou", "Birch")],
        &[carer("P1", "C1", "Amina", "Begum").email(AMINA), carer("P2", "C1", "Amina", "Begum").email(AMINA)],
    );
    let school = School::open(&roll).await;
    ends(&school, "C1", "P1").await;

    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;

    assert_eq!(school.case().await.pupil.as_deref(), Some("Lou Birch"));
    assert_eq!(school.acknowledgements().len(), 1);
    assert_eq!(school.questions().await.len(), 0, "which child is no question: one is left");
    school.close().await;
}

#[tokio::test]
async fn a_mail_from_a_dead_carers_address_is_asked_about_and_may_be_anybodys_but_theirs() {
    let school = School::open(&two_parents()).await;
    dies(&school, "C1").await;

    school.arrives(&Letter::from(AMINA).says("This is Boris, from her account.")).await;
    only_asked(&school, "has died: somebody else writes").await;
    let question = school.question().await;
    let says = |carer| Says::Is { carer: Some(carer), pupil: Some("P1") };
    let theirs = questions::answer(&school.gateway, question.id, false, &says("C1"), "office").await;
    let his = questions::answer(&school.gateway, question.id, false, &says("C2"), "office").await.unwrap();
    school.deliver().await;

    assert_eq!(question.candidates[0].evidence, "had this address, and has died");
    assert!(theirs.unwrap_err().to_string().contains("has died: say who wrote"));
    assert!(his.case.is_some());
    assert_eq!(school.case().await.carer, "Boris Czerny");
    assert_eq!(school.mail.taken(), 0, "nothing is sent by that");
    school.close().await;
}

#[tokio::test]
async fn the_family_of_a_pupil_who_died_is_heard_and_is_written_to_by_no_machine() {
    let school = School::open(&two_parents()).await;
    let id = school.rows("select id::text from pupil").await;
    let who = Person::Pupil(id[0].parse().unwrap());
    life::record_death(&school.gateway, who, "2026-11-22".parse().unwrap(), "office").await.unwrap();

    let seen = school.arrives(&Letter::from(BORIS).says("May we have his books?")).await;
    school.deliver().await;

    assert_eq!(school.case().await.carer, "Boris Czerny");
    assert!(seen.answered.unwrap().contains("the pupil has died"));
    assert_eq!(school.mail.taken(), 0);
    school.close().await;
}

#[tokio::test]
async fn stop_is_heeded_whoever_sends_it_and_no_way_is_to_be_agreed_with_nobody() {
    let school = School::open(&two_parents()).await;
    ends(&school, "C1", "P1").await;

    school.text_arrives(HER_NUMBER, "STOP").await;

    assert_eq!(school.rows("select status from address where value = '+447700900101'").await, ["stopped"]);
    assert_eq!(school.to_do().await, Vec::<String>::new());
    school.close().await;
}
