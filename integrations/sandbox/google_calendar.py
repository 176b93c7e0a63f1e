"""The calendar list and free/busy, and the whole of what Google's port offers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from . import events, google_events
from .google_oauth import ROUTES as OAUTH_ROUTES
from .google_rules import admit, bad, error, not_found, unauthorized
from .http import Request, Response, Route, Service, json_response
from .personas import Calendar
from .state import Event, Json, World
from .times import is_zone, moment

MOST_CALENDARS = 50
LONGEST = timedelta(days=90)


def _entry(calendar: Calendar) -> Json:
    entry: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": '"1750000000000000"',
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "colorId": "14",
        "backgroundColor": calendar.background,
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": calendar.access_role,
        "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": list(calendar.allowed)},
    }
    return {**entry, "primary": True} if calendar.primary else entry


def calendar_list(world: World, request: Request) -> Response:
    """The user's calendars. The events scopes do not admit this."""
    admitted = admit(world, request, "calendarlist")
    if isinstance(admitted, Response):
        return admitted
    mine = [calendar for calendar in world.calendars if calendar.owner == admitted[0].email]
    roles = ["freeBusyReader", "reader", "writer", "owner"]
    if (least := request.arg("minAccessRole")) in roles:
        mine = [calendar for calendar in mine if roles.index(calendar.access_role) >= roles.index(least)]
    size, start = request.arg("maxResults", "100"), 0
    if not size.isdecimal() or not 1 <= int(size) <= 250:
        return bad("Invalid value for maxResults.", location="maxResults", locationType="parameter")
    if page_token := request.arg("pageToken"):
        if not page_token.isdecimal():
            return bad("Invalid page token value.", location="pageToken", locationType="parameter")
        start = int(page_token)
    items = [_entry(calendar) for calendar in mine[start : start + int(size)]]
    answer: Json = {"kind": "calendar#calendarList", "etag": '"p33"', "items": items}
    if len(mine) > start + int(size):
        answer["nextPageToken"] = str(start + int(size))
    return json_response(answer)


def calendar_list_get(world: World, request: Request) -> Response:
    """One entry of the calendar list."""
    admitted = admit(world, request, "calendarlist.get")
    if isinstance(admitted, Response):
        return admitted
    calendar = world.calendar(request.params["calendar"], admitted[0].email)
    return json_response(_entry(calendar)) if calendar else not_found()


def free_busy(world: World, request: Request) -> Response:
    """Busy times: opaque events the owner has not declined, joined where they touch."""
    admitted = admit(world, request, "freebusy")
    if isinstance(admitted, Response):
        return admitted
    body = request.json()
    if not isinstance(body, dict):
        return bad("Parse Error", "parseError")
    start, end, items = moment(body.get("timeMin")), moment(body.get("timeMax")), body.get("items", [])
    zone = body.get("timeZone", "UTC")
    if start is None or end is None:
        name = "timeMin" if start is None else "timeMax"
        return bad("Missing or invalid time.", "required" if name not in body else "invalid", location=name)
    if not is_zone(zone) or not isinstance(items, list):
        return bad("Invalid value.")
    if end <= start:
        return error(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if end - start > LONGEST:
        return error(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    if len(items) > MOST_CALENDARS:
        return error(400, "tooManyCalendarsRequested", "Too many calendars requested.", domain="calendar")
    answer: Json = {"kind": "calendar#freeBusy", "timeMin": _text(start, "UTC"), "timeMax": _text(end, "UTC")}
    answer["calendars"] = {
        str(item.get("id")): _busy(world, str(item.get("id")), admitted[0].email, start, end, zone)
        for item in items
        if isinstance(item, dict)
    }
    return json_response(answer)


def _text(value: datetime, zone: str) -> str:
    return value.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds").replace("+00:00", "Z")


def _busy(world: World, calendar_id: str, user: str, start: datetime, end: datetime, zone: str) -> Json:
    calendar = world.calendar(calendar_id, user)
    if calendar is None:
        return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    spans = sorted(
        events.span(event, calendar)
        for event in world.events.values()
        if event.calendar == calendar.id and _blocks(event, calendar)
    )
    joined: list[list[datetime]] = []
    for begin, finish in spans:
        if finish <= start or begin >= end or finish <= begin:
            continue
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], finish)
        else:
            joined.append([begin, finish])
    clipped = [(max(begin, start), min(finish, end)) for begin, finish in joined]
    return {"busy": [{"start": _text(begin, zone), "end": _text(finish, zone)} for begin, finish in clipped]}


def _blocks(event: Event, calendar: Calendar) -> bool:
    if event.data["status"] == "cancelled" or event.data.get("transparency") == "transparent":
        return False
    mine = [guest for guest in event.data.get("attendees", []) if guest["email"] == calendar.owner]
    return not any(guest.get("responseStatus") == "declined" for guest in mine)


def _not_found(request: Request) -> Response:
    return Response(404, b"<html><title>Error 404 (Not Found)!!1</title></html>", {"Content-Type": "text/html"})


def _failure(call: str, params: dict[str, Any]) -> Response:
    """The body of a planned failure, in the shape of the call it hits."""
    status = int(params.get("status", 500))
    if params.get("expired"):
        return unauthorized()
    if "body" in params:
        return json_response(params["body"], status)
    message = str(params.get("message", "Planned failure."))
    if call.startswith("token") or call == "revoke":
        name = str(params.get("error", params.get("reason", "internal_failure")))
        return json_response({"error": name, "error_description": message}, status)
    reason = str(params.get("reason", "backendError"))
    domain = "usageLimits" if reason.endswith("Exceeded") else "global"
    return error(status, reason, message, domain=str(params.get("domain", domain)))


CALENDAR = "/calendar/v3/calendars/{calendar}/events"
SERVICE = Service(
    "google",
    (
        *OAUTH_ROUTES,
        Route("GET", "/calendar/v3/users/me/calendarList", "calendarlist", calendar_list),
        Route("GET", "/calendar/v3/users/me/calendarList/{calendar}", "calendarlist.get", calendar_list_get),
        Route("POST", "/calendar/v3/freeBusy", "freebusy", free_busy),
        Route("POST", CALENDAR, "events.insert", google_events.insert),
        Route("GET", CALENDAR, "events.list", google_events.listing),
        Route("GET", CALENDAR + "/{event}", "events.get", google_events.get),
        Route("PATCH", CALENDAR + "/{event}", "events.patch", google_events.patch),
        Route("PUT", CALENDAR + "/{event}", "events.update", google_events.update),
        Route("DELETE", CALENDAR + "/{event}", "events.delete", google_events.delete),
    ),
    _not_found,
    _failure,
)
