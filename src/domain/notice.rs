//! Notices to colleagues: that something waits for them, never what (R32, R42, T25, T37). A notice is a closed set of numbers;
//! its words are made here from those and the address of the pages, so no name can enter one.

use std::fmt::Write as _;

use liaison_channels::private::Private;
use serde::{Deserialize, Serialize};

use super::{
    ladder::Rungs,
    policy::Policy,
    staff::Role,
    time::{Time, Timestamp, day_in_words, school_date},
};

/// A post above the SLT, on the ladder of a message that nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Post {
    /// The headteacher.
    Head,
    /// The regional director or the chair of governors.
    Chair,
}

impl Post {
    /// Both, lowest first.
    pub const ALL: [Self; 2] = [Self::Head, Self::Chair];

    /// The stored word, which is also the one in the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Chair => "chair",
        }
    }

    /// As the record says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Head => "the headteacher",
            Self::Chair => "the regional director or chair of governors",
        }
    }
}

/// How colleagues are told that something waits for them.
#[derive(Debug, Clone)]
pub struct NoticePolicy {
    /// Where they reach the pages, without a `/` at the end; `None`: it is not said.
    pub pages_url: Option<String>,
    /// When the digest of a school day is made, school time.
    pub digest_at: Time,
    /// How long an overdue clock stays with each rung.
    pub rungs: Rungs,
    /// The headteacher's address.
    pub head: Option<Private<String>>,
    /// The address of the regional director or chair of governors.
    pub chair: Option<Private<String>>,
}

impl Default for NoticePolicy {
    fn default() -> Self {
        let digest_at = Time::constant(7, 45, 0, 0);
        Self { pages_url: None, digest_at, rungs: Rungs::default(), head: None, chair: None }
    }
}

impl NoticePolicy {
    /// The address of a post, where the settings name one.
    pub const fn address(&self, post: Post) -> Option<&Private<String>> {
        match post {
            Post::Head => self.head.as_ref(),
            Post::Chair => self.chair.as_ref(),
        }
    }
}

/// What waits for a colleague at the start of a school day, in numbers. Each is what their first page says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Digest {
    /// Open cases on their list.
    pub cases: u32,
    /// Of those, late.
    pub late: u32,
    /// Of those, due today.
    pub today: u32,
    /// Of those, without an answer on the second school day after the message.
    pub second_day: u32,
    /// The same on the third.
    pub third_day: u32,
    /// Late cases of the whole school; for senior leadership and the DSL.
    pub school_late: u32,
    /// Stages of complaints to be answered today or before.
    pub complaints: u32,
    /// Messages to sort.
    pub questions: u32,
    /// Calls to make.
    pub calls: u32,
    /// Letters to post.
    pub letters: u32,
    /// Other tasks.
    pub tasks: u32,
    /// Open restricted cases; for the DSL.
    pub restricted: u32,
    /// Key items that a whole working day has left without a reference in another system: of those the colleague may see.
    pub unreferenced: u32,
    /// Weekly updates missed in the last school week, in the colleague's classes.
    pub missed: u32,
    /// In how many days the calendar ends, where that is soon; for office and senior leadership.
    pub calendar_ends: Option<u32>,
    /// Cases without a date, because the calendar does not reach so far; for office and senior leadership.
    pub undated: u32,
}

impl Digest {
    /// Whether nothing waits: then nothing is sent.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One sentence for each thing that waits, the most pressing first.
    pub fn lines(&self) -> Vec<String> {
        let counted = [
            (self.late, "case of yours is late", "cases of yours are late"),
            (self.today, "case of yours is due today", "cases of yours are due today"),
            (
                self.third_day,
                "message has waited for three school days",
                "messages have waited for three school days",
            ),
            (
                self.second_day,
                "message has waited for two school days",
                "messages have waited for two school days",
            ),
            (self.cases, "case waits for you in all", "cases wait for you in all"),
            (self.school_late, "case of the school is late", "cases of the school are late"),
            (self.complaints, "complaint is due to be answered", "complaints are due to be answered"),
            (self.restricted, "restricted case is open", "restricted cases are open"),
            (
                self.unreferenced,
                "key item has had no CPOMS or Engage reference for over a working day",
                "key items have had no CPOMS or Engage reference for over a working day",
            ),
            (self.questions, "message to sort", "messages to sort"),
            (self.calls, "call to make", "calls to make"),
            (self.letters, "letter to post", "letters to post"),
            (self.tasks, "other task", "other tasks"),
            (self.missed, "weekly update was missed last week", "weekly updates were missed last week"),
            (
                self.undated,
                "case has no date, because the calendar does not reach so far",
                "cases have no date, because the calendar does not reach so far",
            ),
        ];
        let mut lines: Vec<String> = counted
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, several)| format!("{count} {}", if count == 1 { one } else { several }))
            .collect();
        match self.calendar_ends {
            Some(0) => lines.push("The school's calendar has ended: enter the next year's".to_owned()),
            Some(1) => lines.push("The school's calendar ends tomorrow: enter the next year's".to_owned()),
            Some(days) => {
                lines.push(format!("The school's calendar ends in {days} days: enter the next year's"));
            }
            None => {}
        }
        lines
    }
}

