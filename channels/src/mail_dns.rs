//! What a domain publishes about mail from it: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489), and what that means for
//! a school's mail. For `liaison check` only: no mail waits for it.
//!
//! Liaison signs nothing: the key stays with the relay, which signs what it passes on. So a key can be looked for, and only a
//! mail that arrived tells whether it is used.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};

/// How long one look-up may take, its repeats included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Names under which relays publish their keys, where the settings name none: Exchange Online's, Google's, and common ones.
const USUAL_SELECTORS: [&str; 8] =
    ["selector1", "selector2", "google", "default", "mail", "dkim", "s1", "k1"];
/// Domains that nobody can own (RFC 6761, RFC 8375): there is nothing to look up.
const RESERVED: [&str; 7] = ["example", "test", "invalid", "localhost", "local", "internal", "home.arpa"];
/// Mechanisms of SPF that cost the receiver a look-up, and how many it makes before it gives up (RFC 7208 §4.6.4).
const COSTLY: [&str; 5] = ["include", "a", "mx", "ptr", "exists"];
const MOST_LOOKUPS: usize = 10;

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `SPF`, `DKIM` or `DMARC`.
    pub what: &'static str,
    /// Whether nothing needs to be done.
    pub good: bool,
    /// One sentence: what is so, and what to do.
    pub sentence: String,
}

/// Which domains mail is sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFrom {
    /// The domain of the visible sender, which DMARC protects.
    pub from: String,
    /// The domain of the envelope sender, by which SPF is judged.
    pub envelope: String,
    /// The names of the relay's keys, where the settings name them.
    pub selectors: Vec<String>,
}

/// Asks the domain name system.
#[derive(Debug)]
pub struct MailDns(TokioResolver);

impl MailDns {
    /// By this machine's own name servers.
    ///
    /// # Errors
    /// One sentence, where this machine has none that can be used.
    pub fn of_this_machine() -> Result<Self, String> {
        let cannot = |_| "this machine's /etc/resolv.conf names no server that can be asked".to_owned();
        let mut builder = Resolver::builder_tokio().map_err(cannot)?;
        builder.options_mut().timeout = PATIENCE / 2;
        builder.options_mut().attempts = 1;
        builder.build().map(Self).map_err(cannot)
    }

    /// By this server alone.
    ///
    /// # Errors
    /// One sentence, where it cannot be asked.
    pub fn of(server: SocketAddr) -> Result<Self, String> {
        let mut udp = ConnectionConfig::udp();
        udp.port = server.port();
        let mut named = NameServerConfig::udp(server.ip());
        named.connections = vec![udp];
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![named]);
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().timeout = PATIENCE / 2;
        builder.options_mut().attempts = 1;
        builder.build().map(Self).map_err(|_| "this server cannot be asked".to_owned())
    }

    /// Looks up what is published for mail of these domains. Empty where both are reserved names.
    pub async fn look(&self, mail: &MailFrom) -> Vec<Finding> {
        if is_reserved(&mail.from) && is_reserved(&mail.envelope) {
            return Vec::new();
        }
        vec![self.spf(mail).await, self.dkim(mail).await, self.dmarc(mail).await]
    }

    async fn spf(&self, mail: &MailFrom) -> Finding {
        match self.texts(&mail.envelope).await {
            Ok(texts) => spf(&texts, mail),
            Err(why) => unknown("SPF", &why),
        }
    }

    async fn dkim(&self, mail: &MailFrom) -> Finding {
        let named = !mail.selectors.is_empty();
        let usual = || USUAL_SELECTORS.iter().map(|name| (*name).to_owned()).collect();
        let selectors: Vec<String> = if named { mail.selectors.clone() } else { usual() };
        let mut found = Vec::new();
        for selector in selectors {
            match self.texts(&format!("{selector}._domainkey.{}", mail.from)).await {
                Ok(texts) => found.push((selector, texts)),
                Err(why) => return unknown("DKIM", &why),
            }
        }
        dkim(&found, named, &mail.from)
    }

    async fn dmarc(&self, mail: &MailFrom) -> Finding {
        // The domain itself, then the one above it, as a receiver does (RFC 7489 §6.6.3), but for the list of public suffixes:
        // of a suffix there is no record.
        let mut domain = mail.from.as_str();
        loop {
            match self.texts(&format!("_dmarc.{domain}")).await {
                Ok(texts) => {
                    let records = records(&texts, "v=dmarc1");
                    if !records.is_empty() {
                        return dmarc(&records, domain);
                    }
                }
                Err(why) => return unknown("DMARC", &why),
            }
            match domain.split_once('.') {
                Some((_, above)) if above.contains('.') => domain = above,
                _ => return dmarc(&[], &mail.from),
            }
        }
    }

    /// The TXT records of a name; empty where there are none.
    async fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        // With the dot no search list of this machine's is tried.
        let asked = tokio::time::timeout(PATIENCE, self.0.txt_lookup(format!("{name}.").as_str())).await;
        match asked {
            Ok(Ok(found)) => Ok(found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::TXT(txt) => Some(txt.txt_data.concat()),
                    _ => None,
                })
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .collect()),
            Ok(Err(error)) if error.is_no_records_found() => Ok(Vec::new()),
            Ok(Err(_)) => Err("the name server did not give an answer".to_owned()),
            Err(_) => Err("the name server did not answer in time".to_owned()),
        }
    }
}

