//! What every page has around it, and the pages for when something is wrong.

use askama::{Template, filters::Safe};
use axum::{
    Extension,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    Web, Who,
    cases::in_page_words,
    guard::Signed,
    sent::{Refusal, form_key},
};
use crate::{
    domain::staff::Role,
    flows::{FlowError, salt},
    store::StoreError,
};

/// The style sheet.
pub(super) const STYLE: &str = include_str!("pages/style.css");

/// The style sheet's path, which changes with its content so that browsers may keep it.
pub(super) fn style_path() -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    let short: String = hash.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("/style-{short}.css")
}

/// Attributes of a tag, made of nothing but words of ours.
type Marks = Safe<String>;

/// A link of the menu.
pub(super) struct Link {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) here: bool,
}

/// The menu: each page once, in the order of a working day.
const MENU: &[(&str, &str, Who)] = &[
    ("/", "Today", Who::Colleagues),
    ("/week", "My week", Who::Holders(super::week::WRITERS)),
    ("/cases", "Inbox", Who::Holders(super::cases::READERS)),
    ("/calls", "Calls", Who::Holders(super::cases::READERS)),
    ("/letters", "Letters", Who::Holders(super::letters::POSTERS)),
    ("/announce", "Announce", Who::Holders(super::announce::WRITERS)),
    ("/questions", "Who is this?", Who::Holders(super::questions::SORTERS)),
    ("/complaints", "Complaints", Who::Holders(super::complaints::LEADERS)),
    ("/families", "Families", Who::Holders(super::people::READERS)),
    ("/search", "Search", Who::Holders(super::people::READERS)),
    ("/safeguarding", "Safeguarding", Who::Holders(super::safeguarding::READERS)),
    ("/away", "Away", Who::Holders(super::cases::READERS)),
    ("/coverage", "Coverage", Who::Holders(super::coverage::READERS)),
    ("/audit", "Audit", Who::Holders(super::audit::READERS)),
    ("/health", "Health", Who::Holders(super::health::READERS)),
    ("/admin", "Admin", Who::Holders(super::admin::READERS)),
];

/// What every page has around it.
pub(super) struct Frame {
    /// The school.
    pub(super) school: String,
    /// The page's own heading.
    pub(super) title: String,
    /// The same in two parts, where it ends with somebody's name, which may run from right to left.
    pub(super) named: Option<(String, String)>,
    /// The colleague's name; empty when nobody is signed in.
    pub(super) colleague: String,
    /// The colleague's roles, in words.
    pub(super) roles: String,
    /// The menu, for whoever is signed in.
    pub(super) menu: Vec<Link>,
    /// A sentence of what was just done.
    pub(super) done: Option<&'static str>,
    /// A sentence of what could not be done.
    pub(super) fault: Option<String>,
    /// The field that is at fault, by its id on the page, where it is one field's.
    pub(super) field: Option<String>,
    /// The demo is never mistaken for a school.
    pub(super) demo: bool,
    /// The style sheet.
    pub(super) style: String,
    form_key: String,
}

impl Frame {
    /// Around a page that anybody may see.
    pub(super) fn open(web: &Web, title: &str) -> Self {
        Self {
            school: web.gateway.policy().school.name.clone(),
            title: title.to_owned(),
            named: None,
            colleague: String::new(),
            roles: String::new(),
            menu: Vec::new(),
            done: None,
            fault: None,
            field: None,
            demo: web.site.demo,
            style: style_path(),
            form_key: String::new(),
        }
    }

    /// Around a page of this colleague; `here` is its path in the menu.
    pub(super) fn of(web: &Web, signed: &Signed, title: &str, here: &str) -> Self {
        let may = |who: &Who| match who {
            Who::Holders(roles) => signed.is(roles),
            Who::Anyone | Who::Colleagues => true,
        };
        let menu = MENU.iter().filter(|(_, _, who)| may(who));
        let roles: Vec<_> = signed.session.roles.iter().copied().map(Role::in_words).collect();
        Self {
            colleague: signed.session.name.clone(),
            roles: roles.join(", "),
            menu: menu.map(|(path, name, _)| Link { path, name, here: *path == here }).collect(),
            form_key: form_key(signed),
            ..Self::open(web, title)
        }
    }

    /// Around a page of this colleague whose heading ends with a name.
    pub(super) fn about(web: &Web, signed: &Signed, before: &str, name: &str, here: &str) -> Self {
        let named = Some((before.to_owned(), name.to_owned()));
        Self { named, ..Self::of(web, signed, &format!("{before}{name}"), here) }
    }