/// What a colleague is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The DSL should look now, on any day and at any hour: so many things have come.
    DslAlert(u32),
    /// So many answers to carers have become overdue, or have been overdue for as long as the ladder allows.
    Breach(u32),
    /// What waits at the start of a school day.
    Digest(Digest),
    /// Liaison has stopped all sending, because of an absurd volume.
    SendingStopped,
    /// A channel refuses our settings or account, and is held until that is mended.
    ChannelHeld,
    /// Liaison has stopped texts, because the month's parts are used up.
    TextsStopped,
    /// A mailbox was not read for long, or a probe did not come back: carers' mails may be lying unread.
    MailSilent,
}

#[derive(Serialize, Deserialize)]
struct Count {
    count: u32,
}

impl Notice {
    /// The stored word of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DslAlert(_) => "dsl_alert",
            Self::Breach(_) => "breach",
            Self::Digest(_) => "digest",
            Self::SendingStopped => "sending_stopped",
            Self::ChannelHeld => "channel_held",
            Self::TextsStopped => "texts_stopped",
            Self::MailSilent => "mail_silent",
        }
    }

    /// Its numbers, to be kept.
    pub fn counts(&self) -> serde_json::Value {
        let counts = match self {
            Self::DslAlert(count) | Self::Breach(count) => serde_json::to_value(Count { count: *count }),
            Self::Digest(digest) => serde_json::to_value(digest),
            Self::SendingStopped | Self::ChannelHeld | Self::TextsStopped | Self::MailSilent => {
                Ok(serde_json::Value::Null)
            }
        };
        counts.unwrap_or_default()
    }

    /// Reads what was kept; `None` for anything else.
    pub fn kept(kind: &str, counts: serde_json::Value) -> Option<Self> {
        let count = |counts| serde_json::from_value::<Count>(counts).ok().map(|kept| kept.count);
        match kind {
            "dsl_alert" => count(counts).map(Self::DslAlert),
            "breach" => count(counts).map(Self::Breach),
            "digest" => serde_json::from_value(counts).ok().map(Self::Digest),
            "sending_stopped" => Some(Self::SendingStopped),
            "channel_held" => Some(Self::ChannelHeld),
            "texts_stopped" => Some(Self::TextsStopped),
            "mail_silent" => Some(Self::MailSilent),
            _ => None,
        }
    }

    /// Whether somebody with these roles is still to be told.
    pub fn is_for(&self, roles: &[Role]) -> bool {
        match self {
            Self::DslAlert(_) => roles.contains(&Role::Dsl),
            Self::Breach(_) => roles.iter().any(|role| matches!(role, Role::Slt | Role::Dsl)),
            Self::Digest(_) => {
                roles.iter().any(|role| matches!(role, Role::Teacher | Role::Office | Role::Slt | Role::Dsl))
            }
            Self::SendingStopped => roles.iter().any(|role| matches!(role, Role::It | Role::Slt)),
            Self::ChannelHeld | Self::TextsStopped | Self::MailSilent => {
                roles.iter().any(|role| matches!(role, Role::It | Role::Office | Role::Slt))
            }
        }
    }

    /// Subject and words, for a colleague or a post. Neither names anybody, nor says what anything is about.
    pub fn words(&self, post: Option<Post>, policy: &Policy, now: Timestamp) -> (String, String) {
        let (subject, said) = match self {
            Self::DslAlert(count) => {
                let come = if *count > 1 {
                    format!("{count} things have come to Liaison that the safeguarding lead should look at now.")
                } else {
                    "Something has come to Liaison that the safeguarding lead should look at now.".to_owned()
                };
                let said = format!(
                    "{come} It is not said here what.\n\nIf a child may be in danger and you cannot sign in, ring the school's \
                     office on {}, or 999.",
                    policy.school.office_phone
                );
                ("For the safeguarding lead: please look now", said)
            }
            Self::Breach(count) => breach(*count, post),
            Self::Digest(digest) => {
                let today = day_in_words(school_date(now));
                let mut said = format!("What waits for you on {today}:\n");
                for line in digest.lines() {
                    let _ = write!(said, "\n- {line}");
                }
                ("What waits for you today", said)
            }
            Self::ChannelHeld => (
                "A channel has stopped",
                "The mail server or a provider refuses the school's settings or account, so messages to families by that channel \
                 wait. Nothing is lost. Admin, Channels says which one it is and why; IT, please mend it there."
                    .to_owned(),
            ),
            Self::SendingStopped => (
                "Sending has stopped",
                "Liaison has stopped all sending to families, because more messages were about to leave than an hour should \
                 see. Nothing is lost. Look at what waits, then let it go or cancel it."
                    .to_owned(),
            ),
            Self::TextsStopped => (
                "Texts have stopped",
                "The parts of texts that the settings allow for this month are used up, so texts to families wait. Nothing is \
                 lost, and emails go on. Let texts go on under Admin, Channels, or have IT raise the number."
                    .to_owned(),
            ),
            Self::MailSilent => (
                "Carers' mail may be lying unread",
                "Liaison has not been able to read one of the school's mailboxes for a while, or the mail that it sends to \
                 itself each school day did not come back. Nothing is lost: what lies there is read once it can be. Until \
                 then, look into the mailbox yourselves. Health says which channel it is; IT, please mend it."
                    .to_owned(),
            ),
        };
        let door = match (&policy.notices.pages_url, post) {
            (Some(url), Some(Post::Chair)) => format!("The figures: {url}/audit"),
            (Some(url), _) => format!("Sign in: {url}/"),
            (None, _) => "Sign in to Liaison as you always do.".to_owned(),
        };
        let nobody = "Liaison wrote this by itself. Nobody reads an answer to it.";
        (subject.to_owned(), format!("{said}\n\n{door}\n\n{nobody}\n"))
    }
}

