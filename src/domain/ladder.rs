//! The ladder of a message that nobody answers (R42): reminders on the second and third school day, the SLT when it is due,
//! then the headteacher, then the regional director or chair of governors. It is climbed on school days only, lowest first.

use jiff::ToSpan;

use super::{
    notice::Post,
    policy::Policy,
    route::Fired,
    time::{Date, Timestamp, moment_in_a_sentence, school_date, school_time},
};

/// Where a clock stands.
#[derive(Debug, Clone, Copy)]
pub struct Silence {
    /// When the message came.
    pub started_at: Timestamp,
    /// When an answer is due; `None`: the calendar does not reach so far.
    pub due_at: Option<Timestamp>,
    /// How far it has climbed: 0 class staff, 1 SLT, 2 headteacher, 3 regional director or chair.
    pub rung: i16,
    /// On which school day somebody was last reminded; 0: never.
    pub reminded: i16,
}

/// School days on which an overdue clock stays with one rung before the next is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rungs {
    /// With the SLT, until the headteacher is told.
    pub slt: u8,
    /// With the headteacher, until the regional director or chair of governors is told.
    pub head: u8,
}

impl Default for Rungs {
    fn default() -> Self {
        Self { slt: 1, head: 2 }
    }
}

/// What is to be done about a clock now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Stay,
    /// It is due, and nobody has answered: the SLT is told. In words why.
    ToSlt(String),
    /// It stayed overdue: somebody higher is told. In words why.
    To(Post, String),
}

impl Step {
    /// The rung it leads to, as it is stored; `None`: it stays.
    pub const fn rung(&self) -> Option<i16> {
        match self {
            Self::Stay => None,
            Self::ToSlt(_) => Some(1),
            Self::To(Post::Head, _) => Some(2),
            Self::To(Post::Chair, _) => Some(3),
        }
    }
}

/// The next step up, one at a time.
pub fn step(clock: &Silence, policy: &Policy, now: Timestamp) -> Step {
    let Some(due_at) = clock.due_at.filter(|due| *due < now) else { return Step::Stay };
    let due = moment_in_a_sentence(due_at);
    let (post, days) = match clock.rung {
        ..=0 => return Step::ToSlt(format!("no answer by {due}")),
        1 => (Post::Head, policy.notices.rungs.slt),
        2 => (Post::Chair, policy.notices.rungs.slt.saturating_add(policy.notices.rungs.head)),
        3.. => return Step::Stay,
    };
    let passed = school_days_since(due_at, now, policy);
    if passed < u32::from(days) {
        return Step::Stay;
    }
    let plural = if days == 1 { "" } else { "s" };
    Step::To(post, format!("no answer by {due}, nor in {days} school day{plural} since"))
}

/// The rule under which it is kept that a clock climbed.
pub const LADDER: &str = "ladder";
/// The rule under which it is kept that somebody was reminded.
pub const REMINDER: &str = "reminder";

/// The rule by which a clock climbed, with what it saw: for `explain`.
pub fn fired_up(clock: &Silence, step: &Step, policy: &Policy, now: Timestamp) -> Vec<Fired> {
    let (to, why) = match step {
        Step::Stay => return Vec::new(),
        Step::ToSlt(why) => ("to the SLT", why),
        Step::To(Post::Head, why) => ("to the headteacher", why),
        Step::To(Post::Chair, why) => ("to the chair", why),
    };
    let passed = clock.due_at.map_or(0, |due| school_days_since(due, now, policy));
    let rungs = policy.notices.rungs;
    let saw = format!(
        "{why}; {passed} school days have passed since; the SLT is told when it is due, the headteacher {} school days \
         later, the regional director or chair of governors {} after that",
        rungs.slt, rungs.head
    );
    vec![Fired::new(LADDER, to, saw)]
}

/// The rule by which somebody was reminded of a clock on this school day, with what it saw: for `explain`.
pub fn fired_again(clock: &Silence, day: i16) -> Vec<Fired> {
    let due = clock.due_at.map_or_else(
        || "no date can be named".to_owned(),
        |due| format!("an answer is due by {}", moment_in_a_sentence(due)),
    );
    let came = moment_in_a_sentence(clock.started_at);
    let saw = format!("it came {came}; this is school day {day} after that, nobody has answered, and {due}");
    vec![Fired::new(REMINDER, "ok", saw)]
}

/// The school day on which somebody is to be reminded of a clock that is not due yet: 2 or 3, once each. Not for what is
/// due today or late: that is said as such.
pub fn reminder(clock: &Silence, policy: &Policy, now: Timestamp) -> Option<i16> {
    let today = school_date(now);
    if clock.rung > 0
        || clock.due_at.is_some_and(|due| school_date(due) <= today)
        || !policy.is_school_day(today)
    {
        return None;
    }
    let day = i16::try_from(school_days_between(school_date(clock.started_at), today, policy))
        .unwrap_or(i16::MAX)
        .min(3);
    (day >= 2 && day > clock.reminded).then_some(day)
}

/// Whole school days since a moment: each ends at the moment's own time of day.
fn school_days_since(moment: Timestamp, now: Timestamp, policy: &Policy) -> u32 {
    let days = school_days_between(school_date(moment), school_date(now), policy);
    let ended = school_time(now) >= school_time(moment) || !policy.is_school_day(school_date(now));
    if ended { days } else { days.saturating_sub(1) }
}

/// The school days after `from`, up to and with `until`.
fn school_days_between(from: Date, until: Date, policy: &Policy) -> u32 {
    let days = from.series(1.day()).skip(1).take_while(|day| *day <= until);
    u32::try_from(days.filter(|day| policy.is_school_day(*day)).count()).unwrap_or(u32::MAX)
}
