//! Colleagues' words in other languages (R47).

use std::collections::HashMap;

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    delivery::Carried,
    ids::{ReceivedId, TaskId},
    translation::{Translation, Translations, language_key},
};

/// Keeps a translation of what is carried, for readers of `language`.
pub async fn keep(
    connection: &mut PgConnection,
    carried: Carried,
    language: &str,
    translation: &Translation,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into translation (id, update_id, answer_id, announcement_id, language, title, words, by_machine, checked_by,
                                  entered_by, entered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        Uuid::now_v7(),
        carried.update().map(|id| id.0),
        carried.answer().map(|id| id.0),
        carried.announcement().map(|id| id.0),
        language_key(language),
        translation.title.as_ref().map(|title| title.expose().as_str()),
        translation.words.expose(),
        translation.by_machine,
        translation.checked_by.expose(),
        by,
        Ts(translation.since) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps a carer's message in English.
pub async fn keep_english(
    connection: &mut PgConnection,
    received: ReceivedId,
    translation: &Translation,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into translation (id, received_id, language, words, by_machine, checked_by, entered_by, entered_at)
         values ($1, $2, 'en', $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        received.0,
        translation.words.expose(),
        translation.by_machine,
        translation.checked_by.expose(),
        by,
        Ts(translation.since) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Carers' messages in English, the newest of each.
pub async fn english_of(
    connection: &mut PgConnection,
    messages: &[ReceivedId],
) -> Result<HashMap<ReceivedId, Translation>, StoreError> {
    let rows = sqlx::query!(
        r#"select received_id as "received_id!", words, by_machine, checked_by, entered_at as "entered_at: Ts"
           from translation where received_id = any($1) order by entered_at, id"#,
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let english = rows.into_iter().map(|row| {
        let translation = Translation {
            words: Private::new(row.words),
            title: None,
            by_machine: row.by_machine,
            checked_by: Private::new(row.checked_by),
            since: row.entered_at.0,
        };
        (ReceivedId(row.received_id), translation)
    });
    Ok(english.collect())
}

/// The translations of these, by what they are of; nothing for what has none.
pub async fn of(
    connection: &mut PgConnection,
    carried: &[Carried],
) -> Result<HashMap<Carried, Translations>, StoreError> {
    let ids = |of: fn(&Carried) -> Option<Uuid>| carried.iter().filter_map(of).collect::<Vec<_>>();
    let rows = sqlx::query!(
        r#"select update_id, answer_id, announcement_id, language, title, words, by_machine, checked_by,
                  entered_at as "entered_at: Ts"
           from translation
           where update_id = any($1) or answer_id = any($2) or announcement_id = any($3)
           order by entered_at, id"#,
        &ids(|one| one.update().map(|id| id.0)),
        &ids(|one| one.answer().map(|id| id.0)),
        &ids(|one| one.announcement().map(|id| id.0)),
    )
    .fetch_all(connection)
    .await?;
    let mut all: HashMap<Carried, Translations> = HashMap::new();
    for row in rows {
        let Some(of) = Carried::of(row.update_id, row.answer_id, row.announcement_id, None) else { continue };
        let translation = Translation {
            words: Private::new(row.words),
            title: row.title.map(Private::new),
            by_machine: row.by_machine,
            checked_by: Private::new(row.checked_by),
            since: row.entered_at.0,
        };
        all.entry(of).or_default().add(&row.language, translation);
    }
    Ok(all)
}

/// The open tasks to tell somebody of this by another way than writing, for carers who read `language`; locked until the
/// transaction ends.
pub async fn waiting_for(
    connection: &mut PgConnection,
    carried: Carried,
    language: &str,
) -> Result<Vec<TaskId>, StoreError> {
    let rows = sqlx::query!(
        "select t.id, c.language
         from task t join carer c on c.id = t.carer_id
         where t.state = 'open' and t.kind in ('call', 'check_address')
           and ($1::uuid is null or t.update_id = $1) and ($2::uuid is null or t.answer_id = $2)
           and ($3::uuid is null or t.announcement_id = $3)
         order by t.id
         for update of t",
        carried.update().map(|id| id.0),
        carried.answer().map(|id| id.0),
        carried.announcement().map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let key = language_key(language);
    Ok(rows.into_iter().filter(|row| language_key(&row.language) == key).map(|row| TaskId(row.id)).collect())
}
