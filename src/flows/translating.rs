//! A colleague's words in a carer's own language (R47): kept with the person who answers for them, and sent at once to all who
//! read it and would otherwise have been rung.

use liaison_channels::private::Private;

use super::{
    FlowError,
    announcing::link_for,
    cases::find,
    gateway::Gateway,
    planning::{Planned, Telling},
    salt,
    tasks::{no_task, withdraw},
};
use crate::{
    domain::{
        chronology::{Entry, kind},
        delivery::Carried,
        ids::{CaseId, ReceivedId, TaskId},
        people::Route,
        rights::LinkFacts,
        route::{About, MessageFacts, Plan, choose, reads_english},
        time::{Timestamp, school_date},
        translation::{Typed, read_translation},
        wording::{Language, language_in_words, render},
    },
    store::{
        StoreError, Tx, case_deeds, cases, chronology, facts, outbox, recording,
        tasks::{self, TaskRow},
        translations,
    },
};

/// What is to be translated, and for whom. Personal.
#[derive(Debug, Clone)]
pub struct ToTranslate {
    /// The carer's language, by its tag.
    pub language: String,
    /// The same in words.
    pub called: String,
    /// What it is: weekly update, reply, newsletter.
    pub what: &'static str,
    /// The words in English.
    pub words: Private<String>,
    /// The title in English, where there is one.
    pub title: Option<Private<String>>,
    /// Why it is kept from texts and must be translated with care, where it is.
    pub sensitive: bool,
    /// How many carers read this language and wait for it.
    pub carers: usize,
    /// The translation that is there already, and who answers for it.
    pub before: Option<(Private<String>, Private<String>)>,
}

/// What a call or search for a way asks to have translated; `None` where its carer reads English, or it carries no words.
pub async fn asked(gateway: &Gateway, task: TaskId) -> Result<Option<ToTranslate>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let asked = match found(&mut tx, gateway, task).await? {
        Some((_, carried, message, link)) => {
            let waiting = translations::waiting_for(&mut tx, carried, &link.language).await?;
            let before = message.translations.for_reader(&link.language);
            Some(ToTranslate {
                called: language_in_words(&link.language),
                what: message.purpose.in_words(),
                title: title(&message),
                sensitive: message.sensitive || message.topic.is_some(),
                carers: waiting.len(),
                before: before.map(|one| (one.words.clone(), one.checked_by.clone())),
                language: link.language,
                words: message.words,
            })
        }
        None => None,
    };
    tx.commit().await.map_err(StoreError::from)?;
    Ok(asked)
}

/// Keeps a translation that is asked for by `task`, and sends it in writing to every carer of that language who was to be rung
/// and can be written to. Returns how many of them there are; the others are rung as before.
pub async fn translate(gateway: &Gateway, task: TaskId, typed: &Typed, by: &str) -> Result<usize, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let Some((row, carried, message, link)) = found(&mut tx, gateway, task).await? else {
        return Err(FlowError::Refused(
            "there is nothing to translate here: the task has ended, or its carer reads English".to_owned(),
        ));
    };
    let has_title = title(&message).is_some();
    let translation = read_translation(typed, &link.language, message.words.expose(), has_title, now)
        .map_err(|(field, sentence)| FlowError::at(field, sentence))?;
    translations::keep(&mut tx, carried, &link.language, &translation, by).await?;
    let sentence = format!(
        "{} translated into {}: {}",
        message.purpose.in_words(),
        language_in_words(&link.language),
        translation.origin()
    );
    let words = format!(
        "{}\n\n{}\n\nMade or checked by: {}",
        translation.title.as_ref().map_or("", |title| title.expose()),
        translation.words.expose(),
        translation.checked_by.expose()
    );
    let mut entry = Entry::now(now, kind::TRANSLATION, sentence)
        .by(by)
        .about(row.carer, row.pupil)
        .task(row.id)
        .carrying(carried)
        .seen_by(recording::visibility(&mut tx, row.id).await?);
    let case = cases::answered_in(&mut tx, carried).await?;
    entry.case = case;
    chronology::append(&mut tx, &[entry.words(salt(), words.trim().to_owned().into())]).await?;
    let mut message = message;
    message.translations.add(&link.language, translation);
    let waiting = translations::waiting_for(&mut tx, carried, &link.language).await?;
    let mut planned = Planned::default();
    let mut written = 0;
    for waits in waiting {
        let Some(row) = tasks::find(&mut tx, waits).await? else { continue };
        let told = Told { carried, case, message: &message, by, now };
        written += usize::from(write_to(&mut tx, gateway, &row, &told, &mut planned).await?);
    }
    planned.write(&mut tx, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(written)
}

