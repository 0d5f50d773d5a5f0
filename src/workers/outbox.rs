//! Drives one lane: a step after the other while there is work, then waits to be woken.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{Stop, Trouble};
use crate::{
    flows::{
        FlowError,
        deliver::{Lane, Step},
        gateway::Gateway,
    },
    store::leader::Leader,
};

/// How often a lane looks by itself: a net under the notices, and for messages whose time comes.
const POLL: Duration = Duration::from_secs(2);
/// How often notices to colleagues are looked for, however busy the lane is.
const NOTICES: Duration = Duration::from_secs(1);

pub(super) async fn run(
    gateway: Arc<Gateway>,
    mut lane: Lane,
    mut wake: watch::Receiver<u64>,
    mut stop: Stop,
) {
    let mut trouble = Trouble::default();
    let what = format!("channel {}", lane.channel());
    let mut leader =
        lane.has_pace().then(|| Leader::new(gateway.store.pool(), format!("channel:{}", lane.channel())));
    let (mut noticed, mut of_notices): (Option<Instant>, _) = (None, Trouble::default());
    while !stop.is_now() {
        wake.borrow_and_update();
        let look = noticed.is_none_or(|at| at.elapsed() >= NOTICES);
        let step = step(&mut lane, leader.as_mut(), look.then_some(&mut of_notices)).await;
        if look {
            noticed = Some(Instant::now());
        }
        trouble.note(&what, &step);
        match step {
            Ok(Step::Did(_)) => {}
            Ok(Step::Wait(wait)) => stop.pause(wait.min(POLL)).await,
            Ok(Step::Idle | Step::Held) => {
                tokio::select! {
                    () = stop.pause(POLL) => {}
                    _ = wake.changed() => {}
                }
            }
            Err(_) => stop.pause(Duration::from_secs(1)).await,
        }
    }
    // Soft stop: settle what was sent, give back what was claimed. What cannot be settled now stays in doubt and is
    // cleared up by whoever comes next.
    let last = lane.finish().await;
    trouble.note(&what, &last);
    if let Some(leader) = &mut leader {
        leader.resign().await;
    }
    let spent = lane.spent;
    tracing::info!(
        channel = lane.channel(),
        claim_ms = ms(spent.claim),
        gate_ms = ms(spent.gate),
        wire_ms = ms(spent.wire),
        settle_ms = ms(spent.settle),
        "where this lane's time went"
    );
}

async fn step(
    lane: &mut Lane,
    leader: Option<&mut Leader>,
    of_notices: Option<&mut Trouble>,
) -> Result<Step, FlowError> {
    if let Some(leader) = leader
        && !leader.is_ours().await?
    {
        lane.stand_down().await?;
        return Ok(Step::Idle);
    }
    // What families are sent waits for no trouble with what colleagues are told.
    if let Some(trouble) = of_notices {
        trouble.note("notices to colleagues", &lane.notices().await);
    }
    lane.step().await
}

/// Whole milliseconds.
fn ms(spent: Duration) -> u64 {
    u64::try_from(spent.as_millis()).unwrap_or(u64::MAX)
}
