//! What colleagues see of cases, and what is as if it were not there.

use liaison::{
    domain::staff::Role,
    flows::{colleagues, divert},
};

use super::{AMINA, Staffed};
use crate::support::inbound::Letter;

#[tokio::test]
async fn a_teacher_answers_a_parent_of_their_class_and_the_clock_stops() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let inbox = teacher.get("/cases").await;
    let page = teacher.get(&format!("/cases/{case}")).await;
    let sent = teacher.press(&page, &format!("/cases/{case}/reply"), &[("words", "It is on his peg.")]).await;
    school.school.deliver().await;
    let after = teacher.get(sent.to()).await;

    assert!(inbox.body.contains("Amina Ash") && inbox.body.contains("Answer by"), "{}", inbox.body);
    assert!(page.body.contains("Has Sam got his coat?"));
    assert!(
        after.body.contains("Your reply is on its way.") && after.body.contains("sent by email"),
        "{}",
        after.body
    );
    assert!(after.body.contains("Answered; no clock runs"));
    let mail = school.school.mail.messages().pop().unwrap();
    assert!(mail.data.contains("It is on his peg."));
    school.close().await;
}

#[tokio::test]
async fn a_restricted_case_is_as_if_it_were_not_there_for_all_but_the_dsl() {
    let school = Staffed::open().await;
    let case = school.case_of("Boris Czerny").await;

    let mut absent = Vec::new();
    for role in [Role::Teacher, Role::Office, Role::Slt] {
        let mut browser = school.as_role(role).await;
        let page = browser.get(&format!("/cases/{case}")).await;
        let invented = browser.get("/cases/ZZZZ-ZZZZ").await;
        let family = browser.get(&school.family_of("P1").await).await;
        let (inbox, home) = (browser.get("/cases").await, browser.get("/").await);
        absent.push((page.status, page.body == invented.body));
        for body in [&inbox.body, &home.body, &family.body] {
            assert!(!body.contains(&case) && !body.contains("let out"), "{role}: {body}");
        }
        assert!(!inbox.body.contains("Boris"), "{role}");
    }
    let mut dsl = school.as_role(Role::Dsl).await;
    let page = dsl.get(&format!("/cases/{case}")).await;

    assert_eq!(absent, [(404, true); 3]);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("When is Sam let out?") && page.body.contains("Restricted"));
    school.close().await;
}

