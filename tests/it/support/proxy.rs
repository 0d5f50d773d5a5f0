//! A line to Postgres that breaks at a commit: before the server has it, or after it has done it and before we know.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use liaison::store::Store;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream, unix::OwnedReadHalf},
    task::JoinHandle,
};

/// Where the line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The commit never reaches the server: nothing of the transaction happened.
    BeforeCommit,
    /// The server commits, and its answer is lost.
    AfterCommit,
}

/// The line; it goes with the test.
pub(crate) struct Proxy {
    options: PgConnectOptions,
    next: Arc<Mutex<Option<Cut>>>,
    listening: JoinHandle<()>,
    _folder: TempDir,
}

impl Proxy {
    /// A line to the server and database of `owner`.
    pub(crate) fn to(owner: &PgConnectOptions) -> Self {
        let folder = TempDir::new().expect("a folder");
        let name = format!(".s.PGSQL.{}", owner.get_port());
        let server = owner.get_socket().expect("the server listens on a socket").join(&name);
        let listener = UnixListener::bind(folder.path().join(&name)).expect("a socket");
        let next = Arc::new(Mutex::new(None));
        let listening = tokio::spawn(listen(listener, server, Arc::clone(&next)));
        Self { options: owner.clone().socket(folder.path()), next, listening, _folder: folder }
    }

    /// A pool that goes by this line.
    pub(crate) fn store(&self) -> Store {
        Store::open(self.options.clone(), 4)
    }

    /// The next commit breaks the line.
    pub(crate) fn cut(&self, cut: Cut) {
        *self.next.lock().expect("the plan") = Some(cut);
    }

    /// Whether a planned break has happened.
    pub(crate) fn has_cut(&self) -> bool {
        self.next.lock().expect("the plan").is_none()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: UnixListener, server: impl AsRef<Path>, next: Arc<Mutex<Option<Cut>>>) {
    let mut lines = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(server.as_ref()).await.expect("the server");
        lines.spawn(carry(client, server, Arc::clone(&next)));
    }
}

/// Carries one connection, message by message from the client (Postgres protocol 3.0, "Message Formats").
async fn carry(client: UnixStream, server: UnixStream, next: Arc<Mutex<Option<Cut>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let silent = Arc::new(tokio::sync::Notify::new());
    let heard = Arc::new(tokio::sync::Notify::new());
    let answers = tokio::spawn({
        let (silent, heard) = (Arc::clone(&silent), Arc::clone(&heard));
        async move {
            let mut bytes = vec![0; 64 * 1024];
            loop {
                tokio::select! {
                    biased;
                    () = silent.notified() => {
                        // The answer is swallowed, but waited for: by then the commit has happened.
                        let _ = from_server.read(&mut bytes).await;
                        heard.notify_one();
                        return;
                    }
                    read = from_server.read(&mut bytes) => match read {
                        Ok(count) if count > 0 && to_client.write_all(&bytes[..count]).await.is_ok() => {}
                        _ => return,
                    },
                }
            }
        }
    });
    let mut first = true;
    while let Some(message) = message(&mut from_client, first).await {
        first = false;
        let cut = if message.ends_with(b"COMMIT\0") { next.lock().expect("the plan").take() } else { None };
        match cut {
            None => {}
            Some(Cut::BeforeCommit) => break,
            Some(Cut::AfterCommit) => {
                silent.notify_one();
                tokio::task::yield_now().await;
                let _ = to_server.write_all(&message).await;
                heard.notified().await;
                break;
            }
        }
        if to_server.write_all(&message).await.is_err() {
            break;
        }
    }
    answers.abort();
}

/// One message of the client's; the first has no type. `None` when it hung up.
async fn message(from: &mut OwnedReadHalf, first: bool) -> Option<Vec<u8>> {
    let mut head = vec![0; if first { 4 } else { 5 }];
    from.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().ok()?) as usize;
    let mut body = vec![0; length.checked_sub(4)?];
    from.read_exact(&mut body).await.ok()?;
    head.extend_from_slice(&body);
    Some(head)
}
