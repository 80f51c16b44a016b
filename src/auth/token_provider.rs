//! Tokens from a function of the caller.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::auth::single_flight::{SingleFlight, Turn};
use crate::auth::token::Token;
use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::foreign;

type Provide = Box<dyn Fn(&mut TokenRequest) + Send + Sync>;

/// What the function is given, and where it leaves the token.
#[derive(Debug)]
pub struct TokenRequest {
    challenge: Option<String>,
    audience: Option<String>,
    token: Option<Token>,
}

impl TokenRequest {
    /// The `WWW-Authenticate` header of the 401 that made a new token necessary; `None` before the first request.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// For the identity of a workload, the issuer that the token is for; else `None`.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// Hands over the token.
    pub fn set(&mut self, token: &str) -> Result<(), Error> {
        self.token = Some(Token::new(token).map_err(Error::InvalidArgument)?);
        Ok(())
    }
}

pub(super) struct TokenProvider {
    provide: Provide,
    latest: ArcSwapOption<Token>,
    /// One thread asks the function, the others wait for what it is told.
    asking: SingleFlight<Told>,
}

/// What came of asking the function.
#[derive(Clone)]
struct Told {
    /// The token that was to be replaced.
    refused: Option<Arc<Token>>,
    token: Option<Arc<Token>>,
}

impl TokenProvider {
    pub(super) fn new(provide: Provide) -> TokenProvider {
        TokenProvider { provide, latest: ArcSwapOption::empty(), asking: SingleFlight::default() }
    }

    pub(super) fn latest(&self) -> Option<Arc<Token>> {
        self.latest.load_full()
    }

    pub(super) fn token(&self, call: &Call) -> Result<Arc<Token>, Error> {
        self.newer_than(call, None, None)?.ok_or_else(none_set)
    }

    /// Asks for a token that says who the workload or user is. Such tokens live for minutes and are used once, so each is
    /// asked for anew.
    pub(super) fn identity_token(&self, call: &Call, audience: Option<&str>) -> Result<Arc<Token>, Error> {
        call.remaining()?;
        let mut request = TokenRequest { challenge: None, audience: audience.map(str::to_owned), token: None };
        foreign::run(|| (self.provide)(&mut request));
        request.token.take().map(Arc::new).ok_or_else(none_set)
    }

    /// Asks for a new token, unless another thread has got one since. `None`: the refusal stands.
    pub(super) fn after_refusal(
        &self,
        call: &Call,
        refused: &Arc<Token>,
        challenge: Option<&str>,
    ) -> Result<Option<Arc<Token>>, Error> {
        self.newer_than(call, Some(refused), Some(challenge.unwrap_or_default()))
    }

    /// Another token than the refused one. One thread asks for it; the others wait for what it is told.
    fn newer_than(
        &self,
        call: &Call,
        refused: Option<&Arc<Token>>,
        challenge: Option<&str>,
    ) -> Result<Option<Arc<Token>>, Error> {
        loop {
            if let Some(newer) = self.latest.load_full().filter(|latest| !same(Some(latest), refused)) {
                return Ok(Some(newer));
            }
            match self.asking.join(call)? {
                // Nothing came of it: there is no better answer for the same question.
                Turn::Follow(Some(told)) if told.token.is_none() && same(told.refused.as_ref(), refused) => {
                    return Ok(None);
                }
                Turn::Follow(_) => continue,
                Turn::Lead(lead) => {
                    // Another thread may have been told a token between the two looks.
                    let newer = self.latest.load_full().filter(|latest| !same(Some(latest), refused));
                    let token = newer.or_else(|| self.ask(challenge));
                    lead.finish(Told { refused: refused.cloned(), token: token.clone() });
                    return Ok(token);
                }
            }
        }
    }

    // No lock is held: the function may use a client that asks this very object.
    fn ask(&self, challenge: Option<&str>) -> Option<Arc<Token>> {
        let challenge = challenge.map(str::to_owned);
        let mut request = TokenRequest { challenge, audience: None, token: None };
        foreign::run(|| (self.provide)(&mut request));
        let token = request.token.take().map(Arc::new);
        self.latest.store(token.clone());
        token
    }
}