#[tokio::test]
async fn that_the_dsl_read_a_restricted_case_is_in_the_record() {
    let school = Staffed::open().await;
    let case = school.case_of("Boris Czerny").await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let staff = school.staff("dsl@northfield.example").await;
    let count = format!(
        "select count(*)::text from chronology_entry where kind = 'read_restricted' and actor = '{staff}'"
    );
    let before = school.school.rows(&count).await;

    dsl.get(&format!("/cases/{case}")).await;

    assert_eq!(before, ["0"]);
    assert_eq!(school.school.rows(&count).await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn another_classs_family_is_as_if_it_were_not_there_for_a_teacher() {
    let school = Staffed::open().await;
    let case = school.case_of("Clara Birch").await;
    let family = school.family_of("P2").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let own = teacher.get(&format!("/cases/{}", school.case_of("Amina Ash").await)).await;
    let action = format!("/cases/{case}/reply");
    let key = own.hidden(&format!("/cases/{}/reply", school.case_of("Amina Ash").await), "form_key");

    let page = teacher.get(&format!("/cases/{case}")).await.status;
    let card = teacher.get(&family).await.status;
    let once = uuid::Uuid::now_v7().to_string();
    let deed = teacher.post(&action, &[("form_key", &key), ("once", &once), ("words", "Hello")]).await.status;
    let search = teacher.get("/search").await;
    let found = teacher.press(&search, "/search", &[("words", "birch")]).await;
    let found_own = teacher.press(&search, "/search", &[("words", "ASH")]).await;
    school.school.deliver().await;

    assert_eq!([page, card, deed], [404; 3]);
    assert!(found.body.contains("Nothing that you may see has that in it"));
    assert!(found_own.body.contains("Sam Ash"));
    assert!(!school.school.mail.messages().iter().any(|mail| mail.data.contains("Hello")));
    school.close().await;
}

#[tokio::test]
async fn a_colleagues_own_family_is_hidden_from_them_whatever_their_role() {
    let school = Staffed::open().await;
    let office = "office@northfield.example";
    let (case, family) = (school.case_of("Clara Birch").await, school.family_of("P2").await);
    let mut before = school.signed_in(office).await;
    let seen = before.get(&family).await.status;

    colleagues::own_family(&school.school.gateway, office, "P2", "test").await.unwrap();
    let statuses = [before.get(&family).await.status, before.get(&format!("/cases/{case}")).await.status];
    let inbox = before.get("/cases?list=school").await.body;

    assert_eq!(seen, 200);
    assert_eq!(statuses, [404, 404]);
    assert!(!inbox.contains("Clara") && inbox.contains("Amina"));
    school.close().await;
}

#[tokio::test]
async fn a_teacher_sees_a_number_to_ring_and_not_where_the_family_lives() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;

    let teacher = school.as_role(Role::Teacher).await.get(&family).await.body;
    let office = school.as_role(Role::Office).await.get(&family).await.body;

    assert!(teacher.contains("+447700900101"), "{teacher}");
    assert!(!teacher.contains("1 Elm Row"));
    assert!(office.contains("1 Elm Row"));
    assert!(teacher.contains("Must not be told: an order forbids contact about this pupil."));
    school.close().await;
}

#[tokio::test]
async fn what_a_stranger_wrote_is_shown_as_words_and_never_as_a_page() {
    let school = Staffed::open().await;
    let hostile = "<script>alert(1)</script><img src=x onerror=y> \"quoted\" \u{202e}txet {{ frame }}";
    school.school.arrives(&Letter::from(AMINA).subject("<b>bold</b>").says(hostile)).await;
    let mut office = school.as_role(Role::Office).await;
    let case = school.school.cases().await.pop().expect("the newest case").code;

    let pages = [office.get(&format!("/cases/{case}")).await, office.get("/cases?list=school").await];

    for page in &pages {
        assert_eq!(page.status, 200);
        assert!(
            !page.body.contains("<script") && !page.body.contains("<img") && !page.body.contains("<b>"),
            "{}",
            page.body
        );
    }
    assert!(pages[0].body.contains("&#60;script&#62;alert(1)"), "{}", pages[0].body);
    school.close().await;
}

#[tokio::test]
async fn the_office_says_who_a_stranger_is_and_nothing_is_sent_by_that() {
    let school = Staffed::open().await;
    let question = school.school.question().await;
    let mut office = school.as_role(Role::Office).await;
    school.school.deliver().await;
    let before = school.school.mail.taken();

    let list = office.get("/questions").await;
    let at = format!("/questions/{}", question.id);
    let page = office.get(&at).await;
    let found = office.press(&page, &format!("{at}/find"), &[("name", "ash")]).await;
    let amina = pair_in(&found, "Amina Ash");
    let action = format!("{at}/answer");
    let nobody = office.press(&found, &action, &[("who", "")]).await;
    let stranger = office
        .press(&found, &action, &[("who", &format!("{}/{}", uuid::Uuid::nil(), uuid::Uuid::nil()))])
        .await;
    let fields = [("who", amina.as_str()), ("keep_address", "on")];
    let again = office.press(&page, &format!("{at}/find"), &[("name", "ash")]).await;
    let decided = office.press(&again, &action, &fields).await;
    school.school.deliver().await;

    assert!(list.body.contains("Who is this?"));
    assert!(page.body.contains("Is Sam in today?"));
    assert!(found.body.contains("Dora Ash") && !found.body.contains("Clara"), "{}", found.body);
    assert_eq!((nobody.status, stranger.status), (422, 422));
    assert!(decided.to().starts_with("/cases/"), "{}", decided.to());
    assert_eq!(school.school.mail.taken(), before);
    let kept = "select c.contact_ref from carer c join carer_address ca on ca.carer_id = c.id join address a on a.id = ca.address_id
                where a.value = 'new@elsewhere.example'";
    assert_eq!(school.school.rows(kept).await, ["C1"]);
    assert_eq!(school.school.told("address").await, 1);
    school.close().await;
}

/// The choice of this carer on a page.
fn pair_in(page: &super::Answer, carer: &str) -> String {
    let (before, _) = page.body.split_once(&format!("<bdi>{carer}</bdi>")).expect("the carer");
    let (_, value) = before.rsplit_once("name=\"who\" value=\"").expect("a choice");
    value.split('"').next().expect("its value").to_owned()
}

#[tokio::test]
async fn a_case_is_kept_in_order_by_notes_promises_and_kinds() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let at = format!("/cases/{case}");
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&at).await;
    let deed = |name: &str| format!("{at}/{name}");

    let done = [
        office.press(&page, &deed("note"), &[("note", "Rang the mother, no answer.")]).await,
        office.press(&page, &deed("kind"), &[("kind", "medical")]).await,
        office.press(&page, &deed("promise"), &[("day", "2026-11-27")]).await,
    ];
    let fresh = office.get(&at).await;
    let sunday = office.press(&fresh, &deed("promise"), &[("day", "2026-11-29")]).await;
    let seen = office.get(&at).await.body;
    let when = "2026-11-23T10:00";
    let said = [("how", "phone"), ("when", when), ("said", "Told her all."), ("full", "on")];
    let answered = office.press(&page, &deed("answered"), &said).await;
    let after = office.get(&at).await.body;

    assert_eq!(done.map(|answer| answer.status), [303; 3]);
    assert_eq!(sunday.status, 422);
    assert!(
        seen.contains("Rang the mother, no answer.") && seen.contains("<dd>medical or appointment</dd>"),
        "{seen}"
    );
    assert_eq!(answered.status, 303, "{}", answered.body);
    assert!(after.contains("Answered; no clock runs") && after.contains("Told her all."), "{after}");
    school.close().await;
}

