//! Facts for decisions, read afresh: everything between a carer and a pupil, and what is to be said.

mod many;
mod said;

use std::collections::HashMap;

use liaison_channels::private::Private;
pub use said::message;
use sqlx::PgConnection;
use uuid::Uuid;

use self::said::AnswerRow;
use super::{
    StoreError,
    doubt::carried,
    standard, translations,
    types::{Day, Ts},
    updates::topic,
};
use crate::domain::{
    announcement::AudienceKind,
    delivery::Carried,
    ids::{AddressId, CarerId, ClassId, DaemonId, DeliveryId, PupilId, StandardId},
    people::{
        AddressKind, AddressStatus, Format, PersonName, Purpose, Responsibility, Restriction,
        RestrictionKind, Route, UnknownWord,
    },
    rights::{KnownAddress, LinkFacts},
    route::{About, AnnouncedFacts, MessageFacts, reads_english},
    standard::StandardFacts,
    time::Timestamp,
    translation::Translations,
};

/// A delivery and all the gate needs to decide about it.
#[derive(Debug)]
pub struct DeliveryFacts {
    /// The delivery.
    pub id: DeliveryId,
    /// What it carries.
    pub carried: Carried,
    /// The pupil it is about.
    pub pupil: PupilId,
    /// The carer it is for.
    pub carer: CarerId,
    /// Its route.
    pub route: Route,
    /// Tries so far.
    pub tries: u16,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// Whether it came after another route failed.
    pub follows: Option<DeliveryId>,
    /// What is to be said.
    pub message: MessageFacts,
    /// What stands between carer and pupil; `None` when they are not linked.
    pub link: Option<LinkFacts>,
}

