//! What machines write is kept and told, moves what it is about, and is never answered.

use liaison::flows::Clock as _;

use super::{AMINA, WORDS, two_parents};
use crate::support::{
    inbound::{Letter, bounce},
    people::one_by_email,
    school::School,
};

const STATUS: &str = "select kind || ' ' || status from address where status <> 'good'";

fn out_of_office() -> Letter {
    Letter::from(AMINA).subject("Automatic reply: Sam's week").header("Auto-Submitted", "auto-replied")
}

/// A mail program's word that a mail was opened (RFC 8098).
fn read_receipt() -> Letter {
    let kind = "multipart/report; report-type=disposition-notification; boundary=\"b\"";
    Letter::from(AMINA).subject("Read: Sam's week").header("Content-Type", kind).says(
        "--b\n\nYour message was read.\n--b\nContent-Type: message/disposition-notification\n\nReporting-UA: x\n\
         Final-Recipient: rfc822; amina.begum@home.example\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--",
    )
}

#[tokio::test]
async fn machines_are_kept_once_make_no_case_and_get_no_answer_and_the_record_says_by_which_rule() {
    let own = Letter::from("parents@northfield.example").header("X-Liaison", "northfield.example");
    let table = [
        (out_of_office(), "auto_reply", 1),
        (Letter::from(AMINA).header("X-Autoreply", "yes"), "auto_reply", 1),
        (Letter::from(AMINA).header("List-Id", "<chess.home.example>"), "list", 4),
        (Letter::from(AMINA).header("Precedence", "bulk"), "list", 4),
        (read_receipt(), "receipt", 3),
        (own, "own", 7),
        (bounce("nobody@other.example", AMINA, "failed", "5.1.1"), "bounce", 3),
    ];
    let school = School::open(&one_by_email()).await;

    for (letter, kind, rule) in &table {
        let raw = letter.bytes(school.clock.now());
        let first = school.keep(std::slice::from_ref(&raw)).await;
        let again = school.keep(&[raw]).await;
        school.understand().await;
        school.deliver().await;

        let seen = school.received().await.pop().unwrap();
        assert_eq!((first.new, again.new, again.known), (1, 0, 1), "{kind}");
        assert_eq!((seen.kind.as_deref(), &seen.case), (Some(*kind), &None));
        let answered = seen.answered.unwrap();
        assert!(answered.contains(&format!("not acknowledged (rule {rule})")), "{kind}: {answered}");
    }

    assert_eq!(school.received().await.len(), table.len());
    // A bounce of something that we know nothing of may be all that tells of a carer who was not reached.
    assert_eq!((school.cases().await.len(), school.questions().await.len()), (0, 1));
    assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0));
    assert_eq!(school.told("received").await, table.len());
    school.close().await;
}

#[tokio::test]
async fn a_bounce_of_ours_fails_the_message_marks_the_address_and_takes_the_next_route() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let ours = school.message_id_to(AMINA);

    let seen = school.arrives(&bounce(&ours, AMINA, "failed", "5.1.1")).await;
    school.deliver().await;
    let again = school.arrives(&bounce(&ours, AMINA, "failed", "5.1.1")).await;
    school.deliver().await;

    assert_eq!(seen.verdict.as_deref(), Some("a message of ours did not arrive"));
    assert_eq!(seen.carer.as_deref(), Some("Amina Begum"));
    assert_eq!(again.kind.as_deref(), Some("bounce"));
    assert_eq!(school.states().await, ["Amina Begum email failed", "Amina Begum text submitted"]);
    assert_eq!(school.rows(STATUS).await, ["email failing"]);
    assert_eq!(school.to_do().await, ["check_address for Amina Begum"]);
    assert_eq!((school.told("failed").await, school.told("address_failing").await), (1, 1));
    assert_eq!((school.mail.taken(), school.texts.posted(), school.cases().await.len()), (1, 1, 0));
    school.close().await;
}

