//! How far a deed is that takes a while, for whoever waits for it.

use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static STEP: Progress;
}

/// The step a deed is at; shared by the deed and by whoever asks.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<String>>);

impl Progress {
    /// Does the work, which says by [`at`] how far it is.
    pub async fn of<W: Future>(&self, work: W) -> W::Output {
        STEP.scope(self.clone(), work).await
    }

    /// The last step that was said; empty before the first.
    pub fn step(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Says which step is begun, in words for a page that name nobody. Where nobody waits for it, nothing happens.
pub fn at(step: impl Into<String>) {
    let _ = STEP.try_with(|progress| {
        *progress.0.lock().unwrap_or_else(PoisonError::into_inner) = step.into();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_is_seen_by_whoever_waits_for_that_deed_and_by_nobody_else() {
        let (one, other) = (Progress::default(), Progress::default());
        at("nobody waits");

        one.of(async { at("reading") }).await;
        other.of(async { at("writing") }).await;

        assert_eq!((one.step().as_str(), other.step().as_str()), ("reading", "writing"));
    }
}
