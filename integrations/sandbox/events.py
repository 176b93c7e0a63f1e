"""A calendar event's fields: what may be written, how a patch merges, what Google makes of it.

Rules: `Event` in the discovery document; https://developers.google.com/workspace/calendar/api/guides/performance#patch
"""

from __future__ import annotations

import copy
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .google_rules import bad
from .http import Response
from .personas import Calendar
from .state import Event, Json, World
from .times import is_zone

WRITABLE = frozenset(
    "summary description location colorId start end recurrence transparency visibility attendees "
    "reminders extendedProperties source status attachments anyoneCanAddSelf guestsCanInviteOthers "
    "guestsCanModify guestsCanSeeOtherGuests eventType".split()
)
ID = re.compile(r"[a-v0-9]{5,1024}")
EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
MOVES_SEQUENCE = ("start", "end", "location", "recurrence", "status")


def merge(old: Json, new: Json) -> Json:
    """Patch semantics: objects are merged, arrays replaced whole, an explicit null deletes."""
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = merge(merged[name] if isinstance(merged.get(name), dict) else {}, value)
        else:
            merged[name] = copy.deepcopy(value)
    return merged


def boundary(value: Any, calendar: Calendar) -> datetime | None:
    """A start or end as a moment; None when it is neither a date nor a date-time."""
    if not isinstance(value, dict) or ("date" in value) == ("dateTime" in value):
        return None
    zone = value.get("timeZone", calendar.time_zone)
    try:
        if "date" in value:
            day = date.fromisoformat(str(value["date"]))
            return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(calendar.time_zone))
        moment = datetime.fromisoformat(str(value["dateTime"]))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def check(data: Json, calendar: Calendar) -> Response | None:
    """What is wrong with an event as it would be stored."""
    for name in ("start", "end"):
        value = data.get(name)
        if value is None:
            return bad(f"Missing {name} time.", "required")
        if isinstance(value, dict) and "timeZone" in value and not is_zone(value["timeZone"]):
            return bad(f"Invalid time zone definition for {name} time.")
        naive = isinstance(value, dict) and "dateTime" in value and not _has_offset(value["dateTime"])
        if naive and "timeZone" not in value:
            return bad(f"Missing time zone definition for {name} time.", "required")
        if boundary(value, calendar) is None:
            return bad(f"Invalid {name} time.")
    start, end = boundary(data["start"], calendar), boundary(data["end"], calendar)
    if ("date" in data["start"]) != ("date" in data["end"]):
        return bad("Invalid start time.")
    if start is not None and end is not None and (end < start or ("date" in data["start"] and end == start)):
        return bad("The specified time range is empty.", "timeRangeEmpty")
    return _check_rest(data)


def _check_rest(data: Json) -> Response | None:
    attendees = data.get("attendees", [])
    if not isinstance(attendees, list) or len(attendees) > 200:
        return bad("Invalid attendees.")
    for guest in attendees:
        if not isinstance(guest, dict) or not EMAIL.fullmatch(str(guest.get("email", ""))):
            return bad("Invalid attendee email.")
    properties = data.get("extendedProperties", {})
    for group in properties.values() if isinstance(properties, dict) else [None]:
        if not isinstance(group, dict) or not all(isinstance(value, str) for value in group.values()):
            return bad("Invalid extended properties.")
        if any(len(key) > 44 or len(value) > 1024 for key, value in group.items()):
            return bad("Extended property is too long.")
    for name in ("summary", "description", "location"):
        if not isinstance(data.get(name, ""), str) or len(data.get(name, "")) > 8192:
            return bad(f"Invalid {name}.")
    if data.get("status", "confirmed") not in ("confirmed", "tentative", "cancelled"):
        return bad("Invalid event status.")
    return None


def _has_offset(value: Any) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return True


def normalize(data: Json, calendar: Calendar) -> None:
    """Bring times into the calendar's zone and fill in what Google fills in."""
    for name in ("start", "end"):
        value, moment = data[name], boundary(data[name], calendar)
        if "dateTime" in value and moment is not None:
            local = moment.astimezone(ZoneInfo(calendar.time_zone))
            text = local.isoformat(timespec="seconds")
            zone = value.get("timeZone", calendar.time_zone)
            data[name] = {"dateTime": text.replace("+00:00", "Z"), "timeZone": zone}
        else:
            data[name] = {"date": value["date"]}
    for guest in data.get("attendees", []):
        guest["email"] = guest["email"].lower()
        guest.setdefault("responseStatus", "needsAction")
        if guest["email"] in (calendar.owner, calendar.id):
            guest.update({"self": True, "organizer": True})
    if not data.get("attendees"):
        data.pop("attendees", None)
    properties = {name: group for name, group in data.get("extendedProperties", {}).items() if group}
    data["extendedProperties"] = properties
    if not properties:
        del data["extendedProperties"]


def writable(body: Json) -> Json:
    """The part of a body that a client may write; Google ignores the rest silently."""
    return {name: copy.deepcopy(value) for name, value in body.items() if name in WRITABLE}


def fresh(world: World, calendar: Calendar, event_id: str) -> Json:
    """The fields Google sets itself on a new event."""
    now = google_stamp(world)
    organizer: Json = {"email": calendar.id, "self": True}
    if not calendar.primary:
        organizer["displayName"] = calendar.summary
    return {
        "kind": "calendar#event",
        "etag": "",
        "id": event_id,
        "status": "confirmed",
        "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
        "created": now,
        "updated": now,
        "creator": {"email": calendar.owner, "self": calendar.primary},
        "organizer": organizer,
        "iCalUID": f"{event_id}@google.com",
        "sequence": 0,
        "reminders": {"useDefault": True},
        "eventType": "default",
    }


def google_stamp(world: World) -> str:
    """Now, as Google writes `created` and `updated`."""
    return world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def touch(world: World, event: Event, before: Json | None) -> None:
    """A new etag and `updated`; a higher sequence when guests have to notice."""
    if before is not None and any(before.get(name) != event.data.get(name) for name in MOVES_SEQUENCE):
        event.data["sequence"] = before["sequence"] + 1
    event.data["updated"] = google_stamp(world)
    world.etags += 1
    event.data["etag"] = f'"{3_500_000_000_000_000 + world.etags}"'


def note(world: World, event: Event, verb: str, written: Any = None, **more: Any) -> None:
    """Add a version to the event's history: what was written, and what stands there now."""
    version = {"at": world.stamp(), "verb": verb, "written": copy.deepcopy(written), **more}
    event.history.append({**version, "data": copy.deepcopy(event.data)})


def span(event: Event, calendar: Calendar) -> tuple[datetime, datetime]:
    """When an event is, in UTC."""
    start, end = boundary(event.data["start"], calendar), boundary(event.data["end"], calendar)
    floor = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
    return (start or floor).astimezone(UTC), (end or floor).astimezone(UTC)
