//! Queues the acknowledgement of a message, or says by which rule there is none.

use liaison_channels::address::EmailAddress;

use super::{decide::Deciding, outcome::Outcome};
use crate::{
    domain::{
        acknowledge::{self, Ack, Arrived},
        calendar::on_holiday,
        chronology::{Entry, Visibility, kind},
        delivery::Carried,
        ids::{AddressId, AnswerId, CaseId, DeliveryId},
        matching,
        people::{Purpose, Route},
        route::Fired,
        time::{Date, Timestamp},
    },
    flows::planning::as_json,
    store::{
        answers::{Acknowledged, NewAnswer},
        outbox::NewDelivery,
    },
};

impl Deciding<'_> {
    /// What becomes of the acknowledgement, by which rule, and what it teaches those after it.
    pub(super) fn acknowledge(
        &self,
        whose: &matching::Known,
        case: CaseId,
        visibility: Visibility,
        thanks: bool,
        due: Option<(Timestamp, Date)>,
        outcome: &mut Outcome,
    ) -> (Ack, Fired, Option<Acknowledged>) {
        let message = self.message;
        let domain = self.domain();
        let arrived = Arrived {
            forbids: message.no_answer.first().map(|rule| (rule.rule, rule.because.clone())),
            comes_back_elsewhere: self.comes_back_elsewhere(),
            received_at: message.received_at,
            dated: message.dated,
            needs_a_person: !thanks,
        };
        let recent = self.known.recent(whose.case, whose.address, domain.as_deref(), self.now);
        let channel = self.gateway.carriers.of(message.came_by);
        let policy = self.gateway.policy();
        let ack = match (visibility, channel) {
            (Visibility::Restricted, _) => Ack::Hold(9, "restricted".to_owned()),
            _ if self.grieves(whose) => {
                Ack::Hold(0, "the pupil has died: whoever answers does so in person".to_owned())
            }
            (_, Some(_)) if !self.reachable(whose.address) => {
                Ack::Hold(0, "the address it came from is marked as failing or stopped".to_owned())
            }
            (_, None) => Ack::Hold(0, "no channel is set up by which it could be sent".to_owned()),
            _ => acknowledge::decide(&arrived, &recent, &policy.acknowledge, self.now),
        };
        let fired = acknowledge::fired(&ack, &recent, &policy.acknowledge);
        let (Ack::Send, Some(channel)) = (&ack, channel) else { return (ack, fired, None) };
        let answer = AnswerId::new();
        let delivery = DeliveryId::new();
        let mut thread = message.references.clone();
        thread.extend(message.message_id.clone());
        outcome.answers.push(NewAnswer {
            id: answer,
            case,
            received: message.id,
            purpose: Purpose::Acknowledgement,
            words: None,
            sensitive: false,
            topic: None,
            text_because: None,
            due_day: due.map(|(_, day)| day),
            full_answer: false,
            holiday: policy.calendar.as_ref().is_some_and(|c| on_holiday(self.now, c)),
            came_by: message.came_by,
            address: Some(whose.address),
            to_domain: domain.clone(),
            in_reply_to: message.message_id.clone(),
            thread,
            author: "daemon".to_owned(),
        });
        outcome.deliveries.push(NewDelivery {
            id: delivery,
            carried: Carried::Answer(answer),
            pupil: whose.link_pupil,
            carer: whose.carer,
            purpose: Purpose::Acknowledgement,
            route: message.came_by,
            channel: channel.as_str().to_owned(),
            not_before: self.now,
            follows: None,
            task: None,
        });
        outcome.choices.push((delivery.0, as_json(std::slice::from_ref(&fired), &policy)));
        outcome.entries.push(
            Entry::now(self.now, kind::QUEUED, format!("acknowledgement queued by {}", message.came_by))
                .about_carer(whose.carer, whose.pupil)
                .case(case)
                .delivery(delivery),
        );
        let acknowledged =
            Acknowledged { case, address: Some(whose.address), to_domain: domain, at: self.now };
        (ack, fired, Some(acknowledged))
    }

    /// Whether the message comes from the family of a pupil who has died.
    fn grieves(&self, whose: &matching::Known) -> bool {
        let links = self.known.writers(self.message).iter().flat_map(|writer| &writer.links);
        links.into_iter().any(|link| link.pupil == whose.link_pupil && link.died)
    }

    /// Whether the address that wrote can be written to.
    fn reachable(&self, address: AddressId) -> bool {
        self.known.writers(self.message).iter().any(|writer| writer.address == address && writer.reachable)
    }

    fn domain(&self) -> Option<String> {
        let sender = self.message.sender.as_ref().filter(|_| self.message.came_by == Route::Email)?;
        EmailAddress::parse(sender.expose()).ok().map(|address| address.domain().to_owned())
    }

    /// Whether an answer to the envelope sender would go to another address than the one that is on record.
    fn comes_back_elsewhere(&self) -> bool {
        let return_path = self.message.return_path.as_ref().map(|path| path.expose().trim().to_lowercase());
        let sender = self.message.sender.as_ref().map(|sender| sender.expose().clone());
        return_path.filter(|path| !path.is_empty()).is_some_and(|path| Some(path) != sender)
    }
}
