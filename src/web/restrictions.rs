//! Restrictions on a pupil's page: who recorded what, and recording and lifting one.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    Served, Web, Who,
    case_deeds::day,
    frame::Wrong,
    guard::Signed,
    people::{Shown, forbids, show_family, who},
    post,
    sent::{Did, Fields, Sent, once},
};
use crate::{
    domain::{
        ids::{LinkId, PupilId, RestrictionId},
        people::{Restriction, RestrictionKind},
        staff::Role,
        time::{Date, day_in_full, school_date},
    },
    flows::{FlowError, people as deeds},
    store::{
        StoreError, carers,
        people::{self, RestrictionRow},
    },
};

/// Whose work contact data and restrictions are.
pub(super) const KEEPERS: &[Role] = &[Role::Office, Role::Slt, Role::Dsl];
/// Who may loosen what protects a child.
pub(super) const LIFTERS: &[Role] = &[Role::Slt, Role::Dsl];

pub(super) fn served() -> Vec<Served> {
    vec![
        post("/families/{pupil}/restrict", Who::Holders(KEEPERS), restrict),
        post("/families/{pupil}/lift", Who::Holders(LIFTERS), lift),
    ]
}

/// What binds a carer of a pupil, and what bound them.
pub(super) struct Bound {
    pub(super) link: LinkId,
    pub(super) carer: String,
    pub(super) restrictions: Vec<Told>,
}

/// A restriction as a page tells it.
pub(super) struct Told {
    pub(super) id: RestrictionId,
    pub(super) forbids: &'static str,
    /// From which to which day.
    pub(super) days: String,
    /// Who recorded it, and when.
    pub(super) recorded: String,
    /// Who lifted it, and when.
    pub(super) lifted: Option<String>,
    pub(super) holds: bool,
    /// Whether there is still something to lift.
    pub(super) stands: bool,
}

/// As a page tells it.
pub(super) fn told(row: &RestrictionRow, names: &HashMap<String, String>, today: Date) -> Told {
    let full = |day: Date| day_in_full(day, today);
    let days = match (row.restriction.starts, row.restriction.ends) {
        (None, None) => "until it is lifted".to_owned(),
        (Some(from), None) => format!("from {} until it is lifted", full(from)),
        (None, Some(until)) => format!("until {}", full(until)),
        (Some(from), Some(until)) => format!("from {} until {}", full(from), full(until)),
    };
    let by = |(actor, at): &(String, _)| format!("by {} on {}", who(actor, names), full(school_date(*at)));
    Told {
        id: row.id,
        forbids: forbids(row.restriction.kind),
        days,
        recorded: by(&row.recorded),
        lifted: row.ended.as_ref().map(by),
        holds: row.holds_on(today),
        stands: row.ended.is_none() && row.restriction.ends.is_none_or(|ends| today <= ends),
    }
}

/// The restrictions of a pupil's carers, as far as the colleague may see them.
pub(super) async fn bound(
    web: &Web,
    signed: &Signed,
    pupil: PupilId,
    names: &HashMap<String, String>,
) -> Result<Vec<Bound>, Wrong> {
    let today = school_date(web.gateway.now());
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let mut all = Vec::new();
    for link in carers::links(&mut tx, None, Some(pupil)).await? {
        let rows = people::restrictions(&mut tx, link.carer).await?;
        let rows = rows.iter().filter(|row| row.link == link.id);
        let restrictions = rows.map(|row| told(row, names, today)).collect();
        all.push(Bound { link: link.id, carer: link.carer_name, restrictions });
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(all)
}

async fn restrict(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let link = link_of(&web, &signed, pupil, &sent.fields).await?;
    let work = async {
        let restriction = Restriction {
            kind: RestrictionKind::parse(sent.fields.text("kind"))
                .map_err(|_| FlowError::Refused("choose what is forbidden".to_owned()))?,
            starts: optional_day(&sent.fields, "starts")?,
            ends: optional_day(&sent.fields, "ends")?,
        };
        let note = Some(sent.fields.text("note")).filter(|note| !note.is_empty());
        deeds::add_restriction(&web.gateway, link, &restriction, note, &signed.by()).await?;
        Ok(format!("/families/{pupil}?done=restricted"))
    };
    Box::pin(finish(&web, &signed, pupil, &sent, work)).await
}

/// The link that a form names, proved before anything is done: it is one of this pupil's that the colleague may see.
pub(super) async fn link_of(
    web: &Web,
    signed: &Signed,
    pupil: PupilId,
    fields: &Fields,
) -> Result<LinkId, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let links = carers::links(&mut tx, None, Some(pupil)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let wanted = fields.parsed::<LinkId>("link");
    links.iter().find(|link| Some(link.id) == wanted).map(|link| link.id).ok_or(Wrong::Absent)
}

pub(super) fn optional_day(fields: &Fields, field: &'static str) -> Result<Option<Date>, FlowError> {
    if fields.text(field).is_empty() { Ok(None) } else { day(fields, field).map(Some) }
}

async fn lift(
    State(web): State<Web>,
    signed: Signed,
    Path(pupil): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let pupil: PupilId = pupil.parse().map_err(|_| Wrong::Absent)?;
    let wanted = sent.fields.parsed::<RestrictionId>("restriction");
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let mut seen = None;
    for link in carers::links(&mut tx, None, Some(pupil)).await? {
        let rows = people::restrictions(&mut tx, link.carer).await?;
        seen = seen.or_else(|| {
            rows.iter().map(|row| (row.id, row.link)).find(|row| (Some(row.0), row.1) == (wanted, link.id))
        });
    }
    tx.commit().await.map_err(StoreError::from)?;
    let (restriction, _) = seen.ok_or(Wrong::Absent)?;
    let work = async {
        let roles: Vec<_> = signed.session.roles.iter().map(|role| role.as_str()).collect();
        let reason = sent.fields.text("reason");
        deeds::lift_restriction(&web.gateway, restriction, reason, &signed.by(), &roles).await?;
        Ok(format!("/families/{pupil}?done=lifted"))
    };
    Box::pin(finish(&web, &signed, pupil, &sent, work)).await
}

/// Does a form's deed once, and shows the pupil's page again where it is refused.
pub(super) async fn finish(
    web: &Web,
    signed: &Signed,
    pupil: PupilId,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            show_family(web, signed, pupil, Shown::refused(&sentence, sent.fields.clone())).await
        }
    }
}
