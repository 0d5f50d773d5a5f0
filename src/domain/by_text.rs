//! What keeps a message from a text whoever it is for, and the exceptions to a rule that people make, each for a reason
//! (R12, R16).

use std::collections::BTreeSet;

use liaison_channels::private::Private;

use super::{
    people::Route,
    rights::LinkFacts,
    route::{About, AnnouncedFacts, Channels, Fired, MessageFacts, Plan, Unusable, choose},
    time::Timestamp,
    topic::Topic,
};

/// The rule by which the SLT lets one item go by text.
pub const LEAVE: &str = "text by leave";
/// The rule by which what is urgent leaves at any hour.
pub const URGENT: &str = "urgent";

/// Why a message does not go by text, whoever it is for, unless the SLT lets it; `None`: nothing speaks against it.
pub fn not_by_text(message: &MessageFacts, never_by_text: &BTreeSet<Topic>) -> Option<Unusable> {
    if message.sensitive {
        return Some(Unusable::SensitiveByText);
    }
    message.topic.filter(|topic| never_by_text.contains(topic)).map(Unusable::TopicByText)
}

/// Why this carer is told by another way who would be texted, were it not for what the message is about.
pub fn kept_from_text(
    facts: &LinkFacts,
    message: &MessageFacts,
    never_by_text: &BTreeSet<Topic>,
    channels: Channels,
    now: Timestamp,
) -> Option<Unusable> {
    let why = not_by_text(message, never_by_text).filter(|_| message.text_because.is_none())?;
    let let_through = MessageFacts { text_because: Some(Private::default()), ..message.clone() };
    let (plan, _) = choose(facts, &let_through, never_by_text, channels, &[], now);
    (plan == Plan::Send(Route::Text)).then_some(why)
}

