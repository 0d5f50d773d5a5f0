//! What was made of arrived messages.

use liaison_channels::private::Private;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    types::{Ts, as_array},
};
use crate::domain::{
    case_kind::CaseKind,
    chronology::Visibility,
    ids::{CarerId, CaseId, DeliveryId, PupilId, ReceivedId},
    statutory::Statutory,
    suggest::Found,
    time::Timestamp,
};

/// What was made of one message.
#[derive(Debug)]
pub struct NewReading {
    /// The message.
    pub received: ReceivedId,
    /// `human`, `bounce` and the like.
    pub kind: &'static str,
    /// The address or number it came from, as it is compared.
    pub sender: Option<Private<String>>,
    /// Its subject.
    pub subject: Option<Private<String>>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// SHA-256 of its words: by both a repeat is known that came another way.
    pub words: [u8; 32],
    /// Its words, to be searched, of what a person wrote.
    pub said: Option<Private<String>>,
    /// Who wrote.
    pub carer: Option<CarerId>,
    /// About whom.
    pub pupil: Option<PupilId>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// The message of ours it is about or answers.
    pub delivery: Option<DeliveryId>,
    /// What was made of it, one sentence.
    pub verdict: String,
    /// Whether it was acknowledged, or why not.
    pub answered: String,
    /// JSON of the rules that fired.
    pub rules: String,
    /// For whose eyes.
    pub visibility: Visibility,
    /// The carers who may have written it: no colleague of theirs reads it before it is known whose it is.
    pub may_be: Vec<CarerId>,
    /// What its words suggest it is, and what the law may ask.
    pub found: Found,
}

/// Keeps what was made of messages, and takes them from those that wait.
pub async fn keep(
    connection: &mut PgConnection,
    readings: &[NewReading],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with done as (delete from received_unread where received_id = any($1::uuid[]))
         insert into reading (received_id, kind, sender, subject, message_id, carer_id, pupil_id, case_id, delivery_id,
                              verdict, answered, rules, visibility, words, may_be, suggested, suggested_why, law,
                              said, read_at)
         select received_id, kind, sender, subject, message_id, carer_id, pupil_id, case_id, delivery_id, verdict,
                answered, rules, visibility, words, may_be::uuid[], suggested, suggested_why, law, said, $15
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[],
                     $9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $16::text[],
                     $17::text[], $18::text[], $19::text[], $20::text[])
              as r (received_id, kind, sender, subject, message_id, carer_id, pupil_id, case_id, delivery_id, verdict,
                    answered, rules, visibility, words, may_be, suggested, suggested_why, law, said)",
        &readings.iter().map(|r| r.received.0).collect::<Vec<_>>(),
        &readings.iter().map(|r| r.kind).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.sender.as_ref().map(|s| s.expose().as_str())).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.subject.as_ref().map(|s| s.expose().as_str())).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.message_id.as_deref()).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.carer.map(|id| id.0)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.pupil.map(|id| id.0)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.case.map(|id| id.0)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.delivery.map(|id| id.0)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.verdict.as_str()).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.answered.as_str()).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.rules.as_str()).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.visibility.as_str()).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.words.as_slice()).collect::<Vec<_>>() as _,
        Ts(now) as _,
        &readings.iter().map(|r| as_array(&r.may_be)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.found.suggested.map(|s| s.kind.as_str())).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.found.suggested.map(|s| s.why)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.found.law.map(Statutory::as_str)).collect::<Vec<_>>() as _,
        &readings.iter().map(|r| r.said.as_ref().map(|s| s.expose().as_str())).collect::<Vec<_>>() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a message with its carer and case, when a person has said whose it is.
