//! Keeps what arrives, as it came, committed before anything is decided (R27): no reading, no matching, no answer here.

use std::collections::BTreeSet;

use liaison_channels::{
    inbound::{KeptText, RawForm},
    inbox::{ArrivedMail, Batch},
};
use ring::digest::{SHA256, digest};

use super::{FlowError, gateway::Gateway, parts};
use crate::{
    domain::{ids::ReceivedId, time::Timestamp},
    store::{
        StoreError,
        inbox::{self, NewReceived, Place},
        raw_copy, text_parts,
    },
};

/// What one fetch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Messages that are new.
    pub new: u64,
    /// Messages that were there before.
    pub known: u64,
    /// Mails from before the mailbox was first connected, left alone.
    pub older: u64,
}

/// How much older than the first connection a mail may look and still be taken: two servers' clocks differ.
const CLOCKS_DIFFER: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Keeps the mails of one fetch and notes how far the mailbox is read, in one transaction: after a crash either both are
/// there or neither.
pub async fn mails(
    gateway: &Gateway,
    channel: &str,
    batch: &Batch,
    mut place: Place,
) -> Result<Kept, FlowError> {
    let now = gateway.now();
    let first = place.since.saturating_sub(CLOCKS_DIFFER).unwrap_or(place.since);
    // After a renumbering the whole mailbox comes by again; what was there before we were is still not ours.
    let ours = |mail: &&ArrivedMail| {
        !place.renumbered || mail.arrived_at.is_none_or(|arrived_at| arrived_at >= first)
    };
    let messages: Vec<NewReceived<'_>> =
        batch.mails.iter().filter(ours).map(|mail| mail_row(mail, place.generation, now)).collect();
    let older = (batch.mails.len() - messages.len()) as u64;
    place.taken_to = place.taken_to.max(batch.up_to);
    place.looked_at = now;
    let mut tx = gateway.store.begin().await?;
    let new = raw_copy::keep_mails(&mut tx, channel, &messages, now).await?;
    inbox::note(&mut tx, channel, &place).await?;
    let uids: Vec<u32> = batch.mails.iter().map(|mail| mail.uid).collect();
    inbox::add_taken(&mut tx, channel, &uids).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Kept { new, known: (messages.len() as u64).saturating_sub(new), older })
}

fn mail_row(mail: &ArrivedMail, generation: u32, now: Timestamp) -> NewReceived<'_> {
    let raw = mail.raw.expose().as_slice();
    let digest = sha256(raw);
    // Without bytes the digest is every empty mail's: then only its place tells it from others.
    let once = if raw.is_empty() { format!("uid {generation}:{}", mail.uid) } else { hex(&digest) };
    NewReceived {
        id: ReceivedId::new(),
        form: RawForm::MAIL,
        once,
        raw,
        digest,
        left_out: mail.left_out,
        place: Some((generation, mail.uid)),
        // The server's word, but never later than our own first sight (a clock that runs ahead shortens no deadline).
        received_at: mail.arrived_at.map_or(now, |at| at.min(now)),
        trouble: mail.trouble.clone(),
        part: None,
    }
}

/// Keeps texts, committed when this returns; only then may the provider be answered. Returns how many are new.
pub async fn texts(gateway: &Gateway, channel: &str, texts: &[KeptText]) -> Result<u64, FlowError> {
    let now = gateway.now();
    let rows: Vec<NewReceived<'_>> = texts.iter().map(|text| text_row(channel, text, now)).collect();
    let mut tx = gateway.store.begin().await?;
    let begun: BTreeSet<&str> = rows.iter().filter_map(|row| Some(row.part.as_ref()?.of.as_str())).collect();
    for of in &begun {
        // Two parts that come at the same moment must see each other.
        text_parts::lock(&mut tx, of).await?;
    }
    let new = inbox::keep(&mut tx, channel, &rows, now).await?;
    for of in begun {
        parts::join_whole(&mut tx, channel, of, now).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(new)
}

/// Keeps a post that was signed by the provider but cannot be read, as a text that a person looks at.
pub async fn unreadable_post(
    gateway: &Gateway,
    channel: &str,
    form: RawForm,
    body: &[u8],
    why: &str,
) -> Result<u64, FlowError> {
    let now = gateway.now();
    let digest = sha256(body);
    let row = NewReceived {
        id: ReceivedId::new(),
        form,
        once: format!("post {}", hex(&digest)),
        raw: body,
        digest,
        left_out: 0,
        place: None,
        received_at: now,
        trouble: Some(format!("the provider's post cannot be read: {why}")),
        part: None,
    };
    let mut tx = gateway.store.begin().await?;
    let new = inbox::keep(&mut tx, channel, &[row], now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(new)
}

fn text_row<'a>(channel: &str, text: &'a KeptText, now: Timestamp) -> NewReceived<'a> {
    let raw = text.raw.expose().as_slice();
    NewReceived {
        id: ReceivedId::new(),
        form: text.form,
        once: text.text.reference.0.clone(),
        raw,
        digest: sha256(raw),
        left_out: 0,
        place: None,
        // The provider's time counts only where it is the earlier one: a text found by the poll was there before.
        received_at: text.text.sent_at.map_or(now, |at| at.min(now)),
        trouble: None,
        part: parts::of(channel, &text.text),
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
