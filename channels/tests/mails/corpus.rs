//! The mails and their expectations, from the folder this file stands in.

use std::fs;
use std::path::{Path, PathBuf};

use liaison_channels::private::Private;
use liaison_channels::reading::Hints;
use serde_json::{Map, Value};

/// A mail and what reading it should give.
pub(crate) struct Case {
    /// `group/name`.
    pub(crate) name: String,
    /// The bytes of the `.eml`.
    pub(crate) raw: Vec<u8>,
    /// What the mail does not carry: `own` and `envelope_from` of the expectation's `hints`.
    pub(crate) hints: Hints,
    /// The other keys of the `.json`.
    pub(crate) expected: Map<String, Value>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails")
}

/// The names of the groups, sorted.
pub(crate) fn groups() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every case of a group, sorted by name.
pub(crate) fn load(group: &str) -> Vec<Case> {
    files(group, "eml")
        .iter()
        .filter(|mail| mail.with_extension("json").exists())
        .map(|mail| case(group, mail))
        .collect()
}

/// The files of a group that lack their other half.
pub(crate) fn orphans(group: &str) -> Vec<String> {
    let lacks = |from: &str, to: &str| -> Vec<PathBuf> {
        files(group, from).into_iter().filter(|file| !file.with_extension(to).exists()).collect()
    };
    let both = [lacks("eml", "json"), lacks("json", "eml")].concat();
    both.iter().map(|file| file.display().to_string()).collect()
}

fn files(group: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder().join(group)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    found.sort();
    found
}

fn case(group: &str, mail: &Path) -> Case {
    let name = format!("{group}/{}", mail.file_stem().unwrap().to_str().unwrap());
    let words = fs::read_to_string(mail.with_extension("json")).unwrap();
    let mut expected: Map<String, Value> =
        serde_json::from_str(&words).unwrap_or_else(|error| panic!("{name}.json: {error}"));
    let given = expected.remove("hints").unwrap_or_default();
    Case { name, raw: fs::read(mail).unwrap(), hints: hints(&given), expected }
}

/// The hints of a case; the school's mailbox where it names none of its own.
fn hints(given: &Value) -> Hints {
    let private = |value: &Value| Private::from(value.as_str().unwrap());
    let own = given.get("own").map_or_else(
        || vec![Private::from("parents@northfield.example")],
        |own| own.as_array().unwrap().iter().map(private).collect(),
    );
    Hints { own, envelope_from: given.get("envelope_from").map(private) }
}