/// The links of these pupils, or of these pupils with these carers. Who has not said how they want to be told for this
/// `purpose` is told as for the weekly update.
pub async fn of_links(
    connection: &mut PgConnection,
    pupils: &[PupilId],
    carers: Option<&[CarerId]>,
    purpose: Purpose,
) -> Result<Vec<LinkFacts>, StoreError> {
    let pupils: Vec<Uuid> = pupils.iter().map(|id| id.0).collect();
    if carers.is_none() && pupils.len() > many::MANY {
        let rows = many::links(connection, &pupils, purpose).await?;
        return rows.into_iter().map(LinkFacts::try_from).collect();
    }
    let carers: Option<Vec<Uuid>> = carers.map(|carers| carers.iter().map(|id| id.0).collect());
    let rows = sqlx::query_as!(
        LinkRow,
        r#"select f.pupil_id as "pupil_id!", f.carer_id as "carer_id!", f.pupil_called as "pupil_called!", f.class_id,
                  f.leaving_date as "leaving_date: Day", f.title, f.forename as "forename!", f.surname as "surname!",
                  f.language as "language!", f.format as "format!", f.interpreter, f.best_times,
                  f.parental_responsibility as "parental_responsibility!",
                  f.receives_correspondence as "receives_correspondence!", f.receives_reports as "receives_reports!",
                  f.no_newsletters as "no_newsletters!",
                  f.restriction_kinds, f.restriction_starts as "restriction_starts: Vec<Option<Day>>",
                  f.restriction_ends as "restriction_ends: Vec<Option<Day>>",
                  f.address_ids, f.address_kinds, f.address_values, f.address_statuses,
                  f.date_of_birth as "born: Day", f.pupil_died_on as "pupil_died: Day", f.carer_died_on as "carer_died: Day",
                  f.link_ends as "ends: Day", f.adult_agreed as "adult_agreed!",
                  coalesce(p.routes, w.routes) as "routes?", p.routes is not null as "own_wish!"
           from link_facts f
           left join preference p on p.carer_id = f.carer_id and p.purpose = $3
           left join preference w on w.carer_id = f.carer_id and w.purpose = 'weekly_update'
           where f.pupil_id = any($1) and ($2::uuid[] is null or f.carer_id = any($2))
           order by f.pupil_id, f.carer_id"#,
        &pupils,
        carers.as_deref(),
        purpose.as_str(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(LinkFacts::try_from).collect()
}

/// The link of one carer and pupil.
pub async fn of_link(
    connection: &mut PgConnection,
    carer: CarerId,
    pupil: PupilId,
    purpose: Purpose,
) -> Result<Option<LinkFacts>, StoreError> {
    Ok(of_links(connection, &[pupil], Some(&[carer]), purpose).await?.pop())
}

/// Deliveries with their facts, locked until the transaction ends. With a `holder`: only those it holds and has not
/// yet submitted; what another daemon took over, or a person cancelled, is simply not among them.
pub async fn of_deliveries(
    connection: &mut PgConnection,
    deliveries: &[DeliveryId],
    holder: Option<DaemonId>,
) -> Result<Vec<DeliveryFacts>, StoreError> {
    let ids: Vec<Uuid> = deliveries.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        DeliveryRow,
        r#"select d.id, d.update_id, d.answer_id, d.announcement_id, d.standard_id, d.pupil_id, d.carer_id, d.route, d.tries, d.purpose, d.follows,
                  d.queued_at as "queued_at: Ts", u.week as "week?: Day",
                  coalesce(u.body, a.words, n.words, '') as "words!", coalesce(u.sensitive, a.sensitive, false) as "sensitive!",
                  coalesce(u.topic, a.topic) as "topic?", coalesce(u.text_because, a.text_because) as "text_because?",
                  c.code as "code?", a.came_by as "came_by?", a.address_id, a.due_day as "due_day: Day",
                  a.holiday as "holiday?", a.in_reply_to, a.thread as "thread?", a.written_at as "written_at?: Ts",
                  n.title as "title?", n.audience as "audience?", n.urgent_because as "urgent_because?",
                  n.cancelled_at is not null as "taken_back!", l.kind as "law?", l.due_day as "law_day?: Day"
           from delivery d
           left join pupil_update u on u.id = d.update_id
           left join answer a on a.id = d.answer_id
           left join carer_case c on c.id = a.case_id
           left join announcement n on n.id = d.announcement_id
           left join lateral (
               select k.kind, k.due_day from clock k
               where a.purpose = 'acknowledgement' and k.case_id = a.case_id and k.received_id = a.received_id
                 and k.kind in ('subject_access', 'data_complaint') and k.state = 'running'
               limit 1) l on true
           where d.id = any($1) and ($2::uuid is null or (d.holder = $2 and d.state = 'queued'))
           for update of d"#,
        &ids,
        holder.map(|holder| holder.0),
    )
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let notices: Vec<StandardId> = rows.iter().filter_map(|row| row.standard_id).map(StandardId).collect();
    let notices = standard::of(connection, &notices).await?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let notice = row.standard_id.and_then(|id| notices.get(&StandardId(id)).copied());
        facts.push(row.facts(notice)?);
    }
    // Nearly always all of a group are for one purpose: one query.
    let mut purposes: Vec<Purpose> = facts.iter().map(|one| one.message.purpose).collect();
    purposes.sort_unstable();
    purposes.dedup();
    for purpose in purposes {
        let of_it = || facts.iter().filter(|one| one.message.purpose == purpose);
        let pupils: Vec<PupilId> = of_it().map(|one| one.pupil).collect();
        let carers: Vec<CarerId> = of_it().map(|one| one.carer).collect();
        let links = of_links(connection, &pupils, Some(&carers), purpose).await?;
        let links: HashMap<_, _> = links.into_iter().map(|link| ((link.pupil, link.carer), link)).collect();
        for one in facts.iter_mut().filter(|one| one.message.purpose == purpose) {
            one.link = links.get(&(one.pupil, one.carer)).cloned();
        }
    }
    let foreign =
        |one: &&mut DeliveryFacts| one.link.as_ref().is_some_and(|link| !reads_english(&link.language));
    let carried: Vec<Carried> = facts.iter_mut().filter(foreign).map(|one| one.carried).collect();
    if !carried.is_empty() {
        let translations = translations::of(connection, &carried).await?;
        for one in facts.iter_mut().filter(foreign) {
            one.message.translations = translations.get(&one.carried).cloned().unwrap_or_default();
        }
    }
    Ok(facts)
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "the row as it is read")]
struct LinkRow {
    pupil_id: Uuid,
    carer_id: Uuid,
    pupil_called: String,
    class_id: Option<Uuid>,
    leaving_date: Option<Day>,
    born: Option<Day>,
    pupil_died: Option<Day>,
    carer_died: Option<Day>,
    ends: Option<Day>,
    adult_agreed: bool,
    title: Option<String>,
    forename: String,
    surname: String,
    language: String,
    format: String,
    interpreter: Option<String>,
    best_times: Option<String>,
    parental_responsibility: String,
    receives_correspondence: bool,
    receives_reports: bool,
    no_newsletters: bool,
    restriction_kinds: Option<Vec<String>>,
    restriction_starts: Option<Vec<Option<Day>>>,
    restriction_ends: Option<Vec<Option<Day>>>,
    address_ids: Option<Vec<Uuid>>,
    address_kinds: Option<Vec<String>>,
    address_values: Option<Vec<String>>,
    address_statuses: Option<Vec<String>>,
    routes: Option<Vec<String>>,
    own_wish: bool,
}

