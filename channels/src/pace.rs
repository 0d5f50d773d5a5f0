//! How fast a channel may go: a steady rate, and the pause a provider asked for.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// A channel's pace. The worker takes places before it submits a group, so nothing waits while it is on the wire.
#[derive(Debug)]
pub struct Pace {
    limiter: Option<DefaultDirectRateLimiter>,
    every: Option<Duration>,
    paused_until: Mutex<Option<Instant>>,
}

impl Pace {
    /// As fast as the other side takes them.
    pub const fn unlimited() -> Self {
        Self { limiter: None, every: None, paused_until: Mutex::new(None) }
    }

    /// At most `messages` in each `period`, in bursts of at most `burst`.
    pub fn limited(messages: NonZeroU32, period: Duration, burst: NonZeroU32) -> Self {
        let every = period / messages.get();
        let quota = Quota::with_period(every).map(|quota| quota.allow_burst(burst));
        Self {
            every: quota.is_some().then_some(every),
            limiter: quota.map(RateLimiter::direct),
            paused_until: Mutex::new(None),
        }
    }

    /// How long one message takes of its own, by the steady rate; `None`: there is none to keep.
    pub const fn every(&self) -> Option<Duration> {
        self.every
    }

    /// Whether there is a steady rate to keep: then one daemon at a time may use the channel.
    pub const fn is_limited(&self) -> bool {
        self.limiter.is_some()
    }

    /// Takes up to `want` places now. 0 means wait: see [`Pace::wait`].
    pub fn take(&self, want: usize) -> usize {
        if self.pause_left().is_some() {
            return 0;
        }
        match &self.limiter {
            None => want,
            Some(limiter) => (0..want).take_while(|_| limiter.check().is_ok()).count(),
        }
    }

    /// How long until it is worth asking again, when [`Pace::take`] gave nothing.
    pub fn wait(&self) -> Duration {
        self.pause_left().unwrap_or(Duration::from_millis(20))
    }

    /// The provider said "slow down": nothing leaves for this long. A shorter pause never cuts a longer one.
    pub fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.is_none_or(|already| already < until) {
            *paused = Some(until);
        }
    }

    /// How much of a pause is left.
    pub fn pause_left(&self) -> Option<Duration> {
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        let left =
            paused.and_then(|until| until.checked_duration_since(Instant::now())).filter(|d| !d.is_zero());
        if left.is_none() {
            *paused = None;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_the_pace_holds() {
        let pace = Pace::limited(NonZeroU32::MIN, Duration::from_hours(1), NonZeroU32::new(3).expect("3"));

        assert_eq!((pace.take(10), pace.take(10)), (3, 0));
        assert_eq!((pace.every(), Pace::unlimited().every()), (Some(Duration::from_hours(1)), None));
    }

    #[test]
    fn slow_down_stops_an_unlimited_channel_too() {
        let pace = Pace::unlimited();

        pace.pause(Duration::from_mins(1));
        pace.pause(Duration::from_secs(1));

        assert_eq!(pace.take(5), 0);
        assert!(pace.wait() > Duration::from_secs(50), "the shorter pause must not cut the longer one");
    }
}
