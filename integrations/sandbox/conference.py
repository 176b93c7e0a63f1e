"""Google Meet on an event: asked for, created (at once or later), taken out, put back.

Rules: https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing
"""

from __future__ import annotations

import secrets
import string
from datetime import timedelta
from typing import Any

from .google_rules import bad
from .http import Response
from .personas import Calendar
from .state import Event, Json, World

MEET = "hangoutsMeet"


def apply(world: World, calendar: Calendar, event: Event, body: Json, version: int) -> Response | None:
    """Carry out what a write says about conference data; an error answer when it cannot be."""
    if version < 1 or "conferenceData" not in body:
        return None
    wanted = body["conferenceData"]
    if wanted is None:
        remove(event)
        return None
    if not isinstance(wanted, dict):
        return bad("Invalid conference data.")
    if "createRequest" in wanted and wanted["createRequest"] is not None:
        return _create(world, calendar, event, wanted["createRequest"])
    kind = _kind(wanted.get("conferenceSolution"))
    if kind == "addOn":
        return bad("Invalid conference data")
    points = wanted.get("entryPoints")
    if points and not (isinstance(points, list) and all(isinstance(point, dict) for point in points)):
        return bad("Invalid conference data")
    if kind == MEET and points:
        kept = {name: wanted[name] for name in ("entryPoints", "conferenceSolution", "conferenceId") if name in wanted}
        event.data["conferenceData"] = kept
        event.data["hangoutLink"] = str(points[0].get("uri", ""))
    return None


def _kind(solution: Any) -> str:
    key = solution.get("key") if isinstance(solution, dict) else None
    return str(key.get("type") or "") if isinstance(key, dict) else ""


def _create(world: World, calendar: Calendar, event: Event, request: Any) -> Response | None:
    if not isinstance(request, dict) or not isinstance(request.get("requestId"), str) or not request["requestId"]:
        return bad("Invalid conference data.")
    key = request.get("conferenceSolutionKey")
    kind = str(key.get("type") or "") if isinstance(key, dict) else MEET
    if kind != MEET or kind not in calendar.allowed:
        return bad("Invalid conference type value.")
    if event.meet_request is not None and event.meet_request["requestId"] == request["requestId"]:
        return None
    start(world, event, request["requestId"])
    return None


def start(world: World, event: Event, request_id: str) -> None:
    """Begin to make a Meet: at once, or pending for as long as the settings say."""
    event.meet_request = {"requestId": request_id, "conferenceSolutionKey": {"type": MEET}}
    wait = world.settings.meet_pending_seconds
    if wait <= 0:
        _finish(world, event)
        return
    event.meet_due = world.now() + timedelta(seconds=wait)
    event.data["conferenceData"] = {"createRequest": {**event.meet_request, "status": {"statusCode": "pending"}}}
    event.data.pop("hangoutLink", None)


def _finish(world: World, event: Event) -> None:
    outcome = world.settings.meet_outcome
    event.meet_due = None
    request = {**(event.meet_request or {}), "status": {"statusCode": outcome}}
    event.data.pop("hangoutLink", None)
    if outcome != "success":
        event.data["conferenceData"] = {"createRequest": request}
        return
    code = "-".join("".join(secrets.choice(string.ascii_lowercase) for _ in range(n)) for n in (3, 4, 3))
    uri = f"https://meet.google.com/{code}"
    event.data["hangoutLink"] = uri
    event.data["conferenceData"] = {
        "createRequest": request,
        "entryPoints": [{"entryPointType": "video", "uri": uri, "label": uri.removeprefix("https://")}],
        "conferenceSolution": {"key": {"type": MEET}, "name": "Google Meet", "iconUri": "https://example.com/meet.png"},
        "conferenceId": code,
    }


def settle(world: World, event: Event) -> bool:
    """Finish a creation whose time has come. One that was patched out while pending comes back, too."""
    if event.meet_due is None or event.meet_due > world.now() or event.data["status"] == "cancelled":
        return False
    _finish(world, event)
    return True


def remove(event: Event) -> None:
    """Take the conference out of an event."""
    event.data.pop("conferenceData", None)
    event.data.pop("hangoutLink", None)


def put_back(world: World, calendar: Calendar, event: Event) -> None:
    """The calendar's own default: it adds a Meet to an event that has none."""
    if not calendar.meet_by_default or "conferenceData" in event.data or MEET not in calendar.allowed:
        return
    if calendar.meet_by_default > 0:
        calendar.meet_by_default -= 1
    start(world, event, f"default-{secrets.token_hex(8)}")
