//! A person who logs in: in the callback, by the loopback listener, or by the program's own web server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use mcpclient::Status;
use serde_json::json;
use url::Url;

use super::client_of;
use crate::support::mcp::{LEGACY, legacy, modern};
use crate::support::oauth::{Protected, Provider, query};
use crate::support::*;

cases!(
    a_pasted_url_finishes_a_login,
    the_listener_takes_the_browser,
    the_listener_ignores_everything_else,
    a_web_server_of_the_program_hands_over_the_url,
    the_authorization_request_has_what_it_must,
    offline_access_is_asked_for_where_it_is_known,
    a_client_that_is_set_is_not_registered,
    a_metadata_url_is_the_client_id_where_that_is_supported,
    a_refused_redirect_is_tried_with_localhost,
    a_server_without_registration,
    a_person_takes_longer_than_the_call_may,
    a_login_that_takes_too_long,
    a_login_that_is_given_up,
    a_login_that_is_denied,
    a_callback_that_needs_its_own_credentials,
    cancel_ends_a_login_and_leaves_the_others,
    those_who_wait_keep_their_own_limits,
    a_registration_is_used_again,
    a_login_page_must_be_safe,
    a_moved_authorization_server_gets_nothing_of_the_old,
);

/// Credentials of a person who agrees at once and pastes the URL.
fn agreeing<D: Driver>(provider: &Arc<Provider>) -> D::Auth {
    let provider = provider.clone();
    D::login(move |login| login.finish(&provider.agree(&login.url())).unwrap())
}

fn start() -> (Arc<Provider>, Protected) {
    let provider = Arc::new(Provider::start());
    let protected = provider.protect(modern());
    (provider, protected)
}

fn a_pasted_url_finishes_a_login<D: Driver>() {
    for session in [true, false] {
        let provider = Arc::new(Provider::start());
        let protected = if session { provider.protect(legacy(LEGACY)) } else { provider.protect(modern()) };
        let client: D = client_of(&protected, &agreeing::<D>(&provider));
        for ask in Ask::ALL {
            ask.of(&client).unwrap();
        }
        let form = &provider.token_requests()[0];
        assert_eq!((provider.token_requests().len(), form["grant_type"].as_str()), (1, "authorization_code"));
        assert_eq!((form["client_id"].as_str(), form["resource"].as_str()), ("client-0", protected.url().as_str()));
        assert!(form["redirect_uri"].starts_with("http://127.0.0.1:"));
    }
}

