//! What each carer would get of an announcement, how many, and at what cost, before it is queued (R11). Made by the same gate
//! and wording, on the same links, that make what is sent.

use std::collections::BTreeMap;

use super::{
    FlowError,
    announcements::said,
    announcing,
    gateway::Gateway,
    preview::{Gets, PreviewFor, gets},
};
use crate::{
    domain::{
        announcement::Announcement,
        hours::Hours,
        ids::{AnnouncementId, CarerId, StaffId},
        people::Route,
        policy::Policy,
        route::{Plan, choose},
        time::school_date,
    },
    store::{
        StoreError,
        announced::{self, Progress},
        announcements,
    },
};

/// How many carers are on a page of a preview.
pub const A_PAGE: usize = 50;

/// How many carers get it, how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Carers in all.
    pub carers: usize,
    /// Emails.
    pub email: usize,
    /// Texts.
    pub text: usize,
    /// Calls for colleagues to make.
    pub call: usize,
    /// Letters to post.
    pub letter: usize,
    /// The parts of all texts together, as the provider counts them.
    pub parts: usize,
    /// Carers who get nothing, by the reason.
    pub nothing: BTreeMap<String, usize>,
}

/// What an announcement would do. Personal.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The announcement.
    pub announcement: Announcement,
    /// How many, how.
    pub counted: Counted,
    /// A page of carers, by name, as far as the colleague may see them.
    pub page: Vec<PreviewFor>,
    /// The last carer of the page, where more follow.
    pub more_after: Option<CarerId>,
    /// How many carers the colleague may not see, because they are of their own family.
    pub unseen: usize,
    /// How many pupils its words name in full.
    pub named: i64,
}

/// The preview of an announcement, with the page of carers after `after`; `None` where there is none for this colleague.
pub async fn preview(
    gateway: &Gateway,
    staff: StaffId,
    id: AnnouncementId,
    after: Option<CarerId>,
) -> Result<Option<Preview>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(announcement) = announcements::find(&mut tx, id).await? else { return Ok(None) };
    let written = &announcement.written;
    let text = format!("{}\n{}", written.title.expose(), written.words.expose());
    let named = announced::named_in(&mut tx, &text).await?;
    // One connection at a time: whoever holds one and waits for another may wait for ever.
    tx.commit().await.map_err(StoreError::from)?;
    // Whom it goes to is read as the daemon: what is sent does not depend on who looks.
    let mut connection = gateway.store.acquire().await?;
    let mut links = announcing::audience(&mut connection, &announcement, school_date(gateway.now())).await?;
    drop(connection);
    let mut tx = gateway.store.as_colleague(staff).await?;
    let seen = announced::seen(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    links.sort_by_cached_key(|link| {
        let name = &link.carer_name;
        (name.surname.expose().clone(), name.forename.expose().clone(), link.carer)
    });
    let message = said(&announcement);
    // The words do not depend on the hour, nor on who may be reached in a rehearsal.
    let policy = Policy { hours: Hours::ALWAYS, rehearsal: None, ..Policy::clone(&gateway.policy()) };
    let mut counted = Counted::default();
    let mut shown = Shown::after(after);
    for link in &links {
        if seen.contains(&link.carer) && shown.turns_to(link.carer) {
            let would_get = gets(gateway, &policy, link, &message);
            counted.add(&would_get);
            let carer = link.carer_name.full().expose().clone();
            shown.page.push(PreviewFor { carer, gets: would_get, not_by_text: None });
            continue;
        }
        // Of most only how they are told is counted; a text must be written to know its parts.
        let (plan, _) =
            choose(link, &message, &policy.never_by_text, gateway.carriers.set_up(), &[], gateway.now());
        if !counted.add_plan(&plan) {
            counted.add(&gets(gateway, &policy, link, &message));
        }
    }
    let unseen = links.iter().filter(|link| !seen.contains(&link.carer)).count();
    Ok(Some(Preview { announcement, counted, page: shown.page, more_after: shown.more_after, unseen, named }))
}

impl Counted {
    /// How many carers get something.
    pub const fn told(&self) -> usize {
        self.email + self.text + self.call + self.letter
    }

    /// Counts a plan that the words cannot change; `false` where they may.
    fn add_plan(&mut self, plan: &Plan) -> bool {
        let count = match plan {
            Plan::Send(Route::Email) => &mut self.email,
            Plan::Task(Route::Call) => &mut self.call,
            Plan::Task(Route::Letter) => &mut self.letter,
            Plan::LeftOut(_, why) => self.nothing.entry(why.clone()).or_default(),
            Plan::Send(_) | Plan::Task(_) | Plan::NoWay => return false,
        };
        *count += 1;
        self.carers += 1;
        true
    }

    fn add(&mut self, gets: &Gets) {
        self.carers += 1;
        match gets {
            Gets::Mail { .. } => self.email += 1,
            Gets::Text { parts, .. } => {
                self.text += 1;
                self.parts += parts;
            }
            Gets::Call(_) => self.call += 1,
            Gets::Letter(_) => self.letter += 1,
            Gets::Nothing(why) => *self.nothing.entry(why.clone()).or_default() += 1,
        }
    }
}

/// One page of a list in the order of names.
struct Shown {
    /// The carer after whom the page begins, until they have gone by.
    waits_for: Option<CarerId>,
    page: Vec<PreviewFor>,
    last: Option<CarerId>,
    more_after: Option<CarerId>,
}

impl Shown {
    const fn after(after: Option<CarerId>) -> Self {
        Self { waits_for: after, page: Vec::new(), last: None, more_after: None }
    }

    /// Whether the page shows this carer, who comes after those before.
    fn turns_to(&mut self, carer: CarerId) -> bool {
        if let Some(after) = self.waits_for {
            if after == carer {
                self.waits_for = None;
            }
            return false;
        }
        if self.page.len() == A_PAGE {
            self.more_after = self.last;
            return false;
        }
        self.last = Some(carer);
        true
    }
}

/// How far announcements are, for pages that have read them as the colleague already: what it counts is theirs as a whole,
/// and names nobody.
pub async fn progress(
    gateway: &Gateway,
    seen: &[AnnouncementId],
) -> Result<std::collections::HashMap<AnnouncementId, Progress>, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    Ok(announced::progress(&mut connection, seen).await?)
}
