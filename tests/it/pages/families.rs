//! Pupils' and carers' pages: who changes what, the history, and the chronology narrowed, paged and printed.

use liaison::domain::staff::Role;

use super::{Answer, Browser, Staffed};

/// A random key, as a fresh form has it.
fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn one(school: &Staffed, sql: &str) -> String {
    school.school.rows(sql).await.remove(0)
}

async fn carer(school: &Staffed, reference: &str) -> String {
    let id = one(school, &format!("select id::text from carer where contact_ref = '{reference}'")).await;
    format!("/carers/{id}")
}

async fn link(school: &Staffed, reference: &str) -> String {
    let sql = "select l.id::text from link l join carer c on c.id = l.carer_id where c.contact_ref";
    one(school, &format!("{sql} = '{reference}'")).await
}

async fn restriction(school: &Staffed) -> String {
    one(school, "select id::text from restriction").await
}

/// Sends a form that no page of this colleague's offers, with the key of one that does.
async fn forge(browser: &mut Browser, action: &str, fields: &[(&str, &str)]) -> Answer {
    let key = browser.get("/search").await.hidden("/search", "form_key");
    let once = fresh();
    let mut all = vec![("form_key", key.as_str()), ("once", once.as_str())];
    all.extend_from_slice(fields);
    browser.post(action, &all).await
}

/// The page without what differs from one rendering to the next.
pub(super) fn steady(page: &Answer) -> String {
    let mut pieces = page.body.split("name=\"once\" value=\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |page, piece| page + piece.split_once('"').map_or("", |(_, rest)| rest))
}

#[tokio::test]
async fn a_wish_heard_at_the_gate_is_recorded_once_with_who_when_and_on_whose_word() {
    let school = Staffed::open().await;
    let at = carer(&school, "C1").await;
    let action = format!("{at}/preference");
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&at).await;
    let fields = [
        ("purpose", "weekly_update"),
        ("first", "text"),
        ("second", ""),
        ("third", "call"),
        ("word", "her own, at the gate"),
    ];

    let done = teacher.press(&page, &action, &fields).await;
    let again = teacher.press(&page, &action, &fields).await;
    let twice =
        [("purpose", "weekly_update"), ("first", "text"), ("second", "text"), ("word", "<i>hers</i>")];
    let refused = teacher.press(&teacher.clone().get(&at).await, &action, &twice).await;
    let seen = teacher.get(done.to()).await.body;

    assert_eq!(
        (done.to(), again.to()),
        (format!("{at}?done=wish").as_str(), format!("{at}?done=wish").as_str())
    );
    assert!(seen.contains("By text, then phone call."), "{seen}");
    assert!(
        seen.contains("Monday 23 November, by teacher, on the word of: <bdi>her own, at the gate</bdi>"),
        "{seen}"
    );
    assert!(seen.contains("Last confirmed Monday 23 November."), "{seen}");
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("each of them once") && refused.body.contains("&#60;i&#62;hers"),
        "{}",
        refused.body
    );
    let kept = "select count(*)::text from preference_history where source = 'staff'";
    assert_eq!(school.school.rows(kept).await, ["1"], "pressed twice, recorded once");
    school.close().await;
}

#[tokio::test]
async fn a_wish_older_than_a_year_is_to_be_asked_again() {
    let school = Staffed::open().await;
    let at = carer(&school, "C4").await;
    let mut office = school.as_role(Role::Office).await;

    let young = office.get(&at).await.body;
    school.school.db.as_superuser("update preference_history set set_at = '2025-11-23T10:00:00Z'").await;
    let old = office.get(&at).await.body;

    assert!(young.contains("Last confirmed") && !young.contains("ask again"), "{young}");
    assert!(old.contains("Last confirmed Sunday 23 November 2025: ask again."), "{old}");
    school.close().await;
}

