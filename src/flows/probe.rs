//! Whether mail is well although nothing failed (R66): a mail that Liaison sends to itself on each school day must come back,
//! and every mailbox must have been read lately. Where it is not so, colleagues are told at once.

use jiff::SignedDuration;
use liaison_channels::message::ChannelId;
use uuid::Uuid;

use super::{
    FlowError,
    gateway::{Gateway, ReadMailbox},
    notices,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        gate::decide_probe,
        ids::ProbeId,
        notice::Notice,
        time::{Timestamp, moment_in_full, school_date, school_time},
    },
    store::{StoreError, Tx, chronology, daemons, inbox, probes},
};

/// How long a probe that could not leave rests.
const REST: SignedDuration = SignedDuration::from_mins(5);

/// Sends today's probe to each mailbox, once; returns how many left.
pub async fn send_due(gateway: &Gateway) -> Result<usize, FlowError> {
    let (now, policy) = (gateway.now(), gateway.policy());
    let day = school_date(now);
    let Some(at) = gateway.patience.probe_at else { return Ok(0) };
    if !policy.is_school_day(day) || school_time(now) < at {
        return Ok(0);
    }
    let sender = gateway.carriers.email.as_ref().and_then(|id| gateway.senders.get(id));
    let Some(sender) = sender else { return Ok(0) };
    let mut sent = 0;
    for ReadMailbox { id: mailbox, address, .. } in gateway.mailboxes.iter().filter(|read| read.probed) {
        let Some(permit) = decide_probe(address, &policy) else { continue };
        let mut connection = gateway.store.acquire().await?;
        // A pause is known already; when it is over there is time to see.
        if daemons::hold_on(&mut connection, sender.id().as_str()).await?.is_some() {
            return Ok(sent);
        }
        let probe = ProbeId::new();
        if !probes::begin(&mut connection, probe, mailbox.as_str(), day, now, REST).await? {
            continue;
        }
        drop(connection);
        let went = sender.send(&permit.into_outgoing(probe, &policy)).await;
        probes::went(&mut *gateway.store.acquire().await?, probe, went.is_ok()).await?;
        match went {
            Ok(_) => sent += 1,
            Err(error) => {
                tracing::warn!(channel = %sender.id(), "the mail to ourselves did not leave: {error}");
            }
        }
    }
    Ok(sent)
}

/// The probe that a mail is, if it is one: by its Message-ID, or where a relay gave it another, by its subject.
pub(super) fn named(message_id: Option<&str>, subject: &str) -> Option<Uuid> {
    let simple = |word: &str| (word.len() == 32).then(|| Uuid::try_parse(word).ok()).flatten();
    let by_subject = subject.rsplit_once("[Probe ").and_then(|(_, rest)| simple(rest.strip_suffix(']')?));
    by_subject.or_else(|| message_id.and_then(|id| simple(id.split_once('@')?.0)))
}

/// Tells of probes that have not come back in time, and of mailboxes and lists that were not read for long. `running` is since
/// when this daemon runs: what nobody read while none ran is no trouble of a channel's. Returns how many were told.
pub async fn alarm(gateway: &Gateway, running: Timestamp) -> Result<usize, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let told =
        lost_probes(&mut tx, gateway, running, now).await? + silent(&mut tx, gateway, running, now).await?;
    if told > 0 {
        notices::at_once(&mut tx, Notice::MailSilent, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(told)
}

async fn lost_probes(
    tx: &mut Tx,
    gateway: &Gateway,
    running: Timestamp,
    now: Timestamp,
) -> Result<usize, FlowError> {
    let back = SignedDuration::try_from(gateway.patience.probe_back).unwrap_or(SignedDuration::MAX);
    let mut told = 0;
    for probe in probes::open(tx).await? {
        // While no daemon ran, nobody looked whether it came.
        let late = now.duration_since(probe.since.max(running)) >= back;
        if late && probes::alarmed(tx, probe.id, now).await? {
            told += 1;
            let how = if probe.left { "did not come back" } else { "could not leave" };
            tell(tx, &format!("the mail to ourselves at {} {how}", probe.mailbox), now).await?;
        }
    }
    Ok(told)
}

async fn silent(
    tx: &mut Tx,
    gateway: &Gateway,
    running: Timestamp,
    now: Timestamp,
) -> Result<usize, FlowError> {
    let mut told = 0;
    for reading in inbox::readings(tx).await? {
        let Some(patience) = patience(gateway, &reading.channel) else { continue };
        let since = reading.looked_at.max(running);
        let silent = now.duration_since(since) > patience;
        if !silent {
            // A daemon that has just started has not read it yet.
            let read = now.duration_since(reading.looked_at) <= patience;
            if read && inbox::set_silent(tx, &reading.channel, None).await? {
                let said = format!("{} is read again", reading.channel);
                let entry = Entry::now(now, kind::OPERATOR, said);
                chronology::append(tx, &[entry]).await?;
            }
            continue;
        }
        if inbox::set_silent(tx, &reading.channel, Some(reading.looked_at)).await? {
            told += 1;
            let last = moment_in_full(reading.looked_at, now);
            tell(tx, &format!("{} was last read well {last}", reading.channel), now).await?;
        }
    }
    Ok(told)
}

/// How long a channel that is read may be silent; `None`: it is not ours to read.
fn patience(gateway: &Gateway, channel: &str) -> Option<SignedDuration> {
    let id = ChannelId::parse(channel).ok()?;
    let long = |patience| SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
    if gateway.mailboxes.iter().any(|read| read.id == id) {
        return Some(long(gateway.patience.silent_after));
    }
    // A list is asked less often.
    let polled = gateway.patience.silent_after.max(gateway.patience.poll_texts * 3);
    gateway.senders.contains_key(&id).then(|| long(polled))
}

async fn tell(tx: &mut Tx, said: &str, now: Timestamp) -> Result<(), FlowError> {
    tracing::error!("carers' messages may be lying unread: {said}");
    let entry = Entry::now(now, kind::OPERATOR, format!("colleagues are told of a silence: {said}"));
    Ok(chronology::append(tx, &[entry]).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_known_by_its_message_id_or_by_its_subject() {
        let id = Uuid::from_u128(7);
        let subject = format!("Re-routed: Does mail come in? [Probe {}]", id.simple());

        assert_eq!(named(Some(&format!("{}@northfield.example", id.simple())), ""), Some(id));
        assert_eq!(named(Some("another@relay.example"), &subject), Some(id));
        assert_eq!(named(Some("another@relay.example"), "Does mail come in? [Probe x]"), None);
        assert_eq!(named(None, ""), None);
    }
}
