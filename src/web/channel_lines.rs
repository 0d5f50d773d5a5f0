//! How a channel is, in sentences: for Health, and for Admin, Channels.

use jiff::SignedDuration;
use liaison_channels::sender::Carries;

use super::Web;
use crate::{
    domain::time::{Timestamp, moment_in_full},
    flows::channels::Health,
};

/// A channel's sentences.
pub(super) struct Lines {
    /// The channel.
    pub(super) id: String,
    /// What it is for.
    pub(super) what: &'static str,
    /// What is well, or only to be known.
    pub(super) plain: Vec<String>,
    /// What needs somebody.
    pub(super) late: Vec<String>,
}

/// The sentences about a channel.
pub(super) fn lines(web: &Web, health: &Health, now: Timestamp) -> Lines {
    let mut lines = Lines {
        id: health.id.clone(),
        what: match health.carries {
            Some(Carries::Mail) => "Sends emails",
            Some(Carries::Text) => "Sends texts",
            Some(Carries::Letter) => "Has letters printed and posted",
            None => "Is read",
        },
        plain: Vec::new(),
        late: Vec::new(),
    };
    sending(&mut lines, health, now);
    month(&mut lines, web, health);
    reading(&mut lines, web, health, now);
    for (why, count) in &health.refused {
        lines.plain.push(format!(
            "{count} {} refused since Liaison started: the proof of who sent {} was {why}",
            if *count == 1 { "post was" } else { "posts were" },
            if *count == 1 { "it" } else { "them" },
        ));
    }
    lines
}

fn sending(lines: &mut Lines, health: &Health, now: Timestamp) {
    if health.carries.is_none() {
        return;
    }
    lines.plain.push(match health.taken {
        Some(at) => format!("Last message taken {}", moment_in_full(at, now)),
        None => "No message was taken lately".to_owned(),
    });
    if let Some(pace) = health.per_minute {
        lines.plain.push(format!("At most {} messages a minute", rounded(pace)));
    }
    let count = health.waits.due + health.waits.later;
    if let Some(done) = health.done_by {
        let wait = if count == 1 { "message waits" } else { "messages wait" };
        lines.plain.push(format!(
            "{count} {wait}: by this pace the last leaves about {}",
            moment_in_full(done, now)
        ));
    }
    if let Some(wait) = health.asked_to_wait.filter(SignedDuration::is_positive) {
        lines.late.push(format!(
            "It rests for {} more: the other side asked for it, or cannot be reached",
            short(wait)
        ));
    }
}

/// `30`, or `0.5`.
fn rounded(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

fn short(span: SignedDuration) -> String {
    match span.as_secs() {
        secs @ ..=90 => format!("{} seconds", secs.max(1)),
        secs => format!("{} minutes", (secs + 59) / 60),
    }
}

fn month(lines: &mut Lines, web: &Web, health: &Health) {
    let Some((month, cap)) = &health.month else { return };
    let parts = usize::try_from(month.parts).unwrap_or(usize::MAX);
    let cost = web.gateway.texts_cost(parts).map(|cost| format!(", about {cost}")).unwrap_or_default();
    lines.plain.push(match cap {
        Some(cap) => format!("{parts} of {cap} parts of texts this month{cost}"),
        None => format!("{parts} parts of texts this month{cost}"),
    });
    let near = cap.is_some_and(|cap| month.parts * 5 >= u64::from(cap) * 4);
    if month.let_on_by.is_some() {
        lines.late.push("A colleague let texts go on beyond this month\u{2019}s number".to_owned());
    } else if near {
        lines
            .late
            .push("Four fifths of this month\u{2019}s texts are used: at the last one texts stop".to_owned());
    }
}

fn reading(lines: &mut Lines, web: &Web, health: &Health, now: Timestamp) {
    if health.never_read {
        lines.late.push("It was never read yet".to_owned());
    }
    if let Some(reading) = &health.reading {
        lines.plain.push(format!("Last read well {}", moment_in_full(reading.looked_at, now)));
        if let Some(at) = reading.compared_at {
            lines.plain.push(format!(
                "Its mails were last compared with the server\u{2019}s {}",
                moment_in_full(at, now)
            ));
        }
        if reading.silent_since.is_some() {
            lines.late.push("It has not been read for long: what lies there is unread".to_owned());
        }
    }
    let Some(probe) = &health.probe else { return };
    let sent = moment_in_full(probe.sent_at, now);
    match probe.came_at {
        Some(came) => {
            let took = short(came.duration_since(probe.sent_at));
            lines.plain.push(format!("The mail to ourselves of {sent} came back after {took}"));
        }
        None if probe.refused => lines.late.push(format!("The mail to ourselves of {sent} could not leave")),
        None if now.duration_since(probe.sent_at).unsigned_abs() < web.gateway.patience.probe_back => {
            lines.plain.push(format!("The mail to ourselves of {sent} is on its way"));
        }
        None => lines.late.push(format!("The mail to ourselves of {sent} has not come back")),
    }
}
