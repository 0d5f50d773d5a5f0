//! Takes over the school's contact data from two files, all of it or nothing.

use ring::digest::{SHA256, digest};

use super::{Clock, FlowError, progress};
use crate::{
    domain::{
        chronology::{Entry, kind},
        import::{self, Changes, Count, FileFacts, Plan, Report},
        seal::hex,
        time::{Date, Timestamp, school_date},
    },
    store::{Store, StoreError, Tx, chronology, roll},
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
    let (read, facts) = read_both(files, today);
    if !read.is_good() {
        return Ok(Report::new(dry_run, facts, read, &Plan::default()));
    }
    let mut tx = store.begin().await?;
    let (report, changes) = compare(&mut tx, read, facts, dry_run, today).await?;
    if dry_run || !report.changes {
        return Ok(report);
    }
    write(&mut tx, &report, &changes, actor, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(report)
}

/// What both files say, and the facts of each.
pub(super) fn read_both(files: Files<'_>, today: Date) -> (import::Read, [FileFacts; 2]) {
    let read = import::read(files.pupils, files.contacts, today);
    let facts =
        [facts(files.pupils, read.roll.pupils.len()), facts(files.contacts, read.roll.contacts.len())];
    (read, facts)
}

/// Compares good files with what is stored, and keeps other imports waiting until the transaction ends.
pub(super) async fn compare(
    tx: &mut Tx,
    read: import::Read,
    facts: [FileFacts; 2],
    dry_run: bool,
    today: Date,
) -> Result<(Report, Changes), FlowError> {
    progress::at("step 2 of 3: comparing the files with what is on record");
    roll::lock(tx).await?;
    let stored = roll::load(tx).await?;
    let plan = import::plan(&read.roll, &stored, today);
    let report = Report::new(dry_run, facts, read, &plan);
    Ok((report, plan.changes))
}

/// Writes what differs, with its entries.
pub(super) async fn write(
    tx: &mut Tx,
    report: &Report,
    changes: &Changes,
    actor: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    progress::at("step 3 of 3: writing what differs");
    roll::write(tx, changes, now).await?;
    chronology::append(tx, &entries(report, changes, actor, now)).await?;
    Ok(())
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