/// Whether a domain is one that nobody can own.
pub fn is_reserved(domain: &str) -> bool {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    RESERVED.iter().any(|name| domain == *name || domain.ends_with(&format!(".{name}")))
}

/// Nothing can be said; that is no fault of the settings.
fn unknown(what: &'static str, why: &str) -> Finding {
    let sentence = format!("could not be looked up, so nothing can be said of it: {why}");
    Finding { what, good: true, sentence }
}

/// The records that begin with this tag, and nothing behind it that makes it another.
fn records<'a>(texts: &'a [String], tag: &str) -> Vec<&'a str> {
    let is_it = |text: &&str| {
        let text = text.trim_start().to_ascii_lowercase();
        text.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ';']))
    };
    texts.iter().map(String::as_str).filter(is_it).collect()
}

fn spf(texts: &[String], mail: &MailFrom) -> Finding {
    let domain = &mail.envelope;
    let finding = |good, sentence| Finding { what: "SPF", good, sentence };
    let record = match records(texts, "v=spf1").as_slice() {
        [] => {
            return finding(
                false,
                format!(
                    "{domain} does not say which servers send its mail, so many servers refuse it or file it as spam: publish a \
                     TXT record that names the relay, such as \"v=spf1 include:spf.protection.outlook.com -all\" for Exchange \
                     Online (RFC 7208)"
                ),
            );
        }
        [record] => record.to_ascii_lowercase(),
        several => {
            return finding(
                false,
                format!(
                    "{domain} has {} SPF records, which counts as none (RFC 7208 §4.5): make one of them",
                    several.len()
                ),
            );
        }
    };
    let terms: Vec<&str> = record.split_ascii_whitespace().skip(1).collect();
    let name = |term: &str| {
        let bare = term.trim_start_matches(['+', '-', '~', '?']);
        bare.split([':', '/', '=']).next().unwrap_or_default().to_owned()
    };
    let costly =
        terms.iter().filter(|term| COSTLY.contains(&name(term).as_str()) || name(term) == "redirect");
    if costly.count() > MOST_LOOKUPS {
        return finding(
            false,
            format!(
                "{domain}'s SPF record asks for more than ten look-ups, so receivers give up (RFC 7208 §4.6.4): shorten it"
            ),
        );
    }
    let ends = terms.iter().find(|term| name(term) == "all");
    let redirects = terms.iter().any(|term| name(term) == "redirect");
    let named: Vec<_> = terms.iter().filter(|term| name(term) != "all").copied().collect();
    match ends {
        Some(all) if !all.starts_with(['-', '~', '?']) => finding(
            false,
            format!(
                "{domain}'s SPF record lets every server of the world send its mail (\"{all}\"): end it with -all"
            ),
        ),
        None if !redirects => finding(
            false,
            format!("{domain}'s SPF record does not say what of other servers: end it with -all or ~all"),
        ),
        _ => {
            let apart = if aligned(&mail.envelope, &mail.from) {
                String::new()
            } else {
                format!(
                    "; as that is another domain than {}, which readers see, DMARC rests on the relay's signature (DKIM) alone",
                    mail.from
                )
            };
            finding(
                true,
                format!("{domain} names {}: see that the relay is among them{apart}", listed(&named)),
            )
        }
    }
}

