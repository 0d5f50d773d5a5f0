//! What brings in and understands: a worker for each mailbox, one for each list of texts, and the reader of what was kept.

use std::{sync::Arc, time::Duration};

use liaison_channels::Sender;
use tokio::sync::watch;

use super::{Stop, Trouble};
use crate::{
    flows::{FlowError, gateway::Gateway, mailbox::Mailbox, receipts, receive, texts},
    store::leader::Leader,
};

/// How long one wait for new mail may last: the net under the server's own notice.
const WAIT: Duration = Duration::from_mins(1);
/// How often the reader looks by itself.
const POLL: Duration = Duration::from_secs(2);
/// After a failure: the first pause, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Reads one mailbox until told to stop. One daemon at a time reads it; another takes over within seconds.
pub(super) async fn mailbox(gateway: Arc<Gateway>, mut mailbox: Mailbox, mut stop: Stop) {
    let what = format!("mailbox {}", mailbox.channel());
    let mut leader = Leader::new(gateway.store.pool(), format!("mailbox:{}", mailbox.channel()));
    let mut trouble = Trouble::default();
    let mut pause = FIRST_PAUSE;
    while !stop.is_now() {
        let round = tokio::select! {
            () = stop.wait() => break,
            round = one_round(&mut mailbox, &mut leader) => round,
        };
        trouble.note(&what, &round);
        match round {
            Ok(true) => pause = FIRST_PAUSE,
            Ok(false) => stop.pause(POLL).await,
            Err(_) => {
                stop.pause(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    mailbox.close().await;
    leader.resign().await;
}

/// Reads what has arrived, then waits for more; `false` when another daemon reads this mailbox.
async fn one_round(mailbox: &mut Mailbox, leader: &mut Leader) -> Result<bool, FlowError> {
    if !leader.is_ours().await? {
        return Ok(false);
    }
    let kept = mailbox.read().await?;
    if kept.older > 0 {
        tracing::info!(channel = mailbox.channel(), older = kept.older, "older mails were left alone");
    }
    mailbox.wait(WAIT).await?;
    Ok(true)
}

/// Asks a provider's lists now and then for texts and receipts whose post was missed.
pub(super) async fn list(gateway: Arc<Gateway>, sender: Arc<dyn Sender>, mut stop: Stop) {
    let what = format!("list of {}", sender.id());
    let mut leader = Leader::new(gateway.store.pool(), format!("list:{}", sender.id()));
    let mut trouble = Trouble::default();
    while !stop.is_now() {
        let round = tokio::select! {
            () = stop.wait() => break,
            round = look(&gateway, sender.as_ref(), &mut leader) => round,
        };
        trouble.note(&what, &round);
        match round {
            // It keeps no lists: there is nothing to ask for.
            Ok(Some((None, None))) => break,
            Ok(Some((Some(found), _))) if found > 0 => {
                tracing::warn!(channel = %sender.id(), found, "texts were found whose post was missed");
            }
            _ => {}
        }
        let away = round.is_err();
        stop.pause(if away {
            FIRST_PAUSE.max(gateway.patience.poll_texts / 10)
        } else {
            gateway.patience.poll_texts
        })
        .await;
    }
    leader.resign().await;
}

async fn look(
    gateway: &Gateway,
    sender: &dyn Sender,
    leader: &mut Leader,
) -> Result<Option<(Option<u64>, Option<usize>)>, FlowError> {
    if !leader.is_ours().await? {
        return Ok(None);
    }
    let texts = texts::catch_up(gateway, sender).await?;
    Ok(Some((texts, receipts::catch_up(gateway, sender).await?)))
}

/// Understands what was kept, batch after batch, then waits to be woken.
pub(super) async fn reader(gateway: Arc<Gateway>, mut wake: watch::Receiver<u64>, mut stop: Stop) {
    let mut trouble = Trouble::default();
    while !stop.is_now() {
        wake.borrow_and_update();
        let round = receive::step(&gateway).await;
        trouble.note("reader", &round);
        match round {
            Ok(0) => {
                tokio::select! {
                    () = stop.pause(POLL) => {}
                    _ = wake.changed() => {}
                }
            }
            Ok(_) => {}
            Err(_) => stop.pause(FIRST_PAUSE).await,
        }
    }
}
