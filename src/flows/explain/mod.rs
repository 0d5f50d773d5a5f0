//! "Why?" for anything that has an id: what was decided, by which rules, what they saw, and by which version of the settings
//! and of the calendar (R58). One account for the operator's command and for the page; neither holds an address, a number or
//! words of a message.

mod arrived;
mod sent;
mod told;

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{FlowError, desk, gateway::Gateway};
use crate::{
    domain::{
        explain::{Explains, kept, without_reason},
        ids::{CaseId, StaffId},
        route::Fired,
        time::Timestamp,
    },
    store::{
        StoreError,
        explain::{self, Beside, Found},
        versions,
    },
};

/// Why something is as it is.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// What it is.
    pub kind: Explains,
    /// Its id, a case's code or a complaint's number.
    pub id: String,
    /// What it is, in words, without anybody's name.
    pub what: String,
    /// How it stands.
    pub stands: String,
    /// The carer it is about, for pages.
    #[serde(skip)]
    pub carer: Option<String>,
    /// The pupil it is about, for pages.
    #[serde(skip)]
    pub pupil: Option<String>,
    /// What was decided, in order.
    pub decisions: Vec<Decision>,
    /// What stands beside it and can be explained too.
    pub see: Vec<See>,
}

/// One decision.
#[derive(Debug, Serialize)]
pub struct Decision {
    /// What was to be decided.
    pub title: String,
    /// When.
    pub at: Option<Timestamp>,
    /// What came of it, in words.
    pub result: String,
    /// The rules that were asked, with what they saw.
    pub rules: Vec<Fired>,
    /// By which settings; `None`: none were asked, or it was decided before that was kept.
    pub settings: Option<Version>,
    /// By which calendar.
    pub calendar: Option<Version>,
    /// What was said on the wire, line by line, where something was.
    pub wire: Vec<String>,
}

/// A version of the settings or of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its first digits.
    pub digest: String,
    /// Since when it is in force; `None`: not recorded, or it stands in the settings.
    pub since: Option<Timestamp>,
}

/// What can be explained beside it.
#[derive(Debug, Serialize)]
pub struct See {
    /// What it is.
    pub kind: Explains,
    /// Its id.
    pub id: Uuid,
    /// Which, in words without a name.
    pub what: String,
    /// The carer's name, for pages.
    #[serde(skip)]
    pub carer: Option<String>,
}

/// The account for an operator; what is the DSL's alone is for them as if it were not there.
pub async fn for_operator(gateway: &Gateway, named: &str) -> Result<Explained, FlowError> {
    let mut connection = gateway.store.acquire().await?;
    let named = named.trim();
    if let Some(found) = explain::find(&mut connection, named).await? {
        let explained =
            if found.restricted { None } else { explained(&mut connection, gateway, &found).await? };
        let mut explained = explained.ok_or_else(|| nothing(named))?;
        for decision in &mut explained.decisions {
            decision.rules = std::mem::take(&mut decision.rules).into_iter().map(without_reason).collect();
        }
        return Ok(explained);
    }
    if let Some(explained) = told::for_operators(&mut connection, named).await? {
        return Ok(explained);
    }
    Err(nothing(named))
}

fn nothing(named: &str) -> FlowError {
    let shown: String = named.chars().take(40).collect();
    FlowError::Refused(format!(
        "there is nothing to explain under {shown}; lists such as `liaison queue list`, `liaison tasks list` and `liaison \
         cases list` show ids. What is restricted is explained to the safeguarding lead, on the page"
    ))
}

/// The account for a colleague, of what they may see; `None` where there is nothing such for them. That something restricted
/// was read is recorded.
pub async fn for_colleague(
    gateway: &Gateway,
    staff: StaffId,
    named: &str,
) -> Result<Option<Explained>, FlowError> {
    let mut tx = gateway.store.as_colleague(staff).await?;
    let Some(found) = explain::find(&mut tx, named).await? else { return Ok(None) };
    let explained = explained(&mut tx, gateway, &found).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if found.restricted && explained.is_some() {
        let mut read = desk::read_restricted(gateway, staff, "why something is as it is was read");
        read.case = found.case.map(CaseId);
        desk::note(gateway, vec![read]).await?;
    }
    Ok(explained)
}

async fn explained(
    connection: &mut PgConnection,
    gateway: &Gateway,
    found: &Found,
) -> Result<Option<Explained>, FlowError> {
    match found.what {
        Explains::Delivery => sent::delivery(connection, found.id).await,
        Explains::Task => sent::task(connection, found.id).await,
        Explains::Update => sent::update(connection, found.id).await,
        Explains::Announcement => sent::announcement(connection, gateway, found.id).await,
        Explains::Answer => sent::answer(connection, found.id).await,
        Explains::Received => arrived::received(connection, found.id).await,
        Explains::Case => arrived::case(connection, found.id).await,
        Explains::Clock => arrived::clock(connection, found.id).await,
        Explains::Question => arrived::question(connection, found.id).await,
        Explains::Complaint => arrived::complaint(connection, found.id).await,
        Explains::Entry => told::entry(connection, found.id).await,
        // Neither is found by a page: they are the operator's.
        Explains::Notice | Explains::Settings => Ok(None),
    }
}

impl Explained {
    fn new(kind: Explains, id: &impl ToString, what: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.to_string(),
            what: what.into(),
            stands: String::new(),
            carer: None,
            pupil: None,
            decisions: Vec::new(),
            see: Vec::new(),
        }
    }

    fn see(&mut self, kind: Explains, id: impl IntoIterator<Item = Uuid>, what: &str) {
        self.see.extend(id.into_iter().map(|id| See { kind, id, what: what.to_owned(), carer: None }));
    }
}

impl From<Beside> for See {
    fn from(beside: Beside) -> Self {
        let what = beside.stands.replace('_', " ");
        Self { kind: beside.what, id: beside.id, what, carer: beside.carer }
    }
}

impl Decision {
    fn new(title: impl Into<String>, at: Option<Timestamp>, result: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            at,
            result: result.into(),
            rules: Vec::new(),
            settings: None,
            calendar: None,
            wire: Vec::new(),
        }
    }

    /// The same, by the rules that were kept as JSON.
    async fn by(mut self, connection: &mut PgConnection, json: &str) -> Result<Self, FlowError> {
        let (rules, version) = kept(json);
        self.rules = rules;
        if let Some(version) = version {
            self.by_settings(connection, &version).await?;
        }
        Ok(self)
    }

    /// Names the settings it was decided by, and the calendar that counted then.
    async fn by_settings(&mut self, connection: &mut PgConnection, digest: &str) -> Result<(), FlowError> {
        let known = versions::policy(connection, digest).await?;
        self.settings = Some(Version {
            digest: digest.to_owned(),
            since: known.as_ref().map(|known| known.first_used_at),
        });
        if let Some(known) = known {
            self.by_calendar(connection, &known.calendar).await?;
        }
        Ok(())
    }

    async fn by_calendar(&mut self, connection: &mut PgConnection, version: &str) -> Result<(), FlowError> {
        if version == "none" {
            return Ok(());
        }
        let since = versions::calendar_adopted(connection, version).await?;
        self.calendar = Some(Version { digest: version.chars().take(12).collect(), since });
        Ok(())
    }
}
