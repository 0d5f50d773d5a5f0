//! What left lately for each address (R14): networks drop what comes too thick, and a slip must not fill one parent's phone.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{ids::AddressId, time::Timestamp};

/// How long a message counts.
const HOUR: i64 = 3600;

/// When messages left, by the address they went to. Asked and told by all that send at once; each look at it is short, so that
/// nobody waits while another puts a message into words.
#[derive(Debug, Default)]
pub struct Lately(Mutex<Left>);

#[derive(Debug, Default)]
struct Left {
    by: HashMap<AddressId, VecDeque<Timestamp>>,
    swept: Option<Timestamp>,
}

impl Lately {
    /// Counts a message that leaves for an address now.
    pub fn note(&self, address: AddressId, at: Timestamp) {
        let mut all = self.lock();
        if all.swept.is_none_or(|swept| is_over(swept, at)) {
            all.by.retain(|_, left| left.back().is_some_and(|last| !is_over(*last, at)));
            all.swept = Some(at);
        }
        let left = all.by.entry(address).or_default();
        while left.front().is_some_and(|first| is_over(*first, at)) {
            left.pop_front();
        }
        left.push_back(at);
    }

    /// From when on one more may leave for an address, if `most` an hour may; `None`: now. No limit where `most` is 0.
    pub fn until(&self, address: AddressId, most: u32, now: Timestamp) -> Option<Timestamp> {
        let most = usize::try_from(most).ok().filter(|most| *most > 0)?;
        let all = self.lock();
        let left = all.by.get(&address)?;
        // The newest so many count: once the oldest of them is an hour old, there is room.
        let oldest = left.len().checked_sub(most).and_then(|at| left.get(at))?;
        (!is_over(*oldest, now))
            .then(|| oldest.saturating_add(jiff::SignedDuration::from_secs(HOUR)).unwrap_or(now))
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_over(then: Timestamp, now: Timestamp) -> bool {
    now.duration_since(then).as_secs() >= HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).expect("a time")
    }

    #[test]
    fn so_many_an_hour_leave_for_one_address_and_the_next_when_the_first_is_an_hour_old() {
        let (one, other) = (AddressId::new(), AddressId::new());
        let lately = Lately::default();
        for left in [0, 10, 20] {
            assert_eq!(lately.until(one, 3, at(left)), None);
            lately.note(one, at(left));
        }

        assert_eq!(lately.until(one, 3, at(30)), Some(at(3600)));
        assert_eq!(lately.until(one, 2, at(30)), Some(at(3610)), "a limit that was lowered counts at once");
        assert_eq!(lately.until(one, 3, at(3599)), Some(at(3600)));
        assert_eq!(lately.until(one, 3, at(3600)), None);
        assert_eq!(lately.until(other, 3, at(30)), None);
        assert_eq!(lately.until(one, 0, at(30)), None);
    }

    #[test]
    fn what_is_older_than_an_hour_is_forgotten() {
        let lately = Lately::default();
        for n in 0..100 {
            lately.note(AddressId::new(), at(n));
        }
        lately.note(AddressId::new(), at(4000));

        assert_eq!(lately.lock().by.len(), 1);
    }
}
