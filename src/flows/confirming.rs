//! An address that a colleague typed is confirmed at the address itself (R07): it is asked, in words that name no child and no
//! carer, and nothing else is written to it until it has answered, or a colleague vouches for it.

use super::{FlowError, gateway::Gateway, planning::with_version};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::Carried,
        ids::{AddressId, CarerId, DeliveryId, StandardId},
        people::{AddressKind, Purpose, Route},
        route::Fired,
        time::{Timestamp, school_date},
    },
    store::{
        Tx, chronology, explain, facts,
        outbox::{self, NewDelivery},
        standard::{self, NewStandard, StandardOf},
    },
};

/// Has an address wait until it is confirmed, and asks it. One that is good for another carer, or that nothing can be sent to, is
/// not asked: it is used, or rung, as it is.
pub(super) async fn ask(
    tx: &mut Tx,
    gateway: &Gateway,
    carer: CarerId,
    (kind, address): (AddressKind, AddressId),
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let route = match kind {
        AddressKind::Email => Route::Email,
        AddressKind::Mobile => Route::Text,
        AddressKind::Landline | AddressKind::Postal => return Ok(()),
    };
    let Some(channel) = gateway.carriers.of(route) else { return Ok(()) };
    if standard::is_known(tx, address, carer).await? {
        return Ok(());
    }
    standard::ask(tx, address, now).await?;
    let id = StandardId::new();
    standard::insert(tx, &[NewStandard { id, carer, about: StandardOf::Address(address) }], now).await?;
    // It goes where something may be said about one of the carer's pupils at all; the gate asks again when it leaves.
    let pupils = explain::pupils_of(tx, carer).await?;
    let links = facts::of_links(tx, &pupils, Some(&[carer]), Purpose::Notice).await?;
    let today = school_date(now);
    let link = links.iter().find(|link| crate::domain::rights::may_be_told(link, today).is_ok());
    let Some(link) = link else { return Ok(()) };
    let delivery = NewDelivery {
        id: DeliveryId::new(),
        carried: Carried::Standard(id),
        pupil: link.pupil,
        carer,
        purpose: Purpose::Notice,
        route,
        channel: channel.as_str().to_owned(),
        not_before: now,
        follows: None,
        task: None,
    };
    outbox::insert(tx, std::slice::from_ref(&delivery), now).await?;
    let why = Fired::new(
        "confirm",
        "ok",
        "a new address is asked whether it is right before anything else goes there",
    );
    let choice = (delivery.id.0, with_version(&[why], gateway.policy().version()));
    outbox::keep_choices(tx, &[choice]).await?;
    let said =
        format!("a new address is asked by {route} whether it is right; nothing else goes there until then");
    let entry = Entry::now(now, kind::ADDRESS, said).by(by).about_carer(carer, None).delivery(delivery.id);
    Ok(chronology::append(tx, &[entry]).await?)
}
