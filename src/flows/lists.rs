//! The lists a page shows of cases and questions: read as the colleague, a page at a time, and noted where what is restricted
//! was on it (R55).

use super::{
    FlowError,
    cases::{Listed, with_clocks},
    desk::{note, note_cases, read_restricted},
    gateway::Gateway,
};
use crate::{
    domain::{
        chronology::Visibility,
        ids::{CaseId, QuestionId, StaffId},
        time::{Date, Timestamp},
    },
    store::{
        StoreError,
        case_lists::{self, Counts, List, Place},
        desk::{self, Decided, WhichQuestions},
        questions::QuestionRow,
    },
};

/// How many lines a page of a list shows.
pub const LINES: usize = 25;
/// Closed cases are counted up to here.
pub const MOST_CLOSED: i64 = 999;

/// A page of something.
#[derive(Debug)]
pub struct Page<T, P> {
    /// Its lines.
    pub lines: Vec<T>,
    /// After which line the next page goes on; `None` at the end.
    pub next: Option<P>,
}

/// Cuts what was read, one line more than a page holds, into a page and the place where the next begins.
pub fn page<T, P>(mut read: Vec<(T, P)>) -> Page<T, P> {
    let more = read.len() > LINES;
    read.truncate(LINES);
    let (lines, mut places): (Vec<T>, Vec<P>) = read.into_iter().unzip();
    Page { lines, next: places.pop().filter(|_| more) }
}

/// What is read for a page: one line more tells that there is another page.
pub fn wanted() -> i64 {
    i64::try_from(LINES).unwrap_or(i64::MAX).saturating_add(1)
}

/// A page of a list of open cases, by clock, with how many stand on each list.
pub async fn open_cases(
    gateway: &Gateway,
    staff: StaffId,
    list: List,
    after: Option<Place>,
) -> Result<(Page<Listed, Place>, Counts), FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let counts = case_lists::counts(&mut tx, MOST_CLOSED).await?;
    let Page { lines, next } = page(case_lists::open(&mut tx, list, after, wanted()).await?);
    let lines = with_clocks(&mut tx, lines, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    note_list(gateway, staff, &lines).await?;
    Ok((Page { lines, next }, counts))
}

/// A page of the closed cases, the last closed first, with how many stand on each list.
pub async fn closed_cases(
    gateway: &Gateway,
    staff: StaffId,
    before: Option<(Timestamp, CaseId)>,
) -> Result<(Page<Listed, (Timestamp, CaseId)>, Counts), FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let counts = case_lists::counts(&mut tx, MOST_CLOSED).await?;
    let read = case_lists::closed(&mut tx, before, wanted()).await?;
    let read = read.into_iter().map(|(case, at)| {
        let id = case.id;
        (case, (at, id))
    });
    let Page { lines, next } = page(read.collect());
    let lines = with_clocks(&mut tx, lines, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    note_list(gateway, staff, &lines).await?;
    Ok((Page { lines, next }, counts))
}

async fn note_list(gateway: &Gateway, staff: StaffId, listed: &[Listed]) -> Result<(), FlowError> {
    let restricted = listed.iter().filter(|case| case.visibility == "restricted").map(|case| case.id);
    note_cases(gateway, staff, restricted, "a list with this case was read").await
}

/// A page of the questions that were decided, the last decided first.
pub async fn decided(
    gateway: &Gateway,
    staff: StaffId,
    before: Option<(Timestamp, QuestionId)>,
) -> Result<Page<Decided, (Timestamp, QuestionId)>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let read = desk::decided(&mut tx, before, wanted()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let decided = page(
        read.into_iter()
            .map(|one| {
                let place = (one.at, one.id);
                (one, place)
            })
            .collect(),
    );
    let restricted = decided.lines.iter().filter(|one| one.visibility == Visibility::Restricted);
    let entries = restricted.map(|one| {
        read_restricted(gateway, staff, "a list with a restricted question was read").received(one.received)
    });
    note(gateway, entries.collect()).await?;
    Ok(decided)
}

/// A page of the open questions, by due date; what arrived is not read for it.
pub async fn questions(
    gateway: &Gateway,
    staff: StaffId,
    after: Option<(Date, uuid::Uuid)>,
) -> Result<Page<QuestionRow, (Date, uuid::Uuid)>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let read = desk::questions(&mut tx, WhichQuestions::Open { after, limit: wanted() }).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let questions = page(
        read.into_iter()
            .map(|question| {
                let place = (question.due, question.id.0);
                (question, place)
            })
            .collect(),
    );
    let restricted = questions.lines.iter().filter(|question| question.visibility == Visibility::Restricted);
    let entries = restricted.map(|question| {
        read_restricted(gateway, staff, "a list with a restricted question was read")
            .received(question.received)
    });
    note(gateway, entries.collect()).await?;
    Ok(questions)
}
