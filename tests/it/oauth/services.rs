//! Services and workloads, without a person.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mcpclient::Status;
use serde_json::{Value, json};

use super::{Scratch, client_of};
use crate::support::mcp::{LEGACY, legacy, modern, sse};
use crate::support::oauth::{Provider, oauth_error};
use crate::support::*;

cases!(
    a_401_begins_a_grant_within_one_call,
    the_token_is_used_until_it_ends,
    a_refused_token_is_replaced_once,
    a_secret_goes_as_the_server_wants_it,
    a_key_signs_for_the_issuer,
    keys_of_each_kind_sign,
    keys_that_cannot_be_used,
    a_workload_presents_its_jwt,
    a_jwt_that_was_refused_is_not_sent_again,
    an_identity_callback_is_told_the_audience,
    an_enterprise_user_needs_no_login,
    another_type_of_assertion_is_refused,
    scopes_come_from_the_program_the_challenge_or_the_document,
    a_missing_scope_is_asked_for_once,
    a_server_that_always_lacks_a_scope_sees_one_step_up,
    credentials_of_another_issuer_go_nowhere,
    credentials_without_an_issuer_stay_with_the_first,
    what_the_authorization_server_says_is_in_the_error,
    sixteen_calls_make_one_grant,
    one_object_serves_several_servers,
    http_sse_is_authorized_too,
    the_extension_is_declared,
    dpop_is_asked_for_and_refused_if_missing,
);

fn service<D: Driver>(provider: &Provider) -> D::Auth {
    D::client_credentials(Some(&provider.issuer()), "my-daemon", "s3cret").unwrap()
}

fn a_401_begins_a_grant_within_one_call<D: Driver>() {
    for session in [true, false] {
        let provider = Provider::start();
        let protected = if session { provider.protect(legacy(LEGACY)) } else { provider.protect(modern()) };
        let client: D = client_of(&protected, &service::<D>(&provider));
        for ask in Ask::ALL {
            ask.of(&client).unwrap();
        }
        let authorizations = protected.authorizations();
        assert_eq!(authorizations[0], "", "the first request has no token");
        assert!(authorizations[1..].iter().all(|value| value.starts_with("Bearer access-token-")));
        let requests = provider.token_requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0]["grant_type"], "client_credentials");
        assert_eq!(requests[0]["resource"], protected.url());
        assert!(!requests[0].contains_key("client_id") && !requests[0].contains_key("scope"), "{:?}", requests[0]);
    }
}

fn the_token_is_used_until_it_ends<D: Driver>() {
    let provider = Provider::start();
    // A tenth of two seconds is less than a second: the token is due when one second is left at most.
    provider.token_member("expires_in", json!(2));
    let protected = provider.protect(modern());
    let client: D = client_of(&protected, &service::<D>(&provider));
    client.ping().unwrap();
    client.ping().unwrap();
    assert_eq!(provider.token_requests().len(), 1);
    thread::sleep(Duration::from_millis(2100));
    protected.server.forget();
    client.ping().unwrap();
    assert_eq!(provider.token_requests().len(), 2);
    // It was renewed ahead of the request, not after a 401.
    assert!(protected.authorizations().iter().all(|value| !value.is_empty()));
}

fn a_refused_token_is_replaced_once<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let client: D = client_of(&protected, &service::<D>(&provider));
    client.ping().unwrap();
    provider.expire_tokens();
    client.ping().unwrap();
    assert_eq!(provider.token_requests().len(), 2);
    protected.refuse_all();
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.http_status, 401);
    assert!(provider.token_requests().len() <= 4, "a refusal without end asks for few tokens");
}

