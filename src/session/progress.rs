//! Progress of requests, reported to the calls that sent them ([2025-11-25,
//! "Progress"](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/progress)).

use std::collections::HashMap;
use std::sync::Mutex;

use crate::base::call::Call;
use crate::base::foreign;
use crate::base::lock::{Guard, lock};
use crate::json::Value;

/// The calls that receive progress, by the id of their request, which is the progress token.
#[derive(Debug, Default)]
pub(crate) struct ProgressCalls(Mutex<HashMap<u64, Call>>);

/// Held while the request is waiting for its response.
pub(crate) struct Registered<'a> {
    calls: &'a ProgressCalls,
    id: u64,
}

impl ProgressCalls {
    fn calls(&self) -> Guard<'_, HashMap<u64, Call>> {
        lock(&self.0)
    }

    pub(crate) fn register<'a>(&'a self, id: u64, call: &Call) -> Registered<'a> {
        self.calls().insert(id, call.clone());
        Registered { calls: self, id }
    }

    /// Reports a `notifications/progress` to its call. One without a number, or of a request that has ended, is ignored.
    pub(crate) fn report(&self, params: Option<&Value>) {
        let token = params.and_then(|params| params.int64("/progressToken"));
        let progress = params.and_then(|params| params.double("/progress"));
        let (Some(params), Some(token), Some(progress)) = (params, token, progress) else { return };
        let Some(call) = u64::try_from(token).ok().and_then(|id| self.calls().get(&id).cloned()) else { return };
        call.restart();
        let handler = call.attachments().and_then(|attachments| attachments.progress.clone());
        drop(call);
        if let Some(handler) = handler {
            foreign::run(move || handler(progress, params.double("/total"), params.string("/message")));
        }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let call = self.calls.calls().remove(&self.id);
        drop(call); // without the lock: it may be the last owner of the handler
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::call::Attachments;

    #[test]
    fn progress_reaches_the_call_of_its_token_until_that_ends() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let own = heard.clone();
        let attachments = Attachments {
            progress: Some(Arc::new(move |progress, total, message| {
                own.lock().unwrap().push((progress, total, message.map(str::to_owned)));
            })),
            ..Attachments::default()
        };
        let call = Call::until_cancelled(&Arc::default()).attaching(Some(Arc::new(attachments)));
        let calls = ProgressCalls::default();
        let report = |params| calls.report(Some(&Value::parse(params).unwrap()));
        let registered = calls.register(7, &call);
        report(r#"{"progressToken":7,"progress":0.5,"total":2,"message":"half"}"#);
        report(r#"{"progressToken":7,"progress":1}"#);
        report(r#"{"progressToken":8,"progress":2}"#);
        report(r#"{"progressToken":"7","progress":3}"#);
        report(r#"{"progressToken":7,"progress":"4"}"#);
        calls.report(None);
        drop(registered);
        report(r#"{"progressToken":7,"progress":5}"#);
        assert_eq!(*heard.lock().unwrap(), [(0.5, Some(2.0), Some("half".to_owned())), (1.0, None, None)]);
    }
}
