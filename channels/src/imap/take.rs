//! Brings mails in: small ones many at a time, large ones in parts, doubtful ones singly.
//!
//! One bad mail must never block those behind it. What the server garbles is asked for once more by itself, and if that
//! fails too the mail is handed on as far as it could be had, with its trouble, for a person to look.

use std::collections::HashMap;

use super::{
    dial::Dialer,
    line::{Line, Listed},
    trouble::{Phase, Snag, Trouble},
};
use crate::{
    inbox::{ArrivedMail, Batch, Most, Position},
    private::Private,
    stubborn::Stubborn,
};

/// Larger mails come in parts, so that one is never held twice.
const WHOLE_UP_TO: u32 = 1024 * 1024;

/// The size of a part.
const PART: u32 = 256 * 1024;

/// New lines in one fetch. What is left then waits for the next.
const REDIALS: u32 = 5;

/// Mails that are there, in order.
pub(super) struct Listing {
    mails: Vec<Listed>,
    /// Nothing lies beyond them.
    all: bool,
}

/// What became of a mail that was asked for by itself.
enum Single {
    Mail(ArrivedMail),
    /// Others have removed it meanwhile.
    Gone,
}

/// One fetch at work.
pub(super) struct Taker<'a> {
    dialer: &'a Dialer,
    line: Line,
    largest: u32,
    stubborn: &'a mut Stubborn,
    generation: u32,
    redials: u32,
    /// The line broke and there is no new one.
    broken: bool,
}

impl<'a> Taker<'a> {
    /// On a line with the mailbox open; mails beyond `largest` bytes are cut short.
    pub(super) fn new(dialer: &'a Dialer, line: Line, largest: u32, stubborn: &'a mut Stubborn) -> Self {
        Self { dialer, generation: line.generation, line, largest, stubborn, redials: 0, broken: false }
    }

    /// The line, for the next fetch, if it is still good.
    pub(super) fn into_line(self) -> Option<Line> {
        (!self.broken).then_some(self.line)
    }

    /// Finds the next mails after a position: at most `most.mails`, where there are as many.
    pub(super) async fn list(&mut self, position: Position, most: Most) -> Result<Listing, Trouble> {
        if self.line.generation != position.generation {
            return Err(Trouble::OtherGeneration);
        }
        let mut span = u32::try_from(most.mails.max(1)).unwrap_or(u32::MAX);
        let mut from = position.after;
        loop {
            let Some(first) = from.checked_add(1) else {
                return Ok(Listing { mails: Vec::new(), all: true });
            };
            let last = from.saturating_add(span);
            // A full mailbox is looked at window by window: a list of all of it would be made again and again.
            let open = last >= self.line.next.saturating_sub(1);
            let set = if open { format!("{first}:*") } else { format!("{first}:{last}") };
            let mut mails = self.list_set(&set, open, most.mails.max(1)).await?;
            // `n:*` always finds the last mail, even one before n (RFC 9051 §9, seq-range).
            mails.retain(|mail| mail.uid >= first);
            if let Some(newest) = mails.last() {
                self.line.next = self.line.next.max(newest.uid.saturating_add(1));
            }
            if open || !mails.is_empty() {
                return Ok(Listing { mails, all: open });
            }
            from = last;
            span = span.saturating_mul(8);
        }
    }

    async fn list_set(&mut self, set: &str, open: bool, most: usize) -> Result<Vec<Listed>, Trouble> {
        let listed = async {
            if open {
                self.line.refresh().await?;
            }
            self.line.listed(set).await
        };
        match listed.await {
            Ok(mails) => Ok(mails),
            Err(Snag::Garbled) => self.list_singly(set, most).await,
            Err(snag) => Err(Trouble::Snag(Phase::List, snag)),
        }
    }

    /// Asks for one mail after the other, as one of them has an answer that cannot be read.
    async fn list_singly(&mut self, set: &str, most: usize) -> Result<Vec<Listed>, Trouble> {
        let listing = |snag| Trouble::Snag(Phase::List, snag);
        self.redial().await?;
        let uids = self.line.uids(set).await.map_err(listing)?;
        let mut mails = Vec::new();
        for uid in uids.into_iter().take(most) {
            match self.line.listed(&uid.to_string()).await {
                Ok(found) => mails.extend(found),
                Err(Snag::Garbled) => {
                    mails.push(Listed { uid, size: None, arrived_at: None });
                    self.redial().await?;
                    if self.redials >= REDIALS {
                        break;
                    }
                }
                Err(snag) => return Err(listing(snag)),
            }
        }
        Ok(mails)
    }

