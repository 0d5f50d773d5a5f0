//! Contact data by two files: what they would change is shown, a colleague approves it, and only then it is written (R09).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Served, Web, Who,
    cases::in_page_words,
    frame,
    frame::{Frame, Wrong},
    get,
    guard::{After, Signed},
    people::who,
    post,
    sent::{Did, Sent, once},
    upload::{Upload, with_files},
};
use crate::{
    domain::{
        ids::ImportId,
        import::{DiffCount, DiffLine, Report, Severity},
        staff::Role,
        time::moment_in_full,
    },
    flows::{
        FlowError,
        proposals::{self, Approved, Proposed, Seen},
    },
    store::{StoreError, desk, proposals as stored},
};

/// Who brings in contact data.
pub(super) const IMPORTERS: &[Role] = &[Role::Office, Role::Slt];

/// How many earlier imports the page lists.
const EARLIER: i64 = 10;
/// How many changes of one kind are worth reading on a page.
const SHOWN: usize = 200;

pub(super) fn served() -> Vec<Served> {
    let importers = Who::Holders(IMPORTERS);
    vec![
        get("/admin/import", importers, import_page),
        with_files(post("/admin/import", importers, propose)),
        get("/admin/import/{import}", importers, proposal_page),
        post("/admin/import/{import}/approve", importers, approve),
        post("/admin/import/{import}/withdraw", importers, withdraw),
    ]
}

/// An import in the list.
struct Earlier {
    id: ImportId,
    waits: bool,
    said: String,
}

#[derive(Template)]
#[template(path = "admin_import.html")]
struct ImportPage {
    frame: Frame,
    /// One that waits: no other is put up beside it.
    waits: Option<ImportId>,
    earlier: Vec<Earlier>,
    /// What must be mended in files that were refused.
    problems: Vec<String>,
    more: usize,
}

async fn import_page(State(web): State<Web>, signed: Signed, after: After) -> Result<Response, Wrong> {
    show(&web, &signed, StatusCode::OK, after.done.as_deref(), None, None).await
}

async fn show(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    done: Option<&str>,
    fault: Option<String>,
    refused: Option<Report>,
) -> Result<Response, Wrong> {
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let listed = stored::list(&mut tx, None, EARLIER).await?;
    let names = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let now = web.gateway.now();
    let told = |row: &stored::ProposalRow| {
        let put_up =
            format!("put up by {}, {}", who(&row.proposed_by, &names), moment_in_full(row.proposed_at, now));
        let (Some(by), Some(at)) = (&row.decided_by, row.decided_at) else { return put_up };
        let did = if row.state == "done" { "approved and written" } else { "withdrawn" };
        format!("{did} by {}, {}; {put_up}", who(by, &names), moment_in_full(at, now))
    };
    let problems: Vec<String> = refused.iter().flat_map(mended).collect();
    let template = ImportPage {
        frame: Frame::of(web, signed, "Import", "/admin").after(done).refused(fault),
        waits: listed.iter().find(|row| row.state == "proposed").map(|row| row.id),
        earlier: listed
            .iter()
            .map(|row| Earlier { id: row.id, waits: row.state == "proposed", said: told(row) })
            .collect(),
        more: problems.len().saturating_sub(SHOWN),
        problems: problems.into_iter().take(SHOWN).collect(),
    };
    Ok(frame::page(status, &template))
}

/// What must be mended before anything is imported, by file and row.
fn mended(report: &Report) -> Vec<String> {
    let refused = report.problems.iter().filter(|problem| problem.severity == Severity::Refused);
    refused.map(ToString::to_string).collect()
}

async fn propose(State(web): State<Web>, signed: Signed, mut upload: Upload) -> Result<Response, Wrong> {
    let files = (upload.take("pupils"), upload.take("contacts"));
    let mut refused = None;
    let work = async {
        let (Some(pupils), Some(contacts)) = files else {
            return Err(FlowError::Refused("choose both files: pupils.csv and contacts.csv".to_owned()));
        };
        match proposals::propose(&web.gateway, proposals::Sent { pupils, contacts }, &signed.by()).await? {
            Proposed::Waits(id) => Ok(format!("/admin/import/{id}?done=put-up")),
            Proposed::Refused(report) => {
                refused = Some(*report);
                Err(FlowError::Refused(
                    "these files cannot be imported: nothing was written; mend what is listed below and choose them again"
                        .to_owned(),
                ))
            }
        }
    };
    match Box::pin(once(&web, &signed, &upload.sent, work)).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let fault = Some(in_page_words(&sentence));
            show(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, None, fault, refused).await
        }
    }
}

