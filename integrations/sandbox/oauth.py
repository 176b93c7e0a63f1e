"""What both OAuth stand-ins share: redirect URIs, codes, PKCE and client authentication."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from .http import Request, Response
from .state import Code, Token, World, random_text

AUTHORIZE_FIELDS = (
    "response_type client_id redirect_uri state scope code_challenge code_challenge_method access_type "
    "prompt include_granted_scopes"
).split()


def redirect_allowed(world: World, uri: str) -> bool:
    """A registered redirect URI exactly; with none registered, any on loopback."""
    if world.config.redirect_uris:
        return uri in world.config.redirect_uris
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and parts.hostname in ("127.0.0.1", "localhost", "::1")


def redirect_back(uri: str, **arguments: str) -> Response:
    """A 302 to the app with arguments added to whatever its URI carries."""
    parts = urlsplit(uri)
    query = urlencode([*parse_qsl(parts.query), *arguments.items()])
    return Response(302, b"", {"Location": urlunsplit(parts._replace(query=query)), "Cache-Control": "no-store"})


def asked(source: dict[str, list[str]]) -> dict[str, str]:
    """The authorize request's arguments, from a query or from the consent form's hidden fields."""
    return {name: source[name][-1] for name in AUTHORIZE_FIELDS if name in source}


def new_code(world: World, service: str, user: str, ask: dict[str, str], scopes: list[str], text: str) -> str:
    """Store an authorization code under its text."""
    world.codes[text] = Code(
        service,
        user,
        ask["client_id"],
        ask["redirect_uri"],
        ask.get("code_challenge", ""),
        ask.get("code_challenge_method", "plain"),
        scopes,
        world.now() + timedelta(seconds=world.settings.code_seconds),
        ask.get("access_type") == "offline",
    )
    world.remember_secret(f"{service}-code-{len(world.codes)}", text)
    return text


def verifier_fits(code: Code, verifier: str) -> bool:
    """RFC 7636: the verifier against the challenge; without a challenge there must be no verifier."""
    if not code.challenge:
        return not verifier
    if not 43 <= len(verifier) <= 128:
        return False
    if code.method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier, code.challenge)


def basic_client(request: Request) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic authentication (RFC 6749, 2.3.1)."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client), unquote_plus(secret)


def same_client(given: tuple[str, str] | None, client_id: str, secret: str) -> bool:
    """Whether these are the app's own credentials, compared in constant time."""
    if given is None:
        return False
    return hmac.compare_digest(given[0].encode(), client_id.encode()) and hmac.compare_digest(
        given[1].encode(), secret.encode()
    )


def jwt_like(header: bytes, length: int) -> str:
    """Text that looks like a JWT of about this length."""
    head = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    rest = length - len(head) - 2
    return f"{head}.{random_text(rest - 86)}.{random_text(86)}"


def bearer(world: World, request: Request, service: str) -> tuple[Token | None, bool]:
    """The live access token of a request, and whether one was there but has expired."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = world.tokens.get(text) if scheme.lower() == "bearer" else None
    if token is None or token.service != service or token.kind != "access" or token.state != "live":
        return None, False
    if token.expires is not None and token.expires <= world.now():
        return None, True
    return token, False
