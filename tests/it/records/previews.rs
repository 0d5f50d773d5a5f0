//! What many carers would get of an announcement, page by page: the counts are those of what the pages show.

use liaison::{
    domain::{
        announcement::{Audience, Written},
        people::Purpose,
    },
    flows::{
        announced::{self, Counted},
        announcements,
        preview::Gets,
    },
};

use super::colleague;
use crate::support::{
    people::{Roll, carer, pupil},
    school::School,
};

/// More than a page has.
const MANY: usize = 75;

fn counted(gets: &[Gets]) -> Counted {
    let mut counted = Counted { carers: gets.len(), ..Counted::default() };
    for one in gets {
        match one {
            Gets::Mail { .. } => counted.email += 1,
            Gets::Text { parts, .. } => {
                counted.text += 1;
                counted.parts += parts;
            }
            Gets::Call(_) => counted.call += 1,
            Gets::Letter(_) => counted.letter += 1,
            Gets::Nothing(why) => *counted.nothing.entry(why.clone()).or_default() += 1,
        }
    }
    counted
}

#[tokio::test]
async fn the_counts_are_those_of_what_each_carer_would_get_and_every_carer_is_on_one_page() {
    let refs: Vec<String> = (0..MANY).map(|n| format!("P{n:03}")).collect();
    let pupils: Vec<_> = refs.iter().map(|reference| pupil(reference, "Sam", "Ash")).collect();
    let carers = refs.iter().enumerate().map(|(n, reference)| {
        let (own, number) = (format!("C{n:03}"), format!("07700 900{n:03}"));
        let one = carer(reference, &own, "Amina", &format!("Begum{n:03}"));
        match n % 5 {
            0 => one.email(&format!("a{n}@home.example")),
            1 => one.mobile(&number).wants("sms"),
            2 => one.mobile(&number).wants("phone"),
            3 => one.with("address1", "1 Quarry Lane").with("postcode", "ZZ1 1ZZ").wants("letter"),
            _ => one.email(&format!("a{n}@home.example")).restricted("no_contact", "", ""),
        }
    });
    let school = School::open(&Roll::new(&pupils, &carers.collect::<Vec<_>>())).await;
    let office = colleague(&school, "office", "office").await;
    let written =
        Written::read(Purpose::Notice, "Closed on Friday", "The boiler has failed.", Audience::School)
            .unwrap();
    let id = announcements::write(&school.gateway, &written, &office.to_string()).await.unwrap();

    let (mut shown, mut names, mut after, mut all) = (Vec::new(), Vec::new(), None, Vec::new());
    loop {
        let page = announced::preview(&school.gateway, office, id, after).await.unwrap().unwrap();
        names.extend(page.page.iter().map(|one| one.carer.clone()));
        shown.extend(page.page.into_iter().map(|one| one.gets));
        all.push(page.counted);
        after = page.more_after;
        if after.is_none() {
            break;
        }
    }

    assert_eq!(all.len(), 2, "pages");
    names.dedup();
    assert_eq!((names.len(), names.is_sorted()), (MANY, true));
    let expected = counted(&shown);
    assert_eq!([expected.email, expected.text, expected.call, expected.letter], [15; 4]);
    assert_eq!(expected.nothing.values().sum::<usize>(), 15);
    assert_eq!(all, [expected.clone(), expected]);
    school.close().await;
}
