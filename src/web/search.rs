//! One box that finds pupils, carers, cases and words, among what the colleague may see. What is looked for stands in no
//! address and no log, and is kept nowhere.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Served, Web, Who, frame,
    frame::{Frame, Wrong},
    get,
    guard::Signed,
    people::READERS,
    post,
    sent::Sent,
};
use crate::{
    domain::{
        chronology::Visibility,
        contact::ContactKind,
        excerpt::{Excerpt, excerpt},
        time::{Timestamp, day_in_full, school_date},
    },
    flows::search::{self, Found, Part},
    store::search::{FoundCarer, FoundCase, FoundPupil},
};

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![get("/search", readers, search_page), post("/search", readers, search_form)]
}

/// A case that was found.
#[expect(clippy::struct_field_names, reason = "a row and what a page says of it")]
struct Case {
    case: FoundCase,
    when: String,
    restricted: bool,
}

/// Words that were found.
struct Words {
    /// Where they lead.
    path: String,
    /// Whose they are.
    name: String,
    /// What they stand in, and when.
    what: String,
    excerpt: Excerpt,
    tag: Option<&'static str>,
}

/// What was found, as the page tells it.
struct Results {
    pupils: Part<FoundPupil>,
    carers: Part<FoundCarer>,
    cases: Part<Case>,
    /// Each kind of words with its heading.
    words: Vec<(&'static str, &'static str, Part<Words>)>,
}

impl Results {
    fn is_empty(&self) -> bool {
        self.pupils.found.is_empty()
            && self.carers.found.is_empty()
            && self.cases.found.is_empty()
            && self.words.iter().all(|(_, _, part)| part.found.is_empty())
    }
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    typed: String,
    results: Option<Results>,
}

async fn search_page(State(web): State<Web>, signed: Signed) -> Response {
    let frame = Frame::of(&web, &signed, "Search", "/search");
    frame::page(StatusCode::OK, &SearchPage { frame, typed: String::new(), results: None })
}

async fn search_form(State(web): State<Web>, signed: Signed, sent: Sent) -> Result<Response, Wrong> {
    let frame = Frame::of(&web, &signed, "Search", "/search");
    let Some(typed) = search::readable(sent.fields.text("words")) else {
        let said = "Type at least two letters of a name, or a reference, a number, an address or words.";
        let typed = sent.fields.text("words").to_owned();
        let template = SearchPage { frame: frame.refused(Some(said.to_owned())), typed, results: None };
        return Ok(frame::page(StatusCode::UNPROCESSABLE_ENTITY, &template));
    };
    let found = search::search(&web.gateway, signed.staff(), &typed).await?;
    let results = Some(results(found, &typed, web.gateway.now()));
    Ok(frame::page(StatusCode::OK, &SearchPage { frame, typed, results }))
}

fn results(found: Found, typed: &str, now: Timestamp) -> Results {
    let today = school_date(now);
    let day = |at: Timestamp| day_in_full(school_date(at), today);
    let updates = found.updates.map(|update| Words {
        path: format!("/families/{}", update.pupil),
        name: update.pupil_name,
        what: format!("Week of {}", day_in_full(update.week, today)),
        excerpt: excerpt(&update.words, typed),
        tag: None,
    });
    let messages = found.messages.map(|message| Words {
        path: format!("/cases/{}", message.code),
        name: message.carer,
        what: format!("Case {}, {}", message.code, day(message.at)),
        excerpt: excerpt(&message.words, typed),
        tag: (message.visibility == Visibility::Restricted).then_some("Restricted"),
    });
    let replies = found.replies.map(|reply| Words {
        path: format!("/cases/{}", reply.code),
        name: reply.carer,
        what: format!("Case {}, {}", reply.code, day(reply.at)),
        excerpt: excerpt(&reply.words, typed),
        tag: (reply.visibility == Visibility::Restricted).then_some("Restricted"),
    });
    let complaints = found.complaints.map(|complaint| Words {
        path: format!("/complaints/{}", complaint.number),
        name: complaint.carer,
        what: format!(
            "Stage {} ({}), with {}",
            complaint.stage.number(),
            complaint.stage.in_words(),
            complaint.owner_name
        ),
        excerpt: excerpt(&complaint.number.to_string(), typed),
        tag: (complaint.visibility == Visibility::Restricted).then_some("Restricted"),
    });
    let contacts = found.contacts.map(|contact| Words {
        path: format!("/families/{}", contact.pupil),
        name: contact.pupil_name,
        what: format!(
            "{}, {}",
            ContactKind::parse(&contact.kind).map_or("contact", ContactKind::in_words),
            day(contact.at)
        ),
        excerpt: excerpt(&contact.words, typed),
        tag: contact.sensitive.then_some("Sensitive"),
    });
    Results {
        pupils: found.pupils,
        carers: found.carers,
        cases: found.cases.map(|case| Case {
            when: day(case.last_at),
            restricted: case.visibility == Visibility::Restricted,
            case,
        }),
        words: vec![
            ("complaints", "Complaints", complaints),
            ("updates", "Updates", updates),
            ("messages", "Messages from carers", messages),
            ("replies", "Replies", replies),
            ("contacts", "Contacts", contacts),
        ],
    }
}
