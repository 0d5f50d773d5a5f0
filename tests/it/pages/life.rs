//! What ends, and when: on the pupil's page, and a death on a page of its own.

use liaison::domain::staff::Role;

use super::{Answer, Browser, CLARA, Staffed};

/// A random key, as a fresh form has it.
fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn one(school: &Staffed, sql: &str) -> String {
    school.school.rows(sql).await.remove(0)
}

async fn link(school: &Staffed, reference: &str) -> String {
    let sql = "select l.id::text from link l join carer c on c.id = l.carer_id where c.contact_ref";
    one(school, &format!("{sql} = '{reference}'")).await
}

async fn carer(school: &Staffed, reference: &str) -> String {
    let id = one(school, &format!("select id::text from carer where contact_ref = '{reference}'")).await;
    format!("/carers/{id}")
}

/// Sends a form that no page of this colleague's offers, with the key of one that does.
async fn forge(browser: &mut Browser, action: &str, fields: &[(&str, &str)]) -> Answer {
    let key = browser.get("/search").await.hidden("/search", "form_key");
    let once = fresh();
    let mut all = vec![("form_key", key.as_str()), ("once", once.as_str())];
    all.extend_from_slice(fields);
    browser.post(action, &all).await
}

fn offers(page: &Answer, action: &str) -> bool {
    page.body.contains(&format!("action=\"{action}\""))
}

#[tokio::test]
async fn the_office_records_the_last_day_and_only_leadership_and_the_dsl_move_it_back() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let (ends, later) = (format!("{family}/ends"), format!("{family}/ends-later"));
    let dora = link(&school, "C4").await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&family).await;
    let fields = |last| [("link", dora.as_str()), ("part", "ends"), ("last", last)];

    let no_day = office.press(&page, &ends, &fields("soon")).await;
    let first = fields("2026-11-27");
    let done = [office.press(&page, &ends, &first).await, office.press(&page, &ends, &first).await];
    let seen = office.get(done[0].to()).await;
    let back = office.press(&seen, &ends, &fields("2026-12-18")).await;
    let moved =
        [("link", dora.as_str()), ("part", "ends-later"), ("last", "2026-12-18"), ("reason", "extended")];
    let forged = [
        forge(&mut office, &later, &moved).await.status,
        forge(&mut school.as_role(Role::Teacher).await, &ends, &first).await.status,
        forge(&mut school.as_role(Role::Teacher).await, &later, &moved).await.status,
    ];
    let teacher = school.as_role(Role::Teacher).await.get(&family).await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let theirs = dsl.get(&family).await;
    let lifted = [dsl.press(&theirs, &later, &moved).await, dsl.press(&theirs, &later, &moved).await];
    let slt = school.as_role(Role::Slt).await.get(lifted[0].to()).await.body;
    let hers = dsl.get(&family).await.body;
    let on_carer = dsl.get(&carer(&school, "C4").await).await.body;

    assert_eq!((no_day.status, back.status), (422, 422));
    assert!(
        back.body.contains("href=\"#ends\"") && back.body.contains("value=\"2026-12-18\""),
        "{}",
        back.body
    );
    assert!(done.iter().all(|answer| answer.to() == format!("{family}?done=ends")));
    assert!(seen.body.contains("This arrangement ends on Friday 27 November"), "{}", seen.body);
    assert!(seen.body.contains("Recorded by office on Monday 23 November"), "{}", seen.body);
    assert_eq!(forged, [403; 3]);
    assert!(!offers(&seen, &later) && offers(&theirs, &later), "no form that is not theirs");
    assert!(!offers(&teacher, &ends));
    let card = "May be told about this pupil, until Friday 27 November.";
    assert!(teacher.body.contains(card), "who writes is told: {}", teacher.body);
    assert!(lifted.iter().all(|answer| answer.to() == format!("{family}?done=ends-later")));
    assert!(!slt.contains("extended") && hers.contains("extended"), "why is the DSL's");
    assert!(on_carer.contains("This arrangement ends on Friday 18 December"), "{on_carer}");
    school.close().await;
}

