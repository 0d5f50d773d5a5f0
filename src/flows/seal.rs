//! Closes a batch of the chronology: a Merkle root over the waiting entries, chained to the seal before.

use super::{FlowError, gateway::Gateway};
use crate::{
    domain::{
        chronology::Digest,
        seal::{GENESIS, merkle_root, seal_hash},
    },
    store::{
        StoreError,
        seals::{self, Seal},
    },
};

/// The most entries one seal closes.
const LARGEST: i64 = 4096;

/// Seals what waits, up to a few thousand entries at once; returns how many. 0 when nothing waits or another sealer is at work.
pub async fn seal(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let taken = seals::take_unsealed(&mut tx, LARGEST).await?;
    if taken.is_empty() {
        return Ok(0);
    }
    let (no, previous) = match seals::newest(&mut tx).await? {
        Some((no, hash)) => (no + 1, as_digest("hash", no, &hash)?),
        None => (1, GENESIS),
    };
    let leaves =
        taken.iter().map(|(_, digest)| as_digest("digests", no, digest)).collect::<Result<Vec<_>, _>>()?;
    let (root, sealed_at) = (merkle_root(&leaves), gateway.now());
    let (entries, digests): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let sealed = entries.len();
    let hash = seal_hash(no, &previous, &root, sealed, sealed_at);
    let seal = Seal {
        no,
        previous: previous.to_vec(),
        entries,
        digests,
        root: root.to_vec(),
        sealed_at,
        hash: hash.to_vec(),
    };
    seals::insert(&mut tx, &seal).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(sealed)
}

fn as_digest(column: &'static str, no: i64, bytes: &[u8]) -> Result<Digest, StoreError> {
    bytes.try_into().map_err(|_| StoreError::row("chronology_seal", column, no, "not 32 bytes"))
}
