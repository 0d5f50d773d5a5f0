//! Measures how fast arrived mail is read: the corpus of `tests/mails`, group by group, then a mail with a file of 25 MB.
//!
//! `cargo bench -p liaison-channels --bench read -- 5`: so many seconds a group. Prints a JSON object a group and one for all:
//! mails and megabytes (10^6 bytes) a second on one core, and the slowest mail. Its files are taken out and digested in a
//! second figure, as the gateway does when it stores them.

#![expect(clippy::print_stdout, reason = "the result is printed")]
#![expect(clippy::unwrap_used, reason = "a benchmark")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use liaison_channels::reading::{Hints, Limits, attachments, read};
use serde_json::json;

struct Mail {
    name: String,
    raw: Vec<u8>,
}

/// What a group cost.
#[derive(Default)]
struct Cost {
    mails: usize,
    bytes: usize,
    reading: Duration,
    files: Duration,
    slowest: (Duration, String),
}

fn main() {
    // Cargo itself adds `--bench`.
    let seconds = env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(2);
    let mut all = Cost::default();
    for group in sorted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails")) {
        let mails: Vec<Mail> = sorted(&group).into_iter().filter_map(|path| mail(&path)).collect();
        if mails.is_empty() {
            continue;
        }
        let name = group.file_name().unwrap().to_string_lossy().into_owned();
        let cost = measured(&mails, Duration::from_secs(seconds));
        tell(&name, &cost);
        all.add(cost);
    }
    tell("all", &all);
    tell("one of 25 MB", &measured(&[large()], Duration::from_secs(seconds)));
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn mail(path: &Path) -> Option<Mail> {
    let name = path.file_stem()?.to_string_lossy().into_owned();
    (path.extension()? == "eml").then(|| Mail { name, raw: fs::read(path).unwrap() })
}

/// Words and a film, as a telephone sends them.
fn large() -> Mail {
    let head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere is the play.\r\n--b\r\n\
                Content-Type: video/mp4; name=play.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let line = "QUJD".repeat(19) + "\r\n";
    let raw = [head, &line.repeat(25_000_000 / line.len()), "--b--\r\n"].concat().into_bytes();
    Mail { name: "large".to_owned(), raw }
}

fn measured(mails: &[Mail], least: Duration) -> Cost {
    let (hints, limits) = (Hints::default(), Limits::default());
    let mut cost = Cost::default();
    while cost.reading < least {
        for mail in mails {
            let start = Instant::now();
            black_box(read(black_box(&mail.raw), &hints));
            let took = start.elapsed();
            let start = Instant::now();
            black_box(attachments(black_box(&mail.raw), &limits).map(|file| file.size).sum::<u64>());
            cost.files += start.elapsed();
            cost.add(Cost {
                mails: 1,
                bytes: mail.raw.len(),
                reading: took,
                slowest: (took, mail.name.clone()),
                ..Cost::default()
            });
        }
    }
    cost
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.mails += other.mails;
        self.bytes += other.bytes;
        self.reading += other.reading;
        self.files += other.files;
        if other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
    }
}

fn tell(group: &str, cost: &Cost) {
    let a_second = |count: usize, time: Duration| (count as f64 / time.as_secs_f64()).round();
    let tenths = |number: f64| (number * 10.0).round() / 10.0;
    let line = json!({
        "group": group,
        "mails_per_s": a_second(cost.mails, cost.reading),
        "mb_per_s": tenths(cost.bytes as f64 / 1e6 / cost.reading.as_secs_f64()),
        "with_files_mails_per_s": a_second(cost.mails, cost.reading + cost.files),
        "slowest": cost.slowest.1,
        "slowest_ms": tenths(cost.slowest.0.as_secs_f64() * 1000.0),
    });
    println!("{line}");
}
