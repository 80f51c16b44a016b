//! The operating system's trust store.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;

use crate::base::error::Error;

/// The verifier that trusts the operating system's certificates. They are read at the first connection that needs them, and
/// kept: a program may change its root directory or lose the right to read them later.
#[derive(Debug, Default)]
pub(crate) struct SystemTrust {
    /// Read without a lock that a fork could orphan. Two threads may both read the certificates; one result is kept.
    verifier: ArcSwapOption<Arc<dyn ServerCertVerifier>>,
}

impl SystemTrust {
    pub(crate) fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        if let Some(known) = &*self.verifier.load() {
            return Ok(Arc::clone(known));
        }
        let read = load(provider)?;
        self.verifier.store(Some(Arc::new(read.clone())));
        Ok(read)
    }
}

/// The framework of the operating system decides, and reads no environment variable.
#[cfg(any(target_vendor = "apple", windows))]
fn load(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let verifier = rustls_platform_verifier::Verifier::new(provider.clone())
        .map_err(|error| Error::Tls(format!("the trust store of the operating system cannot be used: {error}")))?;
    Ok(Arc::new(verifier))
}

/// The files of the distribution, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
#[cfg(not(any(target_vendor = "apple", windows)))]
fn load(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    use crate::base::resources;
    use rustls::client::WebPkiServerVerifier;
    use rustls_native_certs::ErrorKind;

    let found = certificates();
    // A store that is read in part would be kept, and refuse good servers for as long as the client lives.
    for error in &found.errors {
        if let ErrorKind::Io { inner, .. } = &error.kind
            && let Some(exhausted) = resources::exhausted(inner)
        {
            return Err(exhausted);
        }
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let hint = "install the package ca-certificates, or give the certificates by mcpclient_set_ca_file";
        return Err(Error::Tls(format!("this system has no CA certificates that could be read: {hint}")));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| Error::Tls(format!("the CA certificates of this system cannot be used: {error}")))?;
    Ok(verifier)
}

#[cfg(not(any(target_vendor = "apple", windows)))]
fn certificates() -> rustls_native_certs::CertificateResult {
    use crate::base::platform;

    if !platform::has_raised_privileges() {
        return rustls_native_certs::load_native_certs();
    }
    // The user who started the program chose the environment, and must not choose whom it trusts.
    let mut all = rustls_native_certs::CertificateResult::default();
    for folder in openssl_probe::candidate_cert_dirs() {
        let found = rustls_native_certs::load_certs_from_paths(None, Some(folder));
        all.certs.extend(found.certs);
        all.errors.extend(found.errors);
    }
    all
}
