//! "Why?": whatever has an id says what was decided, by which rules and settings, without an address or a word of anybody.

use std::time::Duration;

use liaison::{
    domain::{
        announcement::{Audience, Written},
        hours::{Days, Hours},
        people::Purpose,
        policy::Policy,
        staff::Role,
    },
    flows::{
        announcements, colleagues, complaint, current, divert,
        explain::{Explained, for_operator},
        ladder, notices,
    },
};

use crate::support::{
    inbound::Letter,
    people::{Roll, carer, four_ways, pupil},
    school::{School, only},
};

const WORDS: &str = "Sam read two whole chapters aloud.";
const AMINA: &str = "amina.begum@home.example";
const BORIS: &str = "boris.czerny@away.example";
const CARYS: &str = "carys.dafydd@home.example";
/// What no account for an operator may hold: names, addresses, numbers and words of the families here.
const NEVER: [&str; 16] = [
    "Sam",
    "Ash",
    "Amina",
    "Begum",
    "Boris",
    "Czerny",
    "Carys",
    "home.example",
    "away.example",
    "street.example",
    "07700",
    "+447700",
    "Quarry",
    "chapters",
    "trip",
    "snows",
];

/// Every id that a person may meet.
const IDS: &str = "
    select 'delivery ' || id from delivery union all select 'task ' || id from task
    union all select 'received ' || received_id from reading union all select 'case ' || id from carer_case
    union all select 'case ' || code from carer_case union all select 'clock ' || id from clock
    union all select 'question ' || id from question union all select 'entry ' || id from chronology_entry
    union all select 'complaint ' || id from complaint union all select 'complaint C-' || no from complaint
    union all select 'announcement ' || id from announcement union all select 'update ' || id from pupil_update
    union all select 'answer ' || id from answer union all select 'notice ' || id from staff_notice
    union all select 'settings ' || digest from policy_version";

