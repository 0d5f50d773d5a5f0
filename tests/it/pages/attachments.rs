//! A file that a carer sends is put apart, looked through, and saved by a colleague who may read the message; by nobody else.

use liaison::{
    domain::staff::Role,
    flows::attachments::{self, Scanned},
};
use liaison_channels::{
    fakes::clamd::{ClamdFake, Deed},
    scan::{Scanner, ScanningConfig},
};

use super::{AMINA, BORIS, Browser, Staffed, two_classes};
use crate::support::{inbound::Letter, school::School};

const NOTE: &str = "Sam is to rest for a week.";
/// The test file that every scanner finds, in pieces so that none finds this one.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STAND", "ARD-ANTIVIRUS-TEST-FILE!$H+H*"];

/// A mail with two files: the doctor's note, and this.
fn with_files(from: &str, second: &str) -> Letter {
    let part = |name: &str, words: &str| {
        format!(
            "--b\nContent-Type: application/pdf; name=\"{name}\"\nContent-Disposition: attachment; filename=\"{name}\"\n\n{words}\n"
        )
    };
    Letter::from(from).header("Content-Type", "multipart/mixed; boundary=\"b\"").says(&format!(
        "--b\nContent-Type: text/plain\n\nHere is the doctor's note.\n{}{}--b--",
        part("Doctor's note for Sam.pdf", NOTE),
        part("second.exe", second)
    ))
}

async fn school_with(scanner: Option<&ClamdFake>) -> Staffed {
    let scanner = scanner.map(|fake| {
        let config =
            ScanningConfig { clamd: fake.place().to_owned(), timeout_secs: 5, largest_bytes: 1 << 20 };
        Scanner::open(&config).expect("a scanner")
    });
    let school = School::with(&two_classes(), |setup| setup.scanner = scanner).await;
    Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await
}

/// As the worker does: all files apart, and looked through as far as the scanner will.
async fn put_apart_and_scanned(school: &Staffed) -> Scanned {
    while attachments::put_apart(&school.school.gateway).await.unwrap() {}
    loop {
        match attachments::scan_next(&school.school.gateway).await.unwrap() {
            Scanned::One => {}
            other => return other,
        }
    }
}

async fn page_of(school: &Staffed, browser: &mut Browser) -> super::Answer {
    let code = school.school.cases().await.pop().expect("a case").code;
    browser.get(&format!("/cases/{code}")).await
}

/// The paths of the files that a page gives out.
fn links(page: &str) -> Vec<String> {
    let links = page.split("href=\"/messages/").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|link| link.contains("/files/")).map(|link| format!("/messages/{link}")).collect()
}

#[tokio::test]
async fn files_are_saved_as_they_came_and_never_shown_by_the_browser() {
    let school = school_with(None).await;
    school.school.arrives(&with_files(AMINA, "MZ")).await;
    let mut teacher = school.as_role(Role::Teacher).await;

    let before = page_of(&school, &mut teacher).await.body;
    put_apart_and_scanned(&school).await;
    let page = page_of(&school, &mut teacher).await.body;
    let paths = links(&page);
    let note = teacher.get(&paths[0]).await;
    let second = teacher.get(&paths[1]).await;

    assert!(before.contains("They are being put apart"), "{before}");
    assert!(page.contains("Doctor&#39;s note for Sam.pdf") && page.contains("26 bytes"), "{page}");
    assert!(page.contains("nobody has looked through it for viruses"), "{page}");
    assert_eq!((note.status, note.body.as_str()), (200, NOTE));
    let header = |name: &str| note.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename=\"liaison-file-1.pdf\"");
    assert_eq!(
        (header("x-content-type-options"), header("cache-control")),
        ("nosniff".into(), "no-store".into())
    );
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    let named = second.headers.get("content-disposition").unwrap();
    assert_eq!(named, "attachment; filename=\"liaison-file-2.bin\"", "no click runs it");
    school.close().await;
}

#[tokio::test]
async fn a_file_is_given_only_to_whom_its_message_is_shown() {
    let school = school_with(None).await;
    // Boris may not be told about Sam: what he writes is the DSL's.
    school.school.arrives(&with_files(BORIS, "MZ")).await;
    put_apart_and_scanned(&school).await;
    let mut dsl = school.as_role(Role::Dsl).await;
    let paths = links(&page_of(&school, &mut dsl).await.body);

    let opened = dsl.get(&paths[0]).await;

    assert_eq!((opened.status, opened.body.as_str()), (200, NOTE));
    for role in [Role::Teacher, Role::Office, Role::Slt] {
        assert_eq!(school.as_role(role).await.get(&paths[0]).await.status, 404, "{role:?}");
    }
    for role in [Role::Governor, Role::It] {
        assert_eq!(school.as_role(role).await.get(&paths[0]).await.status, 403, "{role:?}");
    }
    assert_eq!(school.browser().get(&paths[0]).await.to(), "/sign-in");
    let read =
        "select sentence from chronology_entry where kind = 'read_restricted' and sentence like 'a file%'";
    assert_eq!(school.school.rows(read).await.len(), 1, "that it was opened is recorded");
    for path in [
        "/messages/x/files/0",
        &paths[0].replace("/files/0", "/files/9"),
        &paths[0].replace("/files/0", "/files/-1"),
    ] {
        assert_eq!(dsl.get(path).await.status, 404, "{path}");
    }
    school.close().await;
}

