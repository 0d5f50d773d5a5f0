//! A folder needs no stand-in. It can go away, but neither cut a line nor fall silent.

use std::{
    fs,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Eml, Misbehaviour, Rig, Taken},
    cost::CostConfig,
    folder::{Folder, FolderConfig},
    message::ChannelId,
    sender::Carries,
};
use tempfile::TempDir;

/// The first line of each letter.
const LETTERS_FROM: &str = "Northfield School";

pub(crate) struct FolderRig {
    home: TempDir,
    sender: Folder,
}

impl FolderRig {
    pub(crate) fn mails() -> Self {
        Self::open(Carries::Mail, "Northfield School <parents@northfield.example>")
    }

    pub(crate) fn texts() -> Self {
        Self::open(Carries::Text, "Northfield")
    }

    pub(crate) fn letters() -> Self {
        Self::open(Carries::Letter, LETTERS_FROM)
    }

    fn open(carries: Carries, from: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder for the test");
        let config = FolderConfig {
            path: home.path().join("out"),
            carries,
            from: from.to_owned(),
            per_minute: None,
            cost: CostConfig::default(),
        };
        let sender = Folder::open(ChannelId::parse("folder").expect("good"), &config).expect("opens");
        Self { home, sender }
    }

    /// The one mail in the folder.
    pub(crate) fn only_mail(&self) -> Eml {
        let mut entries = fs::read_dir(self.out()).expect("the folder");
        let file = entries.next().expect("a file").expect("an entry").path();
        assert!(entries.next().is_none(), "more than one file");
        Eml::new(&fs::read(file).expect("a file"))
    }

    fn out(&self) -> PathBuf {
        self.home.path().join("out")
    }

    fn away(&self) -> PathBuf {
        self.home.path().join("away")
    }
}

#[async_trait]
impl Rig for FolderRig {
    fn sender(&self) -> &dyn Sender {
        &self.sender
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    async fn taken(&self) -> Vec<Taken> {
        let entries = fs::read_dir(self.out()).expect("the folder");
        let files = entries.map(|entry| entry.expect("an entry").path());
        files.filter(|file| !is_hidden(file)).map(|file| read(&file)).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        let can = how == Misbehaviour::RefusesSettings;
        if can {
            fs::rename(self.out(), self.away()).expect("moved away");
        }
        can
    }

    async fn behave(&self) {
        if self.away().exists() {
            fs::rename(self.away(), self.out()).expect("moved back");
        }
    }

    fn complaints(&self) -> Vec<String> {
        let entries = fs::read_dir(self.out()).expect("the folder");
        let names = entries.map(|entry| entry.expect("an entry").path());
        names
            .filter(|file| is_hidden(file))
            .map(|_| "an unfinished file was left behind".to_owned())
            .collect()
    }
}

fn is_hidden(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn read(file: &Path) -> Taken {
    let bytes = fs::read(file).expect("a file");
    if file.extension().is_some_and(|ending| ending == "eml") {
        let eml = Eml::new(&bytes);
        let to = eml.header("To").expect("To");
        let to = to.rsplit('<').next().expect("an address").trim_end_matches('>').to_owned();
        return Taken { to, words: eml.plain().expect("a plain part") };
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    if let Some(letter) = text.strip_prefix(LETTERS_FROM).and_then(|rest| rest.strip_prefix("\n\n")) {
        let (to, words) = letter.split_once("\n\n").expect("an address and words");
        return Taken { to: to.to_owned(), words: words.to_owned() };
    }
    let (head, words) = text.split_once("\n\n").expect("head and words");
    let to = head.lines().find_map(|line| line.strip_prefix("To: ")).expect("To").to_owned();
    Taken { to, words: words.to_owned() }
}
