//! What a described provider posts: how far our texts have come, and texts from carers.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    answer::{is_name, progress},
    config::{Receipts, Texts},
    document::Document,
    proof::Proved,
};
use crate::{
    inbound::{ArrivedText, Event, KeptText, RawForm, with_plus},
    message::{ChannelId, OurRef, ProviderRef},
    private::Private,
    receipt::{Callback, Forgery, NotBelieved, Posted, Receipt},
};

/// Believes and reads every post of one channel.
pub(super) struct Posts {
    pub(super) id: ChannelId,
    pub(super) proof: Proved,
    pub(super) receipts: Option<Receipts>,
    pub(super) texts: Option<Texts>,
}

/// A text as it is kept: what was read, beside the body it was read from. The description may change; what came must be
/// read again as it was read when it came.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    from: String,
    to: String,
    text: String,
    /// The body as it came, in Base64.
    post: String,
}

/// A described provider's post about one text: what was read, beside its body as it came, JSON.
pub const POSTED: RawForm = RawForm::new("http_post");

/// Reads a kept text, as it was read when it came.
pub(super) fn read_post(raw: &[u8]) -> Option<ArrivedText> {
    let kept: Kept = serde_json::from_slice(raw).ok()?;
    Some(arrived(&kept))
}

fn arrived(kept: &Kept) -> ArrivedText {
    ArrivedText {
        reference: ProviderRef(kept.id.clone()),
        from: with_plus(&kept.from).into(),
        to: kept.to.as_str().into(),
        body: kept.text.as_str().into(),
        media: 0,
        part: None,
        sent_at: None,
        opt_out: None,
    }
}

impl Posts {
    /// Whether receipts carry our reference, so that one tells of a text whose answer was lost.
    pub(super) fn tell_our_reference(&self) -> bool {
        self.receipts.as_ref().is_some_and(|receipts| receipts.reference.is_some())
    }
}

impl Callback for Posts {
    fn events(&self, posted: &Posted<'_>) -> Result<Vec<Event>, NotBelieved> {
        let path = posted.path_and_query.split('?').next().unwrap_or_default();
        let what = path
            .strip_prefix(&format!("/webhooks/{}/", self.id))
            .ok_or(NotBelieved::Forged(Forgery::Wrong))?;
        if !matches!(what, "status" | "text") {
            return Err(NotBelieved::Forged(Forgery::Wrong));
        }
        self.proof.check(posted).map_err(NotBelieved::Forged)?;
        match (what, &self.receipts, &self.texts) {
            ("status", Some(receipts), _) => receipt(receipts, posted.body),
            ("text", _, Some(texts)) => {
                text(texts, posted.body).map(|kept| vec![Event::Text(Box::new(kept))])
            }
            _ => Err(NotBelieved::Unreadable("the channel's settings do not describe posts to this address")),
        }
    }

    fn form(&self) -> RawForm {
        POSTED
    }
}

/// The receipt; none of it if it is about somebody else's text.
fn receipt(receipts: &Receipts, body: &[u8]) -> Result<Vec<Event>, NotBelieved> {
    let document = Document::read(receipts.content_type, body).map_err(NotBelieved::Unreadable)?;
    let at = |place: &str| document.at(place).map_err(NotBelieved::Unreadable);
    let maybe = |place: &Option<String>| place.as_deref().map_or(Ok(None), at);
    let status = at(&receipts.status)?.filter(|status| is_name(status) && status.len() <= 40);
    let status = status.ok_or(NotBelieved::Unreadable("the status is not there"))?;
    let reference = maybe(&receipts.reference)?;
    let ours = reference.as_deref().and_then(|text| Uuid::try_parse(text).ok()).map(OurRef);
    let id = match &receipts.id {
        Some(place) => at(place)?.filter(|id| is_name(id)),
        None if reference.as_deref().is_some_and(|text| !text.is_empty()) && ours.is_none() => {
            return Ok(Vec::new());
        }
        None => ours.map(|ours| ours.to_string()),
    };
    let id = id.ok_or(NotBelieved::Unreadable("the text's name is not there"))?;
    let code = maybe(&receipts.code)?.filter(|code| is_name(code) && code.len() <= 40);
    Ok(vec![Event::Receipt(Receipt {
        reference: ProviderRef(id),
        ours,
        progress: progress(receipts, &status, code.as_deref()),
        status,
        code,
    })])
}

fn text(texts: &Texts, body: &[u8]) -> Result<KeptText, NotBelieved> {
    let document = Document::read(texts.content_type, body).map_err(NotBelieved::Unreadable)?;
    let at = |place: &str| document.at(place).map_err(NotBelieved::Unreadable);
    let id = match &texts.id {
        Some(place) => at(place)?.filter(|id| is_name(id)),
        None => Some(name_of(&document, &texts.same_by)?),
    };
    let from = at(&texts.from)?.filter(|from| !from.is_empty());
    let kept = Kept {
        id: id.ok_or(NotBelieved::Unreadable("the text's name is not there"))?,
        from: from.ok_or(NotBelieved::Unreadable("the sender is not there"))?,
        to: texts.to.as_deref().map_or(Ok(None), at)?.unwrap_or_default(),
        text: at(&texts.text)?.ok_or(NotBelieved::Unreadable("the words are not there"))?,
        post: STANDARD.encode(body),
    };
    // Writing plain strings cannot fail.
    let raw = serde_json::to_vec(&kept).unwrap_or_default();
    Ok(KeptText { text: arrived(&kept), form: POSTED, raw: Private::new(raw) })
}

/// A name for a text to which its provider gives none: a digest of the values that tell it from others. Each is led by
/// its length, so that no two lists of values are written alike.
fn name_of(document: &Document, places: &[String]) -> Result<String, NotBelieved> {
    let mut digest = digest::Context::new(&digest::SHA256);
    for place in places {
        let value = document.at(place).map_err(NotBelieved::Unreadable)?;
        let value = value.ok_or(NotBelieved::Unreadable("a value of same_by is not there"))?;
        digest.update(&u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(value.as_bytes());
    }
    let hex: String = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256 {hex}"))
}
