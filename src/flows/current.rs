//! The policy as it is now: what the settings say, with the calendar and the words that colleagues have adopted since. Every
//! daemon takes up the newest version within a round of its caretaker; a command does when it starts.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sqlx::PgConnection;

use super::{FlowError, gateway::Gateway};
use crate::{
    domain::{calendar, policy::Policy, wording::Templates},
    store::templates,
    store::versions::{self, Newest, PolicyVersion, WordingVersion},
};

/// The policy as it is now.
#[derive(Debug)]
pub struct Current {
    settings: Policy,
    now: RwLock<(Newest, Arc<Policy>)>,
    /// The version that is known to be kept; empty at first.
    kept: Mutex<String>,
}

impl Current {
    /// What the settings say, until [`refresh`] has looked for more.
    pub fn new(settings: Policy) -> Self {
        let now = RwLock::new((Newest::default(), Arc::new(settings.clone())));
        Self { settings, now, kept: Mutex::default() }
    }

    /// The policy.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The numbers of the versions it rests on.
    pub fn versions(&self) -> Newest {
        self.now.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// What the settings alone say.
    pub const fn settings(&self) -> &Policy {
        &self.settings
    }

    fn set(&self, versions: Newest, policy: Policy) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (versions, Arc::new(policy));
    }
}

/// Takes up what has been adopted since, and keeps the version of it all where it is new; returns whether another calendar
/// counts now.
pub async fn refresh(gateway: &Gateway) -> Result<bool, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let moved = take_up(&mut connection, gateway).await?;
    keep(&mut connection, gateway).await?;
    Ok(moved)
}

/// Keeps the version by which this program decides from now on, so that `explain` can say what it was.
async fn keep(connection: &mut PgConnection, gateway: &Gateway) -> Result<(), FlowError> {
    let policy = gateway.policy();
    let digest = policy.version();
    let kept = &gateway.current.kept;
    if *kept.lock().unwrap_or_else(PoisonError::into_inner) == *digest {
        return Ok(());
    }
    let (calendar, first_used_at) = (policy.calendar_version(), gateway.now());
    let version = PolicyVersion { digest: digest.to_owned(), calendar, first_used_at };
    versions::keep_policy(connection, &version, &policy.said().to_string()).await?;
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = version.digest;
    Ok(())
}

async fn take_up(connection: &mut PgConnection, gateway: &Gateway) -> Result<bool, FlowError> {
    let newest = versions::newest(connection).await?;
    if newest == gateway.current.versions() {
        return Ok(false);
    }
    let before = gateway.policy().calendar_version();
    let mut policy = gateway.current.settings().clone();
    if let Some(number) = newest.calendar {
        let csv = versions::calendar_csv(connection, number).await?;
        if let Ok(adopted) = calendar::read(csv.as_bytes()) {
            policy.calendar = Some(adopted);
        } else {
            // It was read before it was adopted, so this program is older than that one.
            tracing::error!(
                number,
                "the adopted calendar cannot be read by this version of Liaison: update it"
            );
            policy.calendar.clone_from(&gateway.policy().calendar);
        }
    }
    if let Some(number) = newest.wording {
        put(&mut policy, versions::wording(connection, number).await?);
    }
    policy.templates = words_of_parts(connection, newest).await?;
    let moved = policy.calendar_version() != before;
    gateway.current.set(newest, policy);
    Ok(moved)
}

/// The words of every part: the school's own over the shipped ones, with the marks of those who checked them.
async fn words_of_parts(connection: &mut PgConnection, newest: Newest) -> Result<Arc<Templates>, FlowError> {
    if newest.templates.is_none() && newest.reviews.is_none() {
        return Ok(Templates::shipped());
    }
    let own = templates::own(templates::newest(connection).await?);
    let reviewed = templates::reviewed(templates::reviews(connection).await?);
    let (words, left_out) = Templates::with(&own, &reviewed);
    for (part, language) in left_out {
        // They were checked before they were kept, so this program is older or newer than that one.
        tracing::error!(
            "the school's own words for {part} in {language} cannot be read by this version of Liaison: the shipped ones count"
        );
    }
    Ok(Arc::new(words))
}

/// Takes up what was adopted just now. That it was adopted stands whether or not this can be done at once: the caretaker does
/// it in its next round.
pub(super) async fn refresh_soon(gateway: &Gateway) {
    if let Err(error) = refresh(gateway).await {
        tracing::warn!("what was adopted counts here from the caretaker's next round: {error}");
    }
}

/// The policy with the school's own words.
pub(super) fn put(policy: &mut Policy, words: WordingVersion) {
    policy.acknowledge.urgent_words = words.urgent;
    policy.acknowledge.more_words = words.more;
}
