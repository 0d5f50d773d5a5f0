//! A type per table's id, so that no call can swap two of them. All are UUIDv7: their order is the order of making.

use std::{fmt, str::FromStr};

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than every one made before in this process.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A pupil.
    PupilId,
    /// A carer.
    CarerId,
    /// The link between a carer and a pupil.
    LinkId,
    /// A class.
    ClassId,
    /// A colleague.
    StaffId,
    /// Two files of contact data that wait for approval.
    ImportId,
    /// A restriction on a link.
    RestrictionId,
    /// Where a key item went on.
    HandOffId,
    /// The sheet of a key item on its way to the folder of records.
    RecordDropId,
    /// An address, which several carers may share.
    AddressId,
    /// A report or review of a pupil that was recorded.
    MilestoneId,
    /// A teacher's update about one pupil for one week.
    UpdateId,
    /// A notice that Liaison words itself.
    StandardId,
    /// One message to one carer by one route.
    DeliveryId,
    /// Something a person must do by a date.
    TaskId,
    /// One entry of the chronology.
    EntryId,
    /// One running daemon.
    DaemonId,
    /// One message that arrived.
    ReceivedId,
    /// An inbound matter of one carer.
    CaseId,
    /// What is said in a case: an acknowledgement or a reply.
    AnswerId,
    /// A deadline that one arrived message started.
    ClockId,
    /// That something waits, told to a colleague.
    NoticeId,
    /// A mail that Liaison sends to itself.
    ProbeId,
    /// Days on which a colleague is away.
    AbsenceId,
    /// What only a person can decide about an arrived message.
    QuestionId,
    /// A contact that a colleague wrote down.
    ContactId,
    /// A matter in the school's Complaints Procedure.
    ComplaintId,
    /// What was done with a complaint.
    StepId,
    /// Figures and a sample for an audit.
    PackId,
    /// A notice or newsletter, the same for everybody it is for.
    AnnouncementId,
}
