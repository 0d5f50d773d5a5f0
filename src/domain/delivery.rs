//! How a delivery moves, and what an attempt's outcome means for it.

use liaison_channels::{
    error::{Fault, SendError, Went},
    receipt::Progress,
    sender::Accepted,
};

use super::{
    ids::{AnnouncementId, AnswerId, StandardId, UpdateId},
    policy::RetrySchedule,
    time::{Timestamp, moment_in_a_sentence},
};

/// What a delivery carries: one thing, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carried {
    /// A teacher's update about a pupil.
    Update(UpdateId),
    /// An acknowledgement or a reply in a case.
    Answer(AnswerId),
    /// A notice or newsletter, the same for everybody.
    Announcement(AnnouncementId),
    /// A notice that Liaison words itself.
    Standard(StandardId),
}

impl Carried {
    /// From a row's columns, of which the database lets one be set.
    pub fn of(
        update: Option<uuid::Uuid>,
        answer: Option<uuid::Uuid>,
        announcement: Option<uuid::Uuid>,
        standard: Option<uuid::Uuid>,
    ) -> Option<Self> {
        update
            .map(|id| Self::Update(UpdateId(id)))
            .or(answer.map(|id| Self::Answer(AnswerId(id))))
            .or(announcement.map(|id| Self::Announcement(AnnouncementId(id))))
            .or(standard.map(|id| Self::Standard(StandardId(id))))
    }

    /// The update, where it is one.
    pub const fn update(self) -> Option<UpdateId> {
        match self {
            Self::Update(id) => Some(id),
            Self::Answer(_) | Self::Announcement(_) | Self::Standard(_) => None,
        }
    }

    /// The answer, where it is one.
    pub const fn answer(self) -> Option<AnswerId> {
        match self {
            Self::Answer(id) => Some(id),
            Self::Update(_) | Self::Announcement(_) | Self::Standard(_) => None,
        }
    }

    /// The announcement, where it is one.
    pub const fn announcement(self) -> Option<AnnouncementId> {
        match self {
            Self::Announcement(id) => Some(id),
            Self::Update(_) | Self::Answer(_) | Self::Standard(_) => None,
        }
    }

