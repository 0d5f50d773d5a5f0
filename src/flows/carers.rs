//! A carer as their page shows them: read as the colleague, and noted where something restricted was read (R55).

use std::collections::HashMap;

use super::{
    FlowError,
    desk::{note, read_restricted},
    gateway::Gateway,
};
use crate::{
    domain::{
        ids::{CarerId, StaffId},
        people::Purpose,
        rights::LinkFacts,
    },
    store::{
        StoreError,
        carers::{self, AddressRow, Carer, LinkRow},
        desk,
        entries::{self, Narrow, Of, Told},
        facts,
        people::{self, PreferenceSet, RestrictionRow},
    },
};

/// A carer with all that is known of them.
#[derive(Debug, Clone)]
pub struct Record {
    /// The carer.
    pub carer: Carer,
    /// Their pupils whom this colleague may see, with what stands between them.
    pub links: Vec<(LinkRow, Option<LinkFacts>)>,
    /// Every restriction on those links, ended ones too.
    pub restrictions: Vec<RestrictionRow>,
    /// Their addresses this colleague may see, those that were removed last.
    pub addresses: Vec<AddressRow>,
    /// Every preference they ever had, the newest first.
    pub preferences: Vec<PreferenceSet>,
    /// The entries that were asked for.
    pub entries: Vec<Told>,
    /// Colleagues' names by id, for who did what.
    pub names: HashMap<String, String>,
}

/// A carer's record; `None` where there is no such carer for this colleague.
pub async fn record(
    gateway: &Gateway,
    staff: StaffId,
    (carer, pupil): (CarerId, Option<crate::domain::ids::PupilId>),
    narrow: &Narrow,
    limit: i64,
) -> Result<Option<Record>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(known) = carers::find(&mut tx, carer).await? else { return Ok(None) };
    let links = carers::links(&mut tx, Some(carer), None).await?;
    let pupils: Vec<_> = links.iter().map(|link| link.pupil).collect();
    let mut facts = facts::of_links(&mut tx, &pupils, Some(&[carer]), Purpose::WeeklyUpdate).await?;
    let links = links.into_iter().map(|link| {
        let at = facts.iter().position(|fact| fact.pupil == link.pupil);
        (link, at.map(|at| facts.swap_remove(at)))
    });
    let record = Record {
        links: links.collect(),
        restrictions: people::restrictions(&mut tx, carer).await?,
        addresses: carers::addresses(&mut tx, carer).await?,
        preferences: people::preferences(&mut tx, carer).await?,
        entries: entries::list(&mut tx, Of::Carer(carer, pupil), narrow, limit).await?,
        names: desk::names(&mut tx).await?,
        carer: known,
    };
    tx.commit().await.map_err(StoreError::from)?;
    if record.entries.iter().any(|entry| entry.restricted) {
        let mut entry = read_restricted(gateway, staff, "a chronology with restricted entries was read");
        entry.carer = Some(carer);
        note(gateway, vec![entry]).await?;
    }
    Ok(Some(record))
}
