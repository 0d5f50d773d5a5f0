//! Channels and the queue: pausing, and what is done with one message by hand. IT sees nobody's name.

use liaison::{
    domain::staff::Role,
    flows::{cases, channels, divert},
};

use super::Staffed;

const PERSONAL: [&str; 7] = ["Amina", "Boris", "Clara", "Sam", "Tia", "family.example", "900101"];

/// Updates for both classes that wait; nothing has left.
async fn waiting() -> Staffed {
    let school = Staffed::open().await;
    school.school.deliver().await;
    school.school.queue(&[("P1", "Sam read aloud."), ("P2", "Tia painted.")]).await;
    school
}

async fn delivery(school: &Staffed, carer: &str) -> String {
    let sql = format!(
        "select d.id::text from delivery d join carer c on c.id = d.carer_id
         where c.contact_ref = '{carer}' and d.purpose = 'weekly_update'"
    );
    school.school.rows(&sql).await.remove(0)
}

async fn state(school: &Staffed, id: &str) -> String {
    school.school.rows(&format!("select state from delivery where id = '{id}'")).await.remove(0)
}

#[tokio::test]
async fn all_sending_and_one_channel_are_paused_with_a_reason_and_go_on() {
    let school = waiting().await;
    let mut it = school.as_role(Role::It).await;
    let page = it.get("/admin/channels").await;
    let taken = school.school.mail.taken();

    let silent = it.press(&page, "/admin/channels/all/hold", &[("reason", " ")]).await;
    let held = it.press(&page, "/admin/channels/all/hold", &[("reason", "fire drill")]).await;
    let twice = it.press(&page, "/admin/channels/all/hold", &[("reason", "fire drill")]).await;
    school.school.deliver().await;
    let (quiet, paused) = (school.school.mail.taken(), it.get(held.to()).await);
    it.press(&paused, "/admin/channels/all/release", &[]).await;
    let one = it.press(&page, "/admin/channels/school-mail/hold", &[("reason", "moving")]).await;
    school.school.deliver().await;
    let still = school.school.mail.taken();
    let unknown = it
        .post(
            "/admin/channels/fax/hold",
            &[
                ("form_key", &page.hidden("/admin/channels/all/hold", "form_key")),
                ("once", &uuid::Uuid::now_v7().to_string()),
            ],
        )
        .await;

    assert_eq!((silent.status, held.status, twice.to()), (422, 303, held.to()));
    assert!(paused.body.contains("fire drill") && paused.body.contains("Nothing leaves"), "{}", paused.body);
    assert_eq!((quiet, still, one.status), (taken, taken, 303));
    assert!(page.body.contains("Sends emails") && page.body.contains("Last message taken"), "{}", page.body);
    assert_eq!(unknown.status, 404);
    school.close().await;
}

#[tokio::test]
async fn it_sees_the_queue_without_names_and_changes_no_message() {
    let school = waiting().await;
    let (mut it, mut office) = (school.as_role(Role::It).await, school.as_role(Role::Office).await);
    let id = delivery(&school, "C1").await;
    let listed = office.get("/admin/queue").await;
    office.press(&listed, &format!("/admin/queue/{id}/hold"), &[("reason", "Amina rang")]).await;

    let theirs = office.get("/admin/queue").await;
    let machine = it.get("/admin/queue").await;
    let channels = it.get("/admin/channels").await;

    assert!(theirs.body.contains("Amina Ash") && theirs.body.contains("Amina rang"), "{}", theirs.body);
    assert!(machine.body.contains(&id) && machine.body.contains("Held by hand"), "{}", machine.body);
    for word in PERSONAL {
        assert!(!machine.body.contains(word) && !channels.body.contains(word), "{word}");
    }
    assert!(!machine.body.contains("/retry") && !machine.body.contains("/cancel"));
    school.close().await;
}

