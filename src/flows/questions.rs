//! What only a person can decide about an arrived message: who wrote, and about which child.

use liaison_channels::private::Private;
use serde::Serialize;

use super::{
    FlowError,
    cases::{came_by, words_of},
    gateway::Gateway,
    kinds::{answer_clock, statutory_clock},
    salt,
};
use crate::{
    domain::{
        chronology::{Entry, Visibility, kind},
        ids::{AddressId, CarerId, CaseId, PupilId, QuestionId},
        matching::Known,
        people::Purpose,
        rights::LinkFacts,
        tag::case_code,
        time::{Date, Timestamp, school_date},
    },
    store::{
        StoreError, Tx, cases,
        cases::NewCase,
        chronology, clocks, explain, facts, inbox,
        questions::{self, QuestionRow},
        readings,
    },
};

pub use super::undo::{Mistake, undo, unmatch};

/// A question on somebody's list.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: QuestionId,
    /// `who_is_this`, `which_child`, `whose_reply`, `what_is_this`.
    pub kind: String,
    /// Why it is asked.
    pub why: String,
    /// Whose list.
    pub role: String,
    /// Where the message came from.
    pub sender: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// When the school had it.
    pub received_at: Timestamp,
    /// What the person wrote.
    pub words: String,
    /// Who it may be, with the evidence.
    pub candidates: Vec<Person>,
    /// To be answered by.
    pub due: Date,
    /// `open`, `answered`, `dismissed`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<String>,
}

/// Somebody it may be.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// The carer's id, as `questions answer --carer` takes it.
    pub carer: CarerId,
    /// The carer's name.
    pub carer_name: String,
    /// The pupil's id, as `questions answer --pupil` takes it.
    pub pupil: Option<PupilId>,
    /// The pupil's name.
    pub pupil_name: Option<String>,
    /// Why they may be the one.
    pub evidence: String,
}

/// Questions, by due date. Restricted ones only for those who may see them.
pub async fn list(gateway: &Gateway, closed: bool, restricted: bool) -> Result<Vec<Listed>, FlowError> {
    let mut tx = gateway.store.begin().await?;
    let mut listed = Vec::new();
    for row in questions::list(&mut tx, None, closed, restricted).await? {
        listed.push(open(&mut tx, gateway, row).await?);
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(listed)
}

async fn open(tx: &mut Tx, gateway: &Gateway, row: QuestionRow) -> Result<Listed, FlowError> {
    let words = words_of(tx, gateway, row.received).await?;
    let mut candidates = Vec::new();
    for candidate in row.candidates {
        candidates.push(Person {
            carer_name: explain::carer_name(tx, candidate.carer).await?.unwrap_or_default(),
            pupil_name: match candidate.pupil {
                Some(pupil) => explain::pupil_name(tx, pupil).await?,
                None => None,
            },
            carer: candidate.carer,
            pupil: candidate.pupil,
            evidence: candidate.evidence,
        });
    }
    if row.visibility == Visibility::Restricted {
        let entry = Entry::now(gateway.now(), kind::READ_RESTRICTED, "a restricted question was read")
            .by("operator")
            .received(row.received)
            .seen_by(Visibility::Restricted);
        chronology::append(tx, &[entry]).await?;
    }
    Ok(Listed {
        id: row.id,
        kind: row.kind,
        why: row.why,
        role: row.role,
        sender: row.sender,
        subject: row.subject.filter(|subject| !subject.is_empty()),
        received_at: row.received_at,
        words,
        candidates,
        due: row.due,
        state: row.state,
        outcome: row.outcome,
    })
}

/// What a colleague says to a question.
#[derive(Debug, Clone)]
pub enum Says<'a> {
    /// It is this carer's, about this pupil: by the school's reference or id. A pupil is needed where the carer has several.
    Is {
        /// The carer; may be left out where the question is only which child.
        carer: Option<&'a str>,
        /// The pupil.
        pupil: Option<&'a str>,
    },
    /// It is nobody's of ours, or needs nothing; and why.
    Nothing(&'a str),
}

/// What came of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// The case the message belongs to now.
    pub case: Option<String>,
    /// In words.
    pub said: String,
}

