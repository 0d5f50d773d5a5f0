//! Lists by clock, paged by key, and a case given to a colleague by name.

use std::collections::BTreeSet;

use liaison::{domain::staff::Role, flows::colleagues};

use super::{AMINA, Answer, BORIS, Browser, Staffed};
use crate::support::inbound::Letter;

/// What every link with this beginning leads to, in order.
fn links(page: &Answer, beginning: &str) -> Vec<String> {
    let start = format!("href=\"{beginning}");
    let starts = page.body.split(&start).skip(1);
    starts.map(|rest| rest.split('"').next().expect("its end").to_owned()).collect()
}

/// Follows a list from page to page; what each of its links with this beginning leads to.
async fn walk(browser: &mut Browser, list: &str, beginning: &str) -> Vec<String> {
    let (mut path, mut seen) = (list.to_owned(), Vec::new());
    for _ in 0..20 {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        seen.extend(links(&page, beginning));
        let next = page.body.split("<p class=\"pages\">").nth(1).and_then(|rest| {
            rest.split("href=\"")
                .skip(1)
                .map(|link| link.split('"').next().unwrap())
                .find(|link| link.contains("after="))
        });
        match next {
            Some(next) => path = next.replace("&#38;", "&"),
            None => return seen,
        }
    }
    panic!("the list never ends");
}

/// Sixty more cases of Amina's, some due at the same moment, some without a clock, some opened at the same moment.
async fn many_cases(school: &Staffed) {
    school
        .sql(
            "with new as (
                 insert into carer_case (id, code, carer_id, pupil_id, link_pupil, kind, came_by, visibility, subject, role,
                                         class_id, state, opened_at, last_at)
                 select gen_random_uuid(), 'TEST-' || lpad(n::text, 4, '0'), c.carer_id, c.pupil_id, c.link_pupil, c.kind,
                        c.came_by, c.visibility, 'Matter ' || n, c.role, c.class_id, 'open',
                        c.opened_at + (n / 4) * interval '1 minute', c.last_at
                 from carer_case c join carer r on r.id = c.carer_id cross join generate_series(1, 60) n
                 where r.forename = 'Amina' returning id, code, opened_at)
             insert into clock (id, case_id, received_id, kind, state, started_at, due_at, due_day, days, words, calendar)
             select gen_random_uuid(), id, gen_random_uuid(), 'answer', 'running', opened_at,
                    '2026-11-27T17:00:00Z'::timestamptz + (right(code, 4)::int * 7 % 5) * interval '1 day', '2026-11-27', 4, 'x', 'x'
             from new where right(code, 4)::int % 3 <> 0",
        )
        .await;
}

#[tokio::test]
async fn every_case_stands_once_on_its_list_and_what_is_due_first_stands_first() {
    let school = Staffed::open().await;
    many_cases(&school).await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let listed = walk(&mut teacher, "/cases?list=classes", "/cases/").await;

    let by_clock = "select c.code from carer_case c join class k on k.id = c.class_id and k.name = 'Oak'
                    left join lateral (select min(due_at) as due from clock where case_id = c.id and state = 'running') d on true
                    where c.visibility = 'ordinary' order by d.due nulls last, c.opened_at, c.id";
    let expected = school.school.rows(by_clock).await;
    assert_eq!(expected.len(), 61);
    assert_eq!(listed, expected);
    let first = teacher.get("/cases?list=classes").await.body;
    assert!(first.contains("My classes <span class=\"count\">(61)</span>"), "{first}");
    school.close().await;
}

#[tokio::test]
async fn closed_cases_are_paged_too_the_last_closed_first() {
    let school = Staffed::open().await;
    many_cases(&school).await;
    school
        .sql(
            "update carer_case set state = 'closed', closed_by = 'test', outcome = 'done',
                    closed_at = opened_at + (right(code, 4)::int % 7) * interval '1 hour'
             where code like 'TEST-%'",
        )
        .await;
    let mut slt = school.as_role(Role::Slt).await;

    let listed = walk(&mut slt, "/cases?list=closed", "/cases/").await;
    let nonsense = slt.get("/cases?list=closed&after=nothing.at-all").await;

    let last = "select code from carer_case where state = 'closed' order by closed_at desc, id desc";
    assert_eq!(listed, school.school.rows(last).await);
    assert_eq!(nonsense.status, 200);
    assert!(nonsense.body.contains("Closed <span class=\"count\">(60)</span>"), "{}", nonsense.body);
    school.close().await;
}

