//! Single decisions: any link, any route, any moment.

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use liaison::domain::{
    acknowledge::AckPolicy,
    announcement::AudienceKind,
    calendar,
    gate::{Ask, Decision, decide},
    hours::{Days, Hours},
    ids::{AddressId, CarerId, DeliveryId, PupilId},
    people::{
        AddressKind, AddressStatus, Format, PersonName, Purpose, Responsibility, Restriction,
        RestrictionKind, Route,
    },
    policy::{Policy, RetrySchedule, School, TextUpdate},
    rights::{KnownAddress, LinkFacts},
    route::{About, AnnouncedFacts, Channels, Fired, MessageFacts, Plan, Unusable, choose},
    tag::ReplyKey,
    topic::Topic,
    translation::Translations,
};
use liaison_channels::{message::Parts, private::Private};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::oracle::{Known, Said, day_in_london};

/// One link, one message, one moment; and what the oracle is told of them.
#[derive(Debug, Clone)]
struct Case {
    facts: LinkFacts,
    known: Known,
    said: Said,
    message: MessageFacts,
    channels: Channels,
    quiet: bool,
    rehearsal: bool,
    first_choice: bool,
    tried: Vec<Route>,
    now: Timestamp,
}

/// What a colleague writes to families of their own accord.
const PURPOSES: [Purpose; 6] = [
    Purpose::WeeklyUpdate,
    Purpose::WeeklyUpdate,
    Purpose::Newsletter,
    Purpose::Notice,
    Purpose::Report,
    Purpose::Urgent,
];
/// Why a rule is set aside.
const WHY: &str = "a reason of weight";

/// Half-hours around midnights, in winter and in summer.
fn moment() -> impl Strategy<Value = Timestamp> {
    (select(vec!["2026-11-22T22:00:00Z", "2026-06-28T21:00:00Z", "2026-10-24T22:00:00Z"]), 0..200i64)
        .prop_map(|(start, halves)| {
            let start: Timestamp = start.parse().unwrap();
            start.checked_add(SignedDuration::from_mins(30 * halves)).unwrap()
        })
}

/// Days around today; `None` for an open end.
fn around(today: Date, offset: Option<i64>) -> Option<Date> {
    offset.map(|days| today.checked_add(days.days()).unwrap())
}

fn restrictions() -> impl Strategy<Value = Vec<(usize, Option<i64>, Option<i64>)>> {
    vec((0..4usize, option::of(-3..4i64), option::of(-3..4i64)), 0..3)
}

fn addresses() -> impl Strategy<Value = Vec<(usize, usize)>> {
    vec((0..4usize, select(vec![0usize, 0, 0, 1, 2])), 0..5)
}

prop_compose! {
    fn case()(
        now in moment(),
        restrictions in restrictions(),
        leaves in option::weighted(0.3, -2..3i64),
        (ends, eighteen) in (option::weighted(0.3, -2..3i64), option::weighted(0.3, -2..3i64)),
        (agrees, pupil_died, carer_died) in (any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.1)),
        responsibility in select(vec!["yes", "no", "unknown"]),
        (correspondence, sensitive, quiet, rehearsal, first_choice) in any::<(bool, bool, bool, bool, bool)>(),
        (topic, allowed, purpose) in (option::of(select(Topic::ALL.to_vec())), any::<bool>(), select(PURPOSES.to_vec())),
        (email, text, own_wish, reports, ended) in any::<(bool, bool, bool, bool, bool)>(),
        language in select(vec!["en", "en-GB", "ur", "cy"]),
        format in select(vec!["standard", "standard", "large_print", "bsl", "braille", "audio", "easy_read", "other"]),
        addresses in addresses(),
        preference in vec(select(Route::ALL.to_vec()), 0..3),
        tried in vec(select(Route::ALL.to_vec()), 0..3),
    ) -> Case {
        let today = day_in_london(now);
        // An order never ends before it starts: the import refuses such a row.
        let dated = |(kind, a, b): &(usize, Option<i64>, Option<i64>)| {
            let (a, b) = match (a, b) { (Some(a), Some(b)) if a > b => (Some(*b), Some(*a)), other => (*other.0, *other.1) };
            (RestrictionKind::ALL[*kind], around(today, a), around(today, b))
        };
        let dated: Vec<_> = restrictions.iter().map(dated).collect();
        let leaves = around(today, leaves);
        let ends = around(today, ends);
        let born = around(today, eighteen).map(|birthday| birthday.checked_sub(18.years()).unwrap());
        let mut preference = preference;
        preference.dedup();
        let facts = LinkFacts {
            pupil: PupilId::new(),
            pupil_called: "Sam".into(),
            class: None,
            leaving_date: leaves,
            born,
            pupil_died: pupil_died.then_some(today),
            ends,
            adult_agreed: agrees,
            carer: CarerId::new(),
            carer_died: carer_died.then_some(today),
            carer_name: PersonName { title: "Mrs".into(), forename: "Amina".into(), surname: "Begum".into() },
            language: language.to_owned(),
            format: Format::parse(format).unwrap(),
            interpreter: None,
            best_times: None,
            responsibility: Responsibility::parse(responsibility).unwrap(),
            receives_correspondence: correspondence,
            receives_reports: reports,
            no_newsletters: ended,
            restrictions: dated.iter().map(|(kind, starts, ends)| Restriction { kind: *kind, starts: *starts, ends: *ends }).collect(),
            addresses: addresses.iter().enumerate().map(|(n, (kind, status))| address(n, *kind, *status)).collect(),
            preference,
            own_wish,
        };
        let known = Known { restrictions: dated.iter().map(|(_, a, b)| (*a, *b)).collect(), leaves, ends, died: pupil_died || carer_died, born, agrees,
            responsibility, correspondence, reports: (purpose == Purpose::Report).then_some(reports),
            unwanted: purpose == Purpose::Newsletter && ended };
        let urgent = purpose == Purpose::Urgent;
        let said = Said { topic: topic.map(Topic::as_str), sensitive, allowed, urgent };
        let message = MessageFacts {
            translations: Translations::default(),
            purpose,
            words: "Sam read.".into(),
            sensitive,
            topic,
            text_because: allowed.then(|| WHY.into()),
            about: if purpose == Purpose::WeeklyUpdate {
                About::Week(today)
            } else {
                let urgent_because = urgent.then(|| WHY.into());
                let (title, to) = ("Snow".into(), AudienceKind::Class);
                About::Announcement(AnnouncedFacts { title, to, urgent_because, taken_back: false })
            },
        };
        Case { facts, known, said, message, channels: Channels { email, text }, quiet, rehearsal, first_choice, tried, now }
    }
}

