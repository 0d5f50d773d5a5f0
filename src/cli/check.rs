//! `liaison check`: tries every outside thing and says in words what to do.

use anyhow::Result;
use liaison_channels::{ChannelConfig, message::ChannelId};
use serde::Serialize;

use super::{open, say, say_json, serve::CALENDAR_WARNING, settings::Settings};
use crate::{
    domain::{
        calendar::warn_before,
        time::{day_in_words, school_date},
    },
    flows::{Clock as _, SystemClock},
    store::daemons,
};

#[derive(Serialize)]
struct Finding {
    what: String,
    good: bool,
    sentence: String,
}

/// Tries all of it, one after the other; the exit code is 1 when something needs doing.
pub(super) async fn run(settings: &Settings, json: bool) -> Result<u8> {
    let mut findings = vec![Finding {
        what: "settings".to_owned(),
        good: true,
        sentence: format!("valid, with {} channel(s)", settings.channels.len()),
    }];
    if settings.channels.is_empty() {
        findings.push(bad(
            "channels",
            "none is set up, so nothing can leave: add a [channels.…] section to the settings",
        ));
    }
    if open::hears(settings) {
        findings.push(calendar(settings));
    }
    database(settings, &mut findings).await;
    for (id, config) in &settings.channels {
        let what = format!("channel {id}");
        findings.push(match channel(id, config).await {
            Ok(sentence) => Finding { what, good: true, sentence },
            Err(why) => bad(&what, why),
        });
    }
    let all_good = findings.iter().all(|finding| finding.good);
    if json {
        say_json(&serde_json::json!({ "good": all_good, "findings": findings }))?;
    } else {
        for finding in &findings {
            say(&format!(
                "{}  {}: {}",
                if finding.good { "ok  " } else { "MEND" },
                finding.what,
                finding.sentence
            ));
        }
    }
    Ok(u8::from(!all_good))
}

/// Whether dates can be named, and for how long.
fn calendar(settings: &Settings) -> Finding {
    let today = school_date(SystemClock.now());
    let Some(calendar) = &settings.policy.calendar else {
        let why = "none is set, so no carer is told by when a person answers: set calendar.file";
        return bad("calendar", why);
    };
    match warn_before(calendar, today, CALENDAR_WARNING) {
        Some(left) if left < 0 => bad("calendar", "it has ended: add the next terms to calendar.file"),
        Some(left) => {
            bad("calendar", format!("it ends in {left} day(s): add the next terms to calendar.file"))
        }
        None => Finding {
            what: "calendar".to_owned(),
            good: true,
            sentence: format!(
                "reaches to {} {}",
                day_in_words(calendar.covers_until()),
                calendar.covers_until().year()
            ),
        },
    }
}

/// Proves a channel, or says what is wrong with it.
async fn channel(id: &ChannelId, config: &ChannelConfig) -> Result<String, String> {
    if config.is_inbox() {
        let mut inbox =
            liaison_channels::open_inbox(id.clone(), config).map_err(|error| error.to_string())?;
        return inbox.probe().await.map_err(|error| error.to_string());
    }
    let sender = liaison_channels::open(id.clone(), config).map_err(|error| error.to_string())?;
    sender.probe().await.map_err(|error| error.to_string())
}

fn bad(what: &str, why: impl std::fmt::Display) -> Finding {
    Finding { what: what.to_owned(), good: false, sentence: why.to_string() }
}

async fn database(settings: &Settings, findings: &mut Vec<Finding>) {
    let database = match open::database(settings).await {
        Ok(database) => database,
        Err(error) => {
            findings.push(bad("database", format!("{error:#}")));
            return;
        }
    };
    match database.store.ready().await {
        Ok(()) => {
            let kind = if database.is_private() { "private Postgres" } else { "ordinary server" };
            let sentence = format!("{kind}, reached and up to date");
            findings.push(Finding { what: "database".to_owned(), good: true, sentence });
            holds(&database, findings).await;
        }
        Err(error) => findings.push(bad("database", error)),
    }
    database.close().await;
}

async fn holds(database: &open::Database, findings: &mut Vec<Finding>) {
    let holds = match database.store.acquire().await {
        Ok(mut connection) => daemons::holds(&mut connection).await,
        Err(error) => Err(error),
    };
    match holds {
        Ok(holds) => findings.extend(holds.iter().map(|hold| {
            let sentence = format!(
                "held by {}: {}; when that is mended, `liaison queue release {}`",
                hold.set_by, hold.reason, hold.scope
            );
            bad(&format!("sending ({})", hold.scope), sentence)
        })),
        Err(error) => findings.push(bad("database", error)),
    }
}
