//! The furnished school with its pages on a port of this machine.

use std::net::SocketAddr;

use tokio::{net::TcpListener, task::JoinHandle};

use crate::support::{furnished::Mood, staffed::Staffed};

/// A school whose pages a browser can open; they are served until it is dropped.
pub(crate) struct Served {
    pub(crate) staffed: Staffed,
    pub(crate) url: String,
    server: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn open() -> Self {
        Self::with(Staffed::serve_at).await
    }

    /// Its pages wait for no deed: each says at once how far it is.
    pub(crate) async fn open_to_the_impatient() -> Self {
        Self::with(Staffed::serve_the_impatient_at).await
    }

    async fn with(serve: impl FnOnce(&mut Staffed, &str)) -> Self {
        let mut staffed = Staffed::furnished(Mood::Plain).await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        serve(&mut staffed, &url);
        let pages = staffed.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, pages).await.expect("serve") });
        Self { staffed, url, server }
    }

    pub(crate) async fn close(self) {
        self.server.abort();
        self.staffed.close().await;
    }
}
