//! Signing in with tokens, at a real Dovecot and at a server that keeps to a script.

use liaison_channels::{
    Inbox as _,
    error::Fault,
    fakes::{
        dovecot::{Dovecot, USER},
        stage::Deed,
        token_server::{SECRET, TokenServer},
    },
    imap::Imap,
    inbox::FetchError,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    kit::{all, mail, opened, server_or_skip, uids},
    script::Scripted,
};

/// Settings that sign in as `username`, with tokens and without a password.
fn by_token(mut settings: Value, username: &str, oauth: &Value) -> Value {
    let map = settings.as_object_mut().unwrap();
    map.remove("password_file");
    map.insert("username".to_owned(), username.into());
    map.insert("oauth".to_owned(), oauth.clone());
    map.insert("deadline_secs".to_owned(), json!(10.0));
    settings
}

/// A server by script that takes the tokens of a service.
struct School {
    tokens: TokenServer,
    server: Scripted,
    folder: TempDir,
}

impl School {
    async fn new(offers: &'static str) -> Self {
        let tokens = TokenServer::start("parents").unwrap();
        let server = Scripted::start(&[(1, b"mail\r\n")]).await;
        let check = tokens.check();
        server.change(|state| {
            state.offers = offers;
            state.tokens = Some(check);
        });
        Self { tokens, server, folder: TempDir::new().unwrap() }
    }

    fn inbox(&self) -> Imap {
        let oauth = self.tokens.microsoft(self.folder.path()).unwrap();
        opened(by_token(self.server.settings(), "parents", &oauth))
    }

    async fn refused(&self) -> FetchError {
        self.inbox().standing().await.unwrap_err()
    }
}

const AT_ONCE: &str = "IMAP4rev1 IDLE AUTH=PLAIN AUTH=XOAUTH2 SASL-IR";
const WHEN_ASKED: &str = "IMAP4rev1 IDLE AUTH=XOAUTH2";

#[tokio::test]
async fn a_real_server_takes_tokens_of_either_provider() {
    let tokens = TokenServer::start(USER).unwrap();
    let folder = TempDir::new().unwrap();
    let dovecot = server_or_skip!(Dovecot::start_with_tokens(&tokens.introspection_url()));
    dovecot.deliver(&mail(1));

    for oauth in [tokens.microsoft(folder.path()).unwrap(), tokens.google(folder.path()).unwrap()] {
        let mut inbox = opened(by_token(dovecot.settings(&json!({})), USER, &oauth));

        assert_eq!(uids(&all(&mut inbox).await), [1]);
        assert!(inbox.probe().await.unwrap().contains("signed in with a token"));
    }
    assert_eq!((tokens.given(), tokens.complaints()), (2, vec![]));
}

#[tokio::test]
async fn a_real_server_s_no_to_a_withdrawn_token_is_followed_by_a_new_one() {
    let tokens = TokenServer::start(USER).unwrap();
    let folder = TempDir::new().unwrap();
    let dovecot = server_or_skip!(Dovecot::start_with_tokens(&tokens.introspection_url()));
    dovecot.deliver(&mail(1));
    let oauth = tokens.microsoft(folder.path()).unwrap();
    let mut inbox = opened(by_token(dovecot.settings(&json!({})), USER, &oauth));
    all(&mut inbox).await;
    tokens.withdraw();
    dovecot.kill_sessions();

    let batch = all(&mut inbox).await;

    assert_eq!((uids(&batch), tokens.given()), (vec![1], 2));
}

#[tokio::test]
async fn the_token_goes_with_the_command_where_the_server_takes_it_so() {
    for (offers, at_once) in [(AT_ONCE, 1), (WHEN_ASKED, 0)] {
        let school = School::new(offers).await;

        school.inbox().standing().await.unwrap();

        assert_eq!(
            (school.server.heard("AUTHENTICATE XOAUTH2 "), school.tokens.given()),
            (at_once, 1),
            "{offers}"
        );
        assert_eq!(school.server.heard("AUTHENTICATE XOAUTH2"), 1);
    }
}

#[tokio::test]
async fn a_token_refused_twice_is_the_operator_s_turn_and_names_the_permission() {
    for offers in [AT_ONCE, WHEN_ASKED] {
        let school = School::new(offers).await;
        school.server.change(|state| state.tokens = None);

        let error = school.refused().await;

        assert_eq!(error.fault, Fault::Misconfigured);
        assert!(error.summary.contains("IMAP.AccessAsApp") && !error.summary.contains("amina"), "{error}");
        assert_eq!((school.tokens.given(), school.server.connections()), (2, 2), "once anew, and no more");
    }
}

#[tokio::test]
async fn a_withdrawn_token_is_fetched_anew() {
    let school = School::new(WHEN_ASKED).await;
    let mut inbox = school.inbox();
    inbox.standing().await.unwrap();
    inbox.close().await;
    school.tokens.withdraw();

    inbox.standing().await.unwrap();

    assert_eq!((school.tokens.given(), school.server.connections()), (2, 3));
}

#[tokio::test]
async fn a_server_that_is_busy_at_the_sign_in_is_not_taken_for_one_that_refuses_the_token() {
    let school = School::new(AT_ONCE).await;
    school.server.change(|state| {
        state.tokens = None;
        state.refusal = Some("NO [UNAVAILABLE] later");
    });

    let error = school.refused().await;

    assert_eq!((error.fault, school.tokens.given()), (Fault::Temporary, 1));
}

#[tokio::test]
async fn a_mailbox_kept_from_a_good_sign_in_is_told_with_what_grants_it() {
    let school = School::new(AT_ONCE).await;
    school.server.change(|state| state.closed = Some("BAD User is authenticated but not connected."));

    let error = school.refused().await;

    assert_eq!(error.fault, Fault::Misconfigured);
    assert!(error.summary.contains("Add-MailboxPermission"), "{error}");
}

#[tokio::test]
async fn where_no_token_is_taken_none_is_said() {
    let school = School::new("IMAP4rev1 AUTH=PLAIN").await;

    let error = school.refused().await;

    assert_eq!((error.fault, school.server.heard("AUTHENTICATE")), (Fault::Misconfigured, 0));
    assert!(error.summary.contains("AUTH=XOAUTH2"), "{error}");
}

#[tokio::test]
async fn without_a_token_the_mail_server_is_not_reached() {
    let school = School::new(AT_ONCE).await;
    for (deed, fault, word) in [
        (TokenServer::microsoft_refuses(401, "invalid_client", 7_000_222), Fault::Misconfigured, "expired"),
        (Deed::Fail { status: 503, took: false }, Fault::Unreachable, "token service"),
    ] {
        school.tokens.next(1, deed);

        let error = school.refused().await;

        assert_eq!(error.fault, fault);
        assert!(error.summary.contains(word), "{error}");
    }
    assert_eq!(school.server.connections(), 0);
}

#[tokio::test]
async fn neither_a_token_nor_a_secret_stands_in_an_error() {
    let school = School::new(AT_ONCE).await;
    let inbox = school.inbox();
    school.server.change(|state| state.tokens = None);

    let error = school.refused().await;

    let shown = format!("{error} {error:?} {inbox:?}");
    assert!(school.tokens.tokens().iter().all(|token| !shown.contains(token)));
    assert!(!shown.contains(SECRET), "{shown}");
}
