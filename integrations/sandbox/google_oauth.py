"""Google's OAuth for a web app: granular consent, exchange, refresh without rotation, revoke, userinfo.

Rules: https://developers.google.com/identity/protocols/oauth2/web-server
"""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs

from . import pages
from .google_rules import PREFIX
from .http import Request, Response, Route, html_response, json_response
from .oauth import (
    asked,
    basic_client,
    bearer,
    new_code,
    redirect_allowed,
    redirect_back,
    same_client,
    verifier_fits,
)
from .personas import GoogleUser
from .state import Code, Token, World, random_text

MEANINGS = {
    "calendar.events.owned": "See, create, change and delete events on calendars you own",
    "calendar.events": "View and edit events on all your calendars",
    "calendar.freebusy": "View your availability in your calendars",
    "calendar.calendarlist.readonly": "See the list of calendars you are subscribed to",
    "calendar.readonly": "See and download any calendar you can access",
    "calendar": "See, edit, share and permanently delete all your calendars",
}
IDENTITY = {"openid": "openid", "email": f"{PREFIX}userinfo.email", "profile": f"{PREFIX}userinfo.profile"}
IDENTITY_SCOPES = frozenset((*IDENTITY, *IDENTITY.values()))


def _wrong(world: World, ask: dict[str, str]) -> Response | None:
    problem = ""
    if ask.get("client_id") != world.config.google_client_id:
        problem = "Error 401: invalid_client"
    elif not redirect_allowed(world, ask.get("redirect_uri", "")):
        problem = "Error 400: redirect_uri_mismatch"
    elif ask.get("response_type") != "code":
        problem = "Error 400: unsupported_response_type"
    elif not ask.get("scope", "").split():
        problem = "Error 400: invalid_request. Missing required parameter: scope"
    elif not ask.get("state"):
        problem = "Error 400: invalid_request. The sandbox insists on a state"
    elif unknown := [scope for scope in ask["scope"].split() if not _known(scope)]:
        problem = f"Error 400: invalid_scope. Some requested scopes were invalid: {' '.join(unknown)}"
    return html_response(pages.refused("Google", problem), 400) if problem else None


def _known(scope: str) -> bool:
    return scope in IDENTITY_SCOPES or scope.removeprefix(PREFIX).split(".")[0] == "calendar"


def authorize(world: World, request: Request) -> Response:
    """Show the consent page, a checkbox for each scope beyond identity."""
    ask = asked(request.query)
    if wrong := _wrong(world, ask):
        return wrong
    people = [(user.key, f"{user.name} ({user.email})") for user in world.google_users.values()]
    scopes = [
        (scope, MEANINGS.get(scope.removeprefix(PREFIX), "See who you are"), scope not in IDENTITY_SCOPES)
        for scope in ask["scope"].split()
    ]
    html = pages.consent(
        "Google", "/o/oauth2/v2/auth", ask.items(), people, world.settings.google_persona, scopes, "Allow"
    )
    return html_response(html)


def decide(world: World, request: Request) -> Response:
    """Back to the app with a code, or with access_denied."""
    form = request.form()
    ask = asked(form)
    if wrong := _wrong(world, ask):
        return wrong
    if form.get("decision", [""])[-1] != "Allow":
        return redirect_back(ask["redirect_uri"], error="access_denied", state=ask["state"])
    key = form.get("persona", [world.settings.google_persona])[-1]
    user = next((user for user in world.google_users.values() if user.key == key), None)
    if user is None:
        return html_response(pages.refused("Google", "Nobody of that name can sign in here."), 400)
    ticked = set(form.get("granted", []))
    scopes = [IDENTITY.get(scope, scope) for scope in ask["scope"].split() if scope in IDENTITY_SCOPES | ticked]
    if world.settings.google_scopes is not None:
        scopes = [IDENTITY.get(scope, scope) for scope in world.settings.google_scopes]
    text = new_code(world, "google", user.email, ask, scopes, f"4/0A{random_text(70)}")
    if "consent" not in ask.get("prompt", "").split() and _has_refresh(world, user):
        world.codes[text].offline = False
    return redirect_back(ask["redirect_uri"], state=ask["state"], code=text, scope=" ".join(scopes))


def _has_refresh(world: World, user: GoogleUser) -> bool:
    live = (token for token in world.tokens.values() if token.service == "google" and token.state == "live")
    return any(token.user == user.email and token.kind == "refresh" for token in live)


def _error(name: str, description: str, status: int = 400) -> Response:
    return json_response({"error": name, "error_description": description}, status)


