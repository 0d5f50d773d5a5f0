//! A form that was sent: read within limits, proved to come from this colleague's own page, and done once however often
//! the button is pressed.

use std::pin::Pin;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::SignedDuration;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use super::{
    Web,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    guard::Signed,
};
use crate::{
    domain::time::Timestamp,
    flows::FlowError,
    store::{
        StoreError,
        colleagues::{self, FormSent},
    },
};

/// The most fields of a form that are read.
const MOST_FIELDS: usize = 2_000;
/// A form begun so long ago, and not done, was cut off by a crash.
const CUT_OFF: SignedDuration = SignedDuration::from_mins(2);

/// The fields of a form, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(body: &[u8]) -> Result<Self, Wrong> {
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(body)
            .take(MOST_FIELDS + 1)
            .map(|(name, value)| (name.into_owned(), clean(&value)))
            .collect();
        if fields.len() > MOST_FIELDS { Err(Wrong::TooLarge) } else { Ok(Self(fields)) }
    }

    /// With one more field, as a browser sent it.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), clean(value)));
    }

    /// A field's text without the space around it; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field's text as it was typed.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Every value of a field that may come several times.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The words that somebody typed, so many that nobody types them again gladly.
    pub(super) fn worth_keeping(&self) -> Vec<String> {
        let typed = self.0.iter().filter(|(name, _)| !NOT_SHOWN.contains(&name.as_str()));
        typed
            .map(|(_, value)| value.clone())
            .filter(|value| value.chars().count() >= WORTH_KEEPING && !is_id(value))
            .collect()
    }

    /// SHA-256 of what was filled in, whichever button was pressed.
    fn digest(&self) -> Vec<u8> {
        let mut all = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.0.iter().filter(|(name, _)| !MARKS.contains(&name.as_str())) {
            all.append_pair(name, value);
        }
        digest(&SHA256, all.finish().as_bytes()).as_ref().to_vec()
    }

    /// A field read as something else; `None` where it is missing or is not that.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).parse().ok()
    }
}

/// Postgres's text refuses a NUL, and no keyboard makes one. Browsers send lines with CR and LF.
fn clean(value: &str) -> String {
    value.replace('\0', "").replace("\r\n", "\n")
}

/// A form of a page for anyone: nobody is signed in whose key it could carry.
pub(super) struct Open(pub(super) Fields);

impl<S: Sync + Send> FromRequest<S> for Open {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        let body = Bytes::from_request(request, state).await.map_err(|_| Wrong::TooLarge)?;
        Ok(Self(Fields::read(&body)?))
    }
}

/// A form of a colleague's own page.
pub(super) struct Sent {
    pub(super) fields: Fields,
    once: Uuid,
    path: String,
    /// Of what was filled in.
    digest: Vec<u8>,
}

impl<S: Sync + Send> FromRequest<S> for Sent {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        let signed = request.extensions().get::<Signed>().cloned().ok_or(Wrong::Closed)?;
        let path = request.uri().path().to_owned();
        let body = Bytes::from_request(request, state).await.map_err(|_| Wrong::TooLarge)?;
        Self::of(&signed, path, Fields::read(&body)?)
    }
}

impl Sent {
    /// The form with these fields, where it is of this colleague's own page.
    pub(super) fn of(signed: &Signed, path: String, fields: Fields) -> Result<Self, Wrong> {
        if !is_theirs(signed, &fields) {
            return Err(Wrong::Forged);
        }
        let once = fields.parsed("once").ok_or(Wrong::Forged)?;
        let digest = fields.digest();
        Ok(Self { fields, once, path, digest })
    }

