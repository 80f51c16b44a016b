//! Files in which hosts list MCP servers: Claude Desktop, Claude Code, Cursor, Windsurf, VS Code, FastMCP, Gemini CLI.

mod entry;
mod relaxed;
mod source;
mod variables;

use std::io;
use std::ops::Range;
use std::path::Path;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::Client;
use crate::auth::Auth;
use crate::base::error::Error;
use crate::base::{file, text};
use crate::json::Value;
use source::{Item, Source};
use variables::Substitutes;

/// The largest file that is read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Where the servers stand, in this order; otherwise they are members of the root.
const SERVERS: [&str; 2] = ["mcpServers", "servers"];

/// A file of servers, as read.
///
/// It never changes but for what variables stand for. All methods take `&self` and may be called from any thread.
#[derive(Debug)]
pub struct Config {
    source: Source,
    servers: Vec<Listed>,
    substitutes: ArcSwap<Substitutes>,
}

/// A server of the file.
#[derive(Debug)]
struct Listed {
    name: String,
    /// Where its entry stands in the source.
    range: Range<usize>,
    path: String,
}

impl Config {
    /// Reads a configuration file: JSON in UTF-8, with or without comments and trailing commas, of at most 1 MiB.
    /// Relative paths are relative to the working directory.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file, it cannot be read, or it lists no servers in a form that is
    /// known. The message has line and column and repeats no value.
    pub fn load(path: &Path) -> Result<Config, Error> {
        let name = path.display().to_string();
        let failed = |error: io::Error| Error::InvalidArgument(format!("{name}: {error}"));
        let bytes = read(path).map_err(failed)?;
        let text = std::str::from_utf8(&bytes).map_err(|invalid| {
            Error::InvalidArgument(format!("{name}: not UTF-8 at byte {}", invalid.valid_up_to()))
        })?;
        Config::of_text(Some(name.clone()), text)
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn parse(json: &str) -> Result<Config, Error> {
        match json.len() {
            0..=LARGEST => Config::of_text(None, json),
            _ => Err(Error::InvalidArgument(too_large())),
        }
    }

    fn of_text(name: Option<String>, text: &str) -> Result<Config, Error> {
        let source = Source::new(name, text)?;
        let servers = servers(&source)?.into_iter().map(listed).collect::<Result<_, _>>()?;
        Ok(Config { source, servers, substitutes: ArcSwap::default() })
    }

    /// The names of the servers, in the file's order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.servers.iter().map(|server| server.name.as_str())
    }

    /// The entry of a server as it stands in the file, variables unexpanded; `None`: there is no such server.
    pub fn entry(&self, name: &str) -> Option<Value> {
        let server = self.servers.iter().find(|server| server.name == name)?;
        Value::parse(self.source.item(server.range.clone(), String::new()).text()).ok()
    }

    /// What `${name}` stands for, such as `workspaceFolder` or `input:api-key`; `None`: what the environment says.
    /// Concerns clients that are made from now on.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the name is empty or holds `}`.
    pub fn set_variable(&self, name: &str, value: Option<&str>) -> Result<(), Error> {
        if name.is_empty() || name.contains('}') {
            return Err(Error::InvalidArgument("the name of a variable is empty or holds \"}\"".to_owned()));
        }
        self.substitutes.rcu(|before| {
            let mut after = Substitutes::clone(before);
            match value {
                Some(value) => after.variables.insert(name.to_owned(), Zeroizing::new(value.to_owned())),
                None => after.variables.remove(name),
            };
            after
        });
        Ok(())
    }

    /// The credentials that `"auth": "oauth"` stands for; `None`: none. Concerns clients that are made from now on.
    pub fn set_auth(&self, auth: Option<&Auth>) {
        self.substitutes.rcu(|before| Substitutes { auth: auth.cloned(), ..Substitutes::clone(before) });
    }

    /// A client of the server of that name; `None`: of the only one. Nothing is started or sent yet. It outlives the
    /// configuration.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such server, or its entry cannot be used: the message has line and
    /// column and repeats no value. [`Error::Unsupported`] for `envFile`, WebSockets and `auth` as an object.
    /// [`Error::InvalidState`] for `"auth": "oauth"` without [`Config::set_auth`].
    pub fn client(&self, name: Option<&str>) -> Result<Client, Error> {
        let server = self.find(name)?;
        let item = self.source.item(server.range.clone(), server.path.clone());
        entry::client(&item, &self.substitutes.load())
    }

    fn find(&self, name: Option<&str>) -> Result<&Listed, Error> {
        match (name, self.servers.as_slice()) {
            (_, []) => Err(self.source.error("there are no servers")),
            (None, [only]) => Ok(only),
            (None, _) => Err(self.source.error(&format!("one of several servers must be named: {}", self.list()))),
            (Some(name), servers) => servers.iter().find(|server| server.name == name).ok_or_else(|| {
                let name = text::one_line(name);
                self.source.error(&format!("there is no server {name:?}: {}", self.list()))
            }),
        }
    }

    fn list(&self) -> String {
        text::one_line(&self.names().collect::<Vec<_>>().join(", "))
    }
}

fn too_large() -> String {
    format!("the configuration has more than {LARGEST} bytes")
}

/// Reads a regular file.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let (file, _) = file::open_regular(path)?;
    file::read_wiped(&file, LARGEST)?.ok_or_else(|| io::Error::other(too_large()))
}

/// The members of the file that are servers.
fn servers(source: &Source) -> Result<Vec<(String, Item<'_>)>, Error> {
    let members = source.root().members()?;
    for name in SERVERS {
        if let Some((_, servers)) = members.iter().find(|(member, _)| member == name) {
            return servers.members();
        }
    }
    if !members.is_empty() && members.iter().all(|(_, member)| entry::is_server(member)) {
        return Ok(members);
    }
    Err(source.root().error("there is no member mcpServers or servers"))
}

fn listed((name, item): (String, Item<'_>)) -> Result<Listed, Error> {
    if name.contains('\0') {
        return Err(item.error("the name of the server has a NUL"));
    }
    Value::parse(item.text()).map_err(|_| item.error("the entry is nested too deeply"))?;
    Ok(Listed { name, range: item.range(), path: item.path().to_owned() })
}
