//! Connections to one server: never more than the cap, parked between messages.
//!
//! A connection is parked by hand after a clean end. One whose `send` was dropped half-way is therefore closed, not
//! parked: its late replies would be taken for those of the next message.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::session::Session;

/// Connections at rest, and the right to use one.
pub(super) struct Pool {
    slots: Semaphore,
    parked: Mutex<VecDeque<(Session, Instant)>>,
    idle: Duration,
}

impl Pool {
    /// At most `connections` at once; one unused for `idle` is closed.
    pub(super) fn new(connections: usize, idle: Duration) -> Self {
        Self { slots: Semaphore::new(connections), parked: Mutex::default(), idle }
    }

    /// Waits for the right to use one connection. Held until the connection is parked or gone.
    pub(super) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok() // an error would mean a closed semaphore; we never close it
    }

    /// A parked connection that still seems alive, the last used first.
    pub(super) fn take(&self) -> Option<Session> {
        loop {
            let (mut session, since) = self.parked().pop_back()?;
            if since.elapsed() < self.idle && session.is_quiet() {
                return Some(session);
            }
        }
    }

    /// Parks a connection that ended its message cleanly.
    pub(super) fn park(&self, session: Session) {
        let mut parked = self.parked();
        while parked.front().is_some_and(|(_, since)| since.elapsed() >= self.idle) {
            parked.pop_front();
        }
        parked.push_back((session, Instant::now()));
    }

    /// All that are parked.
    pub(super) fn drain(&self) -> Vec<Session> {
        self.parked().drain(..).map(|(session, _)| session).collect()
    }

    fn parked(&self) -> MutexGuard<'_, VecDeque<(Session, Instant)>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