pub async fn settle(
    connection: &mut PgConnection,
    received: ReceivedId,
    carer: CarerId,
    pupil: Option<PupilId>,
    case: CaseId,
    verdict: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update reading set carer_id = $2, pupil_id = $3, case_id = $4, verdict = $5 where received_id = $1",
        received.0,
        carer.0,
        pupil.map(|id| id.0),
        case.0,
        verdict,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is suggested of a message, and not yet decided.
#[derive(Debug, Clone)]
pub struct Suggested {
    /// The message.
    pub received: ReceivedId,
    /// What it may be.
    pub kind: CaseKind,
    /// The rule's words.
    pub why: String,
}

/// The newest suggestion about a message of this case of which nobody has said yes or no, and which the case is not already.
pub async fn suggested(connection: &mut PgConnection, case: CaseId) -> Result<Option<Suggested>, StoreError> {
    let row = sqlx::query!(
        r#"select g.received_id, g.suggested as "suggested!", g.suggested_why as "why!"
           from reading g
           join carer_case c on c.id = g.case_id
           where g.case_id = $1 and g.suggested is not null and g.suggested_is is null and g.suggested <> c.kind
           order by g.read_at desc, g.received_id desc limit 1"#,
        case.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = CaseKind::parse(&row.suggested)
        .map_err(|why| StoreError::row("reading", "suggested", row.received_id, why))?;
    let received = ReceivedId(row.received_id);
    Ok(Some(Suggested { received, kind, why: row.why }))
}

/// What the law may ask of a message, by its words.
pub async fn law_of(
    connection: &mut PgConnection,
    received: ReceivedId,
) -> Result<Option<Statutory>, StoreError> {
    let word = sqlx::query_scalar!("select law from reading where received_id = $1", received.0)
        .fetch_optional(connection)
        .await?;
    Ok(word.flatten().and_then(|word| Statutory::parse(&word)))
}

/// Keeps what a colleague says of what is suggested of a message.
pub async fn say(
    connection: &mut PgConnection,
    received: ReceivedId,
    is: bool,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update reading set suggested_is = $2, suggested_by = $3, suggested_at = $4
         where received_id = $1 and suggested is not null",
        received.0,
        is,
        by,
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A message that arrived, as people read of it.
#[derive(Debug, Clone, Serialize)]
pub struct ReceivedView {
    /// Its id.
    pub id: Uuid,
    /// The channel it came by.
    pub channel: String,
    /// When the school had it.
    pub received_at: Timestamp,
    /// What kind of message it is; `None`: not yet read.
    pub kind: Option<String>,
    /// Where it came from.
    pub sender: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// The carer's name.
    pub carer: Option<String>,
    /// The pupil's name.
    pub pupil: Option<String>,
    /// The case's code.
    pub case: Option<String>,
    /// What was made of it.
    pub verdict: Option<String>,
    /// Whether it was acknowledged, or why not.
    pub answered: Option<String>,
    /// JSON of the rules that fired.
    #[serde(skip)]
    pub rules: String,
    /// `ordinary` or `restricted`.
    pub visibility: Option<String>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// How many bytes.
    pub bytes: i64,
}

/// Which messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhichReceived {
    /// Only this one.
    pub id: Option<ReceivedId>,
    /// Only those of this case.
    pub case: Option<CaseId>,
    /// Restricted ones too.
    pub restricted: bool,
}

/// Messages in the order they came.
pub async fn list(
    connection: &mut PgConnection,
    which: WhichReceived,
) -> Result<Vec<ReceivedView>, StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.channel, r.received_at as "received_at: Ts", g.kind as "kind?", g.sender, g.subject,
                  c.forename || ' ' || c.surname as "carer?",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?",
                  k.code as "case?", g.verdict as "verdict?", g.answered as "answered?", g.rules as "rules?",
                  greatest(g.visibility, k.visibility) as "visibility?", encode(r.digest, 'hex') as "digest!", r.bytes
           from received r
           left join reading g on g.received_id = r.id
           left join carer c on c.id = g.carer_id
           left join pupil p on p.id = g.pupil_id
           left join carer_case k on k.id = g.case_id
           where ($1::uuid is null or r.id = $1) and ($2::uuid is null or g.case_id = $2)
             and ($3 or coalesce(g.visibility, 'ordinary') = 'ordinary' and coalesce(k.visibility, 'ordinary') = 'ordinary')
           order by r.id"#,
        which.id.map(|id| id.0),
        which.case.map(|id| id.0),
        which.restricted,
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| ReceivedView {
        id: row.id,
        channel: row.channel,
        received_at: row.received_at.0,
        kind: row.kind,
        sender: row.sender,
        subject: row.subject,
        carer: row.carer,
        pupil: row.pupil,
        case: row.case,
        verdict: row.verdict,
        answered: row.answered,
        rules: row.rules.unwrap_or_default(),
        visibility: row.visibility,
        digest: row.digest,
        bytes: row.bytes,
    });
    Ok(views.collect())
}