fn listed(terms: &[&str]) -> String {
    if terms.is_empty() { "no server".to_owned() } else { terms.join(", ") }
}

/// Whether one domain is the other, or beneath it: relaxed alignment (RFC 7489 §3.1), without a list of public suffixes.
fn aligned(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let beneath = |a: &str, b: &str| a == b || a.ends_with(&format!(".{b}"));
    beneath(&one, &other) || beneath(&other, &one)
}

fn dkim(found: &[(String, Vec<String>)], named: bool, domain: &str) -> Finding {
    let finding = |good, sentence| Finding { what: "DKIM", good, sentence };
    let key = |texts: &[String]| {
        texts.iter().find_map(|text| {
            let tags = text.split(';').filter_map(|tag| tag.split_once('='));
            tags.map(|(name, value)| (name.trim(), value.trim()))
                .find(|(name, _)| *name == "p")
                .map(|(_, p)| p.to_owned())
        })
    };
    let keys: Vec<_> = found.iter().filter_map(|(name, texts)| Some((name, key(texts)?))).collect();
    if let Some((name, _)) = keys.iter().find(|(_, p)| p.is_empty()).filter(|_| named) {
        return finding(
            false,
            format!(
                "the key {name} of {domain} is withdrawn (RFC 6376 §3.6.1): have the relay's present one published"
            ),
        );
    }
    let valid: Vec<_> = keys.iter().filter(|(_, p)| !p.is_empty()).map(|(name, _)| name.as_str()).collect();
    match (valid.as_slice(), named) {
        ([], true) => {
            let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
            finding(
                false,
                format!(
                    "no key of {domain} is published under {}: have the relay's published, or mend dkim_selectors",
                    names.join(", ")
                ),
            )
        }
        ([], false) => finding(
            true,
            format!(
                "no key of {domain} was found under the usual names; Liaison leaves signing to the relay: ask whoever runs it \
                 under which name its key is published, and name it in dkim_selectors"
            ),
        ),
        (valid, _) => finding(
            true,
            format!(
                "{domain} publishes a key under {}; the relay signs, not Liaison: a mail that arrived must say dkim=pass",
                valid.join(", ")
            ),
        ),
    }
}

