//! The client of clamd against a strict stand-in, well behaved and not.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use liaison_channels::{
    fakes::clamd::{ClamdFake, Deed},
    scan::{Scanner, ScanningConfig, Verdict, Why},
};

/// The test file of eicar.org, in pieces, so that no scanner finds it in here.
fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

fn scanner(clamd: &str) -> Scanner {
    Scanner::open(&ScanningConfig { clamd: clamd.to_owned(), timeout_secs: 1, largest_bytes: 3_000_000 })
        .unwrap()
}

#[tokio::test]
async fn a_file_is_handed_over_whole_and_a_clean_one_is_clean() {
    let clamd = ClamdFake::on_port().await;
    let sizes = [0, 1, 65_535, 65_536, 65_537, 1_000_000];
    let files: Vec<Vec<u8>> =
        sizes.iter().map(|size| (0..*size).map(|at| u8::try_from(at % 251).unwrap()).collect()).collect();

    for file in &files {
        assert_eq!(scanner(clamd.place()).scan(file).await, Verdict::Clean, "{} bytes", file.len());
    }

    assert_eq!(clamd.scanned(), files);
    assert_eq!(clamd.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_find_is_told_by_its_name_over_a_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = ClamdFake::on_socket(folder.path());

    let verdict = scanner(clamd.place()).scan(&eicar()).await;

    assert_eq!(verdict, Verdict::Found("Eicar-Signature".to_owned()));
    assert_eq!(clamd.commands(), ["zINSTREAM"]);
}

#[tokio::test]
async fn a_file_larger_than_clamd_takes_is_unknown_although_the_line_breaks_while_it_is_sent() {
    let clamd = ClamdFake::on_port().await;
    clamd.take_at_most(100_000);

    let small = scanner(clamd.place()).scan(&vec![b'x'; 100_000]).await;
    let large = scanner(clamd.place()).scan(&vec![b'x'; 2_900_000]).await;

    assert_eq!(small, Verdict::Clean);
    // Where the system drops what was read behind a broken line, the answer is lost with it: never clean all the same.
    assert!(matches!(large, Verdict::Unknown(Why::TooLarge | Why::Cut)), "{large:?}");
    assert_eq!(clamd.scanned().len(), 1);
}

#[tokio::test]
async fn a_file_larger_than_the_setting_is_not_handed_over_at_all() {
    let clamd = ClamdFake::on_port().await;

    let verdict = scanner(clamd.place()).scan(&vec![b'x'; 3_000_001]).await;

    assert_eq!(verdict, Verdict::Unknown(Why::TooLarge));
    assert_eq!(clamd.commands(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_but_a_whole_ok_is_clean() {
    let clamd = ClamdFake::on_port().await;
    let say = |words: &[u8]| Deed::Say(words.to_vec());
    let table = [
        (Deed::Cut, Why::Cut),
        (Deed::CutAfter, Why::Cut),
        (Deed::Silence, Why::Slow),
        (say(b""), Why::Cut),
        (say(b"stream: O"), Why::Cut),
        (say(b"stream: OK"), Why::Cut),
        (say(b"stream: OK\n"), Why::Cut),
        (say(b"\0stream: OK\0"), Why::NotUnderstood),
        (say(b"\xff\xfe\0"), Why::NotUnderstood),
        (say(b"HTTP/1.1 400 Bad Request\r\n\r\n\0"), Why::NotUnderstood),
        (say(&[b'x'; 10_000]), Why::NotUnderstood),
        (say(b"INSTREAM size limit exceeded. ERROR\0"), Why::TooLarge),
        (say(b"stream: Unable to allocate memory ERROR\0"), Why::Failed),
    ];
    for (deed, why) in table {
        clamd.next(deed.clone());

        let verdict = scanner(clamd.place()).scan(b"words").await;

        assert_eq!(verdict, Verdict::Unknown(why), "{deed:?}");
    }
    assert_eq!(scanner(clamd.place()).scan(b"words").await, Verdict::Clean);
}

#[tokio::test]
async fn a_clamd_that_stops_reading_costs_the_deadline_and_no_more() {
    let clamd = ClamdFake::on_port().await;
    clamd.next(Deed::Stall);
    let begin = Instant::now();

    let verdict = scanner(clamd.place()).scan(&vec![b'x'; 2_900_000]).await;

    assert_eq!(verdict, Verdict::Unknown(Why::Slow));
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?} for a deadline of one second", begin.elapsed());
}

#[tokio::test]
async fn a_clamd_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("clamd.ctl");

    let verdict = scanner(gone.to_str().unwrap()).scan(b"words").await;

    assert_eq!(verdict, Verdict::Unknown(Why::Unreachable));
    assert!(Why::Unreachable.may_pass() && !Why::TooLarge.may_pass());
}

#[tokio::test]
async fn a_probe_asks_for_life_for_the_version_and_for_a_find() {
    let clamd = ClamdFake::on_port().await;

    let version = scanner(clamd.place()).probe().await;

    assert_eq!(version.as_deref(), Ok("ClamAV 1.4.3/27700/Mon Jul 14 08:35:12 2025"));
    assert_eq!(clamd.commands(), ["zPING", "zVERSION", "zINSTREAM"]);
    assert_eq!((clamd.scanned(), clamd.violations()), (vec![eicar()], vec![]));
}

#[tokio::test]
async fn a_probe_tells_a_blind_clamd_and_what_is_none() {
    let clamd = ClamdFake::on_port().await;
    clamd.go_blind();

    let blind = scanner(clamd.place()).probe().await;
    clamd.next(Deed::Say(b"SSH-2.0-x\0".to_vec()));
    let other = scanner(clamd.place()).probe().await;

    assert_eq!((blind, other), (Err(Why::Blind), Err(Why::NotUnderstood)));
}

#[test]
fn the_settings_have_defaults_and_refuse_what_they_do_not_know() {
    let config: ScanningConfig = toml::from_str("clamd = \"/run/clamav/clamd.ctl\"").unwrap();

    let misspelt = toml::from_str::<ScanningConfig>("clamd = \"/x\"\ntimeout = 3").unwrap_err().to_string();
    let slow =
        Scanner::open(&ScanningConfig { timeout_secs: 301, ..config.clone() }).unwrap_err().to_string();
    let huge = Scanner::open(&ScanningConfig { largest_bytes: 0, ..config.clone() }).unwrap_err().to_string();

    assert_eq!((config.timeout_secs, config.largest_bytes), (60, 26_214_400));
    assert!(misspelt.contains("unknown field `timeout`"), "{misspelt}");
    assert_eq!(slow, "scanning.timeout_secs must lie between 1 and 300");
    assert_eq!(huge, "scanning.largest_bytes must lie between 1 and 2000000000");
}
