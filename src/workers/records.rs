//! Writes sheets to the folder of records. A worker of its own: a share that has gone away holds up nothing else.

use std::{sync::Arc, time::Duration};

use super::{Stop, Trouble};
use crate::{
    flows::{FlowError, gateway::Gateway, record_drop},
    store::leader::Leader,
};

const ROUND: Duration = Duration::from_secs(2);

/// Rounds of writing until told to stop, in one daemon at a time.
pub(super) async fn write(gateway: Arc<Gateway>, mut stop: Stop) {
    let mut leader = Leader::new(gateway.store.pool(), "records");
    let mut trouble = Trouble::default();
    while !stop.is_now() {
        let round = write_once(&gateway, &mut leader).await;
        trouble.note("records elsewhere", &round);
        stop.pause(ROUND).await;
    }
    leader.resign().await;
}

async fn write_once(gateway: &Gateway, leader: &mut Leader) -> Result<(), FlowError> {
    if leader.is_ours().await? {
        record_drop::write_due(gateway).await?;
    }
    Ok(())
}
