//! A teacher's Friday: writing, looking at what each carer gets, queueing, taking back.

use jiff::SignedDuration;
use liaison::{domain::staff::Role, flows::drafts};

use super::{AMINA, Answer, Browser, Staffed};

const WORDS: &str = "Sam read two whole chapters aloud.";

struct Friday {
    school: Staffed,
    teacher: Browser,
    class: String,
    update: String,
    pupil: String,
}

async fn friday() -> Friday {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let class = teacher.get("/week").await.to().to_owned();
    let pupil = school.family_of("P1").await.replace("/families/", "");
    Friday { school, teacher, class, update: format!("/update/{pupil}"), pupil }
}

impl Friday {
    async fn save(&mut self, page: &Answer, words: &str) -> Answer {
        let version = page.hidden(&self.update, "version");
        let fields = [("pupil", self.pupil.as_str()), ("version", version.as_str()), ("words", words)];
        self.teacher.press(page, &self.update, &fields).await
    }

    /// Writes the words and queues all that is ready.
    async fn queue(&mut self, words: &str) -> Answer {
        let page = self.teacher.get(&self.update).await;
        self.save(&page, words).await;
        let list = self.teacher.get(&self.class).await;
        let (_, rest) = list.body.split_once("name=\"draft\" value=\"").expect("a draft that is ready");
        let draft = rest.split('"').next().expect("its value").to_owned();
        let action = format!("{}/queue", self.class);
        self.teacher.press(&list, &action, &[("draft", &draft)]).await
    }
}

#[tokio::test]
async fn an_update_is_written_queued_and_sent_when_its_time_to_be_taken_back_is_over() {
    let mut friday = friday().await;
    let before = friday.school.school.mail.taken();

    let queued = friday.queue(WORDS).await;
    let gateway = friday.school.school.gateway.clone();
    let early = drafts::send_due(&gateway).await.unwrap();
    let waits = friday.teacher.get(&friday.class).await.body;
    friday.school.school.clock.forward(SignedDuration::from_mins(5));
    let due = drafts::send_due(&gateway).await.unwrap();
    let again = drafts::send_due(&gateway).await.unwrap();
    friday.school.school.deliver().await;
    let sent = friday.teacher.get(&friday.class).await.body;
    let late = friday.teacher.get(&friday.update).await.body;

    assert_eq!(queued.to(), format!("{}?done=queued", friday.class));
    assert!(waits.contains("Queued. It can be"), "{waits}");
    assert_eq!((early, due, again), (0, 1, 0));
    assert_eq!(friday.school.school.mail.taken(), before + 1);
    assert!(sent.contains("Sent. Told: 1, to ring or post: 1"), "{sent}");
    assert!(late.contains("It has been sent."), "{late}");
    let author = friday.school.staff("teacher@northfield.example").await;
    let by = friday.school.school.rows("select author from pupil_update").await;
    assert_eq!(by, [author.to_string()]);
    friday.school.close().await;
}

#[tokio::test]
async fn what_is_taken_back_in_time_was_never_a_message() {
    let mut friday = friday().await;
    let before = friday.school.school.mail.taken();

    friday.queue(WORDS).await;
    let page = friday.teacher.get(&friday.update).await;
    let action = format!("{}/take-back", friday.update);
    let back = friday.teacher.press(&page, &action, &[]).await;
    friday.school.school.clock.forward(SignedDuration::from_mins(10));
    let gateway = friday.school.school.gateway.clone();
    let sent = drafts::send_due(&gateway).await.unwrap();
    friday.school.school.deliver().await;
    let page = friday.teacher.get(&friday.update).await;

    assert_eq!(back.to(), format!("{}?done=taken-back", friday.update));
    assert_eq!(sent, 0);
    assert_eq!(friday.school.school.mail.taken(), before);
    assert!(page.body.contains(WORDS) && page.body.contains("</textarea>"), "{}", page.body);
    friday.school.close().await;
}