#[tokio::test]
async fn one_message_is_held_released_taken_back_and_sent_again() {
    let school = waiting().await;
    let mut office = school.as_role(Role::Office).await;
    let (hers, other) = (delivery(&school, "C1").await, delivery(&school, "C3").await);
    let at = |deed: &str| format!("/admin/queue/{hers}/{deed}");
    let page = office.get("/admin/queue").await;
    let mail = school.school.mail.taken();

    let held = office.press(&page, &at("hold"), &[("reason", "a call first")]).await;
    let gone = office.press(&page, &format!("/admin/queue/{other}/cancel"), &[]).await;
    let again = office.press(&page, &format!("/admin/queue/{other}/cancel"), &[]).await;
    school.school.deliver().await;
    let (quiet, kept) = (school.school.mail.taken(), state(&school, &hers).await);
    let page = office.get("/admin/queue").await;
    let released = office.press(&page, &at("release"), &[]).await;
    school.school.deliver().await;

    assert_eq!([held.status, gone.status, again.status, released.status], [303; 4]);
    assert_eq!(again.to(), gone.to());
    assert_eq!((quiet, kept.as_str()), (mail, "queued"));
    assert_eq!(state(&school, &other).await, "cancelled");
    assert_eq!(school.school.mail.taken(), mail + 1);
    assert_eq!(state(&school, &hers).await, "submitted");
    let by = school.staff("office@northfield.example").await.to_string();
    let told = "select distinct actor from chronology_entry where kind = 'operator'";
    assert_eq!(school.school.rows(told).await, [by]);
    school.close().await;
}

#[tokio::test]
async fn a_message_that_may_have_gone_is_sent_again_only_knowingly() {
    let school = waiting().await;
    let mut office = school.as_role(Role::Office).await;
    let id = delivery(&school, "C1").await;
    school
        .sql(&format!(
            "update delivery set state = 'unknown', tries = 1, wire_since = queued_at where id = '{id}'"
        ))
        .await;
    let at = format!("/admin/queue/{id}/retry");
    let page = office.get("/admin/queue?list=unknown").await;

    let asked = office.press(&page, &at, &[]).await;
    let knowingly = office.press(&page, &at, &[("even_if_twice", "on")]).await;

    assert_eq!((asked.status, knowingly.status), (422, 303));
    assert!(asked.body.contains("tick the box") && !asked.body.contains("--even"), "{}", asked.body);
    assert_eq!(state(&school, &id).await, "queued");
    school.close().await;
}

#[tokio::test]
async fn a_message_of_a_restricted_case_or_of_ones_own_family_is_nowhere_in_the_list() {
    let school = waiting().await;
    let own = "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p
               where s.name = 'slt' and p.pupil_ref = 'P1'";
    school.sql(own).await;
    let mut slt = school.as_role(Role::Slt).await;
    let mine = delivery(&school, "C1").await;
    let page = slt.get("/admin/queue").await;
    let seen = delivery(&school, "C3").await;
    let key = page.hidden(&format!("/admin/queue/{seen}/cancel"), "form_key");

    let once = uuid::Uuid::now_v7().to_string();
    let barred =
        slt.post(&format!("/admin/queue/{mine}/cancel"), &[("form_key", &key), ("once", &once)]).await;

    assert!(page.body.contains(&seen) && !page.body.contains(&mine), "{}", page.body);
    assert_eq!((barred.status, state(&school, &mine).await.as_str()), (404, "queued"));
    school.close().await;
}

#[tokio::test]
async fn the_list_goes_on_by_key_and_is_narrowed_by_state_and_channel() {
    let school = waiting().await;
    let mut it = school.as_role(Role::It).await;
    // Sixty more that came to grief, each of an update of its own.
    let more = "with u as (insert into pupil_update (id, pupil_id, week, body, sensitive, author, queued_at)
                select gen_random_uuid(), p.id, date '2020-01-06' + 7 * n, 'x', false, 'x', now()
                from pupil p, generate_series(1, 60) n where p.pupil_ref = 'P2' returning id, pupil_id)
                insert into delivery (id, update_id, pupil_id, carer_id, purpose, route, channel, state, not_before, tries,
                                      settled_at, fault, reason, queued_at)
                select gen_random_uuid(), u.id, u.pupil_id, c.id, 'weekly_update', 'email', 'school-mail', 'failed', now(), 1,
                       now(), 'bad_address', 'no such mailbox', now()
                from u, carer c where c.contact_ref = 'C3'";
    school.sql(more).await;
    let count = |page: &str| page.matches("<h3>").count();

    let first = it.get("/admin/queue?list=failed").await;
    let older = first.body.split("href=\"/admin/queue?list=failed&#38;before=").nth(1).expect("more");
    let older = older.split('"').next().unwrap().to_owned();
    let second = it.get(&format!("/admin/queue?list=failed&before={older}")).await;
    let texts = it.get("/admin/queue?list=failed&channel=texts").await;
    let strange = it.get("/admin/queue?list=%3Cscript%3E&channel=nowhere&before=x").await;

    // Nobody saw to these sixty, as somebody must at the end of every other test.
    school
        .school
        .db
        .as_superuser(
            "delete from delivery where fault = 'bad_address'; delete from pupil_update where author = 'x'",
        )
        .await;
    assert_eq!((count(&first.body), count(&second.body), count(&texts.body)), (50, 10, 0));
    assert!(texts.body.contains("nothing to do here"));
    assert_eq!(strange.status, 200);
    assert!(!strange.body.contains("script"));
    // Updates that nobody queued are no school's: they would count as forgotten.
    school.school.db.as_superuser("delete from delivery where reason = 'no such mailbox'; delete from pupil_update where body = 'x'").await;
    school.close().await;
}

