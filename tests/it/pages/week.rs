//! A teacher's Friday: writing, looking at what each carer gets, queueing, taking back.

use jiff::SignedDuration;
use liaison::{
    domain::staff::Role,
    flows::{drafts, tasks},
};

use super::{AMINA, Answer, Browser, Staffed, rules::faults, two_classes};
use crate::support::{
    inbound::bounce,
    people::{Roll, carer, pupil},
};

/// The week of the tests' clock.
const MONDAY: &str = "2026-11-23";
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
        self.save_and(page, words, &[]).await
    }

    /// The same, by another button.
    async fn save_and(&mut self, page: &Answer, words: &str, button: &[(&str, &str)]) -> Answer {
        let hidden = ["version", "card", "week"].map(|name| (name, page.hidden(&self.update, name)));
        let mut fields = vec![("pupil", self.pupil.as_str()), ("words", words)];
        fields.extend(hidden.iter().map(|(name, value)| (*name, value.as_str())));
        fields.extend_from_slice(button);
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
        self.teacher.press(&list, &action, &[("week", MONDAY), ("draft", &draft)]).await
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
    let back = friday.teacher.press(&page, &action, &[("week", MONDAY)]).await;
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
    let fields = [("pupil", elsewhere.as_str()), ("version", "0"), ("week", MONDAY), ("words", "Crossed")];
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

    let stale = friday.teacher.press(&list, &action, &[("week", MONDAY), ("draft", &stale)]).await.status;
    let other = friday.teacher.press(&list, &action, &[("week", MONDAY), ("draft", &other)]).await.status;
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

/// Oak with two more children after Sam.
fn larger_class() -> Roll {
    let mut roll = two_classes();
    roll.pupils.extend([pupil("P3", "Uma", "Cole"), pupil("P4", "Vic", "Dean")]);
    roll.carers.extend([
        carer("P3", "C5", "Eve", "Cole").email("eve@family.example"),
        carer("P4", "C6", "Finn", "Dean").email("finn@family.example"),
    ]);
    roll
}

impl Friday {
    /// Turns to another child.
    async fn turn_to(&mut self, reference: &str) -> Answer {
        self.pupil = self.school.family_of(reference).await.replace("/families/", "");
        self.update = format!("/update/{}", self.pupil);
        self.teacher.get(&self.update).await
    }
}

#[tokio::test]
async fn one_goes_from_pupil_to_pupil_without_words_until_the_class_is_written() {
    let mut friday = friday().await;
    friday.school.school.import(&larger_class()).await;
    let next = [("next", "yes")];
    let uma = friday.school.family_of("P3").await.replace("/families/", "/update/");
    let sam = friday.update.clone();

    let page = friday.turn_to("P4").await;
    let vic = friday.save_and(&page, "Vic counted.", &next).await.to().to_owned();
    let page = friday.turn_to("P1").await;
    let first = friday.save_and(&page, WORDS, &next).await.to().to_owned();
    let page = friday.turn_to("P3").await;
    let last = friday.save_and(&page, "Uma sang.", &next).await.to().to_owned();
    let class = friday.teacher.get(&friday.class).await.body;

    assert_eq!(vic, format!("{sam}?done=next-pupil"), "from the end on to the beginning");
    assert_eq!(first, format!("{uma}?done=next-pupil"));
    assert!(page.body.contains("2 of 3 written"), "{}", page.body);
    assert_eq!(last, format!("{}?done=all-written", friday.class));
    assert!(class.contains("3 of 3 written"), "{class}");
    friday.school.close().await;
}

#[tokio::test]
async fn what_was_written_before_another_contact_card_is_not_queued_until_the_new_one_was_seen() {
    let mut friday = friday().await;
    let page = friday.teacher.get(&friday.update).await;
    friday.save(&page, WORDS).await;
    let before = friday.teacher.get(&friday.class).await;
    let restricted = two_classes().changed("C1", |carer| carer.restricted("no_information", "", ""));
    friday.school.school.import(&restricted).await;

    let action = format!("{}/queue", friday.class);
    let draft = format!("{}/1", friday.pupil);
    let refused = friday.teacher.press(&before, &action, &[("week", MONDAY), ("draft", &draft)]).await;
    let page = friday.teacher.get(&friday.update).await;
    friday.save(&page, WORDS).await;
    let after = friday.teacher.get(&friday.class).await;
    let draft = format!("{}/2", friday.pupil);
    let queued = friday.teacher.press(&after, &action, &[("week", MONDAY), ("draft", &draft)]).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("who may be told, or how, has changed"), "{}", refused.body);
    assert!(refused.body.contains(&format!("<a href=\"{}\">Look again, then save</a>", friday.update)));
    assert!(page.body.contains("Look at who is told now, then save again."), "{}", page.body);
    assert!(page.body.contains("parent: <strong>must not be told</strong>"), "{}", page.body);
    assert!(page.body.contains("Must not be told: an order forbids giving"), "{}", page.body);
    assert_eq!(queued.status, 303);
    friday.school.close().await;
}

