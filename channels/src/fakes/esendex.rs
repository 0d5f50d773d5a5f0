//! A strict stand-in for Esendex: its XML for sending, its receipts and its received texts.
//!
//! Shapes as Esendex's own PHP package has them (as read in 2026-11). Its addresses, and the form of its answers, are not
//! checked against anything.

use std::{io, ops::Deref, sync::Arc};

use axum::{
    Router,
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::{Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use quick_xml::{
    Reader,
    escape::{escape, unescape},
    events::Event,
};
use uuid::Uuid;

use super::{
    line::Line,
    stage::{Deed, Server, Stage, reply},
};
use crate::fakes::post::Post;

const LARGEST_REQUEST: usize = 64 * 1024;

/// A text it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: String,
    /// The recipient, as posted.
    pub to: String,
    /// The words.
    pub words: String,
}

type Shared = super::stage::Shared<Deed, Vec<Taken>>;

/// The running stand-in; it stops when dropped. How it behaves is set on its [`Stage`].
#[derive(Debug)]
pub struct EsendexFake {
    shared: Arc<Shared>,
    server: Server,
}

impl Deref for EsendexFake {
    type Target = Stage<Deed>;

    fn deref(&self) -> &Stage<Deed> {
        &self.shared.stage
    }
}

impl EsendexFake {
    /// Who logs in.
    pub const USERNAME: &'static str = "it@ourschool.example";
    /// With which password.
    pub const PASSWORD: &'static str = "esendex-password";
    /// The account.
    pub const ACCOUNT: &'static str = "EX0000000";
    /// The secret in the address of its posts, which the school chose.
    pub const ADDRESS_SECRET: &'static str = "an-address_secret-of-the-school";

    /// Starts it. Needs no runtime.
    pub fn start() -> io::Result<Self> {
        let shared = Shared::new(Vec::new());
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        Ok(Self { server: Server::start(router)?, shared })
    }

    /// Where it is.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Every text it has, in the order it took them.
    pub fn texts(&self) -> Vec<Taken> {
        self.shared.lock().clone()
    }

    /// A deed that answers with an HTTP status and an error. The words repeat a number, so that leaks are found.
    pub fn refusal(status: u16, code: &str) -> Deed {
        let body = format!(
            "<errors><error><code>{code}</code><description>447700900123 was not taken</description></error></errors>"
        );
        Deed::Answer { status, content_type: "application/xml", body }
    }

    /// The post that tells how a text of ours fares: `MessageDelivered` or `MessageFailed`.
    pub fn receipt(what: &str, id: &str) -> Post {
        let event = Uuid::now_v7();
        Self::post(
            "status",
            &format!(
                "<{what}><Id>{event}</Id><MessageId>{id}</MessageId><AccountId>{event}</AccountId>\
                 <OccurredAt>2026-11-23T17:15:30Z</OccurredAt></{what}>"
            ),
        )
    }

    /// The post that tells of a text from a carer.
    pub fn text_post(id: Uuid, from: &str, words: &str) -> Post {
        let (from, words) = (from.trim_start_matches('+'), escape(words));
        Self::post(
            "text",
            &format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<InboundMessage><Id>{id}</Id><MessageId>{id}</MessageId>\
                 <AccountId>{id}</AccountId><MessageText>{words}</MessageText><From>{from}</From><To>447700900456</To>\
                 </InboundMessage>"
            ),
        )
    }

    /// Any XML, posted to the address with the school's secret.
    pub fn post(what: &str, body: &str) -> Post {
        Post {
            path_and_query: format!("/webhooks/esendex/{what}?{}", Self::ADDRESS_SECRET),
            headers: vec![("content-type".to_owned(), "application/xml".to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return malformed(&shared, "unreadable body");
    };
    if !is_ours(&parts) {
        return xml(401, "<errors><error><code>unauthorized</code></error></errors>");
    }
    match (&parts.method, parts.uri.path(), parts.uri.query()) {
        (&Method::POST, "/v1.0/messagedispatcher", None) => {
            let _seen = shared.arrive().await;
            let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            if !kind.is_some_and(|kind| kind.starts_with("application/xml")) {
                return malformed(&shared, "content type");
            }
            match read(&body) {
                Ok((to, words)) => send(&shared, &line, to, words).await,
                Err(what) => malformed(&shared, what),
            }
        }
        (&Method::GET, "/v1.0/accounts", None) => match shared.question_deed() {
            Some(deed) => deed.commit(&line, xml(200, "<accounts/>")).await,
            None => xml(200, "<accounts/>"),
        },
        _ => malformed(&shared, "no such address"),
    }
}

fn is_ours(parts: &Parts) -> bool {
    let login = format!("{}:{}", EsendexFake::USERNAME, EsendexFake::PASSWORD);
    let expected = format!("Basic {}", STANDARD.encode(login));
    parts.headers.get(header::AUTHORIZATION).is_some_and(|given| given == expected.as_str())
}

fn xml(status: u16, body: &str) -> Response {
    reply(status, "application/xml", format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{body}"))
}

fn malformed(shared: &Shared, what: &str) -> Response {
    shared.complain(what);
    xml(400, "<errors><error><code>malformed</code></error></errors>")
}

/// Recipient and words of a request, which has every documented element once, in the documented order, and no other.
fn read(body: &[u8]) -> Result<(String, String), &'static str> {
    const ELEMENTS: [&str; 5] = ["messages", "accountreference", "message", "to", "body"];
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let mut seen: Vec<String> = Vec::new();
    let mut open = 0_usize;
    loop {
        match reader.read_event().map_err(|_| "the body is not well-formed")? {
            Event::Start(start) if start.attributes_raw().trim().is_empty() => {
                let name = start.name();
                let name: &str = name.as_ref();
                seen.push(name.to_owned());
                open += 1;
            }
            Event::End(_) => open = open.saturating_sub(1),
            Event::Start(_) | Event::Empty(_) | Event::DocType(_) => {
                return Err("an element is not documented");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if open > 0 || seen != ELEMENTS {
        return Err("the elements are not the documented ones");
    }
    let of = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (raw, _) = rest.split_once(&format!("</{name}>"))?;
        unescape(raw).ok().map(std::borrow::Cow::into_owned)
    };
    let (account, to, words) = (of("accountreference"), of("to"), of("body"));
    if account.as_deref() != Some(EsendexFake::ACCOUNT) {
        return Err("the account is not ours");
    }
    let to =
        to.filter(|to| to.len() == 12 && to.starts_with("447") && to.bytes().all(|b| b.is_ascii_digit()));
    let words = words.filter(|words| !words.is_empty());
    to.zip(words).ok_or("the number or the words are not in the documented form")
}

async fn send(shared: &Shared, line: &Line, to: String, words: String) -> Response {
    let deed = shared.post_deed();
    let answer = if deed.as_ref().is_none_or(Deed::takes) {
        let id = Uuid::now_v7().to_string();
        let answer = format!(
            "<messageheaders batchid=\"{}\" xmlns=\"http://api.esendex.com/ns/\">\
             <messageheader uri=\"http://api.esendex.com/v1.0/messageheaders/{id}\" id=\"{id}\" /></messageheaders>",
            Uuid::now_v7()
        );
        shared.lock().push(Taken { id, to, words });
        xml(200, &answer)
    } else {
        ().into_response()
    };
    match deed {
        Some(deed) => deed.commit(line, answer).await,
        None => answer,
    }
}
