//! Notices and newsletters: written, sent to a second person where the rule says so, queued, taken back, and made into
//! messages when the time to take them back is over. What is made leaves by the same outbox and the same gate as an update.

use liaison_channels::private::Private;

use super::{
    FlowError, announcing,
    gateway::Gateway,
    planning::{Planned, Telling},
    salt,
};
use crate::{
    domain::{
        announcement::{Announcement, AudienceKind, Decision, NotNow, Verdict, Written},
        chronology::{Entry, kind},
        delivery::{Carried, State},
        ids::AnnouncementId,
        people::Purpose,
        route::{About, AnnouncedFacts, MessageFacts},
        time::{Timestamp, school_date},
        translation::Translations,
    },
    store::{
        StoreError, Tx, announced, announcements, chronology,
        outbox::{self, Move},
    },
};

/// The longest reason for which one is declined, in characters.
const LONGEST_REASON: usize = 1_000;

impl From<NotNow> for FlowError {
    fn from(why: NotNow) -> Self {
        Self::Refused(why.to_string())
    }
}

/// Whether the school's rule asks for a second person before this is queued (R17).
pub fn needs_approval(gateway: &Gateway, announcement: &Announcement) -> bool {
    gateway.policy().approval.contains(&announcement.written.audience.kind().into())
}