#[tokio::test]
async fn questions_calls_and_tasks_are_paged_and_each_stands_once() {
    let school = Staffed::open().await;
    school.call().await;
    school
        .sql(
            "insert into question (id, kind, received_id, why, candidates, role, visibility, due, state, opened_at)
             select gen_random_uuid(), kind, received_id, why, candidates, role, visibility, due + n % 3, 'open', opened_at
             from question cross join generate_series(1, 40) n",
        )
        .await;
    school
        .sql(
            "insert into task (id, kind, role, class_id, carer_id, pupil_id, why, due, state, created_at)
             select gen_random_uuid(), kind, role, class_id, carer_id, pupil_id, why, due + n % 3, 'open', created_at
             from task cross join generate_series(1, 40) n where kind = 'call'",
        )
        .await;
    let lists = [
        (Role::Office, "/questions", "/questions/"),
        (Role::Teacher, "/calls", "/calls/"),
        (Role::Teacher, "/to-do", "/calls/"),
    ];
    for (role, list, beginning) in lists {
        let listed = walk(&mut school.as_role(role).await, list, beginning).await;
        let distinct: BTreeSet<_> = listed.iter().collect();
        assert_eq!((listed.len(), distinct.len()), (41, 41), "{list}");
    }
    let home = school.as_role(Role::Teacher).await.get("/").await;
    assert_eq!(links(&home, "/calls/").len(), 20);
    assert!(home.body.contains("All that is to do"), "{}", home.body);
    school.close().await;
}

#[tokio::test]
async fn a_teacher_has_no_case_of_another_class_on_any_list() {
    let school = Staffed::open().await;
    let other = school.case_of("Clara Birch").await;
    let mut teacher = school.as_role(Role::Teacher).await;

    for list in ["mine", "classes", "school", "closed", "restricted"] {
        let page = teacher.get(&format!("/cases?list={list}")).await.body;

        assert!(
            !page.contains(&other) && !page.contains("Clara") && !page.contains("Boris"),
            "{list}: {page}"
        );
        assert!(page.contains("Mine <span class=\"count\">(1)</span>"), "{list}: {page}");
        assert!(!page.contains(">School"), "{list}: {page}");
    }
    school.close().await;
}