fn a_secret_goes_as_the_server_wants_it<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let auth = D::client_credentials(None, "my id", "p:w&x").unwrap();
    let client: D = client_of(&protected, &auth);
    client.ping().unwrap();
    let request = provider.requests_at("/token").remove(0);
    let basic = format!("Basic {}", STANDARD.encode("my+id:p%3Aw%26x"));
    assert_eq!(request.header("Authorization"), Some(basic.as_str()));
    assert_eq!(request.header("Content-Type"), Some("application/x-www-form-urlencoded"));

    provider.metadata("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    provider.expire_tokens();
    client.ping().unwrap();
    let request = provider.requests_at("/token").remove(1);
    assert_eq!(request.header("Authorization"), None);
    let form = provider.token_requests().remove(1);
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("my id", "p:w&x"));
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn a_key_signs_for_the_issuer<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let scratch = Scratch::new();
    let key = scratch.write("key.pem", &rcgen::KeyPair::generate().unwrap().serialize_pem());
    let auth = D::private_key(None, "my-daemon", &key).unwrap();
    D::set_oauth(&auth, OAuth::PrivateKey(&key, Some("k1"))).unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    let form = provider.token_requests().remove(0);
    assert!(!form.contains_key("client_id") && !form.contains_key("client_secret"));
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let parts: Vec<&str> = form["client_assertion"].split('.').collect();
    assert_eq!(decoded(parts[0]), json!({"alg": "ES256", "typ": "JWT", "kid": "k1"}));
    let claims = decoded(parts[1]);
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("my-daemon"), &json!("my-daemon")));
    assert_eq!(claims["aud"], provider.issuer());
}

/// Makes a key with openssl; `None` where that is missing.
fn openssl(scratch: &Scratch, name: &str, arguments: &[&str]) -> Option<std::path::PathBuf> {
    let path = scratch.file(name);
    // The size of an RSA key comes last.
    let (command, rest) = arguments.split_first().expect("a command of openssl");
    let made = std::process::Command::new("openssl").arg(command).arg("-out").arg(&path).args(rest).output();
    let Ok(made) = made else {
        skipped("keys of each kind", "openssl is not installed", "install openssl");
        return None;
    };
    assert!(made.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
    Some(path)
}

fn keys_of_each_kind_sign<D: Driver>() {
    let scratch = Scratch::new();
    for (name, arguments, algorithm) in [
        ("p256", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..], "ES256"),
        ("sec1", &["ecparam", "-name", "prime256v1", "-genkey", "-noout"], "ES256"),
        ("rsa", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "RS256"),
        ("pkcs1", &["genrsa", "-traditional", "2048"], "RS256"),
        ("ed25519", &["genpkey", "-algorithm", "ed25519"], "EdDSA"),
    ] {
        let Some(key) = openssl(&scratch, name, arguments) else { return };
        let provider = Provider::start();
        let protected = provider.protect(modern());
        let auth = D::private_key(None, "c", &key).unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        client_of::<D>(&protected, &auth).ping().unwrap();
        let assertion = provider.token_requests().remove(0)["client_assertion"].clone();
        assert_eq!(decoded(assertion.split('.').next().unwrap())["alg"], algorithm, "{name}");
    }
}

fn keys_that_cannot_be_used<D: Driver>() {
    let scratch = Scratch::new();
    let good = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let mut cases = vec![
        (scratch.file("missing"), "cannot be read"),
        (scratch.write("empty", ""), "no private key"),
        (scratch.write("text", "s3cret"), "no private key"),
        (scratch.write("broken", &good.replace("\nM", "\n!")), "base64"),
        (scratch.write("cut", &format!("{}\n-----END PRIVATE KEY-----\n", &good[..80])), "cannot be used"),
        (scratch.path().to_owned(), "directory"),
    ];
    let made: [(&str, &[&str], &str); 3] = [
        ("small", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "2048"),
        ("curve", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "cannot be used"),
        ("encrypted", &["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:s3cret"], "encrypted"),
    ];
    for (name, arguments, reason) in made {
        cases.extend(openssl(&scratch, name, arguments).map(|path| (path, reason)));
    }
    for (path, reason) in cases {
        let failure = fails(D::private_key(None, "c", &path).map(drop), Status::InvalidArgument);
        assert!(failure.message.contains(reason) && !failure.message.contains("s3cret"), "{failure:?}");
    }
}

fn a_workload_presents_its_jwt<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let scratch = Scratch::new();
    let file = scratch.write("jwt", "header.claims.signature\n");
    for id in [None, Some("my-workload")] {
        let auth = D::workload(None, id, &D::token_file(&file).unwrap()).unwrap();
        client_of::<D>(&protected, &auth).ping().unwrap();
        let form = provider.token_requests().pop().unwrap();
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        assert_eq!(form["assertion"], "header.claims.signature");
        assert_eq!(form.get("client_id").map(String::as_str), id);
    }
}

