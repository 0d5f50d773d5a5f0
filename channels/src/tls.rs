//! Encryption: whom we trust, and why a handshake failed, in words.

use std::{io, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use serde::Deserialize;
use tokio_rustls::TlsConnector;

use crate::{error::OpenError, line::Io};

/// How the line to a server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Begins plain and is encrypted before anything is said (RFC 3207, RFC 9051 §6.2.1); without encryption nothing is.
    #[default]
    StartTls,
    /// Encrypted from the first byte (RFC 8314).
    Tls,
    /// Not encrypted: for a server on this machine.
    None,
}

/// Encrypts lines to one server.
pub(crate) struct Encryption {
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// Why a handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsTrouble {
    /// The certificate names another host.
    OtherName,
    /// Signed by nobody this machine trusts.
    UnknownIssuer,
    /// Out of date, or not yet valid.
    OutOfDate,
    /// Refused for another reason.
    BadCertificate,
    /// The other side does not speak TLS here, or no version of it that we accept.
    NotTls,
    /// The line broke.
    Cut,
}

impl Encryption {
    /// Trusts what the machine trusts, and the authorities in `ca_file`.
    pub(crate) fn new(host: &str, ca_file: Option<&Path>) -> Result<Self, OpenError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| OpenError(format!("host: '{host}' is neither a host name nor an address")))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let extra = ca_file.map(authorities).transpose()?.unwrap_or_default();
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(|why| {
            OpenError(format!("tls: no trusted authorities ({why}); install ca-certificates, or set ca_file"))
        })?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| OpenError(format!("tls: {why}")))?
            .dangerous() // rustls's word for any verifier but its own; this one checks name, dates and issuer
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Encrypts a line.
    pub(crate) async fn wrap(&self, plain: Box<dyn Io>) -> Result<Box<dyn Io>, TlsTrouble> {
        self.wrap_and_tell(plain).await.map(|(line, _)| line)
    }

    /// The same, and by which version and cipher, in words.
    pub(crate) async fn wrap_and_tell(
        &self,
        plain: Box<dyn Io>,
    ) -> Result<(Box<dyn Io>, String), TlsTrouble> {
        let line = self.connector.connect(self.name.clone(), plain).await.map_err(|why| trouble(&why))?;
        let (_, agreed) = line.get_ref();
        let version = agreed.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
        let cipher = agreed.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        let told = [version, cipher.unwrap_or_default()].join(" ");
        Ok((Box::new(line), told.trim_end().to_owned()))
    }
}

fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let wrong =
        |why: String| OpenError(format!("ca_file: {}: {why}; it must hold PEM certificates", file.display()));
    let found = CertificateDer::pem_file_iter(file).map_err(|why| wrong(why.to_string()))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|why| wrong(why.to_string()))?;
    if found.is_empty() { Err(wrong("no certificate inside".to_owned())) } else { Ok(found) }
}

fn trouble(why: &io::Error) -> TlsTrouble {
    let Some(why) = why.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return TlsTrouble::Cut;
    };
    match why {
        rustls::Error::InvalidCertificate(bad) => match bad {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsTrouble::OtherName
            }
            CertificateError::UnknownIssuer => TlsTrouble::UnknownIssuer,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsTrouble::OutOfDate,
            _ => TlsTrouble::BadCertificate,
        },
        _ => TlsTrouble::NotTls,
    }
}
