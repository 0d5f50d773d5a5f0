//! The kit on trial: an adapter in memory that can be given one vice, and the promise that must find it out.

use std::{
    future::pending,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use liaison_channels::{
    Sender,
    conformance::{Misbehaviour, Rig, Taken, promises},
    conformance_tests,
    cost::Cost,
    error::{Fault, SendError, Went},
    message::{ChannelId, OurRef, Outgoing, Parts, ProviderRef},
    pace::Pace,
    sender::{Accepted, Carries, Finding, Found, Limits, Lookup},
    text::Alphabet,
    wire_log::Recorder,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What an adapter may do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vice {
    SendsTwice,
    LosesALine,
    MistakesTheRecipient,
    ReusesReferences,
    TakesTheWrongKind,
    SaysOkTooSoon,
    SaysNoTooSoon,
    MistakesTheFault,
    StaysBroken,
    LosesPlacesWhenCancelled,
    Crowds,
    FindsNothing,
    FindsAnything,
    TakesTwinsForEachOther,
    ProbesBlindly,
    ProbesByWriting,
    PrintsTheNumber,
    PrintsTheWords,
    NeverGivesUp,
    KeepsNoLog,
    LogsTheWords,
    LogsTheNumber,
    LogsTheKey,
    LogsNoAnswer,
}

#[derive(Default)]
struct State {
    taken: Vec<(OurRef, Taken)>,
    how: Option<Misbehaviour>,
    broken: bool,
    at_once: usize,
    most: usize,
}

/// Adapter, provider and rig in one.
struct Liar {
    id: ChannelId,
    limits: Limits,
    pace: Pace,
    vice: Option<Vice>,
    places: Semaphore,
    state: Mutex<State>,
}

impl Liar {
    fn with(vice: Option<Vice>) -> Self {
        let limits = Limits {
            carries: Carries::Text,
            in_flight: 2,
            alphabet: Some(Alphabet::Unicode),
            can_be_answered: false,
            cost: Cost::default(),
        };
        let id = ChannelId::parse("liar").expect("good");
        Self { id, limits, pace: Pace::unlimited(), vice, places: Semaphore::new(2), state: Mutex::default() }
    }

    fn has(&self, vice: Vice) -> bool {
        self.vice == Some(vice)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    fn troubles(&self) -> (Option<Misbehaviour>, bool) {
        let state = self.state();
        (state.how, state.broken)
    }

    fn name(&self, reference: OurRef) -> ProviderRef {
        ProviderRef(if self.has(Vice::ReusesReferences) { "one".to_owned() } else { format!("P{reference}") })
    }

    fn take(&self, message: &Outgoing) {
        let Parts::Text(text) = message.parts() else { return };
        let mut words = text.body.expose().clone();
        if self.has(Vice::LosesALine) {
            words = words.replace("\n.\n", "\n");
        }
        let to = if self.has(Vice::MistakesTheRecipient) { "+447700900999" } else { text.to.expose() };
        let taken = Taken { to: to.to_owned(), words };
        let times = if self.has(Vice::SendsTwice) { 2 } else { 1 };
        self.state().taken.extend(std::iter::repeat_n((message.reference(), taken), times));
    }

    fn fail(&self, how: Misbehaviour, message: &Outgoing) -> SendError {
        use Misbehaviour::{
            CutAfter, Garbles, RefusesAddress, RefusesContent, RefusesSettings, SilentAfter, Throttles,
        };
        self.state().broken = self.has(Vice::StaysBroken);
        let fault = match how {
            _ if self.has(Vice::MistakesTheFault) => Fault::Temporary,
            Throttles => Fault::Throttled { wait: None },
            RefusesAddress => Fault::BadAddress,
            RefusesContent => Fault::Refused,
            RefusesSettings => Fault::Misconfigured,
            _ => Fault::Temporary,
        };
        let mut error = SendError::not_sent(fault, "no");
        if matches!(how, CutAfter | SilentAfter | Garbles) {
            self.take(message);
            error.went = if self.has(Vice::SaysNoTooSoon) { Went::No } else { Went::Perhaps };
        }
        if let Parts::Text(text) = message.parts() {
            error.summary = match self.vice {
                Some(Vice::PrintsTheNumber) => format!("no to {}", text.to.expose()),
                Some(Vice::PrintsTheWords) => format!("no to {}", text.body.expose()),
                _ => error.summary,
            };
        }
        error
    }
}

/// Counts a message for as long as it is on the wire.
struct OnTheWire<'a>(&'a Liar);

impl<'a> OnTheWire<'a> {
    fn new(liar: &'a Liar) -> Self {
        let mut state = liar.state();
        state.at_once += 1;
        state.most = state.most.max(state.at_once);
        Self(liar)
    }
}

impl Drop for OnTheWire<'_> {
    fn drop(&mut self) {
        self.0.state().at_once -= 1;
    }
}

impl Liar {
    fn write_down(&self, message: &Outgoing, sent: &Result<Accepted, SendError>, recorder: &Recorder) {
        recorder.said(match (self.vice, message.parts()) {
            (Some(Vice::LogsTheWords), Parts::Text(text)) => text.body.expose(),
            (Some(Vice::LogsTheNumber), Parts::Text(text)) => text.to.expose(),
            (Some(Vice::LogsTheKey), _) => "login liars-key",
            _ => "a text",
        });
        if !self.has(Vice::LogsNoAnswer) {
            recorder.heard(if sent.is_ok() { "taken" } else { "no" });
        }
    }

    async fn hand_over(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let accepted = Accepted::new(self.name(message.reference()), "taken");
        if matches!(message.parts(), Parts::Mail(_)) && !self.has(Vice::TakesTheWrongKind) {
            return Err(SendError::not_sent(Fault::Refused, "this channel carries texts"));
        }
        let mut place = if self.has(Vice::Crowds) { None } else { self.places.acquire().await.ok() };
        if self.has(Vice::LosesPlacesWhenCancelled) {
            place.take().into_iter().for_each(SemaphorePermit::forget);
        }
        let wire = OnTheWire::new(self);
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        drop(wire);
        if self.has(Vice::LosesPlacesWhenCancelled) {
            self.places.add_permits(1); // never reached by a send that was dropped
        }
        let (how, broken) = self.troubles();
        match how {
            Some(_) if self.has(Vice::SaysOkTooSoon) => Ok(accepted),
            Some(_) if self.has(Vice::NeverGivesUp) => pending().await,
            Some(how) => Err(self.fail(how, message)),
            None if broken => Err(SendError::not_sent(Fault::Temporary, "still broken")),
            None => {
                self.take(message);
                Ok(accepted)
            }
        }
    }
}

#[async_trait]
impl Sender for Liar {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let recorder = Recorder::default();
        let sent = self.hand_over(message).await;
        self.write_down(message, &sent, &recorder);
        if self.has(Vice::KeepsNoLog) { sent } else { recorder.log(&[]).on(sent) }
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Finding, SendError> {
        let Parts::Text(text) = lookup.message.parts() else { return Ok(Found::No.into()) };
        let taken = &self.state().taken;
        let found = match self.vice {
            Some(Vice::FindsNothing) => None,
            Some(Vice::FindsAnything) => Some(lookup.reference),
            Some(Vice::TakesTwinsForEachOther) => taken
                .iter()
                .find(|(_, taken)| taken.words == *text.body.expose())
                .map(|(reference, _)| *reference),
            _ => {
                taken.iter().map(|(reference, _)| *reference).find(|reference| *reference == lookup.reference)
            }
        };
        Ok(found.map_or(Found::No, |reference| Found::Yes(self.name(reference))).into())
    }

    async fn probe(&self) -> Result<String, SendError> {
        if self.has(Vice::ProbesByWriting) {
            let taken = Taken { to: "+447700900999".to_owned(), words: "a test".to_owned() };
            self.state().taken.push((OurRef(uuid::Uuid::now_v7()), taken));
        }
        let refused = self.state().how.is_some() && !self.has(Vice::ProbesBlindly);
        if refused {
            Err(SendError::not_sent(Fault::Misconfigured, "no"))
        } else {
            Ok("all is well".to_owned())
        }
    }
}

#[async_trait]
impl Rig for Liar {
    fn sender(&self) -> &dyn Sender {
        self
    }

    fn secrets(&self) -> Vec<String> {
        vec!["liars-key".to_owned()]
    }

    async fn taken(&self) -> Vec<Taken> {
        self.state().taken.iter().map(|(_, taken)| taken.clone()).collect()
    }

    async fn misbehave(&self, how: Misbehaviour) -> bool {
        self.state().how = Some(how);
        true
    }

    async fn behave(&self) {
        self.state().how = None;
    }

    fn most_at_once(&self) -> Option<usize> {
        Some(self.state().most)
    }

    fn patience(&self) -> Duration {
        let hangs =
            [Vice::NeverGivesUp, Vice::LosesPlacesWhenCancelled].into_iter().any(|vice| self.has(vice));
        if hangs { Duration::from_millis(100) } else { Duration::from_secs(10) }
    }
}

conformance_tests!(an_honest_adapter, Liar::with(None));

macro_rules! caught {
    ($($vice:ident by $promise:ident,)+) => {
        $(
            let verdict = promises::$promise(&Liar::with(Some(Vice::$vice))).await;
            assert!(verdict.is_err(), "{:?} was not found out by {}", Vice::$vice, stringify!($promise));
        )+
    };
}

#[tokio::test]
async fn every_vice_is_found_out_by_the_promise_it_breaks() {
    caught!(
        SendsTwice by each_message_is_handed_over_once_and_whole,
        LosesALine by each_message_is_handed_over_once_and_whole,
        MistakesTheRecipient by each_message_is_handed_over_once_and_whole,
        ReusesReferences by messages_of_one_moment_are_kept_apart,
        TakesTheWrongKind by a_message_of_the_wrong_kind_is_refused,
        SaysOkTooSoon by a_failure_tells_the_truth,
        SaysNoTooSoon by a_failure_tells_the_truth,
        MistakesTheFault by a_failure_tells_the_truth,
        NeverGivesUp by a_failure_tells_the_truth,
        StaysBroken by the_channel_works_again_after_every_failure,
        LosesPlacesWhenCancelled by a_cancelled_send_harms_no_later_one,
        Crowds by no_more_than_the_limit_are_on_the_wire,
        FindsNothing by find_tells_the_truth,
        FindsAnything by find_tells_the_truth,
        TakesTwinsForEachOther by find_tells_twins_apart,
        FindsNothing by find_tells_the_truth_after_a_cut_line,
        ProbesBlindly by a_probe_reaches_nobody_and_finds_what_is_wrong,
        ProbesByWriting by a_probe_reaches_nobody_and_finds_what_is_wrong,
        PrintsTheNumber by no_personal_data_is_printed,
        PrintsTheWords by no_personal_data_is_printed,
        KeepsNoLog by what_was_said_is_kept_struck_out,
        LogsTheWords by what_was_said_is_kept_struck_out,
        LogsTheNumber by what_was_said_is_kept_struck_out,
        LogsTheKey by what_was_said_is_kept_struck_out,
        LogsNoAnswer by what_was_said_is_kept_struck_out,
    );
}
