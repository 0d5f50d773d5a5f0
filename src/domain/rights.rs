//! What is known of a carer and a pupil, and whether the one may be told about the other.

use liaison_channels::private::Private;

use super::{
    ids::{AddressId, CarerId, ClassId, PupilId},
    people::{
        AddressKind, AddressStatus, Format, PersonName, Purpose, Responsibility, Restriction,
        RestrictionKind, Route,
    },
    time::{Date, dated},
};

/// An address of a carer, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAddress {
    /// Its row.
    pub id: AddressId,
    /// Its kind.
    pub kind: AddressKind,
    /// The address itself.
    pub value: Private<String>,
    /// Whether it can be used.
    pub status: AddressStatus,
}

/// A carer and a pupil and all that stands between them, read afresh for every decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFacts {
    /// The pupil.
    pub pupil: PupilId,
    /// What the pupil is called.
    pub pupil_called: Private<String>,
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// The pupil's last day at the school.
    pub leaving_date: Option<Date>,
    /// The carer.
    pub carer: CarerId,
    /// The carer's name.
    pub carer_name: PersonName,
    /// BCP 47 language in which the carer reads.
    pub language: String,
    /// The form in which the carer reads.
    pub format: Format,
    /// The language of the interpreter the carer needs on the phone.
    pub interpreter: Option<String>,
    /// When the carer is best rung.
    pub best_times: Option<Private<String>>,
    /// Whether the carer holds parental responsibility.
    pub responsibility: Responsibility,
    /// Whether the school writes to this carer about this pupil.
    pub receives_correspondence: bool,
    /// Every restriction on the link, past and future ones too.
    pub restrictions: Vec<Restriction>,
    /// The addresses in use, in the carer's order.
    pub addresses: Vec<KnownAddress>,
    /// Routes in the order the carer wants for this purpose; empty when the carer has not said.
    pub preference: Vec<Route>,
    /// Whether they have said so for this very purpose, and not only for the weekly update.
    pub own_wish: bool,
}

/// Why a carer may not be told, whatever the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRight {
    /// What was to be said was taken back.
    TakenBack,
    /// The carer and the pupil are not linked.
    NotLinked,
    /// A restriction holds today.
    Restricted(RestrictionKind),
    /// The pupil has left.
    Left(Date),
    /// The school neither writes to this carer about this pupil nor knows of parental responsibility.
    NotACorrespondent,
}

impl NoRight {
    /// The word stored and counted.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::TakenBack => "taken_back",
            Self::NotLinked => "not_linked",
            Self::Restricted(_) => "restriction",
            Self::Left(_) => "left_school",
            Self::NotACorrespondent => "not_a_correspondent",
        }
    }

    /// The reason in plain words, without names.
    pub fn sentence(&self) -> String {
        match self {
            Self::TakenBack => "it was taken back".to_owned(),
            Self::NotLinked => "this carer is no longer linked to the pupil".to_owned(),
            Self::Restricted(RestrictionKind::NoContact) => {
                "an order forbids contact about this pupil".to_owned()
            }
            Self::Restricted(RestrictionKind::NoInformation) => {
                "an order forbids giving this carer information about the pupil".to_owned()
            }
            Self::Restricted(RestrictionKind::SeeDsl) => {
                "the DSL decides what this carer may be told".to_owned()
            }
            Self::Restricted(RestrictionKind::Supervised) => {
                "contact is supervised: the DSL decides what this carer may be told".to_owned()
            }
            Self::Left(day) => format!("the pupil left the school on {}", dated(*day)),
            Self::NotACorrespondent => {
                "not marked to receive correspondence, and not known to hold parental responsibility"
                    .to_owned()
            }
        }
    }
}

/// Whether this carer may be sent a message of this purpose about this pupil on this school day. An acknowledgement says
/// nothing about any pupil, so it asks only that no restriction holds; everything else asks for [`may_be_told`].
pub fn may_be_sent(purpose: Purpose, facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
    match purpose {
        Purpose::Acknowledgement => not_restricted(facts, today),
        Purpose::WeeklyUpdate | Purpose::Reply | Purpose::Newsletter | Purpose::Notice => {
            may_be_told(facts, today)
        }
    }
}

/// The strictest restriction that holds today, as a refusal.
fn not_restricted(facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
    let strictest = facts.restrictions.iter().filter(|r| r.holds_on(today)).map(|r| r.kind).max();
    strictest.map_or(Ok(()), |kind| Err(NoRight::Restricted(kind)))
}

/// Whether this carer may be told about this pupil on this school day (R02, R03; equal treatment unless an order says
/// otherwise: `reference/domain.md` §5.1). The strictest restriction that holds is named.
pub fn may_be_told(facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
    not_restricted(facts, today)?;
    if let Some(left) = facts.leaving_date.filter(|left| *left < today) {
        return Err(NoRight::Left(left));
    }
    if !facts.receives_correspondence && facts.responsibility != Responsibility::Yes {
        return Err(NoRight::NotACorrespondent);
    }
    Ok(())
}
