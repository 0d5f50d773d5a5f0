//! What a search finds, and what is as if it were not there.

use liaison::{
    domain::{
        contact::{ContactKind, Direction},
        staff::Role,
    },
    flows::{
        Clock as _,
        contacts::{self, Contact},
    },
};

use super::{AMINA, Answer, BORIS, Browser, Staffed, families::steady};
use crate::support::inbound::Letter;

async fn look(browser: &mut Browser, words: &str) -> Answer {
    let page = browser.get("/search").await;
    let found = browser.press(&page, "/search", &[("words", words)]).await;
    assert_eq!(found.status, 200, "{words}: {}", found.body);
    found
}

/// The page with nothing of what was typed or of the session.
fn bare(page: &Answer, typed: &str) -> String {
    let page = steady(page).replace(&format!("value=\"{typed}\""), "");
    page.split("name=\"form_key\" value=\"")
        .map(|piece| piece.split_once('"').map_or(piece, |(_, rest)| rest))
        .collect()
}

const NOTHING: &str = "Nothing that you may see has that in it";

#[tokio::test]
async fn people_are_found_by_any_part_of_a_name_a_reference_or_an_address_in_any_form() {
    let school = Staffed::open().await;
    school.sql("update carer set forename = 'Zo\u{eb}' where contact_ref = 'C4'").await;
    let mut office = school.as_role(Role::Office).await;

    for (typed, found) in [
        ("sam", "/families/"),
        ("ASH sam", "Sam Ash"),
        ("p1", "Sam Ash"),
        ("clara", "Clara Birch"),
        ("c3", "Clara Birch"),
        ("zoe", "Zo\u{eb} Ash"),
        ("07700 900103", "Clara Birch"),
        ("+44 (0)7700 900 103", "Clara Birch"),
        ("Clara@Family.example", "Clara Birch"),
    ] {
        let page = look(&mut office, typed).await.body;
        assert!(page.contains(found), "{typed}: {page}");
    }
    let by_number = look(&mut office, "07700 900103").await.body;
    let nobody = look(&mut office, "07700 900999").await.body;
    let short = office.get("/search").await;
    let short = office.press(&short, "/search", &[("words", " a ")]).await;

    assert!(by_number.contains("Carers (1)") && by_number.contains("Uses this number"), "{by_number}");
    assert!(nobody.contains(NOTHING));
    assert_eq!(short.status, 422);
    school.close().await;
}

