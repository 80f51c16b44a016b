//! Lists with all their pages
//! ([2025-11-25, "Pagination"](https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/pagination)).

use std::collections::HashSet;

use crate::base::call::Call;
use crate::base::error::Error;
use crate::base::text;
use crate::client::operation::{Operation, requests_input};
use crate::json::{Kind, Node, Value};
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

/// A kind of list, to be started on a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// As [`Client::list_tools`](crate::Client::list_tools).
    Tools = 0,
    /// As [`Client::list_resources`](crate::Client::list_resources).
    Resources = 1,
    /// As [`Client::list_resource_templates`](crate::Client::list_resource_templates).
    ResourceTemplates = 2,
    /// As [`Client::list_prompts`](crate::Client::list_prompts).
    Prompts = 3,
}

impl ListKind {
    /// The list of this number of the C API.
    pub fn from_number(number: i32) -> Option<ListKind> {
        [ListKind::Tools, ListKind::Resources, ListKind::ResourceTemplates, ListKind::Prompts]
            .into_iter()
            .find(|kind| *kind as i32 == number)
    }

    pub(super) fn list(self) -> List {
        match self {
            ListKind::Tools => TOOLS,
            ListKind::Resources => RESOURCES,
            ListKind::ResourceTemplates => RESOURCE_TEMPLATES,
            ListKind::Prompts => PROMPTS,
        }
    }
}

impl Operation {
    /// All items as one array.
    pub(super) fn list(&self, list: List) -> Result<Value, Error> {
        let settings = &self.shared.settings;
        let use_cache = settings.session.load().cache;
        if use_cache && let Some(items) = self.shared.cache.get(list.method, &settings.request.load().credentials) {
            return Ok(items);
        }
        let mut attempt = self.begin()?;
        loop {
            attempt.session().require(list.capability)?;
            let fetch = self.shared.cache.begin(&settings.request.load().credentials);
            let (items, freshness) = match self.all_pages(attempt.session(), list) {
                Ok(pages) => pages,
                Err(error) => {
                    attempt.renew(error, list.method)?;
                    continue;
                }
            };
            if use_cache {
                let credentials = &settings.request.load().credentials;
                self.shared.cache.put(list.method, &items, freshness, fetch, credentials);
            }
            return Ok(items);
        }
    }

