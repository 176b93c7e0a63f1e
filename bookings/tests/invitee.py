"""An invitee, and the pages of what they booked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.test import Client
from django.utils import timezone

from bookings import services
from bookings.models import Announcement, Booking, EventType
from bookings.tests.public import form_key_in

START = datetime(2026, 12, 3, 14, tzinfo=UTC)
LINK = "https://zoom.example/j/81234567890?pwd=abc"


def book(event_type: EventType, start: datetime, who: str) -> Booking:
    """By somebody of New York."""
    zone = ZoneInfo("America/New_York")
    invitee = services.Invitee(name=who.title(), email=f"{who}@example.com", timezone=zone)
    return services.book(event_type=event_type, start=start, invitee=invitee, form_key=f"form of {who}")


def announce(booking: Booking, provider: str = "", join_url: str = "") -> None:
    """The calendar told people of it."""
    Announcement.objects.create(
        booking=booking,
        revision=booking.revision,
        channel=Announcement.Channel.CALENDAR,
        provider=provider,
        join_url=join_url,
        done_at=timezone.now(),
    )


def page_of(client: Client, booking: Booking) -> str:
    """The invitee's page."""
    return client.get(f"/b/{booking.token}/").content.decode()


def signed(client: Client, path: str, **fields: str) -> dict[str, str]:
    """What the form at ``path`` would send."""
    return {"form_key": form_key_in(client.get(path).content), "website": ""} | fields


def status_of(html: str) -> str:
    """The state that scripts read."""
    found = re.search(r'data-status="(\w+)"', html)
    assert found is not None
    return found[1]
