//! Where a key item goes on: its reference in the school's own recording system, or why it needs none (R57).

use uuid::Uuid;

use super::{
    FlowError,
    case_deeds::said,
    desk::{note, read_restricted},
    gateway::Gateway,
    lists::{Page, page, wanted},
    salt,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::StaffId,
        key_item::{ItemId, System},
        time::Timestamp,
    },
    store::{
        StoreError, Tx, cases, chronology,
        key_items::{self, Gone, KeyItem},
    },
};

/// Records under which reference a key item goes on in another system. A further one corrects it; both stay. Whether whoever
/// does it may see the item is proved before, by reading it as them; `restricted`: they may see what is the DSL's.
pub async fn hand_off(
    gateway: &Gateway,
    id: Uuid,
    restricted: bool,
    (system, reference): (&str, &str),
    by: &str,
) -> Result<(), FlowError> {
    let reference = said("reference", reference, "enter the reference that the other system gave it")?;
    let system = System::named(system).ok_or_else(|| {
        let all: Vec<_> = System::ALL.iter().map(|system| system.as_str()).collect();
        FlowError::at("system", format!("it is recorded in one of: {}", all.join(", ")))
    })?;
    keep(gateway, id, restricted, &Gone::To { system, reference: reference.to_owned() }, by).await
}

/// Records why a key item needs no reference in another system.
pub async fn not_needed_because(
    gateway: &Gateway,
    id: Uuid,
    restricted: bool,
    reason: &str,
    by: &str,
) -> Result<(), FlowError> {
    let because = said("reference", reason, "say why it needs no reference: the record needs a reason")?;
    keep(gateway, id, restricted, &Gone::Nowhere { because: because.to_owned() }, by).await
}

async fn keep(gateway: &Gateway, id: Uuid, restricted: bool, gone: &Gone, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    // A case that is diverted at this very moment is found as it stands after that.
    cases::lock(&mut tx, &id.to_string()).await?;
    let item = key_items::find(&mut tx, id).await?.filter(|item| restricted || !item.restricted);
    let item = item.ok_or_else(no_item)?;
    key_items::hand_off(&mut tx, item.item, gone, by, now).await?;
    let (said, words) = match gone {
        Gone::To { system, reference } => (format!("{} goes on in {system}", item.called), reference),
        Gone::Nowhere { because } => {
            (format!("{} needs no reference in another system", item.called), because)
        }
    };
    let entry =
        about(&item, Entry::now(now, kind::HAND_OFF, said).by(by)).words(salt(), words.clone().into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

fn no_item() -> FlowError {
    FlowError::Refused("there is no such item among those that need a record elsewhere".to_owned())
}

/// The entry, about what the item is about and for the eyes that it is for.
pub(super) fn about(item: &KeyItem, mut entry: Entry) -> Entry {
    (entry.pupil, entry.carer) = (item.pupil, item.carer);
    match item.item {
        ItemId::Case(case) => entry.case = Some(case),
        ItemId::Update(update) => entry.update = Some(update),
        ItemId::Contact(_) => {}
    }
    if item.restricted || item.sensitive { entry.seen_by(Visibility::Restricted) } else { entry }
}

/// A page of the key items that this colleague may see and that have neither a reference nor a reason to need none, the oldest
/// first. That a restricted one was listed is noted.
pub async fn open_items(
    gateway: &Gateway,
    staff: StaffId,
    after: Option<(Timestamp, Uuid)>,
) -> Result<Page<KeyItem, (Timestamp, Uuid)>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let read = key_items::open(&mut tx, after, wanted()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let items = page(
        read.into_iter()
            .map(|item| {
                let place = (item.since, item.item.id());
                (item, place)
            })
            .collect(),
    );
    let said = "a list with this item was read";
    let restricted = items.lines.iter().filter(|item| item.restricted);
    note(gateway, restricted.map(|item| about(item, read_restricted(gateway, staff, said))).collect())
        .await?;
    Ok(items)
}

/// All of them for an operator; `restricted`: also what is the DSL's or for few eyes. That those were read is noted.
pub async fn all_open(gateway: &Gateway, restricted: bool) -> Result<Vec<KeyItem>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let mut items = key_items::open(&mut tx, None, i64::MAX).await?;
    items.retain(|item| restricted || !is_hidden(item));
    let hidden = items.iter().filter(|item| is_hidden(item));
    let entries: Vec<_> = hidden
        .map(|item| {
            let said = "a list with this item was read";
            about(item, Entry::now(gateway.now(), kind::READ_RESTRICTED, said).by("operator"))
        })
        .collect();
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(items)
}

pub(super) const fn is_hidden(item: &KeyItem) -> bool {
    item.restricted || item.sensitive
}

/// The key item that an operator means by a case's code or an id. What is hidden, for those who may not see it, does not exist.
pub(super) async fn named(tx: &mut Tx, name: &str, restricted: bool) -> Result<KeyItem, FlowError> {
    let id = match name.trim().parse() {
        Ok(id) => Some(id),
        Err(_) => cases::id_of(tx, name.trim()).await?.map(|case| case.0),
    };
    let item = match id {
        Some(id) => key_items::find(tx, id).await?,
        None => None,
    };
    item.filter(|item| restricted || !is_hidden(item)).ok_or_else(no_item)
}

/// The id of the key item that an operator means.
pub async fn id_of(gateway: &Gateway, name: &str, restricted: bool) -> Result<Uuid, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let item = named(&mut tx, name, restricted).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(item.item.id())
}