#[tokio::test]
async fn words_that_were_saved_without_any_card_are_not_queued() {
    let mut friday = friday().await;
    let page = friday.teacher.get(&friday.update).await;
    let fields = [("pupil", friday.pupil.as_str()), ("version", "0"), ("week", MONDAY), ("words", WORDS)];
    friday.teacher.press(&page, &friday.update, &fields).await;
    let class = friday.teacher.get(&friday.class).await;

    let draft = format!("{}/1", friday.pupil);
    // No form of the page does it; whoever sends it all the same is refused.
    let (key, once) = (page.hidden(&friday.update, "form_key"), uuid::Uuid::now_v7().to_string());
    let fields =
        [("form_key", key.as_str()), ("once", once.as_str()), ("week", MONDAY), ("draft", draft.as_str())];
    let queued = friday.teacher.post(&format!("{}/queue", friday.class), &fields).await;

    assert!(!class.body.contains("Written, ready to queue"), "{}", class.body);
    assert_eq!(queued.status, 422);
    friday.school.close().await;
}

#[tokio::test]
async fn the_class_shows_by_name_whom_an_update_has_not_reached_until_somebody_tells_them() {
    let mut friday = friday().await;
    let school = &friday.school.school;
    school.queue(&[("P1", WORDS)]).await;
    school.deliver().await;
    let id = school.message_id_to(AMINA);
    let _ = school.arrives(&bounce(&id, AMINA, "failed", "5.1.1")).await;
    let dora = school.task("call").await.id;

    let failed = friday.teacher.get(&friday.class).await.body;
    friday.school.school.deliver().await;
    let by_text = friday.teacher.get(&friday.class).await.body;
    tasks::close(&friday.school.school.gateway, dora, false, "slt", "never at home").await.unwrap();
    let given_up = friday.teacher.get(&friday.class).await.body;

    assert!(failed.contains("<p class=\"late\">Not reached: <bdi>Amina Ash</bdi></p>"), "{failed}");
    assert!(!failed.contains("Boris"), "one who may not be told is not missed: {failed}");
    assert!(!by_text.contains("Not reached"), "{by_text}");
    assert!(given_up.contains("Not reached: <bdi>Dora Ash</bdi>"), "{given_up}");
    friday.school.close().await;
}

#[tokio::test]
async fn words_stay_with_their_week_when_it_ends_while_somebody_writes_and_can_still_be_sent_or_dropped() {
    let mut friday = friday().await;
    // Sunday at ten to midnight, and ten past.
    friday.school.school.clock.forward(SignedDuration::from_mins(6 * 24 * 60 + 13 * 60 + 50));
    friday.teacher = friday.school.as_role(Role::Teacher).await;
    let page = friday.teacher.get(&friday.update).await;
    friday.school.school.clock.forward(SignedDuration::from_mins(20));
    let last = format!("{}?week={MONDAY}", friday.update);

    let saved = friday.save(&page, WORDS).await;
    let weeks = friday.school.school.rows("select week::text from draft").await;
    let class = friday.teacher.get(&friday.class).await.body;
    let now = friday.teacher.get(&friday.update).await.body;
    let opened = friday.teacher.get(&last).await;
    let again = friday.save(&opened, "Sam sang.").await;
    let preview = friday.teacher.get(&format!("{}/preview?week={MONDAY}", friday.update)).await;
    let action = format!("{}/queue", friday.class);
    let draft = preview.hidden(&action, "draft");
    let queued = friday.teacher.press(&preview, &action, &[("week", MONDAY), ("draft", &draft)]).await;
    let waits = friday.teacher.get(&last).await;
    let back = format!("{}/take-back", friday.update);
    let back = friday.teacher.press(&waits, &back, &[("week", MONDAY)]).await;
    let opened = friday.teacher.get(back.to()).await;
    let dropped = friday.save_and(&opened, "Sam sang.", &[("drop", "yes")]).await;
    let gone = friday.teacher.get(&friday.class).await.body;
    let far = friday.teacher.get(&format!("{}?week=2026-08-03", friday.update)).await.status;
    let ahead = friday.teacher.get(&format!("{}?week=2026-12-07", friday.update)).await.status;

    assert_eq!(saved.to(), format!("{last}&done=saved"));
    assert_eq!(weeks, [MONDAY]);
    assert!(class.contains("Written in earlier weeks, not sent") && class.contains(&last), "{class}");
    assert!(!now.contains(WORDS) && opened.body.contains("That week is over."), "{}", opened.body);
    assert_eq!((again.status, queued.status), (303, 303), "{}", queued.body);
    assert!(waits.body.contains("It is queued."), "{}", waits.body);
    assert_eq!(dropped.to(), format!("{}?done=dropped", friday.class), "{}", dropped.body);
    assert!(!gone.contains("Written in earlier weeks"), "{gone}");
    assert_eq!((far, ahead), (404, 404));
    friday.school.close().await;
}

