//! The words around what colleagues write: part by part, in every language, with who has checked those in other languages than
//! English. Words are seen on examples before they are kept.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    admin_wording::EDITORS,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Refusal, Sent, once},
};
use crate::{
    domain::{
        time::moment_in_full,
        wording::{Field, LONGEST_WORDS, Language, Origin, Part, Reads, Template as Words, shipped},
    },
    flows::{FlowError, current, wording},
    store::{
        StoreError, desk,
        templates::{self, Review, Set},
    },
};

pub(super) fn served() -> Vec<Served> {
    let editors = Who::Holders(EDITORS);
    vec![
        get("/admin/wording/{language}", editors, language_page),
        post("/admin/wording/{language}/checked", editors, checked),
        get("/admin/wording/{language}/{part}", editors, part_page),
        post("/admin/wording/{language}/{part}", editors, keep),
        post("/admin/wording/{language}/{part}/shipped", editors, back_to_shipped),
    ]
}

/// A language as the page Wording lists it.
pub(super) struct Listed {
    pub(super) language: Language,
    pub(super) name: String,
    pub(super) stands: String,
}

/// Every language, with how far its words are checked.
pub(super) fn languages(web: &Web) -> Vec<Listed> {
    let policy = web.gateway.policy();
    let listed = |language: Language| {
        let of = || policy.templates.of(language);
        let own = of().filter(|words| words.origin != Origin::Shipped).count();
        let drafts = of().filter(|words| !words.reviewed).count();
        let mut stands = match (language, drafts, of().count()) {
            (Language::English, ..) => "in use".to_owned(),
            (_, 0, _) => "checked, in use".to_owned(),
            (_, drafts, all) if drafts == all => "a draft: not used until somebody has checked it".to_owned(),
            (_, drafts, all) => format!("{drafts} of {all} are drafts, and not used"),
        };
        if own > 0 {
            stands += &format!("; {own} of the school's own");
        }
        Listed { language, name: language.in_words(), stands }
    };
    Language::ALL.iter().copied().map(listed).collect()
}

/// A part as the page shows it.
struct Shown {
    part: Part,
    name: &'static str,
    version: String,
    draft: bool,
    /// Whose words they are, and who has checked them.
    stands: String,
    reads: Vec<Reads>,
}

#[derive(Template)]
#[template(path = "admin_words.html")]
struct LanguagePage {
    frame: Frame,
    language: Language,
    name: String,
    english: bool,
    parts: Vec<Shown>,
    drafts: usize,
    checked_by: String,
}

/// What is known of who set and who checked words.
struct Known {
    sets: Vec<Set>,
    reviews: Vec<Review>,
    names: HashMap<String, String>,
}

async fn known(web: &Web, signed: &Signed) -> Result<Known, Wrong> {
    current::refresh(&web.gateway).await?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let sets = templates::newest(&mut tx).await?;
    let reviews = templates::reviews(&mut tx).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Known { sets, reviews, names })
}

impl Known {
    fn stands(&self, web: &Web, words: &Words) -> String {
        let now = web.gateway.now();
        let set = self.sets.iter().find(|set| (set.part, set.language) == (words.part, words.language));
        let whose = match (words.origin, set) {
            (Origin::Own(_), Some(set)) => {
                format!(
                    "The school's own words, set by {}, {}",
                    who(&set.by, &self.names),
                    moment_in_full(set.at, now)
                )
            }
            _ => "As shipped".to_owned(),
        };
        if words.language == Language::English {
            return whose;
        }
        let review = self.reviews.iter().rev().find(|review| {
            (review.part, review.language, review.version.as_str())
                == (words.part, words.language, words.version.as_str())
        });
        match review {
            Some(review) => format!(
                "{whose}. Checked by {}, {} (recorded by {})",
                review.by,
                moment_in_full(review.at, now),
                who(&review.recorded_by, &self.names)
            ),
            None => format!("{whose}. Nobody has checked it yet: it is not used"),
        }
    }
}

fn language_of(named: &str) -> Result<Language, Wrong> {
    Language::parse(named).map_err(|_| Wrong::Absent)
}

fn part_of(language: &str, part: &str) -> Result<(Part, Language), Wrong> {
    let language = language_of(language)?;
    let part = Part::parse(part).ok().filter(|part| part.is_in(language)).ok_or(Wrong::Absent)?;
    Ok((part, language))
}

async fn language_page(
    State(web): State<Web>,
    signed: Signed,
    Path(language): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let language = language_of(&language)?;
    show_language(&web, &signed, (StatusCode::OK, language), "", after.done.as_deref(), None).await
}

async fn show_language(
    web: &Web,
    signed: &Signed,
    (status, language): (StatusCode, Language),
    checked_by: &str,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let known = known(web, signed).await?;
    let (policy, now) = (web.gateway.policy(), web.gateway.now());
    let english = language == Language::English;
    let parts: Vec<_> = policy
        .templates
        .of(language)
        .map(|words| {
            let mut reads =
                wording::tried(&policy, words.part, language, &words.words, now).unwrap_or_default();
            if english {
                // The rest stands where they are edited; what is checked is checked whole.
                reads.retain(Reads::is_usual);
            }
            Shown {
                part: words.part,
                name: words.part.in_words(),
                version: words.version.clone(),
                draft: !words.reviewed,
                stands: known.stands(web, words),
                reads,
            }
        })
        .collect();
    let title = format!("Words in {}", language.in_words());
    let template = LanguagePage {
        frame: Frame::of(web, signed, &title, "/admin").after(done).refusal(fault, |field| field),
        language,
        name: language.in_words(),
        english,
        drafts: parts.iter().filter(|part| part.draft).count(),
        parts,
        checked_by: checked_by.to_owned(),
    };
    Ok(frame::page(status, &template))
}

