//! A server that goes away in the middle of a fetch, at a byte that the test chooses.

use std::sync::Arc;

use liaison_channels::{
    Inbox as _,
    error::Fault,
    fakes::dovecot::Dovecot,
    inbox::{Batch, Position},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use crate::kit::{PLENTY, beginning, large, mail, opened, raws, server_or_skip, uids};

/// Stands between us and a server. The first line is stopped after so many bytes of the server's; all others pass.
struct Gate {
    port: u16,
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    async fn before(server: u16, after: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (reached, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (told, waits) = (Arc::clone(&reached), Arc::clone(&open));
        tokio::spawn(async move {
            let mut after = Some(after);
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, after.take(), Arc::clone(&told), Arc::clone(&waits)));
            }
        });
        Self { port, reached, open }
    }

    /// Waits until the first line is stopped.
    async fn until_reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    fn open(&self) {
        self.open.add_permits(1);
    }
}

async fn pass(
    client: TcpStream,
    server: u16,
    stop_after: Option<usize>,
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let (mut passed, mut buffer) = (0, vec![0; 4096]);
    let mut stop_after = stop_after;
    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
        passed += count;
        if stop_after.is_some_and(|limit| passed > limit) {
            stop_after = None;
            reached.add_permits(1);
            open.acquire().await.unwrap().forget();
        }
        if to_client.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    up.abort();
}

/// Fetches until everything has come, over whatever failures. How often it failed is told as well.
async fn all_of_it(inbox: &mut liaison_channels::imap::Imap, mut position: Position) -> (Vec<Batch>, usize) {
    let (mut batches, mut failures) = (Vec::new(), 0);
    loop {
        match inbox.fetch(position, PLENTY).await {
            Ok(batch) => {
                position.after = batch.up_to;
                let more = batch.more;
                batches.push(batch);
                if !more {
                    return (batches, failures);
                }
            }
            Err(error) => {
                assert!(matches!(error.fault, Fault::Temporary | Fault::Unreachable), "{error}");
                failures += 1;
                assert!(failures < 5, "{error}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_of_a_fetch_loses_no_mail_and_brings_none_twice() {
    // In the sign-in; in the small mails, which come in one answer; and in the parts of a large one.
    for after in [60, 3000, 2 << 20] {
        let mut dovecot = server_or_skip!(Dovecot::start());
        let sent: Vec<_> = (1..=30).map(mail).chain([large(4 << 20), mail(32)]).collect();
        for raw in &sent {
            dovecot.deliver(raw);
        }
        let mut direct = opened(dovecot.settings(&json!({})));
        let position = beginning(&mut direct).await;
        let gate = Gate::before(dovecot.port(), after).await;
        let mut inbox = opened(dovecot.settings(&json!({"port": gate.port})));

        let fetching = tokio::spawn(async move { all_of_it(&mut inbox, position).await });
        gate.until_reached().await;
        tokio::task::block_in_place(|| dovecot.restart());
        gate.open();
        let (batches, _) = fetching.await.unwrap();

        let came: Vec<_> = batches.iter().flat_map(|batch| raws(&batch.mails)).collect();
        let numbers: Vec<_> = batches.iter().flat_map(uids).collect();
        assert_eq!(numbers, (1..=32).collect::<Vec<_>>(), "stopped after {after} bytes");
        assert!(came == sent, "the bytes are equal, stopped after {after}");
        assert!(batches.iter().flat_map(|batch| &batch.mails).all(|mail| mail.trouble.is_none()));
    }
}
