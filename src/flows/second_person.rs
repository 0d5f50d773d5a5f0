//! Updates that a second person must approve before they are sent (R17): which they are, and what that person decides.

use super::{FlowError, gateway::Gateway, queue::by_pupil, salt};
use crate::{
    domain::{
        chronology::{Entry, kind},
        ids::PupilId,
        people::Purpose,
        rights::LinkFacts,
        route::MessageFacts,
        second_person::{SecondFor, second_for, speaks_of_updates},
        time::{Date, school_date},
        topic::read_reason,
    },
    store::{
        StoreError, Tx, chronology,
        drafts::{self, DraftRow},
        facts,
        second_person::{approve as keep, ask},
    },
};

/// Why a second person must approve an update, by the school's rule as it is now; `links` are its pupil's.
pub(super) fn asked_for(
    gateway: &Gateway,
    update: &MessageFacts,
    links: Option<&Vec<&LinkFacts>>,
) -> Option<SecondFor> {
    let policy = gateway.policy();
    let links = links.map_or(&[][..], Vec::as_slice);
    second_for(update, links, &policy.approval, &policy.never_by_text, school_date(gateway.now()))
}

/// Has the queued updates of a week that a second person must approve wait for them. Returns how many.
pub(super) async fn hold(
    tx: &mut Tx,
    gateway: &Gateway,
    week: Date,
    pupils: &[PupilId],
) -> Result<usize, FlowError> {
    if !speaks_of_updates(&gateway.policy().approval) {
        return Ok(0);
    }
    let links = facts::of_links(tx, pupils, None, Purpose::WeeklyUpdate).await?;
    let links = by_pupil(&links);
    let drafts = drafts::of_week(tx, pupils, week).await?;
    let unapproved = drafts.iter().filter(|draft| draft.approved_by.is_none());
    let asked: Vec<(PupilId, SecondFor)> = unapproved
        .filter_map(|draft| {
            let why = asked_for(gateway, &super::drafts::said(draft), links.get(&draft.pupil))?;
            Some((draft.pupil, why))
        })
        .collect();
    ask(tx, week, &asked).await?;
    Ok(asked.len())
}

/// A second person approves the version of an update that they have seen. It leaves once its time to be taken back is over.
pub async fn approve(
    gateway: &Gateway,
    pupil: PupilId,
    week: Date,
    seen: i64,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let draft = waiting(&mut tx, pupil, week, seen, by).await?;
    let send_at = now.saturating_add(gateway.policy().undo).unwrap_or(now);
    if !keep(&mut tx, (pupil, week, seen), by, now, send_at).await? {
        return Err(changed());
    }
    let mut entry = Entry::now(now, kind::APPROVAL, told(week, "was approved by a second person")).by(by);
    entry.pupil = Some(pupil);
    let words = draft.words.trim().to_owned().into();
    chronology::append(&mut tx, &[entry.words(salt(), words)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// A second person declines the version that they have seen, for a reason: it is not queued any more, and its writer sees why.
pub async fn decline(
    gateway: &Gateway,
    pupil: PupilId,
    week: Date,
    seen: i64,
    why: &str,
    by: &str,
) -> Result<(), FlowError> {
    let why = read_reason(why).map_err(|sentence| FlowError::at("declined", sentence))?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    waiting(&mut tx, pupil, week, seen, by).await?;
    let trouble = format!("a second person declined it: {}", why.expose().trim_end_matches(['.', ' ']));
    drafts::in_trouble(&mut tx, pupil, week, &trouble).await?;
    let mut entry = Entry::now(now, kind::APPROVAL, told(week, "was declined by a second person")).by(by);
    entry.pupil = Some(pupil);
    chronology::append(&mut tx, &[entry.words(salt(), why)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The draft as it was seen, while it waits for somebody who is neither its writer nor its sender; locked.
async fn waiting(
    tx: &mut Tx,
    pupil: PupilId,
    week: Date,
    seen: i64,
    by: &str,
) -> Result<DraftRow, FlowError> {
    drafts::lock(tx, pupil, week).await?;
    let draft = drafts::find(tx, pupil, week).await?.filter(|draft| draft.version == seen && !draft.sent);
    let draft = draft.filter(|draft| draft.waits_for_second().is_some()).ok_or_else(changed)?;
    if draft.author == by || draft.queued_by.as_deref() == Some(by) {
        return Err(FlowError::Refused(
            "you wrote or queued this one: somebody else must decide about it".to_owned(),
        ));
    }
    Ok(draft)
}

fn told(week: Date, what: &str) -> String {
    format!("the update for the week of {week} {what}")
}

fn changed() -> FlowError {
    FlowError::Refused(
        "it does not wait for approval: somebody has decided, changed it or taken it back; look at it as it is now"
            .to_owned(),
    )
}