/// The exceptions to a rule by which a message goes this way, or now, each with its reason.
pub(super) fn exceptions(
    route: Route,
    message: &MessageFacts,
    never_by_text: &BTreeSet<Topic>,
) -> Vec<Fired> {
    let mut fired = Vec::new();
    if let Some(because) = message.text_because.as_ref().filter(|_| route == Route::Text)
        && let Some(why) = not_by_text(message, never_by_text)
    {
        let saw = format!("{}; the SLT lets this one, because: {}", why.sentence(), because.expose());
        fired.push(Fired::new(LEAVE, "ok", saw));
    }
    if let About::Announcement(AnnouncedFacts { urgent_because: Some(because), .. }) = &message.about {
        fired.push(Fired::new(URGENT, "ok", format!("at any hour, because: {}", because.expose())));
    }
    fired
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        announcement::AudienceKind,
        ids::{AddressId, CarerId, PupilId},
        people::{
            AddressKind, AddressStatus, Format, PersonName, Purpose, Responsibility, Restriction,
            RestrictionKind,
        },
        rights::KnownAddress,
        time::Date,
        translation::Translations,
    };

    const BOTH: Channels = Channels { email: true, text: true };

    /// The school's usual list.
    fn never() -> BTreeSet<Topic> {
        Topic::ALL.iter().copied().filter(|topic| *topic != Topic::Attendance).collect()
    }

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().expect("an instant")
    }

    fn update(sensitive: bool, topic: Option<Topic>, because: Option<&str>) -> MessageFacts {
        MessageFacts {
            translations: Translations::default(),
            purpose: Purpose::WeeklyUpdate,
            words: "Sam read.".into(),
            sensitive,
            topic,
            text_because: because.map(Private::from),
            about: About::Week(Date::constant(2026, 11, 23)),
        }
    }

    fn urgent() -> MessageFacts {
        let announced = AnnouncedFacts {
            title: "Gas".into(),
            to: AudienceKind::School,
            urgent_because: Some("a leak".into()),
            taken_back: false,
        };
        MessageFacts {
            purpose: Purpose::Urgent,
            about: About::Announcement(announced),
            ..update(false, None, None)
        }
    }

    /// A carer with a mobile and a mailbox who wants texts.
    fn carer() -> LinkFacts {
        let address = |kind, value: &str| KnownAddress {
            id: AddressId::default(),
            kind,
            value: value.into(),
            status: AddressStatus::Good,
        };
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
            addresses: vec![
                address(AddressKind::Mobile, "+447700900101"),
                address(AddressKind::Email, "amina@home.example"),
            ],
            preference: vec![Route::Text],
            own_wish: true,
        }
    }

    fn plan(facts: &LinkFacts, message: &MessageFacts) -> (Plan, Vec<Fired>) {
        choose(facts, message, &never(), BOTH, &[], now())
    }

    #[test]
    fn what_is_about_a_listed_topic_or_sensitive_takes_the_next_way_and_leave_lets_it_go_by_text() {
        use Topic::{Attendance, Behaviour, Medical, Safeguarding, Send, Wellbeing};
        let why = |topic: Topic| Some(topic.never_by_text());
        let sensitive = Some(Unusable::SensitiveByText.sentence());
        let cases = [
            (false, None, None),
            (false, Some(Attendance), None),
            (false, Some(Behaviour), why(Behaviour)),
            (false, Some(Send), why(Send)),
            (false, Some(Medical), why(Medical)),
            (false, Some(Safeguarding), why(Safeguarding)),
            (false, Some(Wellbeing), why(Wellbeing)),
            (true, None, sensitive),
            (true, Some(Attendance), sensitive),
            (true, Some(Behaviour), sensitive),
        ];

        for (marked, topic, expected) in cases {
            let message = update(marked, topic, None);
            let (way, fired) = plan(&carer(), &message);
            let said = fired.iter().find(|rule| rule.rule == "text").map(|rule| rule.saw.as_str());
            match expected {
                Some(why) => {
                    assert_eq!((way, said), (Plan::Send(Route::Email), Some(why)), "{marked} {topic:?}");
                }
                None => assert_eq!(way, Plan::Send(Route::Text), "{marked} {topic:?}"),
            }
            let kept = kept_from_text(&carer(), &message, &never(), BOTH, now());
            assert_eq!(kept.map(Unusable::sentence), expected, "{marked} {topic:?}");

            let allowed = update(marked, topic, Some("she asked for it"));
            let (way, fired) = plan(&carer(), &allowed);
            let leave = fired.iter().find(|rule| rule.rule == "text by leave").map(|rule| rule.saw.clone());
            assert_eq!(way, Plan::Send(Route::Text), "{marked} {topic:?}");
            assert_eq!(
                leave,
                expected.map(|why| format!("{why}; the SLT lets this one, because: she asked for it"))
            );
            assert_eq!(kept_from_text(&carer(), &allowed, &never(), BOTH, now()), None);
        }
    }

    #[test]
    fn a_school_that_lists_no_topic_still_never_texts_what_is_sensitive() {
        let none = BTreeSet::new();

        assert_eq!(not_by_text(&update(false, Some(Topic::Behaviour), None), &none), None);
        assert_eq!(not_by_text(&update(true, None, None), &none), Some(Unusable::SensitiveByText));
    }

    #[test]
    fn no_exception_lifts_an_order_or_an_opt_out() {
        let allowed = update(false, Some(Topic::Behaviour), Some("she asked for it"));
        let mut ordered = carer();
        let order = Restriction { kind: RestrictionKind::NoContact, starts: None, ends: None };
        ordered.restrictions.push(order);
        let mut stopped = carer();
        let mobiles = stopped.addresses.iter_mut().filter(|address| address.kind == AddressKind::Mobile);
        mobiles.for_each(|address| address.status = AddressStatus::Stopped);

        for message in [&allowed, &urgent()] {
            assert!(matches!(plan(&ordered, message).0, Plan::LeftOut("restriction", _)));
            assert_eq!(plan(&stopped, message).0, Plan::Send(Route::Email));
        }
    }

    #[test]
    fn who_would_not_be_texted_anyhow_is_not_kept_from_it() {
        let mut by_email = carer();
        by_email.preference = vec![Route::Email];

        let kept = kept_from_text(&by_email, &update(false, Some(Topic::Send), None), &never(), BOTH, now());

        assert_eq!(kept, None);
    }

    #[test]
    fn what_is_urgent_says_why_by_whichever_way_it_goes() {
        for route in Route::ALL.iter().copied() {
            let fired = exceptions(route, &urgent(), &never());
            assert_eq!(fired, [Fired::new("urgent", "ok", "at any hour, because: a leak")], "{route}");
        }
    }
}
