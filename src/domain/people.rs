//! Pupils, carers, and the words that describe them.

use liaison_channels::private::Private;
use serde::{Deserialize, Serialize};

use super::time::Date;

/// A set of words that the database, CSV files and people all use for the same thing.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $unknown:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every one of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word itself.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word; `Err` is a sentence naming the words that exist.
            pub fn parse(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord(concat!($unknown, $(" ", $word),+))),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use words;

/// A word outside its list. The text names the list, not the word: the word may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownWord(pub &'static str);

words! {
    /// What an order or the DSL forbids on a link, mildest first. Every one of them stops a message: what a restricted
    /// carer may be told is a person's decision.
    RestrictionKind, "a restriction is one of: none" {
        /// Contact with the pupil is supervised.
        Supervised = "supervised",
        /// Ask the DSL first.
        SeeDsl = "see_dsl",
        /// This carer may be told nothing about the pupil.
        NoInformation = "no_information",
        /// This carer may not be contacted at all about the pupil.
        NoContact = "no_contact",
    }
}

words! {
    /// How a carer is reached.
    Route, "a route is one of:" {
        /// Sent by an email channel.
        Email = "email",
        /// Sent by a text channel.
        Text = "text",
        /// A task: a colleague rings.
        Call = "call",
        /// A task: a colleague posts a letter.
        Letter = "letter",
    }
}

words! {
    /// What a message is for.
    Purpose, "a purpose is one of:" {
        /// The teacher's weekly update about one pupil.
        WeeklyUpdate = "weekly_update",
        /// Liaison's own answer to a message that arrived: that it has it, and by when a person will answer.
        Acknowledgement = "acknowledgement",
        /// A colleague's answer in a case.
        Reply = "reply",
        /// A newsletter, the same for everybody it is for.
        Newsletter = "newsletter",
        /// Something short that carers should know, the same for everybody it is for.
        Notice = "notice",
        /// That the pupils' reports are given, the same for everybody whom reports are for.
        Report = "report",
        /// A notice that cannot wait for the hours of sending, for a reason that is kept with it.
        Urgent = "urgent",
    }
}

impl Purpose {
    /// As a sentence calls it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::WeeklyUpdate => "weekly update",
            Self::Acknowledgement => "acknowledgement",
            Self::Reply => "reply",
            Self::Newsletter => "newsletter",
            Self::Notice => "notice",
            Self::Report => "notice of reports",
            Self::Urgent => "urgent notice",
        }
    }
}

words! {
    /// Whether a carer holds parental responsibility for a pupil.
    Responsibility, "parental responsibility is one of:" {
        /// Holds it.
        Yes = "yes",
        /// Does not.
        No = "no",
        /// The school does not know; it should find out.
        Unknown = "unknown",
    }
}

words! {
    /// The form in which a carer reads.
    Format, "a format is one of:" {
        /// Ordinary print.
        Standard = "standard",
        /// 18 point, plain layout.
        LargePrint = "large_print",
        /// Easy read.
        EasyRead = "easy_read",
        /// Read out.
        Audio = "audio",
        /// Braille.
        Braille = "braille",
        /// British Sign Language: never a phone call.
        Bsl = "bsl",
        /// Something else; the carer's own note says what.
        Other = "other",
    }
}

words! {
    /// What kind of address an address is.
    AddressKind, "an address kind is one of:" {
        /// Email.
        Email = "email",
        /// UK mobile number.
        Mobile = "mobile",
        /// Any other number a person can ring.
        Landline = "landline",
        /// Where a letter goes; lines separated by `\n`.
        Postal = "postal",
    }
}

words! {
    /// Whether an address can be used.
    AddressStatus, "an address status is one of:" {
        /// Nothing speaks against it.
        Good = "good",
        /// A message failed there; somebody is checking it.
        Failing = "failing",
        /// The carer opted out of it.
        Stopped = "stopped",
        /// A colleague typed it, and whoever has it has not yet said that it is theirs.
        Unconfirmed = "unconfirmed",
    }
}

