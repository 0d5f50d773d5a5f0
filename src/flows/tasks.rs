//! Tasks for people: opened through the gate each time they are looked at, and closed with what came of them.

use liaison_channels::{private::Private, sender::Limits};
use serde::Serialize;

use super::{
    FlowError,
    announcing::{RESTS_ELSEWHERE, link_for},
    gateway::Gateway,
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::Carried,
        gate::{Ask, Decision, decide},
        ids::{PupilId, TaskId},
        people::{Format, Route},
        rights::LinkFacts,
        route::{Fired, reads_english},
        time::{Date, Timestamp, school_date},
        wording::{Sheet, Words, interpreter},
    },
    store::{
        StoreError, chronology, clocks, facts, recording,
        tasks::{self, TaskRow},
    },
};

/// What a colleague needs to do a task. Personal: for their eyes only.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Needs {
    /// The number to ring, or the address to post to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What to say, or the letter as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The letter as a page to print.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The letter in its parts.
    #[serde(skip)]
    pub sheet: Option<Sheet>,
    /// The interpreter to book first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// When to ring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_times: Option<String>,
    /// `large_print` and such, when not standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
}

/// A task on somebody's list.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: TaskId,
    /// `call`, `letter`, `check_address`, `did_it_arrive`, `review_restriction`, `follow_up`, `turns_16`, `turns_18`, `opted_out`.
    pub kind: String,
    /// Whose list.
    pub role: String,
    /// The class.
    pub class: Option<String>,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name.
    pub pupil: String,
    /// Why.
    pub why: String,
    /// By when.
    pub due: Date,
    /// `open`, `done`, `given_up`, `withdrawn`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// Whether its words are in English and its carer reads another language: then they can be translated.
    #[serde(skip)]
    pub foreign: bool,
    /// What is needed to do it, where it is a call or a letter that may still be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
}

/// The tasks, by due date. Calls and letters that the gate no longer allows are withdrawn, and told as such.
pub async fn list(gateway: &Gateway, open_only: bool, with_needs: bool) -> Result<Vec<Listed>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let mut listed = Vec::new();
    for row in tasks::list(&mut tx, open_only).await? {
        if let Some(task) = open(&mut tx, gateway, row, with_needs).await?
            && (!open_only || task.state == "open")
        {
            listed.push(task);
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(listed)
}

/// One task with what is needed to do it.
pub async fn show(gateway: &Gateway, id: TaskId) -> Result<Listed, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let row = tasks::find(&mut tx, id).await?.ok_or_else(|| no_task(id))?;
    let task = open(&mut tx, gateway, row, true).await?.ok_or_else(|| no_task(id))?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(task)
}

/// A task's state, as a sentence says it.
pub fn state_in_words(state: &str) -> &'static str {
    match state {
        "done" => "Done",
        "given_up" => "Given up",
        "withdrawn" => "Withdrawn",
        _ => "Open",
    }
}

