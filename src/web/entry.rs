//! Signing in and out, the colleague's own password and second factor, and the style sheet.

use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use qrcode::{Color, QrCode};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed, Source, cookie, cookie_name},
    post,
    sent::{Open, Sent},
    shown,
};
use crate::{
    domain::staff::Role,
    flows::{FlowError, colleagues as accounts, sign_in},
    store::colleagues::{self, Colleague},
};

pub(super) fn served() -> Vec<Served> {
    vec![
        get("/sign-in", Who::Anyone, sign_in_page),
        post("/sign-in", Who::Anyone, sign_in_form),
        post("/sign-in/as", Who::Anyone, sign_in_as),
        get("/sign-in/code", Who::Colleagues, code_page),
        post("/sign-in/code", Who::Colleagues, code_form),
        post("/sign-out", Who::Colleagues, sign_out),
        get("/account", Who::Colleagues, account_page),
        get("/account/password", Who::Colleagues, password_page),
        post("/account/password", Who::Colleagues, password_form),
        get("/account/second-factor", Who::Colleagues, second_factor_page),
        post("/account/second-factor", Who::Colleagues, second_factor_form),
        get("/{style}", Who::Anyone, style),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    email: String,
    /// The demo's invented people.
    people: Vec<Colleague>,
    /// Whether its carers can be played.
    play: bool,
}

/// Roles as a page says them.
fn roles_in_words(roles: &[String]) -> String {
    let said: Vec<_> = roles.iter().filter_map(|role| Role::parse(role).ok()).map(Role::in_words).collect();
    said.join(", ")
}

async fn sign_in_page(State(web): State<Web>, after: After) -> Result<Response, Wrong> {
    let frame = Frame::open(&web, "Sign in").after(after.done.as_deref());
    show_sign_in(&web, StatusCode::OK, frame, String::new()).await
}

async fn show_sign_in(web: &Web, status: StatusCode, frame: Frame, email: String) -> Result<Response, Wrong> {
    let people = if web.site.demo {
        let all = colleagues::list(&mut *web.gateway.store.acquire().await?).await?;
        all.into_iter().filter(|colleague| colleague.disabled_at.is_none()).collect()
    } else {
        Vec::new()
    };
    Ok(frame::page(status, &SignInPage { frame, email, people, play: web.site.play.is_some() }))
}

async fn sign_in_form(
    State(web): State<Web>,
    jar: CookieJar,
    Source(source): Source,
    Open(fields): Open,
) -> Result<Response, Wrong> {
    let email = fields.text("email").to_owned();
    if !web.throttle.allows(&email, source) {
        return Err(Wrong::TooMany);
    }
    if let Some(token) = sign_in::sign_in(&web.gateway, &email, fields.raw("password")).await? {
        // Always a new token: one that was planted in the browser before is worth nothing.
        return Ok((jar.add(cookie(&web.site, &token)), Redirect::to("/")).into_response());
    }
    let said = "That address and password do not belong together. Check both, or ask IT for a new password.";
    let frame = Frame::open(&web, "Sign in").refused(Some(said.to_owned())).at(Some("email"));
    show_sign_in(&web, StatusCode::UNPROCESSABLE_ENTITY, frame, email).await
}

/// One press, in the demo only.
async fn sign_in_as(State(web): State<Web>, jar: CookieJar, Open(fields): Open) -> Result<Response, Wrong> {
    if !web.site.demo {
        return Err(Wrong::Absent);
    }
    let staff = fields.parsed("staff").ok_or(Wrong::Absent)?;
    let token = sign_in::sign_in_as(&web.gateway, staff).await?;
    Ok((jar.add(cookie(&web.site, &token)), Redirect::to("/")).into_response())
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
}

async fn code_page(State(web): State<Web>, signed: Signed) -> Response {
    frame::page(StatusCode::OK, &CodePage { frame: Frame::of(&web, &signed, "Your code", "") })
}

async fn code_form(
    State(web): State<Web>,
    jar: CookieJar,
    signed: Signed,
    Source(source): Source,
    sent: Sent,
) -> Result<Response, Wrong> {
    if !web.throttle.allows(&signed.by(), source) {
        return Err(Wrong::TooMany);
    }
    let code = sent.fields.text("code");
    if let Some(token) = sign_in::second_factor(&web.gateway, &signed.session, &signed.token, code).await? {
        return Ok((jar.add(cookie(&web.site, &token)), Redirect::to("/")).into_response());
    }
    let said = "That code is not right. Enter the six digits the app shows now, or an unused recovery code.";
    let frame = Frame::of(&web, &signed, "Your code", "").refused(Some(said.to_owned())).at(Some("code"));
    Ok(frame::page(StatusCode::UNPROCESSABLE_ENTITY, &CodePage { frame }))
}

async fn sign_out(
    State(web): State<Web>,
    jar: CookieJar,
    signed: Signed,
    sent: Sent,
) -> Result<Response, Wrong> {
    let everywhere = sent.fields.ticked("everywhere");
    sign_in::sign_out(&web.gateway, signed.staff(), &signed.token, everywhere).await?;
    let gone = jar.remove(Cookie::build(cookie_name(&web.site)).path("/"));
    Ok((gone, Redirect::to("/sign-in?done=out")).into_response())
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    second_factor: bool,
}

async fn account_page(State(web): State<Web>, signed: Signed, after: After) -> Response {
    let frame = Frame::of(&web, &signed, "Your account", "").after(after.done.as_deref());
    frame::page(StatusCode::OK, &AccountPage { frame, second_factor: signed.session.has_second_factor })
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    must_change: bool,
}

async fn password_page(State(web): State<Web>, signed: Signed) -> Response {
    let frame = Frame::of(&web, &signed, "Change your password", "");
    frame::page(StatusCode::OK, &PasswordPage { frame, must_change: signed.session.must_change })
}

async fn password_form(
    State(web): State<Web>,
    signed: Signed,
    Source(source): Source,
    sent: Sent,
) -> Result<Response, Wrong> {
    if !web.throttle.allows(&signed.by(), source) {
        return Err(Wrong::TooMany);
    }
    let (old, new) = (sent.fields.raw("old"), sent.fields.raw("new"));
    let changed = if new == sent.fields.raw("again") {
        accounts::change_password(&web.gateway, signed.staff(), old, new).await
    } else {
        Err(FlowError::at("again", "The two new passwords differ. Type the same twice."))
    };
    match changed {
        Ok(()) => Ok(Redirect::to("/sign-in?done=password").into_response()),
        Err(error @ (FlowError::Refused(_) | FlowError::At { .. })) => {
            let field = if let FlowError::At { field, .. } = &error { Some(*field) } else { None };
            let frame = Frame::of(&web, &signed, "Change your password", "")
                .refused(Some(error.to_string()))
                .at(field);
            let template = PasswordPage { frame, must_change: signed.session.must_change };
            Ok(frame::page(StatusCode::UNPROCESSABLE_ENTITY, &template))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    frame: Frame,
    secret: String,
    /// The secret as a picture for the phone's camera.
    picture: Option<Picture>,
    /// Shown once, when it is set up.
    recovery: Vec<String>,
}

/// A QR code: how many squares it is wide with the quiet zone around it, and the outline of the dark ones.
struct Picture {
    width: usize,
    dark: String,
}

/// The light squares that must stand around the code (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

impl Picture {
    /// Of these words; `None` where they are longer than any code holds.
    fn of(words: &str) -> Option<Self> {
        let code = QrCode::new(words).ok()?;
        let squares = code.to_colors();
        let width = code.width();
        let dark = squares.iter().enumerate().filter(|(_, colour)| **colour == Color::Dark);
        let path = |(at, _): (usize, &Color)| {
            format!(
                "M{} {}h1v1h-1z",
                at.checked_rem(width).unwrap_or(0) + QUIET,
                at.checked_div(width).unwrap_or(0) + QUIET
            )
        };
        Some(Self { width: width + 2 * QUIET, dark: dark.map(path).collect() })
    }
}

async fn second_factor_page(State(web): State<Web>, signed: Signed) -> Result<Response, Wrong> {
    let key = sign_in::begin_second_factor(&web.gateway, signed.staff()).await?;
    let frame = Frame::of(&web, &signed, "Set up a second factor", "");
    Ok(frame::page(StatusCode::OK, &to_set_up(frame, &key)))
}

fn to_set_up(frame: Frame, key: &sign_in::Key) -> SecondFactorPage {
    SecondFactorPage {
        frame,
        secret: in_fours(&shown(&key.typed)),
        picture: Picture::of(key.uri.expose()),
        recovery: Vec::new(),
    }
}

async fn second_factor_form(
    State(web): State<Web>,
    jar: CookieJar,
    signed: Signed,
    sent: Sent,
) -> Result<Response, Wrong> {
    if !web.throttle.allows(&signed.by(), None) {
        return Err(Wrong::TooMany);
    }
    let title = "Set up a second factor";
    match sign_in::confirm_second_factor(&web.gateway, signed.staff(), sent.fields.text("code")).await {
        Ok(codes) => {
            // The code that was just given counts for this session, which begins anew.
            sign_in::sign_out(&web.gateway, signed.staff(), &signed.token, true).await?;
            let token = sign_in::sign_in_as(&web.gateway, signed.staff()).await?;
            let fresh = sign_in::session(&web.gateway, &token).await?.ok_or(Wrong::Closed)?;
            let signed = Signed { session: fresh, token: token.clone() };
            let frame = Frame::of(&web, &signed, title, "").after(Some("second"));
            let template = SecondFactorPage {
                frame,
                secret: String::new(),
                picture: None,
                recovery: codes.iter().map(shown).collect(),
            };
            Ok((jar.add(cookie(&web.site, &token)), frame::page(StatusCode::OK, &template)).into_response())
        }
        Err(FlowError::Refused(sentence) | FlowError::At { sentence, .. }) => {
            let key = sign_in::begin_second_factor(&web.gateway, signed.staff()).await?;
            let frame = Frame::of(&web, &signed, title, "").refused(Some(sentence)).at(Some("code"));
            Ok(frame::page(StatusCode::UNPROCESSABLE_ENTITY, &to_set_up(frame, &key)))
        }
        Err(error) => Err(error.into()),
    }
}

/// As it is typed: in groups of four.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

async fn style(axum::extract::Path(name): axum::extract::Path<String>) -> Result<Response, Wrong> {
    if format!("/{name}") != frame::style_path() {
        return Err(Wrong::Absent);
    }
    Ok(([(header::CONTENT_TYPE, "text/css; charset=utf-8")], frame::STYLE).into_response())
}
