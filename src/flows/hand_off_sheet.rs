//! The sheet of a key item, filled in from the record for whoever may have it. One about safeguarding is the DSL's alone.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    FlowError,
    desk::{note, read_restricted, words_of},
    gateway::Gateway,
    hand_off::{about, is_hidden, named},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        hand_off_sheet::{Sheet, SheetPupil},
        ids::{CaseId, ContactId, StaffId, UpdateId},
        key_item::{ItemId, KeyTopic},
        time::{Timestamp, day_in_words, moment_in_a_sentence},
    },
    store::{
        StoreError, Tx, answers,
        cases::{self, WhichCases},
        chronology, contacts, desk,
        key_items::{self, KeyItem, Recorded},
        record_drops::{self, DropRow},
    },
};

/// A key item with what was recorded of it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The item.
    pub item: KeyItem,
    /// Where it went on, the newest first.
    pub recorded: Vec<Recorded>,
    /// Its sheets that somebody asked to be written to the folder of records, the newest first.
    pub drops: Vec<DropRow>,
    /// Colleagues' names by id.
    pub names: HashMap<String, String>,
    /// Its sheet; `None` where that is not this colleague's.
    pub sheet: Option<Sheet>,
}

/// A key item with its sheet; `None` where there is none for this colleague. `dsl`: they are a DSL. That the sheet of what is
/// restricted or for few eyes was read is noted.
pub async fn open(
    gateway: &Gateway,
    staff: StaffId,
    dsl: bool,
    id: Uuid,
) -> Result<Option<Opened>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(item) = key_items::find(&mut tx, id).await? else { return Ok(None) };
    let recorded = key_items::recorded(&mut tx, item.item).await?;
    let drops = record_drops::of_item(&mut tx, item.item).await?;
    let names = desk::names(&mut tx).await?;
    let sheet = if dsl || item.topic != KeyTopic::Safeguarding {
        sheet_of(&mut tx, gateway, &item, &names).await?
    } else {
        None
    };
    tx.commit().await.map_err(StoreError::from)?;
    if sheet.is_some() && is_hidden(&item) {
        note(gateway, vec![about(&item, read_restricted(gateway, staff, "its hand-off sheet was read"))])
            .await?;
    }
    Ok(Some(Opened { item, recorded, drops, names, sheet }))
}

/// The sheet that an operator asks for, by a case's code or an id; `restricted`: for the DSL, which is noted.
pub async fn for_operator(gateway: &Gateway, name: &str, restricted: bool) -> Result<Sheet, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let item = named(&mut tx, name, restricted).await?;
    if item.topic == KeyTopic::Safeguarding && !restricted {
        let sentence = "this is about safeguarding: its sheet is the DSL's (--restricted)";
        return Err(FlowError::Refused(sentence.to_owned()));
    }
    let names = desk::names(&mut tx).await?;
    let sheet = sheet_of(&mut tx, gateway, &item, &names).await?;
    if is_hidden(&item) {
        let read =
            Entry::now(gateway.now(), kind::READ_RESTRICTED, "its hand-off sheet was read").by("operator");
        chronology::append(&mut tx, &[about(&item, read)]).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    sheet.ok_or_else(|| FlowError::Refused("it cannot be read any more".to_owned()))
}

pub(super) async fn sheet_of(
    tx: &mut Tx,
    gateway: &Gateway,
    item: &KeyItem,
    names: &HashMap<String, String>,
) -> Result<Option<Sheet>, FlowError> {
    let told = match item.item {
        ItemId::Case(case) => of_case(tx, gateway, case, names).await?,
        ItemId::Contact(contact) => of_contact(tx, contact, item, names).await?,
        ItemId::Update(update) => of_update(tx, update, item, names).await?,
    };
    let Some(told) = told else { return Ok(None) };
    let pupil = match item.pupil {
        Some(pupil) => key_items::pupil(tx, pupil).await?,
        None => None,
    };
    let policy = gateway.policy();
    let filed = policy.records.of(item.topic);
    Ok(Some(Sheet {
        occurred_at: told.occurred_at,
        recorded_at: told.recorded_at,
        recorded_by: told.recorded_by,
        pupil: pupil.map(|(name, upn, mis_id)| SheetPupil { name, upn, mis_id }),
        people_involved: told.people,
        category: filed.category.clone(),
        summary: told.summary,
        details: told.details,
        action_taken: told.action_taken,
        outcome: told.outcome,
        alert_to: filed.alert_to.clone(),
        source_ref: told.source_ref,
    }))
}

