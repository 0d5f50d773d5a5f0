//! The sheet of a key item, handed to the folder of records when a person asks for it. It is no reference: the item stays on the
//! list until the other system has given one.
//!
//! Never by itself: a file is out of our hands, so a person decides that it goes; of what is the DSL's, the DSL alone.

use std::time::Duration;

use liaison_channels::record_sink::Record;
use uuid::Uuid;

use super::{FlowError, gateway::Gateway, hand_off::about, hand_off_sheet::sheet_of};
use crate::{
    domain::{
        chronology::{Entry, kind},
        key_item::KeyTopic,
    },
    store::{
        StoreError, cases, chronology, desk,
        key_items::{self, KeyItem},
        record_drops::{self, Due},
    },
};

/// How many are written in one round.
const MOST: i64 = 20;
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_mins(5);

/// Whether its sheet may be made for whoever asked.
fn may(item: &KeyItem, for_dsl: bool) -> bool {
    for_dsl || !(item.restricted || item.topic == KeyTopic::Safeguarding)
}

/// Queues the sheet of an item for the folder; `dsl`: a DSL asks. That whoever asks may see the item is proved before, by
/// reading it as them.
pub async fn ask(gateway: &Gateway, id: Uuid, dsl: bool, by: &str) -> Result<(), FlowError> {
    let refused = |why: &str| Err(FlowError::Refused(why.to_owned()));
    if gateway.sink.is_none() {
        return refused("no folder of records is set up: IT sets records.folder");
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    cases::lock(&mut tx, &id.to_string()).await?;
    let Some(item) = key_items::find(&mut tx, id).await?.filter(|item| may(item, dsl)) else {
        return refused("the sheet of this is for the safeguarding lead alone");
    };
    if record_drops::ask(&mut tx, item.item, dsl, by, now).await?.is_none() {
        return refused("it waits to be written to the folder already");
    }
    let said = format!("the sheet of {} is to be written to the folder of records", item.called);
    chronology::append(&mut tx, &[about(&item, Entry::now(now, kind::HAND_OFF, said).by(by))]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Writes what waits. Returns how many were written.
pub async fn write_due(gateway: &Gateway) -> Result<usize, FlowError> {
    let due = record_drops::due(&mut *gateway.store.acquire().await?, MOST, gateway.now()).await?;
    let mut written = 0;
    for one in due {
        written += usize::from(write(gateway, one).await?);
    }
    Ok(written)
}

async fn write(gateway: &Gateway, due: Due) -> Result<bool, FlowError> {
    let Some(sink) = &gateway.sink else { return Ok(false) };
    let mut tx = gateway.store.begin().await?;
    // As it stands now: a case may have been diverted since somebody asked.
    let item = key_items::find(&mut tx, due.item.id()).await?;
    let sheet = match item.as_ref().filter(|item| may(item, due.for_dsl)) {
        Some(item) => {
            let names = desk::names(&mut tx).await?;
            sheet_of(&mut tx, gateway, item, &names).await?
        }
        None => None,
    };
    tx.commit().await.map_err(StoreError::from)?;
    let (Some(item), Some(sheet)) = (&item, sheet) else {
        let why = "it is for the safeguarding lead alone by now, or needs no record any more";
        return end(gateway, due, item.as_ref(), Err(why)).await;
    };
    let record = Record { id: due.id.0, plain: sheet.plain().into(), csv: sheet.csv().into() };
    // No transaction is open while the disk works.
    match sink.take(&record).await {
        Ok(()) => end(gateway, due, Some(item), Ok(())).await,
        Err(error) => {
            tracing::warn!(record_drop.id = %due.id, fault = %error.fault, "a record was not written: {error}");
            let until = gateway.now().saturating_add(AGAIN).unwrap_or_else(|_| gateway.now());
            let mut connection = gateway.store.acquire().await?;
            record_drops::wait(&mut connection, due.id, &error.summary, until).await?;
            Ok(false)
        }
    }
}

async fn end(
    gateway: &Gateway,
    due: Due,
    item: Option<&KeyItem>,
    came: Result<(), &str>,
) -> Result<bool, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    if !record_drops::settle(&mut tx, due.id, came, now).await? {
        return Ok(false);
    }
    if let Some(item) = item {
        let said = match came {
            Ok(()) => format!("the sheet of {} was written to the folder of records", item.called),
            Err(why) => {
                format!("the sheet of {} was not written to the folder of records: {why}", item.called)
            }
        };
        chronology::append(&mut tx, &[about(item, Entry::now(now, kind::HAND_OFF, said))]).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(came.is_ok())
}
