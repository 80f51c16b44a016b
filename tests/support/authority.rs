//! A certificate authority of the tests' own, and the certificates that it issues.

#![allow(dead_code)] // each test binary uses a part of it

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority that only clients trust that are told to.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
}

/// A certificate with its key.
pub struct Issued {
    certificate: Certificate,
    key: KeyPair,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    Now,
    Past,
    Future,
}

fn params(names: &[&str], common_name: &str, validity: Validity) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    (params.not_before, params.not_after) = match validity {
        Validity::Now => (date_time_ymd(2020, 1, 1), date_time_ymd(4000, 1, 1)),
        Validity::Past => (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1)),
        Validity::Future => (date_time_ymd(3998, 1, 1), date_time_ymd(3999, 1, 1)),
    };
    params
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut params = params(&[], name, Validity::Now);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Authority { issuer: Issuer::new(params, key), certificate }
    }

    /// A certificate for these host names and addresses.
    pub fn issue(&self, names: &[&str], validity: Validity) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, "issued", validity).signed_by(&key, &self.issuer).unwrap();
        Issued { certificate, key }
    }

    /// A certificate of a server on this machine.
    pub fn issue_local(&self) -> Issued {
        self.issue(&["localhost", "127.0.0.1"], Validity::Now)
    }

    /// Writes the authority's certificate into a PEM file.
    pub fn file(&self, folder: &Path) -> PathBuf {
        write(folder, "authority.pem", &self.certificate.pem())
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }
}

impl Issued {
    /// A certificate that its own key has signed.
    pub fn self_signed(names: &[&str]) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, "self-signed", Validity::Now).self_signed(&key).unwrap();
        Issued { certificate, key }
    }

    /// The certificate of an authority, for a server to use itself.
    pub fn authority(names: &[&str]) -> Issued {
        let mut params = params(names, "authority and server", Validity::Now);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Issued { certificate, key }
    }
}

impl Issued {
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.der().clone()]
    }

    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    /// Writes certificate and key into two PEM files.
    pub fn files(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let certificate = write(folder, "certificate.pem", &self.certificate.pem());
        (certificate, write(folder, "key.pem", &self.key.serialize_pem()))
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A folder for the files of one test: each test runs in a thread that has its name.
pub fn folder(name: &str) -> PathBuf {
    let test = thread::current().name().unwrap_or("main").replace("::", "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}
