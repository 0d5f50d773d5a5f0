//! A colleague answered without Liaison: by phone, at the gate. When it happened and when it was written down both stay.

use super::{
    FlowError,
    case_deeds::{expect_open, said},
    cases::find,
    gateway::Gateway,
    salt,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        time::{Timestamp, moment_in_full},
    },
    store::{StoreError, chronology, clocks},
};

/// How a colleague answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By phone.
    Phone,
    /// Face to face.
    InPerson,
    /// By another way.
    Other,
}

impl How {
    /// Reads `phone`, `in_person` or `other`.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim() {
            "phone" => Some(Self::Phone),
            "in_person" | "in-person" => Some(Self::InPerson),
            "other" => Some(Self::Other),
            _ => None,
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Phone => "by phone",
            Self::InPerson => "in person",
            Self::Other => "by another way",
        }
    }
}

/// What a colleague said to a carer elsewhere.
#[derive(Debug, Clone)]
pub struct Elsewhere<'a> {
    /// How.
    pub how: How,
    /// What was said, for the record.
    pub words: &'a str,
    /// When; may lie back, never ahead.
    pub happened_at: Timestamp,
    /// It is all that was promised before: only then does it stop the clock of that promise.
    pub full_answer: bool,
}

/// Records that a colleague has answered elsewhere: stops the answer clocks of what had come by then, as of that moment
/// (R34, R38). Returns how many clocks it stopped.
pub async fn answered_elsewhere(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    answer: &Elsewhere<'_>,
    by: &str,
) -> Result<u64, FlowError> {
    let words = said("said", answer.words, "say what was said: the record needs words")?;
    let now = gateway.now();
    if answer.happened_at > now {
        return Err(FlowError::at("when", "that lies ahead: record it when it has happened"));
    }
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    expect_open(&case)?;
    if answer.happened_at < case.opened_at {
        let began = moment_in_full(case.opened_at, now);
        return Err(FlowError::at(
            "when",
            format!("case {} began only {began}: what was said before cannot answer it", case.code),
        ));
    }
    let stopped = clocks::met_elsewhere(&mut tx, case.id, answer.full_answer, by, answer.happened_at).await?;
    let how = answer.how.in_words();
    let sentence = format!("case {} answered {how}; {stopped} clock(s) stopped", case.code);
    let mut entry = Entry::now(now, kind::ANSWERED_ELSEWHERE, sentence)
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility)
        .words(salt(), words.into());
    entry.happened_at = answer.happened_at;
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(stopped)
}
