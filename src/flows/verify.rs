//! Recomputes the chronology from its rows and names the first entry that was altered, removed or brought in.

use std::collections::HashMap;

use serde::Serialize;
use uuid::Uuid;

use super::{FlowError, progress};
use crate::{
    domain::{
        chronology::Digest,
        seal::{GENESIS, hex, merkle_root, seal_hash},
    },
    store::{
        Store,
        seals::{self, Recomputed, Seal},
    },
};

/// A seal that was noted down outside the database: printed in a digest, mailed to the Chair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Its number.
    pub no: i64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

impl std::str::FromStr for Noted {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "write a seal as it was printed: its number, a colon and 64 hexadecimal digits";
        let (no, hash) = text.trim().split_once(':').ok_or(wrong)?;
        let hash = hash.trim().to_ascii_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        Ok(Self { no: no.trim().parse().map_err(|_| wrong)?, hash })
    }
}

/// What verifying found.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// Whether everything is as it was written.
    pub good: bool,
    /// Entries read.
    pub entries: u64,
    /// Entries closed by seals.
    pub sealed: u64,
    /// Entries that wait for the next seal.
    pub waiting: u64,
    /// Seals read.
    pub seals: u64,
    /// Entries whose words were erased. The proof that there were words stands; each erasure must be accounted for.
    pub erased: u64,
    /// The newest seal, as it is to be noted down elsewhere: `number:hash`.
    pub newest_seal: Option<String>,
    /// The first places where something is wrong, in the order of the chronology; empty when all is good.
    pub faults: Vec<Fault>,
}

/// One place where something is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// `altered`, `missing`, `foreign`, `words`, `seal`, `cut`.
    pub what: &'static str,
    /// The entry, where it is one.
    pub entry: Option<Uuid>,
    /// The seal, where it is one.
    pub seal: Option<i64>,
    /// A sentence.
    pub sentence: String,
}

/// After how many entries it is told again how far it is.
const TOLD: u64 = 10_000;
/// The most faults that are told.
const MOST: usize = 20;

struct Leaf {
    seal: i64,
    digest: Vec<u8>,
    seen: bool,
}

#[derive(Default)]
struct Check {
    leaves: HashMap<Uuid, Leaf>,
    previous: Option<(i64, Digest)>,
    hashes: HashMap<i64, String>,
    faults: Vec<Fault>,
    entries: u64,
    sealed: u64,
    waiting: u64,
    seals: u64,
    erased: u64,
}

/// Verifies all of it, in one snapshot of the database. `noted` are seals known from elsewhere: they show a tail that
/// was cut off, or a history written anew, which the database alone cannot.
pub async fn verify(store: &Store, noted: &[Noted]) -> Result<Verdict, FlowError> {
    let mut tx = store.begin().await?;
    crate::store::one_snapshot(&mut tx).await?;
    let mut check = Check::default();
    // All seals, however many are broken: a half-read list would call honest entries foreign.
    seals::each_seal(&mut tx, |seal| check.seal(&seal)).await?;
    seals::each_entry(&mut tx, |entry| {
        check.entry(&entry);
        if check.entries.is_multiple_of(TOLD) {
            progress::at(format!("{} entries verified", check.entries));
        }
    })
    .await?;
    for id in seals::waiting_in_vain(&mut tx, i64::try_from(MOST).unwrap_or(i64::MAX)).await? {
        let sentence = format!("entry {id} is missing: it waited for the next seal");
        check.fault("missing", Some(id), None, sentence);
    }
    tx.rollback().await.map_err(crate::store::StoreError::from)?;
    Ok(check.verdict(noted))
}

impl Check {
    fn fault(&mut self, what: &'static str, entry: Option<Uuid>, seal: Option<i64>, sentence: String) {
        self.faults.push(Fault { what, entry, seal, sentence });
    }

