//! The month's cap on texts (`cost.parts_per_month` of a channel): what may still leave, what is counted, and who lets texts go
//! on beyond it. At the cap the channel is held like by the breaker: nothing is lost, colleagues are told, and a person decides.

use std::collections::BTreeMap;

use liaison_channels::{
    error::Went,
    sender::{Carries, Limits},
    text::measure,
};
use sqlx::PgConnection;

use super::{FlowError, deliver::Tried, notices};
use crate::{
    domain::{
        chronology::{Entry, kind},
        notice::Notice,
        time::{Date, Timestamp, month_in_words, school_date},
    },
    store::{Tx, chronology, daemons, doubt::InDoubt, texts_of_month},
};

/// Whose hold it is.
pub const CAP: &str = "cap";

/// The first day of the month of this moment, school time.
pub fn first_day(at: Timestamp) -> Date {
    school_date(at).first_of_month()
}

/// What a channel of texts may still send this month, while a group is put together.
#[derive(Debug)]
pub(super) struct Budget {
    first: Date,
    /// Parts that may still leave; `None`: as many as there are.
    left: Option<u64>,
    cap: u32,
    counted: u64,
    full: bool,
}

impl Budget {
    /// Of a channel with these limits. `None` for mail. Other daemons wait with their group until this one is counted.
    pub(super) async fn of(
        tx: &mut Tx,
        channel: &str,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Option<Self>, FlowError> {
        if limits.carries != Carries::Text {
            return Ok(None);
        }
        let first = first_day(now);
        let Some(cap) = limits.cost.parts_per_month else {
            return Ok(Some(Self { first, left: None, cap: 0, counted: 0, full: false }));
        };
        let month = texts_of_month::month_locked(tx, channel, first).await?;
        let left = month.let_on_by.is_none().then(|| u64::from(cap).saturating_sub(month.parts));
        Ok(Some(Self { first, left, cap, counted: 0, full: false }))
    }

    /// Takes so many parts, if they may still leave.
    pub(super) fn takes(&mut self, parts: u32) -> bool {
        let parts = u64::from(parts);
        match &mut self.left {
            Some(left) if *left < parts => {
                self.full = true;
                return false;
            }
            Some(left) => *left -= parts,
            None => {}
        }
        self.counted += parts;
        true
    }

    /// Counts what leaves, and holds the channel once its month is full.
    pub(super) async fn write(self, tx: &mut Tx, channel: &str, now: Timestamp) -> Result<(), FlowError> {
        let counted = i64::try_from(self.counted).unwrap_or(i64::MAX);
        texts_of_month::count(tx, channel, self.first, counted).await?;
        if !self.full {
            return Ok(());
        }
        let reason = format!(
            "the {} parts of texts of {} are used up (cost.parts_per_month); raise it, or let the channel send again: then \
             texts go on beyond it until the month ends",
            self.cap,
            month_in_words(self.first)
        );
        if daemons::hold(tx, channel, &reason, CAP, now).await? {
            tracing::error!(channel, cap = self.cap, "the month's cap has stopped texts: {reason}");
            let entry = Entry::now(now, kind::OPERATOR, format!("channel {channel} held: {reason}"));
            chronology::append(tx, &[entry]).await?;
            notices::at_once(tx, Notice::TextsStopped, now).await?;
        }
        Ok(())
    }
}

/// What certainly did not leave costs nothing.
pub(super) async fn give_back(tx: &mut Tx, channel: &str, group: &[Tried]) -> Result<(), FlowError> {
    let stayed = |one: &&Tried| one.outcome.as_ref().is_err_and(|error| error.went == Went::No);
    let mut months: BTreeMap<Date, i64> = BTreeMap::new();
    for one in group.iter().filter(stayed).filter(|one| one.parts > 0) {
        *months.entry(first_day(one.started_at)).or_default() += i64::from(one.parts);
    }
    for (first, parts) in months {
        texts_of_month::count(tx, channel, first, -parts).await?;
    }
    Ok(())
}

/// What the provider says it never took costs nothing.
pub(super) async fn not_sent(connection: &mut PgConnection, doubt: &InDoubt) -> Result<(), FlowError> {
    let Some(words) = &doubt.wire_body else { return Ok(()) };
    let parts = i64::try_from(measure(words).parts).unwrap_or_default();
    Ok(texts_of_month::count(connection, &doubt.channel, first_day(doubt.since), -parts).await?)
}

/// A person lets the channel send again that its month's cap had stopped: until the month ends there is none.
pub(super) async fn let_on(tx: &mut Tx, channel: &str, by: &str, now: Timestamp) -> Result<(), FlowError> {
    Ok(texts_of_month::let_on(tx, channel, first_day(now), by).await?)
}