    /// With a sentence of what was just done, named by a word in the address.
    pub(super) fn after(mut self, done: Option<&str>) -> Self {
        self.done = done
            .and_then(|word| DONE.iter().find(|(known, _)| *known == word))
            .map(|(_, sentence)| *sentence);
        self
    }

    /// With a sentence of what could not be done.
    pub(super) fn refused(mut self, sentence: Option<String>) -> Self {
        self.fault = sentence;
        self
    }

    /// Whose fault it was: of the field with this id on the page, to which the sentence then leads.
    pub(super) fn at(mut self, field: Option<impl Into<String>>) -> Self {
        self.field = field.map(Into::into);
        self
    }

    /// With what could not be done, if anything, leading to its field; `id_of` is the element that holds a field.
    pub(super) fn refusal(
        self,
        fault: Option<&Refusal>,
        id_of: impl FnOnce(&'static str) -> &'static str,
    ) -> Self {
        match fault {
            Some(fault) => self.refused(Some(in_page_words(fault))).at(fault.field.map(id_of)),
            None => self,
        }
    }

    /// What a field's tag says besides, where the fault is this field's; `hint` is the id of a hint that describes it anyway.
    pub(super) fn flaw(&self, id: impl AsRef<str>, hint: &str) -> Marks {
        let described = match (self.is_at(id.as_ref()), hint) {
            (true, "") => " aria-invalid=\"true\" aria-describedby=\"fault\"".to_owned(),
            (true, hint) => format!(" aria-invalid=\"true\" aria-describedby=\"fault {hint}\""),
            (false, "") => String::new(),
            (false, hint) => format!(" aria-describedby=\"{hint}\""),
        };
        Safe(described)
    }

    fn is_at(&self, id: &str) -> bool {
        self.fault.is_some() && self.field.as_deref() == Some(id)
    }

    /// The same for a group of choices, which cannot be marked as wrong itself.
    pub(super) fn group_flaw(&self, id: &str) -> Marks {
        Safe(if self.is_at(id) { " aria-describedby=\"fault\"".to_owned() } else { String::new() })
    }

    /// The hidden fields every form carries: whose page it is from, and a key by which it is done once. Fresh for each form.
    pub(super) fn marks(&self) -> String {
        format!(
            "<input type=\"hidden\" name=\"form_key\" value=\"{}\"><input type=\"hidden\" name=\"once\" value=\"{}\">",
            self.form_key,
            Uuid::from_bytes(salt())
        )
    }
}

/// What a page says after a deed, by the word in its address. No words of people ever stand in an address.
const DONE: &[(&str, &str)] = &[
    ("replied", "Your reply is on its way."),
    ("plain", "Nothing to make plainer was found. Nothing is sent yet."),
    ("task", "Your reply cannot be sent by email or text to this carer: a call or letter is on the list."),
    ("away", "It is recorded. Whoever covers has what waits, on those days."),
    ("back", "It is recorded. Nobody covers any more."),
    ("note", "Your note is kept. It is never sent."),
    ("suggested", "Your answer is recorded. Its list and its clocks follow."),
    ("fulfilled", "It is recorded that what the law asks for is done."),
    ("promised", "The promise has its own clock now."),
    ("not-by-text", "Your reply is on its way, by email: what it is about never goes by text."),
    ("by-text", "It may go by text now. That you let it stands in the record."),
    ("elsewhere", "Recorded. The clock is stopped."),
    ("kind", "The case has another kind now."),
    ("diverted", "The case is with the safeguarding lead alone now."),
    ("saved", "Saved."),
    ("queued", "Queued. It can be taken back until its time is over."),
    ("next-pupil", "Saved. This is the next pupil without words."),
    ("all-written", "Saved. Every pupil of the class has words now."),
    ("posted", "Recorded as posted."),
    ("handed-over", "Handed over. They stand below until they are posted."),
    ("handed-over-in-part", "Handed over, but for those that still stand under To post: print these here."),
    ("came-back", "Recorded. The address is looked into, and the carer is told another way."),
    ("played", "Sent. In a few seconds it is in the school's inbox."),
    ("taken-back", "Taken back. No message of it was made."),
    ("spoke", "Recorded. The call is done."),
    ("ring-again", "Recorded. The call stays on the list."),
    ("passed-up", "Recorded. It has been tried often enough: senior leadership has it now."),
    ("english", "Kept. The message stays as it came; the English stands beneath it."),
    (
        "translated",
        "Kept and sent: those who read it and can be written to have it, with the English beneath.",
    ),
    (
        "translated-rung",
        "Kept. They are rung all the same: all of it cannot be written to them, or they want to be rung.",
    ),
    ("another-way", "Recorded. No number is left, so another way is taken."),
    ("logged", "The contact is in the chronology."),
    ("corrected", "The correction is kept beside what was written first."),
    ("praised", "Good news is in the chronology."),
    ("restricted", "The restriction is recorded. It holds for messages that wait already, too."),
    ("lifted", "The restriction is lifted. The reason is in the chronology, for the safeguarding lead."),
    ("ends", "Recorded. From the day after, this carer is told nothing more about this pupil."),
    (
        "ends-later",
        "Recorded. The reason is in the chronology, for the safeguarding lead. What was stopped stays stopped.",
    ),
    ("agrees", "Recorded: the pupil agrees that this carer is told after 18."),
    ("agrees-no-more", "Recorded. From now on this carer is told nothing, also of what waits."),
    ("death", "Recorded. Nothing is sent about it, and nothing more goes out."),
    ("no-death", "Taken back. What was stopped stays stopped."),
    ("wish", "Recorded: how they want to be told, on whose word, and by whom."),
    ("still-right", "Recorded: it is right. They are asked again in a year."),
    ("address", "Kept. A new email or mobile is asked first whether it is right; any other is in use."),
    ("address-gone", "The address is not used any more. It stays in the history."),
    ("address-good", "The address is used again."),
    ("handed", "It is recorded, and off the list of what has no reference."),
    (
        "to-folder",
        "Its sheet is on its way to the folder. Enter the reference once the other system has given one.",
    ),
    ("kind-key", "The case has another kind now. It needs a reference in CPOMS or Engage."),
    (
        "logged-key",
        "The contact is in the chronology. It needs a reference in CPOMS or Engage, or a reason why it needs none.",
    ),
    ("complaint", "It is a complaint now, with a number and days of its own. The case stays as it is."),
    ("stage-answered", "Recorded. The stage is answered."),
    ("next-stage", "The next stage has begun, with its own day."),
    ("complaint-given", "Another colleague has the complaint now. Its day stands."),
    ("complaint-closed", "The complaint is closed. Its case is closed on its own page."),
    ("reopened", "The case is open again."),
    ("recorded", "Recorded, with your name."),
    ("taken-off", "It is taken back. Both stand in the record."),
    ("asked-again", "It is asked again. What was wrong stands in the record, and nothing was deleted."),
    ("undone", "The decision was undone. The message waits to be placed again."),
    ("given", "The case was handed on. Its clock runs on."),
    ("closed", "The case is closed."),
    ("answered", "Your decision is recorded."),
    (
        "answered-only",
        "Your decision is recorded, but the address was not kept. Look at the carer's addresses, and add it there.",
    ),
    ("dismissed", "The message was set aside. It is still kept."),
    ("password", "Your password was changed. Sign in with the new one."),
    ("out", "You are signed out."),
    ("second", "Your second factor is set up."),
    ("pack", "The pack is made. It stays as it is, at this address."),
    ("verified", "The record was verified: every entry is as it was written."),
    ("altered", "The record was verified, and something is wrong. See below."),
    ("asked", "It waits for a second person now. Nothing is sent until they approve it."),
    ("approved", "Approved. It can be queued now."),
    ("update-approved", "Approved. It can be taken back for a few minutes, then it leaves."),
    ("declined", "Declined. Whoever wrote it sees your reason."),
    ("announced", "Queued. It can be taken back until its time is over."),
    ("dropped-announcement", "It is dropped. Nobody is told anything of it."),
    ("cancelled", "What still waited is taken back. What has left has left."),
    ("held", "Sending is paused."),
    ("released", "Sending goes on."),
    (
        "adopted",
        "The calendar is adopted. Open clocks are counted by it now; none was made earlier, and none that was missed is forgiven.",
    ),
    ("worded", "Kept. Messages say it from now on."),
    ("worded-draft", "Kept as a draft. It is used once somebody who reads the language has checked it."),
    ("shipped-words", "Those are the words that came with Liaison again."),
    ("words-checked", "Marked as checked. They are used from now on."),
    ("channel-held", "That channel is paused. What is queued for it waits."),
    ("channel-released", "That channel sends again."),
    ("message-held", "That message waits until it is released."),
    ("message-released", "That message may leave now. The gate is asked first."),
    ("retried", "That message is in the queue again. The gate is asked before it leaves."),
    ("message-cancelled", "That message was taken back. It does not leave."),
    ("dropped", "Those words were dropped. Nobody is sent them."),
    ("task-closed", "Recorded. That task is off the list."),
    ("put-up", "Nothing is written yet. Read what would change, then approve it."),
    ("imported", "Written, all of it. Both files are erased here."),
    ("withdrawn", "Withdrawn. Nothing of it was written, and both files are erased here."),
    ("roles", "Their roles are changed. They sign in anew."),
    ("classes", "Their classes are changed. They sign in anew."),
    (
        "disabled",
        "They are signed out and can no longer sign in. What was theirs by name is on its list again.",
    ),
    ("shown-again", "That family is no longer hidden from them. The reason is in the record."),
    ("hidden", "That family is hidden from them from now on."),
    (
        "shown-once",
        "That was done when you pressed the button before. The first password was shown then, and only then: if nobody wrote it \
         down, let them in anew.",
    ),
];

/// Shows a page.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!("a page could not be rendered: {error}");
            panicked()
        }
    }
}

