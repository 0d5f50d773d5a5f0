//! A case with its story. The lists are beside, in `inbox`, and what is done with a case in `case_deeds`.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    complaints::{LEADERS, of_case},
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    preview::ALLOWERS,
    questions::SORTERS,
    records::{Elsewhere, elsewhere},
    sent::{Fields, Sent},
};
use crate::{
    domain::{
        case_kind::CaseKind,
        ids::{CaseId, QuestionId},
        plain::Advice,
        staff::Role,
        statutory::Statutory,
        time::{Timestamp, day_in_full, moment_in_full, school_date},
        topic::{Topic, listed},
    },
    flows::{
        cases::Listed,
        desk::{self, Opened, Words},
    },
    store::{
        self, StoreError,
        answers::AnswerView,
        case_lists::{self, Taker},
        clocks::ClockRow,
        desk::EntryLine,
        readings::Suggested,
    },
};

/// Who meets what carers wrote: each what they may see.
pub(super) const READERS: &[Role] = &[Role::Teacher, Role::Office, Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    let readers = Who::Holders(READERS);
    vec![get("/cases/{case}", readers, case_page)]
}

/// What was said in a case, by either side.
enum Told {
    /// A message that arrived.
    Theirs { words: Box<Words>, at: String },
    /// An answer.
    Ours { answer: Box<AnswerView>, at: String, who: String, how_far: String, due: Option<String> },
}

/// What was done with a case, as its page tells it.
struct Deed {
    entry: EntryLine,
    at: String,
    who: String,
}

#[derive(Template)]
#[template(path = "case.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page")]
struct CasePage {
    frame: Frame,
    case: Listed,
    pupil: String,
    /// On whose list it stands, in words.
    role: &'static str,
    due: Option<String>,
    /// The day by which a full answer is promised, where that promise runs.
    promised: Option<String>,
    /// What was said, the oldest first.
    told: Vec<Told>,
    /// Whether files are looked through for viruses.
    scans: bool,
    /// What was typed into a form that could not be done.
    typed: Typed,
    /// How a reply that was typed could be plainer.
    advice: Vec<Advice>,
    /// The words of it, where its form is not on the page any more.
    lost: Vec<String>,
    /// The roles a case can be given to.
    roles: Vec<(&'static str, &'static str)>,
    /// The colleagues it can be given to by name: id, name, roles.
    takers: Vec<(String, String, String)>,
    /// What a person had to decide about its messages, with whether it is decided, for those who decide.
    questions: Vec<(QuestionId, bool)>,
    /// Whether whoever looks decides such things.
    sorts: bool,
    /// What was done with it, the oldest first.
    done: Vec<Deed>,
    /// The kinds of matter a case can be.
    kinds: Vec<CaseKind>,
    topics: &'static [Topic],
    /// Which topics never go by text, as a sentence names them.
    never_by_text: String,
    /// Whether this colleague may let a reply go by text that may not.
    may_allow: bool,
    /// Its kind, in words.
    kind: &'static str,
    /// What the law asks for, and by when.
    laws: Vec<(&'static str, String)>,
    /// What its words suggest it is, where nobody has said yes or no.
    suggested: Option<Suggested>,
    /// Where it went on, if it is a key item.
    elsewhere: Option<Elsewhere>,
    /// The complaints it was handed on to, whose papers this colleague may read: number, and how far each is.
    complaints: Vec<(String, String)>,
    /// Whether this colleague hands matters on to the Complaints Procedure.
    complains: bool,
}

/// What was typed into one of the page's forms and could not be done: it stands there again.
#[derive(Default)]
pub(super) struct Typed {
    /// The form, by the last word of its address; the two that give a case away are `give` and `team`.
    form: &'static str,
    fields: Fields,
}

/// The forms of the page, and of a complaint's.
const FORMS: [&str; 15] = [
    "reply",
    "answered",
    "fulfilled",
    "promise",
    "note",
    "give",
    "kind",
    "pass-up",
    "to-dsl",
    "close",
    "reopen",
    "complaint",
    "answer",
    "next",
    "owner",
];

impl Typed {
    /// What this form had in it.
    pub(super) fn of(sent: &Sent) -> Self {
        let form = FORMS.into_iter().find(|form| *form == sent.deed()).unwrap_or_default();
        let by_name = sent.fields.ticked("colleague");
        Self { form: if form == "give" && !by_name { "team" } else { form }, fields: sent.fields.clone() }
    }

