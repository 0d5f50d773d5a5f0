//! The promises of [`Inbox`] as tests that run over any mailbox.

use async_trait::async_trait;

use super::{Broken, Verdict, hold};
use crate::{
    Inbox,
    error::Fault,
    inbox::{FetchError, Most, Position},
};

const PLENTY: Most = Most { mails: 1000, bytes: 1 << 26 };

/// A mailbox under test, empty at first.
#[async_trait]
pub trait Mailbox: Send {
    /// The mailbox as it is read.
    fn inbox(&mut self) -> &mut dyn Inbox;

    /// One more mail arrives.
    async fn arrives(&mut self);

    /// Somebody else removes the mail that arrived as the `number`th, counted from 1.
    async fn is_removed(&mut self, number: usize);
}

/// The count of a range is that of the mails in it which are there: neither those beyond its ends, nor those that others
/// have removed.
pub async fn the_count_is_of_the_mails_that_are_there(mailbox: &mut dyn Mailbox) -> Verdict {
    let start = beginning(mailbox).await?;
    arrive(mailbox, 4).await;
    let taken = all(mailbox, start).await?;
    let [first, .., last] = taken.as_slice() else {
        return Err(Broken("the mails that arrived were not taken".to_owned()));
    };
    arrive(mailbox, 1).await;

    counts(mailbox, start, *last, 4, "what was taken").await?;
    counts(mailbox, Position { after: *first, ..start }, *last, 3, "all but the first").await?;
    counts(mailbox, start, last.saturating_sub(1), 3, "all but the last").await?;
    counts(mailbox, Position { after: *last, ..start }, *last, 0, "an empty range").await?;
    counts(mailbox, Position { after: *last, ..start }, *first, 0, "a range the wrong way round").await?;

    mailbox.is_removed(2).await;
    counts(mailbox, start, *last, 3, "what is left after others removed one").await
}

/// Counting takes no mail: a mail that was counted is fetched afterwards, and one that arrived meanwhile as well.
pub async fn counting_takes_nothing(mailbox: &mut dyn Mailbox) -> Verdict {
    let start = beginning(mailbox).await?;
    arrive(mailbox, 2).await;
    let before = all(mailbox, start).await?;
    let up_to = before.last().copied().unwrap_or_default();
    arrive(mailbox, 1).await;

    counts(mailbox, start, up_to, 2, "what was taken").await?;

    let after = all(mailbox, start).await?;
    hold(after.len() == 3 && after.starts_with(&before), || {
        format!("after a count {} mails are found where there were 2, and 1 arrived", after.len())
    })
}

/// UIDs of another generation are not counted but told as void.
pub async fn another_generation_is_not_counted(mailbox: &mut dyn Mailbox) -> Verdict {
    let start = beginning(mailbox).await?;
    arrive(mailbox, 1).await;
    let up_to = all(mailbox, start).await?.last().copied().unwrap_or_default();
    let other = Position { generation: start.generation.wrapping_add(1), ..start };

    let counted = mailbox.inbox().count(other, up_to).await;

    hold(matches!(&counted, Err(error) if error.fault == Fault::Temporary), || {
        format!("a count in another generation is told as {counted:?}")
    })?;
    counts(mailbox, start, up_to, 1, "the right generation, asked afterwards").await
}

async fn arrive(mailbox: &mut dyn Mailbox, mails: usize) {
    for _ in 0..mails {
        mailbox.arrives().await;
    }
}

async fn beginning(mailbox: &mut dyn Mailbox) -> Result<Position, Broken> {
    let standing = mailbox.inbox().standing().await.map_err(|error| failed("standing", &error))?;
    Ok(Position { generation: standing.generation, after: standing.next.saturating_sub(1) })
}

/// The UIDs after a position.
async fn all(mailbox: &mut dyn Mailbox, position: Position) -> Result<Vec<u32>, Broken> {
    let batch = mailbox.inbox().fetch(position, PLENTY).await.map_err(|error| failed("fetch", &error))?;
    Ok(batch.mails.iter().map(|mail| mail.uid).collect())
}

async fn counts(mailbox: &mut dyn Mailbox, after: Position, up_to: u32, due: u64, what: &str) -> Verdict {
    let counted = mailbox.inbox().count(after, up_to).await.map_err(|error| failed("count", &error))?;
    hold(counted == due, || format!("{what}: {counted} counted instead of {due}"))
}

fn failed(what: &str, error: &FetchError) -> Broken {
    Broken(format!("{what} fails although all is well: {error}"))
}

/// Makes a module of tests, one for each promise of a mailbox, each with a mailbox of its own.
///
/// The caller needs `tokio` with macros. The second argument is an expression that makes `Some` [`Mailbox`], and may
/// await; `None` where the server it needs is not installed.
#[macro_export]
macro_rules! mailbox_conformance_tests {
    ($name:ident, $mailbox:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "whatever the mailbox's expression names")]
            use super::*;

            $crate::mailbox_conformance_tests!(@each $mailbox,
                the_count_is_of_the_mails_that_are_there,
                counting_takes_nothing,
                another_generation_is_not_counted,
            );
        }
    };
    (@each $mailbox:expr, $($promise:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let Some(mut mailbox) = $mailbox else { return };

                let verdict = $crate::conformance::mailbox::$promise(&mut mailbox).await;

                if let Err(broken) = verdict {
                    panic!("{broken}");
                }
            }
        )+
    };
}