/// Keeps a carer's message in English, as somebody who reads its language has put it; the message stays as it came.
pub async fn into_english(
    gateway: &Gateway,
    (case, received): (&str, ReceivedId),
    restricted: bool,
    (typed, original): (&Typed, &str),
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let translation = read_translation(typed, "en", original, false, now)
        .map_err(|(field, sentence)| FlowError::at(field, sentence))?;
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, case, restricted).await?;
    if case_deeds::case_of(&mut tx, received).await? != Some(case.id) {
        return Err(FlowError::Refused(
            "this message is not in this case any more: look at it again".to_owned(),
        ));
    }
    translations::keep_english(&mut tx, received, &translation, by).await?;
    let sentence = format!("a message of theirs put into English: {}", translation.origin());
    let words =
        format!("{}\n\nMade or checked by: {}", translation.words.expose(), translation.checked_by.expose());
    let entry = Entry::now(now, kind::TRANSLATION, sentence)
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .received(received)
        .seen_by(case.visibility)
        .words(salt(), words.into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// What was translated, and by whom.
struct Told<'a> {
    carried: Carried,
    case: Option<CaseId>,
    message: &'a MessageFacts,
    by: &'a str,
    now: Timestamp,
}

/// Plans to write to the carer of a task who was to be rung; `false` where they are rung all the same.
async fn write_to(
    tx: &mut Tx,
    gateway: &Gateway,
    row: &TaskRow,
    told: &Told<'_>,
    planned: &mut Planned,
) -> Result<bool, FlowError> {
    let &Told { carried, case, message, by, now } = told;
    let link = link_for(tx, carried, row.carer, row.pupil, message.purpose, school_date(now)).await?;
    let Some(link) = link else { return Ok(false) };
    let mut tried = outbox::routes_tried(tx, carried, row.carer).await?;
    if row.kind == Route::Call.as_str() {
        // This very call has not been made: who wants to be rung before all else is rung.
        tried.retain(|route| *route != Route::Call);
    }
    let policy = gateway.policy();
    if render(Route::Text, &link, message, &policy, Language::English).is_err() {
        // By text it goes whole or not at all; the gate would send it round to a call again.
        tried.push(Route::Text);
    }
    let (plan, _) = choose(&link, message, &policy.never_by_text, gateway.carriers.set_up(), &tried, now);
    if !matches!(plan, Plan::Send(_) | Plan::Task(Route::Letter)) {
        return Ok(false);
    }
    withdraw(tx, row, "it was translated, and goes in writing", now).await?;
    planned.add(
        gateway,
        &Telling { carried, case, message, link: &link, tried: &tried, follows: None, actor: by, now },
    );
    Ok(true)
}

/// The open task, what it carries, what that says and to whom; `None` where there is nothing to translate.
async fn found(
    tx: &mut Tx,
    gateway: &Gateway,
    task: TaskId,
) -> Result<Option<(TaskRow, Carried, MessageFacts, LinkFacts)>, FlowError> {
    let row = tasks::find(tx, task).await?.ok_or_else(|| no_task(task))?;
    let Some(carried) = row.carried.filter(|_| row.state == "open") else { return Ok(None) };
    let Some(message) = facts::message(tx, carried).await? else { return Ok(None) };
    let today = school_date(gateway.now());
    let link = link_for(tx, carried, row.carer, row.pupil, message.purpose, today).await?;
    let foreign =
        link.filter(|link| !reads_english(&link.language) && !message.words.expose().trim().is_empty());
    Ok(foreign.map(|link| (row, carried, message, link)))
}

fn title(message: &MessageFacts) -> Option<Private<String>> {
    match &message.about {
        About::Announcement(announced) => Some(announced.title.clone()),
        About::Week(_) | About::Case(_) | About::Standard(_) => None,
    }
}
