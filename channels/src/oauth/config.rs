//! Settings of a sign-in with tokens, and the checks that can be made before anything is reached.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use crate::{
    error::OpenError,
    settings::{plain_url, seconds},
    wire::Patience,
};

/// `[channels.x.oauth]`: the mailbox that `username` names is signed in to with tokens. Secrets are named by file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthConfig {
    /// Who gives the tokens.
    pub provider: Provider,
    /// Microsoft: the tenant, by its ID or a domain of its own. Not `common`: an application has one tenant.
    pub tenant: Option<String>,
    /// Microsoft: the application (client) ID of the app registration.
    pub client_id: Option<String>,
    /// Microsoft: file with the value (not the ID) of the app registration's client secret.
    pub client_secret_file: Option<PathBuf>,
    /// Google: the service account's key as its console gives it, a JSON file.
    pub key_file: Option<PathBuf>,
    /// Where tokens are fetched, if not at the provider's usual address: sovereign clouds, and rehearsals against a
    /// stand-in. Plain `http` is accepted on loopback only.
    pub token_url: Option<String>,
    /// What the token is for, if not `https://outlook.office365.com/.default` (Microsoft) or `https://mail.google.com/`
    /// (Google): sovereign clouds have their own. Unchecked: which.
    pub scope: Option<String>,
    /// Seconds to reach the token service (name, line and TLS together), 1 to 300.
    #[serde(default = "ten")]
    pub connect_timeout_secs: u64,
    /// Seconds to wait for the whole answer once reached, 1 to 300.
    #[serde(default = "thirty")]
    pub answer_timeout_secs: u64,
}

/// Who gives tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Microsoft 365: an application of the school's own tenant, by its client secret.
    Microsoft,
    /// Google Workspace: a service account with domain-wide delegation, by its key.
    Google,
}

const fn ten() -> u64 {
    10
}
const fn thirty() -> u64 {
    30
}

impl OAuthConfig {
    /// All that is wrong, as sentences.
    pub(crate) fn problems(&self) -> Vec<String> {
        let set = |is_set: bool, key: &str| is_set.then(|| key.to_owned());
        let of_microsoft = [
            set(self.tenant.is_some(), "tenant"),
            set(self.client_id.is_some(), "client_id"),
            set(self.client_secret_file.is_some(), "client_secret_file"),
        ];
        let of_google = [set(self.key_file.is_some(), "key_file")];
        let mut wrong = Vec::new();
        match self.provider {
            Provider::Microsoft => {
                wrong.extend(self.tenant_wrong());
                if !self.client_id.as_deref().is_some_and(is_id) {
                    wrong.push(
                        "oauth.client_id: the Application (client) ID of the app registration, such as \
                         00001111-aaaa-2222-bbbb-3333cccc4444"
                            .to_owned(),
                    );
                }
                if self.client_secret_file.is_none() {
                    wrong.push(
                        "oauth.client_secret_file: name the file with the client secret's value".to_owned(),
                    );
                }
                wrong.extend(foreign("microsoft", of_google));
            }
            Provider::Google => {
                if self.key_file.is_none() {
                    wrong
                        .push("oauth.key_file: name the JSON file with the service account's key".to_owned());
                }
                wrong.extend(foreign("google", of_microsoft));
            }
        }
        wrong.extend(self.url().err().map(|OpenError(why)| why));
        if !is_scope(self.scope()) {
            wrong.push("oauth.scope: one scope, such as https://outlook.office365.com/.default".to_owned());
        }
        wrong.extend(self.patience().err().map(|OpenError(why)| why));
        wrong
    }

    fn tenant_wrong(&self) -> Option<String> {
        let tenant = self.tenant.as_deref().unwrap_or_default();
        let several = ["common", "organizations", "consumers"].contains(&tenant);
        let odd = tenant.is_empty()
            || !tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        (several || odd).then(|| {
            "oauth.tenant: the Directory (tenant) ID, or a domain of the tenant such as \
             northfield.onmicrosoft.com; \"common\" and the like give an application no token"
                .to_owned()
        })
    }

