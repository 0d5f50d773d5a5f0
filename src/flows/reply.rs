//! A colleague's reply in a case, and the day it promises.

use std::collections::BTreeSet;

use liaison_channels::private::Private;
use serde::Serialize;

use super::{
    FlowError,
    cases::{find, no_case, read_again},
    gateway::Gateway,
    planning::{Planned, Telling},
    promise::{promised, run_promise},
    salt,
};
use crate::{
    domain::{
        by_text::{kept_from_text, not_by_text},
        chronology::{Entry, Visibility, kind},
        delivery::Carried,
        ids::{AnswerId, ReceivedId},
        people::Purpose,
        route::{About, AnswerFacts, MessageFacts, Plan, Unusable},
        time::{Date, Timestamp, school_date},
        topic::{Topic, read_reason},
        translation::Translations,
    },
    store::{
        StoreError, Tx,
        answers::{self, NewAnswer},
        cases::CaseRow,
        chronology, clocks, facts,
        readings::{self, WhichReceived},
    },
};

/// A colleague's reply.
#[derive(Debug, Clone)]
pub struct Reply<'a> {
    /// The words.
    pub words: &'a str,
    /// The day by which a full answer follows; a clock of its own (R41).
    pub promise: Option<Date>,
    /// It is all that was promised before: only then does it stop the clock of that promise.
    pub full_answer: bool,
    /// Not for a text.
    pub sensitive: bool,
    /// What it is about, where its writer says so.
    pub topic: Option<Topic>,
    /// Why it goes by text all the same, though what it is about never does: the SLT's to say.
    pub by_text: Option<&'a str>,
    /// Who writes it.
    pub by: &'a str,
}

/// What became of a reply.
#[derive(Debug, Clone, Serialize)]
pub struct Replied {
    /// The case's code.
    pub case: String,
    /// The route it takes: `email`, `text`, `call`, `letter`, or `none`.
    pub route: &'static str,
    /// Why it does not go by text, where but for what it is about it would.
    pub not_by_text: Option<&'static str>,
    /// How many clocks it stopped.
    pub clocks_stopped: u64,
    /// What happens now, in words.
    pub said: String,
}

/// Replies in a case: by the route the carer wants answers by, or wrote by, where that can carry it, else by the next, through
/// the gate. It stops the answer clocks of the case, and that of a promise where it is said to be the full answer; a reply by
/// phone or letter stops them when it has been said or posted.
pub async fn reply(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    reply: &Reply<'_>,
) -> Result<Replied, FlowError> {
    if reply.words.trim().is_empty() {
        return Err(FlowError::at("words", "a reply needs words"));
    }
    if reply.full_answer && reply.promise.is_some() {
        return Err(FlowError::at(
            "promise",
            "a full answer promises no further one: leave out the day, or that it is the full answer",
        ));
    }
    let text_because = reply.by_text.map(read_reason).transpose();
    let text_because = text_because.map_err(|sentence| FlowError::at("by_text", sentence))?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if case.visibility == Visibility::Restricted {
        return Err(FlowError::Refused(
            "this case is restricted: nothing is sent from here; the DSL decides what the carer is told, and how"
                .to_owned(),
        ));
    }
    if case.pupil.is_none() {
        return Err(FlowError::Refused(
            "say first which child it is about (`liaison questions list`): what may be told depends on it"
                .to_owned(),
        ));
    }
    let due = reply.promise.map(|day| promised(gateway, day, now)).transpose();
    let due = due.map_err(|error| error.or_at("promise"))?;
    let last = readings::list(&mut tx, WhichReceived { case: Some(case.id), restricted, id: None }).await?;
    let last = last.last().map(|view| ReceivedId(view.id)).ok_or_else(|| no_case(name))?;
    let answered = read_again(&mut tx, gateway, last).await?;
    let (message_id, references) =
        answered.map(|read| (read.message_id, read.references)).unwrap_or_default();
    let mut thread = references;
    thread.extend(message_id.clone());
    let answer = NewAnswer {
        id: AnswerId::new(),
        case: case.id,
        received: last,
        purpose: Purpose::Reply,
        words: Some(reply.words.trim().to_owned()),
        sensitive: reply.sensitive,
        topic: reply.topic,
        text_because,
        due_day: reply.promise,
        full_answer: reply.full_answer,
        holiday: false,
        came_by: case.came_by,
        address: None,
        to_domain: None,
        in_reply_to: message_id,
        thread,
        author: reply.by.to_owned(),
    };
    let (plan, not_by_text) = send(&mut tx, gateway, &case, &answer, now).await?;
    let (route, said) = match &plan {
        Plan::Send(route) => (*route, format!("it is queued by {route}")),
        Plan::Task(route) => {
            (*route, format!("a colleague does it: see `liaison tasks list` for the {route}"))
        }
        Plan::LeftOut(_, why) => return Err(FlowError::Refused(format!("nothing was sent: {why}"))),
        Plan::NoWay => {
            return Err(FlowError::Refused(
                "nothing was sent: no way to reach this carer works at present; mend an address first"
                    .to_owned(),
            ));
        }
    };
    let not_by_text = not_by_text.map(Unusable::sentence);
    let said = not_by_text.map_or_else(|| said.clone(), |why| format!("{said}; not by text: {why}"));
    let said_now = matches!(plan, Plan::Send(_));
    let clocks_stopped = if said_now {
        let kind = if reply.full_answer { None } else { Some("answer") };
        clocks::stop(&mut tx, case.id, kind, Some(answer.id), reply.by, now).await?
    } else {
        0
    };
    if let Some(due) = due {
        run_promise(&mut tx, gateway, &case, last, due, reply.by, now).await?;
    }
    let entry = Entry::now(now, kind::REPLIED, format!("a reply in case {}: {said}", case.code))
        .by(reply.by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .words(salt(), Private::new(reply.words.trim().to_owned()));
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Replied { case: case.code, route: route.as_str(), not_by_text, clocks_stopped, said })
}

