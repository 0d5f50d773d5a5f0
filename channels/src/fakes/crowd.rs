//! Who is at a stand-in's door: counted, held on request, and let go.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Counts the messages that are posted to a stand-in, and holds them when told to.
#[derive(Debug)]
pub(super) struct Crowd {
    seen: watch::Sender<usize>,
    held: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Crowd {
    pub(super) fn new() -> Self {
        Self {
            seen: watch::Sender::new(0),
            held: watch::Sender::new(false),
            waiting: watch::Sender::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        }
    }

    /// Counts a posted message while the returned value lives.
    pub(super) fn arrive(&self) -> Presence<'_> {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        self.seen.send_modify(|seen| *seen += 1);
        Presence(self)
    }

    /// Waits until nothing is held any more.
    pub(super) async fn until_released(&self) {
        let _waits = Waiting::new(&self.waiting);
        self.held.subscribe().wait_for(|held| !held).await.ok();
    }

    pub(super) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    pub(super) async fn until_held(&self, count: usize) {
        self.waiting.subscribe().wait_for(|waiting| *waiting >= count).await.ok();
    }

    pub(super) fn posted(&self) -> usize {
        *self.seen.borrow()
    }

    pub(super) async fn until_posted(&self, count: usize) {
        self.seen.subscribe().wait_for(|seen| *seen >= count).await.ok();
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }
}

pub(super) struct Presence<'a>(&'a Crowd);

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.0.at_once.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Counts one that waits, while it lives.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|count| *count += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