#[tokio::test]
async fn a_case_passed_to_the_dsl_is_gone_for_the_teacher_and_leaves_neutral_words_behind() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let at = format!("/cases/{case}");
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&at).await;
    let action = format!("{at}/to-dsl");

    let passed = teacher.press(&page, &action, &[("reason", "Says he sleeps in the car.")]).await;
    let again = teacher.press(&page, &action, &[("reason", "Says he sleeps in the car.")]).await;
    let gone = teacher.get(&at).await.status;
    let (inbox, family) =
        (teacher.get("/cases").await.body, teacher.get(&school.family_of("P1").await).await.body);
    let mut dsl = school.as_role(Role::Dsl).await;
    let (door, theirs) = (dsl.get("/safeguarding").await.body, dsl.get(&at).await.body);

    assert_eq!((passed.to(), again.to()), ("/cases?done=diverted", "/cases?done=diverted"));
    assert_eq!(gone, 404);
    assert!(!inbox.contains("Amina") && !inbox.contains(&case), "{inbox}");
    assert!(family.to_lowercase().contains("passed to the dsl"), "{family}");
    for hidden in ["coat", "sleeps in the car", case.as_str()] {
        assert!(!family.contains(hidden), "{hidden}: {family}");
    }
    assert!(door.contains("Amina Ash") && theirs.contains("sleeps in the car"), "{theirs}");
    school.close().await;
}

