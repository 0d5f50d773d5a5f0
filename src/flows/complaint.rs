//! A matter that is handed on to the school's Complaints Procedure (R44). The case it came from stays as it is, its messages and
//! entries untouched, and the two name each other. The school's own clocks of the case end as moved, never as answered; a clock
//! of the law runs on, and what the carer writes meanwhile is kept in the case and has a clock of its own, for somebody must
//! answer it. What is told of a complaint is for whoever sees the case; the words are for those who may read its papers.

use super::{
    FlowError,
    case_deeds::{expect_open, said},
    cases::find,
    gateway::Gateway,
    salt,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        complaint::{Number, Outcome, Stage, StageDue, may_own, names_a_panel, redated, stage_due},
        ids::{CaseId, ComplaintId, StaffId},
        policy::Policy,
        time::{Date, Timestamp, day_in_full, school_date},
    },
    store::{
        StoreError, Tx, case_lists,
        cases::CaseRow,
        chronology, clocks,
        complaint_lists::{self, ComplaintRow},
        complaints::{self, Begun, Step},
    },
};

/// A deed with a complaint.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// Which.
    pub number: Number,
    /// The stage it was at for whoever does it: what was meant for one stage is not done to the next.
    pub at: Stage,
    /// Also where its case is restricted.
    pub restricted: bool,
    /// Why, or what was said: beside the entry, where it can be erased.
    pub words: &'a str,
    /// Who.
    pub by: &'a str,
}

/// The next stage, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NextStage<'a> {
    /// Who has it.
    pub owner: StaffId,
    /// For the last one, who sits on the panel: a line for each.
    pub panel: &'a str,
    /// Whether whoever asks is of the SLT, which names the panel.
    pub by_slt: bool,
}

