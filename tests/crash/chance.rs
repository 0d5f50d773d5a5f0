//! Chance that can be repeated.

use std::time::Duration;

/// Numbers by chance, the same ones for the same seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From `LIAISON_SEED`, or new; printed, so that a failure can be repeated.
    pub(crate) fn new(test: &str) -> Self {
        let given =
            std::env::var("LIAISON_SEED").ok().map(|seed| seed.parse().expect("LIAISON_SEED is a number"));
        // The last 32 bits of a version 7 id are by chance; so few are easily typed.
        let seed = given.unwrap_or_else(|| {
            u64::from(
                uuid::Uuid::now_v7().as_fields().3[4..]
                    .iter()
                    .fold(0, |seed, byte| seed << 8 | u32::from(*byte)),
            )
        });
        eprintln!("{test}: LIAISON_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `least..=most`.
    pub(crate) fn number(&mut self, least: usize, most: usize) -> usize {
        let span = u64::try_from(most - least + 1).unwrap();
        least + usize::try_from(self.next() % span).unwrap()
    }

    /// One of these.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.number(0, all.len() - 1)]
    }

    /// Up to two milliseconds, to the microsecond.
    pub(crate) fn instant(&mut self) -> Duration {
        Duration::from_micros(self.number(0, 2_000) as u64)
    }
}
