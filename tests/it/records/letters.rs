//! Letters are printed through the gate, recorded once, and begun again another way when they come back.

use jiff::civil::date;
use liaison::{
    domain::{ids::TaskId, time::school_date},
    flows::{Clock as _, letters, people},
    store,
};

use super::{as_colleague, colleague, refusal};
use crate::support::{
    people::{Roll, carer, pupil},
    school::School,
};

const WORDS: &str = "Sam read two whole chapters aloud.";

fn by_letter() -> Roll {
    let one = |reference: &str, surname: &str, street: &str| {
        carer("P1", reference, "Derek", surname).lives_at(street).wants("letter")
    };
    Roll::new(
        &[pupil("P1", "Sam", "Ash")],
        &[one("C1", "Eames", "4 Quarry Lane").mobile("07700 900104"), one("C2", "Frost", "9 Mill Row")],
    )
}

async fn with_letters() -> (School, Vec<TaskId>) {
    let school = School::open(&by_letter()).await;
    school.queue(&[("P1", WORDS)]).await;
    let letters = school.tasks().await.into_iter().map(|task| task.id).collect();
    (school, letters)
}

async fn of(school: &School, carer: &str) -> TaskId {
    school.tasks().await.into_iter().find(|t| t.kind == "letter" && t.carer.ends_with(carer)).unwrap().id
}

#[tokio::test]
async fn a_batch_holds_a_page_for_each_letter_that_may_go_and_tells_the_one_withdrawn() {
    let (school, tasks) = with_letters().await;
    school.import(&by_letter().changed("C2", |c| c.restricted("no_contact", "", ""))).await;

    let batch = letters::batch(&school.gateway, &tasks).await.unwrap();

    assert_eq!(batch.pages.len(), 1);
    assert!(batch.pages[0].to.contains("4 Quarry Lane"));
    assert!(batch.pages[0].sheet.paragraphs.iter().any(|(_, said)| said.expose() == WORDS));
    assert_eq!(batch.left_out.len(), 1);
    assert!(batch.left_out[0].why.contains("an order forbids contact"), "{:?}", batch.left_out);
    school.close().await;
}

