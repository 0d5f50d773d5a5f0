//! A notice or newsletter: one message to each carer who may be told, and none without the second person.

use std::time::Duration;

use liaison::{
    domain::{
        announcement::{Audience, Written},
        ids::{AnnouncementId, StaffId},
        people::{Purpose, Route},
    },
    flows::{announced, announcements as flow, people, queue},
    store::announced::Progress,
};
use liaison_channels::fakes::twilio::Shape;

use super::{carer_id, colleague, pupil_id, refusal, sees};
use crate::support::{
    people::{Person, Roll, carer, pupil, updates},
    school::{School, received},
};

const AMINA: &str = "amina@home.example";
const BORIS: &str = "boris@away.example";
const CLARA: &str = "clara@home.example";
const WORDS: &str = "We are closed on Friday. The boiler has failed.";

/// Sam and Una of Oak are Amina's; Boris may not be told about Sam; Elsie has no right; Tia of Rowan is Clara's.
fn roll() -> Roll {
    let hers = |child| carer(child, "C1", "Amina", "Ash").email(AMINA).mobile("07700 900101");
    Roll::new(
        &[
            pupil("P1", "Sam", "Ash").with("year_group", "3"),
            pupil("P2", "Una", "Ash").with("year_group", "5"),
            pupil("P3", "Tia", "Birch").with("class", "Rowan").with("year_group", "3"),
        ],
        &[
            hers("P1"),
            hers("P2"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).restricted("no_contact", "", ""),
            carer("P1", "C4", "Elsie", "Dunn")
                .email("elsie@home.example")
                .with("parental_responsibility", "no")
                .with("receives_correspondence", "no"),
            carer("P3", "C3", "Clara", "Birch").email(CLARA).mobile("07700 900103"),
        ],
    )
}

struct Scene {
    school: School,
    author: String,
    slt: String,
}

async fn scene_of(roll: &Roll) -> Scene {
    let school = School::open(roll).await;
    let author = colleague(&school, "office", "office").await.to_string();
    let slt = colleague(&school, "slt", "slt").await.to_string();
    Scene { school, author, slt }
}

async fn scene() -> Scene {
    scene_of(&roll()).await
}

fn notice(audience: Audience) -> Written {
    Written::read(Purpose::Notice, "Closed on Friday", WORDS, audience).unwrap()
}

impl Scene {
    async fn oak(&self) -> Audience {
        let ids = self.school.rows("select id::text from class where name = 'Oak'").await;
        Audience::Class(ids[0].parse().unwrap())
    }

    async fn write(&self, written: &Written) -> AnnouncementId {
        flow::write(&self.school.gateway, written, &self.author).await.unwrap()
    }

    /// Queued by its author; a second person has approved it where that is asked for.
    async fn queued(&self, written: &Written) -> AnnouncementId {
        let (gateway, id) = (&self.school.gateway, self.write(written).await);
        if written.audience == Audience::School {
            flow::ask(gateway, id, 1, &self.author).await.unwrap();
            flow::approve(gateway, id, 1, &self.slt).await.unwrap();
        }
        flow::queue(gateway, id, 1, &self.author).await.unwrap();
        id
    }

    /// Queued, and its time to be taken back is over.
    async fn made(&self, written: &Written) -> AnnouncementId {
        let id = self.queued(written).await;
        self.school.later(Duration::from_mins(5));
        assert_eq!(flow::send_due(&self.school.gateway).await.unwrap(), 1);
        id
    }

    async fn progress(&self, id: AnnouncementId) -> Progress {
        let all = announced::progress(&self.school.gateway, &[id]).await.unwrap();
        all.get(&id).copied().unwrap_or_default()
    }

    /// The sentences about it that name nobody, with who did it.
    async fn story(&self, id: AnnouncementId) -> Vec<(String, String)> {
        let entries = self.school.entries().await;
        let its = entries.iter().filter(|e| e.kind == "announcement" && e.announcement_id == Some(id.0));
        its.map(|e| (e.sentence.clone(), e.actor.clone())).collect()
    }
}

