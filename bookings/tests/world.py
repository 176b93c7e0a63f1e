"""What the tests of arranging share: connected accounts, a booking, and a look at the other side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from bookings.arrange import arrange
from bookings.models import Booking, EventType, Organizer
from bookings.services import Invitee, book
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox

INVITEE = "ida@example.org"
LIST = "/admin/bookings/booking/"
Many = Callable[[int, Callable[[int], object]], list[object]]


def connect(organizer: Organizer, sandbox: Sandbox, *services: str, untick: tuple[str, ...] = ()) -> None:
    """Connect accounts as the organizer does: our button, the provider's consent page, our callback."""
    client = Client()
    client.force_login(organizer.user)
    for service in services:
        away = client.post(f"/apps/integrations/{service}/connect/")
        assert away.status_code == 302, away.content
        back = sandbox.consent(away["Location"], untick=untick)
        landed = client.get(back.replace("http://localhost:8000", ""))
        assert landed.status_code == 302
        assert Connection.objects.get(user=organizer.user, provider=service).usable


def next_weekday(hour: int, *, days: int = 7, zone: str = "Europe/Berlin") -> datetime:
    """A working day at least ``days`` ahead, at ``hour`` on the wall in ``zone``; aware UTC."""
    day = timezone.now().astimezone(ZoneInfo(zone)) + timedelta(days=days)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0).astimezone(UTC)


def booked(organizer: Organizer, *, start: datetime | None = None, key: str = "form-1", **invitee: Any) -> Booking:
    """A booking of the organizer's first event type by Ida."""
    event_type = EventType.objects.select_related("organizer__user", "schedule").get(organizer=organizer, slug="intro")
    ida = Invitee(name="Ida Invitee", email=INVITEE, timezone=ZoneInfo("America/New_York"))
    who = replace(ida, **invitee)
    return book(event_type=event_type, start=start or next_weekday(10), invitee=who, form_key=key)


def settle(booking: Booking) -> Booking:
    """Arrange it and read it anew."""
    arrange(booking.pk)
    booking.refresh_from_db()
    return booking


def again(booking: Booking) -> Booking:
    """Arrange it as if all waiting were over, and read it anew."""
    booking.meetings.update(next_attempt_at=None)
    booking.calendar_entries.update(next_attempt_at=None)
    booking.messages.update(next_attempt_at=None)
    return settle(booking)


def live_event(sandbox: Sandbox) -> dict[str, Any]:
    """The one live event in the calendar."""
    (event,) = sandbox.events(live=True)
    return event


def live_meeting(sandbox: Sandbox) -> dict[str, Any]:
    """The one live Zoom meeting."""
    (meeting,) = sandbox.meetings(live=True)
    return meeting


def calendar_part(message: EmailMessage) -> str:
    """The calendar object in a mail, unfolded."""
    parts = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n ", "")


def act(client: Client, action: str, *bookings: Booking) -> str:
    """Choose an action of admin for these bookings; the page that says what came of it."""
    chosen = {"action": action, "_selected_action": [booking.pk for booking in bookings]}
    return unescape(client.post(LIST, chosen, follow=True).content.decode())


def page_of(client: Client, booking: Booking) -> str:
    """The booking's page in admin, as it is read."""
    return unescape(client.get(f"{LIST}{booking.pk}/change/").content.decode())
