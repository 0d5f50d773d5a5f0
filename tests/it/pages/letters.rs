//! The office's post: the batch that is printed, what was posted, and what came back.

use jiff::SignedDuration;
use liaison::domain::staff::Role;
use liaison_channels::ChannelConfig;

use super::{Answer, Browser, Staffed, two_classes};
use crate::support::school::School;

const WORDS: &str = "Sam read \u{201c}two\u{201d} whole chapters & sang.\n\nWell done <Sam>.";

struct Post {
    school: Staffed,
    office: Browser,
}

/// Amina and Clara want letters, Clara in large print; an update about each child is queued.
async fn post() -> Post {
    let school = Staffed::open().await;
    let roll = two_classes()
        .changed("C1", |carer| carer.wants("letter"))
        .changed("C3", |carer| carer.wants("letter").with("format", "large_print").with("title", "Mrs"));
    school.school.import(&roll).await;
    school.school.queue(&[("P1", WORDS), ("P2", "Tia wrote a poem.")]).await;
    let office = school.as_role(Role::Office).await;
    Post { school, office }
}

impl Post {
    async fn letter_of(&self, carer: &str) -> String {
        let tasks = self.school.school.tasks().await;
        tasks
            .iter()
            .find(|task| task.kind == "letter" && task.carer == carer)
            .expect("a letter")
            .id
            .to_string()
    }

    async fn press(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.office.get("/letters").await;
        self.press_on(&page, action, fields).await
    }

    /// The list's form has two buttons, each with its own action.
    async fn press_on(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let (key, once) = (page.hidden("/letters/print", "form_key"), page.hidden("/letters/print", "once"));
        let mut all = vec![("form_key", key.as_str()), ("once", once.as_str())];
        all.extend_from_slice(fields);
        self.office.post(action, &all).await
    }
}

/// The letters of a page that prints: each what stands on its sheet below the letterhead.
fn sheets(page: &str) -> Vec<String> {
    let words = |part: &str| {
        let (_, words) = part.split_once('>').expect("a tag");
        let words = words.split("</p>").next().expect("its end");
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
            .iter()
            .fold(words.to_owned(), |words, (written, meant)| words.replace(written, meant))
    };
    let sheet = |article: &str| {
        let article = article.split("</article>").next().expect("its end");
        let parts: Vec<String> = article.split("<p").skip(2).map(words).collect();
        parts.join("\n\n") + "\n"
    };
    page.split("<article").skip(1).map(sheet).collect()
}

#[tokio::test]
async fn the_print_holds_the_chosen_letters_word_for_word_as_the_chronology_keeps_them() {
    let mut post = post().await;
    let (amina, clara) = (post.letter_of("Amina Ash").await, post.letter_of("Clara Birch").await);

    let list = post.office.get("/letters").await.body;
    let one = post.press("/letters/print", &[("letter", &clara)]).await;
    let both = post.press("/letters/print", &[("letter", &clara), ("letter", &amina)]).await.body;
    let none = post.press("/letters/print", &[]).await;
    post.press("/letters/posted", &[("letter", &clara), ("letter", &amina), ("day", "2026-11-23")]).await;

    assert!(
        list.contains("Address known since 23 November 2026") && list.contains("Reads large print"),
        "{list}"
    );
    assert_eq!(one.status, 200);
    assert_eq!(sheets(&one.body).len(), 1);
    assert!(one.body.contains("class=\"letter large\"") && one.body.contains("3 Oak Lane"), "{}", one.body);
    assert!(!one.body.contains("Amina") && !one.body.contains("<nav"), "{}", one.body);
    assert!(!one.body.contains("style=\"") && !one.body.contains("<style"), "{}", one.body);
    assert_eq!(none.status, 422);
    let kept = "select b.body from chronology_body b join chronology_entry e on e.id = b.entry_id
                where e.kind = 'posted' order by 1";
    let by =
        "select c.rules from choice c join chronology_entry e on e.id = c.subject_id where e.kind = 'posted'";
    for rules in post.school.school.rows(by).await {
        assert!(rules.contains("greeting, as shipped, version "), "by which words it was made: {rules}");
    }
    let mut printed = sheets(&both);
    printed.sort();
    assert_eq!(printed, post.school.school.rows(kept).await);
    assert!(printed[0].starts_with("Amina Ash\n1 Elm Row") && printed[0].contains(WORDS), "{printed:?}");
    assert!(printed[1].starts_with("Mrs Clara Birch\n3 Oak Lane"), "{printed:?}");
    post.school.close().await;
}

