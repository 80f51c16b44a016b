//! Errors of rustls in words.

use std::fmt;

use rustls::{AlertDescription, CertificateError};

/// Which check failed, for a message.
pub(crate) fn describe(error: &rustls::Error) -> String {
    let reason = match error {
        rustls::Error::InvalidCertificate(reason) => reason,
        rustls::Error::AlertReceived(alert) => return describe_alert(*alert),
        rustls::Error::InvalidMessage(_) => {
            return "the port does not speak TLS: the URL may need http:// or another port".to_owned();
        }
        rustls::Error::PeerIncompatible(reason) => {
            return format!("the server has no TLS version or method in common: {}", words(reason));
        }
        rustls::Error::General(reason) => return format!("the TLS handshake failed: {reason}"),
        other => return format!("the TLS handshake failed: {}", words(other)),
    };
    let check = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it is not valid for this host name ({reason})")
        }
        CertificateError::UnknownIssuer => {
            "its issuer is unknown: it is self-signed, or its authority is not trusted here".to_owned()
        }
        CertificateError::Revoked => "it has been revoked".to_owned(),
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "it is the certificate of an authority, which `openssl req -x509` makes unless it has \
             -addext basicConstraints=CA:FALSE"
                .to_owned()
        }
        CertificateError::Other(other) => words(&other.0),
        other => words(other),
    };
    format!("the server's certificate was not accepted: {check}")
}

/// The name of a variant in words for a person: `UnknownCA` is "unknown CA".
pub(super) fn words(variant: impl fmt::Debug) -> String {
    let name = format!("{variant:?}");
    let name = name.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    let mut was_upper = true;
    for character in name.chars() {
        match words.last_mut().filter(|_| was_upper || !character.is_ascii_uppercase()) {
            Some(word) => word.push(character),
            None => words.push(character.into()),
        }
        was_upper = character.is_ascii_uppercase();
    }
    let is_name = |word: &String| word.len() > 1 && word.chars().all(|character| !character.is_ascii_lowercase());
    let lower = |word: String| if is_name(&word) { word } else { word.to_ascii_lowercase() };
    words.into_iter().map(lower).collect::<Vec<_>>().join(" ")
}

/// The alert with which the server ended the connection
/// ([RFC 8446, section 6.2](https://www.rfc-editor.org/rfc/rfc8446#section-6.2)).
fn describe_alert(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => "the server wants a client certificate, and none was given".to_owned(),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            format!("the server did not accept the client's certificate, or its lack: {}", words(alert))
        }
        other => format!("the server ended the TLS connection: {}", words(other)),
    }
}
