//! What ends is recorded by those who keep contact data; what loosens is the DSL's or the SLT's, with a reason.

use liaison::{
    domain::{ids::LinkId, time::Date},
    flows::{
        life::{self, Person},
        queue::Queued,
    },
};

use super::{carer_id, colleague, link_id, pupil_id, refusal, sees};
use crate::support::{
    people::{four_ways, one_by_email},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

async fn ends(school: &School) -> Vec<String> {
    school.rows("select coalesce(ends::text || ' ' || ends_set_by, '-') from link").await
}

/// What became of an update of that week.
async fn queued(school: &School, week: &str) -> Queued {
    school.queue_week(week, "P1", WORDS).await
}

#[tokio::test]
async fn anybody_brings_an_end_forward_and_only_the_dsl_or_the_slt_moves_it_back_with_a_reason() {
    let school = School::open(&one_by_email()).await;
    let link = link_id(&school, "C1").await;
    let end = async |last: &str| life::end_link(&school.gateway, link, day(last), "office").await;
    let later = async |last: Option<&str>, reason: &str, roles: &[&str]| {
        life::move_end(&school.gateway, link, last.map(day), reason, "d.sl", roles).await
    };

    let nothing = refusal(later(None, "extended", &["dsl"]).await);
    end("2026-12-18").await.unwrap();
    end("2026-11-27").await.unwrap();
    let back = refusal(end("2026-12-18").await);
    let office = refusal(later(Some("2026-12-18"), "extended", &["office", "teacher"]).await);
    let wordless = refusal(later(Some("2026-12-18"), "  ", &["dsl"]).await);
    let earlier = refusal(later(Some("2026-11-20"), "extended", &["dsl"]).await);
    let between = ends(&school).await;
    later(Some("2026-12-18"), "extended by the authority", &["slt"]).await.unwrap();
    let moved = ends(&school).await;
    later(None, "it is a home for good", &["dsl"]).await.unwrap();

    assert!(nothing.contains("no end is recorded"), "{nothing}");
    assert!(back.contains("only the DSL or the SLT may move an end back"), "{back}");
    assert!(office.contains("only the DSL or the SLT"), "{office}");
    assert!(wordless.contains("say why") && earlier.contains("no later day"), "{wordless} {earlier}");
    assert_eq!(between, ["2026-11-27 office"]);
    assert_eq!(moved, ["2026-12-18 d.sl"]);
    assert_eq!(ends(&school).await, ["-"]);
    let reasons = school
        .rows(
            "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id
             where e.kind = 'link_ends' and e.visibility = 'restricted' order by e.id",
        )
        .await;
    assert_eq!(reasons, ["extended by the authority", "it is a home for good"]);
    assert_eq!(school.told("link_ends").await, 4, "and what was done, for whoever works with the family");
    school.close().await;
}

#[tokio::test]
async fn an_end_that_is_taken_away_lets_the_next_message_go_and_not_the_one_it_stopped() {
    let school = School::open(&one_by_email()).await;
    let link = link_id(&school, "C1").await;
    school.queue(&[("P1", WORDS)]).await;
    life::end_link(&school.gateway, link, day("2026-11-22"), "office").await.unwrap();
    school.deliver().await;
    let left_out = queued(&school, "2026-11-30").await;

    life::move_end(&school.gateway, link, None, "a mistake", "d.sl", &["dsl"]).await.unwrap();
    let again = queued(&school, "2026-12-07").await;
    school.deliver().await;

    assert_eq!(left_out.left_out.get("link_ended"), Some(&1));
    assert_eq!((again.email, school.mail.taken()), (1, 1));
    assert_eq!(school.states().await, ["Amina Begum email refused", "Amina Begum email submitted"]);
    school.close().await;
}

#[tokio::test]
async fn a_file_that_still_has_the_carer_does_not_bring_an_ended_link_back() {
    let school = School::open(&one_by_email()).await;
    life::end_link(&school.gateway, link_id(&school, "C1").await, day("2026-11-22"), "office").await.unwrap();
    let who = Person::Pupil(pupil_id(&school, "P1").await);
    life::record_death(&school.gateway, who, day("2026-11-20"), "office").await.unwrap();

    school.import(&one_by_email().changed("C1", |carer| carer.wants("letter"))).await;

    assert_eq!(ends(&school).await, ["2026-11-22 office"]);
    assert_eq!(school.rows("select died_on::text from pupil").await, ["2026-11-20"]);
    school.close().await;
}

#[tokio::test]
async fn that_a_pupil_agrees_is_for_the_dsl_or_the_slt_to_record_and_anybody_takes_it_back() {
    let school = School::open(&one_by_email()).await;
    school.rows("update pupil set date_of_birth = '2008-11-01' returning id::text").await;
    let link = link_id(&school, "C1").await;
    let agree =
        async |how: &str, roles: &[&str]| life::agree(&school.gateway, link, how, "s.lt", roles).await;

    let before = queued(&school, "2026-11-23").await;
    let office = refusal(agree("Sam said so", &["office"]).await);
    let wordless = refusal(agree(" ", &["slt"]).await);
    let nothing = refusal(life::agree_no_more(&school.gateway, link, "office").await);
    agree("Sam, in a talk on 20 November", &["slt"]).await.unwrap();
    let twice = refusal(agree("again", &["dsl"]).await);
    let agreed = queued(&school, "2026-11-30").await;
    life::agree_no_more(&school.gateway, link, "office").await.unwrap();
    let after = queued(&school, "2026-12-07").await;

    assert!(
        office.contains("only the DSL or the SLT") && wordless.contains("who agreed"),
        "{office} {wordless}"
    );
    assert!(nothing.contains("not recorded") && twice.contains("already"), "{nothing} {twice}");
    assert_eq!([before.email, agreed.email, after.email], [0, 1, 0]);
    assert_eq!(school.told("adult_agreed").await, 2);
    school.deliver().await;
    assert_eq!(school.mail.taken(), 0, "what was queued while they agreed stops too");
    school.close().await;
}

#[tokio::test]
async fn a_death_withdraws_at_once_what_colleagues_were_to_do_and_only_the_right_ones_take_it_back() {
    let school = School::open(&four_ways()).await;
    school.rows("update pupil set date_of_birth = '2010-12-01' returning id::text").await;
    life::ask_ahead(&school.gateway).await.unwrap();
    school.queue(&[("P1", WORDS)]).await;
    let sam = Person::Pupil(pupil_id(&school, "P1").await);
    let undo = async |reason: &str, roles: &[&str]| {
        life::undo_death(&school.gateway, sam, reason, "d.sl", roles).await
    };
    let states = "select kind || ' ' || state || ' ' || coalesce(outcome, '-') from task order by 1";

    let ahead = refusal(life::record_death(&school.gateway, sam, day("2026-11-24"), "office").await);
    let nothing = refusal(undo("a mistake", &["dsl"]).await);
    life::record_death(&school.gateway, sam, day("2026-11-22"), "office").await.unwrap();
    let withdrawn = school.rows(states).await;
    let twice = refusal(life::record_death(&school.gateway, sam, day("2026-11-22"), "office").await);
    let asked = life::ask_ahead(&school.gateway).await.unwrap();
    school.deliver().await;
    let refused = [refusal(undo("a mistake", &["office"]).await), refusal(undo(" ", &["slt"]).await)];
    undo("it was a pupil of the same name", &["slt"]).await.unwrap();

    assert!(ahead.contains("lies ahead") && nothing.contains("nothing to take back"), "{ahead} {nothing}");
    assert_eq!(
        withdrawn,
        [
            "call withdrawn the pupil has died",
            "letter withdrawn the pupil has died",
            "turns_16 withdrawn the pupil has died"
        ]
    );
    assert!(twice.contains("recorded already"), "{twice}");
    assert_eq!(asked, 0);
    assert_eq!((school.mail.taken(), school.texts.posted()), (0, 0), "nothing goes out about it");
    assert!(refused[0].contains("only the DSL or the SLT") && refused[1].contains("say why"), "{refused:?}");
    assert_eq!(school.rows("select count(*)::text from pupil where died_on is not null").await, ["0"]);
    let told = school.entries().await;
    let died: Vec<_> = told.iter().filter(|e| e.kind == "died").map(|e| e.sentence.as_str()).collect();
    assert_eq!(died.len(), 2, "and why, for the DSL: {died:?}");
    assert!(died.iter().all(|sentence| !sentence.contains("2026")), "{died:?}");
    let teacher = colleague(&school, "teacher", "teacher").await;
    let dsl = colleague(&school, "dsl", "dsl").await;
    assert_eq!(sees(&school, teacher, "chronology_entry where kind = 'died'").await, 2);
    assert_eq!(sees(&school, dsl, "chronology_entry where kind = 'died'").await, 3);
    school.close().await;
}

#[tokio::test]
async fn the_death_of_one_carer_changes_nothing_for_the_others() {
    let school = School::open(&four_ways()).await;
    school.queue(&[("P1", WORDS)]).await;
    let carys = Person::Carer(carer_id(&school, "C3").await);

    life::record_death(&school.gateway, carys, day("2026-11-22"), "office").await.unwrap();
    school.deliver().await;

    assert_eq!(school.to_do().await, ["letter for Derek Eames"]);
    assert_eq!(school.states().await, ["Amina Begum email submitted", "Boris Czerny text submitted"]);
    school.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let school = School::open(&one_by_email()).await;
    let link = LinkId::new();

    let refused = [
        refusal(life::end_link(&school.gateway, link, day("2026-11-22"), "office").await),
        refusal(life::agree(&school.gateway, link, "x", "slt", &["slt"]).await),
        refusal(life::agree_no_more(&school.gateway, link, "slt").await),
    ];

    assert!(refused.iter().all(|why| why.contains("not linked")), "{refused:?}");
    school.close().await;
}
