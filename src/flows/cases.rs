//! What colleagues do with cases: list, read, hand on, close. `reply` is beside.

use liaison_channels::{
    inbound::{RawForm, read_text},
    reading::{Hints, read_within},
};
use serde::Serialize;

use super::{FlowError, complaint::expect_no_complaint, gateway::Gateway, kinds::expect_nothing_owed, salt};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{CaseId, ReceivedId},
        people::Route,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, answers,
        answers::AnswerView,
        cases,
        cases::{CaseRow, WhichCases},
        chronology,
        clocks::{self, ClockRow, WhichClocks},
        complaints, inbox,
        readings::{self, ReceivedView, WhichReceived},
    },
};

pub use super::{
    case_deeds::{escalate, note, reopen},
    elsewhere::{Elsewhere, How, answered_elsewhere},
    kinds::{decide, fulfil, rekind},
    promise::promise,
    reply::{Replied, Reply, reply},
};

/// The roles a case can be given to.
pub const ROLES: [&str; 4] = ["teacher", "office", "slt", "dsl"];

/// A case on somebody's list.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its code.
    pub code: String,
    /// Its id.
    pub id: CaseId,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name; `None`: being asked.
    pub pupil: Option<String>,
    /// The class.
    pub class: Option<String>,
    /// The word of a [`CaseKind`](crate::domain::case_kind::CaseKind).
    pub kind: String,
    /// `email` or `text`.
    pub came_by: &'static str,
    /// Its subject.
    pub subject: String,
    /// Whose list it is on.
    pub role: String,
    /// The colleague it was given to by name.
    pub owner: Option<String>,
    /// `open` or `closed`.
    pub state: &'static str,
    /// `ordinary` or `restricted`.
    pub visibility: &'static str,
    /// When its first message came.
    pub opened_at: Timestamp,
    /// When its last message came.
    pub last_at: Timestamp,
    /// What came of it.
    pub outcome: Option<String>,
    /// The moment by which a person must answer: of the clock that runs out first.
    pub due: Option<Timestamp>,
    /// Whether that has passed.
    pub overdue: bool,
    /// Whether a date is owed that the calendar cannot give.
    pub calendar_missing: bool,
    /// Its clocks.
    pub clocks: Vec<ClockRow>,
    /// The complaint that runs in it: `C-7, stage 1`.
    pub complaint: Option<String>,
}

/// Cases, the one that has waited longest first. Restricted ones only for those who may see them.
pub async fn list(gateway: &Gateway, closed: bool, restricted: bool) -> Result<Vec<Listed>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let which = WhichCases { named: None, closed, restricted };
    let rows = cases::list(&mut tx, &which).await?;
    let listed = with_clocks(&mut tx, rows, gateway.now()).await?;
    tell_read(&mut tx, gateway, &listed, "the list of cases was read, restricted ones included").await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(listed)
}

pub(super) async fn with_clocks(
    tx: &mut Tx,
    rows: Vec<CaseRow>,
    now: Timestamp,
) -> Result<Vec<Listed>, FlowError> {
    let ids: Vec<CaseId> = rows.iter().map(|row| row.id).collect();
    let clocks = clocks::list(tx, WhichClocks::Of(&ids)).await?;
    let mut running = complaints::running_in(tx, &ids).await?;
    let listed = rows.into_iter().map(|row| {
        let own: Vec<ClockRow> = clocks.iter().filter(|clock| clock.case == row.id).cloned().collect();
        let complaint = running.remove(&row.id);
        listed(row, own, complaint, now)
    });
    Ok(listed.collect())
}

fn listed(row: CaseRow, clocks: Vec<ClockRow>, complaint: Option<String>, now: Timestamp) -> Listed {
    let due = clocks.iter().filter(|clock| clock.state == "running").filter_map(|clock| clock.due_at).min();
    Listed {
        code: row.code,
        id: row.id,
        carer: row.carer_name,
        pupil: row.pupil_name,
        class: row.class_name,
        kind: row.kind,
        came_by: row.came_by.as_str(),
        subject: row.subject,
        role: row.role,
        owner: row.owner,
        state: if row.open { "open" } else { "closed" },
        visibility: row.visibility.as_str(),
        opened_at: row.opened_at,
        last_at: row.last_at,
        outcome: row.outcome,
        due,
        overdue: due.is_some_and(|due| due < now),
        calendar_missing: clocks.iter().any(|clock| clock.state == "calendar_missing"),
        clocks,
        complaint,
    }
}

/// Reading what is restricted is an event like any other (R55).
async fn tell_read(tx: &mut Tx, gateway: &Gateway, read: &[Listed], said: &str) -> Result<(), FlowError> {
    let entries: Vec<Entry> = read
        .iter()
        .filter(|case| case.visibility == "restricted")
        .map(|case| {
            Entry::now(gateway.now(), kind::READ_RESTRICTED, said)
                .by("operator")
                .case(case.id)
                .seen_by(Visibility::Restricted)
        })
        .collect();
    Ok(chronology::append(tx, &entries).await?)
}

/// A message of a case, with the words as the person wrote them.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// What is known of it.
    #[serde(flatten)]
    pub view: ReceivedView,
    /// What the person wrote now, quotes and signatures apart.
    pub words: String,
    /// Whether something was left out as a quote or a signature; the bytes as they came have it.
    pub shortened: bool,
}

/// A case with its whole story.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The case.
    #[serde(flatten)]
    pub case: Listed,
    /// What arrived.
    pub messages: Vec<Message>,
    /// What was said.
    pub answers: Vec<AnswerView>,
}

