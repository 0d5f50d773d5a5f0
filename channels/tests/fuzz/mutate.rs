//! Broken inputs, each from a seed and a number alone.

/// Marsaglia's xorshift: the same seed and number break the same input in the same way.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, case: u64) -> Self {
        let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ case.wrapping_mul(0xD129_0D3B_3D5C_8A4B);
        let mut dice = Self(mixed | 1);
        dice.below(1);
        dice.below(1);
        dice
    }

    /// A number from 0 to `limit - 1`; 0 where there is no room.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// A piece of at most `most` bytes.
    fn piece(&mut self, length: usize, most: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        (from, from + self.below((length - from).min(most) + 1))
    }
}

/// One of the seeds, broken one to six times.
pub(crate) fn mutated(seed: u64, case: u64, seeds: &[Vec<u8>], words: &[&str], largest: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed, case);
    let mut input = seeds[dice.below(seeds.len())].clone();
    let other = &seeds[dice.below(seeds.len())];
    for _ in 0..=dice.below(6) {
        input.truncate(largest);
        broken(&mut dice, &mut input, other, words);
    }
    input.truncate(largest);
    input
}

fn broken(dice: &mut Dice, input: &mut Vec<u8>, other: &[u8], words: &[&str]) {
    let word = words.get(dice.below(words.len())).map_or(&b"\0"[..], |word| word.as_bytes());
    let (from, to) = dice.piece(input.len(), 200);
    match dice.below(11) {
        0 => (0..=dice.below(8)).for_each(|_| flip(dice, input)),
        1 => input.truncate(from),
        2 => drop(input.drain(from..to)),
        3 => {
            let times = 1 + dice.below(60);
            let piece = input[from..to].repeat(times);
            drop(input.splice(from..from, piece));
        }
        4 => {
            let cut = dice.below(other.len() + 1);
            input.truncate(from);
            input.extend_from_slice(&other[cut..]);
        }
        5 => drop(input.splice(from..from, word.iter().copied())),
        6 => drop(input.splice(from..to, word.iter().copied())),
        7 => {
            let (byte, times) = (dice.byte(), dice.below(2000));
            drop(input.splice(from..from, std::iter::repeat_n(byte, times)));
        }
        8 => input[from..to].reverse(),
        9 => lines(dice, input),
        _ => {
            let (from_other, to_other) = dice.piece(other.len(), 400);
            drop(input.splice(from..to, other[from_other..to_other].iter().copied()));
        }
    }
}

fn flip(dice: &mut Dice, input: &mut [u8]) {
    let (at, bit) = (dice.below(input.len()), dice.below(8));
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

/// Two lines change places, or one is dropped or doubled, most often of the first.
fn lines(dice: &mut Dice, input: &mut Vec<u8>) {
    let mut lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    let near = if dice.below(2) == 0 { lines.len().min(20) } else { lines.len() };
    let (one, two) = (dice.below(near), dice.below(near));
    if lines.is_empty() {
        return;
    }
    match dice.below(3) {
        0 => lines.swap(one, two),
        1 => drop(lines.remove(one)),
        _ => lines.insert(one, lines[two]),
    }
    *input = lines.concat();
}