impl TryFrom<LinkRow> for LinkFacts {
    type Error = StoreError;

    fn try_from(mut row: LinkRow) -> Result<Self, StoreError> {
        let carer = row.carer_id;
        let bad = |table, column| move |why: UnknownWord| StoreError::row(table, column, carer, why);
        let restrictions = restrictions(&mut row).map_err(bad("restriction", "kind"))?;
        let addresses = addresses(&mut row).map_err(bad("address", "kind or status"))?;
        let preference = row.routes.unwrap_or_default();
        let preference: Result<_, _> = preference.iter().map(|route| Route::parse(route)).collect();
        Ok(Self {
            pupil: PupilId(row.pupil_id),
            pupil_called: Private::new(row.pupil_called),
            class: row.class_id.map(ClassId),
            leaving_date: row.leaving_date.map(|day| day.0),
            born: row.born.map(|day| day.0),
            pupil_died: row.pupil_died.map(|day| day.0),
            ends: row.ends.map(|day| day.0),
            adult_agreed: row.adult_agreed,
            carer: CarerId(carer),
            carer_died: row.carer_died.map(|day| day.0),
            carer_name: PersonName {
                title: Private::new(row.title.unwrap_or_default()),
                forename: Private::new(row.forename),
                surname: Private::new(row.surname),
            },
            format: Format::parse(&row.format).map_err(bad("carer", "format"))?,
            language: row.language,
            interpreter: row.interpreter,
            best_times: row.best_times.map(Private::new),
            responsibility: Responsibility::parse(&row.parental_responsibility)
                .map_err(bad("link", "parental_responsibility"))?,
            receives_correspondence: row.receives_correspondence,
            receives_reports: row.receives_reports,
            no_newsletters: row.no_newsletters,
            restrictions,
            addresses,
            preference: preference.map_err(bad("preference", "routes"))?,
            own_wish: row.own_wish,
        })
    }
}

fn restrictions(row: &mut LinkRow) -> Result<Vec<Restriction>, UnknownWord> {
    let starts = row.restriction_starts.take().unwrap_or_default();
    let ends = row.restriction_ends.take().unwrap_or_default();
    let kinds = row.restriction_kinds.take().unwrap_or_default();
    let dated = kinds.iter().zip(starts.into_iter().zip(ends));
    dated
        .map(|(kind, (starts, ends))| {
            let kind = RestrictionKind::parse(kind)?;
            Ok(Restriction { kind, starts: starts.map(|day| day.0), ends: ends.map(|day| day.0) })
        })
        .collect()
}

fn addresses(row: &mut LinkRow) -> Result<Vec<KnownAddress>, UnknownWord> {
    let ids = row.address_ids.take().unwrap_or_default();
    let kinds = row.address_kinds.take().unwrap_or_default();
    let values = row.address_values.take().unwrap_or_default();
    let statuses = row.address_statuses.take().unwrap_or_default();
    let zipped = ids.into_iter().zip(kinds).zip(values.into_iter().zip(statuses));
    zipped
        .map(|((id, kind), (value, status))| {
            Ok(KnownAddress {
                id: AddressId(id),
                kind: AddressKind::parse(&kind)?,
                value: Private::new(value),
                status: AddressStatus::parse(&status)?,
            })
        })
        .collect()
}

