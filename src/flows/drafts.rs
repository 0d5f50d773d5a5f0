//! What a colleague is writing about a pupil's week: saved, queued, taken back, and sent when its time has come.
//!
//! A draft is nobody's message yet, so no entry is written but of the SLT's leave to go by text. Only when the time to take it
//! back is over does it become an update with its messages, by the same way as a file's: nothing that was taken back ever had
//! one (R15).

use std::collections::HashMap;

use super::{
    FlowError,
    gateway::Gateway,
    queue::{self, QueueError},
    salt, second_person,
};
use crate::{
    domain::{
        by_text::not_by_text,
        card::card_digest,
        chronology::{Entry, kind},
        ids::{PupilId, StaffId},
        people::Purpose,
        route::{About, MessageFacts},
        time::{Date, Timestamp, school_date, week_of},
        topic::{Topic, read_reason},
        translation::Translations,
        update::{UpdateRow, is_far, words_problem},
    },
    store::{
        StoreError, Tx, chronology,
        drafts::{self, Chosen, DraftRow},
        facts, week,
    },
};

/// What became of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It was kept, as it is told here.
    Kept(DraftRow),
    /// Somebody, or another tab, saved since: nothing was changed. The draft as it stands now.
    Conflict(DraftRow),
}

/// What to keep. Personal.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The words; empty ones are kept as such.
    pub text: &'a str,
    /// Marked sensitive: never goes by text.
    pub sensitive: bool,
    /// What it is about, where its writer said so.
    pub topic: Option<Topic>,
    /// Marked as good news.
    pub praise: bool,
    /// The contact card as the page showed it, by its digest; `None`: it showed none, and the draft cannot be queued.
    pub card: Option<&'a str>,
}