/// Keeps a new one. Nothing of it is sent.
pub async fn write(gateway: &Gateway, written: &Written, by: &str) -> Result<AnnouncementId, FlowError> {
    let (id, now) = (AnnouncementId::new(), gateway.now());
    let mut tx = gateway.store.begin().await?;
    announcements::insert(&mut tx, id, written, by, now).await?;
    tell(&mut tx, id, written, "was written", by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(id)
}

/// Changes one over the version that was seen. What was asked and decided about the words before is void, and told so.
pub async fn change(
    gateway: &Gateway,
    id: AnnouncementId,
    seen: i64,
    written: &Written,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let (mut tx, before) = lock(gateway, id).await?;
    before.is(seen)?;
    before.may_be_changed()?;
    announcements::change(&mut tx, id, written, by, now).await?;
    let said = match (&before.decision, &before.asked_by) {
        (Some(Decision { verdict: Verdict::Approved, .. }), _) => "was changed: its approval is void",
        (None, Some(_)) => "was changed while it waited for approval: it is to be sent for it again",
        _ => "was changed",
    };
    tell(&mut tx, id, written, said, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Sends the version that was seen to a second person.
pub async fn ask(gateway: &Gateway, id: AnnouncementId, seen: i64, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let (mut tx, one) = lock(gateway, id).await?;
    one.is(seen)?;
    one.may_be_asked(needs_approval(gateway, &one))?;
    announcements::ask(&mut tx, id, by, now).await?;
    tell(&mut tx, id, &one.written, "was sent for approval", by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// A second person approves the version that they have seen.
pub async fn approve(gateway: &Gateway, id: AnnouncementId, seen: i64, by: &str) -> Result<(), FlowError> {
    decide(gateway, id, seen, Verdict::Approved, by).await
}

/// A second person declines the version that they have seen, for a reason.
pub async fn decline(
    gateway: &Gateway,
    id: AnnouncementId,
    seen: i64,
    why: &str,
    by: &str,
) -> Result<(), FlowError> {
    let why = why.trim();
    if why.is_empty() {
        return Err(FlowError::at("why", "say why, so that it can be mended"));
    }
    if why.chars().count() > LONGEST_REASON {
        return Err(FlowError::at("why", format!("say it in at most {LONGEST_REASON} characters")));
    }
    decide(gateway, id, seen, Verdict::Declined(why.to_owned().into()), by).await
}

async fn decide(
    gateway: &Gateway,
    id: AnnouncementId,
    seen: i64,
    verdict: Verdict,
    by: &str,
) -> Result<(), FlowError> {
    let now = gateway.now();
    let (mut tx, one) = lock(gateway, id).await?;
    one.is(seen)?;
    one.may_be_decided(by)?;
    let (said, words) = match &verdict {
        Verdict::Approved => ("was approved", body(&one.written)),
        Verdict::Declined(why) => ("was declined", why.clone()),
    };
    announcements::decide(&mut tx, id, &Decision { verdict, by: by.to_owned(), at: now }).await?;
    let entry = Entry::now(now, kind::ANNOUNCEMENT, sentence(&one.written, said)).by(by).announcement(id);
    chronology::append(&mut tx, &[entry.words(salt(), words)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Queues the version that was seen. Returns from when on its messages are made; until then it can be taken back.
pub async fn queue(
    gateway: &Gateway,
    id: AnnouncementId,
    seen: i64,
    by: &str,
) -> Result<Timestamp, FlowError> {
    let now = gateway.now();
    let send_at = now.saturating_add(gateway.policy().undo).unwrap_or(now);
    let (mut tx, one) = lock(gateway, id).await?;
    one.is(seen)?;
    one.may_be_queued(needs_approval(gateway, &one))?;
    announcements::queue(&mut tx, id, Some((send_at, by))).await?;
    let said = if one.written.urgent_because.is_some() {
        "was queued: it leaves at any hour, on any day"
    } else {
        "was queued"
    };
    tell(&mut tx, id, &one.written, said, by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(send_at)
}

/// Takes a queued one back. No message of it exists yet.
pub async fn take_back(gateway: &Gateway, id: AnnouncementId, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let (mut tx, one) = lock(gateway, id).await?;
    one.may_be_taken_back()?;
    announcements::queue(&mut tx, id, None).await?;
    tell(&mut tx, id, &one.written, "was taken back before any message of it was made", by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Drops one that was never queued: nothing is made of it, and nobody need decide about it. `seen`: the version that was shown.
pub async fn drop(gateway: &Gateway, id: AnnouncementId, seen: i64, by: &str) -> Result<(), FlowError> {
    let now = gateway.now();
    let (mut tx, one) = lock(gateway, id).await?;
    one.is(seen)?;
    one.may_be_changed()?;
    announcements::cancel(&mut tx, id, by, now).await?;
    tell(&mut tx, id, &one.written, "was dropped: nothing was made of it", by, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// What was stopped by a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// Messages that will not leave.
    pub messages: usize,
    /// Calls and letters that nobody need do any more.
    pub tasks: usize,
}

/// Takes back what still waits of one that was sent; what has left has left. From then on the gate lets nothing of it pass.
pub async fn cancel(gateway: &Gateway, id: AnnouncementId, by: &str) -> Result<Cancelled, FlowError> {
    let now = gateway.now();
    let (mut tx, one) = lock(gateway, id).await?;
    one.may_be_cancelled()?;
    announcements::cancel(&mut tx, id, by, now).await?;
    let waiting = announced::waiting(&mut tx, id).await?;
    let moves: Vec<Move> = waiting
        .iter()
        .filter_map(|stopped| stopped.delivery)
        .map(|(delivery, tries)| {
            let mut to = Move::to(delivery, tries, State::Cancelled);
            to.reason = Some("it was taken back".to_owned());
            to
        })
        .collect();
    outbox::settle(&mut tx, &moves, &[State::Queued, State::Unknown], now).await?;
    let tasks = announced::withdraw_tasks(&mut tx, id, by, "it was taken back", now).await?;
    let what = one.written.purpose.in_words();
    let mut entries: Vec<Entry> = waiting
        .iter()
        .chain(&tasks)
        .map(|stopped| {
            let (kind, said) = match stopped.task {
                Some(_) => (kind::TASK_CLOSED, format!("{what}: the task was withdrawn, it was taken back")),
                None => (kind::OPERATOR, format!("{what} taken back before it left")),
            };
            let mut entry =
                Entry::now(now, kind, said).by(by).about(stopped.carer, stopped.pupil).announcement(id);
            entry.delivery = stopped.delivery.map(|(delivery, _)| delivery);
            entry.task = stopped.task;
            entry
        })
        .collect();
    let said = sentence(&one.written, "was cancelled: what still waited will not leave");
    entries.push(Entry::now(now, kind::ANNOUNCEMENT, said).by(by).announcement(id));
    chronology::append(&mut tx, &entries).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Cancelled { messages: waiting.len(), tasks: tasks.len() })
}

/// Makes messages of those whose time has come, each in one transaction. Returns how many announcements. Safe to run in
/// several daemons at once.
pub async fn send_due(gateway: &Gateway) -> Result<usize, FlowError> {
    let mut sent = 0;
    loop {
        let now = gateway.now();
        let mut tx = gateway.store.begin().await?;
        let Some(due) = announcements::next_due(&mut tx, now).await? else { return Ok(sent) };
        if due.is_approved_enough(needs_approval(gateway, &due)) {
            make(&mut tx, gateway, &due, now).await?;
            sent += 1;
        } else {
            // The school's rule has become stricter since it was queued.
            announcements::queue(&mut tx, due.id, None).await?;
            let said = "was not sent: it needs a second person's approval now";
            tell(&mut tx, due.id, &due.written, said, "daemon", now).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
    }
}

async fn make(
    tx: &mut Tx,
    gateway: &Gateway,
    announcement: &Announcement,
    now: Timestamp,
) -> Result<(), FlowError> {
    let message = said(announcement);
    let by = announcement.queued_by.as_deref().unwrap_or("daemon");
    let links = announcing::audience(tx, announcement, school_date(now)).await?;
    let mut planned = Planned::default();
    for link in &links {
        let telling = Telling {
            carried: Carried::Announcement(announcement.id),
            case: None,
            message: &message,
            link,
            tried: &[],
            follows: None,
            actor: by,
            now,
        };
        planned.add(gateway, &telling);
    }
    planned.write(tx, by, now).await?;
    announcements::made(tx, announcement.id, now).await?;
    let what = format!("was made into messages for {} carer(s)", links.len());
    tell(tx, announcement.id, &announcement.written, &what, "daemon", now).await
}

/// What an announcement says, as the gate and the wording are told.
pub(super) fn said(announcement: &Announcement) -> MessageFacts {
    let written = &announcement.written;
    MessageFacts {
        translations: Translations::default(),
        purpose: written.purpose,
        words: written.words.clone(),
        sensitive: false,
        topic: None,
        text_because: None,
        about: About::Announcement(AnnouncedFacts {
            title: written.title.clone(),
            urgent_because: written.urgent_because.clone(),
            to: written.audience.kind(),
            taken_back: false,
        }),
    }
}

async fn lock(gateway: &Gateway, id: AnnouncementId) -> Result<(Tx, Announcement), FlowError> {
    let mut tx = gateway.store.begin().await?;
    let one = announcements::lock(&mut tx, id).await?;
    let one = one.ok_or_else(|| FlowError::Refused("there is no such announcement".to_owned()))?;
    Ok((tx, one))
}

async fn tell(
    tx: &mut Tx,
    id: AnnouncementId,
    written: &Written,
    said: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    let entry = Entry::now(now, kind::ANNOUNCEMENT, sentence(written, said)).by(by).announcement(id);
    Ok(chronology::append(tx, &[entry.words(salt(), body(written))]).await?)
}

fn sentence(written: &Written, said: &str) -> String {
    let to = match written.audience.kind() {
        AudienceKind::Class => "a class",
        AudienceKind::Year => "a year group",
        AudienceKind::School => "the whole school",
    };
    let a = if written.purpose == Purpose::Urgent { "an" } else { "a" };
    format!("{a} {} to {to} {said}", written.purpose.in_words())
}

/// The words as they are kept beside an entry: whoever approved or queued them did so with these.
fn body(written: &Written) -> Private<String> {
    let words = format!("{}\n\n{}", written.title.expose(), written.words.expose());
    Private::new(match &written.urgent_because {
        Some(because) => format!("{words}\n\nUrgent because: {}", because.expose()),
        None => words,
    })
}
