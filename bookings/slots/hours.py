"""Weekly hours and overrides → the stretches of real time in which the organizer is open."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from bookings.slots.clock import MINUTE, dates, midnight, offsets
from bookings.slots.rules import Rules
from bookings.slots.spans import union


class Piece(NamedTuple):
    """The part of a range of hours over which the zone's offset stands still, [opens, closes) in seconds since 1970."""

    day: date  # on the organizer's wall
    grid: int  # when the range starts, or would if the offset had always been this one; starts are counted from here
    opens: int
    closes: int


def pieces(rules: Rules, start: int, end: int) -> Iterator[Piece]:
    """The open time of [start, end), ascending. Where an offset changes or a date ends, pieces may touch."""
    weekly = {weekday: list(zip(*union(ranges), strict=True)) for weekday, ranges in rules.weekly.items()}
    for since, until, offset in offsets(rules.timezone, start, end):
        for day in dates(since + offset, until + offset):
            first = midnight(day) - offset
            override = rules.overrides.get(day)
            hours = weekly.get(day.weekday(), ()) if override is None else zip(*union(override), strict=True)
            for from_minute, to_minute in hours:
                grid, closes = first + from_minute * MINUTE, first + to_minute * MINUTE
                if grid < until and since < closes:
                    yield Piece(day, grid, max(grid, since), min(closes, until))