#[tokio::test]
async fn a_request_for_data_is_asked_about_and_done_on_the_cases_page_and_holds_it_open_until_then() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let at = format!("/cases/{case}");
    school
        .school
        .rows(
            "update reading set suggested = 'subject_access', suggested_why = 'it asks for what the school holds' \
             where case_id is not null returning received_id::text",
        )
        .await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let asked = teacher.get(&at).await;

    let yes = teacher.press(&asked, &format!("{at}/suggested"), &[("is", "yes")]).await;
    let page = teacher.get(&at).await;
    let closed = teacher.press(&page, &format!("{at}/close"), &[("outcome", "Answered.")]).await;
    let silent = teacher.press(&page, &format!("{at}/fulfilled"), &[("fulfilled", " ")]).await;
    let done =
        teacher.press(&page, &format!("{at}/fulfilled"), &[("fulfilled", "Copies given by hand.")]).await;

    assert!(asked.body.contains("Is its kind “subject access request”?"), "{}", asked.body);
    assert_eq!(yes.to(), format!("{at}?done=suggested"));
    assert!(
        page.body.contains("Answer the subject access request by Wednesday 23 December, 17:00"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("Is its kind"), "{}", page.body);
    assert_eq!((closed.status, silent.status), (422, 422));
    assert!(closed.body.contains("answer the subject access request first"), "{}", closed.body);
    assert_eq!(done.to(), format!("{at}?done=fulfilled"));
    assert!(!teacher.get(&at).await.body.contains("Answer the subject access request by"));
    school.close().await;
}

/// How often the DSL has been noted as reading a restricted case.
async fn noted(school: &Staffed) -> usize {
    let all = "select id::text from chronology_entry where kind = 'read_restricted'";
    school.school.rows(all).await.len()
}

#[tokio::test]
async fn what_a_divert_has_hidden_is_marked_on_the_dsls_pages_and_reading_it_is_an_entry() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    divert::divert(&school.school.gateway, &case, false, "He is afraid.", "office").await.unwrap();
    let carer = school.school.rows("select id::text from carer where contact_ref = 'C1'").await.remove(0);
    // Without the divert's own entry, which is restricted as it was written.
    school.school.db.as_superuser("alter table chronology_entry disable trigger all; \
         update chronology_entry set carer_id = null, pupil_id = null where kind = 'diverted' and visibility = 'restricted'; \
         alter table chronology_entry enable trigger all").await;
    let mut dsl = school.as_role(Role::Dsl).await;

    let mut marked = Vec::new();
    for path in [
        format!("/carers/{carer}?kind=in"),
        format!("/carers/{carer}?kind=in&print=yes"),
        school.family_of("P1").await + "?kind=in",
    ] {
        let before = noted(&school).await;
        let page = dsl.get(&path).await.body;
        let line = page.split("<li>").find(|line| line.contains("Has Sam got his coat?")).expect("her words");
        marked.push((line.contains("<span class=\"tag\">Restricted</span>"), noted(&school).await - before));
    }
    let other = dsl.get(&(school.family_of("P2").await + "?kind=in")).await.body;

    assert_eq!(marked, [(true, 1); 3]);
    assert!(other.contains("reading book") && !other.contains("Restricted"), "{other}");
    // Not closed: an entry was altered here, and closing would find it.
}

