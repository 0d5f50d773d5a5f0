//! Listens for Postgres's notice that something was queued, and wakes the lanes.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgListener;
use tokio::{sync::watch, task::JoinSet};

use super::Stop;
use crate::flows::gateway::Gateway;

/// Starts the listener; the receiver changes at every notice. A notice that is lost (the connection broke) costs no more
/// than the lanes' next poll.
pub(super) fn spawn(workers: &mut JoinSet<()>, gateway: &Arc<Gateway>, stop: Stop) -> watch::Receiver<u64> {
    let (sender, receiver) = watch::channel(0);
    let pool = gateway.store.pool().clone();
    workers.spawn(async move {
        let mut stop = stop;
        while !stop.is_now() {
            tokio::select! {
                () = stop.wait() => break,
                _ = listen(&pool, &sender) => {}
            }
            stop.pause(Duration::from_secs(1)).await;
        }
    });
    receiver
}

async fn listen(pool: &sqlx::PgPool, sender: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("liaison_outbox").await?;
    loop {
        // `None`: the connection broke and a notice may be lost. Either way there may be something to do.
        listener.try_recv().await?;
        sender.send_modify(|notices| *notices = notices.wrapping_add(1));
    }
}
