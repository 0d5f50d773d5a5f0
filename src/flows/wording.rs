//! The few words in messages that are the school's own. They count over the settings file, in every daemon.

use super::{
    FlowError,
    current::{refresh, refresh_soon},
    gateway::Gateway,
    salt,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        policy::Policy,
    },
    store::{
        StoreError, chronology,
        versions::{self, WordingVersion},
    },
};

/// The most characters of each: more would not be read in an acknowledgement.
pub const LONGEST: usize = 400;

/// The policy as it would be with these words, to show what they make of messages.
pub fn with(policy: &Policy, urgent: &str, more: &str) -> Policy {
    let mut policy = policy.clone();
    urgent.trim().clone_into(&mut policy.acknowledge.urgent_words);
    more.trim().clone_into(&mut policy.acknowledge.more_words);
    policy
}

/// Sets the school's own words: where to turn if it cannot wait (empty: the usual sentence), and what every acknowledgement
/// by email says besides. `base` is the version they were made from.
pub async fn set(
    gateway: &Gateway,
    urgent: &str,
    more: &str,
    base: Option<i64>,
    by: &str,
) -> Result<(), FlowError> {
    let (urgent, more) = (urgent.trim(), more.trim());
    for (field, words) in [("urgent", urgent), ("more", more)] {
        if words.chars().count() > LONGEST {
            return Err(FlowError::at(field, format!("write at most {LONGEST} characters in each")));
        }
    }
    let now = gateway.now();
    refresh(gateway).await?;
    let present = gateway.policy();
    if present.acknowledge.urgent_words.trim() == urgent && present.acknowledge.more_words.trim() == more {
        return Err(FlowError::Refused("those are the words already".to_owned()));
    }
    let mut tx = gateway.store.begin().await?;
    versions::lock(&mut tx).await?;
    if versions::newest(&mut tx).await?.wording != base {
        return Err(FlowError::Refused(
            "a colleague has changed the words since you began: theirs are below, beside yours".to_owned(),
        ));
    }
    let words = WordingVersion {
        urgent: urgent.to_owned(),
        more: more.to_owned(),
        set_at: now,
        set_by: by.to_owned(),
    };
    versions::set_wording(&mut tx, &words).await?;
    let said = "the school's own words in acknowledgements were changed";
    let kept = format!("{urgent}\n\n{more}");
    let entry = Entry::now(now, kind::WORDING, said).by(by).words(salt(), kept.into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    refresh_soon(gateway).await;
    Ok(())
}