fn a_jwt_that_was_refused_is_not_sent_again<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    provider.on_token(|form| {
        (form["assertion"] == "old-jwt-of-the-workload")
            .then(|| oauth_error(400, "invalid_grant", "old-jwt-of-the-workload is expired"))
    });
    let scratch = Scratch::new();
    let file = scratch.write("jwt", "old-jwt-of-the-workload");
    let auth = D::workload(None, None, &D::token_file(&file).unwrap()).unwrap();
    let client: D = client_of(&protected, &auth);
    for _ in 0..3 {
        let failure = fails(client.ping(), Status::Unauthorized);
        assert!(!failure.message.contains("old-jwt"), "{failure:?}");
    }
    assert_eq!(provider.token_requests().len(), 1);
    scratch.write("jwt", "new-jwt-of-the-workload, longer".split(',').next().unwrap());
    client.ping().unwrap();
    assert_eq!(provider.token_requests().len(), 2);
}

fn an_identity_callback_is_told_the_audience<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let issuer = provider.issuer();
    let identity = D::token_provider(move |asked| {
        assert_eq!((asked.audience(), asked.challenge()), (Some(issuer.clone()), None));
        asked.set("jwt").unwrap();
    });
    let auth = D::workload(None, None, &identity).unwrap();
    drop(identity);
    client_of::<D>(&protected, &auth).ping().unwrap();
    fails(D::workload(None, None, &auth).map(drop), Status::InvalidArgument);
    fails(D::enterprise("https://idp.example", "c", None, &auth).map(drop), Status::InvalidArgument);
}

/// An identity provider that exchanges the ID token for an assertion.
fn identity_provider(issued_token_type: &'static str) -> Provider {
    let provider = Provider::start();
    provider.on_token(move |form| {
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
        assert_eq!(form["subject_token"], "id-token");
        assert_eq!(form["requested_token_type"], "urn:ietf:params:oauth:token-type:id-jag");
        let body = json!({"access_token": "id-jag", "token_type": "N_A", "issued_token_type": issued_token_type});
        Some(Answer::json(body.to_string()))
    });
    provider
}

fn enterprise<D: Driver>(idp: &Provider) -> D::Auth {
    let identity = D::bearer_auth("id-token").unwrap();
    let auth = D::enterprise(&idp.issuer(), "idp-client", None, &identity).unwrap();
    D::set_oauth(&auth, OAuth::Client(None, "mcp-client", Some("mcp-secret"))).unwrap();
    auth
}

fn an_enterprise_user_needs_no_login<D: Driver>() {
    let idp = identity_provider("urn:ietf:params:oauth:token-type:id-jag");
    let provider = Provider::start();
    let protected = provider.protect(modern());
    client_of::<D>(&protected, &enterprise::<D>(&idp)).ping().unwrap();
    let exchange = idp.token_requests().remove(0);
    assert_eq!(exchange["audience"], provider.issuer());
    assert_eq!(exchange["resource"], protected.url());
    assert_eq!(exchange["client_id"], "idp-client");
    let form = provider.token_requests().remove(0);
    assert_eq!((form["assertion"].as_str(), form.get("client_id")), ("id-jag", None));
    assert!(provider.requests_at("/token")[0].header("Authorization").unwrap().starts_with("Basic "));
}

fn another_type_of_assertion_is_refused<D: Driver>() {
    let idp = identity_provider("urn:ietf:params:oauth:token-type:access_token");
    let provider = Provider::start();
    let protected = provider.protect(modern());
    fails(client_of::<D>(&protected, &enterprise::<D>(&idp)).ping(), Status::Protocol);
    assert_eq!(provider.token_requests().len(), 0);
}

fn scopes_come_from_the_program_the_challenge_or_the_document<D: Driver>() {
    for (set, challenge, document, expected) in [
        (Some("a b"), Some("c"), Some("d"), Some("a b")),
        (None, Some("c e"), Some("d"), Some("c e")),
        (None, None, Some("d"), Some("d")),
        (None, None, None, None),
    ] {
        let provider = Provider::start();
        let protected = provider.protect(modern());
        if let Some(scope) = challenge {
            protected.challenge(&format!("Bearer scope=\"{scope}\""));
        }
        if let Some(scope) = document {
            protected.metadata("scopes_supported", json!([scope]));
        }
        let auth = service::<D>(&provider);
        D::set_oauth(&auth, OAuth::Scopes(set)).unwrap();
        client_of::<D>(&protected, &auth).ping().unwrap();
        assert_eq!(provider.token_requests()[0].get("scope").map(String::as_str), expected);
    }
}

