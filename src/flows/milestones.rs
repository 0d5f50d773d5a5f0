//! Reports, newsletters and review meetings through the year (R21): how they stand class by class, and recording that one was
//! given or held.

use super::{FlowError, case_deeds::said, gateway::Gateway, salt};
use crate::{
    domain::{
        cadence::{Milestone, Standing, Term, newsletter, terms},
        chronology::{Entry, kind},
        ids::{ClassId, MilestoneId, PupilId, StaffId},
        time::{Date, day_in_full, school_date},
    },
    store::{StoreError, Tx, chronology, milestones},
};

/// A class through the year.
#[derive(Debug)]
pub struct ClassYear {
    /// The class; `None`: those of no class.
    pub class: Option<ClassId>,
    /// Its name.
    pub name: String,
    /// How its newsletters of this term and of the last stand.
    pub newsletters: Vec<(Term, Standing)>,
    /// Its pupils, each with how what is owed to their carers stands.
    pub pupils: Vec<PupilStands>,
}

/// A pupil with how the year stands.
#[derive(Debug)]
pub struct PupilStands {
    /// The pupil.
    pub id: PupilId,
    /// The pupil's name.
    pub name: String,
    /// By kind, in the order of [`Milestone::ALL`].
    pub stands: Vec<(Milestone, Standing)>,
}

impl ClassYear {
    /// The pupils of whom this stands so that `is` says yes.
    pub fn of(&self, kind: Milestone, is: impl Fn(Standing) -> bool) -> impl Iterator<Item = &PupilStands> {
        self.pupils.iter().filter(move |pupil| pupil.stands.iter().any(|(of, how)| *of == kind && is(*how)))
    }
}

/// So many days before something is due, those who see to it are told on their first page.
const SOON: i64 = 21;

/// How many reports, newsletters and reviews were missed, and how many are due within the next three weeks.
pub fn missed_and_soon(classes: &[ClassYear], today: Date) -> (usize, usize) {
    let pupils = classes.iter().flat_map(|class| &class.pupils).flat_map(|pupil| &pupil.stands);
    let newsletters = classes.iter().flat_map(|class| &class.newsletters).map(|(_, how)| how);
    let last = today.saturating_add(jiff::Span::new().days(SOON));
    let all: Vec<Standing> = pupils.map(|(_, how)| how).chain(newsletters).copied().collect();
    let missed = all.iter().filter(|how| matches!(how, Standing::Missed(_))).count();
    (missed, all.iter().filter(|how| matches!(how, Standing::Due(day) if *day <= last)).count())
}

/// How the year stands, class by class, for the pupils this colleague sees.
pub async fn of_year(gateway: &Gateway, staff: StaffId) -> Result<Vec<ClassYear>, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let began = milestones::began(&mut connection).await?;
    drop(connection);
    let mut tx = gateway.store.as_colleague(staff).await?;
    let year = read(&mut tx, gateway, began.map(school_date)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(year)
}

async fn read(tx: &mut Tx, gateway: &Gateway, began: Option<Date>) -> Result<Vec<ClassYear>, FlowError> {
    let today = school_date(gateway.now());
    let since = began.unwrap_or(today);
    let policy = gateway.policy();
    let terms = policy.calendar.as_ref().map(|calendar| terms(calendar, since, today)).unwrap_or_default();
    let pupils = milestones::pupils(tx, since).await?;
    let sent = milestones::newsletters(tx).await?;
    let mut classes: Vec<ClassYear> = Vec::new();
    // Pupils come class by class; those of none come last.
    for pupil in pupils {
        if classes.last().is_none_or(|class| class.class != pupil.class) {
            let last = pupil.class.and_then(|class| sent.get(&class)).copied();
            let newsletters = terms.iter().take(2).map(|term| (term.clone(), newsletter(term, last, today)));
            classes.push(ClassYear {
                class: pupil.class,
                name: pupil.class_name.unwrap_or_else(|| "No class".to_owned()),
                newsletters: if pupil.class.is_some() { newsletters.collect() } else { Vec::new() },
                pupils: Vec::new(),
            });
        }
        let Some(class) = classes.last_mut() else { continue };
        let stands =
            Milestone::ALL.iter().map(|kind| (*kind, pupil.on_roll.standing(*kind, &terms, since, today)));
        class.pupils.push(PupilStands { id: pupil.id, name: pupil.name, stands: stands.collect() });
    }
    Ok(classes)
}

/// Records that something was given to, or held with, the carers of these pupils on that day. Returns of how many it is new.
pub async fn record(
    gateway: &Gateway,
    kind_of: Milestone,
    day: Date,
    pupils: &[PupilId],
    by: &str,
) -> Result<usize, FlowError> {
    let now = gateway.now();
    let today = school_date(now);
    if day > today {
        return Err(FlowError::at("day", "that day lies ahead: record it when it is done"));
    }
    if day.saturating_add(jiff::Span::new().years(2)) < today {
        return Err(FlowError::at("day", "that is more than two years ago: choose the day again"));
    }
    if pupils.is_empty() {
        return Err(FlowError::at("pupil", "tick at least one pupil"));
    }
    let mut tx = gateway.store.begin().await?;
    let new = milestones::insert(&mut tx, (kind_of, day), pupils, by, now).await?;
    if new.is_empty() {
        return Err(FlowError::Refused("that is on record already, of each of them".to_owned()));
    }
    let what = format!("{} {} on {}", kind_of.in_words(), kind_of.done(), day_in_full(day, today));
    let entries: Vec<Entry> = new
        .iter()
        .map(|pupil| {
            let mut entry = Entry::now(now, kind::MILESTONE, what.clone()).by(by);
            entry.pupil = Some(*pupil);
            entry
        })
        .collect();
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(new.len())
}

/// Takes back what was recorded by mistake, for the reason given.
pub async fn take_back(gateway: &Gateway, id: MilestoneId, why: &str, by: &str) -> Result<(), FlowError> {
    let why = said("why", why, "say why it is taken back: the record needs a reason")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let Some((pupil, of, day)) = milestones::withdraw(&mut tx, id, by, now).await? else {
        return Err(FlowError::Refused("that is not on record any more: look again".to_owned()));
    };
    let day = day_in_full(day, school_date(now));
    let mut entry = Entry::now(now, kind::MILESTONE, format!("{} of {day} taken back", of.in_words())).by(by);
    entry.pupil = Some(pupil);
    chronology::append(&mut tx, &[entry.words(salt(), why.into())]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