    /// Takes what was found, as much of it as `most` allows.
    pub(super) async fn take(
        &mut self,
        position: Position,
        listing: Listing,
        most: Most,
    ) -> Result<Batch, Trouble> {
        let Listing { mails: mut wanted, all } = listing;
        let found = wanted.len();
        wanted.truncate(self.fitting(&wanted, most));
        let mut batch =
            Batch { up_to: position.after, more: !all || wanted.len() < found, ..Batch::default() };
        let mut whole = HashMap::new();
        let clean = self.take_whole(&wanted, &mut whole).await?;
        for mail in &wanted {
            let single = match whole.remove(&mail.uid) {
                Some(Some(raw)) => Ok(Single::Mail(arrived(mail, raw, 0, None))),
                Some(None) => Ok(Single::Mail(arrived(mail, Vec::new(), 0, Some(NO_CONTENT)))),
                None if clean && mail.is_small() => Ok(Single::Gone),
                None => self.take_single(mail).await,
            };
            match single {
                Ok(Single::Mail(mail)) => batch.mails.push(mail),
                Ok(Single::Gone) => {}
                // What came before it is not lost, and the next fetch begins with it.
                Err(_) if batch.up_to > position.after => {
                    batch.more = true;
                    break;
                }
                Err(trouble) => return Err(trouble),
            }
            batch.up_to = mail.uid;
        }
        Ok(batch)
    }

    /// How many of the mails fit; the first always does.
    fn fitting(&self, wanted: &[Listed], most: Most) -> usize {
        let mut bytes = 0_usize;
        let sizes = wanted.iter().map(|mail| mail.size.unwrap_or(0).min(self.largest) as usize);
        let fit = sizes.take_while(|size| {
            bytes = bytes.saturating_add(*size);
            bytes <= most.bytes
        });
        fit.take(most.mails).count().max(1)
    }

    /// Takes all small mails in one command. `false` when it broke: those that did not come are to be asked for singly.
    async fn take_whole(
        &mut self,
        wanted: &[Listed],
        whole: &mut HashMap<u32, Option<Vec<u8>>>,
    ) -> Result<bool, Trouble> {
        let set = set_of_small(wanted);
        if set.is_empty() {
            return Ok(true);
        }
        match self.line.bodies(&set, whole).await {
            Ok(()) => Ok(true),
            Err(Snag::No { .. }) => Ok(false),
            Err(_) => self.redial().await.map(|()| false),
        }
    }

    async fn take_single(&mut self, mail: &Listed) -> Result<Single, Trouble> {
        let mut raw = Vec::new();
        let snag = match self.take_by_any_means(mail, &mut raw).await {
            Ok(single) => return Ok(single),
            Err(snag) => snag,
        };
        if matches!(snag, Snag::No { .. }) {
            let refused = |_| Trouble::Snag(Phase::Take, snag);
            self.line.refresh().await.map_err(refused)?;
            let left = self.line.uids(&mail.uid.to_string()).await.map_err(refused)?;
            if !left.contains(&mail.uid) {
                return Ok(Single::Gone);
            }
        } else {
            self.redial().await?;
        }
        if snag != Snag::Garbled && !self.stubborn.is_given_up(mail.uid) {
            return Err(Trouble::Snag(Phase::Take, snag));
        }
        let left_out = u64::from(mail.size.unwrap_or(0)).saturating_sub(raw.len() as u64);
        let why = if snag == Snag::Garbled { UNREADABLE } else { WITHHELD };
        Ok(Single::Mail(arrived(mail, raw, left_out, Some(why))))
    }

    /// Whole, then in parts, of which those that came are kept in `raw`.
    async fn take_by_any_means(&mut self, mail: &Listed, raw: &mut Vec<u8>) -> Result<Single, Snag> {
        if mail.is_small() {
            let mut whole = HashMap::new();
            match self.line.bodies(&mail.uid.to_string(), &mut whole).await {
                Ok(()) => {
                    return Ok(match whole.remove(&mail.uid) {
                        Some(Some(raw)) => Single::Mail(arrived(mail, raw, 0, None)),
                        Some(None) => Single::Mail(arrived(mail, Vec::new(), 0, Some(NO_CONTENT))),
                        None => Single::Gone,
                    });
                }
                Err(Snag::Garbled) => self.redial().await.map_err(|_| Snag::Cut)?,
                Err(snag) => return Err(snag),
            }
        }
        self.take_in_parts(mail, raw).await
    }

