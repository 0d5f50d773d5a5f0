//! What the stand-in says: resources and errors in the provider's documented JSON.

use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{GovukNotifyFake, Received, Taken, Template};
use crate::fakes::stage::reply;

pub(super) fn json_answer(status: u16, body: &Value) -> Response {
    reply(status, "application/json", body.to_string())
}

pub(super) fn error(status: u16, error: &str, message: &str) -> Value {
    json!({"status_code": status, "errors": [{"error": error, "message": message}]})
}

pub(super) fn refusal(status: u16, name: &str, message: &str) -> Response {
    json_answer(status, &error(status, name, message))
}

/// A moment as the server writes it.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn template() -> Value {
    let uri = format!("https://api.notifications.service.gov.uk/v2/template/{}", GovukNotifyFake::TEMPLATE);
    json!({"id": GovukNotifyFake::TEMPLATE, "version": 3, "uri": uri})
}

fn uri(taken: &Taken) -> String {
    format!("https://api.notifications.service.gov.uk/v2/notifications/{}", taken.id)
}

/// The answer to a posted text.
pub(super) fn created(taken: &Taken) -> Value {
    json!({
        "id": taken.id,
        "reference": taken.reference,
        "content": match &taken.subject {
            None => json!({"body": taken.sent, "from_number": GovukNotifyFake::NUMBER}),
            Some(heading) if taken.kind == "letter" => json!({"body": taken.sent, "subject": heading}),
            Some(subject) => json!({
                "body": taken.sent, "subject": subject, "from_email": "hill@notifications.example",
                "one_click_unsubscribe_url": null,
            }),
        },
        "uri": uri(taken),
        "template": template(),
        "scheduled_for": null,
    })
}

/// A text of ours in a list.
pub(super) fn notification(taken: &Taken) -> Value {
    let letter = taken.kind == "letter";
    let line = |at: usize| letter.then(|| taken.to.lines().nth(at)).flatten();
    // A letter's states have names of their own (`get_letter_status` of the server's `app/models.py`).
    let status = match taken.status.as_str() {
        "created" | "sending" if letter => "accepted",
        "delivered" | "returned-letter" if letter => "received",
        status => status,
    };
    json!({
        "id": taken.id, "reference": taken.reference,
        "phone_number": (taken.kind == "sms").then_some(&taken.to),
        "email_address": (taken.kind == "email").then_some(&taken.to),
        "line_1": line(0), "line_2": line(1), "line_3": line(2), "line_4": line(3), "line_5": line(4),
        "line_6": line(5), "line_7": line(6), "postcode": null, "postage": letter.then_some("second"),
        "type": taken.kind, "status": status,
        "template": template(), "body": taken.sent, "subject": taken.subject, "created_at": date(taken.created),
        "created_by_name": null, "sent_at": null, "completed_at": null, "scheduled_for": null,
        "one_click_unsubscribe": null,
    })
}

/// A text from a carer in a list.
pub(super) fn received(received: &Received, with_space: bool) -> Value {
    let date = date(received.created);
    let date = if with_space { date.replace('T', " ").replace('Z', "") } else { date };
    json!({
        "id": received.id,
        "user_number": received.from,
        "notify_number": GovukNotifyFake::NUMBER,
        "created_at": date,
        "service_id": GovukNotifyFake::SERVICE,
        "content": received.words,
    })
}

/// The template itself.
pub(super) fn whole_template(template: &Template, contact_block: Option<&str>) -> Value {
    let texts = [template.subject.as_deref(), Some(template.body.as_str()), contact_block];
    let names = texts.into_iter().flatten().flat_map(placeholders);
    let personalisation: Map<String, Value> = names.map(|name| (name, json!({"required": true}))).collect();
    json!({
        "id": GovukNotifyFake::TEMPLATE, "type": template.kind, "name": template.name, "version": 3,
        "created_at": "2026-09-01T08:00:00.000000Z", "updated_at": null, "created_by": "it@hill.example",
        "body": template.body, "subject": template.subject, "letter_contact_block": contact_block,
        "postage": (template.kind == "letter").then_some("second"),
        "personalisation": personalisation,
    })
}

fn placeholders(text: &str) -> impl Iterator<Item = String> {
    text.split("((").skip(1).filter_map(|rest| rest.split_once("))")).map(|(name, _)| name.to_owned())
}