#[tokio::test]
async fn posting_a_batch_twice_records_each_letter_once() {
    let (school, tasks) = with_letters().await;
    let today = school_date(school.clock.now());

    let first = letters::mark_posted(&school.gateway, &tasks, today, "office").await.unwrap();
    let second = letters::mark_posted(&school.gateway, &tasks, today, "office").await.unwrap();

    assert_eq!((first.now, first.before), (2, 0));
    assert_eq!((second.now, second.before), (0, 2));
    assert_eq!((school.told("posted").await, school.told("task_closed").await), (2, 2));
    assert_eq!(school.to_do().await, Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn a_batch_with_one_impossible_letter_records_none() {
    let (school, tasks) = with_letters().await;
    let gateway = &school.gateway;
    liaison::flows::tasks::close(gateway, tasks[1], false, "office", "moved away").await.unwrap();
    let today = school_date(school.clock.now());

    let closed = refusal(letters::mark_posted(gateway, &tasks, today, "office").await);
    let future = refusal(letters::mark_posted(gateway, &tasks[..1], date(2026, 11, 24), "office").await);
    let early = refusal(letters::mark_posted(gateway, &tasks[..1], date(2026, 11, 22), "office").await);

    assert!(closed.contains("given up already"), "{closed}");
    assert!(future.contains("future") && early.contains("not there yet"), "{future} {early}");
    assert_eq!(school.told("posted").await, 0);
    assert_eq!(school.show(tasks[0]).await.state, "open");
    school.close().await;
}

#[tokio::test]
async fn a_letter_that_came_back_is_followed_by_the_next_route_and_a_look_at_the_address() {
    let (school, tasks) = with_letters().await;
    let eames = of(&school, "Eames").await;
    let today = school_date(school.clock.now());
    letters::mark_posted(&school.gateway, &tasks, today, "office").await.unwrap();

    letters::returned(&school.gateway, eames, "addressee gone away", "office").await.unwrap();
    let twice = refusal(letters::returned(&school.gateway, eames, "gone", "office").await);

    // He is texted next, as his order is letter, then what he has.
    school.deliver().await;
    let open = school.to_do().await;
    assert!(open.contains(&"check_address for Derek Eames".to_owned()), "{open:?}");
    assert_eq!(school.states().await, ["Derek Eames text submitted"]);
    assert!(twice.contains("recorded already"), "{twice}");
    let back = school.entries().await.into_iter().find(|e| e.kind == "letter_returned").unwrap();
    assert_eq!(back.words.as_deref(), Some("addressee gone away"));

    // That another address of his is right does not answer whether this one is.
    let of_his = |kind| {
        format!(
            "select a.id::text from address a join carer_address ca on ca.address_id = a.id join carer c on c.id = ca.carer_id
             where c.surname = 'Eames' and a.kind = '{kind}'"
        )
    };
    let carer =
        school.rows("select id::text from carer where surname = 'Eames'").await.remove(0).parse().unwrap();
    for (kind, left) in [("mobile", true), ("postal", false)] {
        let address = school.rows(&of_his(kind)).await.remove(0);
        people::remove_address(&school.gateway, carer, address.parse().unwrap(), "office").await.unwrap();
        let open = school.to_do().await.contains(&"check_address for Derek Eames".to_owned());
        assert_eq!(open, left, "{kind}");
    }
    school.close().await;
}

#[tokio::test]
async fn an_unposted_letter_shows_as_overdue_to_the_office_and_a_posted_one_as_posted() {
    let (school, tasks) = with_letters().await;
    let office = colleague(&school, "office", "office").await;
    let monday = school_date(school.clock.now());
    letters::mark_posted(&school.gateway, &tasks[..1], monday, "office").await.unwrap();

    let mut connection = as_colleague(&school, office).await;
    let friday = date(2026, 11, 27);
    let open = store::letters::open(&mut connection, friday, None, 50).await.unwrap();
    let on_time = store::letters::open(&mut connection, monday, None, 50).await.unwrap();
    let after = Some((open[0].due, open[0].task));
    let next = store::letters::open(&mut connection, friday, after, 50).await.unwrap();
    let posted = store::letters::posted(&mut connection, None, 50).await.unwrap();

    assert_eq!(open.len(), 1);
    assert_eq!((open[0].task, open[0].overdue, on_time[0].overdue), (tasks[1], true, false));
    assert!(next.is_empty());
    assert_eq!(posted.iter().map(|p| (p.task, p.posted_on)).collect::<Vec<_>>(), [(tasks[0], monday)]);
    school.close().await;
}

#[tokio::test]
async fn the_window_shows_the_address_that_the_gate_chose_and_not_one_that_fails() {
    let (school, tasks) = with_letters().await;
    let eames = of(&school, "Eames").await;
    let failing = "insert into address (id, kind, value, status) values
                   ('0192f0c1-0000-7000-8000-000000000001', 'postal', '1 Old Road', 'failing');
                   insert into carer_address (carer_id, address_id, position, added_at)
                   select id, '0192f0c1-0000-7000-8000-000000000001', 0, now() from carer where contact_ref = 'C1'";
    school.db.as_superuser(failing).await;

    let batch = letters::batch(&school.gateway, &tasks).await.unwrap();

    let page = batch.pages.iter().find(|page| page.task == eames).unwrap();
    assert!(page.to.contains("4 Quarry Lane"), "{}", page.to);
    let (to, said) = (page.sheet.to.expose(), &page.sheet.paragraphs);
    assert!(to.contains("4 Quarry Lane") && !to.contains("Old Road"), "{to}");
    assert!(said.iter().any(|(_, said)| said.expose() == WORDS));
    school.close().await;
}
