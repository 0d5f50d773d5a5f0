//! Whether an arrived message is acknowledged by itself (R36, R37; the 15 rules of RFC 3834 practice).
//!
//! What the mail itself tells is read in `liaison_channels::reading`; here stand the rules that need to know who wrote
//! and what was answered before. A message that is not acknowledged is still kept, owned and on the clock.

use jiff::SignedDuration;

use super::{
    policy::School,
    route::Fired,
    time::{Timestamp, moment_in_a_sentence},
};

/// The school's settings for automatic acknowledgements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckPolicy {
    /// Whether there are any.
    pub on: bool,
    /// Whether one that has left is the acknowledgement that the school owes (R38): the clock for it stops, and the day that was
    /// named to the carer is a promise.
    pub counts: bool,
    /// At most so many to one address in 24 hours.
    pub per_sender_day: u32,
    /// At most so many to one mail domain in an hour.
    pub per_domain_hour: u32,
    /// At most so many to all in an hour.
    pub per_hour: u32,
    /// A case is acknowledged once in so many days.
    pub once_days: u16,
    /// A message older than so many days is not acknowledged.
    pub oldest_days: u16,
    /// Where to turn when it cannot wait; empty: the usual sentence.
    pub urgent_words: String,
    /// What every acknowledgement by email says besides; empty: nothing.
    pub more_words: String,
}

impl AckPolicy {
    /// Where to turn when it cannot wait, as carers read it.
    pub fn urgent(&self, school: &School) -> String {
        if self.urgent_words.trim().is_empty() {
            return format!(
                "If it cannot wait, ring the school office on {}. If a child is in danger now, ring 999.",
                school.office_phone
            );
        }
        self.urgent_words.trim().to_owned()
    }
}

/// What was acknowledged before, as far as the caps ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recent {
    /// To this address in the last 24 hours.
    pub to_sender: u32,
    /// To this mail domain in the last hour.
    pub to_domain: u32,
    /// To all in the last hour.
    pub to_all: u32,
    /// When this case was last acknowledged.
    pub case: Option<Timestamp>,
}

/// What there is to know about the message.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The first rule by which the mail itself forbids an answer: its number and what was seen.
    pub forbids: Option<(u8, String)>,
    /// Whether the envelope sender is another address than the carer's own; an answer would go to who knows whom.
    pub comes_back_elsewhere: bool,
    /// When the school had it.
    pub received_at: Timestamp,
    /// What the message says of its own time, where it says it.
    pub dated: Option<Timestamp>,
    /// Whether it starts a clock: what needs no person needs no promise of one.
    pub needs_a_person: bool,
}

/// Yes, or the rule that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack {
    /// Acknowledge it.
    Send,
    /// Do not: the rule's number, 0 for a rule of the school's own, and why.
    Hold(u8, String),
}

impl Ack {
    /// As the chronology tells it.
    pub fn sentence(&self) -> String {
        match self {
            Self::Send => "acknowledged".to_owned(),
            Self::Hold(0, why) => format!("not acknowledged: {why}"),
            Self::Hold(rule, why) => format!("not acknowledged (rule {rule}): {why}"),
        }
    }
}

/// Decides for a message from a known carer whom no restriction binds; everybody else is rule 9 and never comes here.
pub fn decide(arrived: &Arrived, recent: &Recent, policy: &AckPolicy, now: Timestamp) -> Ack {
    let no = |rule, why: &str| Ack::Hold(rule, why.to_owned());
    if !policy.on {
        return no(0, "acknowledgements are switched off");
    }
    if let Some((rule, why)) = &arrived.forbids {
        return Ack::Hold(*rule, why.clone());
    }
    if !arrived.needs_a_person {
        return no(0, "thanks and no more: nobody is waiting for an answer");
    }
    if arrived.comes_back_elsewhere {
        return no(9, "an answer would go back to another address than the one on record");
    }
    if recent.case.is_some_and(|at| is_within(at, now, days(policy.once_days))) {
        return no(11, "this case has been acknowledged already");
    }
    if recent.to_sender >= policy.per_sender_day {
        return no(12, "as many acknowledgements as may go to one address in a day have gone there");
    }
    if recent.to_domain >= policy.per_domain_hour {
        return no(12, "as many acknowledgements as may go to one mail domain in an hour have gone there");
    }
    if recent.to_all >= policy.per_hour {
        return no(12, "as many acknowledgements as may go in an hour have gone");
    }
    let oldest = [Some(arrived.received_at), arrived.dated].into_iter().flatten().min();
    if oldest.is_some_and(|at| !is_within(at, now, days(policy.oldest_days))) {
        return no(13, "the message is too old for an automatic answer");
    }
    Ack::Send
}

