//! Clears up messages in doubt: asks the channel first; what nobody can tell goes to a person, or, for mail, again.

use jiff::SignedDuration;
use liaison_channels::{
    Sender,
    message::{ChannelId, ProviderRef},
    sender::{Carries, Found},
};

use super::{
    FlowError,
    gateway::Gateway,
    month,
    planning::{check_address, opened_entry},
    receipts,
    settle::{has_gone, wire_in_lines},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::State,
        gate::Question,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, chronology,
        doubt::{self, InDoubt},
        outbox::{self, Move},
        tasks,
    },
};

/// How many messages one round asks about.
const ROUND: i64 = 200;

/// How many times the wait before the first look-up passes until "not in the list" is believed of a text.
const SURE_AFTER: u32 = 4;

/// What a round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// Found to have gone.
    pub went: usize,
    /// Found not to have gone, or mail that goes again with the same Message-ID.
    pub again: usize,
    /// Given to a person.
    pub person: usize,
    /// Still in doubt.
    pub open: usize,
}

/// One round over the messages in doubt.
pub async fn resolve(gateway: &Gateway) -> Result<Resolved, FlowError> {
    let now = gateway.now();
    let doubts = doubt::in_doubt(&mut *gateway.store.acquire().await?, now, None, ROUND).await?;
    let mut resolved = Resolved::default();
    for doubt in doubts {
        let Some(sender) = ChannelId::parse(&doubt.channel).ok().and_then(|id| gateway.senders.get(&id))
        else {
            resolved.open += 1;
            continue;
        };
        let (answer, wire) = answer(gateway, sender.as_ref(), &doubt, now).await?;
        if let Some(wire) = wire.filter(|_| !matches!(answer, Answer::Wait | Answer::Person)) {
            outbox::add_wire(&mut *gateway.store.acquire().await?, doubt.id, doubt.tries, &wire).await?;
        }
        match answer {
            Answer::Wait => resolved.open += 1,
            Answer::Went(reference) => resolved.went += usize::from(went(gateway, &doubt, reference).await?),
            Answer::Again(maybe_twice) => {
                resolved.again += usize::from(again(gateway, &doubt, maybe_twice).await?);
            }
            Answer::GiveUp(why) => resolved.person += usize::from(give_up(gateway, &doubt, why).await?),
            Answer::Person => {
                let carries = sender.limits().carries;
                resolved.person += usize::from(person(gateway, &doubt, carries).await?);
            }
        }
    }
    Ok(resolved)
}

