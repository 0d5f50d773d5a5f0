//! Why messages, tasks, updates and announcements are as they are.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Decision, Explained, See};
use crate::{
    domain::{
        explain::{Explains, masked},
        ids::DeliveryId,
        people::Purpose,
        time::{day_in_words, moment_in_a_sentence},
    },
    flows::{FlowError, gateway::Gateway},
    store::explain::{self, AttemptView, DeliveryView, Filter},
};

/// How many carers an account lists at most.
const LISTED: i64 = 500;

pub(super) async fn delivery(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Explained>, FlowError> {
    let filter = Filter { id: Some(DeliveryId(id)), ..Filter::default() };
    let Some(delivery) = explain::deliveries(connection, &filter).await?.pop() else { return Ok(None) };
    let purpose = Purpose::parse(&delivery.purpose).map_or("message", Purpose::in_words);
    let mut explained = Explained::new(
        Explains::Delivery,
        &id,
        format!("{purpose} by {} ({})", delivery.route, delivery.channel),
    );
    explained.stands = standing(&delivery);
    let rules = explain::choice(connection, id).await?.unwrap_or_default();
    let chosen = format!("by {}", delivery.route);
    explained.decisions.push(Decision::new("How it is sent", None, chosen).by(connection, &rules).await?);
    for attempt in explain::attempts(connection, DeliveryId(id)).await? {
        explained.decisions.push(tried(connection, attempt).await?);
    }
    for (status, code, at) in explain::receipts(connection, DeliveryId(id)).await? {
        let said = format!("{status} {code}").trim_end().to_owned();
        explained.decisions.push(Decision::new("What the provider reported later", Some(at), masked(&said)));
    }
    explained.see(
        Explains::Delivery,
        delivery.follows.map(|before| before.0),
        "the message before it, which will not arrive",
    );
    explained.carer = Some(delivery.carer);
    explained.pupil = Some(delivery.pupil);
    Ok(Some(explained))
}

fn standing(delivery: &DeliveryView) -> String {
    let mut said = match delivery.state.as_str() {
        "queued" => "waits".to_owned(),
        "submitting" => "is leaving now".to_owned(),
        "submitted" => "sent".to_owned(),
        "delivered" => "arrived".to_owned(),
        "failed" => "failed".to_owned(),
        "unknown" => "may have gone".to_owned(),
        "refused" => "not sent".to_owned(),
        other => other.to_owned(),
    };
    if let Some(reason) = &delivery.reason {
        said += &format!(": {}", masked(reason));
    }
    if delivery.maybe_twice {
        said += "; it may have arrived twice";
    }
    said
}

async fn tried(connection: &mut PgConnection, attempt: AttemptView) -> Result<Decision, FlowError> {
    let mut result = match attempt.outcome.as_str() {
        "accepted" => "the gate let it go, and it was taken".to_owned(),
        "not_sent" => "the gate let it go, but it was not sent".to_owned(),
        "in_doubt" => "the gate let it go, and nobody knows whether it went".to_owned(),
        _ => "the gate stopped it".to_owned(),
    };
    for (name, value) in [("fault", &attempt.fault), ("code", &attempt.code), ("said", &attempt.said)] {
        if let Some(value) = value {
            result += &format!("; {name}: {}", masked(&value.replace('_', " ")));
        }
    }
    let title = format!("Whether it may leave, try {}", attempt.try_no);
    let mut decision =
        Decision::new(title, Some(attempt.started_at), result).by(connection, &attempt.gate).await?;
    decision.wire = attempt.wire.iter().flat_map(|wire| wire.lines()).map(masked).collect();
    Ok(decision)
}

pub(super) async fn task(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some(task) = explain::task(connection, id).await? else { return Ok(None) };
    let mut explained =
        Explained::new(Explains::Task, &id, format!("{} for {}", task.kind.replace('_', " "), task.role));
    explained.stands = format!("{}, by {}", task.state.replace('_', " "), day_in_words(task.due));
    let rules = explain::choice(connection, id).await?.unwrap_or_default();
    let opened = Decision::new("Why a colleague does it", Some(task.created_at), masked(&task.why));
    explained.decisions.push(opened.by(connection, &rules).await?);
    explained.see(Explains::Delivery, task.delivery, "the message that led to it");
    (explained.carer, explained.pupil) = (Some(task.carer), Some(task.pupil));
    Ok(Some(explained))
}

pub(super) async fn answer(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some(carried) = explain::carries(connection, id).await? else { return Ok(None) };
    match delivery(connection, carried).await? {
        Some(explained) => Ok(Some(explained)),
        None => task(connection, carried).await,
    }
}

pub(super) async fn update(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some((pupil, week, queued_at)) = explain::update(connection, id).await? else { return Ok(None) };
    let mut explained = Explained::new(
        Explains::Update,
        &id,
        format!("weekly update for the week of {}", day_in_words(week)),
    );
    explained.pupil = Some(pupil);
    explained.stands = format!("queued {}", moment_in_a_sentence(queued_at));
    told(connection, &mut explained, id).await?;
    Ok(Some(explained))
}

pub(super) async fn announcement(
    connection: &mut PgConnection,
    gateway: &Gateway,
    id: Uuid,
) -> Result<Option<Explained>, FlowError> {
    let Some(announced) = explain::announcement(connection, id).await? else { return Ok(None) };
    let audience = match announced.audience.as_str() {
        "class" => "a class",
        "year" => "a year group",
        _ => "the whole school",
    };
    let mut explained =
        Explained::new(Explains::Announcement, &id, format!("{} to {audience}", announced.purpose));
    explained.stands = match (announced.cancelled_at, announced.sent_at, announced.send_at) {
        (Some(at), ..) => format!("taken back {}", moment_in_a_sentence(at)),
        (None, Some(at), _) => format!("sent {}", moment_in_a_sentence(at)),
        (None, None, Some(at)) => format!("leaves {}", moment_in_a_sentence(at)),
        (None, None, None) => "not queued yet".to_owned(),
    };
    let (at, result) = match (&announced.decided, announced.asked_at) {
        (Some((decision, at)), _) => (Some(*at), format!("a second person has {decision} it")),
        (None, Some(at)) => (Some(at), "it waits for a second person".to_owned()),
        (None, None) if announced.send_at.is_some() => {
            (announced.send_at, "an audience of this size needed no second person".to_owned())
        }
        (None, None) => {
            let kinds: Vec<_> = gateway.policy().approval.iter().map(|kind| kind.as_str()).collect();
            let needs = kinds.contains(&announced.audience.as_str());
            (
                None,
                if needs { "a second person must approve it" } else { "no second person is needed" }
                    .to_owned(),
            )
        }
    };
    explained.decisions.push(Decision::new("Whether a second person must approve it", at, result));
    told(connection, &mut explained, id).await?;
    Ok(Some(explained))
}

/// Lists what became of it, carer by carer; each has its own account.
async fn told(connection: &mut PgConnection, explained: &mut Explained, id: Uuid) -> Result<(), FlowError> {
    let all = explain::told(connection, id, LISTED).await?;
    let left_out = all.iter().filter(|one| one.what == Explains::Entry).count();
    let messages = all.iter().filter(|one| one.what == Explains::Delivery).count();
    let result = format!(
        "{messages} by message, {} by a colleague, {left_out} left out for a reason",
        all.len() - messages - left_out
    );
    explained.decisions.push(Decision::new("Who is told, and how", None, result));
    explained.see.extend(all.into_iter().map(See::from));
    Ok(())
}
