//! Files that came with carers' mails: put apart from the mail, looked through for viruses, and given to a colleague who may
//! read the message (R23).
//!
//! A mail is read and answered for first; its files follow. One daemon does both at a time (the worker sees to it), so no
//! transaction is open while the scanner looks.

use liaison_channels::{
    private::Private,
    reading::{Attachment, Limits, attachments},
    scan::{Scanner, Verdict, Why},
};

use super::{
    FlowError,
    desk::{note, read_restricted},
    gateway::Gateway,
};
use crate::{
    domain::{
        attachment::{FileState, Seen},
        chronology::{Entry, Visibility, kind},
        ids::{ReceivedId, StaffId},
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        attachments::{self as store, Due, NewFile},
        chronology,
    },
};

/// After so many tries the files of a mail stay in it.
const MOST_TRIES: i16 = 3;

/// After so many, a scanner that is well otherwise is taken to be unable to look through a file.
const MOST_SCANS: i16 = 5;

/// Puts the files of the next mail apart; `false`: none waits.
pub async fn put_apart(gateway: &Gateway) -> Result<bool, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let Some(due) = store::due(&mut tx).await? else { return Ok(false) };
    let received = due.received;
    let (tries, kept) = (due.tries, keep_all(&mut tx, gateway, due).await);
    match kept {
        Ok(()) => {
            tx.commit().await.map_err(StoreError::from)?;
            Ok(true)
        }
        Err(error) if error.is_away() => Err(error),
        Err(error) => {
            drop(tx);
            tracing::error!(message = %received, "the files of a mail could not be put apart: {error}");
            let mut tx = gateway.store.begin().await?;
            if tries + 1 >= MOST_TRIES {
                store::give_up(&mut tx, received, gateway.now()).await?;
            } else {
                store::put_back(&mut tx, received).await?;
            }
            tx.commit().await.map_err(StoreError::from)?;
            Ok(true)
        }
    }
}

async fn keep_all(tx: &mut Tx, gateway: &Gateway, due: Due) -> Result<(), FlowError> {
    let (received, now) = (due.received, gateway.now());
    let Some(files) = files_of(due.raw, gateway.reading).await else {
        // The same bytes would do the same again.
        tracing::error!(message = %received, "the files of a mail could not be taken out: they stay in it");
        return Ok(store::give_up(tx, received, now).await?);
    };
    // So many and no more are taken out: there may be others.
    let cut = files.len() >= gateway.reading.attachments;
    for (position, file) in (0..).zip(files) {
        let new = NewFile {
            name: file.name.expose(),
            declared: &file.declared,
            size: file.size,
            inline: file.inline,
            digest: file.digest,
            bytes: file.bytes.as_ref().map(|bytes| bytes.expose().as_slice()),
        };
        store::keep(tx, received, position, &new, now).await?;
    }
    if store::is_infected(tx, received).await? {
        // The scanner found it before, in another message: nobody scans it again.
        tell(tx, None, Some(received), now).await?;
    }
    if cut { Ok(store::give_up(tx, received, now).await?) } else { Ok(store::done(tx, received).await?) }
}

/// The files of a mail, taken out beside the runtime; `None`: that stumbled over it.
async fn files_of(raw: Private<Vec<u8>>, limits: Limits) -> Option<Vec<Attachment>> {
    let work = move || attachments(raw.expose(), &limits).collect::<Vec<_>>();
    tokio::task::spawn_blocking(work).await.ok()
}

/// What a round of the scanner came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scanned {
    /// No file waits, or this school has no scanner.
    Nothing,
    /// One more file has its verdict.
    One,
    /// The scanner cannot look now, and why: the file waits.
    NotNow(Why),
}

/// Has the scanner look through the next file that waits.
pub async fn scan_next(gateway: &Gateway) -> Result<Scanned, FlowError> {
    let Some(scanner) = &gateway.scanner else { return Ok(Scanned::Nothing) };
    let waiting = store::waiting(&mut *gateway.store.acquire().await?).await?;
    let Some(file) = waiting else { return Ok(Scanned::Nothing) };
    let state = match look(scanner, &file.bytes).await {
        Ok(state) => state,
        // A scanner that is well and cannot do with this file will not be able to tomorrow.
        Err(why) if file.tries >= MOST_SCANS && scanner.probe().await.is_ok() => {
            FileState::Unscannable(why.to_string())
        }
        Err(why) => {
            let mut tx = gateway.store.begin().await?;
            store::not_scanned(&mut tx, &file.digest).await?;
            tx.commit().await.map_err(StoreError::from)?;
            return Ok(Scanned::NotNow(why));
        }
    };
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    store::scanned(&mut tx, &file.digest, &state, now).await?;
    if matches!(state, FileState::Infected(_)) {
        tracing::error!(
            found = state.said(),
            "a virus was found in a file that came with a mail: it is given to nobody"
        );
        tell(&mut tx, Some(&file.digest), None, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Scanned::One)
}

async fn look(scanner: &Scanner, bytes: &Private<Vec<u8>>) -> Result<FileState, Why> {
    match scanner.scan(bytes.expose()).await {
        Verdict::Clean => Ok(FileState::Clean),
        Verdict::Found(name) => Ok(FileState::Infected(name)),
        Verdict::Unknown(why) if why.may_pass() => Err(why),
        Verdict::Unknown(why) => Ok(FileState::Unscannable(why.to_string())),
    }
}

/// That a file is held back stands in the chronology of whoever sent it.
async fn tell(
    tx: &mut Tx,
    digest: Option<&[u8]>,
    message: Option<ReceivedId>,
    now: Timestamp,
) -> Result<(), FlowError> {
    let said = "a virus was found in a file that came with a message: the file is given to nobody";
    let entries: Vec<Entry> = store::brought_by(tx, digest, message)
        .await?
        .into_iter()
        .map(|brought| {
            let mut entry = Entry::now(now, kind::RECEIVED, said).received(brought.received);
            (entry.carer, entry.pupil, entry.case) = (brought.carer, brought.pupil, brought.case);
            entry.seen_by(if brought.restricted { Visibility::Restricted } else { Visibility::Ordinary })
        })
        .collect();
    Ok(chronology::append(tx, &entries).await?)
}

/// A file for whoever opens it.
#[derive(Debug)]
pub struct File {
    /// What is known of it.
    pub seen: Seen,
    /// Its bytes, where it is given out.
    pub bytes: Option<Private<Vec<u8>>>,
}

/// One file of a message; `None` where there is none for this colleague. That a file of a restricted message was opened is
/// recorded.
pub async fn open(
    gateway: &Gateway,
    staff: StaffId,
    message: ReceivedId,
    position: i16,
) -> Result<Option<File>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let kept = store::find(&mut tx, message, position).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let Some(kept) = kept else { return Ok(None) };
    if kept.restricted {
        let read = read_restricted(gateway, staff, "a file of a restricted message was opened");
        note(gateway, vec![Entry { case: kept.case, ..read.received(message) }]).await?;
    }
    let given = kept.seen.state.is_given(gateway.scanner.is_some());
    Ok(Some(File { bytes: given.then_some(kept.bytes), seen: kept.seen }))
}