struct DeliveryRow {
    id: Uuid,
    update_id: Option<Uuid>,
    answer_id: Option<Uuid>,
    announcement_id: Option<Uuid>,
    standard_id: Option<Uuid>,
    pupil_id: Uuid,
    carer_id: Uuid,
    route: String,
    tries: i16,
    purpose: String,
    follows: Option<Uuid>,
    queued_at: Ts,
    week: Option<Day>,
    words: String,
    sensitive: bool,
    topic: Option<String>,
    text_because: Option<String>,
    urgent_because: Option<String>,
    code: Option<String>,
    came_by: Option<String>,
    address_id: Option<Uuid>,
    due_day: Option<Day>,
    holiday: Option<bool>,
    in_reply_to: Option<String>,
    thread: Option<Vec<String>>,
    written_at: Option<Ts>,
    title: Option<String>,
    audience: Option<String>,
    taken_back: bool,
    law: Option<String>,
    law_day: Option<Day>,
}

impl DeliveryRow {
    /// What it is about: a week, an announcement, or a carer's own message; `None` where the row has none of them.
    fn about(&mut self, notice: Option<StandardFacts>) -> Result<Option<About>, UnknownWord> {
        if let Some(notice) = notice {
            return Ok(Some(About::Standard(notice)));
        }
        if let Some(week) = &self.week {
            return Ok(Some(About::Week(week.0)));
        }
        if let (Some(title), Some(audience)) = (self.title.take(), &self.audience) {
            let to = AudienceKind::parse(audience)?;
            let (title, taken_back) = (Private::new(title), self.taken_back);
            let urgent_because = self.urgent_because.take().map(Private::new);
            return Ok(Some(About::Announcement(AnnouncedFacts { title, to, urgent_because, taken_back })));
        }
        let (Some(code), Some(came_by), Some(written_at)) =
            (self.code.take(), self.came_by.take(), self.written_at.take())
        else {
            return Ok(None);
        };
        let answer = AnswerRow {
            purpose: String::new(),
            words: String::new(),
            sensitive: self.sensitive,
            topic: None,
            text_because: None,
            code,
            came_by,
            address_id: self.address_id,
            due_day: self.due_day.take(),
            holiday: self.holiday.unwrap_or_default(),
            in_reply_to: self.in_reply_to.take(),
            thread: self.thread.take().unwrap_or_default(),
            written_at,
            law: self.law.take(),
            law_day: self.law_day.take(),
        };
        answer.facts().map(About::Case).map(Some)
    }
}

impl DeliveryRow {
    fn facts(self, notice: Option<StandardFacts>) -> Result<DeliveryFacts, StoreError> {
        let mut row = self;
        let id = row.id;
        let bad = |column: &'static str, why: String| StoreError::row("delivery", column, id, why);
        let about = row.about(notice).map_err(|why| bad("answer_id", why.to_string()))?;
        Ok(DeliveryFacts {
            id: DeliveryId(row.id),
            carried: carried(row.id, row.update_id, row.answer_id, row.announcement_id, row.standard_id)?,
            pupil: PupilId(row.pupil_id),
            carer: CarerId(row.carer_id),
            route: Route::parse(&row.route).map_err(|why| bad("route", why.to_string()))?,
            tries: u16::try_from(row.tries).map_err(|why| bad("tries", why.to_string()))?,
            queued_at: row.queued_at.0,
            follows: row.follows.map(DeliveryId),
            message: MessageFacts {
                translations: Translations::default(),
                purpose: Purpose::parse(&row.purpose).map_err(|why| bad("purpose", why.to_string()))?,
                words: Private::new(row.words),
                sensitive: row.sensitive,
                topic: topic("delivery", row.id, row.topic.as_deref())?,
                text_because: row.text_because.map(Private::new),
                about: about.ok_or_else(|| bad("update_id", "what it carries is gone".to_owned()))?,
            },
            link: None,
        })
    }
}
