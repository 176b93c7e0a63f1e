"""When an organizer can be booked: wall-clock hours in the schedule's own time zone."""

from __future__ import annotations

import datetime as dt

from django.core.validators import MaxValueValidator
from django.db import models
from timezone_field import TimeZoneField

from bookings.models.organizer import Organizer

MINUTES_OF_A_DAY = 24 * 60


class Schedule(models.Model):
    """A named set of weekly hours and overrides. Event types choose one; new ones begin with the default."""

    organizer = models.ForeignKey(Organizer, models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=80, default="Working hours")
    timezone = TimeZoneField(default="UTC", use_pytz=False)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["-is_default", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organizer"], condition=models.Q(is_default=True), name="one_default_schedule"
            )
        ]

    def __str__(self) -> str:
        return self.name


class HoursRange(models.Model):
    """A range of a local day, in minutes from midnight: ``from_minute`` < ``to_minute`` ≤ 1440."""

    from_minute = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MINUTES_OF_A_DAY)])
    to_minute = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MINUTES_OF_A_DAY)])

    class Meta:
        abstract = True


class WeeklyHours(HoursRange):
    """One range on one weekday; a day may have several."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday.")

    class Meta:
        ordering = ["weekday", "from_minute"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    from_minute__lt=models.F("to_minute"), to_minute__lte=MINUTES_OF_A_DAY, weekday__lte=6
                ),
                name="weekly_hours_are_a_range",
            )
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.from_minute}–{self.to_minute}"


class DateOverride(HoursRange):
    """A range that stands instead of the weekly hours on one date; from and to both 0 take the day off.

    With ``last_date``, all days from ``date`` to it, both included, are off: one row for a holiday. Hours of a single
    date within it stand against it.
    """

    MOST_DAYS = 366

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="overrides")
    date = models.DateField()
    last_date = models.DateField(null=True, blank=True, help_text="For days off in a row: the last of them.")

    class Meta:
        ordering = ["date", "from_minute"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_minute__lt=models.F("to_minute"), to_minute__lte=MINUTES_OF_A_DAY)
                | models.Q(from_minute=0, to_minute=0),
                name="override_is_a_range_or_a_day_off",
            ),
            models.CheckConstraint(
                condition=models.Q(last_date__isnull=True) | models.Q(last_date__gte=models.F("date"), to_minute=0),
                name="only_days_off_come_in_rows",
            ),
        ]

    def __str__(self) -> str:
        until = f" to {self.last_date}" if self.last_date else ""
        return f"{self.date}{until}: {self.from_minute}–{self.to_minute}"

    @property
    def is_day_off(self) -> bool:
        """Whether the date is not available at all."""
        return self.to_minute == 0

    @property
    def last(self) -> dt.date:
        """The last date that it speaks of."""
        return self.last_date or self.date

    @property
    def dates(self) -> list[dt.date]:
        """Every date that it speaks of."""
        return [self.date + dt.timedelta(days=number) for number in range((self.last - self.date).days + 1)]
