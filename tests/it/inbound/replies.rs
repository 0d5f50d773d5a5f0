//! A carer answers the weekly update, and knows from us at once by when a person will answer.

use ring::digest::{SHA256, digest};

use super::{AMINA, BORIS, WORDS, two_parents};
use crate::support::{
    inbound::{Letter, header, put},
    people::one_by_email,
    school::{School, readable},
};
use liaison::flows::Clock as _;
use liaison_channels::fakes::dovecot::Dovecot;

/// Seen nowhere but in what the carer writes.
const UNUSUAL: &str = "rhododendron";

#[tokio::test]
async fn a_reply_to_an_update_is_kept_owned_on_the_clock_and_acknowledged_with_the_true_day() {
    let Some(server) = Dovecot::start() else { return };
    let school = School::open(&one_by_email()).await;
    let mut mailbox = school.mailbox(&server);
    mailbox.read().await.unwrap();
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let ours = school.message_id_to(AMINA);
    let letter = Letter::from(AMINA)
        .answers(&ours)
        .subject(&format!("Re: Sam and the {UNUSUAL}"))
        .says(&format!("Could Sam bring the {UNUSUAL} on Friday?"));
    let raw = letter.bytes(school.clock.now());

    put(&server, school.clock.now(), std::slice::from_ref(&raw));
    let kept = mailbox.read().await.unwrap();
    school.understand().await;
    school.deliver().await;

    assert_eq!((kept.new, kept.known), (1, 0));
    let seen = school.received().await.remove(0);
    let sha: String = digest(&SHA256, &raw).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((seen.digest.as_str(), seen.bytes), (sha.as_str(), i64::try_from(raw.len()).unwrap()));
    assert_eq!(school.rows("select convert_from(raw, 'utf8') from received").await[0].as_bytes(), raw);
    let case = school.case().await;
    assert_eq!((case.carer.as_str(), case.pupil.as_deref()), ("Amina Begum", Some("Sam Ash")));
    assert_eq!(
        (case.role.as_str(), case.class.as_deref(), case.kind.as_str()),
        ("teacher", Some("Oak"), "query")
    );
    assert_eq!(school.clocks().await, ["answer running 2026-11-27 17:00"]);
    assert_eq!(seen.answered.as_deref(), Some("acknowledged"));
    let [ack] = school.acknowledgements().try_into().unwrap();
    let of = |name: &str| header(&ack.data, name).unwrap_or_default();
    assert_eq!((ack.to.as_str(), ack.from.as_str()), (AMINA, ""), "to the sender alone, from nobody");
    assert_eq!(of("Auto-Submitted"), "auto-replied");
    assert_eq!(of("X-Auto-Response-Suppress"), "All");
    assert_eq!(of("In-Reply-To"), format!("<{}>", letter.id()));
    assert_eq!(of("References"), format!("<{ours}> <{}>", letter.id()));
    assert_eq!(of("Subject"), format!("Auto: Northfield School has your message [Ref {}]", case.code));
    let read = readable(&ack.data);
    for there in ["by the end of Friday 27 November", "01632 960100", "999"] {
        assert!(read.contains(there), "{there} is missing in {read}");
    }
    for absent in ["Sam", "Ash", UNUSUAL, "Oak"] {
        assert!(!read.contains(absent), "{absent} stands in {read}");
    }
    assert_eq!((school.told("received").await, school.told("case").await), (1, 1));
    school.close().await;
}

#[tokio::test]
async fn a_reply_is_known_by_the_mark_in_its_address_where_references_are_lost() {
    let school = School::with(&two_parents(), |setup| setup.reply_tags = true).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let sent = school.mail.messages().into_iter().find(|mail| mail.to == AMINA).unwrap();
    let reply_to = header(&sent.data, "Reply-To").unwrap();
    let marked = reply_to.rsplit('<').next().unwrap().trim_matches('>').to_owned();

    let seen = school.arrives(&Letter::from(AMINA).to(&marked)).await;
    let changed = marked.replacen("parents+", "parents+x", 1);
    let forged = school.arrives(&Letter::from(AMINA).to(&changed)).await;

    assert!(marked.starts_with("parents+") && marked.len() > 50, "{marked}");
    let rules = school.rows("select rules from reading order by received_id").await;
    assert!(rules[0].contains("the mark in the address") && !rules[1].contains("proposal"), "{rules:?}");
    assert_eq!(school.rows("select count(*)::text from carer_case where update_id is not null").await, ["1"]);
    assert_eq!(seen.carer.as_deref(), Some("Amina Begum"));
    assert_eq!((forged.kind.as_deref(), school.cases().await.len()), (Some("human"), 2));
    school.close().await;
}

#[tokio::test]
async fn a_mail_on_the_last_day_of_term_is_promised_an_answer_in_january() {
    let school = School::open(&one_by_email()).await;
    school.set_clock("2026-12-18T16:45:00Z");

    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;

    assert_eq!(school.clocks().await, ["answer running 2027-01-07 17:00"]);
    let [ack] = school.acknowledgements().try_into().unwrap();
    let read = readable(&ack.data);
    assert!(read.contains("by the end of Thursday 7 January 2027"), "{read}");
    school.close().await;
}

#[tokio::test]
async fn a_mail_in_the_holidays_is_told_so() {
    let school = School::open(&one_by_email()).await;
    school.set_clock("2026-12-28T09:00:00Z");

    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;

    let read = readable(&school.acknowledgements()[0].data);
    assert!(read.contains("on holiday") && read.contains("Thursday 7 January 2027"), "{read}");
    school.close().await;
}

#[tokio::test]
async fn without_a_calendar_no_date_is_named_and_the_clock_says_so() {
    let school = School::with(&one_by_email(), |setup| setup.policy.calendar = None).await;

    school.arrives(&Letter::from(AMINA)).await;
    school.deliver().await;

    assert_eq!(school.clocks().await, ["answer calendar_missing"]);
    assert!(school.case().await.calendar_missing);
    let read = readable(&school.acknowledgements()[0].data);
    assert!(read.contains("A person will answer you."), "{read}");
    assert!(!read.contains("November") && !read.contains("by the end of"), "{read}");
    school.close().await;
}

#[tokio::test]
async fn a_mail_out_of_the_blue_from_a_known_carer_is_a_case_like_any_other() {
    let school = School::open(&two_parents()).await;

    let seen = school.arrives(&Letter::from("Amina.Begum@HOME.example")).await;
    school.deliver().await;

    assert_eq!(seen.carer.as_deref(), Some("Amina Begum"));
    assert_eq!(school.clocks().await.len(), 1);
    let acks = school.acknowledgements();
    assert_eq!((acks.len(), acks[0].to.as_str()), (1, AMINA));
    assert!(school.mail.messages().iter().all(|mail| mail.to != BORIS));
    school.close().await;
}
