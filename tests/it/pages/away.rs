//! Who is away, and what whoever covers has meanwhile (R43).

use liaison::{
    domain::staff::Role,
    flows::{absences, colleagues, notices},
};

use super::{Answer, Browser, Staffed};

const TEACHER: &str = "teacher@northfield.example";
const COVER: &str = "cover@northfield.example";

/// The usual school, and a second teacher, of Rowan.
async fn two_teachers() -> Staffed {
    let school = Staffed::open().await;
    colleagues::add(&school.school.gateway, "Rhea Cole", COVER, &[Role::Teacher], "test").await.unwrap();
    colleagues::set_classes(&school.school.gateway, COVER, &["Rowan".to_owned()], "test").await.unwrap();
    school
}

/// Says on the page that somebody is away.
async fn says(
    school: &Staffed,
    browser: &mut Browser,
    (who, cover): (&str, &str),
    (from, until): (&str, &str),
) -> Answer {
    let page = browser.get("/away").await;
    let (who, cover) = (school.staff(who).await.to_string(), school.staff(cover).await.to_string());
    let fields = [("staff", who.as_str()), ("cover", &cover), ("from", from), ("until", until)];
    browser.press(&page, "/away", &fields).await
}

/// Who is away in which state.
async fn recorded(school: &Staffed) -> Vec<String> {
    let rows =
        "select s.name || ' ' || a.state from absence a join staff s on s.id = a.staff_id order by a.id";
    school.school.rows(rows).await
}

#[tokio::test]
async fn whoever_covers_has_the_class_and_the_cases_until_the_colleague_is_back() {
    let school = two_teachers().await;
    let (oak, rowan) = (school.family_of("P1").await, school.family_of("P2").await);
    let case = school.case_of("Amina Ash").await;
    let mut teacher = school.signed_in(TEACHER).await;
    let mut cover = school.signed_in(COVER).await;
    let before = (cover.get(&oak).await.status, cover.get(&format!("/cases/{case}")).await.status);

    let away = says(&school, &mut teacher, (TEACHER, COVER), ("2026-11-23", "2026-11-27")).await;
    let meanwhile = (cover.get(&oak).await.status, cover.get(&format!("/cases/{case}")).await.status);
    let mine = cover.get("/cases?list=mine").await;
    let home = cover.get("/").await;
    let own = cover.get(&rowan).await.status;
    let still = teacher.get(&oak).await.status;
    let page = teacher.get("/away").await;
    let id = school.school.rows("select id::text from absence").await.remove(0);
    let back = teacher.press(&page, &format!("/away/{id}/back"), &[]).await;
    let after = (cover.get(&oak).await.status, cover.get(&format!("/cases/{case}")).await.status);

    assert_eq!((away.status, away.to()), (303, "/away?done=away"));
    assert_eq!((before, meanwhile, after), ((404, 404), (200, 200), (404, 404)));
    assert!(mine.body.contains(&case), "{}", mine.body);
    assert!(home.body.contains("You cover for teacher until Friday 27 November"), "{}", home.body);
    assert_eq!((own, still), (200, 200), "the cover keeps their own class, and the absent one may look in");
    assert_eq!(back.to(), "/away?done=back");
    assert_eq!(recorded(&school).await, ["teacher over"]);
    school.close().await;
}

#[tokio::test]
async fn a_case_given_by_name_to_somebody_who_is_away_is_on_the_covers_own_list() {
    let school = two_teachers().await;
    let case = school.case_of("Amina Ash").await;
    let teacher = school.staff(TEACHER).await.to_string();
    school.sql(&format!("update carer_case set owner = '{teacher}' where code = '{case}'")).await;
    let mut cover = school.signed_in(COVER).await;
    let mut office = school.as_role(Role::Office).await;

    says(&school, &mut office, (TEACHER, COVER), ("2026-11-23", "2026-11-23")).await;
    let mine = cover.get("/cases?list=mine").await;

    assert!(mine.body.contains(&case), "{}", mine.body);
    school.close().await;
}

#[tokio::test]
async fn an_absence_begins_and_ends_by_itself_on_its_days_in_london() {
    let school = two_teachers().await;
    let oak = school.family_of("P1").await;
    let mut office = school.as_role(Role::Office).await;
    says(&school, &mut office, (TEACHER, COVER), ("2026-11-25", "2026-11-26")).await;

    let mut seen = Vec::new();
    for at in ["2026-11-24T23:59:00Z", "2026-11-25T00:00:00Z", "2026-11-26T23:59:00Z", "2026-11-27T00:00:00Z"]
    {
        school.school.set_clock(at);
        let turned = absences::turn(&school.school.gateway).await.unwrap();
        let again = absences::turn(&school.school.gateway).await.unwrap();
        let sees = school.school.rows("select state from absence").await.remove(0);
        seen.push(format!("{turned} {again} {sees}"));
    }
    let mut cover = school.signed_in(COVER).await;
    let after = cover.get(&oak).await.status;

    assert_eq!(seen, ["0 0 planned", "1 0 running", "0 0 running", "1 0 over"]);
    assert_eq!(after, 404);
    let told = school.school.entries().await.into_iter().filter(|entry| entry.sentence.contains("away"));
    assert!(told.count() >= 2, "the record says when it began");
    school.close().await;
}

