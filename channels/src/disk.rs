//! What mailboxes on a disk share: a thread that may block, how much of a file is taken, and what to do about a failure.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;

use crate::{
    error::Fault,
    inbox::{ArrivedMail, FetchError},
    private::Private,
};

/// How long the disk may take. A network share that has gone away can block for ever.
const DEADLINE: Duration = Duration::from_secs(30);

/// Bytes; of larger files the beginning is taken.
pub(crate) const LARGEST: u64 = 50 * 1024 * 1024;

/// Does something with the disk under `place` on a thread that may block. What takes too long goes on by itself.
pub(crate) async fn on_thread<T: Send + 'static>(
    place: &Path,
    deed: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FetchError> {
    let place = place.display();
    match tokio::time::timeout(DEADLINE, tokio::task::spawn_blocking(deed)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(FetchError { fault: Fault::Temporary, summary: "Liaison is stopping.".to_owned() }),
        Err(_) => Err(FetchError {
            fault: Fault::Unreachable,
            summary: format!("The folder {place} does not answer; is the share there?"),
        }),
    }
}

/// A file as a mail, cut short at [`LARGEST`].
pub(crate) fn mail(path: &Path, uid: u32) -> io::Result<ArrivedMail> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let mut raw = Vec::new();
    raw.reserve_exact(usize::try_from(about.len().min(LARGEST)).unwrap_or(0));
    file.take(LARGEST).read_to_end(&mut raw)?;
    let arrived_at = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    let left_out = about.len().saturating_sub(LARGEST);
    Ok(ArrivedMail { uid, arrived_at, raw: Private::new(raw), left_out, trouble: None })
}

/// A mail that could not be had, for a person to look at.
pub(crate) fn mail_in_trouble(uid: u32, trouble: String) -> ArrivedMail {
    ArrivedMail { uid, arrived_at: None, raw: Private::default(), left_out: 0, trouble: Some(trouble) }
}

/// A number that no earlier opening had: the time, and a count for openings in the same moment.
pub(crate) fn generation() -> u32 {
    static OPENINGS: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // The lower half of the milliseconds comes round every 49 days.
    let time = u32::try_from(since.as_millis() & u128::from(u32::MAX)).unwrap_or_default();
    time.wrapping_add(OPENINGS.fetch_add(1, Ordering::Relaxed)).max(1)
}

/// A failure at a folder, as a sentence that names it and says what to do.
pub(crate) fn told(folder: &Path, why: &io::Error) -> FetchError {
    told_of("folder", folder, why)
}

/// The same of something else, such as a file.
pub(crate) fn told_of(what: &str, path: &Path, why: &io::Error) -> FetchError {
    FetchError { fault: fault(why), summary: format!("The {what} {}: {}", path.display(), hint(why)) }
}

/// Whose turn it is.
pub(crate) fn fault(why: &io::Error) -> Fault {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    let settings = [NotFound, NotADirectory, PermissionDenied, ReadOnlyFilesystem];
    if settings.contains(&why.kind()) { Fault::Misconfigured } else { Fault::Temporary }
}

/// What to do about a failure of the disk.
pub(crate) fn hint(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::NotFound => "it is missing; is the disk or share mounted, and is the path right?",
        io::ErrorKind::PermissionDenied => "Liaison's user may not read there; give it leave to",
        io::ErrorKind::NotADirectory => "that is not a folder; choose another path",
        _ => "the disk reports an error; read the system's log",
    }
}