async fn checked(
    State(web): State<Web>,
    signed: Signed,
    Path(language): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let language = language_of(&language)?;
    let checked_by = sent.fields.text("checked_by");
    let shown: Vec<(Part, String)> = sent
        .fields
        .all("shown")
        .into_iter()
        .filter_map(|shown| {
            let (part, version) = shown.split_once(' ')?;
            Some((Part::parse(part).ok()?, version.to_owned()))
        })
        .collect();
    let work = async {
        if !sent.fields.ticked("reads") {
            return Err(FlowError::at(
                "reads",
                "confirm that they read the language and have checked all of it",
            ));
        }
        wording::mark_checked(&web.gateway, language, &shown, checked_by, &signed.by()).await?;
        Ok(format!("/admin/wording/{language}?done=words-checked"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let at = (StatusCode::UNPROCESSABLE_ENTITY, language);
            show_language(&web, &signed, at, checked_by, None, Some(&sentence)).await
        }
    }
}

#[derive(Template)]
#[template(path = "admin_words_part.html")]
struct PartPage {
    frame: Frame,
    part: Part,
    language: Language,
    english: bool,
    fields: &'static [Field],
    must_say: &'static [Field],
    stands: String,
    words: String,
    base: String,
    longest: usize,
    own: bool,
    shipped: &'static str,
    reads: Vec<Reads>,
    /// What is shown is not kept yet.
    looked: bool,
}

async fn part_page(
    State(web): State<Web>,
    signed: Signed,
    Path((language, part)): Path<(String, String)>,
    after: After,
) -> Result<Response, Wrong> {
    let which = part_of(&language, &part)?;
    show_part(&web, &signed, (StatusCode::OK, which), None, after.done.as_deref(), None).await
}

async fn show_part(
    web: &Web,
    signed: &Signed,
    (status, (part, language)): (StatusCode, (Part, Language)),
    typed: Option<&str>,
    done: Option<&str>,
    fault: Option<&Refusal>,
) -> Result<Response, Wrong> {
    let known = known(web, signed).await?;
    let policy = web.gateway.policy();
    let present = policy.templates.get(part, language).ok_or(Wrong::Absent)?;
    let shipped = shipped(part, language).ok_or(Wrong::Absent)?;
    let words = typed.unwrap_or(&present.words);
    let (reads, unreadable) = match wording::tried(&policy, part, language, words, web.gateway.now()) {
        Ok(reads) => (reads, None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    let title = format!("Words in {}", language.in_words());
    let mut frame = Frame::of(web, signed, &title, "/admin").after(done).refusal(fault, |field| field);
    let looked = typed.is_some() && fault.is_none();
    let mut status = status;
    if let (true, Some(fault)) = (looked, unreadable) {
        frame = frame.refused(Some(in_page_words(&fault))).at(Some("words"));
        status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    let template = PartPage {
        frame,
        part,
        language,
        english: language == Language::English,
        fields: part.fields(),
        must_say: part.must_say(),
        stands: known.stands(web, present),
        words: words.to_owned(),
        base: present.version.clone(),
        longest: LONGEST_WORDS,
        own: present.origin != Origin::Shipped,
        shipped,
        reads,
        looked,
    };
    Ok(frame::page(status, &template))
}

async fn keep(
    State(web): State<Web>,
    signed: Signed,
    Path((language, part)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (part, language) = part_of(&language, &part)?;
    let (words, base) = (sent.fields.text("words"), sent.fields.text("base"));
    if sent.fields.ticked("preview") {
        // Looking changes nothing.
        return show_part(&web, &signed, (StatusCode::OK, (part, language)), Some(words), None, None).await;
    }
    let work = async {
        wording::set_part(&web.gateway, (part, language), Some(words), base, &signed.by()).await?;
        Ok(kept(part, language))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let at = (StatusCode::UNPROCESSABLE_ENTITY, (part, language));
            show_part(&web, &signed, at, Some(words), None, Some(&sentence)).await
        }
    }
}

/// Where a change leads: words in another language than English are a draft again.
fn kept(part: Part, language: Language) -> String {
    let done = if language == Language::English { "worded" } else { "worded-draft" };
    format!("/admin/wording/{language}/{part}?done={done}")
}

async fn back_to_shipped(
    State(web): State<Web>,
    signed: Signed,
    Path((language, part)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (part, language) = part_of(&language, &part)?;
    let base = sent.fields.text("base");
    let work = async {
        wording::set_part(&web.gateway, (part, language), None, base, &signed.by()).await?;
        Ok(format!("/admin/wording/{language}/{part}?done=shipped-words"))
    };
    match once(&web, &signed, &sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let at = (StatusCode::UNPROCESSABLE_ENTITY, (part, language));
            show_part(&web, &signed, at, None, None, Some(&sentence)).await
        }
    }
}
