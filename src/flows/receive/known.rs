//! What the record knows that matters to a batch: read once for all its messages, and kept up as they are decided.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use sqlx::PgConnection;

use super::{FlowError, understand::Message};
use crate::{
    domain::{
        acknowledge::Recent,
        ids::{AddressId, CarerId, CaseId, DeliveryId, UpdateId},
        matching::{By, Proposal, Writer},
        people::{AddressKind, Route},
        time::{Timestamp, school_date},
    },
    store::{
        answers::{self, Acknowledged},
        cases, matching,
        standard::{self, Unconfirmed},
    },
};

/// A further text belongs to the case by text that its carer has open, while that is this fresh.
const TEXT_CASE_IS_FRESH: SignedDuration = SignedDuration::from_hours(14 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What the record knows.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_email: HashMap<String, Vec<Writer>>,
    by_mobile: HashMap<String, Vec<Writer>>,
    /// Addresses that wait to be confirmed.
    unconfirmed: HashMap<String, Vec<Unconfirmed>>,
    answered: HashMap<DeliveryId, Proposal>,
    threads: HashMap<String, Vec<Proposal>>,
    codes: HashMap<String, Proposal>,
    recent: HashMap<CarerId, Proposal>,
    matters: HashMap<(CarerId, UpdateId), CaseId>,
    seen: HashSet<(String, Vec<u8>)>,
    acknowledged: Vec<Acknowledged>,
    /// Carers whom a restriction binds, of those that anything here proposes.
    restricted: HashSet<CarerId>,
}

impl Known {
    /// Reads it for these messages.
    pub(super) async fn of(
        connection: &mut PgConnection,
        messages: &[Message],
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let today = school_date(now);
        let senders = |route: Route| -> Vec<String> {
            let from = messages.iter().filter(|message| message.came_by == route);
            from.filter_map(|message| message.sender.as_ref()).map(|sender| sender.expose().clone()).collect()
        };
        let by_email =
            matching::writers(connection, AddressKind::Email, &senders(Route::Email), today).await?;
        let by_mobile =
            matching::writers(connection, AddressKind::Mobile, &senders(Route::Text), today).await?;
        let all = [senders(Route::Email), senders(Route::Text)].concat();
        let unconfirmed = standard::unconfirmed(connection, &all).await?;
        let deliveries: Vec<_> =
            messages.iter().flat_map(|message| message.ours().into_iter().chain(message.tagged)).collect();
        let answered = matching::answered(connection, &deliveries).await?;
        let named: Vec<_> = messages.iter().flat_map(|message| message.answers.iter().cloned()).collect();
        let threads = matching::threads(connection, &named).await?;
        let codes: Vec<_> = messages.iter().flat_map(|message| message.codes.iter().cloned()).collect();
        let codes = matching::codes(connection, &codes).await?;
        let since = now.saturating_sub(TEXT_CASE_IS_FRESH).unwrap_or(now);
        let texters: Vec<_> = by_mobile.values().flatten().map(|writer| writer.carer).collect();
        let recent = matching::recent_by_text(connection, &texters, since).await?;
        let matters: Vec<_> = answered
            .values()
            .filter_map(|proposal| Some((proposal.carer, proposal.update?)))
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        let matters = cases::of_updates(connection, &matters).await?;
        let ids: Vec<_> = messages.iter().filter_map(|message| message.message_id.clone()).collect();
        let seen = matching::seen(connection, &ids).await?;
        let cases =
            [answered.values().collect::<Vec<_>>(), codes.values().collect(), recent.values().collect()];
        let cases = cases.into_iter().flatten().chain(threads.values().flatten());
        let cases: Vec<_> =
            cases.filter_map(|proposal| proposal.case).chain(matters.values().copied()).collect();
        let proposed =
            [answered.values().collect::<Vec<_>>(), codes.values().collect(), recent.values().collect()];
        let proposed = proposed.into_iter().flatten().chain(threads.values().flatten());
        let proposed: Vec<_> = proposed.map(|proposal| proposal.carer).collect();
        let restricted = matching::restricted(connection, &proposed, today).await?;
        let day_ago = now.saturating_sub(DAY).unwrap_or(now);
        let acknowledged = answers::acknowledged(connection, day_ago, &cases).await?;
        Ok(Self {
            by_email,
            by_mobile,
            unconfirmed,
            answered,
            threads,
            codes,
            recent,
            matters,
            seen,
            acknowledged,
            restricted,
        })
    }

