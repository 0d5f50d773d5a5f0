//! An import by a page: put up with what it would change, and written when a colleague has approved just that (R09).
//!
//! The files are kept until then and no longer. What is approved is compared again with what is stored by then: if it would
//! change anything else than was shown, nothing is written and the changes are shown anew.

use liaison_channels::private::Private;
use ring::digest::{SHA256, digest};

use super::{
    FlowError,
    gateway::Gateway,
    import::{Files, compare, read_both, write},
    progress,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        ids::{ImportId, StaffId},
        import::{Diff, FileFacts, Plan, Read, Report},
        seal::hex,
        time::{Date, school_date},
    },
    store::{
        StoreError, chronology,
        proposals::{self, Names, NewProposal, ProposalRow},
    },
};

/// Both files, as they were sent.
#[derive(Debug)]
pub struct Sent {
    /// `pupils.csv`.
    pub pupils: Private<Vec<u8>>,
    /// `contacts.csv`.
    pub contacts: Private<Vec<u8>>,
}

/// What became of files that were put up.
#[derive(Debug)]
pub enum Proposed {
    /// They wait for approval.
    Waits(ImportId),
    /// They cannot be imported; the report names the rows. Nothing was kept.
    Refused(Box<Report>),
}

/// Puts both files up for approval. One import waits at a time.
pub async fn propose(gateway: &Gateway, files: Sent, by: &str) -> Result<Proposed, FlowError> {
    let now = gateway.now();
    let (files, read, facts) = read_apart(files, school_date(now)).await?;
    if !read.is_good() {
        return Ok(Proposed::Refused(Box::new(Report::new(true, facts, read, &Plan::default()))));
    }
    let mut tx = gateway.store.begin().await?;
    let (report, _) = compare(&mut tx, read, facts, true, school_date(now)).await?;
    if report.refused {
        return Ok(Proposed::Refused(Box::new(report)));
    }
    if !report.changes {
        return Err(FlowError::Refused(
            "these files change nothing: all is as they say already, so there is nothing to approve"
                .to_owned(),
        ));
    }
    let id = ImportId::new();
    let new = NewProposal {
        id,
        files: [files.pupils.expose(), files.contacts.expose()],
        sha256: [&report.pupils_file.sha256, &report.contacts_file.sha256],
        diff: &Diff::of(&report),
        by,
        at: now,
    };
    if !proposals::insert(&mut tx, &new).await? {
        return Err(FlowError::Refused(
            "another import waits for approval: approve or withdraw that one first".to_owned(),
        ));
    }
    let said = format!(
        "An import of contact data was put up for approval. SHA-256 of pupils.csv {}, of contacts.csv {}.",
        report.pupils_file.sha256, report.contacts_file.sha256
    );
    let entry = Entry::now(now, kind::IMPORT_PROPOSED, said).by(by);
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Proposed::Waits(id))
}

/// What became of an approval.
#[derive(Debug, PartialEq, Eq)]
pub enum Approved {
    /// All of it is written.
    Written,
    /// Something else has changed since: nothing was written, and the changes that would be made now are shown.
    Changed,
}

/// Writes an import, all or nothing, where it still changes just what was `shown` (see [`mark`]).
pub async fn approve(gateway: &Gateway, id: ImportId, shown: &str, by: &str) -> Result<Approved, FlowError> {
    let now = gateway.now();
    let today = school_date(now);
    let mut tx = gateway.store.begin().await?;
    let (pupils, contacts, _) = proposals::claim(&mut tx, id).await?.ok_or_else(decided)?;
    let (_, read, facts) = read_apart(Sent { pupils, contacts }, today).await?;
    if !read.is_good() {
        return Err(FlowError::Refused(
            "by today's date these files cannot be imported any more: withdraw them and make new ones"
                .to_owned(),
        ));
    }
    let (report, changes) = compare(&mut tx, read, facts, false, today).await?;
    let diff = Diff::of(&report);
    if report.refused || !report.changes || mark(&diff) != shown {
        proposals::shown(&mut tx, id, &diff).await?;
        tx.commit().await.map_err(StoreError::from)?;
        return Ok(Approved::Changed);
    }
    write(&mut tx, &report, &changes, by, now).await?;
    proposals::decide(&mut tx, id, true, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Approved::Written)
}

/// Withdraws an import; its files are erased.
pub async fn withdraw(gateway: &Gateway, id: ImportId, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    proposals::claim(&mut tx, id).await?.ok_or_else(decided)?;
    proposals::decide(&mut tx, id, false, by, now).await?;
    let said = "An import of contact data was withdrawn. Nothing of it was written.";
    chronology::append(&mut tx, &[Entry::now(now, kind::IMPORT_PROPOSED, said).by(by)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// By what a page proves which changes it has shown.
pub fn mark(diff: &Diff) -> String {
    let json = serde_json::to_vec(diff).unwrap_or_default();
    hex(digest(&SHA256, &json).as_ref())
}

fn decided() -> FlowError {
    FlowError::Refused("this import was decided by now".to_owned())
}

/// Reading large files takes a while of a processor, which the pages of others need meanwhile.
async fn read_apart(files: Sent, today: Date) -> Result<(Sent, Read, [FileFacts; 2]), FlowError> {
    progress::at("step 1 of 3: reading the files");
    let read = tokio::task::spawn_blocking(move || {
        let both = Files { pupils: files.pupils.expose(), contacts: files.contacts.expose() };
        let (read, facts) = read_both(both, today);
        (files, read, facts)
    });
    read.await.map_err(|_| FlowError::Refused("the files could not be read".to_owned()))
}

/// An import as one colleague sees it.
#[derive(Debug)]
pub struct Seen {
    /// The import, without changes of their own family.
    pub row: ProposalRow,
    /// The names behind the refs of those whom they may see.
    pub names: Names,
    /// By what the page proves which changes it shows.
    pub mark: String,
    /// Whether something was left out for their own family.
    pub own_family: bool,
}

/// An import with names, for a colleague who may see it.
pub async fn see(gateway: &Gateway, staff: StaffId, id: ImportId) -> Result<Option<Seen>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(mut row) = proposals::list(&mut tx, Some(id), 1).await?.pop() else { return Ok(None) };
    let refs = |of: fn(&crate::domain::import::DiffLine) -> Option<&String>| -> Vec<String> {
        row.diff.lines.iter().filter_map(of).cloned().collect()
    };
    let (pupils, contacts) = (refs(|line| line.pupil_ref.as_ref()), refs(|line| line.contact_ref.as_ref()));
    let names = proposals::names(&mut tx, &pupils, &contacts).await?;
    let has_family = proposals::has_family(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let known = proposals::on_record(&mut *gateway.store.acquire().await?, &pupils, &contacts).await?;
    let mark = mark(&row.diff);
    let all = row.diff.lines.len();
    // Who is on record and cannot be seen by somebody who sees the whole school is of their own family (T30).
    let seen = |key: String| !known.contains(&key) || names.contains_key(&key);
    row.diff.lines.retain(|line| {
        line.pupil_ref.iter().all(|pupil| seen(format!("p:{pupil}")))
            && line.contact_ref.iter().all(|contact| seen(format!("c:{contact}")))
    });
    let mut own_family = row.diff.lines.len() < all;
    if has_family {
        // These name rows and refs in the middle of sentences, and nothing beside them says whose they are.
        own_family |= !(row.diff.warnings.is_empty() && row.diff.same_person.is_empty());
        row.diff.warnings.clear();
        row.diff.same_person.clear();
    }
    Ok(Some(Seen { row, names, mark, own_family }))
}
