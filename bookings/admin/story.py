"""One booking as somebody on call reads it: held → booked → event → meeting → announced → mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.models import Booking, Message
from bookings.models.arranging import Attempts
from bookings.words import service_name


@dataclass(frozen=True)
class Step:
    """One step of the way. ``error`` as the row has it, ``next``: what comes of it by itself, and when."""

    name: str
    when: datetime | None
    state: str
    attempts: int = 0
    error: str = ""
    next: str = ""

    @property
    def moment(self) -> str:
        """``when`` as logs write it, by UTC; empty where it has not come yet."""
        return f"{self.when.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if self.when else ""


def stamp(at: datetime) -> str:
    """A moment as logs write it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def story(booking: Booking) -> list[Step]:
    """Every step in order, those too that were not needed or have not begun. No token, key or start link."""
    return [
        _held(booking),
        _booked(booking),
        *_events(booking),
        *_meetings(booking),
        _announced(booking),
        *_mails(booking),
    ]


def _held(booking: Booking) -> Step:
    held = booking.hold_until
    if held is None:
        return Step(_("Held"), booking.created_at, _("Not needed: confirmed at once."))
    if booking.status == Booking.Status.PENDING:
        state = _("Waits for the organizer.")
        return Step(_("Held"), booking.created_at, state, next=_("Declined by itself at %(when)s.") % _at(held))
    return Step(_("Held"), booking.created_at, _("Its time was held for the organizer's answer."))


def _booked(booking: Booking) -> Step:
    about = {"status": booking.get_status_display(), "revision": booking.revision, "change": booking.change}
    words = _("%(status)s. Revision %(revision)d (%(change)s), by %(by)s at %(when)s.")
    state = words % (about | {"by": booking.changed_by or "-"} | _at(booking.revised_at))
    return Step(_("Booked"), booking.confirmed_at, state, booking.attempts, booking.last_error, _next_round(booking))


def _next_round(booking: Booking) -> str:
    if not booking.is_behind:
        return _("Nothing: everything follows.")
    if booking.gave_up_at is not None:
        return _("Nothing: given up at %(when)s.") % _at(booking.gave_up_at)
    if booking.next_attempt_at is None:
        return _("Nothing by itself.")
    return _due(booking.next_attempt_at)


def _events(booking: Booking) -> Iterator[Step]:
    entries = list(booking.calendar_entries.select_related("calendar"))
    if not entries:
        yield Step(_("Event"), None, _("None: no calendar was to be written to."))
    for entry in entries:
        where = {"state": entry.get_state_display(), "calendar": entry.calendar.name, "seen": entry.written_revision}
        words = _("%(state)s in “%(calendar)s”, showing revision %(seen)d.") % where
        yield _tried(_("Event"), entry.created_at, words, entry)


def _meetings(booking: Booking) -> Iterator[Step]:
    meetings = list(booking.meetings.all())
    if not meetings:
        words = _("None: no video service was to make one.") if booking.is_video else _("Not held by video.")
        yield Step(_("Meeting"), None, words)
    for meeting in meetings:
        named = {"service": service_name(meeting.provider), "state": meeting.get_state_display()}
        words = _("%(service)s: %(state)s.") % named
        yield _tried(_("Meeting"), meeting.attempted_at or meeting.created_at, words, meeting)


def _announced(booking: Booking) -> Step:
    announcement = booking.announcements.filter(revision=booking.revision).first()
    if announcement is None:
        return Step(_("Announced"), None, _("Not decided yet."))
    link = service_name(announcement.provider) or _("no link")
    named = {"link": link, "channel": announcement.get_channel_display()}
    words = _("%(link)s, told by: %(channel)s.") % named
    state = words if announcement.done_at else _("Decided, not told yet: %(what)s") % {"what": words}
    return Step(_("Announced"), announcement.done_at or announcement.decided_at, state, error=announcement.why)


def _mails(booking: Booking) -> Iterator[Step]:
    messages = list(booking.messages.filter(revision=booking.revision))
    if not messages:
        yield Step(_("Mail"), None, _("None of this revision yet."))
    for message in messages:
        named = {"kind": message.get_kind_display(), "address": message.to_email, "state": message.get_state_display()}
        words = _("%(kind)s to %(address)s: %(state)s.") % named
        at = message.sent_at if message.state == Message.State.SENT else message.claimed_at or message.created_at
        yield _tried(_("Mail"), at, words, message)


def _tried(name: str, at: datetime | None, state: str, row: Attempts) -> Step:
    return Step(name, at, state, row.attempts, row.last_error, _next_try(row))


def _next_try(row: Attempts) -> str:
    if row.failed_for_good:
        return _("No further try by itself.")
    return _due(row.next_attempt_at) if row.next_attempt_at else ""


def _due(at: datetime) -> str:
    words = _("Tried again at %(when)s.") if at > timezone.now() else _("Due since %(when)s.")
    return words % _at(at)


def _at(moment: datetime) -> dict[str, str]:
    return {"when": stamp(moment)}
