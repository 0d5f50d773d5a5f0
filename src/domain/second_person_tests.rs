//! When a second person must approve an update, as a table.

use super::{
    super::{
        people::{Purpose, Restriction, RestrictionKind},
        rights::tests::link,
        route::{About, MessageFacts},
        time::Date,
        topic::Topic,
        translation::Translations,
    },
    *,
};

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn update(sensitive: bool, topic: Option<Topic>) -> MessageFacts {
    MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::WeeklyUpdate,
        words: "Hello".to_owned().into(),
        sensitive,
        topic,
        text_because: None,
        about: About::Week(day("2026-11-23")),
    }
}

fn restricted(starts: Option<&str>, ends: Option<&str>) -> LinkFacts {
    let restriction =
        Restriction { kind: RestrictionKind::NoInformation, starts: starts.map(day), ends: ends.map(day) };
    LinkFacts { restrictions: vec![restriction], ..link() }
}

/// What it is, the rule, the update, whom it is linked to, and why a second person must approve it.
type Case<'a> = (&'a str, &'a [SecondFor], &'a MessageFacts, &'a LinkFacts, Option<SecondFor>);

#[test]
fn a_rule_asks_only_for_what_it_names() {
    use SecondFor::{RestrictedFamily, School, Sensitive};
    let (free, order) = (link(), restricted(None, None));
    let (over, later) = (restricted(None, Some("2026-11-22")), restricted(Some("2026-11-24"), None));
    let (plain, marked) = (update(false, None), update(true, None));
    let about = |topic| update(false, Some(topic));
    let both: &[SecondFor] = &[RestrictedFamily, Sensitive];
    let cases: [Case<'_>; 11] = [
        ("no rule", &[], &marked, &order, None),
        ("only announcements", &[School], &marked, &order, None),
        ("nothing special", both, &plain, &free, None),
        ("marked sensitive", &[Sensitive], &marked, &free, Some(Sensitive)),
        ("a topic that never goes by text", &[Sensitive], &about(Topic::Behaviour), &free, Some(Sensitive)),
        ("a topic that does", &[Sensitive], &about(Topic::Attendance), &free, None),
        ("sensitive, but only families count", &[RestrictedFamily], &marked, &free, None),
        ("somebody must not be told", &[RestrictedFamily], &plain, &order, Some(RestrictedFamily)),
        ("both: the family is named", both, &marked, &order, Some(RestrictedFamily)),
        ("an order that is over", both, &plain, &over, None),
        ("an order that begins tomorrow", both, &plain, &later, None),
    ];

    for (what, rule, update, link, expected) in cases {
        let rule = rule.iter().copied().collect();
        let never = std::iter::once(Topic::Behaviour).collect();
        let found = second_for(update, &[&self::link(), link], &rule, &never, day("2026-11-23"));
        assert_eq!(found, expected, "{what}");
    }
}