    /// With a file that was chosen, for what was filled in is another with another file.
    pub(super) fn with_file(&mut self, name: &str, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.digest);
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(digest(&SHA256, bytes).as_ref());
        self.digest = digest(&SHA256, &all).as_ref().to_vec();
    }

    /// The last word of the form's address, which says what it does.
    pub(super) fn deed(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// What marks a form, and the buttons by which one may be sent.
const MARKS: [&str; 4] = ["form_key", "once", "next", "preview"];
/// Fields that nobody typed, and those that are never shown.
const NOT_SHOWN: [&str; 15] = [
    "form_key", "once", "password", "old", "new", "again", "code", "card", "when", "shown", "base", "csv",
    "week", "term", "place",
];
/// What is shorter than this was chosen, or is soon typed again.
const WORTH_KEEPING: usize = 16;

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage {
    frame: Frame,
    words: Vec<String>,
}

/// For a form that came when its session had ended: nothing is done, and what was typed is shown to be taken along. The form
/// came from a page of ours in this very browser, which the guard has proved.
pub(super) async fn signed_out(web: &Web, request: Request) -> Response {
    let form =
        request.headers().get("content-type").is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let read = if form { Open::from_request(request, web).await.ok() } else { None };
    let Some(Open(fields)) = read else {
        return Redirect::to("/sign-in").into_response();
    };
    let words = fields.worth_keeping();
    if words.is_empty() {
        return Redirect::to("/sign-in").into_response();
    }
    let frame = Frame::open(web, "You are signed out");
    frame::page(StatusCode::UNAUTHORIZED, &SignedOutPage { frame, words })
}

fn is_id(value: &str) -> bool {
    value.split('/').next().is_some_and(|first| Uuid::parse_str(first).is_ok())
}

/// Whether a form carries its session's key.
pub(super) fn is_theirs(signed: &Signed, fields: &Fields) -> bool {
    // By digest, so that the time it takes tells nothing of the key.
    let same =
        |a: &str, b: &str| digest(&SHA256, a.as_bytes()).as_ref() == digest(&SHA256, b.as_bytes()).as_ref();
    same(fields.text("form_key"), &form_key(signed))
}

/// What marks the forms of a session.
pub(super) fn form_key(signed: &Signed) -> String {
    signed.session.form_key.expose().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What became of a deed.
pub(super) enum Did {
    /// It is done, now or when the button was pressed before: go there.
    Done(Response),
    /// It cannot be done as it was asked; the sentence says what to do. The form may be sent again.
    Refused(Refusal),
}

/// Why a form's deed was not done.
pub(super) struct Refusal {
    sentence: String,
    /// The field that is at fault, as the form names it, where it is one field's.
    pub(super) field: Option<&'static str>,
}

impl std::ops::Deref for Refusal {
    type Target = str;

    fn deref(&self) -> &str {
        &self.sentence
    }
}

/// What became of a deed whose answer is shown once and kept nowhere, such as a first password.
pub(super) enum Told<T> {
    /// It was done now: show this.
    Now(T),
    /// It was done when the button was pressed before: go where that is said.
    Before(Response),
    /// As [`Did::Refused`].
    Refused(Refusal),
}

/// Does a form's deed once. `work` answers with the path the browser is sent to.
pub(super) fn once<'a>(
    web: &'a Web,
    signed: &'a Signed,
    sent: &'a Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send + 'a,
) -> impl Future<Output = Result<Did, Wrong>> + Send + 'a {
    let told = once_told(web, signed, sent, async { work.await.map(|path| (path.clone(), path)) });
    async move {
        Ok(match told.await? {
            Told::Now(path) => Did::Done(Redirect::to(&path).into_response()),
            Told::Before(response) => Did::Done(response),
            Told::Refused(sentence) => Did::Refused(sentence),
        })
    }
}

/// Does a form's deed once. `work` answers with the path to which the browser is sent when the button is pressed again, and
/// with what to show now.
pub(super) fn once_told<'a, T: Send + 'a>(
    web: &'a Web,
    signed: &'a Signed,
    sent: &'a Sent,
    work: impl Future<Output = Result<(String, T), FlowError>> + Send + 'a,
) -> impl Future<Output = Result<Told<T>, Wrong>> + Send + 'a {
    // A deed is large, and would stand in every future around it.
    once_done(web, signed, sent, Box::pin(work))
}