/// Plans and queues an answer for its carer; with why it does not go by text, where but for that it would.
async fn send(
    tx: &mut Tx,
    gateway: &Gateway,
    case: &CaseRow,
    answer: &NewAnswer,
    now: Timestamp,
) -> Result<(Plan, Option<Unusable>), FlowError> {
    let link = facts::of_link(tx, case.carer, case.link_pupil, answer.purpose).await?;
    let Some(link) = link else {
        return Err(FlowError::Refused(
            "nothing was sent: this carer is no longer linked to the pupil".to_owned(),
        ));
    };
    let message = MessageFacts {
        translations: Translations::default(),
        purpose: answer.purpose,
        words: Private::new(answer.words.clone().unwrap_or_default()),
        sensitive: answer.sensitive,
        topic: answer.topic,
        text_because: answer.text_because.clone(),
        about: About::Case(AnswerFacts {
            code: case.code.clone(),
            came_by: answer.came_by,
            only_to: answer.address,
            due_day: answer.due_day,
            law: None,
            holiday: answer.holiday,
            written: school_date(now),
            in_reply_to: answer.in_reply_to.clone(),
            thread: answer.thread.clone(),
        }),
    };
    let policy = gateway.policy();
    let leave = leave(&policy.never_by_text, case, answer, &message, now)?;
    let kept = kept_from_text(&link, &message, &policy.never_by_text, gateway.carriers.set_up(), now);
    let mut planned = Planned::default();
    let plan = planned.add(
        gateway,
        &Telling {
            carried: Carried::Answer(answer.id),
            case: Some(case.id),
            message: &message,
            link: &link,
            tried: &[],
            follows: None,
            actor: &answer.author,
            now,
        },
    );
    if matches!(plan, Plan::Send(_) | Plan::Task(_)) {
        answers::insert(tx, std::slice::from_ref(answer), now).await?;
        planned.write(tx, &answer.author, now).await?;
        chronology::append(tx, leave.as_slice()).await?;
    }
    Ok((plan, kept))
}

/// The entry of the SLT's leave to go by text, where there is one; an error where nothing kept it from a text.
fn leave(
    never: &BTreeSet<Topic>,
    case: &CaseRow,
    answer: &NewAnswer,
    message: &MessageFacts,
    now: Timestamp,
) -> Result<Option<Entry>, FlowError> {
    let Some(because) = &answer.text_because else { return Ok(None) };
    let Some(why) = not_by_text(message, never) else {
        let sentence = "nothing keeps this reply from a text: leave the reason out";
        return Err(FlowError::at("by_text", sentence));
    };
    let said = format!("the SLT lets a reply in case {} go by text ({})", case.code, why.sentence());
    let entry = Entry::now(now, kind::TEXT_ALLOWED, said)
        .by(&answer.author)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .words(salt(), because.clone());
    Ok(Some(entry))
}
