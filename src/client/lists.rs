//! Lists with all their pages.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::base::error::Error;
use crate::base::text;
use crate::client::operation::Operation;
use crate::client::operation::wants_input;
use crate::client::tools::{ToolHeaders, mirrors_headers};
use crate::json::Value;
use crate::protocol::jsonrpc::JsonObject;
use crate::protocol::meta::raw;
use crate::session::list_cache::Freshness;
use crate::session::{Ask, Session};

/// The most pages of one list: a server that has more has no end.
const MOST_PAGES: usize = 1000;

/// A kind of list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    pub(crate) method: &'static str,
    /// The member of the result that holds the items.
    pub(crate) items: &'static str,
    pub(crate) capability: &'static str,
}

pub(crate) const TOOLS: List = List { method: "tools/list", items: "tools", capability: "tools" };
pub(crate) const RESOURCES: List = List { method: "resources/list", items: "resources", capability: "resources" };
pub(crate) const RESOURCE_TEMPLATES: List =
    List { method: "resources/templates/list", items: "resourceTemplates", capability: "resources" };
pub(crate) const PROMPTS: List = List { method: "prompts/list", items: "prompts", capability: "prompts" };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    next_cursor: Option<String>,
    ttl_ms: Option<Json>,
    cache_scope: Option<Json>,
}

impl Operation<'_> {
    /// All items as one array.
    pub(crate) fn list(&self, list: List) -> Result<Value, Error> {
        let settings = self.dispatcher.settings.load_full();
        let cached = settings.cache.then(|| self.cache.get(list.method, &settings.credentials)).flatten();
        if let Some(json) = cached {
            return array(json.as_bytes().to_vec());
        }
        let ((json, freshness), fetch) = self.on_session(|session| {
            session.server.require(list.capability)?;
            let fetch = self.cache.begin(&self.dispatcher.settings.load().credentials);
            Ok((self.all_pages(session, list)?, fetch))
        })?;
        if settings.cache {
            self.cache.put(list.method, &json, freshness, fetch, &self.dispatcher.settings.load().credentials);
        }
        array(json.into_bytes())
    }

    pub(super) fn all_pages(&self, session: &Session, list: List) -> Result<(String, Freshness), Error> {
        let limit = self.dispatcher.settings.load().max_response_bytes;
        let mut freshness = Freshness::new();
        let mut collected = Collected::new(session, list);
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.ask(session, &page_ask(list, cursor.as_deref())?)?;
            if wants_input(session, &page)? {
                return Err(Error::Protocol(format!("{} is answered with a wish for input", list.method)));
            }
            collected.add(page.json())?;
            if collected.json.len() as u64 > limit {
                return Err(Error::Protocol(format!("the list is larger than the limit of {limit} bytes")));
            }
            let about: Page = serde_json::from_str(page.json()).map_err(|_| not_a_page(list))?;
            if session.version.is_modern() {
                let ttl = about.ttl_ms.and_then(|ttl| ttl.as_f64()).map(|ttl| ttl as i64);
                freshness.add_page(ttl, about.cache_scope.as_ref().and_then(Json::as_str));
            }
            match about.next_cursor {
                None => return Ok((collected.finish(session), freshness)),
                Some(next) => cursor = Some(next),
            }
        }
        Err(Error::Protocol(format!("the pages of {} have no end", list.method)))
    }
}

fn page_ask(list: List, cursor: Option<&str>) -> Result<Ask<'static>, Error> {
    let Some(cursor) = cursor else {
        return Ok(Ask::new(list.method));
    };
    Ok(Ask::with(list.method, JsonObject::from([("cursor".to_owned(), raw(text::quoted(cursor))?)])))
}

fn not_a_page(list: List) -> Error {
    Error::Protocol(format!("the result of {} is not a list", list.method))
}

fn array(json: Vec<u8>) -> Result<Value, Error> {
    Value::from_text(json).map_err(|reason| Error::Protocol(format!("the list is not valid JSON: {reason}")))
}

/// The items so far, as the text of an array that is still open.
struct Collected {
    list: List,
    json: String,
    /// For tools over HTTP of the modern era: which headers each asks for.
    headers: Option<Vec<(String, ToolHeaders)>>,
}

impl Collected {
    fn new(session: &Session, list: List) -> Collected {
        let mirrors = list.method == TOOLS.method && mirrors_headers(session);
        Collected { list, json: "[".to_owned(), headers: mirrors.then(Vec::new) }
    }

    fn add(&mut self, page: &str) -> Result<(), Error> {
        let members: HashMap<String, &RawValue> = serde_json::from_str(page).map_err(|_| not_a_page(self.list))?;
        let items = members.get(self.list.items).ok_or_else(|| not_a_page(self.list))?;
        let items: Vec<&RawValue> = serde_json::from_str(items.get()).map_err(|_| not_a_page(self.list))?;
        for item in items {
            if let Some(headers) = &mut self.headers {
                // A tool whose annotations are not valid is left out, so that the others can be used.
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