/// A change with the names behind its refs.
struct Line {
    line: DiffLine,
    names: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin_proposal.html")]
struct ProposalPage {
    frame: Frame,
    id: ImportId,
    said: String,
    waits: bool,
    counts: Vec<DiffCount>,
    restrictions: Vec<Line>,
    others: Vec<Line>,
    more: usize,
    warnings: Vec<String>,
    same_person: Vec<String>,
    own_family: bool,
    mark: String,
}

async fn proposal_page(
    State(web): State<Web>,
    signed: Signed,
    Path(import): Path<String>,
    after: After,
) -> Result<Response, Wrong> {
    let id: ImportId = import.parse().map_err(|_| Wrong::Absent)?;
    show_proposal(&web, &signed, StatusCode::OK, id, after.done.as_deref(), None).await
}

async fn show_proposal(
    web: &Web,
    signed: &Signed,
    status: StatusCode,
    id: ImportId,
    done: Option<&str>,
    fault: Option<String>,
) -> Result<Response, Wrong> {
    let Seen { row, names, mark, own_family } =
        proposals::see(&web.gateway, signed.staff(), id).await?.ok_or(Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let colleagues = desk::names(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let now = web.gateway.now();
    let said = match (&row.decided_by, row.decided_at) {
        (Some(by), Some(at)) => format!(
            "{} by {}, {}",
            if row.state == "done" { "Approved and written" } else { "Withdrawn" },
            who(by, &colleagues),
            moment_in_full(at, now)
        ),
        _ => format!(
            "Put up by {}, {}. Nothing is written yet",
            who(&row.proposed_by, &colleagues),
            moment_in_full(row.proposed_at, now)
        ),
    };
    let named = |line: DiffLine| {
        let keys = [
            line.contact_ref.as_ref().map(|contact| format!("c:{contact}")),
            line.pupil_ref.as_ref().map(|pupil| format!("p:{pupil}")),
        ];
        let names = keys.into_iter().flatten().filter_map(|key| names.get(&key).cloned()).collect();
        Line { line, names }
    };
    let (restrictions, others): (Vec<_>, Vec<_>) =
        row.diff.lines.into_iter().partition(|line| line.restriction);
    let template = ProposalPage {
        frame: Frame::of(web, signed, "An import of contact data", "/admin").after(done).refused(fault),
        id,
        said,
        waits: row.state == "proposed",
        counts: row.diff.counts,
        restrictions: restrictions.into_iter().map(named).collect(),
        more: others.len().saturating_sub(SHOWN),
        others: others.into_iter().take(SHOWN).map(named).collect(),
        warnings: row.diff.warnings,
        same_person: row.diff.same_person,
        own_family,
        mark,
    };
    Ok(frame::page(status, &template))
}

/// The import in the address, where this colleague may see it.
async fn meant(web: &Web, signed: &Signed, import: &str) -> Result<ImportId, Wrong> {
    let id: ImportId = import.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let found = stored::list(&mut tx, Some(id), 1).await?;
    tx.commit().await.map_err(StoreError::from)?;
    if found.is_empty() { Err(Wrong::Absent) } else { Ok(id) }
}

async fn approve(
    State(web): State<Web>,
    signed: Signed,
    Path(import): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id = meant(&web, &signed, &import).await?;
    let shown = sent.fields.text("shown");
    let work = async {
        match proposals::approve(&web.gateway, id, shown, &signed.by()).await? {
            Approved::Written => Ok(format!("/admin/import/{id}?done=imported")),
            Approved::Changed => Err(FlowError::Refused(
                "something else has changed since you saw this, so nothing was written: read what would change now, and approve \
                 that"
                .to_owned(),
            )),
        }
    };
    let did = Box::pin(once(&web, &signed, &sent, work)).await?;
    answer(&web, &signed, id, did).await
}

async fn withdraw(
    State(web): State<Web>,
    signed: Signed,
    Path(import): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let id = meant(&web, &signed, &import).await?;
    let did = once(&web, &signed, &sent, async {
        proposals::withdraw(&web.gateway, id, &signed.by()).await?;
        Ok("/admin/import?done=withdrawn".to_owned())
    })
    .await?;
    answer(&web, &signed, id, did).await
}

async fn answer(web: &Web, signed: &Signed, id: ImportId, did: Did) -> Result<Response, Wrong> {
    match did {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => {
            let fault = Some(in_page_words(&sentence));
            show_proposal(web, signed, StatusCode::UNPROCESSABLE_ENTITY, id, None, fault).await
        }
    }
}
