"""Where a client's token comes from. Each object may serve any number of clients."""

from typing import Callable, Optional

from ._handles import Handle, register_new
from ._library import TOKEN, lib
from .errors import check, text


class Auth(Handle):
    """Credentials that several clients may share."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle, lib.auth_free)

    def set_scopes(self, scopes: Optional[str]) -> None:
        """OAuth scopes to ask for, separated by spaces; None: as the server says."""
        check(lib.auth_set_scopes, self.handle, text(scopes))

    def set_store_file(self, path: Optional[str]) -> None:
        """Keeps OAuth grants in this file, which only this user may read."""
        check(lib.auth_set_store_file, self.handle, text(path))


class BearerAuth(Auth):
    """A bearer token that can be replaced for all clients at once."""

    def __init__(self, token: str) -> None:
        super().__init__(check(lib.auth_bearer_new, text(token)))

    def set_token(self, token: str) -> None:
        """Replaces the token."""
        check(lib.auth_set_token, self.handle, text(token))


class TokenFile(Auth):
    """A token in a file that is read again when it changes and after a refusal."""

    def __init__(self, path: str) -> None:
        super().__init__(check(lib.auth_token_file_new, text(path)))


class TokenCallback(Auth):
    """A function that gets the token: `get(challenge)`, where the challenge is the WWW-Authenticate header after a
    refusal and None before. It returns the token, or None where it has none."""

    def __init__(self, get: Callable[[Optional[str]], Optional[str]]) -> None:
        def on_request(_user_data: Optional[int], request: int) -> None:
            challenge = lib.token_request_challenge(request)
            token = get(challenge.decode() if challenge is not None else None)
            if token is not None:
                check(lib.token_request_set, request, text(token))

        super().__init__(register_new(lib.auth_token_callback_new, TOKEN(on_request)))


class ClientCredentials(Auth):
    """OAuth client credentials with a secret. `issuer` is the authorization server; None: the one the server names."""

    def __init__(self, client_id: str, client_secret: str, issuer: Optional[str] = None) -> None:
        super().__init__(
            check(lib.auth_client_credentials_new, text(issuer), text(client_id), text(client_secret))
        )


class PrivateKey(Auth):
    """OAuth client credentials with a private key in a PEM file (private_key_jwt)."""

    def __init__(self, client_id: str, key_path: str, issuer: Optional[str] = None) -> None:
        super().__init__(check(lib.auth_private_key_new, text(issuer), text(client_id), text(key_path)))
