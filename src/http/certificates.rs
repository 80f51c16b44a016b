//! Certificates and keys from PEM files.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::base::error::Error;
use crate::base::file;
use crate::base::resources;
use crate::http::tls_error::words;

/// The largest file of certificates or a key. A store of all public authorities has 300 KiB.
const MAX_PEM: usize = 16 * 1024 * 1024;

/// A client certificate with its key.
pub(crate) struct ClientCertificate {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate([redacted])")
    }
}

fn read_pem(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let shown = path.display();
    let unreadable = |error| {
        resources::exhausted(&error).unwrap_or_else(|| Error::InvalidArgument(format!("cannot read {shown}: {error}")))
    };
    let (file, _) = file::open_regular(path).map_err(unreadable)?;
    let pem = file::read_wiped(&file, MAX_PEM).map_err(unreadable)?;
    pem.ok_or_else(|| Error::InvalidArgument(format!("{shown} is larger than {MAX_PEM} bytes")))
}

/// Reads the certificates of a PEM file.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let shown = path.display();
    let pem = read_pem(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::InvalidArgument(format!("{shown} is not valid PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(Error::InvalidArgument(format!("{shown} holds no certificate in PEM form")));
    }
    Ok(certificates)
}

/// Reads certificate authorities, and checks that each can be used.
pub(crate) fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates = read_certificates(path)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| {
            Error::InvalidArgument(format!(
                "{} holds a certificate that cannot be used: {}",
                path.display(),
                words(&error)
            ))
        })?;
    }
    Ok(certificates)
}

/// Reads a client certificate and its key, and checks that they match.
pub(crate) fn read_client_certificate(certificate: &Path, key: &Path) -> Result<ClientCertificate, Error> {
    let chain = read_certificates(certificate)?;
    let shown = key.display();
    let pem = read_pem(key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| Error::InvalidArgument(format!("{shown} holds no private key in PEM form")))?;
    let certificate = ClientCertificate { chain, key };
    certificate.check()?;
    Ok(certificate)
}

impl ClientCertificate {
    fn check(&self) -> Result<(), Error> {
        let provider = provider();
        rustls::sign::CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), &provider)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => "the certificate and the key do not belong together".to_owned(),
                other => format!("the certificate and the key cannot be used: {}", words(other)),
            })
            .map_err(Error::InvalidArgument)
            .map(|_| ())
    }
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