/// One case by its code or id. A restricted one, for those who may not see it, does not exist.
pub async fn show(gateway: &Gateway, name: &str, restricted: bool) -> Result<Shown, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let row = find(&mut tx, name, restricted).await?;
    let id = row.id;
    let case = with_clocks(&mut tx, vec![row], gateway.now()).await?.pop().ok_or_else(|| no_case(name))?;
    tell_read(&mut tx, gateway, std::slice::from_ref(&case), "the case was read").await?;
    let mut messages = Vec::new();
    for view in readings::list(&mut tx, WhichReceived { case: Some(id), restricted, id: None }).await? {
        let read = read_again(&mut tx, gateway, ReceivedId(view.id)).await?;
        let (words, shortened) = read.map(|read| (read.words, read.shortened)).unwrap_or_default();
        messages.push(Message { view, words, shortened });
    }
    let answers = answers::of_case(&mut tx, id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Shown { case, messages, answers })
}

/// The case, locked until the transaction ends: a reply must not slip past a divert of the same moment.
pub(super) async fn find(tx: &mut Tx, name: &str, restricted: bool) -> Result<CaseRow, FlowError> {
    cases::lock(tx, name.trim()).await?;
    let which = WhichCases { named: Some(name.trim()), closed: true, restricted };
    cases::list(tx, &which).await?.pop().ok_or_else(|| no_case(name))
}

pub(super) fn no_case(name: &str) -> FlowError {
    FlowError::Refused(format!("there is no case {name}; `liaison cases list` shows them"))
}

/// What the person wrote, read again from the kept bytes.
pub(super) async fn words_of(
    tx: &mut Tx,
    gateway: &Gateway,
    received: ReceivedId,
) -> Result<String, FlowError> {
    Ok(read_again(tx, gateway, received).await?.map(|read| read.words).unwrap_or_default())
}

/// A kept message, read again.
pub(super) struct ReadAgain {
    pub(super) words: String,
    pub(super) shortened: bool,
    pub(super) message_id: Option<String>,
    pub(super) references: Vec<String>,
}

pub(super) async fn read_again(
    tx: &mut Tx,
    gateway: &Gateway,
    received: ReceivedId,
) -> Result<Option<ReadAgain>, FlowError> {
    let Some(kept) = inbox::find(tx, received).await? else { return Ok(None) };
    if kept.form != RawForm::MAIL {
        let words = read_text(kept.form, kept.raw.expose()).map(|text| text.body.into_inner());
        return Ok(Some(ReadAgain {
            words: words.unwrap_or_default(),
            shortened: false,
            message_id: None,
            references: Vec::new(),
        }));
    }
    let (hints, limits) = (Hints { own: gateway.own.clone(), envelope_from: None }, gateway.reading);
    let read = tokio::task::spawn_blocking(move || read_within(kept.raw.expose(), &hints, &limits)).await;
    Ok(read.ok().map(|reading| ReadAgain {
        shortened: reading.reply_text.expose().trim() != reading.text.expose().trim()
            && !reading.reply_text.expose().trim().is_empty(),
        words: if reading.reply_text.expose().trim().is_empty() {
            reading.text.into_inner()
        } else {
            reading.reply_text.into_inner()
        },
        message_id: reading.message_id,
        references: reading.references,
    }))
}

/// Gives a case to a role, and to a colleague by name. Its clocks run on.
pub async fn assign(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    role: &str,
    owner: Option<&str>,
    by: &str,
) -> Result<(), FlowError> {
    let role = role.trim().to_ascii_lowercase();
    let role = role.as_str();
    if !ROLES.contains(&role) {
        return Err(FlowError::at("role", format!("a case can be given to one of: {}", ROLES.join(", "))));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if case.visibility == Visibility::Restricted && role != "dsl" {
        return Err(FlowError::Refused("a restricted case stays with the DSL".to_owned()));
    }
    if !case.open {
        return Err(FlowError::Refused(format!(
            "case {} is closed; a further message of the carer opens it again",
            case.code
        )));
    }
    let owner = owner.map(str::trim).filter(|owner| !owner.is_empty());
    cases::assign(&mut tx, case.id, role, owner).await?;
    let entry = Entry::now(now, kind::CASE_MOVED, format!("case {} given to {role}", case.code))
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility);
    // A colleague's name stands beside the entry, where it can be erased.
    let entry = match owner {
        Some(owner) => entry.words(salt(), owner.into()),
        None => entry,
    };
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Closes a case with what came of it; clocks that still run end with it, and the record says that nobody answered.
pub async fn close(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    outcome: &str,
    by: &str,
) -> Result<(), FlowError> {
    if outcome.trim().is_empty() {
        return Err(FlowError::at("outcome", "say what came of it: the record needs an outcome"));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    expect_nothing_owed(&mut tx, &case).await?;
    expect_no_complaint(&mut tx, &case, "closed").await?;
    if !cases::close(&mut tx, case.id, by, outcome.trim(), now).await? {
        return Err(FlowError::Refused(format!("case {} is closed already", case.code)));
    }
    let ended = clocks::stop(&mut tx, case.id, None, None, by, now).await?;
    let unanswered = if ended > 0 {
        format!("; {ended} clock(s) ended without an answer from here")
    } else {
        String::new()
    };
    let entry = Entry::now(now, kind::CASE_MOVED, format!("case {} closed{unanswered}", case.code))
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility)
        .words(salt(), outcome.trim().into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The route a stored word means, for messages that arrived.
pub(super) fn came_by(form: RawForm) -> Route {
    if form == RawForm::MAIL { Route::Email } else { Route::Text }
}
