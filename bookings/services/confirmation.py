"""Bookings that wait for the organizer: held for a time, then confirmed, or declined by a person or by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from bookings.models import Booking, EventType
from bookings.services.changes import NotChangeable, lock, record, revise, why_ended
from bookings.signals import booking_confirmed, booking_declined

HOLD = timedelta(hours=24)
# Who books at the last moment waits for somebody who needs a moment to look.
SHORTEST_HOLD = timedelta(hours=1)
_CONFIRMED = {
    "organizer": _noop("Confirmed by the organizer."),
    "admin": _noop("Confirmed by an administrator."),
}
_DECLINED = {
    "organizer": _noop("Declined by the organizer."),
    "admin": _noop("Declined by an administrator."),
    "system": _noop("Not confirmed in time: declined, and the time is free again."),
}


def end_of_hold(event_type: EventType, *, start: datetime, now: datetime) -> datetime:
    """Until when ``start`` is held for an answer: a day, and no later than the minimum notice before it.

    So an organizer has no less notice than they ask for, and the time can still be booked by others. Where that leaves
    less than an hour, the hold is an hour, or as long as it is until the start.
    """
    latest = start - timedelta(minutes=event_type.minimum_notice_minutes)
    return min(start, max(now + SHORTEST_HOLD, min(now + HOLD, latest)))


def confirm(*, booking: Booking, seen: int, by: str = "organizer", now: datetime | None = None) -> Booking:
    """The organizer takes the booking as it was at revision ``seen``: from now on it is one like any other.

    Raises NotChangeable when it does not wait any more, or was changed since.
    """
    now = now or timezone.now()
    with transaction.atomic():
        current, refusal = _waiting(booking, seen=seen, now=now)
        if not refusal:
            change, status = Booking.Change.BOOKED, Booking.Status.CONFIRMED
            revise(current, change=change, by=by, reason="", now=now, status=status, confirmed_at=now)
            record(current, "confirmed", _CONFIRMED[by])
            booking_confirmed.send(sender=Booking, booking=current)
    return _unless(refusal, current)


def decline(
    *, booking: Booking, seen: int, by: str = "organizer", reason: str = "", now: datetime | None = None
) -> Booking:
    """The organizer does not take the booking of revision ``seen``: its time is free, the invitee is told once.

    Raises NotChangeable as ``confirm`` does.
    """
    now = now or timezone.now()
    with transaction.atomic():
        current, refusal = _waiting(booking, seen=seen, now=now)
        if not refusal:
            _decline(current, by=by, reason=reason, now=now)
    return _unless(refusal, current)


def release_lapsed(organizer_id: int, *, now: datetime) -> None:
    """Decline the organizer's bookings whose hold has ended, so that others can have the times. Under the lock."""
    lapsed = Booking.objects.filter(organizer_id=organizer_id, status=Booking.Status.PENDING, hold_until__lte=now)
    for booking in lapsed:
        _decline(booking, by="system", reason="", now=now)


def release_all_lapsed(limit: int) -> None:
    """``release_lapsed`` for up to ``limit`` organizers who have any, one transaction each."""
    now = timezone.now()
    lapsed = Booking.objects.filter(status=Booking.Status.PENDING, hold_until__lte=now).order_by("organizer_id")
    for organizer_id in list(lapsed.values_list("organizer_id", flat=True).distinct()[:limit]):
        with transaction.atomic():
            lock(organizer_id)
            release_lapsed(organizer_id, now=now)


def _waiting(booking: Booking, *, seen: int, now: datetime) -> tuple[Booking, str]:
    """The booking as it is now, under the lock, and why it cannot be answered; empty when it can.

    Not an exception: what lapsed is declined in the same transaction, and that stays.
    """
    lock(booking.organizer_id)
    release_lapsed(booking.organizer_id, now=now)
    current = Booking.objects.select_related("event_type__organizer").get(pk=booking.pk)
    if words := why_ended(current, now):
        return current, words
    if current.status != Booking.Status.PENDING:
        return current, _("This booking is confirmed already. You can still move or cancel it.")
    if current.revision != seen:
        return current, _("This booking has just been changed. Look at it again, then answer.")
    return current, ""


def _decline(booking: Booking, *, by: str, reason: str, now: datetime) -> None:
    change, status = Booking.Change.DECLINED, Booking.Status.DECLINED
    revise(booking, change=change, by=by, reason=reason, now=now, status=status)
    record(booking, "declined", _DECLINED[by], message=reason)
    booking_declined.send(sender=Booking, booking=booking)


def _unless(refusal: str, booking: Booking) -> Booking:
    """The booking; raises NotChangeable with the refusal, if there is one."""
    if refusal:
        raise NotChangeable(refusal)
    return booking
