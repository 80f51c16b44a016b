//! Lists with all their pages
//! ([2025-11-25, "Pagination"](https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/pagination)).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::client::operation::{Operation, requests_input};
use crate::json::Value;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::protocol::tool_headers::ToolHeaders;
use crate::session::list_cache::Freshness;
use crate::session::{Request, Session};

/// The most pages of one list.
const MAX_PAGES: usize = 1000;

/// A kind of list.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) method: &'static str,
    /// The member of the result that holds the items.
    items: &'static str,
    capability: &'static str,
}

pub(super) const TOOLS: List = List { method: "tools/list", items: "tools", capability: "tools" };
pub(super) const RESOURCES: List = List { method: "resources/list", items: "resources", capability: "resources" };
pub(super) const RESOURCE_TEMPLATES: List =
    List { method: "resources/templates/list", items: "resourceTemplates", capability: "resources" };
pub(super) const PROMPTS: List = List { method: "prompts/list", items: "prompts", capability: "prompts" };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    next_cursor: Option<String>,
    ttl_ms: Option<Json>,
    cache_scope: Option<Json>,
}

impl Operation {
    /// All items as one array.
    pub(super) fn list(&self, list: List) -> Result<Value, Error> {
        let settings = &self.shared.settings;
        let use_cache = settings.session.load().cache;
        if use_cache && let Some(json) = self.shared.cache.get(list.method, &settings.request.load().credentials) {
            return array(json.as_bytes().to_vec());
        }
        let mut attempt = self.begin()?;
        loop {
            attempt.session().require(list.capability)?;
            let fetch = self.shared.cache.begin(&settings.request.load().credentials);
            let (json, freshness) = match self.all_pages(attempt.session(), list) {
                Ok(pages) => pages,
                Err(error) => {
                    attempt.renew(error)?;
                    continue;
                }
            };
            if use_cache {
                let credentials = &settings.request.load().credentials;
                self.shared.cache.put(list.method, &json, freshness, fetch, credentials);
            }
            return array(json.into_bytes());
        }
    }

    /// Fetches all pages: JSON text of an array, and how long it may be cached.
    pub(super) fn all_pages(&self, session: &Session, list: List) -> Result<(String, Freshness), Error> {
        let limit = self.call.max_response_bytes();
        let mut freshness = Freshness::new();
        let mut collected = Collected::new(session, list);
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self.send(session, &page_request(list, cursor.as_deref())?)?;
            if requests_input(session, &page)? {
                return Err(Error::Protocol(format!("the server requests input for {}", list.method)));
            }
            collected.add(page.json())?;
            if collected.json.len() as u64 > limit {
                return Err(Error::Protocol(format!("the list is larger than the limit of {limit} bytes")));
            }
            let page: Page = serde_json::from_str(page.json()).map_err(|_| not_a_page(list))?;
            if session.version.is_modern() {
                let ttl = page.ttl_ms.and_then(|ttl| ttl.as_f64()).map(|ttl| ttl as i64);
                freshness.add_page(ttl, page.cache_scope.as_ref().and_then(Json::as_str));
            }
            match page.next_cursor {
                None => return Ok((collected.finish(session), freshness)),
                Some(next) => cursor = Some(next),
            }
        }
        Err(Error::Protocol(format!("{} has more than {MAX_PAGES} pages", list.method)))
    }
}

fn page_request(list: List, cursor: Option<&str>) -> Result<Request<'static>, Error> {
    let Some(cursor) = cursor else {
        return Ok(Request::new(list.method));
    };
    Ok(Request::with(list.method, JsonObject::from([("cursor".to_owned(), raw(text::quoted(cursor))?)])))
}

fn not_a_page(list: List) -> Error {
    Error::Protocol(format!("the result of {} is not a list", list.method))
}

fn array(json: Vec<u8>) -> Result<Value, Error> {
    Value::from_text(json).map_err(|reason| Error::Protocol(format!("the list is not valid JSON: {reason}")))
}

/// The items so far, as text of an array that is still open.
struct Collected {
    list: List,
    json: String,
    /// The header parameters of each tool, where they are mirrored.
    headers: Option<Vec<(String, ToolHeaders)>>,
}

impl Collected {
    fn new(session: &Session, list: List) -> Collected {
        let needs_headers = list.method == TOOLS.method && session.mirrors_tool_params();
        Collected { list, json: "[".to_owned(), headers: needs_headers.then(Vec::new) }
    }

    fn add(&mut self, page: &str) -> Result<(), Error> {
        let members: HashMap<String, &RawValue> = serde_json::from_str(page).map_err(|_| not_a_page(self.list))?;
        let items = members.get(self.list.items).ok_or_else(|| not_a_page(self.list))?;
        let items: Vec<&RawValue> = serde_json::from_str(items.get()).map_err(|_| not_a_page(self.list))?;
        for item in items {
            if let Some(headers) = &mut self.headers {
                // A tool with invalid annotations is left out, so that the others can be used.
                let Some(tool) = ToolHeaders::of_tool(item.get()) else {
                    continue;
                };
                headers.push(tool);
            }
            if self.json.len() > 1 {
                self.json.push(',');
            }
            self.json.push_str(item.get());
        }
        Ok(())
    }

    fn finish(mut self, session: &Session) -> String {
        if let Some(headers) = self.headers {
            session.tool_headers.replace(headers);
        }
        self.json.push(']');
        self.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_names_may_be_escaped() {
        let mut collected = Collected { list: PROMPTS, json: "[".to_owned(), headers: None };
        collected.add(r#"{"\u0070rompts":[{"name":"a"}],"caf\u00e9":1}"#).unwrap();
        assert_eq!(collected.json, r#"[{"name":"a"}"#);
    }
}
