//! Who is away and who covers (R43): an absence begins and ends by itself, on its days; meanwhile the cover has the absent
//! colleague's classes and what is theirs by name, so that nothing waits on somebody who is not there.

use super::{FlowError, colleagues::find, gateway::Gateway, salt};
use crate::{
    domain::{
        absence::{days_fault, days_in_words, may_cover},
        chronology::{Entry, kind},
        ids::{AbsenceId, StaffId},
        staff::Role,
        time::{Date, Timestamp, school_date},
    },
    store::{
        StoreError, Tx,
        absences::{self, Absence},
        chronology,
        colleagues::{self, Account},
    },
};

/// Records that a colleague is away on these days, and who covers. By themself, or by the office, senior leadership or the
/// safeguarding lead.
pub async fn record(
    gateway: &Gateway,
    named: &str,
    (from, until): (Date, Date),
    cover: &str,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let today = school_date(now);
    days_fault(from, until, today).map_err(|sentence| FlowError::at("until", sentence))?;
    let mut tx = gateway.store.begin().await?;
    absences::lock(&mut tx).await?;
    let absent = find(&mut tx, named).await?;
    may(&mut tx, by, absent.id).await?;
    let covers = find(&mut tx, cover).await?;
    if covers.id == absent.id {
        return Err(FlowError::at("cover", "nobody covers for themself: choose somebody else"));
    }
    if covers.disabled_at.is_some() {
        return Err(FlowError::at("cover", "they may no longer sign in: choose somebody else"));
    }
    may_cover(&absent.roles, &covers.roles).map_err(|sentence| FlowError::at("cover", sentence))?;
    fits(&absences::open(&mut tx).await?, &absent, &covers, (from, until))?;
    let id = absences::insert(&mut tx, (absent.id, covers.id), (from, until), by, now).await?;
    let said = format!("a colleague is away {}, and another covers", days_in_words(from, until));
    tell(&mut tx, &said, &absent.name, &covers.name, by, now).await?;
    if from <= today {
        begin(&mut tx, id, &absent.name, &covers.name, by, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Ends an absence before its day, or takes a planned one back.
pub async fn end(gateway: &Gateway, id: AbsenceId, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let open = absences::open(&mut tx).await?;
    let Some(absence) = open.iter().find(|absence| absence.id == id) else {
        return Err(FlowError::Refused("that absence is over already".to_owned()));
    };
    may(&mut tx, by, absence.staff).await?;
    over(&mut tx, absence, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Begins what begins today, and ends what has ended; returns how many absences turned.
pub async fn turn(gateway: &Gateway) -> Result<usize, FlowError> {
    let now = gateway.now();
    let today = school_date(now);
    let mut tx = gateway.store.begin().await?;
    let mut turned = 0;
    for absence in absences::open(&mut tx).await? {
        if absence.until < today {
            over(&mut tx, &absence, "Liaison", now).await?;
        } else if absence.from <= today && !absence.running {
            begin(&mut tx, absence.id, &absence.name, &absence.cover_name, "Liaison", now).await?;
        } else {
            continue;
        }
        turned += 1;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(turned)
}

/// Whether these days fit what is recorded: nobody is away twice, and nobody covers who is away.
fn fits(
    open: &[Absence],
    absent: &Account,
    covers: &Account,
    (from, until): (Date, Date),
) -> Result<(), FlowError> {
    let meets = |absence: &&Absence| absence.from <= until && from <= absence.until;
    for other in open.iter().filter(meets) {
        let days = days_in_words(other.from, other.until);
        if other.staff == absent.id {
            return Err(FlowError::at("from", format!("they are away {days} already: end that first")));
        }
        if other.staff == covers.id {
            return Err(FlowError::at(
                "cover",
                format!("they are away {days} themself: choose somebody else"),
            ));
        }
        if other.cover == absent.id {
            let sentence =
                format!("they cover for somebody else {days}: give that to another colleague first");
            return Err(FlowError::at("staff", sentence));
        }
    }
    Ok(())
}

async fn begin(
    tx: &mut Tx,
    id: AbsenceId,
    name: &str,
    cover: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    if absences::turn(tx, id, "running").await? {
        let said = "a colleague is away from now on: another has their classes and cases";
        tell(tx, said, name, cover, by, now).await?;
    }
    Ok(())
}

async fn over(tx: &mut Tx, absence: &Absence, by: &str, now: Timestamp) -> Result<(), FlowError> {
    if absences::turn(tx, absence.id, "over").await? {
        let said = if absence.running {
            "a colleague is back: nobody covers for them any more"
        } else {
            "an absence that was planned was taken back"
        };
        tell(tx, said, &absence.name, &absence.cover_name, by, now).await?;
    }
    Ok(())
}

/// Refuses whoever is neither the colleague nor one who looks after the whole school; an operator is asked nothing.
async fn may(tx: &mut Tx, by: &str, absent: StaffId) -> Result<(), FlowError> {
    let Ok(actor) = by.parse::<StaffId>() else { return Ok(()) };
    if actor == absent {
        return Ok(());
    }
    let mine = colleagues::account(tx, by).await?.filter(|mine| mine.disabled_at.is_none());
    let roles = mine.map(|mine| mine.roles).unwrap_or_default();
    if roles.iter().any(|role| matches!(role, Role::Office | Role::Slt | Role::Dsl)) {
        return Ok(());
    }
    Err(FlowError::Refused(
        "only the office, senior leadership and the safeguarding lead say of somebody else that they are away".to_owned(),
    ))
}

async fn tell(
    tx: &mut Tx,
    said: &str,
    absent: &str,
    cover: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    // The names stand beside the entry, where they can be erased.
    let names = format!("away: {absent}; covers: {cover}");
    let entry = Entry::now(now, kind::COLLEAGUE, said).by(by).words(salt(), names.into());
    Ok(chronology::append(tx, &[entry]).await?)
}
