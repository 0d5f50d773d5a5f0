//! An update that a second person must approve: it waits, nobody approves their own, and both names stand in the record.

use jiff::SignedDuration;
use liaison::{
    domain::{second_person::SecondFor, staff::Role},
    flows::drafts,
};

use super::{Answer, Browser, Staffed, rules::faults, two_classes};
use crate::support::school::School;

const MONDAY: &str = "2026-11-23";
const WORDS: &str = "Tia was <sent> out of maths & came back calm.";

struct Asked {
    school: Staffed,
    teacher: Browser,
    /// The page of the update, and its list.
    update: String,
    class: String,
}

/// The teacher of Oak has queued an update about Tia, marked sensitive, where the school wants a second person for these.
async fn asked(rule: &[SecondFor], fields: &[(&str, &str)]) -> Asked {
    let mut school = School::open(&two_classes()).await;
    let rule = rule.iter().copied().collect();
    school.policy(|policy| policy.approval = rule);
    let school = Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let class = teacher.get("/week").await.to().to_owned();
    let update = school.family_of("P1").await.replace("families", "update");
    write(&mut teacher, &update, fields).await;
    queue(&mut teacher, &class).await;
    Asked { school, teacher, update, class }
}

async fn write(writer: &mut Browser, update: &str, more: &[(&str, &str)]) {
    let page = writer.get(update).await;
    let hidden = ["pupil", "version", "card", "week"].map(|name| (name, page.hidden(update, name)));
    let mut fields = vec![("words", WORDS)];
    fields.extend(hidden.iter().map(|(name, value)| (*name, value.as_str())));
    fields.extend_from_slice(more);
    let saved = writer.press(&page, update, &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
}

async fn queue(writer: &mut Browser, class: &str) -> Answer {
    let list = writer.get(class).await;
    let (_, rest) = list.body.split_once("name=\"draft\" value=\"").expect("a draft that is ready");
    let draft = rest.split('"').next().expect("its value").to_owned();
    writer.press(&list, &format!("{class}/queue"), &[("week", MONDAY), ("draft", &draft)]).await
}

impl Asked {
    /// Decides as the preview page offers it.
    async fn decide(&self, by: &mut Browser, deed: &str, more: &[(&str, &str)]) -> Answer {
        let page = by.get(&format!("{}/preview", self.update)).await;
        let action = format!("{}/{deed}", self.update);
        let version = page.hidden(&action, "version");
        let mut fields = vec![("week", MONDAY), ("version", version.as_str())];
        fields.extend_from_slice(more);
        by.press(&page, &action, &fields).await
    }

    /// Lets the time to take it back pass, and has what is due sent. Returns how many updates were.
    async fn later(&self) -> usize {
        self.school.school.clock.forward(SignedDuration::from_mins(10));
        drafts::send_due(&self.school.school.gateway).await.expect("sent")
    }

    async fn told(&self) -> Vec<String> {
        let sql = "select e.sentence || ' by ' || s.name || ': ' || coalesce(b.body, '')
                   from chronology_entry e left join chronology_body b on b.entry_id = e.id
                   left join staff s on s.id::text = e.actor
                   where e.kind = 'approval' order by e.id";
        self.school.school.rows(sql).await
    }
}

#[tokio::test]
async fn a_sensitive_update_waits_until_somebody_else_approves_it_and_then_leaves() {
    let mut asked = asked(&[SecondFor::Sensitive], &[("sensitive", "on")]).await;
    let mut slt = asked.school.as_role(Role::Slt).await;

    let waited = asked.later().await;
    let week = asked.teacher.get(&asked.class).await.body;
    let own = asked.teacher.get(&format!("{}/preview", asked.update)).await.body;
    let home = slt.get("/").await.body;
    let list = slt.get("/approve").await.body;
    let page = slt.get(&format!("{}/preview", asked.update)).await.body;
    let done = asked.decide(&mut slt, "approve", &[]).await;
    let at_once = drafts::send_due(&asked.school.school.gateway).await.expect("asked");
    let sent = asked.later().await;
    let empty = slt.get("/approve").await.body;

    assert_eq!(
        (waited, at_once, sent),
        (0, 0, 1),
        "not before it is approved, nor while it can be taken back"
    );
    assert!(week.contains("It waits until a second person"), "{week}");
    assert!(own.contains("and never who wrote or queued it") && !own.contains("/approve\""), "{own}");
    assert!(home.contains("1 update waits for your approval"), "{home}");
    assert!(
        list.contains("By <bdi>teacher</bdi>, for <bdi>Oak</bdi>. It waits because it is sensitive"),
        "{list}"
    );
    assert_eq!([&list, &page, &empty].map(|page| faults(page, true)), [const { Vec::<String>::new() }; 3]);
    assert_eq!(done.to(), "/approve?done=update-approved");
    assert!(empty.contains("No update waits for you."), "{empty}");
    let told = asked.told().await;
    assert_eq!(
        told,
        [format!("the update for the week of {MONDAY} was approved by a second person by slt: {WORDS}")]
    );
    let author = "select s.name from pupil_update u join staff s on s.id::text = u.author";
    assert_eq!(asked.school.school.rows(author).await, ["teacher"], "and the other name");
    asked.school.close().await;
}

#[tokio::test]
async fn what_is_declined_is_not_queued_any_more_and_its_writer_reads_why() {
    let mut asked = asked(&[SecondFor::Sensitive], &[("sensitive", "on")]).await;
    let mut dsl = asked.school.as_role(Role::Dsl).await;

    let silent = asked.decide(&mut dsl, "decline", &[("declined", " ")]).await;
    let done = asked.decide(&mut dsl, "decline", &[("declined", "Say what <helped> him.")]).await;
    let late = asked.decide_again(&mut dsl).await;
    let sent = asked.later().await;
    let page = asked.teacher.get(&asked.update).await.body;
    write(&mut asked.teacher, &asked.update, &[("sensitive", "on")]).await;
    queue(&mut asked.teacher, &asked.class).await;
    let list = dsl.get("/approve").await.body;

    assert_eq!((silent.status, done.to(), sent), (422, "/approve?done=declined", 0));
    assert!(silent.body.contains("<a href=\"#declined\">"), "{}", silent.body);
    assert_eq!(late.status, 422);
    assert!(
        page.contains("declined it: Say what &#60;helped&#62; him") && page.contains("</textarea>"),
        "{page}"
    );
    assert!(list.contains("By <bdi>teacher</bdi>"), "queued anew, it waits anew: {list}");
    assert_eq!(asked.told().await.len(), 1);
    asked.school.close().await;
}

impl Asked {
    /// Presses a button of a page that was opened before somebody decided.
    async fn decide_again(&self, by: &mut Browser) -> Answer {
        let home = by.get("/").await;
        let form_key = home.hidden("/search", "form_key");
        let once = uuid::Uuid::now_v7().to_string();
        let fields = [("form_key", form_key.as_str()), ("once", &once), ("week", MONDAY), ("version", "1")];
        by.post(&format!("{}/approve", self.update), &fields).await
    }
}

#[tokio::test]
async fn nobody_approves_what_they_wrote_nor_by_a_form_of_their_own() {
    let mut asked = asked(&[SecondFor::Sensitive], &[("sensitive", "on")]).await;
    let mut slt = asked.school.as_role(Role::Slt).await;
    let back = asked.teacher.get(&asked.update).await;
    asked.teacher.press(&back, &format!("{}/take-back", asked.update), &[("week", MONDAY)]).await;
    write(&mut slt, &asked.update, &[("sensitive", "on")]).await;
    queue(&mut slt, &asked.class).await;

    let list = slt.get("/approve").await.body;
    let forced = {
        let home = slt.get("/").await;
        let form_key = home.hidden("/search", "form_key");
        let once = uuid::Uuid::now_v7().to_string();
        let fields = [("form_key", form_key.as_str()), ("once", &once), ("week", MONDAY), ("version", "2")];
        slt.post(&format!("{}/approve", asked.update), &fields).await
    };
    let sent = asked.later().await;

    assert!(list.contains("No update waits for you."), "{list}");
    assert_eq!((forced.status, sent), (422, 0));
    assert!(forced.body.contains("somebody else must decide"), "{}", forced.body);
    assert!(asked.told().await.is_empty());
    asked.school.close().await;
}

#[tokio::test]
async fn an_order_that_comes_while_it_can_be_taken_back_has_the_update_wait() {
    let asked = asked(&[SecondFor::RestrictedFamily], &[]).await;
    let order = "insert into restriction (id, link_id, kind, recorded_at, recorded_by)
                 select gen_random_uuid(), l.id, 'no_information', now(), 'dsl' from link l
                 join pupil p on p.id = l.pupil_id where p.pupil_ref = 'P1' limit 1";
    let before = "select count(*)::text from draft where second_for is not null";
    let free = asked.school.school.rows(before).await;
    asked.school.school.db.as_superuser(order).await;

    let sent = asked.later().await;
    let mut dsl = asked.school.as_role(Role::Dsl).await;
    let list = dsl.get("/approve").await.body;
    asked.decide(&mut dsl, "approve", &[]).await;
    let after = asked.later().await;

    assert_eq!((sent, after), (0, 1));
    assert!(list.contains("somebody in this family must not be told"), "{free:?} {list}");
    asked.school.close().await;
}

#[tokio::test]
async fn a_file_cannot_send_what_a_second_person_must_approve() {
    let mut school = School::open(&two_classes()).await;
    school.policy(|policy| policy.approval = std::iter::once(SecondFor::Sensitive).collect());
    let file = format!("pupil,week,text,sensitive\nP1,{MONDAY},He read,no\nP2,{MONDAY},She cried,yes\n");

    let refused = liaison::flows::queue::updates(&school.gateway, file.as_bytes(), "h.barlow").await;

    let Err(liaison::flows::queue::QueueError::Lines(problems)) = refused else { panic!("{refused:?}") };
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [3]);
    assert!(
        problems[0].sentence.contains("a second person must approve this update, because it is sensitive")
    );
    assert_eq!(school.rows("select count(*)::text from pupil_update").await, ["0"], "nothing of the file");
    school.close().await;
}
