//! TLS by rustls, with buffers that are wiped.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport, TransportAdapter};

use crate::base::error::Error;
use crate::http::buffers::WipedBuffers;
use crate::http::certificates::{ClientCertificate, provider};
use crate::http::interrupt::{Interrupt, broken, into_io};
use crate::http::trust::SystemTrust;

/// The caller's TLS settings.
#[derive(Debug, Clone)]
pub(crate) struct TlsSettings {
    /// Trusted instead of the operating system's certificate authorities.
    pub(crate) ca: Option<Arc<Vec<CertificateDer<'static>>>>,
    /// The client's certificate chain and key.
    pub(crate) client_certificate: Option<Arc<ClientCertificate>>,
    /// False: any certificate is accepted.
    pub(crate) verify: bool,
    /// The operating system's certificate authorities, shared by all connections of a client.
    pub(crate) system: Arc<SystemTrust>,
}

impl Default for TlsSettings {
    fn default() -> TlsSettings {
        TlsSettings { ca: None, client_certificate: None, verify: true, system: Arc::default() }
    }
}

/// The configuration of rustls, made once for all connections of a client.
fn configure(settings: &TlsSettings) -> Result<Arc<ClientConfig>, Error> {
    let internal = |error: &dyn fmt::Display| Error::Tls(format!("TLS cannot be set up: {error}"));
    let provider = provider();
    let verifier = verifier(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &settings.client_certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) => builder
            .with_client_auth_cert(certificate.chain.clone(), certificate.key.clone_key())
            .map_err(|error| internal(&error))?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn verifier(settings: &TlsSettings, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let failed = |error: &dyn fmt::Display| Error::Tls(format!("no certificate could be verified: {error}"));
    if !settings.verify {
        return Ok(Arc::new(AcceptAny(provider.clone())));
    }
    let Some(ca) = &settings.ca else {
        return settings.system.verifier(provider);
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in ca.iter() {
        roots.add(certificate.clone()).map_err(|error| failed(&error))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| failed(&error))?;
    Ok(verifier)
}

/// Accepts any certificate, when the caller has switched verification off.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The configuration for the connections of one process: its session tickets are not shared with a forked child.
#[derive(Debug)]
pub(crate) struct Tls {
    settings: TlsSettings,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(crate) fn new(settings: TlsSettings) -> Tls {
        Tls { settings, config: OnceCell::new() }
    }

    /// Made at the first use, which reads the trust store.
    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        self.config.get_or_try_init(|| configure(&self.settings)).cloned()
    }
}

/// Wraps a connection in TLS when the URL's scheme is https.
#[derive(Debug)]
pub(crate) struct TlsConnector {
    pub(crate) interrupt: Arc<Interrupt>,
    /// `None`: neither the client's URL nor its proxy's is https.
    pub(crate) tls: Option<Arc<Tls>>,
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = MaybeTls<In>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<MaybeTls<In>>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        let wrapped = self.wrap(details, transport)?;
        self.interrupt.end_opening();
        Ok(Some(wrapped))
    }
}

impl TlsConnector {
    fn wrap<In: Transport>(&self, details: &ConnectionDetails, transport: In) -> Result<MaybeTls<In>, ureq::Error> {
        if !details.needs_tls() || transport.is_tls() {
            return Ok(MaybeTls::Plain(transport));
        }
        let tls = self.tls.as_ref().ok_or(ureq::Error::TlsRequired)?;
        let config = tls.config().map_err(into_io)?;
        let host = details.uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ureq::Error::Tls("the host name is not valid"))?;
        let mut session = ClientConnection::new(config, name)?;
        let mut socket = TransportAdapter::new(transport, details.current_time.clone());
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        let buffers = WipedBuffers::new(self.interrupt.head_room());
        let stream = Box::new(StreamOwned::new(session, socket));
        Ok(MaybeTls::Tls(TlsTransport { stream, buffers, interrupt: self.interrupt.clone() }))
    }
}

/// A connection with or without TLS.
#[derive(Debug)]
pub(crate) enum MaybeTls<T: Transport> {
    Plain(T),
    Tls(TlsTransport<T>),
}

/// A TLS session over a connection.
pub(crate) struct TlsTransport<T: Transport> {
    stream: Box<StreamOwned<ClientConnection, TransportAdapter<T>>>,
    buffers: WipedBuffers,
    interrupt: Arc<Interrupt>,
}

impl<T: Transport> fmt::Debug for TlsTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}

impl<T: Transport> TlsTransport<T> {
    fn flush(&mut self) -> Result<(), ureq::Error> {
        if !self.buffers.held().is_empty() {
            self.stream.write_all(self.buffers.held())?;
            self.buffers.sent();
        }
        Ok(())
    }
}

impl<T: Transport> Transport for TlsTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.buffers.set_room(self.interrupt.head_room());
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.buffers.hold(amount);
        self.buffers.add_fields(&self.interrupt.take_secrets());
        if self.buffers.is_full() { self.flush() } else { Ok(()) }
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.flush()?;
        let amount = self.stream.read(self.buffers.input_append_buf()).map_err(broken)?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.buffers.shrink();
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl<T: Transport> Transport for MaybeTls<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        match self {
            MaybeTls::Plain(transport) => transport.buffers(),
            MaybeTls::Tls(transport) => transport.buffers(),
        }
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        match self {
            MaybeTls::Plain(transport) => transport.transmit_output(amount, timeout),
            MaybeTls::Tls(transport) => transport.transmit_output(amount, timeout),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        match self {
            MaybeTls::Plain(transport) => transport.await_input(timeout),
            MaybeTls::Tls(transport) => transport.await_input(timeout),
        }
    }

    fn is_open(&mut self) -> bool {
        match self {
            MaybeTls::Plain(transport) => transport.is_open(),
            MaybeTls::Tls(transport) => transport.is_open(),
        }
    }

    fn is_tls(&self) -> bool {
        match self {
            MaybeTls::Plain(transport) => transport.is_tls(),
            MaybeTls::Tls(_) => true,
        }
    }
}
