//! The lines of a home page: each says how much of something waits, and leads to its page.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::{
    domain::{
        coverage::{SchoolWeek, Tally, newest_weeks},
        key_item::late_before,
        staff::Role,
        time::{Timestamp, a_year_before, day_in_words, moment_in_full, school_date, start_of, week_of},
    },
    flows::{audit, coverage as weekly, milestones},
    store::{
        StoreError, Tx, absences, accounts, announcements, ask_again,
        complaint_lists::{self, Waiting},
        coverage, desk, key_items, notices, second_person, today,
    },
    web::{
        Web,
        frame::{Frame, Wrong},
        guard::Signed,
    },
};

/// How long a failed notice to a colleague is told of.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How much of something waits.
pub(super) struct Line {
    /// Its page; empty: this colleague has none for it.
    pub(super) path: String,
    /// In words.
    pub(super) words: String,
    /// Whether some of it is late, or wrong.
    pub(super) late: bool,
}

fn line(path: impl Into<String>, words: impl Into<String>, late: bool) -> Line {
    Line { path: path.into(), words: words.into(), late }
}

/// `1 call to make`, `3 calls to make, 2 late`; nothing where there is none.
fn some(path: &str, (count, late): (i64, i64), one: &str, several: &str) -> Option<Line> {
    let what = if count == 1 { one } else { several };
    let tail = if late > 0 { format!(", {late} late") } else { String::new() };
    (count > 0).then(|| line(path, format!("{count} {what}{tail}"), late > 0))
}

/// What waits for this colleague, the most pressing first.
pub(super) async fn lines_of(web: &Web, signed: &Signed, frame: &Frame) -> Result<Vec<Line>, Wrong> {
    let mut lines = Vec::new();
    if signed.is(super::super::cases::READERS) {
        let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
        lines.extend(of_families(&mut tx, web, signed, frame).await?);
        tx.commit().await.map_err(StoreError::from)?;
        // Not while the transaction above holds a connection: it takes one of its own.
        lines.extend(of_the_unreached(web, signed).await?);
        lines.extend(of_the_year(web, signed).await?);
    }
    if signed.is(&[Role::Governor]) {
        lines.extend(of_the_audit(web, signed).await?);
    }
    if signed.is(&[Role::It]) {
        lines.extend(of_the_machine(web, signed).await?);
    }
    Ok(lines)
}

/// For those who meet families.
async fn of_families(tx: &mut Tx, web: &Web, signed: &Signed, frame: &Frame) -> Result<Vec<Line>, Wrong> {
    let now = web.gateway.now();
    let day = school_date(now);
    let cases = today::cases(tx, now, end_of_day(now)).await?;
    let tasks = today::tasks(tx, day).await?;
    let mut lines = Vec::new();
    if signed.is(&[Role::Dsl]) {
        lines.extend(some(
            "/safeguarding",
            (cases.restricted, 0),
            "restricted case is open",
            "restricted cases are open",
        ));
    }
    if signed.is(&[Role::Teacher, Role::Slt, Role::Dsl]) {
        lines.extend(some(
            "/records",
            key_items::count(tx, late_before(&web.gateway.policy(), now)).await?,
            "key item has no reference in CPOMS or Engage",
            "key items have no reference in CPOMS or Engage",
        ));
    }
    lines.extend(of_cover(tx, signed).await?);
    let mine = (cases.mine, cases.mine_late);
    lines.extend(some("/cases?list=mine", mine, "case waits for you", "cases wait for you"));
    if cases.mine_today > 0 {
        lines.push(line("/cases?list=mine", format!("Due today: {}", cases.mine_today), false));
    }
    let leads = signed.is(&[Role::Slt, Role::Dsl]);
    if leads && cases.late > 0 {
        let words =
            if cases.late == 1 { "case of the school is late" } else { "cases of the school are late" };
        lines.push(line("/cases?list=school", format!("{} {words}", cases.late), true));
    }
    lines.extend(of_complaints(&complaint_lists::waiting(tx, day).await?, leads));
    if signed.is(&[Role::Office, Role::Slt, Role::Dsl]) {
        let questions = today::questions(tx, day).await?;
        lines.extend(some(
            "/questions",
            questions,
            "message to sort: who is it from?",
            "messages to sort: who are they from?",
        ));
    }
    if signed.is(crate::web::announce_one::APPROVERS) {
        let updates = second_person::waiting_for(tx, signed.staff()).await?.len();
        lines.extend(some(
            "/approve",
            (i64::try_from(updates).unwrap_or(i64::MAX), 0),
            "update waits for your approval",
            "updates wait for your approval",
        ));
        let waiting =
            i64::try_from(announcements::to_decide(tx, &signed.by()).await?.len()).unwrap_or(i64::MAX);
        lines.extend(some(
            "/announce",
            (waiting, 0),
            "announcement waits for your approval",
            "announcements wait for your approval",
        ));
    }
    if signed.is(crate::web::admin_calendar::KEEPERS) {
        lines.extend(of_the_calendar(tx, web).await?);
    }
    lines.extend(of_tasks(&tasks, frame));
    if signed.is(crate::web::restrictions::KEEPERS) {
        let unasked = (ask_again::count(tx, a_year_before(day), day).await?, 0);
        lines.extend(some(
            "/ask-again",
            unasked,
            "carer to ask again how they are reached",
            "carers to ask again how they are reached",
        ));
    }
    lines.extend(of_updates(tx, web, signed, leads).await?);
    Ok(lines)
}

