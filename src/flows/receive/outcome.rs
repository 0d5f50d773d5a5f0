//! What a batch comes to, gathered over its messages and written at once.

use sqlx::PgConnection;

use super::FlowError;
use crate::{
    domain::{chronology::Entry, ids::CaseId, time::Timestamp},
    flows::notices,
    store::{
        answers::{self, NewAnswer},
        cases::{self, NewCase},
        chronology,
        clocks::{self, NewClock},
        outbox::{self, NewDelivery},
        questions::{self, NewQuestion},
        readings::{self, NewReading},
        tasks::{self, NewTask},
    },
};

/// The rows of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) readings: Vec<NewReading>,
    pub(super) cases: Vec<NewCase>,
    /// Cases that got a further message: whether that opens them again, and when it came.
    pub(super) joined: Vec<(CaseId, bool, Timestamp)>,
    /// Cases that are the DSL's from now on.
    pub(super) restricted: Vec<CaseId>,
    pub(super) clocks: Vec<NewClock>,
    pub(super) questions: Vec<NewQuestion>,
    pub(super) answers: Vec<NewAnswer>,
    pub(super) deliveries: Vec<NewDelivery>,
    pub(super) tasks: Vec<NewTask>,
    /// Pairs of a delivery's id and the rules that chose it.
    pub(super) choices: Vec<(uuid::Uuid, String)>,
    pub(super) entries: Vec<Entry>,
    /// How many messages the DSL should look at now.
    pub(super) alerts: usize,
}

impl Outcome {
    /// Writes all of it in the caller's transaction.
    pub(super) async fn write(self, connection: &mut PgConnection, now: Timestamp) -> Result<(), FlowError> {
        cases::insert(connection, &self.cases).await?;
        cases::join(connection, &self.joined).await?;
        cases::restrict(connection, &self.restricted, now).await?;
        clocks::insert(connection, &self.clocks).await?;
        questions::insert(connection, &self.questions, now).await?;
        answers::insert(connection, &self.answers, now).await?;
        if !self.deliveries.is_empty() {
            outbox::insert(connection, &self.deliveries, now).await?;
        }
        outbox::keep_choices(connection, &self.choices).await?;
        tasks::insert(connection, &self.tasks, now).await?;
        readings::keep(connection, &self.readings, now).await?;
        chronology::append(connection, &self.entries).await?;
        if self.alerts > 0 {
            notices::alert(connection, self.alerts, None, now).await?;
        }
        Ok(())
    }
}
