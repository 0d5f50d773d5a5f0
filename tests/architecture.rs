//! The house keeps its shape: arrows between folders point one way, SQL lives in the store, libraries stay where they
//! belong, and only the gate makes a message.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What each folder of `src` may use of the others.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("flows", &["domain", "store"]),
    ("workers", &["domain", "store", "flows"]),
    ("web", &["domain", "store", "flows"]),
    ("cli", &["domain", "store", "flows", "workers", "web"]),
];

/// The modules of the channels crate that the domain may name: words, no I/O. Of `sender` only its plain types.
const CHANNEL_WORDS: &[&str] = &["address", "message", "error", "private", "receipt", "text", "sender"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder, with its path and its text without comments.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&entry).expect("a file");
                let code: Vec<_> =
                    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
                found.push((entry, code.join("\n")));
            }
        }
    }
    assert!(!found.is_empty(), "no sources under {}", folder.display());
    found
}

/// The names that follow a prefix such as `crate::`, also inside `{…}` groups at any depth's first level.
fn named_after(code: &str, prefix: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let (mut depth, mut start) = (0, true);
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && c.is_alphabetic() => {
                    names.push(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn arrows_between_the_folders_point_one_way() {
    let folders: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (folder, allowed) in ARROWS {
        for (path, code) in sources(&root().join("src").join(folder)) {
            for name in named_after(&code, "crate::") {
                let known = folders.contains_key(name.as_str());
                if known && name != *folder && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{} uses crate::{name}", path.display()));
                }
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_domain_is_pure() {
    let forbidden = [
        "tokio",
        "sqlx",
        "axum",
        "tracing",
        "std::fs",
        "std::net",
        "std::env",
        "std::time::Instant",
        "async ",
    ];
    let mut wrong = Vec::new();
    for (path, code) in sources(&root().join("src/domain")) {
        for word in forbidden.iter().filter(|word| code.contains(**word)) {
            wrong.push(format!("{} names {word}", path.display()));
        }
        for name in named_after(&code, "liaison_channels::") {
            if !CHANNEL_WORDS.contains(&name.as_str()) {
                wrong.push(format!("{} uses liaison_channels::{name}", path.display()));
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn sql_stands_in_the_store_only() {
    let mut wrong = Vec::new();
    for folder in ["domain", "flows", "workers", "web", "cli"] {
        for (path, code) in sources(&root().join("src").join(folder)) {
            for word in ["sqlx::query", "query!(", "query_as!(", "query_scalar!(", "raw_sql", "AssertSqlSafe"]
            {
                if code.contains(word) {
                    wrong.push(format!("{} holds {word}", path.display()));
                }
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_flows_begin_transactions() {
    let mut wrong = Vec::new();
    for folder in ["domain", "workers", "web", "cli"] {
        for (path, code) in sources(&root().join("src").join(folder)) {
            if code.contains(".begin()") {
                wrong.push(path.display().to_string());
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_gate_makes_a_message_and_only_a_lane_sends_one() {
    let (mut makers, mut senders) = (Vec::new(), Vec::new());
    for (path, code) in sources(&root().join("src")) {
        let path = path.strip_prefix(root()).expect("under the root").display().to_string();
        if ["Outgoing::mail(", "Outgoing::text(", "Outgoing::letter("]
            .iter()
            .any(|maker| code.contains(maker))
        {
            makers.push(path.clone());
        }
        if code.contains("sender.send(") {
            senders.push(path);
        }
    }

    assert_eq!(makers, ["src/domain/gate.rs"]);
    assert_eq!(senders, ["src/flows/deliver.rs", "src/flows/probe.rs", "src/flows/deliver/notices.rs"]);
}

#[test]
fn network_libraries_are_named_by_the_channels_crate_alone() {
    let ours = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let (_, dependencies) = ours.split_once("\n[dependencies]\n").expect("a dependencies section");
    let (dependencies, _) = dependencies.split_once("\n[").expect("an end of it");

    for library in ["lettre", "reqwest", "async-imap"] {
        assert!(!dependencies.contains(library), "the main crate names {library}");
    }
    for (path, code) in sources(&root().join("channels/src")) {
        assert!(!code.contains("use liaison::"), "{} imports from Liaison", path.display());
    }
}

#[test]
fn the_checks_themselves_find_what_they_look_for() {
    let code = "use crate::{domain::{a, b}, store};\nlet x = crate::web::y;";

    assert_eq!(named_after(code, "crate::"), ["domain", "store", "web"]);
}