#[tokio::test]
async fn each_carer_gets_one_message_however_many_of_their_children_it_is_for_and_no_child_is_named() {
    let scene = scene().await;
    let school = &scene.school;

    let id = scene.made(&notice(Audience::School)).await;
    let again = flow::send_due(&school.gateway).await.unwrap();
    school.deliver().await;

    assert_eq!(again, 0);
    assert_eq!(school.states().await, ["Amina Ash email submitted", "Clara Birch email submitted"]);
    let [hers] = received(school, AMINA).try_into().unwrap();
    assert!(hers.contains("Subject: Notice from Northfield School: Closed on Friday"), "{hers}");
    assert!(hers.contains("Dear Amina Ash,") && hers.contains(WORDS), "{hers}");
    for foreign in ["Sam", "Una", "Tia", "Clara", "Boris", "Birch"] {
        assert!(!hers.contains(foreign), "{foreign} stands in {hers}");
    }
    let progress = scene.progress(id).await;
    assert_eq!(progress, Progress { sent: 2, left_out: 2, ..Progress::default() });
    scene.school.close().await;
}

#[tokio::test]
async fn who_may_not_be_told_is_left_out_with_the_reason_in_the_chronology_of_the_pupil() {
    let scene = scene().await;

    let id = scene.made(&notice(scene.oak().await)).await;
    scene.school.deliver().await;

    let sam = pupil_id(&scene.school, "P1").await;
    let entries = scene.school.entries().await;
    let told = |carer: &str| {
        let of = |e: &&liaison::store::explain::EntryView| {
            e.carer.as_deref() == Some(carer) && e.kind != "imported" && e.announcement_id == Some(id.0)
        };
        let its: Vec<_> = entries.iter().filter(of).collect();
        assert!(its.iter().all(|e| e.pupil_id == Some(sam.0)), "{its:?}");
        its.iter().map(|e| format!("{}: {}", e.kind, e.sentence)).collect::<Vec<_>>()
    };
    assert_eq!(
        told("Boris Czerny"),
        ["left_out: notice: left out, an order forbids contact about this pupil"]
    );
    assert_eq!(
        told("Elsie Dunn"),
        [
            "left_out: notice: left out, not marked to receive correspondence, and not known to hold parental responsibility"
        ]
    );
    assert_eq!(told("Amina Ash").len(), 2, "queued and submitted");
    assert_eq!(told("Clara Birch"), Vec::<String>::new(), "another class");
    assert_eq!(received(&scene.school, BORIS).len(), 0);
    scene.school.close().await;
}

#[tokio::test]
async fn a_year_is_told_and_nobody_else() {
    let scene = scene().await;

    scene.made(&notice(Audience::Year("3".to_owned()))).await;
    scene.school.deliver().await;

    assert_eq!(scene.school.states().await, ["Amina Ash email submitted", "Clara Birch email submitted"]);
    let scene = self::scene().await;
    scene.made(&notice(Audience::Year("5".to_owned()))).await;
    assert_eq!(scene.school.states().await, ["Amina Ash email queued"]);
}

#[tokio::test]
async fn that_reports_are_given_is_told_to_those_whom_reports_are_for() {
    let told = |child, reference, forename: &str, reports| {
        carer(child, reference, forename, "Dunn")
            .email(&format!("{}@home.example", forename.to_lowercase()))
            .with("parental_responsibility", "no")
            .with("receives_reports", reports)
    };
    let mut roll = roll();
    // Elsie is told everything but reports; Fay gets those of Una alone, and Gus those of Sam.
    roll.carers.retain(|one| !format!("{one:?}").contains("Elsie"));
    roll.carers.extend([
        told("P1", "C4", "Elsie", "no"),
        told("P1", "C5", "Fay", "no"),
        told("P2", "C5", "Fay", "yes"),
        told("P1", "C6", "Gus", "yes"),
    ]);
    let scene = scene_of(&roll).await;
    let words = "The Christmas reports are in the book bags.";
    let written = Written::read(Purpose::Report, "Christmas reports", words, scene.oak().await).unwrap();

    scene.made(&written).await;
    scene.school.deliver().await;

    assert_eq!(
        scene.school.states().await,
        ["Amina Ash email submitted", "Fay Dunn email submitted", "Gus Dunn email submitted"]
    );
    let told = scene.school.entries().await;
    let why = "not marked to receive reports, and not known to hold parental responsibility";
    assert_eq!(
        told.iter().filter(|entry| entry.sentence.contains(why)).count(),
        1,
        "Elsie is left out aloud"
    );
}

