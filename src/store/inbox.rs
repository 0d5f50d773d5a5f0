//! What arrives, kept as it came, and how far each mailbox has been read.

use std::collections::{HashMap, HashSet};

use liaison_channels::{inbound::RawForm, private::Private};
use sqlx::PgConnection;

use super::{StoreError, types::Ts};
use crate::domain::{ids::ReceivedId, time::Timestamp};

/// A message that arrived, to be kept.
#[derive(Debug)]
pub struct NewReceived<'a> {
    /// Its id.
    pub id: ReceivedId,
    /// How its bytes are to be read.
    pub form: RawForm,
    /// By this a repeat is known: the provider's id, or the digest of a mail in hexadecimal.
    pub once: String,
    /// Its bytes.
    pub raw: &'a [u8],
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// Bytes that were left out because it is too large.
    pub left_out: u64,
    /// Mailbox generation and UID.
    pub place: Option<(u32, u32)>,
    /// When the school had it.
    pub received_at: Timestamp,
    /// Why it could not be taken as it is.
    pub trouble: Option<String>,
    /// The long text it is a part of: then it waits for the other parts, and not for the reader.
    pub part: Option<Part>,
}

/// Which part of a long text a message is.
#[derive(Debug, Clone)]
pub struct Part {
    /// The same of all parts of one text between two numbers.
    pub of: String,
    /// From 1.
    pub number: u16,
    /// How many there are.
    pub total: u16,
}

/// Keeps messages, a few at a time, and puts them before the reader, who is woken when the transaction commits. What this channel has
/// brought before is left as it is. Returns how many are new.
pub async fn keep(
    connection: &mut PgConnection,
    channel: &str,
    messages: &[NewReceived<'_>],
    now: Timestamp,
) -> Result<u64, StoreError> {
    if messages.is_empty() {
        return Ok(0);
    }
    let kept = sqlx::query_scalar!(
        r#"with given as (
           select * from unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bigint[],
                                $9::bigint[], $10::bigint[], $11::timestamptz[], $12::text[], $14::text[], $15::smallint[],
                                $16::smallint[])
                  as g (id, form, once, raw, digest, bytes, left_out, generation, uid, received_at, trouble, part_of, part,
                        parts)),
         kept as (
           insert into received (id, channel, form, once, raw, digest, bytes, left_out, generation, uid, received_at,
                                 kept_at, trouble)
           select id, $1, form, once, raw, digest, bytes, left_out, generation, uid, received_at, $13, trouble from given
           on conflict on constraint received_once do nothing
           returning id),
         unread as (
           insert into received_unread (received_id) select id from kept join given using (id) where part_of is null),
         part as (
           insert into text_part (received_id, part_of, number, total, kept_at)
           select id, part_of, part, parts, $13 from kept join given using (id) where part_of is not null)
         select count(*) as "count!" from kept"#,
        channel,
        &messages.iter().map(|m| m.id.0).collect::<Vec<_>>(),
        &messages.iter().map(|m| m.form.as_str()).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.once.as_str()).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.raw).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.digest.as_slice()).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| count(m.raw.len() as u64)).collect::<Vec<_>>(),
        &messages.iter().map(|m| count(m.left_out)).collect::<Vec<_>>(),
        &messages.iter().map(|m| m.place.map(|(generation, _)| i64::from(generation))).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.place.map(|(_, uid)| i64::from(uid))).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| Ts(m.received_at)).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.trouble.as_deref()).collect::<Vec<_>>() as _,
        Ts(now) as _,
        &messages.iter().map(|m| m.part.as_ref().map(|part| part.of.as_str())).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.part.as_ref().map(|part| small(part.number))).collect::<Vec<_>>() as _,
        &messages.iter().map(|m| m.part.as_ref().map(|part| small(part.total))).collect::<Vec<_>>() as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(kept).unwrap_or_default())
}

fn small(number: u16) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

fn count(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Where a mailbox, or a provider's list of texts, has been read up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// `UIDVALIDITY`; 0 for a list of texts.
    pub generation: u32,
    /// The last UID taken.
    pub taken_to: u32,
    /// The first connection: what was there before is not ours.
    pub since: Timestamp,
    /// The last good look.
    pub looked_at: Timestamp,
    /// `UIDVALIDITY` has changed since the first connection: mails from before it come by again.
    pub renumbered: bool,
}

