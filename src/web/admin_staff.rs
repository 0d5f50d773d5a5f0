//! Colleagues' accounts: who may sign in, as what, and with which classes. Shows nothing of any pupil or carer, for IT looks
//! after accounts too.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Fields, Refusal, Sent, Told, once, once_told},
    shown,
};
use crate::{
    domain::{
        ids::{PupilId, StaffId},
        staff::{Role, may_manage},
        time::moment_in_full,
    },
    flows::{FlowError, colleagues},
    store::{
        StoreError,
        accounts::{self, AccountRow},
        desk,
    },
};

/// Who looks after accounts; what each of them may change of whose is decided by `domain::staff::may_manage`.
pub(super) const MANAGERS: &[Role] = &[Role::Slt, Role::Dsl, Role::It];

/// The group of boxes that say what somebody is at the school.
const FIRST_ROLE: &str = "roles";

/// Who reads which families are hidden from a colleague, and shows one again.
const LEADS: &[Role] = &[Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let managers = Who::Holders(MANAGERS);
    vec![
        get("/admin/staff", managers, list_page),
        post("/admin/staff", managers, add),
        get("/admin/staff/{staff}", managers, account_page),
        post("/admin/staff/{staff}/roles", managers, set_roles),
        post("/admin/staff/{staff}/classes", managers, set_classes),
        post("/admin/staff/{staff}/disable", managers, disable),
        post("/admin/staff/{staff}/let-in", managers, let_in),
        post("/admin/staff/{staff}/own-family", managers, own_family),
        post("/admin/staff/{staff}/not-own-family", Who::Holders(LEADS), not_own_family),
    ]
}

/// A box to tick.
struct Tick {
    value: String,
    said: String,
    on: bool,
}

/// A colleague as the list shows them.
struct Line {
    account: AccountRow,
    roles: String,
    state: String,
}

impl Line {
    fn of(web: &Web, account: AccountRow) -> Self {
        let state = match (account.disabled_at, account.can_sign_in) {
            (Some(at), _) => format!("Cannot sign in since {}", moment_in_full(at, web.gateway.now())),
            (None, false) => "Has no password yet: let them in to give one".to_owned(),
            (None, true) if account.second_factor => "Signs in with a second factor".to_owned(),
            (None, true) => "Signs in with a password alone".to_owned(),
        };
        let roles: Vec<_> = account.roles.iter().map(|role| role.in_words()).collect();
        Self { roles: roles.join(", "), state, account }
    }
}

#[derive(Template)]
#[template(path = "admin_staff.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    /// Classes that no teacher has.
    alone: Vec<String>,
    name: String,
    email: String,
    roles: Vec<Tick>,
}

async fn list_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show_list(&web, &signed, StatusCode::OK, &Fields::default(), after.done.as_deref(), None).await
}

