//! The chronology with names joined in.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{CarerId, PupilId},
        time::Timestamp,
    },
    store::{StoreError, types::Ts},
};

/// An entry of the chronology as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct EntryView {
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What kind of event.
    pub kind: String,
    /// The carer's name.
    pub carer: Option<String>,
    /// The pupil's name.
    pub pupil: Option<String>,
    /// The delivery.
    pub delivery: Option<Uuid>,
    /// The task.
    pub task: Option<Uuid>,
    /// One sentence.
    pub sentence: String,
    /// The words that were sent.
    pub words: Option<String>,
    /// The carer's id.
    pub carer_id: Option<Uuid>,
    /// The pupil's id.
    pub pupil_id: Option<Uuid>,
    /// The update's id.
    pub update_id: Option<Uuid>,
    /// The case's id.
    pub case_id: Option<Uuid>,
    /// The id of the message that arrived.
    pub received_id: Option<Uuid>,
    /// The announcement's id.
    pub announcement_id: Option<Uuid>,
    /// `ordinary` or `restricted`.
    pub visibility: String,
    /// The digest of the words, in hexadecimal, also when the words were erased.
    pub body_digest: Option<String>,
    /// The digest over all of it but the names, in hexadecimal.
    pub digest: String,
}

/// Which entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whose {
    /// About this pupil.
    pub pupil: Option<PupilId>,
    /// About this carer.
    pub carer: Option<CarerId>,
}

/// The chronology in order of recording, restricted entries left out.
pub async fn chronology(connection: &mut PgConnection, whose: Whose) -> Result<Vec<EntryView>, StoreError> {
    let rows = sqlx::query!(
        r#"select e.id, e.happened_at as "happened_at: Ts", e.recorded_at as "recorded_at: Ts", e.actor, e.kind,
                  e.delivery_id, e.task_id, e.sentence, b.body as "words?", encode(e.digest, 'hex') as "digest!",
                  e.carer_id, e.pupil_id, e.update_id, e.case_id, e.received_id, e.announcement_id, e.visibility, encode(e.body_digest, 'hex') as body_digest,
                  c.forename || ' ' || c.surname as "carer?",
                  coalesce(nullif(p.preferred_name, ''), p.legal_forename) || ' ' || p.legal_surname as "pupil?"
           from chronology_entry e
           left join chronology_body b on b.entry_id = e.id
           left join carer c on c.id = e.carer_id
           left join pupil p on p.id = e.pupil_id
           left join delivery d on d.id = e.delivery_id
           left join answer a on a.id = d.answer_id
           left join task t on t.id = e.task_id
           left join reading g on g.received_id = e.received_id
           where e.visibility = 'ordinary'
             and not exists (select from entry_hidden h where h.entry_id = e.id)
             and coalesce(g.visibility, 'ordinary') = 'ordinary'
             and not exists (select from carer_case k
                             where k.id in (e.case_id, a.case_id, t.case_id, g.case_id) and k.visibility = 'restricted')
             and ($1::uuid is null or e.pupil_id = $1) and ($2::uuid is null or e.carer_id = $2)
           order by e.id"#,
        whose.pupil.map(|id| id.0),
        whose.carer.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| EntryView {
        id: row.id,
        happened_at: row.happened_at.0,
        recorded_at: row.recorded_at.0,
        actor: row.actor,
        kind: row.kind,
        carer: row.carer,
        pupil: row.pupil,
        delivery: row.delivery_id,
        task: row.task_id,
        sentence: row.sentence,
        words: row.words,
        carer_id: row.carer_id,
        pupil_id: row.pupil_id,
        update_id: row.update_id,
        case_id: row.case_id,
        received_id: row.received_id,
        announcement_id: row.announcement_id,
        visibility: row.visibility,
        body_digest: row.body_digest,
        digest: row.digest,
    });
    Ok(views.collect())
}
