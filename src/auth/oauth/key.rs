//! Private keys that sign: the program's, from a PEM file, and those made for DPoP.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::base::error::Error;
use crate::base::file;

/// The largest file that is read for a key.
const MOST_BYTES: usize = 64 * 1024;
const FEWEST_RSA_BITS: usize = 2048;
/// What stands before a SEC 1 key of P-256 to make it PKCS#8 (RFC 5208, RFC 5915): version 0, id-ecPublicKey, prime256v1.
const P256_ALGORITHM: [u8; 24] = [
    0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07,
];

/// The signature algorithm that goes with a key (RFC 7518, section 3.1; RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    Rs256,
    EdDsa,
}

impl Algorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Algorithm::Es256 => "ES256",
            Algorithm::Rs256 => "RS256",
            Algorithm::EdDsa => "EdDSA",
        }
    }
}

/// A private key, kept as the bytes that are wiped when it is dropped. ring's own form of it, which is not, lives as long
/// as one signature takes.
#[derive(Clone)]
pub(crate) struct Key {
    algorithm: Algorithm,
    /// PKCS#8, or PKCS#1 for RSA.
    der: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, [redacted])", self.algorithm.name())
    }
}

impl Key {
    /// Reads a PEM file. Its permissions are not looked at: Kubernetes mounts secrets readable for all.
    pub(crate) fn read(path: &Path) -> Result<Key, Error> {
        let shown = path.display();
        let invalid = |reason: String| Error::InvalidArgument(format!("the key file {shown} {reason}"));
        let unreadable = |error| invalid(format!("cannot be read: {error}"));
        let (file, _) = file::open_regular(path).map_err(unreadable)?;
        let pem = file::read_wiped(&file, MOST_BYTES).map_err(unreadable)?;
        let pem = pem.ok_or_else(|| invalid(format!("is larger than {MOST_BYTES} bytes")))?;
        Key::from_pem(&pem).map_err(invalid)
    }

    /// The first private key of a PEM text; the reason of a refusal repeats nothing of it.
    pub(super) fn from_pem(pem: &[u8]) -> Result<Key, String> {
        let text = std::str::from_utf8(pem).map_err(|_| "is not a PEM file")?;
        let (label, body) = private_key_block(text).ok_or("holds no private key in PEM form")?;
        if label.starts_with("ENCRYPTED") || body.contains("ENCRYPTED") {
            return Err("holds an encrypted key: give it without a passphrase".to_owned());
        }
        let der = decode(body).ok_or("holds a private key that is not valid base64")?;
        match label {
            "EC PRIVATE KEY" => Key::es256(sec1_to_pkcs8(&der).ok_or("holds a private key that is too large")?),
            "RSA PRIVATE KEY" => Key::rs256(der),
            _ => Key::pkcs8(der),
        }
    }

    fn pkcs8(der: Zeroizing<Vec<u8>>) -> Result<Key, String> {
        let kinds = [Key::es256, Key::ed25519];
        match kinds.into_iter().find_map(|kind| kind(der.clone()).ok()) {
            Some(key) => Ok(key),
            None => Key::rs256(der),
        }
    }

    fn es256(der: Zeroizing<Vec<u8>>) -> Result<Key, String> {
        let key = Key { algorithm: Algorithm::Es256, der };
        key.ecdsa().map(|_| ()).map_err(|_| UNUSABLE.to_owned())?;
        Ok(key)
    }