/// How far a channel has been read; `None`: it has never been connected.
pub async fn place(connection: &mut PgConnection, channel: &str) -> Result<Option<Place>, StoreError> {
    let row = sqlx::query!(
        r#"select generation, taken_to, since as "since: Ts", looked_at as "looked_at: Ts", renumbered
           from inbox where channel = $1"#,
        channel
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Place {
        generation: u32::try_from(row.generation).unwrap_or_default(),
        taken_to: u32::try_from(row.taken_to).unwrap_or_default(),
        since: row.since.0,
        looked_at: row.looked_at.0,
        renumbered: row.renumbered,
    }))
}

/// Notes how far a channel has been read, in the transaction that keeps what was read. `since` is set at the first
/// connection and stands.
pub async fn note(connection: &mut PgConnection, channel: &str, place: &Place) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into inbox (channel, generation, taken_to, since, looked_at, renumbered) values ($1, $2, $3, $4, $5, $6)
         on conflict (channel) do update
         set taken_to = case when inbox.generation = excluded.generation
                             then greatest(inbox.taken_to, excluded.taken_to) else excluded.taken_to end,
             generation = excluded.generation, renumbered = inbox.renumbered or excluded.renumbered,
             looked_at = greatest(inbox.looked_at, excluded.looked_at)",
        channel,
        i64::from(place.generation),
        i64::from(place.taken_to),
        Ts(place.since) as _,
        Ts(place.looked_at) as _,
        place.renumbered,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes which mails were taken, in the transaction that keeps them.
pub async fn add_taken(connection: &mut PgConnection, channel: &str, uids: &[u32]) -> Result<(), StoreError> {
    if uids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update inbox set taken = taken || $2::bigint[] where channel = $1",
        channel,
        &uids.iter().copied().map(i64::from).collect::<Vec<_>>()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was taken of a mailbox since it was last compared with its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// When that was; `None`: never.
    pub at: Option<Timestamp>,
    /// Every UID up to this one was compared.
    pub to: u32,
    /// UIDs taken behind it.
    pub taken: HashSet<u32>,
    /// UIDs that were found to be passed over at the last comparison, and were read again since.
    pub passed_over: HashSet<u32>,
}

/// What was taken of a mailbox since it was last compared with its server.
pub async fn compared(connection: &mut PgConnection, channel: &str) -> Result<Option<Compared>, StoreError> {
    let row = sqlx::query!(
        r#"select compared_at as "compared_at: Ts", compared_to, taken, passed_over from inbox where channel = $1"#,
        channel
    )
    .fetch_optional(connection)
    .await?;
    let uids = |uids: Vec<i64>| uids.into_iter().filter_map(|uid| u32::try_from(uid).ok()).collect();
    Ok(row.map(|row| Compared {
        at: row.compared_at.map(|at| at.0),
        to: u32::try_from(row.compared_to).unwrap_or_default(),
        taken: uids(row.taken),
        passed_over: uids(row.passed_over),
    }))
}

/// A comparison is done up to this UID. Where mails were passed over, everything behind it is read once more.
pub async fn compared_to(
    connection: &mut PgConnection,
    channel: &str,
    uid: u32,
    passed_over: &[u32],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update inbox set compared_at = $3, compared_to = $2, taken = '{}', passed_over = $4,
                          taken_to = case when $4 = '{}'::bigint[] then taken_to else least(taken_to, $2) end
         where channel = $1",
        channel,
        i64::from(uid),
        Ts(now) as _,
        &passed_over.iter().copied().map(i64::from).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A mailbox or list of texts, as far as its health goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The channel.
    pub channel: String,
    /// When it was last read well.
    pub looked_at: Timestamp,
    /// When it was last compared with its server.
    pub compared_at: Option<Timestamp>,
    /// Since when it is silent, where colleagues were told.
    pub silent_since: Option<Timestamp>,
}

/// Every mailbox and list of texts that was ever read.
pub async fn readings(connection: &mut PgConnection) -> Result<Vec<Reading>, StoreError> {
    let rows = sqlx::query!(
        r#"select channel, looked_at as "looked_at: Ts", compared_at as "compared_at: Ts", silent_since as "silent_since: Ts"
           from inbox order by channel"#
    )
    .fetch_all(connection)
    .await?;
    let readings = rows.into_iter().map(|row| Reading {
        channel: row.channel,
        looked_at: row.looked_at.0,
        compared_at: row.compared_at.map(|at| at.0),
        silent_since: row.silent_since.map(|at| at.0),
    });
    Ok(readings.collect())
}

