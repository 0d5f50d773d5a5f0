//! `liaison import` against a real database.

use std::sync::Arc;

use liaison::{
    domain::import::{Change, Report, What},
    flows::{
        clock::SetClock,
        import::{Files, import},
    },
    store::Store,
};

use crate::support;

const PUPILS: &str = "pupil_ref,legal_surname,legal_forename,class,key_colleague_email\n\
                      P1,Fox,Ann,Oak,tess@school.example\nP2,Hare,Bo,Elm,tess@school.example\n";
const HEADER: &str = "pupil_ref,contact_ref,surname,forename,relationship,priority,parental_responsibility,\
                      legal_restriction,restriction_from,restriction_until,preferred_channel,email,mobile,phone,address1";

const MOTHER: &str =
    "P1,C1,Fox,Mia,mother,1,yes,none,,,sms,mia@post.example,07700 900001,01632 960001,1 High St";
const FATHER: &str = "P1,C2,Fox,Max,father,2,yes,supervised,2026-09-01,,,max@post.example,07700 900002,,";
const AUNT: &str =
    "P2,C1,Fox,Mia,aunt,1,unknown,none,,,sms,mia@post.example,07700 900001,01632 960001,1 High St";

/// A database and a clock that stands on Tuesday 24 November 2026, 9:00.
struct School {
    store: Store,
    clock: Arc<SetClock>,
}

async fn school() -> School {
    let db = support::database().await;
    let clock = db.clock();
    clock.set("2026-11-24T09:00:00Z".parse().expect("a time"));
    School { store: db.store(), clock }
}

impl School {
    async fn run(&self, contacts: &[&str], dry_run: bool) -> Report {
        let contacts = format!("{HEADER}\n{}\n", contacts.join("\n"));
        let files = Files { pupils: PUPILS.as_bytes(), contacts: contacts.as_bytes() };
        import(&self.store, self.clock.as_ref(), files, "operator", dry_run)
            .await
            .expect("the database answers")
    }

    async fn import(&self, contacts: &[&str]) -> Report {
        let report = self.run(contacts, false).await;
        assert!(!report.refused, "{:?}", report.problems);
        report
    }

    /// The first column of every row, as text, in order.
    async fn rows(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(self.store.pool()).await.expect("a good query")
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(self.store.pool()).await.expect("a good statement");
    }

    /// Everything an import could touch, as text.
    async fn everything(&self) -> Vec<String> {
        self.rows(
            "select t::text from class t union all select t::text from staff t union all select t::text from class_staff t
             union all select t::text from pupil t union all select t::text from carer t union all select t::text from link t
             union all select t::text from restriction t union all select t::text from address t
             union all select t::text from carer_address t union all select t::text from preference t
             union all select t::text from task t union all select t::text from chronology_entry t order by 1",
        )
        .await
    }

    async fn entries(&self) -> Vec<String> {
        self.rows("select kind from chronology_entry order by id").await
    }
}

const RESTRICTIONS: &str = "select concat_ws(' ', kind, starts, ends) from restriction order by kind, starts nulls first, ends nulls first";
const ADDRESSES_IN_USE: &str = "select concat_ws(' ', contact_ref, kind, value, position)
     from carer_address join carer on carer.id = carer_id join address on address.id = address_id
     where removed_at is null order by 1";

