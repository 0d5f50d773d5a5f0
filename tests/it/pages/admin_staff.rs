//! Accounts: who may change whose, what is shown once, and what becomes of a leaver's cases.

use liaison::{domain::staff::Role, flows::cases};

use super::{AMINA, BORIS, Staffed};

const NEW: [(&str, &str); 3] =
    [("name", "Priya Rao"), ("email", "P.Rao@northfield.example"), ("role", "teacher")];

/// The password on a page that shows one.
fn shown(page: &str) -> String {
    let (_, rest) = page.split_once("<code>").expect("a password");
    rest.split('<').next().expect("its end").to_owned()
}

#[tokio::test]
async fn a_first_password_is_shown_once_and_lets_the_new_colleague_in() {
    let school = Staffed::open().await;
    let mut it = school.as_role(Role::It).await;
    let list = it.get("/admin/staff").await;

    let first = it.press(&list, "/admin/staff", &NEW).await;
    let again = it.press(&list, "/admin/staff", &NEW).await;
    let told = it.get(again.to()).await;
    let password = shown(&first.body);
    let mut hers = school.browser();
    let door = hers.post("/sign-in", &[("email", "p.rao@northfield.example"), ("password", &password)]).await;

    assert_eq!((first.status, again.status), (200, 303));
    assert!(told.body.contains("shown then, and only then"), "{}", told.body);
    assert!(!told.body.contains(&password));
    assert_eq!(first.headers.get("cache-control").unwrap(), "no-store");
    assert_eq!(door.status, 303, "{}", door.body);
    let added = "select count(*)::text from staff where name = 'Priya Rao'";
    assert_eq!(school.school.rows(added).await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn it_gives_no_role_that_opens_the_record_and_touches_no_account_that_has_one() {
    let school = Staffed::open().await;
    let mut it = school.as_role(Role::It).await;
    let list = it.get("/admin/staff").await;
    let dsl = school.staff("dsl@northfield.example").await;
    let teacher = school.staff("teacher@northfield.example").await;
    let page = it.get(&format!("/admin/staff/{teacher}")).await;
    let key = page.hidden(&format!("/admin/staff/{teacher}/roles"), "form_key");

    let made = it.press(&list, "/admin/staff", &[NEW[0], NEW[1], ("role", "dsl")]).await;
    let raised = it
        .press(&page, &format!("/admin/staff/{teacher}/roles"), &[("role", "teacher"), ("role", "slt")])
        .await;
    let mut barred = Vec::new();
    for deed in ["roles", "classes", "disable", "let-in"] {
        let once = uuid::Uuid::now_v7().to_string();
        let fields = [("form_key", key.as_str()), ("once", &once), ("role", "teacher")];
        barred.push(it.post(&format!("/admin/staff/{dsl}/{deed}"), &fields).await.status);
    }
    let theirs = it.get(&format!("/admin/staff/{dsl}")).await;

    assert_eq!((made.status, raised.status), (422, 422));
    assert!(made.body.contains("Priya Rao"), "what was typed stays");
    assert_eq!(barred, [422; 4]);
    assert!(!theirs.body.contains("/let-in"), "no form is offered");
    assert!(!list.body.contains("role-dsl"));
    let roles =
        "select email || ' ' || roles::text from staff where email like any('{dsl@%,teacher@%}') order by 1";
    assert_eq!(
        school.school.rows(roles).await,
        ["dsl@northfield.example {dsl}", "teacher@northfield.example {teacher}"]
    );
    school.close().await;
}

#[tokio::test]
async fn nobody_changes_their_own_account_nor_takes_the_last_safeguarding_lead_away() {
    let school = Staffed::open().await;
    let mut slt = school.as_role(Role::Slt).await;
    let me = school.staff("slt@northfield.example").await;
    let dsl = school.staff("dsl@northfield.example").await;
    let page = slt.get(&format!("/admin/staff/{dsl}")).await;
    let key = page.hidden(&format!("/admin/staff/{dsl}/roles"), "form_key");
    let mine = slt.get(&format!("/admin/staff/{me}")).await;

    let mut own = Vec::new();
    for deed in ["roles", "classes", "disable", "let-in"] {
        let once = uuid::Uuid::now_v7().to_string();
        let fields = [("form_key", key.as_str()), ("once", &once), ("role", "dsl")];
        own.push(slt.post(&format!("/admin/staff/{me}/{deed}"), &fields).await.status);
    }
    let last = slt.press(&page, &format!("/admin/staff/{dsl}/disable"), &[]).await;
    let demoted = slt.press(&page, &format!("/admin/staff/{dsl}/roles"), &[("role", "office")]).await;

    assert_eq!(own, [422; 4]);
    assert!(mine.body.contains("your own account") && mine.body.contains("/own-family"));
    assert_eq!((last.status, demoted.status), (422, 422));
    assert!(last.body.contains("only safeguarding lead"), "{}", last.body);
    school.close().await;
}

#[tokio::test]
async fn senior_leadership_adds_a_governor_and_an_address_on_the_list_is_not_added_again() {
    let school = Staffed::open().await;
    let mut slt = school.as_role(Role::Slt).await;
    let list = slt.get("/admin/staff").await;
    let twice = [("name", "Another"), ("email", "OFFICE@northfield.example"), ("role", "teacher")];

    let known = slt.press(&list, "/admin/staff", &twice).await;
    let none = slt.press(&list, "/admin/staff", &[NEW[0], NEW[1]]).await;
    let governor = slt.press(&list, "/admin/staff", &[NEW[0], NEW[1], ("role", "governor")]).await;

    assert_eq!((known.status, none.status, governor.status), (422, 422, 200));
    let office = "select name || ' ' || roles::text from staff where email = 'office@northfield.example'";
    assert_eq!(school.school.rows(office).await, ["office {office}"]);
    school.close().await;
}

#[tokio::test]
async fn a_leaver_is_out_at_once_and_their_cases_go_back_to_the_list() {
    let school = Staffed::open().await;
    let mut it = school.as_role(Role::It).await;
    let mut office = school.as_role(Role::Office).await;
    let leaver = school.staff("office@northfield.example").await;
    let (hers, his) = (school.case_of("Amina Ash").await, school.case_of("Boris Czerny").await);
    let by = school.staff("slt@northfield.example").await.to_string();
    let gateway = &school.school.gateway;
    cases::assign(gateway, &hers, false, "office", Some(&leaver.to_string()), &by).await.unwrap();
    cases::assign(gateway, &his, true, "dsl", Some("office"), &by).await.unwrap();
    let page = it.get(&format!("/admin/staff/{leaver}")).await;

    let gone = it.press(&page, &format!("/admin/staff/{leaver}/disable"), &[]).await;
    let after = it.get(gone.to()).await;
    let shut = office.get("/cases").await;

    assert_eq!(shut.to(), "/sign-in");
    let owned = "select count(*)::text from carer_case where owner is not null";
    assert_eq!(school.school.rows(owned).await, ["0"]);
    let told = "select visibility || ' ' || (case_id is not null)::text from chronology_entry
                where sentence like 'the colleague who had case%' order by 1";
    assert_eq!(school.school.rows(told).await, ["ordinary true", "restricted true"]);
    assert!(!after.body.contains("2 ") && after.body.contains("Cannot sign in since"), "{}", after.body);
    school.close().await;
}

#[tokio::test]
async fn roles_classes_and_the_own_family_are_changed_and_a_false_reference_is_refused() {
    let school = Staffed::open().await;
    let mut it = school.as_role(Role::It).await;
    let teacher = school.staff("teacher@northfield.example").await;
    let at = |deed: &str| format!("/admin/staff/{teacher}/{deed}");
    let page = it.get(&format!("/admin/staff/{teacher}")).await;

    let roles = it.press(&page, &at("roles"), &[("role", "teacher"), ("role", "office")]).await;
    let classes = it.press(&page, &at("classes"), &[("class", "Rowan")]).await;
    let strange = it.get(&format!("/admin/staff/{teacher}")).await;
    let strange = it.press(&strange, &at("classes"), &[("class", "<script>")]).await;
    let none = it.press(&page, &at("own-family"), &[("pupil", "P99")]).await;
    let family = it.press(&page, &at("own-family"), &[("pupil", "P1")]).await;
    let after = it.get(family.to()).await;

    assert_eq!([roles.status, classes.status, family.status], [303; 3]);
    assert_eq!([strange.status, none.status], [422; 2]);
    assert!(!strange.body.contains("<script>") && !none.body.contains("liaison "), "{}", none.body);
    assert!(after.body.contains("1 pupil(s) hidden"), "{}", after.body);
    for word in [AMINA, BORIS, "Sam", "Amina"] {
        assert!(!after.body.contains(word));
    }
    school.close().await;
}