/// For whom the colleague covers, and that they are away themself; for those who see to it, classes that nobody has.
async fn of_cover(tx: &mut Tx, signed: &Signed) -> Result<Vec<Line>, StoreError> {
    let (me, path) = (signed.staff(), "/away");
    let mut lines = Vec::new();
    let open = absences::open(tx).await?;
    let uncovered = open.iter().filter(|absence| absence.running && absence.uncovered).count();
    if signed.is(&[Role::Office, Role::Slt, Role::Dsl]) {
        let uncovered = i64::try_from(uncovered).unwrap_or_default();
        let (one, several) = ("colleague is away and nobody covers", "colleagues are away and nobody covers");
        lines.extend(some(path, (uncovered, 0), one, several).map(|line| Line { late: true, ..line }));
    }
    for absence in open.into_iter().filter(|absence| absence.running) {
        let until = day_in_words(absence.until);
        if absence.cover == me {
            lines.push(line(path, format!("You cover for {} until {until}", absence.name), false));
        } else if absence.staff == me {
            lines.push(line(
                path,
                format!("You are away until {until}, and {} covers", absence.cover_name),
                false,
            ));
        }
    }
    if signed.is(&[Role::Slt]) {
        let alone = accounts::classes(tx).await?.into_iter().filter(|(_, covered)| !covered);
        let alone = i64::try_from(alone.count()).unwrap_or_default();
        lines.extend(some("/admin/staff", (alone, 0), "class has no teacher", "classes have no teacher"));
    }
    Ok(lines)
}

/// What the calendar does not reach, or soon will not: then no carer is told by when a person answers.
async fn of_the_calendar(tx: &mut Tx, web: &Web) -> Result<Vec<Line>, StoreError> {
    let (policy, path) = (web.gateway.policy(), "/admin/calendar");
    let mut lines = Vec::new();
    match policy.calendar_ends(school_date(web.gateway.now())) {
        _ if policy.calendar.is_none() => {
            lines.push(line(path, "There is no calendar: add the school's terms", true));
        }
        Some(..0) => lines.push(line(path, "The calendar has ended: add the next terms", true)),
        Some(0) => lines.push(line(path, "The calendar ends today: add the next terms", true)),
        Some(1) => lines.push(line(path, "The calendar ends tomorrow: add the next terms", true)),
        Some(days) => {
            lines.push(line(
                path,
                format!("The calendar ends in {days} days: add the next terms"),
                days < 30,
            ));
        }
        None => {}
    }
    let undated = today::undated(tx).await?;
    if undated > 0 {
        let words = if undated == 1 { "case has no date" } else { "cases have no date" };
        lines.push(line(
            path,
            format!("{undated} {words}, because the calendar does not reach so far"),
            true,
        ));
    }
    Ok(lines)
}

