//! Who may sign in, and as what. Whatever takes a right away also ends the colleague's sessions, and what was given to a
//! leaver by name goes back to the list it is on.
//!
//! A colleague who does this to another (`by` is then their id) is held to [`may_manage`]; the operator at the machine, who
//! could write into the database as well, is not.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use liaison_channels::private::Private;

use super::{FlowError, gateway::Gateway, salt};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{PupilId, StaffId},
        staff::{Role, may_manage, password_fault},
    },
    store::{
        StoreError, Tx, cases, chronology,
        colleagues::{self, Account},
        conflicts, desk, explain,
    },
};

/// A password that somebody else made, to be changed at the first sign-in. Shown once.
#[derive(Debug)]
pub struct FirstPassword {
    /// Whose.
    pub staff: StaffId,
    /// The password.
    pub password: Private<String>,
}

/// Adds a colleague, or gives one with this address a name, roles and a new first password.
pub async fn add(
    gateway: &Gateway,
    name: &str,
    email: &str,
    roles: &[Role],
    by: &str,
) -> Result<FirstPassword, FlowError> {
    let (name, email) = (name.trim(), email.trim().to_lowercase());
    if name.is_empty() {
        return Err(FlowError::at("name", "say the colleague's name"));
    }
    if liaison_channels::address::EmailAddress::parse(&email).is_err() {
        return Err(FlowError::at("email", "that is not an email address; the colleague signs in with it"));
    }
    if roles.is_empty() {
        return Err(FlowError::at("role", no_roles()));
    }
    let mut tx = gateway.store.begin().await?;
    let known = colleagues::account(&mut tx, &email).await?;
    may(&mut tx, by, known.as_ref(), roles).await?;
    // An import writes addresses as the file has them.
    let email = known.map_or(email, |account| account.email);
    let staff = colleagues::add(&mut tx, name, &email, roles).await?;
    colleagues::set_disabled(&mut tx, staff, None).await?;
    let password = first_password(&mut tx, gateway, staff).await?;
    tell(&mut tx, gateway, &format!("a colleague was added as {}", listed(roles)), name, by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(FirstPassword { staff, password })
}

/// Gives a colleague these roles and no others; their sessions end.
pub async fn set_roles(gateway: &Gateway, named: &str, roles: &[Role], by: &str) -> Result<(), FlowError> {
    if roles.is_empty() {
        return Err(FlowError::at("role", no_roles()));
    }
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, named).await?;
    may(&mut tx, by, Some(&account), roles).await?;
    if !roles.contains(&Role::Dsl) {
        not_the_last_dsl(&mut tx, by, &account).await?;
    }
    colleagues::set_roles(&mut tx, account.id, roles).await?;
    colleagues::end_sessions(&mut tx, account.id).await?;
    tell(&mut tx, gateway, &format!("a colleague's roles are now {}", listed(roles)), &account.name, by)
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Gives a colleague these classes and no others; their sessions end.
pub async fn set_classes(
    gateway: &Gateway,
    named: &str,
    classes: &[String],
    by: &str,
) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, named).await?;
    may(&mut tx, by, Some(&account), &[]).await?;
    let unknown = colleagues::set_classes(&mut tx, account.id, classes).await?;
    if !unknown.is_empty() {
        return Err(FlowError::Refused(format!("there is no class called {}", unknown.join(", "))));
    }
    colleagues::end_sessions(&mut tx, account.id).await?;
    let said = format!(
        "a colleague's classes are now {}",
        if classes.is_empty() { "none".to_owned() } else { classes.join(", ") }
    );
    tell(&mut tx, gateway, &said, &account.name, by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Lets a colleague in no more: their sessions end at once, and cases that were theirs by name go back to the list they are
/// on (R59). Returns how many open ones did, without those that only the DSL knows of.
pub async fn disable(gateway: &Gateway, named: &str, by: &str) -> Result<usize, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, named).await?;
    may(&mut tx, by, Some(&account), &[]).await?;
    not_the_last_dsl(&mut tx, by, &account).await?;
    colleagues::set_disabled(&mut tx, account.id, Some(now)).await?;
    colleagues::end_sessions(&mut tx, account.id).await?;
    // A case may name its owner in any of these ways.
    let names = [account.id.to_string(), account.name.clone(), account.email.clone()];
    let left = cases::leave(&mut tx, &names).await?;
    let open: Vec<Entry> = left
        .iter()
        .filter(|case| case.open)
        .map(|case| {
            let said = format!(
                "the colleague who had case {} may no longer sign in: it is on the {} list",
                case.code, case.role
            );
            Entry::now(now, kind::CASE_MOVED, said)
                .by(by)
                .about_carer(case.carer, case.pupil)
                .case(case.id)
                .seen_by(case.visibility)
        })
        .collect();
    chronology::append(&mut tx, &open).await?;
    tell(&mut tx, gateway, "a colleague may no longer sign in", &account.name, by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(left.iter().filter(|case| case.open && case.visibility == Visibility::Ordinary).count())
}

