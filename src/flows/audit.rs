//! What governors are told (R54): a pack of figures and a sample, made by somebody, kept under its id and never changed; and
//! whether the record is what was written. Both are events of the record themselves.

use std::collections::BTreeMap;

use super::{FlowError, coverage as weekly, gateway::Gateway, verify};
use crate::{
    domain::{
        audit::{Counted, Drawn, Event, Figures, Found, Masked, Overdue, Record, masked},
        chronology::{Entry, kind},
        contact::ContactKind,
        coverage::school_weeks,
        ids::{PackId, StaffId},
        key_item::late_before,
        time::{Date, Timestamp, day_in_words, school_date, start_of, week_of},
    },
    store::{
        StoreError, Tx,
        audits::{self, Pack, Verification},
        chronology, coverage, desk,
        figures::{self, Span},
        key_items, one_snapshot,
    },
};

/// The most cases and contacts a sample draws.
pub const LARGEST_SAMPLE: i16 = 50;
/// How many days a pack looks over at most.
const LONGEST: i32 = 400;
/// School weeks of a pack at most: those of its longest period.
const WEEKS: usize = 60;

/// What a pack is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// How many cases and contacts are drawn.
    pub sample: i16,
}

/// Makes a pack: counts, draws, and keeps both with an entry of who made it. Returns its id.
pub async fn make(gateway: &Gateway, asked: &Asked, by: StaffId) -> Result<PackId, FlowError> {
    check(asked, school_date(gateway.now()))?;
    let (id, now) = (PackId::new(), gateway.now());
    let span = span(asked.from, asked.until, now);
    let mut tx = gateway.store.begin().await?;
    one_snapshot(&mut tx).await?;
    let counted = counted(&mut tx, gateway, asked.from, asked.until, span).await?;
    let found = found(&mut tx, asked, span).await?;
    let drawn = figures::draw(&mut tx, id, by, span, i64::from(asked.sample)).await?;
    tx.rollback().await.map_err(StoreError::from)?;
    let lines = masked(&drawn.iter().map(|row| with_words(&row.drawn)).collect::<Vec<_>>(), now);
    let lines: Vec<(Masked, _)> = lines.into_iter().zip(drawn).collect();
    let pack = Pack {
        id,
        made_at: now,
        made_by: by,
        from: asked.from,
        until: asked.until,
        sample: asked.sample,
        figures: Figures { counted, found },
    };
    let mut tx = gateway.store.begin().await?;
    audits::insert(&mut tx, &pack, &lines).await?;
    let said = format!("audit pack {id} made, from {} to {}", asked.from, asked.until);
    chronology::append(&mut tx, &[Entry::now(now, kind::AUDITED, said).by(&by.to_string())]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(id)
}

fn check(asked: &Asked, today: Date) -> Result<(), FlowError> {
    let refused = |why: &str| Err(FlowError::Refused(why.to_owned()));
    if asked.from > asked.until {
        return refused("the first day lies after the last: mend the dates");
    }
    if asked.from > today {
        return refused("the period has not begun: choose an earlier first day");
    }
    let days = asked.from.until(asked.until).map_or(i32::MAX, |span| span.get_days());
    if days > LONGEST {
        return refused("a pack looks over a year at most: choose a shorter period");
    }
    if !(0..=LARGEST_SAMPLE).contains(&asked.sample) {
        return refused("a sample draws 50 at most: choose a smaller number");
    }
    Ok(())
}

/// The instants of a period: its first day's beginning and the beginning of the day after its last.
fn span(from: Date, until: Date, as_of: Timestamp) -> Span {
    let after = until.tomorrow().unwrap_or(until);
    Span { from: start_of(from), until: start_of(after), as_of }
}

async fn counted(
    tx: &mut Tx,
    gateway: &Gateway,
    from: Date,
    until: Date,
    span: Span,
) -> Result<Counted, FlowError> {
    let (messages, opened) = figures::arrived(tx, span).await?;
    let today = school_date(span.as_of);
    let policy = gateway.policy();
    let weeks = policy
        .calendar
        .as_ref()
        .map(|calendar| school_weeks(calendar, from, until.min(today), WEEKS))
        .unwrap_or_default();
    let mondays: Vec<Date> = weeks.iter().map(|week| week.monday).collect();
    let pupils = coverage::pupils(tx, &mondays, Some(span.as_of)).await?;
    let mut counted = Counted {
        messages,
        opened,
        updates: weekly::tallies(&pupils, &weeks, today),
        contacts: figures::contacts(tx, span).await?,
        ..Counted::default()
    };
    counted.count(&figures::clocks(tx, span).await?, span.as_of);
    Ok(counted)
}

async fn found(tx: &mut Tx, asked: &Asked, span: Span) -> Result<Found, FlowError> {
    let (kinds, closed) = figures::kinds(tx, span).await?;
    let weeks = (week_of(asked.from), asked.until);
    let (since, today) = (start_of(weeks.0), school_date(span.as_of));
    let carers = coverage::unreached(tx, weeks, asked.until, since, today, weekly::MOST_UNREACHED).await?;
    let mut not_reached: BTreeMap<String, u64> = BTreeMap::new();
    for carer in coverage::named(tx, carers).await? {
        *not_reached.entry(carer.class_name.unwrap_or_else(|| "No class".to_owned())).or_default() += 1;
    }
    Ok(Found {
        kinds,
        closed,
        sent: figures::sent(tx, span).await?,
        not_reached,
        overdue: figures::overdue(tx, span.as_of).await?,
        record: figures::record(tx, true).await?,
    })
}

/// A contact's kind as a sentence calls it.
fn with_words(drawn: &Drawn) -> Drawn {
    let mut drawn = drawn.clone();
    if let Event::Contact { kind, .. } = &mut drawn.what
        && let Ok(known) = ContactKind::parse(kind)
    {
        known.in_words().clone_into(kind);
    }
    drawn
}

/// A pack with its sample, as its reader may see it.
#[derive(Debug)]
pub struct Opened {
    /// The pack.
    pub pack: Pack,
    /// Who made it.
    pub made_by: String,
    /// The lines of its sample, with the code of the case where the reader may open that.
    pub lines: Vec<(i16, Masked, Option<String>)>,
}

/// A pack by its id; `None` where there is none for this colleague.
pub async fn open(gateway: &Gateway, staff: StaffId, id: PackId) -> Result<Option<Opened>, FlowError> {
    let sampled = audits::sampled_cases(&mut *gateway.store.acquire().await?, id).await?;
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(pack) = audits::packs(&mut tx, Some(id), 1).await?.pop() else { return Ok(None) };
    let lines = audits::sample(&mut tx, id).await?;
    let cases: Vec<_> = sampled.iter().map(|(_, case)| *case).collect();
    let codes = audits::codes(&mut tx, &cases).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let code = |line: i16| {
        let (_, case) = sampled.iter().find(|(at, _)| *at == line)?;
        codes.iter().find(|(id, _)| id == case).map(|(_, code)| code.clone())
    };
    let lines = lines.into_iter().map(|(line, masked)| (line, masked, code(line))).collect();
    let made_by = names.get(&pack.made_by.to_string()).cloned().unwrap_or_default();
    Ok(Some(Opened { pack, made_by, lines }))
}

/// Counts a pack's figures again, as of when it was made.
pub async fn again(gateway: &Gateway, pack: &Pack) -> Result<Counted, FlowError> {
    let mut tx = gateway.store.begin().await?;
    one_snapshot(&mut tx).await?;
    let span = span(pack.from, pack.until, pack.made_at);
    let counted = counted(&mut tx, gateway, pack.from, pack.until, span).await?;
    tx.rollback().await.map_err(StoreError::from)?;
    Ok(counted)
}

/// How things stand now, as far as that is counted fast.
#[derive(Debug)]
pub struct Now {
    /// Cases overdue.
    pub overdue: Overdue,
    /// Messages whose sender nobody has placed, and how many of them are late.
    pub unplaced: (u64, u64),
    /// Complaints that are open, and how many of them are late.
    pub complaints: (u64, u64),
    /// Key items without a reference in another system, and how many of them are late.
    pub unreferenced: (u64, u64),
    /// How far the record is; its entries are not counted.
    pub record: Record,
    /// When it was last verified, and what was found.
    pub verified: Option<Verification>,
    /// The newest packs.
    pub packs: Vec<Pack>,
}

/// How things stand now, for whoever may see packs.
pub async fn now(gateway: &Gateway, staff: StaffId, packs: i64) -> Result<Now, FlowError> {
    let at = gateway.now();
    let mut connection = gateway.store.acquire().await?;
    let overdue = figures::overdue(&mut connection, at).await?;
    let unplaced = figures::unplaced(&mut connection, school_date(at)).await?;
    let complaints = figures::complaints(&mut connection, school_date(at)).await?;
    let unreferenced =
        key_items::count_open_to_all(&mut connection, late_before(&gateway.policy(), at)).await?;
    drop(connection);
    let mut tx = gateway.store.as_colleague(staff).await?;
    let record = figures::record(&mut tx, false).await?;
    let verified = audits::last_verification(&mut tx).await?;
    let packs = audits::packs(&mut tx, None, packs).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Now { overdue, unplaced, complaints, unreferenced, record, verified, packs })
}