#[tokio::test]
async fn words_are_found_in_updates_messages_replies_contacts_and_subjects_with_the_place_marked() {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "Sam painted a Lighthouse.")]).await;
    let case = school.case_of("Amina Ash").await;
    let mut teacher = school.as_role(Role::Teacher).await;
    let page = teacher.get(&format!("/cases/{case}")).await;
    teacher
        .press(&page, &format!("/cases/{case}/reply"), &[("words", "The lighthouse <b>keeper</b> is in.")])
        .await;
    let log = format!("{}/log", school.family_of("P1").await);
    let page = teacher.get(&log).await;
    let fields = [
        ("kind", "call"),
        ("direction", "in"),
        ("when", "2026-11-20T10:00"),
        ("facts", "About a lighthouse."),
    ];
    teacher.press(&page, &log, &fields).await;
    school
        .school
        .arrives(&Letter::from(AMINA).subject("Lighthouse trip").says("When? <i>Lighting</i> the fire?"))
        .await;

    let found = look(&mut teacher, "light").await.body;
    let two = look(&mut teacher, "painted lighth").await.body;
    let code = look(&mut teacher, &case.to_lowercase()).await.body;

    for heading in ["Updates (1)", "Messages from carers (1)", "Replies (1)", "Contacts (1)", "Cases (1)"] {
        assert!(found.contains(heading), "{heading}: {found}");
    }
    assert!(found.contains("<mark>Light</mark>house") && found.contains("&#60;b&#62;keeper"), "{found}");
    assert!(found.contains("&#60;i&#62;<mark>Light</mark>ing&#60;/i&#62; the fire"), "{found}");
    assert!(two.contains("Updates (1)") && !two.contains("Replies"), "{two}");
    assert!(code.contains(&format!("/cases/{case}")), "{code}");
    school.school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn a_teacher_finds_nothing_of_another_class() {
    let school = Staffed::open().await;
    school.school.queue(&[("P2", "Tia built a windmill.")]).await;
    let case = school.case_of("Clara Birch").await;
    school.school.arrives(&Letter::from("clara@family.example").says("Tia has a porcupine.")).await;
    let (mut teacher, mut office) = (school.as_role(Role::Teacher).await, school.as_role(Role::Office).await);

    for typed in [
        "tia",
        "birch",
        "p2",
        "c3",
        "07700 900103",
        "clara@family.example",
        "windmill",
        "porcupine",
        case.as_str(),
    ] {
        let page = look(&mut teacher, typed).await;
        assert!(page.body.contains(NOTHING), "{typed}: {}", page.body);
        assert!(!look(&mut office, typed).await.body.contains(NOTHING), "{typed}");
    }
    school.school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn what_is_restricted_gives_no_hit_and_for_the_dsl_a_hit_that_is_an_entry() {
    let school = Staffed::open().await;
    school.school.arrives(&Letter::from(BORIS).subject("Zebra crossing").says("An aardvark at noon.")).await;
    let case = school.case_of("Boris Czerny").await;

    for role in [Role::Teacher, Role::Office, Role::Slt] {
        let mut browser = school.as_role(role).await;
        let nothing = bare(&look(&mut browser, "quagga").await, "quagga");
        for typed in ["zebra", "aardvark", case.as_str()] {
            let page = look(&mut browser, typed).await;
            assert_eq!(bare(&page, typed), nothing, "{role}: {typed}");
        }
    }
    let count = "select count(*)::text from chronology_entry where kind = 'read_restricted' and sentence like '%search%'";
    let before = school.school.rows(count).await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let found = look(&mut dsl, "zebra").await.body;
    let said = look(&mut dsl, "aardvark").await.body;

    assert!(found.contains("Zebra crossing") && found.contains("Restricted"), "{found}");
    assert!(said.contains("<mark>aardvark</mark>") && said.contains("Restricted"), "{said}");
    assert_eq!((before, school.school.rows(count).await), (vec!["0".to_owned()], vec!["2".to_owned()]));
    school.close().await;
}

#[tokio::test]
async fn a_sensitive_contact_is_found_by_those_it_is_for() {
    let school = Staffed::open().await;
    let office = school.staff("office@northfield.example").await;
    let pupil = school.family_of("P1").await.replace("/families/", "").parse().unwrap();
    let contact = Contact {
        kind: ContactKind::Meeting,
        direction: Direction::In,
        pupil,
        carer: None,
        case: None,
        happened_at: school.school.clock.now(),
        place: String::new(),
        colleagues: vec![office],
        facts: "About the ostrich.".to_owned(),
        agreed: String::new(),
        topic: None,
        sensitive: true,
        praise: false,
        follow_up_due: None,
        one_colleague_because: "nobody else was in".to_owned(),
    };
    contacts::log(&school.school.gateway, &contact, &office.to_string()).await.unwrap();

    let mut found = Vec::new();
    for role in [Role::Teacher, Role::Office, Role::Slt, Role::Dsl] {
        found.push(look(&mut school.as_role(role).await, "ostrich").await.body.contains("Contacts (1)"));
    }

    assert_eq!(found, [false, true, true, true]);
    school.close().await;
}

#[tokio::test]
async fn candidates_of_a_search_are_left_to_what_the_colleague_may_see() {
    let school = Staffed::open().await;
    school.school.queue(&[("P1", "A windmill."), ("P2", "A windmill.")]).await;
    school.school.arrives(&Letter::from(BORIS).subject("Windmill").says("The windmill at noon.")).await;
    let mut counts = Vec::new();
    for email in ["teacher", "office", "dsl", "governor", "it"] {
        let staff = school.staff(&format!("{email}@northfield.example")).await;
        let mut tx = school.school.gateway.store.as_colleague(staff).await.unwrap();
        let sql = "select (select count(*) from liaison_updates_with('windmill')) || ' ' ||
                          (select count(*) from liaison_cases_with('windmill')) || ' ' ||
                          (select count(*) from liaison_messages_with('windmill'))";
        let row: String = sqlx::query_scalar(sql).fetch_one(&mut *tx).await.unwrap();
        counts.push(format!("{email} {row}"));
    }

    assert_eq!(counts, ["teacher 1 0 0", "office 2 0 0", "dsl 2 1 1", "governor 0 0 0", "it 0 0 0"]);
    school.school.deliver().await;
    school.close().await;
}

#[tokio::test]
async fn more_than_twenty_are_not_listed_and_nonsense_is_only_not_found() {
    let school = Staffed::open().await;
    let oak = "select id from class where name = 'Oak'";
    let many = format!(
        "insert into pupil (id, pupil_ref, legal_surname, legal_forename, class_id)
         select gen_random_uuid(), 'M' || n, 'Many' || n, 'Kim', ({oak}) from generate_series(1, 25) n"
    );
    school.school.db.as_superuser(&many).await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let found = look(&mut teacher, "kim many").await.body;
    for typed in ["' or 1=1 --", "a & b | !c:*", "\u{202e}<script>", "%%%", "\\0"] {
        let page = look(&mut teacher, typed).await.body;
        assert!(page.contains(NOTHING) && !page.contains("<script"), "{typed}: {page}");
    }

    assert!(found.contains("Pupils (more than 20)") && found.contains("type more letters"), "{found}");
    assert_eq!(found.matches("<bdi>Kim Many").count(), 20);
    school.close().await;
}

#[tokio::test]
async fn a_search_leaves_no_trace_of_what_was_looked_for() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let home = office.get("/").await;

    let found = office.press(&home, "/search", &[("words", "ostrichfarm")]).await;
    let form = school.school.rows("select path || coalesce(answer, '') from form_sent").await;

    assert_eq!((found.status, found.to()), (200, ""));
    assert!(!form.iter().any(|row| row.contains("ostrich")), "{form:?}");
    assert_eq!(
        school.school.entries().await.iter().filter(|entry| entry.sentence.contains("ostrich")).count(),
        0
    );
    school.close().await;
}

#[tokio::test]
async fn families_are_listed_by_class_as_far_as_the_colleague_sees_them() {
    let school = Staffed::open().await;
    let rowan = school.school.rows("select id::text from class where name = 'Rowan'").await.remove(0);

    let teacher = school.as_role(Role::Teacher).await.get("/families").await.body;
    let theirs = school.as_role(Role::Teacher).await.get(&format!("/families?list={rowan}")).await.body;
    let office = school.as_role(Role::Office).await.get(&format!("/families?list={rowan}")).await.body;

    assert!(teacher.contains("Sam Ash") && !teacher.contains("Rowan"), "{teacher}");
    assert!(!theirs.contains("Tia"), "{theirs}");
    assert!(office.contains("Tia Birch") && office.contains("Clara Birch"), "{office}");
    school.close().await;
}
