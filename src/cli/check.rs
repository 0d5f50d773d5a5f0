//! `liaison check`: tries every outside thing and says in words what to do.

use anyhow::Result;
use liaison_channels::{
    ChannelConfig, RecordSink as _,
    mail_dns::{MailDns, MailFrom},
    message::ChannelId,
    record_folder::RecordFolder,
    scan::{Scanner, ScanningConfig},
};
use serde::Serialize;

use super::{open, say, say_json, settings::Settings};
use crate::{
    domain::{
        calendar::{Calendar, warn_before},
        policy::CALENDAR_WARNING,
        time::{day_in_words, school_date},
    },
    flows::{Clock as _, SystemClock, current},
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
    let adopted = database(settings, &mut findings).await;
    if open::hears(settings) {
        findings.push(calendar(adopted.as_ref().or(settings.policy.calendar.as_ref())));
    }
    for (id, config) in &settings.channels {
        let what = format!("channel {id}");
        findings.push(match channel(id, config).await {
            Ok(sentence) => Finding { what, good: true, sentence },
            Err(why) => bad(&what, why),
        });
    }
    domains(settings, &mut findings).await;
    if let Some(path) = &settings.record_folder {
        findings.push(match records(path).await {
            Ok(sentence) => Finding { what: "records".to_owned(), good: true, sentence },
            Err(why) => bad("records", why),
        });
    }
    if let Some(config) = &settings.scanning {
        findings.push(match scanner(config).await {
            Ok(sentence) => Finding { what: "virus scanner".to_owned(), good: true, sentence },
            Err(why) => bad("virus scanner", why),
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
fn calendar(calendar: Option<&Calendar>) -> Finding {
    let today = school_date(SystemClock.now());
    let Some(calendar) = calendar else {
        let why = "none is set, so no carer is told by when a person answers: add one on the page Admin, Calendar, or set calendar.file";
        return bad("calendar", why);
    };
    match warn_before(calendar, today, CALENDAR_WARNING) {
        Some(left) if left < 0 => bad(
            "calendar",
            "it has ended: add the next terms on the page Admin, Calendar, or to calendar.file",
        ),
        Some(left) => bad(
            "calendar",
            format!(
                "it ends in {left} day(s): add the next terms on the page Admin, Calendar, or to calendar.file"
            ),
        ),
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

/// Proves the folder of records.
async fn records(path: &std::path::Path) -> Result<String, String> {
    let folder = RecordFolder::open(path).map_err(|error| error.to_string())?;
    folder.probe().await.map_err(|error| error.to_string())
}

/// What the domains of the mail channels publish about their mail, each once.
async fn domains(settings: &Settings, findings: &mut Vec<Finding>) {
    let mut asked: Vec<MailFrom> = Vec::new();
    for config in settings.channels.values() {
        let Some(mail) = config.mail_from().filter(|mail| !asked.contains(mail)) else { continue };
        let what = format!("mail of {}", mail.from);
        match MailDns::of_this_machine() {
            Ok(dns) => {
                let found = dns.look(&mail).await;
                if found.is_empty() {
                    let sentence = "a reserved name: nothing is published for it".to_owned();
                    findings.push(Finding { what, good: true, sentence });
                } else {
                    findings.extend(found.into_iter().map(|one| Finding {
                        what: format!("{what}, {}", one.what),
                        good: one.good,
                        sentence: one.sentence,
                    }));
                }
            }
            Err(why) => findings.push(Finding {
                what,
                good: true,
                sentence: format!("SPF, DKIM and DMARC could not be looked up: {why}"),
            }),
        }
        asked.push(mail);
    }
}

/// Proves that the virus scanner finds what it must.
async fn scanner(config: &ScanningConfig) -> Result<String, String> {
    let scanner = Scanner::open(config).map_err(|error| error.to_string())?;
    let called = scanner.probe().await.map_err(|why| why.to_string())?;
    Ok(format!("{called}: answers, and finds the test file"))
}

fn bad(what: &str, why: impl std::fmt::Display) -> Finding {
    Finding { what: what.to_owned(), good: false, sentence: why.to_string() }
}

/// Proves the database; returns the calendar that was adopted in it, if any.
async fn database(settings: &Settings, findings: &mut Vec<Finding>) -> Option<Calendar> {
    let database = match open::database(settings).await {
        Ok(database) => database,
        Err(error) => {
            findings.push(bad("database", format!("{error:#}")));
            return None;
        }
    };
    let mut adopted = None;
    match database.store.ready().await {
        Ok(()) => {
            let kind = if database.is_private() { "private Postgres" } else { "ordinary server" };
            let sentence = format!("{kind}, reached and up to date");
            findings.push(Finding { what: "database".to_owned(), good: true, sentence });
            holds(&database, findings).await;
            match adopted_calendar(settings, &database).await {
                Ok(calendar) => adopted = calendar,
                Err(error) => findings.push(bad("calendar", format!("{error:#}"))),
            }
        }
        Err(error) => findings.push(bad("database", error)),
    }
    database.close().await;
    adopted
}

async fn adopted_calendar(settings: &Settings, database: &open::Database) -> Result<Option<Calendar>> {
    let gateway = open::idle_gateway(settings, &database.store)?;
    current::refresh(&gateway).await?;
    Ok(gateway.policy().calendar.clone())
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