def token(world: World, request: Request) -> Response:
    """Exchange a code or refresh. Client credentials in the body or by HTTP Basic."""
    form = request.form()
    if not form:
        return _error("invalid_request", "Missing required parameter: grant_type")
    body = {name: values[-1] for name, values in form.items()}
    client = basic_client(request)
    if client is None and "client_id" in body:
        client = (body["client_id"], body.get("client_secret", ""))
    if client is None:
        return _error("invalid_request", "Could not determine client ID from request.")
    if not same_client(client, world.config.google_client_id, world.config.google_client_secret):
        return _error("invalid_client", "The provided client secret is invalid.", 401)
    if body.get("grant_type") == "authorization_code":
        return _exchange(world, body)
    if body.get("grant_type") == "refresh_token":
        return _refresh(world, body)
    return _error("unsupported_grant_type", f"Invalid grant_type: {body.get('grant_type', '')[:40]}")


def _exchange(world: World, body: dict[str, str]) -> Response:
    code = world.codes.get(body.get("code", ""))
    if code is None or code.service != "google" or code.used or code.expires <= world.now():
        world.reused_codes += code is not None and code.used
        return _error("invalid_grant", "Bad Request" if code else "Malformed auth code.")
    if body.get("redirect_uri") != code.redirect_uri:
        return _error("redirect_uri_mismatch", "Bad Request")
    if not verifier_fits(code, body.get("code_verifier", "")):
        return _error("invalid_grant", "Missing code verifier." if "code_verifier" not in body else "Bad Request")
    code.used = True
    answer = _access(world, code)
    if code.offline:
        grant, text = _grant(code.user), f"1//0{random_text(100)}"
        world.issue("google", "refresh", code.user, code.client_id, code.scopes, grant, text)
        answer["refresh_token"] = text
    return json_response(answer, headers={"Cache-Control": "no-store"})


def _refresh(world: World, body: dict[str, str]) -> Response:
    refresh = world.tokens.get(body.get("refresh_token", ""))
    if refresh is None or refresh.service != "google" or refresh.kind != "refresh" or refresh.state != "live":
        return _error("invalid_grant", "Token has been expired or revoked.")
    return json_response(_access(world, refresh), headers={"Cache-Control": "no-store"})


def _grant(user: str) -> str:
    return f"google-grant-{user}"


def _access(world: World, source: Code | Token) -> dict[str, object]:
    text = f"ya29.a0{random_text(210)}"
    world.issue("google", "access", source.user, source.client_id, source.scopes, _grant(source.user), text)
    answer: dict[str, object] = {
        "access_token": text,
        "expires_in": world.settings.token_seconds,
        "scope": " ".join(source.scopes),
        "token_type": "Bearer",
    }
    if "openid" in source.scopes:
        answer["id_token"] = _id_token(world, world.google_users[source.user], source)
    return answer


def _id_token(world: World, user: GoogleUser, source: Code | Token) -> str:
    """A JWT in form; its signature is noise, since nobody here checks it."""
    issued = int(world.now().timestamp())
    claims: dict[str, object] = {
        "iss": "https://accounts.google.com",
        "azp": source.client_id,
        "aud": source.client_id,
        "sub": user.sub,
        "iat": issued,
        "exp": issued + 3600,
    }
    if IDENTITY["email"] in source.scopes:
        claims |= {"email": user.email, "email_verified": True}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "sandbox", "typ": "JWT"}, claims)]
    head, payload = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{head}.{payload}.{random_text(342)}"


def revoke(world: World, request: Request) -> Response:
    """Any live token of a grant ends the whole grant."""
    given = request.form() or parse_qs(request.body.decode("utf-8", "replace")) or request.query
    found = world.tokens.get(given.get("token", [""])[-1])
    expired = found is not None and found.expires is not None and found.expires <= world.now()
    if found is None or found.service != "google" or found.state != "live" or expired:
        return _error("invalid_token", "Token expired or revoked")
    world.end_tokens("google", found.user, "revoked", client_id=found.client_id)
    return json_response({})


def userinfo(world: World, request: Request) -> Response:
    """OpenID Connect's userinfo: who the token belongs to, as far as the scopes allow."""
    found, _ = bearer(world, request, "google")
    if found is None or not IDENTITY_SCOPES.intersection(found.scopes):
        return _error("invalid_request", "Invalid Credentials", 401)
    user = world.google_users[found.user]
    answer: dict[str, object] = {"sub": user.sub}
    if IDENTITY["email"] in found.scopes:
        answer |= {"email": user.email, "email_verified": True}
    if IDENTITY["profile"] in found.scopes or "openid" in found.scopes:
        answer["name"] = user.name
    return json_response(answer)


ROUTES = (
    Route("GET", "/o/oauth2/v2/auth", "authorize", authorize),
    Route("POST", "/o/oauth2/v2/auth", "authorize.decide", decide),
    Route("POST", "/token", "token", token),
    Route("POST", "/revoke", "revoke", revoke),
    Route("GET", "/oauth2/v3/userinfo", "userinfo", userinfo),
)
