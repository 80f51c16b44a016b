//! Tokens from a function of the caller.

use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};

use arc_swap::ArcSwapOption;

use crate::auth::token::Token;
use crate::base::call::{CANCEL_POLL, Call};
use crate::base::error::Error;
use crate::base::platform::ForkMark;

type Provide = Box<dyn Fn(&mut TokenRequest) + Send + Sync>;

/// What the function is given, and where it leaves the token.
#[derive(Debug)]
pub struct TokenRequest {
    challenge: Option<String>,
    token: Option<Token>,
}

impl TokenRequest {
    /// The `WWW-Authenticate` header of the 401 that made a new token necessary; `None` before the first request.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
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
    /// The question that is being asked. Like the token it is read without a lock that a fork could orphan.
    asking: ArcSwapOption<TokenFetch>,
}

/// One question to the function, and those who wait for its answer.
struct TokenFetch {
    mark: ForkMark,
    thread: ThreadId,
    /// The token that is to be replaced.
    refused: Option<Arc<Token>>,
    answer: OnceLock<Option<Arc<Token>>>,
}

impl TokenProvider {
    pub(super) fn new(provide: Provide) -> TokenProvider {
        TokenProvider { provide, latest: ArcSwapOption::empty(), asking: ArcSwapOption::empty() }
    }

    pub(super) fn latest(&self) -> Option<Arc<Token>> {
        self.latest.load_full()
    }

    pub(super) fn token(&self, call: &Call) -> Result<Arc<Token>, Error> {
        let missing = || Error::InvalidState("the token callback has set no token".to_owned());
        self.newer_than(call, None, None)?.ok_or_else(missing)
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
            let latest = self.latest.load_full().filter(|latest| !refused.is_some_and(|own| Arc::ptr_eq(latest, own)));
            if latest.is_some() {
                return Ok(latest);
            }
            let before = self.asking.load_full();
            // What a parent process asked before a fork is not answered in its child.
            if let Some(question) = before.as_ref().filter(|question| question.mark.is_own()) {
                let answer = question.wait(call)?;
                // Nothing came of it: there is no better answer for the same question.
                if answer.is_none() && question.replaces(refused) {
                    return Ok(None);
                }
                continue;
            }
            let own = Arc::new(TokenFetch::new(refused));
            let found = self.asking.compare_and_swap(&before, Some(own.clone()));
            if same((*found).as_ref(), before.as_ref()) {
                let turn = FetchGuard { provider: self, own };
                // Somebody may have been told a token between the two looks.
                let latest = self.latest.load_full();
                return Ok(match same(latest.as_ref(), refused) || latest.is_none() {
                    true => turn.ask(challenge),
                    false => turn.answer(latest),
                });
            }
        }
    }
}

/// Whether both are the same object, or nothing.
fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

impl TokenFetch {
    fn new(refused: Option<&Arc<Token>>) -> TokenFetch {
        let thread = thread::current().id();
        TokenFetch { mark: ForkMark::new(), thread, refused: refused.cloned(), answer: OnceLock::new() }
    }

    fn replaces(&self, refused: Option<&Arc<Token>>) -> bool {
        same(self.refused.as_ref(), refused)
    }

    fn wait(&self, call: &Call) -> Result<Option<Arc<Token>>, Error> {
        if self.thread == thread::current().id() {
            let reason = "the token callback uses a client that needs the token which it is asked for";
            return Err(Error::InvalidState(reason.to_owned()));
        }
        loop {
            match self.answer.get() {
                Some(answer) => return Ok(answer.clone()),
                None => call.sleep(CANCEL_POLL)?,
            }
        }
    }
}

/// The turn of the thread that asks; it ends however the function does.
struct FetchGuard<'a> {
    provider: &'a TokenProvider,
    own: Arc<TokenFetch>,
}

impl FetchGuard<'_> {
    // No lock is held: the function may use a client that asks this very object.
    fn ask(self, challenge: Option<&str>) -> Option<Arc<Token>> {
        let mut request = TokenRequest { challenge: challenge.map(str::to_owned), token: None };
        (self.provider.provide)(&mut request);
        let token = request.token.take().map(Arc::new);
        self.provider.latest.store(token.clone());
        self.answer(token)
    }

    fn answer(self, token: Option<Arc<Token>>) -> Option<Arc<Token>> {
        let _ = self.own.answer.set(token.clone());
        token
    }
}

impl Drop for FetchGuard<'_> {
    fn drop(&mut self) {
        // Unless it panicked, the question has been answered.
        let _ = self.own.answer.set(None);
        self.provider.asking.compare_and_swap(&Some(self.own.clone()), None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
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
