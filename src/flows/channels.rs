//! How each channel is: when it last took or brought something, its pace and when the last message leaves by it, why it is paused,
//! the month's texts, forged posts, and whether mailboxes were compared and probed (R50, R66). Counts and times; nothing of anybody.

use jiff::SignedDuration;
use liaison_channels::{message::ChannelId, sender::Carries};

use super::{
    FlowError,
    gateway::{Gateway, ReadMailbox},
    month,
    operate::HELD_UNTIL,
};
use crate::{
    domain::{ids::StaffId, time::Timestamp},
    store::{
        StoreError, daemons,
        inbox::{self, Reading},
        outbox_list::{self, Waits},
        probes::{self, Newest},
        texts_of_month::{self, Month},
    },
};

/// How a channel is.
#[derive(Debug, Clone)]
pub struct Health {
    /// The channel.
    pub id: String,
    /// What it carries; `None`: it is read only.
    pub carries: Option<Carries>,
    /// When the server or provider last took a message.
    pub taken: Option<Timestamp>,
    /// When it was last read well, compared and silent; `None`: it is not read, or never was.
    pub reading: Option<Reading>,
    /// Whether it is a mailbox that was never read.
    pub never_read: bool,
    /// The mail that was last sent to prove it.
    pub probe: Option<Newest>,
    /// Messages a minute, where it keeps a pace.
    pub per_minute: Option<f64>,
    /// How long the provider has asked us to wait, from now.
    pub asked_to_wait: Option<SignedDuration>,
    /// What waits to leave.
    pub waits: Waits,
    /// When the last of that leaves by its pace, if nothing else comes and nothing holds it up; `None`: it keeps none, or
    /// nothing waits.
    pub done_by: Option<Timestamp>,
    /// Why it is paused, since when and by whom.
    pub held: Option<(String, Timestamp)>,
    /// The month's texts, and the most there may be.
    pub month: Option<(Month, Option<u32>)>,
    /// Posts that were not believed, by reason, since this daemon started.
    pub refused: Vec<(&'static str, u64)>,
}

/// How every channel is, those that send first. What waits is counted as this colleague may see it; for nobody in particular
/// without what is restricted.
pub async fn health(gateway: &Gateway, seen_by: Option<StaffId>) -> Result<Vec<Health>, FlowError> {
    let now = gateway.now();
    // Before the connection below: whoever holds one must not wait for another.
    let waiting = waits(gateway, seen_by, now).await?;
    let mut connection = gateway.store.acquire().await?;
    let holds = daemons::holds(&mut connection).await?;
    let mut readings = inbox::readings(&mut connection).await?;
    let mut all = Vec::new();
    for id in sending(gateway) {
        let name = id.as_str();
        let mut one = empty(name);
        if let Some(sender) = gateway.senders.get(id) {
            one.carries = Some(sender.limits().carries);
            one.per_minute = sender.pace().every().map(|every| 60.0 / every.as_secs_f64());
            one.asked_to_wait =
                sender.pace().pause_left().and_then(|left| SignedDuration::try_from(left).ok());
            if sender.limits().carries == Carries::Text {
                let month = texts_of_month::month(&mut connection, name, month::first_day(now)).await?;
                one.month = Some((month, sender.limits().cost.parts_per_month));
            }
            if let Some((_, waits)) = waiting.iter().find(|(channel, _)| channel == name) {
                one.waits = *waits;
            }
            one.done_by = done_by(one.waits, sender.pace().every(), now);
        }
        one.taken = outbox_list::last_taken(&mut connection, name).await?;
        one.reading = take(&mut readings, name);
        one.held = holds
            .iter()
            .find(|hold| hold.scope == name)
            .and_then(|hold| Some((hold.reason.clone(), hold.set_at.parse().ok()?)));
        one.refused = refused(gateway, id);
        all.push(one);
    }
    for ReadMailbox { id, .. } in &gateway.mailboxes {
        let reading = take(&mut readings, id.as_str());
        all.push(Health {
            never_read: reading.is_none(),
            reading,
            probe: probes::newest(&mut connection, id.as_str()).await?,
            ..empty(id.as_str())
        });
    }
    // Folders of practice, and further folders of an account.
    for reading in readings {
        all.push(Health { reading: Some(reading.clone()), ..empty(&reading.channel) });
    }
    Ok(all)
}

/// What waits by each channel that sends. By row-level security, as the lists beside are: a number must not tell of what a list
/// hides.
async fn waits(
    gateway: &Gateway,
    seen_by: Option<StaffId>,
    now: Timestamp,
) -> Result<Vec<(String, Waits)>, FlowError> {
    let mut tx = match seen_by {
        Some(staff) => gateway.store.as_colleague(staff).await?,
        None => gateway.store.begin().await?,
    };
    let mut all = Vec::new();
    for id in sending(gateway) {
        let waits = outbox_list::waits(&mut tx, id.as_str(), seen_by.is_some(), now, HELD_UNTIL).await?;
        all.push((id.as_str().to_owned(), waits));
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(all)
}

/// The channels that send: those that are chosen first, then whichever else is set up and may hear posts.
fn sending(gateway: &Gateway) -> Vec<&ChannelId> {
    let chosen: Vec<_> = gateway.carriers.all().collect();
    let others = gateway.senders.keys().filter(|id| !chosen.contains(id)).collect::<Vec<_>>();
    [chosen, others].concat()
}

fn empty(id: &str) -> Health {
    Health {
        id: id.to_owned(),
        carries: None,
        taken: None,
        reading: None,
        never_read: false,
        probe: None,
        per_minute: None,
        asked_to_wait: None,
        waits: Waits { due: 0, later: 0, from: None },
        done_by: None,
        held: None,
        month: None,
        refused: Vec::new(),
    }
}

fn take(readings: &mut Vec<Reading>, channel: &str) -> Option<Reading> {
    let at = readings.iter().position(|reading| reading.channel == channel)?;
    Some(readings.remove(at))
}

fn refused(gateway: &Gateway, id: &ChannelId) -> Vec<(&'static str, u64)> {
    let all = gateway.refused.all().into_iter();
    all.filter(|(channel, ..)| channel == id.as_str()).map(|(_, why, count)| (why.as_str(), count)).collect()
}

/// When the last message leaves: what may leave now begins now, the rest when its time comes.
fn done_by(waits: Waits, every: Option<std::time::Duration>, now: Timestamp) -> Option<Timestamp> {
    let every = SignedDuration::try_from(every?).ok()?;
    let after = |begin: Timestamp, count: i64| {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        begin.saturating_add(every.saturating_mul(count)).ok()
    };
    let now_done = (waits.due > 0).then(|| after(now, waits.due)).flatten();
    match waits.from {
        Some(from) => after(from.max(now_done.unwrap_or(from)), waits.later),
        None => now_done,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn when_the_last_message_leaves_follows_from_the_pace_and_from_when_it_may() {
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().expect("an instant");
        let later: Timestamp = "2026-11-23T09:00:00Z".parse().expect("an instant");
        let two_secs = Some(Duration::from_secs(2));
        let waits = |due, later, from| Waits { due, later, from };

        for (waits, every, done) in [
            // 450 updates at 30 a minute: a quarter of an hour.
            (waits(450, 0, None), two_secs, Some("2026-11-23T08:15:00Z")),
            (waits(0, 450, Some(later)), two_secs, Some("2026-11-23T09:15:00Z")),
            (waits(30, 30, Some(later)), two_secs, Some("2026-11-23T09:01:00Z")),
            (waits(3600, 30, Some(later)), two_secs, Some("2026-11-23T10:01:00Z")),
            (waits(0, 0, None), two_secs, None),
            (waits(450, 0, None), None, None),
        ] {
            let wanted = done.map(|at| at.parse().expect("an instant"));
            assert_eq!(done_by(waits, every, now), wanted, "{waits:?}");
        }
    }
}