    /// Whether this very message has been read before, though its bytes differ: it came another way.
    pub(super) fn is_repeat(&self, message: &Message) -> bool {
        let digest = message.words_digest().to_vec();
        message.message_id.clone().is_some_and(|id| self.seen.contains(&(id, digest)))
    }

    /// The carers whose address wrote.
    pub(super) fn writers(&self, message: &Message) -> &[Writer] {
        let by = if message.came_by == Route::Email { &self.by_email } else { &self.by_mobile };
        let sender = message.sender.as_ref().map(|sender| sender.expose().as_str());
        sender.and_then(|sender| by.get(sender)).map_or(&[], Vec::as_slice)
    }

    /// The carers whose new address wrote, which waits to be confirmed.
    pub(super) fn unconfirmed(&self, message: &Message) -> &[Unconfirmed] {
        let sender = message.sender.as_ref().map(|sender| sender.expose().as_str());
        sender.and_then(|sender| self.unconfirmed.get(sender)).map_or(&[], Vec::as_slice)
    }

    /// What the message proposes.
    pub(super) fn proposals(&self, message: &Message) -> Vec<Proposal> {
        let mut found = Vec::new();
        let tagged = message.tagged.and_then(|id| self.answered.get(&id));
        found.extend(tagged.map(|proposal| Proposal { by: By::Tag, ..*proposal }));
        // The nearest one counts: a long thread also names what went before.
        found.extend(message.ours().iter().find_map(|id| self.answered.get(id)).copied());
        found.extend(message.answers.iter().find_map(|id| self.threads.get(id)?.first()).copied());
        found.extend(message.codes.iter().filter_map(|code| self.codes.get(code)).copied());
        if message.came_by == Route::Text
            && let [only] = self.writers(message)
        {
            found.extend(self.recent.get(&only.carer).copied());
        }
        for proposal in &mut found {
            proposal.restricted = self.restricted.contains(&proposal.carer);
            if proposal.case.is_none()
                && let Some(update) = proposal.update
            {
                proposal.case = self.matters.get(&(proposal.carer, update)).copied();
            }
        }
        found
    }

    /// What was acknowledged before, for this case and address.
    pub(super) fn recent(
        &self,
        case: Option<CaseId>,
        address: AddressId,
        domain: Option<&str>,
        now: Timestamp,
    ) -> Recent {
        let within = |one: &&Acknowledged, span| now.duration_since(one.at) < span;
        let count = |wanted: &dyn Fn(&&Acknowledged) -> bool| {
            u32::try_from(self.acknowledged.iter().filter(wanted).count()).unwrap_or(u32::MAX)
        };
        Recent {
            to_sender: count(&|one| within(one, DAY) && one.address == Some(address)),
            to_domain: domain.map_or(0, |domain| {
                count(&|one| within(one, HOUR) && one.to_domain.as_deref() == Some(domain))
            }),
            to_all: count(&|one| within(one, HOUR)),
            case: case.and_then(|case| {
                self.acknowledged.iter().filter(|one| one.case == case).map(|one| one.at).max()
            }),
        }
    }

    /// Learns what was decided about a message, for those after it in the same batch.
    pub(super) fn learn(&mut self, message: &Message, learnt: &Learnt) {
        if let Some(id) = &message.message_id {
            self.seen.insert((id.clone(), message.words_digest().to_vec()));
            if let Some(proposal) = learnt.proposal {
                self.threads.insert(id.clone(), vec![Proposal { by: By::Thread, ..proposal }]);
            }
        }
        if let Some(proposal) = learnt.proposal {
            if message.came_by == Route::Text {
                self.recent.insert(proposal.carer, Proposal { by: By::Recent, ..proposal });
            }
            if let (Some(update), Some(case)) = (proposal.update, proposal.case) {
                self.matters.insert((proposal.carer, update), case);
            }
        }
        self.acknowledged.extend(learnt.acknowledged.clone());
    }
}

/// What a decided message teaches.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// What an answer to it would propose.
    pub(super) proposal: Option<Proposal>,
    /// Its acknowledgement, where there is one.
    pub(super) acknowledged: Option<Acknowledged>,
}
