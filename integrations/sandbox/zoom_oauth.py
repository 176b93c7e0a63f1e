"""Zoom's OAuth for a user-managed app: consent, exchange, rotating refresh, revoke.

Rules: https://developers.zoom.us/docs/integrations/oauth/ and .../oauth-error-messages/
"""

from __future__ import annotations

from . import pages
from .http import Request, Response, Route, html_response, json_response
from .oauth import (
    asked,
    basic_client,
    jwt_like,
    new_code,
    redirect_allowed,
    redirect_back,
    same_client,
    verifier_fits,
)
from .state import Code, Token, World, random_text
from .webhooks import app_deauthorized

SCOPES = {
    "user:read:user": "See who you are",
    "meeting:write:meeting": "Create meetings for you",
    "meeting:read:meeting": "See your meetings",
    "meeting:update:meeting": "Change your meetings",
    "meeting:delete:meeting": "Delete your meetings",
    "meeting:read:list_meetings": "List your meetings",
}
TOKEN_FIELDS = {"grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "client_id"}
JWT_HEADER = b'{"sv":"000001","alg":"HS512","v":"2.0","kid":"sandbox-key"}'


def _error(reason: str, error: str = "invalid_request", status: int = 400) -> Response:
    return json_response({"reason": reason, "error": error}, status)


def _wrong(world: World, ask: dict[str, str]) -> Response | None:
    """What makes an authorize request unfit, as the page Zoom shows for it."""
    if ask.get("client_id") != world.config.zoom_client_id:
        return html_response(pages.refused("Zoom", "Invalid client_id.", "4702"), 400)
    if not redirect_allowed(world, ask.get("redirect_uri", "")):
        return html_response(pages.refused("Zoom", "Invalid redirect URL.", "4700"), 400)
    if ask.get("response_type") != "code":
        return html_response(pages.refused("Zoom", "Unsupported response_type.", "4700"), 400)
    if not ask.get("state"):
        return html_response(pages.refused("Zoom", "The sandbox insists on a state.", "4700"), 400)
    method = ask.get("code_challenge_method", "plain")
    if world.settings.zoom_require_pkce and (not ask.get("code_challenge") or method != "S256"):
        message = "The sandbox insists on PKCE with code_challenge_method=S256 (Zoom's own default is plain)."
        return html_response(pages.refused("Zoom", message, "4700"), 400)
    return None


def _granted(world: World) -> list[str]:
    return list(SCOPES) if world.settings.zoom_scopes is None else list(world.settings.zoom_scopes)


def authorize(world: World, request: Request) -> Response:
    """Show the consent page."""
    ask = asked(request.query)
    if wrong := _wrong(world, ask):
        return wrong
    people = [(user.key, f"{user.display_name} ({user.email})") for user in world.zoom_users.values()]
    scopes = [(scope, SCOPES.get(scope, scope), False) for scope in _granted(world)]
    html = pages.consent(
        "Zoom", "/oauth/authorize", ask.items(), people, world.settings.zoom_persona, scopes, "Authorize"
    )
    return html_response(html)


def decide(world: World, request: Request) -> Response:
    """Back to the app with a code, or with access_denied."""
    form = request.form()
    ask = asked(form)
    if wrong := _wrong(world, ask):
        return wrong
    if form.get("decision", [""])[-1] != "Authorize":
        return redirect_back(ask["redirect_uri"], error="access_denied", state=ask["state"])
    key = form.get("persona", [world.settings.zoom_persona])[-1]
    user = next((user for user in world.zoom_users.values() if user.key == key), None)
    if user is None:
        return html_response(pages.refused("Zoom", "Nobody of that name can sign in here."), 400)
    code = new_code(world, "zoom", user.id, ask, _granted(world), random_text(33))
    return redirect_back(ask["redirect_uri"], code=code, state=ask["state"])


def token(world: World, request: Request) -> Response:
    """Exchange a code or rotate a refresh token. HTTP Basic and a form body only."""
    if not same_client(basic_client(request), world.config.zoom_client_id, world.config.zoom_client_secret):
        return _error("Invalid client_id or client_secret", "invalid_client", 401)
    form = request.form()
    unknown = set(form) - TOKEN_FIELDS
    if unknown or any(len(values) != 1 for values in form.values()):
        return _error("Bad Request")
    body = {name: values[0] for name, values in form.items()}
    if body.get("client_id", world.config.zoom_client_id) != world.config.zoom_client_id:
        return _error("Client ID does not match authenticated client.", "invalid_client", 401)
    if body.get("grant_type") == "authorization_code":
        return _exchange(world, body)
    if body.get("grant_type") == "refresh_token":
        return _refresh(world, body)
    reason = "unsupported grant type" if body.get("grant_type") else "Missing grant type."
    return _error(reason, "unsupported_grant_type" if body.get("grant_type") else "invalid_request")


def _exchange(world: World, body: dict[str, str]) -> Response:
    code = world.codes.get(body.get("code", ""))
    if code is None or code.service != "zoom" or code.expires <= world.now():
        return _error("Invalid authorization code", "invalid_grant")
    if code.used:
        world.reused_codes += 1
        return _error("Invalid authorization code", "invalid_grant")
    if body.get("redirect_uri") != code.redirect_uri:
        return _error("Redirect URI mismatch.", "invalid_request")
    if not verifier_fits(code, body.get("code_verifier", "")):
        return _error("Invalid code verifier", "invalid_grant")
    code.used = True
    world.end_tokens("zoom", code.user, "replaced", client_id=code.client_id)
    world.grants[f"zoom:{code.user}"] += 1
    return _pair(world, code, f"zoom-grant-{code.user}-{world.grants[f'zoom:{code.user}']}")


def _refresh(world: World, body: dict[str, str]) -> Response:
    old = world.tokens.get(body.get("refresh_token", ""))
    if old is None or old.service != "zoom" or old.kind != "refresh" or old.state != "live":
        if old is not None and old.state == "rotated":
            world.reused_refresh_tokens += 1
        return _error("Invalid Token!", "invalid_grant")
    old.state = "rotated"
    return _pair(world, old, old.grant)


def _pair(world: World, source: Code | Token, grant: str) -> Response:
    def issue(kind: str) -> str:
        text = jwt_like(JWT_HEADER, 700)
        return world.issue("zoom", kind, source.user, source.client_id, source.scopes, grant, text)

    return json_response(
        {
            "access_token": issue("access"),
            "token_type": "bearer",
            "refresh_token": issue("refresh"),
            "expires_in": world.settings.token_seconds,
            "scope": " ".join(source.scopes),
            "api_url": world.zoom_origin,
        },
        headers={"Cache-Control": "no-store"},
    )


def revoke(world: World, request: Request) -> Response:
    """Takes the access token, kills the refresh token too, and sends app_deauthorized."""
    if not same_client(basic_client(request), world.config.zoom_client_id, world.config.zoom_client_secret):
        return _error("Invalid client_id or client_secret", "invalid_client", 401)
    found = world.tokens.get(request.form().get("token", [""])[-1])
    if found is None or found.service != "zoom" or found.kind != "access" or found.state != "live":
        return _error("Invalid Token!", "invalid_grant")
    if found.expires is not None and found.expires <= world.now():
        return _error("Invalid Token!", "invalid_grant")
    world.end_tokens("zoom", found.user, "revoked", client_id=found.client_id)
    app_deauthorized(world, world.zoom_users[found.user])
    return json_response({"status": "success"})


ROUTES = (
    Route("GET", "/oauth/authorize", "authorize", authorize),
    Route("POST", "/oauth/authorize", "authorize.decide", decide),
    Route("POST", "/oauth/token", "token", token),
    Route("POST", "/oauth/revoke", "revoke", revoke),
)