#[tokio::test]
async fn a_restriction_that_comes_after_queueing_stops_it_at_the_gate() {
    let scene = scene().await;
    let id = scene.made(&notice(Audience::School)).await;

    let forbidden = |carer: Person| carer.restricted("no_contact", "", "");
    scene.school.import(&roll().changed("C3", forbidden)).await;
    scene.school.deliver().await;

    assert_eq!(scene.school.states().await, ["Amina Ash email submitted", "Clara Birch email refused"]);
    assert_eq!(received(&scene.school, CLARA).len(), 0);
    assert_eq!(scene.school.to_do().await, Vec::<String>::new(), "no other route may be taken");
    assert_eq!(scene.progress(id).await.left_out, 3);
    scene.school.close().await;
}

#[tokio::test]
async fn who_may_no_longer_be_told_for_one_child_is_still_told_for_the_other() {
    let scene = scene().await;
    scene.made(&notice(Audience::School)).await;
    let rests_on = "select p.pupil_ref from delivery d join pupil p on p.id = d.pupil_id
                    join carer c on c.id = d.carer_id where c.contact_ref = 'C1'";
    let before = scene.school.rows(rests_on).await.remove(0);

    let restrict = format!(
        "insert into restriction (id, link_id, kind, recorded_at, recorded_by)
         select gen_random_uuid(), l.id, 'no_contact', now(), 'dsl' from link l
         join carer c on c.id = l.carer_id join pupil p on p.id = l.pupil_id
         where c.contact_ref = 'C1' and p.pupil_ref = '{before}'"
    );
    scene.school.db.as_superuser(&restrict).await;
    scene.school.deliver().await;
    let other = scene.school.rows(rests_on).await.remove(0);
    scene.school.db.as_superuser(&restrict.replace(&format!("'{before}'"), &format!("'{other}'"))).await;
    let second = scene.made(&notice(Audience::School)).await;

    assert_ne!(before, other);
    assert_eq!(received(&scene.school, AMINA).len(), 1);
    let (of_both, sent) = (scene.progress(second).await, scene.school.states().await);
    assert_eq!(of_both.left_out, 3, "now no child gives the right");
    assert!(sent.contains(&"Amina Ash email submitted".to_owned()), "{sent:?}");
    scene.school.close().await;
}

#[tokio::test]
async fn a_call_rests_on_the_other_child_too_or_is_withdrawn() {
    let mut roll = roll();
    let by_phone = |child| carer(child, "C5", "Fay", "Gough").mobile("07700 900105").wants("phone");
    roll.carers.extend([by_phone("P1"), by_phone("P2")]);
    let scene = scene_of(&roll).await;
    scene.made(&notice(scene.oak().await)).await;
    let first = scene.school.task("call").await;

    let restrict = |pupil: &str| {
        format!(
            "insert into restriction (id, link_id, kind, recorded_at, recorded_by)
             select gen_random_uuid(), l.id, 'no_information', now(), 'dsl' from link l
             join carer c on c.id = l.carer_id join pupil p on p.id = l.pupil_id
             where c.contact_ref = 'C5' and p.legal_forename || ' ' || p.legal_surname = '{pupil}'"
        )
    };
    scene.school.db.as_superuser(&restrict(&first.pupil)).await;
    let moved = scene.school.show(first.id).await;
    scene.school.db.as_superuser(&restrict(&moved.pupil)).await;
    let gone = scene.school.show(first.id).await;

    let words = moved.needs.as_ref().and_then(|needs| needs.words.clone()).unwrap();
    assert!(words.contains(WORDS) && !words.contains("Sam") && !words.contains("Una"), "{words}");
    assert_eq!(
        (first.role.as_str(), moved.state.as_str(), gone.state.as_str()),
        ("teacher", "open", "withdrawn")
    );
    assert_ne!(first.pupil, moved.pupil);
    assert!(gone.needs.is_none());
    scene.school.close().await;
}

