//! Announcing: who may write to whom, what each carer gets, the second person, and how far it is.

use jiff::SignedDuration;
use liaison::{domain::staff::Role, flows::announcements};

use super::{AMINA, Answer, Browser, CLARA, Staffed};

const TITLE: &str = "Closed on Friday";
const WORDS: &str = "The boiler & the \u{201c}old\u{201d} pump have failed.";

/// The form of the page that writes one.
fn fields<'a>(audience: &'a str, words: &'a str) -> [(&'a str, &'a str); 5] {
    [("version", "0"), ("purpose", "notice"), ("audience", audience), ("title", TITLE), ("words", words)]
}

async fn class(school: &Staffed, name: &str) -> String {
    format!(
        "class/{}",
        school.school.rows(&format!("select id::text from class where name = '{name}'")).await[0]
    )
}

/// Writes one; the answer leads to its preview.
async fn write(browser: &mut Browser, audience: &str) -> Answer {
    let page = browser.get("/announce/new").await;
    browser.press(&page, "/announce/new", &fields(audience, WORDS)).await
}

/// Presses the button of a page of the announcement at `path`.
async fn press(browser: &mut Browser, page: &str, action: &str, more: &[(&str, &str)]) -> Answer {
    let page = browser.get(page).await;
    let version =
        if page.body.contains("name=\"version\"") { page.hidden(action, "version") } else { String::new() };
    let mut all = vec![("version", version.as_str())];
    all.extend_from_slice(more);
    browser.press(&page, action, &all).await
}

async fn goes(school: &Staffed) {
    school.school.clock.forward(SignedDuration::from_mins(5));
    announcements::send_due(&school.school.gateway).await.unwrap();
    school.school.deliver().await;
}

fn plain(html: &str) -> String {
    html.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"")
}

#[tokio::test]
async fn a_teacher_announces_to_her_class_and_sees_how_far_it_is() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let oak = class(&school, "Oak").await;

    let preview = write(&mut teacher, &oak).await.to().to_owned();
    let one = preview.replace("/preview", "");
    let shown = teacher.get(&preview).await.body;
    let queued = press(&mut teacher, &preview, &format!("{one}/queue"), &[]).await;
    let waits = teacher.get(&one).await.body;
    goes(&school).await;
    let after = teacher.get(&one).await.body;
    let list = teacher.get("/announce").await.body;
    let family = school.family_of("P1").await;
    let record = teacher.get(&family).await.body;

    assert!(shown.contains("<strong>Email</strong>") && shown.contains("<strong>Call</strong>"), "{shown}");
    assert!(shown.contains("an order forbids contact about this pupil"), "{shown}");
    assert_eq!(queued.to(), format!("{one}?done=announced"));
    assert!(waits.contains("It can be taken back until"), "{waits}");
    assert!(
        after.contains("<strong>1</strong> sent") && after.contains("<strong>1</strong> to ring"),
        "{after}"
    );
    assert!(after.contains("<strong>1</strong> left out") && after.contains("Boris Czerny"), "{after}");
    assert!(list.contains(TITLE) && list.contains("Class Oak"), "{list}");
    assert!(record.contains("notice queued by email"), "{record}");
    school.close().await;
}

#[tokio::test]
async fn a_teacher_cannot_announce_to_another_class_or_the_school_by_forging_the_form() {
    let school = Staffed::open().await;
    let (oak, rowan) = (class(&school, "Oak").await, class(&school, "Rowan").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get("/announce/new").await;

    let mut forged = Vec::new();
    for audience in [rowan.as_str(), "school", "year/3", "class/", "everybody"] {
        let page = teacher.get("/announce/new").await;
        forged.push(teacher.press(&page, "/announce/new", &fields(audience, WORDS)).await);
    }
    let own = write(&mut teacher, &oak).await.to().replace("/preview", "");
    let change = format!("{own}/change");
    let mut to_school = fields("school", WORDS);
    to_school[0].1 = "1";
    let page_of_change = teacher.get(&change).await;
    let widened = teacher.press(&page_of_change, &change, &to_school).await;

    assert!(page.body.contains("Class Oak") && !page.body.contains("Rowan"), "{}", page.body);
    assert!(!page.body.contains("The whole school"), "{}", page.body);
    for answer in forged {
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("The boiler"), "what was typed is still there");
    }
    assert_eq!(widened.status, 422);
    assert_eq!(school.school.rows("select audience from announcement").await, ["class"]);
    school.close().await;
}

