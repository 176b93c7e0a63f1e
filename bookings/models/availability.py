"""When an organizer can be booked: wall-clock hours in the schedule's own time zone."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from timezone_field import TimeZoneField

from bookings.models.organizer import Organizer

MINUTES_OF_A_DAY = 24 * 60


class Schedule(models.Model):
    """A named set of weekly hours and overrides."""

    organizer = models.ForeignKey(Organizer, models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=80, default="Working hours")
    timezone = TimeZoneField(default="UTC", use_pytz=False)

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
    """A range that stands instead of the weekly hours on one date; from and to both 0 take the day off."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="overrides")
    date = models.DateField()

    class Meta:
        ordering = ["date", "from_minute"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_minute__lt=models.F("to_minute"), to_minute__lte=MINUTES_OF_A_DAY)
                | models.Q(from_minute=0, to_minute=0),
                name="override_is_a_range_or_a_day_off",
            )
        ]

    def __str__(self) -> str:
        return f"{self.date}: {self.from_minute}–{self.to_minute}"

    @property
    def is_day_off(self) -> bool:
        """Whether the date is not available at all."""
        return self.to_minute == 0
