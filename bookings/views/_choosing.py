"""What a picker's page reads from its address: zone, clock, month and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from bookings.forms_public import parse_slot
from bookings.views._clock import Clock, counts_to_twelve, first_weekday
from bookings.views._offers import Offers, Place
from bookings.views._picker import Picker, parse_day, parse_month
from bookings.views._zones import find_zone


@dataclass(frozen=True)
class Choosing:
    """The choices so far: the clock, the address that keeps them, and what was asked for in vain."""

    clock: Clock
    place: Place
    first_weekday: int
    guessable: bool
    unknown_zone: str
    month: str
    date: str
    slot: datetime | None
    prefilled: Mapping[str, str]

    def picker(self, offers: Offers) -> Picker:
        """The month to show: the asked one, the asked day's, or now; with its times."""
        day = parse_day(self.date, offers.now)
        asked = day or parse_month(self.month, offers.now)
        month = asked or self.clock.local(offers.now).date()
        return Picker(
            offers=offers,
            clock=self.clock,
            place=self.place,
            month=month.replace(day=1),
            day=day,
            turns_ahead=asked is None,
            first_weekday=self.first_weekday,
        ).load()

    @property
    def other_clock(self) -> tuple[str, str]:
        """The other clock's hours and the address of this page with it."""
        other = "24" if self.clock.twelve else "12"
        asked = {name: value for name, value in (("month", self.month), ("date", self.date)) if value}
        return other, self.place.to(**asked, clock=other)


def read(request: HttpRequest, *, home: ZoneInfo, prefilled: Mapping[str, str] | None = None) -> Choosing:
    """From the query; ``home`` is the zone where none, or none that we know, was asked for.

    ``prefilled`` (_prefilled.py) stays in all addresses, up to the form.
    """
    asked = request.GET.get("tz", "").strip()[:64]
    zone = find_zone(asked) if asked else None
    prefilled = prefilled or {}
    kept = {"tz": zone.key if zone else ""} | {"clock": request.GET.get("clock", "")}
    kept = {name: value for name, value in kept.items() if value and len(value) < 65}
    return Choosing(
        clock=Clock(zone=zone or home, twelve=counts_to_twelve(request)),
        place=Place(request.path, kept | dict(prefilled)),
        first_weekday=first_weekday(request),
        guessable=not asked,
        unknown_zone=asked if asked and zone is None else "",
        month=request.GET.get("month", "")[:10],
        date=request.GET.get("date", "")[:10],
        slot=parse_slot(request.GET.get("slot", "").replace(" ", "+")),
        prefilled=prefilled,
    )
