"""The month, its days and one day's times, as the picker's pages show them. One question for the times of a month."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext, ngettext

from bookings.availability import BusyUnknown
from bookings.views._clock import Clock, date_words
from bookings.views._offers import Offers, Place, Time, times


def next_month(month: date) -> date:
    """The first of the next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a date begins in a zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True)
class Day:
    """One day of the month's table; without a URL it has no times."""

    number: int
    words: str
    url: str
    chosen: bool
    today: bool


@dataclass
class Picker:
    """One month in the reader's zone, and the times of its chosen day (the first that has some, when none was chosen).

    With neither a month nor a day asked for, it turns to the first month that has times.
    """

    offers: Offers
    clock: Clock
    place: Place
    month: date
    day: date | None
    turns_ahead: bool
    first_weekday: int = 0
    unknown: bool = False
    skipped: bool = False
    by_day: dict[date, list[datetime]] = field(default_factory=dict)
    upcoming: date | None = None

    def load(self) -> Picker:
        """Ask for the month's times."""
        try:
            self._load()
        except BusyUnknown:
            self.unknown = True
        return self

    def _load(self) -> None:
        self._read_month()
        if self.by_day:
            return
        first = self.offers.first_from(midnight(next_month(self.month), self.clock.zone))
        if first is None and self.month > self.this_month:
            first = self.offers.first_from(self.offers.now)
        self.upcoming = self.clock.local(first).date() if first else None
        if self.turns_ahead and self.upcoming:
            self.month, self.upcoming, self.skipped = self.upcoming.replace(day=1), None, True
            self._read_month()

    def _read_month(self) -> None:
        start, end = midnight(self.month, self.clock.zone), midnight(next_month(self.month), self.clock.zone)
        # Around a midnight that comes twice a month's first hour may lie before or after its instant: an hour more.
        offered = self.offers.between(start - timedelta(hours=1), end + timedelta(hours=1))
        zone = self.clock.zone
        for day, slots in groupby(offered, key=lambda slot: slot.astimezone(zone).date()):
            if day.replace(day=1) == self.month:
                self.by_day.setdefault(day, []).extend(slots)

    @property
    def today(self) -> date:
        """The date at the reader's."""
        return self.clock.local(self.offers.now).date()

    @property
    def this_month(self) -> date:
        """The month that is now at the reader's."""
        return self.today.replace(day=1)

    @property
    def name(self) -> str:
        """The month's name: "December 2026"."""
        return format_date(self.month, "F Y")

    @property
    def chosen(self) -> date | None:
        """The day whose times are shown."""
        return self.day or min(self.by_day, default=None)

    @property
    def chosen_words(self) -> str:
        """That day in words."""
        return date_words(self.chosen) if self.chosen else ""

    @cached_property
    def times(self) -> list[Time]:
        """That day's times."""
        found = self.by_day.get(self.chosen, []) if self.chosen else []
        return times(found, self.clock, self.place)

    @property
    def zone(self) -> str:
        """The zone of the times, with its offset on that day."""
        slots = self.by_day.get(self.chosen, []) if self.chosen else []
        return self.clock.zone_at(slots[0] if slots else self.offers.now)

    @property
    def previous_url(self) -> str:
        """The month before, but not before this one."""
        before = (self.month - timedelta(days=1)).replace(day=1)
        return self._month_url(before) if self.month > self.this_month else ""

    @property
    def next_url(self) -> str:
        """The month after, while something can be offered in it."""
        after = next_month(self.month)
        return self._month_url(after) if midnight(after, self.clock.zone) <= self.offers.horizon else ""

    @property
    def upcoming_url(self) -> str:
        """The next month that has times, when this one has none."""
        return self._month_url(self.upcoming) if self.upcoming else ""

    @property
    def upcoming_name(self) -> str:
        """Its name."""
        return format_date(self.upcoming, "F Y") if self.upcoming else ""

    def _month_url(self, month: date) -> str:
        return self.place.to(month=f"{month:%Y-%m}")

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """The table's head: (short, full), from the day on which weeks begin in the reader's language."""
        return [(str(WEEKDAYS_ABBR[day]), str(WEEKDAYS[day])) for day in _week(first=self.first_weekday)]

    @property
    def weeks(self) -> list[list[Day | None]]:
        """The table's rows, without the weeks that are over; None for days of other months."""
        rows = calendar.Calendar(self.first_weekday).monthdatescalendar(self.month.year, self.month.month)
        today, chosen = self.today, self.chosen
        ahead = [row for row in rows if row[-1] >= today] or rows
        addresses = self.place.to_each("date", (day.isoformat() for day in self.by_day), "#times")
        urls = dict(zip(self.by_day, addresses, strict=True))
        return [
            [
                Day(day.day, self._words(day), urls.get(day, ""), chosen=day == chosen, today=day == today)
                if day.month == self.month.month
                else None
                for day in row
            ]
            for row in ahead
        ]

    def _words(self, day: date) -> str:
        count = len(self.by_day.get(day, ()))
        if not count:
            return gettext("no times")
        free = ngettext("%(count)d time", "%(count)d times", count) % {"count": count}
        return f"{date_words(day)}, {free}"


def _week(*, first: int) -> list[int]:
    return [(first + day) % 7 for day in range(7)]


def parse_day(text: str, now: datetime) -> date | None:
    """A date as "2026-12-03", within some years of now; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if abs(day.year - now.year) <= 5 and len(text) == 10 else None


def parse_month(text: str, now: datetime) -> date | None:
    """The first of a month given as "2026-12"; None for anything else."""
    return parse_day(f"{text}-01", now)
