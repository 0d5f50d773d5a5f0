//! Notices to colleagues leave by the lane of the school's mail channel, beside what goes to families: a pause of that, by a
//! person or the breaker, does not stop the DSL from being alerted.

use futures_util::future::join_all;
use jiff::SignedDuration;
use liaison_channels::error::{Fault, SendError};

use super::Lane;
use crate::{
    domain::{
        delivery::{DEFAULT_PAUSE, UNREACHABLE_REST},
        gate::{NoticeDecision, StaffPermit, decide_notice},
        ids::NoticeId,
        notice::Recipient,
        policy::Policy,
        time::Timestamp,
    },
    flows::FlowError,
    store::{
        daemons::{self, Hold},
        notices::{self, Came, Due},
    },
};

/// A try that is not settled after this long is lost with its daemon.
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(5);

impl Lane {
    /// Sends notices whose time has come; returns how many. None where this is not the channel for email.
    pub async fn notices(&self) -> Result<usize, FlowError> {
        if self.gateway.carriers.email.as_ref() != Some(self.sender.id()) {
            return Ok(0);
        }
        let now = self.gateway.now();
        let mut connection = self.gateway.store.acquire().await?;
        if daemons::holds(&mut connection).await?.iter().any(|hold| stops(hold, self.channel())) {
            return Ok(0);
        }
        // Counted first, so that no place of the channel's pace is taken for nothing.
        let due = notices::count_due(&mut connection, now - LOST_AFTER, now).await?;
        let places = if due == 0 { 0 } else { self.sender.pace().take(self.group.min(due)) };
        if places == 0 {
            return Ok(0);
        }
        let due = notices::claim(&mut connection, places, now - LOST_AFTER, now).await?;
        drop(connection);
        let policy = self.gateway.policy();
        let came = join_all(due.into_iter().map(|due| self.tell(due, &policy, now))).await;
        let mut connection = self.gateway.store.acquire().await?;
        notices::settle(&mut connection, &came, self.gateway.now()).await?;
        Ok(came.len())
    }

    /// Tries one notice.
    async fn tell(&self, due: Due, policy: &Policy, now: Timestamp) -> (NoticeId, Came) {
        let (id, tries) = (due.id, due.tries);
        let came = match permit(due, policy, now) {
            Ok(permit) => {
                let sent = self.sender.send(&permit.into_outgoing(id)).await;
                sent.map_or_else(|error| self.after(&error, tries, policy, now), |_| Came::Sent)
            }
            Err(came) => came,
        };
        if let Came::Failed(why) = &came {
            tracing::error!(notice = %id, "a notice to a colleague did not leave: {why}");
        }
        (id, came)
    }

    /// A notice that may have gone is sent again, with the same Message-ID, as any mail server does.
    fn after(&self, error: &SendError, tries: u16, policy: &Policy, now: Timestamp) -> Came {
        let rest = match error.fault {
            Fault::BadAddress | Fault::Stopped | Fault::Refused => {
                return Came::Failed(error.summary.clone());
            }
            Fault::Temporary => {
                let again = policy.retry.after(tries).and_then(|wait| now.checked_add(wait).ok());
                return again.map_or_else(|| Came::Failed(error.summary.clone()), Came::Again);
            }
            Fault::Throttled { wait } => wait.unwrap_or(DEFAULT_PAUSE),
            // The next message to a family finds the same, and holds the channel.
            Fault::Unreachable | Fault::Misconfigured => UNREACHABLE_REST,
        };
        self.sender.pace().pause(rest);
        Came::Rests(now.checked_add(rest).unwrap_or(now))
    }
}

/// The gate's leave, or what becomes of the notice without it.
fn permit(due: Due, policy: &Policy, now: Timestamp) -> Result<StaffPermit, Came> {
    let Some(notice) = due.notice else { return Err(Came::Dropped("what was kept of it cannot be read")) };
    let at_post = due.post.and_then(|post| {
        let email = policy.notices.address(post)?.clone();
        Some(Recipient {
            name: String::new().into(),
            email,
            roles: Vec::new(),
            post: Some(post),
            disabled: false,
        })
    });
    let Some(recipient) = due.colleague.or(at_post) else {
        return Err(Came::Dropped("the settings name no address for this post"));
    };
    match decide_notice(&recipient, &notice, due.made_at, policy, now) {
        NoticeDecision::Permit(permit) => Ok(permit),
        NoticeDecision::Wait(until) => Err(Came::Again(until)),
        NoticeDecision::Drop(why) => Err(Came::Dropped(why)),
    }
}

/// Whether a hold stops notices too: the channel itself is held, or this is a copy of a database that must not speak.
fn stops(hold: &Hold, channel: &str) -> bool {
    hold.scope == channel || (hold.scope == daemons::ALL_CHANNELS && hold.set_by == "restore")
}
