//! Between the daemon and Postgres: loses a commit, or only the answer to it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

use crate::place::Place;

/// What is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    /// The line is cut before Postgres reads of the commit.
    Commit,
    /// Postgres has committed; the line is cut before the daemon learns of it.
    Answer,
}

/// What the lines share.
#[derive(Debug, Default)]
struct Orders {
    commits: AtomicUsize,
    answers: AtomicUsize,
    lost: AtomicUsize,
}

/// Passes everything on until it is told to lose something.
pub(crate) struct Proxy {
    dir: PathBuf,
    orders: Arc<Orders>,
    _lines: JoinSet<()>,
}

impl Proxy {
    /// Starts it in front of the server of `place`.
    pub(crate) fn start(place: &Place) -> Self {
        let dir = place.path().join("proxy");
        fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).unwrap();
        let server = place.socket_dir().join(".s.PGSQL.5432");
        let orders = Arc::new(Orders::default());
        let mut lines = JoinSet::new();
        lines.spawn(listen(listener, server, Arc::clone(&orders)));
        Self { dir, orders, _lines: lines }
    }

    /// Where it listens.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Loses the next commit, or the answer to it.
    pub(crate) fn lose(&self, loss: Loss) {
        match loss {
            Loss::Commit => self.orders.commits.fetch_add(1, Ordering::SeqCst),
            Loss::Answer => self.orders.answers.fetch_add(1, Ordering::SeqCst),
        };
    }

    /// How many were lost so far.
    pub(crate) fn lost(&self) -> usize {
        self.orders.lost.load(Ordering::SeqCst)
    }
}

async fn listen(listener: UnixListener, server: PathBuf, orders: Arc<Orders>) {
    let mut lines = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = UnixStream::connect(&server).await else { continue };
        lines.spawn(pass_on(client, server, Arc::clone(&orders)));
        while lines.try_join_next().is_some() {}
    }
}

/// Passes on until one side hangs up or something is lost; then both lines are cut.
async fn pass_on(mut client: UnixStream, mut server: UnixStream, orders: Arc<Orders>) {
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(read @ 1..) = read.ok() else { return };
                let loss = loss(&asked[..read], &orders);
                if matches!(loss, Some(Loss::Commit)) || server.write_all(&asked[..read]).await.is_err() {
                    return;
                }
                if matches!(loss, Some(Loss::Answer)) {
                    // What Postgres answers tells that it has committed; nobody hears it.
                    let _ = server.read(&mut answered).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Some(read @ 1..) = read.ok() else { return };
                if client.write_all(&answered[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What is to be lost of this, if it is a commit and something is ordered.
fn loss(asked: &[u8], orders: &Orders) -> Option<Loss> {
    // A simple query: `Q`, its length in four bytes, the statement, a zero.
    asked.windows(8).any(|bytes| bytes == b"\0COMMIT\0" || bytes == b"\x0bCOMMIT\0").then_some(())?;
    let one_less = |left: usize| left.checked_sub(1);
    let order = [(&orders.commits, Loss::Commit), (&orders.answers, Loss::Answer)]
        .into_iter()
        .find(|(left, _)| left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok())?;
    orders.lost.fetch_add(1, Ordering::SeqCst);
    Some(order.1)
}
