//! What runs by itself. Workers start flows and decide nothing; each ends when it is told to stop, and any that ends by
//! itself ends the process, so that systemd starts it anew.

mod attachments;
mod caretaker;
mod heartbeat;
mod inbound;
mod outbox;
mod records;
mod wake;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use crate::flows::{FlowError, deliver, gateway::Gateway, mailbox::Mailbox};

/// Tells every worker to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A switch and what it stops.
    pub fn switch() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Whether to stop.
    pub fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is time to stop.
    pub async fn wait(&mut self) {
        // An error means that the switch is gone: then there is nobody left to work for.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Waits for `pause`, or less when it is time to stop.
    pub async fn pause(&mut self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.wait() => {}
        }
    }
}

/// Starts every worker of a daemon; it reads these mailboxes.
pub async fn start(gateway: &Arc<Gateway>, mailboxes: Vec<Mailbox>, stop: &Stop) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let wakes = wake::spawn(&mut workers, gateway, stop.clone());
    let lanes: Vec<_> = gateway.senders.values().flat_map(|sender| deliver::lanes(gateway, sender)).collect();
    let holders: Vec<_> = lanes.iter().map(deliver::Lane::holder).collect();
    // A lane may claim only what would be rescued from it, so the first beat comes before the first claim.
    heartbeat::first(gateway, &holders).await;
    workers.spawn(heartbeat::run(Arc::clone(gateway), holders.clone(), stop.clone()));
    for lane in lanes {
        workers.spawn(outbox::run(Arc::clone(gateway), lane, wakes.queued.clone(), stop.clone()));
    }
    for mailbox in mailboxes {
        workers.spawn(inbound::mailbox(Arc::clone(gateway), mailbox, stop.clone()));
    }
    for sender in gateway.senders.values() {
        workers.spawn(keep_company(
            inbound::list(Arc::clone(gateway), Arc::clone(sender), stop.clone()),
            stop.clone(),
        ));
    }
    workers.spawn(inbound::reader(Arc::clone(gateway), wakes.arrived, stop.clone()));
    workers.spawn(attachments::run(Arc::clone(gateway), stop.clone()));
    workers.spawn(caretaker::care(Arc::clone(gateway), holders, stop.clone()));
    workers.spawn(caretaker::seal(Arc::clone(gateway), stop.clone()));
    if gateway.sink.is_some() {
        workers.spawn(records::write(Arc::clone(gateway), stop.clone()));
    }
    workers
}

/// Runs a worker that may rightly be done early: the daemon ends when any worker does, so this one waits for the stop.
async fn keep_company(worker: impl Future<Output = ()>, mut stop: Stop) {
    worker.await;
    stop.wait().await;
}

/// Says a trouble once when it begins and once when it is over, not every second.
#[derive(Debug, Default)]
struct Trouble(Option<String>);

impl Trouble {
    /// Notes what a round came to; logs only when that changed.
    fn note<T>(&mut self, what: &str, round: &Result<T, FlowError>) {
        match round {
            Ok(_) => {
                if self.0.take().is_some() {
                    tracing::info!("{what}: works again");
                }
            }
            Err(error) => {
                let sentence = error.to_string();
                if self.0.as_deref() != Some(&sentence) {
                    if error.is_away() {
                        tracing::warn!("{what}: {sentence}");
                    } else {
                        tracing::error!("{what}: {sentence}");
                    }
                    self.0 = Some(sentence);
                }
            }
        }
    }
}
