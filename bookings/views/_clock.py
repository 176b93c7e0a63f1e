"""Dates and times in words, on a 12- or 24-hour clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.dateformat import time_format
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language, gettext

from bookings.views._zones import is_ambiguous, which_of_two, zone_words

# A browser's first language, where English texts suit: others read them for want of theirs, with their own clocks.
ENGLISH = frozenset({"en", ""})
# English-speaking regions whose clocks count to 24 (CLDR 46, timeData: hours "H").
ENGLISH_24 = frozenset({"GB", "IE", "ZA", "BE", "CH", "DE", "DK", "FI", "NL", "SE", "AT", "SI", "IL"})
# Those whose weeks begin on Monday (CLDR 46, weekData).
ENGLISH_MONDAY = ENGLISH_24 - {"ZA", "IL"} | {"AU", "NZ"}
NIGHT_ENDS, NIGHT_BEGINS = 7, 21


@dataclass(frozen=True)
class Clock:
    """How a reader's clock shows a moment: in which zone, and whether it counts to 12 or to 24."""

    zone: ZoneInfo
    twelve: bool

    def local(self, moment: datetime) -> datetime:
        """The moment on this clock."""
        return moment.astimezone(self.zone)

    def time(self, moment: datetime) -> str:
        """The time alone: "9:00 AM" or "09:00"."""
        local = self.local(moment)
        return _time_words(local.hour, local.minute, self.twelve, get_language())

    def which(self, moment: datetime) -> str:
        """Which of two equal times it is, where the clock is put back between them; else empty."""
        local = self.local(moment)
        return which_of_two(local) if is_ambiguous(local) else ""

    def night(self, moment: datetime) -> str:
        """The word for it, when people sleep; else empty."""
        return "" if NIGHT_ENDS <= self.local(moment).hour < NIGHT_BEGINS else gettext("night")

    def note(self, moment: datetime) -> str:
        """What the time alone does not tell; mostly nothing."""
        return ", ".join(filter(None, (self.which(moment), self.night(moment))))

    def date(self, moment: datetime) -> str:
        """The date: "Thursday, 3 December 2026"."""
        return date_words(self.local(moment).date())

    def short_date(self, moment: datetime) -> str:
        """The date, where several stand below each other: "Thu 3 Dec 2026"."""
        return _date_words(self.local(moment).date(), "SHORT_WEEKDAY_DATE", get_language())

    def span(self, start: datetime, end: datetime) -> str:
        """From when until when, the first date left out: "1:30 AM EST – 2:00 AM (night)"."""
        first, last = (f"{self.time(moment)} {self.which(moment)}".strip() for moment in (start, end))
        if self.local(start).date() != self.local(end).date():
            last = f"{self.date(end)}, {last}"
        night = self.night(start)
        return f"{first} – {last} ({night})" if night else f"{first} – {last}"

    def zone_at(self, moment: datetime) -> str:
        """The zone and its offset at the moment."""
        return zone_words(self.zone, moment)


def date_words(day: date) -> str:
    """A date in the active language: "Thursday, 3 December 2026"."""
    return _date_words(day, "LONG_DATE", get_language())


# A page has a month's dates and a day's times, the same for everybody, and wording one is most of the work on it.
@lru_cache(maxsize=4096)
def _date_words(day: date, style: str, _language: str | None) -> str:
    return date_format(day, style)


@lru_cache(maxsize=4096)
def _time_words(hour: int, minute: int, twelve: bool, _language: str | None) -> str:
    return time_format(time(hour, minute), "g:i A" if twelve else "H:i")


def counts_to_twelve(request: HttpRequest) -> bool:
    """Whether the reader's clock does: as asked for (``?clock=12``), else as the browser's first language has it."""
    asked = request.GET.get("clock") or request.POST.get("clock")
    if asked in ("12", "24"):
        return asked == "12"
    if not (get_language() or "").startswith("en"):
        return False
    language, region = _browsers_first(request)
    return language in ENGLISH and region not in ENGLISH_24


def first_weekday(request: HttpRequest) -> int:
    """On which day weeks begin at the reader's, 0 = Monday."""
    if (get_language() or "").startswith("en"):
        language, region = _browsers_first(request)
        return 6 if language in ENGLISH and region not in ENGLISH_MONDAY else 0
    return (int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7  # Django counts from Sunday


def _browsers_first(request: HttpRequest) -> tuple[str, str]:
    """Language and region of the browser's first language: ("en", "GB") of "en-GB,en;q=0.9"; each may be empty."""
    first = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    language, _hyphen, region = first.partition("-")
    return language.lower(), region.upper()
