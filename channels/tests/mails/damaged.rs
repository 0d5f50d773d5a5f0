//! Mails of the corpus, broken on purpose: whatever a wire, a gateway or a hostile hand makes of a mail, reading it
//! comes to an end, without a panic, and knows which bytes it read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use liaison_channels::reading::read;

use crate::corpus::{self, Case};

/// Broken mails a run.
const CASES: u64 = 1_000;

/// A guard against reading that never ends, far above what a mail takes on a slow machine.
const LONGEST: Duration = Duration::from_secs(1);

/// Broken mails stay below this: what grows with size is another test's matter.
const LARGEST: usize = 1_000_000;

/// Marsaglia's xorshift: the same seed breaks the same mails in the same way.
struct Dice(u64);

impl Dice {
    fn new(case: u64) -> Self {
        let mut dice = Self(0x9E37_79B9_7F4A_7C15 ^ case.wrapping_mul(0xD129_0D3B_3D5C_8A4B) | 1);
        dice.below(1);
        dice
    }

    /// A number from 0 to `limit - 1`; 0 where there is no room.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit.max(1)
    }
}

#[test]
fn no_damage_makes_reading_panic_or_hang() {
    let cases: Vec<Case> = corpus::groups().iter().flat_map(|group| corpus::load(group)).collect();
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;

    let faults: Vec<String> = (0..CASES)
        .filter_map(|number| {
            let (names, raw) = broken(number, &cases);
            let start = Instant::now();
            let hints = &cases.first().unwrap().hints;
            let reading = catch_unwind(AssertUnwindSafe(|| read(&raw, hints)));
            let took = start.elapsed();
            slowest = slowest.max(took);
            let Ok(reading) = reading else { return Some(format!("{number} ({names}) panicked")) };
            let digest = ring::digest::digest(&ring::digest::SHA256, &raw);
            if reading.digest != digest.as_ref() {
                return Some(format!("{number} ({names}) has another digest"));
            }
            (took > LONGEST).then(|| format!("{number} ({names}) took {took:?} for {} bytes", raw.len()))
        })
        .collect();

    eprintln!("{CASES} damaged mails in {:?}, the slowest {slowest:?}", begin.elapsed());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A mail broken one to four times, and the names of those it was made from.
fn broken(number: u64, cases: &[Case]) -> (String, Vec<u8>) {
    let mut dice = Dice::new(number);
    let first = pick(&mut dice, cases);
    let second = pick(&mut dice, cases);
    let mut raw = first.raw.clone();
    for _ in 0..=dice.below(4) {
        raw = damage(&mut dice, raw, &second.raw);
        raw.truncate(LARGEST);
    }
    (format!("{} + {}", first.name, second.name), raw)
}

fn pick<'a>(dice: &mut Dice, cases: &'a [Case]) -> &'a Case {
    cases.get(dice.below(cases.len())).unwrap()
}

fn damage(dice: &mut Dice, raw: Vec<u8>, other: &[u8]) -> Vec<u8> {
    match dice.below(10) {
        0 => cut(dice, &raw).0.to_vec(),
        1 => cut(dice, &raw).1.to_vec(),
        2 => flip(dice, raw),
        3 => lines(dice, &raw, 0),
        4 => lines(dice, &raw, 2),
        5 => lines(dice, &raw, 200),
        6 => boundaries(&raw, other),
        7 => nested(dice, &raw),
        8 => [cut(dice, &raw).0, cut(dice, other).1].concat(),
        _ => without_line_ends(dice, raw),
    }
}

fn cut<'a>(dice: &mut Dice, raw: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    raw.split_at(dice.below(raw.len()))
}

/// A few bytes become others.
fn flip(dice: &mut Dice, mut raw: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(40) {
        let at = dice.below(raw.len());
        if let Some(byte) = raw.get_mut(at) {
            *byte = u8::try_from(dice.below(256)).unwrap();
        }
    }
    raw
}

/// A few lines, of the headers as a rule, are dropped or repeated.
fn lines(dice: &mut Dice, raw: &[u8], times: usize) -> Vec<u8> {
    let count = raw.split_inclusive(|byte| *byte == b'\n').count();
    let chosen: Vec<usize> = (0..3).map(|_| dice.below(count.min(40))).collect();
    let repeat =
        |(at, line): (usize, &[u8])| if chosen.contains(&at) { line.repeat(times) } else { line.to_vec() };
    raw.split_inclusive(|byte| *byte == b'\n').enumerate().flat_map(repeat).collect()
}

/// The boundaries of this mail are named as those of the other.
fn boundaries(raw: &[u8], other: &[u8]) -> Vec<u8> {
    let (Some(ours), Some(theirs)) = (boundary(raw), boundary(other)) else { return [other, raw].concat() };
    let mut swapped = Vec::with_capacity(raw.len());
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let at = (line.starts_with(b"--")).then(|| find(line, &ours)).flatten();
        let Some((before, rest)) = at.and_then(|at| line.split_at_checked(at)) else {
            swapped.extend_from_slice(line);
            continue;
        };
        swapped.extend_from_slice(before);
        swapped.extend_from_slice(&theirs);
        swapped.extend_from_slice(rest.get(ours.len()..).unwrap_or_default());
    }
    swapped
}

fn boundary(raw: &[u8]) -> Option<Vec<u8>> {
    let rest = raw.get(find(raw, b"boundary=")? + 9..)?;
    let named = rest.split(|byte| b"\r\n;\" ".contains(byte)).find(|word| !word.is_empty())?;
    Some(named.to_vec())
}

fn find(raw: &[u8], wanted: &[u8]) -> Option<usize> {
    raw.windows(wanted.len()).position(|window| window == wanted)
}

/// The mail as an attached mail of an attached mail, some levels deep.
fn nested(dice: &mut Dice, raw: &[u8]) -> Vec<u8> {
    let open = b"From: nest@deep.example\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n";
    let multi = b"Content-Type: multipart/mixed; boundary=\"same\"\r\n\r\n--same\r\n";
    let (one, two) = (dice.below(200), dice.below(200));
    [open.repeat(one), multi.repeat(two), raw.to_vec()].concat()
}

/// Some line ends lose their CR, their LF or both.
fn without_line_ends(dice: &mut Dice, mut raw: Vec<u8>) -> Vec<u8> {
    let (lost, chance) = (if dice.below(2) == 0 { b'\n' } else { b'\r' }, 1 + dice.below(8));
    raw.retain(|byte| *byte != lost || dice.below(chance) != 0);
    raw
}
