//! A strict box on loopback, on a port the system chooses: it refuses whatever is not documented and remembers it as a
//! complaint, keeps what it takes, and misbehaves when told to.

use std::{
    fs, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use liaison_channels::{conformance::Misbehaviour, cost::CostConfig};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use uuid::Uuid;

use crate::adapter::SimBoxConfig;

/// A text that the box has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Had {
    pub(crate) reference: Uuid,
    pub(crate) name: String,
    pub(crate) to: String,
    pub(crate) words: String,
}

#[derive(Default)]
struct State {
    texts: Vec<Had>,
    complaints: Vec<String>,
    how: Option<Misbehaviour>,
    at_once: usize,
    most: usize,
}

struct Shared {
    state: Mutex<State>,
    /// Whether texts wait for their answer.
    held: watch::Sender<bool>,
    /// How many do.
    waiting: watch::Sender<usize>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running stand-in; it stops when dropped.
pub(crate) struct BoxFake {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for BoxFake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl BoxFake {
    pub(crate) const PASSWORD: &'static str = "box-password";

    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            held: watch::Sender::new(false),
            waiting: watch::Sender::new(0),
        });
        let server = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let shared = Arc::clone(&shared);
                    // A line that breaks is the other side's doing: nothing is to be done about it here.
                    tokio::spawn(async move { converse(&shared, BufStream::new(stream)).await.ok() });
                }
            }
        });
        Ok(Self { shared, address, server })
    }

    /// Settings that reach it, with the secret's file in `home`.
    pub(crate) fn config(&self, home: &Path) -> io::Result<SimBoxConfig> {
        let password_file = home.join("password");
        fs::write(&password_file, format!("{}\n", Self::PASSWORD))?;
        Ok(SimBoxConfig {
            address: self.address.to_string(),
            password_file,
            answer_secs: 1.0,
            cost: CostConfig::default(),
        })
    }

    /// What was said to it that is not documented.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.shared.lock().complaints.clone()
    }
}

#[cfg(test)]
impl BoxFake {
    pub(crate) fn texts(&self) -> Vec<Had> {
        self.shared.lock().texts.clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.lock().most
    }

    pub(crate) fn misbehave(&self, how: Option<Misbehaviour>) {
        self.shared.lock().how = how;
    }

    pub(crate) fn hold(&self, held: bool) {
        self.shared.held.send_replace(held);
    }

    pub(crate) async fn until_held(&self, count: usize) {
        let waiting = self.shared.waiting.subscribe().wait_for(|waiting| *waiting >= count).await.map(drop);
        assert!(waiting.is_ok(), "the box is gone");
    }
}

async fn converse(shared: &Shared, mut line: BufStream<TcpStream>) -> io::Result<()> {
    let login = next(&mut line).await?;
    let refused = shared.lock().how == Some(Misbehaviour::RefusesSettings);
    if refused || login != format!("LOGIN {}", BoxFake::PASSWORD) {
        return say(&mut line, "NO login").await;
    }
    say(&mut line, "OK").await?;
    let asked = next(&mut line).await?;
    match asked.split(' ').collect::<Vec<_>>().as_slice() {
        ["SEND", reference, to, words] => match read(reference, to, words) {
            Some(had) => send(shared, &mut line, had).await,
            None => complain(shared, &mut line, &asked).await,
        },
        ["FIND", reference] => {
            let found = shared
                .lock()
                .texts
                .iter()
                .find(|had| had.reference.simple().to_string() == *reference)
                .cloned();
            let answer = found.map_or_else(|| "NONE".to_owned(), |had| format!("OK {}", had.name));
            say(&mut line, &answer).await
        }
        // A probe says nothing more.
        [""] => Ok(()),
        _ => complain(shared, &mut line, &asked).await,
    }
}

/// A text in the one documented form.
fn read(reference: &str, to: &str, words: &str) -> Option<Had> {
    let is_number = to
        .strip_prefix("+447")
        .is_some_and(|rest| rest.len() == 9 && rest.bytes().all(|b| b.is_ascii_digit()));
    let reference = Uuid::try_parse(reference).ok().filter(|_| is_number)?;
    let words = String::from_utf8(STANDARD.decode(words).ok()?).ok().filter(|words| !words.is_empty())?;
    Some(Had { reference, name: format!("T{}", Uuid::now_v7().simple()), to: to.to_owned(), words })
}

async fn complain(shared: &Shared, line: &mut BufStream<TcpStream>, asked: &str) -> io::Result<()> {
    shared.lock().complaints.push(format!("not documented: {asked}"));
    say(line, "NO form").await
}

async fn send(shared: &Shared, line: &mut BufStream<TcpStream>, had: Had) -> io::Result<()> {
    use Misbehaviour as M;
    let how = {
        let mut state = shared.lock();
        state.at_once += 1;
        state.most = state.most.max(state.at_once);
        state.how
    };
    shared.waiting.send_modify(|waiting| *waiting += 1);
    shared.held.subscribe().wait_for(|held| !held).await.map(drop).map_err(io::Error::other)?;
    shared.waiting.send_modify(|waiting| *waiting -= 1);
    let name = had.name.clone();
    {
        let mut state = shared.lock();
        state.at_once -= 1;
        if matches!(how, None | Some(M::CutAfter | M::SilentAfter | M::Garbles)) {
            state.texts.push(had);
        }
    }
    match how {
        None => say(line, &format!("OK {name}")).await,
        Some(M::Throttles) => say(line, "NO busy").await,
        Some(M::RefusesAddress) => say(line, "NO number").await,
        Some(M::RefusesContent) => say(line, "NO content").await,
        Some(M::Unavailable | M::RefusesSettings) => say(line, "NO now").await,
        Some(M::CutBefore | M::CutAfter) => Ok(()),
        Some(M::SilentBefore | M::SilentAfter) => std::future::pending().await,
        Some(M::Garbles) => say(line, "O?").await,
    }
}

/// The next line; empty at the end.
async fn next(line: &mut BufStream<TcpStream>) -> io::Result<String> {
    let mut text = String::new();
    line.read_line(&mut text).await?;
    // Half a line was cut on its way, and is none.
    Ok(text.strip_suffix('\n').unwrap_or_default().to_owned())
}

async fn say(line: &mut BufStream<TcpStream>, text: &str) -> io::Result<()> {
    line.write_all(format!("{text}\n").as_bytes()).await?;
    line.flush().await
}