/// Hands a case on to the Complaints Procedure, at its first stage, with this colleague. Returns what people call it.
pub async fn open(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    owner: StaffId,
    why: &str,
    by: &str,
) -> Result<Number, FlowError> {
    let why = said("why", why, "say what the carer is not satisfied with: whoever has it needs to know")?;
    let (now, stage) = (gateway.now(), Stage::Informal);
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    expect_open(&case)?;
    expect_no_complaint(&mut tx, &case, "handed on").await?;
    expect_sees(&mut tx, case.id, owner).await?;
    let number = complaints::next_number(&mut tx, case.visibility == Visibility::Restricted).await?;
    let policy = gateway.policy();
    let (id, due) = (ComplaintId::new(), policy.stage_due(stage, now));
    let calendar = policy.calendar_version();
    let begun = begun(&policy, stage, owner, now, &due, &calendar);
    complaints::insert(&mut tx, (id, number, case.id), &begun, by).await?;
    let runs = runs(number, stage);
    complaints::say_in_case(&mut tx, case.id, Some(&runs)).await?;
    let moved = clocks::move_to(&mut tx, case.id, &format!("complaint {runs}"), by, now).await?;
    let moved = match moved {
        0 => String::new(),
        1 => "; its clock is moved there, and nobody has answered".to_owned(),
        more => format!("; its {more} clocks are moved there, and nobody has answered"),
    };
    let sentence = format!(
        "case {} is handed on to the Complaints Procedure: complaint {runs}, {}{moved}",
        case.code,
        by_day(&due, now)
    );
    let did = Did { at: (id, stage), step: Step::Begun(owner), sentence, words: why };
    tell(&mut tx, &case, did, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(number)
}

/// Records what came of a stage, and what the carer was told.
pub async fn answer(gateway: &Gateway, deed: &Deed<'_>, outcome: Outcome) -> Result<(), FlowError> {
    let words = said("said", deed.words, "sum up in a few neutral words what was found")?;
    if !Outcome::OF_AN_ANSWER.contains(&outcome) {
        return Err(FlowError::at("outcome", "choose what came of it"));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let (case, complaint) = running(&mut tx, deed).await?;
    if complaint.answered_at.is_some() {
        return Err(FlowError::Refused(format!("{} of {} is answered already", deed.at, deed.number)));
    }
    complaints::answer(&mut tx, complaint.id, outcome, now).await?;
    let sentence = format!("complaint {}: {} is answered", deed.number, deed.at);
    let did = Did { at: (complaint.id, deed.at), step: Step::Answered(outcome), sentence, words };
    tell(&mut tx, &case, did, deed.by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The carer is not satisfied: the next stage begins, with a colleague who did not have this one.
pub async fn next_stage(gateway: &Gateway, deed: &Deed<'_>, wanted: &NextStage<'_>) -> Result<(), FlowError> {
    let why = said("why", deed.words, "say why the carer is not satisfied: the next stage begins with it")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let (case, complaint) = running(&mut tx, deed).await?;
    let stage = deed.at.next().ok_or_else(|| {
        FlowError::Refused(format!("{} is the last: record what the panel found, and close it", deed.at))
    })?;
    let mut words = why.to_owned();
    if stage == Stage::Panel {
        if !may_name_panel(wanted.by_slt, case.visibility) {
            return Err(FlowError::Refused("a panel is named by senior leadership".to_owned()));
        }
        names_a_panel(wanted.panel).map_err(|why| FlowError::at("panel", why))?;
        words = format!("{words}\n\nThe panel:\n{}", wanted.panel.trim());
    }
    expect_sees(&mut tx, case.id, wanted.owner).await?;
    expect_may_own(&mut tx, &complaint, stage, wanted.owner).await?;
    let policy = gateway.policy();
    let (due, calendar) = (policy.stage_due(stage, now), policy.calendar_version());
    let begun = begun(&policy, stage, wanted.owner, now, &due, &calendar);
    complaints::begin(&mut tx, complaint.id, &begun).await?;
    complaints::say_in_case(&mut tx, case.id, Some(&runs(deed.number, stage))).await?;
    let answered = if complaint.answered_at.is_some() { "was answered" } else { "was not answered" };
    let sentence = format!(
        "complaint {}: {stage} begins, {}, with another colleague; {} {answered}",
        deed.number,
        by_day(&due, now),
        deed.at
    );
    let did = Did { at: (complaint.id, stage), step: Step::Begun(wanted.owner), sentence, words: &words };
    tell(&mut tx, &case, did, deed.by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Gives the present stage to another colleague. Its day stands.
pub async fn give(gateway: &Gateway, deed: &Deed<'_>, owner: StaffId) -> Result<(), FlowError> {
    let why = said("why", deed.words, "say why somebody else has it from now on")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let (case, complaint) = running(&mut tx, deed).await?;
    if complaint.owner == owner {
        return Err(FlowError::at("owner", "that colleague has it already"));
    }
    expect_sees(&mut tx, case.id, owner).await?;
    expect_may_own(&mut tx, &complaint, deed.at, owner).await?;
    complaints::give(&mut tx, complaint.id, owner).await?;
    let sentence = format!("complaint {}: another colleague has {} from now on", deed.number, deed.at);
    let did = Did { at: (complaint.id, deed.at), step: Step::Given(owner), sentence, words: why };
    tell(&mut tx, &case, did, deed.by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Closes a complaint: with what its last stage found, or as withdrawn where that was never answered. The case stays open.
pub async fn close(gateway: &Gateway, deed: &Deed<'_>) -> Result<(), FlowError> {
    let words = said("end", deed.words, "say how it ended: the record needs it")?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let (case, complaint) = running(&mut tx, deed).await?;
    let outcome = complaint.outcome.unwrap_or(Outcome::Withdrawn);
    complaints::close(&mut tx, complaint.id, outcome, now).await?;
    complaints::say_in_case(&mut tx, case.id, None).await?;
    let sentence = format!("complaint {} is closed at {}", deed.number, deed.at);
    let did = Did { at: (complaint.id, deed.at), step: Step::Closed(outcome), sentence, words };
    tell(&mut tx, &case, did, deed.by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Whether somebody may name the panel: the SLT, or the DSL where nobody else sees the case.
pub fn may_name_panel(by_slt: bool, visibility: Visibility) -> bool {
    by_slt || visibility == Visibility::Restricted
}

/// Refuses what ends a case, or begins a complaint, while one runs in it.
pub(super) async fn expect_no_complaint(tx: &mut Tx, case: &CaseRow, done: &str) -> Result<(), FlowError> {
    match complaints::running_in(tx, &[case.id]).await?.remove(&case.id) {
        None => Ok(()),
        Some(runs) => Err(FlowError::Refused(format!(
            "case {} cannot be {done}: it is in the Complaints Procedure, complaint {runs}",
            case.code
        ))),
    }
}

/// Counts the stages anew that wait for an answer and were counted by another calendar; returns how many moved or got their
/// first day.
pub async fn redate(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let moved = redate_all(&mut tx, &gateway.policy(), gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(moved)
}

/// The same in the caller's transaction, by this policy.
pub(super) async fn redate_all(tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<usize, FlowError> {
    let version = policy.calendar_version();
    let ids = complaint_lists::counted_before(tx, &version).await?;
    let mut moved = 0;
    for complaint in complaint_lists::read(tx, &ids).await? {
        let days = u8::try_from(complaint.days).unwrap_or(u8::MAX);
        let calendar = policy.calendar.as_ref();
        let fresh = stage_due(complaint.stage, days, complaint.began_at, calendar, &policy.clock);
        let Some(day) = redated(complaint.due_day, &fresh, school_date(now)) else {
            let words = if complaint.due_day.is_none() { &fresh.words } else { &complaint.due_words };
            complaints::redate(tx, complaint.id, complaint.due_day, words, &version).await?;
            continue;
        };
        complaints::redate(tx, complaint.id, Some(day), &fresh.words, &version).await?;
        let entry = Entry::now(now, kind::COMPLAINT, dated_anew(&complaint, day, now));
        chronology::append(tx, &[about(entry, &complaint)]).await?;
        moved += 1;
    }
    Ok(moved)
}

fn dated_anew(complaint: &ComplaintRow, day: Date, now: Timestamp) -> String {
    let (number, stage, today) = (complaint.number, complaint.stage, school_date(now));
    let by = day_in_full(day, today);
    match complaint.due_day {
        None => format!("complaint {number}: the calendar reaches that far now: {stage} is due by {by}"),
        Some(old) => {
            let old = day_in_full(old, today);
            format!("complaint {number}: the calendar changed: {stage} is due by {by} instead of {old}")
        }
    }
}

/// The entry, about the case that a complaint came from.
fn about(mut entry: Entry, complaint: &ComplaintRow) -> Entry {
    entry.carer = Some(complaint.carer_id);
    entry.pupil = complaint.pupil_name.is_some().then_some(complaint.pupil);
    entry.case(complaint.case).seen_by(complaint.visibility)
}

/// `C-7, stage 1`.
fn runs(number: Number, stage: Stage) -> String {
    format!("{number}, {stage}")
}

/// By when, as an entry says it; loudly where no day can be named.
fn by_day(due: &StageDue, now: Timestamp) -> String {
    due.day.map_or_else(
        || {
            tracing::error!("no day can be named for a stage of a complaint: {}", due.words);
            "for which no day can be named".to_owned()
        },
        |day| format!("due by {}", day_in_full(day, school_date(now))),
    )
}

fn begun<'a>(
    policy: &Policy,
    stage: Stage,
    owner: StaffId,
    at: Timestamp,
    due: &'a StageDue,
    calendar: &'a str,
) -> Begun<'a> {
    Begun { stage, owner, at, due, days: policy.days_of(stage), calendar }
}

/// The complaint and its case, which is held: it runs, and is at the stage that was meant.
async fn running(tx: &mut Tx, deed: &Deed<'_>) -> Result<(CaseRow, ComplaintRow), FlowError> {
    let number = deed.number;
    let none = || FlowError::Refused(format!("there is no complaint {number}"));
    let id = complaint_lists::named(tx, number).await?.ok_or_else(none)?;
    let case = complaint_lists::read(tx, &[id]).await?.pop().ok_or_else(none)?.case;
    let case = find(tx, &case.to_string(), deed.restricted).await.map_err(|error| match error {
        FlowError::Refused(_) => none(),
        other => other,
    })?;
    // As it is now that nobody else can change it.
    let complaint = complaint_lists::read(tx, &[id]).await?.pop().ok_or_else(none)?;
    if complaint.closed_at.is_some() {
        return Err(FlowError::Refused(format!("complaint {number} is closed")));
    }
    if complaint.stage != deed.at {
        let now = complaint.stage;
        return Err(FlowError::Refused(format!("complaint {number} is at {now} by now: look at it again")));
    }
    Ok((case, complaint))
}

async fn expect_sees(tx: &mut Tx, case: CaseId, owner: StaffId) -> Result<(), FlowError> {
    let takers = case_lists::takers(tx, case).await?;
    if takers.iter().any(|taker| taker.id == owner.0) {
        return Ok(());
    }
    Err(FlowError::at("owner", "that colleague could not see this case: choose another one"))
}

async fn expect_may_own(
    tx: &mut Tx,
    complaint: &ComplaintRow,
    stage: Stage,
    owner: StaffId,
) -> Result<(), FlowError> {
    let steps = complaints::steps(tx, complaint.id).await?;
    let held: Vec<_> = steps.iter().filter_map(|row| Some((row.stage, row.step.owner()?))).collect();
    may_own(stage, owner, &held).map_err(|why| FlowError::at("owner", why))
}

/// What a deed did.
struct Did<'a> {
    at: (ComplaintId, Stage),
    step: Step,
    sentence: String,
    words: &'a str,
}

/// Writes the entry of a deed, for the eyes the case is for, and keeps the step.
async fn tell(tx: &mut Tx, case: &CaseRow, did: Did<'_>, by: &str, now: Timestamp) -> Result<(), FlowError> {
    let entry = Entry::now(now, kind::COMPLAINT, did.sentence)
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility)
        .words(salt(), did.words.into());
    complaints::step(tx, did.at, did.step, entry.id, by, now).await?;
    Ok(chronology::append(tx, &[entry]).await?)
}