#[tokio::test]
async fn a_first_import_writes_both_files_and_one_entry_with_their_digests() {
    let school = school().await;

    let report = school.import(&[MOTHER, FATHER, AUNT]).await;

    assert!(report.changes && !report.dry_run);
    assert_eq!(
        (report.counts.pupils.added, report.counts.carers.added, report.counts.links.added),
        (2, 2, 3)
    );
    assert_eq!(
        school.rows("select concat_ws(' ', pupil_ref, legal_surname, legal_forename, class.name) from pupil join class on class.id = class_id order by 1").await,
        ["P1 Fox Ann Oak", "P2 Hare Bo Elm"]
    );
    assert_eq!(
        school.rows("select concat_ws(' ', staff.name, email, roles, class.name) from staff join class_staff on staff.id = staff_id join class on class.id = class_id order by 1").await,
        ["tess tess@school.example {teacher} Elm", "tess tess@school.example {teacher} Oak"]
    );
    assert_eq!(
        school.rows("select concat_ws(' ', pupil_ref, contact_ref, relationship, priority, parental_responsibility, missing_since) from link join pupil on pupil.id = pupil_id join carer on carer.id = carer_id order by 1").await,
        ["P1 C1 mother 1 yes", "P1 C2 father 2 yes", "P2 C1 aunt 1 unknown"]
    );
    assert_eq!(
        school.rows(ADDRESSES_IN_USE).await,
        [
            "C1 email mia@post.example 1",
            "C1 landline +441632960001 2",
            "C1 mobile +447700900001 1",
            "C1 postal 1 High St 1",
            "C2 email max@post.example 1",
            "C2 mobile +447700900002 1",
        ]
    );
    assert_eq!(
        school.rows("select concat_ws(' ', purpose, routes, source) from preference").await,
        ["weekly_update {text,email,call,letter} import"]
    );
    assert_eq!(school.rows(RESTRICTIONS).await, ["supervised 2026-09-01"]);
    assert_eq!(school.entries().await, ["imported", "restriction_added"]);
    let told = school.rows("select actor || ': ' || sentence from chronology_entry order by id").await;
    assert!(told[0].starts_with("operator: Contact data was imported. Pupils: 2 added"), "{told:?}");
    assert!(
        told[0].contains(&report.pupils_file.sha256) && told[0].contains(&report.contacts_file.sha256),
        "{told:?}"
    );
    assert_eq!(school.rows("select entry_id::text from chronology_unsealed").await.len(), 2);
}

#[tokio::test]
async fn the_same_files_again_change_nothing_and_leave_no_entry() {
    let school = school().await;
    school.import(&[MOTHER, FATHER, AUNT]).await;
    let before = school.everything().await;
    school.clock.set("2026-11-25T09:00:00Z".parse().expect("a time"));

    let again = school.import(&[MOTHER, FATHER, AUNT]).await;

    assert!(!again.changes);
    assert_eq!(again.lines, []);
    assert_eq!(
        (again.counts.pupils.unchanged, again.counts.carers.unchanged, again.counts.links.unchanged),
        (2, 2, 3)
    );
    assert_eq!(school.everything().await, before);
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let school = school().await;
    school.import(&[MOTHER, FATHER]).await;
    let before = school.everything().await;
    let file = ["P1,C1,Foxe,Mia,mother,3,no,no_contact,,,,,,,", AUNT.replace("Fox", "Foxe").as_str()]
        .map(|row| row.replace(",sms,mia@post.example,07700 900001,01632 960001,1 High St", ",,,,,"));
    let file = [file[0].as_str(), file[1].as_str()];

    let dry = school.run(&file, true).await;
    let after_dry = school.everything().await;
    let wet = school.run(&file, false).await;

    assert!(dry.changes && dry.dry_run && !dry.refused, "{:?}", dry.problems);
    assert_eq!(after_dry, before);
    assert_eq!((dry.counts, dry.lines), (wet.counts, wet.lines));
    assert_ne!(school.everything().await, before);
}

