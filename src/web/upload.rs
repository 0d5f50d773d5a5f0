//! A form with files (RFC 7578): read within limits, and no file before the form has shown that it is the colleague's own.

use axum::{
    extract::{
        DefaultBodyLimit, FromRequest, Request,
        multipart::{Multipart, MultipartError},
    },
    http::StatusCode,
};
use liaison_channels::private::Private;

use super::{
    Served,
    frame::Wrong,
    guard::Signed,
    sent::{Fields, Sent, is_theirs},
};

/// The largest form with files that is read, in bytes. A school's contact data is a tenth of it.
const LARGEST: usize = 10 * 1024 * 1024;
/// The most fields and files that are read.
const MOST_PARTS: usize = 30;

/// A form of a colleague's own page, with files.
pub(super) struct Upload {
    /// Its other fields.
    pub(super) sent: Sent,
    files: Vec<(String, Private<Vec<u8>>)>,
}

impl Upload {
    /// The bytes of the file chosen in this field; `None` where none was chosen. What the file is called is not read.
    pub(super) fn take(&mut self, name: &str) -> Option<Private<Vec<u8>>> {
        let at = self.files.iter().position(|(field, _)| field == name)?;
        Some(self.files.swap_remove(at).1)
    }
}

/// The same deed, taking forms as large as files make them.
pub(super) fn with_files((route, deed): Served) -> Served {
    (route, deed.layer(DefaultBodyLimit::max(LARGEST)))
}

impl<S: Sync + Send> FromRequest<S> for Upload {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        let signed = request.extensions().get::<Signed>().cloned().ok_or(Wrong::Closed)?;
        let path = request.uri().path().to_owned();
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| Wrong::Forged)?;
        let (mut fields, mut files) = (Fields::default(), Vec::new());
        let mut read = 0;
        while let Some(part) = parts.next_field().await.map_err(|error| unreadable(&error))? {
            read += 1;
            if read > MOST_PARTS {
                return Err(Wrong::TooLarge);
            }
            let name = part.name().unwrap_or_default().to_owned();
            let chosen = part.file_name().map(ToOwned::to_owned);
            // A page of ours puts its marks first.
            if chosen.is_some() && !is_theirs(&signed, &fields) {
                return Err(Wrong::Forged);
            }
            let bytes = part.bytes().await.map_err(|error| unreadable(&error))?;
            match chosen {
                // A browser sends a nameless empty file where none was chosen.
                Some(called) if called.is_empty() && bytes.is_empty() => {}
                Some(_) => files.push((name, Private::new(bytes.to_vec()))),
                None => fields.push(&name, &String::from_utf8_lossy(&bytes)),
            }
        }
        let mut sent = Sent::of(&signed, path, fields)?;
        for (name, bytes) in &files {
            sent.with_file(name, bytes.expose());
        }
        Ok(Self { sent, files })
    }
}

fn unreadable(error: &MultipartError) -> Wrong {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Wrong::TooLarge,
        _ => Wrong::Refused("The form broke off on its way. Nothing was done; send it again.".to_owned()),
    }
}
