//! What a carer's matter is, and what follows from that: whose list it goes to, for whose eyes it is, which clock the law or
//! the school sets on it (R33).

use serde::{Deserialize, Serialize};

use super::{
    people::{UnknownWord, words},
    statutory::Statutory,
};

words! {
    /// What a carer's matter is.
    CaseKind, "a case is one of:" {
        /// A question, or anything without a kind of its own.
        Query = "query",
        /// Absence, lateness.
        Attendance = "attendance",
        /// Medicine, illness, appointments.
        Medical = "medical",
        /// Something worries the carer.
        Concern = "concern",
        /// The carer complains; the SLT has it.
        Complaint = "complaint",
        /// Thanks: nobody waits for an answer.
        Thanks = "thanks",
        /// A child may be at risk: the DSL's alone.
        Safeguarding = "safeguarding",
        /// Somebody asks for what the school holds about a person (UK GDPR Art. 15).
        SubjectAccess = "subject_access",
        /// Dissatisfaction with how the school uses data (DPA 2018 s.164A).
        DataComplaint = "data_complaint",
        /// Special educational needs and disabilities.
        Send = "send",
        /// Behaviour and sanctions.
        Behaviour = "behaviour",
    }
}

impl CaseKind {
    /// As a page says it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Attendance => "attendance",
            Self::Medical => "medical or appointment",
            Self::Concern => "concern",
            Self::Complaint => "complaint",
            Self::Thanks => "thanks",
            Self::Safeguarding => "safeguarding",
            Self::SubjectAccess => "subject access request",
            Self::DataComplaint => "data-protection complaint",
            Self::Send => "SEND",
            Self::Behaviour => "behaviour",
        }
    }

    /// What a message of this kind is, within a sentence: "it may be …".
    pub const fn as_one(self) -> &'static str {
        match self {
            Self::Query => "a query",
            Self::Attendance => "about attendance",
            Self::Medical => "about something medical or an appointment",
            Self::Concern => "a concern",
            Self::Complaint => "a complaint",
            Self::Thanks => "thanks",
            Self::Safeguarding => "a safeguarding matter",
            Self::SubjectAccess => "a subject access request",
            Self::DataComplaint => "a data-protection complaint",
            Self::Send => "about special educational needs (SEND)",
            Self::Behaviour => "about behaviour",
        }
    }

    /// Whose list it goes to when a colleague gives it this kind; `None`: it stays where it is.
    pub const fn role(self) -> Option<&'static str> {
        match self {
            // Attendance and appointments are the administrative team's, as the school's procedure has it.
            Self::Attendance | Self::Medical => Some("office"),
            Self::Complaint | Self::SubjectAccess | Self::DataComplaint => Some("slt"),
            Self::Safeguarding => Some("dsl"),
            Self::Query | Self::Concern | Self::Thanks | Self::Send | Self::Behaviour => None,
        }
    }

    /// The clock that the law sets, which no holiday stops; `None`: only the school's own counts.
    pub const fn statutory(self) -> Option<Statutory> {
        match self {
            Self::SubjectAccess => Some(Statutory::SubjectAccess),
            Self::DataComplaint => Some(Statutory::DataComplaint),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_goes_where_the_procedure_sends_it() {
        let cases = [
            (CaseKind::Query, None, None),
            (CaseKind::Attendance, Some("office"), None),
            (CaseKind::Medical, Some("office"), None),
            (CaseKind::Concern, None, None),
            (CaseKind::Complaint, Some("slt"), None),
            (CaseKind::Thanks, None, None),
            (CaseKind::Safeguarding, Some("dsl"), None),
            (CaseKind::SubjectAccess, Some("slt"), Some(Statutory::SubjectAccess)),
            (CaseKind::DataComplaint, Some("slt"), Some(Statutory::DataComplaint)),
            (CaseKind::Send, None, None),
            (CaseKind::Behaviour, None, None),
        ];

        assert_eq!(cases.len(), CaseKind::ALL.len());
        for (kind, role, clock) in cases {
            assert_eq!((kind.role(), kind.statutory()), (role, clock), "{kind}");
            assert_eq!(CaseKind::parse(kind.as_str()), Ok(kind));
        }
    }
}
