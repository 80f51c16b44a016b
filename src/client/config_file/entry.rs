//! One server of a configuration file, made a client.

use std::path::Path;

use zeroize::Zeroizing;

use super::source::Item;
use super::variables::Substitutes;
use crate::base::error::Error;
use crate::client::Client;
use crate::protocol::transport_kind::TransportKind;

/// The names under which hosts keep a server's URL. Gemini CLI's `httpUrl` means Streamable HTTP.
const URLS: [&str; 3] = ["url", "serverUrl", "httpUrl"];
/// What the scheme of a bearer token's header looks like.
const BEARER: &str = "bearer ";

/// How an entry says that its server is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Program,
    Remote(TransportKind),
}

/// An entry, and what its texts' variables stand for.
struct Entry<'a> {
    members: Vec<(String, Item<'a>)>,
    substitutes: &'a Substitutes,
}

/// Whether a member of a file without `mcpServers` is a server.
pub(super) fn is_server(item: &Item<'_>) -> bool {
    let names_one = |(name, _): &(String, Item<'_>)| name == "command" || URLS.contains(&name.as_str());
    item.is_object() && item.members().is_ok_and(|members| members.iter().any(names_one))
}

/// A client of the server that the entry describes.
pub(super) fn client(item: &Item<'_>, substitutes: &Substitutes) -> Result<Client, Error> {
    let entry = Entry { members: item.members()?, substitutes };
    if let Some(file) = entry.get("envFile") {
        return Err(file.unsupported("files of environment variables are not read: set the variables"));
    }
    let urls: Vec<(&str, &Item<'_>)> = URLS.iter().filter_map(|name| Some((*name, entry.get(name)?))).collect();
    match (entry.get("command"), urls.as_slice()) {
        (Some(command), []) => entry.program(command),
        (None, [(name, url)]) => entry.remote(name, url),
        (None, []) => Err(item.error("there is neither a command nor a url")),
        (Some(_), _) => Err(item.error("there are both a command and a url")),
        (None, _) => Err(item.error("there is more than one url")),
    }
}

impl<'a> Entry<'a> {
    /// A member; hosts write `null` where they mean none.
    fn get(&self, name: &str) -> Option<&Item<'a>> {
        self.members.iter().find(|(member, item)| member == name && !item.is_null()).map(|(_, item)| item)
    }

    fn expanded(&self, item: &Item<'_>) -> Result<Zeroizing<String>, Error> {
        self.substitutes.expand(&item.string()?).map_err(|reason| item.error(&reason))
    }

    fn program(&self, command: &Item<'_>) -> Result<Client, Error> {
        if let Some((member, Kind::Remote(_))) = self.kind()? {
            return Err(member.error("the server is a program: it has a command"));
        }
        for name in ["auth", "headers"] {
            if let Some(member) = self.get(name) {
                return Err(member.unsupported(crate::client::stdio::PROGRAMS_HAVE_VARIABLES));
            }
        }
        let arguments = self.get("args").map_or_else(|| Ok(Vec::new()), Item::elements)?;
        let arguments = arguments.iter().map(|item| self.expanded(item)).collect::<Result<Vec<_>, _>>()?;
        let arguments: Vec<&str> = arguments.iter().map(|argument| argument.as_str()).collect();
        let client = Client::stdio(&self.expanded(command)?, &arguments).map_err(|error| command.located(error))?;
        if let Some(folder) = self.get("cwd") {
            let path = self.expanded(folder)?;
            client.set_working_directory(Some(Path::new(path.as_str()))).map_err(|error| folder.located(error))?;
        }
        for (name, item) in self.get("env").map_or_else(|| Ok(Vec::new()), Item::members)? {
            let value = self.variable(&item)?;
            client
                .set_variable(&name, value.as_ref().map(|value| value.as_str()))
                .map_err(|error| item.located(error))?;
        }
        Ok(client)
    }

    /// The value of an environment variable: VS Code's may be numbers, or `null` for one that is not to be set.
    fn variable(&self, item: &Item<'_>) -> Result<Option<Zeroizing<String>>, Error> {
        let is_number = item.text().starts_with(|first: char| first == '-' || first.is_ascii_digit());
        match item.is_null() {
            true => Ok(None),
            false if is_number => Ok(Some(Zeroizing::new(item.text().to_owned()))),
            false => self.expanded(item).map(Some),
        }
    }

    fn remote(&self, name: &str, url: &Item<'_>) -> Result<Client, Error> {
        let transport = match self.kind()? {
            Some((member, Kind::Program)) => return Err(member.error("the server is no program: it has a url")),
            Some((_, Kind::Remote(transport))) => transport,
            None if name == "httpUrl" => TransportKind::StreamableHttp,
            None => TransportKind::Auto,
        };
        let client = Client::new(&self.expanded(url)?).map_err(|error| url.located(error))?;
        client.set_transport(transport).map_err(|error| url.located(error))?;
        let has_token = self.set_auth(&client)?;
        self.set_headers(&client, has_token)?;
        Ok(client)
    }

    /// Whether the entry has a token of its own.
    fn set_auth(&self, client: &Client) -> Result<bool, Error> {
        let Some(auth) = self.get("auth") else { return Ok(false) };
        if auth.is_object() {
            return Err(auth.unsupported("only a bearer token or \"oauth\" is understood"));
        }
        let token = self.expanded(auth)?;
        let set = match (token.as_str(), &self.substitutes.auth) {
            ("oauth", Some(auth)) => client.set_auth(Some(auth)),
            ("oauth", None) => Err(Error::InvalidState(
                "the credentials of \"oauth\" are not set: mcpclient_config_set_auth does that".to_owned(),
            )),
            (token, _) => client.set_bearer_token(Some(token)),
        };
        set.map(|()| true).map_err(|error| auth.located(error))
    }

    fn set_headers(&self, client: &Client, has_token: bool) -> Result<(), Error> {
        let mut names: Vec<String> = Vec::new();
        for (name, item) in self.get("headers").map_or_else(|| Ok(Vec::new()), Item::members)? {
            let lower = name.to_ascii_lowercase();
            if names.contains(&lower) {
                return Err(item.error("the header is set twice"));
            }
            let value = self.expanded(&item)?;
            let is_authorization = lower == "authorization";
            if is_authorization && has_token {
                return Err(item.error("there are both a header Authorization and auth"));
            }
            let token = value.get(..BEARER.len()).filter(|scheme| scheme.eq_ignore_ascii_case(BEARER));
            match token.filter(|_| is_authorization) {
                Some(_) => client.set_bearer_token(Some(&value[BEARER.len()..])),
                None => client.set_header(&name, Some(&value)),
            }
            .map_err(|error| item.located(error))?;
            names.push(lower);
        }
        Ok(())
    }

    /// What `type` or `transport` says; each stands for the other.
    fn kind(&self) -> Result<Option<(&Item<'a>, Kind)>, Error> {
        let mut found = None;
        for member in ["type", "transport"].iter().filter_map(|name| self.get(name)) {
            let kind = match member.string()?.as_str() {
                "stdio" => Kind::Program,
                "http" | "streamable-http" | "streamableHttp" => Kind::Remote(TransportKind::StreamableHttp),
                "sse" => Kind::Remote(TransportKind::Sse),
                "ws" => return Err(member.unsupported("WebSockets are not supported")),
                _ => return Err(member.not("stdio, http, streamable-http, streamableHttp or sse")),
            };
            if found.as_ref().is_some_and(|(_, other)| *other != kind) {
                return Err(member.error("type and transport differ"));
            }
            found = Some((member, kind));
        }
        Ok(found)
    }
}
