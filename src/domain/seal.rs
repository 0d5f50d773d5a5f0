//! Seals: a Merkle root over a batch of entries, chained to the seal before.

use ring::digest::{Context, SHA256};

use super::{
    chronology::{Digest, finish},
    time::Timestamp,
};

/// The hash "before" the first seal.
pub const GENESIS: Digest = [0; 32];

/// The Merkle root over leaves, in order. Leaf and node hashes are told apart by a prefix byte (RFC 6962 §2.1), and an
/// odd node is carried up unchanged, so that no two different lists share a root.
pub fn merkle_root(leaves: &[Digest]) -> Digest {
    let mut level: Vec<Digest> = leaves.iter().map(|leaf| hash(&[&[0], leaf])).collect();
    if level.is_empty() {
        return hash(&[]);
    }
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => hash(&[&[1], left, right]),
                [single] => *single,
                _ => unreachable!("chunks(2) yields one or two"),
            })
            .collect();
    }
    level.first().copied().unwrap_or(GENESIS)
}

/// The hash of one seal, which the next one names as `previous`.
pub fn seal_hash(no: i64, previous: &Digest, root: &Digest, entries: usize, sealed_at: Timestamp) -> Digest {
    hash(&[
        &[2],
        &no.to_be_bytes(),
        previous,
        root,
        &(entries as u64).to_be_bytes(),
        &sealed_at.as_microsecond().to_be_bytes(),
    ])
}

fn hash(parts: &[&[u8]]) -> Digest {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part);
    }
    finish(hash)
}

/// A digest as people copy it: 64 hexadecimal digits.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that panics has found something")]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Digest> {
        (0..count).map(|n| [n; 32]).collect()
    }

    #[test]
    fn every_leaf_its_value_and_its_place_change_the_root() {
        for count in 1..20 {
            let original = merkle_root(&leaves(count));
            for at in 0..usize::from(count) {
                let mut changed = leaves(count);
                changed[at][0] ^= 1;
                assert_ne!(merkle_root(&changed), original, "leaf {at} of {count}");
                if at > 0 {
                    let mut swapped = leaves(count);
                    swapped.swap(at - 1, at);
                    assert_ne!(merkle_root(&swapped), original, "swap at {at} of {count}");
                }
            }
        }
    }

    #[test]
    fn a_shorter_or_longer_list_has_another_root() {
        let roots: Vec<_> = (0..40).map(|count| merkle_root(&leaves(count))).collect();

        for (n, root) in roots.iter().enumerate() {
            assert!(!roots[n + 1..].contains(root), "the list of {n} shares its root");
        }
    }

    #[test]
    fn a_repeated_last_leaf_is_not_the_same_list() {
        let three = merkle_root(&leaves(3));
        let mut four = leaves(3);
        four.push([2; 32]);

        assert_ne!(merkle_root(&four), three);
    }
}
