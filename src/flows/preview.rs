//! Exactly what each carer would get of an update, before it is queued (R11). Made by the gate and the wording that make what
//! is sent; what comes out is words on a page, which no channel takes.

use liaison_channels::text::{Alphabet, measure};

use super::{FlowError, drafts::said, gateway::Gateway};
use crate::{
    domain::{
        by_text::kept_from_text,
        gate::{Ask, Decision, decide},
        hours::Hours,
        ids::StaffId,
        people::{Purpose, Route},
        policy::{Policy, TextUpdate},
        rights::LinkFacts,
        route::{MessageFacts, Plan, Unusable, choose},
        wording::Words,
    },
    store::{StoreError, desk, drafts::DraftRow, facts},
};

/// What one carer would get. Personal: for the colleague who writes.
#[derive(Debug, Clone)]
pub struct PreviewFor {
    /// The carer's name.
    pub carer: String,
    /// What they would get, or why nothing.
    pub gets: Gets,
    /// Why they are not texted, where they would be but for what it is about.
    pub not_by_text: Option<&'static str>,
}

/// What a carer would get, or why nothing.
#[derive(Debug, Clone)]
pub enum Gets {
    /// An email.
    Mail {
        /// Its subject.
        subject: String,
        /// Its words, byte for byte.
        plain: String,
    },
    /// A text.
    Text {
        /// Its words, byte for byte.
        body: String,
        /// Whether it is all of the update, or only the notice that it is ready.
        full: bool,
        /// How many characters.
        characters: usize,
        /// How many parts the provider counts.
        parts: usize,
        /// A letter that makes a part 70 characters long instead of 160.
        odd: Option<char>,
        /// Why it is only a notice.
        why: String,
    },
    /// A call: what the colleague says.
    Call(String),
    /// A letter: its words.
    Letter(String),
    /// Nothing, rightly or for want of a way; a sentence.
    Nothing(String),
}

/// What every carer of a pupil would get of these words; `None` where there is no such pupil for this colleague.
pub async fn of(
    gateway: &Gateway,
    staff: StaffId,
    draft: &DraftRow,
) -> Result<Option<Vec<PreviewFor>>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let pupil = draft.pupil;
    if desk::pupil(&mut tx, pupil).await?.is_none() {
        return Ok(None);
    }
    let seen = desk::carers_of(&mut tx, pupil).await?;
    tx.commit().await.map_err(StoreError::from)?;
    // Read as the daemon: a teacher sees no postal address, and a letter is written all the same.
    let mut connection = gateway.store.acquire().await?;
    let links = facts::of_links(&mut connection, &[pupil], None, Purpose::WeeklyUpdate).await?;
    drop(connection);
    let message = said(draft);
    // The words do not depend on the hour, nor on who may be reached in a rehearsal.
    let policy = Policy { hours: Hours::ALWAYS, rehearsal: None, ..(*gateway.policy()).clone() };
    let previews = seen.into_iter().filter_map(|carer| {
        let link = links.iter().find(|link| link.carer == carer.id)?;
        let kept =
            kept_from_text(link, &message, &policy.never_by_text, gateway.carriers.set_up(), gateway.now());
        let not_by_text = kept.map(Unusable::sentence);
        Some(PreviewFor { carer: carer.name, gets: gets(gateway, &policy, link, &message), not_by_text })
    });
    Ok(Some(previews.collect()))
}

/// What one carer would get now, by the gate: by the first route that can carry it, as its deliveries would be tried.
pub(super) fn gets(gateway: &Gateway, policy: &Policy, link: &LinkFacts, message: &MessageFacts) -> Gets {
    let (now, channels) = (gateway.now(), gateway.carriers.set_up());
    let mut tried = Vec::new();
    loop {
        let route = match choose(link, message, &policy.never_by_text, channels, &tried, now).0 {
            Plan::Send(route) | Plan::Task(route) => route,
            Plan::LeftOut(_, why) => return Gets::Nothing(why),
            Plan::NoWay => {
                return Gets::Nothing(
                    "no way to reach this carer works: the office is asked to find one".to_owned(),
                );
            }
        };
        // None for a letter: the office posts it, or decides to hand it over.
        let sender = gateway.carriers.of(route).and_then(|channel| gateway.senders.get(channel));
        let ask = Ask {
            route,
            first_choice: tried.is_empty() && matches!(route, Route::Email | Route::Text),
            link: Some(link),
            message,
            lately: None,
            limits: sender.map(|sender| sender.limits()),
            channels,
        };
        match decide(&ask, policy, now) {
            Decision::Permit(permit) => return as_read(permit.words(), policy),
            Decision::NoRight(no, _) => return Gets::Nothing(no.sentence()),
            // A route is never chosen twice, so this ends.
            Decision::NotThisWay(..) => tried.push(route),
            Decision::Wait(_, why, _) => return Gets::Nothing(why),
            Decision::Rehearsed(_) => return Gets::Nothing("a rehearsal holds it back".to_owned()),
        }
    }
}

/// Why only a notice goes by text: by how much all of it, of so many parts, is too long, or that nothing else ever goes.
fn why_a_notice(whole: Option<usize>, policy: &Policy) -> String {
    match (policy.text_update, whole) {
        (TextUpdate::Notice, _) => "Texts of this school only tell that it is ready.".to_owned(),
        (TextUpdate::Full { max_parts }, Some(parts)) => format!(
            "All of it is too long for a text: it would take {parts} parts, and {max_parts} are the most."
        ),
        (TextUpdate::Full { .. }, None) => "All of it may not go by text.".to_owned(),
    }
}

fn as_read(words: &Words, policy: &Policy) -> Gets {
    match words {
        Words::Mail { subject, plain, .. } => {
            Gets::Mail { subject: subject.expose().clone(), plain: plain.expose().clone() }
        }
        Words::Text { body, full, whole } => {
            let measured = measure(body.expose());
            Gets::Text {
                characters: body.expose().chars().count(),
                parts: measured.parts,
                odd: Alphabet::Gsm7.holds(body.expose()).err(),
                why: if *full { String::new() } else { why_a_notice(*whole, policy) },
                full: *full,
                body: body.expose().clone(),
            }
        }
        Words::Script(script) => Gets::Call(script.expose().clone()),
        Words::Letter { plain, .. } => Gets::Letter(plain.expose().clone()),
    }
}
