//! Lets in who may come in: the session's cookie, the colleague's roles, and the headers every page carries.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use liaison_channels::private::Private;

use super::{
    Site, Web, Who,
    frame::{Wrong, wrong_page},
    sent, working,
};
use crate::{
    domain::{ids::StaffId, staff::Role},
    flows::sign_in::{self, Token},
    store::colleagues::Session,
};

/// What may be loaded by a page: our own style sheet and pictures, and nothing else; no script at all.
const CONTENT: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                       frame-ancestors 'none'";

/// The colleague who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) session: Session,
    pub(super) token: Token,
}

impl Signed {
    /// Their id.
    pub(super) const fn staff(&self) -> StaffId {
        self.session.staff
    }

    /// Who did it, for the record.
    pub(super) fn by(&self) -> String {
        self.session.staff.to_string()
    }

    /// Whether they hold one of these roles.
    pub(super) fn is(&self, roles: &[Role]) -> bool {
        self.session.roles.iter().any(|role| roles.contains(role))
    }
}

impl<S: Sync> FromRequestParts<S> for Signed {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Wrong> {
        // Put there by `let_in`; a page for anyone has none.
        parts.extensions.get::<Self>().cloned().ok_or(Wrong::Closed)
    }
}

/// The cookie's name. `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis 4.1.3.2).
pub(super) fn cookie_name(site: &Site) -> &'static str {
    if is_secure(site) { "__Host-liaison" } else { "liaison" }
}

/// Whether pages go by TLS: always, unless the settings say in so many words that they do not.
pub(super) fn is_secure(site: &Site) -> bool {
    !site.public_url.as_deref().is_some_and(|url| url.starts_with("http://"))
}

/// The cookie that carries a session.
pub(super) fn cookie(site: &Site, token: &Token) -> Cookie<'static> {
    Cookie::build((cookie_name(site), token.expose().clone()))
        .http_only(true)
        .secure(is_secure(site))
        .same_site(SameSite::Lax)
        .path("/")
        .build()
}

/// Where a request comes from. A proxy on this machine says it in the last entry of `X-Forwarded-For`.
pub(super) fn source(headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let told = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let told = told.and_then(|value| value.rsplit(',').next()).and_then(|last| last.trim().parse().ok());
    match peer {
        Some(peer) if !peer.is_loopback() => Some(peer),
        peer => told.or(peer),
    }
}

/// The address of whoever is connected, where the server knows it.
pub(super) struct Source(pub(super) Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(source(&parts.headers, peer)))
    }
}

/// What may stand behind the question mark of a page's address: words of ours, never of people. Anything else is not read.
#[derive(Debug, Default)]
pub(super) struct After {
    /// The word for what was just done.
    pub(super) done: Option<String>,
    /// Which list.
    pub(super) list: Option<String>,
    /// Which channel's list.
    pub(super) channel: Option<String>,
    /// The entry before which a chronology goes on.
    pub(super) before: Option<uuid::Uuid>,
    /// The place after which a list goes on.
    pub(super) place: Option<String>,
    /// The week, by its Monday.
    pub(super) week: Option<crate::domain::time::Date>,
}

impl<S: Sync> FromRequestParts<S> for After {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut after = Self::default();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "done" => after.done = Some(value.into_owned()),
                "list" => after.list = Some(value.into_owned()),
                "channel" => after.channel = Some(value.into_owned()),
                "before" => after.before = value.parse().ok(),
                "after" => after.place = Some(value.into_owned()),
                "week" => after.week = value.parse().ok(),
                _ => {}
            }
        }
        Ok(after)
    }
}

/// Before every page: who is it, and may they?
pub(super) async fn let_in(
    State((web, who)): State<(Web, Who)>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::POST && !from_our_own_page(&web.site, request.headers()) {
        return Wrong::Forged.into_response();
    }
    let token = jar.get(cookie_name(&web.site)).map(|cookie| Private::new(cookie.value().to_owned()));
    let signed = match token {
        Some(token) => match sign_in::session(&web.gateway, &token).await {
            Ok(session) => session.map(|session| Signed { session, token }),
            Err(error) => return Wrong::from(error).into_response(),
        },
        None => None,
    };
    let path = request.uri().path().to_owned();
    match (&signed, who) {
        (_, Who::Anyone) => {}
        // Whoever wrote for longer than a session lasts keeps the words.
        (None, _) if request.method() == Method::POST => return sent::signed_out(&web, request).await,
        (None, _) => return Redirect::to("/sign-in").into_response(),
        (Some(signed), who) => {
            let first = what_comes_first(&web.site, &signed.session);
            if let Some(first) = first.filter(|first| !path.starts_with(first) && path != "/sign-out") {
                return Redirect::to(first).into_response();
            }
            if let Who::Holders(roles) = who
                && !signed.is(roles)
            {
                return Wrong::NotForYou.into_response();
            }
        }
    }
    // What changes the session itself is waited for: nobody could come back for its answer.
    let waits = signed
        .as_ref()
        .map(Signed::staff)
        .filter(|_| !path.starts_with("/account/") && !path.starts_with("/sign-"));
    if let Some(signed) = signed {
        request.extensions_mut().insert(signed);
    }
    if request.method() == Method::POST {
        return working::to_its_end(&web, waits, next.run(request)).await;
    }
    next.run(request).await
}

/// The page a colleague must deal with before any other.
fn what_comes_first(site: &Site, session: &Session) -> Option<&'static str> {
    // Invented people have no passwords to change.
    if site.demo {
        return None;
    }
    let required = site.second_factor.iter().any(|role| session.roles.contains(role));
    if session.has_second_factor && !session.second_factor {
        Some("/sign-in/code")
    } else if session.must_change {
        Some("/account/password")
    } else if required && !session.has_second_factor {
        Some("/account/second-factor")
    } else {
        None
    }
}

/// Whether a form was sent from a page of ours. Browsers say so themselves (Fetch Metadata; `Origin`, RFC 6454 7).
fn from_our_own_page(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text("origin") else { return false };
    let host = text("host").unwrap_or_default();
    origin == format!("https://{host}")
        || (!is_secure(site) && origin == format!("http://{host}"))
        || site.public_url.as_deref().is_some_and(|url| url.trim_end_matches('/') == origin)
}

/// On every page: nothing is kept by browsers, framed, or loaded from elsewhere.
pub(super) async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let sheet = request.uri().path().starts_with("/style-");
    let mut response = wrong_page(&web, next.run(request).await);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let kept = if sheet { "public, max-age=31536000, immutable" } else { "no-store" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if is_secure(&web.site) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Where there is no page.
pub(super) async fn nothing_here() -> Wrong {
    Wrong::Absent
}