/// Something is wrong: a calm sentence and a reference for people, the chain for the log.
#[derive(Debug)]
pub(super) enum Wrong {
    /// Nobody is signed in.
    Closed,
    /// The page is for other roles.
    NotForYou,
    /// There is nothing here, or nothing that this colleague may see: the two look the same.
    Absent,
    /// A form that did not come from the colleague's own page.
    Forged,
    /// A form that is larger than any of ours.
    TooLarge,
    /// Too many tries.
    TooMany,
    /// The same form is being done at this moment.
    BeingDone,
    /// The same form was begun and cut off.
    CutOff,
    /// What was asked cannot be done.
    Refused(String),
    /// The database is away.
    Away,
    /// Anything else, with the reference under which the log tells it.
    Failed(Uuid),
}

impl From<FlowError> for Wrong {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(sentence) | FlowError::At { sentence, .. } => Self::Refused(sentence),
            error if error.is_away() => {
                tracing::warn!("a page could not be served: {error}");
                Self::Away
            }
            error => {
                let reference = Uuid::from_bytes(salt());
                tracing::error!(%reference, "a page could not be served: {error}");
                Self::Failed(reference)
            }
        }
    }
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        FlowError::from(error).into()
    }
}

impl Wrong {
    fn said(&self) -> (StatusCode, &'static str, String) {
        let (status, title, said) = match self {
            Self::Closed => (
                StatusCode::UNAUTHORIZED,
                "Please sign in",
                "You are not signed in, or your session has ended.",
            ),
            Self::NotForYou => (
                StatusCode::FORBIDDEN,
                "This page is for other colleagues",
                "Your role does not have this page. If it should, ask IT.",
            ),
            Self::Absent => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "The address may be old or mistyped, or what stood here is not for your role.",
            ),
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "That form could not be taken",
                "It was not sent from your own open page, or you have signed in anew since. Nothing was done. Go back, load the \
                 page again and repeat it.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "That is too much at once",
                "Nothing was done. Send it in smaller pieces.",
            ),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many tries",
                "Wait a few minutes, then try again. If you have forgotten your password, ask IT for a new one.",
            ),
            Self::BeingDone => (
                StatusCode::CONFLICT,
                "It is being done",
                "You have sent this form already, and it is being done at this moment. Look again in a few seconds.",
            ),
            Self::CutOff => (
                StatusCode::CONFLICT,
                "It may be done already",
                "This form was sent before and cut off. Look whether it was done before you send it again from a fresh page.",
            ),
            Self::Refused(sentence) => {
                return (StatusCode::UNPROCESSABLE_ENTITY, "That cannot be done", sentence.clone());
            }
            Self::Away => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Liaison cannot reach its records",
                "Nothing was done, and nothing is lost. Try again in a minute; if it stays like this, tell IT.",
            ),
            Self::Failed(reference) => {
                let said = format!("Nothing was done. Tell IT this reference: {reference}");
                return (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", said);
            }
        };
        (status, title, said.to_owned())
    }
}

#[derive(Template)]
#[template(path = "wrong.html")]
struct WrongPage {
    frame: Frame,
    said: String,
    signed_out: bool,
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let (status, title, said) = self.said();
        let signed_out = matches!(self, Self::Closed);
        (status, Extension(WrongSaid { title, said, signed_out })).into_response()
    }
}

/// What a page says that something is wrong with; [`wrong_page`] writes it, for a handler does not know the school.
#[derive(Clone)]
struct WrongSaid {
    title: &'static str,
    said: String,
    signed_out: bool,
}

/// The answer as it leaves: where something is wrong, with a page that says so.
pub(super) fn wrong_page(web: &Web, mut answer: Response) -> Response {
    let Some(WrongSaid { title, said, signed_out }) = answer.extensions_mut().remove() else { return answer };
    let frame = Frame::open(web, title);
    page(answer.status(), &WrongPage { frame, said, signed_out })
}

/// The page for when even that could not be made.
pub(super) fn panicked() -> Response {
    let said = "Something went wrong. Nothing was done. Please tell IT what you pressed and when.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, said).into_response()
}
