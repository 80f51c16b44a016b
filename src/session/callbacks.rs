//! The caller's handlers of notifications, and of requests of the server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::foreign;
use crate::base::text;
use crate::json::Value;
use crate::protocol::elicitation;
use crate::protocol::jsonrpc;
use crate::protocol::version::Version;

/// Called with each notification: its method and parameters (an empty object when it has none).
pub type NotificationHandler = Arc<dyn Fn(&str, &Value) + Send + Sync>;
/// Called with each request of the server: its method, its parameters, and the reply to fill in.
pub type RequestHandler = Arc<dyn Fn(&str, &Value, &mut Reply) + Send + Sync>;

/// Asks the user for input
/// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation)).
pub(crate) const ELICITATION: &str = "elicitation/create";
/// Requests a completion from the client's model
/// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/client/sampling)).
pub(crate) const SAMPLING: &str = "sampling/createMessage";
/// Requests the folders that the server may use
/// ([specification](https://modelcontextprotocol.io/specification/2025-11-25/client/roots)).
pub(crate) const ROOTS: &str = "roots/list";
/// Progress of a request (all revisions).
pub(crate) const PROGRESS: &str = "notifications/progress";

/// The response to a request of the server.
///
/// ```no_run
/// # let client = mcpclient::Client::new("https://example.com/mcp")?;
/// let roots = |_: &str, _: &mcpclient::Value, reply: &mut mcpclient::Reply| {
///     reply.result(r#"{"roots":[{"uri":"file:///srv/data"}]}"#).expect("an object");
/// };
/// client.on_request("roots/list", Some(std::sync::Arc::new(roots)))?;
/// # Ok::<(), mcpclient::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Reply {
    outcome: Option<Result<String, (i32, String)>>,
}

impl Reply {
    /// Responds with a result: JSON text of an object.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other text.
    pub fn result(&mut self, json: &str) -> Result<(), Error> {
        let value: &RawValue = serde_json::from_str(json)
            .map_err(|error| Error::InvalidArgument(format!("the result is not valid JSON: {error}")))?;
        if !value.get().starts_with('{') {
            return Err(Error::InvalidArgument("the result is not a JSON object".to_owned()));
        }
        self.outcome = Some(Ok(value.get().to_owned()));
        Ok(())
    }

    /// Responds with a JSON-RPC error.
    pub fn error(&mut self, code: i32, message: &str) {
        self.outcome = Some(Err((code, message.to_owned())));
    }
}

/// The handlers of a client: an immutable snapshot.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    notifications: BTreeMap<Option<String>, NotificationHandler>,
    requests: BTreeMap<String, RequestHandler>,
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("notifications", &self.notifications.keys())
            .field("requests", &self.requests.keys())
            .finish()
    }
}

impl Handlers {
    pub(crate) fn set_notification(&mut self, method: Option<&str>, handler: Option<NotificationHandler>) {
        let method = method.map(str::to_owned);
        match handler {
            Some(handler) => self.notifications.insert(method, handler),
            None => self.notifications.remove(&method),
        };
    }

    pub(crate) fn set_request(&mut self, method: &str, handler: Option<RequestHandler>) {
        match handler {
            Some(handler) => self.requests.insert(method.to_owned(), handler),
            None => self.requests.remove(method),
        };
    }

    /// The handler of notifications of this method, or of all.
    pub(crate) fn notification(&self, method: Option<&str>) -> Option<NotificationHandler> {
        self.notifications.get(&method.map(str::to_owned)).cloned()
    }

    /// The handler of requests of this method.
    pub(crate) fn request(&self, method: &str) -> Option<RequestHandler> {
        self.requests.get(method).cloned()
    }

    /// Whether a handler is set for notifications of this method.
    pub(crate) fn has_notification_handler(&self, method: &str) -> bool {
        !self.notifications.is_empty()
            && (self.notifications.contains_key(&None) || self.notifications.contains_key(&Some(method.to_owned())))
    }

    /// Whether this very handler is set; `None`: the one for all notifications.
    pub(crate) fn handles_notification(&self, method: Option<&str>) -> bool {
        self.notifications.contains_key(&method.map(str::to_owned))
    }

    pub(crate) fn handles_request(&self, method: &str) -> bool {
        self.requests.contains_key(method)
    }

    /// Whether a handler of requests is set.
    pub(crate) fn has_request_handlers(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Whether no handler is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.notifications.is_empty() && self.requests.is_empty()
    }