async fn explained(school: &School, id: &str) -> Explained {
    for_operator(&school.gateway, id).await.unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn roll() -> Roll {
    Roll::new(
        &[pupil("P1", "Sam", "Ash").with("year_group", "3")],
        &[
            carer("P1", "C1", "Amina", "Begum").email(AMINA).wants("email"),
            carer("P1", "C2", "Boris", "Czerny").email(BORIS).restricted("see_dsl", "", ""),
            carer("P1", "C3", "Carys", "Dafydd").email(CARYS).wants("email"),
            carer("P1", "C4", "Derek", "Eames").mobile("07700 900104").wants("phone"),
            carer("P1", "C5", "Una", "Fay").lives_at("4 Quarry Lane").wants("letter"),
        ],
    )
}

/// A school in which everything has happened that can be explained.
async fn eventful() -> School {
    let time = |hour| jiff::civil::Time::constant(hour, 0, 0, 0);
    let school = School::with(&roll(), |setup| {
        setup.policy.hours = Hours { from: time(0), until: time(0), days: Days::Every };
    })
    .await;
    let gateway = &school.gateway;
    current::refresh(gateway).await.unwrap();
    for (name, role) in [("olga", Role::Office), ("selma", Role::Slt), ("dora", Role::Dsl)] {
        let email = format!("{name}@northfield.example");
        colleagues::add(gateway, name, &email, &[role], "test").await.unwrap();
    }
    school.queue(&[("P1", WORDS)]).await;
    let news = Written::read(Purpose::Notice, "Closed", "It snows.", Audience::Year("3".into())).unwrap();
    let news = announcements::write(gateway, &news, "olga").await.unwrap();
    announcements::queue(gateway, news, 1, "olga").await.unwrap();
    school.later(Duration::from_mins(6));
    announcements::send_due(gateway).await.unwrap();
    school.deliver().await;
    school.arrives(&Letter::from(AMINA).says("When is the trip?")).await;
    school.arrives(&Letter::from(BORIS).says("When is the trip?")).await;
    school.arrives(&Letter::from(CARYS).says("I want to complain about the trip.")).await;
    school.arrives(&Letter::from(CARYS).header("Auto-Submitted", "auto-replied").says("Away.")).await;
    school.arrives(&Letter::from("stranger@street.example").says("Is Sam in?")).await;
    school.deliver().await;
    let case = school.cases().await.into_iter().find(|case| case.carer.starts_with("Carys")).unwrap();
    let owner = school.rows("select id::text from staff where name = 'olga'").await.remove(0);
    complaint::open(gateway, &case.code, false, owner.parse().unwrap(), "Nobody told her.", "selma")
        .await
        .unwrap();
    for (at, climbs) in
        [("2026-11-25T09:00:00Z", 0), ("2026-11-26T09:00:00Z", 0), ("2026-11-27T18:00:00Z", 1)]
    {
        school.set_clock(at);
        notices::digests(gateway).await.unwrap();
        assert!(ladder::climb(gateway).await.unwrap() >= climbs, "{at}");
    }
    school
}

#[tokio::test]
async fn whatever_has_an_id_says_what_was_decided_and_holds_no_name_no_address_and_no_word() {
    let school = eventful().await;
    let restricted = school
        .rows(
            "select id::text from carer_case where visibility = 'restricted'
             union all select received_id::text from reading where visibility = 'restricted'
             union all select id::text from chronology_entry where visibility = 'restricted'
             union all select k.id::text from clock k join carer_case c on c.id = k.case_id where c.visibility = 'restricted'
             union all select code from carer_case where visibility = 'restricted'",
        )
        .await;
    assert!(restricted.len() >= 4, "{restricted:?}");

    let mut kinds = std::collections::BTreeMap::new();
    for line in school.rows(IDS).await {
        let (kind, id) = line.split_once(' ').unwrap();
        if restricted.iter().any(|one| one == id) {
            let nobody = for_operator(&school.gateway, id).await.unwrap_err().to_string();
            assert!(nobody.contains("there is nothing to explain"), "{line}");
            continue;
        }
        let explained = explained(&school, id).await;
        *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        assert!(!explained.decisions.is_empty(), "{line}");
        assert!(
            explained.decisions.iter().all(|one| !one.title.is_empty() && !one.result.is_empty()),
            "{explained:?}"
        );
        let printed = serde_json::to_string(&explained).unwrap();
        if kind != "settings" {
            for never in NEVER {
                assert!(!printed.contains(never), "{never} in {line}: {printed}");
            }
        }
    }
    let all = [
        "announcement",
        "answer",
        "case",
        "clock",
        "complaint",
        "delivery",
        "entry",
        "notice",
        "question",
        "received",
        "settings",
        "task",
        "update",
    ];
    assert_eq!(kinds.keys().map(String::as_str).collect::<Vec<_>>(), all);
    school.close().await;
}

#[tokio::test]
async fn every_decision_names_the_version_of_the_settings_and_since_when_it_is_in_force() {
    let mut school = School::open(&roll()).await;
    current::refresh(&school.gateway).await.unwrap();
    let before = school.gateway.policy().version().to_owned();
    school.queue(&[("P1", WORDS)]).await;
    school.policy(|policy| policy.task_days = 4);
    let after = school.gateway.policy().version().to_owned();
    current::refresh(&school.gateway).await.unwrap();
    school.arrives(&Letter::from(AMINA).says("When is the trip?")).await;
    school.deliver().await;

    assert_ne!(before, after);
    assert_eq!(
        school.rows("select digest from policy_version order by first_used_at, digest").await.len(),
        2
    );
    let update = school.deliveries().await.into_iter().find(|one| one.purpose == "weekly_update").unwrap();
    let sent = explained(&school, &update.id.to_string()).await;
    let versions: Vec<_> = sent.decisions.iter().map(|one| one.settings.clone().unwrap()).collect();
    assert_eq!(versions[0].digest, before, "queued by the first");
    assert_eq!(versions[1].digest, after, "let go by the second");
    assert!(versions.iter().all(|version| version.since.is_some()), "{versions:?}");
    let reading = explained(&school, &school.received().await[0].id.to_string()).await;
    assert_eq!(reading.decisions.len(), 3, "match, acknowledgement, clock");
    for decision in &reading.decisions {
        assert_eq!(decision.settings.as_ref().map(|version| &version.digest), Some(&after), "{decision:?}");
        assert!(decision.calendar.is_some(), "{decision:?}");
    }
    let said = explained(&school, &after).await;
    let task_days =
        said.decisions[0].rules.iter().find(|rule| rule.rule == "school days for a task").unwrap();
    assert_eq!(task_days.saw, "4");
    school.close().await;
}

#[test]
fn any_setting_that_changes_makes_another_version_and_none_shows_an_address() {
    let usual = crate::support::school::usual_policy();
    let mut rehearsal = usual.clone();
    rehearsal.rehearsal = Some(only(&[AMINA]));
    let mut other = rehearsal.clone();
    other.rehearsal = Some(only(&[CARYS]));
    let mut no_calendar = usual.clone();
    no_calendar.calendar = None;
    let mut head = usual.clone();
    head.notices.head = Some("head@northfield.example".into());

    let all = [&usual, &rehearsal, &other, &no_calendar, &head].map(Policy::version);
    let different: std::collections::BTreeSet<_> = all.iter().collect();

    assert_eq!(different.len(), all.len());
    assert_eq!(usual.version(), usual.clone().version());
    for policy in [&rehearsal, &other, &head] {
        assert!(!policy.said().to_string().contains('@'), "{}", policy.said());
    }
}

#[tokio::test]
async fn whoever_is_left_out_can_say_by_which_rule() {
    let roll = Roll::new(
        &[
            pupil("P1", "Sam", "Ash"),
            pupil("P2", "Tia", "Birch").with("leaving_date", "2026-11-01"),
            pupil("P3", "Una", "Cole").with("date_of_birth", "2008-01-01"),
        ],
        &[
            carer("P1", "C1", "A", "A").email("a@home.example").restricted("no_contact", "", ""),
            carer("P1", "C2", "B", "B").email("b@home.example").restricted("see_dsl", "", ""),
            carer("P1", "C3", "C", "C").email("c@home.example").restricted("no_information", "", ""),
            carer("P1", "C4", "D", "D").email("d@home.example").restricted("supervised", "", ""),
            carer("P1", "C5", "E", "E")
                .email("e@home.example")
                .with("receives_correspondence", "no")
                .with("parental_responsibility", "no"),
            carer("P2", "C6", "F", "F").email("f@home.example"),
            carer("P3", "C7", "G", "G").email("g@home.example"),
            carer("P1", "C8", "H", "H").email("h@home.example"),
            carer("P1", "C9", "I", "I").email("i@home.example"),
        ],
    );
    let school = School::open(&roll).await;
    school.rows("update carer set died_on = '2026-11-01', died_set_by = 'x', died_set_at = now() where contact_ref = 'C8' returning 'x'").await;
    school.rows("update link set ends = '2026-11-01', ends_set_by = 'x', ends_set_at = now() from carer c where c.id = carer_id and c.contact_ref = 'C9' returning 'x'").await;

    school.queue(&[("P1", WORDS), ("P2", WORDS), ("P3", WORDS)]).await;

    let left_out =
        school.rows("select id::text from chronology_entry where kind = 'left_out' order by id").await;
    assert_eq!(left_out.len(), 9, "each of them");
    let mut saw = std::collections::BTreeSet::new();
    for id in left_out {
        let explained = explained(&school, &id).await;
        let [rule] = explained.decisions[0].rules.as_slice() else { panic!("{explained:?}") };
        assert_eq!((rule.rule.as_str(), rule.verdict.as_str()), ("rights", "stop"));
        assert!(explained.stands.contains(&rule.saw), "{explained:?}");
        assert!(explained.decisions[0].settings.is_some());
        saw.insert(rule.saw.clone());
    }
    assert_eq!(saw.len(), 9, "each for a reason of its own: {saw:?}");
    school.close().await;
}

#[tokio::test]
async fn an_acknowledgement_that_was_withheld_says_by_which_rule_and_what_the_caps_saw() {
    let school = School::open(&four_ways()).await;
    let from = || Letter::from(AMINA);
    for (letter, rule) in [
        (from().says("When is the trip?"), "a known carer, a person, and no rule against it"),
        (from().header("Auto-Submitted", "auto-replied"), "rule"),
        (from().says("Thank you!"), "nobody is waiting for an answer"),
        (from().by_way_of("amina@elsewhere.example").says("And where?"), "(rule 9)"),
        (Letter::from("stranger@street.example"), "(rule 9)"),
    ] {
        let seen = school.arrives(&letter).await;
        let explained = explained(&school, &seen.id.to_string()).await;
        let told = &explained.decisions[1];
        assert_eq!(told.title, "Whether it is acknowledged by itself");
        let said = format!("{} {:?}", told.result, told.rules);
        assert!(said.contains(rule), "{rule}: {said}");
        if told.rules.iter().any(|one| one.rule == "acknowledgement") {
            assert!(said.contains("in an hour (at most 600)"), "{said}");
        }
    }
    school.close().await;
}

#[tokio::test]
async fn a_clock_tells_who_was_reminded_and_told_and_what_the_ladder_saw() {
    let school = eventful().await;
    let clock = school
        .rows(
            "select k.id::text from clock k join carer_case c on c.id = k.case_id join carer r on r.id = c.carer_id
             where r.forename = 'Amina' and k.kind = 'answer'",
        )
        .await
        .remove(0);

    let explained = explained(&school, &clock).await;

    let titles: Vec<_> = explained.decisions.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "By when a person answers",
            "Who was reminded",
            "Who was reminded",
            "Who was told that nobody had answered"
        ]
    );
    let ladder = explained.decisions.last().unwrap();
    assert!(ladder.result.contains("passed up to the SLT"), "{ladder:?}");
    assert!(ladder.rules[0].saw.contains("the headteacher 1 school days later"), "{ladder:?}");
    assert!(
        explained.decisions.iter().all(|one| one.settings.is_some() && one.calendar.is_some()),
        "{explained:?}"
    );
    school.close().await;
}

#[tokio::test]
async fn what_is_diverted_to_the_dsl_is_not_explained_to_an_operator_any_more() {
    let school = School::open(&roll()).await;
    let seen = school.arrives(&Letter::from(AMINA).says("When is the trip?")).await;
    school.deliver().await;
    let code = school.case().await.code;
    let clock = school.rows("select id::text from clock").await.remove(0);
    let ack = school.delivery().await.id.to_string();
    let ids = [seen.id.to_string(), code.clone(), clock, ack];
    for id in &ids {
        explained(&school, id).await;
    }

    divert::divert(&school.gateway, &code, false, "He is afraid.", "olga").await.unwrap();

    for id in &ids {
        let gone = for_operator(&school.gateway, id).await.unwrap_err().to_string();
        let never =
            for_operator(&school.gateway, &uuid::Uuid::now_v7().to_string()).await.unwrap_err().to_string();
        let sentence = |said: &str| said.split(" under ").next().unwrap().to_owned();
        assert_eq!(sentence(&gone), sentence(&never), "{id}");
    }
    school.close().await;
}
