//! What is special to a folder; the promises of every channel are checked in `tests/conformance.rs`.

use std::os::unix::fs::PermissionsExt;

use tempfile::{TempDir, tempdir};

use super::*;
use crate::{
    address::EmailAddress,
    message::{Letter, Mail},
};

#[test]
fn a_cap_can_be_rehearsed_for_texts_and_means_nothing_for_mail_and_letters() {
    let home = tempdir().expect("a folder for the test");
    let open = |carries| {
        let cost = CostConfig { pence_per_part: Some(2.4), parts_per_month: Some(3) };
        Folder::open(
            ChannelId::parse("out").expect("good"),
            &FolderConfig { cost, ..config(home.path().join("out"), carries) },
        )
    };

    let texts = open(Carries::Text).expect("opens");
    let others =
        [Carries::Mail, Carries::Letter].map(|carries| open(carries).err().map(|why| why.to_string()));

    assert_eq!((texts.limits.cost.of_parts(2), texts.limits.cost.parts_per_month), (Some(4_800), Some(3)));
    for told in others {
        assert!(told.is_some_and(|why| why.contains("cost: it is for texts alone")));
    }
}

fn config(path: PathBuf, carries: Carries) -> FolderConfig {
    let from = if carries == Carries::Mail {
        "Northfield School <parents@northfield.example>"
    } else {
        "Northfield"
    };
    FolderConfig { path, carries, from: from.to_owned(), per_minute: None, cost: CostConfig::default() }
}

fn open(home: &TempDir, carries: Carries) -> Folder {
    let id = ChannelId::parse("rehearsal").expect("good");
    Folder::open(id, &config(home.path().join("out"), carries)).expect("opens")
}

fn text(reference: u128, body: &str) -> Outgoing {
    let to = PhoneNumber::parse("07700 900123").expect("good");
    Outgoing::text(OurRef(Uuid::from_u128(reference)), Text { to, body: body.into() })
}

fn mail(reference: u128) -> Outgoing {
    let mail = Mail {
        to: EmailAddress::parse("amina@post.example").expect("good"),
        to_name: "Amina Şahin".into(),
        subject: "Week 3".into(),
        plain: "Dear Amina\n".into(),
        html: "<p>Dear Amina</p>".into(),
        language: "en-GB".to_owned(),
        manner: crate::message::Manner::Letter,
        in_reply_to: None,
        thread: Vec::new(),
        reply_tag: None,
        unsubscribe: None,
    };
    Outgoing::mail(OurRef(Uuid::from_u128(reference)), mail)
}

fn letter(reference: u128) -> Outgoing {
    let letter = Letter {
        to: "Amina Şahin\n4 Drama Lane\nSW1A 1AA\n".into(),
        words: "Dear Amina\n\nJutro ślubowanie.\n".into(),
    };
    Outgoing::letter(OurRef(Uuid::from_u128(reference)), letter)
}

fn files(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(&folder.path).expect("folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn lookup(message: &Outgoing) -> Lookup<'_> {
    Lookup { reference: message.reference(), message, since: Timestamp::UNIX_EPOCH, known: &[] }
}

#[tokio::test]
async fn a_text_is_a_file_that_people_can_read() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Text);

    folder.send(&text(7, "Jutro ślubowanie")).await.expect("written");

    let file = folder.path.join("00000000000000000000000000000007.txt");
    let words = fs::read_to_string(&file).expect("file");
    let lines: Vec<_> = words.lines().collect();
    assert!(lines.starts_with(&["To: +447700900123", "From: Northfield"]));
    assert!(lines.get(2).is_some_and(|line| line.starts_with("Date: ") && line.ends_with("+0000")));
    assert!(lines.ends_with(&["", "Jutro ślubowanie"]));
}

#[tokio::test]
async fn a_mail_is_a_file_that_mail_programs_open() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Mail);

    let accepted = folder.send(&mail(7)).await.expect("written");

    let words = fs::read_to_string(folder.path.join("00000000000000000000000000000007.eml")).expect("file");
    assert_eq!(accepted.reference.0, "<00000000000000000000000000000007@northfield.example>");
    assert!(words.contains(&format!("Message-ID: {}\r\n", accepted.reference.0)));
    assert!(words.contains("Dear Amina\r\n") && words.contains("<p>Dear Amina</p>"));
}

#[tokio::test]
async fn a_letter_is_a_file_to_print_with_sender_address_and_words_apart() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Letter);
    let letter = letter(7);

    let accepted = folder.send(&letter).await.expect("written");

    let name = "00000000000000000000000000000007.txt";
    let words = fs::read_to_string(folder.path.join(name)).expect("file");
    assert_eq!(
        words,
        "Northfield\n\nAmina Şahin\n4 Drama Lane\nSW1A 1AA\n\nDear Amina\n\nJutro ślubowanie.\n"
    );
    assert_eq!(accepted.reference.0, name);
    let found = folder.find(&lookup(&letter)).await.expect("looked up").found;
    assert_eq!(found, Found::Yes(accepted.reference));
    assert_eq!((folder.limits().alphabet, folder.limits().can_be_answered), (None, true));
}

