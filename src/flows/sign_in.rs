//! Signing in: the password, then a second factor where there is one; sessions that can be ended at once.

use jiff::SignedDuration;
use liaison_channels::private::Private;
use ring::digest::{SHA256, digest};

use super::{
    FlowError,
    colleagues::{find, verify},
    gateway::Gateway,
    salt,
};
use crate::{
    domain::{
        ids::StaffId,
        staff::{base32, otpauth_uri, totp_accepts},
    },
    store::{
        StoreError, Tx,
        colleagues::{self, NewSession, Session},
    },
};

/// A session ends after this, whatever is done in it: a working day.
pub const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// A session left alone for so long has ended.
pub const IDLE: SignedDuration = SignedDuration::from_hours(1);
/// How many recovery codes are made.
const RECOVERY_CODES: usize = 8;

/// A session's token, for the cookie; it is kept nowhere else.
pub type Token = Private<String>;

/// Opens a session by address and password; `None` when they are not right, or the colleague may not sign in. Which of
/// these it was is nobody's business.
pub async fn sign_in(gateway: &Gateway, email: &str, password: &str) -> Result<Option<Token>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let email = email.trim();
    // A colleague's id, which stands on pages, is no address: it would be throttled apart.
    let theirs = |known: &str| known.contains('@') && known.to_lowercase() == email.to_lowercase();
    let account = colleagues::account(&mut tx, email).await?.filter(|account| theirs(&account.email));
    // No transaction waits while a password is hashed.
    tx.commit().await.map_err(StoreError::from)?;
    let right = verify(account.as_ref().and_then(|account| account.password.as_ref()), password).await;
    let Some(account) = account.filter(|account| right && account.disabled_at.is_none()) else {
        return Ok(None);
    };
    let mut tx = gateway.store.begin().await?;
    let token = open(&mut tx, gateway, account.id, false).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Some(token))
}

/// Opens a session as this colleague, without a password. For the demo's invented people only.
pub async fn sign_in_as(gateway: &Gateway, staff: StaffId) -> Result<Token, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, &staff.to_string()).await?;
    let token = open(&mut tx, gateway, account.id, true).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(token)
}

/// Adds the second factor to a session: a code of the app, or a recovery code, each good once. The session is replaced by
/// a new one, whose token is returned; `None` when the code is not right.
pub async fn second_factor(
    gateway: &Gateway,
    session: &Session,
    token: &Token,
    code: &str,
) -> Result<Option<Token>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, &session.staff.to_string()).await?;
    let Some(secret) = account.totp_secret.filter(|_| account.totp_confirmed) else { return Ok(None) };
    let now = gateway.now();
    let right = match totp_accepts(secret.expose(), code, now, account.totp_last_step) {
        Some(step) => colleagues::spend_step(&mut tx, account.id, step).await?,
        None => colleagues::spend_recovery(&mut tx, account.id, &recovery_digest(code), now).await?,
    };
    if !right {
        return Ok(None);
    }
    colleagues::end_session(&mut tx, &digest_of(token)).await?;
    let token = open(&mut tx, gateway, account.id, true).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Some(token))
}

/// A secret as an authenticator app takes it.
#[derive(Debug, Clone)]
pub struct Key {
    /// To be typed.
    pub typed: Private<String>,
    /// To be read from a picture: the same with the account it is for.
    pub uri: Private<String>,
}

/// Makes a new secret for a second factor. Not in force until confirmed.
pub async fn begin_second_factor(gateway: &Gateway, staff: StaffId) -> Result<Key, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, &staff.to_string()).await?;
    if account.totp_confirmed {
        return Err(FlowError::Refused("You have a second factor already. IT can take it away.".to_owned()));
    }
    let secret = if let Some(secret) = account.totp_secret {
        secret
    } else {
        let mut fresh = [0_u8; 20];
        fresh.iter_mut().zip(salt().into_iter().chain(salt())).for_each(|(to, from)| *to = from);
        colleagues::set_totp(&mut tx, staff, Some(&fresh)).await?;
        Private::new(fresh.to_vec())
    };
    tx.commit().await.map_err(StoreError::from)?;
    let typed = base32(secret.expose());
    let uri = otpauth_uri(&gateway.policy().school.name, &account.email, &typed);
    Ok(Key { typed: Private::new(typed), uri: Private::new(uri) })
}

/// Puts a second factor in force by a first code; returns the recovery codes, shown once.
pub async fn confirm_second_factor(
    gateway: &Gateway,
    staff: StaffId,
    code: &str,
) -> Result<Vec<Private<String>>, FlowError> {
    let wrong =
        || FlowError::Refused("That code is not right. Enter the six digits the app shows now.".to_owned());
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, &staff.to_string()).await?;
    let secret = account.totp_secret.filter(|_| !account.totp_confirmed).ok_or_else(wrong)?;
    let step =
        totp_accepts(secret.expose(), code, gateway.now(), account.totp_last_step).ok_or_else(wrong)?;
    let codes: Vec<Private<String>> = (0..RECOVERY_CODES).map(|_| Private::new(recovery_code())).collect();
    let digests: Vec<Vec<u8>> = codes.iter().map(|code| recovery_digest(code.expose())).collect();
    colleagues::confirm_totp(&mut tx, staff, &digests, gateway.now()).await?;
    colleagues::spend_step(&mut tx, staff, step).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(codes)
}

/// The session of a token, where it holds.
pub async fn session(gateway: &Gateway, token: &Token) -> Result<Option<Session>, FlowError> {
    let now = gateway.now();
    let idle_since = now.saturating_sub(IDLE).unwrap_or(now);
    let mut tx = gateway.store.begin().await?;
    let session = colleagues::session(&mut tx, &digest_of(token), idle_since, now).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(session)
}

/// Ends this session, or every one of the colleague's.
pub async fn sign_out(
    gateway: &Gateway,
    staff: StaffId,
    token: &Token,
    everywhere: bool,
) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    if everywhere {
        colleagues::end_sessions(&mut tx, staff).await?;
    } else {
        colleagues::end_session(&mut tx, &digest_of(token)).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn open(
    tx: &mut Tx,
    gateway: &Gateway,
    staff: StaffId,
    second_factor: bool,
) -> Result<Token, FlowError> {
    let token = Private::new(format!("{}{}", hex(&salt()), hex(&salt())));
    let now = gateway.now();
    let day_ago = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    colleagues::sweep(tx, day_ago, now).await?;
    let session = NewSession {
        digest: &digest_of(&token),
        staff,
        form_key: &salt(),
        second_factor,
        ends_at: now.saturating_add(SESSION).unwrap_or(now),
    };
    colleagues::open_session(tx, &session, now).await?;
    Ok(token)
}

fn digest_of(token: &Token) -> Vec<u8> {
    digest(&SHA256, token.expose().as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn recovery_code() -> String {
    let hex = hex(&salt());
    format!("{}-{}", hex.get(..5).unwrap_or_default(), hex.get(5..10).unwrap_or_default())
}

fn recovery_digest(code: &str) -> Vec<u8> {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    digest(&SHA256, plain.as_bytes()).as_ref().to_vec()
}
