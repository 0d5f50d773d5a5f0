//! What is known of a carer and a pupil, and whether the one may be told about the other.

use liaison_channels::private::Private;

use super::{
    age::{ADULT_AT, reminded_until, turns},
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
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own in the school's file")]
pub struct LinkFacts {
    /// The pupil.
    pub pupil: PupilId,
    /// What the pupil is called.
    pub pupil_called: Private<String>,
    /// The pupil's class.
    pub class: Option<ClassId>,
    /// The pupil's last day at the school.
    pub leaving_date: Option<Date>,
    /// When the pupil was born, where that is known.
    pub born: Option<Date>,
    /// The day on which the pupil died.
    pub pupil_died: Option<Date>,
    /// The last day on which the link holds, where it has an end.
    pub ends: Option<Date>,
    /// Whether it is recorded that the pupil agrees that this carer is told after 18.
    pub adult_agreed: bool,
    /// The carer.
    pub carer: CarerId,
    /// The day on which the carer died.
    pub carer_died: Option<Date>,
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
    /// Whether the school marked them to receive reports.
    pub receives_reports: bool,
    /// Whether they have ended newsletters.
    pub no_newsletters: bool,
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
    /// What a notice of ours asks or tells has been settled.
    Over,
    /// The carer and the pupil are not linked.
    NotLinked,
    /// The carer has died.
    CarerDied,
    /// The pupil has died.
    PupilDied,
    /// A restriction holds today.
    Restricted(RestrictionKind),
    /// What linked carer and pupil, such as a foster placement, has ended; its last day.
    Ended(Date),
    /// The pupil has left.
    Left(Date),
    /// The pupil is 18, and it is not recorded that they agree.
    Adult,
    /// The school neither writes to this carer about this pupil nor knows of parental responsibility.
    NotACorrespondent,
    /// Neither parental responsibility nor marked to receive reports.
    NoReports,
    /// They want no newsletters any more.
    NoNewsletters,
}

impl NoRight {
    /// The word stored and counted.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::TakenBack => "taken_back",
            Self::Over => "over",
            Self::NotLinked => "not_linked",
            Self::CarerDied => "carer_died",
            Self::PupilDied => "pupil_died",
            Self::Restricted(_) => "restriction",
            Self::Ended(_) => "link_ended",
            Self::Left(_) => "left_school",
            Self::Adult => "adult",
            Self::NotACorrespondent => "not_a_correspondent",
            Self::NoReports => "no_reports",
            Self::NoNewsletters => "no_newsletters",
        }
    }

    /// The reason in plain words, without names, and without what tells when somebody was born or died.
    pub fn sentence(&self) -> String {
        match self {
            Self::TakenBack => "it was taken back".to_owned(),
            Self::Over => "what it asks or tells has been settled since".to_owned(),
            Self::NotLinked => "this carer is no longer linked to the pupil".to_owned(),
            Self::CarerDied => "this carer has died".to_owned(),
            Self::PupilDied => "the pupil has died".to_owned(),
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
            Self::Ended(day) => {
                format!("the arrangement between this carer and the pupil ended on {}", dated(*day))
            }
            Self::Left(day) => format!("the pupil left the school on {}", dated(*day)),
            Self::Adult => {
                "the pupil is 18, and it is not recorded that they agree that this carer is told".to_owned()
            }
            Self::NoReports => {
                "not marked to receive reports, and not known to hold parental responsibility".to_owned()
            }
            Self::NoNewsletters => "they want no newsletters any more".to_owned(),
            Self::NotACorrespondent => {
                "not marked to receive correspondence, and not known to hold parental responsibility"
                    .to_owned()
            }
        }
    }
}

/// Whether this carer may be sent a message of this purpose about this pupil on this school day. An acknowledgement says
/// nothing about any pupil, so it asks only that both live, that the link holds, and that no restriction does; everything else
/// asks for [`may_be_told`].
pub fn may_be_sent(purpose: Purpose, facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
    match purpose {
        Purpose::Acknowledgement => may_be_answered(facts, today),
        Purpose::WeeklyUpdate | Purpose::Reply | Purpose::Notice | Purpose::Urgent => {
            may_be_told(facts, today)
        }
        Purpose::Newsletter => {
            may_be_told(facts, today)?;
            if facts.no_newsletters { Err(NoRight::NoNewsletters) } else { Ok(()) }
        }
        Purpose::Report => {
            may_be_told(facts, today)?;
            // Whoever holds parental responsibility is owed the report by law (domain.md §5.1); others by the school's own mark.
            let owed = facts.receives_reports || facts.responsibility == Responsibility::Yes;
            if owed { Ok(()) } else { Err(NoRight::NoReports) }
        }
    }
}

/// Whether a message that says nothing about the pupil may go to this carer. The strictest restriction that holds is named.
fn may_be_answered(facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
    if facts.carer_died.is_some() {
        return Err(NoRight::CarerDied);
    }
    if facts.pupil_died.is_some() {
        return Err(NoRight::PupilDied);
    }
    let strictest = facts.restrictions.iter().filter(|r| r.holds_on(today)).map(|r| r.kind).max();
    if let Some(kind) = strictest {
        return Err(NoRight::Restricted(kind));
    }
    facts.ends.filter(|ends| *ends < today).map_or(Ok(()), |ends| Err(NoRight::Ended(ends)))
}

/// Whether this carer may be told about this pupil on this school day (R02, R03; equal treatment unless an order says
/// otherwise: `reference/domain.md` §5.1). At 18 it is for the pupil to say; where it is not known when they were born,
/// nothing is guessed.
pub fn may_be_told(facts: &LinkFacts, today: Date) -> Result<(), NoRight> {
    may_be_answered(facts, today)?;
    if let Some(left) = facts.leaving_date.filter(|left| *left < today) {
        return Err(NoRight::Left(left));
    }
    if !facts.adult_agreed && facts.born.is_some_and(|born| turns(born, ADULT_AT) <= today) {
        return Err(NoRight::Adult);
    }
    if !facts.receives_correspondence && facts.responsibility != Responsibility::Yes {
        return Err(NoRight::NotACorrespondent);
    }
    Ok(())
}

/// The last day on which a carer who may be told now still will be, as far as an end is recorded or a birthday known: where it
/// is near enough that whoever writes should know.
pub fn told_until(facts: &LinkFacts, today: Date) -> Option<Date> {
    let birthday = facts.born.filter(|_| !facts.adult_agreed).map(|born| turns(born, ADULT_AT));
    let eve = birthday.and_then(|day| day.yesterday().ok());
    let last = [facts.ends, facts.leaving_date, eve].into_iter().flatten().min()?;
    (may_be_told(facts, today).is_ok() && last <= reminded_until(today)).then_some(last)
}

#[cfg(test)]
#[path = "rights_tests.rs"]
pub(super) mod tests;