/// Lets a colleague in anew, with a first password; their sessions end. With `second_factor` that is taken away too, for
/// one who has lost their phone.
pub async fn reset(
    gateway: &Gateway,
    named: &str,
    second_factor: bool,
    by: &str,
) -> Result<FirstPassword, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, named).await?;
    may(&mut tx, by, Some(&account), &[]).await?;
    colleagues::set_disabled(&mut tx, account.id, None).await?;
    let password = first_password(&mut tx, gateway, account.id).await?;
    if second_factor {
        colleagues::set_totp(&mut tx, account.id, None).await?;
    }
    let said = if second_factor {
        "a colleague was let in anew with a first password, the second factor taken away"
    } else {
        "a colleague was let in anew with a first password"
    };
    tell(&mut tx, gateway, said, &account.name, by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(FirstPassword { staff: account.id, password })
}

/// Hides a colleague's own family from them: this pupil, the pupils who share a carer, and their carers (T30).
pub async fn own_family(gateway: &Gateway, named: &str, pupil: &str, by: &str) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, named).await?;
    // Hiding one's own family takes nothing from anybody: that may be done to oneself too.
    if by != account.id.to_string() {
        may(&mut tx, by, Some(&account), &[]).await?;
    }
    let pupil = explain::pupil_named(&mut tx, pupil)
        .await?
        .ok_or_else(|| FlowError::at("pupil", "no pupil has that reference"))?;
    conflicts::add(&mut tx, account.id, pupil, by, gateway.now()).await?;
    tell(&mut tx, gateway, "a family was hidden from a colleague whose own it is", &account.name, by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The pupils of a colleague's own family that `viewer` may see, each with who recorded it.
pub async fn hidden_from(
    gateway: &Gateway,
    viewer: StaffId,
    staff: StaffId,
) -> Result<Vec<(PupilId, String, String)>, FlowError> {
    let recorded = conflicts::of(&mut *gateway.store.acquire().await?, staff).await?;
    let pupils: Vec<PupilId> = recorded.iter().map(|(pupil, _)| *pupil).collect();
    let mut tx = gateway.store.as_colleague(viewer).await?;
    let mut names = desk::pupils_named(&mut tx, &pupils).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let hidden = recorded.into_iter().filter_map(|(pupil, by)| Some((pupil, names.remove(&pupil)?, by)));
    Ok(hidden.collect())
}

/// Shows a colleague a family again that is not their own, for a reason. Nobody does it for themselves.
pub async fn not_own_family(
    gateway: &Gateway,
    staff: StaffId,
    pupil: PupilId,
    reason: &str,
    by: &str,
) -> Result<(), FlowError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(FlowError::at("reason", "say why it is not their family: the record needs a reason"));
    }
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, &staff.to_string()).await?;
    may(&mut tx, by, Some(&account), &[]).await?;
    if !conflicts::remove(&mut tx, staff, pupil).await? {
        return Err(FlowError::Refused("that pupil is not hidden from them".to_owned()));
    }
    let said = "a family is no longer hidden from a colleague: it is not their own";
    tell(&mut tx, gateway, said, &format!("{}: {reason}", account.name), by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Changes a colleague's own password, by the old one; every session of theirs ends.
pub async fn change_password(
    gateway: &Gateway,
    staff: StaffId,
    old: &str,
    new: &str,
) -> Result<(), FlowError> {
    let mut tx = gateway.store.begin().await?;
    let account = find(&mut tx, &staff.to_string()).await?;
    if let Some(fault) = password_fault(new, &account.email) {
        return Err(FlowError::at("new", fault));
    }
    if !verify(account.password.as_ref(), old).await {
        return Err(FlowError::at("old", "The old password is not right."));
    }
    if old == new {
        return Err(FlowError::at("new", "The new password is the old one. Choose another."));
    }
    let hash = hash(new).await?;
    colleagues::set_password(&mut tx, staff, &hash, false, gateway.now()).await?;
    colleagues::end_sessions(&mut tx, staff).await?;
    tell(&mut tx, gateway, "a colleague changed their password", &account.name, &staff.to_string()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Refuses what this colleague may not do to that account; the operator is asked nothing.
async fn may(tx: &mut Tx, by: &str, account: Option<&Account>, roles: &[Role]) -> Result<(), FlowError> {
    let Ok(actor) = by.parse::<StaffId>() else { return Ok(()) };
    if account.is_some_and(|account| account.id == actor) {
        return Err(FlowError::Refused(
            "nobody changes their own account here: ask another colleague".to_owned(),
        ));
    }
    // Read now: a right may have gone since the page was opened.
    let mine = colleagues::account(tx, by).await?.filter(|mine| mine.disabled_at.is_none());
    let mine = mine.map(|mine| mine.roles).unwrap_or_default();
    let theirs = account.map(|account| account.roles.as_slice()).unwrap_or_default();
    may_manage(&mine, theirs, roles).map_err(|sentence| FlowError::Refused(sentence.to_owned()))
}

/// Without a safeguarding lead nobody would see what only they see. An operator may do it all the same.
async fn not_the_last_dsl(tx: &mut Tx, by: &str, account: &Account) -> Result<(), FlowError> {
    let leads = account.roles.contains(&Role::Dsl) && account.disabled_at.is_none();
    if leads
        && by.parse::<StaffId>().is_ok()
        && colleagues::others_with(tx, Role::Dsl, account.id).await? == 0
    {
        return Err(FlowError::Refused(
            "they are the only safeguarding lead: give somebody else that role first".to_owned(),
        ));
    }
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, named: &str) -> Result<Account, FlowError> {
    colleagues::account(tx, named.trim()).await?.ok_or_else(|| {
        FlowError::Refused("no colleague has that address; `liaison staff list` shows them".to_owned())
    })
}

async fn first_password(
    tx: &mut Tx,
    gateway: &Gateway,
    staff: StaffId,
) -> Result<Private<String>, FlowError> {
    // 80 random bits, in letters that are hard to mistake for one another.
    let letters: String = salt()
        .iter()
        .map(|byte| {
            char::from(
                b"abcdefghjkmnpqrstuvwxyz23456789z".get(usize::from(byte & 31)).copied().unwrap_or(b'x'),
            )
        })
        .collect();
    let password = [letters.get(..4), letters.get(4..8), letters.get(8..12), letters.get(12..16)]
        .map(Option::unwrap_or_default)
        .join("-");
    let hash = hash(&password).await?;
    colleagues::set_password(tx, staff, &hash, true, gateway.now()).await?;
    colleagues::end_sessions(tx, staff).await?;
    Ok(Private::new(password))
}

async fn tell(tx: &mut Tx, gateway: &Gateway, said: &str, name: &str, by: &str) -> Result<(), FlowError> {
    // The name stands beside the entry, where it can be erased.
    let entry = Entry::now(gateway.now(), kind::COLLEAGUE, said).by(by).words(salt(), name.into());
    Ok(chronology::append(tx, &[entry]).await?)
}

fn listed(roles: &[Role]) -> String {
    roles.iter().map(|role| role.in_words()).collect::<Vec<_>>().join(", ")
}

fn no_roles() -> String {
    format!(
        "give at least one role of: {}",
        Role::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ")
    )
}

/// A password's hash (argon2id, PHC string). Takes some 20 ms of a processor and 19 MiB, apart from the runtime.
pub(super) async fn hash(password: &str) -> Result<String, FlowError> {
    let password = Private::new(password.to_owned());
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password_with_salt(password.expose().as_bytes(), &salt())
            .map(|hash| hash.to_string())
    })
    .await;
    hashed
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| FlowError::Refused("the password could not be hashed; try another".to_owned()))
}

/// Whether this is the password. Takes the same time where there is none, so that time does not tell who has an account.
pub(super) async fn verify(hash: Option<&Private<String>>, password: &str) -> bool {
    /// Of a password nobody has.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIG91cnM$YGGlBkPMiFQnyjCVXcpnHWPjhDDPHNzYtXBqzXDOOjU";
    let known = hash.is_some();
    let hash = hash.cloned().unwrap_or_else(|| Private::new(NOBODY.to_owned()));
    let password = Private::new(password.to_owned());
    let right = tokio::task::spawn_blocking(move || {
        PasswordHash::new(hash.expose())
            .is_ok_and(|hash| Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
    })
    .await
    .unwrap_or(false);
    known && right
}
