//! An import by a page: shown, approved, and never half.

use axum::http::Request;
use liaison::domain::staff::Role;

use super::{Answer, Browser, Staffed, two_classes};
use crate::support::people::{Roll, carer, pupil};

const PAGE: &str = "/admin/import";

/// A form with files, as a browser sends it. A field with a file name is a file.
async fn upload(browser: &mut Browser, fields: &[(&str, Option<&str>, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, file, bytes) in fields {
        let file =
            file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: text/csv")).unwrap_or_default();
        let head = format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    let request = Request::post(PAGE)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=frontier");
    browser.send(request, body).await
}

/// Chooses both files on the page and presses the button.
async fn put_up(browser: &mut Browser, page: &Answer, pupils: &[u8], contacts: &[u8]) -> Answer {
    let (key, once) = (page.hidden(PAGE, "form_key"), page.hidden(PAGE, "once"));
    let fields = [
        ("form_key", None, key.as_bytes()),
        ("once", None, once.as_bytes()),
        ("pupils", Some("pupils.csv"), pupils),
        ("contacts", Some("contacts.csv"), contacts),
    ];
    upload(browser, &fields).await
}

pub(super) async fn put_up_roll(browser: &mut Browser, roll: &Roll) -> Answer {
    let page = browser.get(PAGE).await;
    put_up(browser, &page, roll.pupils_csv().as_bytes(), roll.contacts_csv().as_bytes()).await
}

fn plain(to: &str) -> String {
    to.split('?').next().unwrap().to_owned()
}

/// Amina's new mailbox, and a pupil who is new.
pub(super) fn changed() -> Roll {
    let mut roll = two_classes().changed("C1", |carer| carer.email("amina.new@family.example"));
    roll.pupils.push(pupil("P3", "Una", "Cole"));
    roll.carers.push(carer("P3", "C9", "Finn", "Cole").email("finn@family.example"));
    roll
}

const CONTACTS: &str = "select coalesce(string_agg(t, ' ' order by t), '') from (
    select value as t from address union all select pupil_ref from pupil union all select kind from restriction) s";

#[tokio::test]
async fn nothing_is_written_before_it_is_approved_and_then_all_of_it_with_the_approvers_name() {
    let school = Staffed::open().await;
    let (mut office, mut slt) = (school.as_role(Role::Office).await, school.as_role(Role::Slt).await);
    let before = school.school.rows(CONTACTS).await;

    let put = put_up_roll(&mut office, &changed()).await;
    let waiting = school.school.rows(CONTACTS).await;
    let shown = slt.get(&plain(put.to())).await;
    let approve = format!("{}/approve", plain(put.to()));
    let mark = shown.hidden(&approve, "shown");
    let done = slt.press(&shown, &approve, &[("shown", &mark)]).await;
    let twice = slt.press(&shown, &approve, &[("shown", &mark)]).await;
    let after = slt.get(done.to()).await;

    assert_eq!(put.status, 303, "{}", put.body);
    assert_eq!(waiting, before);
    assert!(
        shown.body.contains("Carer C1: changed (email)") || shown.body.contains("carer C1: changed (email)")
    );
    assert!(shown.body.contains("Amina Ash") && shown.body.contains("pupil P3: added"), "{}", shown.body);
    assert!(!shown.body.contains("amina.new"), "no address stands on the page");
    assert_eq!((done.status, twice.to()), (303, done.to()));
    assert!(school.school.rows(CONTACTS).await[0].contains("finn@family.example"));
    assert!(after.body.contains("Approved and written by slt"), "{}", after.body);
    let left = "select state || ' ' || (pupils is null and contacts is null)::text from import_proposal";
    assert_eq!(school.school.rows(left).await, ["done true"]);
    let slt_id = school.staff("slt@northfield.example").await.to_string();
    let by = "select actor from chronology_entry where kind = 'imported' order by id desc limit 1";
    assert_eq!(school.school.rows(by).await, [slt_id]);
    school.close().await;
}

#[tokio::test]
async fn files_with_a_bad_row_name_it_and_nothing_is_kept() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let roll = changed().changed("C3", |carer| carer.mobile("twelve").with("priority", "first"));

    let refused = put_up_roll(&mut office, &roll).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("contacts.csv, line 5, priority"), "{}", refused.body);
    assert!(refused.body.contains("contacts.csv, line 5, mobile"), "{}", refused.body);
    assert!(!refused.body.contains("twelve"));
    assert_eq!(school.school.rows("select id::text from import_proposal").await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn changes_that_are_not_those_that_were_shown_are_shown_anew_and_not_written() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let put = put_up_roll(&mut office, &changed()).await;
    let page = plain(put.to());
    let shown = office.get(&page).await;
    let approve = format!("{page}/approve");
    // Another import comes between, with an order against Dora that these files do not have.
    school.school.import(&two_classes().changed("C4", |carer| carer.restricted("see_dsl", "", ""))).await;

    let mark = shown.hidden(&approve, "shown");
    let first = office.press(&shown, &approve, &[("shown", &mark)]).await;
    let untouched = school.school.rows(CONTACTS).await;
    let mark = first.hidden(&approve, "shown");
    let second = office.press(&first, &approve, &[("shown", &mark)]).await;

    assert_eq!(first.status, 422);
    assert!(first.body.contains("nothing was written"), "{}", first.body);
    assert!(first.body.contains("estriction C4 of P1: kept"), "{}", first.body);
    assert!(!shown.body.contains("C4 of P1: kept"));
    assert!(!untouched[0].contains("finn@"));
    assert_eq!(second.status, 303, "{}", second.body);
    assert!(
        school.school.rows(CONTACTS).await[0].contains("see_dsl"),
        "an order is never loosened by a file"
    );
    school.close().await;
}

