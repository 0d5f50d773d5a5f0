//! Counting and masking, by hand-made tables.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn clock(started: &str, due: Option<&str>, stopped: Option<&str>, answered: bool) -> Counting {
    Counting {
        promise: false,
        class: "Oak".to_owned(),
        came_by: "email".to_owned(),
        started_at: at(started),
        due_at: due.map(at),
        stopped_at: stopped.map(at),
        answered,
        acknowledged: false,
    }
}

const NOW: &str = "2026-11-27T12:00:00Z";
const DUE: Option<&str> = Some("2026-11-26T17:00:00Z");

#[test]
fn each_clock_is_counted_in_one_way() {
    let monday = "2026-11-23T10:00:00Z";
    let later = Some("2026-11-30T17:00:00Z");
    let clocks = [
        clock(monday, DUE, Some("2026-11-26T17:00:00Z"), true),
        clock(monday, DUE, Some("2026-11-26T17:00:01Z"), true),
        clock(monday, DUE, None, false),
        clock(monday, later, None, false),
        clock(monday, DUE, Some("2026-11-24T10:00:00Z"), false),
        clock(monday, None, Some("2026-11-24T10:00:00Z"), true),
        clock(monday, None, None, false),
        clock("2026-11-28T10:00:00Z", later, None, false),
        Counting { acknowledged: true, ..clock(monday, later, None, false) },
    ];

    let all = Timeliness::of(&clocks, at(NOW));

    let expected = Timeliness {
        asked: 8,
        acknowledged: 1,
        in_time: 1,
        late: 1,
        waiting: 2,
        overdue: 1,
        ended: 1,
        undated: 2,
        median_secs: Some(3 * 86_400 + 7 * 3_600),
    };
    assert_eq!(all, expected);
    assert_eq!(all.percent_in_time(), Some(33));
}

#[test]
fn what_happened_since_is_not_counted_as_of_then() {
    let clocks = [clock("2026-11-23T10:00:00Z", DUE, Some("2026-11-27T13:00:00Z"), true)];

    let (then, now) = (Timeliness::of(&clocks, at(NOW)), Timeliness::of(&clocks, at("2026-11-28T12:00:00Z")));

    assert_eq!((then.overdue, then.late, then.median_secs), (1, 0, None));
    assert_eq!((now.overdue, now.late), (0, 1));
}

#[test]
fn the_median_is_the_middle_one() {
    let cases = [
        (vec![], None),
        (vec![7], Some(7)),
        (vec![9, 1], Some(5)),
        (vec![100, 1, 3], Some(3)),
        (vec![4, 1, 2, 100], Some(3)),
    ];

    for (values, expected) in cases {
        assert_eq!(median(values.clone()), expected, "{values:?}");
    }
}

#[test]
fn durations_are_said_as_people_say_them() {
    let cases = [
        (-5, "0 minutes"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (7_300, "2 hours"),
        (86_400, "1 day"),
        (129_600, "1.5 days"),
        (950_400, "11 days"),
    ];

    for (secs, expected) in cases {
        assert_eq!(duration_in_words(secs), expected, "{secs}");
    }
}

#[test]
fn classes_and_channels_are_counted_apart_and_promises_beside() {
    let mut clocks = vec![clock("2026-11-23T10:00:00Z", DUE, None, false); 3];
    clocks[1].class = "Elm".to_owned();
    clocks[2].promise = true;
    clocks[1].came_by = "text".to_owned();
    let mut counted = Counted::default();

    counted.count(&clocks, at(NOW));

    assert_eq!((counted.answers.asked, counted.promises.asked), (2, 1));
    let asked = |groups: &BTreeMap<String, Timeliness>| {
        groups.iter().map(|(name, all)| format!("{name} {}", all.asked)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(asked(&counted.by_class), "Elm 1, Oak 1");
    assert_eq!(asked(&counted.by_channel), "email 1, text 1");
}

#[test]
fn the_same_person_has_the_same_mask_and_nobody_a_name() {
    let contact = Event::Contact {
        kind: "a meeting".to_owned(),
        from_school: false,
        happened_at: at("2026-11-23T10:00:00Z"),
        recorded_at: at("2026-11-23T11:00:00Z"),
        praise: true,
        follow_up: None,
    };
    let id = uuid::Uuid::from_u128;
    let one = |carer: Option<u128>, pupil: u128, class: &str| Drawn {
        carer: carer.map(id),
        pupil: id(pupil),
        class: class.to_owned(),
        what: contact.clone(),
    };

    let lines = masked(
        &[one(Some(1), 10, "Oak"), one(Some(2), 11, "Oak"), one(Some(1), 12, "Elm"), one(None, 10, "Oak")],
        at(NOW),
    );

    let who: Vec<_> = lines.iter().map(|line| line.who.as_str()).collect();
    assert_eq!(
        who,
        [
            "Carer A about Pupil 1 of Oak",
            "Carer B about Pupil 2 of Oak",
            "Carer A about Pupil 1 of Elm",
            "Pupil 1 of Oak"
        ]
    );
    assert_eq!(lines[0].facts[0], "Monday 23 November, 10:00, begun by the family");
    assert!(lines[0].facts.contains(&"Good news".to_owned()));
    assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
}
