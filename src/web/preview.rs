//! What each carer gets of an update before it is queued, and the SLT's leave that it goes by text.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    Served, Web, Who,
    announce_one::APPROVERS,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    post,
    sent::{Did, Refusal, Sent, once},
    week::{WRITERS, week_named},
    write::{own_draft, page_of, week_of_form},
};
use crate::{
    domain::{
        ids::{ClassId, PupilId},
        plain::Advice,
        staff::Role,
        time::Date,
    },
    flows::{
        desk as reading, drafts,
        preview::{self, Gets, PreviewFor},
    },
};

/// Who lets one item go by text, though what it is about never does.
pub(super) const ALLOWERS: &[Role] = &[Role::Slt];

pub(super) fn served() -> Vec<Served> {
    vec![
        get("/update/{pupil}/preview", Who::Holders(WRITERS), preview_page),
        post("/update/{pupil}/by-text", Who::Holders(ALLOWERS), by_text),
    ]
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    class: Option<ClassId>,
    /// The week's Monday, which the form carries, and the page on which the words are changed.
    monday: Date,
    words: String,
    /// How they could be plainer.
    advice: Vec<Advice>,
    previews: Vec<PreviewFor>,
    draft: String,
    queued: bool,
    pupil: PupilId,
    version: i64,
    /// Whether somebody would be texted but for what it is about.
    kept_from_text: bool,
    /// Whether this colleague may let it go by text.
    may_allow: bool,
    /// Why a second person must approve it, while it waits for them, and whether this colleague may be that person.
    waits: Option<(&'static str, bool)>,
    /// The reasons that were typed and could not be taken.
    why: String,
    declined: String,
    /// Why the SLT lets it go by text.
    text_because: Option<String>,
}

async fn preview_page(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let at = (pupil, week_named(&web, after.week)?);
    show_preview(&web, &signed, StatusCode::OK, at, after.done.as_deref(), (Typed::default(), None)).await
}

/// The reasons that were typed and could not be taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Typed<'a> {
    /// Why it may go by text.
    pub(super) why: &'a str,
    /// Why it is declined.
    pub(super) declined: &'a str,
}

/// What each carer would get, with what was typed and what was wrong with it.
pub(super) async fn show_preview(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    (pupil, monday): (PupilId, Date),
    done: Option<&str>,
    (typed, fault): (Typed<'_>, Option<&Refusal>),
) -> Result<Response, Wrong> {
    let family = reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let Some(draft) =
        own_draft(web, signed, (pupil, monday)).await?.0.filter(|draft| !draft.words.trim().is_empty())
    else {
        return Ok(Redirect::to(&page_of(web, (pupil, monday), "", "")).into_response());
    };
    let previews = preview::of(&web.gateway, signed.staff(), &draft).await?.ok_or(Wrong::Absent)?;
    let template = PreviewPage {
        frame: Frame::about(web, signed, "What each carer gets: ", &family.pupil.name, "/week")
            .after(done)
            .refusal(fault, |field| field),
        class: family.pupil.class_id,
        monday,
        words: page_of(web, (pupil, monday), "", ""),
        advice: web.gateway.policy().advice(&draft.words),
        kept_from_text: !draft.sent && previews.iter().any(|one| one.not_by_text.is_some()),
        may_allow: signed.is(ALLOWERS),
        waits: draft.waits_for_second().map(|why| {
            let own = draft.author == signed.by() || draft.queued_by.as_ref() == Some(&signed.by());
            (why.because(), signed.is(APPROVERS) && !own)
        }),
        why: typed.why.to_owned(),
        declined: typed.declined.to_owned(),
        text_because: draft.text_because.as_ref().map(super::shown),
        pupil,
        version: draft.version,
        previews,
        draft: format!("{pupil}/{}", draft.version),
        queued: draft.send_at.is_some(),
    };
    Ok(frame::page(status, &template))
}

/// The SLT lets the version that was shown go by text.
async fn by_text(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    reading::card(&web.gateway, signed.staff(), pupil).await?.ok_or(Wrong::Absent)?;
    let week = week_of_form(&web, &sent)?;
    let (why, version) = (sent.fields.raw("why"), sent.fields.parsed("version").unwrap_or_default());
    let work = async {
        drafts::allow_text(&web.gateway, pupil, week, version, why, &signed.by()).await?;
        Ok(page_of(&web, (pupil, week), "/preview", "by-text"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let typed = Typed { why, ..Typed::default() };
            show_preview(&web, &signed, status, (pupil, week), None, (typed, Some(&sentence))).await
        }
    }
}
