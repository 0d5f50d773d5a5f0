//! Notices and newsletters: the same words for everybody of a class, a year or the school. How one comes from its first
//! words to its messages, and who may take which step.

use std::fmt;

use liaison_channels::private::Private;
use serde::{Deserialize, Serialize};

use super::{
    ids::{AnnouncementId, ClassId},
    people::{Purpose, UnknownWord, words},
    rights::{LinkFacts, may_be_sent},
    time::{Date, Timestamp},
    topic::read_reason,
    update::words_problem,
};

/// The most characters of a title: a subject line that shows whole on a phone.
pub const LONGEST_TITLE: usize = 80;

words! {
    /// How large an audience is.
    AudienceKind, "an audience is one of:" {
        /// One class.
        Class = "class",
        /// Everybody of one year group.
        Year = "year",
        /// The whole school.
        School = "school",
    }
}

/// Whose carers an announcement is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Those of one class.
    Class(ClassId),
    /// Those of one year group, as the school's own system names it.
    Year(String),
    /// All.
    School,
}

impl Audience {
    /// How large it is.
    pub const fn kind(&self) -> AudienceKind {
        match self {
            Self::Class(_) => AudienceKind::Class,
            Self::Year(_) => AudienceKind::Year,
            Self::School => AudienceKind::School,
        }
    }

    /// The class, where it is one.
    pub const fn class(&self) -> Option<ClassId> {
        match self {
            Self::Class(class) => Some(*class),
            Self::Year(_) | Self::School => None,
        }
    }

    /// The year group, where it is one.
    pub fn year(&self) -> Option<&str> {
        match self {
            Self::Year(year) => Some(year),
            Self::Class(_) | Self::School => None,
        }
    }
}

/// The words that an audience begins with, where a form or a row names it: `class/…`, `year/…`, `school`.
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "class/{class}"),
            Self::Year(year) => write!(f, "year/{year}"),
            Self::School => f.write_str("school"),
        }
    }
}

impl std::str::FromStr for Audience {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = UnknownWord("choose for whom it is");
        match text.split_once('/') {
            Some(("class", class)) => class.parse().map(Self::Class).map_err(|_| unknown),
            Some(("year", year)) if !year.trim().is_empty() => Ok(Self::Year(year.to_owned())),
            None if text == "school" => Ok(Self::School),
            _ => Err(unknown),
        }
    }
}

/// What a colleague writes. Valid in itself.
#[derive(Debug, Clone)]
pub struct Written {
    /// Newsletter, notice or urgent notice.
    pub purpose: Purpose,
    /// Why it is urgent; with that purpose alone.
    pub urgent_because: Option<Private<String>>,
    /// One line; stands in the subject.
    pub title: Private<String>,
    /// The words.
    pub words: Private<String>,
    /// For whom.
    pub audience: Audience,
}

impl Written {
    /// Reads what was typed of one that keeps to the hours of sending; `Err` is a sentence that says what to do.
    pub fn read(purpose: Purpose, title: &str, text: &str, audience: Audience) -> Result<Self, Unreadable> {
        if !matches!(purpose, Purpose::Newsletter | Purpose::Notice | Purpose::Report) {
            return wrong("purpose", "say whether it is a notice, a newsletter or about reports");
        }
        Self::of(purpose, None, title, text, audience)
    }

    /// Reads what was typed of one that leaves at any hour, and why it must.
    pub fn read_urgent(
        because: &str,
        title: &str,
        text: &str,
        audience: Audience,
    ) -> Result<Self, Unreadable> {
        let because = read_reason(because);
        let because = because.map_err(|sentence| Unreadable { field: "because", sentence })?;
        Self::of(Purpose::Urgent, Some(because), title, text, audience)
    }

    fn of(
        purpose: Purpose,
        urgent_because: Option<Private<String>>,
        title: &str,
        text: &str,
        audience: Audience,
    ) -> Result<Self, Unreadable> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.replace("\r\n", "\n");
        if title.is_empty() {
            return wrong("title", "it needs a title: one line that says what it is about");
        }
        if title.chars().count() > LONGEST_TITLE {
            return wrong(
                "title",
                format!("the title is longer than {LONGEST_TITLE} characters: shorten it"),
            );
        }
        if title.chars().any(char::is_control) {
            return wrong("title", "the title holds a control character: type it again");
        }
        if text.trim().is_empty() {
            return wrong("words", "it needs words");
        }
        if let Some(problem) = words_problem(&text) {
            return wrong("words", problem);
        }
        let (title, words) = (title.into(), text.trim().to_owned().into());
        Ok(Self { purpose, urgent_because, title, words, audience })
    }
}

/// What cannot be taken of an announcement, and the field that is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// `purpose`, `because`, `title` or `words`.
    pub field: &'static str,
    /// What is wrong with it, and what to do.
    pub sentence: String,
}

fn wrong<T>(field: &'static str, sentence: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable { field, sentence: sentence.into() })
}

/// What a second person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be queued.
    Approved,
    /// It may not, for this reason. Personal.
    Declined(Private<String>),
}

/// A decision with who and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How far an announcement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is being written.
    Draft,
    /// It waits for a second person.
    Asked,
    /// A second person has approved these very words.
    Approved,
    /// A second person has said no.
    Declined,
    /// It is queued: its messages are made from then on.
    Queued {
        /// Until then it can be taken back.
        send_at: Timestamp,
    },
    /// Its messages are made.
    Sent {
        /// Since when.
        at: Timestamp,
    },
    /// What still waited was taken back.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// It was dropped before anything was made of it.
    Dropped {
        /// When.
        at: Timestamp,
    },
}

