//! What colleagues change of a carer: preferences, addresses and restrictions, each with who, when and on whose word (R07).

use super::{FlowError, confirming, gateway::Gateway, salt, tasks::close_row};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{AddressId, CarerId, LinkId, RestrictionId},
        import::read_address,
        people::{AddressKind, Purpose, Restriction, Route},
        time::Timestamp,
    },
    store::{StoreError, Tx, ask_again, chronology, people, standard, tasks},
};

/// The roles that may loosen what protects a child.
pub(super) const MAY_LIFT: [&str; 2] = ["dsl", "slt"];

fn refused<T>(why: impl Into<String>) -> Result<T, FlowError> {
    Err(FlowError::Refused(why.into()))
}

async fn known(tx: &mut Tx, carer: CarerId) -> Result<(), FlowError> {
    if people::carer_exists(tx, carer).await? { Ok(()) } else { refused("there is no such carer") }
}

/// Records by which routes a carer wants to be told, best first, and on whose word. A file no longer changes it.
pub async fn set_preference(
    gateway: &Gateway,
    carer: CarerId,
    purpose: Purpose,
    routes: &[Route],
    on_whose_word: &str,
    by: &str,
) -> Result<(), FlowError> {
    let word = on_whose_word.trim();
    if word.is_empty() {
        return refused("say on whose word: the carer's by phone, in a letter, at the gate");
    }
    if routes.is_empty()
        || routes.iter().enumerate().any(|(at, route)| routes.iter().take(at).any(|r| r == route))
    {
        return refused("name at least one route, and each of them once");
    }
    if purpose == Purpose::Acknowledgement {
        return refused("an acknowledgement goes back the way the message came: there is nothing to choose");
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    known(&mut tx, carer).await?;
    people::set_preference(&mut tx, carer, purpose, routes, word, by, now).await?;
    let order: Vec<_> = routes.iter().map(|route| route.as_str()).collect();
    let said = format!("wants the {} by {}", purpose.in_words(), order.join(", then "));
    let entry = Entry::now(now, kind::PREFERENCE, said).by(by).about_carer(carer, None);
    chronology::append(&mut tx, &[entry.words(salt(), word.into())]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Records that a carer, asked again, says that how they are reached and want to be told is right, and on whose word.
pub async fn still_right(
    gateway: &Gateway,
    carer: CarerId,
    on_whose_word: &str,
    by: &str,
) -> Result<(), FlowError> {
    let word = on_whose_word.trim();
    if word.is_empty() {
        return refused("say on whose word: the carer's by phone, in a letter, at the gate");
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    known(&mut tx, carer).await?;
    ask_again::answered(&mut tx, carer, by, now).await?;
    let entry =
        Entry::now(now, kind::PREFERENCE, "was asked again: all that is known of how to reach them is right");
    let entry = entry.by(by).about_carer(carer, None).words(salt(), word.into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// How it is known that an address is the carer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proven {
    /// A message came from it, and a colleague knows whose that is.
    ByMessage,
    /// By a colleague's word alone: whoever has it is asked first, where the school wants that.
    ByWord,
}

/// Gives a carer a further address, tried last of its kind, or `first`. A file no longer takes it away. An email or mobile that
/// nobody used before is asked whether it is right ([`Proven`]), and nothing else is written to it until then.
pub async fn add_address(
    gateway: &Gateway,
    carer: CarerId,
    kind: AddressKind,
    text: &str,
    first: bool,
    proven: Proven,
    by: &str,
) -> Result<AddressId, FlowError> {
    let (kind, value) = read_address(kind, text).map_err(FlowError::Refused)?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    known(&mut tx, carer).await?;
    let (address, new) = people::use_address(&mut tx, carer, (kind, &value), first, by, now).await?;
    if !new {
        if proven == Proven::ByMessage && standard::confirm(&mut tx, address, now).await? {
            tell_address(
                &mut tx,
                carer,
                "a message came from a new address: it is right".to_owned(),
                by,
                now,
            )
            .await?;
            tx.commit().await.map_err(StoreError::from)?;
            return Ok(address);
        }
        return refused("the carer has this address already");
    }
    tell_address(&mut tx, carer, format!("an address was added: {kind}"), by, now).await?;
    if proven == Proven::ByWord && gateway.policy().confirm_addresses {
        confirming::ask(&mut tx, gateway, carer, (kind, address), by, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(address)
}

/// Takes an address from a carer; its history stays, and a file does not bring it back.
pub async fn remove_address(
    gateway: &Gateway,
    carer: CarerId,
    address: AddressId,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    if !people::stop_using(&mut tx, carer, address, by, now).await? {
        return refused("the carer does not have this address");
    }
    tell_address(&mut tx, carer, "an address was removed".to_owned(), by, now).await?;
    checked(&mut tx, carer, address, "the address was removed", by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Says that a failing address was checked and is right. One that its owner stopped is only its owner's to start again.
pub async fn mark_good(
    gateway: &Gateway,
    carer: CarerId,
    address: AddressId,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    if !people::mark_good(&mut tx, carer, address, now).await? {
        return refused(
            "this is no failing address of the carer's; one that was stopped starts again by START",
        );
    }
    tell_address(&mut tx, carer, "an address was checked and is good again".to_owned(), by, now).await?;
    checked(&mut tx, carer, address, "the address was checked: it is right", by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Closes the tasks that asked to look into this address.
async fn checked(
    tx: &mut Tx,
    carer: CarerId,
    address: AddressId,
    outcome: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    for task in people::checks(tx, carer, address).await? {
        if let Some(row) = tasks::find(tx, task).await? {
            close_row(tx, &row, true, by, outcome, now).await?;
        }
    }
    Ok(())
}

async fn tell_address(
    tx: &mut Tx,
    carer: CarerId,
    said: String,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let entry = Entry::now(now, kind::ADDRESS, said).by(by).about_carer(carer, None);
    Ok(chronology::append(tx, &[entry]).await?)
}

/// Records a restriction. Anybody may tighten; it holds from this moment, also for what is queued already.
pub async fn add_restriction(
    gateway: &Gateway,
    link: LinkId,
    restriction: &Restriction,
    note_ref: Option<&str>,
    by: &str,
) -> Result<RestrictionId, FlowError> {
    if let (Some(starts), Some(ends)) = (restriction.starts, restriction.ends)
        && starts > ends
    {
        return refused("the restriction would end before it starts: turn the dates round");
    }
    let now = gateway.now();
    let note_ref = note_ref.map(str::trim).filter(|note| !note.is_empty());
    let mut tx = gateway.store.begin().await?;
    let Some((carer, pupil)) = people::link(&mut tx, link).await? else {
        return refused("this carer and this pupil are not linked");
    };
    let id = RestrictionId::new();
    people::insert_restriction(&mut tx, id, link, restriction, note_ref, by, now).await?;
    let said = format!("A colleague recorded a restriction: {}.", restriction.kind);
    let entry = Entry::now(now, kind::RESTRICTION_ADDED, said).by(by).about(carer, pupil);
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(id)
}

/// Lifts a restriction, for the reason given: only by somebody who is DSL or SLT. What forbade a message forbids it no
/// longer, unless another restriction does; a file that still has the order tightens again.
pub async fn lift_restriction(
    gateway: &Gateway,
    restriction: RestrictionId,
    reason: &str,
    by: &str,
    roles: &[&str],
) -> Result<(), FlowError> {
    if !roles.iter().any(|role| MAY_LIFT.contains(role)) {
        return refused("only the DSL or the SLT may lift a restriction: ask one of them");
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return refused("say why it is lifted: the record needs the reason");
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let Some(ended) = people::end_restriction(&mut tx, restriction, reason, by, now).await? else {
        return refused("there is no such restriction, or it has been lifted already");
    };
    let lifted =
        |said: String| Entry::now(now, kind::RESTRICTION_LIFTED, said).by(by).about(ended.carer, ended.pupil);
    // That it was lifted is for whoever works with the family; why may tell of the child, and is for the DSL.
    let mut entries = vec![
        lifted(format!("A restriction was lifted: {}.", ended.kind)),
        lifted(format!("Why a restriction was lifted: {}.", ended.kind))
            .seen_by(Visibility::Restricted)
            .words(salt(), reason.into()),
    ];
    for task in people::reviews(&mut tx, ended.carer, ended.pupil).await? {
        if tasks::close(&mut tx, task, "done", by, "the restriction was lifted", now).await? {
            let closed = Entry::now(now, kind::TASK_CLOSED, "review restriction done");
            entries.push(closed.by(by).about(ended.carer, ended.pupil).task(task));
        }
    }
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
