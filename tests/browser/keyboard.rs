//! Without a mouse: every page is walked by the tab key, and one sees where one is.

use std::collections::BTreeSet;

use liaison::{domain::staff::Role, flows::colleagues};
use thirtyfour::Key;

use crate::{
    chrome::{Chrome, Scripts, with_chrome},
    served::Served,
    support::{staffed::email_of, walk::Walk},
};

/// What has the focus: how it is marked, whether it is in the window and not covered.
const FOCUS: &str = "
    const now = document.activeElement;
    if (!now || now === document.body || now === document.documentElement) return null;
    const style = getComputedStyle(now), box = now.getBoundingClientRect();
    const at = document.elementFromPoint(box.left + Math.min(box.width, 20) / 2, box.top + Math.min(box.height, 20) / 2);
    window.places = window.places || [];
    if (!window.places.includes(now)) window.places.push(now);
    return {
        place: window.places.indexOf(now),
        what: now.outerHTML.slice(0, 120),
        marked: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2),
        seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        free: !at || now.contains(at) || at.contains(now) || (now.labels && [...now.labels].some(label => label.contains(at))),
    };";

/// How many places the tab key comes to: one of each group of round buttons.
const PLACES: &str = "
    const groups = new Set();
    return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].filter(e => {
        if (e.disabled || !e.checkVisibility()) return false;
        if (e.type !== 'radio') return true;
        const group = (e.form ? e.form.action : '') + ' ' + e.name;
        return !groups.has(group) && groups.add(group);
    }).length";

/// Tabs through the page, and tells what is not as it should be.
async fn tab_through(chrome: &Chrome, path: &str) -> Vec<String> {
    chrome.go(path).await;
    let wanted = chrome.ask(PLACES).await.as_u64().expect("a number");
    let (mut wrong, mut met) = (Vec::new(), BTreeSet::new());
    for _ in 0..wanted * 6 + 20 {
        chrome.key(Key::Tab).await;
        let focus = chrome.ask(FOCUS).await;
        let Some(place) = focus["place"].as_u64() else { break };
        // A date's field has several stops of its own.
        if !met.insert(place) {
            if place == 0 {
                break;
            }
            continue;
        }
        for good in ["marked", "seen", "free"] {
            if focus[good] != true {
                wrong.push(format!("{path}: not {good}: {}", focus["what"]));
            }
        }
    }
    if met.len() as u64 != wanted {
        wrong.push(format!("{path}: {} of {wanted} places were come to", met.len()));
    }
    wrong
}

async fn keyboard_alone(role: Role) {
    let school = Served::open().await;
    let mut walk = Walk::default();
    walk.as_one(Some(role), school.staffed.as_role(role).await).await;
    let mut wrong = Vec::new();

    with_chrome(&school, Scripts::On, async |chrome| {
        chrome.enter(&school, role).await;
        let mut seen = BTreeSet::new();
        for visit in walk.visits.iter().filter(|visit| visit.route != "/{style}") {
            if seen.insert(visit.route) {
                wrong.extend(tab_through(chrome, &visit.path).await);
            }
        }
    })
    .await;

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    school.close().await;
}

#[tokio::test]
async fn a_teacher_comes_to_everything_by_the_tab_key_and_sees_where_they_are() {
    Box::pin(keyboard_alone(Role::Teacher)).await;
}

#[tokio::test]
async fn the_dsl_comes_to_everything_by_the_tab_key_and_sees_where_they_are() {
    Box::pin(keyboard_alone(Role::Dsl)).await;
}

#[tokio::test]
async fn the_first_tab_leads_past_the_menu_to_the_page() {
    let school = Served::open().await;

    with_chrome(&school, Scripts::Off, async |chrome| {
        chrome.enter(&school, Role::Office).await;
        chrome.go("/cases").await;
        chrome.key(Key::Tab).await;
        let skip = chrome.ask("return document.activeElement.textContent").await;
        let seen = chrome.ask(FOCUS).await;
        chrome.key(Key::Enter).await;
        let there = chrome.ask("return document.activeElement.id").await;
        chrome.key(Key::Tab).await;
        let inside = chrome.ask("return document.activeElement.closest('main') !== null").await;

        assert_eq!(skip, "Skip to the page");
        assert_eq!((&seen["marked"], &seen["seen"]), (&true.into(), &true.into()), "{seen}");
        assert_eq!(there, "main");
        assert_eq!(inside, true);
    })
    .await;
    school.close().await;
}

#[tokio::test]
async fn a_colleague_signs_in_and_replies_by_the_keyboard_alone() {
    let school = Served::open().await;
    let office = email_of(Role::Office);
    let gateway = school.staffed.school.gateway.clone();
    let first = colleagues::reset(&gateway, office, false, "test").await.unwrap();
    school.staffed.signed_in(office).await;
    let words = "His coat is on his peg.";

    with_chrome(&school, Scripts::Off, async |chrome| {
        chrome.go("/sign-in").await;
        to(chrome, "email").await;
        chrome.type_in(office).await;
        chrome.key(Key::Tab).await;
        chrome.type_in(first.password.expose()).await;
        chrome.enter_key().await;
        let home = chrome.path().await;
        chrome.go(&format!("/cases/{}", school.staffed.case_of("Amina Ash").await)).await;
        to(chrome, "words").await;
        chrome.type_in(words).await;
        while chrome.ask("return document.activeElement.tagName").await != "BUTTON" {
            chrome.key(Key::Tab).await;
        }
        chrome.enter_key().await;

        assert_eq!(home, "/");
        assert!(chrome.text().await.contains("Your reply is on its way."), "{}", chrome.text().await);
    })
    .await;
    school.staffed.school.deliver().await;
    assert!(school.staffed.school.mail.messages().iter().any(|mail| mail.data.contains(words)));
    school.close().await;
}

/// Tabs until the field with this id has the focus.
async fn to(chrome: &Chrome, id: &str) {
    for _ in 0..60 {
        chrome.key(Key::Tab).await;
        if chrome.ask("return document.activeElement.id").await == id {
            return;
        }
    }
    panic!("the tab key never comes to {id}");
}