    /// The element that holds this field of the form.
    pub(super) fn id_of(&self, field: &'static str) -> &'static str {
        match (self.form, field) {
            ("pass-up", "reason") => "up-reason",
            ("to-dsl", "reason") => "dsl-reason",
            ("reopen", "reason") => "reopen-reason",
            ("answered", "how") => "how-phone",
            ("team", "role") => "to-teacher",
            ("complaint", "owner") => "complaint-owner",
            ("complaint", "why") => "complaint-why",
            ("answer", "outcome") => "outcome-upheld",
            ("next", "owner") => "next-owner",
            ("next", "why") => "next-why",
            ("owner", "owner") => "give-owner",
            ("owner", "why") => "give-why",
            (_, field) => field,
        }
    }

    /// Which form it was.
    pub(super) const fn form(&self) -> &'static str {
        self.form
    }

    /// The words of it that nobody types again gladly.
    pub(super) fn words(&self) -> Vec<String> {
        self.fields.worth_keeping()
    }

    pub(super) fn is(&self, form: &str) -> bool {
        self.form == form
    }

    pub(super) fn raw(&self, form: &str, field: &str) -> &str {
        if self.is(form) { self.fields.raw(field) } else { "" }
    }

    fn ticked(&self, form: &str, field: &str) -> bool {
        self.is(form) && self.fields.ticked(field)
    }

    pub(super) fn chose(&self, form: &str, field: &str, value: &str) -> bool {
        self.is(form) && self.fields.text(field) == value
    }

    /// Whether the case as it stands has no such form.
    fn has_no_form(&self, case: &Listed) -> bool {
        let (open, restricted) = (case.state == "open", case.visibility == "restricted");
        match self.form {
            "" => false,
            "reopen" => open,
            "complaint" | "close" => !open || case.complaint.is_some(),
            "reply" | "team" | "kind" | "pass-up" | "to-dsl" => !open || restricted,
            _ => !open,
        }
    }
}

async fn case_page(
    State(web): State<Web>,
    signed: Signed,
    Path(code): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let opened = open(&web, &signed, &code).await?;
    let frame = case_frame(&web, &signed, &opened).after(after.done.as_deref());
    show_case(&web, &signed, StatusCode::OK, opened, frame, Typed::default()).await
}

/// The case, where there is one for this colleague.
pub(super) async fn open(web: &Web, signed: &Signed, code: &str) -> Result<Opened, Wrong> {
    // Any word a link may hold: it must look like a code before the database is asked.
    if code.len() > 40 || !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Wrong::Absent);
    }
    desk::case(&web.gateway, signed.staff(), code).await?.ok_or(Wrong::Absent)
}

pub(super) fn case_frame(web: &Web, signed: &Signed, opened: &Opened) -> Frame {
    // The browser keeps the title in its history and shows it to whoever stands behind: nobody's name of a restricted case.
    if opened.case.visibility == "restricted" {
        return Frame::of(web, signed, &format!("Case {}", opened.case.code), "/cases");
    }
    Frame::about(web, signed, &format!("Case {}: ", opened.case.code), &opened.case.carer, "/cases")
}

pub(super) async fn show_case(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    opened: Opened,
    frame: Frame,
    typed: Typed,
) -> Result<Response, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let names = store::desk::names(&mut tx).await?;
    let done = store::desk::entries_of_case(&mut tx, opened.case.id).await?;
    let suggested = store::readings::suggested(&mut tx, opened.case.id).await?;
    let sorts = signed.is(SORTERS);
    let questions =
        if sorts { store::desk::questions_of_case(&mut tx, opened.case.id).await? } else { Vec::new() };
    tx.commit().await.map_err(StoreError::from)?;
    let open = opened.case.state == "open";
    let takers = if open { takers(web, signed, opened.case.id).await? } else { Vec::new() };
    let complaints = of_case(web, signed, opened.case.id).await?;
    let template = CasePage {
        frame,
        scans: web.gateway.scanner.is_some(),
        pupil: opened.pupil.to_string(),
        role: Role::parse(&opened.case.role).map_or("", Role::in_words),
        due: opened.case.due.map(|due| moment_in_full(due, now)),
        promised: promised(&opened.case, now),
        laws: laws(&opened.case, now),
        kind: CaseKind::parse(&opened.case.kind).map_or("", CaseKind::in_words),
        suggested: suggested.filter(|_| open),
        told: story(opened.messages, opened.answers, &names, now),
        lost: if typed.has_no_form(&opened.case) { typed.words() } else { Vec::new() },
        advice: web.gateway.policy().advice(typed.raw("reply", "words")),
        typed,
        takers,
        questions,
        sorts,
        done: done
            .into_iter()
            .map(|entry| Deed {
                at: moment_in_full(entry.happened_at, now),
                who: who(&entry.actor, &names),
                entry,
            })
            .collect(),
        kinds: CaseKind::ALL.iter().filter(|kind| **kind != CaseKind::Safeguarding).copied().collect(),
        complaints,
        complains: signed.is(LEADERS),
        topics: Topic::ALL,
        never_by_text: listed(&web.gateway.policy().never_by_text),
        may_allow: signed.is(ALLOWERS),
        elsewhere: elsewhere(web, signed, opened.case.id.0).await?,
        roles: [Role::Teacher, Role::Office, Role::Slt].map(|role| (role.as_str(), role.in_words())).to_vec(),
        case: opened.case,
    };
    Ok(frame::page(status, &template))
}