#[tokio::test]
async fn the_office_adds_clears_and_removes_an_address_and_its_history_stays() {
    let school = Staffed::open().await;
    let at = carer(&school, "C1").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&at).await;
    let mobile = one(&school, "select id::text from address where value = '+447700900101'").await;

    let bad = [("kind", "email"), ("value", "no<b>where")];
    let refused = office.press(&page, &format!("{at}/addresses"), &bad).await;
    let new = [("kind", "email"), ("value", "amina@new.example"), ("first", "on")];
    let added = office.press(&page, &format!("{at}/addresses"), &new).await;
    school.school.db.as_superuser("update address set status = 'failing' where kind = 'mobile'").await;
    let page = office.get(&at).await;
    let good = office.press(&page, &format!("{at}/addresses/{mobile}/good"), &[]).await;
    let remove = format!("{at}/addresses/{mobile}/remove");
    let gone = [office.press(&page, &remove, &[]).await, office.press(&page, &remove, &[]).await];
    let after = office.get(&at).await.body;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("no&#60;b&#62;where</textarea>"), "{}", refused.body);
    assert!(page.body.contains("Failing") && page.body.contains("I checked it"), "{}", page.body);
    assert_eq!(
        (added.to(), good.to()),
        (format!("{at}?done=address").as_str(), format!("{at}?done=address-good").as_str())
    );
    assert!(gone.iter().all(|answer| answer.to() == format!("{at}?done=address-gone")));
    let (used, history) = after.split_once("Not used any more (1)").expect("a history");
    assert!(
        used.contains("amina@new.example") && used.contains("Known since Monday 23 November, by office"),
        "{used}"
    );
    assert!(!used.contains("+447700900101") && history.contains("+447700900101"), "{after}");
    assert!(history.contains("removed on Monday 23 November, by office"), "{history}");
    assert!(used.contains("nothing is written to it until whoever has it"), "{used}");
    assert_eq!(school.school.told("address").await, 4, "added, asked, checked, removed");
    school.close().await;
}

#[tokio::test]
async fn where_a_carer_lives_is_the_offices_and_a_confidential_home_is_said_plainly() {
    let school = Staffed::open().await;
    let at = carer(&school, "C1").await;
    school
        .school
        .db
        .as_superuser("update carer set address_confidential = true where contact_ref = 'C1'")
        .await;

    let teacher = school.as_role(Role::Teacher).await.get(&at).await.body;
    let office = school.as_role(Role::Office).await.get(&at).await.body;
    let family = school.as_role(Role::Teacher).await.get(&school.family_of("P1").await).await.body;

    assert!(teacher.contains("+447700900101") && !teacher.contains("1 Elm Row"), "{teacher}");
    assert!(office.contains("1 Elm Row"));
    assert!(!teacher.contains("/addresses") && office.contains("/addresses"), "no form that is not theirs");
    for page in [&teacher, &office] {
        assert!(page.contains("Where this carer lives is confidential."), "{page}");
    }
    assert!(family.contains("Where they live is confidential"), "{family}");
    school.close().await;
}

#[tokio::test]
async fn a_teacher_learns_that_a_carer_must_not_be_told_and_no_number_to_tell_them_by() {
    let school = Staffed::open().await;
    let at = carer(&school, "C2").await;

    let teacher = school.as_role(Role::Teacher).await.get(&at).await.body;
    let office = school.as_role(Role::Office).await.get(&at).await.body;

    assert!(teacher.contains("Must not be told: an order forbids contact about this pupil."), "{teacher}");
    assert!(!teacher.contains("boris@family.example") && !teacher.contains("Recorded"), "{teacher}");
    assert!(!teacher.contains("let out"), "his case is the DSL's");
    assert!(
        office.contains("boris@family.example") && office.contains("No contact at all about this pupil"),
        "{office}"
    );
    school.close().await;
}

#[tokio::test]
async fn the_office_records_a_restriction_and_only_leadership_and_the_dsl_lift_one() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let (restrict, lift) = (format!("{family}/restrict"), format!("{family}/lift"));
    let (amina, order) = (link(&school, "C1").await, restriction(&school).await);
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&family).await;

    let turned = [
        ("link", amina.as_str()),
        ("kind", "see_dsl"),
        ("starts", "2026-12-04"),
        ("ends", "2026-12-01"),
        ("note", "cabinet 4"),
    ];
    let refused = office.press(&page, &restrict, &turned).await;
    let fields = [("link", amina.as_str()), ("kind", "see_dsl"), ("ends", "2026-12-04")];
    let done = [office.press(&page, &restrict, &fields).await, office.press(&page, &restrict, &fields).await];
    let reason = [("restriction", order.as_str()), ("reason", "the court varied it")];
    let forged = [
        forge(&mut office, &lift, &reason).await.status,
        forge(&mut school.as_role(Role::Teacher).await, &lift, &reason).await.status,
        forge(&mut school.as_role(Role::Teacher).await, &restrict, &fields).await.status,
    ];
    let offered = page.body.contains(&format!("action=\"{lift}\""));
    let mut slt = school.as_role(Role::Slt).await;
    let theirs = slt.get(&family).await;
    let wordless = slt.press(&theirs, &lift, &[("restriction", &order), ("reason", " ")]).await;
    let lifted = [slt.press(&theirs, &lift, &reason).await, slt.press(&theirs, &lift, &reason).await];
    let after = slt.get(lifted[0].to()).await.body;
    let dsl = school.as_role(Role::Dsl).await.get(&family).await.body;

    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("turn the dates round") && refused.body.contains("value=\"cabinet 4\""),
        "{}",
        refused.body
    );
    assert!(done.iter().all(|answer| answer.to() == format!("{family}?done=restricted")));
    assert_eq!(forged, [403; 3]);
    assert!(!offered, "no form that is not theirs");
    assert_eq!(wordless.status, 422);
    assert!(lifted.iter().all(|answer| answer.to() == format!("{family}?done=lifted")));
    assert!(after.contains("Lifted by slt on Monday 23 November"), "{after}");
    assert!(!after.contains("the court varied it") && dsl.contains("the court varied it"), "{after}");
    let rows = "select kind || ' ' || coalesce(ends::text, '-') || ' ' || (ended_at is not null) from restriction order by 1";
    assert_eq!(school.school.rows(rows).await, ["no_contact - true", "see_dsl 2026-12-04 false"]);
    school.close().await;
}

