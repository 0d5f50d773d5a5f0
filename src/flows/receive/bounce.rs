//! A bounce moves its delivery and its address, and only if it names a message we sent: anybody can write one.

use liaison_channels::{
    message::{OurRef, ProviderRef},
    reading::Bounce,
    receipt::{FailedAs, Progress, Receipt},
};

use super::{
    FlowError,
    decide::{Deciding, Verdict},
    outcome::Outcome,
    understand::our_delivery,
};
use crate::{
    domain::{
        acknowledge::Ack,
        ids::{CarerId, DeliveryId, NoticeId, PupilId},
        matching::{self, Ask},
        suggest::Found,
    },
    store::{
        Tx, notices,
        receipts::{self, Sent},
    },
};

/// A receipt that a bounce amounts to, and the channel that sent the message.
pub(super) struct AboutOurs {
    pub(super) channel: String,
    pub(super) receipt: Receipt,
}

/// Notes a bounce: what it names, and what that means for the delivery.
pub(super) async fn note(
    tx: &mut Tx,
    deciding: &Deciding<'_>,
    outcome: &mut Outcome,
    about_ours: &mut Vec<AboutOurs>,
) -> Result<(), FlowError> {
    let message = deciding.message;
    let named =
        message.bounce.as_ref().and_then(|bounce| bounce.message_id.as_deref()).and_then(our_delivery);
    // The mark in the address it came to names the message as well as its Message-ID does.
    let sent = match named.or(message.tagged) {
        Some(delivery) => receipts::sent(tx, delivery).await?,
        None => None,
    };
    let bounce = message.bounce.as_ref();
    if let (Some(sent), Some(bounce)) = (&sent, bounce)
        && let Some(why) = doubtful(deciding, sent, bounce)
    {
        deciding.look_at(outcome, why);
        return Ok(());
    }
    let permanent = bounce.is_some_and(|bounce| bounce.given_up);
    let said = match (&sent, permanent) {
        (Some(_), true) => "a message of ours did not arrive",
        (Some(_), false) => "a message of ours is late, or may not arrive",
        (None, true) if notice_lost(tx, deciding, named).await? => "a notice to a colleague did not arrive",
        (None, _) => {
            let said = "a bounce that names no message of ours: nothing is believed of it";
            if permanent {
                // It may be all that tells of a carer who was not reached, or hold a carer's own words.
                deciding.ask(Ask::WhatIsThis, said, Vec::new(), deciding.for_whose_eyes(), outcome);
            }
            said
        }
    };
    if let (Some(sent), Some(bounce)) = (&sent, bounce) {
        about_ours.push(AboutOurs { channel: sent.channel.clone(), receipt: as_receipt(sent, bounce) });
    }
    let verdict = Verdict {
        kind: "bounce",
        sentence: said.to_owned(),
        answered: Ack::Hold(3, "a bounce is never answered".to_owned()).sentence(),
        whose: sent.as_ref().map(|sent| of(sent.carer, sent.pupil)),
        case: None,
        delivery: sent.as_ref().map(|sent| sent.id),
        visibility: deciding.for_whose_eyes(),
        found: Found::default(),
        fired: Vec::new(),
    };
    deciding.keep(verdict, outcome);
    Ok(())
}

/// Whether a bounce names a notice that had left: it counts as failed from now on, and IT is told in numbers.
async fn notice_lost(
    tx: &mut Tx,
    deciding: &Deciding<'_>,
    named: Option<DeliveryId>,
) -> Result<bool, FlowError> {
    let Some(named) = named else { return Ok(false) };
    let notice = NoticeId(named.0);
    let lost = notices::came_back(tx, notice, deciding.now).await?;
    if lost {
        tracing::error!(notice = %notice, "a notice to a colleague came back: look at the address they sign in with");
    }
    Ok(lost)
}

