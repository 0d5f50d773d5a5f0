//! What a running channel remembers of Vonage's posts: nonces, and the parts of long texts of ours.
//!
//! All of it is bounded, and may be lost. Nothing that matters hangs on it: what is posted twice is kept once by its id in
//! the database, and a text whose parts are no longer remembered stays "sent" and is never called delivered.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Nonces, and long texts, that are remembered: weeks of a school's.
const MOST: usize = 10_000;

/// A map that forgets its oldest entries.
#[derive(Debug)]
struct Bounded<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    fn new() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }

    fn entry(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        if !self.entries.contains_key(key) {
            self.order.push_back(key.clone());
            if self.order.len() > MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
        }
        self.entries.entry(key.clone()).or_insert_with(make)
    }
}

/// A long text of ours.
#[derive(Debug, Default)]
struct Long {
    /// How many parts Vonage made of it, once its answer was read.
    parts: Option<usize>,
    /// Whether Vonage refused some of its parts.
    torn: bool,
    /// The parts that were reported as delivered.
    delivered: HashSet<String>,
}

/// What a channel remembers while it runs.
#[derive(Debug)]
pub(super) struct Seen {
    nonces: Mutex<Bounded<String, String>>,
    long: Mutex<Bounded<String, Long>>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { nonces: Mutex::new(Bounded::new()), long: Mutex::new(Bounded::new()) }
    }

    /// Whether a nonce is new, or comes with the very signature it came with before: then Vonage repeats a post that we
    /// could not keep, and it must not be turned away.
    pub(super) fn may_come(&self, nonce: &str, signature: &str) -> bool {
        lock(&self.nonces).entry(&nonce.to_owned(), || signature.to_owned()) == signature
    }

    /// Vonage made so many parts of a text.
    pub(super) fn taken_in(&self, client_ref: &str, parts: usize) {
        lock(&self.long).entry(&client_ref.to_owned(), Long::default).parts = Some(parts);
    }

    /// Vonage refused some parts of a text.
    pub(super) fn torn(&self, client_ref: &str) {
        lock(&self.long).entry(&client_ref.to_owned(), Long::default).torn = true;
    }

    /// Whether this channel read Vonage's answer to a text, which tells of its parts.
    pub(super) fn was_taken(&self, client_ref: &str) -> bool {
        lock(&self.long).entry(&client_ref.to_owned(), Long::default).parts.is_some()
    }

    /// Whether some parts of a text were refused when it was handed over.
    pub(super) fn is_torn(&self, client_ref: &str) -> bool {
        lock(&self.long).entries.get(client_ref).is_some_and(|long| long.torn)
    }

    /// Notes that a part was delivered; says whether now all of them are. `expected` is how many we counted ourselves.
    pub(super) fn is_whole(&self, client_ref: &str, part: &str, expected: usize) -> bool {
        let mut long = lock(&self.long);
        let long = long.entry(&client_ref.to_owned(), Long::default);
        long.delivered.insert(part.to_owned());
        long.delivered.len() >= long.parts.unwrap_or(expected)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_and_the_rest_is_not() {
        let seen = Seen::new();
        for number in 0..=MOST {
            assert!(seen.may_come(&format!("nonce {number}"), "signature"));
        }

        assert!(!seen.may_come("nonce 2", "another"), "still known");
        assert!(seen.may_come("nonce 0", "another"), "forgotten");
        assert_eq!(lock(&seen.nonces).entries.len(), MOST);
    }
}
