"""Several schedules of one organizer: made, named, made the default, deleted. One transaction each, under the lock."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from bookings.models import Organizer, Schedule, WeeklyHours
from bookings.working_hours import schedule_of

MOST_SCHEDULES = 20


class NotDone(Exception):
    """It cannot be made or deleted; the message says why, in words to show."""


@transaction.atomic
def new_schedule(*, organizer: Organizer, name: str) -> Schedule:
    """Another schedule with the default's week and time zone, to be changed. Raises NotDone for one too many."""
    _lock(organizer)
    if organizer.schedules.count() >= MOST_SCHEDULES:
        raise NotDone(_("You have %(count)d schedules, more are not possible.") % {"count": MOST_SCHEDULES})
    like = schedule_of(organizer)
    made = Schedule.objects.create(organizer=organizer, name=name, timezone=like.timezone)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=made, weekday=hours.weekday, from_minute=hours.from_minute, to_minute=hours.to_minute)
        for hours in like.weekly_hours.all()
    )
    return made


def rename(*, schedule: Schedule, name: str) -> None:
    """Call it by another name."""
    Schedule.objects.filter(pk=schedule.pk).update(name=name)


@transaction.atomic
def make_default(*, schedule: Schedule) -> None:
    """Let new event types begin with it. Those that are there keep theirs."""
    _lock(schedule.organizer)
    Schedule.objects.filter(organizer=schedule.organizer).exclude(pk=schedule.pk).update(is_default=False)
    Schedule.objects.filter(pk=schedule.pk).update(is_default=True)


@transaction.atomic
def delete(*, schedule: Schedule) -> None:
    """Delete a schedule that no event type uses. Raises NotDone for the default and for one in use."""
    _lock(schedule.organizer)
    current = Schedule.objects.get(pk=schedule.pk)
    if current.is_default or schedule_of(schedule.organizer) == current:
        raise NotDone(_("This is your default. Make another one the default first."))
    if current.event_types.exists():
        raise NotDone(_("Event types still use these hours. Choose others for them first."))
    current.delete()


def _lock(organizer: Organizer) -> None:
    Organizer.objects.select_for_update(no_key=True).get(pk=organizer.pk)
