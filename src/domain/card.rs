//! The contact card that is read before writing (R08), as a digest: two cards with the same digest tell a writer the same.

use ring::digest::{SHA256, digest};

use super::{
    rights::{LinkFacts, may_be_told, told_until},
    time::Date,
};

/// The digest of a pupil's contact card on a day, as hexadecimal digits: of every carer whether they may be told and, where that
/// ends soon, until when, with the rights, restrictions, preference, language, format and interpreter. The order of the links does not count. Addresses do
/// not stand in it: one that fails changes the way, which the gate finds, and not who is told.
pub fn card_digest<'a>(links: impl IntoIterator<Item = &'a LinkFacts>, today: Date) -> String {
    let mut carers: Vec<String> = links.into_iter().map(|link| of_carer(link, today)).collect();
    carers.sort_unstable();
    digest(&SHA256, carers.join("\n").as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One carer's part. Each text is quoted, so that no two cards can be written the same way.
fn of_carer(link: &LinkFacts, today: Date) -> String {
    let told = may_be_told(link, today).map_or_else(|why| why.word(), |()| "may_be_told");
    let mut restrictions: Vec<String> =
        link.restrictions.iter().map(|r| format!("{} {:?} {:?}", r.kind, r.starts, r.ends)).collect();
    restrictions.sort_unstable();
    let routes: Vec<_> = link.preference.iter().map(|route| route.as_str()).collect();
    format!(
        "{} {told} {:?} {} {} {restrictions:?} {routes:?} {:?} {} {:?}",
        link.carer,
        told_until(link, today),
        link.responsibility,
        link.receives_correspondence,
        link.language,
        link.format,
        link.interpreter,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{CarerId, PupilId},
        people::{Format, PersonName, Responsibility, Restriction, RestrictionKind, Route},
    };

    const FRIDAY: Date = Date::constant(2026, 11, 27);
    const SATURDAY: Date = Date::constant(2026, 11, 28);

    fn link() -> LinkFacts {
        LinkFacts {
            pupil: PupilId(uuid::Uuid::nil()),
            pupil_called: "Sam".into(),
            class: None,
            leaving_date: None,
            born: None,
            pupil_died: None,
            ends: None,
            adult_agreed: false,
            carer: CarerId(uuid::Uuid::nil()),
            carer_died: None,
            carer_name: PersonName::default(),
            language: "en".to_owned(),
            format: Format::Standard,
            interpreter: None,
            best_times: None,
            responsibility: Responsibility::Yes,
            receives_correspondence: true,
            receives_reports: false,
            no_newsletters: false,
            restrictions: Vec::new(),
            addresses: Vec::new(),
            preference: vec![Route::Email],
            own_wish: false,
        }
    }

    fn order(kind: RestrictionKind, starts: Option<Date>) -> Restriction {
        Restriction { kind, starts, ends: None }
    }

    type Change = (&'static str, fn(&mut LinkFacts));

    #[test]
    fn whatever_the_card_tells_a_writer_changes_its_digest() {
        let seen = card_digest([&link()], FRIDAY);
        let changes: [Change; 14] = [
            ("responsibility", |link| link.responsibility = Responsibility::Unknown),
            ("correspondence", |link| link.receives_correspondence = false),
            ("restriction", |link| link.restrictions.push(order(RestrictionKind::SeeDsl, None))),
            ("preference", |link| link.preference.push(Route::Call)),
            ("language", |link| link.language = "pl".to_owned()),
            ("format", |link| link.format = Format::LargePrint),
            ("interpreter", |link| link.interpreter = Some("yes".to_owned())),
            ("leaving", |link| link.leaving_date = Some(Date::constant(2026, 11, 20))),
            ("an end soon", |link| link.ends = Some(Date::constant(2026, 12, 4))),
            ("an end", |link| link.ends = Some(Date::constant(2026, 11, 26))),
            ("18", |link| link.born = Some(Date::constant(2008, 11, 27))),
            ("18 soon", |link| link.born = Some(Date::constant(2008, 12, 4))),
            ("a death", |link| link.pupil_died = Some(Date::constant(2026, 11, 20))),
            ("carer", |link| link.carer = CarerId::new()),
        ];

        for (what, change) in changes {
            let mut changed = link();
            change(&mut changed);

            assert_ne!(card_digest([&changed], FRIDAY), seen, "{what}");
        }
        assert_ne!(card_digest([&link(), &link()], FRIDAY), seen, "a carer more");
        assert_ne!(card_digest([], FRIDAY), seen, "a carer less");
    }

    #[test]
    fn the_same_card_has_the_same_digest_whatever_the_order_and_the_addresses() {
        let (one, mut other) = (link(), link());
        other.carer = CarerId::new();
        other.best_times = Some("after four".into());

        assert_eq!(card_digest([&one, &other], FRIDAY), card_digest([&other, &one], FRIDAY));
        assert_eq!(card_digest([&one], FRIDAY), card_digest([&one], SATURDAY));
    }

    #[test]
    fn an_order_that_begins_overnight_makes_yesterdays_card_an_old_one() {
        let mut ordered = link();
        ordered.restrictions.push(order(RestrictionKind::NoContact, Some(SATURDAY)));

        assert_ne!(card_digest([&ordered], FRIDAY), card_digest([&ordered], SATURDAY));
    }
}
