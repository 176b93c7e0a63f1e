"""When an event type can be booked: the organizer's rules, what we know to be taken, and the calendar's busy times."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.utils import translation

from bookings import slots
from bookings.models import Booking, CalendarEntry, EventType, Organizer, Schedule
from calendars.busy import BusyUnknown, busy_times

__all__ = ["BusyUnknown", "offered", "rules_of"]

# The longest buffer and duration that an event type may have: how far around a range something may matter.
_MARGIN = timedelta(hours=24)


def rules_of(event_type: EventType) -> slots.Rules:
    """The event type's rules, as the pure arithmetic wants them. Two queries: hours and overrides."""
    schedule: Schedule = event_type.schedule
    weekly: dict[int, list[tuple[int, int]]] = defaultdict(list)
    hours = schedule.weekly_hours.values_list("weekday", "from_minute", "to_minute").order_by()
    for weekday, from_minute, to_minute in hours:
        weekly[weekday].append((from_minute, to_minute))
    overrides: dict[date, list[tuple[int, int]]] = defaultdict(list)
    for override in schedule.overrides.all():
        if not override.is_day_off:
            overrides[override.date].append((override.from_minute, override.to_minute))
            continue
        for day in override.dates:
            overrides.setdefault(day, [])  # a single date's own hours stand within a holiday, too
    return slots.Rules(
        timezone=schedule.timezone,
        weekly=weekly,
        overrides=overrides,
        duration=event_type.duration,
        interval=timedelta(minutes=event_type.interval_minutes),
        buffer_before=timedelta(minutes=event_type.buffer_before_minutes),
        buffer_after=timedelta(minutes=event_type.buffer_after_minutes),
        minimum_notice=timedelta(minutes=event_type.minimum_notice_minutes),
        window_days=event_type.window_days,
        daily_limit=event_type.daily_limit,
    )


class Held(NamedTuple):
    """A time that a pending or confirmed booking holds, buffers included."""

    blocked_from: datetime
    blocked_until: datetime
    start: datetime
    event_type_id: int


def held(
    organizer: Organizer, *, start: datetime, end: datetime, now: datetime, moving: Booking | None = None
) -> list[Held]:
    """What is booked between ``start`` and ``end``, of any event type. One query."""
    bookings = Booking.objects.filter(
        Booking.taking_time(now), organizer=organizer, blocked_from__lt=end, blocked_until__gt=start
    )
    if moving is not None:
        bookings = bookings.exclude(pk=moving.pk)
    return [Held(*row) for row in bookings.values_list(*Held._fields).order_by()]


def busy_elsewhere(
    organizer: Organizer, *, start: datetime, end: datetime, now: datetime, asking: bool
) -> list[tuple[datetime, datetime]]:
    """The calendar's busy times without the events that are ours: those count by their bookings, buffers included.

    Raises BusyUnknown when the calendar did not answer and nothing recent enough is known.
    """
    with translation.override(organizer.language):  # what goes wrong is written down for them
        known = busy_times(organizer.user_id, start=start - _MARGIN, end=end + _MARGIN, now=now, asking=asking)
    ids = [item.event_id for item in known if item.event_id]
    ours = set(CalendarEntry.objects.filter(event_id__in=ids).values_list("event_id", flat=True)) if ids else set()
    return [(item.start, item.end) for item in known if item.event_id not in ours]


def offered(
    event_type: EventType,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    asking: bool = False,
    moving: Booking | None = None,
    elsewhere: list[tuple[datetime, datetime]] | None = None,
) -> list[datetime]:
    """The starts (aware, UTC, ascending) that can be booked with ``start`` ≤ s < ``end``.

    ``asking`` puts the question to the calendar whatever is known; ``moving`` is a booking that does not stand in its
    own way; ``elsewhere`` are busy times that were already asked for. Raises BusyUnknown rather than offer blindly.
    """
    rules = rules_of(event_type)
    horizon = now + timedelta(days=rules.window_days + 2)
    start, end = max(start, now).astimezone(UTC), min(end, horizon).astimezone(UTC)
    if start >= end or not (event_type.active or moving):
        return []
    organizer = event_type.organizer
    if elsewhere is None:
        elsewhere = busy_elsewhere(organizer, start=start, end=end, now=now, asking=asking)
    booked = held(organizer, start=start - _MARGIN, end=end + _MARGIN, now=now, moving=moving)
    busy = elsewhere + [(item.blocked_from, item.blocked_until) for item in booked]
    counted = [] if rules.daily_limit is None else [item for item in booked if item.event_type_id == event_type.pk]
    by_day = Counter(slots.local_date(rules, item.start) for item in counted)
    return slots.slots(rules, start=start, end=end, now=now, busy=busy, booked_by_day=by_day)