#[tokio::test]
async fn another_familys_ids_are_as_if_they_were_not_there() {
    let school = Staffed::open().await;
    let (ours, theirs) = (school.family_of("P1").await, school.family_of("P2").await);
    let (amina, clara) = (carer(&school, "C1").await, carer(&school, "C3").await);
    let number = one(&school, "select id::text from address where value = '+447700900103'").await;
    let (order, hers) = (restriction(&school).await, link(&school, "C3").await);
    let mut teacher = school.as_role(Role::Teacher).await;
    let mut office = school.as_role(Role::Office).await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let wish = [("purpose", "weekly_update"), ("first", "call"), ("word", "x")];

    let statuses = [
        teacher.get(&clara).await.status,
        teacher.get("/carers/nobody").await.status,
        forge(&mut teacher, &format!("{clara}/preference"), &wish).await.status,
        forge(&mut teacher, &format!("{theirs}/praise"), &[("kind", "postcard")]).await.status,
        forge(&mut office, &format!("{amina}/addresses/{number}/remove"), &[]).await.status,
        forge(&mut office, &format!("{amina}/addresses/{number}/good"), &[]).await.status,
        forge(&mut office, &format!("{ours}/restrict"), &[("link", &hers), ("kind", "no_contact")])
            .await
            .status,
        forge(&mut dsl, &format!("{theirs}/lift"), &[("restriction", &order), ("reason", "x")]).await.status,
    ];
    let (absent, invented) = (teacher.get(&clara).await, teacher.get(&format!("/carers/{}", fresh())).await);

    assert_eq!(statuses, [404; 8]);
    assert_eq!(absent.body, invented.body);
    for (table, count) in
        [("contact", "0"), ("restriction", "1"), ("restriction where ended_at is not null", "0")]
    {
        assert_eq!(
            school.school.rows(&format!("select count(*)::text from {table}")).await,
            [count],
            "{table}"
        );
    }
    assert_eq!(
        school.school.rows("select count(*)::text from carer_address where removed_at is not null").await,
        ["0"]
    );
    school.close().await;
}

#[tokio::test]
async fn a_colleagues_own_family_cannot_be_changed_by_them() {
    let school = Staffed::open().await;
    let office = "office@northfield.example";
    liaison::flows::colleagues::own_family(&school.school.gateway, office, "P1", "test").await.unwrap();
    let (at, family) = (carer(&school, "C1").await, school.family_of("P1").await);
    let link = link(&school, "C1").await;
    let mut browser = school.signed_in(office).await;

    let new = [("kind", "email"), ("value", "mine@new.example")];
    let statuses = [
        browser.get(&at).await.status,
        forge(&mut browser, &format!("{at}/addresses"), &new).await.status,
        forge(&mut browser, &format!("{family}/restrict"), &[("link", &link), ("kind", "no_contact")])
            .await
            .status,
    ];

    assert_eq!(statuses, [404; 3]);
    school.close().await;
}

