//! Puts the files of mails apart and has them looked through. A worker of its own: a large file, or a scanner that is slow or
//! away, holds up nothing else.

use std::{sync::Arc, time::Duration};

use liaison_channels::scan::Why;

use super::{Stop, Trouble};
use crate::{
    flows::{
        FlowError,
        attachments::{self, Scanned},
        gateway::Gateway,
    },
    store::leader::Leader,
};

/// How often is looked for mails whose files are still in them.
const ROUND: Duration = Duration::from_secs(2);
/// How long a scanner that cannot look now is left alone.
const SCANNER_REST: Duration = Duration::from_secs(30);

/// Rounds until told to stop, in one daemon at a time.
pub(super) async fn run(gateway: Arc<Gateway>, mut stop: Stop) {
    let mut leader = Leader::new(gateway.store.pool(), "attachments");
    let (mut trouble, mut scanner) = (Trouble::default(), None);
    while !stop.is_now() {
        let round = round(&gateway, &mut leader).await;
        trouble.note("files of mails", &round);
        let away = round.ok().flatten();
        if away != scanner {
            if let Some(why) = away {
                tracing::error!("files that came with mails wait: {why}");
            } else {
                tracing::info!("the virus scanner looks through files again");
            }
            scanner = away;
        }
        stop.pause(if scanner.is_some() { SCANNER_REST } else { ROUND }).await;
    }
    leader.resign().await;
}

/// Does all that waits; why the scanner cannot look now, where it cannot.
async fn round(gateway: &Gateway, leader: &mut Leader) -> Result<Option<Why>, FlowError> {
    if !leader.is_ours().await? {
        return Ok(None);
    }
    while attachments::put_apart(gateway).await? {}
    loop {
        match attachments::scan_next(gateway).await? {
            Scanned::Nothing => return Ok(None),
            Scanned::One => {}
            Scanned::NotNow(why) => return Ok(Some(why)),
        }
    }
}
