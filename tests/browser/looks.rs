//! Every page in every role, on a phone and on a desk: axe finds nothing, nothing has to be scrolled sideways, and a
//! picture of each is kept to be looked at.

use std::{collections::BTreeSet, path::Path};

use liaison::domain::staff::Role;

use crate::{
    chrome::{Chrome, Scripts, screenshots, with_chrome},
    served::Served,
    support::walk::{Visit, Walk},
};

/// Asks axe for all that WCAG 2.2 AA and good practice want.
const ASK_AXE: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
        found => done(found.violations.flatMap(broken => broken.nodes.map(
            node => `${broken.id}: ${broken.help}: ${node.html} ${node.failureSummary}`))),
        error => done([`axe itself: ${error}`]));";

/// The axe that `tests/run` brought.
pub(crate) fn axe() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("LIAISON_AXE").map_or_else(|| root.join("target/axe"), Into::into);
    let file = folder.join("node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("{} cannot be read ({error}): run tests/run browser, which fetches it", file.display())
    })
}

/// One page of each route; for the DSL, who sees what others do not, two of those that show one of several things.
fn chosen(walk: Walk) -> Vec<Visit> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for visit in walk.visits.into_iter().filter(|visit| visit.route != "/{style}") {
        let both = if visit.role == Some(Role::Dsl) && visit.route.contains('{') { 2 } else { 1 };
        if (1..=both).any(|nth| seen.insert((visit.route, nth))) {
            chosen.push(visit);
        }
    }
    chosen
}

/// `families-pupil`, or `home`.
pub(crate) fn file_name(route: &str) -> String {
    let words: Vec<_> =
        route.split('/').map(|word| word.trim_matches(['{', '}'])).filter(|w| !w.is_empty()).collect();
    if words.is_empty() { "home".to_owned() } else { words.join("-") }
}

pub(crate) async fn faults(chrome: &Chrome, what: &str) -> Vec<String> {
    let found = chrome.wait_for(ASK_AXE).await;
    found.as_array().expect("a list").iter().map(|fault| format!("{what}: {fault}")).collect()
}

/// Whether the page is wider than the window.
pub(crate) async fn is_too_wide(chrome: &Chrome) -> Option<String> {
    let wide = "const d = document.documentElement; if (d.scrollWidth <= d.clientWidth) return null;
        const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > d.clientWidth + 1);
        return `${d.scrollWidth} px in ${d.clientWidth} px: ` + out.slice(0, 3).map(e => e.outerHTML.slice(0, 150)).join(' | ');";
    chrome.ask(wide).await.as_str().map(str::to_owned)
}

/// A school, with all that this role can come to in it.
pub(crate) async fn walked(role: Option<Role>) -> (Served, Walk) {
    let school = Served::open().await;
    let mut walk = Walk::default();
    let browser = match role {
        Some(role) => school.staffed.as_role(role).await,
        None => school.staffed.browser(),
    };
    walk.as_one(role, browser).await;
    (school, walk)
}

async fn look_as(role: Option<Role>) {
    let (school, walk) = walked(role).await;
    let axe = axe();
    let mut wrong = Vec::new();

    with_chrome(&school, Scripts::On, async |chrome| {
        if let Some(role) = role {
            chrome.enter(&school, role).await;
        }
        let mut names = BTreeSet::new();
        for visit in chosen(walk) {
            let name = format!("{}-{}", visit.who(), file_name(visit.route));
            let name = if names.insert(name.clone()) { name } else { format!("{name}-2") };
            chrome.resize(1280, 1).await;
            chrome.go(&visit.path).await;
            chrome.ask(&axe).await;
            wrong.extend(faults(chrome, &format!("{name} at 1280 px")).await);
            chrome.picture(&format!("{name}-1280")).await;
            chrome
                .ask("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
                .await;
            chrome.resize(360, 1).await;
            wrong.extend(faults(chrome, &format!("{name} at 360 px")).await);
            chrome.picture(&format!("{name}-360")).await;
            // A small phone, and a desk at 200 %.
            for (width, scale) in [(320, 1), (640, 2)] {
                chrome.resize(width, scale).await;
                wrong.extend(is_too_wide(chrome).await.map(|fault| format!("{name}: {fault}")));
            }
        }
        assert!(!names.is_empty());
    })
    .await;

    eprintln!("pictures of the pages are in {}", screenshots().display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    school.close().await;
}

macro_rules! looks {
    ($($name:ident: $role:expr),* $(,)?) => { $(
        #[tokio::test]
        async fn $name() {
            look_as($role).await;
        }
    )* };
}

looks! {
    pages_that_anybody_may_open_are_good_on_a_phone_and_a_desk: None,
    a_teachers_pages_are_good_on_a_phone_and_a_desk: Some(Role::Teacher),
    the_offices_pages_are_good_on_a_phone_and_a_desk: Some(Role::Office),
    slts_pages_are_good_on_a_phone_and_a_desk: Some(Role::Slt),
    the_dsls_pages_are_good_on_a_phone_and_a_desk: Some(Role::Dsl),
    a_governors_pages_are_good_on_a_phone_and_a_desk: Some(Role::Governor),
    its_pages_are_good_on_a_phone_and_a_desk: Some(Role::It),
}
