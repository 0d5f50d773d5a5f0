//! Looks for personal data in what an adapter prints.

use std::fmt::Debug;

use crate::{error::SendError, wire_log::WireLog};

use super::{Verdict, hold, samples::Sample};

/// Neither form of an error, nor its code, repeats the address, the name or the words.
pub(super) fn error_is_clean(error: &SendError, sample: &Sample) -> Verdict {
    let printed = format!("{error} {error:?} {}", error.code.as_deref().unwrap_or_default());
    is_clean("an error", &printed, sample)?;
    hold(!error.summary.trim().is_empty(), || "an error has no sentence for staff".to_owned())
}

/// `Debug` of anything repeats neither the address, the name nor the words.
pub(super) fn debug_is_clean(what: &str, value: &impl Debug, sample: &Sample) -> Verdict {
    is_clean(what, &format!("{value:?}"), sample)
}

/// A wire log repeats neither the address, the name nor the words, nor any of these secrets.
pub(super) fn log_is_clean(log: &WireLog, secrets: &[String], sample: &Sample) -> Verdict {
    let lines = log.expose().join("\n");
    is_clean("the wire log", &lines, sample)?;
    let tells = secrets.iter().any(|secret| lines.contains(secret.as_str()));
    hold(!tells, || "the wire log holds a secret".to_owned())?;
    hold(!format!("{log} {log:?}").contains("> "), || "a wire log prints its lines".to_owned())
}

fn is_clean(what: &str, printed: &str, sample: &Sample) -> Verdict {
    let printed = printed.to_lowercase();
    let digits: String = printed.chars().filter(char::is_ascii_digit).collect();
    let national = sample.to.strip_prefix("+44");
    let shows = [
        (
            "the address",
            sample.to.lines().any(|line| printed.contains(&line.to_lowercase()))
                || national.is_some_and(|national| digits.contains(national)),
        ),
        ("the name", printed.contains("quillfeather") || printed.contains("zofia")),
        (
            "the words",
            printed.contains(&sample.token) || printed.contains("naïve") || printed.contains("quote\\\""),
        ),
        ("the subject", printed.contains("week 3")),
    ];
    shows.iter().try_for_each(|(part, shown)| hold(!shown, || format!("{what} prints {part} of the message")))
}
