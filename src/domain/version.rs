//! Which settings a decision was made by: a version that follows from what they say, as a calendar's does.

use std::sync::OnceLock;

use liaison_channels::private::Private;
use ring::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::{
    acknowledge::AckPolicy,
    calendar::Rule,
    chronology::finish,
    hours::{Days, Hours},
    notice::NoticePolicy,
    policy::{Policy, TextUpdate},
    route::Fired,
    seal::hex,
};

/// The rule's name under which a decision keeps the version of the settings.
pub const SETTINGS: &str = "settings";
/// How many hexadecimal digits name a version: few enough to be read out, and no school has two alike.
const DIGITS: usize = 12;

/// A policy's version once somebody has asked for it: each decision names it, and working it out takes longer than many a
/// decision. A copy has forgotten it, for a copy is made to be changed.
#[derive(Debug, Default)]
pub struct Known(OnceLock<String>);

impl Clone for Known {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Policy {
    /// The version of all that a decision may depend on besides the facts: 12 hexadecimal digits. The same settings, calendar
    /// and words have the same one, whichever daemon asks.
    pub fn version(&self) -> &str {
        self.known.0.get_or_init(|| digest(&self.said().to_string()))
    }

    /// All of it by name, for a person who asks what a version said. Addresses only as digests.
    pub fn said(&self) -> Value {
        // Every setting is named, so that a new one cannot be left out of the version.
        let Self {
            school,
            text_update,
            hours,
            rehearsal,
            retry,
            ceiling_per_hour,
            address_per_hour,
            carers_url,
            confirm_addresses,
            meanwhile,
            task_days,
            call_tries,
            undo,
            approval,
            plain_words,
            acknowledge,
            notices,
            calendar: _,
            clock,
            stage_days,
            never_by_text,
            templates,
            records,
            known: _,
        } = self;
        json!({
            "acknowledgements": acknowledgements(acknowledge),
            "what a second person approves": approval.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
            "calendar": self.calendar_version(),
            "calls until the SLT has it": call_tries,
            "clock": counted(clock),
            "hours of sending": sending(*hours),
            "messages in an hour": ceiling_per_hour,
            "messages in an hour to one address": address_per_hour,
            "notices to colleagues": to_colleagues(notices),
            "new addresses are confirmed": confirm_addresses,
            "meanwhile, to a carer of another language": meanwhile.as_str(),
            "newsletters are ended at": carers_url,
            "plainer words": plain_words,
            "rehearsal": rehearsal.as_ref().map(|listed| {
                let all: Vec<_> = listed.iter().map(|address| address.expose().as_str()).collect();
                format!("{} addresses, digest {}", all.len(), digest(&all.join("\n")))
            }),
            "records elsewhere": records,
            "school": [&school.name, &school.office_phone],
            "school days for a stage of a complaint": stage_days,
            "school days for a task": task_days,
            "seconds between tries": retry.0.iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(),
            "seconds to take back": undo.as_secs(),
            "topics that never go by text": never_by_text.iter().map(|topic| topic.as_str()).collect::<Vec<_>>(),
            "version of the words around messages": templates.version(),
            "weekly update by text": match text_update {
                TextUpdate::Notice => "a notice".to_owned(),
                TextUpdate::Full { max_parts } => format!("all of it in at most {max_parts} parts"),
            },
        })
    }
}

fn acknowledgements(policy: &AckPolicy) -> Value {
    let AckPolicy {
        on,
        counts,
        per_sender_day,
        per_domain_hour,
        per_hour,
        once_days,
        oldest_days,
        urgent_words,
        more_words,
    } = policy;
    json!({
        "on": on,
        "count as the school's": counts,
        "to one address in a day": per_sender_day,
        "to one mail domain in an hour": per_domain_hour,
        "to all in an hour": per_hour,
        "one case again after days": once_days,
        "no message older than days": oldest_days,
        "where to turn when it cannot wait": urgent_words,
        "words besides": more_words,
    })
}

fn counted(rule: &Rule) -> Value {
    let Rule { days, day_end, inset_counts, after_hours } = rule;
    json!({
        "days": days,
        "until": day_end.to_string(),
        "INSET days count": inset_counts,
        "after this hour the next day": after_hours.map(|hour| hour.to_string()),
    })
}

fn sending(hours: Hours) -> Value {
    let Hours { from, until, days } = hours;
    let days = match days {
        Days::Every => "every day",
        Days::Weekdays => "weekdays",
        Days::School => "school days",
    };
    json!({ "from": from.to_string(), "until": until.to_string(), "on": days })
}

fn to_colleagues(policy: &NoticePolicy) -> Value {
    let NoticePolicy { pages_url, digest_at, rungs, head, chair } = policy;
    let address = |address: &Option<Private<String>>| address.as_ref().map(|value| digest(value.expose()));
    json!({
        "pages": pages_url,
        "digest at": digest_at.to_string(),
        "school days with the SLT": rungs.slt,
        "school days with the headteacher": rungs.head,
        "digest of the headteacher's address": address(head),
        "digest of the chair's address": address(chair),
    })
}

fn digest(text: &str) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(b"liaison settings 1\n");
    hash.update(text.as_bytes());
    hex(&finish(hash)).chars().take(DIGITS).collect()
}

impl Fired {
    /// By which version of the settings the rules beside it were asked.
    pub fn by_settings(version: &str) -> Self {
        Self::new(SETTINGS, "version", version)
    }
}
