//! A file that came with a carer's mail, and whether it may be given to a colleague (R23).

use liaison_channels::private::Private;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// Nothing has looked through it yet.
    Waiting,
    /// The virus scanner found nothing.
    Clean,
    /// The virus scanner found this.
    Infected(String),
    /// The virus scanner could not look through it, and why.
    Unscannable(String),
    /// Its bytes stand in the mail only.
    TooLarge,
}

impl FileState {
    /// Reads the stored word, with the scanner's words beside it.
    pub fn parse(word: &str, said: String) -> Option<Self> {
        match word {
            "waiting" => Some(Self::Waiting),
            "clean" => Some(Self::Clean),
            "infected" => Some(Self::Infected(said)),
            "unscannable" => Some(Self::Unscannable(said)),
            _ => None,
        }
    }

    /// The stored word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Clean => "clean",
            Self::Infected(_) => "infected",
            Self::Unscannable(_) => "unscannable",
            Self::TooLarge => "too_large",
        }
    }

    /// The scanner's words, where it had any.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Infected(said) | Self::Unscannable(said) => Some(said),
            Self::Waiting | Self::Clean | Self::TooLarge => None,
        }
    }

    /// Whether such a file is given out; `scans`: whether this school has a virus scanner. Where it has none, a file is given
    /// with a warning.
    pub const fn is_given(&self, scans: bool) -> bool {
        match self {
            Self::Clean => true,
            Self::Waiting => !scans,
            Self::Infected(_) | Self::Unscannable(_) | Self::TooLarge => false,
        }
    }

    /// What a colleague is told of it.
    pub const fn in_words(&self, scans: bool) -> &'static str {
        match self {
            Self::Clean => "no virus was found in it",
            Self::Waiting if scans => "it is being looked through for viruses: look again in a minute",
            Self::Waiting => "nobody has looked through it for viruses: open it only if you expect it",
            Self::Infected(_) => {
                "a virus was found in it: it is kept, and given to nobody. Tell IT, and ring the carer"
            }
            Self::Unscannable(_) => {
                "it could not be looked through for viruses, so it is given to nobody: ask the carer for it in another form"
            }
            Self::TooLarge => {
                "it is too large to be shown here: it is kept with the mail, and IT can take it out"
            }
        }
    }
}

/// A file as a colleague sees it named. Personal.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its place among the files of its message, from 0.
    pub position: i16,
    /// What it is called.
    pub name: Private<String>,
    /// The media type its mail declares.
    pub declared: String,
    /// Its length in bytes.
    pub size: u64,
    /// Whether the page of the mail shows it: a logo as a rule.
    pub inline: bool,
    /// What is known of it.
    pub state: FileState,
}

/// Endings under which a file is given out: what carers send, and nothing that a click runs.
const ENDINGS: [&str; 38] = [
    "3gp", "amr", "bmp", "csv", "doc", "docx", "eml", "gif", "heic", "ics", "jpeg", "jpg", "key", "m4a",
    "mov", "mp3", "mp4", "numbers", "odp", "ods", "odt", "ogg", "opus", "pages", "pdf", "png", "ppt", "pptx",
    "rtf", "tif", "tiff", "txt", "vcf", "wav", "webp", "xls", "xlsx", "zip",
];

impl Seen {
    /// What it is called in a list of downloads, which others may see: it names nobody, and keeps its ending where that is one
    /// that no click runs.
    pub fn download_name(&self) -> String {
        let ending = self.name.expose().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let ending = ending.filter(|ending| ENDINGS.contains(&ending.as_str()));
        format!("liaison-file-{}.{}", self.position + 1, ending.as_deref().unwrap_or("bin"))
    }

    /// Its length as people say it.
    pub fn size_in_words(&self) -> String {
        match self.size {
            0..1024 => format!("{} bytes", self.size),
            1024..1_048_576 => format!("{} KB", self.size.div_ceil(1024)),
            _ => format!("{}.{} MB", self.size / 1_048_576, self.size % 1_048_576 * 10 / 1_048_576),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_scanner_passed_is_given_out_where_there_is_one() {
        let infected = FileState::Infected("Eicar-Test-Signature".to_owned());
        let unscannable = FileState::Unscannable("too large".to_owned());

        for (state, with, without) in [
            (FileState::Clean, true, true),
            (FileState::Waiting, false, true),
            (infected, false, false),
            (unscannable, false, false),
            (FileState::TooLarge, false, false),
        ] {
            assert_eq!((state.is_given(true), state.is_given(false)), (with, without), "{state:?}");
        }
    }

    #[test]
    fn a_download_names_nobody_and_runs_nothing() {
        let seen = |name: &str| Seen {
            position: 1,
            name: name.into(),
            declared: String::new(),
            size: 0,
            inline: false,
            state: FileState::Clean,
        };

        for (name, called) in [
            ("Letter about Sam.PDF", "liaison-file-2.pdf"),
            ("photo.jpeg", "liaison-file-2.jpeg"),
            ("invoice.pdf.exe", "liaison-file-2.bin"),
            ("page.html", "liaison-file-2.bin"),
            ("drawing.svg", "liaison-file-2.bin"),
            ("x.pdf\r\nSet-Cookie: a=b", "liaison-file-2.bin"),
            ("none", "liaison-file-2.bin"),
        ] {
            assert_eq!(seen(name).download_name(), called, "{name}");
        }
    }

    #[test]
    fn sizes_are_said_as_people_say_them() {
        let seen = |size| Seen {
            position: 0,
            name: Private::default(),
            declared: String::new(),
            size,
            inline: false,
            state: FileState::Clean,
        };

        let said =
            [0, 1023, 1024, 1025, 1_048_575, 1_048_576, 2_600_000].map(|size| seen(size).size_in_words());

        assert_eq!(said, ["0 bytes", "1023 bytes", "1 KB", "2 KB", "1024 KB", "1.0 MB", "2.4 MB"]);
    }
}