#[tokio::test]
async fn what_cannot_be_covered_is_refused_at_its_field_and_pressing_twice_records_it_once() {
    let school = two_teachers().await;
    let mut office = school.as_role(Role::Office).await;
    let days = ("2026-11-24", "2026-11-26");

    let by_office = says(&school, &mut office, (TEACHER, "office@northfield.example"), days).await;
    let by_self = says(&school, &mut office, (TEACHER, TEACHER), days).await;
    let backwards = says(&school, &mut office, (TEACHER, COVER), ("2026-11-26", "2026-11-24")).await;
    let of_the_dsl =
        says(&school, &mut office, ("dsl@northfield.example", "slt@northfield.example"), days).await;
    let page = office.get("/away").await;
    let (who, cover) = (school.staff(TEACHER).await.to_string(), school.staff(COVER).await.to_string());
    let fields = [("staff", who.as_str()), ("cover", &cover), ("from", days.0), ("until", days.1)];
    let first = office.press(&page, "/away", &fields).await;
    let again = office.press(&page, "/away", &fields).await;
    let twice_away = says(&school, &mut office, (TEACHER, COVER), ("2026-11-26", "2026-11-27")).await;
    let cover_away =
        says(&school, &mut office, (COVER, "slt@northfield.example"), ("2026-11-26", "2026-11-26")).await;

    for refused in [&by_office, &by_self, &of_the_dsl] {
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("href=\"#cover\""), "{}", refused.body);
    }
    assert!(backwards.body.contains("The last day is before the first"), "{}", backwards.body);
    assert!(
        of_the_dsl.body.contains("whoever covers must be safeguarding lead too")
            || of_the_dsl.body.contains("Whoever covers must be safeguarding lead too")
    );
    assert_eq!((first.status, again.status), (303, 303));
    assert_eq!((twice_away.status, cover_away.status), (422, 422));
    assert!(cover_away.body.contains("cover for somebody else"), "{}", cover_away.body);
    assert_eq!(recorded(&school).await, ["teacher planned"]);
    school.close().await;
}

#[tokio::test]
async fn a_teacher_says_it_of_nobody_else_and_ends_nobody_elses() {
    let school = two_teachers().await;
    let mut office = school.as_role(Role::Office).await;
    let mut cover = school.signed_in(COVER).await;
    let forged = says(&school, &mut cover, (TEACHER, COVER), ("2026-11-23", "2026-11-27")).await;
    says(&school, &mut office, (TEACHER, COVER), ("2026-11-23", "2026-11-27")).await;
    let id = school.school.rows("select id::text from absence").await.remove(0);

    let page = cover.get("/away").await;
    let key = page.hidden("/away", "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let ended = cover.post(&format!("/away/{id}/back"), &[("form_key", &key), ("once", &once)]).await;

    assert_eq!((forged.status, ended.status), (422, 422));
    assert!(!page.body.contains("/back\""), "no button is offered");
    assert_eq!(recorded(&school).await, ["teacher running"]);
    school.close().await;
}

#[tokio::test]
async fn a_covers_own_family_stays_hidden_from_them() {
    let school = two_teachers().await;
    let oak = school.family_of("P1").await;
    colleagues::own_family(&school.school.gateway, COVER, "P1", "test").await.unwrap();
    let mut office = school.as_role(Role::Office).await;
    let mut cover = school.signed_in(COVER).await;

    says(&school, &mut office, (TEACHER, COVER), ("2026-11-23", "2026-11-27")).await;

    assert_eq!(cover.get(&oak).await.status, 404);
    let mine = cover.get("/cases?list=mine").await;
    assert!(!mine.body.contains("Amina"), "{}", mine.body);
    school.close().await;
}

#[tokio::test]
async fn the_digest_goes_to_the_cover_and_not_to_who_is_away() {
    let school = two_teachers().await;
    let mut office = school.as_role(Role::Office).await;
    says(&school, &mut office, (TEACHER, COVER), ("2026-11-24", "2026-11-27")).await;
    school.school.set_clock("2026-11-24T08:00:00Z");
    absences::turn(&school.school.gateway).await.unwrap();

    notices::digests(&school.school.gateway).await.unwrap();

    let digests = "select s.email || ' ' || (n.counts ->> 'cases') from staff_notice n join staff s on s.id = n.staff_id
                   where 'teacher' = any(s.roles)";
    assert_eq!(school.school.rows(digests).await, [format!("{COVER} 2")], "Oak's and Rowan's");
    school.close().await;
}

#[tokio::test]
async fn a_cover_who_may_no_longer_sign_in_is_told_to_those_who_see_to_it() {
    let school = two_teachers().await;
    let mut office = school.as_role(Role::Office).await;
    says(&school, &mut office, (TEACHER, COVER), ("2026-11-23", "2026-11-27")).await;

    colleagues::disable(&school.school.gateway, COVER, "test").await.unwrap();
    let home = office.get("/").await;
    let page = office.get("/away").await;

    assert!(home.body.contains("1 colleague is away and nobody covers<"), "{}", home.body);
    assert!(page.body.contains("nobody covers"), "{}", page.body);
    school.close().await;
}
