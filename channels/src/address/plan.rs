//! The UK numbering plan, as far as a school needs it: which ranges are what, and which may be texted.
//!
//! Our own few lines instead of a library's tables: the libraries call Ofcom's fiction ranges (such as
//! 07700 900xxx) invalid, so that no safe number could ever be used in a rehearsal.

use std::fmt;

/// What a number is, by its range in Ofcom's National Telephone Numbering Plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NumberKind {
    /// 071 to 075, 077 to 079 and 07624: a mobile of the UK, Jersey, Guernsey or the Isle of Man.
    Mobile,
    /// 01 and 02.
    Landline,
    /// 070: forwards to another number at the caller's cost.
    Personal,
    /// 076 without 07624.
    Pager,
    /// 03: an organisation's number.
    NonGeographic,
    /// 0800 and 0808.
    Freephone,
    /// 084, 087 and 09: the caller pays for a service.
    Premium,
    /// 055 and 056: company networks and internet telephony.
    Corporate,
    /// Any other country's.
    Foreign,
}

impl NumberKind {
    /// Short name, for masks, pages and `inspect`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Landline => "landline",
            Self::Personal => "personal",
            Self::Pager => "pager",
            Self::NonGeographic => "non_geographic",
            Self::Freephone => "freephone",
            Self::Premium => "premium",
            Self::Corporate => "corporate",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A good number that no text may go to. The sentence says why, and what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTextable(pub NumberKind);

impl fmt::Display for NotTextable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            NumberKind::Landline => {
                "a landline: the network may read a text aloud to whoever answers; ask for a mobile, or call"
            }
            NumberKind::Personal => "a personal number (070), which forwards at high cost; ask for a mobile",
            NumberKind::Pager => "a pager (076), not a mobile; ask for a mobile",
            NumberKind::NonGeographic => {
                "an organisation's number (03), which takes no texts; ask for a mobile"
            }
            NumberKind::Freephone => "a freephone number, which takes no texts; ask for a mobile",
            NumberKind::Premium => {
                "a service number that callers pay for, which takes no texts; ask for a mobile"
            }
            NumberKind::Corporate => {
                "a company or internet telephone (055, 056), not a mobile; ask for a mobile"
            }
            NumberKind::Foreign => {
                "a number abroad: texts go to UK mobiles only; use email, a call or a letter"
            }
            // Unreachable by `PhoneNumber::textable`; a sentence all the same, because the field is public.
            NumberKind::Mobile => "a UK mobile that may not be texted",
        })
    }
}

impl std::error::Error for NotTextable {}

/// What a UK national number is, written without its leading 0; `None` when its first digits open no range in use.
pub(super) fn uk_kind(national: &str) -> Option<NumberKind> {
    let starts = |with: &[&str]| with.iter().any(|start| national.starts_with(start));
    if starts(&["10", "4", "6"]) {
        None
    } else if starts(&["1", "20", "23", "24", "28", "29"]) {
        Some(NumberKind::Landline)
    } else if starts(&["30", "33", "34", "37"]) {
        Some(NumberKind::NonGeographic)
    } else if starts(&["55", "56"]) {
        Some(NumberKind::Corporate)
    } else if starts(&["70"]) {
        Some(NumberKind::Personal)
    } else if starts(&["76"]) && !starts(&["7624"]) {
        Some(NumberKind::Pager)
    } else if starts(&["7"]) {
        Some(NumberKind::Mobile)
    } else if starts(&["800", "808"]) {
        Some(NumberKind::Freephone)
    } else if starts(&["84", "87", "9"]) {
        Some(NumberKind::Premium)
    } else {
        None
    }
}

/// The fewest digits a UK national number may have, without its leading 0. The most is always 10.
pub(super) fn uk_shortest(national: &str) -> usize {
    // A few towns (016977 xxxx) and the oldest freephone numbers (0800 xxxxxx) never got their tenth digit.
    if national.starts_with('1') || national.starts_with("800") { 9 } else { 10 }
}
