//! Says that this daemon is alive, to the database and to systemd.

use std::{sync::Arc, time::Duration};

use super::{Stop, Trouble};
use crate::{
    domain::ids::DaemonId,
    flows::{FlowError, gateway::Gateway},
    store::daemons,
};

/// Enters the holders, waiting until the database answers.
pub(super) async fn first(gateway: &Gateway, holders: &[DaemonId]) {
    let mut trouble = Trouble::default();
    loop {
        let round = beat(gateway, holders).await;
        trouble.note("entering this daemon", &round);
        if round.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Beats three times in a lease until told to stop.
pub(super) async fn run(gateway: Arc<Gateway>, holders: Vec<DaemonId>, mut stop: Stop) {
    let mut trouble = Trouble::default();
    while !stop.is_now() {
        stop.pause(gateway.patience.lease / 3).await;
        if stop.is_now() {
            break;
        }
        let round = beat(&gateway, &holders).await;
        trouble.note("heartbeat", &round);
        // The daemon itself is well even while Postgres is away: systemd must not kill what only waits.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
    }
}

/// Says once that these holders live.
pub(super) async fn beat(gateway: &Gateway, holders: &[DaemonId]) -> Result<(), FlowError> {
    let mut connection = gateway.store.acquire().await?;
    for holder in holders {
        daemons::beat(&mut connection, *holder, gateway.now()).await?;
    }
    Ok(())
}