#[tokio::test]
async fn two_tabs_cannot_overwrite_each_other_or_cross_from_child_to_child() {
    let mut friday = friday().await;
    let (one, other) = (friday.teacher.get(&friday.update).await, friday.teacher.get(&friday.update).await);

    let first = friday.save(&one, "Sam read aloud.").await;
    let second = friday.save(&other, "Sam counted to a hundred.").await;
    let chosen = friday.save(&second, "Both.").await;
    let fresh = friday.teacher.get(&friday.update).await;
    let elsewhere = friday.school.family_of("P2").await.replace("/families/", "");
    let fields = [("pupil", elsewhere.as_str()), ("version", "0"), ("words", "Crossed")];
    let crossed = friday.teacher.press(&fresh, &friday.update, &fields).await;
    let kept = friday.school.school.rows("select words from draft").await;

    assert_eq!(first.to(), format!("{}?done=saved", friday.update));
    assert_eq!(second.status, 409);
    assert!(second.body.contains("Sam read aloud.") && second.body.contains("Sam counted to a hundred."));
    assert_eq!(chosen.status, 303);
    assert_eq!(crossed.status, 403);
    assert_eq!(kept, ["Both."]);
    friday.school.close().await;
}

#[tokio::test]
async fn the_preview_is_word_for_word_what_each_carer_gets() {
    let mut friday = friday().await;
    let page = friday.teacher.get(&friday.update).await;
    friday.save(&page, "Sam read & \u{201c}sang\u{201d} loudly.").await;

    let preview = friday.teacher.get(&format!("{}/preview", friday.update)).await.body;
    friday.queue("Sam read & \u{201c}sang\u{201d} loudly.").await;
    friday.school.school.clock.forward(SignedDuration::from_mins(5));
    drafts::send_due(&friday.school.school.gateway).await.unwrap();
    friday.school.school.deliver().await;

    let words = preview.split("<strong>Email</strong>").nth(1).expect("an email");
    let words = words.split("dir=\"auto\">").nth(1).unwrap().split("</div>").next().unwrap();
    let words = words.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"");
    let recorded = "select b.body from chronology_body b join chronology_entry e on e.id = b.entry_id
                    join delivery d on d.id = e.delivery_id where d.route = 'email' and d.update_id is not null";
    assert_eq!(friday.school.school.rows(recorded).await, [words]);
    let last = friday.school.school.mail.messages().pop().expect("a mail");
    assert_eq!(last.to, AMINA);
    assert!(preview.contains("<strong>Call</strong>"), "{preview}");
    assert!(preview.contains("an order forbids contact about this pupil"), "{preview}");
    friday.school.close().await;
}

#[tokio::test]
async fn nobody_queues_another_classs_draft_or_one_that_changed_since() {
    let mut friday = friday().await;
    let page = friday.teacher.get(&friday.update).await;
    friday.save(&page, WORDS).await;
    let list = friday.teacher.get(&friday.class).await;
    let action = format!("{}/queue", friday.class);
    let stale = format!("{}/7", friday.pupil);
    let other = format!("{}/1", friday.school.family_of("P2").await.replace("/families/", ""));
    let rowan = friday.school.school.rows("select id::text from class where name = 'Rowan'").await.remove(0);

    let stale = friday.teacher.press(&list, &action, &[("draft", &stale)]).await.status;
    let other = friday.teacher.press(&list, &action, &[("draft", &other)]).await.status;
    let class = friday.teacher.get(&format!("/week/{rowan}")).await.status;
    let update = friday.school.family_of("P2").await.replace("/families/", "/update/");
    let theirs = friday.teacher.get(&update).await.status;

    assert_eq!([stale, other], [422, 422]);
    assert_eq!([class, theirs], [404, 404]);
    let queued =
        friday.school.school.rows("select count(*)::text from draft where send_at is not null").await;
    assert_eq!(queued, ["0"]);
    friday.school.close().await;
}

#[tokio::test]
async fn an_update_that_came_by_a_file_is_shown_as_sent_and_cannot_be_written_again() {
    let mut friday = friday().await;
    let before = friday.teacher.get(&friday.update).await;
    friday.school.school.queue(&[("P1", WORDS)]).await;

    let page = friday.teacher.get(&friday.update).await.body;
    let again = friday.save(&before, "Other words.").await;

    assert!(page.contains("It has been sent.") && page.contains(WORDS), "{page}");
    assert_eq!(again.status, 409);
    assert!(again.body.contains("what was sent cannot be changed"), "{}", again.body);
    friday.school.close().await;
}
