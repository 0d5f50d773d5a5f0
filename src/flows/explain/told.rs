//! Why an entry of the chronology stands there; and what only operators ask for: notices to colleagues, and what a version of
//! the settings said.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Decision, Explained, arrived, sent};
use crate::{
    domain::{
        chronology::kind,
        explain::{Explains, masked},
        notice::Notice,
        route::Fired,
    },
    flows::FlowError,
    store::{explain, versions},
};

pub(super) async fn entry(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some(entry) = explain::entry(connection, id).await? else { return Ok(None) };
    let mut explained = Explained::new(
        Explains::Entry,
        &id,
        format!("entry of the chronology: {}", entry.kind.replace('_', " ")),
    );
    explained.stands = masked(&entry.sentence);
    let mut own = Decision::new("Why it was recorded", Some(entry.happened_at), by_whom(&entry.actor));
    if let Some(rules) = explain::choice(connection, id).await? {
        own = own.by(connection, &rules).await?;
    }
    let has_own = !own.rules.is_empty();
    explained.decisions.push(own);
    if !has_own && let Some((what, about)) = entry.about.first().copied() {
        let tells_of = match what {
            Explains::Delivery => sent::delivery(connection, about).await?,
            Explains::Task => sent::task(connection, about).await?,
            Explains::Received => arrived::received(connection, about).await?,
            Explains::Case if entry.kind != kind::READ_RESTRICTED => arrived::case(connection, about).await?,
            _ => None,
        };
        explained.decisions.extend(tells_of.map(|one| one.decisions).unwrap_or_default());
    }
    for (what, about) in entry.about {
        explained.see(what, Some(about), what.in_words());
    }
    (explained.carer, explained.pupil) = (entry.carer, entry.pupil);
    Ok(Some(explained))
}

fn by_whom(actor: &str) -> String {
    let said = match actor {
        "daemon" => "Liaison did it by itself, by the rules below",
        "operator" => "an operator did it",
        "import" => "a file of contact data said so",
        _ if actor.parse::<Uuid>().is_ok() => "a colleague did it",
        _ => "it came by a channel, or a colleague did it",
    };
    said.to_owned()
}

/// What no page shows: a message that waits to be read, a notice to a colleague, or what a version of the settings said.
pub(super) async fn for_operators(
    connection: &mut PgConnection,
    named: &str,
) -> Result<Option<Explained>, FlowError> {
    if let Ok(id) = named.parse() {
        return match unread(connection, id).await? {
            Some(explained) => Ok(Some(explained)),
            None => notice(connection, id).await,
        };
    }
    let Some(version) = versions::policy(connection, named).await? else { return Ok(None) };
    let said = versions::settings(connection, named).await?.unwrap_or_default();
    let mut explained = Explained::new(Explains::Settings, &named, "version of the settings");
    let mut decision =
        Decision::new("What the settings said", Some(version.first_used_at), "in use since then");
    if let Ok(serde_json::Value::Object(settings)) = serde_json::from_str(&said) {
        decision.rules =
            settings.iter().map(|(name, value)| Fired::new(name, "set to", value.to_string())).collect();
    }
    decision.by_calendar(connection, &version.calendar).await?;
    "kept".clone_into(&mut explained.stands);
    explained.decisions.push(decision);
    Ok(Some(explained))
}

async fn unread(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some((kept_at, tries)) = explain::unread(connection, id).await? else { return Ok(None) };
    let mut explained = Explained::new(Explains::Received, &id, "message that arrived");
    "it waits to be read".clone_into(&mut explained.stands);
    let result = format!("nothing yet; it was tried {tries} times");
    explained.decisions.push(Decision::new("What was made of it", Some(kept_at), result));
    Ok(Some(explained))
}

async fn notice(connection: &mut PgConnection, id: Uuid) -> Result<Option<Explained>, FlowError> {
    let Some(notice) = explain::notice(connection, id).await? else { return Ok(None) };
    let to = match notice.post.as_deref() {
        Some("head") => "the headteacher",
        Some(_) => "the regional director or chair of governors",
        None => "a colleague",
    };
    let what = format!("notice to {to}: {}", notice.kind.replace('_', " "));
    let mut explained = Explained::new(Explains::Notice, &id, what);
    explained.stands.clone_from(&notice.state);
    if let Some(why) = &notice.why {
        explained.stands += &format!(": {}", masked(why));
    }
    let result = format!("{}, tried {} times", explained.stands, notice.tries);
    let mut made = Decision::new("Why it was made", Some(notice.made_at), result);
    made.rules = match Notice::kept(&notice.kind, notice.counts) {
        Some(Notice::DslAlert(count)) => {
            vec![counted("alert", count, "that the safeguarding lead should look at now")]
        }
        Some(Notice::Breach(count)) => vec![counted("overdue", count, "answers to carers became overdue")],
        Some(Notice::Digest(digest)) => {
            digest.lines().into_iter().map(|line| Fired::new("digest", "waits", line)).collect()
        }
        Some(Notice::ChannelHeld) => {
            vec![Fired::new("channel", "stop", "the other side refused the school's settings or account")]
        }
        Some(Notice::SendingStopped) => {
            vec![Fired::new("breaker", "stop", "more messages were about to leave than an hour should see")]
        }
        Some(Notice::TextsStopped) => {
            vec![Fired::new("month", "stop", "the month's parts of texts were used up")]
        }
        Some(Notice::MailSilent) => {
            vec![Fired::new(
                "silence",
                "alert",
                "a mailbox was not read for long, or a probe did not come back",
            )]
        }
        None => Vec::new(),
    };
    explained.decisions.push(made);
    Ok(Some(explained))
}

fn counted(rule: &str, count: u32, what: &str) -> Fired {
    Fired::new(rule, "ok", format!("{count}: {what}"))
}
