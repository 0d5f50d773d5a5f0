//! Takes over the school's contact data from two files, all of it or nothing.

use ring::digest::{SHA256, digest};

use super::{Clock, FlowError};
use crate::{
    domain::{
        chronology::{Entry, kind},
        import::{self, Changes, Count, FileFacts, Plan, Report},
        seal::hex,
        time::{Timestamp, school_date},
    },
    store::{Store, StoreError, chronology, roll},
};

/// The bytes of both files.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// `pupils.csv`.
    pub pupils: &'a [u8],
    /// `contacts.csv`.
    pub contacts: &'a [u8],
}

/// Compares both files with what is stored and, unless it is a dry run, writes what differs, in one transaction.
///
/// A file with a refused row writes nothing; then [`Report::refused`] says so. Imports wait for each other. Files that
/// change nothing leave no entry, so that a nightly import does not fill the chronology. `actor` is who did it, for the
/// chronology.
pub async fn import(
    store: &Store,
    clock: &dyn Clock,
    files: Files<'_>,
    actor: &str,
    dry_run: bool,
) -> Result<Report, FlowError> {
    let now = clock.now();
    let today = school_date(now);
    let read = import::read(files.pupils, files.contacts, today);
    let facts =
        [facts(files.pupils, read.roll.pupils.len()), facts(files.contacts, read.roll.contacts.len())];
    if !read.is_good() {
        return Ok(Report::new(dry_run, facts, read, &Plan::default()));
    }
    let mut tx = store.begin().await?;
    roll::lock(&mut tx).await?;
    let stored = roll::load(&mut tx).await?;
    let plan = import::plan(&read.roll, &stored, today);
    let report = Report::new(dry_run, facts, read, &plan);
    if dry_run || !report.changes {
        return Ok(report);
    }
    roll::write(&mut tx, &plan.changes, now).await?;
    chronology::append(&mut tx, &entries(&report, &plan.changes, actor, now)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(report)
}

fn facts(bytes: &[u8], rows: usize) -> FileFacts {
    FileFacts { sha256: hex(digest(&SHA256, bytes).as_ref()), rows }
}

/// One entry for the import, and one for each restriction it recorded or kept.
fn entries(report: &Report, changes: &Changes, actor: &str, now: Timestamp) -> Vec<Entry> {
    let imported = Entry::now(now, kind::IMPORTED, imported(report)).by(actor);
    let added = changes.restrictions.iter().map(|new| {
        let sentence = format!("An import recorded a restriction: {}.", new.written.restriction.kind);
        Entry::now(now, kind::RESTRICTION_ADDED, sentence).by(actor).about(new.carer, new.pupil)
    });
    let kept = changes.reviews.iter().map(|review| {
        let sentence = format!(
            "An import would have loosened a restriction ({}). It was kept, and the DSL is asked.",
            review.kind
        );
        Entry::now(now, kind::RESTRICTION_KEPT, sentence)
            .by(actor)
            .about(review.carer, review.pupil)
            .task(review.task)
    });
    std::iter::once(imported).chain(added).chain(kept).collect()
}

fn imported(report: &Report) -> String {
    let counts = &report.counts;
    let told = |what: &str, count: &Count| {
        format!(
            "{what}: {} added, {} changed, {} unchanged, {} missing",
            count.added, count.changed, count.unchanged, count.missing
        )
    };
    format!(
        "Contact data was imported. {}. {}. {}. Restrictions: {} added, {} kept. SHA-256 of pupils.csv {}, of contacts.csv {}.",
        told("Pupils", &counts.pupils),
        told("Carers", &counts.carers),
        told("Links", &counts.links),
        counts.restrictions.added,
        counts.restrictions.kept,
        report.pupils_file.sha256,
        report.contacts_file.sha256,
    )
}