/// Complaints whose papers this colleague may read: those to be answered today or before, and those that nobody can.
fn of_complaints(waiting: &Waiting, leads: bool) -> Vec<Line> {
    let due = some(
        "/complaints",
        (waiting.due, waiting.late),
        "complaint is due to be answered",
        "complaints are due to be answered",
    );
    let stuck = some(
        "/complaints",
        (if leads { waiting.stuck } else { 0 }, 0),
        "complaint has no day, or nobody who sees it",
        "complaints have no day, or nobody who sees them",
    );
    due.into_iter().chain(stuck).collect()
}

/// Tasks by kind, each on its page where this colleague has one.
fn of_tasks(tasks: &BTreeMap<String, (i64, i64)>, frame: &Frame) -> Vec<Line> {
    let has = |path: &str| frame.menu.iter().any(|link| link.path == path);
    let kinds = [
        ("call", "/calls", "call to make", "calls to make"),
        ("letter", "/letters", "letter to post", "letters to post"),
        ("check_address", "/to-do", "address to check", "addresses to check"),
        (
            "did_it_arrive",
            "/to-do",
            "carer to ask whether a message arrived",
            "carers to ask whether a message arrived",
        ),
        ("follow_up", "/to-do", "agreement to confirm in writing", "agreements to confirm in writing"),
        ("review_restriction", "/to-do", "restriction to look at", "restrictions to look at"),
        ("opted_out", "/to-do", "carer wants no more texts", "carers want no more texts"),
        (
            "turns_16",
            "/to-do",
            "pupil turns 16: ask whom we may tell",
            "pupils turn 16: ask whom we may tell",
        ),
        (
            "turns_18",
            "/to-do",
            "pupil turns 18: ask whom we may tell",
            "pupils turn 18: ask whom we may tell",
        ),
    ];
    let lines = kinds.into_iter().filter_map(|(kind, path, one, several)| {
        let path = if has(path) { path } else { "/to-do" };
        some(path, tasks.get(kind).copied().unwrap_or_default(), one, several)
    });
    lines.collect()
}

/// A teacher's updates of this week, and what was missed in the last.
async fn of_updates(tx: &mut Tx, web: &Web, signed: &Signed, leads: bool) -> Result<Vec<Line>, StoreError> {
    let day = school_date(web.gateway.now());
    let (teaches, weeks) = (signed.is(&[Role::Teacher]), two_weeks(web));
    if weeks.is_empty() || !(teaches || leads) {
        return Ok(Vec::new());
    }
    let mondays: Vec<_> = weeks.iter().map(|week| week.monday).collect();
    let pupils = coverage::pupils(tx, &mondays, None).await?;
    let classes = today::my_classes(tx).await?;
    let mut lines = Vec::new();
    for week in &weeks {
        let this = week_of(day) == week.monday;
        let mut tally = Tally::default();
        let counted = pupils
            .iter()
            .filter(|pupil| !this || pupil.class.is_some_and(|class| classes.contains(&class.0)));
        counted.for_each(|pupil| tally.add(pupil.standing(week, day)));
        if this && teaches && tally.due > 0 {
            let words = match tally.open() {
                0 => format!("This week's updates are all written: {} of {}", tally.done, tally.due),
                open => format!("{open} of {} updates of this week still to write", tally.due),
            };
            lines.push(line("/week", words, false));
        }
        if !this && tally.missed > 0 {
            let what = if tally.missed == 1 { "update was" } else { "updates were" };
            let words =
                format!("{} {what} missed in the week of {}", tally.missed, day_in_words(week.monday));
            lines.push(line(format!("/coverage?week={}", week.monday), words, true));
        }
    }
    Ok(lines)
}

/// What of the year's reports, newsletters and reviews was missed, or is due soon, for those who see to it.
async fn of_the_year(web: &Web, signed: &Signed) -> Result<Vec<Line>, Wrong> {
    if !signed.is(&[Role::Teacher, Role::Slt, Role::Dsl]) {
        return Ok(Vec::new());
    }
    let classes = milestones::of_year(&web.gateway, signed.staff()).await?;
    let (missed, soon) = milestones::missed_and_soon(&classes, school_date(web.gateway.now()));
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let missed = some(
        "/year",
        (count(missed), 0),
        "report, newsletter or review was missed",
        "reports, newsletters and reviews were missed",
    );
    let soon = some(
        "/year",
        (count(soon), 0),
        "report, newsletter or review is due within three weeks",
        "reports, newsletters and reviews are due within three weeks",
    );
    Ok(missed.map(|line| Line { late: true, ..line }).into_iter().chain(soon).collect())
}

