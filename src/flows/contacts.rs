//! Contacts that colleagues write down: calls, meetings, visits, a word at the gate, a postcard home (R22, R25, R34).
//!
//! The words of an ordinary contact stand beside its entry. The entry of a sensitive one is the DSL's, so that a change to its
//! words shows there; for everybody else there is none, for that there was one tells already. The SLT and the colleagues who
//! were there read it in the contact itself, and to them alone its follow-up shows (R60).

use super::{FlowError, gateway::Gateway, planning::opened_entry, salt};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        contact::{ContactKind, Direction},
        ids::{CarerId, CaseId, ContactId, PupilId, StaffId, TaskId},
        time::{Date, Timestamp, day_in_words, school_date},
        topic::Topic,
    },
    store::{
        StoreError, Tx, chronology,
        contacts::{self, ContactRow, Named},
        key_items,
        tasks::{self, NewTask},
    },
};

/// A contact as a colleague tells it. Personal.
#[derive(Debug, Clone)]
pub struct Contact {
    /// How it came about.
    pub kind: ContactKind,
    /// Who sought whom.
    pub direction: Direction,
    /// The pupil it was about.
    pub pupil: PupilId,
    /// The carer, where it was with one.
    pub carer: Option<CarerId>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// When it happened; never later than now.
    pub happened_at: Timestamp,
    /// Where; may be empty.
    pub place: String,
    /// The colleagues who were there.
    pub colleagues: Vec<StaffId>,
    /// What happened; may be empty for good news, which is logged in seconds.
    pub facts: String,
    /// What was agreed; may be empty.
    pub agreed: String,
    /// What it was about, where that was said. One about safeguarding is sensitive.
    pub topic: Option<Topic>,
    /// For few eyes: two colleagues, or a reason for one.
    pub sensitive: bool,
    /// Good news.
    pub praise: bool,
    /// By when what was agreed is to be confirmed in writing.
    pub follow_up_due: Option<Date>,
    /// Why one colleague was alone; may be empty.
    pub one_colleague_because: String,
}

/// A contact that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logged {
    /// Its id.
    pub id: ContactId,
    /// The task to confirm in writing what was agreed.
    pub follow_up: Option<TaskId>,
}

/// Keeps a contact, with its entry and the follow-up that was agreed.
pub async fn log(gateway: &Gateway, contact: &Contact, by: &str) -> Result<Logged, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let logged = keep(&mut tx, gateway, contact, None, by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(logged)
}