#[tokio::test]
async fn whatever_page_tells_the_dsl_of_a_restricted_case_the_record_says_so() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    divert::divert(&school.school.gateway, &case, false, "He is afraid.", "office").await.unwrap();
    liaison::flows::cases::close(&school.school.gateway, &case, true, "told the authority", "dsl")
        .await
        .unwrap();
    // The last belongs to the case by what it carries alone.
    for (kind, of_case, of_answer) in
        [("call", "c.id", "null::uuid"), ("letter", "c.id", "null"), ("check_address", "null", "a.id")]
    {
        school
            .sql(&format!(
                "insert into task (id, kind, role, carer_id, pupil_id, case_id, answer_id, why, due, state, created_at)
                 select gen_random_uuid(), '{kind}', 'dsl', c.carer_id, c.pupil_id, {of_case}, {of_answer}, 'x', '2026-11-27',
                        'open', now()
                 from carer_case c join answer a on a.case_id = c.id where c.code = '{case}'"
            ))
            .await;
    }
    let id = |kind: &str| format!("select id::text from task where kind = '{kind}' and role = 'dsl'");
    let (call, letter) =
        (school.school.rows(&id("call")).await.remove(0), school.school.rows(&id("letter")).await.remove(0));
    let check = format!("/tasks/{}", school.school.rows(&id("check_address")).await.remove(0));
    let mut dsl = school.as_role(Role::Dsl).await;
    let mine = format!(
        "select e.id::text from chronology_entry e join carer_case c on c.id = e.case_id
         where e.kind = 'read_restricted' and c.code = '{case}'"
    );

    let mut unnoted = Vec::new();
    let call = format!("/calls/{call}");
    for path in ["/", "/to-do", "/to-do?list=all", "/calls", &call, &check, "/letters", "/records"] {
        let before = school.school.rows(&mine).await.len();
        assert_eq!(dsl.get(path).await.status, 200, "{path}");
        if school.school.rows(&mine).await.len() == before {
            unnoted.push(path.to_owned());
        }
    }
    let page = dsl.get("/letters").await;
    let before = school.school.rows(&mine).await.len();
    dsl.press(&page, "/letters/print", &[("letter", &letter)]).await;
    let printed = school.school.rows(&mine).await.len() - before;
    let before = noted(&school).await;
    for path in ["/", "/to-do?list=all", "/calls", "/letters"] {
        school.as_role(Role::Office).await.get(path).await;
    }

    assert_eq!(unnoted, Vec::<String>::new());
    assert_eq!((printed, noted(&school).await - before), (1, 0));
    school.close().await;
}

#[tokio::test]
async fn a_decision_that_makes_a_case_the_dsls_leads_the_office_to_no_page_of_it() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let question = format!("/questions/{}", school.school.question().await.id);
    let action = format!("{question}/answer");
    let found = office.get(&question).await;
    let found = office.press(&found, &format!("{question}/find"), &[("name", "Czerny")]).await;
    let (_, who) = found.body.split_once("name=\"who\" value=\"").expect("a choice");
    let who = who.split('"').next().unwrap().to_owned();

    let decided = office.press(&found, &action, &[("who", &who)]).await;
    let again = office.press(&found, &action, &[("who", &who)]).await;
    let after = office.get(decided.to()).await;
    let theirs = office.get("/questions?list=decided").await.body;
    let (mut dsl, before) = (school.as_role(Role::Dsl).await, noted(&school).await);
    let list = dsl.get("/questions?list=decided").await.body;
    let read = noted(&school).await - before;

    assert!(!theirs.contains(&question), "{theirs}");
    assert!(list.contains(&question), "{list}");
    assert_eq!(read, 1, "that the DSL read of it is an entry");
    assert_eq!([decided.to(), again.to()], ["/questions?done=answered"; 2]);
    assert!(after.body.contains("Your decision is recorded."), "{}", after.body);
    let kept = "select count(*)::text from carer_case c join carer r on r.id = c.carer_id
                where r.contact_ref = 'C2' and c.visibility = 'restricted'";
    assert_eq!(school.school.rows(kept).await, ["2"]);
    school.close().await;
}

#[tokio::test]
async fn a_decision_stands_and_says_so_where_the_address_could_not_be_kept() {
    let school = Staffed::open().await;
    school.sql("update reading set sender = 'no address @ all' where sender = 'new@elsewhere.example'").await;
    let mut office = school.as_role(Role::Office).await;
    let question = format!("/questions/{}", school.school.question().await.id);
    let found = office.get(&question).await;
    let found = office.press(&found, &format!("{question}/find"), &[("name", "Amina")]).await;
    let (_, who) = found.body.split_once("name=\"who\" value=\"").expect("a choice");
    let who = who.split('"').next().unwrap().to_owned();

    let fields = [("who", who.as_str()), ("keep_address", "on")];
    let decided = office.press(&found, &format!("{question}/answer"), &fields).await;
    let after = office.get(decided.to()).await.body;

    assert!(
        decided.to().starts_with("/cases/") && decided.to().ends_with("?done=answered-only"),
        "{}",
        decided.to()
    );
    assert!(after.contains("but the address was not kept"), "{after}");
    school.close().await;
}

