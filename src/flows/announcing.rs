//! On whose link a carer's copy of an announcement rests. It is one message however many of their pupils it is for, so when
//! one link gives no right to it any more, another may: nobody is left out because of which child stood first.

use std::collections::{BTreeMap, btree_map};

use super::FlowError;
use crate::{
    domain::{
        announcement::{Announcement, rests_rather_on},
        chronology::{Entry, kind},
        delivery::{Carried, State},
        ids::{AnnouncementId, CarerId, PupilId},
        people::Purpose,
        rights::{LinkFacts, may_be_sent},
        time::{Date, Timestamp, school_date},
    },
    store::{
        Tx, announcements, chronology,
        doubt::InDoubt,
        facts,
        outbox::{self, Move},
    },
};

/// For each carer of an announcement's audience the link on which their copy rests, in the order of the carers' ids.
pub(super) async fn audience(
    connection: &mut sqlx::PgConnection,
    announcement: &Announcement,
    today: Date,
) -> Result<Vec<LinkFacts>, FlowError> {
    let written = &announcement.written;
    let pupils = announcements::pupils(connection, &written.audience, None, today).await?;
    let links = facts::of_links(connection, &pupils, None, written.purpose).await?;
    let mut of_carer: BTreeMap<CarerId, LinkFacts> = BTreeMap::new();
    for link in links {
        match of_carer.entry(link.carer) {
            btree_map::Entry::Vacant(first) => {
                first.insert(link);
            }
            btree_map::Entry::Occupied(mut so_far) => {
                if rests_rather_on(written.purpose, &link, so_far.get(), today) {
                    so_far.insert(link);
                }
            }
        }
    }
    Ok(of_carer.into_values().collect())
}

/// The link by which a carer may be told: the one with `pupil`, or for an announcement, where that gives no right, another
/// of the audience that does.
pub(super) async fn link_for(
    connection: &mut sqlx::PgConnection,
    carried: Carried,
    carer: CarerId,
    pupil: PupilId,
    purpose: Purpose,
    today: Date,
) -> Result<Option<LinkFacts>, FlowError> {
    let own = facts::of_link(connection, carer, pupil, purpose).await?;
    let Some(announcement) = carried.announcement() else { return Ok(own) };
    if own.as_ref().is_some_and(|link| may_be_sent(purpose, link, today).is_ok()) {
        return Ok(own);
    }
    Ok(another_child(connection, announcement, carer, today).await?.or(own))
}

async fn another_child(
    connection: &mut sqlx::PgConnection,
    announcement: AnnouncementId,
    carer: CarerId,
    today: Date,
) -> Result<Option<LinkFacts>, FlowError> {
    let Some(announcement) = announcements::find(connection, announcement).await? else { return Ok(None) };
    let written = &announcement.written;
    let pupils = announcements::pupils(connection, &written.audience, Some(carer), today).await?;
    let links = facts::of_links(connection, &pupils, Some(&[carer]), written.purpose).await?;
    Ok(links.into_iter().find(|link| may_be_sent(written.purpose, link, today).is_ok()))
}

/// What is said in the chronology when a copy rests on another child from now on.
pub(super) const RESTS_ELSEWHERE: &str =
    "this carer may no longer be told for one child, and still may for another whom it is for";

/// A message that the gate has just refused for want of a right goes back to the queue where another child of the carer's
/// gives that right.
pub(super) async fn rest_elsewhere(tx: &mut Tx, refused: &InDoubt, now: Timestamp) -> Result<(), FlowError> {
    let Some(announcement) = refused.carried.announcement() else { return Ok(()) };
    let Some(link) = another_child(tx, announcement, refused.carer, school_date(now)).await? else {
        return Ok(());
    };
    outbox::rest_on(tx, refused.id, link.pupil).await?;
    let mut again = Move::to(refused.id, refused.tries, State::Queued);
    again.not_before = Some(now);
    outbox::settle(tx, &[again], &[State::Refused], now).await?;
    let entry = Entry::now(now, kind::QUEUED, format!("queued again: {RESTS_ELSEWHERE}"))
        .about(refused.carer, link.pupil)
        .carrying(refused.carried)
        .delivery(refused.id);
    Ok(chronology::append(tx, &[entry]).await?)
}
