"""Whether a time can be taken: the one question to the calendar, our own rules, and the database's own refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from bookings import availability
from bookings.models import Booking, EventType


class SlotTaken(Exception):
    """The time cannot be booked: somebody was faster, or it was never offered."""


def require_offered(
    event_type: EventType,
    start: datetime,
    *,
    now: datetime,
    busy: list[tuple[datetime, datetime]],
    moving: Booking | None = None,
) -> None:
    """Raise SlotTaken unless ``start`` is offered right now. Call it under the lock."""
    found = availability.offered(
        event_type, start=start, end=start + timedelta(seconds=1), now=now, moving=moving, elsewhere=busy
    )
    if start not in found:
        raise SlotTaken


def busy_at(event_type: EventType, start: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """The one question to the calendar, before the transaction."""
    return availability.busy_elsewhere(
        event_type.organizer, start=start, end=start + event_type.duration, now=now, asking=True
    )


def times_of(event_type: EventType, start: datetime) -> dict[str, datetime]:
    """The columns of a booking that begins at ``start``, buffers included."""
    end = start + event_type.duration
    return {
        "start": start,
        "end": end,
        "blocked_from": start - timedelta(minutes=event_type.buffer_before_minutes),
        "blocked_until": end + timedelta(minutes=event_type.buffer_after_minutes),
    }


def unless_overlapping(decide: Callable[[], Booking]) -> Booking:
    """Run ``decide`` in one transaction; the database's own refusal of an overlap is SlotTaken too."""
    try:
        with transaction.atomic():
            return decide()
    except IntegrityError as error:
        if "bookings_do_not_overlap" in str(error):
            raise SlotTaken from error
        raise