#[tokio::test]
async fn good_news_is_logged_with_one_press_and_counted_beside_the_concerns() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let action = format!("{family}/praise");
    let mut teacher = school.as_role(Role::Teacher).await;
    let before = teacher.get(&family).await;

    let pressed = [
        teacher.press(&before, &action, &[("kind", "postcard")]).await,
        teacher.press(&before, &action, &[("kind", "postcard")]).await,
    ];
    school.sql("update carer_case set kind = 'concern'").await;
    let seen = teacher.get(pressed[0].to()).await.body;
    let dsl = school.as_role(Role::Dsl).await.get(&family).await.body;
    let wrong = forge(&mut teacher, &action, &[("kind", "visit")]).await.status;

    assert!(
        before.body.contains("Good news: none yet. Concerns and complaints: 0 this term."),
        "{}",
        before.body
    );
    assert!(pressed.iter().all(|answer| answer.to() == format!("{family}?done=praised")));
    assert!(
        seen.contains(
            "Good news: 1 this term, last Monday 23 November. Concerns and complaints: 1 this term."
        ),
        "{seen}"
    );
    assert!(dsl.contains("Concerns and complaints: 2 this term."), "the restricted one is the DSL's: {dsl}");
    assert_eq!(wrong, 422);
    assert_eq!(school.school.rows("select count(*)::text from contact").await, ["1"]);
    school.close().await;
}

/// A family with something of every group: messages out and in, a contact, changed data, and something else.
async fn told() -> Staffed {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "Sam read two whole chapters aloud.")]).await;
    school.school.deliver().await;
    let family = school.family_of("P1").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&family).await;
    office.press(&page, &format!("{family}/praise"), &[("kind", "postcard")]).await;
    let link = link(&school, "C4").await;
    office.press(&page, &format!("{family}/restrict"), &[("link", &link), ("kind", "supervised")]).await;
    school
}

fn lines(page: &Answer) -> usize {
    page.body.split_once("id=\"record\"").map_or(0, |(_, record)| record.matches("by ").count())
}

#[tokio::test]
async fn each_kind_of_entry_is_shown_alone_and_together_they_are_all() {
    let school = told().await;
    let family = school.family_of("P1").await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let sentences = [
        ("out", "queued", "postcard"),
        ("in", "received by parents-inbox", "postcard"),
        ("contacts", "a postcard with good news was recorded", "restriction"),
        ("data", "recorded a restriction: supervised", "postcard"),
    ];

    let all = dsl.get(&family).await.body.matches("<p class=\"hint\">by ").count();
    let mut sum = 0;
    for (word, has, has_not) in sentences {
        let page = dsl.get(&format!("{family}?kind={word}")).await.body;
        let (_, record) = page.split_once("id=\"record\"").expect("a chronology");
        let (_, record) = record.split_once("</form>").expect("after the filter");
        sum += record.matches("<p class=\"hint\">by ").count();
        assert!(record.to_lowercase().contains(has), "{word}: {record}");
        assert!(!record.contains(has_not), "{word}: {record}");
    }
    let other = dsl.get(&format!("{family}?kind=other")).await.body;
    let nonsense = dsl.get(&format!("{family}?kind=%3Cscript%3E&who=x&from=soon&until=")).await;

    // That the DSL read what is restricted is an entry of its own, and each look adds one.
    assert!(other.contains("was read"), "{other}");
    assert_eq!(sum, all, "nothing but that reading is in no group");
    assert_eq!(nonsense.status, 200);
    assert!(!nonsense.body.contains("script"));
    assert!(lines(&nonsense) > 0);
    school.close().await;
}

#[tokio::test]
async fn the_chronology_is_narrowed_to_a_carer_and_to_days_on_both_pages() {
    let school = told().await;
    let family = school.family_of("P1").await;
    let at = carer(&school, "C4").await;
    let dora = at.replace("/carers/", "");
    let pupil = family.replace("/families/", "");
    let mut office = school.as_role(Role::Office).await;
    let record = |page: Answer| {
        page.body.split_once("<ol class=\"story\">").map_or(String::new(), |(_, rest)| rest.to_owned())
    };

    let hers = record(office.get(&format!("{family}?who={dora}")).await);
    let today = record(office.get(&format!("{family}?from=2026-11-23&until=2026-11-23")).await);
    let before = record(office.get(&format!("{family}?until=2026-11-22")).await);
    let after = record(office.get(&format!("{family}?from=2026-11-24")).await);
    let own = record(office.get(&format!("{at}?kind=data")).await);
    let about = record(office.get(&format!("{at}?who={pupil}")).await);

    assert!(hers.contains("Dora Ash") && !hers.contains("Amina"), "{hers}");
    assert!(today.contains("postcard"), "{today}");
    assert_eq!((before.as_str(), after.as_str()), ("", ""));
    assert!(own.contains("supervised") && own.contains("about <bdi>Sam Ash</bdi>"), "{own}");
    assert!(about.contains("supervised"), "{about}");
    school.close().await;
}

