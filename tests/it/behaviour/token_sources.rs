//! Tokens that come from a file or from a callback.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcpclient::Status;

use crate::support::mcp::{LEGACY, legacy, modern, require_bearer, sse, unauthorized};
use crate::support::*;

cases!(
    a_file_is_read_and_its_white_space_dropped,
    a_file_is_read_again_when_it_changes,
    a_file_is_read_again_after_a_401,
    a_file_with_the_refused_token_is_not_tried_again,
    files_that_cannot_be_used,
    a_fifo_is_no_token_file,
    a_file_that_disappears_and_comes_back,
    a_provider_is_asked_once_for_many_calls,
    a_provider_is_asked_again_after_a_401,
    a_provider_that_gives_the_refused_token_again,
    a_file_that_was_rotated_last_says_goodbye,
    a_provider_is_asked_again_after_a_401_over_http_sse,
    a_provider_that_goes_on_giving_bad_tokens,
    a_provider_that_gives_none,
    a_provider_that_gives_none_after_a_401,
    a_provider_whose_token_cannot_be_used,
    providers_are_released_with_their_last_user,
    a_403_does_not_ask_again,
    a_token_file_that_is_gone_after_a_401,
);

/// A file of its own for a test, in a directory that goes away with it.
struct TokenFile(PathBuf);

impl TokenFile {
    fn with(text: &str) -> TokenFile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("mcpclient-token-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let file = TokenFile(directory.join("token"));
        file.replace(text);
        file
    }

    /// As Kubernetes does it: a new file takes the place of the old one.
    fn replace(&self, text: &str) {
        let new = self.0.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &self.0).unwrap();
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        fs::remove_dir_all(self.0.parent().unwrap()).unwrap();
    }
}

fn with_file<D: Driver>(server: &Server, file: &TokenFile) -> D {
    let client: D = client(server);
    client.set_auth(Some(&D::token_file(file.path()).unwrap())).unwrap();
    client
}

fn a_file_is_read_and_its_white_space_dropped<D: Driver>() {
    for text in ["tok", "tok\n", "tok\r\n", "tok \t\n\n"] {
        let server = Server::start(require_bearer("tok", legacy(LEGACY)));
        let client: D = with_file(&server, &TokenFile::with(text));
        client.ping().unwrap_or_else(|failure| panic!("{text:?}: {failure:?}"));
    }
}

fn a_file_is_read_again_when_it_changes<D: Driver>() {
    let server = Server::start(modern());
    let file = TokenFile::with("tok-0\n");
    let client: D = with_file(&server, &file);
    for number in 0..5 {
        file.replace(&format!("tok-{number}\n"));
        client.ping().unwrap();
        let expected = format!("Bearer tok-{number}");
        assert_eq!(server.requests().pop().unwrap().header("Authorization"), Some(expected.as_str()));
    }
    assert_eq!(server.requests().len(), 5);
}

/// A token that was refused is read again, even when the file's stamp has not changed.
fn a_file_is_read_again_after_a_401<D: Driver>() {
    let server = Server::start(require_bearer("new-token", modern()));
    let file = TokenFile::with("old-token\n");
    let client: D = with_file(&server, &file);
    fails(client.ping(), Status::Unauthorized);
    let time = fs::metadata(file.path()).unwrap().modified().unwrap();
    fs::write(file.path(), "new-token\n").unwrap();
    File::options().write(true).open(file.path()).unwrap().set_modified(time).unwrap();
    client.ping().unwrap();
}

fn a_file_with_the_refused_token_is_not_tried_again<D: Driver>() {
    let server = Server::start(require_bearer("right", modern()));
    let file = TokenFile::with("wrong\n");
    let client: D = with_file(&server, &file);
    fails(client.ping(), Status::Unauthorized);
    assert_eq!(server.requests().len(), 1, "{:?}", server.names());
}

fn files_that_cannot_be_used<D: Driver>() {
    for text in ["", "\n", " \n", "Bearer s3cret", "bearer s3cret\n", "s3cret\nsecond line", "s3 cret", "s\u{e9}cret"] {
        let server = Server::start(modern());
        let file = TokenFile::with(text);
        let outcome = D::token_file(file.path()).and_then(|auth| {
            let client: D = client(&server);
            client.set_auth(Some(&auth))?;
            client.ping()
        });
        let failure = fails(outcome, Status::InvalidArgument);
        assert!(!failure.message.contains("cret"), "{}", failure.message);
        assert_eq!(server.connections(), 0);
    }
    let missing = D::token_file(Path::new("/nonexistent/token")).and_then(|auth| {
        let server = Server::start(modern());
        let client: D = client(&server);
        client.set_auth(Some(&auth))?;
        client.ping()
    });
    let failure = fails(missing, Status::InvalidArgument);
    assert!(failure.message.contains("/nonexistent/token"), "{}", failure.message);
}

