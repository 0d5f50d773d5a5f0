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

/// A range lists the mails in it which are there: neither those beyond its ends, nor those that others have removed.
pub async fn a_range_lists_the_mails_that_are_there(mailbox: &mut dyn Mailbox) -> Verdict {
    let start = beginning(mailbox).await?;
    arrive(mailbox, 4).await;
    let taken = all(mailbox, start).await?;
    let [first, second, third, last] = *taken.as_slice() else {
        return Err(Broken("the mails that arrived were not taken".to_owned()));
    };
    arrive(mailbox, 1).await;

    lists(mailbox, start, last, &[first, second, third, last], "what was taken").await?;
    lists(mailbox, Position { after: first, ..start }, last, &[second, third, last], "all but the first")
        .await?;
    lists(mailbox, start, last.saturating_sub(1), &[first, second, third], "all but the last").await?;
    lists(mailbox, Position { after: last, ..start }, last, &[], "an empty range").await?;
    lists(mailbox, Position { after: last, ..start }, first, &[], "a range the wrong way round").await?;

    mailbox.is_removed(2).await;
    lists(mailbox, start, last, &[first, third, last], "what is left after others removed one").await
}

/// Listing takes no mail: a mail that was listed is fetched afterwards, and one that arrived meanwhile as well.
pub async fn listing_takes_nothing(mailbox: &mut dyn Mailbox) -> Verdict {
    let start = beginning(mailbox).await?;
    arrive(mailbox, 2).await;
    let before = all(mailbox, start).await?;
    let up_to = before.last().copied().unwrap_or_default();
    arrive(mailbox, 1).await;

    lists(mailbox, start, up_to, &before, "what was taken").await?;

    let after = all(mailbox, start).await?;
    hold(after.len() == 3 && after.starts_with(&before), || {
        format!("after a listing {} mails are found where there were 2, and 1 arrived", after.len())
    })
}

/// UIDs of another generation are not listed but told as void.
pub async fn another_generation_is_not_listed(mailbox: &mut dyn Mailbox) -> Verdict {
    let start = beginning(mailbox).await?;
    arrive(mailbox, 1).await;
    let up_to = all(mailbox, start).await?.last().copied().unwrap_or_default();
    let other = Position { generation: start.generation.wrapping_add(1), ..start };

    let listed = mailbox.inbox().listed(other, up_to).await;

    hold(matches!(&listed, Err(error) if error.fault == Fault::Temporary), || {
        format!("a listing in another generation is told as {listed:?}")
    })?;
    lists(mailbox, start, up_to, &[up_to], "the right generation, asked afterwards").await
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

async fn lists(mailbox: &mut dyn Mailbox, after: Position, up_to: u32, due: &[u32], what: &str) -> Verdict {
    let listed = mailbox.inbox().listed(after, up_to).await.map_err(|error| failed("listed", &error))?;
    hold(listed == due, || format!("{what}: {listed:?} listed instead of {due:?}"))
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
                a_range_lists_the_mails_that_are_there,
                listing_takes_nothing,
                another_generation_is_not_listed,
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