#[tokio::test]
async fn the_author_cannot_approve_and_without_approval_nothing_is_queued() {
    let scene = scene().await;
    let (gateway, id) = (&scene.school.gateway, scene.write(&notice(Audience::School)).await);

    let unasked = refusal(flow::approve(gateway, id, 1, &scene.slt).await);
    let early = refusal(flow::queue(gateway, id, 1, &scene.author).await);
    flow::ask(gateway, id, 1, &scene.author).await.unwrap();
    let own = refusal(flow::approve(gateway, id, 1, &scene.author).await);
    let asked = refusal(flow::queue(gateway, id, 1, &scene.author).await);
    flow::approve(gateway, id, 1, &scene.slt).await.unwrap();
    let twice = refusal(flow::approve(gateway, id, 1, &scene.slt).await);
    flow::queue(gateway, id, 1, &scene.author).await.unwrap();

    assert!(unasked.contains("does not wait for approval"), "{unasked}");
    assert!(early.contains("a second person must approve it first"), "{early}");
    assert!(own.contains("somebody else must approve it"), "{own}");
    assert_eq!(asked, early);
    assert!(twice.contains("does not wait for approval"), "{twice}");
    let by = |name: &String| name.clone();
    assert_eq!(
        scene.story(id).await,
        [
            ("a notice to the whole school was written".to_owned(), by(&scene.author)),
            ("a notice to the whole school was sent for approval".to_owned(), by(&scene.author)),
            ("a notice to the whole school was approved".to_owned(), by(&scene.slt)),
            ("a notice to the whole school was queued".to_owned(), by(&scene.author)),
        ]
    );
    let forced = format!("update announcement set decided_by = '{}' where id = '{id}'", scene.author);
    let forced = sqlx::query(sqlx::AssertSqlSafe(forced)).execute(gateway.store.pool()).await;
    assert!(forced.is_err(), "the database itself refuses it");
    scene.school.close().await;
}

#[tokio::test]
async fn words_that_change_after_approval_void_it_and_make_a_writer_of_whoever_changed_them() {
    let scene = scene().await;
    let (gateway, id) = (&scene.school.gateway, scene.write(&notice(Audience::School)).await);
    flow::ask(gateway, id, 1, &scene.author).await.unwrap();
    flow::approve(gateway, id, 1, &scene.slt).await.unwrap();

    let other = Written::read(Purpose::Notice, "Open after all", "Come in.", Audience::School).unwrap();
    flow::change(gateway, id, 1, &other, &scene.slt).await.unwrap();
    let unapproved = refusal(flow::queue(gateway, id, 2, &scene.author).await);
    let stale = refusal(flow::queue(gateway, id, 1, &scene.author).await);
    flow::ask(gateway, id, 2, &scene.author).await.unwrap();
    let own = refusal(flow::approve(gateway, id, 2, &scene.slt).await);
    let old = refusal(flow::decline(gateway, id, 1, "Not like this", "dsl").await);
    flow::decline(gateway, id, 2, "Not like this", "dsl").await.unwrap();
    let declined = refusal(flow::queue(gateway, id, 2, &scene.author).await);

    assert!(unapproved.contains("second person"), "{unapproved}");
    assert!(stale.contains("somebody has changed it"), "{stale}");
    assert!(own.contains("you wrote it"), "{own}");
    assert_eq!(old, stale);
    assert!(declined.contains("it was declined"), "{declined}");
    let story = scene.story(id).await;
    assert!(story.iter().any(|(said, _)| said.ends_with("was changed: its approval is void")), "{story:?}");
    assert!(story.iter().any(|(said, by)| said.ends_with("was declined") && by == "dsl"), "{story:?}");
    scene.school.close().await;
}

