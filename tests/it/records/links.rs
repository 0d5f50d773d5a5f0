//! The links of many pupils are read another way than those of a few, and are the same.

use liaison::{
    domain::{ids::PupilId, people::Purpose, rights::LinkFacts},
    store::facts,
};

use crate::support::{
    people::{Roll, carer, pupil},
    school::School,
};

/// So many that they are read row by row.
const MANY: usize = 120;

#[tokio::test]
async fn the_links_of_a_whole_school_are_those_that_are_read_one_by_one() {
    let refs: Vec<String> = (0..MANY).map(|n| format!("P{n:03}")).collect();
    let pupils: Vec<_> = refs.iter().map(|reference| pupil(reference, "Sam", "Ash")).collect();
    let mut carers = Vec::new();
    for (n, reference) in refs.iter().enumerate() {
        let own = format!("C{n:03}");
        let one =
            carer(reference, &own, "Amina", "Begum").email(&format!("a{n}@home.example")).wants("letter");
        carers.push(match n % 3 {
            0 => one.mobile(&format!("07700 900{n:03}")),
            1 => one.restricted("no_contact", "2026-01-01", "2027-01-01"),
            _ => one.with("language", "ur").with("interpreter", "Urdu"),
        });
    }
    // One carer of two children, and two carers of one child.
    carers.push(
        carer("P001", "C000", "Amina", "Begum")
            .email("a0@home.example")
            .mobile("07700 900000")
            .wants("letter"),
    );
    let school = School::open(&Roll::new(&pupils, &carers)).await;
    school.rows("update carer_address set removed_at = now() where carer_id = (select id from carer where contact_ref = 'C003') returning carer_id::text").await;
    school.rows("insert into preference (carer_id, purpose, routes, source, set_at) select id, 'notice', '{text,email}', 'staff', now() from carer where contact_ref = 'C006' returning carer_id::text").await;
    school.rows("update link set ends = '2026-12-01', ends_set_by = 'x', ends_set_at = now(), adult_agreed_by = 'x', adult_agreed_at = now() where carer_id = (select id from carer where contact_ref = 'C007') returning id::text").await;
    school.rows("update pupil set date_of_birth = '2009-01-01', died_on = '2026-11-01', died_set_by = 'x', died_set_at = now() where pupil_ref = 'P008' returning id::text").await;
    school.rows("update carer set died_on = '2026-11-02', died_set_by = 'x', died_set_at = now() where contact_ref = 'C009' returning id::text").await;
    let mut connection = school.gateway.store.acquire().await.unwrap();
    let ids = school.rows("select id::text from pupil order by id").await;
    let ids: Vec<PupilId> = ids.iter().map(|id| id.parse().unwrap()).collect();

    let together = facts::of_links(&mut connection, &ids, None, Purpose::Notice).await.unwrap();

    let mut singly = Vec::new();
    for id in &ids {
        singly.extend(facts::of_links(&mut connection, &[*id], None, Purpose::Notice).await.unwrap());
    }
    assert_eq!(together.len(), MANY + 1);
    assert!(
        together.iter().any(|link| !link.restrictions.is_empty())
            && together.iter().any(|link| link.addresses.is_empty())
    );
    let ending = |link: &&LinkFacts| {
        link.ends.is_some() || link.pupil_died.is_some() || link.carer_died.is_some() || link.adult_agreed
    };
    assert_eq!(together.iter().filter(ending).count(), 3, "what ends");
    assert_eq!(together.iter().filter(|link| link.preference.len() == 2).count(), 1, "the wish for notices");
    assert!(together == singly, "read together they differ");
    drop(connection);
    school.close().await;
}
