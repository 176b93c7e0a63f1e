"""Bookings to look at, made as rows: what the pages show does not depend on how they came about."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bookings.models import Announcement, Booking, Organizer


def booked(organizer: Organizer, *, name: str = "Mary Moser", days: float = 3, **changes: Any) -> Booking:
    """A booking that starts in ``days`` (negative: ago), arranged unless ``changes`` say otherwise."""
    event_type = organizer.event_types.get(slug="intro")
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    end = start + timedelta(minutes=30)
    email = name.lower().replace(" ", ".") + "@example.org"
    row = {
        "organizer": organizer,
        "event_type": event_type,
        "form_key": secrets.token_hex(),
        "title": event_type.title,
        "start": start,
        "end": end,
        "blocked_from": start,
        "blocked_until": end,
        "invitee_name": name,
        "invitee_email": email,
        "arranged_revision": 1,
    }
    return Booking.objects.create(**(row | changes))


def announced(
    booking: Booking, *, provider: str = "zoom", url: str = "https://zoom.example/j/1", why: str = ""
) -> None:
    """Everybody was told of this link."""
    Announcement.objects.create(
        booking=booking,
        revision=booking.revision,
        channel=Announcement.Channel.CALENDAR,
        provider=provider,
        join_url=url,
        why=why,
        done_at=timezone.now(),
    )