fn a_fifo_is_no_token_file<D: Driver>() {
    let server = Server::start(modern());
    let file = TokenFile::with("good");
    let client: D = client(&server);
    let auth = D::token_file(file.path()).unwrap();
    client.set_auth(Some(&auth)).unwrap();
    client.ping().unwrap();

    // It would block without a writer, whenever it takes the place of the file.
    fs::remove_file(file.path()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(file.path()).status().unwrap().success());
    let (took, outcome) = timed(|| client.ping());
    assert!(fails(outcome, Status::InvalidState).message.contains("not a regular file"));
    assert!(took < stretched(Duration::from_secs(2)), "{took:?}");
    let (took, outcome) = timed(|| D::token_file(file.path()).map(drop));
    assert!(fails(outcome, Status::InvalidArgument).message.contains("not a regular file"));
    assert!(took < stretched(Duration::from_secs(2)), "{took:?}");

    file.replace("better");
    client.ping().unwrap();
    assert_eq!(server.requests().last().unwrap().header("Authorization"), Some("Bearer better"));
}

fn a_file_that_disappears_and_comes_back<D: Driver>() {
    let server = Server::start(modern());
    let file = TokenFile::with("tok\n");
    let client: D = with_file(&server, &file);
    client.ping().unwrap();
    fs::remove_file(file.path()).unwrap();
    client.ping().unwrap();
    file.replace("tok-2\n");
    client.ping().unwrap();
    let sent: Vec<_> = server.requests().iter().map(|sent| sent.header("Authorization").unwrap().to_owned()).collect();
    assert_eq!(sent, ["Bearer tok", "Bearer tok", "Bearer tok-2"]);
}

/// What a provider was asked, and what it gives: one token after the other, then none.
#[derive(Clone)]
struct Asking {
    challenges: Arc<Mutex<Vec<Option<String>>>>,
    tokens: Arc<Mutex<Vec<&'static str>>>,
}

