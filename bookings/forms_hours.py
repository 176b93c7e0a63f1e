"""Ranges of hours as people type them: any number of rows of two times, checked together."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from timezone_field import TimeZoneFormField

from bookings.models import Schedule
from bookings.models.availability import MINUTES_OF_A_DAY
from bookings.working_hours import Range

# More ranges on one day than anybody works; what is beyond is not read.
MOST_ROWS = 12
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")


@dataclass
class Row:
    """Two times as typed, and what is wrong with them, if anything."""

    opens: str = ""
    closes: str = ""
    error: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed; such rows are left out."""
        return not self.opens and not self.closes


@dataclass
class Day:
    """The rows of one weekday or date. ``key`` names its inputs: ``from-<key>`` and ``to-<key>``, once for each row."""

    key: str
    name: str = ""
    rows: list[Row] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)

    @classmethod
    def stored(cls, key: str, name: str, ranges: Iterable[Range]) -> Day:
        """A day as it is in the database."""
        known = list(ranges)
        return cls(key, name, [Row(clock(opens), clock(closes)) for opens, closes in known], known)

    @classmethod
    def typed(cls, key: str, name: str, data: QueryDict) -> Day:
        """A day as it was typed, read and checked."""
        pairs = zip_longest(data.getlist(f"from-{key}"), data.getlist(f"to-{key}"), fillvalue="")
        rows = [Row(opens.strip()[:8], closes.strip()[:8]) for opens, closes in list(pairs)[:MOST_ROWS]]
        day = cls(key, name, rows)
        day._check()
        return day

    @property
    def has_error(self) -> bool:
        """Whether a row of it is wrong."""
        return any(row.error for row in self.rows)

    def _check(self) -> None:
        """Read every row; two that overlap are told at the later one."""
        found: list[tuple[Range, Row]] = []
        for row in self.rows:
            if row.is_blank:
                continue
            read = _read(row)
            if read is not None:
                found.append((read, row))
        found.sort(key=lambda item: item[0])
        longest: Range = (0, 0)  # of those before, the one that lasts longest
        for read, row in found:
            if read[0] < longest[1]:
                words = _("This overlaps with %(opens)s–%(closes)s.")
                row.error = words % {"opens": clock(longest[0]), "closes": clock(longest[1])}
            longest = max(longest, read, key=lambda item: item[1])
        self.ranges = [] if self.has_error else [read for read, _row in found]


def _read(row: Row) -> Range | None:
    """The range of a row, or None with its error set. An end of 00:00 or 24:00 is the midnight that ends the day."""
    opens, closes = minute(row.opens), minute(row.closes)
    if opens is None or closes is None:
        row.error = _("Give both times, as hours and minutes: 09:00 and 17:30.")
        return None
    closes = closes or MINUTES_OF_A_DAY
    if opens >= closes:
        row.error = _("The end has to come after the start.")
        return None
    return opens, closes


def minute(text: str) -> int | None:
    """``09:30`` → 570; 24:00 is 1440; None for anything that is not a time."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= MINUTES_OF_A_DAY else None


def clock(minutes: int) -> str:
    """570 → ``09:30``; the midnight that ends a day is 00:00, since a time input knows no 24:00."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


class WeekForm(forms.Form):
    """The weekly hours and their time zone."""

    timezone = TimeZoneFormField(label=gettext_lazy("Time zone of these hours"), use_pytz=False)

    def __init__(self, data: QueryDict | None = None, *, schedule: Schedule) -> None:
        super().__init__(data, initial={"timezone": schedule.timezone})
        self.schedule = schedule
        self.days = [self._day(weekday, data) for weekday in range(7)]

    def _day(self, weekday: int, data: QueryDict | None) -> Day:
        key, name = str(weekday), str(WEEKDAYS[weekday])
        if data is not None:
            return Day.typed(key, name, data)
        stored = [hours for hours in self.schedule.weekly_hours.all() if hours.weekday == weekday]
        return Day.stored(key, name, [(hours.from_minute, hours.to_minute) for hours in stored])

    def is_valid(self) -> bool:
        """Every row of every day is right, and the zone is known."""
        return super().is_valid() and not any(day.has_error for day in self.days)

    def edit_rows(self, *, add: str, remove: str) -> None:
        """Add a blank row to the day ``add``; take out the row ``remove``, ``<day>-<row>``. Unknown ones do nothing."""
        for day in self.days:
            if day.key == add and len(day.rows) < MOST_ROWS:
                day.rows.append(Row())
            day.rows = [row for number, row in enumerate(day.rows) if f"{day.key}-{number}" != remove]

    @property
    def zone(self) -> ZoneInfo:
        """The chosen time zone."""
        return ZoneInfo(str(self.cleaned_data["timezone"]))

    @property
    def weekly(self) -> dict[int, list[Range]]:
        """Weekday → ranges."""
        return {int(day.key): day.ranges for day in self.days}


class DateForm(forms.Form):
    """Other hours on one date, or none."""

    date = forms.DateField(label=gettext_lazy("Date"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: QueryDict | None = None, *, today: dt.date) -> None:
        super().__init__(data)
        self.today = today
        self.hours = Day("date") if data is None else Day.typed("date", "", data)
        self.fields["date"].widget.attrs["min"] = today.isoformat()
        while len(self.hours.rows) < 2:
            self.hours.rows.append(Row())

    def is_valid(self) -> bool:
        """The date is right and the hours are."""
        return super().is_valid() and not self.hours.has_error

    def clean_date(self) -> Any:
        """Today or later: what is over cannot be booked anyway."""
        day = self.cleaned_data["date"]
        if day < self.today:
            raise forms.ValidationError(_("This date is over. Choose today or a later one."))
        return day