/// How many messages a page of channels counts, all states together.
fn counted(page: &str) -> usize {
    let links = page.split("href=\"/admin/queue?list=").skip(1);
    let counts = links.filter_map(|link| link.split_once('>')?.1.split(':').next()?.parse::<usize>().ok());
    counts.sum()
}

fn in_health(page: &str) -> usize {
    let cells = page.split("<td class=\"number\">").skip(1);
    cells.filter_map(|cell| cell.split('<').next()?.parse::<usize>().ok()).sum()
}

#[tokio::test]
async fn a_number_of_messages_is_that_of_the_list_behind_it_for_whoever_looks() {
    let school = waiting().await;
    let own = "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p
               where s.name = 'slt' and p.pupil_ref = 'P1'";
    school.sql(own).await;
    let case = school.case_of("Clara Birch").await;
    let reply = cases::Reply {
        words: "It is.",
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "office",
    };
    cases::reply(&school.school.gateway, &case, false, &reply).await.unwrap();
    divert::divert(&school.school.gateway, &case, false, "She is afraid.", "office").await.unwrap();

    let mut waiting = Vec::new();
    for role in [Role::Slt, Role::Office, Role::Dsl] {
        let seen_by = school.staff(crate::support::staffed::email_of(role)).await;
        let all = channels::health(&school.school.gateway, Some(seen_by)).await.unwrap();
        waiting.push(all.iter().map(|one| one.waits.due + one.waits.later).sum::<i64>());
    }
    let all = channels::health(&school.school.gateway, None).await.unwrap();
    waiting.push(all.iter().map(|one| one.waits.due + one.waits.later).sum::<i64>());
    assert_eq!(waiting, [1, 2, 3, 2], "SLT, office, DSL, IT: as the lists");

    let mut numbers = Vec::new();
    for role in [Role::Slt, Role::Office, Role::It, Role::Dsl] {
        let mut browser = school.as_role(role).await;
        let lines = browser.get("/admin/queue").await.body.matches("<h3>").count();
        let health = in_health(&browser.get("/health").await.body);
        let channels = browser.get("/admin/channels").await;
        let channels = if channels.status == 200 { counted(&channels.body) } else { lines };
        numbers.push((role, lines, channels, health));
    }
    let home = school.as_role(Role::It).await.get("/").await.body;

    assert_eq!(
        numbers,
        [(Role::Slt, 1, 1, 1), (Role::Office, 2, 2, 2), (Role::It, 2, 2, 2), (Role::Dsl, 3, 3, 3)],
        "of Tia's update; Sam's; the reply in a restricted case"
    );
    assert!(home.contains("2 messages wait to leave"), "{home}");
    school.close().await;
}

#[tokio::test]
async fn a_reply_of_a_restricted_case_that_failed_is_on_the_dsls_queue_alone() {
    let school = waiting().await;
    let case = school.case_of("Clara Birch").await;
    let reply = cases::Reply {
        words: "It is.",
        promise: None,
        full_answer: true,
        sensitive: false,
        topic: None,
        by_text: None,
        by: "office",
    };
    cases::reply(&school.school.gateway, &case, false, &reply).await.unwrap();
    divert::divert(&school.school.gateway, &case, false, "She is afraid.", "office").await.unwrap();
    let id = "select id::text from delivery where purpose = 'reply'";
    let id = school.school.rows(id).await.remove(0);
    let mut dsl = school.as_role(Role::Dsl).await;

    let page = dsl.get("/admin/queue").await;
    let back = dsl.press(&page, &format!("/admin/queue/{id}/cancel"), &[]).await;
    for role in [Role::Office, Role::Slt, Role::It] {
        let theirs = school.as_role(role).await.get("/admin/queue").await.body;
        assert!(!theirs.contains(&id), "{role}");
    }

    assert!(page.body.contains("Clara Birch") && !page.body.contains("/admin/channels\""), "{}", page.body);
    assert_eq!((back.status, state(&school, &id).await.as_str()), (303, "cancelled"));
    school.close().await;
}