#[tokio::test]
async fn what_a_pupil_of_18_agrees_to_is_recorded_carer_by_carer() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let (agrees, no_more) = (format!("{family}/agrees"), format!("{family}/agrees-no-more"));
    let amina = link(&school, "C1").await;
    let mut slt = school.as_role(Role::Slt).await;
    let unknown = slt.get(&family).await;
    school.sql("update pupil set date_of_birth = '2008-11-01' where pupil_ref = 'P1'").await;
    let mut office = school.as_role(Role::Office).await;
    let fields = [("link", amina.as_str()), ("part", "agrees"), ("how", "Sam, in a talk")];

    let page = slt.get(&family).await;
    let offices = office.get(&family).await;
    let forged = [
        forge(&mut office, &agrees, &fields).await.status,
        forge(&mut school.as_role(Role::Teacher).await, &no_more, &fields).await.status,
    ];
    let wordless = slt.press(&page, &agrees, &[("link", &amina), ("part", "agrees"), ("how", " ")]).await;
    let done = slt.press(&page, &agrees, &fields).await;
    let agreed = office.get(&family).await;
    let undone = office.press(&agreed, &no_more, &[("link", &amina)]).await;
    let after = office.get(undone.to()).await;

    assert!(!offers(&unknown, &agrees), "of whom it is not known when they were born, nothing is guessed");
    assert!(page.body.contains("This pupil is 18: a carer is told only where"), "{}", page.body);
    let why =
        "Must not be told: the pupil is 18, and it is not recorded that they agree that this carer is told.";
    assert!(page.body.contains(why), "{}", page.body);
    assert!(!offers(&offices, &agrees), "no form that is not theirs");
    assert_eq!(forged, [403; 2]);
    assert_eq!(wordless.status, 422);
    assert_eq!(done.to(), format!("{family}?done=agrees"));
    assert!(agreed.body.contains("May be told about this pupil."), "{}", agreed.body);
    assert!(agreed.body.contains("The pupil agrees that this carer is told after 18."), "{}", agreed.body);
    assert!(after.body.contains(why) && !after.body.contains("Recorded by slt"), "{}", after.body);
    school.close().await;
}

#[tokio::test]
async fn a_death_is_recorded_on_a_page_of_its_own_and_nothing_goes_out_about_it() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let (death, undo) = (format!("{family}/death"), format!("{family}/death/undo"));
    school.call().await;
    let mut office = school.as_role(Role::Office).await;
    let linked = office.get(&family).await.body.contains(&format!("href=\"{death}\""));
    let page = office.get(&death).await;
    let fields = [("day", "2026-11-22"), ("certain", "on")];

    let unsure = office.press(&page, &death, &[("day", "2026-11-22")]).await;
    let ahead = office.press(&page, &death, &[("day", "2026-11-24"), ("certain", "on")]).await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let forged = [
        teacher.get(&death).await.status,
        forge(&mut teacher, &death, &fields).await.status,
        forge(&mut office, &undo, &[("reason", "a mistake")]).await.status,
    ];
    let done = [office.press(&page, &death, &fields).await, office.press(&page, &death, &fields).await];
    school.school.deliver().await;
    let seen = teacher.get(&family).await.body;
    let calls = teacher.get("/calls").await.body;
    let week = teacher
        .get(&format!("/week/{}", one(&school, "select id::text from class where name = 'Oak'").await))
        .await;
    let recorded = office.get(&death).await;
    let mut slt = school.as_role(Role::Slt).await;
    let theirs = slt.get(&death).await;
    let wordless = slt.press(&theirs, &undo, &[("reason", " ")]).await;
    let undone = slt.press(&theirs, &undo, &[("reason", "another child of that name")]).await;
    let living = slt.get(undone.to()).await.body;

    assert!(linked, "the pupil's page leads there");
    assert!(page.body.contains("Record this only when you are certain"), "{}", page.body);
    assert_eq!((unsure.status, ahead.status), (422, 422));
    assert!(unsure.body.contains("href=\"#certain\"") && ahead.body.contains("href=\"#day\""));
    assert_eq!(forged, [403; 3]);
    assert!(done.iter().all(|answer| answer.to() == format!("{family}?done=death")));
    let to: Vec<_> = school.school.mail.messages().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, [CLARA], "what she had written about Tia was acknowledged");
    assert_eq!(school.school.texts.posted(), 0);
    assert!(seen.contains("This pupil died on Sunday 22 November."), "{seen}");
    assert!(
        seen.contains("Nothing is sent: the pupil has died.") && !seen.contains("amina@family"),
        "{seen}"
    );
    assert!(!calls.contains("Sam Ash") && !week.body.contains("Sam Ash"), "nobody is reminded");
    assert!(recorded.body.contains("Recorded by office on Monday 23 November"), "{}", recorded.body);
    assert!(!offers(&recorded, &undo) && offers(&theirs, &undo), "no form that is not theirs");
    assert_eq!(wordless.status, 422);
    assert_eq!(undone.to(), format!("{family}?done=no-death"));
    assert!(
        living.contains("May be told about this pupil.") && !living.contains("This pupil died"),
        "{living}"
    );
    school.close().await;
}

