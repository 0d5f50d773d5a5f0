//! Why what arrived was matched, acknowledged, dated and passed on as it was.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Decision, Explained};
use crate::{
    domain::{
        acknowledge::ACKNOWLEDGEMENT,
        case_kind::CaseKind,
        complaint::Number,
        explain::{Explains, kept, masked},
        ladder,
        matching::Candidate,
        route::Fired,
        staff::Role,
        statutory::Statutory,
        time::moment_in_a_sentence,
    },
    flows::FlowError,
    store::explain::{self, ClockWhy, ReadingWhy},
};

pub(super) async fn received(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Explained>, FlowError> {
    let Some(reading) = explain::reading(connection, id).await? else { return Ok(None) };
    let mut explained = Explained::new(Explains::Received, &id, "message that arrived");
    explained.stands = match &reading.case {
        Some((_, code)) => format!("in case {code}"),
        None => "in no case".to_owned(),
    };
    explained.decisions = read(connection, &reading).await?;
    for clock in explain::clocks(connection, id).await? {
        explained.decisions.extend(dated(connection, &clock).await?);
    }
    explained.see(Explains::Case, reading.case.map(|(id, _)| id), "its case");
    explained.see(Explains::Delivery, reading.delivery, "our message that it answers");
    explained.see(Explains::Delivery, reading.acknowledged_by, "its acknowledgement");
    explained.see(Explains::Question, reading.questions, "what a colleague is asked about it");
    (explained.carer, explained.pupil) = (reading.carer, reading.pupil);
    Ok(Some(explained))
}

/// The match, the acknowledgement, and what its words suggest.
async fn read(connection: &mut PgConnection, reading: &ReadingWhy) -> Result<Vec<Decision>, FlowError> {
    let at = Some(reading.read_at);
    let mut matched = Decision::new("Whose message it is", at, masked(&reading.verdict))
        .by(connection, &reading.rules)
        .await?;
    let (answers, matches): (Vec<_>, Vec<_>) = matched.rules.drain(..).partition(is_of_answering);
    matched.rules = matches;
    let mut acknowledged =
        Decision::new("Whether it is acknowledged by itself", at, masked(&reading.answered));
    acknowledged.rules = answers;
    acknowledged.settings.clone_from(&matched.settings);
    acknowledged.calendar.clone_from(&matched.calendar);
    let mut all = vec![matched, acknowledged];
    if let Some((kind, why)) = &reading.suggested {
        let may_be = CaseKind::parse(kind).map_or("", CaseKind::in_words);
        let said = match reading.suggested_is {
            None => "nobody has said yes or no",
            Some(true) => "a colleague said yes",
            Some(false) => "a colleague said no",
        };
        let mut suggested = Decision::new("What kind of matter it may be", at, format!("{may_be}; {said}"));
        suggested.rules = vec![Fired::new("kind", "may be", why.clone())];
        all.push(suggested);
    }
    Ok(all)
}

fn is_of_answering(fired: &Fired) -> bool {
    fired.rule == ACKNOWLEDGEMENT || fired.rule.starts_with("answer ")
}

/// Why a clock is due when it is, then each step that was taken by itself while nobody answered.
async fn dated(connection: &mut PgConnection, clock: &ClockWhy) -> Result<Vec<Decision>, FlowError> {
    let mut due = Decision::new(clock_title(clock), Some(clock.started_at), clock_stands(clock));
    let counted = if clock.days > 0 {
        format!("began {}; {} school days are counted", moment_in_a_sentence(clock.started_at), clock.days)
    } else {
        format!("began {}", moment_in_a_sentence(clock.started_at))
    };
    due.rules = vec![Fired::new("clock", &clock.words, counted)];
    if let Some(settings) = &clock.settings {
        due.by_settings(connection, settings).await?;
    }
    // The clock's own calendar: another may have been adopted since by the same settings.
    due.by_calendar(connection, &clock.calendar).await?;
    let mut all = vec![due];
    if clock.kind != "answer" {
        return Ok(all);
    }
    for (_, at, sentence, rules) in explain::steps(connection, clock.case, clock.received).await? {
        let title = match kept(&rules).0.first().map(|fired| fired.rule.as_str()) {
            Some(ladder::LADDER) => "Who was told that nobody had answered",
            Some(ladder::REMINDER) => "Who was reminded",
            _ => continue,
        };
        all.push(Decision::new(title, Some(at), masked(&sentence)).by(connection, &rules).await?);
    }
    Ok(all)
}

fn clock_title(clock: &ClockWhy) -> String {
    match (clock.kind.as_str(), Statutory::parse(&clock.kind)) {
        (_, Some(law)) => format!("By when the law asks for it: {}", law.duty()),
        ("promise", None) => "By when a full answer was promised".to_owned(),
        _ => "By when a person answers".to_owned(),
    }
}

fn clock_stands(clock: &ClockWhy) -> String {
    let due = clock.due_at.map(moment_in_a_sentence);
    let ended = clock.met_at.map(moment_in_a_sentence).unwrap_or_default();
    match (clock.state.as_str(), &clock.moved_to, due) {
        (_, Some(there), _) => format!("moved to {there} {ended}"),
        ("met", ..) => format!("answered {ended}"),
        ("closed", ..) => format!("ended {ended}"),
        (_, None, Some(due)) => format!("due {due}"),
        (_, None, None) => "no date can be named: the calendar does not reach so far".to_owned(),
    }
}

pub(super) async fn clock(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some(clock) = explain::clocks(connection, id).await?.pop() else { return Ok(None) };
    let mut explained = Explained::new(Explains::Clock, &id, format!("clock of case {}", clock.code));
    explained.stands = clock_stands(&clock);
    explained.decisions = dated(connection, &clock).await?;
    explained.see(Explains::Received, Some(clock.received), "the message that started it");
    explained.see(Explains::Case, Some(clock.case), "its case");
    Ok(Some(explained))
}

pub(super) async fn case(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some(case) = explain::case(connection, id).await? else { return Ok(None) };
    let kind = CaseKind::parse(&case.kind).map_or("", CaseKind::in_words);
    let mut explained =
        Explained::new(Explains::Case, &case.code, format!("case, {kind}, by {}", case.came_by));
    let list = Role::parse(&case.role).map_or("", Role::in_words);
    let with = if case.owned { "with a colleague by name" } else { "with whoever does its work" };
    explained.stands =
        format!("{}, on the list of {list}, {with}", if case.open { "open" } else { "closed" });
    if let Some(complaint) = &case.complaint {
        explained.stands += &format!("; in the Complaints Procedure: complaint {complaint}");
    }
    if let Some(first) = case.received.first()
        && let Some(reading) = explain::reading(connection, *first).await?
    {
        let opened = Decision::new("Why it was opened", Some(case.opened_at), masked(&reading.verdict));
        explained.decisions.push(opened.by(connection, &reading.rules).await?);
    }
    for clock in explain::clocks(connection, id).await? {
        explained.decisions.extend(dated(connection, &clock).await?);
    }
    explained.see(Explains::Received, case.received, "a message of it");
    explained.see(Explains::Delivery, case.sent, "what was sent in it");
    (explained.carer, explained.pupil) = (Some(case.carer), case.pupil);
    Ok(Some(explained))
}

pub(super) async fn question(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Explained>, FlowError> {
    let Some(question) = explain::question(connection, id).await? else { return Ok(None) };
    let what = match question.kind.as_str() {
        "who_is_this" => "who wrote this?",
        "which_child" => "which child is it about?",
        "whose_reply" => "whose answer is this?",
        _ => "what is this?",
    };
    let mut explained = Explained::new(Explains::Question, &id, what);
    explained.stands = format!("{}, for {}", question.state, question.role);
    let asked = Decision::new("Why a person is asked", Some(question.opened_at), masked(&question.why));
    let mut asked = asked.by(connection, &question.rules).await?;
    asked.rules.retain(|fired| !is_of_answering(fired));
    let candidates: Vec<Candidate> = serde_json::from_str(&question.candidates).unwrap_or_default();
    asked.rules.extend(
        candidates
            .iter()
            .filter(|one| !one.evidence.is_empty())
            .map(|one| Fired::new("it may be", "for a person to judge", masked(&one.evidence))),
    );
    explained.decisions.push(asked);
    explained.see(Explains::Received, Some(question.received), "the message");
    Ok(Some(explained))
}

pub(super) async fn complaint(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Explained>, FlowError> {
    let Some(complaint) = explain::complaint(connection, id).await? else { return Ok(None) };
    let (of_the_dsl, no) = complaint.number;
    let number = Number { of_the_dsl, no };
    let mut explained = Explained::new(Explains::Complaint, &number, format!("complaint {number}"));
    let stands = if complaint.closed { "closed at" } else { "at" };
    explained.stands = format!("{stands} stage {}", complaint.stage);
    let result =
        complaint.outcome.map_or_else(|| "not answered yet".to_owned(), |outcome| outcome.replace('_', " "));
    let title = format!("By when stage {} is answered", complaint.stage);
    let mut due = Decision::new(title, Some(complaint.began_at), result);
    let counted = format!(
        "began {}; {} school days are counted",
        moment_in_a_sentence(complaint.began_at),
        complaint.days
    );
    due.rules = vec![Fired::new("clock", &complaint.due_words, counted)];
    due.by_calendar(connection, &complaint.calendar).await?;
    explained.decisions.push(due);
    explained.see(Explains::Case, Some(complaint.case.0), &format!("case {}", complaint.case.1));
    Ok(Some(explained))
}
