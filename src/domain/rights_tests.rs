use super::*;

/// Monday 23 November 2026.
const TODAY: Date = Date::constant(2026, 11, 23);
const YESTERDAY: Date = Date::constant(2026, 11, 22);
const TOMORROW: Date = Date::constant(2026, 11, 24);

pub(in crate::domain) fn link() -> LinkFacts {
    LinkFacts {
        pupil: PupilId::default(),
        pupil_called: "Sam".into(),
        class: None,
        leaving_date: None,
        born: None,
        pupil_died: None,
        ends: None,
        adult_agreed: false,
        carer: CarerId::default(),
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
        preference: Vec::new(),
        own_wish: false,
    }
}

fn born(years_ago: i16, day: Date) -> Option<Date> {
    Date::new(day.year() - years_ago, day.month(), day.day()).ok()
}

fn ordered(link: &mut LinkFacts) {
    link.restrictions.push(Restriction { kind: RestrictionKind::NoContact, starts: None, ends: None });
}

type Change = fn(&mut LinkFacts);

/// What each event makes of a weekly update and of an acknowledgement: the word of the refusal, or `-`.
const CASES: &[(&str, Change, &str, &str)] = &[
    ("nothing", |_| {}, "-", "-"),
    ("the last day of a placement", |l| l.ends = Some(TODAY), "-", "-"),
    ("the day after", |l| l.ends = Some(YESTERDAY), "link_ended", "link_ended"),
    ("an end ahead", |l| l.ends = Some(TOMORROW), "-", "-"),
    ("the carer has died", |l| l.carer_died = Some(TODAY), "carer_died", "carer_died"),
    ("the pupil has died", |l| l.pupil_died = Some(YESTERDAY), "pupil_died", "pupil_died"),
    ("16 today", |l| l.born = born(16, TODAY), "-", "-"),
    ("18 tomorrow", |l| l.born = born(18, TOMORROW), "-", "-"),
    ("18 today", |l| l.born = born(18, TODAY), "adult", "-"),
    ("19", |l| l.born = born(19, TODAY), "adult", "-"),
    (
        "18, and agreed",
        |l| {
            l.born = born(18, TODAY);
            l.adult_agreed = true;
        },
        "-",
        "-",
    ),
    (
        "18, agreed, and the placement ended",
        |l| {
            l.born = born(18, TODAY);
            l.adult_agreed = true;
            l.ends = Some(YESTERDAY);
        },
        "link_ended",
        "link_ended",
    ),
    (
        "18, agreed, and an order",
        |l| {
            l.born = born(18, TODAY);
            l.adult_agreed = true;
            ordered(l);
        },
        "restriction",
        "restriction",
    ),
    (
        "an order, and the placement ended",
        |l| {
            ordered(l);
            l.ends = Some(YESTERDAY);
        },
        "restriction",
        "restriction",
    ),
    (
        "an order, and the carer has died",
        |l| {
            ordered(l);
            l.carer_died = Some(TODAY);
        },
        "carer_died",
        "carer_died",
    ),
    ("left today", |l| l.leaving_date = Some(TODAY), "-", "-"),
    ("left yesterday", |l| l.leaving_date = Some(YESTERDAY), "left_school", "-"),
];

#[test]
fn each_event_of_a_life_stops_what_it_must_and_no_more() {
    for (what, change, update, acknowledgement) in CASES {
        let mut link = link();
        change(&mut link);

        let word = |purpose| may_be_sent(purpose, &link, TODAY).map_or_else(|no| no.word(), |()| "-");

        for purpose in
            [Purpose::WeeklyUpdate, Purpose::Reply, Purpose::Newsletter, Purpose::Notice, Purpose::Urgent]
        {
            assert_eq!(word(purpose), *update, "{what}: {purpose}");
        }
        assert_eq!(word(Purpose::Acknowledgement), *acknowledgement, "{what}");
    }
}

#[test]
fn reports_are_for_those_who_hold_responsibility_and_those_the_school_marked() {
    for (responsibility, correspondence, reports, word) in [
        (Responsibility::Yes, false, false, "-"),
        (Responsibility::No, true, true, "-"),
        (Responsibility::No, true, false, "no_reports"),
        (Responsibility::Unknown, true, false, "no_reports"),
        (Responsibility::No, false, true, "not_a_correspondent"),
    ] {
        let facts = LinkFacts {
            responsibility,
            receives_correspondence: correspondence,
            receives_reports: reports,
            no_newsletters: false,
            ..link()
        };

        let said = may_be_sent(Purpose::Report, &facts, TODAY).map_or_else(|no| no.word(), |()| "-");

        assert_eq!(said, word, "{responsibility} {correspondence} {reports}");
    }
}

#[test]
fn a_refusal_says_why_and_not_when_somebody_was_born_or_died() {
    for (_, change, ..) in CASES {
        let mut link = link();
        change(&mut link);

        let Err(no) = may_be_told(&link, TODAY) else { continue };

        let dated = matches!(no, NoRight::Ended(_) | NoRight::Left(_));
        assert_eq!(no.sentence().contains("2026"), dated, "{}", no.sentence());
    }
}

#[test]
fn an_end_that_is_near_is_told_to_whoever_writes() {
    let until = |change: Change| {
        let mut link = link();
        change(&mut link);
        told_until(&link, TODAY).map(|day| day.to_string())
    };

    assert_eq!(until(|_| {}), None);
    assert_eq!(until(|l| l.ends = Some(TODAY)).as_deref(), Some("2026-11-23"));
    assert_eq!(until(|l| l.ends = Some(YESTERDAY)), None, "who may not be told is told so");
    assert_eq!(until(|l| l.ends = Some(Date::constant(2027, 7, 21))), None, "far off");
    assert_eq!(until(|l| l.born = born(18, TOMORROW)).as_deref(), Some("2026-11-23"));
    let both: Change = |l| {
        l.born = born(18, TOMORROW);
        l.adult_agreed = true;
        l.leaving_date = Some(Date::constant(2026, 12, 18));
    };
    assert_eq!(until(both).as_deref(), Some("2026-12-18"));
}
