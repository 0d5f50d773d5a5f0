//! What pages show of complaints: read as the colleague, a page at a time, and noted where a case is restricted (R55).

use super::{
    FlowError,
    desk::note_cases,
    gateway::Gateway,
    lists::{Page, page, wanted},
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        complaint::Number,
        ids::{CaseId, ComplaintId, StaffId},
        time::Timestamp,
    },
    store::{
        StoreError, Tx, chronology,
        complaint_lists::{self, ComplaintRow, OpenPlace},
        complaints::{self, StepRow},
    },
};

/// A page of the open complaints whose papers the colleague may read, by the day they are due.
pub async fn open(
    gateway: &Gateway,
    staff: StaffId,
    after: Option<OpenPlace>,
) -> Result<Page<ComplaintRow, OpenPlace>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Page { lines, next } = page(complaint_lists::open(&mut tx, after, wanted()).await?);
    let lines = complaint_lists::read(&mut tx, &lines).await?;
    finish(gateway, staff, tx, &lines).await?;
    Ok(Page { lines, next })
}

/// A page of the closed ones, the last closed first.
pub async fn closed(
    gateway: &Gateway,
    staff: StaffId,
    before: Option<(Timestamp, ComplaintId)>,
) -> Result<Page<ComplaintRow, (Timestamp, ComplaintId)>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Page { lines, next } = page(complaint_lists::closed(&mut tx, before, wanted()).await?);
    let lines = complaint_lists::read(&mut tx, &lines).await?;
    finish(gateway, staff, tx, &lines).await?;
    Ok(Page { lines, next })
}

async fn finish(gateway: &Gateway, staff: StaffId, tx: Tx, listed: &[ComplaintRow]) -> Result<(), FlowError> {
    tx.commit().await.map_err(StoreError::from)?;
    note_cases(gateway, staff, restricted(listed), "a list with a complaint of this case was read").await
}

fn restricted(complaints: &[ComplaintRow]) -> impl Iterator<Item = CaseId> {
    complaints.iter().filter(|one| one.visibility == Visibility::Restricted).map(|one| one.case)
}

/// The complaints that came from a case, whose papers the colleague may read; the newest first. Where the case is restricted,
/// that it was read is noted by whoever shows it.
pub async fn of_case(
    gateway: &Gateway,
    staff: StaffId,
    case: CaseId,
) -> Result<Vec<ComplaintRow>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let ids = complaint_lists::of_case(&mut tx, case).await?;
    let complaints = complaint_lists::read(&mut tx, &ids).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(complaints)
}

/// A complaint with all that was done with it; `None` where there is none for this colleague.
pub async fn show(
    gateway: &Gateway,
    staff: StaffId,
    number: Number,
) -> Result<Option<(ComplaintRow, Vec<StepRow>)>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(id) = complaint_lists::named(&mut tx, number).await? else { return Ok(None) };
    let Some(complaint) = complaint_lists::read(&mut tx, &[id]).await?.pop() else { return Ok(None) };
    let steps = complaints::steps(&mut tx, id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let read = restricted(std::slice::from_ref(&complaint));
    note_cases(gateway, staff, read, "a complaint of this case was read").await?;
    Ok(Some((complaint, steps)))
}

/// For the operator: the open complaints by day, with `closed` the closed ones after them; restricted ones only where asked
/// for, and that they were read is noted.
pub async fn listed(
    gateway: &Gateway,
    closed: bool,
    restricted: bool,
) -> Result<Vec<ComplaintRow>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let mut ids: Vec<_> =
        complaint_lists::open(&mut tx, None, i64::MAX).await?.into_iter().map(|(id, _)| id).collect();
    if closed {
        ids.extend(complaint_lists::closed(&mut tx, None, i64::MAX).await?.into_iter().map(|(id, _)| id));
    }
    let mut all = complaint_lists::read(&mut tx, &ids).await?;
    all.retain(|one| restricted || one.visibility == Visibility::Ordinary);
    note_operator(&mut tx, gateway, &all, "the list of complaints was read").await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(all)
}

/// For the operator: one complaint with all that was done with it.
pub async fn one(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
) -> Result<(ComplaintRow, Vec<StepRow>), FlowError> {
    let none =
        || FlowError::Refused(format!("there is no complaint {name}; `liaison complaints list` shows them"));
    let number = Number::parse(name.trim()).ok_or_else(none)?;
    let mut tx = gateway.store.begin().await?;
    let id = complaint_lists::named(&mut tx, number).await?.ok_or_else(none)?;
    let complaint = complaint_lists::read(&mut tx, &[id]).await?.pop();
    let complaint = complaint.filter(|one| restricted || one.visibility == Visibility::Ordinary);
    let complaint = complaint.ok_or_else(none)?;
    let steps = complaints::steps(&mut tx, id).await?;
    note_operator(&mut tx, gateway, std::slice::from_ref(&complaint), "a complaint was read").await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((complaint, steps))
}

async fn note_operator(
    tx: &mut Tx,
    gateway: &Gateway,
    read: &[ComplaintRow],
    said: &str,
) -> Result<(), FlowError> {
    let entries: Vec<Entry> = restricted(read)
        .map(|case| {
            Entry::now(gateway.now(), kind::READ_RESTRICTED, said)
                .by("operator")
                .case(case)
                .seen_by(Visibility::Restricted)
        })
        .collect();
    Ok(chronology::append(tx, &entries).await?)
}