#[tokio::test]
async fn a_rule_that_became_stricter_while_it_waited_holds() {
    let mut scene = scene().await;
    let oak = scene.oak().await;
    let id = scene.queued(&notice(oak)).await;

    scene.school.policy(|policy| policy.approval.extend([liaison::domain::second_person::SecondFor::Class]));
    scene.school.later(Duration::from_mins(5));
    let sent = flow::send_due(&scene.school.gateway).await.unwrap();

    assert_eq!((sent, scene.school.deliveries().await.len()), (0, 0));
    let last = scene.story(id).await.pop().unwrap();
    assert!(last.0.contains("it needs a second person's approval now"), "{last:?}");
    scene.school.close().await;
}

#[tokio::test]
async fn what_is_taken_back_in_time_was_never_a_message() {
    let scene = scene().await;
    let (gateway, id) = (&scene.school.gateway, scene.queued(&notice(scene.oak().await)).await);

    let twice = refusal(flow::queue(gateway, id, 1, &scene.author).await);
    let changed = refusal(flow::change(gateway, id, 1, &notice(Audience::School), &scene.author).await);
    let early = flow::send_due(gateway).await.unwrap();
    flow::take_back(gateway, id, &scene.author).await.unwrap();
    scene.school.later(Duration::from_hours(1));
    let sent = flow::send_due(gateway).await.unwrap();
    let again = refusal(flow::take_back(gateway, id, &scene.author).await);

    assert!(twice.contains("take it back first") && changed == twice, "{twice} {changed}");
    assert_eq!((early, sent), (0, 0));
    assert!(again.contains("too late"), "{again}");
    assert_eq!(scene.school.deliveries().await.len(), 0);
    assert_eq!(scene.school.rows("select count(*)::text from task").await, ["0"]);
    scene.school.close().await;
}

#[tokio::test]
async fn when_one_route_fails_the_next_is_taken_the_same_day_and_progress_counts_each_carer_once() {
    let scene = scene().await;
    scene.school.mail.refuse(CLARA, "550 5.1.1 unknown");
    scene.school.texts.answer("+447700900103", 21_614, Shape::Classic);

    let id = scene.made(&notice(Audience::School)).await;
    scene.school.deliver().await;

    assert_eq!(
        scene.school.states().await,
        ["Amina Ash email submitted", "Clara Birch email failed", "Clara Birch text failed"]
    );
    let progress = scene.progress(id).await;
    assert_eq!((progress.sent, progress.left_out, progress.all()), (1, 2, 4));
    assert_eq!(progress.not_reached + progress.to_ring, 1);
    let call =
        scene.school.rows("select kind || ' ' || role from task where announcement_id is not null").await;
    assert_eq!(call.len(), 1, "{call:?}");
    scene.school.close().await;
}

#[tokio::test]
async fn what_was_never_queued_is_dropped_once_and_nothing_is_made_of_it() {
    let scene = scene().await;
    let gateway = &scene.school.gateway;
    let id = scene.write(&notice(Audience::School)).await;
    flow::ask(gateway, id, 1, &scene.author).await.unwrap();

    let stale = refusal(flow::drop(gateway, id, 2, &scene.author).await);
    flow::drop(gateway, id, 1, &scene.author).await.unwrap();
    let twice = refusal(flow::drop(gateway, id, 1, &scene.author).await);
    let approved = refusal(flow::approve(gateway, id, 1, &scene.slt).await);
    let queued = refusal(flow::queue(gateway, id, 1, &scene.author).await);
    let mut tx = gateway.store.as_colleague(scene.slt.parse().unwrap()).await.unwrap();
    let to_decide = liaison::store::announcements::to_decide(&mut tx, &scene.slt).await.unwrap();
    drop(tx);
    let sent = scene.school.deliver().await;

    assert!(stale.contains("changed"), "{stale}");
    assert!(twice.contains("it was dropped"), "{twice}");
    assert!(queued.contains("it was dropped"), "{queued}");
    assert!(approved.contains("does not wait for approval"), "{approved}");
    assert_eq!((to_decide.len(), sent), (0, 0));
    let told =
        scene.school.entries().await.into_iter().filter(|entry| entry.sentence.contains("was dropped"));
    assert_eq!(told.count(), 1);
    scene.school.close().await;
}

