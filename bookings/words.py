"""Names and words for what people read."""

from __future__ import annotations

from django.utils.translation import gettext as _

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
    if booking.changed_by == "invitee":
        return unlinked(booking.reason)
    # What we say ourselves is kept as its msgid: whoever reads it does so in their own language.
    return _(booking.reason) if booking.changed_by == "system" else booking.reason
