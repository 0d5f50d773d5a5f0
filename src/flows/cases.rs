//! What colleagues do with cases: list, read, reply, hand on, close.

use liaison_channels::{
    inbound::{RawForm, read_text},
    private::Private,
    reading::{Hints, read},
};
use serde::Serialize;

use super::{
    FlowError,
    gateway::Gateway,
    planning::{Planned, Telling},
    salt,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        delivery::Carried,
        ids::{AnswerId, CaseId, ClockId, ReceivedId},
        people::{Purpose, Route},
        route::{About, AnswerFacts, MessageFacts, Plan},
        time::{Date, Timestamp, day_in_words, school_date, school_zone},
    },
    store::{
        StoreError, Tx, answers,
        answers::{AnswerView, NewAnswer},
        cases,
        cases::{CaseRow, WhichCases},
        chronology,
        clocks::{self, ClockRow, NewClock, WhichClocks},
        facts, inbox,
        readings::{self, ReceivedView, WhichReceived},
    },
};

/// The roles a case can be given to.
pub const ROLES: [&str; 4] = ["teacher", "office", "slt", "dsl"];

/// A case on somebody's list.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its code.
    pub code: String,
    /// Its id.
    pub id: CaseId,
    /// The carer's name.
    pub carer: String,
    /// The pupil's name; `None`: being asked.
    pub pupil: Option<String>,
    /// The class.
    pub class: Option<String>,
    /// `query` or `thanks`.
    pub kind: String,
    /// `email` or `text`.
    pub came_by: &'static str,
    /// Its subject.
    pub subject: String,
    /// Whose list it is on.
    pub role: String,
    /// The colleague it was given to by name.
    pub owner: Option<String>,
    /// `open` or `closed`.
    pub state: &'static str,
    /// `ordinary` or `restricted`.
    pub visibility: &'static str,
    /// When its first message came.
    pub opened_at: Timestamp,
    /// When its last message came.
    pub last_at: Timestamp,
    /// What came of it.
    pub outcome: Option<String>,
    /// The moment by which a person must answer: of the clock that runs out first.
    pub due: Option<Timestamp>,
    /// Whether that has passed.
    pub overdue: bool,
    /// Whether a date is owed that the calendar cannot give.
    pub calendar_missing: bool,
    /// Its clocks.
    pub clocks: Vec<ClockRow>,
}

/// Cases, the one that has waited longest first. Restricted ones only for those who may see them.
pub async fn list(gateway: &Gateway, closed: bool, restricted: bool) -> Result<Vec<Listed>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let which = WhichCases { named: None, closed, restricted };
    let rows = cases::list(&mut tx, &which).await?;
    let listed = with_clocks(&mut tx, rows, gateway.now()).await?;
    tell_read(&mut tx, gateway, &listed, "the list of cases was read, restricted ones included").await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(listed)
}

async fn with_clocks(tx: &mut Tx, rows: Vec<CaseRow>, now: Timestamp) -> Result<Vec<Listed>, FlowError> {
    let ids: Vec<CaseId> = rows.iter().map(|row| row.id).collect();
    let clocks = clocks::list(tx, WhichClocks::Of(&ids)).await?;
    let listed = rows.into_iter().map(|row| {
        let own: Vec<ClockRow> = clocks.iter().filter(|clock| clock.case == row.id).cloned().collect();
        listed(row, own, now)
    });
    Ok(listed.collect())
}

fn listed(row: CaseRow, clocks: Vec<ClockRow>, now: Timestamp) -> Listed {
    let due = clocks.iter().filter(|clock| clock.state == "running").filter_map(|clock| clock.due_at).min();
    Listed {
        code: row.code,
        id: row.id,
        carer: row.carer_name,
        pupil: row.pupil_name,
        class: row.class_name,
        kind: row.kind,
        came_by: row.came_by.as_str(),
        subject: row.subject,
        role: row.role,
        owner: row.owner,
        state: if row.open { "open" } else { "closed" },
        visibility: row.visibility.as_str(),
        opened_at: row.opened_at,
        last_at: row.last_at,
        outcome: row.outcome,
        due,
        overdue: due.is_some_and(|due| due < now),
        calendar_missing: clocks.iter().any(|clock| clock.state == "calendar_missing"),
        clocks,
    }
}