#[tokio::test]
async fn an_update_is_its_writers_whoever_queues_it() {
    let mut friday = friday().await;
    let page = friday.teacher.get(&friday.update).await;
    friday.save(&page, WORDS).await;
    let mut slt = friday.school.as_role(Role::Slt).await;
    let preview = slt.get(&format!("{}/preview", friday.update)).await;
    let action = format!("{}/queue", friday.class);
    let draft = preview.hidden(&action, "draft");

    slt.press(&preview, &action, &[("week", MONDAY), ("draft", &draft)]).await;
    friday.school.school.clock.forward(SignedDuration::from_mins(5));
    drafts::send_due(&friday.school.school.gateway).await.unwrap();

    let teacher = friday.school.staff("teacher@northfield.example").await.to_string();
    let slt = friday.school.staff("slt@northfield.example").await.to_string();
    assert_eq!(friday.school.school.rows("select author from pupil_update").await, [teacher]);
    let queued =
        "select distinct actor from chronology_entry where kind = 'queued' and update_id is not null";
    assert_eq!(friday.school.school.rows(queued).await, [slt]);
    friday.school.close().await;
}

const WHY: &str = "She has no mailbox & asked for it";

/// Clara wants texts; her daughter's update is about behaviour. The SLT has it open.
async fn about_behaviour() -> (Staffed, Browser, String) {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let wants = "insert into preference (carer_id, purpose, routes, source, set_at)
                 select id, 'weekly_update', '{text}', 'staff', now() from carer where contact_ref = 'C3'";
    school.school.db.as_superuser(wants).await;
    let mut slt = school.as_role(Role::Slt).await;
    let update = school.family_of("P2").await.replace("families", "update");
    let page = slt.get(&update).await;
    save_about(&mut slt, &page, &update, "behaviour").await;
    (school, slt, update)
}

async fn save_about(slt: &mut Browser, page: &Answer, update: &str, topic: &str) -> Answer {
    let hidden = ["pupil", "version", "card", "week"].map(|name| (name, page.hidden(update, name)));
    let mut fields = vec![("words", "Tia shared & waited."), ("topic", topic)];
    fields.extend(hidden.iter().map(|(name, value)| (*name, value.as_str())));
    slt.press(page, update, &fields).await
}

/// The words that a preview shows for this way, and those that went by it.
async fn shown_and_sent(school: &Staffed, preview: &str, way: &str) -> (String, Vec<String>) {
    let words = preview
        .split(&format!("<strong>{way}</strong>"))
        .nth(1)
        .unwrap_or_else(|| panic!("{way}: {preview}"));
    let words = words.split("dir=\"auto\">").nth(1).unwrap().split("</div>").next().unwrap();
    let words = words.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"");
    school.school.rows("update draft set send_at = '2026-11-23', sent_by = author returning author").await;
    drafts::send_due(&school.school.gateway).await.unwrap();
    school.school.deliver().await;
    let sent =
        "select d.route || ': ' || b.body from chronology_body b join chronology_entry e on e.id = b.entry_id
                join delivery d on d.id = e.delivery_id where d.update_id is not null";
    (format!("{}: {words}", way.to_lowercase()), school.school.rows(sent).await)
}