fn dmarc(records: &[&str], domain: &str) -> Finding {
    let finding = |good, sentence| Finding { what: "DMARC", good, sentence };
    let record = match records {
        [] => {
            return finding(
                false,
                format!(
                    "{domain} does not say what is to become of forgeries, and large providers ask it of those who send to many: \
                     publish a TXT record at _dmarc.{domain}, at first \"v=DMARC1; p=none; rua=mailto:…\" (RFC 7489)"
                ),
            );
        }
        [record] => record.to_ascii_lowercase(),
        _ => {
            return finding(
                false,
                format!(
                    "_dmarc.{domain} has several records, which counts as none (RFC 7489 §6.6.3): keep one"
                ),
            );
        }
    };
    let policy = record.split(';').filter_map(|tag| tag.split_once('=')).find(|(name, _)| name.trim() == "p");
    match policy.map(|(_, value)| value.trim()) {
        Some("none") => finding(
            true,
            format!(
                "{domain} asks receivers to let forgeries pass (p=none): once its reports show that all of your mail passes, make \
                 it p=quarantine"
            ),
        ),
        Some(strict @ ("quarantine" | "reject")) => {
            finding(true, format!("{domain} has forgeries kept away from carers (p={strict})"))
        }
        _ => finding(
            false,
            format!(
                "the record at _dmarc.{domain} has no policy that can be read: it needs p=none, quarantine or reject"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> MailFrom {
        MailFrom { from: "school.uk".to_owned(), envelope: "school.uk".to_owned(), selectors: Vec::new() }
    }

    fn texts(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn every_shape_of_an_spf_record_is_told_for_what_it_is() {
        let eleven = format!("v=spf1 {} -all", "include:a.uk ".repeat(11));
        for (lines, good, says) in [
            (vec![], false, "does not say which servers"),
            (vec!["v=spf10 -all", "google-site-verification=x"], false, "does not say which servers"),
            (vec!["v=spf1 -all", "v=spf1 mx -all"], false, "2 SPF records"),
            (vec!["v=spf1 mx +all"], false, "every server of the world"),
            (vec!["v=spf1 mx all"], false, "every server of the world"),
            (vec!["v=spf1 mx"], false, "does not say what of other servers"),
            (vec![eleven.as_str()], false, "more than ten look-ups"),
            (
                vec!["V=SPF1 include:spf.protection.outlook.com ip4:192.0.2.1 -all"],
                true,
                "names include:spf.protection.outlook.com, ip4:192.0.2.1",
            ),
            (vec!["v=spf1 redirect=_spf.relay.uk"], true, "names redirect=_spf.relay.uk"),
            (vec!["v=spf1 -all"], true, "names no server"),
        ] {
            let found = spf(&texts(&lines), &mail());
            assert_eq!(found.good, good, "{lines:?}");
            assert!(found.sentence.contains(says), "{lines:?}: {}", found.sentence);
        }
    }

    #[test]
    fn an_envelope_of_another_domain_leaves_dmarc_to_the_signature() {
        let apart = MailFrom { envelope: "bounces.relay.uk".to_owned(), ..mail() };
        let beneath = MailFrom { envelope: "bounces.school.uk".to_owned(), ..mail() };
        let record = texts(&["v=spf1 mx -all"]);

        assert!(spf(&record, &apart).sentence.contains("rests on the relay's signature"));
        assert!(!spf(&record, &beneath).sentence.contains("signature"));
    }

    #[test]
    fn keys_and_policies_are_told_for_what_they_are() {
        let found = |selector: &str, text: &str| vec![(selector.to_owned(), texts(&[text]))];
        for (keys, named, good, says) in [
            (found("s1", "v=DKIM1; k=rsa; p=MIIB"), true, true, "publishes a key under s1"),
            (found("s1", "v=DKIM1; p="), true, false, "is withdrawn"),
            (vec![("s1".to_owned(), Vec::new())], true, false, "no key of school.uk is published under s1"),
            (vec![("s1".to_owned(), Vec::new())], false, true, "under the usual names"),
        ] {
            let finding = dkim(&keys, named, "school.uk");
            assert!(finding.good == good && finding.sentence.contains(says), "{}", finding.sentence);
        }
        for (lines, good, says) in [
            (vec![], false, "does not say what is to become of forgeries"),
            (vec!["v=DMARC1; p=none"], true, "p=none"),
            (vec!["v=DMARC1; p=Reject; pct=100"], true, "p=reject"),
            (vec!["v=DMARC1"], false, "no policy"),
            (vec!["v=DMARC1; p=none", "v=DMARC1; p=reject"], false, "several records"),
        ] {
            let lines = texts(&lines);
            let finding = dmarc(&records(&lines, "v=dmarc1"), "school.uk");
            assert!(finding.good == good && finding.sentence.contains(says), "{}", finding.sentence);
        }
    }

    #[test]
    fn reserved_names_are_not_looked_up() {
        for name in ["northfield.example", "a.test", "localhost", "relay.internal", "northfield.example."] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("example.org.uk") && !is_reserved("contest"));
    }
}