/// Reading what is restricted is an event like any other (R55).
async fn tell_read(tx: &mut Tx, gateway: &Gateway, read: &[Listed], said: &str) -> Result<(), FlowError> {
    let entries: Vec<Entry> = read
        .iter()
        .filter(|case| case.visibility == "restricted")
        .map(|case| {
            Entry::now(gateway.now(), kind::READ_RESTRICTED, said)
                .by("operator")
                .case(case.id)
                .seen_by(Visibility::Restricted)
        })
        .collect();
    Ok(chronology::append(tx, &entries).await?)
}

/// A message of a case, with the words as the person wrote them.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// What is known of it.
    #[serde(flatten)]
    pub view: ReceivedView,
    /// What the person wrote now, quotes and signatures apart.
    pub words: String,
    /// Whether something was left out as a quote or a signature; the bytes as they came have it.
    pub shortened: bool,
}

/// A case with its whole story.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The case.
    #[serde(flatten)]
    pub case: Listed,
    /// What arrived.
    pub messages: Vec<Message>,
    /// What was said.
    pub answers: Vec<AnswerView>,
}

/// One case by its code or id. A restricted one, for those who may not see it, does not exist.
pub async fn show(gateway: &Gateway, name: &str, restricted: bool) -> Result<Shown, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let row = find(&mut tx, name, restricted).await?;
    let id = row.id;
    let case = with_clocks(&mut tx, vec![row], gateway.now()).await?.pop().ok_or_else(|| no_case(name))?;
    tell_read(&mut tx, gateway, std::slice::from_ref(&case), "the case was read").await?;
    let mut messages = Vec::new();
    for view in readings::list(&mut tx, WhichReceived { case: Some(id), restricted, id: None }).await? {
        let read = read_again(&mut tx, gateway, ReceivedId(view.id)).await?;
        let (words, shortened) = read.map(|read| (read.words, read.shortened)).unwrap_or_default();
        messages.push(Message { view, words, shortened });
    }
    let answers = answers::of_case(&mut tx, id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Shown { case, messages, answers })
}

async fn find(tx: &mut Tx, name: &str, restricted: bool) -> Result<CaseRow, FlowError> {
    let which = WhichCases { named: Some(name.trim()), closed: true, restricted };
    cases::list(tx, &which).await?.pop().ok_or_else(|| no_case(name))
}

fn no_case(name: &str) -> FlowError {
    FlowError::Refused(format!("there is no case {name}; `liaison cases list` shows them"))
}

/// What the person wrote, read again from the kept bytes.
pub(super) async fn words_of(
    tx: &mut Tx,
    gateway: &Gateway,
    received: ReceivedId,
) -> Result<String, FlowError> {
    Ok(read_again(tx, gateway, received).await?.map(|read| read.words).unwrap_or_default())
}

/// A kept message, read again.
struct ReadAgain {
    words: String,
    shortened: bool,
    message_id: Option<String>,
    references: Vec<String>,
}

async fn read_again(
    tx: &mut Tx,
    gateway: &Gateway,
    received: ReceivedId,
) -> Result<Option<ReadAgain>, FlowError> {
    let Some(kept) = inbox::find(tx, received).await? else { return Ok(None) };
    if kept.form != RawForm::Mail {
        let words = read_text(kept.form, kept.raw.expose()).map(|text| text.body.into_inner());
        return Ok(Some(ReadAgain {
            words: words.unwrap_or_default(),
            shortened: false,
            message_id: None,
            references: Vec::new(),
        }));
    }
    let hints = Hints { own: gateway.own.clone(), envelope_from: None };
    let read = tokio::task::spawn_blocking(move || read(kept.raw.expose(), &hints)).await;
    Ok(read.ok().map(|reading| ReadAgain {
        shortened: reading.reply_text.expose().trim() != reading.text.expose().trim()
            && !reading.reply_text.expose().trim().is_empty(),
        words: if reading.reply_text.expose().trim().is_empty() {
            reading.text.into_inner()
        } else {
            reading.reply_text.into_inner()
        },
        message_id: reading.message_id,
        references: reading.references,
    }))
}

/// A colleague's reply.
#[derive(Debug, Clone)]
pub struct Reply<'a> {
    /// The words.
    pub words: &'a str,
    /// The day by which a full answer follows; a clock of its own (R41).
    pub promise: Option<Date>,
    /// Not for a text.
    pub sensitive: bool,
    /// Who writes it.
    pub by: &'a str,
}

/// What became of a reply.
#[derive(Debug, Clone, Serialize)]
pub struct Replied {
    /// The case's code.
    pub case: String,
    /// The route it takes: `email`, `text`, `call`, `letter`, or `none`.
    pub route: &'static str,
    /// How many clocks it stopped.
    pub clocks_stopped: u64,
    /// What happens now, in words.
    pub said: String,
}

