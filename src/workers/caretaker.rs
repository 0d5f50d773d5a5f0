//! What one daemon does for all: takes over from the dead, clears up doubts, frees mended channels, seals.

use std::{collections::HashMap, sync::Arc, time::Duration};

use liaison_channels::message::ChannelId;

use super::{Stop, Trouble, heartbeat};
use crate::{
    domain::{
        ids::DaemonId,
        time::{Date, Timestamp, school_date},
    },
    flows::{
        FlowError, absences, announcements, complaint, current, drafts, gateway::Gateway, ladder, life,
        notices, operate, parts, probe, rescue, resolve, seal,
    },
    store::{daemons, leader::Leader},
};

const ROUND: Duration = Duration::from_secs(2);
/// How often a channel that the daemon itself holds is tried again.
const HEAL: Duration = Duration::from_mins(1);
/// The longest rest of one that is held again whenever it is released.
const LONGEST_REST: Duration = Duration::from_hours(4);
/// How often is looked whether a channel is silent, and whether a month's cap still holds: what takes minutes to tell.
const LISTEN: Duration = Duration::from_secs(30);
/// How often clocks are looked for that a daemon started by a calendar it had not replaced yet.
const REDATE: Duration = Duration::from_mins(1);

/// Rounds of care until told to stop. `own` are this daemon's holders.
pub(super) async fn care(gateway: Arc<Gateway>, own: Vec<DaemonId>, mut stop: Stop) {
    let mut leader = Leader::new(gateway.store.pool(), "caretaker");
    let mut trouble = Trouble::default();
    let mut since = Since::default();
    let mut answers = Answers::default();
    while !stop.is_now() {
        let taken_up = take_up(&gateway).await;
        trouble.note("what was adopted", &taken_up);
        let all_could_beat = answers.since_at_least(gateway.patience.lease);
        let round = care_once(&gateway, &mut leader, &own, all_could_beat, &mut since).await;
        answers.note(&round);
        trouble.note("caretaker", &round);
        stop.pause(ROUND.min(gateway.patience.lease / 3)).await;
    }
    leader.resign().await;
}

/// When what is not done in every round was last done.
#[derive(Debug, Default)]
struct Since {
    /// This daemon cares.
    running: Option<Timestamp>,
    /// It was last looked for silence and full months.
    listened: Option<std::time::Instant>,
    /// Each held channel was probed.
    tried: HashMap<String, Tried>,
    /// Clocks were counted anew.
    redated: Option<std::time::Instant>,
    /// The school's day on which it was last looked who turns 16 or 18.
    birthdays: Option<Date>,
}

/// Takes up the calendar and the words that colleagues have adopted since: every daemon does, whoever leads.
async fn take_up(gateway: &Gateway) -> Result<(), FlowError> {
    if current::refresh(gateway).await? {
        let moved = ladder::redate(gateway).await?;
        tracing::info!(moved, "another calendar counts now");
    }
    Ok(())
}

/// Whether Postgres answers, as far as the rounds can tell. While it was away nobody could say that it lives, so for a
/// lease after it came back nobody is declared dead.
#[derive(Debug, Default)]
struct Answers {
    away: bool,
    back_at: Option<std::time::Instant>,
}

impl Answers {
    fn note(&mut self, round: &Result<(), FlowError>) {
        let away = round.as_ref().is_err_and(FlowError::is_away);
        if self.away && !away {
            // Not from the last failure: a round may wait long for its connection without failing.
            self.back_at = Some(std::time::Instant::now());
        }
        self.away = away;
    }

    fn since_at_least(&self, lease: Duration) -> bool {
        !self.away && self.back_at.is_none_or(|at| at.elapsed() >= lease)
    }
}