/// A page without what marks its forms, which is new each time.
fn without_marks(page: &str) -> String {
    let mut pieces = page.split("<input type=\"hidden\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |page, piece| page + piece.split_once('>').map_or(piece, |(_, rest)| rest))
}

#[tokio::test]
async fn what_is_restricted_changes_no_page_of_anybody_else() {
    let school = Staffed::open().await;
    school.school.deliver().await;
    let mut pages = Vec::new();
    for role in [Role::Teacher, Role::Office, Role::Slt] {
        for path in [
            "/",
            "/cases",
            "/cases?list=classes",
            "/cases?list=school",
            "/cases?list=closed",
            "/to-do",
            "/coverage",
        ] {
            let body = school.as_role(role).await.get(path).await.body;
            pages.push((role, path, without_marks(&body)));
        }
    }
    let mut dsl = school.as_role(Role::Dsl).await;
    let before = dsl.get("/cases?list=school").await.body;

    let late = Letter::from(BORIS).subject("Another matter").says("Where does Sam sleep?");
    school.school.arrives(&late).await;

    for (role, path, body) in pages {
        let now = school.as_role(role).await.get(path).await.body;
        assert_eq!(without_marks(&now), body, "{role} {path}");
    }
    let after = dsl.get("/cases?list=school").await.body;
    assert!(before.contains("(3)") && after.contains("(4)"), "{after}");
    school.close().await;
}

async fn give(browser: &mut Browser, case: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(&format!("/cases/{case}")).await;
    browser.press(&page, &format!("/cases/{case}/give"), fields).await
}

#[tokio::test]
async fn a_case_is_given_to_a_colleague_by_name_and_stands_on_their_own_list() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let slt = school.staff("slt@northfield.example").await.to_string();
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(&format!("/cases/{case}")).await;
    let action = format!("/cases/{case}/give");

    let given = office.press(&page, &action, &[("colleague", &slt)]).await;
    let again = office.press(&page, &action, &[("colleague", &slt)]).await;
    let theirs = school.as_role(Role::Slt).await.get("/cases").await.body;
    let teachers = school.as_role(Role::Teacher).await.get("/cases?list=mine").await.body;
    let after = office.get(&format!("/cases/{case}")).await.body;

    assert!(
        page.body.contains(&format!("<option value=\"{slt}\">slt (senior leadership)</option>")),
        "{}",
        page.body
    );
    assert_eq!((given.to(), again.to()), ("/cases?done=given", "/cases?done=given"));
    assert!(theirs.contains(&case), "{theirs}");
    assert!(!teachers.contains(&case), "{teachers}");
    assert!(after.contains("<dt>With</dt><dd><bdi>slt</bdi>, senior leadership</dd>"), "{after}");
    let owner =
        school.school.rows("select owner || ' ' || role from carer_case where owner is not null").await;
    assert_eq!(owner, [format!("{slt} slt")]);
    let told = "select b.body from chronology_entry e join chronology_body b on b.entry_id = e.id where e.kind = 'case_moved'";
    assert_eq!(school.school.rows(told).await, ["slt"], "once, with the name beside the entry");
    school.close().await;
}

#[tokio::test]
async fn a_colleague_who_could_not_see_the_case_does_not_get_it() {
    let school = Staffed::open().await;
    let gateway = school.school.gateway.clone();
    for (name, roles) in
        [("Rowan", vec![Role::Teacher]), ("Parent", vec![Role::Office]), ("Left", vec![Role::Slt])]
    {
        let email = format!("{}@northfield.example", name.to_lowercase());
        colleagues::add(&gateway, name, &email, &roles, "test").await.expect("added");
    }
    colleagues::set_classes(&gateway, "rowan@northfield.example", &["Rowan".to_owned()], "test")
        .await
        .expect("classes");
    colleagues::own_family(&gateway, "parent@northfield.example", "P1", "test").await.expect("noted");
    school.sql("update staff set disabled_at = now() where name = 'Left'").await;
    let (ordinary, restricted) = (school.case_of("Amina Ash").await, school.case_of("Boris Czerny").await);
    let mut office = school.as_role(Role::Office).await;
    let mut dsl = school.as_role(Role::Dsl).await;

    let mut statuses = Vec::new();
    for email in ["rowan", "parent", "left", "governor", "it"] {
        let to = school.staff(&format!("{email}@northfield.example")).await.to_string();
        let page = office.get(&format!("/cases/{ordinary}")).await.body;
        assert!(!page.contains(&to), "{email} is no choice");
        let refused = give(&mut office, &ordinary, &[("colleague", &to)]).await;
        assert!(refused.body.contains("That colleague could not see this case"), "{}", refused.body);
        statuses.push(refused.status);
    }
    let slt = school.staff("slt@northfield.example").await.to_string();
    let closed_door = give(&mut dsl, &restricted, &[("colleague", &slt)]).await.status;
    let nobody = give(&mut office, &ordinary, &[("colleague", "")]).await.status;
    let theirs = office.get(&format!("/cases/{ordinary}")).await;
    let key = theirs.hidden(&format!("/cases/{ordinary}/give"), "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let fields = [("form_key", key.as_str()), ("once", once.as_str()), ("colleague", slt.as_str())];
    let unseen = office.post(&format!("/cases/{restricted}/give"), &fields).await.status;

    assert_eq!(statuses, [422; 5]);
    assert_eq!((closed_door, nobody, unseen), (422, 422, 404));
    assert_eq!(
        school.school.rows("select owner from carer_case where owner is not null").await,
        Vec::<String>::new()
    );
    school.close().await;
}

#[tokio::test]
async fn a_case_of_a_colleague_who_has_left_waits_for_their_role_again() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let gateway = school.school.gateway.clone();
    colleagues::add(&gateway, "Second", "second@northfield.example", &[Role::Teacher], "test")
        .await
        .expect("added");
    colleagues::set_classes(&gateway, "second@northfield.example", &["Oak".to_owned()], "test")
        .await
        .expect("classes");
    let second = school.staff("second@northfield.example").await.to_string();
    let mut teacher = school.as_role(Role::Teacher).await;
    give(&mut teacher, &case, &[("colleague", &second)]).await;

    let with_them = teacher.get("/cases?list=mine").await.body;
    school.sql("update staff set disabled_at = now() where name = 'Second'").await;
    let back = teacher.get("/cases?list=mine").await.body;

    assert!(!with_them.contains(&case) && with_them.contains("1 is with colleagues"), "{with_them}");
    assert!(back.contains(&case), "{back}");
    school.close().await;
}

