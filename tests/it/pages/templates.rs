//! Every page in every role, with people's names and words as hostile as we can think of: every template is rendered, and
//! none can be added that this does not meet.

use std::collections::{BTreeMap, BTreeSet};

use liaison::{
    domain::staff::Role,
    web::{self, Who},
};

use tracing_subscriber::util::SubscriberInitExt as _;

use super::{Answer, Browser, Staffed, rules::faults};
use crate::{
    logs::Log,
    support::{
        furnished::{HOSTILE, MARK, Mood, hostile_words},
        html::{Form, Token, doors, tokens},
        walk::{Visit, Walk, served_by, walk},
    },
};

/// Pages that only send on to another.
const SENDS_ON: &[&str] = &["/week"];
/// Files, which are no pages.
const FILES: &[&str] = &["/{style}", "/records/{item}/sheet.csv", "/messages/{received}/files/{file}"];
/// Shown only while something is being done: it has tests of its own.
const ON_THE_WAY: &str = "/working/{deed}";
/// Forms that stand on a page only when something has gone before which no walk does: each has a test of its own.
const NOT_WALKED: &[&str] = &[
    "/questions/{question}/answer",
    "/questions/{question}/undo",
    "/update/{pupil}/take-back",
    "/update/{pupil}/by-text",
    "/update/{pupil}/approve",
    "/update/{pupil}/decline",
    "/families/{pupil}/death/undo",
    "/carers/{carer}/death/undo",
    "/health/go-on",
    "/carers/{carer}/addresses/{address}/good",
    "/letters/posted",
    "/letters/handed-over",
    "/letters/{task}/returned",
    "/announce/{announcement}/approve",
    "/announce/{announcement}/decline",
    "/announce/{announcement}/take-back",
    "/announce/{announcement}/cancel",
    "/admin/calendar",
    "/admin/calendar/picked",
    "/admin/channels/{channel}/release",
    "/admin/queue/{delivery}/hold",
    "/admin/queue/{delivery}/release",
    "/admin/queue/{delivery}/retry",
    "/admin/queue/{delivery}/cancel",
    "/admin/import",
    "/admin/wording/{language}/{part}/shipped",
    "/records/{item}/folder",
    "/admin/staff/{staff}/not-own-family",
];

/// All words that a page shows, those in its fields included.
fn words(html: &str) -> String {
    let tokens = tokens(html).unwrap_or_default();
    let said = tokens.into_iter().map(|token| match token {
        Token::Text(text) => text,
        Token::Open(tag) => tag.get("value").unwrap_or_default().to_owned(),
        Token::Close(_) => String::new(),
    });
    said.collect::<Vec<_>>().join("\n")
}

/// What is wrong with the pages, each fault once with a page that has it.
fn all_faults(visits: &[Visit]) -> Vec<String> {
    let mut found = BTreeMap::new();
    for visit in visits.iter().filter(|visit| !FILES.contains(&visit.route)) {
        for fault in faults(&visit.body, visit.role.is_some()) {
            found.entry((visit.route, fault)).or_insert_with(|| format!("{} at {}", visit.who(), visit.path));
        }
    }
    found.into_iter().map(|((route, fault), who)| format!("{route}: {fault} ({who})")).collect()
}

