//! What colleagues write down of their dealings with carers: calls that were tried, and contacts of every kind.

use serde::{Deserialize, Serialize};

use super::people::{UnknownWord, words};

words! {
    /// What came of ringing a carer (R19).
    CallOutcome, "what came of a call is one of:" {
        /// The carer was spoken to, or whoever the script says may hear it.
        Spoke = "spoke",
        /// A machine or somebody else answered, and only the safe words of the script were left (T34).
        LeftSafeMessage = "left_safe_message",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// The number is somebody else's.
        WrongNumber = "wrong_number",
    }
}

words! {
    /// How a contact came about (R34).
    ContactKind, "a contact is one of:" {
        /// A telephone call.
        Call = "call",
        /// A meeting, face to face or on a screen.
        Meeting = "meeting",
        /// A visit at home.
        Visit = "visit",
        /// A letter that did not go through Liaison.
        Letter = "letter",
        /// A word at the gate or in the corridor.
        Corridor = "corridor",
        /// Something published on the school's website.
        Website = "website",
        /// A postcard home.
        Postcard = "postcard",
    }
}

words! {
    /// Who sought whom.
    Direction, "a direction is one of:" {
        /// The carer came to the school.
        In = "in",
        /// The school went to the carer.
        Out = "out",
    }
}

impl CallOutcome {
    /// As a sentence of the chronology tells it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Spoke => "rang and spoke",
            Self::LeftSafeMessage => "rang and left the safe message",
            Self::NoAnswer => "rang, and nobody answered",
            Self::WrongNumber => "rang, and the number is not the carer's",
        }
    }
}

impl ContactKind {
    /// As a sentence calls it, with its article.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Call => "a call",
            Self::Meeting => "a meeting",
            Self::Visit => "a home visit",
            Self::Letter => "a letter",
            Self::Corridor => "a talk in passing",
            Self::Website => "a post on the website",
            Self::Postcard => "a postcard",
        }
    }
}
