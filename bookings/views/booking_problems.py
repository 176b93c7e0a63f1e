"""What went wrong with a booking, each with the click that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from bookings.models import Booking, CalendarEntry, Meeting, Message
from bookings.views.booking_state import is_unfinished, service_name
from integrations.models import with_connection

_MEETING_SETTLED = (Meeting.State.DELETED, Meeting.State.GONE, Meeting.State.UNMANAGED, Meeting.State.NEVER_MADE)
_ENTRY_SETTLED = (CalendarEntry.State.DELETED, CalendarEntry.State.NEVER_MADE)


@dataclass(frozen=True)
class Problem:
    """What went wrong, fit to show, and where to mend it (both empty: "Try again", or waiting, is what helps)."""

    text: str
    mend_url: str = ""
    mend_words: str = ""


def problems(booking: Booking) -> list[Problem]:
    """Everything that went wrong and is not mended yet, each text once, the ones with a click first."""
    once: dict[str, Problem] = {}
    for problem in _problems(booking):
        once.setdefault(problem.text, problem)
    return list(once.values())


def _problems(booking: Booking) -> Iterator[Problem]:
    """The specific ones before the booking's own, which often says the same."""
    for meeting in booking.meetings.exclude(last_error="").exclude(state__in=_MEETING_SETTLED):
        yield _at_service(meeting.provider, meeting.last_error)
    entries = booking.calendar_entries.exclude(last_error="").exclude(state__in=_ENTRY_SETTLED)
    for entry in with_connection(entries, "calendar__connection"):
        yield _at_service(entry.calendar.connection.provider, entry.last_error)
    announcement = booking.announcements.filter(revision=booking.revision).exclude(why="").first()
    if announcement is not None and booking.is_live:
        yield Problem(announcement.why, reverse("integrations:list"), _("Look at your integrations"))
    for message in booking.messages.filter(revision=booking.revision, state=Message.State.FAILED):
        words = _("The mail to %(address)s could not be delivered: %(error)s")
        text = words % {"address": message.to_email, "error": message.last_error}
        yield Problem(text, f"mailto:{message.to_email}", _("Write to them yourself"))
    if is_unfinished(booking) and booking.last_error:
        yield Problem(booking.last_error)


def _at_service(slug: str, text: str) -> Problem:
    """A problem with a service is mended on the page of its integration."""
    words = _("Look at the %(service)s integration") % {"service": service_name(slug)}
    return Problem(text, reverse("integrations:detail", args=[slug]), words)