/// The carers whom the updates of this and the last school week have not reached, for those who see to it.
async fn of_the_unreached(web: &Web, signed: &Signed) -> Result<Option<Line>, Wrong> {
    let weeks = two_weeks(web);
    let (Some(newest), Some(oldest)) = (weeks.first(), weeks.last()) else { return Ok(None) };
    if !signed.is(&[Role::Teacher, Role::Slt, Role::Dsl]) {
        return Ok(None);
    }
    let span = (oldest.monday, newest.monday);
    let carers = weekly::not_reached(&web.gateway, signed.staff(), span, newest.monday).await?;
    let count = i64::try_from(carers.len()).unwrap_or_default();
    Ok(some("/coverage", (count, 0), "carer whom no update reached", "carers whom no update reached"))
}

/// This school week and the last, as far as the calendar has them.
fn two_weeks(web: &Web) -> Vec<SchoolWeek> {
    let today = school_date(web.gateway.now());
    let policy = web.gateway.policy();
    policy.calendar.as_ref().map(|calendar| newest_weeks(calendar, today, 2)).unwrap_or_default()
}

/// For governors: no name, nothing restricted.
async fn of_the_audit(web: &Web, signed: &Signed) -> Result<Vec<Line>, Wrong> {
    let now = web.gateway.now();
    let stands = audit::now(&web.gateway, signed.staff(), 1).await?;
    let pack = stands.packs.first().map_or_else(
        || line("/audit", "No audit has been made yet", false),
        |pack| {
            line(
                format!("/audit/{}", pack.id),
                format!("The last audit was made {}", moment_in_full(pack.made_at, now)),
                false,
            )
        },
    );
    let overdue = match stands.overdue.cases {
        0 => line("/audit", "No answer to a carer is overdue", false),
        1 => line("/audit", "1 answer to a carer is overdue", true),
        more => line("/audit", format!("{more} answers to carers are overdue"), true),
    };
    let verified = match stands.verified {
        None => line("/audit", "The record has not been verified yet", true),
        Some(found) if found.first_fault.is_some() => line(
            "/audit",
            format!("The record was altered: verified {}", moment_in_full(found.at, now)),
            true,
        ),
        Some(found) => {
            line("/audit", format!("The record was verified {}: good", moment_in_full(found.at, now)), false)
        }
    };
    Ok(vec![overdue, verified, pack])
}

/// For IT: nothing that anybody wrote.
async fn of_the_machine(web: &Web, signed: &Signed) -> Result<Vec<Line>, Wrong> {
    let now = web.gateway.now();
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let (holds, inboxes) = (desk::holds(&mut tx).await?, desk::inboxes(&mut tx).await?);
    let failed = notices::failed(&mut tx, now - WEEK).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let (queued, oldest) = today::queue(&mut *web.gateway.store.acquire().await?, now).await?;
    let mut lines: Vec<Line> = holds
        .into_iter()
        .map(|hold| {
            let scope = if hold.scope == "all" { "All sending".to_owned() } else { hold.scope };
            line("/health", format!("{scope} is paused since {}", moment_in_full(hold.since, now)), true)
        })
        .collect();
    lines.push(match oldest {
        None => line("/health", "No message waits to leave", false),
        Some(since) => {
            let late = now.duration_since(since).as_secs() > 900;
            let words = if queued == 1 { "message waits to leave" } else { "messages wait to leave" };
            line("/health", format!("{queued} {words}, the first since {}", moment_in_full(since, now)), late)
        }
    });
    lines.extend(some(
        "/health",
        (failed, 0),
        "email to a colleague has not left in the last seven days: look at the log",
        "emails to colleagues have not left in the last seven days: look at the log",
    ));
    lines.extend(inboxes.into_iter().map(|(channel, at)| {
        let late = now.duration_since(at).unsigned_abs() > web.gateway.patience.silent_after;
        line("/health", format!("{channel}: last read well {}", moment_in_full(at, now)), late)
    }));
    Ok(lines)
}

/// When the school's day ends.
fn end_of_day(now: Timestamp) -> Timestamp {
    school_date(now).tomorrow().map_or(now, start_of)
}
