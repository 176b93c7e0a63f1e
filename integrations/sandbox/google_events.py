"""events.insert, get, list, patch, update and delete.

Rules: the discovery document, and https://developers.google.com/workspace/calendar/api/guides/errors.
A patch on a deleted event answers 403 unless it sets the status back, as seen by other projects.
"""

from __future__ import annotations

import copy
import secrets
from datetime import datetime

from . import conference, events
from .google_rules import admit_calendar, bad, error, not_found
from .http import Request, Response, json_response
from .ledger import announce
from .personas import Calendar, GoogleUser
from .state import Event, Json, World
from .times import moment, zulu


def settled(world: World, event: Event) -> Event:
    """The event, with a Meet whose creation has finished in the meantime."""
    if conference.settle(world, event):
        events.touch(world, event, None)
        events.note(world, event, "meet finished")
    return event


def _version(request: Request) -> int | Response:
    text = request.arg("conferenceDataVersion", "0")
    if text not in ("0", "1"):
        return bad(f"Invalid value '{text[:20]}'.", location="conferenceDataVersion", locationType="parameter")
    return int(text)


def _send_updates(request: Request) -> str:
    if "sendUpdates" in request.query:
        return request.arg("sendUpdates")
    return "all" if request.arg("sendNotifications") == "true" else "none"


def _write(world: World, request: Request, call: str) -> tuple[GoogleUser, Calendar, Json, int] | Response:
    """What every write starts with: the calendar, the body, the conference data version."""
    admitted = admit_calendar(world, request, call, write=True)
    if isinstance(admitted, Response):
        return admitted
    version = _version(request)
    if isinstance(version, Response):
        return version
    if _send_updates(request) not in ("all", "externalOnly", "none"):
        return bad("Invalid value for sendUpdates.", location="sendUpdates", locationType="parameter")
    body = request.json()
    if not isinstance(body, dict) or "json" not in request.headers.get("content-type", ""):
        return bad("Parse Error", "parseError")
    return *admitted, body, version


def insert(world: World, request: Request) -> Response:
    """Make an event; an id that was ever used in this calendar is a duplicate, deleted or not."""
    ready = _write(world, request, "events.insert")
    if isinstance(ready, Response):
        return ready
    _, calendar, body, version = ready
    if "id" in body and "iCalUID" in body:
        return bad("Only one of id and iCalUID may be given.")
    event_id = body.get("id", secrets.token_hex(13))
    if not isinstance(event_id, str) or not events.ID.fullmatch(event_id):
        return bad("Invalid resource id value.")
    if (calendar.id, event_id) in world.events:
        return error(409, "duplicate", "The requested identifier already exists.")
    data = {**events.fresh(world, calendar, event_id), **events.merge({}, events.writable(body))}
    if "iCalUID" in body:
        data["iCalUID"] = str(body["iCalUID"])
    if wrong := events.check(data, calendar):
        return wrong
    events.normalize(data, calendar)
    event = Event(calendar.id, data)
    if wrong := conference.apply(world, calendar, event, body, version):
        return wrong
    conference.put_back(world, calendar, event)
    events.touch(world, event, None)
    world.events[calendar.id, event_id] = event
    _done(world, calendar, event, None, request, "insert", body, version)
    return json_response(event.data)


def _done(
    world: World,
    calendar: Calendar,
    event: Event,
    before: Json | None,
    request: Request,
    verb: str,
    body: Json | None,
    version: int,
) -> None:
    """Write the version down, and whom Google tells of it."""
    send = _send_updates(request)
    events.note(world, event, verb, body, conferenceDataVersion=version, sendUpdates=send)
    announce(world, calendar, before, event.data, send)


def _existing(world: World, request: Request, call: str) -> tuple[Calendar, Event, Json, int] | Response:
    ready = _write(world, request, call)
    if isinstance(ready, Response):
        return ready
    _, calendar, body, version = ready
    event = world.events.get((calendar.id, request.params["event"]))
    if event is None:
        return not_found()
    settled(world, event)
    if stale := _stale(request, event):
        return stale
    if event.data["status"] == "cancelled" and body.get("status") not in ("confirmed", "tentative"):
        return error(403, "forbidden", "Forbidden")
    return calendar, event, body, version


def _stale(request: Request, event: Event) -> Response | None:
    wanted = request.headers.get("if-match", "*").strip()
    if wanted == "*" or event.data["etag"] in [tag.strip() for tag in wanted.split(",")]:
        return None
    return error(412, "conditionNotMet", "Precondition Failed", location="If-Match", locationType="header")


def patch(world: World, request: Request) -> Response:
    """Change what is given: objects merge, arrays are replaced, null deletes."""
    return _change(world, request, "events.patch")


def update(world: World, request: Request) -> Response:
    """Replace the whole event."""
    return _change(world, request, "events.update")