fn a_missing_scope_is_asked_for_once<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    protected.metadata("scopes_supported", json!(["mcp:basic"]));
    protected.needs_scope("tools/call", "mcp:write");
    let client: D = client_of(&protected, &service::<D>(&provider));
    client.ping().unwrap();
    client.call_tool("say").unwrap();
    client.call_tool("say").unwrap();
    let scopes: Vec<String> = provider.token_requests().into_iter().map(|form| form["scope"].clone()).collect();
    assert_eq!(scopes, ["mcp:basic", "mcp:basic mcp:write"]);

    // A program that has set its scopes wants no others.
    let auth = service::<D>(&provider);
    D::set_oauth(&auth, OAuth::Scopes(Some("mcp:basic"))).unwrap();
    let failure = fails(client_of::<D>(&protected, &auth).call_tool("say"), Status::Forbidden);
    assert_eq!(failure.parameter("scope"), Some("mcp:write"));
    assert_eq!(provider.token_requests().len(), 3);
}

fn a_server_that_always_lacks_a_scope_sees_one_step_up<D: Driver>() {
    for granted in [None, Some("mcp:basic")] {
        let provider = Provider::start();
        let protected = provider.protect(modern());
        protected.needs_scope("tools/call", "mcp:write");
        if let Some(granted) = granted {
            provider.token_member("scope", granted.into());
        }
        provider.on_token(|form| {
            // A token without scopes, even when scopes were asked for.
            let scope = form.get("scope").cloned().unwrap_or_default();
            scope.contains("write").then(|| oauth_error(400, "invalid_scope", "mcp:write is not for you"))
        });
        let client: D = client_of(&protected, &service::<D>(&provider));
        client.ping().unwrap();
        let failure = fails(client.call_tool("say"), Status::Unauthorized);
        assert_eq!(failure.parameter("error"), Some("invalid_scope"));
        // Asked for once, it is not asked for again: the server's own refusal stands.
        let failure = fails(client.call_tool("say"), Status::Forbidden);
        assert_eq!(failure.parameter("error"), Some("insufficient_scope"));
        assert_eq!(provider.token_requests().len(), 2);
        client.ping().unwrap();
    }
}

fn credentials_of_another_issuer_go_nowhere<D: Driver>() {
    let (own, other) = (Provider::start(), Provider::start());
    let protected = other.protect(modern());
    let failure = fails(client_of::<D>(&protected, &service::<D>(&own)).ping(), Status::InvalidState);
    assert!(failure.message.contains(&own.issuer()) && failure.message.contains(&other.issuer()), "{failure:?}");
    assert_eq!((own.server.requests().len(), other.server.requests().len()), (0, 0));
}

fn credentials_without_an_issuer_stay_with_the_first<D: Driver>() {
    let (first, second) = (Provider::start(), Provider::start());
    let auth = D::client_credentials(None, "my-daemon", "s3cret").unwrap();
    client_of::<D>(&first.protect(modern()), &auth).ping().unwrap();
    let protected = second.protect(modern());
    fails(client_of::<D>(&protected, &auth).ping(), Status::InvalidState);
    // A rotated secret is for the same issuer.
    D::set_oauth(&auth, OAuth::Client(None, "my-daemon", Some("rotated"))).unwrap();
    fails(client_of::<D>(&protected, &auth).ping(), Status::InvalidState);
    assert!(!String::from_utf8_lossy(&second.server.received()).contains("Authorization"));
}