#[tokio::test]
async fn a_channel_of_letters_writes_nothing_else_and_no_other_writes_letters() {
    let home = tempdir().expect("folder");
    let letters = open(&home, Carries::Letter);
    for (message, told) in [(mail(1), "letters, not mail"), (text(2, "words"), "letters, not texts")] {
        let error = letters.send(&message).await.expect_err("no letter");

        assert_eq!((error.fault, error.went), (Fault::Refused, Went::No));
        assert!(error.summary.contains(told), "{error}");
    }
    for carries in [Carries::Mail, Carries::Text] {
        let error = open(&home, carries).send(&letter(3)).await.expect_err("a letter");

        assert_eq!(error.fault, Fault::Refused);
        assert!(error.summary.ends_with("not letters"), "{error}");
    }
    assert!(files(&letters).is_empty());
}

#[tokio::test]
async fn a_repeat_writes_the_same_file_and_leaves_nothing_beside_it() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Text);

    folder.send(&text(7, "first")).await.expect("written");
    folder.send(&text(7, "second")).await.expect("written");
    folder.probe().await.expect("can be written");

    assert_eq!(files(&folder), ["00000000000000000000000000000007.txt"]);
    let words = fs::read_to_string(folder.path.join("00000000000000000000000000000007.txt")).expect("file");
    assert!(words.ends_with("\nsecond\n"));
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_files() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Text);

    folder.send(&text(7, "words")).await.expect("written");

    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path), 0o700);
    assert_eq!(mode(&folder.path.join("00000000000000000000000000000007.txt")), 0o600);
}

#[tokio::test]
async fn a_folder_that_has_gone_away_is_a_setting_and_says_nothing_about_what_it_held() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Text);
    let message = text(7, "words");
    folder.send(&message).await.expect("written");

    fs::rename(&folder.path, home.path().join("unmounted")).expect("moved");

    let send = folder.send(&text(8, "words")).await.expect_err("nowhere to write");
    let find = folder.find(&lookup(&message)).await.expect_err("nothing to look at");
    let probe = folder.probe().await.expect_err("nowhere to write");
    for error in [send, find, probe] {
        assert_eq!((error.fault, error.went), (Fault::Misconfigured, Went::No));
        assert!(error.summary.contains("mounted"), "{error}");
    }
}

#[tokio::test]
async fn a_landline_and_the_wrong_kind_of_message_are_refused() {
    let home = tempdir().expect("folder");
    let folder = open(&home, Carries::Text);
    let to = PhoneNumber::parse("01632 960123").expect("good");
    let landline = Outgoing::text(OurRef(Uuid::from_u128(1)), Text { to, body: "words".into() });

    let landline = folder.send(&landline).await.expect_err("may be read aloud");
    let mail = folder.send(&mail(2)).await.expect_err("not a text");

    assert_eq!((landline.fault, mail.fault), (Fault::BadAddress, Fault::Refused));
    assert!(files(&folder).is_empty());
}

#[test]
fn settings_that_cannot_work_are_told_with_the_channel_and_the_key() {
    let home = tempdir().expect("folder");
    let file = home.path().join("file");
    fs::write(&file, "").expect("file");
    let out = home.path().join("out");
    let sender = |carries, from: &str| FolderConfig { from: from.to_owned(), ..config(out.clone(), carries) };
    let table = [
        (config(home.path().join("a/b"), Carries::Text), "path: "),
        (config(file, Carries::Text), "path: "),
        (sender(Carries::Mail, "Northfield School"), "from: "),
        (sender(Carries::Mail, "a@b.example, c@d.example"), "from: "),
        (sender(Carries::Text, "Northfield School"), "from: "),
        (sender(Carries::Text, "123"), "from: "),
        (sender(Carries::Letter, " "), "from: "),
    ];

    for (config, key) in table {
        let id = ChannelId::parse("rehearsal").expect("good");
        let error = Folder::open(id, &config).expect_err("cannot work").to_string();

        assert!(error.starts_with(&format!("channel rehearsal: {key}")), "{error}");
    }
}

#[test]
fn settings_are_read_by_their_names_and_unknown_ones_are_errors() {
    let read = |json: serde_json::Value| serde_json::from_value::<FolderConfig>(json);

    let good =
        read(serde_json::json!({ "path": "/x", "carries": "text", "from": "School", "per_minute": 30 }));
    let unknown = read(serde_json::json!({ "path": "/x", "carries": "text", "from": "School", "pacing": 1 }));
    let kind = read(serde_json::json!({ "path": "/x", "carries": "post", "from": "School" }));

    assert_eq!(good.expect("good").carries, Carries::Text);
    assert!(unknown.is_err() && kind.is_err());
}

#[test]
fn a_name_as_sender_cannot_be_answered() {
    let home = tempdir().expect("folder");
    let id = ChannelId::parse("rehearsal").expect("good");
    let numbered =
        FolderConfig { from: "07700 900456".to_owned(), ..config(home.path().join("out"), Carries::Text) };

    assert!(!open(&home, Carries::Text).limits().can_be_answered);
    assert!(Folder::open(id, &numbered).expect("opens").limits().can_be_answered);
    assert!(open(&home, Carries::Mail).limits().can_be_answered);
}