#[tokio::test]
async fn a_full_mailbox_takes_the_next_route_and_leaves_the_address_good() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;

    school.arrives(&bounce(&school.message_id_to(AMINA), AMINA, "failed", "5.2.2")).await;
    school.deliver().await;

    assert_eq!(school.states().await, ["Amina Begum email failed", "Amina Begum text submitted"]);
    assert_eq!(school.rows(STATUS).await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_late_message_a_foreign_one_and_a_made_up_one_change_nothing() {
    let school = School::open(&one_by_email()).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let ours = school.message_id_to(AMINA);
    let made_up = format!("{}@northfield.example", uuid::Uuid::now_v7().simple());

    let late = school.arrives(&bounce(&ours, AMINA, "delayed", "4.4.1")).await;
    let foreign = school.arrives(&bounce("1@other.example", AMINA, "failed", "5.1.1")).await;
    let unknown = school.arrives(&bounce(&made_up, AMINA, "failed", "5.1.1")).await;
    school.deliver().await;

    assert!(late.verdict.unwrap().contains("is late"));
    for seen in [foreign, unknown] {
        assert!(seen.verdict.unwrap().contains("nothing is believed of it"));
        assert_eq!(seen.carer, None);
    }
    assert_eq!(school.delivery().await.state, "submitted");
    assert_eq!(school.rows(STATUS).await, Vec::<String>::new());
    assert_eq!((school.to_do().await, school.mail.taken()), (Vec::new(), 1));
    assert_eq!(
        school.questions().await.len(),
        2,
        "both that were given up are looked at, and the late one is not"
    );
    school.close().await;
}

#[tokio::test]
async fn somebody_who_says_that_no_machine_wrote_it_is_a_person() {
    let school = School::open(&one_by_email()).await;

    for (n, word) in ["no", "No", "no (by hand)", " NO ; x=1"].into_iter().enumerate() {
        let seen = school.arrives(&Letter::from(AMINA).header("Auto-Submitted", word)).await;
        school.deliver().await;

        assert_eq!(seen.kind.as_deref(), Some("human"), "{word}");
        // A day apart, so that no cap speaks.
        assert_eq!(school.acknowledgements().len(), n + 1, "{word}: {:?}", seen.answered);
        school.later(std::time::Duration::from_hours(24));
    }

    assert_eq!(school.cases().await.len(), 4);
    school.close().await;
}

#[tokio::test]
async fn a_person_whom_no_machine_may_answer_still_has_a_case_and_a_clock() {
    let table = [
        (Letter::from(AMINA).header("X-Auto-Response-Suppress", "OOF, AutoReply"), 5),
        (Letter::from(AMINA).by_way_of("amina@work.example"), 9),
        (Letter::from(AMINA).dated("2026-11-21T09:59:00Z"), 13),
        (Letter::from(AMINA).header("Content-Type", "text/calendar; method=REQUEST; charset=utf-8"), 14),
        (Letter::from(AMINA).header("X-Spam-Flag", "YES"), 15),
    ];
    let school = School::open(&one_by_email()).await;

    for (n, (letter, rule)) in table.iter().enumerate() {
        let seen = school.arrives(letter).await;
        school.deliver().await;

        let answered = seen.answered.unwrap();
        assert!(answered.contains(&format!("(rule {rule})")), "rule {rule}: {answered}");
        assert_eq!((school.cases().await.len(), school.clocks().await.len()), (n + 1, n + 1), "rule {rule}");
    }

    assert_eq!(school.mail.taken(), 0);
    assert!(school.clocks().await.iter().all(|clock| clock == "answer running 2026-11-27 17:00"));
    school.close().await;
}

#[tokio::test]
async fn a_mail_that_may_be_forged_is_asked_about_and_joins_no_case() {
    let school = School::open(&one_by_email()).await;

    let forged = Letter::from(AMINA).header("Authentication-Results", "northfield.example; dmarc=fail");
    let seen = school.arrives(&forged).await;
    school.deliver().await;

    assert!(seen.answered.unwrap().contains("(rule 10)"));
    assert_eq!((school.cases().await.len(), school.questions().await.len()), (0, 1));
    assert_eq!(school.mail.taken(), 0);
    school.close().await;
}

#[tokio::test]
async fn a_bounce_sent_to_our_marked_address_names_its_message_by_the_mark() {
    let school = School::with(&two_parents(), |setup| setup.reply_tags = true).await;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let sent = school.mail.messages().into_iter().find(|mail| mail.to == AMINA).unwrap();
    let marked = crate::support::inbound::header(&sent.data, "Reply-To").unwrap();
    let marked = marked.rsplit('<').next().unwrap().trim_matches('>');
    let nameless = bounce("rewritten@relay.example", AMINA, "failed", "5.1.1").to(marked);

    school.arrives(&nameless).await;
    school.deliver().await;

    let states = school.states().await;
    assert_eq!(
        states,
        ["Amina Begum email failed", "Amina Begum text submitted", "Boris Czerny email submitted"]
    );
    school.close().await;
}