/// A restriction on a link, with the days on which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// What it forbids.
    pub kind: RestrictionKind,
    /// First day it holds; `None`: it always did.
    pub starts: Option<Date>,
    /// Last day it holds; `None`: until lifted.
    pub ends: Option<Date>,
}

impl Restriction {
    /// Whether it holds on this school day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.starts.is_none_or(|starts| starts <= day) && self.ends.is_none_or(|ends| day <= ends)
    }

    /// Whether it forbids at least all that `other` does, on all its days.
    pub fn covers(&self, other: &Self) -> bool {
        self.kind >= other.kind
            && (self.starts.is_none() || other.starts.is_some_and(|o| self.starts.is_some_and(|s| s <= o)))
            && (self.ends.is_none() || other.ends.is_some_and(|o| self.ends.is_some_and(|e| e >= o)))
    }
}

/// A person's name as it is used. Masks itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonName {
    /// `Mrs`, `Dr`; may be empty.
    pub title: Private<String>,
    /// Given name.
    pub forename: Private<String>,
    /// Family name.
    pub surname: Private<String>,
}

impl PersonName {
    /// `Amina Begum`.
    pub fn full(&self) -> Private<String> {
        Private::new(
            format!("{} {}", self.forename.expose().trim(), self.surname.expose().trim()).trim().to_owned(),
        )
    }

    /// How a letter or mail greets: `Mrs Begum`, or `Amina Begum` where no title is known.
    pub fn greeting(&self) -> Private<String> {
        if self.title.expose().trim().is_empty() {
            return self.full();
        }
        Private::new(format!("{} {}", self.title.expose().trim(), self.surname.expose().trim()))
    }
}

impl PersonName {
    /// The same where all that it is made of is on record: `None` rather than half a name.
    pub fn addressed(&self) -> Option<Private<String>> {
        let is_known = |part: &Private<String>| !part.expose().trim().is_empty();
        let known = is_known(&self.surname) && (is_known(&self.title) || is_known(&self.forename));
        known.then(|| self.greeting())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_name_greets_nobody() {
        let name = |title: &str, forename: &str, surname: &str| PersonName {
            title: title.into(),
            forename: forename.into(),
            surname: surname.into(),
        };
        for (name, greets) in [
            (name("", "Amina", "Begum"), Some("Amina Begum")),
            (name("Mrs", "", "Begum"), Some("Mrs Begum")),
            (name("", " ", "Begum"), None),
            (name("Mrs", "Amina", " "), None),
            (name("", "Amina", ""), None),
        ] {
            assert_eq!(name.addressed().map(|name| name.expose().clone()).as_deref(), greets);
        }
    }

    fn restriction(kind: RestrictionKind, starts: Option<&str>, ends: Option<&str>) -> Restriction {
        let date = |text: &str| text.parse().expect("a date");
        Restriction { kind, starts: starts.map(date), ends: ends.map(date) }
    }

    #[test]
    fn a_restriction_holds_on_its_first_and_last_day_and_not_outside_them() {
        let order = restriction(RestrictionKind::NoContact, Some("2026-11-24"), Some("2026-11-30"));

        let holds = ["2026-11-23", "2026-11-24", "2026-11-30", "2026-12-01"]
            .map(|day| order.holds_on(day.parse().expect("a date")));

        assert_eq!(holds, [false, true, true, false]);
    }

    #[test]
    fn only_an_equal_or_wider_restriction_covers_another() {
        use RestrictionKind::{NoContact, SeeDsl};
        let dated = restriction(SeeDsl, Some("2026-11-24"), Some("2026-11-30"));

        assert!(restriction(NoContact, None, None).covers(&dated));
        assert!(dated.covers(&dated));
        assert!(!dated.covers(&restriction(SeeDsl, None, Some("2026-11-30"))));
        assert!(!dated.covers(&restriction(NoContact, Some("2026-11-24"), Some("2026-11-30"))));
        assert!(!dated.covers(&restriction(SeeDsl, Some("2026-11-24"), None)));
    }
}