#[tokio::test]
async fn with_a_scanner_nothing_is_given_out_before_it_has_looked_and_a_virus_never() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = ClamdFake::on_socket(folder.path());
    let school = school_with(Some(&clamd)).await;
    school.school.arrives(&with_files(AMINA, &EICAR.concat())).await;
    let mut office = school.as_role(Role::Office).await;

    while attachments::put_apart(&school.school.gateway).await.unwrap() {}
    let waiting = page_of(&school, &mut office).await.body;
    clamd.next(Deed::Cut);
    let away = put_apart_and_scanned(&school).await;
    let done = put_apart_and_scanned(&school).await;
    let page = page_of(&school, &mut office).await.body;
    let paths = links(&page);

    assert_eq!(links(&waiting), Vec::<String>::new());
    assert!(waiting.contains("it is being looked through for viruses"), "{waiting}");
    assert!(matches!(away, Scanned::NotNow(_)) && done == Scanned::Nothing, "{away:?} {done:?}");
    assert_eq!(paths.len(), 1, "the note alone");
    assert!(
        page.contains("no virus was found in it") && page.contains("a virus was found in it: it is kept"),
        "{page}"
    );
    assert_eq!(office.get(&paths[0]).await.body, NOTE);
    assert_eq!(office.get(&paths[0].replace("/files/0", "/files/1")).await.status, 404);
    let told =
        "select c.forename || ': ' || e.sentence from chronology_entry e join carer c on c.id = e.carer_id
                where e.sentence like '%virus%'";
    assert_eq!(
        school.school.rows(told).await,
        ["Amina: a virus was found in a file that came with a message: the file is given to nobody"]
    );
    assert_eq!(clamd.violations(), Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn the_same_file_is_kept_and_looked_through_once_however_many_send_it() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = ClamdFake::on_socket(folder.path());
    let school = school_with(Some(&clamd)).await;
    school.school.arrives(&with_files(AMINA, "MZ")).await;
    school.school.arrives(&with_files(super::CLARA, "MZ")).await;

    put_apart_and_scanned(&school).await;

    let kept = "select count(*)::text from file union all select count(*)::text from attachment";
    assert_eq!(school.school.rows(kept).await, ["2", "4"]);
    assert_eq!(clamd.scanned().len(), 2);
    let mut teacher = school.as_role(Role::Teacher).await;
    let hers = school.school.rows("select received_id::text from attachment order by received_id").await;
    assert_eq!(teacher.get(&format!("/messages/{}/files/0", hers[0])).await.status, 200);
    assert_eq!(teacher.get(&format!("/messages/{}/files/0", hers[3])).await.status, 404, "another class's");
    school.close().await;
}

#[tokio::test]
async fn pictures_of_a_text_are_told_of_and_a_mail_without_files_tells_of_none() {
    let school = school_with(None).await;
    school.school.text_with("+447700900101", "Here he is at the zoo", 2).await;
    let mut office = school.as_role(Role::Office).await;

    let page = page_of(&school, &mut office).await.body;

    assert!(page.contains("2 pictures came with this text and stayed with the provider"), "{page}");
    assert!(!page.contains("<h4>Files</h4>"), "{page}");
    school.close().await;
}

#[tokio::test]
async fn a_virus_that_was_found_before_is_told_of_again_without_another_scan() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = ClamdFake::on_socket(folder.path());
    let school = school_with(Some(&clamd)).await;
    school.school.arrives(&with_files(AMINA, &EICAR.concat())).await;
    put_apart_and_scanned(&school).await;

    school.school.arrives(&with_files(super::CLARA, &EICAR.concat())).await;
    put_apart_and_scanned(&school).await;

    let told = "select c.forename from chronology_entry e join carer c on c.id = e.carer_id
                where e.sentence like '%virus%' order by e.id";
    assert_eq!(school.school.rows(told).await, ["Amina", "Clara"]);
    assert_eq!(clamd.scanned().len(), 2);
    school.close().await;
}

#[tokio::test]
async fn a_file_that_a_scanner_never_finishes_is_given_up_and_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = ClamdFake::on_socket(folder.path());
    let school = school_with(Some(&clamd)).await;
    school.school.arrives(&Letter::from(AMINA).says("A note.").with_file("note.pdf", NOTE)).await;

    let mut rounds = Vec::new();
    for _ in 0..6 {
        clamd.next(Deed::Cut);
        rounds.push(put_apart_and_scanned(&school).await);
    }
    let page = page_of(&school, &mut school.as_role(Role::Office).await).await.body;

    assert!(rounds[..5].iter().all(|round| matches!(round, Scanned::NotNow(_))), "{rounds:?}");
    assert_eq!(rounds[5], Scanned::Nothing);
    assert!(page.contains("it could not be looked through for viruses"), "{page}");
    assert_eq!(links(&page), Vec::<String>::new());
    school.close().await;
}

#[tokio::test]
async fn files_beyond_the_most_that_are_taken_out_are_told_of() {
    let school = School::with(&two_classes(), |setup| setup.reading.attachments = 1).await;
    let school = Staffed::of(school, "Oak", |role| role.as_str().to_owned()).await;
    school.school.arrives(&with_files(AMINA, "MZ")).await;

    put_apart_and_scanned(&school).await;
    let page = page_of(&school, &mut school.as_role(Role::Office).await).await.body;

    assert_eq!(links(&page).len(), 1);
    assert!(page.contains("Files of this mail could not be put here"), "{page}");
    school.close().await;
}