#[tokio::test]
async fn what_another_class_or_the_school_is_told_is_for_a_teacher_as_if_absent() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let to_rowan = class(&school, "Rowan").await;
    let mut hidden = Vec::new();
    for audience in [to_rowan.as_str(), "school"] {
        hidden.push(write(&mut office, audience).await.to().replace("/preview", ""));
    }
    let mut teacher = school.as_role(Role::Teacher).await;
    let oak = class(&school, "Oak").await;
    let own = write(&mut teacher, &oak).await.to().replace("/preview", "");
    let key = teacher.get(&format!("{own}/preview")).await.hidden(&format!("{own}/queue"), "form_key");

    let list = teacher.get("/announce").await.body;
    let mut answers = Vec::new();
    for one in &hidden {
        for page in ["", "/preview", "/change"] {
            answers.push(teacher.get(&format!("{one}{page}")).await.status);
        }
        for deed in ["/queue", "/ask", "/take-back", "/cancel", "/change"] {
            let once = uuid::Uuid::now_v7().to_string();
            let form =
                [("form_key", key.as_str()), ("once", once.as_str()), ("version", "1"), ("sure", "on")];
            answers.push(teacher.post(&format!("{one}{deed}"), &form).await.status);
        }
    }

    assert_eq!(list.matches("<li>\n<h3").count(), 1, "{list}");
    assert!(answers.iter().all(|status| *status == 404), "{answers:?}");
    let queued = "select count(*)::text from announcement where send_at is not null or asked_at is not null";
    assert_eq!(school.school.rows(queued).await, ["0"]);
    school.close().await;
}

#[tokio::test]
async fn to_the_whole_school_it_goes_only_when_a_second_person_has_approved_it() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let before = school.school.mail.taken();
    let mut slt = school.as_role(Role::Slt).await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let mut office = school.as_role(Role::Office).await;

    let preview = write(&mut slt, "school").await.to().to_owned();
    let one = preview.replace("/preview", "");
    let shown = slt.get(&preview).await;
    let asked = press(&mut slt, &preview, &format!("{one}/ask"), &[]).await;
    let own = slt.get(&one).await;
    let key = shown.hidden(&format!("{one}/ask"), "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let form = [("form_key", key.as_str()), ("once", once.as_str()), ("version", "1")];
    let forged = slt.post(&format!("{one}/approve"), &form).await;
    let not_office = office.get(&one).await.body;
    let (own_list, list) = (slt.get("/announce").await.body, dsl.get("/announce").await.body);
    let (own_home, home) = (slt.get("/").await.body, dsl.get("/").await.body);
    let empty = press(&mut dsl, &one, &format!("{one}/decline"), &[("why", " ")]).await;
    let approved = press(&mut dsl, &one, &format!("{one}/approve"), &[]).await;
    let queued = press(&mut slt, &preview, &format!("{one}/queue"), &[]).await;
    goes(&school).await;

    assert!(!shown.body.contains(&format!("{one}/queue")), "{}", shown.body);
    assert_eq!(asked.to(), format!("{one}?done=asked"));
    assert!(
        !own.body.contains("/approve\"") && own.body.contains("Nobody approves what they wrote"),
        "{}",
        own.body
    );
    assert_eq!(forged.status, 422);
    assert!(forged.body.contains("somebody else must approve it"), "{}", forged.body);
    assert!(!not_office.contains("/approve\""), "{not_office}");
    assert!(
        list.contains("Waits for your approval") && home.contains("announcement waits for your approval"),
        "{home}"
    );
    assert!(
        !own_list.contains("Waits for your approval") && !own_home.contains("your approval"),
        "{own_home}"
    );
    assert_eq!(empty.status, 422);
    assert_eq!(approved.to(), format!("{one}?done=approved"));
    assert_eq!(queued.to(), format!("{one}?done=announced"));
    assert_eq!(school.school.mail.taken(), before + 2);
    school.close().await;
}

#[tokio::test]
async fn the_preview_is_word_for_word_what_each_carer_gets_and_tells_the_cost() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let wants = "insert into preference (carer_id, purpose, routes, source, set_at)
                 select id, 'notice', '{text}', 'staff', now() from carer where contact_ref = 'C3'";
    school.school.db.as_superuser(wants).await;
    let mut slt = school.as_role(Role::Slt).await;
    let mut dsl = school.as_role(Role::Dsl).await;

    let preview = write(&mut slt, "school").await.to().to_owned();
    let one = preview.replace("/preview", "");
    let shown = slt.get(&preview).await.body;
    press(&mut slt, &preview, &format!("{one}/ask"), &[]).await;
    press(&mut dsl, &one, &format!("{one}/approve"), &[]).await;
    press(&mut slt, &preview, &format!("{one}/queue"), &[]).await;
    goes(&school).await;

    let words = |kind: &str| {
        let words = shown.split(&format!("<strong>{kind}</strong>")).nth(1).expect(kind);
        plain(words.split("dir=\"auto\">").nth(1).unwrap().split("</div>").next().unwrap())
    };
    let recorded = |route: &str| {
        format!(
            "select b.body from chronology_body b join chronology_entry e on e.id = b.entry_id
             join delivery d on d.id = e.delivery_id where d.route = '{route}' and d.announcement_id is not null"
        )
    };
    assert_eq!(school.school.rows(&recorded("email")).await, [words("Email")]);
    assert_eq!(school.school.rows(&recorded("text")).await, [words("Text")]);
    let text = school.school.texts.messages().pop().expect("a text");
    assert_eq!((text.to.as_str(), text.body.as_str()), ("+447700900103", words("Text").as_str()));
    assert_eq!(school.school.mail.messages().pop().expect("a mail").to, AMINA);
    assert!(!school.school.mail.messages().iter().any(|mail| mail.to == CLARA && mail.data.contains(TITLE)));
    assert!(shown.contains("make 1 part in all. They cost about £0.0"), "{shown}");
    assert!(shown.contains("of 4 carers"), "{shown}");
    school.close().await;
}