#[tokio::test]
async fn the_title_of_a_restricted_case_names_nobody() {
    let school = Staffed::open().await;
    let (ordinary, restricted) = (school.case_of("Amina Ash").await, school.case_of("Boris Czerny").await);
    let mut dsl = school.as_role(Role::Dsl).await;
    let title =
        |page: &str| page.split_once("<title>").unwrap().1.split("</title>").next().unwrap().to_owned();

    let open = dsl.get(&format!("/cases/{ordinary}")).await.body;
    let closed = dsl.get(&format!("/cases/{restricted}")).await.body;

    assert!(title(&open).contains("Amina Ash"), "{open}");
    assert!(title(&closed).contains(&restricted) && !title(&closed).contains("Boris"), "{closed}");
    assert!(closed.contains("<dt>From</dt><dd><bdi>Boris Czerny</bdi></dd>"), "{closed}");
    school.close().await;
}

#[tokio::test]
async fn a_card_names_the_day_a_bar_ends_only_where_it_does_end_and_with_its_year() {
    let school = Staffed::open().await;
    let family = school.family_of("P1").await;
    let mut office = school.as_role(Role::Office).await;
    let more = "insert into restriction (id, link_id, kind, ends, recorded_at, recorded_by)
                select gen_random_uuid(), link_id, 'supervised', '2026-11-27', now(), 'test' from restriction";
    school.sql(more).await;

    let still = office.get(&family).await.body;
    school
        .school
        .db
        .as_superuser("update restriction set ends = '2029-11-27' where kind = 'no_contact'")
        .await;
    let ends = office.get(&family).await.body;

    assert!(
        still.contains("an order forbids contact about this pupil.") && !still.contains(" Until "),
        "{still}"
    );
    assert!(
        ends.contains("an order forbids contact about this pupil. Until Tuesday 27 November 2029."),
        "{ends}"
    );
    school.close().await;
}

#[tokio::test]
async fn only_the_slt_lets_a_reply_go_by_text_that_may_not() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let case = school.case_of("Amina Ash").await;
    let (path, action) = (format!("/cases/{case}"), format!("/cases/{case}/reply"));
    let (mut teacher, mut slt) = (school.as_role(Role::Teacher).await, school.as_role(Role::Slt).await);
    let fields = [("words", "He has calmed down."), ("topic", "behaviour"), ("by_text", "She asked for it")];

    let hers = teacher.get(&path).await;
    let refused = teacher.press(&hers, &action, &fields).await;
    let theirs = slt.get(&path).await;
    let done = slt.press(&theirs, &action, &fields).await;
    let after = slt.get(&path).await.body;

    assert!(!hers.body.contains("name=\"by_text\"") && theirs.body.contains("name=\"by_text\""));
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Only senior leadership lets a reply go by text"), "{}", refused.body);
    assert_eq!(done.to(), format!("{path}?done=replied"));
    assert!(after.contains("the SLT lets a reply in case") && after.contains("She asked for it"), "{after}");
    school.close().await;
}

