//! Files that came with mails: what each is called, its bytes once, and what the virus scanner says of them.

use std::collections::HashMap;

use liaison_channels::private::Private;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, types::Ts};
use crate::domain::{
    attachment::{FileState, Seen},
    ids::{CarerId, CaseId, PupilId, ReceivedId},
    time::Timestamp,
};

/// Puts messages among those whose files are to be put apart.
pub async fn put_due(connection: &mut PgConnection, messages: &[ReceivedId]) -> Result<(), StoreError> {
    if messages.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into attachment_due (received_id) select unnest($1::uuid[]) on conflict do nothing",
        &messages.iter().map(|id| id.0).collect::<Vec<_>>()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A message whose files are to be put apart: how often that was tried, and its bytes.
#[derive(Debug)]
pub struct Due {
    /// The message.
    pub received: ReceivedId,
    /// Tries that came to nothing.
    pub tries: i16,
    /// All of its bytes.
    pub raw: Private<Vec<u8>>,
}

/// The next one, those tried least first; locked until the transaction ends, and passed over where another daemon has it.
pub async fn due(connection: &mut PgConnection) -> Result<Option<Due>, StoreError> {
    let row = sqlx::query!(
        "select received_id, tries from attachment_due where given_up_at is null
         order by tries, received_id limit 1 for update skip locked"
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let raw = sqlx::query_scalar!("select raw from received where id = $1", row.received_id)
        .fetch_optional(connection)
        .await?;
    Ok(Some(Due {
        received: ReceivedId(row.received_id),
        tries: row.tries,
        raw: Private::new(raw.unwrap_or_default()),
    }))
}

/// A file to be kept.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The media type its mail declares.
    pub declared: &'a str,
    /// Its length in bytes.
    pub size: u64,
    /// Whether the page itself shows it.
    pub inline: bool,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// Its bytes; `None`: too large, it stands in the mail only.
    pub bytes: Option<&'a [u8]>,
}

/// Keeps one file of a message, its bytes only where no other mail brought them.
pub async fn keep(
    connection: &mut PgConnection,
    received: ReceivedId,
    position: i16,
    file: &NewFile<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let digest = file.digest.as_slice();
    if let Some(bytes) = file.bytes {
        // Asked first, so that bytes that are known are not sent again.
        let known =
            sqlx::query_scalar!(r#"select exists (select from file where digest = $1) as "known!""#, digest)
                .fetch_one(&mut *connection)
                .await?;
        if !known {
            sqlx::query!(
                "insert into file (digest, bytes, kept_at) values ($1, $2, $3) on conflict do nothing",
                digest,
                bytes,
                Ts(now) as _,
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    sqlx::query!(
        "insert into attachment (received_id, position, name, declared, bytes, inline, digest)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        received.0,
        position,
        file.name,
        file.declared,
        i64::try_from(file.size).unwrap_or(i64::MAX),
        file.inline,
        file.bytes.map(|_| digest),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All files of this message are put apart.
pub async fn done(connection: &mut PgConnection, received: ReceivedId) -> Result<(), StoreError> {
    sqlx::query!("delete from attachment_due where received_id = $1", received.0).execute(connection).await?;
    Ok(())
}

/// Some files of this message could not be put apart, and are not tried again: they stay in the mail, and its page says so.
pub async fn give_up(
    connection: &mut PgConnection,
    received: ReceivedId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update attachment_due set given_up_at = $2 where received_id = $1",
        received.0,
        Ts(now) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a file of this message is known to hold a virus.
pub async fn is_infected(connection: &mut PgConnection, received: ReceivedId) -> Result<bool, StoreError> {
    let infected = sqlx::query_scalar!(
        r#"select exists (select from attachment a join file f on f.digest = a.digest
                          where a.received_id = $1 and f.state = 'infected') as "infected!""#,
        received.0
    )
    .fetch_one(connection)
    .await?;
    Ok(infected)
}

/// Counts a try that came to nothing: others go first.
pub async fn put_back(connection: &mut PgConnection, received: ReceivedId) -> Result<(), StoreError> {
    sqlx::query!(
        "update attachment_due set tries = least(tries + 1, 1000) where received_id = $1",
        received.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The files of a message.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Those that stand apart, in order.
    pub apart: Vec<Seen>,
    /// Whether some are still to be put apart.
    pub due: bool,
    /// Whether some could not be.
    pub given_up: bool,
}

/// The files of these messages.
pub async fn of_messages(
    connection: &mut PgConnection,
    messages: &[ReceivedId],
) -> Result<HashMap<ReceivedId, Files>, StoreError> {
    let ids: Vec<Uuid> = messages.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select a.received_id, a.position, a.name, a.declared, a.bytes, a.inline, f.state as "state?", f.said as "said?"
           from attachment a left join file f on f.digest = a.digest
           where a.received_id = any($1)
           order by a.received_id, a.position"#,
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut found: HashMap<ReceivedId, Files> = HashMap::new();
    for row in rows {
        let seen = Seen {
            position: row.position,
            name: Private::new(row.name),
            declared: row.declared,
            size: u64::try_from(row.bytes).unwrap_or_default(),
            inline: row.inline,
            state: state(row.received_id, row.state.as_deref(), row.said)?,
        };
        found.entry(ReceivedId(row.received_id)).or_default().apart.push(seen);
    }
    let due = sqlx::query!(
        r#"select received_id, given_up_at is not null as "given_up!" from attachment_due where received_id = any($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    for row in due {
        let files = found.entry(ReceivedId(row.received_id)).or_default();
        (files.due, files.given_up) = (!row.given_up, row.given_up);
    }
    Ok(found)
}

fn state(message: Uuid, word: Option<&str>, said: Option<String>) -> Result<FileState, StoreError> {
    let Some(word) = word else { return Ok(FileState::TooLarge) };
    FileState::parse(word, said.unwrap_or_default())
        .ok_or_else(|| StoreError::row("file", "state", message, "an unknown word"))
}

/// A file with its bytes.
#[derive(Debug)]
pub struct Kept {
    /// What is known of it.
    pub seen: Seen,
    /// Its bytes; empty where they stand in the mail only.
    pub bytes: Private<Vec<u8>>,
    /// Whether its message is restricted.
    pub restricted: bool,
    /// Who wrote.
    pub carer: Option<CarerId>,
    /// About whom.
    pub pupil: Option<PupilId>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
}

/// One file of a message; `None` where there is none for whoever reads.
pub async fn find(
    connection: &mut PgConnection,
    message: ReceivedId,
    position: i16,
) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query!(
        r#"select a.name, a.declared, a.bytes as size, a.inline, f.state as "state?", f.said as "said?",
                  case when f.state = 'infected' then null else f.bytes end as "bytes?",
                  g.visibility, g.carer_id, g.pupil_id, g.case_id
           from attachment a
           join reading g on g.received_id = a.received_id
           left join file f on f.digest = a.digest
           where a.received_id = $1 and a.position = $2"#,
        message.0,
        position,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Kept {
        seen: Seen {
            position,
            name: Private::new(row.name),
            declared: row.declared,
            size: u64::try_from(row.size).unwrap_or_default(),
            inline: row.inline,
            state: state(message.0, row.state.as_deref(), row.said)?,
        },
        bytes: Private::new(row.bytes.unwrap_or_default()),
        restricted: row.visibility == "restricted",
        carer: row.carer_id.map(CarerId),
        pupil: row.pupil_id.map(PupilId),
        case: row.case_id.map(CaseId),
    }))
}

/// A file that waits for the scanner.
#[derive(Debug)]
pub struct Waiting {
    /// SHA-256 of its bytes.
    pub digest: Vec<u8>,
    /// Its bytes.
    pub bytes: Private<Vec<u8>>,
    /// Tries that came to nothing.
    pub tries: i16,
}

/// The next file that waits, those tried least first; locked until the transaction ends.
pub async fn waiting(connection: &mut PgConnection) -> Result<Option<Waiting>, StoreError> {
    let row = sqlx::query!(
        "select digest, bytes, tries from file where state = 'waiting'
         order by tries, digest limit 1 for update skip locked"
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Waiting { digest: row.digest, bytes: Private::new(row.bytes), tries: row.tries }))
}

/// Records what the scanner says.
pub async fn scanned(
    connection: &mut PgConnection,
    digest: &[u8],
    state: &FileState,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update file set state = $2, said = $3, scanned_at = $4 where digest = $1",
        digest,
        state.as_str(),
        state.said(),
        Ts(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts a try of the scanner that came to nothing.
pub async fn not_scanned(connection: &mut PgConnection, digest: &[u8]) -> Result<(), StoreError> {
    sqlx::query!("update file set tries = least(tries + 1, 1000) where digest = $1", digest)
        .execute(connection)
        .await?;
    Ok(())
}

/// A message that brought a file.
#[derive(Debug)]
pub struct Brought {
    /// The message.
    pub received: ReceivedId,
    /// Who wrote.
    pub carer: Option<CarerId>,
    /// About whom.
    pub pupil: Option<PupilId>,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// Whether it is restricted.
    pub restricted: bool,
}

/// The messages that brought this file, or this message where it brought one.
pub async fn brought_by(
    connection: &mut PgConnection,
    digest: Option<&[u8]>,
    message: Option<ReceivedId>,
) -> Result<Vec<Brought>, StoreError> {
    let rows = sqlx::query!(
        "select distinct g.received_id, g.carer_id, g.pupil_id, g.case_id, g.visibility
         from attachment a join reading g on g.received_id = a.received_id where a.digest = $1 or a.received_id = $2
         order by g.received_id",
        digest,
        message.map(|id| id.0)
    )
    .fetch_all(connection)
    .await?;
    let brought = rows.into_iter().map(|row| Brought {
        received: ReceivedId(row.received_id),
        carer: row.carer_id.map(CarerId),
        pupil: row.pupil_id.map(PupilId),
        case: row.case_id.map(CaseId),
        restricted: row.visibility == "restricted",
    });
    Ok(brought.collect())
}

/// How many files wait for the scanner, and how many it has held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Files that wait.
    pub waiting: i64,
    /// Files in which a virus was found.
    pub infected: i64,
    /// Files that could not be looked through.
    pub unscannable: i64,
}

/// Counts files whose messages the reader sees, restricted ones only where they are to count; nothing of whose they are.
pub async fn counts(connection: &mut PgConnection, restricted: bool) -> Result<Counts, StoreError> {
    Ok(sqlx::query_as!(
        Counts,
        r#"select count(*) filter (where state = 'waiting') as "waiting!",
                  count(*) filter (where state = 'infected') as "infected!",
                  count(*) filter (where state = 'unscannable') as "unscannable!"
           from file f
           where state <> 'clean'
             and exists (select from attachment a join reading g on g.received_id = a.received_id
                         where a.digest = f.digest and ($1 or g.visibility = 'ordinary'))"#,
        restricted
    )
    .fetch_one(connection)
    .await?)
}