/// Routes of this method that were not met.
fn missed<'a>(method: &str, met: impl IntoIterator<Item = &'a str>, but: &[&'a str]) -> Vec<&'static str> {
    let met: BTreeSet<_> = met.into_iter().chain(but.iter().copied()).collect();
    let all = web::routes().into_iter().filter(|route| route.method == method && !met.contains(route.path));
    all.map(|route| route.path).collect()
}

#[tokio::test]
async fn every_page_is_whole_in_every_role_whatever_people_are_called_or_write() {
    let mut school = Staffed::furnished(Mood::Hostile).await;

    let mut walk = walk(&school).await;
    school.serve_as_demo();
    walk.as_one(None, school.browser()).await;

    assert_eq!(all_faults(&walk.visits), Vec::<String>::new());
    assert_eq!(walk.dead, Vec::<String>::new(), "links that lead nowhere");
    assert_eq!(
        missed("GET", walk.visits.iter().map(|visit| visit.route).chain([ON_THE_WAY]), SENDS_ON),
        Vec::<&str>::new(),
        "no link of the furnished school leads to these pages: give it what they show (support/furnished.rs)"
    );
    let met = walk.forms.iter().filter_map(|(_, _, form)| served_by("POST", &form.action));
    assert_eq!(
        missed("POST", met.map(|(route, _)| route.path), NOT_WALKED),
        Vec::<&str>::new(),
        "no form does these"
    );
    let said: String = walk.visits.iter().map(|visit| words(&visit.body)).collect();
    for hostile in HOSTILE {
        assert!(said.contains(hostile), "{hostile} is shown nowhere as it was written");
    }
    assert!(!said.contains("9754525225"), "a sum in somebody's name was worked out");
    school.close().await;
}

#[tokio::test]
async fn every_link_in_the_menu_of_a_role_opens_and_no_page_is_linked_that_the_role_may_not_open() {
    let school = Staffed::furnished(Mood::Plain).await;

    let walk = walk(&school).await;

    assert_eq!(walk.dead, Vec::<String>::new());
    assert_eq!(all_faults(&walk.visits), Vec::<String>::new());
    assert!(
        walk.sent_on.iter().all(|route| SENDS_ON.contains(route) || may_send_away(route)),
        "{:?}",
        walk.sent_on
    );
    school.close().await;
}

/// Whether a page may send whoever is not signed in away, or goes on by itself.
fn may_send_away(path: &str) -> bool {
    web::routes().iter().any(|route| route.path == path && route.who != Who::Anyone)
}

/// A form that a colleague sent, and what they were answered.
struct Pressed {
    role: Role,
    action: String,
    answer: Answer,
}

/// Sends every form that a role has, each once, from a page that is fresh.
async fn press_all(school: &Staffed, words: &str) -> Vec<Pressed> {
    let mut pressed = Vec::new();
    for role in Role::ALL {
        let mut browser = school.as_role(*role).await;
        let mut done = BTreeSet::new();
        let mut walked = Walk::default();
        walked.as_one(Some(*role), browser.clone()).await;
        for (_, page, form) in walked.forms {
            let known = served_by("POST", &form.action).map(|(route, _)| route.path);
            if form.file || known.is_none_or(|path| ends_the_session(path) || !done.insert(path)) {
                continue;
            }
            let answer = press(&mut browser, &page, &form, words).await;
            pressed.push(Pressed { role: *role, action: form.action, answer });
        }
    }
    pressed
}

fn ends_the_session(path: &str) -> bool {
    path == "/sign-out" || path == "/account/password" || path.starts_with("/sign-in")
}

async fn press(browser: &mut Browser, page: &str, form: &Form, words: &str) -> Answer {
    // The page may be gone by what was done meanwhile; then the form as it was is sent, as a stale tab would.
    let fresh = browser.get(page).await;
    let fresh = tokens(&fresh.body).map(|tokens| doors(&tokens).forms).unwrap_or_default();
    let form = fresh.iter().find(|fresh| fresh.action == form.action).unwrap_or(form);
    let fields = form.filled(words);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&form.action, &fields).await
}

#[tokio::test]
async fn whatever_is_typed_into_any_form_is_answered_calmly_and_shown_as_it_was_typed() {
    let log = Log::default();
    let filter = "trace,sqlx=warn,hyper=warn,lettre=off,async_imap=off,imap_proto=off";
    let heard = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log.clone());
    let guard = heard.finish().set_default();
    tracing::info!("the log is heard");
    let school = Staffed::furnished(Mood::Hostile).await;
    let typed = format!("{}\r\nSet-Cookie: {MARK}=1\r\nX-Evil: {MARK}\r\n\r\n\u{0}{MARK}", hostile_words());

    let pressed = press_all(&school, &typed).await;
    school.school.deliver().await;
    let after = walk(&school).await;

    let mut wrong = Vec::new();
    for Pressed { role, action, answer } in &pressed {
        if answer.status >= 500 || answer.status == 400 {
            wrong.push(format!("{role}: {action} gave {}", answer.status));
        }
        for (name, value) in &answer.headers {
            if name == "x-evil" || String::from_utf8_lossy(value.as_bytes()).contains(MARK) {
                wrong.push(format!("{role}: {action} put words into the header {name}"));
            }
        }
        if !answer.body.is_empty() {
            wrong.extend(
                faults(&answer.body, true).into_iter().map(|fault| format!("{role}: {action}: {fault}")),
            );
        }
    }
    for mail in school.school.mail.messages() {
        let head = mail.data.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
        if head.lines().any(|line| line.starts_with("x-evil") || line.starts_with("set-cookie")) {
            wrong.push(format!("a mail has a header of somebody's making: {head}"));
        }
    }
    wrong.extend(all_faults(&after.visits));
    assert_eq!(wrong, Vec::<String>::new());
    let told: Vec<_> =
        pressed.iter().map(|one| format!("{} {} {}", one.role, one.action, one.answer.status)).collect();
    assert!(pressed.iter().filter(|one| one.answer.status == 303).count() > 10, "{told:#?}");
    school.close().await;
    drop(guard);
    let text = log.text();
    assert!(text.contains("the log is heard"));
    let leaks: Vec<_> = text.lines().filter(|line| line.contains(MARK)).collect();
    assert_eq!(leaks, Vec::<&str>::new());
}