/// Saves the draft of a pupil's week over `expected_version`, the one that the page showed; 0 when it showed none.
pub async fn save(
    gateway: &Gateway,
    pupil: PupilId,
    monday: Date,
    words: Words<'_>,
    expected_version: i64,
    by: &str,
) -> Result<Saved, FlowError> {
    let now = gateway.now();
    let text = words.text.replace("\r\n", "\n"); // as a browser sends a line's end
    if week_of(monday) != monday {
        return refused("a week is named by its Monday: choose the week again");
    }
    if is_far(monday, school_date(now)) {
        return refused("this week is more than a year from today: choose the week again");
    }
    if let Some(sentence) = words_problem(&text) {
        return Err(FlowError::at("words", sentence));
    }
    let Some(version) = expected_version.checked_add(1).filter(|version| *version >= 1) else {
        return refused("this form is not whole: open the page again");
    };
    let mut tx = gateway.store.begin().await?;
    if !drafts::pupil_exists(&mut tx, pupil).await? {
        return refused("there is no such pupil: open the page again");
    }
    if week::sent_words(&mut tx, pupil, monday).await?.is_some() {
        return refused("this update has been sent: what was sent cannot be changed");
    }
    let draft = DraftRow {
        pupil,
        week: monday,
        words: text,
        sensitive: words.sensitive,
        topic: words.topic,
        text_because: None,
        praise: words.praise,
        card_seen: words.card.map(str::to_owned),
        version,
        author: by.to_owned(),
        saved_at: now,
        send_at: None,
        sent: false,
        trouble: None,
        second_for: None,
        approved_by: None,
        queued_by: None,
    };
    let before = drafts::find(&mut tx, pupil, monday).await?;
    let kept = drafts::save(&mut tx, &draft).await?;
    if kept {
        if before.is_some_and(|before| before.text_because.is_some()) {
            let said =
                format!("the update for the week of {monday} was changed: its leave to go by text is void");
            chronology::append(&mut tx, &[about(pupil, now, said).by(by)]).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        return Ok(Saved::Kept(draft));
    }
    match drafts::find(&mut tx, pupil, monday).await? {
        Some(newer) if newer.send_at.is_some() => {
            refused("this update is queued: take it back first, then change it")
        }
        Some(newer) => Ok(Saved::Conflict(newer)),
        None => refused("there is no draft for this pupil and week: open the page again"),
    }
}

/// What a draft says, as the gate is told.
pub(super) fn said(draft: &DraftRow) -> MessageFacts {
    MessageFacts {
        translations: Translations::default(),
        purpose: Purpose::WeeklyUpdate,
        words: draft.words.trim().to_owned().into(),
        sensitive: draft.sensitive,
        topic: draft.topic,
        text_because: draft.text_because.clone(),
        about: About::Week(draft.week),
    }
}

fn about(pupil: PupilId, now: Timestamp, said: String) -> Entry {
    let mut entry = Entry::now(now, kind::TEXT_ALLOWED, said);
    entry.pupil = Some(pupil);
    entry
}

/// The SLT lets the version of a draft that was seen go by text, though what it is about never does. Its next change makes
/// that void.
pub async fn allow_text(
    gateway: &Gateway,
    pupil: PupilId,
    week: Date,
    seen: i64,
    because: &str,
    by: &str,
) -> Result<(), FlowError> {
    let because = read_reason(because).map_err(|sentence| FlowError::at("why", sentence))?;
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let draft = drafts::find(&mut tx, pupil, week).await?;
    let Some(draft) = draft.filter(|draft| draft.version == seen && !draft.words.trim().is_empty()) else {
        return refused(
            "somebody has changed this update since you opened the page: look at it as it is now",
        );
    };
    let Some(why) = not_by_text(&said(&draft), &gateway.policy().never_by_text) else {
        return refused("nothing keeps this update from a text: it needs no leave");
    };
    if !drafts::allow_text(&mut tx, &draft, &because).await? {
        return refused("it is too late: this update has been sent, or changed, since you opened the page");
    }
    let said = format!("the SLT lets the update for the week of {week} go by text ({})", why.sentence());
    chronology::append(&mut tx, &[about(pupil, now, said).by(by).words(salt(), because)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The contact cards of these pupils as they stand now for whoever reads in `tx`, by their digests.
pub async fn cards_now(
    tx: &mut Tx,
    pupils: &[PupilId],
    today: Date,
) -> Result<HashMap<PupilId, String>, FlowError> {
    let links = facts::of_links(tx, pupils, None, Purpose::WeeklyUpdate).await?;
    let of = |pupil: PupilId| links.iter().filter(move |link| link.pupil == pupil);
    Ok(pupils.iter().map(|pupil| (*pupil, card_digest(of(*pupil), today))).collect())
}

/// Queues drafts, each at the version that was seen, with the contact card before the writer's eyes as it stands now for
/// `staff` (R08). All or none. Returns when they leave; those that a second person must approve wait for them first (R17).
pub async fn queue_drafts(
    gateway: &Gateway,
    week: Date,
    chosen: &[(PupilId, i64)],
    staff: StaffId,
) -> Result<Timestamp, FlowError> {
    if chosen.is_empty() {
        return refused("choose at least one update to queue");
    }
    let now = gateway.now();
    let send_at = now.saturating_add(gateway.policy().undo).unwrap_or(now);
    // Read as the colleague: what they may not see must not show by a card that changes. A change after this moment is the
    // gate's to find, as one in the time to take back is.
    let pupils: Vec<PupilId> = chosen.iter().map(|(pupil, _)| *pupil).collect();
    let mut seen = gateway.store.as_colleague(staff).await?;
    let cards = cards_now(&mut seen, &pupils, school_date(now)).await?;
    seen.commit().await.map_err(StoreError::from)?;
    let chosen: Vec<Chosen> = chosen
        .iter()
        .filter_map(|(pupil, version)| {
            Some(Chosen { pupil: *pupil, version: *version, card: cards.get(pupil)?.clone() })
        })
        .collect();
    let mut tx = gateway.store.begin().await?;
    let queued = drafts::queue(&mut tx, week, &chosen, send_at, &staff.to_string()).await?;
    if queued != u64::try_from(chosen.len()).unwrap_or(u64::MAX) {
        if drafts::unseen_cards(&mut tx, week, &chosen).await? > 0 {
            return refused(
                "nothing was queued: who may be told, or how, has changed for one of these since its words were saved; open it, \
                 look at who is told, and save it again",
            );
        }
        return refused(
            "nothing was queued: somebody changed or queued one of these since the page was loaded, or it is blank; look again",
        );
    }
    second_person::hold(&mut tx, gateway, week, &pupils).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(send_at)
}

/// Takes a queued draft back. No message of it exists yet.
pub async fn take_back(gateway: &Gateway, pupil: PupilId, week: Date) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    if !drafts::take_back(&mut tx, pupil, week).await? {
        return refused(
            "it is too late to take it back: its messages are on their way, or somebody has taken it back already",
        );
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Makes updates of the drafts whose time has come. Returns how many. Safe to run in several daemons at once.
pub async fn send_due(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut sent = 0;
    loop {
        let mut tx = gateway.store.begin().await?;
        let Some(due) = drafts::next_due(&mut tx, gateway.now()).await? else { return Ok(sent) };
        // The rule, or the family, may have changed since it was queued.
        if !due.approved && second_person::hold(&mut tx, gateway, due.week, &[due.pupil]).await? > 0 {
            tx.commit().await.map_err(StoreError::from)?;
            continue;
        }
        let row = UpdateRow {
            line: 1,
            pupil_ref: due.pupil_ref,
            week: due.week,
            text: due.words.into(),
            sensitive: due.sensitive,
            topic: due.topic,
            text_because: due.text_because,
            approved: due.approved,
        };
        match queue::put(&mut tx, gateway, &[row], &due.author, &due.by, gateway.now()).await {
            Ok(_) => {
                drafts::became_update(&mut tx, due.pupil, due.week).await?;
                tx.commit().await.map_err(StoreError::from)?;
                sent += 1;
            }
            Err(QueueError::Lines(problems)) => {
                drop(tx);
                let why = problems.first().map_or_else(String::new, |problem| problem.sentence.clone());
                let mut tx = gateway.store.begin().await?;
                drafts::in_trouble(&mut tx, due.pupil, due.week, &why).await?;
                tx.commit().await.map_err(StoreError::from)?;
            }
            Err(QueueError::Flow(error)) => return Err(error),
        }
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, FlowError> {
    Err(FlowError::Refused(why.into()))
}
