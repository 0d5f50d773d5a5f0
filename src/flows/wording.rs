//! The few words in messages that are the school's own. They count over the settings file, in every daemon.
//!
//! So are the words of every part of a message, in every language; those in another language than English go out once a named
//! person has checked them.

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
        time::{Timestamp, school_date},
        wording::{self, Language, Part, Reads},
    },
    store::{
        StoreError, chronology,
        templates::{self, Review, Set},
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

const CHANGED: &str = "a colleague has changed these words since you began: look at theirs below first";

/// How the words of a part would read now, example by example; `Err` says what must be mended.
pub fn tried(
    policy: &Policy,
    part: Part,
    language: Language,
    words: &str,
    now: Timestamp,
) -> Result<Vec<Reads>, String> {
    let due = policy.answer_due(now).map_or_else(|_| policy.task_due(now), |due| due.day);
    wording::read_words((part, language), words, policy, school_date(now), due)
}

/// Sets the school's own words of a part; `None`: the shipped ones again. They are filled in with every example first, and what
/// would go wrong in any message is refused with what to mend. `base` is the version they were made from.
pub async fn set_part(
    gateway: &Gateway,
    (part, language): (Part, Language),
    words: Option<&str>,
    base: &str,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let shipped = wording::shipped(part, language)
        .ok_or_else(|| FlowError::Refused("there are no words for this in that language".to_owned()))?;
    let words = words.map(str::trim).filter(|words| *words != shipped);
    tried(&gateway.policy(), part, language, words.unwrap_or(shipped), now)
        .map_err(|fault| FlowError::at("words", fault))?;
    refresh(gateway).await?;
    let (policy, known) = (gateway.policy(), gateway.current.versions());
    let mut tx = gateway.store.begin().await?;
    versions::lock(&mut tx).await?;
    let present = policy.templates.get(part, language);
    if versions::newest(&mut tx).await? != known || present.is_none_or(|present| present.version != base) {
        return Err(FlowError::Refused(CHANGED.to_owned()));
    }
    if present.is_some_and(|present| present.words == words.unwrap_or(shipped)) {
        return Err(FlowError::Refused("those are the words already".to_owned()));
    }
    let kept = words.unwrap_or(shipped).to_owned();
    let said = format!(
        "the words of \u{201c}{}\u{201d} in {} {}",
        part.in_words(),
        language.in_words(),
        if words.is_some() { "were changed" } else { "are the shipped ones again" }
    );
    let words = words.map(str::to_owned);
    templates::set(&mut tx, &Set { part, language, words, at: now, by: by.to_owned() }).await?;
    let entry = Entry::now(now, kind::WORDING, said).by(by).words(salt(), kept.into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    refresh_soon(gateway).await;
    Ok(())
}

/// The longest name of somebody who checked words.
const LONGEST_NAME: usize = 100;

/// Marks words as checked by somebody who reads the language: exactly the versions that were shown. Colleagues need not read it
/// themselves, so the name is written down beside the colleague's own.
pub async fn mark_checked(
    gateway: &Gateway,
    language: Language,
    shown: &[(Part, String)],
    checked_by: &str,
    by: &str,
) -> Result<(), FlowError> {
    let checked_by = checked_by.trim();
    if checked_by.is_empty() || checked_by.chars().count() > LONGEST_NAME {
        return Err(FlowError::at(
            "checked_by",
            format!("write who has checked it, in at most {LONGEST_NAME} characters"),
        ));
    }
    let now = gateway.now();
    refresh(gateway).await?;
    let (policy, known) = (gateway.policy(), gateway.current.versions());
    let mut tx = gateway.store.begin().await?;
    versions::lock(&mut tx).await?;
    if versions::newest(&mut tx).await? != known {
        return Err(FlowError::Refused(CHANGED.to_owned()));
    }
    let mut reviews = Vec::new();
    for (part, version) in shown {
        let present = policy.templates.get(*part, language);
        let present = present.filter(|present| present.version == *version);
        let Some(present) = present else { return Err(FlowError::Refused(CHANGED.to_owned())) };
        if !present.reviewed {
            reviews.push(Review {
                part: *part,
                language,
                version: version.clone(),
                by: checked_by.to_owned(),
                at: now,
                recorded_by: by.to_owned(),
            });
        }
    }
    if reviews.is_empty() {
        return Err(FlowError::Refused("all of these words are marked as checked already".to_owned()));
    }
    templates::review(&mut tx, &reviews).await?;
    let parts: Vec<_> =
        reviews.iter().map(|one| format!("{} ({})", one.part.in_words(), one.version)).collect();
    let said = format!("words in {} were marked as checked by somebody who reads it", language.in_words());
    let entry = Entry::now(now, kind::WORDING, said)
        .by(by)
        .words(salt(), format!("Checked by {checked_by}:\n{}", parts.join("\n")).into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    refresh_soon(gateway).await;
    Ok(())
}
