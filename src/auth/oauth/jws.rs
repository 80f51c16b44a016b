//! Signed JSON Web Tokens: client assertions (RFC 7523) and DPoP proofs (RFC 9449).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use url::Url;

use super::identifiers;
use super::key::Key;
use super::pkce::sha256_base64url;
use crate::auth::secret::Secret;
use crate::base::error::Error;

/// How long a client assertion is valid.
const ASSERTION_SECONDS: u64 = 60;

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Signs in the compact form (RFC 7515, section 3.1).
fn sign(key: &Key, header: &Value, claims: &Value) -> Result<Secret, Error> {
    let header = Secret::base64url(header.to_string().as_bytes());
    let claims = Secret::base64url(claims.to_string().as_bytes());
    let signed = Secret::from_parts(&[header.expose(), ".", claims.expose()]);
    let signature = Secret::base64url(&key.sign(signed.expose().as_bytes())?);
    Ok(Secret::from_parts(&[signed.expose(), ".", signature.expose()]))
}

/// A client's proof of itself at the authorization server `issuer` (RFC 7523, section 3; its revision wants the issuer as
/// the one audience).
pub(super) fn client_assertion(
    key: &Key,
    key_id: Option<&str>,
    client_id: &str,
    issuer: &str,
) -> Result<Secret, Error> {
    let mut header = json!({"alg": key.algorithm().name(), "typ": "JWT"});
    if let Some(key_id) = key_id {
        header["kid"] = key_id.into();
    }
    let now = now();
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": Secret::random(16)?.expose(),
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    });
    sign(key, &header, &claims)
}

/// A proof of possession for one request (RFC 9449, section 4.2). `access_token` goes with requests to the resource.
pub(super) fn dpop_proof(
    key: &Key,
    method: &str,
    url: &Url,
    access_token: Option<&str>,
    nonce: Option<&str>,
) -> Result<Secret, Error> {
    let (x, y) = key.coordinates().ok_or_else(|| Error::Internal("the DPoP key is not on P-256".to_owned()))?;
    let coordinate = |bytes: &[u8]| Secret::base64url(bytes).expose().to_owned();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": coordinate(&x), "y": coordinate(&y)});
    let header = json!({"alg": key.algorithm().name(), "typ": "dpop+jwt", "jwk": jwk});
    let mut claims = json!({
        "jti": Secret::random(16)?.expose(),
        "htm": method,
        "htu": identifiers::at(url, url.path(), None).as_str(),
        "iat": now(),
    });
    if let Some(token) = access_token {
        claims["ath"] = sha256_base64url(token.as_bytes()).into();
    }
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    sign(key, &header, &claims)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn parts(jwt: &Secret) -> (Value, Value) {
        let parts: Vec<Vec<u8>> = jwt.expose().split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        let (x, y) = (&parts[0], &parts[1]);
        (serde_json::from_slice(x).unwrap(), serde_json::from_slice(y).unwrap())
    }

    fn verifies(jwt: &Secret, key: &Key) -> bool {
        let (x, y) = key.coordinates().unwrap();
        let point = [&[4][..], &x, &y].concat();
        let (signed, signature) = jwt.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn an_assertion_names_client_and_issuer_and_verifies() {
        let key = Key::generate().unwrap();
        let jwt = client_assertion(&key, Some("k1"), "my-daemon", "https://auth.example").unwrap();
        let (header, claims) = parts(&jwt);
        assert_eq!(header, json!({"alg": "ES256", "typ": "JWT", "kid": "k1"}));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("my-daemon"), &json!("my-daemon")));
        assert_eq!(claims["aud"], "https://auth.example");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60);
        assert!(verifies(&jwt, &key));
        let other = client_assertion(&key, None, "my-daemon", "https://auth.example").unwrap();
        assert_ne!(parts(&other).1["jti"], claims["jti"]);
        assert!(parts(&other).0.get("kid").is_none());
    }

    #[test]
    fn a_proof_is_for_one_request_and_one_token() {
        let key = Key::generate().unwrap();
        let url = Url::parse("https://m.example/mcp?x=1#f").unwrap();
        let proof = dpop_proof(&key, "POST", &url, Some("token"), Some("n1")).unwrap();
        let (header, claims) = parts(&proof);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert!(header["jwk"].get("d").is_none());
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://m.example/mcp")));
        assert_eq!(claims["ath"], sha256_base64url(b"token"));
        assert_eq!(claims["nonce"], "n1");
        assert!(verifies(&proof, &key));
        let (_, bare) = parts(&dpop_proof(&key, "GET", &url, None, None).unwrap());
        assert!(bare.get("ath").is_none() && bare.get("nonce").is_none());
        assert_ne!(bare["jti"], claims["jti"]);
    }
}