#[tokio::test]
async fn a_refused_row_writes_nothing_of_the_other_rows() {
    let school = school().await;

    let bad_cell = school.run(&[MOTHER, "P2,C3,Hare,Joy,mother,first,yes,none,,,,,,,"], false).await;
    let shared = FATHER.replace("07700 900002", "07700 900001");
    let shared_mobile = school.run(&[MOTHER, &shared, AUNT], false).await;

    for report in [bad_cell, shared_mobile] {
        assert!(report.refused && !report.changes);
        assert_eq!(report.counts.pupils.added, 0);
    }
    assert_eq!(school.everything().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_restriction_may_be_tightened_by_a_file_and_never_loosened() {
    let school = school().await;
    let father = |restriction: &str| {
        format!("P1,C2,Fox,Max,father,2,yes,{restriction},,max@post.example,07700 900002,,")
    };
    let kept = |report: &Report| {
        report.lines.iter().any(|line| line.what == What::Restriction && line.change == Change::Kept)
    };
    school.import(&[MOTHER, &father("see_dsl,2026-11-01,2026-12-31")]).await;

    let earlier = school.import(&[MOTHER, &father("see_dsl,2026-10-01,2026-12-31")]).await;
    let stricter = school.import(&[MOTHER, &father("no_contact,,")]).await;
    let milder = school.import(&[MOTHER, &father("see_dsl,2026-10-01,2026-12-31")]).await;
    let shorter = school.import(&[MOTHER, &father("no_contact,,2027-01-31")]).await;
    let gone = school.import(&[MOTHER, &father("none,,")]).await;

    assert_eq!(
        [&earlier, &stricter, &milder, &shorter, &gone].map(|report| report.counts.restrictions.added),
        [1, 1, 0, 0, 0]
    );
    assert_eq!([&earlier, &stricter, &milder, &shorter, &gone].map(kept), [false, false, true, true, true]);
    assert_eq!(
        school.rows(RESTRICTIONS).await,
        ["no_contact", "see_dsl 2026-10-01 2026-12-31", "see_dsl 2026-11-01 2026-12-31"]
    );
    // Asked once, while the question is open; with the entry that says so.
    assert_eq!(
        school.rows("select concat_ws(' ', kind, role, state, due) from task").await,
        ["review_restriction dsl open 2026-11-24"]
    );
    assert_eq!(
        school.entries().await,
        [
            "imported",
            "restriction_added",
            "imported",
            "restriction_added",
            "imported",
            "restriction_added",
            "imported",
            "restriction_kept"
        ]
    );
    assert_eq!(
        school.rows("select concat_ws(' ', c.contact_ref, p.pupil_ref) from chronology_entry e join carer c on c.id = e.carer_id join pupil p on p.id = e.pupil_id where task_id = (select id from task)").await,
        ["C2 P1"]
    );
}

#[tokio::test]
async fn the_dsl_is_asked_again_after_the_question_was_closed() {
    let school = school().await;
    let without = FATHER.replace("supervised,2026-09-01", "none,");
    school.import(&[MOTHER, FATHER]).await;
    school.import(&[MOTHER, &without]).await;
    school.execute("update task set state = 'done', closed_at = now(), closed_by = 'dsl', outcome = 'the order stands'").await;

    let again = school.import(&[MOTHER, &without]).await;

    assert!(again.changes);
    assert_eq!(school.rows("select state from task order by id").await, ["done", "open"]);
    assert_eq!(school.rows(RESTRICTIONS).await, ["supervised 2026-09-01"]);
}

#[tokio::test]
async fn what_a_colleague_set_survives_every_import() {
    let school = school().await;
    school.import(&[MOTHER]).await;
    school.execute("update preference set routes = '{letter,call}', source = 'staff'").await;
    school.execute("update address set status = 'failing', status_since = now(), status_why = 'bounced' where kind = 'email'").await;
    school.execute("update staff set name = 'Tess Teacher', roles = '{teacher,slt}'").await;
    let before = school.everything().await;

    let by_email = school.import(&[&MOTHER.replace(",sms,", ",email,")]).await;
    let blank = school.import(&[&MOTHER.replace(",sms,", ",,")]).await;

    assert_eq!((by_email.counts.preferences_left, by_email.changes, blank.changes), (1, false, false));
    assert_eq!(school.everything().await, before);
}

#[tokio::test]
async fn an_address_is_one_row_however_many_carers_use_it_and_its_history_stays() {
    let school = school().await;
    let second = "P2,C3,Hare,Joy,mother,1,yes,none,,,,mia@post.example,,,";
    let moved = MOTHER.replace("mia@post.example", "new@post.example");

    school.import(&[MOTHER, second]).await;
    let shared = school.rows("select count(*)::text from carer_address join address on id = address_id where value = 'mia@post.example'").await;
    school.import(&[&moved, second]).await;
    let after_move = school.rows("select concat_ws(' ', contact_ref, value, removed_at is null) from carer_address join carer on carer.id = carer_id join address on address.id = address_id where kind = 'email' order by 1").await;
    school.import(&[MOTHER, second]).await;
    let after_return = school.rows("select value from carer_address join carer on carer.id = carer_id join address on address.id = address_id where kind = 'email' and removed_at is null and contact_ref = 'C1'").await;

    assert_eq!(shared, ["2"]);
    assert_eq!(after_move, ["C1 mia@post.example f", "C1 new@post.example t", "C3 mia@post.example t"]);
    assert_eq!(after_return, ["mia@post.example"]);
    assert_eq!(school.rows("select count(*)::text from address where kind = 'email'").await, ["2"]);
}

#[tokio::test]
async fn brothers_and_sisters_with_two_contact_refs_are_proposed_and_stay_two() {
    let school = school().await;

    let report = school.import(&[MOTHER, &AUNT.replace("C1", "C9")]).await;

    assert_eq!(report.proposals.len(), 1);
    assert_eq!(report.proposals[0].contact_refs, ["C1", "C9"]);
    assert_eq!(school.rows("select contact_ref from carer order by 1").await, ["C1", "C9"]);
}

#[tokio::test]
async fn a_contact_that_is_no_longer_in_the_file_is_marked_and_comes_back() {
    let school = school().await;
    let marked =
        "select contact_ref from link join carer on carer.id = carer_id where missing_since is not null";
    school.import(&[MOTHER, FATHER, AUNT]).await;

    let without = school.import(&[MOTHER, AUNT]).await;
    let marked_without = school.rows(marked).await;
    let again = school.import(&[MOTHER, AUNT]).await;
    let back = school.import(&[MOTHER, FATHER, AUNT]).await;

    assert_eq!((without.counts.links.missing, without.counts.carers.missing), (1, 1));
    assert_eq!(marked_without, ["C2"]);
    assert!(!again.changes);
    assert!(back.lines.iter().any(|line| line.change == Change::Returned));
    assert_eq!(school.rows(marked).await, Vec::<String>::new());
    assert_eq!(
        school.rows(RESTRICTIONS).await,
        ["supervised 2026-09-01"],
        "its restriction was never touched"
    );
}

#[tokio::test]
async fn a_restriction_that_only_the_school_recorded_stops_a_shared_mobile() {
    let school = school().await;
    let father = FATHER.replace("supervised,2026-09-01", "none,").replace("07700 900002", "07700 900001");
    school.import(&[MOTHER, &father]).await;
    school
        .execute("insert into restriction (id, link_id, kind, recorded_at, recorded_by) select gen_random_uuid(), link.id, 'no_contact', now(), 'dsl' from link join carer on carer.id = carer_id where contact_ref = 'C2'")
        .await;
    let before = school.everything().await;

    let report = school.run(&[MOTHER, &father], false).await;

    assert!(report.refused, "{:?}", report.problems);
    assert_eq!(school.everything().await, before);
}

#[tokio::test]
async fn two_imports_at_once_wait_for_each_other() {
    let school = school().await;

    let (one, other) =
        tokio::join!(school.import(&[MOTHER, FATHER, AUNT]), school.import(&[MOTHER, FATHER, AUNT]));

    assert_ne!(one.changes, other.changes, "one of them found everything done");
    assert_eq!(school.rows("select contact_ref from carer order by 1").await, ["C1", "C2"]);
    assert_eq!(school.entries().await, ["imported", "restriction_added"]);
}

/// What a whole school takes; printed, not promised, because the machine is not ours alone.
#[tokio::test]
async fn a_school_of_two_thousand_is_imported_twice_without_a_difference() {
    let school = school().await;
    let pupils: Vec<_> = (0..2000).map(|n| format!("P{n},Fox,Ann,Class {}", n % 70)).collect();
    let pupils = format!("pupil_ref,legal_surname,legal_forename,class\n{}\n", pupils.join("\n"));
    let parent = |n: usize| {
        let (pupil, mobile) = (
            n / 2,
            if n.is_multiple_of(2) { format!("07700 900{:03}", n / 2 % 1000) } else { String::new() },
        );
        format!("P{pupil},C{n},Fox,Pat,parent,1,yes,none,,,,c{n}@post.example,{mobile},,{pupil} High St")
    };
    let contacts = format!("{HEADER}\n{}\n", (0..4000).map(parent).collect::<Vec<_>>().join("\n"));
    let files = Files { pupils: pupils.as_bytes(), contacts: contacts.as_bytes() };

    let mut took = Vec::new();
    for _ in 0..2 {
        let began = std::time::Instant::now();
        let report = import(&school.store, school.clock.as_ref(), files, "operator", false)
            .await
            .expect("the database answers");
        took.push((began.elapsed(), report.changes));
    }

    eprintln!("2,000 pupils and 4,000 contacts: first {:?}, again {:?}", took[0].0, took[1].0);
    assert_eq!((took[0].1, took[1].1), (true, false));
}

#[tokio::test]
async fn the_demonstration_school_is_imported_without_a_refusal() {
    let school = school().await;
    let pupils = include_str!("../../deploy/demo-school/pupils.csv").replace("{tomorrow}", "2026-11-25");
    let contacts = include_str!("../../deploy/demo-school/contacts.csv").replace("{tomorrow}", "2026-11-25");
    let files = Files { pupils: pupils.as_bytes(), contacts: contacts.as_bytes() };

    let report = import(&school.store, school.clock.as_ref(), files, "operator", false)
        .await
        .expect("the database answers");
    let again = import(&school.store, school.clock.as_ref(), files, "operator", false)
        .await
        .expect("the database answers");

    assert!(!report.refused && report.changes, "{:?}", report.problems);
    assert!(!again.changes);
}
