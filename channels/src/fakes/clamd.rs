//! A strict clamd in the test's own process, over a Unix socket or a loopback port that the system chooses.
//!
//! It knows the three commands that Liaison uses, with a NUL behind each (clamd(8)), finds the EICAR test file and
//! nothing else, notes what breaks the protocol, and misbehaves on demand.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
    task::JoinHandle,
};

/// How the test file begins that every scanner finds (eicar.org).
const EICAR_START: &[u8] = br"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-";

/// Something other than a proper answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Answers this instead, with the NUL if it has one, and hangs up.
    Say(Vec<u8>),
    /// Hangs up after reading the command.
    Cut,
    /// Reads all, and hangs up without an answer.
    CutAfter,
    /// Reads all, and never answers.
    Silence,
    /// Reads nothing behind the command, and never answers.
    Stall,
}

#[derive(Debug, Default)]
struct State {
    deeds: VecDeque<Deed>,
    /// `StreamMaxLength`, in bytes.
    most: usize,
    blind: bool,
    scanned: Vec<Vec<u8>>,
    commands: Vec<String>,
    violations: Vec<String>,
}

/// A running clamd; stops when dropped.
#[derive(Debug)]
pub struct ClamdFake {
    /// Where it listens, as the settings name it.
    place: String,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

impl ClamdFake {
    /// Listens on a socket `clamd.ctl` in `folder`.
    ///
    /// # Panics
    /// When the socket cannot be made.
    pub fn on_socket(folder: &Path) -> Self {
        let path: PathBuf = folder.join("clamd.ctl");
        let listener = UnixListener::bind(&path).expect("a socket in the test's own folder");
        let state = fresh();
        let shared = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, Arc::clone(&shared)));
            }
        });
        Self { place: path.display().to_string(), state, listening }
    }

    /// Listens on a port of 127.0.0.1.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn on_port() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let place = listener.local_addr().expect("a bound socket has an address").to_string();
        let state = fresh();
        let shared = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, Arc::clone(&shared)));
            }
        });
        Self { place, state, listening }
    }

    /// Where it listens, as `scanning.clamd` names it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Behaves so at the next command; several are used up in their order.
    pub fn next(&self, deed: Deed) {
        locked(&self.state).deeds.push_back(deed);
    }

    /// Takes files of at most so many bytes from now on.
    pub fn take_at_most(&self, bytes: usize) {
        locked(&self.state).most = bytes;
    }

    /// Finds nothing from now on, as without its lists.
    pub fn go_blind(&self) {
        locked(&self.state).blind = true;
    }

    /// The files it looked at, whole.
    pub fn scanned(&self) -> Vec<Vec<u8>> {
        locked(&self.state).scanned.clone()
    }

    /// The commands it was given, one a connection.
    pub fn commands(&self) -> Vec<String> {
        locked(&self.state).commands.clone()
    }

    /// What the client did against the protocol. Empty for a good client.
    pub fn violations(&self) -> Vec<String> {
        locked(&self.state).violations.clone()
    }
}

impl Drop for ClamdFake {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn fresh() -> Arc<Mutex<State>> {
    Arc::new(Mutex::new(State { most: 100 * 1024 * 1024, ..State::default() }))
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut line: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>) {
    // A client that hung up is no fault of the stand-in's.
    let _ = answer(&mut line, &state).await;
}

async fn answer(line: &mut (impl AsyncRead + AsyncWrite + Unpin), state: &Mutex<State>) -> io::Result<()> {
    let command = command(line).await?;
    let deed = {
        let mut state = locked(state);
        state.commands.push(command.clone());
        state.deeds.pop_front()
    };
    match &deed {
        Some(Deed::Cut) => return Ok(()),
        Some(Deed::Stall) => pending().await,
        _ => {}
    }
    let said = match command.as_str() {
        "zPING" => b"PONG\0".to_vec(),
        "zVERSION" => b"ClamAV 1.4.3/27700/Mon Jul 14 08:35:12 2025\0".to_vec(),
        "zINSTREAM" => stream(line, state).await?,
        _ => {
            locked(state).violations.push(format!("an unknown command, {} bytes long", command.len()));
            b"UNKNOWN COMMAND\0".to_vec()
        }
    };
    match deed {
        Some(Deed::Say(words)) => line.write_all(&words).await?,
        Some(Deed::Silence) => pending().await,
        Some(_) => {}
        None => line.write_all(&said).await?,
    }
    line.shutdown().await
}

/// The command up to its NUL.
async fn command(line: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut command = Vec::new();
    loop {
        match line.read_u8().await? {
            0 => return Ok(String::from_utf8_lossy(&command).into_owned()),
            _ if command.len() > 100 => return Err(io::ErrorKind::InvalidData.into()),
            byte => command.push(byte),
        }
    }
}

/// Reads the chunks, and judges what they make.
async fn stream(line: &mut (impl AsyncRead + Unpin), state: &Mutex<State>) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    loop {
        let length = usize::try_from(line.read_u32().await?).map_err(io::Error::other)?;
        if length == 0 {
            break;
        }
        if file.len() + length > locked(state).most {
            return Ok(b"INSTREAM size limit exceeded. ERROR\0".to_vec());
        }
        let before = file.len();
        let read = line.take(u64::try_from(length).map_err(io::Error::other)?).read_to_end(&mut file).await?;
        if read < length {
            locked(state).violations.push(format!("a chunk of {length} bytes had {}", file.len() - before));
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut state = locked(state);
    let found = file.starts_with(EICAR_START) && !state.blind;
    state.scanned.push(file);
    Ok(if found { b"stream: Eicar-Signature FOUND\0".to_vec() } else { b"stream: OK\0".to_vec() })
}
