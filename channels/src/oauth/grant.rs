//! What is shown to a token service to be given a token.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{rand::SystemRandom, rsa, signature::RSA_PKCS1_SHA256};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde::Deserialize;
use serde_json::json;

use super::{OAuthConfig, Provider};
use crate::{error::OpenError, settings::secret};

/// How long an assertion counts, in seconds. Google takes up to an hour (RFC 7523 §3 asks for a short time).
const ASSERTION_SECS: i64 = 3600;

/// Proof for a token service.
pub(super) enum Grant {
    /// `client_credentials` (RFC 6749 §4.4).
    Application { client_id: String, secret: SecretString, scope: String },
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523).
    ServiceAccount(Box<ServiceAccount>),
}

/// A service account that acts for one mailbox.
pub(super) struct ServiceAccount {
    key: rsa::KeyPair,
    key_id: Option<String>,
    email: String,
    mailbox: String,
    scope: String,
    /// The token service's address, to which the assertion is made out.
    audience: String,
}

/// What of a key file is used; its other keys are Google's own affair.
#[derive(Deserialize)]
struct KeyFile {
    r#type: String,
    client_email: String,
    private_key: SecretString,
    private_key_id: Option<String>,
}

impl Grant {
    /// Reads the secret or the key.
    pub(super) fn open(config: &OAuthConfig, mailbox: &str, audience: &str) -> Result<Self, OpenError> {
        let missing = |key: &str| OpenError(format!("oauth.{key}: missing"));
        let scope = config.scope().to_owned();
        match config.provider {
            Provider::Microsoft => {
                let file =
                    config.client_secret_file.as_deref().ok_or_else(|| missing("client_secret_file"))?;
                Ok(Self::Application {
                    client_id: config.client_id.clone().ok_or_else(|| missing("client_id"))?,
                    secret: secret("oauth.client_secret_file", file)?,
                    scope,
                })
            }
            Provider::Google => {
                let file = config.key_file.as_deref().ok_or_else(|| missing("key_file"))?;
                let KeyFile { client_email, private_key, private_key_id, .. } = key_file(file)?;
                Ok(Self::ServiceAccount(Box::new(ServiceAccount {
                    key: key(private_key.expose_secret()).ok_or_else(|| no_key(file))?,
                    key_id: private_key_id,
                    email: client_email,
                    mailbox: mailbox.to_owned(),
                    scope,
                    audience: audience.to_owned(),
                })))
            }
        }
    }

    /// The form to post. `now` is the time in seconds since 1970.
    pub(super) fn form(&self, now: i64) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
        let bare = |text: &str| Zeroizing::new(text.to_owned());
        Some(match self {
            Self::Application { client_id, secret, scope } => vec![
                ("grant_type", bare("client_credentials")),
                ("client_id", bare(client_id)),
                ("client_secret", bare(secret.expose_secret())),
                ("scope", bare(scope)),
            ],
            Self::ServiceAccount(account) => vec![
                ("grant_type", bare("urn:ietf:params:oauth:grant-type:jwt-bearer")),
                ("assertion", account.assertion(now)?),
            ],
        })
    }
}

impl ServiceAccount {
    /// A signed JWT (RFC 7515, RFC 7523 §3). `None` if the machine yields no random numbers.
    fn assertion(&self, now: i64) -> Option<Zeroizing<String>> {
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(key_id) = &self.key_id {
            header.as_object_mut()?.insert("kid".to_owned(), key_id.as_str().into());
        }
        let claims = json!({
            "iss": self.email, "sub": self.mailbox, "scope": self.scope, "aud": self.audience,
            "iat": now, "exp": now.saturating_add(ASSERTION_SECS),
        });
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(Zeroizing::new(format!("{signed}.{}", encode(&signature))))
    }
}

fn key_file(file: &Path) -> Result<KeyFile, OpenError> {
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|why| {
        OpenError(format!(
            "oauth.key_file: cannot read {}: {}; check its path and owner",
            file.display(),
            why.kind()
        ))
    })?;
    // What serde says of a file that does not fit may repeat parts of it.
    let read: KeyFile = serde_json::from_str(&text).map_err(|_| no_key(file))?;
    if read.r#type == "service_account" { Ok(read) } else { Err(no_key(file)) }
}

fn key(pem: &str) -> Option<rsa::KeyPair> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok()
}

fn no_key(file: &Path) -> OpenError {
    OpenError(format!(
        "oauth.key_file: {} is no service account's key; make one in Google Cloud (Service accounts, Keys, Add key, JSON) \
         and give the file as it comes",
        file.display()
    ))
}