#[tokio::test]
async fn a_cancel_stops_what_waits_and_nothing_more_of_it_leaves_whatever_fails_later() {
    let mut roll = roll();
    roll.carers.push(carer("P1", "C5", "Fay", "Gough").mobile("07700 900105").wants("phone"));
    let scene = scene_of(&roll).await;
    let (gateway, school) = (&scene.school.gateway, &scene.school);
    school.mail.refuse(AMINA, "451 4.3.0 later");
    let id = scene.made(&notice(Audience::School)).await;
    school.deliver().await;
    school.mail.behave();

    let stopped = flow::cancel(gateway, id, &scene.author).await.unwrap();
    let twice = refusal(flow::cancel(gateway, id, &scene.author).await);
    let amina = school.deliveries().await.into_iter().find(|d| d.carer == "Amina Ash").unwrap();
    liaison::flows::operate::retry(gateway, amina.id, false, "it").await.unwrap();
    school.later(Duration::from_hours(1));
    school.deliver().await;

    assert_eq!((stopped.messages, stopped.tasks), (1, 1));
    assert!(twice.contains("nothing of it is on its way"), "{twice}");
    assert_eq!(school.states().await, ["Amina Ash email refused", "Clara Birch email submitted"]);
    assert_eq!(received(school, AMINA).len(), 0);
    assert_eq!(school.to_do().await, Vec::<String>::new());
    scene.school.close().await;
}

#[tokio::test]
async fn a_newsletter_is_told_of_by_text_and_rung_about_only_when_nothing_else_is_left() {
    let news = Written::read(Purpose::Newsletter, "Winter news", "A long read.", Audience::Year("3".into()))
        .unwrap();
    let mut roll = roll();
    roll.carers.extend([
        carer("P1", "C5", "Fay", "Gough").mobile("07700 900105").email("fay@home.example").wants("phone"),
        carer("P1", "C6", "Gus", "Hale").mobile("07700 900106").wants("sms"),
        carer("P1", "C7", "Ira", "Jay").with("phone", "01632 960107").wants("phone"),
    ]);
    let scene = scene_of(&roll).await;

    scene.made(&news).await;
    scene.school.deliver().await;

    let school = &scene.school;
    let states = school.states().await;
    assert!(states.contains(&"Fay Gough email submitted".to_owned()), "{states:?}");
    assert!(states.contains(&"Gus Hale text submitted".to_owned()), "{states:?}");
    assert_eq!(school.to_do().await, ["call for Ira Jay"]);
    let [text] = received(school, "+447700900106").try_into().unwrap();
    assert!(
        text.contains("Northfield School has a newsletter for you: Winter news. Ring 01632 960100"),
        "{text}"
    );
    let call = school.task("call").await;
    let words = call.needs.and_then(|needs| needs.words).unwrap();
    assert!(words.contains("ask how they would like to have it"), "{words}");
    let fay = school.deliveries().await.into_iter().find(|d| d.carer == "Fay Gough").unwrap();
    let why = liaison::flows::explain::for_operator(&school.gateway, &fay.id.to_string()).await.unwrap();
    let why = why.decisions[0].rules.iter().find(|fired| fired.rule == "call").expect("the reason");
    assert!(why.saw.contains("not read out on the phone"), "{why:?}");
    scene.school.close().await;
}