/// What a browser does: it follows the redirect to the listener. Gives the page.
fn visit(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    let mut stream = TcpStream::connect(&*url.socket_addrs(|| None).unwrap()).unwrap();
    let target = &url[url::Position::BeforePath..];
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", url.host_str().unwrap()).unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

fn the_listener_takes_the_browser<D: Driver>() {
    for redirect in [None, Some("http://localhost:0/done"), Some("http://127.0.0.1:0/"), Some("http://[::1]:0/x")] {
        let (provider, protected) = start();
        let (browser, pages) = (provider.clone(), Arc::new(Mutex::new(Vec::new())));
        let seen = pages.clone();
        let auth = D::login(move |login| {
            let target = browser.agree(&login.url());
            let seen = seen.clone();
            thread::spawn(move || seen.lock().unwrap().push(visit(&target)));
        });
        if let Some(redirect) = redirect {
            D::set_oauth(&auth, OAuth::RedirectUrl(redirect)).unwrap();
        }
        client_of::<D>(&protected, &auth).ping().unwrap();
        until("the page", || !pages.lock().unwrap().is_empty());
        let page = pages.lock().unwrap()[0].clone();
        assert!(page.starts_with("HTTP/1.1 200 ") && !page.contains("<script"), "{page}");
    }
}

fn the_listener_ignores_everything_else<D: Driver>() {
    let (provider, protected) = start();
    let browser = provider.clone();
    let auth = D::login(move |login| {
        let good = browser.agree(&login.url());
        thread::spawn(move || {
            let other_state = good.replace("state=", "state=x");
            let other_path = good.replace("/callback", "/elsewhere");
            let no_code = good.replace("code=", "kode=");
            for bad in [other_state, other_path, no_code] {
                assert!(visit(&bad).starts_with("HTTP/1.1 404 "), "{bad}");
            }
            let url = Url::parse(&good).unwrap();
            // A connection that says nothing, one that says too much, one that is no GET.
            let address = ("127.0.0.1", url.port().unwrap());
            let _silent = TcpStream::connect(address).unwrap();
            let _ = TcpStream::connect(address).unwrap().write_all(&[b'x'; 20_000]);
            let mut post = TcpStream::connect(address).unwrap();
            let _ = write!(post, "POST {} HTTP/1.1\r\n\r\n", &url[url::Position::BeforePath..]);
            assert!(visit(&good).starts_with("HTTP/1.1 200 "));
        });
    });
    client_of::<D>(&protected, &auth).ping().unwrap();
    assert_eq!(provider.token_requests().len(), 1);
}

fn a_web_server_of_the_program_hands_over_the_url<D: Driver>() {
    let (provider, protected) = start();
    let urls = Arc::new(Mutex::new(Vec::new()));
    let shown = urls.clone();
    let auth = D::login(move |login| shown.lock().unwrap().push(login.url()));
    D::set_oauth(&auth, OAuth::RedirectUrl("https://app.example/oauth/done")).unwrap();
    let client: D = client_of(&protected, &auth);
    fails(
        D::set_oauth(&auth, OAuth::FinishLogin("https://app.example/oauth/done?code=c&state=s")),
        Status::InvalidArgument,
    );
    thread::scope(|scope| {
        let call = scope.spawn(|| client.ping());
        until("a login", || !urls.lock().unwrap().is_empty());
        let redirected = provider.agree(&urls.lock().unwrap()[0]);
        assert!(redirected.starts_with("https://app.example/oauth/done?code="));
        let wrong = redirected.replace("state=", "state=x");
        fails(D::set_oauth(&auth, OAuth::FinishLogin(&wrong)), Status::InvalidArgument);
        D::set_oauth(&auth, OAuth::FinishLogin(&redirected)).unwrap();
        call.join().unwrap().unwrap();
    });
    let registered = &provider.requests_at("/register")[0].message;
    assert_eq!(registered["application_type"], "web");
}

fn the_authorization_request_has_what_it_must<D: Driver>() {
    let (provider, protected) = start();
    protected.metadata("scopes_supported", json!(["a", "b"]));
    provider.metadata("authorization_endpoint", format!("{}/authorize?tenant=1", provider.issuer()).into());
    let (browser, urls) = (provider.clone(), Arc::new(Mutex::new(Vec::new())));
    let (shown, server) = (urls.clone(), protected.url());
    let auth = D::login(move |login| {
        assert_eq!(login.server(), server);
        shown.lock().unwrap().push(login.url());
        login.finish(&browser.agree(&login.url())).unwrap();
    });
    D::set_oauth(&auth, OAuth::Parameter("access_type", Some("offline"))).unwrap();
    let client: D = client_of(&protected, &auth);
    client.set_client_info("my program", "1").unwrap();
    client.ping().unwrap();
    let asked = query(&urls.lock().unwrap()[0]);
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "client-0"),
        ("code_challenge_method", "S256"),
        ("scope", "a b"),
        ("resource", &protected.url()),
        ("access_type", "offline"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    assert!(asked["state"].len() >= 22 && asked["code_challenge"].len() == 43 && !asked.contains_key("prompt"));
    let registered = &provider.requests_at("/register")[0].message;
    assert_eq!(registered["client_name"], "my program");
    assert_eq!(registered["application_type"], "native");
    assert_eq!(registered["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(registered["redirect_uris"], json!([asked["redirect_uri"]]));
    // Without a resource for servers that know none.
    D::set_oauth(&auth, OAuth::Resource(Some(""))).unwrap();
    provider.expire_tokens();
    provider.revoke_refresh_tokens();
    client.ping().unwrap();
    assert!(!query(&urls.lock().unwrap()[1]).contains_key("resource"));
    assert!(!provider.token_requests().pop().unwrap().contains_key("resource"));
}

fn offline_access_is_asked_for_where_it_is_known<D: Driver>() {
    for (known, set, expected) in [(true, None, true), (false, None, false), (true, Some("a"), false)] {
        let (provider, protected) = start();
        protected.metadata("scopes_supported", json!(["a"]));
        if known {
            provider.metadata("scopes_supported", json!(["a", "b", "offline_access"]));
        }
        let (browser, urls) = (provider.clone(), Arc::new(Mutex::new(Vec::new())));
        let shown = urls.clone();
        let auth = D::login(move |login| {
            shown.lock().unwrap().push(login.url());
            login.finish(&browser.agree(&login.url())).unwrap();
        });
        D::set_oauth(&auth, OAuth::Scopes(set)).unwrap();
        client_of::<D>(&protected, &auth).ping().unwrap();
        let asked = query(&urls.lock().unwrap()[0]);
        assert_eq!(asked["scope"] == "a offline_access", expected, "{asked:?}");
        assert_eq!(asked.get("prompt").is_some_and(|prompt| prompt == "consent"), expected);
    }
}

fn a_client_that_is_set_is_not_registered<D: Driver>() {
    let (provider, protected) = start();
    let auth = agreeing::<D>(&provider);
    D::set_oauth(&auth, OAuth::Client(Some(&provider.issuer()), "known", Some("s3cret"))).unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    assert_eq!(provider.requests_at("/register").len(), 0);
    assert!(provider.requests_at("/token")[0].header("Authorization").unwrap().starts_with("Basic "));
}

fn a_metadata_url_is_the_client_id_where_that_is_supported<D: Driver>() {
    let url = "https://app.example/client.json";
    for supported in [true, false] {
        let (provider, protected) = start();
        provider.metadata("client_id_metadata_document_supported", supported.into());
        let auth = agreeing::<D>(&provider);
        D::set_oauth(&auth, OAuth::ClientMetadataUrl(url)).unwrap();
        client_of::<D>(&protected, &auth).ping().unwrap();
        assert_eq!(provider.requests_at("/register").len(), usize::from(!supported));
        assert_eq!(provider.token_requests()[0]["client_id"] == url, supported);
    }
}

fn a_refused_redirect_is_tried_with_localhost<D: Driver>() {
    let (provider, protected) = start();
    provider.on_register(|client| {
        let uri = client["redirect_uris"][0].as_str().unwrap().to_owned();
        uri.starts_with("http://127.0.0.1").then(|| {
            let body = r#"{"error":"invalid_redirect_uri","error_description":"use localhost"}"#;
            Answer::text(400, "application/json", body)
        })
    });
    client_of::<D>(&protected, &agreeing::<D>(&provider)).ping().unwrap();
    assert_eq!(provider.requests_at("/register").len(), 2);
    assert!(provider.token_requests()[0]["redirect_uri"].starts_with("http://localhost:"));
}

fn a_server_without_registration<D: Driver>() {
    let (provider, protected) = start();
    provider.metadata("registration_endpoint", json!(null));
    let failure = fails(client_of::<D>(&protected, &agreeing::<D>(&provider)).ping(), Status::Unauthorized);
    assert!(failure.message.contains("registers no clients"), "{failure:?}");
}

fn a_person_takes_longer_than_the_call_may<D: Driver>() {
    let (provider, protected) = start();
    let browser = provider.clone();
    let auth = D::login(move |login| {
        let url = browser.agree(&login.url());
        thread::sleep(Duration::from_millis(1500));
        login.finish(&url).unwrap();
    });
    let client: D = client_of(&protected, &auth);
    client.set_timeout(stretched(Duration::from_millis(1000)));
    client.ping().unwrap();
    client.call_tool("say").unwrap();
}

fn a_login_that_takes_too_long<D: Driver>() {
    let (_provider, protected) = start();
    let auth = D::login(|_| {});
    D::set_oauth(&auth, OAuth::LoginTimeout(Duration::from_millis(200))).unwrap();
    let (elapsed, outcome) = timed(|| client_of::<D>(&protected, &auth).ping());
    let failure = fails(outcome, Status::Timeout);
    assert!(failure.message.contains("login") && elapsed < stretched(Duration::from_secs(3)), "{failure:?}");
}

fn a_login_that_is_given_up<D: Driver>() {
    let (provider, protected) = start();
    let auth = D::login(|login| login.refuse());
    fails(client_of::<D>(&protected, &auth).ping(), Status::Unauthorized);
    assert_eq!(provider.token_requests().len(), 0);
}

fn a_login_that_is_denied<D: Driver>() {
    let (provider, protected) = start();
    let auth = D::login(|login| {
        let asked = query(&login.url());
        let url =
            format!("{}?error=access_denied&error_description=no&state={}", asked["redirect_uri"], asked["state"]);
        login.finish(&url).unwrap();
    });
    let failure = fails(client_of::<D>(&protected, &auth).ping(), Status::Unauthorized);
    assert_eq!(failure.parameter("error"), Some("access_denied"));
    assert_eq!(failure.parameter("error_description"), Some("no"));
    assert_eq!(provider.token_requests().len(), 0);
}

fn a_callback_that_needs_its_own_credentials<D: Driver>() {
    let (provider, protected) = start();
    let client: Arc<Mutex<Option<Arc<D>>>> = Arc::default();
    let (inner, browser) = (client.clone(), provider.clone());
    let auth = D::login(move |login| {
        let other = inner.lock().unwrap().clone().unwrap();
        fails(other.ping(), Status::InvalidState);
        login.finish(&browser.agree(&login.url())).unwrap();
    });
    // Another client, since this one is being connected.
    *client.lock().unwrap() = Some(Arc::new(client_of(&protected, &auth)));
    client_of::<D>(&protected, &auth).ping().unwrap();
    client.lock().unwrap().take();
}

fn cancel_ends_a_login_and_leaves_the_others<D: Driver>() {
    let (provider, protected) = start();
    let count = Arc::new(AtomicUsize::new(0));
    let (asked, browser) = (count.clone(), provider.clone());
    let auth = D::login(move |login| {
        // The first person never comes back.
        if asked.fetch_add(1, Ordering::SeqCst) > 0 {
            login.finish(&browser.agree(&login.url())).unwrap();
        }
    });
    let (first, second): (D, D) = (client_of(&protected, &auth), client_of(&protected, &auth));
    thread::scope(|scope| {
        let cancelled = scope.spawn(|| first.ping());
        until("a login", || count.load(Ordering::SeqCst) == 1);
        let waiting = scope.spawn(|| second.ping());
        until("a request that waits", || protected.authorizations().len() >= 2);
        first.cancel();
        fails(cancelled.join().unwrap(), Status::Cancelled);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

fn those_who_wait_keep_their_own_limits<D: Driver>() {
    let (provider, protected) = start();
    let (reached, browser) = (Arc::new(Barrier::new(2)), provider.clone());
    let begun = reached.clone();
    let auth = D::login(move |login| {
        begun.wait();
        thread::sleep(Duration::from_millis(1500));
        login.finish(&browser.agree(&login.url())).unwrap();
    });
    let (first, second): (D, D) = (client_of(&protected, &auth), client_of(&protected, &auth));
    second.set_timeout(Duration::from_millis(300));
    thread::scope(|scope| {
        let call = scope.spawn(|| first.ping());
        reached.wait();
        fails(second.ping(), Status::Timeout);
        call.join().unwrap().unwrap();
    });
}

fn a_registration_is_used_again<D: Driver>() {
    let (provider, protected) = start();
    let client: D = client_of(&protected, &agreeing::<D>(&provider));
    client.ping().unwrap();
    provider.expire_tokens();
    provider.revoke_refresh_tokens();
    client.ping().unwrap();
    assert_eq!(provider.requests_at("/register").len(), 1);
    let ids: Vec<String> = provider.token_requests().into_iter().map(|form| form["client_id"].clone()).collect();
    assert_eq!(ids, ["client-0"; 3], "a login, a refresh that fails, a login");
}

fn a_login_page_must_be_safe<D: Driver>() {
    for (name, value) in [
        ("code_challenge_methods_supported", json!(null)),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("authorization_endpoint", json!(null)),
        ("authorization_endpoint", json!("http://auth.example/authorize")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", json!("http://auth.example/token")),
        ("issuer", json!("https://evil.example")),
    ] {
        let (provider, protected) = start();
        provider.metadata(name, value.clone());
        let auth = D::login(|_| panic!("there is a login"));
        fails(client_of::<D>(&protected, &auth).ping(), Status::Protocol);
        assert_eq!(provider.token_requests().len(), 0, "{name} {value}");
    }
    // A program that knows better says so.
    let (provider, protected) = start();
    provider.metadata("code_challenge_methods_supported", json!(null));
    let auth = agreeing::<D>(&provider);
    let issuer = provider.issuer();
    let metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "code_challenge_methods_supported": ["S256"],
    });
    D::set_oauth(&auth, OAuth::Metadata(Some(&metadata.to_string()))).unwrap();
    client_of::<D>(&protected, &auth).ping().unwrap();
    assert_eq!(provider.requests_at("/.well-known/oauth-authorization-server").len(), 0);
}

fn a_moved_authorization_server_gets_nothing_of_the_old<D: Driver>() {
    let (old, protected) = start();
    let new = Arc::new(Provider::start());
    let (first, second) = (old.clone(), new.clone());
    let auth = D::login(move |login| {
        let provider = if login.url().starts_with(&first.issuer()) { &first } else { &second };
        login.finish(&provider.agree(&login.url())).unwrap();
    });
    let client: D = client_of(&protected, &auth);
    client.ping().unwrap();
    old.expire_tokens();
    protected.metadata("authorization_servers", json!([new.issuer()]));
    // This server knows the tokens of the old one alone: that the new one was asked is what counts.
    fails(client.ping(), Status::Unauthorized);
    assert_eq!((new.requests_at("/register").len(), new.token_requests().len()), (1, 1));
    let received = String::from_utf8_lossy(&new.server.received()).into_owned();
    assert!(!received.contains("refresh-token-") && !received.contains("access-token-"), "{received}");
}
