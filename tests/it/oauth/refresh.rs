//! Tokens that are renewed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mcpclient::Status;
use serde_json::json;

use super::client_of;
use crate::support::mcp::modern;
use crate::support::oauth::{Protected, Provider, oauth_error};
use crate::support::*;

cases!(
    a_refused_token_is_refreshed_without_a_login,
    a_token_that_ends_is_refreshed_before,
    a_rotated_refresh_token_replaces_the_old,
    a_refresh_that_fails_leaves_a_good_token,
    a_refresh_token_that_is_gone_means_a_login,
    a_client_that_is_gone_is_registered_again,
    a_refresh_that_fails_otherwise_is_the_error,
    a_server_that_refuses_every_token_ends_soon,
    forgetting_logs_out_and_revokes,
);

struct Person {
    provider: Arc<Provider>,
    protected: Protected,
    logins: Arc<AtomicUsize>,
}

impl Person {
    fn new() -> Person {
        let provider = Arc::new(Provider::start());
        let protected = provider.protect(modern());
        Person { provider, protected, logins: Arc::default() }
    }

    fn auth<D: Driver>(&self) -> D::Auth {
        let (provider, logins) = (self.provider.clone(), self.logins.clone());
        D::login(move |login| {
            logins.fetch_add(1, Ordering::SeqCst);
            login.finish(&provider.agree(&login.url())).unwrap();
        })
    }

    fn client<D: Driver>(&self) -> D {
        client_of(&self.protected, &self.auth::<D>())
    }

    fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    fn refreshes(&self) -> Vec<String> {
        let requests = self.provider.token_requests().into_iter();
        requests.filter_map(|form| form.get("refresh_token").cloned()).collect()
    }
}

fn a_refused_token_is_refreshed_without_a_login<D: Driver>() {
    let person = Person::new();
    let client: D = person.client();
    client.ping().unwrap();
    for _ in 0..3 {
        person.provider.expire_tokens();
        client.call_tool("say").unwrap();
    }
    assert_eq!((person.logins(), person.refreshes().len()), (1, 3));
    let form = person.provider.token_requests().pop().unwrap();
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["resource"], person.protected.url());
    assert!(!form.contains_key("scope"), "the scopes stay as they are (RFC 6749, section 6)");
}

fn a_token_that_ends_is_refreshed_before<D: Driver>() {
    let person = Person::new();
    person.provider.token_member("expires_in", json!(1));
    let client: D = person.client();
    client.ping().unwrap();
    thread::sleep(Duration::from_millis(1100));
    person.protected.server.forget();
    client.ping().unwrap();
    assert_eq!((person.logins(), person.refreshes().len()), (1, 1));
    assert!(person.protected.authorizations().iter().all(|value| !value.is_empty()), "no 401 was needed");
}

fn a_rotated_refresh_token_replaces_the_old<D: Driver>() {
    let person = Person::new();
    let client: D = person.client();
    client.ping().unwrap();
    for _ in 0..4 {
        person.provider.expire_tokens();
        client.ping().unwrap();
    }
    let mut used = person.refreshes();
    assert_eq!(used.len(), 4);
    used.dedup();
    assert_eq!(used.len(), 4, "no refresh token is used twice");
    assert_eq!(person.logins(), 1);
}

fn a_refresh_that_fails_leaves_a_good_token<D: Driver>() {
    let person = Person::new();
    // Due at once, since less than a tenth of its life is left, and good for long.
    person.provider.token_member("expires_in", json!(100_000));
    let client: D = person.client();
    client.ping().unwrap();
    person.provider.token_member("expires_in", json!(4));
    person.provider.expire_tokens();
    client.ping().unwrap();
    person.provider.on_token(|_| Some(Answer::status(503)));
    for _ in 0..3 {
        client.ping().unwrap();
    }
    assert_eq!(person.logins(), 1);
}

fn a_refresh_token_that_is_gone_means_a_login<D: Driver>() {
    let person = Person::new();
    let client: D = person.client();
    client.ping().unwrap();
    person.provider.expire_tokens();
    person.provider.revoke_refresh_tokens();
    client.ping().unwrap();
    assert_eq!((person.logins(), person.refreshes().len()), (2, 1));
    client.ping().unwrap();
    assert_eq!(person.provider.token_requests().len(), 3);
}

fn a_client_that_is_gone_is_registered_again<D: Driver>() {
    let person = Person::new();
    let client: D = person.client();
    client.ping().unwrap();
    person.provider.expire_tokens();
    person.provider.on_token(|form| {
        (form["grant_type"] == "refresh_token").then(|| oauth_error(401, "invalid_client", "no such client"))
    });
    client.ping().unwrap();
    assert_eq!((person.logins(), person.provider.requests_at("/register").len()), (2, 2));
}

fn a_refresh_that_fails_otherwise_is_the_error<D: Driver>() {
    let person = Person::new();
    let client: D = person.client();
    client.ping().unwrap();
    person.provider.expire_tokens();
    person.provider.on_token(|_| Some(Answer::status(503)));
    let failure = fails(client.ping(), Status::Http);
    assert!(failure.message.contains(&person.provider.issuer()), "{failure:?}");
    // The refresh token is kept for better times.
    person.provider.on_token(|_| None);
    client.ping().unwrap();
    assert_eq!(person.logins(), 1);
}

fn a_server_that_refuses_every_token_ends_soon<D: Driver>() {
    let person = Person::new();
    let client: D = person.client();
    client.ping().unwrap();
    person.protected.refuse_all();
    person.protected.server.forget();
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.http_status, 401);
    // One refresh, one login, and the server's word stands.
    assert_eq!((person.logins(), person.refreshes().len()), (2, 1));
    assert_eq!(person.protected.authorizations().len(), 3);
}

fn forgetting_logs_out_and_revokes<D: Driver>() {
    let person = Person::new();
    let auth = person.auth::<D>();
    let client: D = client_of(&person.protected, &auth);
    D::set_oauth(&auth, OAuth::Forget).unwrap();
    client.ping().unwrap();
    D::set_oauth(&auth, OAuth::Forget).unwrap();
    let revocations = person.provider.requests_at("/revoke");
    assert_eq!(revocations.len(), 1);
    let form = String::from_utf8(revocations[0].body.clone()).unwrap();
    assert!(form.starts_with("token=refresh-token-") && form.contains("token_type_hint=refresh_token"), "{form}");
    client.ping().unwrap();
    assert_eq!(person.logins(), 2);
    // A server that is away does not matter.
    person.provider.at("/revoke", Answer::status(500));
    D::set_oauth(&auth, OAuth::Forget).unwrap();
}
