//! Reaching a server: name, address, connection.

use std::{io, net::IpAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

/// A byte stream, plain or encrypted.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreached {
    /// The host name leads nowhere.
    NoName,
    /// Every address refused.
    Failed(io::ErrorKind),
    /// Time ran out.
    Late,
}

impl Unreached {
    /// For the record of an attempt.
    pub(crate) fn as_words(self) -> &'static str {
        match self {
            Self::NoName => "the name leads to no address",
            Self::Failed(io::ErrorKind::ConnectionRefused) => "the connection was refused",
            Self::Failed(_) => "no connection",
            Self::Late => "no connection in time",
        }
    }
}

/// Finds and reaches the server; each of its addresses gets an equal share of the time.
pub(crate) async fn reach(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Unreached> {
    let found = timeout(limit, tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<_> = found.map_err(|_| Unreached::NoName)?.map_err(|_| Unreached::NoName)?.collect();
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = Unreached::NoName;
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it the last part of a message waits 40 ms for the server's delayed acknowledgement.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(why)) => last = Unreached::Failed(why.kind()),
            Err(_) => last = Unreached::Late,
        }
    }
    Err(last)
}

/// Whether what is said to this host never leaves the machine.
pub(crate) fn is_on_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