    /// The standard notice, where it is one.
    pub const fn standard(self) -> Option<StandardId> {
        match self {
            Self::Standard(id) => Some(id),
            Self::Update(_) | Self::Answer(_) | Self::Announcement(_) => None,
        }
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for its time.
    Queued,
    /// On the wire; a crash now leaves it in doubt.
    Submitting,
    /// Taken by the mail server or provider.
    Submitted,
    /// The provider said it arrived.
    Delivered,
    /// Will not arrive by this route.
    Failed,
    /// It may have gone: the channel is asked, then a person.
    Unknown,
    /// The gate said no.
    Refused,
    /// A person took it back before it left.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Submitting,
        Self::Submitted,
        Self::Delivered,
        Self::Failed,
        Self::Unknown,
        Self::Refused,
        Self::Cancelled,
    ];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Where a receipt moves a delivery, or `None` when it tells nothing new. A delivery moves once and never
    /// backwards: an "accepted" after "delivered", or a "failed" after it, changes nothing.
    ///
    /// What went back to the queue after a doubt has gone after all, if the provider says so under a name it had not
    /// told us before (`named` is false); under a known name, which is an earlier try's, only "delivered" says so.
    pub const fn on_receipt(self, progress: Progress, named: bool) -> Option<Self> {
        match (self, progress) {
            (Self::Unknown | Self::Submitting, Progress::Accepted | Progress::Sent) => Some(Self::Submitted),
            (Self::Queued, Progress::Accepted | Progress::Sent) if !named => Some(Self::Submitted),
            (Self::Queued | Self::Unknown | Self::Submitting | Self::Submitted, Progress::Delivered) => {
                Some(Self::Delivered)
            }
            (Self::Unknown | Self::Submitting | Self::Submitted, Progress::Failed(_)) => Some(Self::Failed),
            _ => None,
        }
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Taken; this is what the other side calls it.
    Submitted(String),
    /// Nobody knows: ask the channel.
    Unknown,
    /// Try again at this time.
    Again(Timestamp),
    /// The channel is at fault, not the message: it goes back, untouched, and the channel is held.
    HoldChannel,
    /// Not by this route.
    Failed(Fault),
}

/// How many tries may find the server out of reach before it counts as a failure like any other. The channel rests a
/// minute between them, so this is most of a day.
const MOST_UNREACHABLE_TRIES: u16 = 1000;

/// How many tries a provider may answer "slow down" to before it counts as a failure like any other.
const MOST_THROTTLED_TRIES: u16 = 50;

/// Decides what an attempt's outcome means. `tries` counts this attempt too.
pub fn after(
    outcome: &Result<Accepted, SendError>,
    tries: u16,
    schedule: &RetrySchedule,
    now: Timestamp,
) -> Next {
    let error = match outcome {
        Ok(accepted) => return Next::Submitted(accepted.reference.0.clone()),
        Err(error) => error,
    };
    if error.went == Went::Perhaps {
        return Next::Unknown;
    }
    match error.fault {
        Fault::Misconfigured => Next::HoldChannel,
        Fault::Throttled { wait } if tries < MOST_THROTTLED_TRIES => {
            Next::Again(later(now, wait.unwrap_or(DEFAULT_PAUSE)))
        }
        // Nothing was said about this message: it waits for the channel, and its tries do not run out meanwhile.
        Fault::Unreachable if tries < MOST_UNREACHABLE_TRIES => Next::Again(later(now, UNREACHABLE_REST)),
        Fault::Temporary | Fault::Unreachable | Fault::Throttled { .. } => match schedule.after(tries) {
            Some(wait) => Next::Again(later(now, wait)),
            None => Next::Failed(error.fault),
        },
        fault @ (Fault::BadAddress | Fault::Stopped | Fault::Refused) => Next::Failed(fault),
    }
}

/// How long a channel rests when its server cannot be reached.
pub const UNREACHABLE_REST: std::time::Duration = std::time::Duration::from_mins(1);

/// How long a channel rests when the provider said "slow down" and named no time.
pub const DEFAULT_PAUSE: std::time::Duration = std::time::Duration::from_secs(30);

fn later(now: Timestamp, wait: std::time::Duration) -> Timestamp {
    now.saturating_add(jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

/// The sentence for the chronology after an attempt.
pub fn sentence(next: &Next, by: &str, error: Option<&SendError>) -> String {
    let why = error.map(|error| error.summary.as_str()).unwrap_or_default();
    match next {
        Next::Submitted(_) => format!("sent by {by}"),
        Next::Unknown => format!("nobody knows yet whether it went by {by}: {why}"),
        Next::Again(at) => format!("not sent by {by}: {why}; tried again {}", moment_in_a_sentence(*at)),
        Next::HoldChannel => format!("not sent by {by}: {why}; the channel is held until that is mended"),
        Next::Failed(_) => format!("will not arrive by {by}: {why}"),
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that panics has found something")]
mod tests {
    use std::time::Duration;

    use liaison_channels::{message::ProviderRef, receipt::FailedAs};

    use super::*;

    fn schedule() -> RetrySchedule {
        RetrySchedule(vec![Duration::from_mins(1), Duration::from_mins(5)])
    }

    fn next(fault: Fault, tries: u16) -> Next {
        after(&Err(SendError::not_sent(fault, "why")), tries, &schedule(), Timestamp::UNIX_EPOCH)
    }

    fn at(seconds: i64) -> Next {
        Next::Again(Timestamp::from_second(seconds).expect("a time"))
    }

    #[test]
    fn each_outcome_means_one_thing() {
        let accepted = Ok(Accepted::new(ProviderRef("SM1".into()), ""));
        assert_eq!(after(&accepted, 1, &schedule(), Timestamp::UNIX_EPOCH), Next::Submitted("SM1".into()));
        let doubt = Err(SendError::in_doubt("cut"));
        assert_eq!(after(&doubt, 9, &schedule(), Timestamp::UNIX_EPOCH), Next::Unknown);
        for (fault, tries, expected) in [
            (Fault::Temporary, 1, at(60)),
            (Fault::Temporary, 2, at(300)),
            (Fault::Temporary, 3, Next::Failed(Fault::Temporary)),
            (Fault::Throttled { wait: Some(Duration::from_secs(7)) }, 3, at(7)),
            (Fault::Throttled { wait: None }, 40, at(30)),
            (Fault::Unreachable, 1, at(60)),
            (Fault::Unreachable, 500, at(60)),
            (Fault::Unreachable, 1000, Next::Failed(Fault::Unreachable)),
            (Fault::Misconfigured, 40, Next::HoldChannel),
            (Fault::BadAddress, 1, Next::Failed(Fault::BadAddress)),
            (Fault::Stopped, 1, Next::Failed(Fault::Stopped)),
            (Fault::Refused, 1, Next::Failed(Fault::Refused)),
        ] {
            assert_eq!(next(fault, tries), expected, "{fault} at try {tries}");
        }
    }

    #[test]
    fn receipts_in_any_order_end_in_the_same_state() {
        let receipts =
            [Progress::Accepted, Progress::Sent, Progress::Delivered, Progress::Sent, Progress::Delivered];
        for start in 0..receipts.len() {
            for step in [1, 2, 3, 4] {
                let mut state = State::Submitted;
                for n in 0..receipts.len() {
                    let receipt = receipts[(start + n * step) % receipts.len()];
                    state = state.on_receipt(receipt, true).unwrap_or(state);
                }
                assert_eq!(state, State::Delivered, "start {start} step {step}");
            }
        }
    }

    #[test]
    fn a_receipt_never_moves_a_final_state() {
        let all = [
            Progress::Accepted,
            Progress::Sent,
            Progress::Delivered,
            Progress::Failed(FailedAs::Temporary),
            Progress::Failed(FailedAs::BadAddress),
        ];
        for state in [State::Delivered, State::Failed, State::Refused, State::Cancelled] {
            for progress in all {
                for named in [false, true] {
                    assert_eq!(state.on_receipt(progress, named), None, "{state:?} {progress:?}");
                }
            }
        }
    }

    #[test]
    fn what_was_queued_again_is_known_to_have_gone_by_a_new_name_or_by_its_arrival() {
        let moved = |progress| [false, true].map(|named| State::Queued.on_receipt(progress, named));

        assert_eq!(moved(Progress::Sent), [Some(State::Submitted), None]);
        assert_eq!(moved(Progress::Delivered), [Some(State::Delivered); 2]);
        assert_eq!(moved(Progress::Failed(FailedAs::Temporary)), [None; 2]);
    }

    #[test]
    fn every_state_reads_back_from_its_word() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
