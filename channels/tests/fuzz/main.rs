//! What strangers can send, broken by the thousand: one function a target, which panics where its promises do not hold.
//!
//! A run is short and always the same; `tests/fuzz/run --minutes 30 mail`, from the repository's root, runs longer. Calendars
//! and tables are fuzzed in `tests/fuzz`, by the same runner.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod mail;
mod mutate;
mod number;
mod runner;
mod text;
mod webhook;

use std::path::{Path, PathBuf};

use runner::{Target, files, run};

fn seeds(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(name)
}

/// One seed a line.
fn lines(name: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(seeds(name).join("lines")).unwrap();
    text.lines().map(|line| line.replace("\\n", "\n").into_bytes()).collect()
}

#[test]
fn mail() {
    let mails = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails");
    let groups = std::fs::read_dir(&mails).unwrap().map(|entry| entry.unwrap().path());
    let mut groups: Vec<PathBuf> = groups.filter(|path| path.is_dir()).collect();
    groups.sort();
    let seeds = groups.iter().flat_map(|group| files(group, "eml"));
    // A few of the corpus are large on purpose, and only slow here.
    let seeds = seeds.filter(|mail| mail.len() < 60_000).chain(failed("mail")).collect();
    run(&Target {
        name: "mail",
        fuzz: mail::fuzz,
        seeds,
        dictionary: mail::WORDS,
        largest: 100_000,
        cases: 1_000,
    });
}

#[test]
fn webhook() {
    let seeds = files(&seeds("webhook"), "post");
    let (fuzz, dictionary) = (webhook::fuzz, webhook::WORDS);
    run(&Target { name: "webhook", fuzz, seeds, dictionary, largest: 20_000, cases: 4_000 });
}

#[test]
fn number() {
    let (fuzz, dictionary) = (number::fuzz, number::WORDS);
    run(&Target { name: "number", fuzz, seeds: lines("number"), dictionary, largest: 300, cases: 40_000 });
}

#[test]
fn text() {
    let (fuzz, dictionary) = (text::fuzz, text::WORDS);
    run(&Target { name: "text", fuzz, seeds: lines("text"), dictionary, largest: 2_000, cases: 6_000 });
}

/// Inputs that once failed, beside the seeds.
fn failed(name: &str) -> Vec<Vec<u8>> {
    let folder = seeds(name);
    if folder.is_dir() { files(&folder, "failed") } else { Vec::new() }
}