async fn show_list(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    typed: &Fields,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let listed = accounts::accounts(&mut tx, None).await?;
    let classes = accounts::classes(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let template = ListPage {
        frame: Frame::of(web, signed, "Staff", "/admin").after(done).refusal(fault, id_of),
        lines: listed.into_iter().map(|account| Line::of(web, account)).collect(),
        alone: classes.into_iter().filter(|(_, covered)| !covered).map(|(name, _)| name).collect(),
        name: typed.text("name").to_owned(),
        email: typed.text("email").to_owned(),
        roles: role_ticks(signed, &[], &named_roles(typed)),
    };
    Ok(frame::page(status, &template))
}

/// The roles that this colleague may give to somebody who holds `theirs`.
fn role_ticks(signed: &Signed, theirs: &[Role], on: &[Role]) -> Vec<Tick> {
    let may = |role: &&Role| may_manage(&signed.session.roles, theirs, &[**role]).is_ok();
    let tick = |role: &Role| Tick {
        value: role.as_str().to_owned(),
        said: role.in_words().to_owned(),
        on: on.contains(role),
    };
    Role::ALL.iter().filter(may).map(tick).collect()
}

fn named_roles(fields: &Fields) -> Vec<Role> {
    fields.all("role").into_iter().filter_map(|word| Role::parse(word).ok()).collect()
}

/// The element that holds a field.
fn id_of(field: &'static str) -> &'static str {
    if field == "role" { FIRST_ROLE } else { field }
}

#[derive(Template)]
#[template(path = "admin_password.html")]
struct PasswordPage {
    frame: Frame,
    name: String,
    password: String,
    staff: StaffId,
}

/// The page that shows a first password, this once.
async fn show_password(
    web: &Web,
    signed: &Signed,
    staff: StaffId,
    password: String,
) -> Result<Response, Wrong> {
    let account = one(web, signed, staff).await?;
    let frame = Frame::of(web, signed, "A first password", "/admin");
    Ok(frame::page(StatusCode::OK, &PasswordPage { frame, name: account.name, password, staff }))
}

async fn add(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let fields = &sent.fields;
    let roles = named_roles(fields);
    let work = async {
        // Adding somebody anew would silently change who they are and what they may do.
        let known = accounts_named(&web, &signed, fields.text("email")).await?;
        if known {
            return Err(FlowError::at("email", "a colleague with that address is on the list already"));
        }
        let (name, email) = (fields.text("name"), fields.text("email"));
        let first = colleagues::add(&web.gateway, name, email, &roles, &signed.by()).await?;
        Ok((format!("/admin/staff/{}?done=shown-once", first.staff), first))
    };
    match Box::pin(once_told(&web, &signed, &sent, work)).await? {
        Told::Now(first) => show_password(&web, &signed, first.staff, shown(&first.password)).await,
        Told::Before(response) => Ok(response),
        Told::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_list(&web, &signed, status, fields, None, Some(&sentence)).await
        }
    }
}

/// Whether somebody signs in with this address, in any case of letters.
async fn accounts_named(web: &Web, signed: &Signed, email: &str) -> Result<bool, FlowError> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let listed = accounts::accounts(&mut tx, None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(listed.iter().any(|account| account.email.to_lowercase() == email.to_lowercase()))
}

async fn one(web: &Web, signed: &Signed, staff: StaffId) -> Result<AccountRow, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let found = accounts::accounts(&mut tx, Some(staff)).await?.pop();
    tx.commit().await.map_err(StoreError::from)?;
    found.ok_or(Wrong::Absent)
}

#[derive(Template)]
#[template(path = "admin_account.html")]
struct AccountPage {
    frame: Frame,
    line: Line,
    /// Why this colleague's account is not changed by whoever looks at it.
    barred: Option<String>,
    own: bool,
    roles: Vec<Tick>,
    classes: Vec<Tick>,
    pupil: String,
    /// The pupils hidden from them as their own family, for the leads: the pupil, the name, who recorded it.
    hidden: Vec<(PupilId, String, String)>,
    /// Whether whoever looks shows one again.
    leads: bool,
    /// What was typed as the reason to show this one again.
    typed: Fields,
}

async fn account_page(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let staff: StaffId = staff.parse().map_err(|_| Wrong::Absent)?;
    show_account(&web, &signed, StatusCode::OK, staff, &Fields::default(), after.done.as_deref(), None).await
}

async fn show_account(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    staff: StaffId,
    typed: &Fields,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let account = one(web, signed, staff).await?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let classes = accounts::classes(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let own = staff == signed.staff();
    let leads = signed.is(LEADS) && !own;
    let mut hidden = Vec::new();
    if leads {
        let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
        let names = desk::names(&mut tx).await?;
        tx.commit().await.map_err(StoreError::from)?;
        let told = colleagues::hidden_from(&web.gateway, signed.staff(), staff).await?;
        hidden = told.into_iter().map(|(pupil, name, by)| (pupil, name, who(&by, &names))).collect();
    }
    let barred = if own {
        Some("This is your own account. A colleague changes it for you.".to_owned())
    } else {
        may_manage(&signed.session.roles, &account.roles, &[]).err().map(in_page_words)
    };
    let ticked = |name: &String| account.classes.contains(name);
    let template = AccountPage {
        frame: Frame::about(web, signed, "", &account.name, "/admin").after(done).refusal(fault, id_of),
        own,
        roles: role_ticks(signed, &account.roles, &account.roles),
        classes: classes
            .into_iter()
            .map(|(name, _)| Tick { on: ticked(&name), value: name.clone(), said: name })
            .collect(),
        pupil: if typed.ticked("reason") { String::new() } else { typed.text("pupil").to_owned() },
        hidden,
        leads: leads && barred.is_none(),
        typed: typed.clone(),
        line: Line::of(web, account),
        barred,
    };
    Ok(frame::page(status, &template))
}

/// Shows the account again with what was refused, or goes on.
async fn answer(
    web: &Web,
    signed: &Signed,
    staff: StaffId,
    sent: &Sent,
    did: Did,
) -> Result<Response, Wrong> {
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_account(web, signed, status, staff, &sent.fields, None, Some(&sentence)).await
        }
    }
}

