//! One mail that does not come must not block those behind it for ever, nor be given up at the first hiccup.

/// Fetches in which a mail may be refused, or break the line, before it is given up.
const PATIENCE: u32 = 3;

/// The mail that was not handed over, and how often it was asked for. It outlasts a line.
#[derive(Debug, Default)]
pub(crate) struct Stubborn {
    uid: u32,
    times: u32,
}

impl Stubborn {
    /// Counts a fetch in which this mail did not come.
    pub(crate) fn is_given_up(&mut self, uid: u32) -> bool {
        if self.uid != uid {
            *self = Self { uid, times: 0 };
        }
        self.times += 1;
        self.times >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_given_up_at_the_third_refusal_in_a_row() {
        let mut stubborn = Stubborn::default();

        let given_up = [7, 7, 8, 7, 7, 7].map(|uid| stubborn.is_given_up(uid));

        assert_eq!(given_up, [false, false, false, false, false, true]);
    }
}
