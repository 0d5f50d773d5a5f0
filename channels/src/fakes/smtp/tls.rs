//! A certificate authority of a test's own.

use std::{fmt, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
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
        let key = KeyPair::generate().expect("a fresh key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a host name");
        let leaf = params.signed_by(&key, &self.issuer).expect("sign a server's certificate");
        (leaf.pem(), key.serialize_pem())
    }

    /// A server's side, with a certificate for `name`.
    pub(super) fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a fresh key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a host name");
        let leaf = params.signed_by(&key, &self.issuer).expect("sign a server's certificate");
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

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}
