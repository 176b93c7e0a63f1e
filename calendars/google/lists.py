"""What a user's calendars are, and when they are busy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from calendars.google.calls import all_pages, perform
from calendars.google.moments import edge_of, moment_of, stamp, zone_named
from integrations.http import ProviderError

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


# https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
def list_calendars(access_token: str) -> list[CalendarInfo]:
    """All calendars of the user's list."""

    def ask(page: str | None) -> dict[str, Any]:
        return perform(access_token, lambda api: api.calendars.list(maxResults=250, pageToken=page))

    return [_calendar_info(item) for item in all_pages(ask)]


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
        body = {"timeMin": stamp(start), "timeMax": stamp(end), "items": [{"id": one} for one in some]}
        return perform(access_token, lambda api: api.freebusy.query(body=body))

    for first in range(0, len(calendar_ids), 50):
        some = calendar_ids[first : first + 50]
        answer = ask(some)
        for one in some:
            calendar = answer.get("calendars", {}).get(one)
            if calendar is None or calendar.get("errors"):
                raise _unreadable(calendar or {})
            spans += [(moment_of(busy["start"]), moment_of(busy["end"])) for busy in calendar.get("busy", [])]
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
        return perform(
            access_token,
            lambda api: api.events.list(
                calendarId=calendar_id,
                timeMin=stamp(start),
                timeMax=stamp(end),
                singleEvents=True,
                maxResults=2500,
                pageToken=page,
                fields=_BUSY_FIELDS,
            ),
        )

    local = zone_named(zone)
    return [
        BusyEvent(str(item["id"]), edge_of(item["start"], local), edge_of(item["end"], local))
        for item in all_pages(ask)
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
