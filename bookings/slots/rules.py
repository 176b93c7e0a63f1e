"""What goes in: an organizer's rules for one event type, and stretches of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one event type. A range of minutes is half-open; one that does not end after its start is empty.

    Raises ValueError for a length that is negative or not whole seconds, and for a duration or interval of zero.
    """

    timezone: ZoneInfo  # the schedule's zone: wall-clock hours are in it
    weekly: Mapping[
        int, Sequence[tuple[int, int]]
    ]  # weekday, 0 = Monday → (from, to) minutes of the local day, 0..1440
    overrides: Mapping[
        date, Sequence[tuple[int, int]]
    ]  # replaces the weekly hours of that local date; empty = unavailable
    duration: timedelta
    interval: timedelta  # starts are offered every `interval`, counted from the start of each range
    buffer_before: timedelta
    buffer_after: timedelta
    minimum_notice: timedelta
    window_days: int  # how many days ahead of today's local date, inclusive
    daily_limit: int | None  # bookings of this event type on a local date

    def __post_init__(self) -> None:
        lengths = (self.duration, self.interval, self.buffer_before, self.buffer_after, self.minimum_notice)
        if any(length < timedelta(0) or length.microseconds for length in lengths):
            raise ValueError("Duration, interval, buffers and notice are whole seconds and not negative.")
        if not self.duration or not self.interval:
            raise ValueError("Duration and interval are at least a second.")


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch of time, [start, end): aware UTC, start < end."""

    start: datetime
    end: datetime