enum Answer {
    Wait,
    Went(ProviderRef),
    /// Send again; `true`: it may then arrive twice.
    Again(bool),
    /// It was tried often enough; the sentence says what is known.
    GiveUp(&'static str),
    Person,
}

async fn answer(
    gateway: &Gateway,
    sender: &dyn Sender,
    doubt: &InDoubt,
    now: Timestamp,
) -> Result<(Answer, Option<String>), FlowError> {
    let waited = now.duration_since(doubt.since);
    let longer_than = |patience| waited >= SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
    let carries = sender.limits().carries;
    if carries != Carries::Mail && !longer_than(gateway.patience.ask_after) {
        return Ok((Answer::Wait, None));
    }
    let (found, wire) = find(gateway, sender, doubt).await?;
    let tries_left = gateway.policy().retry.after(doubt.tries).is_some();
    let answer = match (found, carries) {
        (Some(Found::Yes(reference)), _) => Answer::Went(reference),
        // A provider that was slow to answer may be slow to list: a text that is not there yet is looked for once more. Where it was
        // our daemon that went away, nothing says that the provider is slow.
        (Some(Found::No), Carries::Text)
            if doubt.reason.as_deref() != Some(doubt::DAEMON_DIED)
                && !longer_than(gateway.patience.ask_after * SURE_AFTER) =>
        {
            Answer::Wait
        }
        (Some(Found::No), _) if tries_left => Answer::Again(false),
        (Some(Found::No), _) => Answer::GiveUp("could not be sent at any try; another route is taken"),
        // Any mail server may repeat a message with its Message-ID after a cut; ours does no worse.
        (Some(Found::CannotTell), Carries::Mail) if tries_left => Answer::Again(true),
        (Some(Found::CannotTell), Carries::Mail) => Answer::GiveUp(
            "the line was cut at every try: it may or may not have arrived; another route is taken",
        ),
        (Some(Found::CannotTell), Carries::Text | Carries::Letter) => Answer::Person,
        (Some(Found::NotYet), _) | (None, Carries::Text | Carries::Letter)
            if longer_than(gateway.patience.person_after) =>
        {
            Answer::Person
        }
        (Some(Found::NotYet) | None, _) => Answer::Wait,
    };
    Ok((answer, wire))
}

/// Asks the channel; `None` when it did not answer. With it, what was said on the wire.
async fn find(
    gateway: &Gateway,
    sender: &dyn Sender,
    doubt: &InDoubt,
) -> Result<(Option<Found>, Option<String>), FlowError> {
    let (to, carries) = (doubt.to.clone().unwrap_or_default(), sender.limits().carries);
    let Some(question) = Question::about(doubt.id, carries, &to, doubt.wire_body.as_deref()) else {
        return Ok((Some(Found::CannotTell), None));
    };
    let since = doubt.since.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(doubt.since);
    let known = match doubt.wire_body {
        Some(_) => {
            doubt::known_references(&mut *gateway.store.acquire().await?, &to, since, doubt.id).await?
        }
        None => Vec::new(),
    };
    let known: Vec<ProviderRef> = known.into_iter().map(ProviderRef).collect();
    match sender.find(&question.lookup(doubt.since, &known)).await {
        Ok(finding) => Ok((Some(finding.found), wire_in_lines(&finding.wire))),
        Err(error) => {
            tracing::warn!(channel = doubt.channel, delivery = %doubt.id, "could not ask about a message in doubt: {error}");
            Ok((None, wire_in_lines(&error.wire)))
        }
    }
}

async fn went(gateway: &Gateway, doubt: &InDoubt, reference: ProviderRef) -> Result<bool, FlowError> {
    let mut to = Move::to(doubt.id, doubt.tries, State::Submitted);
    to.provider_ref = Some(reference.0.clone());
    let mut tx = gateway.store.begin().await?;
    let said = "the channel was asked: it went";
    if !settle_doubt(&mut tx, gateway, doubt, to, kind::DOUBT_RESOLVED, said).await? {
        return Ok(false);
    }
    let answers: Vec<_> = doubt.carried.answer().into_iter().collect();
    has_gone(&mut tx, gateway, &answers, gateway.now()).await?;
    receipts::read_early(&mut tx, gateway, &doubt.channel, &[reference.0]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

async fn again(gateway: &Gateway, doubt: &InDoubt, maybe_twice: bool) -> Result<bool, FlowError> {
    let now = gateway.now();
    let mut to = Move::to(doubt.id, doubt.tries, State::Queued);
    // The first doubt is cleared up at once; a server that cuts every time is given the schedule's rests.
    to.not_before = Some(match doubt.tries {
        0 | 1 => now,
        tries => {
            let wait = gateway.policy().retry.after(tries - 1).unwrap_or_default();
            now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(now)
        }
    });
    to.maybe_twice = maybe_twice;
    let sentence = if maybe_twice {
        "sent again with the same Message-ID: it may arrive twice"
    } else {
        "the channel was asked: it never went; sent again"
    };
    let mut tx = gateway.store.begin().await?;
    if !settle_doubt(&mut tx, gateway, doubt, to, kind::DOUBT_RESOLVED, sentence).await? {
        return Ok(false);
    }
    if !maybe_twice {
        month::not_sent(&mut tx, doubt).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

async fn give_up(gateway: &Gateway, doubt: &InDoubt, why: &str) -> Result<bool, FlowError> {
    let mut to = Move::to(doubt.id, doubt.tries, State::Failed);
    to.fault = Some("temporary");
    to.reason = Some(why.to_owned());
    let mut tx = gateway.store.begin().await?;
    if !settle_doubt(&mut tx, gateway, doubt, to, kind::FAILED, why).await? {
        return Ok(false);
    }
    super::planning::next_route(&mut tx, gateway, doubt, gateway.now()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

/// Moves it in the caller's transaction; `false` when it was moved meanwhile.
async fn settle_doubt(
    tx: &mut Tx,
    gateway: &Gateway,
    doubt: &InDoubt,
    to: Move,
    event: &str,
    sentence: &str,
) -> Result<bool, FlowError> {
    let now = gateway.now();
    let moved = outbox::settle(tx, &[to], &[State::Unknown], now).await?;
    if moved.is_empty() {
        return Ok(false);
    }
    let entry = Entry::now(now, event, sentence)
        .about(doubt.carer, doubt.pupil)
        .carrying(doubt.carried)
        .delivery(doubt.id);
    chronology::append(tx, &[entry]).await?;
    Ok(true)
}

/// Opens the task "did it arrive?", once; the message stays in doubt and is never sent again by itself.
async fn person(gateway: &Gateway, doubt: &InDoubt, carries: Carries) -> Result<bool, FlowError> {
    let now = gateway.now();
    let why = match carries {
        Carries::Letter => {
            "look at the provider's pages whether a letter was taken: nobody can tell, and it is not printed twice by itself"
        }
        Carries::Mail | Carries::Text => {
            "ask whether a text arrived: nobody can tell, and it is not sent twice by itself"
        }
    };
    let mut tx = gateway.store.begin().await?;
    let mut task = check_address(&gateway.policy(), doubt, why, now);
    task.kind = "did_it_arrive";
    task.carried = Some(doubt.carried);
    let opened = tasks::insert(&mut tx, std::slice::from_ref(&task), now).await?;
    if opened.is_empty() {
        return Ok(false);
    }
    chronology::append(&mut tx, &[opened_entry(&task, "daemon", now)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(true)
}
