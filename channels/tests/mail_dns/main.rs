//! What a domain publishes about its mail, asked of a name server on loopback.

#![expect(clippy::indexing_slicing, reason = "tests")]

use liaison_channels::{
    fakes::dns::DnsFake,
    mail_dns::{Finding, MailDns, MailFrom},
};

fn mail(from: &str, envelope: &str, selectors: &[&str]) -> MailFrom {
    MailFrom {
        from: from.to_owned(),
        envelope: envelope.to_owned(),
        selectors: selectors.iter().map(|name| (*name).to_owned()).collect(),
    }
}

async fn look(server: &DnsFake, mail: &MailFrom) -> Vec<Finding> {
    MailDns::of(server.address()).expect("a server").look(mail).await
}

#[tokio::test]
async fn a_domain_in_order_is_found_in_order_long_keys_included() {
    let key = format!("v=DKIM1; k=rsa; p={}", "A".repeat(392));
    let server = DnsFake::start(&[
        (
            "northfield.sch.uk",
            &["google-site-verification=x", "v=spf1 include:spf.protection.outlook.com -all"],
        ),
        ("selector2._domainkey.northfield.sch.uk", &[&key]),
        ("_dmarc.northfield.sch.uk", &["v=DMARC1; p=quarantine"]),
    ])
    .await;

    let found = look(&server, &mail("northfield.sch.uk", "northfield.sch.uk", &[])).await;

    let told: Vec<_> = found.iter().map(|finding| (finding.what, finding.good)).collect();
    assert_eq!(told, [("SPF", true), ("DKIM", true), ("DMARC", true)], "{found:?}");
    assert!(found[1].sentence.contains("under selector2"), "{found:?}");
}

#[tokio::test]
async fn a_domain_that_publishes_nothing_is_told_what_to_publish() {
    let server = DnsFake::start(&[]).await;

    let found = look(&server, &mail("school.uk", "school.uk", &["relay"])).await;

    assert!(found.iter().all(|finding| !finding.good), "{found:?}");
    assert!(
        found[0].sentence.contains("v=spf1") && found[2].sentence.contains("_dmarc.school.uk"),
        "{found:?}"
    );
    assert!(server.asked().contains(&"relay._domainkey.school.uk".to_owned()), "{:?}", server.asked());
}

#[tokio::test]
async fn the_domain_above_speaks_for_one_beneath_it() {
    let server = DnsFake::start(&[("_dmarc.trust.org", &["v=DMARC1; p=reject"])]).await;

    let found = look(&server, &mail("northfield.trust.org", "northfield.trust.org", &[])).await;

    assert!(found[2].good && found[2].sentence.starts_with("trust.org"), "{found:?}");
}

#[tokio::test]
async fn a_server_that_is_silent_is_no_fault_of_the_school() {
    let silent = tokio::net::UdpSocket::bind(("127.0.0.1", 0)).await.expect("a port");
    let dns = MailDns::of(silent.local_addr().expect("an address")).expect("a server");

    let found = dns.look(&mail("school.uk", "school.uk", &["relay"])).await;

    assert!(
        found.iter().all(|finding| finding.good && finding.sentence.contains("could not be looked up")),
        "{found:?}"
    );
}

#[tokio::test]
async fn names_that_nobody_can_own_are_not_asked_for() {
    let server = DnsFake::start(&[]).await;

    let found = look(&server, &mail("northfield.example", "relay.northfield.example", &[])).await;

    assert_eq!((found, server.asked()), (Vec::new(), Vec::new()));
}
