"""Why people got another link than the organizer would expect, in words that name what mends it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bookings.arrange.situation import Situation
from bookings.words import service_name


def why_no_meeting(s: Situation) -> str:
    """Why the connected video service is not used, and what mends it."""
    if not s.booking.is_video or s.held is not None:
        return ""
    if s.chosen is not None:
        words = _(
            "%(service)s did not deliver a meeting in time: %(why)s The invitation carries the default video link."
        )
        why = s.chosen.last_error or _("it did not answer.")
        return words % {"service": service_name(s.chosen.provider), "why": why}
    if s.connection is not None and not s.connection.usable:
        words = _("%(service)s needs to be reconnected under Apps → Integrations. %(why)s")
        return words % {"service": service_name(s.connection.provider), "why": s.connection.last_error}
    return ""
