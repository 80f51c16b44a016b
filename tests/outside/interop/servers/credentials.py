"""What the test servers accept: JSON Web Tokens or an API key, and samples of both that they must refuse."""

import secrets

from starlette.middleware import Middleware
from starlette.responses import JSONResponse

try:
    from fastmcp.server.auth.providers.jwt import JWTVerifier, RSAKeyPair
except ImportError:  # FastMCP before 2.11
    from fastmcp.server.auth.providers.bearer import BearerAuthProvider as JWTVerifier, RSAKeyPair

ISSUER = "https://issuer.example"
AUDIENCE = "mcp-interop"
SCOPE = "mcp:use"


def jwt_credentials():
    """The verifier for one server, and tokens by name: one that it accepts, and one for each reason to refuse."""
    keys = RSAKeyPair.generate()
    verifier = JWTVerifier(public_key=keys.public_key, issuer=ISSUER, audience=AUDIENCE, required_scopes=[SCOPE])
    return verifier, tokens(keys)


def scope_credentials(origin):
    """As above, for a server that tells missing scopes (403) from bad tokens (401), and where tokens are issued."""
    from fastmcp.server.auth import RemoteAuthProvider, TokenVerifier  # FastMCP 2.12 and later

    class ScopesLeftToTheServer(TokenVerifier):
        """FastMCP's verifier treats a token without the scope as no token at all."""

        async def verify_token(self, token):
            return await signature.verify_token(token)

    keys = RSAKeyPair.generate()
    signature = JWTVerifier(public_key=keys.public_key, issuer=ISSUER, audience=AUDIENCE)
    verifier = ScopesLeftToTheServer(required_scopes=[SCOPE])
    return RemoteAuthProvider(verifier, authorization_servers=[ISSUER], base_url=origin), tokens(keys)


def tokens(keys):
    def token(key=keys, audience=AUDIENCE, scope=SCOPE, expires_in_seconds=3600):
        return key.create_token(
            subject="tester",
            issuer=ISSUER,
            audience=audience,
            scopes=[scope],
            expires_in_seconds=expires_in_seconds,
        )

    return {
        "good": token(),
        "expired": token(expires_in_seconds=-3600),
        "wrong_audience": token(audience="someone-else"),
        "wrong_signature": token(key=RSAKeyPair.generate()),
        "missing_scope": token(scope="other:use"),
    }


def api_key_credentials():
    """The middleware for one server, and keys by name."""
    good = secrets.token_urlsafe(24)
    return Middleware(RequireApiKey, key=good), {"good": good, "bad": secrets.token_urlsafe(24)}


class RequireApiKey:
    """Answers 401 to every HTTP request that does not carry the key in `X-API-Key`."""

    def __init__(self, app, key):
        self.app = app
        self.key = key.encode()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or self._accepts(scope["headers"]):
            await self.app(scope, receive, send)
        else:
            refusal = JSONResponse({"error": "the X-API-Key header is missing or wrong"}, status_code=401)
            await refusal(scope, receive, send)

    def _accepts(self, headers):
        return any(name == b"x-api-key" and secrets.compare_digest(value, self.key) for name, value in headers)