    /// Where tokens are fetched.
    pub(super) fn url(&self) -> Result<Url, OpenError> {
        let usual = match self.provider {
            Provider::Microsoft => format!(
                "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
                self.tenant.as_deref().unwrap_or_default()
            ),
            Provider::Google => "https://oauth2.googleapis.com/token".to_owned(),
        };
        plain_url("oauth.token_url", self.token_url.as_deref().unwrap_or(&usual))
    }

    /// What the token is for.
    pub(super) fn scope(&self) -> &str {
        self.scope.as_deref().unwrap_or(match self.provider {
            Provider::Microsoft => "https://outlook.office365.com/.default",
            Provider::Google => "https://mail.google.com/",
        })
    }

    /// The deadlines.
    pub(super) fn patience(&self) -> Result<Patience, OpenError> {
        Ok(Patience {
            connect: seconds("oauth.connect_timeout_secs", self.connect_timeout_secs)?,
            answer: seconds("oauth.answer_timeout_secs", self.answer_timeout_secs)?,
            in_flight: 1,
        })
    }
}

fn foreign<const N: usize>(provider: &str, keys: [Option<String>; N]) -> Option<String> {
    let keys: Vec<_> = keys.into_iter().flatten().collect();
    let wrong = format!("oauth.{}: not for provider = \"{provider}\"; take it out", keys.join(", oauth."));
    (!keys.is_empty()).then_some(wrong)
}

/// Entra's IDs are UUIDs.
fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// RFC 6749 §3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(json: &str) -> String {
        let config: OAuthConfig = serde_json::from_str(json).expect("known keys");
        config.problems().join("; ")
    }

    const MICROSOFT: &str = r#"{"provider": "microsoft", "tenant": "northfield.onmicrosoft.com",
        "client_id": "00001111-aaaa-2222-bbbb-3333cccc4444", "client_secret_file": "s""#;

    #[test]
    fn each_provider_has_its_address_and_scope() {
        let of = |json: &str| {
            let config: OAuthConfig = serde_json::from_str(json).expect("known keys");
            (config.url().map(|url| url.to_string()).unwrap_or_default(), config.scope().to_owned())
        };

        assert_eq!(problems(&format!("{MICROSOFT}}}")), "");
        assert_eq!(problems(r#"{"provider": "google", "key_file": "k"}"#), "");
        assert_eq!(
            of(&format!("{MICROSOFT}}}")),
            (
                "https://login.microsoftonline.com/northfield.onmicrosoft.com/oauth2/v2.0/token".to_owned(),
                "https://outlook.office365.com/.default".to_owned()
            )
        );
        assert_eq!(
            of(r#"{"provider": "google", "key_file": "k"}"#),
            ("https://oauth2.googleapis.com/token".to_owned(), "https://mail.google.com/".to_owned())
        );
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let told = problems(
            r#"{"provider": "microsoft", "tenant": "common", "client_id": "me", "key_file": "k",
                "token_url": "http://login.example/token", "scope": "a b", "connect_timeout_secs": 0}"#,
        );

        for key in [
            "oauth.tenant:",
            "oauth.client_id:",
            "oauth.client_secret_file:",
            "oauth.key_file: not for",
            "oauth.token_url",
            "oauth.scope:",
            "oauth.connect_timeout_secs",
        ] {
            assert!(told.contains(key), "{key} in {told}");
        }
    }

    #[test]
    fn what_is_the_other_provider_s_is_told() {
        let told = problems(
            r#"{"provider": "google", "tenant": "a.example", "client_id": "me", "client_secret_file": "s"}"#,
        );

        assert!(told.contains("oauth.key_file: name"), "{told}");
        assert!(told.contains("oauth.tenant, oauth.client_id, oauth.client_secret_file: not for"), "{told}");
    }

    #[test]
    fn an_unknown_key_or_provider_is_an_error() {
        for json in [
            r#"{"provider": "google", "key_file": "k", "client_secret": "x"}"#,
            r#"{"provider": "yahoo"}"#,
            r#"{"key_file": "k"}"#,
        ] {
            assert!(serde_json::from_str::<OAuthConfig>(json).is_err(), "{json}");
        }
    }
}