    /// Fetches all pages: their items as one array, and how long it may be cached.
    pub(super) fn all_pages(&self, session: &Session, list: List) -> Result<(Value, Freshness), Error> {
        let limit = self.call.max_response_bytes();
        let mut freshness = Freshness::new();
        let mut pages = Pages::new(list, list.method == TOOLS.method && session.mirrors_tool_params());
        let mut cursor: Option<String> = None;
        let mut seen = HashSet::new();
        for _ in 0..MAX_PAGES {
            let page = self.send(session, &page_request(list, cursor.as_deref())?)?;
            if requests_input(session, list.method, &page)? {
                return Err(Error::Protocol(format!("the server requests input for {}", list.method)));
            }
            if session.version.is_modern() {
                freshness.add_page(page.double("/ttlMs").map(|ttl| ttl as i64), page.string("/cacheScope"));
            }
            let next = page.get("/nextCursor").filter(|cursor| cursor.kind() != Kind::Null);
            cursor = next.map(|next| next.as_str().map(str::to_owned).ok_or_else(|| not_a_page(list))).transpose()?;
            pages.add(page, &self.call)?;
            if pages.size > limit.min(u64::from(u32::MAX)) {
                return Err(Error::Protocol(format!("the list is larger than the limit of {limit} bytes")));
            }
            // A cursor that does not advance would never end.
            let is_last = cursor.as_ref().is_none_or(|cursor| !seen.insert(cursor.clone()));
            if is_last {
                let (items, headers) = pages.finish();
                if let Some(headers) = headers {
                    session.tool_headers.replace(headers);
                }
                return Ok((items, freshness));
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

/// The headers that the parameters of a tool go into, by its name.
type NamedHeaders = Vec<(String, ToolHeaders)>;

/// The pages of a list so far.
struct Pages {
    list: List,
    /// The items of each page, an array.
    pages: Vec<Value>,
    /// For tools over HTTP of the modern era: which headers each asks for.
    headers: Option<NamedHeaders>,
    /// The bytes of the pages' texts.
    size: u64,
}

impl Pages {
    fn new(list: List, mirrors_headers: bool) -> Pages {
        Pages { list, pages: Vec::new(), headers: mirrors_headers.then(Vec::new), size: 0 }
    }

    /// Adds a page. The call may end meanwhile: there can be very many tools.
    fn add(&mut self, page: Value, call: &Call) -> Result<(), Error> {
        let place = match page.get(&format!("/{}", self.list.items)) {
            Some(items) if items.kind() == Kind::Array => items.place(),
            _ => return Err(not_a_page(self.list)),
        };
        self.size += page.text_size() as u64;
        let items = page.narrowed(place);
        let Some(headers) = &mut self.headers else {
            self.pages.push(items);
            return Ok(());
        };
        // A tool whose annotations are not valid is left out, so that the others can be used.
        let mut usable: Vec<Node<'_>> = Vec::new();
        for tool in items.root().elements() {
            call.remaining()?;
            if let Some(read) = ToolHeaders::of_tool(&tool.to_json()) {
                usable.push(tool);
                headers.push(read);
            }
        }
        let all_usable = usable.len() == items.count("");
        let usable = (!all_usable).then(|| Value::array(usable));
        self.pages.push(usable.unwrap_or(items));
        Ok(())
    }

    /// All items as one array, and the headers.
    fn finish(mut self) -> (Value, Option<NamedHeaders>) {
        let items = match self.pages.len() {
            1 => self.pages.remove(0),
            _ => Value::array(self.pages.iter().flat_map(|page| page.root().elements())),
        };
        (items, self.headers)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn call() -> Call {
        Call::with_timeout(Duration::from_secs(60))
    }

    fn of(list: List, mirrors_headers: bool, texts: &[&str]) -> Value {
        let mut pages = Pages::new(list, mirrors_headers);
        texts.iter().for_each(|text| pages.add(Value::parse(text).unwrap(), &call()).unwrap());
        pages.finish().0
    }

    #[test]
    fn member_names_may_be_escaped() {
        let items = of(PROMPTS, false, &[r#"{"\u0070rompts":[{"name":"a"}],"caf\u00e9":1}"#]);
        assert_eq!(items.json(), r#"[{"name":"a"}]"#);
    }

    #[test]
    fn pages_become_one_array() {
        let pages =
            [r#"{"tools":[{"name":"a","x":[1.50,"\u00e9",{}]},null]}"#, r#"{"tools":[]}"#, r#"{"tools":["c"]}"#];
        assert_eq!(of(TOOLS, false, &pages).json(), r#"[{"name":"a","x":[1.50,"é",{}]},null,"c"]"#);
        assert_eq!(of(TOOLS, false, &pages[1..2]).json(), "[]");
    }

    #[test]
    fn a_tool_with_bad_annotations_is_left_out() {
        let bad = r#"{"name":"bad","inputSchema":{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}}"#;
        let page = format!(r#"{{"tools":[{{"name":"a"}},{bad},{{"name":"b"}}]}}"#);
        assert_eq!(of(TOOLS, true, &[&page]).json(), r#"[{"name":"a"},{"name":"b"}]"#);
        assert_eq!(of(TOOLS, true, &[&page, r#"{"tools":[{"name":"c"}]}"#]).count(""), 3);
    }

    #[test]
    fn reading_tools_ends_with_the_call() {
        let mut pages = Pages::new(TOOLS, true);
        let ended = Call::with_timeout(Duration::ZERO);
        assert!(matches!(
            pages.add(Value::parse(r#"{"tools":[{"name":"a"}]}"#).unwrap(), &ended),
            Err(Error::Timeout(_))
        ));
    }

    #[test]
    fn a_page_must_have_its_items() {
        for page in ["{}", r#"{"tools":{}}"#, r#"{"tools":null}"#, r#"{"items":[]}"#] {
            let mut pages = Pages::new(TOOLS, false);
            assert!(matches!(pages.add(Value::parse(page).unwrap(), &call()), Err(Error::Protocol(_))), "{page}");
        }
    }
}
