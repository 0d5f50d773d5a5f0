//! How the weekly updates stand, class by class: read as the colleague, or counted for an audit.

use std::collections::BTreeMap;

use super::{FlowError, gateway::Gateway};
use crate::{
    domain::{
        coverage::{Pupil, SchoolWeek, Standing, Tally, newest_weeks},
        ids::{ClassId, PupilId, StaffId},
        time::{Date, school_date, start_of},
    },
    store::{
        StoreError,
        coverage::{self, NotReached},
    },
};

/// How many school weeks are shown.
const WEEKS: usize = 12;
/// More carers than this are not looked at: then the channel is what is wrong.
pub(super) const MOST_UNREACHED: i64 = 2_000;
/// The class of pupils who have none.
const NO_CLASS: &str = "No class";

/// A pupil without an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Without {
    /// The pupil.
    pub pupil: PupilId,
    /// The pupil's name.
    pub name: String,
    /// How many weeks in a row, up to the newest that is over, were missed.
    pub in_a_row: usize,
}

/// A class's week.
#[derive(Debug)]
pub struct ClassWeek {
    /// The class; `None`: those of no class.
    pub class: Option<ClassId>,
    /// Its name.
    pub name: String,
    /// Its pupils on roll in that week.
    pub tally: Tally,
    /// Pupils whose update is still to be written.
    pub due: Vec<Without>,
    /// Pupils whose update was missed.
    pub missed: Vec<Without>,
    /// Carers not reached.
    pub not_reached: Vec<NotReached>,
}

/// How the updates stand.
#[derive(Debug)]
pub struct Coverage {
    /// The school weeks one can look at, the newest first, each with its figures.
    pub weeks: Vec<(SchoolWeek, Tally)>,
    /// The week that is shown.
    pub shown: SchoolWeek,
    /// Class by class.
    pub classes: Vec<ClassWeek>,
}

/// How the updates of a week stand for the pupils this colleague may see, the newest where none is named; `None` where the
/// calendar has no school week up to now, or not that one. With the newest week stand the carers whom no week's update has
/// reached since.
pub async fn of_week(
    gateway: &Gateway,
    staff: StaffId,
    wanted: Option<Date>,
) -> Result<Option<Coverage>, FlowError> {
    let today = school_date(gateway.now());
    let policy = gateway.policy();
    let Some(calendar) = &policy.calendar else { return Ok(None) };
    let weeks = newest_weeks(calendar, today, WEEKS);
    let shown = match wanted {
        Some(monday) => weeks.iter().find(|week| week.monday == monday),
        None => weeks.first(),
    };
    let (Some(shown), Some(newest), Some(oldest)) = (shown.copied(), weeks.first(), weeks.last()) else {
        return Ok(None);
    };
    let mondays: Vec<Date> = weeks.iter().map(|week| week.monday).collect();
    let from = if shown == *newest { oldest.monday } else { shown.monday };
    let not_reached = not_reached(gateway, staff, (from, shown.monday), newest.monday).await?;
    let mut tx = gateway.store.as_colleague(staff).await?;
    let pupils = coverage::pupils(&mut tx, &mondays, None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let tallies = weeks.iter().map(|week| (*week, tally(pupils.iter(), week, today))).collect();
    let classes = by_class(&pupils, &weeks, &shown, today, not_reached);
    Ok(Some(Coverage { weeks: tallies, shown, classes }))
}

/// The carers whom the updates of these weeks have not reached, nor any up to `last`, of those whom this colleague may see.
pub async fn not_reached(
    gateway: &Gateway,
    staff: StaffId,
    weeks: (Date, Date),
    last: Date,
) -> Result<Vec<NotReached>, FlowError> {
    let today = school_date(gateway.now());
    let mut connection = gateway.store.acquire().await?;
    let unreached =
        coverage::unreached(&mut connection, weeks, last, start_of(weeks.0), today, MOST_UNREACHED).await?;
    drop(connection);
    let mut tx = gateway.store.as_colleague(staff).await?;
    let named = coverage::named(&mut tx, unreached).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(named)
}

fn tally<'a>(pupils: impl Iterator<Item = &'a Pupil>, week: &SchoolWeek, today: Date) -> Tally {
    let mut tally = Tally::default();
    pupils.for_each(|pupil| tally.add(pupil.standing(week, today)));
    tally
}

fn by_class(
    pupils: &[Pupil],
    weeks: &[SchoolWeek],
    shown: &SchoolWeek,
    today: Date,
    not_reached: Vec<NotReached>,
) -> Vec<ClassWeek> {
    let mut classes: Vec<ClassWeek> = Vec::new();
    // Pupils come class by class; those of none come last.
    for pupil in pupils {
        if classes.last().is_none_or(|class| class.class != pupil.class) {
            classes.push(ClassWeek {
                class: pupil.class,
                name: pupil.class_name.clone().unwrap_or_else(|| NO_CLASS.to_owned()),
                tally: Tally::default(),
                due: Vec::new(),
                missed: Vec::new(),
                not_reached: Vec::new(),
            });
        }
        let Some(class) = classes.last_mut() else { continue };
        let standing = pupil.standing(shown, today);
        class.tally.add(standing);
        let list = match standing {
            Standing::Due => &mut class.due,
            Standing::Missed => &mut class.missed,
            Standing::NotDue | Standing::Done => continue,
        };
        list.push(Without {
            pupil: pupil.id,
            name: pupil.name.clone(),
            in_a_row: pupil.missed_in_a_row(weeks, today),
        });
    }
    for carer in not_reached {
        if let Some(class) = classes.iter_mut().find(|class| class.class == carer.class) {
            class.not_reached.push(carer);
        }
    }
    classes.retain(|class| class.tally.due > 0 || !class.not_reached.is_empty());
    classes
}

/// The figures of each class over these weeks, by its name.
pub(super) fn tallies(pupils: &[Pupil], weeks: &[SchoolWeek], today: Date) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for pupil in pupils {
        let name = pupil.class_name.clone().unwrap_or_else(|| NO_CLASS.to_owned());
        let tally = tallies.entry(name).or_default();
        for week in weeks {
            tally.add(pupil.standing(week, today));
        }
    }
    tallies.retain(|_, tally| tally.due > 0);
    tallies
}