/// An announcement as it stands. Personal.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// What it says, and for whom.
    pub written: Written,
    /// Each change of the words makes the next.
    pub version: i64,
    /// Who wrote it first.
    pub author: String,
    /// Everybody who changed it, the author among them.
    pub writers: Vec<String>,
    /// When this version was saved.
    pub saved_at: Timestamp,
    /// Who sent this version for approval.
    pub asked_by: Option<String>,
    /// What a second person decided about this version.
    pub decision: Option<Decision>,
    /// Who queued it.
    pub queued_by: Option<String>,
    /// Who took back what still waited.
    pub cancelled_by: Option<String>,
    /// How far it is.
    pub stage: Stage,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// Somebody changed it since the page was loaded.
    #[error("somebody has changed it since you opened the page: look at it as it is now")]
    Changed,
    /// What is queued is not changed.
    #[error("it is queued: take it back first, then change it")]
    Queued,
    /// Nothing is made of it any more.
    #[error("it was dropped: write a new one")]
    Dropped,
    /// What was sent stays as it was sent.
    #[error("it has been sent: what was sent cannot be changed")]
    Sent,
    /// It waits for a second person already.
    #[error("it waits for approval already")]
    AskedAlready,
    /// It has been approved already.
    #[error("it is approved already: it can be queued")]
    ApprovedAlready,
    /// The school's rule asks for no second person.
    #[error("it needs no approval: queue it")]
    NeedsNone,
    /// Nobody asked for a decision.
    #[error(
        "it does not wait for approval: somebody has decided, or changed it since; look at it as it is now"
    )]
    NotAsked,
    /// Nobody approves what they wrote.
    #[error("you wrote it, or a part of it: somebody else must approve it")]
    OwnWords,
    /// The school's rule asks for a second person.
    #[error("it goes to so many that a second person must approve it first: send it for approval")]
    NeedsApproval,
    /// A second person said no.
    #[error("it was declined: change it and send it for approval again")]
    Declined,
    /// It is not queued any more, or not yet.
    #[error(
        "it is too late to take it back: its messages are being made, or somebody has taken it back already"
    )]
    NotQueued,
    /// There is nothing to stop.
    #[error("nothing of it is on its way")]
    NothingToStop,
}

impl Announcement {
    /// Whether this is the version that somebody has seen.
    pub const fn is(&self, version: i64) -> Result<(), NotNow> {
        if self.version == version { Ok(()) } else { Err(NotNow::Changed) }
    }

    /// Whether its words may be changed, which voids what was decided about them; or it may be dropped.
    pub const fn may_be_changed(&self) -> Result<(), NotNow> {
        match self.stage {
            Stage::Queued { .. } => Err(NotNow::Queued),
            Stage::Sent { .. } | Stage::Cancelled { .. } => Err(NotNow::Sent),
            Stage::Dropped { .. } => Err(NotNow::Dropped),
            Stage::Draft | Stage::Asked | Stage::Approved | Stage::Declined => Ok(()),
        }
    }

    /// Whether it may be sent to a second person, where the rule `needs` one.
    pub fn may_be_asked(&self, needs: bool) -> Result<(), NotNow> {
        self.may_be_changed()?;
        match self.stage {
            Stage::Asked => Err(NotNow::AskedAlready),
            Stage::Approved => Err(NotNow::ApprovedAlready),
            Stage::Declined => Err(NotNow::Declined),
            _ if !needs => Err(NotNow::NeedsNone),
            _ => Ok(()),
        }
    }

    /// Whether this colleague may decide about it: never one whose words it holds, nor one who asked for it.
    pub fn may_be_decided(&self, by: &str) -> Result<(), NotNow> {
        if self.stage != Stage::Asked {
            return Err(NotNow::NotAsked);
        }
        let own = self.writers.iter().any(|writer| writer == by) || self.asked_by.as_deref() == Some(by);
        if own { Err(NotNow::OwnWords) } else { Ok(()) }
    }

    /// Whether it may be queued, where the rule `needs` a second person or not. A decision that was asked for binds all
    /// the same.
    pub fn may_be_queued(&self, needs: bool) -> Result<(), NotNow> {
        self.may_be_changed()?;
        match self.stage {
            Stage::Declined => Err(NotNow::Declined),
            Stage::Draft | Stage::Asked if needs => Err(NotNow::NeedsApproval),
            _ => Ok(()),
        }
    }

    /// Whether it may be made into messages after all: the rule may have become stricter while it waited.
    pub fn is_approved_enough(&self, needs: bool) -> bool {
        let approved = self.decision.as_ref().is_some_and(|decision| decision.verdict == Verdict::Approved);
        approved || !needs
    }

    /// Whether it can still be taken back without a trace.
    pub const fn may_be_taken_back(&self) -> Result<(), NotNow> {
        match self.stage {
            Stage::Queued { .. } => Ok(()),
            _ => Err(NotNow::NotQueued),
        }
    }

    /// Whether what still waits can be stopped.
    pub const fn may_be_cancelled(&self) -> Result<(), NotNow> {
        match self.stage {
            Stage::Sent { .. } => Ok(()),
            _ => Err(NotNow::NothingToStop),
        }
    }
}

/// Whether a carer's message rests rather on `other` than on the link it rests on so far: it rests on the first of the carer's
/// pupils in the audience about whom they may be told; where there is none, on the first, whose reason is then the reason.
pub fn rests_rather_on(purpose: Purpose, other: &LinkFacts, so_far: &LinkFacts, today: Date) -> bool {
    may_be_sent(purpose, so_far, today).is_err() && may_be_sent(purpose, other, today).is_ok()
}

#[cfg(test)]
#[path = "announcement_tests.rs"]
mod tests;
