//! A file that came with a carer's mail. It is handed over as bytes to be saved, never shown by the browser: a stranger wrote
//! it (R23).

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};

use super::{Served, Web, Who, cases::READERS, frame::Wrong, get, guard::Signed};
use crate::{domain::ids::ReceivedId, flows::attachments};

pub(super) fn served() -> Vec<Served> {
    vec![get("/messages/{received}/files/{file}", Who::Holders(READERS), file)]
}

async fn file(
    State(web): State<Web>,
    signed: Signed,
    Path((message, file)): Path<(String, String)>,
) -> Result<Response, Wrong> {
    let message: ReceivedId = message.parse().map_err(|_| Wrong::Absent)?;
    let position: i16 = file.parse().map_err(|_| Wrong::Absent)?;
    let file =
        attachments::open(&web.gateway, signed.staff(), message, position).await?.ok_or(Wrong::Absent)?;
    // What may not be given out is as if it were not there; the page beside the message says why.
    let bytes = file.bytes.ok_or(Wrong::Absent)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.seen.download_name())),
    ];
    Ok((headers, bytes.into_inner()).into_response())
}