/// Corrects a contact: a further row, and an entry that says so; the first stays as it was written. What was sensitive
/// stays so. A follow-up that was opened before is not opened twice.
pub async fn correct(
    gateway: &Gateway,
    wrong: ContactId,
    contact: &Contact,
    why: &str,
    by: &str,
) -> Result<Logged, FlowError> {
    let why = why.trim();
    if why.is_empty() {
        return refused("say what was wrong: the record keeps both");
    }
    let mut tx = gateway.store.begin().await?;
    let Some(before) = contacts::find(&mut tx, wrong).await? else {
        return refused("there is no such contact");
    };
    if before.pupil != contact.pupil {
        return refused("a correction is about the same pupil: log another contact for the other one");
    }
    if before.case.is_some() && before.case != contact.case {
        return refused("a correction stays in its case");
    }
    let contact = Contact { sensitive: contact.sensitive || before.sensitive, ..contact.clone() };
    let logged = keep(&mut tx, gateway, &contact, Some((&before, why)), by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(logged)
}

fn refused<T>(why: impl Into<String>) -> Result<T, FlowError> {
    Err(FlowError::Refused(why.into()))
}

async fn keep(
    tx: &mut Tx,
    gateway: &Gateway,
    contact: &Contact,
    corrects: Option<(&ContactRow, &str)>,
    by: &str,
) -> Result<Logged, FlowError> {
    let now = gateway.now();
    let sensitive = contact.sensitive || contact.topic == Some(Topic::Safeguarding);
    let contact = &Contact { sensitive, ..contact.clone() };
    let mut colleagues = contact.colleagues.clone();
    colleagues.sort_unstable();
    colleagues.dedup();
    makes_sense(contact, &colleagues, now)?;
    let author = by.parse::<StaffId>().ok();
    let Some(named) = contacts::named(tx, contact.pupil, contact.carer, &colleagues, author).await? else {
        return refused("there is no such pupil");
    };
    if contact.carer.is_some() && !named.linked {
        return Err(FlowError::at(
            "carer",
            "this carer is not linked to the pupil: leave the carer out, and say who it was",
        ));
    }
    if usize::try_from(named.colleagues).ok() != Some(colleagues.len()) {
        return Err(FlowError::at(
            "colleague",
            "one of the colleagues is not known here: choose them from the list",
        ));
    }
    let seen_by = visibility(tx, contact).await?;
    let seen_by = if contact.sensitive { Visibility::Restricted } else { seen_by };
    let opened = corrects.and_then(|(before, _)| before.follow_up_task);
    let task = match (contact.follow_up_due, contact.carer) {
        (Some(due), Some(carer)) if opened.is_none() => Some(follow_up(contact, carer, &named, due)),
        _ => None,
    };
    if let Some(task) = &task {
        tasks::insert(tx, std::slice::from_ref(task), now).await?;
    }
    let task_id = opened.or(task.as_ref().map(|task| task.id));
    if let Some(id) = task_id.filter(|_| contact.sensitive) {
        let few: Vec<StaffId> = colleagues.iter().copied().chain(author).collect();
        tasks::keep_for(tx, id, &few).await?;
    }
    let id = ContactId::new();
    let row = contacts::NewContact {
        id,
        kind: contact.kind,
        direction: contact.direction,
        pupil: contact.pupil,
        carer: contact.carer,
        case: contact.case,
        happened_at: contact.happened_at,
        recorded_at: now,
        recorded_by: by,
        place: some(&contact.place),
        colleagues: &colleagues,
        facts: contact.facts.trim(),
        agreed: some(&contact.agreed),
        topic: contact.topic,
        sensitive: contact.sensitive,
        praise: contact.praise,
        follow_up: contact.follow_up_due.zip(task_id),
        one_colleague_because: some(&contact.one_colleague_because),
        corrects: corrects.map(|(before, why)| (before.id, why)),
    };
    if !contacts::insert(tx, &row).await? {
        return refused("it has been corrected already: correct the correction");
    }
    // What was decided of one topic says nothing of another.
    if let Some((before, _)) = corrects.filter(|(before, _)| before.topic == contact.topic) {
        key_items::carry_over(tx, before.id, id).await?;
    }
    let mut told = vec![entry(contact, corrects.map(|(_, why)| why), seen_by, by, now)];
    told.extend(task.iter().map(|task| opened_entry(task, by, now).seen_by(seen_by)));
    chronology::append(tx, &told).await?;
    Ok(Logged { id, follow_up: task_id })
}

fn some(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn makes_sense(contact: &Contact, colleagues: &[StaffId], now: Timestamp) -> Result<(), FlowError> {
    if contact.happened_at > now {
        return Err(FlowError::at(
            "when",
            "a contact cannot be in the future: give the time at which it happened",
        ));
    }
    if some(&contact.facts).is_none() && !contact.praise {
        return Err(FlowError::at("facts", "say what happened, in a sentence"));
    }
    if contact.sensitive && colleagues.len() < 2 && some(&contact.one_colleague_because).is_none() {
        return Err(FlowError::at(
            "alone",
            "a sensitive contact has two colleagues: name both, or say why there was one",
        ));
    }
    let Some(due) = contact.follow_up_due else { return Ok(()) };
    if some(&contact.agreed).is_none() {
        return Err(FlowError::at("agreed", "say what was agreed: the follow-up confirms it in writing"));
    }
    if contact.carer.is_none() {
        return Err(FlowError::at("carer", "name the carer: a follow-up is written to somebody"));
    }
    if due < school_date(contact.happened_at) {
        return Err(FlowError::at(
            "follow_up",
            "the follow-up would be due before the contact: mend the date",
        ));
    }
    Ok(())
}

/// Who may see that there was one: whoever may see its case, if it belongs to one.
async fn visibility(tx: &mut Tx, contact: &Contact) -> Result<Visibility, FlowError> {
    let Some(case) = contact.case else { return Ok(Visibility::Ordinary) };
    match contacts::case(tx, case).await? {
        None => refused("there is no such case"),
        Some((carer, pupil, _))
            if contact.carer.is_some_and(|whose| whose != carer)
                || pupil.is_some_and(|about| about != contact.pupil) =>
        {
            refused("the case is another carer's or another pupil's")
        }
        Some((_, _, visibility)) => Ok(visibility),
    }
}

/// To confirm in writing: for the teacher of the class, where the author is that; otherwise for the author's own role.
fn follow_up(contact: &Contact, carer: CarerId, named: &Named, due: Date) -> NewTask {
    let has = |role: &str| named.roles.iter().any(|own| own == role);
    let role = match () {
        () if named.own_class => "teacher",
        () if has("dsl") => "dsl",
        () if has("slt") => "slt",
        () => "office",
    };
    NewTask {
        id: TaskId::new(),
        kind: "follow_up",
        role,
        class: if named.own_class { named.class } else { None },
        carer,
        pupil: contact.pupil,
        carried: None,
        case: contact.case,
        delivery: None,
        address: None,
        why: format!(
            "confirm in writing what was agreed: {} on {}",
            contact.kind.in_words(),
            day_in_words(school_date(contact.happened_at))
        ),
        due,
    }
}

fn entry(
    contact: &Contact,
    correction: Option<&str>,
    seen_by: Visibility,
    by: &str,
    now: Timestamp,
) -> Entry {
    let what = contact.kind.in_words();
    let (kind, said) = match correction {
        Some(_) => (kind::CONTACT_CORRECTED, format!("the record of {what} was corrected")),
        None if contact.praise && !contact.sensitive => {
            (kind::CONTACT, format!("{what} with good news was recorded"))
        }
        None => (kind::CONTACT, format!("{what} was recorded")),
    };
    let mut entry = Entry::now(now, kind, said).by(by).seen_by(seen_by);
    (entry.pupil, entry.carer, entry.case) = (Some(contact.pupil), contact.carer, contact.case);
    entry.happened_at = contact.happened_at;
    let words = words(contact, correction);
    if words.is_empty() { entry } else { entry.words(salt(), words.into()) }
}

/// The words as they stand beside the entry.
fn words(contact: &Contact, correction: Option<&str>) -> String {
    let parts = [
        correction.map(|why| format!("Corrected because: {why}")),
        some(&contact.facts).map(ToOwned::to_owned),
        some(&contact.agreed).map(|agreed| format!("Agreed: {agreed}")),
        some(&contact.one_colleague_because).map(|why| format!("One colleague because: {why}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