#[tokio::test]
async fn a_preview_says_what_keeps_a_carer_from_a_text_and_shows_what_goes_instead() {
    let (school, mut slt, update) = about_behaviour().await;

    let preview = slt.get(&format!("{update}/preview")).await.body;
    let (shown, sent) = shown_and_sent(&school, &preview, "Email").await;

    assert!(preview.contains("Not by text: it is about behaviour, which never goes by text."), "{preview}");
    assert_eq!(sent, [shown]);
    school.close().await;
}

#[tokio::test]
async fn the_slt_lets_an_update_go_by_text_with_a_reason_and_the_preview_is_then_the_text() {
    let (school, mut slt, update) = about_behaviour().await;
    let (preview, action) = (format!("{update}/preview"), format!("{update}/by-text"));
    let page = slt.get(&preview).await;
    let hidden = ["week", "version"].map(|name| (name, page.hidden(&action, name)));
    let with = |why: &'static str| {
        let mut fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("why", why));
        fields
    };

    let empty = slt.press(&page, &action, &with(" ")).await;
    let done = slt.press(&page, &action, &with(WHY)).await;
    let again = slt.press(&page, &action, &with(WHY)).await;
    let faults = [&page.body, &empty.body].map(|page| faults(page, true));
    let allowed = slt.get(&preview).await.body;
    let written = slt.get(&update).await.body;
    let (shown, sent) = shown_and_sent(&school, &allowed, "Text").await;

    assert_eq!(faults, [Vec::<String>::new(), Vec::new()]);
    assert_eq!(empty.status, 422);
    assert!(empty.body.contains("<a href=\"#why\">"), "{}", empty.body);
    assert_eq!(done.to(), format!("{preview}?done=by-text"));
    assert_eq!(again.to(), done.to(), "pressed twice, done once");
    let told = "select count(*)::text from chronology_entry where kind = 'text_allowed'";
    assert_eq!(school.school.rows(told).await, ["1"]);
    for page in [&allowed, &written] {
        assert!(page.contains("Senior leadership lets it go by text"), "{page}");
        assert!(page.contains("She has no mailbox &#38; asked for it"), "{page}");
    }
    assert!(!allowed.contains("Not by text"), "{allowed}");
    assert_eq!(sent, [shown]);
    school.close().await;
}

#[tokio::test]
async fn only_the_slt_is_offered_to_let_it_go_by_text() {
    let (school, _, update) = about_behaviour().await;
    let mut dsl = school.as_role(Role::Dsl).await;

    let page = dsl.get(&format!("{update}/preview")).await;
    let home = dsl.get("/").await;
    let form_key = home.hidden("/search", "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let fields =
        [("form_key", form_key.as_str()), ("once", &once), ("week", MONDAY), ("version", "1"), ("why", WHY)];
    let forced = dsl.post(&format!("{update}/by-text"), &fields).await;

    assert!(
        page.body.contains("Senior leadership can let this one go by text, for a reason."),
        "{}",
        page.body
    );
    assert!(!page.body.contains("/by-text"), "{}", page.body);
    assert_eq!(forced.status, 403);
    school.close().await;
}

#[tokio::test]
async fn a_topic_is_kept_with_the_words_and_one_outside_the_list_is_refused_with_them() {
    let (school, mut slt, update) = about_behaviour().await;
    let page = slt.get(&update).await;

    let foreign = save_about(&mut slt, &page, &update, "weather").await;
    let cleared = save_about(&mut slt, &page, &update, "").await;
    let after = slt.get(&update).await.body;

    assert!(page.body.contains("<option value=\"behaviour\" selected>"), "{}", page.body);
    let says =
        "What is about behaviour, SEND, medical matters, safeguarding and wellbeing never goes by text";
    assert!(page.body.contains(says), "{}", page.body);
    assert!(foreign.status >= 400 && foreign.body.contains("Tia shared"), "{}", foreign.body);
    assert!(foreign.body.contains("<a href=\"#topic\">"), "{}", foreign.body);
    assert_eq!(cleared.status, 303);
    assert!(!after.contains("<option value=\"behaviour\" selected>"), "{after}");
    school.close().await;
}