/// Marks a mailbox as silent, or as well again; `false` where it was so before.
pub async fn set_silent(
    connection: &mut PgConnection,
    channel: &str,
    since: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = sqlx::query!(
        "update inbox set silent_since = $2 where channel = $1 and (silent_since is null) <> ($2::timestamptz is null)",
        channel,
        since.map(Ts) as _,
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Of a larger message so much is read again: its words come first, and what follows are files.
const READ_BYTES: i32 = 4 * 1024 * 1024;

/// A message that waits to be understood.
#[derive(Debug)]
pub struct Waiting {
    /// Its id.
    pub id: ReceivedId,
    /// The channel it came by.
    pub channel: String,
    /// How its bytes are to be read.
    pub form: RawForm,
    /// Its bytes; of a very large one the first 4 MB.
    pub raw: Private<Vec<u8>>,
    /// SHA-256 of all its bytes.
    pub digest: Vec<u8>,
    /// When the school had it.
    pub received_at: Timestamp,
    /// Why it could not be taken as it is.
    pub trouble: Option<String>,
    /// How often it was tried to understand it.
    pub tries: i16,
}

/// The messages that wait, those tried least first, then in the order they came: at most `most` of at most `bytes` bytes
/// in all, and at least one. They are locked until the transaction ends; what another daemon has is passed over.
pub async fn waiting(
    connection: &mut PgConnection,
    most: i64,
    bytes: i64,
) -> Result<Vec<Waiting>, StoreError> {
    // Table by table: a join is planned once, often while both are empty, and as such a plan it would compare each
    // message that waits with each that ever came.
    let ids = sqlx::query!(
        "select received_id, tries from received_unread order by tries, received_id limit $1 for update skip locked",
        most
    )
    .fetch_all(&mut *connection)
    .await?;
    let sizes = sqlx::query!(
        "select id, bytes from received where id = any($1)",
        &ids.iter().map(|row| row.received_id).collect::<Vec<_>>()
    )
    .fetch_all(&mut *connection)
    .await?;
    let sizes: HashMap<_, _> = sizes.into_iter().map(|row| (row.id, row.bytes)).collect();
    let mut sum = 0;
    let taken: Vec<_> = ids
        .iter()
        .enumerate()
        .take_while(|(n, row)| {
            let size = sizes.get(&row.received_id).copied().unwrap_or_default();
            sum += size.min(i64::from(READ_BYTES));
            *n == 0 || sum <= bytes
        })
        .map(|(_, row)| row.received_id)
        .collect();
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    // Put in order here: the server would sort the bytes along, on its disk.
    let mut rows = sqlx::query!(
        r#"select id, channel, form, substring(raw from 1 for $2) as "raw!", digest,
                  received_at as "received_at: Ts", trouble
           from received where id = any($1)"#,
        &taken,
        READ_BYTES,
    )
    .fetch_all(connection)
    .await?;
    rows.sort_unstable_by_key(|row| row.id);
    let tries: HashMap<_, _> = ids.iter().map(|row| (row.received_id, row.tries)).collect();
    rows.into_iter()
        .map(|row| {
            let form = RawForm::parse(&row.form)
                .ok_or_else(|| StoreError::row("received", "form", row.id, "an unknown word"))?;
            Ok(Waiting {
                id: ReceivedId(row.id),
                channel: row.channel,
                form,
                raw: Private::new(row.raw),
                digest: row.digest,
                received_at: row.received_at.0,
                trouble: row.trouble,
                tries: tries.get(&row.id).copied().unwrap_or_default(),
            })
        })
        .collect()
}

/// One kept message, with its bytes, whatever has been made of it.
pub async fn find(connection: &mut PgConnection, id: ReceivedId) -> Result<Option<Waiting>, StoreError> {
    let row = sqlx::query!(
        r#"select id, channel, form, raw, digest, received_at as "received_at: Ts", trouble from received where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let form = RawForm::parse(&row.form)
        .ok_or_else(|| StoreError::row("received", "form", row.id, "an unknown word"))?;
    Ok(Some(Waiting {
        id: ReceivedId(row.id),
        channel: row.channel,
        form,
        raw: Private::new(row.raw),
        digest: row.digest,
        received_at: row.received_at.0,
        trouble: row.trouble,
        tries: 0,
    }))
}

/// Counts a try that came to nothing: others go first from now on.
pub async fn put_back(connection: &mut PgConnection, ids: &[ReceivedId]) -> Result<(), StoreError> {
    sqlx::query!(
        "update received_unread set tries = least(tries + 1, 1000) where received_id = any($1)",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many messages wait to be understood.
pub async fn unread(connection: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from received_unread"#)
        .fetch_one(connection)
        .await?)
}

/// One daemon understands at a time: what two messages of one carer come to depends on which was first. Held until the
/// transaction ends.
pub async fn one_reader(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('liaison reader'))").fetch_one(connection).await?;
    Ok(())
}
