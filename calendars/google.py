"""Google Calendar, as far as we use it: plain typed functions over Google's own client library.

Reference: https://developers.google.com/workspace/calendar/api/v3/reference. The library's HTTP object is
replaced by an adapter over ``integrations.http``: one deadline, one size cap, one error type; its own retries stay off.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httplib2
from django.conf import settings
from django.utils import timezone as clock
from django.utils.translation import gettext as _
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from integrations import http
from integrations.http import ProviderError

PROVIDER = "google"
SERVICE = "Google Calendar"
# https://developers.google.com/workspace/calendar/api/guides/errors: these reasons of a 403 pass by themselves.
_PASSING_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}
_BUSY_FIELDS = "items(id,status,transparency,eventType,start,end,attendees(self,responseStatus)),nextPageToken,timeZone"


@dataclass(frozen=True)
class CalendarInfo:
    """One entry of the user's calendar list."""

    external_id: str
    name: str
    timezone: str
    is_primary: bool
    role: str
    """``owner``, ``writer``, ``reader`` or ``freeBusyReader``."""
    allows_meet: bool


@dataclass(frozen=True)
class BusyEvent:
    """An event that blocks time: aware UTC, half-open."""

    event_id: str
    start: datetime
    end: datetime


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


class _Transport:
    """The part of httplib2's ``Http`` that the client library uses, over our own way of calling out."""

    def __init__(self, access_token: str) -> None:
        self._authorization = f"Bearer {access_token}"

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_unused: Any
    ) -> tuple[httplib2.Response, bytes]:
        """One call; raises ProviderError for network faults."""
        sent = {**(headers or {}), "authorization": self._authorization}
        # The library asks for gzip in its user agent's name only; requests decodes, so the length may differ.
        content = body.encode() if isinstance(body, str) else body
        answer = http.call(method, uri, service=SERVICE, headers=sent, body=content)
        info = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response({**info, "status": str(answer.status)}), answer.body

    def close(self) -> None:
        """Nothing to close: the connections are pooled."""


@lru_cache(maxsize=1)
def _document() -> Any:
    return json.loads(get_static_doc("calendar", "v3"))


def _calendar(access_token: str) -> Any:
    return build_from_document(
        _document(),
        http=_Transport(access_token),
        client_options={"api_endpoint": f"{settings.GOOGLE_API_URL}/calendar/v3/"},
    )


def _perform(access_token: str, make: Callable[[Any], Any], *, etag: str = "") -> dict[str, Any]:
    """Execute the request that ``make`` builds from the service. Raises ProviderError."""
    request = make(_calendar(access_token))
    if etag:
        request.headers["If-Match"] = etag
    try:
        answer = request.execute(num_retries=0)
    except HttpError as error:
        raise _failure(error) from error
    except ValueError as error:  # a body that is not JSON
        raise _illegible() from error
    return answer if isinstance(answer, dict) else {}


def _illegible() -> ProviderError:
    return ProviderError(_("Google Calendar sent an answer that cannot be read."), retryable=True, in_doubt=True)


def _failure(error: HttpError) -> ProviderError:
    """Google's error as ours (https://developers.google.com/workspace/calendar/api/guides/errors)."""
    status = int(error.resp.status)
    reason, message = _reason(error.content)
    wait = http.retry_after(error.resp, clock.now())
    if status == 401:
        words = _("Google Calendar did not accept our access.")
        return ProviderError(words, retryable=False, status=401, unauthorized=True)
    if status == 429 or (status == 403 and reason in _PASSING_REASONS):
        words = _("Google Calendar asked us to slow down.")
        return ProviderError(words, retryable=True, retry_at=wait, status=status, code=reason)
    if status >= 500:
        words = _("Google Calendar has a problem of its own right now (error %(status)s).") % {"status": status}
        return ProviderError(words, retryable=True, retry_at=wait, status=status, code=reason, in_doubt=True)
    if status == 403:
        words = _("Google Calendar does not allow this (%(why)s).") % {"why": message or reason or status}
        return ProviderError(words, retryable=False, status=status, code=reason)
    why = f"{status}: {message}" if message else status
    words = _("Google Calendar refused this (error %(why)s).") % {"why": why}
    return ProviderError(words, retryable=False, status=status, code=reason)


def _reason(content: bytes) -> tuple[str, str]:
    """(reason, message) of an error body; empty where it has none."""
    try:
        error = json.loads(content)["error"]
        return str((error.get("errors") or [{}])[0].get("reason", "")), str(error.get("message", ""))[:200]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "", ""


# https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
def list_calendars(access_token: str) -> list[CalendarInfo]:
    """All calendars of the user's list."""

    def ask(page: str | None) -> dict[str, Any]:
        return _perform(access_token, lambda api: api.calendarList().list(maxResults=250, pageToken=page))

    return [_calendar_info(item) for item in _all_pages(ask)]