#[tokio::test]
async fn a_carers_death_is_shown_and_their_child_is_written_about_to_the_others() {
    let school = Staffed::open().await;
    let (amina, family) = (carer(&school, "C1").await, school.family_of("P1").await);
    let death = format!("{amina}/death");
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&death).await;

    let done = office.press(&page, &death, &[("day", "2026-11-22"), ("certain", "on")]).await;
    let seen = office.get(done.to()).await.body;
    let card = school.as_role(Role::Teacher).await.get(&family).await.body;
    let mut dsl = school.as_role(Role::Dsl).await;
    let theirs = dsl.get(&death).await;
    let undone = dsl.press(&theirs, &format!("{death}/undo"), &[("reason", "a slip")]).await;

    assert_eq!(done.to(), format!("{amina}?done=death"));
    assert!(seen.contains("This carer died on Sunday 22 November."), "{seen}");
    assert!(card.contains("Nothing is sent: this carer has died."), "{card}");
    assert!(card.contains("May be told about this pupil."), "Dora is told as before: {card}");
    assert_eq!(undone.to(), format!("{amina}?done=no-death"));
    assert_eq!(one(&school, "select count(*)::text from carer where died_on is not null").await, "0");
    school.close().await;
}

#[tokio::test]
async fn another_familys_ids_and_ones_own_are_as_if_they_were_not_there() {
    let school = Staffed::open().await;
    let office = "office@northfield.example";
    let (ours, theirs) = (school.family_of("P1").await, school.family_of("P2").await);
    let (sams, tias) = (link(&school, "C1").await, link(&school, "C3").await);
    let amina = carer(&school, "C1").await;
    liaison::flows::colleagues::own_family(&school.school.gateway, office, "P1", "test").await.unwrap();
    let mut browser = school.signed_in(office).await;
    let mut slt = school.as_role(Role::Slt).await;
    let died = [("day", "2026-11-22"), ("certain", "on")];

    let statuses = [
        forge(&mut browser, &format!("{ours}/ends"), &[("link", &sams), ("last", "2026-11-22")]).await.status,
        forge(&mut browser, &format!("{theirs}/ends"), &[("link", &sams), ("last", "2026-11-22")])
            .await
            .status,
        forge(&mut slt, &format!("{ours}/ends"), &[("link", &tias), ("last", "2026-11-22")]).await.status,
        forge(&mut slt, &format!("{ours}/agrees"), &[("link", &tias), ("how", "x")]).await.status,
        forge(&mut slt, &format!("{ours}/agrees-no-more"), &[("link", &tias)]).await.status,
        forge(&mut slt, &format!("{ours}/ends-later"), &[("link", &tias), ("reason", "x")]).await.status,
        browser.get(&format!("{ours}/death")).await.status,
        forge(&mut browser, &format!("{ours}/death"), &died).await.status,
        forge(&mut browser, &format!("{amina}/death"), &died).await.status,
        forge(&mut slt, &format!("/carers/{}/death", fresh()), &died).await.status,
        forge(&mut slt, "/families/nobody/death", &died).await.status,
        forge(&mut slt, &format!("{}/death/undo", ours.replace("families", "carers")), &[("reason", "x")])
            .await
            .status,
    ];

    assert_eq!(statuses, [404; 12]);
    let changed = "select (select count(*) from link where ends is not null or adult_agreed_at is not null)
                        + (select count(*) from pupil where died_on is not null)
                        + (select count(*) from carer where died_on is not null) || ''";
    assert_eq!(one(&school, changed).await, "0");
    school.close().await;
}

#[tokio::test]
async fn a_pupil_who_turns_18_is_on_the_list_of_leadership_and_leads_to_where_it_is_recorded() {
    let school = Staffed::open().await;
    school.sql("update pupil set date_of_birth = '2008-12-01' where pupil_ref = 'P1'").await;
    liaison::flows::life::ask_ahead(&school.school.gateway).await.unwrap();
    let task = one(&school, "select id::text from task where kind = 'turns_18'").await;
    let family = school.family_of("P1").await;
    let mut slt = school.as_role(Role::Slt).await;

    let (home, list) = (slt.get("/").await.body, slt.get("/to-do").await.body);
    let page = slt.get(&format!("/tasks/{task}")).await.body;
    let teacher = school.as_role(Role::Teacher).await.get("/to-do").await.body;
    let card = school.as_role(Role::Teacher).await.get(&family).await.body;

    assert!(home.contains("1 pupil turns 18: ask whom we may tell"), "{home}");
    assert!(
        list.contains("A pupil turns 18") && list.contains("turns 18 on Tuesday 1 December 2026"),
        "{list}"
    );
    assert!(!list.contains("Amina"), "it is about the pupil: {list}");
    assert!(page.contains(&format!("href=\"{family}#ends\"")), "{page}");
    assert!(!teacher.contains("turns 18"), "{teacher}");
    assert!(card.contains("May be told about this pupil, until Monday 30 November."), "{card}");
    school.close().await;
}
