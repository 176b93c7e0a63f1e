"""Changing when an organizer can be booked. One transaction each, under the lock that bookings are decided under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from bookings.models import DateOverride, Organizer, Schedule, WeeklyHours

# (from, to) in minutes from local midnight, from < to ≤ 1440.
Range = tuple[int, int]


def schedule_of(organizer: Organizer) -> Schedule:
    """The organizer's default schedule, made on the fly for an organizer who has none."""
    schedule = organizer.schedules.first()
    return schedule or Schedule.objects.create(organizer=organizer, timezone=organizer.timezone, is_default=True)


@transaction.atomic
def set_hours(*, schedule: Schedule, timezone: ZoneInfo, weekly: Mapping[int, Iterable[Range]]) -> None:
    """Replace the weekly hours: weekday (0 = Monday) → ranges that do not overlap."""
    _lock(schedule)
    Schedule.objects.filter(pk=schedule.pk).update(timezone=timezone)
    schedule.weekly_hours.all().delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=weekday, from_minute=opens, to_minute=closes)
        for weekday, ranges in weekly.items()
        for opens, closes in ranges
    )


@transaction.atomic
def set_date(*, schedule: Schedule, day: date, ranges: Sequence[Range]) -> None:
    """Let ``ranges`` stand instead of the weekly hours on one date; none takes the day off."""
    _lock(schedule)
    schedule.overrides.filter(date=day, last_date__isnull=True).delete()
    DateOverride.objects.bulk_create(
        DateOverride(schedule=schedule, date=day, from_minute=opens, to_minute=closes)
        for opens, closes in ranges or [(0, 0)]
    )


@transaction.atomic
def take_days_off(*, schedule: Schedule, first: date, last: date) -> None:
    """No times from ``first`` to ``last``, both included, whatever was said of single dates or holidays within."""
    _lock(schedule)
    within = schedule.overrides.filter(date__range=(first, last))
    within.filter(Q(last_date__isnull=True) | Q(last_date__lte=last)).delete()
    DateOverride.objects.create(
        schedule=schedule, date=first, last_date=last if last != first else None, from_minute=0, to_minute=0
    )


@transaction.atomic
def work_again(*, schedule: Schedule, days_off: DateOverride) -> None:
    """Give the days of a holiday their weekly hours back."""
    _lock(schedule)
    days_off.delete()


@transaction.atomic
def clear_date(*, schedule: Schedule, day: date) -> bool:
    """Take back what was said of a single date; False where nothing was."""
    _lock(schedule)
    removed, _by_model = schedule.overrides.filter(date=day, last_date__isnull=True).delete()
    return bool(removed)


def _lock(schedule: Schedule) -> None:
    """So that two saves of the same page do not interleave, and no booking is decided on half of the hours."""
    Organizer.objects.select_for_update(no_key=True).get(pk=schedule.organizer_id)