/// Does something to the account in the address, once, and says by this word that it is done.
async fn account_deed<T>(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    staff: StaffId,
    done: &str,
    work: impl Future<Output = Result<T, FlowError>> + Send,
) -> Result<Response, Wrong> {
    let did = once(web, signed, sent, async {
        work.await?;
        Ok(format!("/admin/staff/{staff}?done={done}"))
    })
    .await?;
    answer(web, signed, staff, sent, did).await
}

/// The colleague in the address, once it is sure that whoever asks may know of them.
async fn meant(web: &Web, signed: &Signed, staff: &str) -> Result<StaffId, Wrong> {
    let staff: StaffId = staff.parse().map_err(|_| Wrong::Absent)?;
    Ok(one(web, signed, staff).await?.id)
}

async fn set_roles(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let staff = meant(&web, &signed, &staff).await?;
    let roles = named_roles(&sent.fields);
    let work = async { colleagues::set_roles(&web.gateway, &staff.to_string(), &roles, &signed.by()).await };
    account_deed(&web, &signed, &sent, staff, "roles", work).await
}

async fn set_classes(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let staff = meant(&web, &signed, &staff).await?;
    let classes: Vec<String> = sent.fields.all("class").into_iter().map(ToOwned::to_owned).collect();
    let work =
        async { colleagues::set_classes(&web.gateway, &staff.to_string(), &classes, &signed.by()).await };
    account_deed(&web, &signed, &sent, staff, "classes", work).await
}

async fn disable(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let staff = meant(&web, &signed, &staff).await?;
    let work = async { colleagues::disable(&web.gateway, &staff.to_string(), &signed.by()).await };
    account_deed(&web, &signed, &sent, staff, "disabled", work).await
}

async fn let_in(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let staff = meant(&web, &signed, &staff).await?;
    let second_factor = sent.fields.ticked("second_factor");
    let work = async {
        let first = colleagues::reset(&web.gateway, &staff.to_string(), second_factor, &signed.by()).await?;
        Ok((format!("/admin/staff/{staff}?done=shown-once"), first))
    };
    match Box::pin(once_told(&web, &signed, &sent, work)).await? {
        Told::Now(first) => show_password(&web, &signed, staff, shown(&first.password)).await,
        Told::Before(response) => Ok(response),
        Told::Refused(sentence) => answer(&web, &signed, staff, &sent, Did::Refused(sentence)).await,
    }
}

async fn own_family(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let staff = meant(&web, &signed, &staff).await?;
    let pupil = sent.fields.text("pupil");
    let work = async { colleagues::own_family(&web.gateway, &staff.to_string(), pupil, &signed.by()).await };
    account_deed(&web, &signed, &sent, staff, "hidden", work).await
}

async fn not_own_family(
    State(web): State<Web>,
    signed: Signed,
    Path(staff): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let staff = meant(&web, &signed, &staff).await?;
    // Proved before anything is done: a pupil whom this colleague sees.
    let pupil: PupilId = sent.fields.parsed("pupil").ok_or(Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let seen = desk::pupil(&mut tx, pupil).await?;
    tx.commit().await.map_err(StoreError::from)?;
    seen.ok_or(Wrong::Absent)?;
    let work = async {
        let reason = sent.fields.text("reason");
        colleagues::not_own_family(&web.gateway, staff, pupil, reason, &signed.by()).await
    };
    account_deed(&web, &signed, &sent, staff, "shown-again", work).await
}