def _all_pages(ask: Callable[[str | None], dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The items of every page of a list."""
    page: str | None = None
    while True:
        answer = ask(page)
        yield from answer.get("items", [])
        page = answer.get("nextPageToken")
        if not page:
            return


def _calendar_info(item: Mapping[str, Any]) -> CalendarInfo:
    # Where the answer says nothing of conferences, Meet is asked for, and a refusal is remembered.
    solutions = (item.get("conferenceProperties") or {}).get("allowedConferenceSolutionTypes", ["hangoutsMeet"])
    return CalendarInfo(
        external_id=str(item["id"]),
        name=str(item.get("summaryOverride") or item.get("summary") or item["id"])[:255],
        timezone=str(item.get("timeZone") or "UTC"),
        is_primary=bool(item.get("primary")),
        role=str(item.get("accessRole", "")),
        allows_meet="hangoutsMeet" in solutions,
    )


# https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query
def free_busy(
    access_token: str, calendar_ids: Sequence[str], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """When any of the calendars (fifty at a time) is busy. A calendar that cannot be read is a ProviderError."""
    spans: list[tuple[datetime, datetime]] = []

    def ask(some: Sequence[str]) -> dict[str, Any]:
        body = {"timeMin": _stamp(start), "timeMax": _stamp(end), "items": [{"id": one} for one in some]}
        return _perform(access_token, lambda api: api.freebusy().query(body=body))

    for first in range(0, len(calendar_ids), 50):
        some = calendar_ids[first : first + 50]
        answer = ask(some)
        for one in some:
            calendar = answer.get("calendars", {}).get(one)
            if calendar is None or calendar.get("errors"):
                raise _unreadable(calendar or {})
            spans += [(_moment(busy["start"]), _moment(busy["end"])) for busy in calendar.get("busy", [])]
    return spans


def _unreadable(calendar: Mapping[str, Any]) -> ProviderError:
    """Why one calendar's busy times were not told: 404 where it is gone, or not shared with the user any more."""
    reasons = [str(error.get("reason", "")) for error in calendar.get("errors", [])]
    words = _("Google Calendar could not tell the busy times of a calendar.")
    if "notFound" in reasons:
        return ProviderError(words, retryable=False, status=404, code="notFound")
    return ProviderError(words, retryable=True)


# https://developers.google.com/workspace/calendar/api/v3/reference/events/list
def list_busy_events(
    access_token: str, calendar_id: str, start: datetime, end: datetime, *, zone: str
) -> list[BusyEvent]:
    """The events that block time in the calendar, recurring ones expanded. ``zone`` dates the all-day events."""

    def ask(page: str | None) -> dict[str, Any]:
        return _perform(
            access_token,
            lambda api: api.events().list(
                calendarId=calendar_id,
                timeMin=_stamp(start),
                timeMax=_stamp(end),
                singleEvents=True,
                maxResults=2500,
                pageToken=page,
                fields=_BUSY_FIELDS,
            ),
        )

    local = _zone(zone)
    return [
        BusyEvent(str(item["id"]), _edge(item["start"], local), _edge(item["end"], local))
        for item in _all_pages(ask)
        if _blocks(item)
    ]


def _blocks(item: Mapping[str, Any]) -> bool:
    """Whether an event takes its owner's time: not free, not cancelled, not declined, not a working location."""
    declined = any(
        person.get("self") and person.get("responseStatus") == "declined" for person in item.get("attendees", [])
    )
    return (
        item.get("status") != "cancelled"
        and item.get("transparency") != "transparent"
        and item.get("eventType") not in ("workingLocation", "birthday")
        and not declined
    )


# https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
def insert_event(access_token: str, calendar_id: str, body: Mapping[str, Any], *, tell: bool) -> Event:
    """Insert ``body`` (with its own ``id``). ProviderError(status=409): it is there already, or was."""
    return _event(
        _perform(
            access_token,
            lambda api: api.events().insert(
                calendarId=calendar_id, body=body, conferenceDataVersion=1, sendUpdates="all" if tell else "none"
            ),
        )
    )


# https://developers.google.com/workspace/calendar/api/v3/reference/events/get
def get_event(access_token: str, calendar_id: str, event_id: str) -> Event | None:
    """The event, deleted ones included (``cancelled``); None when Google knows no such event."""
    try:
        answer = _perform(access_token, lambda api: api.events().get(calendarId=calendar_id, eventId=event_id))
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
        _perform(
            access_token,
            lambda api: api.events().patch(
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
        _perform(
            access_token,
            lambda api: api.events().delete(
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
        raise _illegible()
    conference = item.get("conferenceData") or {}
    status = ((conference.get("createRequest") or {}).get("status") or {}).get("statusCode", "")
    meet_url = str(item.get("hangoutLink") or _video_entry(conference))
    return Event(
        event_id=str(item["id"]),
        cancelled=item.get("status") == "cancelled",
        etag=str(item.get("etag", "")),
        ical_uid=str(item.get("iCalUID", "")),
        sequence=int(item.get("sequence", 0)),
        start=_edge(item["start"], UTC) if item.get("start") else None,
        end=_edge(item["end"], UTC) if item.get("end") else None,
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


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _edge(edge: Mapping[str, str], zone: Any) -> datetime:
    """Start or end of an event: a moment, or midnight in ``zone`` of an all-day event's date."""
    if "dateTime" in edge:
        moment = datetime.fromisoformat(edge["dateTime"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(edge.get("timeZone", "UTC")))
        return moment.astimezone(UTC)
    return datetime.combine(date.fromisoformat(edge["date"]), time(), zone).astimezone(UTC)