#[tokio::test]
async fn one_import_waits_at_a_time_and_a_withdrawn_one_leaves_no_files() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let empty = office.get(PAGE).await;
    let roll = changed();
    let (pupils, contacts) = (roll.pupils_csv(), roll.contacts_csv());

    let first = put_up(&mut office, &empty, pupils.as_bytes(), contacts.as_bytes()).await;
    let again = put_up(&mut office, &empty, pupils.as_bytes(), contacts.as_bytes()).await;
    let key = empty.hidden(PAGE, "form_key");
    let once = uuid::Uuid::now_v7().to_string();
    let fields = [
        ("form_key", None, key.as_bytes()),
        ("once", None, once.as_bytes()),
        ("pupils", Some("p.csv"), pupils.as_bytes()),
        ("contacts", Some("c.csv"), contacts.as_bytes()),
    ];
    let beside = upload(&mut office, &fields).await;
    let page = office.get(&plain(first.to())).await;
    let gone = office.press(&page, &format!("{}/withdraw", plain(first.to())), &[]).await;
    let late = office.press(&page, &format!("{}/approve", plain(first.to())), &[("shown", "x")]).await;

    assert_eq!((first.status, again.to()), (303, first.to()));
    assert_eq!((beside.status, gone.status, late.status), (422, 303, 422));
    assert!(late.body.contains("decided by now"), "{}", late.body);
    let left = "select count(*)::text from import_proposal where state = 'withdrawn' and pupils is null";
    assert_eq!(school.school.rows(left).await, ["1"]);
    school.close().await;
}

