//! A certificate authority of a test's own.

use std::{fmt, sync::Arc};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

/// Signs certificates, for tests only.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new authority that nobody trusts yet.
    ///
    /// # Panics
    /// When the machine yields no random numbers.
    pub fn new() -> Arc<Self> {
        let mut params = CertificateParams::new(Vec::new()).expect("no names, none wrong");
        // Else it has the name that every certificate has here, and seems to have signed what signed itself.
        params.distinguished_name.push(DnType::CommonName, "an authority of a test's own");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a fresh key");
        Arc::new(Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("sign our own certificate"),
        })
    }

    /// Its certificate, for a `ca_file`.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for `name` and its key, both as PEM, for a server in a process of its own.
    ///
    /// # Panics
    /// When `name` is no host name.
    pub fn certify(&self, name: &str) -> (String, String) {
        self.certify_with(name, Flaw::None)
    }

    /// The same, with something wrong with it.
    ///
    /// # Panics
    /// When `name` is no host name.
    pub fn certify_with(&self, name: &str, flaw: Flaw) -> (String, String) {
        let (leaf, key) = self.leaf(name, flaw);
        (leaf.pem(), key.serialize_pem())
    }

    fn leaf(&self, name: &str, flaw: Flaw) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a fresh key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a host name");
        match flaw {
            Flaw::None | Flaw::SelfSigned => {}
            Flaw::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Flaw::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
        }
        let leaf = match flaw {
            Flaw::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        (leaf.expect("sign a server's certificate"), key)
    }

    /// A server's side, with a certificate for `name`.
    pub(super) fn acceptor(&self, name: &str, flaw: Flaw) -> TlsAcceptor {
        let (leaf, key) = self.leaf(name, flaw);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .expect("key and certificate belong together");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// It ran out.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// No authority has signed it, only the server itself.
    SelfSigned,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}
