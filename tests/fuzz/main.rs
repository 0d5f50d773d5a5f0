//! The files that a colleague uploads, broken by the thousand: calendars of other programs and ours, and the lists of pupils
//! and contacts. What strangers send (mail, webhooks, numbers, texts) is fuzzed in `channels/tests/fuzz`, by this runner.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod calendar;
mod import;
#[path = "../../channels/tests/fuzz/mutate.rs"]
mod mutate;
#[path = "../../channels/tests/fuzz/runner.rs"]
mod runner;
mod wish;

use std::path::{Path, PathBuf};

use runner::{Target, files, run};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn ics() {
    let (fuzz, seeds) = (calendar::fuzz_ics, files(&folder("tests/fuzz/seeds/calendar"), "ics"));
    run(&Target { name: "ics", fuzz, seeds, dictionary: calendar::ICS_WORDS, largest: 20_000, cases: 5_000 });
}

#[test]
fn csv() {
    let mut seeds = files(&folder("deploy"), "csv");
    seeds.extend(files(&folder("tests/fuzz/seeds/calendar"), "csv"));
    let (fuzz, dictionary) = (calendar::fuzz_csv, calendar::CSV_WORDS);
    run(&Target { name: "csv", fuzz, seeds, dictionary, largest: 10_000, cases: 600 });
}

#[test]
fn import() {
    let seeds = files(&folder("tests/fuzz/seeds/import"), "csv");
    let (fuzz, dictionary) = (import::fuzz, import::WORDS);
    run(&Target { name: "import", fuzz, seeds, dictionary, largest: 8_000, cases: 1_000 });
}

#[test]
fn wish() {
    let text = std::fs::read_to_string(folder("channels/tests/fuzz/seeds/text/lines")).unwrap();
    let seeds = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    let (fuzz, dictionary) = (wish::fuzz, wish::WORDS);
    run(&Target { name: "wish", fuzz, seeds, dictionary, largest: 500, cases: 8_000 });
}
