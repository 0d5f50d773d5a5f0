//! What a request looks like on the wire by each login, and posts that are proved by an HMAC.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, routing::any};
use liaison_channels::{
    Sender,
    conformance::Post,
    http::{Http, HttpConfig},
    inbound::Event,
    message::ChannelId,
    receipt::{Forgery, NotBelieved},
};
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{CARER, WORDS, text_to};

const SECRET: &str = "a-secret_of-twenty-or-more";

/// What was asked: method, address, headers and body.
type Asked = Arc<Mutex<Vec<(String, Vec<(String, String)>, String)>>>;

struct Scene {
    asked: Asked,
    base: String,
    secrets: TempDir,
}

impl Scene {
    /// A provider that says yes to everything, and remembers.
    async fn new() -> Self {
        let asked = Asked::default();
        let kept = Arc::clone(&asked);
        let app = Router::new().fallback(any(move |request: Request| {
            let kept = Arc::clone(&kept);
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 100_000).await.unwrap();
                let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
                    (name.to_string(), value.to_str().unwrap_or_default().to_owned())
                };
                let headers = parts.headers.iter().map(header).collect();
                let body = String::from_utf8(body.to_vec()).unwrap();
                kept.lock().unwrap().push((format!("{} {}", parts.method, parts.uri), headers, body));
                "{\"message\": {\"id\": 4711}}"
            }
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        let secrets = TempDir::new().unwrap();
        std::fs::write(secrets.path().join("secret"), SECRET).unwrap();
        Self { asked, base, secrets }
    }

    fn file(&self) -> String {
        self.secrets.path().join("secret").to_str().unwrap().to_owned()
    }

    fn open(&self, change: impl FnOnce(&mut Value)) -> Http {
        let mut description = json!({"provider": "Post", "from": "+447700900456",
            "request": {"url": format!("{}/texts", self.base), "content_type": "json",
                "headers": {"X-Version": "3"},
                "body": "{\"to\": [\"{to}\"], \"from\": \"{from}\", \"text\": \"{text}\", \"ref\": \"{reference}\"}"},
            "answer": {"id": "/message/id"}});
        change(&mut description);
        let config: HttpConfig = serde_json::from_value(description).unwrap();
        Http::open(ChannelId::parse("texts").unwrap(), &config).unwrap()
    }
}

#[tokio::test]
async fn json_is_written_whole_whatever_is_in_the_words() {
    let scene = Scene::new().await;
    let http = scene.open(|description| description["request"]["method"] = json!("put"));
    let words = "\"quoted\" \\ {to}\n\u{1} é😀";
    let text = text_to(CARER, words);

    let accepted = http.send(&text).await.unwrap();

    let (line, headers, body) = scene.asked.lock().unwrap().remove(0);
    let expected =
        json!({"to": [CARER], "from": "+447700900456", "text": words, "ref": text.reference().to_string()});
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    assert_eq!((line.as_str(), accepted.reference.0.as_str()), ("PUT /texts", "4711"));
    for header in [("content-type", "application/json"), ("x-version", "3")] {
        assert!(headers.contains(&(header.0.to_owned(), header.1.to_owned())), "{headers:?}");
    }
    assert!(!headers.iter().any(|(name, _)| name == "authorization"));
}

#[tokio::test]
async fn each_login_shows_itself_where_it_should_and_in_the_probe() {
    for (login, header) in [
        (
            json!({"kind": "basic", "username": "it"}),
            ("authorization", "Basic aXQ6YS1zZWNyZXRfb2YtdHdlbnR5LW9yLW1vcmU="),
        ),
        (json!({"kind": "bearer"}), ("authorization", "Bearer a-secret_of-twenty-or-more")),
        (json!({"kind": "header", "name": "X-Api-Key"}), ("x-api-key", SECRET)),
    ] {
        let scene = Scene::new().await;
        let http = scene.open(|description| {
            description["login"] = login.clone();
            description["login"]["secret_file"] = json!(scene.file());
            description["probe"] = json!({"url": format!("{}/credit", scene.base)});
        });

        http.send(&text_to(CARER, WORDS)).await.unwrap();
        let probed = http.probe().await.unwrap();

        let asked = scene.asked.lock().unwrap();
        let lines: Vec<_> = asked.iter().map(|(line, ..)| line.as_str()).collect();
        assert_eq!((lines, probed.as_str()), (vec!["POST /texts", "GET /credit"], "Post: the login works"));
        for (_, headers, _) in asked.iter() {
            assert!(headers.contains(&(header.0.to_owned(), header.1.to_owned())), "{login}");
        }
    }
}

fn signed(algorithm: hmac::Algorithm, key: &str, body: &str, write: fn(&[u8]) -> String) -> Post {
    let mac = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), body.as_bytes());
    Post {
        path_and_query: "/webhooks/texts/text".to_owned(),
        headers: vec![("x-signature".to_owned(), write(mac.as_ref()))],
        body: body.as_bytes().to_vec(),
    }
}

fn hex(mac: &[u8]) -> String {
    mac.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn base64(mac: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(mac)
}

#[tokio::test]
async fn an_hmac_over_the_body_proves_a_post_and_any_change_undoes_it() {
    let scene = Scene::new().await;
    let body = json!({"message": {"id": "m1", "from": "447700900123", "words": " Żółw "}}).to_string();
    for (name, algorithm) in [
        ("sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("sha256", hmac::HMAC_SHA256),
        ("sha512", hmac::HMAC_SHA512),
    ] {
        for (encoding, write) in [("hex", hex as fn(&[u8]) -> String), ("base64", base64)] {
            let http = scene.open(|description| {
                description["texts"] = json!({"content_type": "json", "id": "/message/id", "from": "/message/from",
                    "text": "/message/words"});
                description["proof"] = json!({"kind": "hmac", "header": "X-Signature", "algorithm": name,
                    "encoding": encoding, "secret_file": scene.file()});
            });
            let told = |post: &Post| http.callback().unwrap().events(&post.posted());
            let good = signed(algorithm, SECRET, &body, write);

            let events = told(&good).unwrap();

            let [Event::Text(kept)] = events.as_slice() else { panic!("{events:?}") };
            assert_eq!((kept.text.reference.0.as_str(), kept.text.from.expose().as_str()), ("m1", CARER));
            assert_eq!(kept.text.body.expose(), " Żółw ");
            let mut twice = good.clone();
            twice.headers.extend(good.headers.clone());
            let of_another_body = signed(algorithm, SECRET, &format!("{body} "), write);
            for forged in [
                signed(algorithm, "another-secret", &body, write),
                Post { body: good.body.clone(), ..of_another_body },
                Post { body: body.replace('Ż', "Z").into_bytes(), ..good.clone() },
                Post { headers: Vec::new(), ..good.clone() },
                Post { headers: vec![("x-signature".to_owned(), String::new())], ..good.clone() },
                twice,
            ] {
                let why = if forged.headers.is_empty() { Forgery::Missing } else { Forgery::Wrong };
                assert_eq!(told(&forged), Err(NotBelieved::Forged(why)), "{name} {encoding}");
            }
        }
    }
}
