//! "Why?" for a delivery or a task: the rules that fired, what they saw, and what came of it (R58).

use serde::Serialize;
use uuid::Uuid;

use super::{FlowError, gateway::Gateway, tasks};
use crate::{
    domain::{
        ids::{DeliveryId, TaskId},
        route::Fired,
        time::Timestamp,
    },
    store::explain::{self, AttemptView, DeliveryView, Filter},
};

/// All that is known of why a delivery or task is as it is.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The delivery, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryView>,
    /// The task, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<tasks::Listed>,
    /// The rules that chose the route, with what they saw.
    pub route: Vec<Fired>,
    /// Each attempt, with the rules that let or stopped it.
    pub attempts: Vec<Explanation>,
    /// What the provider reported later.
    pub receipts: Vec<Reported>,
}

/// One attempt and its rules.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The attempt.
    #[serde(flatten)]
    pub attempt: AttemptView,
    /// The rules of the gate, with what they saw.
    pub gate: Vec<Fired>,
}

/// One receipt.
#[derive(Debug, Serialize)]
pub struct Reported {
    /// The provider's word.
    pub status: String,
    /// The provider's code.
    pub code: String,
    /// When it reached us.
    pub at: Timestamp,
}

/// Explains the delivery or task with this id.
pub async fn explain(gateway: &Gateway, id: Uuid) -> Result<Explained, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let filter = Filter { id: Some(DeliveryId(id)), ..Filter::default() };
    let route = rules(explain::choice(&mut connection, id).await?.as_deref().unwrap_or_default());
    let Some(delivery) = explain::deliveries(&mut connection, &filter).await?.pop() else {
        drop(connection);
        let task = tasks::show(gateway, TaskId(id)).await.map_err(|error| match error {
            FlowError::Refused(_) | FlowError::At { .. } => FlowError::Refused(format!(
                "there is no delivery or task {id}; `liaison queue list` and `liaison tasks list` show them"
            )),
            other => other,
        })?;
        return Ok(Explained {
            delivery: None,
            task: Some(task),
            route,
            attempts: Vec::new(),
            receipts: Vec::new(),
        });
    };
    let attempts = explain::attempts(&mut connection, DeliveryId(id)).await?;
    let attempts =
        attempts.into_iter().map(|attempt| Explanation { gate: rules(&attempt.gate), attempt }).collect();
    let receipts = explain::receipts(&mut connection, DeliveryId(id)).await?;
    let receipts = receipts.into_iter().map(|(status, code, at)| Reported { status, code, at }).collect();
    Ok(Explained { route, delivery: Some(delivery), task: None, attempts, receipts })
}

fn rules(json: &str) -> Vec<Fired> {
    serde_json::from_str(json).unwrap_or_default()
}