#[tokio::test]
async fn a_carers_chronology_holds_what_concerns_no_pupil_and_not_another_classs_pupil() {
    let school = Staffed::open().await;
    let at = carer(&school, "C1").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&at).await;
    let wish = [("purpose", "weekly_update"), ("first", "email"), ("word", "hers")];
    office.press(&page, &format!("{at}/preference"), &wish).await;
    let amina = at.replace("/carers/", "");
    let other = school.family_of("P2").await.replace("/families/", "");
    school
        .school
        .db
        .as_superuser(&format!(
            "insert into chronology_entry (id, happened_at, recorded_at, actor, kind, carer_id, pupil_id, visibility, sentence, digest)
             values (gen_random_uuid(), now(), now(), 'x', 'note', '{amina}', '{other}', 'ordinary', 'of another class', '')"
        ))
        .await;

    let teacher = school.as_role(Role::Teacher).await.get(&at).await.body;
    let theirs = office.get(&at).await.body;

    assert!(teacher.contains("ants the weekly update by email"), "{teacher}");
    assert!(!teacher.contains("of another class") && theirs.contains("of another class"));
    school.school.db.as_superuser("alter table chronology_entry disable trigger user; delete from chronology_entry where actor = 'x'; alter table chronology_entry enable trigger user").await;
    school.close().await;
}

#[tokio::test]
async fn a_long_chronology_is_paged_by_its_key_and_keeps_the_filter() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&family).await;
    let action = format!("{family}/praise");
    for _ in 0..53 {
        let fields = [
            ("form_key", page.hidden(&action, "form_key")),
            ("once", fresh()),
            ("kind", "postcard".to_owned()),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(teacher.post(&action, &fields).await.status, 303);
    }

    let first = teacher.get(&format!("{family}?kind=contacts")).await.body;
    let (_, rest) = first.split_once("Show to print").expect("a filter");
    let next =
        rest.split("href=\"").find(|link| link.contains("before=")).and_then(|link| link.split('"').next());
    let second = teacher.get(&next.expect("an older page").replace("&#38;", "&")).await.body;
    let print = teacher.get(&format!("{family}?kind=contacts&print=yes")).await.body;

    assert_eq!(first.matches("good news was recorded").count(), 50);
    assert_eq!(second.matches("good news was recorded").count(), 3);
    assert!(second.contains("The newest entries") && !second.contains("Older entries"), "{second}");
    assert_eq!(print.matches("good news was recorded").count(), 53);
    school.close().await;
}

#[tokio::test]
async fn a_print_says_what_it_is_who_printed_it_and_when_and_has_the_words_open() {
    let school = told().await;
    let family = school.family_of("P1").await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let page = teacher.get(&format!("{family}?kind=out&from=2026-11-01&print=yes")).await.body;

    assert!(page.contains("Northfield School. Printed by teacher on Monday 23 November 2026, "), "{page}");
    assert!(page.contains("<h1><bdi>Sam Ash</bdi></h1>"));
    assert!(page.contains("<bdi>Messages out, from Sunday 1 November</bdi>"), "{page}");
    let (_, record) = page.split_once("id=\"record\"").expect("a chronology");
    assert!(
        record.contains("two whole chapters") && !record.contains("<details") && !record.contains("<form"),
        "{record}"
    );
    assert!(!page.contains("Contact card"), "the record alone");
    school.close().await;
}

#[tokio::test]
async fn a_restricted_case_changes_nothing_on_a_carers_page_for_all_but_the_dsl() {
    let school = Staffed::open().await;
    let at = carer(&school, "C2").await;
    let mut before = Vec::new();
    for role in [Role::Teacher, Role::Office, Role::Slt] {
        let page = school.as_role(role).await.get(&at).await;
        before.push((role, steady(&page)));
    }
    let count = "select count(*)::text from chronology_entry where kind = 'read_restricted'";
    let unread = one(&school, count).await;

    let dsl = school.as_role(Role::Dsl).await.get(&at).await.body;
    school
        .school
        .arrives(&crate::support::inbound::Letter::from(super::BORIS).says("Answer me at once."))
        .await;

    assert!(dsl.contains("Restricted"), "{dsl}");
    assert_ne!(one(&school, count).await, unread, "that it was read is an entry");
    for (role, page) in before {
        let mut browser = school.as_role(role).await;
        let now = steady(&browser.get(&at).await);
        let key = |page: &str| {
            page.split("name=\"form_key\" value=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .unwrap_or("-")
                .to_owned()
        };
        assert_eq!(now.replace(&key(&now), ""), page.replace(&key(&page), ""), "{role}");
    }
    school.close().await;
}