/// Answers a question. A message that is now known to be a carer's opens that carer's case, with the clock from when it
/// came; nothing is sent by this.
pub async fn answer(
    gateway: &Gateway,
    id: QuestionId,
    restricted: bool,
    says: &Says<'_>,
    by: &str,
) -> Result<Answered, FlowError> {
    let now = gateway.now();
    let mut tx = gateway.store.begin().await?;
    let question = questions::list(&mut tx, Some(id), true, restricted).await?.pop();
    let question = question.ok_or_else(|| {
        FlowError::Refused(format!("there is no question {id}; `liaison questions list` shows them"))
    })?;
    let answered = match says {
        Says::Nothing(why) => dismiss(&mut tx, &question, why, by, now).await?,
        Says::Is { carer, pupil } => {
            let (carer, pupil) = people(&mut tx, &question, *carer, *pupil).await?;
            own_address(&mut tx, &question, carer).await?;
            let link = facts::of_link(&mut tx, carer, pupil, Purpose::WeeklyUpdate).await?;
            let link = link.ok_or_else(|| {
                FlowError::Refused("this carer has no link to this pupil: nothing was decided".to_owned())
            })?;
            if link.carer_died.is_some() {
                let why = "this carer has died: say who wrote, or set the message aside";
                return Err(FlowError::Refused(why.to_owned()));
            }
            match question.case {
                Some(case) => which_child(&mut tx, &question, case, &link, by, now).await?,
                None => whose(&mut tx, gateway, &question, &link, by, now).await?,
            }
        }
    };
    tx.commit().await.map_err(StoreError::from)?;
    Ok(answered)
}

/// Where the address is on record, only its owners can have written from it; after a death, whoever has it now.
async fn own_address(tx: &mut Tx, question: &QuestionRow, carer: CarerId) -> Result<(), FlowError> {
    let Some(sender) = &question.sender else { return Ok(()) };
    let owners = explain::carers_at(tx, sender).await?;
    if owners.is_empty() || owners.contains(&carer) {
        return Ok(());
    }
    let why = "the address it came from is on record for somebody else, and not for this carer: nothing was decided";
    Err(FlowError::Refused(why.to_owned()))
}

async fn dismiss(
    tx: &mut Tx,
    question: &QuestionRow,
    why: &str,
    by: &str,
    now: Timestamp,
) -> Result<Answered, FlowError> {
    if question.kind == "which_child" {
        let why = "this case is a carer's and needs an answer: say which child, or close the case";
        return Err(FlowError::Refused(why.to_owned()));
    }
    if why.trim().is_empty() {
        return Err(FlowError::Refused("say why it needs nothing: the record needs a reason".to_owned()));
    }
    close(tx, question, "dismissed", why.trim(), by, now).await?;
    let entry = Entry::now(now, kind::QUESTION, "a question about a message was closed: it needs nothing")
        .by(by)
        .received(question.received)
        .seen_by(question.visibility)
        .words(salt(), why.trim().into());
    chronology::append(tx, &[entry]).await?;
    Ok(Answered { case: None, said: "closed; the message is kept as it is".to_owned() })
}

async fn close(
    tx: &mut Tx,
    question: &QuestionRow,
    state: &str,
    outcome: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), FlowError> {
    if questions::close(tx, question.id, state, by, outcome, now).await? {
        return Ok(());
    }
    Err(FlowError::Refused(format!("this question is {} already", question.state)))
}

/// The carer and pupil that are meant.
async fn people(
    tx: &mut Tx,
    question: &QuestionRow,
    carer: Option<&str>,
    pupil: Option<&str>,
) -> Result<(CarerId, PupilId), FlowError> {
    let refuse = |why: String| Err(FlowError::Refused(why));
    let carer = match (carer, question.candidates.first(), question.case) {
        (Some(name), _, _) => match explain::carer_named(tx, name).await? {
            Some(carer) => carer,
            None => return refuse(format!("no carer has the reference {name}")),
        },
        (None, Some(candidate), Some(_)) => candidate.carer,
        _ => return refuse("say whose it is: --carer and the contact's reference".to_owned()),
    };
    if let Some(name) = pupil {
        return match explain::pupil_named(tx, name).await? {
            Some(pupil) => Ok((carer, pupil)),
            None => refuse(format!("no pupil has the reference {name}")),
        };
    }
    match explain::pupils_of(tx, carer).await?.as_slice() {
        [only] => Ok((carer, *only)),
        [] => refuse("this carer is linked to no pupil: link them first, by an import".to_owned()),
        _ => refuse(
            "this carer has several children here: say which, --pupil and the pupil's reference".to_owned(),
        ),
    }
}

