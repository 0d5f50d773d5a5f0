//! Signing in with tokens: fetched once for all, fetched anew when refused, and a sentence for each switch that is off.

use std::sync::Arc;

use liaison_channels::{
    Sender as _,
    error::{Fault, SendError, Went},
    fakes::{
        smtp::{Act, At, Script, SmtpFake},
        stage::Deed,
        token_server::{SECRET, TokenServer},
    },
    message::ChannelId,
    smtp::Smtp,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{channel_with, message, settings};

const MAILBOX: &str = "parents@northfield.example";

/// A token service, a mail server that takes its tokens, and settings that reach both.
struct School {
    tokens: TokenServer,
    server: SmtpFake,
    folder: TempDir,
}

impl School {
    async fn new() -> Self {
        let tokens = TokenServer::start(MAILBOX).unwrap();
        let script = Script {
            tokens: Some(tokens.check()),
            mechanisms: "LOGIN XOAUTH2".to_owned(),
            ..Script::default()
        };
        Self { server: SmtpFake::start(script).await, tokens, folder: TempDir::new().unwrap() }
    }

    fn microsoft(&self) -> Value {
        self.tokens.microsoft(self.folder.path()).unwrap()
    }

    fn google(&self) -> Value {
        self.tokens.google(self.folder.path()).unwrap()
    }

    /// A channel that makes a new connection for each message.
    fn channel(&self, oauth: &Value) -> Arc<Smtp> {
        self.channel_with(&json!({"oauth": oauth, "idle_secs": 1e-6}))
    }

    fn channel_with(&self, more: &Value) -> Arc<Smtp> {
        let mut all = json!({"username": MAILBOX});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        channel_with(&self.server, &all)
    }

    async fn refused(&self, oauth: &Value) -> SendError {
        self.channel(oauth).send(&message(1)).await.unwrap_err()
    }

    fn assert_clean(&self) {
        assert_eq!(self.server.violations(), Vec::<String>::new());
        assert_eq!(self.tokens.complaints(), Vec::<String>::new());
    }
}

fn with(mut oauth: Value, key: &str, value: impl Into<Value>) -> Value {
    oauth[key] = value.into();
    oauth
}

#[tokio::test]
async fn mail_goes_with_a_token_of_either_provider_however_long_it_is() {
    for length in [40, 1600, 6000] {
        let school = School::new().await;
        school.tokens.tokens_are_long(length);
        for oauth in [school.microsoft(), school.google()] {
            let channel = school.channel(&oauth);

            channel.send(&message(1)).await.unwrap();
            channel.send(&message(2)).await.unwrap();
            let told = channel.probe().await.unwrap();

            assert!(told.contains("signed in with a token"), "{told}");
        }
        assert_eq!(
            (school.server.taken(), school.tokens.given(), school.tokens.posted()),
            (4, 2, 2),
            "{length}"
        );
        assert_eq!(school.server.connections(), 6, "one token serves many connections");
        school.assert_clean();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_connections_that_want_a_token_fetch_one() {
    let school = School::new().await;
    let channel = school.channel_with(&json!({"oauth": school.microsoft(), "connections": 16}));
    school.tokens.hold();

    let sends: Vec<_> = (0..16)
        .map(|number| {
            let channel = Arc::clone(&channel);
            tokio::spawn(async move { channel.send(&message(number)).await.is_ok() })
        })
        .collect();
    school.tokens.until_held(1).await;
    school.tokens.release();
    let sent = futures_util::future::join_all(sends).await;

    assert!(sent.into_iter().all(Result::unwrap));
    assert_eq!((school.tokens.posted(), school.tokens.most_at_once(), school.server.taken()), (1, 1, 16));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_waited_for_a_fetch_that_failed_do_not_fetch_as_well() {
    let school = School::new().await;
    let channel = school.channel_with(&json!({"oauth": school.microsoft(), "connections": 16}));
    school.tokens.always(Some(Deed::Fail { status: 503, took: false }));
    school.tokens.hold();

    let sends = (0..16).map(|number| {
        let channel = Arc::clone(&channel);
        async move { channel.send(&message(number)).await.unwrap_err().fault }
    });
    // In one task: when the first has posted, each of the others has asked and waits.
    let all = futures_util::future::join_all(sends);
    let (faults, ()) = tokio::join!(all, async {
        school.tokens.until_held(1).await;
        school.tokens.release();
    });

    assert_eq!(faults, [Fault::Unreachable; 16]);
    assert_eq!(school.tokens.posted(), 1);
}

#[tokio::test]
async fn a_token_that_has_run_out_is_not_used_again() {
    let school = School::new().await;
    let channel = school.channel(&school.microsoft());
    school.tokens.tokens_live(0);

    for number in 0..3 {
        channel.send(&message(number)).await.unwrap();
    }

    assert_eq!((school.tokens.given(), school.server.steps(At::Auth)), (3, 3));
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_fetched_anew_and_the_message_goes() {
    for refuses_at_once in [false, true] {
        let school = School::new().await;
        school.server.change(|script| script.refuses_at_once = refuses_at_once);
        let channel = school.channel(&school.microsoft());
        channel.send(&message(1)).await.unwrap();
        school.tokens.withdraw();

        channel.send(&message(2)).await.unwrap();

        assert_eq!((school.server.taken(), school.tokens.given()), (2, 2));
        assert_eq!(school.server.connections(), 3, "the second sign-in has a line of its own");
        school.assert_clean();
    }
}

#[tokio::test]
async fn a_token_refused_twice_holds_the_channel_with_the_switch_that_is_off() {
    let disabled = |of: &str| {
        format!(
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {of}. Visit x."
        )
    };
    for (said, code, word) in [
        (disabled("Tenant"), "535 5.7.139", "whole tenant"),
        (disabled("Mailbox"), "535 5.7.139", "for this mailbox"),
        ("535 5.7.3 Authentication unsuccessful [LO4P123.EURPRD]".to_owned(), "535 5.7.3", "SMTP.SendAsApp"),
    ] {
        let school = School::new().await;
        school.server.always(At::Auth, Act::Say(said));

        let error = school.refused(&school.microsoft()).await;

        assert_eq!(
            (error.fault, error.went, error.code.as_deref()),
            (Fault::Misconfigured, Went::No, Some(code))
        );
        assert!(error.summary.contains(word), "{error}");
        assert_eq!((school.tokens.given(), school.server.steps(At::Auth)), (2, 2), "once anew, and no more");
    }
}

#[tokio::test]
async fn a_server_that_is_busy_at_the_sign_in_is_not_taken_for_one_that_refuses_the_token() {
    let school = School::new().await;
    school.server.next(At::Auth, Act::Say("454 4.7.0 Temporary authentication failure".to_owned()));

    let error = school.refused(&school.microsoft()).await;

    assert_eq!((error.fault, school.tokens.given()), (Fault::Unreachable, 1));
}

#[tokio::test]
async fn each_mistake_in_the_settings_is_told_apart_before_the_mail_server_is_reached() {
    let school = School::new().await;
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), "the-secret's-id").unwrap();
    let (microsoft, google) = (school.microsoft(), school.google());
    let elsewhere = microsoft["token_url"].as_str().unwrap().replace("northfield.", "other.");
    let cases = [
        (with(microsoft.clone(), "client_secret_file", other.path().to_str()), "AADSTS7000215", "not its ID"),
        (with(microsoft.clone(), "token_url", elsewhere), "AADSTS90002", "no such tenant"),
        (
            with(microsoft.clone(), "client_id", "99991111-aaaa-2222-bbbb-3333cccc4444"),
            "AADSTS700016",
            "no such application",
        ),
        (with(microsoft.clone(), "scope", "https://outlook.office.com/.default"), "AADSTS70011", "scope"),
        (
            with(google.clone(), "scope", "https://www.googleapis.com/auth/gmail.send"),
            "unauthorized_client",
            "Domain-wide",
        ),
    ];

    for (oauth, code, word) in cases {
        let error = school.refused(&oauth).await;

        assert_eq!((error.fault, error.code.as_deref()), (Fault::Misconfigured, Some(code)), "{error}");
        assert!(error.summary.contains(word), "{error}");
    }
    let somebody =
        channel_with(&school.server, &json!({"username": "head@northfield.example", "oauth": google}));
    let nobody = somebody.send(&message(1)).await.unwrap_err();
    assert_eq!(nobody.code.as_deref(), Some("invalid_grant"));
    assert!(nobody.summary.contains("check `username`"), "{nobody}");
    assert_eq!(school.server.connections(), 0);
    school.assert_clean();
}

#[tokio::test]
async fn a_secret_that_ran_out_and_a_consent_that_is_missing_are_told_apart() {
    for (deed, word) in [
        (TokenServer::microsoft_refuses(401, "invalid_client", 7_000_222), "has expired"),
        (TokenServer::microsoft_refuses(400, "invalid_grant", 65_001), "grant admin consent"),
    ] {
        let school = School::new().await;
        school.tokens.always(Some(deed));

        let error = school.refused(&school.microsoft()).await;

        assert_eq!(error.fault, Fault::Misconfigured);
        assert!(error.summary.contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_as_such() {
    let school = School::new().await;
    school.tokens.clock_ahead(jiff::SignedDuration::from_hours(2));

    let error = school.refused(&school.google()).await;

    assert_eq!(error.fault, Fault::Misconfigured);
    assert!(error.summary.contains("clock"), "{error}");
}

#[tokio::test]
async fn a_token_service_that_does_not_answer_well_rests_the_channel_and_spoils_no_delivery() {
    let school = School::new().await;
    let oauth = with(with(school.microsoft(), "connect_timeout_secs", 1), "answer_timeout_secs", 1);
    let channel = school.channel(&oauth);
    for (deed, fault) in [
        (Deed::Fail { status: 503, took: false }, Fault::Unreachable),
        (Deed::Cut { took: false }, Fault::Unreachable),
        (Deed::CutShort, Fault::Unreachable),
        (Deed::Garbled, Fault::Unreachable),
        (Deed::Endless, Fault::Unreachable),
        (Deed::Hang { took: false }, Fault::Unreachable),
        (Deed::Redirect, Fault::Misconfigured),
        (
            Deed::Throttle { retry_after: 7 },
            Fault::Throttled { wait: Some(std::time::Duration::from_secs(7)) },
        ),
    ] {
        school.tokens.next(1, deed.clone());

        let error = channel.send(&message(1)).await.unwrap_err();

        assert_eq!((error.fault, error.went), (fault, Went::No), "{deed:?}: {error}");
    }
    assert_eq!(school.server.connections(), 0);
    channel.send(&message(1)).await.unwrap();
}

#[tokio::test]
async fn a_token_service_that_is_not_there_is_unreachable_and_not_misconfigured() {
    let school = School::new().await;
    let oauth = with(school.microsoft(), "token_url", "http://127.0.0.1:9/token");

    let error = school.refused(&oauth).await;

    assert_eq!(error.fault, Fault::Unreachable);
    assert!(error.summary.contains("token service (127.0.0.1)"), "{error}");
}

#[tokio::test]
async fn a_token_that_could_break_out_of_its_line_is_none() {
    for token in ["", "a b", "a\r\nQUIT", "a\u{1}auth=Bearer b", "ä"] {
        let school = School::new().await;
        let body = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}).to_string();
        school.tokens.always(Some(Deed::Answer { status: 200, content_type: "application/json", body }));

        let error = school.refused(&school.microsoft()).await;

        assert_eq!((error.fault, school.server.connections()), (Fault::Unreachable, 0), "{token:?}");
    }
}

#[tokio::test]
async fn where_no_token_is_taken_none_is_said() {
    let school = School::new().await;
    school.server.change(|script| script.mechanisms = "PLAIN LOGIN".to_owned());

    let error = school.refused(&school.microsoft()).await;

    assert_eq!((error.fault, school.server.steps(At::Auth)), (Fault::Misconfigured, 0));
    assert!(error.summary.contains("XOAUTH2"), "{error}");
}

#[tokio::test]
async fn neither_a_token_nor_a_secret_stands_in_an_error() {
    let school = School::new().await;
    let channel = school.channel(&school.google());
    channel.send(&message(1)).await.unwrap();
    school.server.always(At::Auth, Act::Say("535 5.7.8 no".to_owned()));

    let refused = channel.send(&message(2)).await.unwrap_err();
    school.tokens.always(Some(TokenServer::google_refuses(400, "invalid_grant", SECRET)));
    let nothing = channel.send(&message(3)).await.unwrap_err();

    let shown = format!("{refused} {refused:?} {} {nothing} {nothing:?}", refused.said.expose());
    for token in school.tokens.tokens() {
        assert!(!shown.contains(&token));
    }
    assert!(!shown.contains(SECRET) && !shown.contains("ya29") && !shown.contains(MAILBOX), "{shown}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_at_once() {
    let school = School::new().await;
    let (microsoft, google) = (school.microsoft(), school.google());
    let empty = tempfile::NamedTempFile::new().unwrap();
    let user = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        user.path(),
        r#"{"type": "authorized_user", "client_email": "a@b.example", "private_key": "k3y"}"#,
    )
    .unwrap();
    let path = |file: &tempfile::NamedTempFile| file.path().to_str().unwrap().to_owned();
    let wrong = [
        (json!({"oauth": microsoft}), "username"),
        (
            json!({"username": "a", "password_file": empty.path(), "oauth": microsoft}),
            "password_file and oauth",
        ),
        (json!({"username": "a", "oauth": with(microsoft.clone(), "tenant", "common")}), "oauth.tenant"),
        (
            json!({"username": "a", "oauth": with(microsoft.clone(), "client_secret_file", path(&empty))}),
            "oauth.client_secret_file",
        ),
        (
            json!({"username": "a", "oauth": with(microsoft.clone(), "token_url", "http://login.example/x")}),
            "oauth.token_url",
        ),
        (json!({"username": "a", "oauth": with(google.clone(), "key_file", path(&user))}), "oauth.key_file"),
        (json!({"username": "a", "oauth": with(google.clone(), "key_file", path(&empty))}), "oauth.key_file"),
        (
            json!({"username": "a", "oauth": with(google.clone(), "key_file", "/nonexistent")}),
            "oauth.key_file",
        ),
    ];

    for (more, key) in wrong {
        let opened = Smtp::open(ChannelId::parse("school-mail").unwrap(), &settings(&school.server, &more));

        let told = opened.err().expect(key).to_string();
        assert!(told.contains(key) && told.contains("school-mail") && !told.contains("k3y"), "{told}");
    }
}
