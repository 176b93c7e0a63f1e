"""Putting right by hand what was booked wrongly: an admin's change, which the outside follows like any other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from bookings.models import Booking
from bookings.models.booking import new_token
from bookings.services.booking import times_after_move
from bookings.services.changes import NotChangeable, changeable, record, revise
from bookings.services.times import busy_at, unless_overlapping
from bookings.signals import booking_rescheduled


@dataclass(frozen=True)
class Details:
    """What can be put right, as it should be; already validated by the form."""

    title: str
    invitee_name: str
    invitee_email: str
    location_detail: str
    start: datetime


def correct(*, booking: Booking, seen: int, details: Details, now: datetime | None = None) -> Booking:
    """Change the booking of revision ``seen`` to ``details``; nothing where it is so already.

    A new start has to be offered, as for a reschedule. A new address gets a new manage link: the earlier one may lie in
    a stranger's mailbox. Raises SlotTaken, BusyUnknown, or NotChangeable, also when it was changed meanwhile.
    """
    now = now or timezone.now()
    start = details.start.astimezone(UTC)
    busy = busy_at(booking.event_type, start, now) if start != booking.start else []

    def decide() -> Booking:
        current = changeable(booking, now)
        if current.revision != seen:
            raise NotChangeable(_("This booking has just been changed. Look at it again, then change it."))
        changes = _differences(current, details)
        change = Booking.Change.CORRECTED
        if current.start != start:
            change = Booking.Change.MOVED
            changes |= times_after_move(current, start, busy=busy, now=now)
        if not changes:
            return current
        revise(current, change=change, by="admin", reason="", now=now, **changes)
        record(current, "corrected", _noop("Changed by hand by an administrator."))
        booking_rescheduled.send(sender=Booking, booking=current)
        return current

    return unless_overlapping(decide)


def _differences(booking: Booking, details: Details) -> dict[str, object]:
    """The columns that change, but for the times."""
    names = ("title", "invitee_name", "invitee_email", "location_detail")
    changes: dict[str, object] = {
        name: getattr(details, name) for name in names if getattr(details, name) != getattr(booking, name)
    }
    if "invitee_email" in changes:
        changes["token"] = new_token()
    return changes