#[tokio::test]
async fn a_letter_that_may_not_go_any_more_is_left_out_with_its_reason() {
    let mut post = post().await;
    let (amina, clara) = (post.letter_of("Amina Ash").await, post.letter_of("Clara Birch").await);
    let page = post.office.get("/letters").await;
    let restricted = two_classes().changed("C1", |carer| carer.restricted("no_contact", "", ""));
    post.school.school.import(&restricted).await;

    let print = post.press_on(&page, "/letters/print", &[("letter", &amina), ("letter", &clara)]).await.body;

    assert_eq!(sheets(&print).len(), 1);
    assert!(print.contains("<bdi>Amina Ash</bdi>: an order forbids contact about this pupil"), "{print}");
    assert!(!print.contains("1 Elm Row"), "{print}");
    post.school.close().await;
}

#[tokio::test]
async fn letters_are_posted_once_and_one_that_comes_back_begins_again_another_way() {
    let mut post = post().await;
    let (amina, clara) = (post.letter_of("Amina Ash").await, post.letter_of("Clara Birch").await);
    let page = post.office.get("/letters").await;
    let fields = [("letter", amina.as_str()), ("letter", clara.as_str()), ("day", "2026-11-23")];

    let future = post.press("/letters/posted", &[("letter", &amina), ("day", "2026-11-24")]).await;
    let first = post.press_on(&page, "/letters/posted", &fields).await;
    let again = post.press_on(&page, "/letters/posted", &fields).await;
    let list = post.office.get("/letters").await;
    let back = format!("/letters/{amina}/returned");
    let silent = post.office.press(&list, &back, &[("why", " ")]).await;
    let returned = post.office.press(&list, &back, &[("why", "gone <away>")]).await;
    let twice = post.office.press(&silent, &back, &[("why", "gone")]).await;
    let after = post.office.get("/letters").await.body;

    assert_eq!(future.status, 422);
    assert!(future.body.contains("cannot have been posted in the future"), "{}", future.body);
    assert_eq!((first.to(), again.to()), ("/letters?done=posted", "/letters?done=posted"));
    assert!(
        list.body.contains("No letter waits") && list.body.contains("Posted on Monday 23 November by office")
    );
    assert_eq!((silent.status, twice.status), (422, 422));
    assert_eq!(returned.to(), "/letters?done=came-back");
    assert!(after.contains("<bdi>gone &#60;away&#62;</bdi>"), "{after}");
    let counted = post.school.school.rows("select count(*)::text from posting").await;
    assert_eq!(counted, ["2"]);
    let to_do = post.school.school.to_do().await;
    assert!(to_do.contains(&"check_address for Amina Ash".to_owned()), "{to_do:?}");
    post.school.close().await;
}

#[tokio::test]
async fn an_unposted_letter_shows_as_late_there_and_on_the_page_of_today() {
    let mut post = post().await;
    post.school.school.clock.forward(SignedDuration::from_hours(24 * 4));
    post.office = post.school.as_role(Role::Office).await;

    let list = post.office.get("/letters").await.body;
    let today = post.office.get("/").await.body;
    let theirs = post.school.as_role(Role::Teacher).await.get("/").await.body;

    assert!(list.contains("2 late.") && list.contains("Late: by Wednesday 25 November"), "{list}");
    assert!(today.contains("<a href=\"/letters\">Letter</a>"), "{today}");
    assert!(!theirs.contains("/letters"), "{theirs}");
    post.school.close().await;
}

#[tokio::test]
async fn a_letter_of_a_colleagues_own_family_is_not_there_for_them_in_any_form() {
    let mut post = post().await;
    let amina = post.letter_of("Amina Ash").await;
    post.school
        .sql(
            "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p
             where s.email = 'office@northfield.example' and p.pupil_ref = 'P1'",
        )
        .await;

    let list = post.office.get("/letters").await;
    let print = post.press_on(&list, "/letters/print", &[("letter", &amina)]).await;
    let posted = [("letter", amina.as_str()), ("day", "2026-11-23")];
    let posted = post.press_on(&list, "/letters/posted", &posted).await;
    let back = post.press_on(&list, &format!("/letters/{amina}/returned"), &[("why", "gone")]).await;

    assert!(list.body.contains("Clara") && !list.body.contains("Amina"), "{}", list.body);
    assert_eq!((print.status, posted.status, back.status), (422, 422, 404));
    assert!(!print.body.contains("Elm Row"), "{}", print.body);
    assert_eq!(post.school.school.rows("select count(*)::text from posting").await, ["0"]);
    post.school.close().await;
}

