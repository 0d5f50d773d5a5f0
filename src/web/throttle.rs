//! Slows down whoever guesses: by the account that is tried and by where the tries come from.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use governor::{DefaultKeyedRateLimiter, Quota};
use ring::digest::{SHA256, digest};

/// Tries to sign in that are let through at once for one account, then one a minute.
const ACCOUNT_TRIES: NonZeroU32 = NonZeroU32::new(8).expect("more than none");
/// And from one source, where a whole school may sit behind one address; then two a second.
const SOURCE_TRIES: NonZeroU32 = NonZeroU32::new(60).expect("more than none");
const TWO: NonZeroU32 = NonZeroU32::new(2).expect("more than none");
/// So many accounts or sources are remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 10_000;

/// The tries so far. In this process only: a restart forgets them, which an attacker cannot bring about.
pub(super) struct Throttle {
    accounts: DefaultKeyedRateLimiter<[u8; 32]>,
    sources: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Throttle {
    fn default() -> Self {
        let by_account = Quota::per_minute(NonZeroU32::MIN).allow_burst(ACCOUNT_TRIES);
        let by_source = Quota::per_second(TWO).allow_burst(SOURCE_TRIES);
        Self {
            accounts: DefaultKeyedRateLimiter::keyed(by_account),
            sources: DefaultKeyedRateLimiter::keyed(by_source),
        }
    }
}

impl Throttle {
    /// Counts a try; `false` when there were too many. An account is counted whether or not it exists.
    pub(super) fn allows(&self, account: &str, source: Option<IpAddr>) -> bool {
        if self.accounts.len() > REMEMBERED {
            self.accounts.retain_recent();
        }
        if self.sources.len() > REMEMBERED {
            self.sources.retain_recent();
        }
        // A guess at the password is not told from a guess at the code: both count here.
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, account.trim().to_lowercase().as_bytes()).as_ref());
        let by_source = source.is_none_or(|source| self.sources.check_key(&network(source)).is_ok());
        by_source && self.accounts.check_key(&key).is_ok()
    }
}

/// Whoever has one IPv6 address has all 2^64 of its network (RFC 6177): they are one source.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.into(),
            None => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        },
        IpAddr::V4(_) => source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_is_tried_a_few_times_and_another_is_not_kept_waiting() {
        let throttle = Throttle::default();

        let let_through = (0..30).filter(|_| throttle.allows("O.Ferris@northfield.example", None)).count();

        assert_eq!(let_through, 8);
        assert!(!throttle.allows(" o.ferris@NORTHFIELD.example", None));
        assert!(throttle.allows("r.patel@northfield.example", None));
    }

    #[test]
    fn one_source_that_tries_many_accounts_is_slowed_too() {
        let throttle = Throttle::default();
        let source = Some(IpAddr::from([192, 0, 2, 7]));

        let let_through =
            (0..200).filter(|n| throttle.allows(&format!("{n}@northfield.example"), source)).count();

        assert!((60..70).contains(&let_through), "{let_through}");
        assert!(throttle.allows("r.patel@northfield.example", Some(IpAddr::from([192, 0, 2, 8]))));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source_and_an_ipv4_address_written_as_ipv6_is_itself() {
        let cases = [
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
            ("2001:db8:1:3:aaaa::1", "2001:db8:1:3::"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("192.0.2.7", "192.0.2.7"),
        ];

        for (source, expected) in cases {
            let address = |text: &str| text.parse::<IpAddr>().expect("an address");
            assert_eq!(network(address(source)), address(expected), "{source}");
        }
    }
}
