"""Configuration files of MCP hosts (mcp.json)."""

from typing import Any, Iterator, Optional

from ._handles import Handle, value_of
from ._library import lib
from .auth import Auth
from .client import Client
from .errors import check, text


class Config(Handle):
    """The servers of a configuration file: `Config("mcp.json").client("github")`."""

    def __init__(self, path: str) -> None:
        super().__init__(check(lib.config_load, text(path)), lib.config_free)

    @classmethod
    def parse(cls, json_text: str) -> "Config":
        """The same from text."""
        config = cls.__new__(cls)
        Handle.__init__(config, check(lib.config_parse, text(json_text)), lib.config_free)
        return config

    def __len__(self) -> int:
        return lib.config_count(self.handle)

    def __iter__(self) -> Iterator[str]:
        return (lib.config_name(self.handle, index).decode() for index in range(len(self)))

    def entry(self, name: str) -> Any:
        """An entry as it stands, variables unexpanded; None: there is none."""
        return value_of(lib.config_entry(self.handle, text(name)))

    def set_variable(self, name: str, value: Optional[str]) -> None:
        """What ${name} stands for, before the environment."""
        check(lib.config_set_variable, self.handle, text(name), text(value))

    def set_auth(self, auth: Optional[Auth]) -> None:
        """What "auth": "oauth" stands for."""
        check(lib.config_set_auth, self.handle, auth.handle if auth else None)

    def client(self, name: Optional[str] = None) -> Client:
        """A client of this server; None: of the only one there is."""
        return Client._adopt(check(lib.config_client_new, self.handle, text(name)))
