"""What Google's calendar API checks first (token, scope), and the shape of its errors.

Scopes: the discovery document `calendar:v3`, rev 20261030, method by method.
Errors: https://developers.google.com/workspace/calendar/api/guides/errors
"""

from __future__ import annotations

from typing import Any

from .http import Request, Response, json_response
from .oauth import bearer
from .personas import Calendar, GoogleUser
from .state import World

PREFIX = "https://www.googleapis.com/auth/"
_WRITE = ("calendar", "calendar.app.created", "calendar.events", "calendar.events.owned")
_READ = (
    *_WRITE,
    "calendar.events.freebusy",
    "calendar.events.owned.readonly",
    "calendar.events.public.readonly",
    "calendar.events.readonly",
    "calendar.readonly",
)
SCOPES: dict[str, tuple[str, ...]] = {
    "calendarlist": ("calendar", "calendar.calendarlist", "calendar.calendarlist.readonly", "calendar.readonly"),
    "calendarlist.get": (
        "calendar",
        "calendar.app.created",
        "calendar.calendarlist",
        "calendar.calendarlist.readonly",
        "calendar.readonly",
    ),
    "freebusy": ("calendar", "calendar.events.freebusy", "calendar.freebusy", "calendar.readonly"),
    "events.insert": _WRITE,
    "events.patch": _WRITE,
    "events.update": _WRITE,
    "events.delete": _WRITE,
    "events.get": _READ,
    "events.list": _READ,
}
OWNED_ONLY = frozenset(("calendar.events.owned", "calendar.events.owned.readonly"))
STATUS_NAMES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}


def error(status: int, reason: str, message: str, *, domain: str = "global", **where: str) -> Response:
    """Google's error body. `where` is `location` and `locationType`."""
    body: dict[str, Any] = {
        "errors": [{"domain": domain, "reason": reason, "message": message, **where}],
        "code": status,
        "message": message,
    }
    if status in STATUS_NAMES and reason in ("authError", "insufficientPermissions"):
        body["status"] = STATUS_NAMES[status]
    return json_response({"error": body}, status)


def unauthorized() -> Response:
    """An access token that is missing, expired or revoked."""
    answer = error(401, "authError", "Invalid Credentials", location="Authorization", locationType="header")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return answer


def bad(message: str, reason: str = "invalid", **where: str) -> Response:
    """400: a value that does not do."""
    return error(400, reason, message, **where)


def not_found() -> Response:
    """404: no such calendar or event, or not for this user."""
    return error(404, "notFound", "Not Found")


def admit(world: World, request: Request, call: str) -> tuple[GoogleUser, frozenset[str]] | Response:
    """The user a request acts for and the short scope names that admit it, or why it may not."""
    token, _ = bearer(world, request, "google")
    if token is None:
        return unauthorized()
    granted = {scope.removeprefix(PREFIX) for scope in token.scopes}
    fitting = frozenset(granted.intersection(SCOPES[call]))
    if not fitting:
        return error(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    return world.google_users[token.user], fitting


def admit_calendar(
    world: World, request: Request, call: str, *, write: bool = False
) -> tuple[GoogleUser, Calendar] | Response:
    """The same for a call on one calendar, which has to be visible, and writable for a write."""
    admitted = admit(world, request, call)
    if isinstance(admitted, Response):
        return admitted
    user, fitting = admitted
    calendar = world.calendar(request.params["calendar"], user.email)
    if calendar is None:
        return not_found()
    if calendar.access_role != "owner" and fitting <= OWNED_ONLY:
        return error(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    if write and calendar.access_role not in ("owner", "writer"):
        message = "You need to have writer access to this calendar."
        return error(403, "requiredAccessLevel", message, domain="calendar")
    return user, calendar