/// Replies in a case: by the route the carer wrote by where that can carry it, else by the next, through the gate. It
/// stops the clocks of the case; a reply by phone or letter stops them when it has been said or posted.
pub async fn reply(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    reply: &Reply<'_>,
) -> Result<Replied, FlowError> {
    if reply.words.trim().is_empty() {
        return Err(FlowError::Refused("a reply needs words".to_owned()));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if case.visibility == Visibility::Restricted {
        return Err(FlowError::Refused(
            "this carer is restricted: nothing is sent from here; the DSL decides what they are told, and how"
                .to_owned(),
        ));
    }
    if case.pupil.is_none() {
        return Err(FlowError::Refused(
            "say first which child it is about (`liaison questions list`): what may be told depends on it"
                .to_owned(),
        ));
    }
    let due = reply.promise.map(|day| promised(gateway, day, now)).transpose()?;
    let last = readings::list(&mut tx, WhichReceived { case: Some(case.id), restricted, id: None }).await?;
    let last = last.last().map(|view| ReceivedId(view.id)).ok_or_else(|| no_case(name))?;
    let answered = read_again(&mut tx, gateway, last).await?;
    let (message_id, references) =
        answered.map(|read| (read.message_id, read.references)).unwrap_or_default();
    let mut thread = references;
    thread.extend(message_id.clone());
    let answer = NewAnswer {
        id: AnswerId::new(),
        case: case.id,
        received: last,
        purpose: Purpose::Reply,
        words: Some(reply.words.trim().to_owned()),
        sensitive: reply.sensitive,
        due_day: reply.promise,
        holiday: false,
        came_by: case.came_by,
        address: None,
        to_domain: None,
        in_reply_to: message_id,
        thread,
        author: reply.by.to_owned(),
    };
    let plan = send(&mut tx, gateway, &case, &answer, now).await?;
    let (route, said) = match &plan {
        Plan::Send(route) => (*route, format!("it is queued by {route}")),
        Plan::Task(route) => {
            (*route, format!("a colleague does it: see `liaison tasks list` for the {route}"))
        }
        Plan::LeftOut(_, why) => return Err(FlowError::Refused(format!("nothing was sent: {why}"))),
        Plan::NoWay => {
            return Err(FlowError::Refused(
                "nothing was sent: no way to reach this carer works at present; mend an address first"
                    .to_owned(),
            ));
        }
    };
    let said_now = matches!(plan, Plan::Send(_));
    let clocks_stopped = if said_now {
        let kind = reply.promise.map(|_| "answer");
        clocks::stop(&mut tx, case.id, kind, Some(answer.id), reply.by, now).await?
    } else {
        0
    };
    if let Some(due) = due {
        promise(&mut tx, gateway, &case, last, due, reply.by, now).await?;
    }
    let entry = Entry::now(now, kind::REPLIED, format!("a reply in case {}: {said}", case.code))
        .by(reply.by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .words(salt(), Private::new(reply.words.trim().to_owned()));
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Replied { case: case.code, route: route.as_str(), clocks_stopped, said })
}

/// Plans and queues an answer for its carer.
async fn send(
    tx: &mut Tx,
    gateway: &Gateway,
    case: &CaseRow,
    answer: &NewAnswer,
    now: Timestamp,
) -> Result<Plan, FlowError> {
    let link = facts::of_link(tx, case.carer, case.link_pupil, Purpose::WeeklyUpdate).await?;
    let Some(link) = link else {
        return Err(FlowError::Refused(
            "nothing was sent: this carer is no longer linked to the pupil".to_owned(),
        ));
    };
    let message = MessageFacts {
        purpose: answer.purpose,
        words: Private::new(answer.words.clone().unwrap_or_default()),
        sensitive: answer.sensitive,
        about: About::Case(AnswerFacts {
            code: case.code.clone(),
            came_by: answer.came_by,
            only_to: answer.address,
            due_day: answer.due_day,
            holiday: answer.holiday,
            written: school_date(now),
            in_reply_to: answer.in_reply_to.clone(),
            thread: answer.thread.clone(),
        }),
    };
    let mut planned = Planned::default();
    let plan = planned.add(
        gateway,
        &Telling {
            carried: Carried::Answer(answer.id),
            case: Some(case.id),
            message: &message,
            link: &link,
            tried: &[],
            follows: None,
            actor: &answer.author,
            now,
        },
    );
    if matches!(plan, Plan::Send(_) | Plan::Task(_)) {
        answers::insert(tx, std::slice::from_ref(answer), now).await?;
        planned.write(tx, &answer.author, now).await?;
    }
    Ok(plan)
}

/// The last moment of a promised day; it must lie ahead, and be a day on which somebody is at school.
fn promised(gateway: &Gateway, day: Date, now: Timestamp) -> Result<(Timestamp, Date), FlowError> {
    let refuse = |why: &str| FlowError::Refused(format!("{} cannot be promised: {why}", day_in_words(day)));
    let rule = &gateway.policy.clock;
    match gateway.policy.calendar.as_ref().map(|calendar| rule.counts(calendar, day)) {
        Some(Some(false)) => return Err(refuse("nobody is at school that day")),
        Some(None) => return Err(refuse("the calendar does not reach so far")),
        Some(Some(true)) | None => {}
    }
    let at = day.to_datetime(rule.day_end).to_zoned_datetime(school_zone());
    let at = at.map_err(|_| refuse("it is not a day of the calendar"))?.timestamp();
    if at <= now { Err(refuse("it has passed")) } else { Ok((at, day)) }
}

/// Starts the clock of a promise; one that ran before gives way to it.
async fn promise(
    tx: &mut Tx,
    gateway: &Gateway,
    case: &CaseRow,
    received: ReceivedId,
    due: (Timestamp, Date),
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    clocks::stop(tx, case.id, Some("promise"), None, by, now).await?;
    let clock = NewClock {
        id: ClockId::new(),
        case: case.id,
        received,
        kind: "promise",
        started_at: now,
        due: Some(due),
        days: 0,
        words: format!("promised by {by} for {}", day_in_words(due.1)),
        calendar: gateway.policy.calendar_version(),
    };
    clocks::insert(tx, &[clock]).await?;
    let entry =
        Entry::now(now, kind::CLOCK, format!("a full answer is promised for {}", day_in_words(due.1)))
            .by(by)
            .about_carer(case.carer, case.pupil)
            .case(case.id);
    Ok(chronology::append(tx, &[entry]).await?)
}

/// Gives a case to a role, and to a colleague by name. Its clocks run on.
pub async fn assign(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    role: &str,
    owner: Option<&str>,
    by: &str,
) -> Result<(), FlowError> {
    let role = role.trim().to_ascii_lowercase();
    let role = role.as_str();
    if !ROLES.contains(&role) {
        return Err(FlowError::Refused(format!("a case can be given to one of: {}", ROLES.join(", "))));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if case.visibility == Visibility::Restricted && role != "dsl" {
        return Err(FlowError::Refused("a restricted case stays with the DSL".to_owned()));
    }
    if !case.open {
        return Err(FlowError::Refused(format!(
            "case {} is closed; a further message of the carer opens it again",
            case.code
        )));
    }
    let owner = owner.map(str::trim).filter(|owner| !owner.is_empty());
    cases::assign(&mut tx, case.id, role, owner).await?;
    let entry = Entry::now(now, kind::CASE_MOVED, format!("case {} given to {role}", case.code))
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility);
    // A colleague's name stands beside the entry, where it can be erased.
    let entry = match owner {
        Some(owner) => entry.words(salt(), owner.into()),
        None => entry,
    };
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Closes a case with what came of it; clocks that still run end with it, and the record says that nobody answered.
pub async fn close(
    gateway: &Gateway,
    name: &str,
    restricted: bool,
    outcome: &str,
    by: &str,
) -> Result<(), FlowError> {
    if outcome.trim().is_empty() {
        return Err(FlowError::Refused("say what came of it: the record needs an outcome".to_owned()));
    }
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let case = find(&mut tx, name, restricted).await?;
    if !cases::close(&mut tx, case.id, by, outcome.trim(), now).await? {
        return Err(FlowError::Refused(format!("case {} is closed already", case.code)));
    }
    let ended = clocks::stop(&mut tx, case.id, None, None, by, now).await?;
    let unanswered = if ended > 0 {
        format!("; {ended} clock(s) ended without an answer from here")
    } else {
        String::new()
    };
    let entry = Entry::now(now, kind::CASE_MOVED, format!("case {} closed{unanswered}", case.code))
        .by(by)
        .about_carer(case.carer, case.pupil)
        .case(case.id)
        .seen_by(case.visibility)
        .words(salt(), outcome.trim().into());
    chronology::append(&mut tx, &[entry]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// The route a stored word means, for messages that arrived.
pub(super) const fn came_by(form: RawForm) -> Route {
    match form {
        RawForm::Mail => Route::Email,
        RawForm::TwilioPost | RawForm::TwilioListed => Route::Text,
    }
}
