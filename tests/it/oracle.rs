//! The rules of who may be told, written a second time and in another way, to hold the gate against.
//!
//! Nothing here uses the product's own rules, restrictions or days.

use jiff::{Timestamp, civil::Date};

/// What the school knows of a carer and a pupil, as far as rights go.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Known {
    /// Every restriction ever recorded: first and last day, whatever its kind.
    pub(crate) restrictions: Vec<(Option<Date>, Option<Date>)>,
    /// The pupil's last day.
    pub(crate) leaves: Option<Date>,
    /// The last day of what links them.
    pub(crate) ends: Option<Date>,
    /// Whether either of them has died.
    pub(crate) died: bool,
    /// When the pupil was born.
    pub(crate) born: Option<Date>,
    /// Whether the pupil agrees.
    pub(crate) agrees: bool,
    /// `yes`, `no` or `unknown`.
    pub(crate) responsibility: &'static str,
    /// Marked to be written to.
    pub(crate) correspondence: bool,
    /// Where it is about reports: whether they are marked to receive them.
    pub(crate) reports: Option<bool>,
    /// A newsletter, and they want none.
    pub(crate) unwanted: bool,
}

impl Known {
    /// Whether this carer may be answered at this moment, by words that say nothing of any pupil.
    pub(crate) fn may_be_answered(&self, at: Timestamp) -> bool {
        let today = day_in_london(at);
        for (first, last) in &self.restrictions {
            let not_yet = matches!(first, Some(first) if today < *first);
            let over = matches!(last, Some(last) if *last < today);
            if !not_yet && !over {
                return false;
            }
        }
        !self.died && self.ends.is_none_or(|last| last >= today)
    }

    /// Whether this carer may be told about this pupil at this moment.
    pub(crate) fn may_be_told(&self, at: Timestamp) -> bool {
        let today = day_in_london(at);
        if !self.may_be_answered(at) {
            return false;
        }
        // Grown up in the eighteenth year after that of birth, from the same day of the year on.
        let grown = self.born.is_some_and(|born| {
            (today.year(), today.month(), today.day()) >= (born.year() + 18, born.month(), born.day())
        });
        if self.unwanted || (grown && !self.agrees) {
            return false;
        }
        match self.leaves {
            Some(last) if today > last => false,
            // Who is told but not owed a report is told everything else.
            _ if self.responsibility != "yes" && self.reports == Some(false) => false,
            _ => self.correspondence || self.responsibility == "yes",
        }
    }
}

/// What is to be said, as far as a text and the hour ask.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    /// What it is about, by its word.
    pub(crate) topic: Option<&'static str>,
    /// Its writer marked it so.
    pub(crate) sensitive: bool,
    /// The SLT let it go by text.
    pub(crate) allowed: bool,
    /// An urgent notice.
    pub(crate) urgent: bool,
}

impl Said {
    /// Whether it may go by text: of all topics that there are, only attendance does without the SLT's leave.
    pub(crate) fn may_be_texted(self) -> bool {
        self.allowed || !(self.sensitive || self.topic.is_some_and(|topic| topic != "attendance"))
    }

    /// Whether it may leave at this moment where the school sends from 8 to 18 on school days.
    pub(crate) fn may_leave(self, at: Timestamp) -> bool {
        let seconds = at.as_second() + ahead(at);
        let (day, hour) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) / 3600);
        // The first of 1970 was a Thursday; half-term is the last full week of October.
        let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
        let half_term = (20_752..=20_756).contains(&day);
        self.urgent || (!weekend && !half_term && (8..18).contains(&hour))
    }
}

/// The day in London, for 2026: an hour ahead from the last Sunday of March to the last Sunday of October, 01:00 UTC.
pub(crate) fn day_in_london(at: Timestamp) -> Date {
    let days = (at.as_second() + ahead(at)).div_euclid(86_400);
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().days(days)).expect("a day of this century")
}

/// By how many seconds London is ahead of UTC.
fn ahead(at: Timestamp) -> i64 {
    let (spring, autumn) = (1_774_746_000, 1_792_890_000);
    if (spring..autumn).contains(&at.as_second()) { 3600 } else { 0 }
}

#[test]
fn the_oracle_itself_knows_when_the_school_sends() {
    for (at, leaves) in [
        ("2026-11-21T12:00:00Z", false),
        ("2026-11-23T07:59:59Z", false),
        ("2026-11-23T08:00:00Z", true),
        ("2026-11-23T17:59:59Z", true),
        ("2026-11-23T18:00:00Z", false),
        ("2026-06-29T07:00:00Z", true),
        ("2026-06-29T17:00:00Z", false),
        ("2026-10-25T12:00:00Z", false),
        ("2026-10-26T12:00:00Z", false),
        ("2026-10-30T12:00:00Z", false),
        ("2026-11-02T12:00:00Z", true),
    ] {
        assert_eq!(Said::default().may_leave(at.parse().unwrap()), leaves, "{at}");
        assert!(Said { urgent: true, ..Said::default() }.may_leave(at.parse().unwrap()), "{at}");
    }
}

#[test]
fn the_oracle_itself_knows_london() {
    for (at, day) in [
        ("2026-03-29T00:30:00Z", "2026-03-29"),
        ("2026-06-30T22:59:59Z", "2026-06-30"),
        ("2026-06-30T23:00:00Z", "2026-07-01"),
        ("2026-10-24T23:30:00Z", "2026-10-25"),
        ("2026-10-25T23:30:00Z", "2026-10-25"),
        ("2026-11-23T23:59:59Z", "2026-11-23"),
    ] {
        assert_eq!(day_in_london(at.parse().unwrap()).to_string(), day, "{at}");
    }
}
