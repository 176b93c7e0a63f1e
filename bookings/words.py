"""Names and words for what people read."""

from __future__ import annotations

from bookings.models import Booking
from bookings.unlinked import unlinked
from integrations import providers

MEET = "google_meet"


def service_name(provider: str) -> str:
    """What the video service of a link is called; empty where there is no link."""
    if not provider:
        return ""
    return "Google Meet" if provider == MEET else providers.get(provider).name


def message_of(booking: Booking) -> str:
    """What was written along with the last change; empty where nothing was.

    What a stranger typed becomes no link in what we send; an organizer's own words may. Plain text: not escaped.
    """
    return unlinked(booking.reason) if booking.changed_by == "invitee" else booking.reason
