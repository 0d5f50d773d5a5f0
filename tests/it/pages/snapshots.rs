//! The main pages as they are, kept as files beside this one: a change to a page shows in its review.
//!
//! To add a page: give it a line below, run the test with `INSTA_UPDATE=always`, and look at the new file.

use std::collections::BTreeMap;

use liaison::domain::staff::Role;

use super::Staffed;
use crate::support::{
    furnished::Mood,
    staffed::AMINA,
    walk::{Walk, walk},
};

/// File, role and route; and what the page must say, where a route has several.
const PAGES: &[(&str, Option<Role>, &str, &str)] = &[
    ("sign_in", None, "/sign-in", ""),
    ("home_of_a_teacher", Some(Role::Teacher), "/", ""),
    ("home_of_the_office", Some(Role::Office), "/", ""),
    ("home_of_slt", Some(Role::Slt), "/", ""),
    ("home_of_the_dsl", Some(Role::Dsl), "/", ""),
    ("home_of_a_governor", Some(Role::Governor), "/", ""),
    ("home_of_it", Some(Role::It), "/", ""),
    ("week", Some(Role::Teacher), "/week/{class}", ""),
    ("write", Some(Role::Teacher), "/update/{pupil}", "Sam Ash"),
    ("preview", Some(Role::Teacher), "/update/{pupil}/preview", "Sam Ash"),
    ("inbox", Some(Role::Office), "/cases", ""),
    ("case", Some(Role::Office), "/cases/{case}", "Amina Ash"),
    ("case_that_is_restricted", Some(Role::Dsl), "/cases/{case}", "Eve Featherstonehaugh"),
    ("complaints", Some(Role::Slt), "/complaints", ""),
    ("complaint", Some(Role::Slt), "/complaints/{complaint}", "Clara Birch"),
    ("questions", Some(Role::Office), "/questions", ""),
    ("question", Some(Role::Office), "/questions/{question}", ""),
    ("families", Some(Role::Office), "/families", ""),
    ("family", Some(Role::Office), "/families/{pupil}", "Sam Ash"),
    ("family_as_a_teacher_sees_it", Some(Role::Teacher), "/families/{pupil}", "Sam Ash"),
    ("calls", Some(Role::Teacher), "/calls", ""),
    ("call", Some(Role::Teacher), "/calls/{task}", ""),
    ("log", Some(Role::Teacher), "/families/{pupil}/log", "Sam Ash"),
    ("safeguarding", Some(Role::Dsl), "/safeguarding", ""),
    ("records", Some(Role::Dsl), "/records", ""),
    ("record", Some(Role::Teacher), "/records/{item}", ""),
    ("health", Some(Role::It), "/health", ""),
];

#[tokio::test]
async fn the_main_pages_are_as_their_snapshots_show_them() {
    let school = Staffed::furnished(Mood::Plain).await;
    let codes = school.school.cases().await.into_iter().map(|case| case.code).collect::<Vec<_>>();

    let walk = walk(&school).await;

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (file, role, route, says) in PAGES {
            let page = page(&walk, *role, route, says);
            insta::assert_snapshot!(*file, steady(&page, &codes));
        }
    });
    assert!(page(&walk, Some(Role::Office), "/cases/{case}", "Amina Ash").contains(AMINA));
    school.close().await;
}

fn page(walk: &Walk, role: Option<Role>, route: &str, says: &str) -> String {
    // The title of a restricted case names nobody.
    let from = format!("<dt>From</dt><dd><bdi>{says}");
    let title =
        |body: &str| body.split("</title>").next().unwrap_or_default().contains(says) || body.contains(&from);
    let found = walk.visits.iter().find(|visit| {
        visit.role == role && visit.route == route && title(&visit.body) && !visit.path.contains('?')
    });
    found.unwrap_or_else(|| panic!("{role:?} was not shown {says} at {route}")).body.clone()
}

/// The page without what differs from run to run: ids, keys and codes are numbered as they come.
fn steady(page: &str, codes: &[String]) -> String {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = String::new();
    let is_id = |word: &str| {
        let hex = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        hex && (word.len() == 36 || word.len() == 64 || word.len() == 32)
            || codes.iter().any(|code| code == word)
    };
    for piece in page.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let rest = &piece[word.len()..];
        if let Some(number) = word.strip_prefix("style-").filter(|hash| hash.len() == 12) {
            out.push_str(&"style".replace(number, ""));
        } else if is_id(word) {
            let next = known.len() + 1;
            out.push_str(&format!("ID{}", known.entry(word.to_owned()).or_insert(next)));
        } else {
            out.push_str(word);
        }
        out.push_str(rest);
    }
    out
}
