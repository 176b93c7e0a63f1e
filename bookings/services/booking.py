"""The verbs of a booking: book, reschedule, cancel, try again. One transaction each.

Every change of a booking raises its revision and is announced by a signal inside the transaction; the receivers queue
the arranging after the commit. Nothing here calls a provider but the one busy question before the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _noop

from bookings import limits
from bookings.answers import Answer, stored
from bookings.models import Booking, EventType, Guest, Message
from bookings.services.changes import changeable, lock, look_again, record, revise
from bookings.services.confirmation import end_of_hold, release_lapsed
from bookings.services.times import SlotTaken, busy_at, require_offered, times_of, unless_overlapping
from bookings.signals import (
    booking_cancelled,
    booking_confirmed,
    booking_requested,
    booking_rescheduled,
)

_MOVED = {
    "invitee": _noop("Moved by the invitee."),
    "organizer": _noop("Moved by the organizer."),
    "admin": _noop("Moved by an administrator."),
}
_CANCELLED = {
    "invitee": _noop("Cancelled by the invitee."),
    "organizer": _noop("Cancelled by the organizer."),
    "admin": _noop("Cancelled by an administrator."),
    "system": _noop("Cancelled, since the organizer's account is being deleted."),
}
_RETRIED = {
    "organizer": _noop("Tried again by the organizer."),
    "admin": _noop("Tried again by an administrator."),
}


@dataclass(frozen=True)
class Invitee:
    """Who books, as they typed it; already validated by the form."""

    name: str
    email: str
    timezone: ZoneInfo
    language: str = "en"
    notes: str = ""
    guests: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()


def book(
    *, event_type: EventType, start: datetime, invitee: Invitee, form_key: str, now: datetime | None = None
) -> Booking:
    """Take the time ``start`` (aware) for ``invitee``. The same ``form_key`` twice gets the same booking.

    Where the event type requires confirmation, the time is held and the booking waits for its organizer.
    Raises SlotTaken when the time is not offered (any more), BusyUnknown when the calendar's busy times are not known,
    TooMany when the invitee or the organizer has had the day's share of bookings.
    """
    now = now or timezone.now()
    start = start.astimezone(UTC)
    same_form = Booking.objects.filter(form_key=form_key, event_type=event_type)
    try:
        # What our own rows rule out need not be asked of the calendar.
        require_offered(event_type, start, now=now, busy=[])
    except SlotTaken:
        # Read after the times: what took this one may be the same form, sent a moment before.
        if (earlier := same_form.first()) is not None:
            return earlier
        raise
    busy = busy_at(event_type, start, now)

    def decide() -> Booking:
        lock(event_type.organizer_id)
        if (again := same_form.first()) is not None:
            return again
        limits.require_room(event_type.organizer, email=invitee.email)
        release_lapsed(event_type.organizer_id, now=now)
        require_offered(event_type, start, now=now, busy=busy)
        return _begin(event_type, start, invitee, form_key=form_key, now=now)

    return unless_overlapping(decide)


def _begin(event_type: EventType, start: datetime, invitee: Invitee, *, form_key: str, now: datetime) -> Booking:
    """The booking with its guests, confirmed or waiting for its organizer as the event type says. Under the lock."""
    waits = event_type.requires_confirmation
    booking = Booking.objects.create(
        organizer=event_type.organizer,
        event_type=event_type,
        form_key=form_key,
        status=Booking.Status.PENDING if waits else Booking.Status.CONFIRMED,
        title=event_type.title,
        location=event_type.location,
        location_detail=event_type.location_detail,
        invitee_name=invitee.name,
        invitee_email=invitee.email,
        invitee_timezone=invitee.timezone,
        invitee_language=invitee.language,
        notes=invitee.notes,
        answers=stored(invitee.answers),
        changed_by="invitee",
        created_at=now,
        confirmed_at=None if waits else now,
        hold_until=end_of_hold(event_type, start=start, now=now) if waits else None,
        revised_at=now,
        next_attempt_at=now,
        **times_of(event_type, start),
    )
    addresses = {guest.lower(): guest for guest in invitee.guests if guest.lower() != invitee.email.lower()}
    Guest.objects.bulk_create(Guest(booking=booking, email=address) for address in addresses.values())
    if waits:
        record(booking, "requested", _noop("Requested by the invitee."))
    else:
        record(booking, "booked", _noop("Booked by the invitee."))
    (booking_requested if waits else booking_confirmed).send(sender=Booking, booking=booking)
    return booking


def reschedule(*, booking: Booking, start: datetime, by: str, reason: str = "", now: datetime | None = None) -> Booking:
    """Move a booking to ``start`` (aware). Its meeting and its event move with it; its link stays.

    One that waits for confirmation goes on waiting, held anew: the organizer is asked anew, about another time.
    Raises SlotTaken, BusyUnknown, or NotChangeable when it was cancelled or declined, or is over.
    """
    now = now or timezone.now()
    start = start.astimezone(UTC)
    busy = busy_at(booking.event_type, start, now)

    def decide() -> Booking:
        current = changeable(booking, now)
        if current.start == start:
            return current
        changes = times_after_move(current, start, busy=busy, now=now)
        revise(current, change=Booking.Change.MOVED, by=by, reason=reason, now=now, **changes)
        record(current, "moved", _MOVED[by], message=reason)
        booking_rescheduled.send(sender=Booking, booking=current)
        return current

    return unless_overlapping(decide)


def times_after_move(
    booking: Booking, start: datetime, *, busy: list[tuple[datetime, datetime]], now: datetime
) -> dict[str, datetime]:
    """The columns of ``booking`` moved to ``start``, held anew where it waits. Raises SlotTaken; under the lock."""
    release_lapsed(booking.organizer_id, now=now)
    require_offered(booking.event_type, start, now=now, busy=busy, moving=booking)
    times = times_of(booking.event_type, start)
    if booking.status == Booking.Status.PENDING:
        times["hold_until"] = end_of_hold(booking.event_type, start=start, now=now)
    return times


def cancel(*, booking: Booking, by: str, reason: str = "", now: datetime | None = None) -> Booking:
    """Cancel a booking. Cancelling twice changes nothing. Raises NotChangeable when it was declined or is over.

    ``by``: "invitee", "organizer", "admin", or "system", whose ``reason`` is a msgid.
    """
    now = now or timezone.now()
    with transaction.atomic():
        lock(booking.organizer_id)
        current = Booking.objects.get(pk=booking.pk)
        if current.status == Booking.Status.CANCELLED:
            return current
        current = changeable(booking, now)
        revise(current, change=Booking.Change.CANCELLED, by=by, reason=reason, now=now, status=Booking.Status.CANCELLED)
        record(current, "cancelled", _CANCELLED[by], message="" if by == "system" else reason)
        booking_cancelled.send(sender=Booking, booking=current)
    return current


def offer_new_link(booking: Booking, *, reason: str = "") -> None:
    """Begin a revision that tells people a link they do not hold yet. Nothing else of the booking changes.

    ``reason``: why, as a msgid: everybody reads it in their own language.
    """
    now = timezone.now()
    with transaction.atomic():
        lock(booking.organizer_id)
        current = Booking.objects.get(pk=booking.pk)
        if current.revision == booking.revision and current.status == Booking.Status.CONFIRMED:
            revise(current, change=Booking.Change.LINK, by="system", reason=reason, now=now)


def retry(*, booking: Booking, by: str = "organizer") -> None:
    """Make what is unfinished due now; where people were told that a link follows, look for one again."""
    with transaction.atomic():
        lock(booking.organizer_id)
        current = Booking.objects.get(pk=booking.pk)
        current.meetings.update(next_attempt_at=None, failed_for_good=False, attempts=0)
        current.calendar_entries.update(next_attempt_at=None, failed_for_good=False, attempts=0)
        current.messages.filter(state=Message.State.FAILED, revision=current.revision).update(
            state=Message.State.QUEUED, next_attempt_at=None, failed_for_good=False
        )
        record(current, "retry", _RETRIED[by])
        look_again(current, now=timezone.now())