fn address(n: usize, kind: usize, status: usize) -> KnownAddress {
    let (kind, value) = match kind {
        0 => (AddressKind::Email, format!("carer{n}@home.example")),
        1 => (AddressKind::Mobile, format!("+4477009001{n:02}")),
        2 => (AddressKind::Landline, format!("+4416329601{n:02}")),
        _ => (AddressKind::Postal, format!("{n} Quarry Lane")),
    };
    let status = [AddressStatus::Good, AddressStatus::Failing, AddressStatus::Stopped][status];
    KnownAddress { id: AddressId::new(), kind, value: Private::new(value), status }
}

fn policy(case: &Case) -> Policy {
    let day = jiff::civil::Time::constant(8, 0, 0, 0);
    let evening = jiff::civil::Time::constant(18, 0, 0, 0);
    Policy {
        school: School { name: "Northfield School".to_owned(), office_phone: "01632 960100".to_owned() },
        text_update: TextUpdate::Full { max_parts: 2 },
        hours: if case.quiet {
            Hours { from: day, until: evening, days: Days::School }
        } else {
            Hours::ALWAYS
        },
        rehearsal: case.rehearsal.then(Default::default),
        retry: RetrySchedule(Vec::new()),
        ceiling_per_hour: 100,
        address_per_hour: 0,
        carers_url: None,
        confirm_addresses: true,
        meanwhile: liaison::domain::standard::Meanwhile::Nothing,
        task_days: 2,
        call_tries: 3,
        plain_words: Vec::new(),
        notices: liaison::domain::notice::NoticePolicy::default(),
        stage_days: [10, 15, 20],
        records: liaison::domain::key_item::RecordPolicy::default(),
        known: liaison::domain::version::Known::default(),
        templates: liaison::domain::wording::Templates::shipped(),
        never_by_text: liaison::domain::topic::Topic::ALL.iter().copied().skip(1).collect(),
        approval: std::iter::once(liaison::domain::second_person::SecondFor::School).collect(),
        undo: std::time::Duration::from_mins(5),
        acknowledge: AckPolicy {
            on: true,
            counts: false,
            per_sender_day: 3,
            per_domain_hour: 60,
            per_hour: 600,
            once_days: 14,
            oldest_days: 2,
            urgent_words: String::new(),
            more_words: String::new(),
        },
        calendar: Some(calendar::read(calendar::EXAMPLE_FILE.as_bytes()).expect("a good calendar")),
        clock: calendar::Rule::default(),
    }
}

