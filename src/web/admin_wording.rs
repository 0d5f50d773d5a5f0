//! Every message the school sends, as it reads now, and the few words that are the school's own.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who,
    admin_words::{Listed, languages},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Refusal, Sent, once},
};
use crate::{
    domain::{
        policy::TextUpdate,
        staff::Role,
        time::{moment_in_full, school_date},
        wording::{Words, samples, text_length},
    },
    flows::{current, wording},
    store::{StoreError, desk, versions},
};

/// Who looks after the school's words.
pub(super) const EDITORS: &[Role] = &[Role::Office, Role::Slt];

pub(super) fn served() -> Vec<Served> {
    let editors = Who::Holders(EDITORS);
    vec![get("/admin/wording", editors, wording_page), post("/admin/wording", editors, set)]
}

/// A message as the page shows it.
struct Shown {
    name: &'static str,
    subject: Option<String>,
    words: String,
    /// How long a text is.
    length: Option<String>,
}

#[derive(Template)]
#[template(path = "admin_wording.html")]
struct WordingPage {
    frame: Frame,
    urgent: String,
    usual: String,
    more: String,
    longest: usize,
    base: String,
    /// The two texts as a colleague has set them meanwhile.
    newer: Option<(String, String)>,
    /// Who set the words, and when.
    set: Option<String>,
    phone: String,
    texts: &'static str,
    languages: Vec<Listed>,
    samples: Vec<Shown>,
}

async fn wording_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, None, after.done.as_deref(), None).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    typed: Option<(&str, &str, Option<i64>)>,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    current::refresh(&web.gateway).await?;
    let (policy, now) = (web.gateway.policy(), web.gateway.now());
    let number = web.gateway.current.versions().wording;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let set = match number {
        Some(number) => Some(versions::wording(&mut tx, number).await?),
        None => None,
    };
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let today = school_date(now);
    let due = policy.answer_due(now).map_or_else(|_| policy.task_due(now), |due| due.day);
    let ack = &policy.acknowledge;
    let theirs = (ack.urgent_words.trim(), ack.more_words.trim());
    let newer = typed.filter(|(_, _, base)| *base != number);
    let (urgent, more) = typed.map_or(theirs, |(urgent, more, _)| (urgent, more));
    let template = WordingPage {
        urgent: urgent.to_owned(),
        more: more.to_owned(),
        usual: wording::with(&policy, "", "").acknowledge.urgent(&policy.school),
        longest: wording::LONGEST,
        // Shown beside what was typed: sending it again is then a choice made knowingly.
        newer: newer.map(|_| (theirs.0.to_owned(), theirs.1.to_owned())),
        base: number.map(|number| number.to_string()).unwrap_or_default(),
        set: set.map(|words| {
            format!("set by {}, {}", who(&words.set_by, &names), moment_in_full(words.set_at, now))
        }),
        phone: policy.school.office_phone.clone(),
        texts: match policy.text_update {
            TextUpdate::Notice => "a text only tells that the update is ready",
            TextUpdate::Full { .. } => "a text carries the whole update where it fits",
        },
        languages: languages(web),
        samples: samples(&policy, today, due)
            .into_iter()
            .map(|sample| shown(sample.name, &sample.words))
            .collect(),
        frame: Frame::of(web, signed, "Wording", "/admin").after(done).refusal(fault, |field| field),
    };
    Ok(frame::page(status, &template))
}

fn shown(name: &'static str, words: &Words) -> Shown {
    let subject = match words {
        Words::Mail { subject, .. } => Some(subject.expose().clone()),
        _ => None,
    };
    let length = match words {
        Words::Text { body, .. } => Some(text_length(body.expose())),
        _ => None,
    };
    Shown { name, subject, words: words.plain().expose().clone(), length }
}

async fn set(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let (urgent, more) = (sent.fields.text("urgent"), sent.fields.text("more"));
    let base = sent.fields.parsed("base");
    let did = once(&web, &signed, &sent, async {
        wording::set(&web.gateway, urgent, more, base, &signed.by()).await?;
        Ok("/admin/wording?done=worded".to_owned())
    })
    .await?;
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show(&web, &signed, status, Some((urgent, more, base)), None, Some(&sentence)).await
        }
    }
}