/// The case stands already; now it is known which child it is about.
async fn which_child(
    tx: &mut Tx,
    question: &QuestionRow,
    case: CaseId,
    link: &LinkFacts,
    by: &str,
    now: Timestamp,
) -> Result<Answered, FlowError> {
    let own = question.candidates.iter().any(|candidate| candidate.carer == link.carer);
    if !own {
        return Err(FlowError::Refused(
            "the case is another carer's: only the child can be said here".to_owned(),
        ));
    }
    let visibility = seen_by(link, now);
    close(tx, question, "answered", "which child", by, now).await?;
    cases::about(tx, case, link.pupil, link.class).await?;
    if visibility == Visibility::Restricted {
        cases::restrict(tx, &[case], now).await?;
    }
    let code = case_code(case);
    let said = format!("case {code} is about this child");
    readings::settle(tx, question.received, link.carer, Some(link.pupil), case, &said).await?;
    let entry = Entry::now(now, kind::QUESTION, said.clone())
        .by(by)
        .about(link.carer, link.pupil)
        .case(case)
        .received(question.received)
        .seen_by(visibility);
    chronology::append(tx, &[entry]).await?;
    Ok(Answered { case: Some(code), said })
}

/// Now it is known whose the message is: their case opens, with the clock from when it came.
async fn whose(
    tx: &mut Tx,
    gateway: &Gateway,
    question: &QuestionRow,
    link: &LinkFacts,
    by: &str,
    now: Timestamp,
) -> Result<Answered, FlowError> {
    let received = inbox::find(tx, question.received).await?;
    let form = received.map_or(liaison_channels::inbound::RawForm::MAIL, |received| received.form);
    let visibility = seen_by(link, now);
    close(tx, question, "answered", "whose it is", by, now).await?;
    let id = CaseId::new();
    let code = case_code(id);
    let role = match (visibility, link.class) {
        (Visibility::Restricted, _) => "dsl",
        (Visibility::Ordinary, Some(_)) => "teacher",
        (Visibility::Ordinary, None) => "office",
    };
    let known = Known {
        carer: link.carer,
        address: AddressId(uuid::Uuid::nil()),
        pupil: Some(link.pupil),
        link_pupil: link.pupil,
        class: link.class,
        case: None,
        update: None,
        delivery: None,
    };
    let case = NewCase {
        id,
        code: code.clone(),
        known,
        kind: "query",
        came_by: came_by(form),
        visibility,
        subject: Private::new(
            question.subject.clone().filter(|s| !s.is_empty()).unwrap_or_else(|| "(a text)".to_owned()),
        ),
        role,
        at: question.received_at,
    };
    cases::insert(tx, &[case]).await?;
    let policy = gateway.policy();
    let mut started = vec![answer_clock(id, question.received, question.received_at, &policy)];
    if let Some(law) = readings::law_of(tx, question.received).await? {
        started.push(statutory_clock(law, id, question.received, question.received_at, &policy));
    }
    clocks::insert(tx, &started).await?;
    let said = format!("a colleague said whose it is: case {code} opened");
    readings::settle(tx, question.received, link.carer, Some(link.pupil), id, &said).await?;
    let entry = Entry::now(now, kind::QUESTION, said.clone())
        .by(by)
        .about(link.carer, link.pupil)
        .case(id)
        .received(question.received)
        .seen_by(visibility);
    chronology::append(tx, &[entry]).await?;
    Ok(Answered { case: Some(code), said })
}

/// Restricted where a restriction on the link holds today; a carer who is free is so whoever shares their address.
fn seen_by(link: &LinkFacts, now: Timestamp) -> Visibility {
    let today = school_date(now);
    let bound = link.restrictions.iter().any(|restriction| restriction.holds_on(today));
    if bound { Visibility::Restricted } else { Visibility::Ordinary }
}