#[tokio::test]
async fn a_reply_to_a_text_about_a_listed_topic_goes_by_mail_and_its_page_says_so() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    school.school.text_arrives("+447700900101", "How is Sam today?").await;
    let texts = school.school.texts.posted();
    let case = school.school.rows("select code from carer_case where came_by = 'text'").await.remove(0);
    let (path, action) = (format!("/cases/{case}"), format!("/cases/{case}/reply"));
    let mut teacher = school.as_role(Role::Teacher).await;

    let page = teacher.get(&path).await;
    let fields = [("words", "He has calmed down."), ("topic", "behaviour")];
    let done = teacher.press(&page, &action, &fields).await;
    let after = teacher.get(done.to()).await.body;
    school.school.deliver().await;

    assert_eq!(done.to(), format!("{path}?done=not-by-text"));
    assert!(after.contains("by email: what it is about never goes by text"), "{after}");
    assert!(after.contains("About: behaviour."), "{after}");
    assert_eq!(school.school.texts.posted(), texts + 1, "the acknowledgement alone");
    school.close().await;
}

#[tokio::test]
async fn a_colleague_says_on_the_case_that_a_message_is_not_theirs_and_another_class_cannot() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&format!("/cases/{case}")).await;
    let (_, rest) = page.body.split_once(&format!("/cases/{case}/messages/")).expect("a link at the message");
    let received = rest.split(['"', '/']).next().unwrap().to_owned();
    let at = format!("/cases/{case}/messages/{received}");
    let clara = school.case_of("Clara Birch").await;

    let page = teacher.get(&at).await;
    let nothing = teacher.press(&page, &at, &[("wrong", ""), ("reason", "<it> was Boris")]).await;
    let elsewhere = teacher.get(&format!("/cases/{clara}/messages/{received}")).await;
    let page = teacher.get(&at).await;
    let done = teacher.press(&page, &at, &[("wrong", "carer"), ("reason", "it was Boris")]).await;
    let twice = teacher.press(&page, &at, &[("wrong", "carer"), ("reason", "it was Boris")]).await;
    let after = teacher.get(done.to()).await.body;
    let list = school.as_role(Role::Office).await.get("/questions").await.body;

    assert_eq!((nothing.status, elsewhere.status), (422, 404));
    assert!(nothing.body.contains("&#60;it&#62; was Boris") && nothing.body.contains("#wrong-carer"));
    assert_eq!((done.to(), twice.to()), (&*format!("/cases/{case}?done=asked-again"), done.to()));
    assert!(after.contains("It is asked again.") && after.contains("matched wrongly"), "{after}");
    assert!(list.contains("Has Sam got his coat?") || list.contains("amina"), "{list}");
    school.close().await;
}

#[tokio::test]
async fn a_message_in_another_language_is_put_into_english_beneath_the_words_as_they_came() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let received = school
        .school
        .rows("select received_id::text from reading where sender like 'amina%'")
        .await
        .remove(0);
    let at = format!("/cases/{case}/messages/{received}/english");
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&at).await;

    let unnamed = [("words", "He has a <cold>."), ("made", "machine"), ("checked_by", "")];
    let refused = teacher.press(&page, &at, &unnamed).await;
    let named = [("words", "He has a <cold>."), ("made", "machine"), ("checked_by", "F. Noor & co")];
    let kept = teacher.press(&page, &at, &named).await;
    let shown = teacher.get(&format!("/cases/{case}")).await.body;
    let foreign = school.as_role(Role::It).await.get(&at).await.status;

    assert_eq!((refused.status, kept.to()), (422, format!("/cases/{case}?done=english").as_str()));
    assert!(refused.body.contains("He has a &#60;cold&#62;.</textarea>"), "{}", refused.body);
    for said in
        ["He has a &#60;cold&#62;.", "Made by a machine and checked by a person", "F. Noor &#38; co", "coat"]
    {
        assert!(shown.contains(said), "{said} in {shown}");
    }
    assert_eq!(foreign, 403);
    let told = school
        .school
        .rows(
            "select e.sentence || ' | ' || b.body from chronology_entry e
             join chronology_body b on b.entry_id = e.id where e.kind = 'translation'",
        )
        .await;
    assert_eq!(
        told,
        [
            "a message of theirs put into English: made by a machine and checked by a person | He has a <cold>.\n\n\
          Made or checked by: F. Noor & co"
        ]
    );
    school.close().await;
}