#[tokio::test]
async fn a_letter_that_comes_back_after_many_others_were_posted_is_found_and_recorded() {
    let mut post = post().await;
    let amina = post.letter_of("Amina Ash").await;
    post.press("/letters/posted", &[("letter", &amina), ("day", "2026-11-23")]).await;
    let more = "with new as (
                    insert into task (id, kind, role, class_id, carer_id, pupil_id, why, due, state, created_at, closed_at, closed_by,
                                      outcome)
                    select gen_random_uuid(), 'letter', role, class_id, carer_id, pupil_id, why, due, 'done', created_at,
                           created_at, 'test', 'posted'
                    from task cross join generate_series(1, 60) n where id = (select task_id from posting)
                    returning id)
                insert into posting (task_id, posted_on, posted_by, recorded_at)
                select id, '2026-11-23', 'test', (select recorded_at from posting) + interval '1 hour' from new";
    post.school.sql(more).await;
    let back = format!("/letters/{amina}/returned");

    let first = post.office.get("/letters").await;
    let (_, next) = first.body.split_once("href=\"/letters?after=").expect("more of them");
    let next = format!("/letters?after={}", next.split(['"', '#']).next().unwrap());
    let second = post.office.get(&next).await;
    let place = second.hidden(&back, "place");
    let refused = post.office.press(&second, &back, &[("why", " "), ("place", &place)]).await;
    let returned = post.office.press(&refused, &back, &[("why", "gone away"), ("place", &place)]).await;

    assert!(!first.body.contains(&back) && second.body.contains(&back), "{}", second.body);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(&back), "the page on which it stands: {}", refused.body);
    assert_eq!(returned.to(), "/letters?done=came-back");
    post.school.close().await;
}

#[tokio::test]
async fn letters_are_handed_over_by_one_press_where_a_channel_prints_them() {
    let mut without = post().await;
    let plain = without.office.get("/letters").await.body;
    without.school.school.close().await;
    let place = tempfile::TempDir::new().unwrap();
    let config = serde_json::json!({
        "path": place.path().join("letters"), "carries": "letter", "from": "Northfield School",
    });
    let letters = ChannelConfig::read("folder", config).unwrap();
    let roll = two_classes()
        .changed("C1", |carer| carer.wants("letter"))
        .changed("C3", |carer| carer.wants("letter").with("format", "large_print"));
    let school = School::with(&roll, |setup| setup.letters = Some(letters)).await;
    let school = Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await;
    school.school.queue(&[("P1", WORDS), ("P2", "Tia wrote a poem.")]).await;
    let office = school.as_role(Role::Office).await;
    let mut post = Post { school, office };
    let (amina, clara) = (post.letter_of("Amina Ash").await, post.letter_of("Clara Birch").await);

    let none = post.press("/letters/handed-over", &[]).await;
    let large = post.press("/letters/handed-over", &[("letter", &clara)]).await;
    let page = post.office.get("/letters").await;
    let both = [("letter", amina.as_str()), ("letter", clara.as_str())];
    let handed = post.press_on(&page, "/letters/handed-over", &both).await;
    let again = post.press_on(&page, "/letters/handed-over", &both).await;
    let list = post.office.get(handed.to()).await.body;
    post.school.school.deliver().await;
    let after = post.office.get("/letters").await.body;

    assert!(!plain.contains("handed-over"), "{plain}");
    assert_eq!((none.status, large.status), (422, 422));
    assert!(
        large.body.contains("This letter was not handed over: this carer reads in another form"),
        "{}",
        large.body
    );
    assert_eq!((handed.to(), again.to()), (handed.to(), handed.to()));
    assert!(list.contains("Handed over, but for those that still stand under To post"), "{list}");
    assert!(list.contains("it has not said yet that it has it") && list.contains("1 letter waits"), "{list}");
    assert!(after.contains("; it has it"), "{after}");
    let printed: Vec<_> = std::fs::read_dir(place.path().join("letters")).unwrap().flatten().collect();
    let [file] = printed.as_slice() else { panic!("{printed:?}") };
    let sheet = std::fs::read_to_string(file.path()).unwrap();
    assert!(sheet.contains("Amina Ash\n1 Elm Row") && sheet.contains("Well done <Sam>."), "{sheet}");
    post.school.school.close().await;
}