    /// Until nothing more comes: a part may be shorter than was asked for, and the size the server told only its estimate.
    async fn take_in_parts(&mut self, mail: &Listed, raw: &mut Vec<u8>) -> Result<Single, Snag> {
        raw.reserve_exact(mail.size.unwrap_or(PART).min(self.largest) as usize);
        loop {
            let room = self.largest.saturating_sub(u32::try_from(raw.len()).unwrap_or(u32::MAX));
            let asked = room.min(PART);
            let came = match self.line.part(mail.uid, asked, raw).await {
                Ok(None) if raw.is_empty() => return Ok(Single::Gone),
                Ok(came) => came.unwrap_or(0),
                // An estimate was too high, and some servers say no where nothing is left (RFC 9051 §6.4.5 has them say "").
                Err(Snag::No { .. }) if !raw.is_empty() && !mail.is_far_above(raw.len()) => 0,
                Err(snag) => return Err(snag),
            };
            raw.truncate(self.largest as usize);
            let told = mail.size.unwrap_or(0);
            if raw.len() >= self.largest as usize {
                let left_out = told.saturating_sub(self.largest);
                return Ok(Single::Mail(arrived(mail, std::mem::take(raw), left_out.into(), None)));
            }
            let whole = came < asked as usize && mail.size.is_some_and(|told| raw.len() >= told as usize);
            if came == 0 || whole {
                let short = mail.is_far_above(raw.len());
                let left_out = if short { u64::from(told).saturating_sub(raw.len() as u64) } else { 0 };
                let trouble = short.then_some(CUT_SHORT);
                return Ok(Single::Mail(arrived(mail, std::mem::take(raw), left_out, trouble)));
            }
        }
    }

    /// A new line to the same mailbox.
    async fn redial(&mut self) -> Result<(), Trouble> {
        self.redials += 1;
        self.broken = true;
        if self.redials > REDIALS {
            return Err(Trouble::Snag(Phase::Take, Snag::Garbled));
        }
        self.line = self.dialer.dial().await?;
        self.broken = false;
        if self.line.generation == self.generation { Ok(()) } else { Err(Trouble::OtherGeneration) }
    }
}

impl Listed {
    fn is_small(&self) -> bool {
        self.size.is_some_and(|size| size <= WHOLE_UP_TO)
    }

    /// Whether the size the server told is so far above what came of the mail that something is missing: Exchange
    /// estimates, and is some hundredths out.
    fn is_far_above(&self, came: usize) -> bool {
        self.size.is_some_and(|told| u64::from(told - told / 10) > came as u64)
    }
}

const NO_CONTENT: &str =
    "The mail server lists this mail but has no content of it; open the mailbox by hand.";
const CUT_SHORT: &str = "The mail server hands over less of this mail than it says there is; open the mailbox by hand and read the rest.";
const UNREADABLE: &str =
    "The mail server's answer for this mail cannot be read; open the mailbox by hand and enter what it says.";
const WITHHELD: &str =
    "The mail server does not hand this mail over, however often it is asked; open the mailbox by hand.";

fn arrived(mail: &Listed, raw: Vec<u8>, left_out: u64, trouble: Option<&str>) -> ArrivedMail {
    ArrivedMail {
        uid: mail.uid,
        arrived_at: mail.arrived_at,
        raw: Private::new(raw),
        left_out,
        trouble: trouble.map(str::to_owned),
    }
}

/// The small mails as a sequence set, neighbours in the list as a range: nothing else lies between them.
fn set_of_small(wanted: &[Listed]) -> String {
    let runs = wanted.chunk_by(|left, right| left.is_small() == right.is_small());
    let small = runs.filter_map(|run| run.first().zip(run.last()).filter(|(first, _)| first.is_small()));
    let ranges = small.map(|(first, last)| {
        if first.uid == last.uid { first.uid.to_string() } else { format!("{}:{}", first.uid, last.uid) }
    });
    ranges.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(uid: u32, size: u32) -> Listed {
        Listed { uid, size: Some(size), arrived_at: None }
    }

    #[test]
    fn small_mails_are_asked_for_in_ranges_around_the_large() {
        let wanted = [(1, 10), (4, 10), (5, WHOLE_UP_TO + 1), (6, 10), (9, WHOLE_UP_TO + 1)];

        let set = set_of_small(&wanted.map(|(uid, size)| listed(uid, size)));

        assert_eq!(set, "1:4,6");
    }
}