async fn care_once(
    gateway: &Gateway,
    leader: &mut Leader,
    own: &[DaemonId],
    all_could_beat: bool,
    since: &mut Since,
) -> Result<(), FlowError> {
    if !leader.is_ours().await? {
        return Ok(());
    }
    if all_could_beat {
        // A machine that was asleep may come here before its heartbeat: it must not take over from itself.
        heartbeat::beat(gateway, own).await?;
        rescue::rescue(gateway).await?;
    }
    let resolved = resolve::resolve(gateway).await?;
    if resolved.went + resolved.again + resolved.person > 0 {
        tracing::info!(
            went = resolved.went,
            again = resolved.again,
            person = resolved.person,
            "cleared up doubts"
        );
    }
    parts::join_overdue(gateway).await?;
    drafts::send_due(gateway).await?;
    announcements::send_due(gateway).await?;
    // Only by an adopted calendar, which is the same for every daemon.
    if gateway.current.versions().calendar.is_some() && since.redated.is_none_or(|at| at.elapsed() >= REDATE)
    {
        since.redated = Some(std::time::Instant::now());
        ladder::redate(gateway).await?;
        complaint::redate(gateway).await?;
    }
    absences::turn(gateway).await?;
    let climbed = ladder::climb(gateway).await?;
    if climbed > 0 {
        tracing::warn!(climbed, "clocks have run out: `liaison cases list`");
    }
    heal(gateway, &mut since.tried).await?;
    if since.listened.is_none_or(|at| at.elapsed() >= LISTEN) {
        since.listened = Some(std::time::Instant::now());
        probe::send_due(gateway).await?;
        probe::alarm(gateway, *since.running.get_or_insert_with(|| gateway.now())).await?;
        operate::end_full_months(gateway).await?;
    }
    // Last, what is done once a day: if it fails, nothing that families wait for waits for it.
    let digests = notices::digests(gateway).await?;
    if digests > 0 {
        tracing::info!(digests, "colleagues are told what waits today");
    }
    let today = school_date(gateway.now());
    if since.birthdays != Some(today) {
        let asked = life::ask_ahead(gateway).await?;
        tracing::info!(asked, "looked who turns 16 or 18");
        since.birthdays = Some(today);
    }
    Ok(())
}

/// When a channel that is held was last probed, and how long it rests until the next time.
#[derive(Debug, Clone, Copy)]
struct Tried {
    at: std::time::Instant,
    rest: Duration,
}

impl Tried {
    /// Whether it is to be probed now.
    fn is_due(&self, now: std::time::Instant) -> bool {
        now.saturating_duration_since(self.at) >= self.rest
    }

    /// Whether a channel that was released is still watched: held again within this time, it is the same trouble.
    fn is_watched(&self, now: std::time::Instant) -> bool {
        now.saturating_duration_since(self.at) < self.rest * 2
    }

    /// It was released: should it be held again, it rests twice as long.
    fn released(&mut self) {
        self.rest = (self.rest * 2).min(LONGEST_REST);
    }
}

/// Probes the channels that the daemon holds because of their settings; one that works again is released. What a probe cannot
/// see holds it again with the next message: then each rest is twice the one before.
async fn heal(gateway: &Gateway, tried: &mut HashMap<String, Tried>) -> Result<(), FlowError> {
    let holds = daemons::holds(&mut *gateway.store.acquire().await?).await?;
    let now = std::time::Instant::now();
    tried.retain(|scope, tried| holds.iter().any(|hold| hold.scope == *scope) || tried.is_watched(now));
    for hold in holds.iter().filter(|hold| hold.set_by == "daemon") {
        let tried = tried.entry(hold.scope.clone()).or_insert(Tried { at: now, rest: HEAL });
        if !tried.is_due(now) {
            continue;
        }
        tried.at = now;
        let sender = ChannelId::parse(&hold.scope).ok().and_then(|id| gateway.senders.get(&id));
        if let Some(sender) = sender
            && sender.probe().await.is_ok()
            && operate::healed(gateway, &hold.scope).await?
        {
            tried.released();
            tracing::info!(channel = hold.scope, "channel works again and is released");
        }
    }
    Ok(())
}

/// Seals what waits, every second, until told to stop. What other workers write last is sealed when all have ended.
pub(super) async fn seal(gateway: Arc<Gateway>, mut stop: Stop) {
    let mut trouble = Trouble::default();
    while !stop.is_now() {
        let round = seal::seal(&gateway).await;
        trouble.note("sealer", &round);
        if !matches!(round, Ok(sealed) if sealed > 1000) {
            stop.pause(Duration::from_secs(1)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_is_held_again_and_again_rests_twice_as_long_each_time_up_to_four_hours() {
        let began = std::time::Instant::now();
        let mut tried = Tried { at: began, rest: HEAL };
        let mut rests = Vec::new();
        for _ in 0..10 {
            assert!(!tried.is_due(tried.at + tried.rest / 2) && tried.is_due(tried.at + tried.rest));
            rests.push(tried.rest.as_secs() / 60);
            tried.released();
        }

        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
        assert!(tried.is_watched(began + LONGEST_REST) && !tried.is_watched(began + LONGEST_REST * 2));
    }
}
