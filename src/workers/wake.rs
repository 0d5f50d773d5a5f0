//! Listens for Postgres's notices that something was queued or has arrived, and wakes whoever it concerns.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgListener;
use tokio::{sync::watch, task::JoinSet};

use super::Stop;
use crate::flows::gateway::Gateway;

/// Postgres's names for the two notices.
const QUEUED: &str = "liaison_outbox";
const ARRIVED: &str = "liaison_received";

/// Each changes at every notice of its kind. A notice that is lost (the connection broke) costs no more than the next
/// poll of whoever waits.
#[derive(Clone)]
pub(super) struct Wakes {
    /// Something was queued to be sent.
    pub(super) queued: watch::Receiver<u64>,
    /// Something has arrived and was kept.
    pub(super) arrived: watch::Receiver<u64>,
}

struct Bells {
    queued: watch::Sender<u64>,
    arrived: watch::Sender<u64>,
}

/// Starts the listener.
pub(super) fn spawn(workers: &mut JoinSet<()>, gateway: &Arc<Gateway>, stop: Stop) -> Wakes {
    let (queued, on_queued) = watch::channel(0);
    let (arrived, on_arrived) = watch::channel(0);
    let bells = Bells { queued, arrived };
    let pool = gateway.store.pool().clone();
    workers.spawn(async move {
        let mut stop = stop;
        while !stop.is_now() {
            tokio::select! {
                () = stop.wait() => break,
                _ = listen(&pool, &bells) => {}
            }
            stop.pause(Duration::from_secs(1)).await;
        }
    });
    Wakes { queued: on_queued, arrived: on_arrived }
}

async fn listen(pool: &sqlx::PgPool, bells: &Bells) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([QUEUED, ARRIVED]).await?;
    loop {
        // `None`: the connection broke and a notice may be lost. Then there may be something to do for anybody.
        let notice = listener.try_recv().await?;
        let which = notice.as_ref().map(sqlx::postgres::PgNotification::channel);
        if which != Some(ARRIVED) {
            ring(&bells.queued);
        }
        if which != Some(QUEUED) {
            ring(&bells.arrived);
        }
    }
}

fn ring(bell: &watch::Sender<u64>) {
    bell.send_modify(|notices| *notices = notices.wrapping_add(1));
}