#[tokio::test]
async fn what_a_carer_wants_for_a_notice_counts_before_what_they_want_for_the_weekly_update() {
    let scene = scene().await;
    let amina = carer_id(&scene.school, "C1").await;
    let (purpose, order) = (Purpose::Notice, [Route::Text]);
    people::set_preference(&scene.school.gateway, amina, purpose, &order, "by phone", "office")
        .await
        .unwrap();

    scene.made(&notice(Audience::Year("5".into()))).await;
    let file = updates(&[("P2", "Una painted.", false)]);
    queue::updates(&scene.school.gateway, file.as_bytes(), "h.barlow").await.unwrap();
    scene.school.deliver().await;

    assert_eq!(scene.school.states().await, ["Amina Ash email submitted", "Amina Ash text submitted"]);
    let [text] = received(&scene.school, "+447700900101").try_into().unwrap();
    assert!(text.contains("Northfield School: Closed on Friday. We are closed on Friday."), "{text}");
    scene.school.close().await;
}

#[tokio::test]
async fn an_answer_to_it_of_a_carer_with_several_children_asks_which_child() {
    let scene = scene().await;
    scene.made(&notice(Audience::School)).await;
    scene.school.deliver().await;
    let id = scene.school.message_id_to(AMINA);

    let answer = crate::support::inbound::Letter::from(AMINA).answers(&id).says("Is breakfast club on?");
    scene.school.arrives(&answer).await;

    let questions = scene.school.questions().await;
    assert_eq!(questions.iter().map(|q| q.kind.as_str()).collect::<Vec<_>>(), ["which_child"]);
    scene.school.close().await;
}

#[tokio::test]
async fn some_hundred_carers_are_told_in_one_go_and_each_once() {
    let pupils: Vec<Person> =
        (0..300).map(|n| pupil(&format!("P{n}"), &format!("Pupil{n}"), "Many")).collect();
    let both = |n: usize| {
        let one = |who: &str, k: usize| {
            carer(&format!("P{n}"), &format!("C{k}"), who, &format!("Carer{k}"))
                .email(&format!("c{k}@home.example"))
        };
        [one("Ann", n / 2 * 2), one("Bob", n / 2 * 2 + 1)]
    };
    let scene = scene_of(&Roll::new(&pupils, &(0..300).flat_map(both).collect::<Vec<_>>())).await;

    let id = scene.made(&notice(Audience::School)).await;

    let progress = scene.progress(id).await;
    assert_eq!(progress, Progress { waits: 300, ..Progress::default() });
    let doubled =
        "select count(*)::text from (select carer_id from delivery group by carer_id having count(*) > 1) d";
    assert_eq!(scene.school.rows(doubled).await, ["0"]);
    let entries =
        "select count(*)::text from chronology_entry where kind = 'queued' and announcement_id is not null";
    assert_eq!(scene.school.rows(entries).await, ["300"]);
}

#[tokio::test]
async fn an_announcement_is_seen_by_the_school_the_class_and_its_author_alone() {
    let scene = scene().await;
    let school = &scene.school;
    let oak = colleague(school, "oak", "teacher").await;
    let rowan = StaffId::new();
    school
        .db
        .as_superuser(&format!(
            "insert into staff (id, name, email, roles) values ('{rowan}', 'rowan', 'rowan@northfield.example', '{{teacher}}');
             insert into class_staff select id, '{rowan}' from class where name = 'Rowan'"
        ))
        .await;
    let governor = colleague(school, "governor", "governor").await;
    let it = colleague(school, "it", "it").await;

    scene.write(&notice(scene.oak().await)).await;
    scene.write(&notice(Audience::School)).await;
    flow::write(&school.gateway, &notice(Audience::Year("3".into())), &rowan.to_string()).await.unwrap();

    let office: StaffId = scene.author.parse().unwrap();
    let mut seen = Vec::new();
    for who in [office, oak, rowan, governor, it] {
        seen.push(sees(school, who, "announcement").await);
    }
    assert_eq!(seen, [3, 1, 1, 0, 0]);
    scene.school.close().await;
}
