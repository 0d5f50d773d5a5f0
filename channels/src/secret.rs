//! Passwords that lie in files, or in systemd's credentials; and secrets that others must show us.

use std::path::{Path, PathBuf};

use ring::hmac;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::error::OpenError;

/// Reads the setting `password_file`: a file, or the name of a systemd credential. A line break at its end is dropped.
pub(crate) fn password(file: &Path) -> Result<SecretString, OpenError> {
    let path = credential(file);
    let text = std::fs::read_to_string(&path).map(Zeroizing::new).map_err(|why| {
        OpenError(format!("password_file: cannot read {}: {why}; check its path and owner", path.display()))
    })?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains('\0') {
        return Err(OpenError(format!("password_file: {} holds no password", path.display())));
    }
    Ok(password.into())
}

/// A bare name is looked for where systemd puts a unit's credentials.
fn credential(file: &Path) -> PathBuf {
    let bare = file.components().count() == 1 && file.is_relative();
    match std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(file)) {
        Some(path) if bare && path.exists() => path,
        _ => file.to_owned(),
    }
}

/// A secret that somebody must show. Compared in constant time: by MACs, which tell nothing of where two texts differ.
pub(crate) struct Expected {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Expected {
    pub(crate) fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Self { tag: hmac::sign(&key, secret), key }
    }

    /// Whether this is it, to the letter.
    pub(crate) fn fits(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
    }
}