def _change(world: World, request: Request, call: str) -> Response:
    ready = _existing(world, request, call)
    if isinstance(ready, Response):
        return ready
    calendar, event, body, version = ready
    before, old = copy.deepcopy(event.data), event.data
    given = events.writable(body)
    if call == "events.update":
        old = {name: value for name, value in old.items() if name not in events.WRITABLE or name == "eventType"}
        given = {"status": "confirmed", "reminders": {"useDefault": True}, **given}
        body = {"conferenceData": None, **body} if version else body
    data = copy.deepcopy(events.merge(old, given))
    data.setdefault("status", "confirmed")
    if wrong := events.check(data, calendar):
        return wrong
    events.normalize(data, calendar)
    event.data = data
    if wrong := conference.apply(world, calendar, event, body, version):
        event.data = before
        return wrong
    conference.put_back(world, calendar, event)
    if event.data != before:
        events.touch(world, event, before)
    _done(world, calendar, event, before, request, call.removeprefix("events."), body, version)
    return json_response(event.data)


def get(world: World, request: Request) -> Response:
    """Read an event; a deleted one is still there, cancelled."""
    admitted = admit_calendar(world, request, "events.get")
    if isinstance(admitted, Response):
        return admitted
    event = world.events.get((admitted[1].id, request.params["event"]))
    return json_response(settled(world, event).data) if event else not_found()


def delete(world: World, request: Request) -> Response:
    """Delete an event: 410 when it is already, 404 when it never was."""
    admitted = admit_calendar(world, request, "events.delete", write=True)
    if isinstance(admitted, Response):
        return admitted
    calendar = admitted[1]
    event = world.events.get((calendar.id, request.params["event"]))
    if event is None:
        return not_found()
    if event.data["status"] == "cancelled":
        return error(410, "deleted", "Resource has been deleted")
    if stale := _stale(request, event):
        return stale
    before = copy.deepcopy(event.data)
    event.data["status"] = "cancelled"
    events.touch(world, event, before)
    _done(world, calendar, event, before, request, "delete", None, 0)
    return Response(204)


def listing(world: World, request: Request) -> Response:
    """Events of a calendar between two moments, a page at a time."""
    admitted = admit_calendar(world, request, "events.list")
    if isinstance(admitted, Response):
        return admitted
    calendar = admitted[1]
    if "syncToken" in request.query:
        return error(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
    bounds: dict[str, datetime] = {}
    for name in ("timeMin", "timeMax"):
        if name in request.query:
            found = moment(request.arg(name))
            if found is None:
                return bad("Bad Request", "badRequest")
            bounds[name] = found
    if len(bounds) == 2 and bounds["timeMin"] >= bounds["timeMax"]:
        message = "The specified time range is empty."
        return error(400, "timeRangeEmpty", message, domain="calendar", location="timeMax", locationType="parameter")
    order = request.arg("orderBy")
    if order == "startTime" and request.arg("singleEvents") != "true":
        return bad("The requested ordering is not available for the particular query.")
    size = request.arg("maxResults", "250")
    if not size.isdecimal() or not 1 <= int(size) <= 2500:
        return bad("Invalid value for maxResults.", location="maxResults", locationType="parameter")
    mine = [settled(world, event) for event in world.events.values() if event.calendar == calendar.id]
    mine = [event for event in mine if _wanted(event, calendar, request, bounds)]
    mine.sort(key=lambda event: event.data["updated"] if order == "updated" else zulu(events.span(event, calendar)[0]))
    return _page(world, request, calendar, mine, int(size))


def _wanted(event: Event, calendar: Calendar, request: Request, bounds: dict[str, datetime]) -> bool:
    if event.data["status"] == "cancelled" and request.arg("showDeleted") != "true":
        return False
    start, end = events.span(event, calendar)
    if ("timeMin" in bounds and end <= bounds["timeMin"]) or ("timeMax" in bounds and start >= bounds["timeMax"]):
        return False
    if "iCalUID" in request.query and event.data["iCalUID"] != request.arg("iCalUID"):
        return False
    private = event.data.get("extendedProperties", {}).get("private", {})
    pairs = [pair.partition("=") for pair in request.query.get("privateExtendedProperty", [])]
    return all(private.get(name) == value for name, _, value in pairs)


def _page(world: World, request: Request, calendar: Calendar, found: list[Event], size: int) -> Response:
    start = 0
    if page_token := request.arg("pageToken"):
        if page_token not in world.pages:
            return bad("Invalid page token value.", location="pageToken", locationType="parameter")
        start = world.pages[page_token][1]
    answer: Json = {
        "kind": "calendar#events",
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "accessRole": calendar.access_role,
        "updated": events.google_stamp(world),
        "defaultReminders": [],
        "items": [event.data for event in found[start : start + size]],
    }
    if len(found) > start + size:
        answer["nextPageToken"] = secrets.token_urlsafe(24)
        world.pages[answer["nextPageToken"]] = (calendar.id, start + size)
    return json_response(answer)
