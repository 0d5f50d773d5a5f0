//! How many posts to our webhooks were not believed, by channel and reason: nothing of their bodies is kept.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use liaison_channels::receipt::Forgery;

/// Counts since this daemon started.
#[derive(Debug, Default)]
pub struct Refused(Mutex<BTreeMap<(String, Forgery), u64>>);

impl Refused {
    /// Counts one, and says so at the first and then ever more seldom: a flood of them must not become a flood of lines.
    pub fn count(&self, channel: &str, why: Forgery) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((channel.to_owned(), why)).or_default();
        *count = count.saturating_add(1);
        if count.is_power_of_two() {
            tracing::warn!(
                channel,
                refused = *count,
                "webhook posts were refused: the proof of who sent them is {why}"
            );
        }
    }

    /// Every count: channel, reason, how many.
    pub fn all(&self) -> Vec<(String, Forgery, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((channel, why), count)| (channel.clone(), *why, *count)).collect()
    }
}
