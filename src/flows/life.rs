//! What ends whom the school may tell: an arrangement that ends, a death, and the birthdays at which a pupil is asked. What is
//! recorded here the gate reads at the next attempt; nothing goes out because of it.

use super::{FlowError, gateway::Gateway, people::MAY_LIFT, planning::opened_entry, salt, tasks::withdraw};
use crate::{
    domain::{
        age::{ADULT_AT, reminded_until, turns},
        chronology::{Entry, Visibility, kind},
        ids::{CarerId, LinkId, PupilId, TaskId},
        time::{Date, Timestamp, dated, school_date},
    },
    store::{
        StoreError, Tx, chronology,
        life::{self, Ending, Turning},
        tasks::{self, NewTask},
    },
};

/// Who has died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// A pupil.
    Pupil(PupilId),
    /// A carer.
    Carer(CarerId),
}

impl Person {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Pupil(_) => "the pupil",
            Self::Carer(_) => "the carer",
        }
    }

    fn entry(self, sentence: String, by: &str, now: Timestamp) -> Entry {
        let mut entry = Entry::now(now, kind::DIED, sentence).by(by);
        match self {
            Self::Pupil(pupil) => entry.pupil = Some(pupil),
            Self::Carer(carer) => entry.carer = Some(carer),
        }
        entry
    }

    async fn set(self, tx: &mut Tx, day: Option<Date>, by: &str, now: Timestamp) -> Result<bool, StoreError> {
        match self {
            Self::Pupil(pupil) => life::set_pupil_died(tx, pupil, day, by, now).await,
            Self::Carer(carer) => life::set_carer_died(tx, carer, day, by, now).await,
        }
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, FlowError> {
    Err(FlowError::Refused(why.into()))
}

/// What loosens is for the DSL and the SLT, and has a reason; gives the reason.
fn may_loosen<'a>(reason: &'a str, roles: &[&str]) -> Result<&'a str, FlowError> {
    if !roles.iter().any(|role| MAY_LIFT.contains(role)) {
        return refused("only the DSL or the SLT may do this, for it loosens: ask one of them");
    }
    match reason.trim() {
        "" => Err(FlowError::at("reason", "say why: the record needs the reason")),
        reason => Ok(reason),
    }
}

/// That something was loosened is for whoever works with the family; why may tell of the child, and is for the DSL.
fn loosened(told: Entry, why: Entry, reason: &str) -> [Entry; 2] {
    [told, why.seen_by(Visibility::Restricted).words(salt(), reason.into())]
}

async fn the_link(tx: &mut Tx, link: LinkId) -> Result<Ending, FlowError> {
    match life::link(tx, link).await? {
        Some(ending) => Ok(ending),
        None => refused("this carer and this pupil are not linked"),
    }
}

