//! Encryption: closed when in doubt.

use std::io::Write as _;

use liaison_channels::{
    Inbox as _,
    error::Fault,
    fakes::{
        dovecot::Dovecot,
        smtp::{Authority, Flaw},
    },
};
use serde_json::json;

use crate::kit::{all, inbox, mail, opened, server_or_skip, uids};

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn mails_come_encrypted_from_a_server_of_the_school_s_own_authority() {
    let authority = Authority::new();
    let dovecot = server_or_skip!(Dovecot::start_encrypted(&authority));
    let ca = file(&authority.pem());
    dovecot.deliver(&mail(1));

    for (tls, port) in [("tls", dovecot.tls_port()), ("starttls", dovecot.port())] {
        let mut inbox = opened(
            dovecot.settings(&json!({"host": "localhost", "port": port, "tls": tls, "ca_file": ca.path()})),
        );

        let batch = all(&mut inbox).await;

        assert_eq!(uids(&batch), [1], "{tls}");
        assert!(inbox.probe().await.unwrap().contains(&format!("over {}", tls.to_uppercase())));
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_is_refused() {
    let authority = Authority::new();
    let dovecot = server_or_skip!(Dovecot::start_encrypted(&authority));
    let ca = file(&authority.pem());

    for (tls, port) in [("tls", dovecot.tls_port()), ("starttls", dovecot.port())] {
        let with = |more: &serde_json::Value| {
            let mut settings = dovecot.settings(more);
            settings["port"] = port.into();
            settings["tls"] = tls.into();
            opened(settings)
        };
        let untrusted = with(&json!({"host": "localhost"})).probe().await.unwrap_err();
        let misnamed = with(&json!({"host": "127.0.0.1", "ca_file": ca.path()})).probe().await.unwrap_err();

        assert_eq!((untrusted.fault, misnamed.fault), (Fault::Misconfigured, Fault::Misconfigured), "{tls}");
        assert!(untrusted.summary.contains("`ca_file`"), "{untrusted}");
        assert!(misnamed.summary.contains("`host`"), "{misnamed}");
    }
}

#[tokio::test]
async fn each_flaw_of_a_certificate_is_told_apart() {
    for (flaw, word) in [
        (Flaw::Expired, "out of date"),
        (Flaw::NotYetValid, "clock is wrong"),
        (Flaw::SelfSigned, "nobody this machine trusts"),
    ] {
        let authority = Authority::new();
        let dovecot = server_or_skip!(Dovecot::start_with_flaw(&authority, flaw));
        let ca = file(&authority.pem());
        for (tls, port) in [("tls", dovecot.tls_port()), ("starttls", dovecot.port())] {
            let more = json!({"host": "localhost", "port": port, "tls": tls, "ca_file": ca.path()});

            let error = opened(dovecot.settings(&more)).probe().await.unwrap_err();

            assert_eq!(error.fault, Fault::Misconfigured, "{flaw:?} {tls}: {error}");
            assert!(error.summary.contains(word), "{flaw:?} {tls}: {error}");
        }
        assert!(!dovecot.log().contains("Login: user="), "nobody signed in: {}", dovecot.log());
    }
}

#[tokio::test]
async fn a_certificate_that_only_its_server_signed_is_trusted_when_it_is_named() {
    let dovecot = server_or_skip!(Dovecot::start_with_flaw(&Authority::new(), Flaw::SelfSigned));
    let ca = file(&dovecot.certificate());
    let more = json!({"host": "localhost", "port": dovecot.tls_port(), "tls": "tls", "ca_file": ca.path()});

    let told = opened(dovecot.settings(&more)).probe().await.unwrap();

    assert!(told.contains("over TLS"), "{told}");
}

#[tokio::test]
async fn without_encryption_offered_no_password_is_said() {
    let dovecot = server_or_skip!(Dovecot::start());
    let mut starttls = opened(dovecot.settings(&json!({"host": "localhost", "tls": "starttls"})));
    let mut tls = opened(dovecot.settings(&json!({"host": "localhost", "tls": "tls"})));

    let unoffered = starttls.probe().await.unwrap_err();
    let not_tls = tls.probe().await.unwrap_err();

    assert_eq!((unoffered.fault, not_tls.fault), (Fault::Misconfigured, Fault::Misconfigured));
    assert!(unoffered.summary.contains("STARTTLS"), "{unoffered}");
    assert!(not_tls.summary.contains("`port`"), "{not_tls}");
    assert_eq!(inbox(&dovecot).standing().await.unwrap().next, 1);
}