type Work<'a, T> = Pin<Box<dyn Future<Output = Result<(String, T), FlowError>> + Send + 'a>>;

async fn once_done<T: Send>(
    web: &Web,
    signed: &Signed,
    sent: &Sent,
    work: Work<'_, T>,
) -> Result<Told<T>, Wrong> {
    let now = web.gateway.now();
    match entered(web, signed, sent, now).await? {
        FormSent::New => {}
        FormSent::Done(path) => return Ok(Told::Before(Redirect::to(&path).into_response())),
        FormSent::DoneOtherwise => return Ok(Told::Refused(done_otherwise())),
        FormSent::NotYours => return Err(Wrong::Forged),
        FormSent::Begun(at) if now.duration_since(at) < CUT_OFF => return Err(Wrong::BeingDone),
        FormSent::Begun(_) => return Err(Wrong::CutOff),
    }
    let done = work.await;
    let answer = done.as_ref().ok().map(|(path, _)| path.as_str());
    let noted = async {
        let mut connection = web.gateway.store.acquire().await?;
        colleagues::form_answered(&mut connection, sent.once, answer).await
    };
    // A deed that is done stays done, whether or not this could be noted.
    let noted: Result<(), StoreError> = noted.await;
    match done {
        Ok((_, told)) => Ok(Told::Now(told)),
        Err(FlowError::Refused(sentence)) => Ok(Told::Refused(Refusal { sentence, field: None })),
        Err(FlowError::At { field, sentence }) => Ok(Told::Refused(Refusal { sentence, field: Some(field) })),
        Err(error) => {
            if let Err(unnoted) = noted {
                tracing::warn!("a form could not be noted as not done: {unnoted}");
            }
            Err(error.into())
        }
    }
}

/// Enters the form, or says what is known of it. The connection is not held while its deed is done.
async fn entered(web: &Web, signed: &Signed, sent: &Sent, now: Timestamp) -> Result<FormSent, StoreError> {
    let mut connection = web.gateway.store.acquire().await?;
    colleagues::form_sent(&mut connection, sent.once, signed.staff(), &sent.path, &sent.digest, now).await
}

/// A browser that goes back shows the form as it was filled in, key and all.
fn done_otherwise() -> Refusal {
    let sentence = "this form was done already, with something else filled in; nothing more was done. Look at what was done, \
                    and send it again only if this is to be done too";
    Refusal { sentence: sentence.to_owned(), field: None }
}

/// Where the browser was sent to when this very form was done before; `None` where it was not. Does nothing.
pub(super) async fn done_before(web: &Web, signed: &Signed, sent: &Sent) -> Result<Option<Response>, Wrong> {
    match entered(web, signed, sent, web.gateway.now()).await? {
        FormSent::Done(path) => Ok(Some(Redirect::to(&path).into_response())),
        FormSent::DoneOtherwise => Err(Wrong::Refused(in_page_words(&done_otherwise()))),
        FormSent::New => {
            let mut connection = web.gateway.store.acquire().await?;
            colleagues::form_answered(&mut connection, sent.once, None).await?;
            Ok(None)
        }
        FormSent::Begun(_) | FormSent::NotYours => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let fields = Fields::read(b"words=+Well+done,%0D%0AZo%C3%AB%21%00+&pupil=a&pupil=b&sensitive=on")
            .expect("fields");

        assert_eq!(fields.text("words"), "Well done,\nZo\u{eb}!");
        assert_eq!(fields.all("pupil"), ["a", "b"]);
        assert!(fields.ticked("sensitive"));
        assert!(!fields.ticked("praise"));
        assert_eq!(fields.text("nothing"), "");
    }

    #[test]
    fn a_form_of_absurdly_many_fields_is_not_read() {
        let body = "a=1&".repeat(MOST_FIELDS + 5);

        assert!(matches!(Fields::read(body.as_bytes()), Err(Wrong::TooLarge)));
    }
}
