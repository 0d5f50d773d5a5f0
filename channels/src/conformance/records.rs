//! The promises of [`RecordSink`] as tests that run over any of them: put a [`SinkRig`] around one and let
//! `liaison_channels::record_sink_tests!(rig)` loose on it.

#![expect(clippy::missing_panics_doc, reason = "each is a test, and panics where a promise is broken")]

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    error::Fault,
    record_sink::{Record, RecordSink},
};

/// A sink under test.
#[async_trait]
pub trait SinkRig: Send + Sync {
    /// The sink.
    fn sink(&self) -> &dyn RecordSink;
    /// Every record that the other side has.
    async fn kept(&self) -> Vec<Kept>;
    /// Has everything fail from now on. `false`: this one cannot.
    async fn fail(&self) -> bool;
    /// Ends that.
    async fn work_again(&self);
}

/// A record as the other side has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is called there.
    pub called: String,
    /// Its text.
    pub plain: String,
    /// Its CSV.
    pub csv: String,
}

/// A record with a name in it.
pub fn sample() -> Record {
    Record {
        id: Uuid::now_v7(),
        plain: "Pupil: Zoë Featherstonehaugh\n".to_owned().into(),
        csv: "pupil_name\r\nZoë Featherstonehaugh\r\n".to_owned().into(),
    }
}

fn as_kept(record: &Record, called: &str) -> Kept {
    let (plain, csv) = (record.plain.expose().clone(), record.csv.expose().clone());
    Kept { called: called.to_owned(), plain, csv }
}

/// A record that was taken is there, whole and once, however often it was taken.
pub async fn a_record_is_there_whole_and_once(rig: &dyn SinkRig) {
    let (record, other) = (sample(), sample());

    for taken in [&record, &record, &other, &record] {
        rig.sink().take(taken).await.expect("taken");
    }

    let kept = rig.kept().await;
    assert_eq!(kept.len(), 2, "one for each id");
    for one in [&record, &other] {
        assert!(kept.iter().any(|kept| *kept == as_kept(one, &kept.called)), "whole");
    }
}

/// What it is called there tells nobody whom it is about.
pub async fn what_a_record_is_called_holds_nothing_of_it(rig: &dyn SinkRig) {
    let record = sample();

    rig.sink().take(&record).await.expect("taken");

    let called = rig.kept().await.remove(0).called;
    assert!(!called.contains("Zo") && !called.contains("Feather"), "{called}");
    assert!(called.contains(&record.id.to_string()), "and it is found by its id");
}

/// A failure says whose turn it is and nothing of the record; afterwards it can be taken.
pub async fn a_failure_says_whose_turn_it_is_and_leaves_nothing(rig: &dyn SinkRig) {
    let record = sample();
    if !rig.fail().await {
        return;
    }

    let failed = rig.sink().take(&record).await.expect_err("it fails");
    let probed = rig.sink().probe().await;
    rig.work_again().await;
    let left = rig.kept().await;
    rig.sink().take(&record).await.expect("taken");

    assert!(matches!(failed.fault, Fault::Misconfigured | Fault::Temporary | Fault::Unreachable));
    assert!(!format!("{failed} {failed:?}").contains("Feather"));
    assert!(probed.is_err() && left.is_empty());
    assert_eq!(rig.kept().await.len(), 1);
}

/// A probe leaves nothing behind.
pub async fn a_probe_leaves_nothing(rig: &dyn SinkRig) {
    rig.sink().probe().await.expect("it works");

    assert!(rig.kept().await.is_empty());
}

/// One test for each promise.
#[macro_export]
macro_rules! record_sink_tests {
    ($rig:expr) => {
        $crate::record_sink_tests!(
            $rig,
            a_record_is_there_whole_and_once,
            what_a_record_is_called_holds_nothing_of_it,
            a_failure_says_whose_turn_it_is_and_leaves_nothing,
            a_probe_leaves_nothing
        );
    };
    ($rig:expr, $($promise:ident),+) => {
        $(#[tokio::test]
        async fn $promise() {
            $crate::conformance::records::$promise(&$rig).await;
        })+
    };
}
