"""What an event type offers, and offered times as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from bookings.availability import BusyUnknown, offered
from bookings.models import Booking, EventType
from bookings.views._clock import Clock

LOOK_AHEAD = timedelta(days=62)
NEAREST = 8


def slot_text(slot: datetime) -> str:
    """A start as URLs and forms carry it: "2026-12-03T09:00:00Z"."""
    return f"{slot.astimezone(UTC).isoformat()[:19]}Z"  # several times as fast as strftime


@dataclass(frozen=True)
class Offers:
    """What an event type offers now; ``moving`` is a booking that does not stand in its own way."""

    event_type: EventType
    now: datetime
    moving: Booking | None = None

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """The starts of [start, end). Raises BusyUnknown."""
        return offered(self.event_type, start=start, end=end, now=self.now, moving=self.moving)

    @property
    def horizon(self) -> datetime:
        """A moment after which nothing is offered: the window, and a day for zones."""
        return self.now + timedelta(days=self.event_type.window_days + 2)

    def is_near(self, slot: datetime) -> bool:
        """Whether the slot can be offered at all, before anybody is asked."""
        return self.now <= slot <= self.horizon

    def first_from(self, moment: datetime) -> datetime | None:
        """The first start from a moment on, looked for in steps, as calendars answer for some weeks at a time."""
        moment = max(moment, self.now)
        while moment < self.horizon:
            if found := self.between(moment, moment + LOOK_AHEAD):
                return found[0]
            moment += LOOK_AHEAD
        return None

    def nearest(self, slot: datetime) -> list[datetime]:
        """The starts nearest to one that has gone, ascending; none where they cannot be known."""
        around = min(max(slot, self.now), self.horizon)
        try:
            found = self.between(around - timedelta(days=7), around + timedelta(days=14))
            if not found and (first := self.first_from(around)):
                found = self.between(first, first + timedelta(days=2))
        except BusyUnknown:
            return []
        return sorted(
            sorted((other for other in found if other != slot), key=lambda other: abs(other - slot))[:NEAREST]
        )


@dataclass(frozen=True)
class Time:
    """One offered time."""

    slot: str
    words: str
    note: str
    url: str = ""
    """The way to the form; empty where there is none to go to."""
    date: str = ""


@dataclass(frozen=True)
class Place:
    """A page's address with what has been chosen so far."""

    path: str
    chosen: dict[str, str] = field(default_factory=dict)

    def to_each(self, name: str, values: Iterable[str], fragment: str = "") -> list[str]:
        """Addresses that differ in one choice, not made yet, by values that need no quoting."""
        address = self.to(**{name: ""})
        return [f"{address}{value}{fragment}" for value in values]

    def to(self, fragment: str = "", **more: str) -> str:
        """The address with more chosen."""
        query = urlencode(self.chosen | more, safe="/:")
        return f"{self.path}{'?' if query else ''}{query}{fragment}"


def times(slots: list[datetime], clock: Clock, place: Place | None = None) -> list[Time]:
    """The starts as links, or as choices of a form where there is no place to go to."""
    texts = [slot_text(slot) for slot in slots]
    addresses = place.to_each("slot", texts) if place else [""] * len(texts)
    return [
        Time(slot=text, words=clock.time(slot), note=clock.note(slot), url=address, date=clock.short_date(slot))
        for slot, text, address in zip(slots, texts, addresses, strict=True)
    ]
