//! Raw mails on their way into the table by Postgres's binary COPY: several times the speed of an insert, and a large mail
//! passes in slices instead of being copied whole (PostgreSQL manual, "COPY", binary format).

use std::collections::HashSet;

use sqlx::PgConnection;

use super::{StoreError, inbox::NewReceived};
use crate::domain::time::Timestamp;

const STATEMENT: &str = "copy received (id, channel, form, once, raw, digest, bytes, left_out, generation, uid, \
                         received_at, kept_at, trouble) from stdin (format binary)";
/// Signature, no flags, no header extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Ends the data: a field count of -1.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const FIELDS: i16 = 13;
/// Rows are gathered up to this size, and a larger mail is sent in slices of it.
const SLICE: usize = 256 * 1024;
/// Seconds from 1970 to 2000, where Postgres begins to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Keeps mails and puts them before the reader, who is woken when the transaction commits. What this channel has brought
/// before, or twice in this batch, is left as it is. Returns how many are new.
///
/// A mailbox is read by one daemon at a time. Should two ever meet, the second fails on the unique key, and its next look
/// finds the rows of the first.
pub async fn keep_mails(
    connection: &mut PgConnection,
    channel: &str,
    mails: &[NewReceived<'_>],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let names: Vec<&str> = mails.iter().map(|mail| mail.once.as_str()).collect();
    let known = sqlx::query_scalar!(
        "select once from received where channel = $1 and once = any($2)",
        channel,
        &names as _
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut seen: HashSet<&str> = known.iter().map(String::as_str).collect();
    let new: Vec<_> = mails.iter().filter(|mail| seen.insert(mail.once.as_str())).collect();
    if new.is_empty() {
        return Ok(0);
    }
    let mut copy = connection.copy_in_raw(STATEMENT).await?;
    let mut buffer = Vec::with_capacity(SLICE + SLICE / 2);
    buffer.extend_from_slice(HEADER);
    for mail in &new {
        begin(&mut buffer, channel, mail);
        length(&mut buffer, mail.raw.len());
        for slice in mail.raw.chunks(SLICE) {
            buffer.extend_from_slice(slice);
            if buffer.len() >= SLICE {
                copy.send(buffer.as_slice()).await?;
                buffer.clear();
            }
        }
        end(&mut buffer, mail, now);
    }
    buffer.extend_from_slice(&TRAILER);
    copy.send(buffer.as_slice()).await?;
    copy.finish().await?;
    let ids: Vec<_> = new.iter().map(|mail| mail.id.0).collect();
    sqlx::query!("insert into received_unread (received_id) select unnest($1::uuid[])", &ids)
        .execute(connection)
        .await?;
    Ok(new.len() as u64)
}

/// The fields before the bytes.
fn begin(buffer: &mut Vec<u8>, channel: &str, mail: &NewReceived<'_>) {
    buffer.extend_from_slice(&FIELDS.to_be_bytes());
    field(buffer, mail.id.0.as_bytes());
    field(buffer, channel.as_bytes());
    field(buffer, mail.form.as_str().as_bytes());
    field(buffer, mail.once.as_bytes());
}

/// The fields after them.
fn end(buffer: &mut Vec<u8>, mail: &NewReceived<'_>, now: Timestamp) {
    field(buffer, &mail.digest);
    number(buffer, Some(count(mail.raw.len() as u64)));
    number(buffer, Some(count(mail.left_out)));
    number(buffer, mail.place.map(|(generation, _)| i64::from(generation)));
    number(buffer, mail.place.map(|(_, uid)| i64::from(uid)));
    number(buffer, Some(micros(mail.received_at)));
    number(buffer, Some(micros(now)));
    match &mail.trouble {
        Some(trouble) => field(buffer, trouble.replace('\0', "").as_bytes()),
        None => null(buffer),
    }
}

fn count(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond().saturating_sub(EPOCH_MICROS)
}

fn number(buffer: &mut Vec<u8>, value: Option<i64>) {
    match value {
        Some(value) => field(buffer, &value.to_be_bytes()),
        None => null(buffer),
    }
}

fn field(buffer: &mut Vec<u8>, bytes: &[u8]) {
    length(buffer, bytes.len());
    buffer.extend_from_slice(bytes);
}

/// A field's length; a mail is far below what 31 bits hold.
fn length(buffer: &mut Vec<u8>, bytes: usize) {
    buffer.extend_from_slice(&i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes());
}

fn null(buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(&(-1_i32).to_be_bytes());
}
