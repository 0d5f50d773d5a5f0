//! The program as the operator runs it: what it prints, what it exits with, and what it says when something is wrong.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use liaison::store::cluster::{Cluster, ClusterOptions, Durability};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::people::{Roll, carer, four_ways, pupil, updates};

const WORDS: &str = "Sam read two whole chapters aloud.";
/// Nobody's name, address or words may stand in what goes to a log.
const PERSONAL: [&str; 8] =
    ["amina", "begum", "dafydd", "home.example", "900102", "quarry", "chapters", "sam ash"];

/// A folder with settings and files, which goes with the test.
struct Desk {
    folder: TempDir,
}

/// What a command did.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// It failed as it should: with one sentence on standard error, no panic and nothing personal.
    fn failed(&self, sentence: &str) {
        assert_ne!(self.code, 0, "{}", self.out);
        assert!(self.err.starts_with("liaison: ") && self.err.contains(sentence), "{}", self.err);
        self.is_decent();
    }

    fn is_decent(&self) {
        let err = self.err.to_lowercase();
        assert!(!err.contains("panicked") && !err.contains("backtrace"), "{err}");
        for word in PERSONAL {
            assert!(!err.contains(word), "{word} stands in {err}");
        }
    }
}

impl Desk {
    /// A private database in `dir`, and a folder for mail and for texts.
    fn new() -> Self {
        let open = Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir().unwrap();
        let desk = Self { folder };
        let text = |name: &str| desk.path(name).display().to_string();
        desk.put(
            "liaison.toml",
            &format!(
                "[school]\nname = \"Northfield School\"\noffice_phone = \"01632 960100\"\n\
                 [data]\ndir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
                 [channels.school-mail]\nkind = \"folder\"\ncarries = \"mail\"\npath = \"{}\"\n\
                 from = \"Northfield School <parents@northfield.example>\"\n\
                 [channels.texts]\nkind = \"folder\"\ncarries = \"text\"\npath = \"{}\"\nfrom = \"+447700900900\"\n",
                text("data"),
                text("mail"),
                text("texts"),
            ),
        );
        desk.roll(&four_ways());
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn roll(&self, roll: &Roll) {
        self.put("pupils.csv", &roll.pupils_csv());
        self.put("contacts.csv", &roll.contacts_csv());
    }

    /// Runs a command with this desk's settings; names that are files of the desk become their paths.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = bare();
        command.arg("--config").arg(self.path("liaison.toml"));
        for argument in arguments {
            let file = self.path(argument);
            if file.extension().is_some_and(|ending| ending == "csv") {
                command.arg(file)
            } else {
                command.arg(argument)
            };
        }
        ran(command.output().unwrap())
    }

    /// Keeps the private server running between commands: each would otherwise start and stop it.
    async fn keep_running(&self) -> Cluster {
        fs::create_dir_all(self.path("data")).unwrap();
        let dir = self.path("data").join("postgres");
        let options = ClusterOptions { dir, bin_dir: None, durability: Durability::Safe };
        Cluster::start(&options).await.unwrap()
    }
}

/// The program, with nothing of the machine's own settings.
fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_liaison"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("LIAISON_") || name == "DATABASE_URL")
    {
        command.env_remove(name);
    }
    command
}

fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn inspect(what: &str, text: &str) -> Value {
    let ran = ran(bare().args(["inspect", what, text]).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.json()
}

#[tokio::test]
async fn an_operators_morning_from_the_import_to_the_proof() {
    let desk = Desk::new();
    desk.put("updates.csv", &updates(&[("P1", WORDS, false)]));
    let cluster = desk.keep_running().await;

    let dry = desk.run(&["import", "pupils.csv", "contacts.csv", "--dry-run"]);
    let nothing = desk.run(&["chronology", "export"]);
    let import = desk.run(&["import", "pupils.csv", "contacts.csv", "--json"]);
    let queued = desk.run(&["updates", "queue", "updates.csv", "--author", "h.barlow"]);
    let again = desk.run(&["updates", "queue", "updates.csv", "--json"]).json();
    let queue = desk.run(&["queue", "list", "--json"]).json();
    let tasks = desk.run(&["tasks", "list", "--json"]).json();

    assert_eq!((dry.code, dry.err.as_str()), (0, ""));
    assert!(dry.out.contains("Dry run: nothing was written"), "{}", dry.out);
    assert_eq!(nothing.out.trim(), "", "the dry run left no entry");
    assert_eq!(import.json()["counts"]["carers"]["added"], 4);
    assert!(queued.out.contains("1 by email, 1 by text, 1 to ring, 1 to post"), "{}", queued.out);
    assert_eq!((&again["updates"], &again["already"]), (&0.into(), &1.into()));
    let deliveries = queue["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|d| d["state"] == "queued" && d["tries"] == 0));
    let kinds: Vec<_> = tasks.as_array().unwrap().iter().map(|task| task["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");

    for (id, rule) in [(&deliveries[0]["id"], "preference"), (&tasks[0]["id"], "preference")] {
        let explained = desk.run(&["explain", id.as_str().unwrap(), "--json"]).json();
        assert!(
            explained["decisions"][0]["rules"].as_array().unwrap().iter().any(|fired| fired["rule"] == rule),
            "{explained}"
        );
    }
    let letter = tasks.as_array().unwrap().iter().find(|task| task["kind"] == "letter").unwrap();
    let why = desk.run(&["explain", deliveries[0]["id"].as_str().unwrap()]);
    assert!(
        why.out.contains("May this carer be told? Yes: ") && why.out.contains("Settings version "),
        "{}",
        why.out
    );
    let version = why.out.split("Settings version ").nth(1).unwrap().split(',').next().unwrap();
    assert!(why.out.contains(&format!("{version}, in force since ")), "{}", why.out);
    let settings = desk.run(&["explain", version]);
    assert!(settings.out.contains("School days for a task set to: 2"), "{}", settings.out);
    for ran in [&why, &settings] {
        ran.is_decent();
    }
    let page = desk.run(&["tasks", "show", letter["id"].as_str().unwrap(), "--page"]);
    assert!(page.out.starts_with("<!doctype html>") && page.out.contains("4 Quarry Lane"), "{}", page.out);

    let shown = desk.run(&["chronology", "show", "--pupil", "P1"]);
    let export = desk.run(&["chronology", "export", "--carer", "C1"]);
    let verify = desk.run(&["chronology", "verify", "--json"]);
    assert!(shown.out.contains("weekly update queued by email"), "{}", shown.out);
    let line: Value = serde_json::from_str(export.out.lines().next().unwrap()).unwrap();
    assert_eq!((line["kind"].as_str(), line["digest"].as_str().map(str::len)), (Some("queued"), Some(64)));
    assert_eq!(
        (verify.code, &verify.json()["good"], &verify.json()["entries"]),
        (0, &true.into(), &5.into())
    );

    let check = desk.run(&["check", "--json"]).json();
    assert_eq!(check["good"], true, "{check}");
    let held = desk.run(&["queue", "hold", "texts", "--reason", "a fire drill", "--by", "head"]);
    let check = desk.run(&["check"]);
    assert_eq!((held.code, check.code), (0, 1));
    assert!(check.out.contains("held by head: a fire drill"), "{}", check.out);
    cluster.release().await.unwrap();
}

#[tokio::test]
async fn a_wrong_file_is_told_with_line_and_column_and_nobody_in_it_is_named_in_the_log() {
    let desk = Desk::new();
    let cluster = desk.keep_running().await;
    desk.put("updates.csv", &format!("pupil,week,text\nP1,soon,{WORDS}\nP1,2026-11-23\n"));
    let bad =
        four_ways().changed("C1", |row| row.with("priority", "first").email("amina.begum at home.example"));

    desk.roll(&bad);
    let import = desk.run(&["import", "pupils.csv", "contacts.csv"]);
    desk.roll(&four_ways());
    let good = desk.run(&["import", "pupils.csv", "contacts.csv"]);
    let queued = desk.run(&["updates", "queue", "updates.csv"]);
    let missing = desk.run(&["updates", "queue", "nowhere.csv"]);
    let unknown = desk.run(&["explain", "01930000-0000-7000-8000-000000000000"]);
    let nobody = desk.run(&["chronology", "show", "--pupil", "P77"]);
    let no_task = desk.run(&["tasks", "done", "01930000-0000-7000-8000-000000000000", "--outcome", "rang"]);

    assert_eq!(import.code, 1);
    assert!(import.out.contains("Nothing was imported") && import.out.contains("priority"), "{}", import.out);
    assert_eq!(good.code, 0, "{}", good.out);
    assert_eq!(queued.code, 1);
    assert!(queued.out.contains("line 2: column week") && queued.out.contains("line 3:"), "{}", queued.out);
    assert!(!queued.out.contains("chapters"), "{}", queued.out);
    for ran in [&import, &good, &queued] {
        ran.is_decent();
    }
    missing.failed("nowhere.csv");
    unknown.failed("there is nothing to explain");
    nobody.failed("no pupil has the reference or id P77");
    no_task.failed("there is no task");
    cluster.release().await.unwrap();
}

#[test]
fn wrong_settings_are_all_told_at_once_before_anything_is_touched() {
    let desk = Desk::new();
    desk.put(
        "liaison.toml",
        "[school]\nname = \"Amina Begum\"\nmotto = \"x\"\n[sending]\nceling_per_hour = 3\n[channels.post]\nkind = \"pigeon\"\n",
    );

    let ran = desk.run(&["queue", "list"]);

    ran.failed("the settings need mending");
    for wrong in ["motto", "celing_per_hour", "kind must be one of"] {
        assert!(ran.err.contains(wrong), "{wrong}: {}", ran.err);
    }
    assert!(!Path::new(&desk.path("data")).exists());
}

#[test]
fn a_settings_file_that_is_missing_or_no_toml_gets_a_sentence() {
    let desk = Desk::new();
    desk.put("liaison.toml", "[school\nname = ");
    let broken = desk.run(&["check"]);
    fs::remove_file(desk.path("liaison.toml")).unwrap();
    let missing = desk.run(&["check"]);

    broken.failed("the settings cannot be read");
    missing.failed("is not there: check --config");
}

#[test]
fn a_database_that_cannot_be_reached_gets_a_sentence_and_never_its_password() {
    let desk = Desk::new();
    for url in [
        "postgres://liaison:hunter2secret@localhost/liaison?host=/nonexistent",
        "postgres://liaison:hunter2secret@127.0.0.1:1/liaison",
    ] {
        let settings = fs::read_to_string(desk.path("liaison.toml")).unwrap();
        desk.put("liaison.toml", &format!("{settings}\n[database]\nurl = \"{url}\"\n"));
        for command in [&["queue", "list"][..], &["import", "pupils.csv", "contacts.csv"], &["migrate"]] {
            let ran = desk.run(command);

            ran.failed("the database cannot be reached");
            assert!(!ran.err.contains("hunter2secret") && ran.err.lines().count() == 1, "{}", ran.err);
        }
        let check = desk.run(&["check"]);
        assert_eq!(check.code, 1);
        assert!(check.out.contains("MEND  database"), "{}", check.out);
        desk.put("liaison.toml", &settings);
    }
}

#[test]
fn a_database_address_that_is_none_is_not_repeated() {
    let desk = Desk::new();
    let settings = fs::read_to_string(desk.path("liaison.toml")).unwrap();
    desk.put("liaison.toml", &format!("{settings}\n[database]\nurl = \"hunter2secret\"\n"));

    let ran = desk.run(&["queue", "list"]);

    ran.failed("database.url is not a Postgres address");
    assert!(!ran.err.contains("hunter2secret"));
}

#[test]
fn a_text_is_measured_as_a_network_would() {
    for (text, encoding, units, parts) in [
        ("Hello".to_owned(), "gsm7", 5, 1),
        ("a".repeat(160), "gsm7", 160, 1),
        ("a".repeat(161), "gsm7", 161, 2),
        ("€".repeat(80), "gsm7", 160, 1),
        ("Zażółć".to_owned(), "ucs2", 6, 1),
        ("ż".repeat(71), "ucs2", 71, 2),
        ("-- dashes".to_owned(), "gsm7", 9, 1),
    ] {
        let told = inspect("text", &text);

        let expected: (Value, Value, Value) = (encoding.into(), units.into(), parts.into());
        assert_eq!(
            (told["encoding"].clone(), told["units"].clone(), told["parts"].clone()),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_number_is_read_as_every_other_part_would_read_it() {
    for (number, valid, e164, kind, textable) in [
        ("07700 900123", true, Some("+447700900123"), Some("mobile"), true),
        ("+44 (0)7700 900123", true, Some("+447700900123"), Some("mobile"), true),
        ("01632 960123", true, Some("+441632960123"), Some("landline"), false),
        ("0770", false, None, None, false),
        ("not a number", false, None, None, false),
    ] {
        let told = inspect("number", number);

        assert_eq!(
            (told["valid"].as_bool(), told["textable"].as_bool()),
            (Some(valid), Some(textable)),
            "{number}"
        );
        assert_eq!((told["e164"].as_str(), told["kind"].as_str()), (e164, kind), "{number}");
        assert!(told["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{number}");
    }
}

#[tokio::test]
async fn a_seal_noted_elsewhere_is_checked_on_the_command_line() {
    let desk = Desk::new();
    desk.roll(&Roll::new(&[pupil("P1", "Sam", "Ash")], &[carer("P1", "C1", "Amina", "Begum")]));
    let cluster = desk.keep_running().await;
    desk.run(&["import", "pupils.csv", "contacts.csv"]);

    let cut = desk.run(&["chronology", "verify", "--seal", &format!("7:{}", "ab".repeat(32))]);
    let garbled = desk.run(&["chronology", "verify", "--seal", "7-abc"]);

    assert_eq!(cut.code, 1);
    assert!(
        cut.out.contains("NOT VERIFIED") && cut.out.contains("seal 7 was noted elsewhere"),
        "{}",
        cut.out
    );
    assert_eq!(garbled.code, 2);
    assert!(garbled.err.contains("its number, a colon and 64 hexadecimal digits"), "{}", garbled.err);
    cluster.release().await.unwrap();
}