#[tokio::test]
async fn forms_that_are_forged_too_large_or_hold_no_file_do_nothing() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let page = office.get(PAGE).await;
    let (key, once) = (page.hidden(PAGE, "form_key"), page.hidden(PAGE, "once"));
    let (key, once) = (key.as_bytes(), once.as_bytes());
    let roll = changed();
    let (pupils, contacts) = (roll.pupils_csv().into_bytes(), roll.contacts_csv().into_bytes());
    let files = |pupils, contacts| [("pupils", Some("p.csv"), pupils), ("contacts", Some("c.csv"), contacts)];
    let [p, c] = files(&pupils[..], &contacts[..]);
    let marks = [("form_key", None, key), ("once", None, once)];
    let wide = [&[0xFF, 0xFE][..], b"p\0u\0"].concat();
    let nul = b"pupil_ref,legal_surname,legal_forename,class\nP1,A\0sh,Sam,Oak\n".to_vec();
    let huge = vec![b'x'; 11 << 20];

    let keyless = upload(&mut office, &[p, c]).await;
    let false_key = upload(&mut office, &[("form_key", None, b"00"), marks[1], p, c]).await;
    let key_last = upload(&mut office, &[p, c, marks[0], marks[1]]).await;
    let no_files = upload(&mut office, &marks).await;
    let not_files =
        upload(&mut office, &[marks[0], marks[1], ("pupils", None, &pupils), ("contacts", None, &contacts)])
            .await;
    let unchosen = upload(&mut office, &[marks[0], marks[1], ("pupils", Some(""), b""), c]).await;
    let utf16 = upload(&mut office, &[marks[0], marks[1], ("pupils", Some("p.csv"), &wide), c]).await;
    let with_nul = upload(&mut office, &[marks[0], marks[1], ("pupils", Some("p.csv"), &nul), c]).await;
    let empty = upload(&mut office, &[marks[0], marks[1], ("pupils", Some("p.csv"), b""), c]).await;
    let too_large = upload(&mut office, &[marks[0], marks[1], ("pupils", Some("p.csv"), &huge), c]).await;
    let large_elsewhere = office.post("/admin/staff", &[("form_key", &"x".repeat(300 << 10))]).await.status;

    assert_eq!([keyless.status, false_key.status, key_last.status], [403; 3]);
    assert_eq!([no_files.status, not_files.status, unchosen.status], [422; 3]);
    assert!(no_files.body.contains("Choose both files"), "{}", no_files.body);
    assert_eq!([utf16.status, with_nul.status, empty.status], [422; 3]);
    assert!(utf16.body.contains("UTF-16"), "{}", utf16.body);
    assert!(with_nul.body.contains("line 2, legal_surname"), "{}", with_nul.body);
    assert_eq!(too_large.status, 413);
    assert_eq!(large_elsewhere, 403, "the page is for other roles, and its limit is the usual one");
    assert_eq!(school.school.rows("select id::text from import_proposal").await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn an_import_hides_changes_of_a_colleagues_own_family_and_is_nothing_to_other_roles() {
    let school = Staffed::open().await;
    let (mut office, mut slt) = (school.as_role(Role::Office).await, school.as_role(Role::Slt).await);
    let own = "insert into conflict_of_interest select s.id, p.id, now(), 'head' from staff s, pupil p
               where s.name = 'slt' and p.pupil_ref = 'P1'";
    school.sql(own).await;
    // Two contacts that may be one person, and pupils without a second emergency contact: both name refs or rows.
    let mut roll = changed();
    roll.pupils.push(pupil("P4", "Vera", "Ash"));
    roll.carers.push(
        carer("P4", "C8", "Amina", "Ash")
            .email("amina.new@family.example")
            .with("parental_responsibility", "no"),
    );
    let put = put_up_roll(&mut office, &roll).await;

    let theirs = office.get(&plain(put.to())).await;
    let own = slt.get(&plain(put.to())).await;
    let strange = office.get("/admin/import/00000000-0000-0000-0000-000000000000").await;

    assert!(
        theirs.body.contains("C1: changed") && theirs.body.contains("Contacts C1, C8"),
        "{}",
        theirs.body
    );
    assert!(theirs.body.contains("pupils.csv, line 5"), "{}", theirs.body);
    assert!(!own.body.contains("Contacts C1") && !own.body.contains("pupils.csv, line"), "{}", own.body);
    assert!(!own.body.contains("C1: changed") && !own.body.contains("Amina"), "{}", own.body);
    assert!(own.body.contains("your own family") && own.body.contains("pupil P3: added"));
    assert_eq!(strange.status, 404);
    for role in [Role::Teacher, Role::Dsl, Role::It, Role::Governor] {
        let mut browser = school.as_role(role).await;
        assert_eq!(browser.get(&plain(put.to())).await.status, 403, "{role}");
    }
    school.close().await;
}

#[tokio::test]
async fn a_thousand_pupils_with_two_thousand_carers_are_written_while_the_page_waits() {
    let school = Staffed::open().await;
    let mut office = school.as_role(Role::Office).await;
    let mut roll = two_classes();
    for n in 0..1000 {
        let reference = format!("N{n}");
        roll.pupils.push(pupil(&reference, &format!("Pupil{n}"), "Many"));
        for of in ["a", "b"] {
            let email = format!("{of}{n}@many.example");
            roll.carers
                .push(carer(&reference, &format!("{of}{n}"), &format!("Carer{of}{n}"), "Many").email(&email));
        }
    }

    let put = put_up_roll(&mut office, &roll).await;
    let page = office.get(&plain(put.to())).await;
    let approve = format!("{}/approve", plain(put.to()));
    let mark = page.hidden(&approve, "shown");
    let done = office.press(&page, &approve, &[("shown", &mark)]).await;

    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(school.school.rows("select count(*)::text from pupil").await, ["1002"]);
    assert!(page.body.contains("more of the same kinds"));
    school.close().await;
}
