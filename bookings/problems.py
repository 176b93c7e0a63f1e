"""What went wrong with a booking, each with the click that mends it: for its page, and for the organizer's mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from bookings.models import Booking, CalendarEntry, Meeting, Message
from bookings.models.arranging import Attempts
from bookings.status import is_managed
from bookings.words import service_name
from integrations.models import Connection, with_connection

MEETING_LEFT = "meeting_left"
TWO_LINKS = "two_links"

_MEETING_SETTLED = (Meeting.State.DELETED, Meeting.State.GONE, Meeting.State.UNMANAGED, Meeting.State.NEVER_MADE)
_ENTRY_SETTLED = (CalendarEntry.State.DELETED, CalendarEntry.State.NEVER_MADE)


@dataclass(frozen=True)
class Problem:
    """What went wrong, fit to show, and where to mend it (both empty: "Try again", or waiting, is what helps)."""

    text: str
    mend_url: str = ""
    mend_words: str = ""
    undone: str = ""
    """What is not as it should be meanwhile."""
    needs_person: bool = False
    """Whether no further try mends it by itself. What waits for a lost connection has a mail of its own."""


def problems(booking: Booking) -> list[Problem]:
    """Everything that went wrong and is not mended yet, each text once, the ones with a click first."""
    once: dict[str, Problem] = {}
    for problem in _problems(booking):
        once.setdefault(problem.text, problem)
    return list(once.values())


def _problems(booking: Booking) -> Iterator[Problem]:
    """The specific ones before the booking's own, which often says the same."""
    yield from _meetings(booking)
    yield from _entries(booking)
    announcement = booking.announcements.filter(revision=booking.revision).exclude(why="").first()
    if announcement is not None and booking.is_live:
        yield Problem(announcement.why, reverse("integrations:list"), _("Look at your integrations"))
    yield from _refused_mails(booking)
    for entry in booking.timeline.filter(kind__in=(MEETING_LEFT, TWO_LINKS), at__gte=booking.revised_at):
        yield Problem(entry.text, reverse("integrations:list"), _("Look at your integrations"), needs_person=True)
    if booking.is_behind and booking.last_error:
        yield Problem(booking.last_error)


def _meetings(booking: Booking) -> Iterator[Problem]:
    unsettled = ~Q(state__in=_MEETING_SETTLED) | Q(look_again_at__isnull=False)
    for meeting in with_connection(booking.meetings.filter(unsettled).exclude(last_error="")):
        if not is_managed(meeting):
            continue  # its row is as it was when the account was removed, and that is said elsewhere
        stuck = _is_stuck(meeting, booking, meeting.connection)
        yield _at_service(meeting.provider, meeting.last_error, undone=_undone_there(meeting), stuck=stuck)


def _entries(booking: Booking) -> Iterator[Problem]:
    entries = booking.calendar_entries.exclude(last_error="").exclude(state__in=_ENTRY_SETTLED)
    for entry in with_connection(entries.select_related("calendar"), "calendar__connection"):
        connection = entry.calendar.connection
        stuck = _is_stuck(entry, booking, connection)
        yield _at_service(connection.provider, entry.last_error, undone=_undone_in_calendar(entry), stuck=stuck)


def _refused_mails(booking: Booking) -> Iterator[Problem]:
    words = _("The mail to %(address)s could not be delivered: %(error)s")
    for message in booking.messages.filter(revision=booking.revision, state=Message.State.FAILED):
        text = words % {"address": message.to_email, "error": message.last_error}
        if message.role == Message.Role.ORGANIZER:
            yield Problem(text)
        else:
            yield Problem(text, f"mailto:{message.to_email}", _("Write to them yourself"), needs_person=True)


def _at_service(slug: str, text: str, *, undone: str, stuck: bool) -> Problem:
    """A problem with a service is mended on the page of its integration."""
    words = _("Look at the %(service)s integration") % {"service": service_name(slug)}
    return Problem(text, reverse("integrations:detail", args=[slug]), words, undone, stuck)


def _is_stuck(row: Attempts, booking: Booking, connection: Connection | None) -> bool:
    """Whether nothing that we do by ourselves, nor connecting the account again, will mend it in time."""
    if connection is not None and not connection.usable:
        return False
    return row.failed_for_good or (row.next_attempt_at is not None and row.next_attempt_at >= booking.last_moment)


def _undone_there(meeting: Meeting) -> str:
    """What of a meeting is not as it should be at its service."""
    booking, service = meeting.booking, {"service": service_name(meeting.provider)}
    if meeting.state != Meeting.State.LIVE:
        return _("A meeting may be left over in %(service)s.") % service if meeting.lost_calls else ""
    if not booking.is_live:
        return _("The meeting is still there in %(service)s.") % service
    moved = (meeting.written_start, meeting.written_minutes) != (booking.start, booking.duration_minutes)
    return (
        _("In %(service)s the meeting still has its earlier time; its link works all the same.") % service
        if moved
        else ""
    )


def _undone_in_calendar(entry: CalendarEntry) -> str:
    """What of an event is not as it should be in the calendar."""
    booking = entry.booking
    if not booking.is_live:
        return _("The event is still in your calendar.")
    if entry.state == CalendarEntry.State.INSERTING:
        return _("The booking is not in your calendar yet.")
    return _("Your calendar still shows the earlier state.") if entry.written_revision < booking.revision else ""