impl Asking {
    fn client<D: Driver>(url: &str, tokens: &[&'static str]) -> (Asking, D) {
        let tokens = tokens.iter().rev().copied().collect();
        let asking = Asking { challenges: Arc::default(), tokens: Arc::new(Mutex::new(tokens)) };
        let kept = asking.clone();
        let auth = D::token_provider(move |request| {
            kept.challenges.lock().unwrap().push(request.challenge());
            if let Some(token) = kept.tokens.lock().unwrap().pop() {
                request.set(token).unwrap();
            }
        });
        let client: D = client_at(url);
        client.set_auth(Some(&auth)).unwrap();
        (asking, client)
    }

    fn challenges(&self) -> Vec<Option<String>> {
        self.challenges.lock().unwrap().clone()
    }
}

fn challenge() -> Option<String> {
    Some(r#"Bearer error="invalid_token", error_description="The access token expired""#.to_owned())
}

fn a_provider_is_asked_once_for_many_calls<D: Driver>() {
    let server = Server::start(require_bearer("one", legacy(LEGACY)));
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one", "two"]);
    assert_eq!(asking.challenges(), []);
    client.ping().unwrap();
    client.ping().unwrap();
    client.close();
    client.ping().unwrap();
    assert_eq!(asking.challenges(), [None]);
}

/// The server must know who ends the session.
fn a_file_that_was_rotated_last_says_goodbye<D: Driver>() {
    let server = Server::start(legacy(LEGACY));
    let file = TokenFile::with("before\n");
    let client: D = with_file(&server, &file);
    client.ping().unwrap();
    file.replace("afterwards\n");
    client.close();
    assert_eq!(server.named("DELETE")[0].header("Authorization"), Some("Bearer afterwards"));
}

/// As a callback does that keeps its token until it has expired.
fn a_provider_that_gives_the_refused_token_again<D: Driver>() {
    let server = Server::start(unauthorized());
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one", "one", "one"]);
    fails(client.ping(), Status::Unauthorized);
    assert_eq!(asking.challenges(), [None, challenge()]);
    assert_eq!(server.requests().len(), 1, "a refused token is sent once");
}

fn a_provider_is_asked_again_after_a_401<D: Driver>() {
    for first in [true, false] {
        let server = Server::start(legacy(LEGACY));
        let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one", "two", "three"]);
        if !first {
            client.ping().unwrap();
        }
        let before = server.requests().len();
        server.once("*", unauthorized());
        client.ping().unwrap();
        assert_eq!(asking.challenges(), [None, challenge()]);
        let after = server.requests().split_off(before);
        assert_eq!(after[0].header("Authorization"), Some("Bearer one"));
        assert!(after[1..].iter().all(|request| request.header("Authorization") == Some("Bearer two")));
        assert_eq!(
            (&after[0].method, &after[0].target, &after[0].body),
            (&after[1].method, &after[1].target, &after[1].body)
        );
        client.ping().unwrap();
        assert_eq!(asking.challenges().len(), 2);
    }
}

fn a_provider_is_asked_again_after_a_401_over_http_sse<D: Driver>() {
    for name in ["GET", "initialize", "ping"] {
        let server = Server::start(sse());
        let (asking, client) = Asking::client::<D>(&server.url("/sse"), &["one", "two"]);
        server.once(name, unauthorized());
        client.ping().unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        assert_eq!(asking.challenges(), [None, challenge()], "{name}");
        assert_eq!(server.named(name).len(), 2);
    }
}

fn a_provider_that_goes_on_giving_bad_tokens<D: Driver>() {
    let server = Server::start(unauthorized());
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one", "two", "three", "four"]);
    fails(client.ping(), Status::Unauthorized);
    assert_eq!(asking.challenges(), [None, challenge()]);
    assert_eq!(server.requests().len(), 2, "{:?}", server.names());
}

fn a_provider_that_gives_none<D: Driver>() {
    let server = Server::start(modern());
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &[]);
    fails(client.ping(), Status::InvalidState);
    assert_eq!(asking.challenges(), [None]);
    assert_eq!(server.requests().len(), 0);
}

fn a_provider_that_gives_none_after_a_401<D: Driver>() {
    let server = Server::start(unauthorized());
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one"]);
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.www_authenticate, challenge());
    assert!(failure.message.contains("The access token expired"), "{}", failure.message);
    assert_eq!(asking.challenges(), [None, challenge()]);
    assert_eq!(server.requests().len(), 1);
}

fn a_provider_whose_token_cannot_be_used<D: Driver>() {
    let server = Server::start(modern());
    let seen: Arc<Mutex<Vec<Failure>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let auth = D::token_provider(move |request| {
        for token in ["", "Bearer s3cret", "s3cret\n", "s3 cret"] {
            kept.lock().unwrap().extend(request.set(token).err());
        }
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    fails(client.ping(), Status::InvalidState);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 4);
    for failure in seen.iter() {
        assert_eq!(failure.status, Status::InvalidArgument as i32);
        assert!(!failure.message.contains("cret"), "{}", failure.message);
    }
    assert_eq!(server.requests().len(), 0);
}

fn providers_are_released_with_their_last_user<D: Driver>() {
    let server = Server::start(modern());
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one"]);
    client.ping().unwrap();
    assert_eq!(Arc::strong_count(&asking.challenges), 2);
    drop(client);
    assert_eq!(Arc::strong_count(&asking.challenges), 1);
}

fn a_403_does_not_ask_again<D: Driver>() {
    let server = Server::start(Answer::status(403).header("WWW-Authenticate", r#"Bearer error="insufficient_scope""#));
    let (asking, client) = Asking::client::<D>(&server.url("/mcp"), &["one", "two"]);
    fails(client.ping(), Status::Forbidden);
    assert_eq!(asking.challenges(), [None]);
    assert_eq!(server.requests().len(), 1);
}

fn a_token_file_that_is_gone_after_a_401<D: Driver>() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("mcpclient-gone-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, "tok\n").unwrap();
    let auth = D::token_file(&path).unwrap();
    let server = Server::start(move |_: &Request, connection: &mut Connection| {
        std::fs::remove_file(&path)?;
        connection.send(&mcp::unauthorized())
    });
    let client: D = client(&server);
    client.set_auth(Some(&auth)).unwrap();
    let failure = fails(client.ping(), Status::Unauthorized);
    assert_eq!(failure.parameter("error"), Some("invalid_token"));
    assert_eq!(server.requests().len(), 1);
}