    /// The capabilities that the request handlers and the extensions imply, as JSON text.
    pub(crate) fn capabilities(&self, version: Version, extensions: &BTreeMap<&str, &str>) -> String {
        let known = [(ELICITATION, "elicitation"), (ROOTS, "roots"), (SAMPLING, "sampling")];
        let set = known.iter().filter(|(method, _)| self.requests.contains_key(*method)).map(|(_, name)| *name);
        let mut members: Vec<String> = set
            .map(|name| match name {
                // Since 2025-11-25 an empty object means forms only; older revisions have only forms.
                "elicitation" if version >= Version::V2025_11_25 => "\"elicitation\":{\"form\":{}}".to_owned(),
                name => format!("{}:{{}}", text::quoted(name)),
            })
            .collect();
        if !extensions.is_empty() {
            let extensions: Vec<String> =
                extensions.iter().map(|(name, settings)| format!("{}:{settings}", text::quoted(name))).collect();
            members.push(format!("\"extensions\":{{{}}}", extensions.join(",")));
        }
        format!("{{{}}}", members.join(","))
    }
}

/// Passes a notification to a handler.
pub(crate) fn notify(handler: NotificationHandler, method: &str, params: Option<&Value>) {
    let params = params.cloned().unwrap_or_default();
    // The handler is dropped before it counts as returned: freeing the client then frees its user data.
    foreign::run(move || handler(method, &params));
}

/// Passes a request to its handler, and returns JSON text of a result, or an error's code and message. `capabilities`: JSON
/// text of what the server was told; a request beyond it does not reach the handler.
pub(crate) fn ask(
    handler: Option<RequestHandler>,
    method: &str,
    params: Option<&Value>,
    capabilities: &str,
) -> Result<String, (i32, String)> {
    let Some(handler) = handler else {
        return Err((jsonrpc::METHOD_NOT_FOUND, format!("this client has no handler for {method}")));
    };
    let params = params.cloned().unwrap_or_default();
    if let Some(capability) = undeclared(method, &params, capabilities) {
        return Err((jsonrpc::INVALID_PARAMS, format!("the client has not declared {capability}")));
    }
    let mut reply = Reply::default();
    foreign::run(|| {
        let handler = handler;
        handler(method, &params, &mut reply);
    });
    if let (ELICITATION, Some(Ok(result))) = (method, &mut reply.outcome)
        && let Some(completed) = elicitation::with_defaults(params.json(), result)
    {
        *result = completed;
    }
    reply.outcome.unwrap_or_else(|| Err((jsonrpc::INTERNAL_ERROR, "the handler set no result".to_owned())))
}

/// A capability that the request needs and that was not declared (2025-11-25, "Elicitation", "Sampling"): a handler that
/// accepts every form must not thereby open URLs.
fn undeclared(method: &str, params: &Value, capabilities: &str) -> Option<&'static str> {
    let (needs, capability, pointer) = match method {
        ELICITATION => {
            let is_not_form = params.string("/mode").is_some_and(|mode| mode != "form");
            (is_not_form, "elicitation.url", "/elicitation/url")
        }
        SAMPLING => {
            let with_tools = ["/tools", "/toolChoice"].iter().any(|pointer| params.get(pointer).is_some());
            (with_tools, "sampling.tools", "/sampling/tools")
        }
        _ => return None,
    };
    let declared = || Value::parse(capabilities).is_ok_and(|declared| declared.get(pointer).is_some());
    (needs && !declared()).then_some(capability)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_found_by_their_method_until_they_are_removed() {
        let handler: NotificationHandler = Arc::new(|_, _| {});
        let mut handlers = Handlers::default();
        handlers.set_notification(None, Some(handler.clone()));
        assert!(handlers.has_notification_handler("a") && handlers.notification(Some("a")).is_none());
        handlers.set_notification(Some("a"), Some(handler));
        assert!(handlers.notification(Some("a")).is_some() && handlers.notification(None).is_some());
        handlers.set_notification(None, None);
        assert!(!handlers.has_notification_handler("b") && handlers.notification(None).is_none());
    }

    #[test]
    fn request_handlers_imply_capabilities_and_respond() {
        let mut handlers = Handlers::default();
        assert_eq!(handlers.capabilities(Version::LEGACY, &BTreeMap::new()), "{}");
        handlers.set_request(ROOTS, Some(Arc::new(|_, _, reply| reply.result(r#"{"roots":[]}"#).unwrap())));
        handlers.set_request(ELICITATION, Some(Arc::new(|_, _, _| {})));
        assert_eq!(
            handlers.capabilities(Version::LEGACY, &BTreeMap::new()),
            r#"{"elicitation":{"form":{}},"roots":{}}"#
        );
        assert_eq!(handlers.capabilities(Version::V2025_06_18, &BTreeMap::new()), r#"{"elicitation":{},"roots":{}}"#);
        let ask = |method| ask(handlers.request(method), method, None, "{}");
        assert_eq!(ask(ROOTS), Ok(r#"{"roots":[]}"#.to_owned()));
        assert!(matches!(ask(ELICITATION), Err((jsonrpc::INTERNAL_ERROR, _))));
        assert!(matches!(ask(SAMPLING), Err((jsonrpc::METHOD_NOT_FOUND, _))));
    }

    #[test]
    fn a_reply_must_be_a_json_object() {
        let mut reply = Reply::default();
        assert!(reply.result("[").is_err());
        assert!(reply.result("[]").is_err());
        assert!(reply.result(" {} ").is_ok());
    }
}
