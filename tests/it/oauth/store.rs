//! Grants that survive the process.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mcpclient::Status;
use serde_json::{Value, json};

use super::{Scratch, client_of};
use crate::support::mcp::modern;
use crate::support::oauth::{Protected, Provider};
use crate::support::*;

cases!(
    a_grant_in_a_file_needs_no_second_login,
    a_grant_in_the_programs_own_store,
    a_store_that_forgets_or_lies,
    what_a_file_must_be,
    what_is_stored_and_what_is_not,
    a_rotating_server_and_many_users_of_one_file,
    forgetting_removes_the_entry,
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

    /// As after a start of the program.
    fn auth<D: Driver>(&self) -> D::Auth {
        let (provider, logins) = (self.provider.clone(), self.logins.clone());
        D::login(move |login| {
            logins.fetch_add(1, Ordering::SeqCst);
            login.finish(&provider.agree(&login.url())).unwrap();
        })
    }

    fn with_file<D: Driver>(&self, path: &std::path::Path) -> D {
        let auth = self.auth::<D>();
        D::set_oauth(&auth, OAuth::StoreFile(path)).unwrap();
        client_of(&self.protected, &auth)
    }

    fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }
}

fn a_grant_in_a_file_needs_no_second_login<D: Driver>() {
    let (person, scratch) = (Person::new(), Scratch::new());
    let path = scratch.file("grants");
    for _ in 0..3 {
        person.with_file::<D>(&path).ping().unwrap();
    }
    assert_eq!((person.logins(), person.provider.token_requests().len()), (1, 1));
    // A token that is no good any more is refreshed, with the registration of the first run.
    person.provider.expire_tokens();
    person.with_file::<D>(&path).ping().unwrap();
    assert_eq!((person.logins(), person.provider.token_requests().len()), (1, 2));
    assert_eq!(person.provider.requests_at("/register").len(), 1);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

type Shelf = Arc<Mutex<HashMap<String, String>>>;

fn with_shelf<D: Driver>(person: &Person, shelf: &Shelf) -> D {
    let auth = person.auth::<D>();
    let (from, to) = (shelf.clone(), shelf.clone());
    let load = move |key: &str| from.lock().unwrap().get(key).cloned();
    let save = move |key: &str, data: Option<&str>| {
        let mut shelf = to.lock().unwrap();
        match data {
            Some(data) => drop(shelf.insert(key.to_owned(), data.to_owned())),
            None => drop(shelf.remove(key)),
        }
    };
    D::set_store(&auth, Box::new(load), Box::new(save)).unwrap();
    client_of(&person.protected, &auth)
}

fn a_grant_in_the_programs_own_store<D: Driver>() {
    let (person, shelf) = (Person::new(), Shelf::default());
    with_shelf::<D>(&person, &shelf).ping().unwrap();
    let key = shelf.lock().unwrap().keys().next().unwrap().clone();
    assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{key}");
    with_shelf::<D>(&person, &shelf).ping().unwrap();
    assert_eq!((person.logins(), shelf.lock().unwrap().len()), (1, 1));
    // What another process has refreshed is used.
    let (one, other): (D, D) = (with_shelf(&person, &shelf), with_shelf(&person, &shelf));
    one.ping().unwrap();
    other.ping().unwrap();
    for _ in 0..3 {
        person.provider.expire_tokens();
        one.ping().unwrap();
        other.ping().unwrap();
    }
    // Nor does it take a login when that is worth nothing any more either.
    person.provider.expire_tokens();
    one.ping().unwrap();
    person.provider.expire_tokens();
    other.ping().unwrap();
    assert_eq!(person.logins(), 1);
}

fn a_store_that_forgets_or_lies<D: Driver>() {
    let (person, shelf) = (Person::new(), Shelf::default());
    with_shelf::<D>(&person, &shelf).ping().unwrap();
    let stored = shelf.lock().unwrap().values().next().unwrap().clone();
    for data in ["", "{}", "[1]", "\u{1f600}", &stored[..stored.len() / 2], &stored.replace("/mcp", "/other")] {
        shelf.lock().unwrap().values_mut().for_each(|entry| *entry = data.to_owned());
        let before = person.logins();
        with_shelf::<D>(&person, &shelf).ping().unwrap();
        assert_eq!(person.logins(), before + 1, "{data}");
    }
}

fn what_a_file_must_be<D: Driver>() {
    let (person, scratch) = (Person::new(), Scratch::new());
    let path = scratch.write("grants", "{}");
    let set = |path: &std::path::Path| D::set_oauth(&person.auth::<D>(), OAuth::StoreFile(path));
    for mode in [0o644, 0o640, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let failure = fails(set(&path), Status::InvalidState);
        assert!(failure.message.contains("0600"), "{failure:?}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    set(&path).unwrap();
    symlink(&path, scratch.file("link")).unwrap();
    fails(set(&scratch.file("link")), Status::InvalidState);
    fails(set(scratch.path()), Status::InvalidState);
    // A directory that is not there is noticed when the grant is saved, and the grant is not used.
    let auth = person.auth::<D>();
    D::set_oauth(&auth, OAuth::StoreFile(&scratch.file("missing/grants"))).unwrap();
    fails(client_of::<D>(&person.protected, &auth).ping(), Status::InvalidState);
}

fn what_is_stored_and_what_is_not<D: Driver>() {
    let (person, scratch) = (Person::new(), Scratch::new());
    let path = scratch.file("grants");
    person.with_file::<D>(&path).ping().unwrap();
    let stored: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let entry = stored.as_object().unwrap().values().next().unwrap();
    assert_eq!((&entry["version"], &entry["issuer"]), (&json!(1), &json!(person.provider.issuer())));
    assert_eq!(
        (&entry["server"], &entry["resource"]),
        (&json!(person.protected.url()), &json!(person.protected.url()))
    );
    assert!(entry["access_token"].is_string() && entry["refresh_token"].is_string() && entry["client_id"].is_string());
    assert!(entry["expires_at"].is_u64());
    let text = stored.to_string();
    assert!(!text.contains("code-") && !text.contains("verifier"), "{text}");
    // What the program sets is the program's to keep.
    let auth = D::client_credentials(Some(&person.provider.issuer()), "my-daemon", "s3cret-of-the-daemon").unwrap();
    D::set_oauth(&auth, OAuth::StoreFile(&path)).unwrap();
    client_of::<D>(&person.protected, &auth).ping().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("s3cret") && text.matches("\"version\"").count() == 2, "{text}");
}

fn a_rotating_server_and_many_users_of_one_file<D: Driver>() {
    let (person, scratch) = (Person::new(), Scratch::new());
    // Tokens end soon, and a refresh token is good for one use.
    person.provider.token_member("expires_in", json!(1));
    let path = scratch.file("grants");
    let clients: Vec<D> = (0..4).map(|_| person.with_file(&path)).collect();
    clients[0].ping().unwrap();
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                for _ in 0..3 {
                    thread::sleep(Duration::from_millis(1050));
                    client.ping().unwrap();
                }
            });
        }
    });
    assert_eq!(person.logins(), 1, "no refresh token was lost");
    let refreshes = person.provider.token_requests().len() - 1;
    assert!((3..=8).contains(&refreshes), "{refreshes} refreshes: the users share what one of them has got");
}

fn forgetting_removes_the_entry<D: Driver>() {
    let (person, scratch) = (Person::new(), Scratch::new());
    let path = scratch.file("grants");
    let auth = person.auth::<D>();
    D::set_oauth(&auth, OAuth::StoreFile(&path)).unwrap();
    client_of::<D>(&person.protected, &auth).ping().unwrap();
    D::set_oauth(&auth, OAuth::Forget).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap(), json!({}));
    person.with_file::<D>(&path).ping().unwrap();
    assert_eq!(person.logins(), 2);
}