fn none_set() -> Error {
    Error::InvalidState("the token callback has set no token".to_owned())
}

/// Whether both are the same object, or nothing.
fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Barrier, OnceLock};
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn call() -> Call {
        Call::with_timeout(Duration::from_secs(10))
    }

    #[test]
    fn the_function_is_asked_once_and_again_after_a_refusal() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let provider = TokenProvider::new(Box::new(move |request| {
            let round = count.fetch_add(1, Ordering::Relaxed);
            assert_eq!(request.challenge().is_some(), round > 0);
            request.set(&format!("tok{round}")).unwrap();
        }));
        let first = provider.token(&call()).unwrap();
        assert_eq!(provider.token(&call()).unwrap(), first);
        let second = provider.after_refusal(&call(), &first, Some("Bearer")).unwrap().unwrap();
        assert_eq!(*second, Token::new("tok1").unwrap());
        // A thread whose older token was refused meanwhile gets the new one without a question.
        assert_eq!(provider.after_refusal(&call(), &first, None).unwrap().unwrap(), second);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_function_that_sets_nothing_fails_the_call() {
        let provider = TokenProvider::new(Box::new(|_| {}));
        assert!(matches!(provider.token(&call()), Err(Error::InvalidState(_))));
        let refused = Arc::new(Token::new("old").unwrap());
        assert!(provider.after_refusal(&call(), &refused, None).unwrap().is_none());
    }

    /// Eight threads whose token is refused at the same time; the function takes a while and sets what it is told to.
    fn all_at_once(token: Option<&'static str>) -> (usize, Vec<Option<Arc<Token>>>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let provider = TokenProvider::new(Box::new(move |request| {
            if request.challenge().is_none() {
                return request.set("first").unwrap();
            }
            count.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(300));
            token.into_iter().for_each(|token| request.set(token).unwrap());
        }));
        let refused = provider.token(&call()).unwrap();
        let (provider, refused, start) = (&provider, &refused, &Barrier::new(8));
        let tokens = thread::scope(|scope| {
            let ask = move || {
                start.wait();
                provider.after_refusal(&call(), refused, None).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        (asked.load(Ordering::Relaxed), tokens)
    }

    #[test]
    fn one_thread_asks_for_all() {
        let second = Arc::new(Token::new("second").unwrap());
        assert_eq!(all_at_once(Some("second")), (1, vec![Some(second); 8]));
        assert_eq!(all_at_once(None), (1, vec![None; 8]));
    }

    #[test]
    fn a_thread_waits_for_another_no_longer_than_its_call() {
        let provider = TokenProvider::new(Box::new(|request| {
            thread::sleep(Duration::from_millis(600));
            request.set("late").unwrap();
        }));
        thread::scope(|scope| {
            let asking = scope.spawn(|| provider.token(&call()).unwrap());
            thread::sleep(Duration::from_millis(100));
            let short = Call::with_timeout(Duration::from_millis(100));
            assert!(matches!(provider.token(&short), Err(Error::Timeout(_))));
            assert_eq!(*asking.join().unwrap(), Token::new("late").unwrap());
        });
    }

    #[test]
    fn a_function_that_needs_its_own_token_is_told_so() {
        let provider: Arc<OnceLock<TokenProvider>> = Arc::default();
        let inner = Arc::downgrade(&provider);
        let ask = move |request: &mut TokenRequest| {
            let provider = inner.upgrade().unwrap();
            assert!(matches!(provider.get().unwrap().token(&call()), Err(Error::InvalidState(_))));
            request.set("tok").unwrap();
        };
        assert!(provider.set(TokenProvider::new(Box::new(ask))).is_ok());
        assert_eq!(*provider.get().unwrap().token(&call()).unwrap(), Token::new("tok").unwrap());
    }

    #[test]
    fn a_function_that_panics_leaves_nobody_waiting() {
        let provider = TokenProvider::new(Box::new(|_| panic!("a test's own panic")));
        for _ in 0..2 {
            let asked = std::panic::AssertUnwindSafe(|| provider.token(&call()));
            assert!(std::panic::catch_unwind(asked).is_err());
        }
    }
}
