//! How fast a channel may go: a steady rate, and the pause a provider asked for.

use std::{
    num::NonZeroU32,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// A channel's pace. The worker takes places before it submits a group, so nothing waits while it is on the wire.
#[derive(Debug)]
pub struct Pace {
    limiter: Option<DefaultDirectRateLimiter>,
    every: Option<Duration>,
    paused_until: Mutex<Option<Instant>>,
    /// Places that were used before they were taken.
    owed: AtomicUsize,
}

impl Pace {
    /// As fast as the other side takes them.
    pub const fn unlimited() -> Self {
        Self { limiter: None, every: None, paused_until: Mutex::new(None), owed: AtomicUsize::new(0) }
    }

    /// At most `messages` in each `period`, in bursts of at most `burst`.
    pub fn limited(messages: NonZeroU32, period: Duration, burst: NonZeroU32) -> Self {
        let every = period / messages.get();
        let quota = Quota::with_period(every).map(|quota| quota.allow_burst(burst));
        Self {
            every: quota.is_some().then_some(every),
            limiter: quota.map(RateLimiter::direct),
            paused_until: Mutex::new(None),
            owed: AtomicUsize::new(0),
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

    /// Takes up to `want` places now, once those that [`Pace::spend`] booked are paid. 0 means wait: see [`Pace::wait`].
    pub fn take(&self, want: usize) -> usize {
        if self.pause_left().is_some() {
            return 0;
        }
        match &self.limiter {
            None => want,
            Some(limiter) if !self.pays(limiter) => 0,
            Some(limiter) => (0..want).take_while(|_| limiter.check().is_ok()).count(),
        }
    }

    /// Books `extra` places more than were taken, after the fact: a text of three parts is taken as one message and goes out
    /// as three, which is what providers count. Nothing waits for it now; the next group does, until the steady rate has
    /// made up for it. Without a steady rate it books nothing.
    pub fn spend(&self, extra: usize) {
        if self.limiter.is_some() {
            let _ = self.owed.fetch_update(Relaxed, Relaxed, |owed| Some(owed.saturating_add(extra)));
        }
    }

    /// Pays what is owed, as far as there are places. `false`: some of it still is.
    fn pays(&self, limiter: &DefaultDirectRateLimiter) -> bool {
        while self.owed.fetch_update(Relaxed, Relaxed, |owed| owed.checked_sub(1)).is_ok() {
            if limiter.check().is_err() {
                let _ = self.owed.fetch_update(Relaxed, Relaxed, |owed| Some(owed.saturating_add(1)));
                return false;
            }
        }
        true
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
    fn parts_that_were_spent_are_made_up_for_before_the_next_group() {
        let burst = NonZeroU32::new(5).expect("5");
        let pace = || Pace::limited(NonZeroU32::MIN, Duration::from_hours(1), burst);
        let (within, beyond, twice) = (pace(), pace(), pace());

        // A text of three parts was taken as one.
        assert_eq!(within.take(1), 1);
        within.spend(2);
        assert_eq!(within.take(10), 2, "five places, of which three are gone");
        assert_eq!(beyond.take(3), 3);
        beyond.spend(4);
        assert_eq!((beyond.take(1), beyond.owed.load(Relaxed)), (0, 2), "two were there, two are owed");
        twice.spend(usize::MAX);
        twice.spend(1);
        assert_eq!((twice.take(1), twice.owed.load(Relaxed)), (0, usize::MAX - 5));
    }

    #[test]
    fn what_is_owed_is_paid_at_the_steady_rate() {
        let pace = Pace::limited(NonZeroU32::new(200).expect("200"), Duration::from_secs(1), NonZeroU32::MIN);
        assert_eq!(pace.take(1), 1);
        pace.spend(9);
        let began = Instant::now();

        while pace.take(1) == 0 {
            std::thread::yield_now();
        }

        assert!(began.elapsed() >= Duration::from_millis(45), "{:?}", began.elapsed());
    }

    #[test]
    fn without_a_pace_nothing_is_owed() {
        let pace = Pace::unlimited();

        pace.spend(1000);

        assert_eq!(pace.take(7), 7);
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