/// Records the last day on which a link holds, or an earlier one than is recorded. Anybody who keeps contact data may, for it
/// tightens; from the day after on the carer is told nothing more, also of what is queued already.
pub async fn end_link(gateway: &Gateway, link: LinkId, last: Date, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let ending = the_link(&mut tx, link).await?;
    if ending.ends.is_some_and(|ends| ends <= last) {
        let why = "it ends on that day or earlier already: only the DSL or the SLT may move an end back";
        return Err(FlowError::at("last", why));
    }
    life::set_end(&mut tx, link, Some(last), by, now).await?;
    let ends = if last < school_date(now) { "ended" } else { "ends" };
    let said = format!("the arrangement between this carer and the pupil {ends} on {}", dated(last));
    let entry = Entry::now(now, kind::LINK_ENDS, said).by(by).about(ending.carer, ending.pupil);
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Moves the end of a link back, or with `None` takes it away, for the reason given: only by somebody who is DSL or SLT. What
/// it stopped stays stopped.
pub async fn move_end(
    gateway: &Gateway,
    link: LinkId,
    last: Option<Date>,
    reason: &str,
    by: &str,
    roles: &[&str],
) -> Result<(), FlowError> {
    let reason = may_loosen(reason, roles)?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let ending = the_link(&mut tx, link).await?;
    let Some(ends) = ending.ends else { return refused("no end is recorded: there is nothing to move") };
    if last.is_some_and(|last| last <= ends) {
        return Err(FlowError::at("last", "that is no later day: record an earlier end as such"));
    }
    life::set_end(&mut tx, link, last, by, now).await?;
    let said = last.map_or_else(
        || "the end of the arrangement between this carer and the pupil was taken away".to_owned(),
        |last| format!("the arrangement between this carer and the pupil ends later, on {}", dated(last)),
    );
    let entry =
        |said: String| Entry::now(now, kind::LINK_ENDS, said).by(by).about(ending.carer, ending.pupil);
    let why = entry("why the end of an arrangement was moved or taken away".to_owned());
    chronology::append(&mut tx, &loosened(entry(said), why, reason)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Records that a pupil agrees that a carer is told after 18, or that somebody who may decide for them does; `how` says who
/// said so, and when. Only by somebody who is DSL or SLT.
pub async fn agree(
    gateway: &Gateway,
    link: LinkId,
    how: &str,
    by: &str,
    roles: &[&str],
) -> Result<(), FlowError> {
    if !roles.iter().any(|role| MAY_LIFT.contains(role)) {
        return refused("only the DSL or the SLT may record that a pupil agrees: ask one of them");
    }
    let how = how.trim();
    if how.is_empty() {
        return Err(FlowError::at("how", "say who agreed, and when: the record needs it"));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let ending = the_link(&mut tx, link).await?;
    if ending.adult_agreed {
        return refused("it is recorded already that the pupil agrees");
    }
    life::set_agreed(&mut tx, link, true, by, now).await?;
    let entry = Entry::now(now, kind::ADULT_AGREED, "the pupil agrees that this carer is told after 18");
    let entry = entry.by(by).about(ending.carer, ending.pupil).words(salt(), how.into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Records that a pupil does not agree any more. It holds from this moment, also for what is queued already.
pub async fn agree_no_more(gateway: &Gateway, link: LinkId, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let ending = the_link(&mut tx, link).await?;
    if !ending.adult_agreed {
        return refused("it is not recorded that the pupil agrees: there is nothing to take back");
    }
    life::set_agreed(&mut tx, link, false, by, now).await?;
    let said = "the pupil does not agree any more that this carer is told after 18";
    let entry = Entry::now(now, kind::ADULT_AGREED, said).by(by).about(ending.carer, ending.pupil);
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Records that a pupil or a carer has died. Nothing goes out about it. Whatever would have been sent about the pupil or to the
/// carer stops at the gate, and what colleagues were to do to reach somebody is withdrawn at once.
pub async fn record_death(gateway: &Gateway, who: Person, day: Date, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    if day > school_date(now) {
        return Err(FlowError::at("day", "that day lies ahead: mend it"));
    }
    let mut tx = gateway.store.begin().await?;
    if !who.set(&mut tx, Some(day), by, now).await? {
        return refused("this is recorded already");
    }
    let said = format!("it was recorded that {} has died", who.in_words());
    chronology::append(&mut tx, &[who.entry(said, by, now)]).await?;
    let (pupil, carer) = match who {
        Person::Pupil(pupil) => (Some(pupil), None),
        Person::Carer(carer) => (None, Some(carer)),
    };
    for task in life::reaching_out(&mut tx, pupil, carer).await? {
        if let Some(row) = tasks::find(&mut tx, task).await? {
            withdraw(&mut tx, &row, &format!("{} has died", who.in_words()), now).await?;
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Takes back that somebody has died, for the reason given: only by somebody who is DSL or SLT. What it stopped stays stopped.
pub async fn undo_death(
    gateway: &Gateway,
    who: Person,
    reason: &str,
    by: &str,
    roles: &[&str],
) -> Result<(), FlowError> {
    let reason = may_loosen(reason, roles)?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    if !who.set(&mut tx, None, by, now).await? {
        return refused("no death is recorded: there is nothing to take back");
    }
    let told = format!("that {} has died was recorded by mistake, and is taken back", who.in_words());
    let why = format!("why it was taken back that {} has died", who.in_words());
    let entries = loosened(who.entry(told, by, now), who.entry(why, by, now), reason);
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Opens a task for the SLT for each pupil who soon turns 16 or 18, or already is, and was never asked whom the school may
/// tell. Returns how many. Safe to run at any time, in several daemons at once.
pub async fn ask_ahead(gateway: &Gateway) -> Result<usize, FlowError> {
    let now = gateway.now();
    let today = school_date(now);
    let mut tx = gateway.store.begin().await?;
    let turning = life::turning(&mut tx, today, reminded_until(today)).await?;
    let asked: Vec<NewTask> = turning.iter().map(|one| ask(gateway, one, today, now)).collect();
    let opened = tasks::insert(&mut tx, &asked, now).await?;
    let entries: Vec<Entry> = asked
        .iter()
        .filter(|task| opened.contains(&task.id))
        // A task ends, the chronology stays: when a child was born is not for it to keep.
        .map(|task| Entry {
            sentence: "the pupil soon turns 16 or 18: to be asked whom we may tell".to_owned(),
            ..opened_entry(task, "daemon", now)
        })
        .collect();
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(opened.len())
}

fn ask(gateway: &Gateway, one: &Turning, today: Date, now: Timestamp) -> NewTask {
    let birthday = turns(one.born, one.age);
    let when = if birthday <= today { "turned" } else { "turns" };
    let adult = one.age == ADULT_AT;
    let then = if adult {
        "; from then on a carer is told only where it is recorded that the pupil agrees"
    } else {
        ""
    };
    NewTask {
        id: TaskId::new(),
        kind: if adult { "turns_18" } else { "turns_16" },
        role: "slt",
        class: one.class,
        carer: one.carer,
        pupil: one.pupil,
        carried: None,
        case: None,
        delivery: None,
        address: None,
        why: format!("{when} {} on {}: ask whom we may tell{then}", one.age, dated(birthday)),
        due: if birthday <= today { gateway.policy().task_due(now) } else { birthday },
    }
}