/// The rule's name under which a decision about an acknowledgement is kept.
pub const ACKNOWLEDGEMENT: &str = "acknowledgement";

/// What was decided, with what the caps saw: for `explain`.
pub fn fired(ack: &Ack, recent: &Recent, policy: &AckPolicy) -> Fired {
    let verdict = if *ack == Ack::Send { "ok" } else { "stop" };
    let why = match ack {
        Ack::Send => "a known carer, a person, and no rule against it".to_owned(),
        Ack::Hold(..) => ack.sentence().trim_end_matches('.').to_owned(),
    };
    let before =
        recent.case.map_or_else(|| "never".to_owned(), |at| format!("last {}", moment_in_a_sentence(at)));
    let saw = format!(
        "{why}. Acknowledged before: this case {before} (again after {} days); to this address {} in a day (at most {}); to \
         its mail domain {} in an hour (at most {}); to all {} in an hour (at most {})",
        policy.once_days,
        recent.to_sender,
        policy.per_sender_day,
        recent.to_domain,
        policy.per_domain_hour,
        recent.to_all,
        policy.per_hour,
    );
    Fired::new(ACKNOWLEDGEMENT, verdict, saw)
}

fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}

fn is_within(at: Timestamp, now: Timestamp, span: SignedDuration) -> bool {
    now.duration_since(at) < span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().expect("an instant")
    }

    fn ago(hours: i64) -> Timestamp {
        now() - SignedDuration::from_hours(hours)
    }

    fn policy() -> AckPolicy {
        AckPolicy {
            on: true,
            counts: false,
            per_sender_day: 3,
            per_domain_hour: 60,
            per_hour: 600,
            once_days: 14,
            oldest_days: 2,
            urgent_words: String::new(),
            more_words: String::new(),
        }
    }

    fn arrived() -> Arrived {
        Arrived {
            forbids: None,
            comes_back_elsewhere: false,
            received_at: ago(0),
            dated: None,
            needs_a_person: true,
        }
    }

    fn rule(arrived: &Arrived, recent: &Recent) -> Option<u8> {
        match decide(arrived, recent, &policy(), now()) {
            Ack::Send => None,
            Ack::Hold(rule, _) => Some(rule),
        }
    }

    #[test]
    fn each_rule_holds_by_itself() {
        let none = Recent::default();
        for (case, arrived, recent, expected) in [
            ("a person", arrived(), none, None),
            ("a machine", Arrived { forbids: Some((1, "x".into())), ..arrived() }, none, Some(1)),
            ("only thanks", Arrived { needs_a_person: false, ..arrived() }, none, Some(0)),
            ("elsewhere", Arrived { comes_back_elsewhere: true, ..arrived() }, none, Some(9)),
            ("the case is acknowledged", arrived(), Recent { case: Some(ago(24)), ..none }, Some(11)),
            ("acknowledged long ago", arrived(), Recent { case: Some(ago(24 * 14)), ..none }, None),
            ("two to the address", arrived(), Recent { to_sender: 2, ..none }, None),
            ("three to the address", arrived(), Recent { to_sender: 3, ..none }, Some(12)),
            ("sixty to the domain", arrived(), Recent { to_domain: 60, ..none }, Some(12)),
            ("six hundred in all", arrived(), Recent { to_all: 600, ..none }, Some(12)),
            ("came two days ago", Arrived { received_at: ago(48), ..arrived() }, none, Some(13)),
            ("dated two days ago", Arrived { dated: Some(ago(49)), ..arrived() }, none, Some(13)),
            ("dated tomorrow", Arrived { dated: Some(ago(-24)), ..arrived() }, none, None),
        ] {
            assert_eq!(rule(&arrived, &recent), expected, "{case}");
        }
    }

    #[test]
    fn the_school_can_switch_it_off() {
        let off = AckPolicy { on: false, ..policy() };

        assert!(matches!(decide(&arrived(), &Recent::default(), &off, now()), Ack::Hold(0, _)));
    }
}