#[tokio::test]
async fn a_long_preview_is_paged_and_its_counts_stay_the_same() {
    let school = Staffed::open().await;
    let many = "with k as (select id from class where name = 'Oak'),
                p as (insert into pupil (id, pupil_ref, legal_surname, legal_forename, class_id)
                      select gen_random_uuid(), 'M' || n, 'Many', 'Pupil' || n, k.id from generate_series(1, 60) n, k
                      returning id, pupil_ref),
                c as (insert into carer (id, contact_ref, surname, forename)
                      select gen_random_uuid(), pupil_ref, 'Zed' || lpad(substr(pupil_ref, 2), 3, '0'), 'Carer' from p
                      returning id, contact_ref)
                insert into link (id, carer_id, pupil_id, relationship, priority, parental_responsibility)
                select gen_random_uuid(), c.id, p.id, 'parent', 1, 'yes' from p join c on c.contact_ref = p.pupil_ref";
    school.school.db.as_superuser(many).await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let oak = class(&school, "Oak").await;

    let preview = write(&mut teacher, &oak).await.to().to_owned();
    let first = teacher.get(&preview).await.body;
    let (_, next) = first.split_once(&format!("href=\"{preview}?after=")).expect("a next page");
    let second = teacher.get(&format!("{preview}?after={}", next.split('"').next().unwrap())).await.body;

    let on = |page: &str| page.matches("<li>\n<h3>").count();
    assert_eq!((on(&first), on(&second)), (50, 13));
    for page in [&first, &second] {
        assert!(page.contains("of 63 carers"), "{page}");
    }
    assert!(!second.contains("?after="), "{second}");
    assert!(first.contains("Zed001") && !second.contains("Zed001") && second.contains("Zed060"));
    school.close().await;
}

#[tokio::test]
async fn a_name_of_a_pupil_in_the_words_is_noticed_and_hostile_words_stay_words() {
    let school = Staffed::open().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let oak = class(&school, "Oak").await;
    let page = teacher.get("/announce/new").await;

    let hostile = "<script>alert(1)</script> \u{202e}sam ASH has won";
    let written = teacher.press(&page, "/announce/new", &fields(&oak, hostile)).await;
    let preview = teacher.get(written.to()).await.body;
    let one = teacher.get(&written.to().replace("/preview", "")).await.body;

    assert!(preview.contains("The words name a pupil in full"), "{preview}");
    for page in [preview, one] {
        assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
    }
    school.close().await;
}

#[tokio::test]
async fn pressing_twice_does_it_once_and_what_waits_can_be_stopped() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let oak = class(&school, "Oak").await;
    let page = teacher.get("/announce/new").await;
    let first = teacher.press(&page, "/announce/new", &fields(&oak, WORDS)).await;
    let second = teacher.press(&page, "/announce/new", &fields(&oak, WORDS)).await;
    let preview = first.to().to_owned();
    let one = preview.replace("/preview", "");
    press(&mut teacher, &preview, &format!("{one}/queue"), &[]).await;
    press(&mut teacher, &one, &format!("{one}/take-back"), &[]).await;
    press(&mut teacher, &preview, &format!("{one}/queue"), &[]).await;
    school.school.clock.forward(SignedDuration::from_mins(5));
    announcements::send_due(&school.school.gateway).await.unwrap();

    let unsure = press(&mut teacher, &one, &format!("{one}/cancel"), &[]).await;
    let stopped = press(&mut teacher, &one, &format!("{one}/cancel"), &[("sure", "on")]).await;
    let before = school.school.mail.taken();
    school.school.deliver().await;
    let after = teacher.get(&one).await.body;

    assert_eq!(first.to(), second.to());
    assert_eq!(school.school.rows("select count(*)::text from announcement").await, ["1"]);
    assert_eq!(unsure.status, 422);
    assert_eq!(stopped.to(), format!("{one}?done=cancelled"));
    assert_eq!(school.school.mail.taken(), before);
    assert!(after.contains("<strong>1</strong> taken back"), "{after}");
    school.close().await;
}

