"""Links that put a meeting into the invitee's own calendar. They tell nobody anything before they are followed."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from bookings.models import Booking


def links(booking: Booking, *, join_url: str) -> dict[str, str]:
    """Name of the calendar → address that opens its form for a new event."""
    place = join_url or booking.location_detail
    return {"Google": _google(booking, place), "Outlook": _outlook(booking, place)}


def _google(booking: Booking, place: str) -> str:
    dates = f"{booking.start.astimezone(UTC):%Y%m%dT%H%M%SZ}/{booking.end.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    fields = {"action": "TEMPLATE", "text": _title(booking), "dates": dates, "details": place, "location": place}
    return f"https://calendar.google.com/calendar/render?{urlencode(fields)}"


def _outlook(booking: Booking, place: str) -> str:
    fields = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": _title(booking),
        "startdt": _iso(booking.start),
        "enddt": _iso(booking.end),
        "body": place,
        "location": place,
    }
    return f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(fields)}"


def _title(booking: Booking) -> str:
    return f"{booking.title}: {booking.organizer.name}"


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