/// Why a bounce that names a message of ours is not believed all the same: whoever was forwarded that message knows its
/// name, and could cut its reader off. A server that forwards may rightly name another address, so a person looks.
fn doubtful(deciding: &Deciding<'_>, sent: &Sent, bounce: &Bounce) -> Option<&'static str> {
    if !deciding.known.writers(deciding.message).is_empty() {
        return Some("a bounce that comes from a carer's own address");
    }
    let to = sent.to.as_ref()?.expose();
    let named = bounce.addresses.iter().any(|address| address.expose().trim().eq_ignore_ascii_case(to));
    let other = !bounce.addresses.is_empty() && !named;
    other.then_some("a bounce that names a message of ours and an address it was not sent to")
}

fn of(carer: CarerId, pupil: PupilId) -> matching::Known {
    matching::Known {
        carer,
        address: crate::domain::ids::AddressId(uuid::Uuid::nil()),
        pupil: Some(pupil),
        link_pupil: pupil,
        class: None,
        case: None,
        update: None,
        delivery: None,
    }
}

fn as_receipt(sent: &Sent, bounce: &Bounce) -> Receipt {
    let code = bounce.status.first().cloned().or(bounce.smtp_code.first().map(ToString::to_string));
    Receipt {
        reference: ProviderRef(sent.provider_ref.clone()),
        ours: Some(OurRef(sent.id.0)),
        progress: progress(bounce),
        status: if bounce.given_up { "bounced" } else { "delayed" }.to_owned(),
        code,
    }
}

/// Whose turn it is (RFC 3463, RFC 5321 §4.2.3): a wrong address is the school's to mend; a full or closed mailbox, what the mail
/// is like, a loop and a policy are not the address's fault; what is only late moves nothing.
fn progress(bounce: &Bounce) -> Progress {
    if !bounce.given_up {
        return Progress::Sent;
    }
    if !bounce.permanent {
        return Progress::Failed(FailedAs::Temporary);
    }
    let blames_the_address = |status: &String| {
        status.starts_with("5.1.") || ["5.4.4", "5.0.0"].iter().any(|known| status == known)
    };
    // Without an enhanced code the reply's own is asked, and without either it was the words that told of a wrong address.
    let failed = match (bounce.status.as_slice(), bounce.smtp_code.as_slice()) {
        ([], []) => FailedAs::BadAddress,
        ([], codes) if codes.iter().any(|code| matches!(code, 550 | 551 | 553)) => FailedAs::BadAddress,
        (statuses, _) if statuses.iter().any(blames_the_address) => FailedAs::BadAddress,
        _ => FailedAs::Refused,
    };
    Progress::Failed(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_speaks_of_the_address_is_its_fault() {
        let bounce = |status: &[&str], codes: &[u16]| Bounce {
            permanent: true,
            given_up: true,
            addresses: Vec::new(),
            status: status.iter().map(ToString::to_string).collect(),
            smtp_code: codes.to_vec(),
            message_id: None,
        };
        for (status, codes, wrong) in [
            (&["5.1.1"][..], &[550][..], true),
            (&["5.1.10"], &[], true),
            (&["5.4.4"], &[], true),
            (&["5.0.0"], &[], true),
            (&[], &[550], true),
            (&[], &[], true),
            (&["5.2.2"], &[552], false),
            (&["5.3.4"], &[552], false),
            (&["5.4.6"], &[554], false),
            (&["5.6.0"], &[554], false),
            (&["5.7.1"], &[550], false),
            (&[], &[552], false),
            (&[], &[554], false),
        ] {
            let failed = if wrong { FailedAs::BadAddress } else { FailedAs::Refused };
            assert_eq!(progress(&bounce(status, codes)), Progress::Failed(failed), "{status:?} {codes:?}");
        }
        let late = Bounce { given_up: false, ..bounce(&["4.4.1"], &[]) };
        assert_eq!(progress(&late), Progress::Sent);
        let full = Bounce { permanent: false, ..bounce(&["4.2.2"], &[]) };
        assert_eq!(progress(&full), Progress::Failed(FailedAs::Temporary));
    }
}