#[tokio::test]
async fn words_that_a_colleague_saved_meanwhile_are_shown_before_they_can_be_replaced() {
    let school = Staffed::open().await;
    let (mut office, mut slt) = (school.as_role(Role::Office).await, school.as_role(Role::Slt).await);
    let one = write(&mut office, "school").await.to().replace("/preview", "");
    let change = format!("{one}/change");
    let stale = office.get(&change).await;
    press(&mut slt, &change, &change, &fields("school", "The roof leaks.")[1..]).await;
    let long = "x".repeat(500);
    let mine = |version: &str, title: &str| {
        let pairs = [
            ("version", version),
            ("purpose", "notice"),
            ("audience", "school"),
            ("title", title),
            ("words", "Mine."),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let owned = |fields: &[(String, String)]| fields.to_vec();

    let version = stale.hidden(&change, "version");
    let first = owned(&mine(&version, &long));
    let first: Vec<_> = first.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let refused = office.press(&stale, &change, &first).await;
    let version = refused.hidden(&change, "version");
    let second = owned(&mine(&version, TITLE));
    let second: Vec<_> = second.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let kept = office.press(&refused, &change, &second).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Saved meanwhile by a colleague"), "{}", refused.body);
    assert!(
        refused.body.contains("The roof leaks.") && refused.body.contains(">Mine.</textarea>"),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("<a href=\"#title\">"), "{}", refused.body);
    assert_eq!(kept.status, 303, "{}", kept.body);
    school.close().await;
}

/// The form of an urgent notice.
async fn write_urgent(browser: &mut Browser, audience: &str, because: &str) -> Answer {
    let page = browser.get("/announce/new").await;
    let mut fields = fields(audience, WORDS).to_vec();
    fields[1].1 = "urgent";
    fields.push(("because", because));
    browser.press(&page, "/announce/new", &fields).await
}

#[tokio::test]
async fn the_office_writes_an_urgent_notice_with_a_reason_and_its_pages_say_so() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let oak = class(&school, "Oak").await;

    let without = write_urgent(&mut office, &oak, " ").await;
    let preview = write_urgent(&mut office, &oak, "a leak & smoke").await.to().to_owned();
    let one = preview.replace("/preview", "");
    let shown = office.get(&preview).await.body;
    let change = office.get(&format!("{one}/change")).await.body;
    let list = office.get("/announce").await.body;

    assert_eq!(without.status, 422);
    assert!(without.body.contains(WORDS.split(' ').next().unwrap()), "{}", without.body);
    assert!(without.body.contains("value=\"urgent\" checked"), "{}", without.body);
    assert!(without.body.contains("aria-describedby=\"fault because-hint\""), "{}", without.body);
    for page in [&shown, &office.get(&one).await.body] {
        assert!(page.contains("Urgent: it leaves at any hour, on any day."), "{page}");
        assert!(page.contains("a leak &#38; smoke"), "{page}");
    }
    assert!(change.contains("value=\"urgent\" checked") && change.contains("a leak &#38; smoke"), "{change}");
    assert!(list.contains("Urgent notice · Class Oak"), "{list}");
    school.close().await;
}

#[tokio::test]
async fn a_teacher_writes_nothing_urgent_and_has_no_hand_in_what_others_write_so() {
    let school = Staffed::open().await;
    let (mut teacher, mut office) = (school.as_role(Role::Teacher).await, school.as_role(Role::Office).await);
    let oak = class(&school, "Oak").await;
    let own = teacher.get("/announce/new").await;
    let one = write_urgent(&mut office, &oak, "a leak").await.to().replace("/preview", "");

    let forced = write_urgent(&mut teacher, &oak, "I am in a hurry").await;
    let page = teacher.get(&one).await;
    let (key, once) = (own.hidden("/announce/new", "form_key"), uuid::Uuid::now_v7().to_string());
    let fields = [("form_key", key.as_str()), ("once", once.as_str()), ("version", "1")];
    let queued = teacher.post(&format!("{one}/queue"), &fields).await.status;
    let changed = teacher.get(&format!("{one}/change")).await.status;

    assert!(!own.body.contains("value=\"urgent\""), "{}", own.body);
    assert_eq!(forced.status, 422);
    assert!(forced.body.contains("ring the office"), "{}", forced.body);
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("queue it") && !page.body.contains("/change"), "{}", page.body);
    assert_eq!([queued, changed], [404, 404]);
    let states = "select count(*)::text from announcement where send_at is not null";
    assert_eq!(school.school.rows(states).await, ["0"]);
    school.close().await;
}