    fn ed25519(der: Zeroizing<Vec<u8>>) -> Result<Key, String> {
        let key = Key { algorithm: Algorithm::EdDsa, der };
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key.der).map_err(|_| UNUSABLE.to_owned())?;
        Ok(key)
    }

    fn rs256(der: Zeroizing<Vec<u8>>) -> Result<Key, String> {
        let key = Key { algorithm: Algorithm::Rs256, der };
        let pair = key.rsa().map_err(|rejected| match rejected.to_string().as_str() {
            "TooSmall" => format!("holds an RSA key of less than {FEWEST_RSA_BITS} bits"),
            "TooLarge" => "holds an RSA key of more than 4096 bits".to_owned(),
            _ => UNUSABLE.to_owned(),
        })?;
        match pair.public().modulus_len() * 8 < FEWEST_RSA_BITS {
            true => Err(format!("holds an RSA key of less than {FEWEST_RSA_BITS} bits")),
            false => Ok(key),
        }
    }

    /// A new key for ES256.
    pub(super) fn generate() -> Result<Key, Error> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let document = made.map_err(|_| Error::Internal("no key could be made".to_owned()))?;
        Ok(Key { algorithm: Algorithm::Es256, der: Zeroizing::new(document.as_ref().to_vec()) })
    }

    /// A key that [`Key::to_bytes`] gave.
    pub(super) fn from_bytes(der: Zeroizing<Vec<u8>>) -> Option<Key> {
        Key::es256(der).ok()
    }

    pub(super) fn to_bytes(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The coordinates of the public key on P-256, of 32 bytes each; `None` for another kind of key.
    pub(super) fn coordinates(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let pair = self.ecdsa().ok()?;
        // An uncompressed point: 4, x, y.
        let point = pair.public_key().as_ref().get(1..)?;
        Some((point.get(..32)?.to_vec(), point.get(32..)?.to_vec()))
    }

    /// Signs as RFC 7518, section 3 says: an ECDSA signature is r and s side by side.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = || Error::Internal("the private key signs no longer".to_owned());
        let random = SystemRandom::new();
        match self.algorithm {
            Algorithm::Es256 => {
                let pair = self.ecdsa().map_err(|_| failed())?;
                Ok(pair.sign(&random, message).map_err(|_| failed())?.as_ref().to_vec())
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.der).map_err(|_| failed())?;
                Ok(pair.sign(message).as_ref().to_vec())
            }
            Algorithm::Rs256 => {
                let pair = self.rsa().map_err(|_| failed())?;
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| failed())?;
                Ok(signature)
            }
        }
    }

    fn ecdsa(&self) -> Result<EcdsaKeyPair, ring::error::KeyRejected> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.der, &SystemRandom::new())
    }

    fn rsa(&self) -> Result<RsaKeyPair, ring::error::KeyRejected> {
        RsaKeyPair::from_pkcs8(&self.der).or_else(|rejected| {
            RsaKeyPair::from_der(&self.der).map_err(|other| {
                // Of the two reasons the one that speaks of the key, not of its form, counts.
                if rejected.to_string() == "InvalidEncoding" { other } else { rejected }
            })
        })
    }
}

const UNUSABLE: &str = "holds a private key that cannot be used: P-256, Ed25519 and RSA of 2048 to 4096 bits can";

/// Label and content of the first block that holds a private key.
fn private_key_block(pem: &str) -> Option<(&str, &str)> {
    let mut rest = pem;
    loop {
        let (_, begun) = rest.split_once("-----BEGIN ")?;
        let (label, content) = begun.split_once("-----")?;
        let (body, after) = content.split_once("-----END ")?;
        if label.ends_with("PRIVATE KEY") {
            return Some((label, body));
        }
        rest = after;
    }
}

/// Decodes base64 that is broken into lines, leaving no copy behind.
fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(body.len()));
    compact.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; compact.len() / 4 * 3 + 3]);
    let length = STANDARD.decode_slice(&*compact, &mut der).ok()?;
    der.truncate(length);
    Some(der)
}

/// Wraps a SEC 1 key as PKCS#8; `None` for one that is larger than any key of P-256.
fn sec1_to_pkcs8(key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u8::try_from(key.len()).ok()?;
    let octets: &[u8] = &if length < 0x80 { vec![0x04, length] } else { vec![0x04, 0x81, length] };
    let total = P256_ALGORITHM.len() + octets.len() + key.len();
    let size = u16::try_from(total).ok()?.to_be_bytes();
    let mut der = Zeroizing::new(Vec::with_capacity(total + 4));
    match total {
        0..0x80 => der.extend_from_slice(&[0x30, size[1]]),
        0x80..0x100 => der.extend_from_slice(&[0x30, 0x81, size[1]]),
        _ => der.extend_from_slice(&[0x30, 0x82, size[0], size[1]]),
    }
    [&P256_ALGORITHM[..], octets, key].into_iter().for_each(|part| der.extend_from_slice(part));
    Some(der)
}