/// What the law asks for in this case, and by when.
fn laws(case: &Listed, now: Timestamp) -> Vec<(&'static str, String)> {
    let running = case.clocks.iter().filter(|clock| clock.state == "running");
    running
        .filter_map(|clock| Some((Statutory::parse(&clock.kind)?.duty(), moment_in_full(clock.due_at?, now))))
        .collect()
}

/// The day of the promise that runs.
fn promised(case: &Listed, now: Timestamp) -> Option<String> {
    let running = |clock: &&ClockRow| clock.kind == "promise" && clock.state == "running";
    let due = case.clocks.iter().filter(running).filter_map(|clock| clock.due_at).max()?;
    Some(day_in_full(school_date(due), school_date(now)))
}

/// Both sides in the order of time.
fn story(
    messages: Vec<Words>,
    answers: Vec<AnswerView>,
    names: &HashMap<String, String>,
    now: Timestamp,
) -> Vec<Told> {
    let theirs = messages.into_iter().map(|words| {
        let at = words.message.received_at;
        (at, Told::Theirs { at: moment_in_full(at, now), words: Box::new(words) })
    });
    let ours = answers.into_iter().map(|answer| {
        let (at, by_itself) = (answer.written_at, answer.purpose == "acknowledgement");
        let told = Told::Ours {
            at: moment_in_full(at, now),
            who: if by_itself { "Liaison, by itself".to_owned() } else { who(&answer.author, names) },
            how_far: how_far(&answer),
            due: answer.due_day.map(|day| day_in_full(day, school_date(now))),
            answer: Box::new(answer),
        };
        (at, told)
    });
    let mut told: Vec<(Timestamp, Told)> = theirs.chain(ours).collect();
    // By time; what came and what answered it at the same moment stay in that order.
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, told)| told).collect()
}

/// The colleagues who could see a case, and to whom it can be given by name.
pub(super) async fn takers(
    web: &Web,
    signed: &Signed,
    case: CaseId,
) -> Result<Vec<(String, String, String)>, Wrong> {
    let takers = case_lists::takers(&mut *web.gateway.store.acquire().await?, case).await?;
    let taker = |taker: Taker| {
        let roles: Vec<_> = taker
            .roles
            .iter()
            .filter_map(|role| Role::parse(role).ok())
            .filter(|role| *role != Role::Teacher || taker.of_class)
            .map(Role::in_words)
            .collect();
        let own = if taker.id == signed.staff().0 { ", that is you" } else { "" };
        (taker.id.to_string(), taker.name, format!("{}{own}", roles.join(", ")))
    };
    Ok(takers.into_iter().map(taker).collect())
}

/// How far an answer has come, in words.
fn how_far(answer: &AnswerView) -> String {
    let route = answer.route.as_deref().unwrap_or("no route");
    let why = answer.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    match answer.state.as_deref() {
        Some("queued") => format!("waits to be sent by {route}{why}"),
        Some("submitting") => format!("is being sent by {route}"),
        Some("submitted") => format!("sent by {route}"),
        Some("delivered") => format!("arrived by {route}"),
        Some("unknown") => format!("it is not known whether it went by {route}"),
        Some(state) => format!("{state}{why}"),
        None => "for a colleague to say or post".to_owned(),
    }
}

/// A flow's sentence without the commands that only an operator has.
pub(super) fn in_page_words(sentence: &str) -> String {
    let plain = without_commands(
        &sentence.replace("(`liaison questions list`)", "under \u{201c}Who is this?\u{201d}"),
    );
    let mut letters = plain.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect::<String>() + ".")
        .unwrap_or_default()
}

/// Leaves out the parts of a sentence that name a command.
fn without_commands(sentence: &str) -> String {
    let parts = sentence.split("; ").filter(|part| !part.contains("`liaison "));
    parts.collect::<Vec<_>>().join("; ")
}

pub(super) fn restricted(signed: &Signed) -> bool {
    signed.is(&[Role::Dsl])
}