fn breach(count: u32, post: Option<Post>) -> (&'static str, String) {
    let (one, is, has) =
        if count == 1 { ("answer to a carer", "is", "has") } else { ("answers to carers", "are", "have") };
    match post {
        None => (
            "Overdue answers to carers",
            format!("{count} {one} {is} overdue now and on the list of senior leadership."),
        ),
        Some(Post::Head) => (
            "Overdue answers to carers",
            format!(
                "{count} {one} {has} stayed overdue with senior leadership, and {is} passed to you as headteacher."
            ),
        ),
        Some(Post::Chair) => (
            "Overdue answers to carers",
            format!(
                "{count} {one} {has} stayed overdue with the headteacher. You are told as regional director or chair of \
                 governors: please ask the headteacher."
            ),
        ),
    }
}

/// Whom a notice is for, read when it leaves.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Their name; empty for a post.
    pub name: Private<String>,
    /// Their address.
    pub email: Private<String>,
    /// Their roles; none for a post.
    pub roles: Vec<Role>,
    /// The post it is for.
    pub post: Option<Post>,
    /// Whether their account is closed.
    pub disabled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        Digest { cases: 3, late: 1, second_day: 2, calendar_ends: Some(40), ..Digest::default() }
    }

    #[test]
    fn what_was_kept_is_read_again() {
        for notice in [
            Notice::DslAlert(1),
            Notice::Breach(7),
            Notice::Digest(digest()),
            Notice::SendingStopped,
            Notice::ChannelHeld,
            Notice::TextsStopped,
            Notice::MailSilent,
        ] {
            assert_eq!(Notice::kept(notice.kind(), notice.counts()), Some(notice));
        }
    }

    #[test]
    fn nothing_but_numbers_is_read() {
        assert_eq!(Notice::kept("digest", serde_json::json!({"cases": "Amina"})), None);
        assert_eq!(Notice::kept("digest", serde_json::json!({"about": 1})), None);
        assert_eq!(Notice::kept("breach", serde_json::json!({"count": -1})), None);
        assert_eq!(Notice::kept("hello", serde_json::Value::Null), None);
    }

    #[test]
    fn a_digest_says_what_waits_and_no_more() {
        assert_eq!(
            digest().lines(),
            [
                "1 case of yours is late",
                "2 messages have waited for two school days",
                "3 cases wait for you in all",
                "The school's calendar ends in 40 days: enter the next year's"
            ]
        );
        assert!(Digest::default().is_empty() && Digest::default().lines().is_empty());
    }

    #[test]
    fn each_goes_to_whom_it_concerns() {
        let alert = Notice::DslAlert(1);

        assert!(alert.is_for(&[Role::Teacher, Role::Dsl]));
        assert!(!alert.is_for(&[Role::Slt, Role::Office, Role::It, Role::Governor, Role::Teacher]));
        assert!(!Notice::Digest(digest()).is_for(&[Role::It, Role::Governor]));
        assert!(!Notice::Breach(1).is_for(&[Role::Teacher, Role::Office]));
    }
}