/// Verifies the whole record now, and keeps what was found. One at a time: it reads every entry.
pub async fn verify_now(gateway: &Gateway, by: &str) -> Result<Verification, FlowError> {
    let mut tx = gateway.store.begin().await?;
    if !audits::lock_verifier(&mut tx).await? {
        return Err(FlowError::Refused(
            "the record is being verified at this moment: look again in a minute".to_owned(),
        ));
    }
    let at = gateway.now();
    let verdict = verify::verify(&gateway.store, &[]).await?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let found = Verification {
        at,
        by: by.to_owned(),
        took_ms: i64::try_from(gateway.now().duration_since(at).as_millis()).unwrap_or(i64::MAX),
        entries: count(verdict.entries),
        sealed: count(verdict.sealed),
        waiting: count(verdict.waiting),
        seals: count(verdict.seals),
        erased: count(verdict.erased),
        newest_seal: verdict.newest_seal,
        first_fault: verdict.faults.into_iter().next().map(|fault| fault.sentence),
    };
    audits::keep_verification(&mut tx, &found).await?;
    let good =
        if found.first_fault.is_none() { "everything is as it was written" } else { "something is wrong" };
    let said = format!("the record was verified up to {}: {good}", day_in_words(school_date(at)));
    chronology::append(&mut tx, &[Entry::now(gateway.now(), kind::VERIFIED, said).by(by)]).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(found)
}