/// Whether a route could carry the message at all, by the school's rules and the oracle's own reading of them.
fn could(case: &Case, route: Route) -> bool {
    let in_print = !["braille", "audio", "easy_read"].contains(&case.facts.format.as_str());
    let english = case.facts.language.starts_with("en") && in_print;
    let has = |kinds: &[AddressKind], stopped: bool| {
        case.facts.addresses.iter().any(|address| {
            kinds.contains(&address.kind)
                && (address.status == AddressStatus::Good
                    || (stopped && address.status == AddressStatus::Stopped))
        })
    };
    match route {
        Route::Email => case.channels.email && english && has(&[AddressKind::Email], false),
        Route::Text => {
            case.channels.text && english && case.said.may_be_texted() && has(&[AddressKind::Mobile], false)
        }
        Route::Call => {
            case.facts.format != Format::Bsl && has(&[AddressKind::Mobile, AddressKind::Landline], true)
        }
        Route::Letter => english && has(&[AddressKind::Postal], false),
    }
}

/// Whether an exception was made, and its reason told.
fn told(fired: &[Fired], rule: &str) -> bool {
    fired.iter().any(|fired| fired.rule == rule && fired.verdict == "ok" && fired.saw.ends_with(WHY))
}

/// Whether a route that the carer likes better goes first.
const fn overtaken(decision: &Decision) -> bool {
    matches!(decision, Decision::NotThisWay(Unusable::PreferenceChanged, _))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_attempt_passes_that_the_oracle_forbids(case in case()) {
        for route in Route::ALL.iter().copied() {
            let ask = Ask {
                route,
                first_choice: case.first_choice,
                link: Some(&case.facts),
                message: &case.message,
                lately: None,
                limits: None,
                channels: case.channels,
            };
            let decision = decide(&ask, &policy(&case), case.now);

            if !case.known.may_be_told(case.now) {
                prop_assert!(matches!(decision, Decision::NoRight(..)), "{route}: {decision:?}");
                continue;
            }
            prop_assert!(!matches!(decision, Decision::NoRight(..)), "{route}: {decision:?}");
            let sends = matches!(route, Route::Email | Route::Text);
            let waits = sends && case.quiet && !case.said.may_leave(case.now);
            prop_assert_eq!(matches!(decision, Decision::Wait(..)), waits && could(&case, route) && !overtaken(&decision));
            let Decision::Permit(permit) = decision else { continue };
            prop_assert!(!waits, "{route} at {}", case.now);
            prop_assert_eq!(told(permit.fired(), "urgent"), case.said.urgent);
            let by_leave = route == Route::Text && !Said { allowed: false, ..case.said }.may_be_texted();
            prop_assert_eq!(told(permit.fired(), "text by leave"), by_leave);
            prop_assert!(could(&case, route), "{route}");
            prop_assert!(!(case.rehearsal && matches!(route, Route::Email | Route::Text)));
            let address = case.facts.addresses.iter().find(|a| a.id == permit.address()).unwrap();
            prop_assert_eq!(permit.to().expose(), address.value.expose());
            if let Some(outgoing) = permit.into_outgoing(DeliveryId::new(), &ReplyKey::new(&[7; 32])) {
                let to = match outgoing.parts() {
                    Parts::Mail(mail) => mail.to.expose().to_owned(),
                    Parts::Text(text) => text.to.expose().to_owned(),
                    // Their name stands above it.
                    Parts::Letter(letter) => {
                        letter.to.expose().split_once('\n').expect("a name and an address").1.to_owned()
                    }
                };
                prop_assert_eq!(&to, address.value.expose());
            }
        }
    }

    #[test]
    fn without_a_link_nothing_ever_passes(case in case()) {
        for route in Route::ALL.iter().copied() {
            let ask = Ask {
                route, first_choice: case.first_choice, link: None, message: &case.message, lately: None, limits: None,
                channels: case.channels,
            };
            let decision = decide(&ask, &policy(&case), case.now);
            prop_assert!(matches!(decision, Decision::NoRight(..)));
        }
    }

    #[test]
    fn a_carer_is_left_out_exactly_when_the_oracle_forbids_and_never_without_a_way_or_a_task(case in case()) {
        let (plan, fired) = choose(
            &case.facts, &case.message, &policy(&case).never_by_text, case.channels, &case.tried, case.now,
        );

        prop_assert!(!fired.is_empty());
        prop_assert_eq!(matches!(plan, Plan::LeftOut(..)), !case.known.may_be_told(case.now));
        match plan {
            Plan::LeftOut(word, sentence) => prop_assert!(!word.is_empty() && !sentence.is_empty()),
            Plan::Send(route) | Plan::Task(route) => {
                prop_assert!(could(&case, route) && !case.tried.contains(&route), "{route}");
            }
            Plan::NoWay => {
                for route in Route::ALL.iter().copied() {
                    prop_assert!(case.tried.contains(&route) || !could(&case, route), "{route} was a way");
                }
            }
        }
    }
}
