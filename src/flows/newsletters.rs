//! Ending newsletters, and having them again (RFC 8058): the one thing a carer switches off without asking anybody. Everything
//! else goes on.

use super::{FlowError, gateway::Gateway, salt};
use crate::{
    domain::{
        chronology::{Entry, kind},
        ids::CarerId,
    },
    store::{StoreError, chronology, newsletters},
};

/// Whether the mark of a link is one that a newsletter of ours carried.
pub async fn known(gateway: &Gateway, mark: &str) -> Result<bool, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let key = gateway.reply_key(&mut connection).await?;
    let Some(newsletter) = key.read_newsletters(mark) else { return Ok(false) };
    Ok(newsletters::whose(&mut connection, newsletter).await?.is_some())
}

/// Ends newsletters for whoever got the one whose link carries this mark. `false`: there is no such newsletter. Pressed again
/// it changes nothing.
pub async fn end(gateway: &Gateway, mark: &str) -> Result<bool, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let key = gateway.reply_key(&mut tx).await?;
    let Some(newsletter) = key.read_newsletters(mark) else { return Ok(false) };
    let Some(carer) = newsletters::whose(&mut tx, newsletter).await? else { return Ok(false) };
    if newsletters::end(&mut tx, carer, now).await? {
        let said = "wants no newsletters any more: the link of one was pressed";
        let entry = Entry::now(now, kind::PREFERENCE, said).about_carer(carer, None).delivery(newsletter);
        chronology::append(&mut tx, &[entry]).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

/// Records what a carer told a colleague: no newsletters any more, or newsletters again; and on whose word.
pub async fn record(
    gateway: &Gateway,
    carer: CarerId,
    wanted: bool,
    on_whose_word: &str,
    by: &str,
) -> Result<(), FlowError> {
    let word = on_whose_word.trim();
    if word.is_empty() {
        let why = "say on whose word: the carer's by phone, in a letter, at the gate";
        return Err(FlowError::at("newsletters-word", why));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let changed = if wanted {
        newsletters::begin_again(&mut tx, carer).await?
    } else {
        newsletters::end(&mut tx, carer, now).await?
    };
    if changed {
        let said = if wanted { "wants newsletters again" } else { "wants no newsletters any more" };
        let entry = Entry::now(now, kind::PREFERENCE, said).by(by).about_carer(carer, None);
        chronology::append(&mut tx, &[entry.words(salt(), word.into())]).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