/// What the record tells of an item.
struct Told {
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    recorded_by: String,
    people: Vec<String>,
    summary: String,
    details: String,
    action_taken: String,
    outcome: String,
    source_ref: String,
}

/// A colleague's name, or the operator's as it stands.
fn who(actor: &str, names: &HashMap<String, String>) -> String {
    names.get(actor).cloned().unwrap_or_else(|| actor.to_owned())
}

fn as_carer(name: &str) -> String {
    format!("{name} (carer)")
}

/// Parts of a story in the order of time, each under its own line.
fn story(mut parts: Vec<(Timestamp, String, String)>) -> String {
    parts.sort_by_key(|(at, ..)| *at);
    let parts = parts.into_iter().map(|(at, who, words)| {
        let head = format!("{}, {who}", moment_in_a_sentence(at));
        if words.trim().is_empty() { head } else { format!("{head}:\n{}", words.trim()) }
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

/// What the carer wrote are the details; what colleagues answered and did is the action.
async fn of_case(
    tx: &mut Tx,
    gateway: &Gateway,
    id: CaseId,
    names: &HashMap<String, String>,
) -> Result<Option<Told>, FlowError> {
    let name = id.to_string();
    let which = WhichCases { named: Some(&name), closed: true, restricted: true };
    let Some(case) = cases::list(tx, &which).await?.pop() else { return Ok(None) };
    let mut wrote = Vec::new();
    for message in desk::messages(tx, Some(id), None).await? {
        let at = message.received_at;
        wrote.push((at, case.carer_name.clone(), words_of(gateway, message).await.words));
    }
    let (mut did, mut colleagues) = (Vec::new(), BTreeSet::new());
    for answer in answers::of_case(tx, id).await?.into_iter().filter(|answer| answer.words.is_some()) {
        let how = answer.route.map(|route| format!(" by {route}")).unwrap_or_default();
        let said = format!("{} replied{how}", who(&answer.author, names));
        did.push((answer.written_at, said, answer.words.unwrap_or_default()));
        colleagues.insert(answer.author);
    }
    for entry in desk::entries_of_case(tx, id).await?.into_iter().filter(|entry| entry.actor != "daemon") {
        let said = format!("{}: {}", who(&entry.actor, names), entry.sentence);
        did.push((entry.happened_at, said, entry.words.unwrap_or_default()));
        colleagues.insert(entry.actor);
    }
    let mut people = vec![as_carer(&case.carer_name)];
    people.extend(colleagues.into_iter().map(|one| who(&one, names)));
    Ok(Some(Told {
        occurred_at: case.opened_at,
        recorded_at: case.opened_at,
        recorded_by: format!("Liaison, from the carer's {}", case.came_by),
        people,
        summary: case.subject,
        details: story(wrote),
        action_taken: story(did),
        outcome: case.outcome.unwrap_or_default(),
        source_ref: format!("Liaison case {}", case.code),
    }))
}

async fn of_contact(
    tx: &mut Tx,
    id: ContactId,
    item: &KeyItem,
    names: &HashMap<String, String>,
) -> Result<Option<Told>, FlowError> {
    let Some(contact) = contacts::find(tx, id).await? else { return Ok(None) };
    let colleagues = contact.colleagues.iter().map(|one| who(&one.to_string(), names));
    let follow_up =
        contact.follow_up_due.map(|due| format!("To be confirmed in writing by {}", day_in_words(due)));
    Ok(Some(Told {
        occurred_at: contact.happened_at,
        recorded_at: contact.recorded_at,
        recorded_by: who(&contact.recorded_by, names),
        people: contact.carer_name.iter().map(|name| as_carer(name)).chain(colleagues).collect(),
        summary: format!("{} about {}", contact.kind.in_words(), item.topic.in_words()),
        details: contact.facts,
        action_taken: contact.agreed.unwrap_or_default(),
        outcome: follow_up.unwrap_or_default(),
        source_ref: format!("Liaison contact {id}"),
    }))
}

async fn of_update(
    tx: &mut Tx,
    id: UpdateId,
    item: &KeyItem,
    names: &HashMap<String, String>,
) -> Result<Option<Told>, FlowError> {
    let Some(sent) = key_items::update(tx, id).await? else { return Ok(None) };
    Ok(Some(Told {
        occurred_at: sent.at,
        recorded_at: sent.at,
        recorded_by: who(&sent.author, names),
        people: sent.carers.iter().map(|name| as_carer(name)).collect(),
        summary: format!("{}, about {}", item.called, item.topic.in_words()),
        details: sent.words,
        action_taken: "The family was told by this update.".to_owned(),
        outcome: String::new(),
        source_ref: format!("Liaison update {id}"),
    }))
}
