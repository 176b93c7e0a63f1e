"""Our own events: inserted, looked at, patched, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from calendars.google.calls import perform
from calendars.google.errors import illegible
from calendars.google.moments import edge_of
from integrations.http import ProviderError


@dataclass(frozen=True)
class Event:
    """What Google answered about an event. ``conference`` is ``none``, ``pending``, ``ready`` or ``failed``."""

    event_id: str
    cancelled: bool
    etag: str
    ical_uid: str
    sequence: int
    start: datetime | None
    end: datetime | None
    location: str
    description: str
    meet_url: str
    conference: str
    private: Mapping[str, str] = field(default_factory=dict)
    attendees: tuple[str, ...] = ()


# https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
def insert_event(access_token: str, calendar_id: str, body: Mapping[str, Any], *, tell: bool) -> Event:
    """Insert ``body`` (with its own ``id``). ProviderError(status=409): it is there already, or was."""
    return _event(
        perform(
            access_token,
            lambda api: api.events.insert(
                calendarId=calendar_id, body=body, conferenceDataVersion=1, sendUpdates="all" if tell else "none"
            ),
        )
    )


# https://developers.google.com/workspace/calendar/api/v3/reference/events/get
def get_event(access_token: str, calendar_id: str, event_id: str) -> Event | None:
    """The event, deleted ones included (``cancelled``); None when Google knows no such event."""
    try:
        answer = perform(access_token, lambda api: api.events.get(calendarId=calendar_id, eventId=event_id))
    except ProviderError as error:
        if error.status == 404:
            return None
        raise
    return _event(answer)


# https://developers.google.com/workspace/calendar/api/v3/reference/events/patch
def patch_event(
    access_token: str,
    calendar_id: str,
    event_id: str,
    body: Mapping[str, Any],
    *,
    etag: str,
    tell: bool,
) -> Event:
    """Write ``body`` over the event if it is still the one with ``etag``; else ProviderError(status=412)."""
    return _event(
        perform(
            access_token,
            lambda api: api.events.patch(
                calendarId=calendar_id,
                eventId=event_id,
                body=body,
                conferenceDataVersion=1,
                sendUpdates="all" if tell else "none",
            ),
            etag=etag,
        )
    )


# https://developers.google.com/workspace/calendar/api/v3/reference/events/delete
def delete_event(access_token: str, calendar_id: str, event_id: str, *, tell: bool) -> bool:
    """Delete the event; whether it was still there. One that is gone or was never there is success (410, 404)."""
    try:
        perform(
            access_token,
            lambda api: api.events.delete(
                calendarId=calendar_id, eventId=event_id, sendUpdates="all" if tell else "none"
            ),
        )
    except ProviderError as error:
        if error.status not in (404, 410):
            raise
        return False
    return True


def _event(item: Mapping[str, Any]) -> Event:
    if not item.get("id"):
        raise illegible()
    conference = item.get("conferenceData") or {}
    status = ((conference.get("createRequest") or {}).get("status") or {}).get("statusCode", "")
    meet_url = str(item.get("hangoutLink") or _video_entry(conference))
    return Event(
        event_id=str(item["id"]),
        cancelled=item.get("status") == "cancelled",
        etag=str(item.get("etag", "")),
        ical_uid=str(item.get("iCalUID", "")),
        sequence=int(item.get("sequence", 0)),
        start=edge_of(item["start"], UTC) if item.get("start") else None,
        end=edge_of(item["end"], UTC) if item.get("end") else None,
        location=str(item.get("location") or ""),
        description=str(item.get("description") or ""),
        meet_url=meet_url,
        conference="ready" if meet_url else {"pending": "pending", "failure": "failed"}.get(status, "none"),
        private=dict((item.get("extendedProperties") or {}).get("private") or {}),
        attendees=tuple(str(person.get("email", "")) for person in item.get("attendees", [])),
    )


def _video_entry(conference: Mapping[str, Any]) -> str:
    for entry in conference.get("entryPoints") or []:
        if entry.get("entryPointType") == "video":
            return str(entry.get("uri", ""))
    return ""
