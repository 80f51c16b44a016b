//! Proof Key for Code Exchange (RFC 7636) with the method `S256`.

use ring::digest::{SHA256, digest};

use crate::auth::secret::Secret;
use crate::base::error::Error;

/// A verifier of 256 bits, used for one login.
pub(super) fn verifier() -> Result<Secret, Error> {
    Secret::random(32)
}

/// The challenge that goes into the authorization request (section 4.2).
pub(super) fn challenge(verifier: &Secret) -> String {
    sha256_base64url(verifier.expose().as_bytes())
}

/// The SHA-256 digest in base64url, which is no secret.
pub(super) fn sha256_base64url(bytes: &[u8]) -> String {
    Secret::base64url(digest(&SHA256, bytes).as_ref()).expose().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        // RFC 7636, appendix B
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn each_verifier_is_new_and_long_enough() {
        let (one, other) = (verifier().unwrap(), verifier().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 43); // the least that section 4.1 allows
    }
}