#[tokio::test]
async fn a_case_of_a_colleague_who_may_not_see_it_any_more_waits_for_its_role_again() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let gateway = school.school.gateway.clone();
    let second = "second@northfield.example";
    colleagues::add(&gateway, "Second", second, &[Role::Teacher], "test").await.expect("added");
    colleagues::set_classes(&gateway, second, &["Oak".to_owned()], "test").await.expect("classes");
    let to = school.staff(second).await.to_string();
    let mut teacher = school.as_role(Role::Teacher).await;
    give(&mut teacher, &case, &[("colleague", &to)]).await;
    let theirs = async || school.signed_in(second).await.get("/cases?list=mine").await.body.contains(&case);
    let mut waits = Vec::new();
    let mut look = async |what: &'static str, own: bool| {
        waits.push((what, own, teacher.get("/cases?list=mine").await.body.contains(&case)));
    };

    look("given", theirs().await).await;
    colleagues::set_classes(&gateway, second, &["Rowan".to_owned()], "test").await.expect("classes");
    look("of another class", theirs().await).await;
    colleagues::set_roles(&gateway, second, &[Role::Office], "test").await.expect("roles");
    look("of the office", theirs().await).await;
    colleagues::set_roles(&gateway, second, &[Role::Governor], "test").await.expect("roles");
    look("a governor", false).await;
    colleagues::set_roles(&gateway, second, &[Role::Office], "test").await.expect("roles");
    colleagues::own_family(&gateway, second, "P1", "test").await.expect("noted");
    look("of the family", theirs().await).await;

    assert_eq!(
        waits,
        [
            ("given", true, false),
            ("of another class", false, true),
            ("of the office", true, false),
            ("a governor", false, true),
            ("of the family", false, true),
        ],
        "on their list, on its role's"
    );
    school.close().await;
}

#[tokio::test]
async fn a_case_says_who_wrote_and_why_that_is_thought_and_tells_both_sides_in_order() {
    let school = Staffed::open().await;
    let case = school.case_of("Amina Ash").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&format!("/cases/{case}")).await;
    teacher.press(&page, &format!("/cases/{case}/reply"), &[("words", "It is on his peg.")]).await;
    school.school.later(std::time::Duration::from_mins(10));
    let more = Letter::from(AMINA).subject(&format!("Re: [Ref {case}]")).says("And his hat?");
    school.school.arrives(&more).await;

    let page = teacher.get(&format!("/cases/{case}")).await.body;

    for why in [
        "the address is one carer&#39;s alone",
        "linked, and no restriction holds",
        "the code of a case in the subject",
    ] {
        assert!(page.contains(why), "{why}: {page}");
    }
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}: {page}"));
    assert!(at("Answer by") < at("Has Sam got his coat?"), "the clock stands on top");
    assert!(at("Has Sam got his coat?") < at("It is on his peg."));
    assert!(at("It is on his peg.") < at("And his hat?"));
    assert!(at("And his hat?") < at("Your words") && at("Your words") < at("What else you can do"));
    school.close().await;
}