/// Closes a task as `done` or `given_up`, with what came of it.
pub async fn close(
    gateway: &Gateway,
    id: TaskId,
    done: bool,
    by: &str,
    outcome: &str,
) -> Result<(), FlowError> {
    if outcome.trim().is_empty() {
        return Err(FlowError::at("outcome", "say what came of it: the record needs an outcome"));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let row = tasks::find(&mut tx, id).await?.ok_or_else(|| no_task(id))?;
    close_row(&mut tx, &row, done, by, outcome, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Closes a task in the caller's transaction, with its entry, and settles what it carried.
pub(super) async fn close_row(
    tx: &mut crate::store::Tx,
    row: &TaskRow,
    done: bool,
    by: &str,
    outcome: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let (id, state) = (row.id, if done { "done" } else { "given_up" });
    if !tasks::close(tx, id, state, by, outcome, now).await? {
        let state = tasks::find(tx, id).await?.map_or_else(|| row.state.clone(), |row| row.state);
        return Err(FlowError::Refused(format!(
            "this task is {} already: nothing was changed",
            state_in_words(&state).to_lowercase()
        )));
    }
    if let (true, Some(Carried::Answer(answer))) = (done, row.carried) {
        // A reply that was said by phone or posted answers as one that was sent does.
        clocks::meet_again(tx, &[answer], now).await?;
    }
    let sentence = format!("{} {}", row.kind.replace('_', " "), state.replace('_', " "));
    let mut entry = Entry::now(now, kind::TASK_CLOSED, sentence)
        .by(by)
        .about(row.carer, row.pupil)
        .task(id)
        .carrying_any(row.carried);
    // What a person writes may name people: it stands beside the entry, where it can be erased.
    entry.visibility = recording::visibility(tx, id).await?;
    Ok(chronology::append(tx, &[entry.words(super::salt(), outcome.into())]).await?)
}

pub(super) fn no_task(id: TaskId) -> FlowError {
    FlowError::Refused(format!("there is no task {id}; `liaison tasks list` shows them"))
}

pub(super) async fn open(
    tx: &mut crate::store::Tx,
    gateway: &Gateway,
    mut row: TaskRow,
    with_needs: bool,
) -> Result<Option<Listed>, FlowError> {
    // That a way is to be found to somebody ends with their right to be told, as a call does.
    let finds_a_way = row.kind == "check_address";
    let route = if finds_a_way { Some(Route::Call) } else { Route::parse(&row.kind).ok() };
    let mut listed = Listed {
        id: row.id,
        kind: row.kind.clone(),
        role: row.role.clone(),
        class: row.class.clone(),
        carer: row.carer_name.clone(),
        pupil: row.pupil_name.clone(),
        why: row.why.clone(),
        due: row.due,
        state: row.state.clone(),
        outcome: row.outcome.clone(),
        foreign: false,
        needs: None,
    };
    let (Some(route), Some(carried), "open") = (route, row.carried, row.state.as_str()) else {
        return Ok(Some(listed));
    };
    let Some((decision, link)) = asked(tx, gateway, &row, route, carried, None).await? else {
        return Ok(Some(listed));
    };
    listed.foreign = link.as_ref().is_some_and(|link| !reads_english(&link.language));
    if let Some(link) = link.as_ref().filter(|link| link.pupil != row.pupil) {
        rest_on(tx, gateway, &mut row, link.pupil).await?;
        listed.pupil.clone_from(&row.pupil_name);
        listed.class.clone_from(&row.class);
    }
    let why = match decision {
        Decision::NoRight(no, _) => no.sentence(),
        _ if finds_a_way => return Ok(Some(listed)),
        Decision::Permit(permit) => {
            if let (true, Some(link)) = (with_needs, &link) {
                listed.needs = Some(needs(link, permit.to().expose(), permit.words()));
            }
            return Ok(Some(listed));
        }
        // A number that went out of use does not end the duty: somebody must still find a way.
        Decision::NotThisWay(why, _) => {
            listed.why = format!("{}; at present {}", listed.why, why.sentence());
            return Ok(Some(listed));
        }
        Decision::Wait(..) | Decision::Rehearsed(_) => return Ok(Some(listed)),
    };
    withdraw(tx, &row, &why, gateway.now()).await?;
    "withdrawn".clone_into(&mut listed.state);
    listed.outcome = Some(why);
    Ok(Some(listed))
}

/// What the gate says of a task now, where a colleague does it, or a channel of these limits; `None` where what it carried is
/// gone.
pub(super) async fn asked(
    tx: &mut crate::store::Tx,
    gateway: &Gateway,
    row: &TaskRow,
    route: Route,
    carried: Carried,
    limits: Option<&Limits>,
) -> Result<Option<(Decision, Option<LinkFacts>)>, FlowError> {
    let Some(message) = facts::message(tx, carried).await? else { return Ok(None) };
    let today = school_date(gateway.now());
    let link = link_for(tx, carried, row.carer, row.pupil, message.purpose, today).await?;
    let ask = Ask {
        route,
        first_choice: false,
        link: link.as_ref(),
        message: &message,
        lately: None,
        limits,
        channels: gateway.carriers.set_up(),
    };
    let decision = decide(&ask, &gateway.policy(), gateway.now());
    Ok(Some((decision, link)))
}

/// The words of a call or letter as the gate would give them now, for the record of it, with the rules by which it did; `None`
/// where it gives none any more.
pub(super) async fn words_now(
    tx: &mut crate::store::Tx,
    gateway: &Gateway,
    row: &TaskRow,
) -> Result<Option<(Private<String>, Vec<Fired>)>, FlowError> {
    let (Ok(route), Some(carried)) = (Route::parse(&row.kind), row.carried) else { return Ok(None) };
    match asked(tx, gateway, row, route, carried, None).await? {
        Some((Decision::Permit(permit), _)) => {
            Ok(Some((permit.words().plain().clone(), permit.fired().to_vec())))
        }
        _ => Ok(None),
    }
}

/// Lets a task rest on another of the carer's pupils, who gives the right to it.
async fn rest_on(
    tx: &mut crate::store::Tx,
    gateway: &Gateway,
    row: &mut TaskRow,
    pupil: PupilId,
) -> Result<(), FlowError> {
    tasks::rest_on(tx, row.id, pupil).await?;
    let entry = Entry::now(gateway.now(), kind::TASK_MOVED, RESTS_ELSEWHERE)
        .about(row.carer, pupil)
        .task(row.id)
        .carrying_any(row.carried);
    chronology::append(tx, &[entry]).await?;
    if let Some(moved) = tasks::find(tx, row.id).await? {
        *row = moved;
    }
    Ok(())
}

/// Withdraws an open task, with its entry.
pub(super) async fn withdraw(
    tx: &mut crate::store::Tx,
    row: &TaskRow,
    why: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    if tasks::close(tx, row.id, "withdrawn", "daemon", why, now).await? {
        let sentence = format!("{} withdrawn: {why}", row.kind.replace('_', " "));
        let entry = Entry::now(now, kind::TASK_CLOSED, sentence)
            .about(row.carer, row.pupil)
            .task(row.id)
            .carrying_any(row.carried)
            .seen_by(recording::visibility(tx, row.id).await?);
        chronology::append(tx, &[entry]).await?;
    }
    Ok(())
}

fn needs(link: &LinkFacts, to: &str, words: &Words) -> Needs {
    let call = matches!(words, Words::Script(_));
    let (page, sheet) = match words {
        Words::Letter { html, sheet, .. } => (Some(html.expose().clone()), Some(sheet.clone())),
        _ => (None, None),
    };
    Needs {
        to: Some(to.to_owned()),
        words: Some(words.plain().expose().clone()),
        page,
        sheet,
        interpreter: if call { interpreter(link) } else { None },
        best_times: if call { link.best_times.as_ref().map(|times| times.expose().clone()) } else { None },
        format: (link.format != Format::Standard).then(|| link.format.as_str()),
    }
}