    fn seal(&mut self, seal: &Seal) {
        self.seals += 1;
        let (wanted, previous) = self.previous.map_or((1, GENESIS), |(no, hash)| (no + 1, hash));
        let at = Some(seal.no);
        if seal.no != wanted {
            self.fault(
                "missing",
                None,
                Some(wanted),
                format!("seal {wanted} is missing: the next one is {}", seal.no),
            );
        } else if seal.previous != previous {
            self.fault("seal", None, at, format!("seal {} does not follow from the seal before it", seal.no));
        }
        let leaves: Vec<Digest> = seal.digests.iter().filter_map(|d| d.as_slice().try_into().ok()).collect();
        let root = merkle_root(&leaves);
        if leaves.len() != seal.digests.len() || root.as_slice() != seal.root {
            self.fault(
                "seal",
                None,
                at,
                format!("seal {} was altered: its entries no longer give its root", seal.no),
            );
        }
        let stored_previous = seal.previous.as_slice().try_into().unwrap_or(GENESIS);
        let hash = seal_hash(seal.no, &stored_previous, &root, seal.entries.len(), seal.sealed_at);
        if hash.as_slice() != seal.hash {
            self.fault("seal", None, at, format!("seal {} was altered: its hash is not its own", seal.no));
        }
        self.hashes.insert(seal.no, hex(&seal.hash));
        self.previous = Some((seal.no, seal.hash.as_slice().try_into().unwrap_or(GENESIS)));
        for (entry, digest) in seal.entries.iter().zip(&seal.digests) {
            let leaf = Leaf { seal: seal.no, digest: digest.clone(), seen: false };
            if let Some(before) = self.leaves.insert(*entry, leaf) {
                let sentence =
                    format!("entry {entry} is in seal {} and again in seal {}", before.seal, seal.no);
                self.fault("seal", Some(*entry), at, sentence);
            }
        }
    }

    fn entry(&mut self, entry: &Recomputed) {
        self.entries += 1;
        self.erased += u64::from(entry.words_gone);
        let id = entry.id.0;
        let sealed = self.leaves.get_mut(&id).map(|leaf| {
            leaf.seen = true;
            (leaf.seal, leaf.digest == entry.computed)
        });
        match sealed {
            Some((_, true)) => {
                self.sealed += 1;
                if !entry.stored_agrees {
                    self.fault(
                        "altered",
                        Some(id),
                        None,
                        format!("entry {id}: its stored digest was altered"),
                    );
                }
            }
            Some((seal, false)) => {
                let sentence = format!("entry {id} was altered: it is not what seal {seal} closed");
                self.fault("altered", Some(id), Some(seal), sentence);
            }
            None if !entry.waits => {
                let sentence = format!("entry {id} is foreign: it is in no seal and did not wait for one");
                self.fault("foreign", Some(id), None, sentence);
            }
            None => {
                self.waiting += 1;
                if !entry.stored_agrees {
                    let sentence = format!("entry {id} was altered before it was sealed");
                    self.fault("altered", Some(id), None, sentence);
                }
            }
        }
        if !entry.words_agree {
            let sentence = format!("entry {id}: the words kept with it are not the words that were recorded");
            self.fault("words", Some(id), None, sentence);
        }
    }

    fn verdict(mut self, noted: &[Noted]) -> Verdict {
        let mut missing: Vec<_> =
            self.leaves.iter().filter(|(_, leaf)| !leaf.seen).map(|(id, leaf)| (*id, leaf.seal)).collect();
        missing.sort_unstable();
        for (id, seal) in missing.into_iter().take(MOST) {
            self.fault(
                "missing",
                Some(id),
                Some(seal),
                format!("entry {id} is missing: seal {seal} closed it"),
            );
        }
        for noted in noted {
            match self.hashes.get(&noted.no) {
                None => {
                    let sentence =
                        format!("seal {} was noted elsewhere and is missing: the end was cut off", noted.no);
                    self.fault("cut", None, Some(noted.no), sentence);
                }
                Some(hash) if *hash != noted.hash => {
                    let sentence =
                        format!("seal {} is not the one noted elsewhere: history was written anew", noted.no);
                    self.fault("cut", None, Some(noted.no), sentence);
                }
                Some(_) => {}
            }
        }
        // In the order of the chronology: entries by their id, which is their time; then what has no entry.
        self.faults.sort_by_key(|fault| (fault.entry.is_none(), fault.entry, fault.seal));
        self.faults.truncate(MOST);
        Verdict {
            good: self.faults.is_empty(),
            entries: self.entries,
            sealed: self.sealed,
            waiting: self.waiting,
            seals: self.seals,
            erased: self.erased,
            newest_seal: self.previous.map(|(no, hash)| format!("{no}:{}", hex(&hash))),
            faults: self.faults,
        }
    }
}
