//! A name server that knows a few TXT records, strict about what it is asked (RFC 1035).

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::UdpSocket, task::JoinHandle};

/// TXT, and the class of the Internet.
const TXT_IN: [u8; 4] = [0, 16, 0, 1];

/// A running name server; stops when dropped.
#[derive(Debug)]
pub struct DnsFake {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl DnsFake {
    /// Answers with these records; every other name does not exist. A record longer than 255 bytes is sent in pieces.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn start(records: &[(&str, &[&str])]) -> Self {
        let records: HashMap<String, Vec<String>> = records
            .iter()
            .map(|(name, texts)| ((*name).to_owned(), texts.iter().map(|text| (*text).to_owned()).collect()))
            .collect();
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let address = socket.local_addr().expect("a bound socket has an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&asked);
        let listening = tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let Some((name, reply)) = answer(packet.get(..length).unwrap_or_default(), &records) else {
                    continue;
                };
                list.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                let _ = socket.send_to(&reply, from).await;
            }
        });
        Self { address, asked, listening }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names it was asked for, in small letters.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for DnsFake {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// The name that is asked for, and the reply. `None`: it is no plain question for TXT records.
fn answer(packet: &[u8], records: &HashMap<String, Vec<String>>) -> Option<(String, Vec<u8>)> {
    let (id, one_question) = (packet.get(..2)?, packet.get(4..6)? == [0, 1]);
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*packet.get(at)?);
        if length == 0 {
            break;
        }
        let label = packet.get(at + 1..at + 1 + length).filter(|_| length < 64)?;
        labels.push(String::from_utf8(label.to_ascii_lowercase()).ok()?);
        at += 1 + length;
    }
    let question = packet.get(12..at + 5)?;
    if !one_question || packet.get(at + 1..at + 5)? != TXT_IN {
        return None;
    }
    let name = labels.join(".");
    let found = records.get(&name);
    let count = u8::try_from(found.map_or(0, Vec::len)).ok()?;
    let mut reply = id.to_vec();
    // A reply, recursion asked for and offered; 3: there is no such name.
    reply.extend([0x81, if found.is_some() { 0x80 } else { 0x83 }, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(question);
    for text in found.into_iter().flatten() {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(255).collect();
        let length = u16::try_from(text.len() + pieces.len()).ok()?;
        // The name of the question, and a minute to live.
        reply.extend([0xc0, 12]);
        reply.extend(TXT_IN);
        reply.extend([0, 0, 0, 60]);
        reply.extend(length.to_be_bytes());
        for piece in pieces {
            reply.push(u8::try_from(piece.len()).ok()?);
            reply.extend(piece);
        }
    }
    Some((name, reply))
}
