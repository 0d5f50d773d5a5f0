//! A stand-in's web server: on a thread of its own, on a loopback port the system chooses.

use std::{
    io,
    thread::{self, JoinHandle},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

use super::line::{Line, Lines};

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(super) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts it. Needs no runtime, so that a test may block.
    pub(super) fn start(router: Router) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                let service = router.into_make_service_with_connect_info::<Line>();
                // Not a graceful stop: a request that hangs on purpose would hold it for ever.
                tokio::select! {
                    _ = stopped => {}
                    _ = async { axum::serve(Lines(listener), service).await } => {}
                }
            });
        });
        Ok(Self { port, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

pub(super) fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, content_type.to_owned())], body.into()).into_response()
}

pub(super) fn json_answer(status: u16, body: &Value) -> Response {
    answer(status, "application/json;charset=utf-8", body.to_string())
}

/// A redirection to another address of the same server.
pub(super) fn redirect() -> Response {
    let mut response = answer(307, "text/html", "");
    response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static("/elsewhere"));
    response
}

/// A success whose body never ends.
pub(super) fn endless() -> Response {
    let spaces = || Ok::<_, io::Error>(Bytes::from_static(&[b' '; 8 * 1024]));
    answer(201, "application/json", Body::from_stream(stream::repeat_with(spaces)))
}

/// Half an answer, and then a cut line.
pub(super) fn cut_short(answer: Response) -> Response {
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = stream::unfold(0, |step| async move {
        // Waiting once lets the first half leave before the second fails.
        tokio::task::yield_now().await;
        let part = if step == 0 {
            Ok(Bytes::from_static(b"{\"sid\": "))
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        };
        Some((part, step + 1)).filter(|(part, _): &(io::Result<_>, i32)| step < 2 || part.is_ok())
    });
    Response::from_parts(parts, Body::from_stream(body))
}