fn what_the_authorization_server_says_is_in_the_error<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    provider.on_token(|_| Some(oauth_error(401, "invalid_client", "the secret s3cret is wrong")));
    let failure = fails(client_of::<D>(&protected, &service::<D>(&provider)).ping(), Status::Unauthorized);
    assert_eq!(failure.parameter("error"), Some("invalid_client"));
    assert_eq!(failure.parameter("error_description"), Some("the secret [redacted] is wrong"));
    assert_eq!(failure.parameter("error_uri"), Some("https://auth.example/help"));
    assert!(failure.message.contains(&provider.issuer()) && !failure.message.contains("s3cret"), "{failure:?}");
    assert_eq!(failure.http_status, 401);
    provider.on_token(|_| Some(Answer::status(503)));
    fails(client_of::<D>(&protected, &service::<D>(&provider)).ping(), Status::Http);
    provider.on_token(|_| Some(Answer::json("<html>")));
    fails(client_of::<D>(&protected, &service::<D>(&provider)).ping(), Status::Protocol);
    provider.on_token(|_| Some(Answer::json(r#"{"access_token":"a b","token_type":"Bearer"}"#)));
    fails(client_of::<D>(&protected, &service::<D>(&provider)).ping(), Status::Protocol);
    provider.on_token(|_| Some(Answer::json(r#"{"access_token":"a","token_type":"mac"}"#)));
    fails(client_of::<D>(&protected, &service::<D>(&provider)).ping(), Status::Protocol);
}

fn sixteen_calls_make_one_grant<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let auth = service::<D>(&provider);
    let clients: Vec<D> = (0..16).map(|_| client_of(&protected, &auth)).collect();
    thread::scope(|scope| {
        let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.ping())).collect();
        calls.into_iter().for_each(|call| call.join().unwrap().unwrap());
    });
    assert_eq!(provider.token_requests().len(), 1);
    provider.expire_tokens();
    thread::scope(|scope| {
        let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.ping())).collect();
        calls.into_iter().for_each(|call| call.join().unwrap().unwrap());
    });
    assert_eq!(provider.token_requests().len(), 2);
}

fn one_object_serves_several_servers<D: Driver>() {
    let provider = Provider::start();
    let (one, other) = (provider.protect(modern()), provider.protect(modern()));
    let auth = service::<D>(&provider);
    for protected in [&one, &other] {
        client_of::<D>(protected, &auth).ping().unwrap();
    }
    let resources: Vec<String> = provider.token_requests().into_iter().map(|form| form["resource"].clone()).collect();
    assert_eq!(resources, [one.url(), other.url()]);
    let token = |protected: &crate::support::oauth::Protected| protected.authorizations().pop().unwrap();
    assert_ne!(token(&one), token(&other));
}

fn http_sse_is_authorized_too<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(sse());
    let client: D = client_of(&protected, &service::<D>(&provider));
    client.set_transport(mcpclient::TransportKind::Sse).unwrap();
    // Every path of this server wants a token but those of the metadata.
    client.ping().unwrap();
    provider.expire_tokens();
    client.ping().unwrap();
    assert_eq!(provider.token_requests().len(), 2);
}

fn the_extension_is_declared<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let auth = service::<D>(&provider);
    D::set_oauth(&auth, OAuth::Dpop(1)).unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    let request = protected.server.named("server/discover").pop().unwrap();
    let capabilities = &request.message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    let expected = json!({
        "io.modelcontextprotocol/oauth-client-credentials": {},
        "io.modelcontextprotocol/auth/dpop": {},
        "io.modelcontextprotocol/tasks": {},
    });
    assert_eq!(capabilities["extensions"], expected);
}

fn dpop_is_asked_for_and_refused_if_missing<D: Driver>() {
    let provider = Provider::start();
    let protected = provider.protect(modern());
    let auth = service::<D>(&provider);
    let count = Arc::new(AtomicUsize::new(0));
    // Not offered: bearer tokens will do.
    D::set_oauth(&auth, OAuth::Dpop(1)).unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    assert_eq!(provider.requests_at("/token")[0].header("DPoP"), None);
    // Wanted in any case: a bearer token is no answer.
    let auth = service::<D>(&provider);
    D::set_oauth(&auth, OAuth::Dpop(2)).unwrap();
    fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
    assert!(provider.requests_at("/token")[1].header("DPoP").is_some());
    // The nonce that the authorization server asks for is sent once, in a new proof.
    let asked = count.clone();
    provider.metadata("dpop_signing_alg_values_supported", json!(["ES256"]));
    provider.on_token(move |_| {
        (asked.fetch_add(1, Ordering::SeqCst) == 0)
            .then(|| oauth_error(400, "use_dpop_nonce", "a nonce is needed").header("DPoP-Nonce", "n1"))
    });
    let auth = service::<D>(&provider);
    D::set_oauth(&auth, OAuth::Dpop(1)).unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    let proofs: Vec<Value> = provider.requests_at("/token")[2..]
        .iter()
        .map(|request| decoded(request.header("DPoP").unwrap().split('.').nth(1).unwrap()))
        .collect();
    assert_eq!((proofs.len(), &proofs[0]["nonce"], &proofs[1]["nonce"]), (2, &Value::Null, &json!("n1")));
    assert_ne!(proofs[0]["jti"], proofs[1]["jti"]);
}
