"""Open time − busy time, on the grid of starts, within the limits."""

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import accumulate, repeat

from bookings.slots.clock import DAY, EPOCH, SECOND, ceil, local_date, midnight
from bookings.slots.hours import pieces
from bookings.slots.rules import Interval, Rules
from bookings.slots.spans import since_epoch, union


def slots(
    rules: Rules,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    busy: Iterable[Interval | tuple[datetime, datetime]],
    booked_by_day: Mapping[date, int] = {},
) -> list[datetime]:
    """The starts in [start, end) that can be booked at `now`: aware UTC, ascending, each once.

    `busy` is when the organizer is taken, own buffers included, in any order. `booked_by_day` counts this event type's
    bookings by `local_date`. All datetimes are aware: TypeError otherwise.
    """
    last_day = local_date(rules, now) + timedelta(days=rules.window_days)
    earliest = max(ceil(start), ceil(now) + rules.minimum_notice // SECOND)
    # Only so that a far end costs no time: two days, as no zone is a day from UTC. `allowed` draws the line, by the
    # date on the wall, because where clocks go back over midnight the dates alternate.
    before = min(ceil(end), midnight(last_day) + 2 * DAY)
    if earliest >= before:
        return []

    def allowed(day: date) -> bool:
        full = rules.daily_limit is not None and booked_by_day.get(day, 0) >= rules.daily_limit
        return day <= last_day and not full

    return _sweep(rules, _grids(rules, earliest, before, allowed), busy)


def is_offered(
    rules: Rules,
    slot: datetime,
    *,
    now: datetime,
    busy: Iterable[Interval | tuple[datetime, datetime]],
    booked_by_day: Mapping[date, int],
) -> bool:
    """Whether `slots` offers this start. It asks `slots` itself, so what is offered is never refused."""
    slot = EPOCH + (slot - EPOCH)  # in UTC: datetimes of two zones are never equal where one comes twice
    return slot in slots(rules, start=slot, end=slot + SECOND, now=now, busy=busy, booked_by_day=booked_by_day)


def _grids(rules: Rules, earliest: int, before: int, allowed: Callable[[date], bool]) -> list[range]:
    """The starts of [earliest, before) at which a meeting fits the hours of an allowed date, ascending."""
    duration, interval = rules.duration // SECOND, rules.interval // SECOND
    grids = []
    opens = closes = before + duration  # of the open stretch behind the piece at hand
    # Backwards, because a meeting may run on into the pieces that touch.
    for piece in reversed(list(pieces(rules, earliest, before + duration))):
        closes = closes if piece.closes == opens else piece.closes
        opens = piece.opens
        first, stop = opens + (piece.grid - opens) % interval, min(piece.closes, closes - duration + 1, before)
        if first < stop and allowed(piece.day):
            grids.append(range(first, stop, interval))
    return grids[::-1]


def _sweep(rules: Rules, grids: list[range], busy: Iterable[Interval | tuple[datetime, datetime]]) -> list[datetime]:
    """The starts of the grids at which a meeting with its buffers meets nothing busy."""
    interval, before, after = rules.interval, rules.buffer_before, rules.duration + rules.buffer_after
    taken, freed = union(since_epoch(busy))
    found: list[datetime] = []
    for grid in grids:
        first, last = timedelta(seconds=grid[0]), timedelta(seconds=grid[-1])
        starts = _starts(first, interval, len(grid))
        here, there = bisect_right(freed, first - before), bisect_left(taken, last + after)
        kept = 0
        # Each busy span takes the starts that lie between `start - after` and `end + before`, both not included.
        for start, end in zip(taken[here:there], freed[here:there], strict=True):
            found += starts[kept : max(0, (start - after - first) // interval + 1)]
            kept = -((first - before - end) // interval)
        found += starts[kept:]
    return found


def _starts(first: timedelta, interval: timedelta, count: int) -> list[datetime]:
    # Adding on and on is several times faster than making each datetime from its own number.
    return list(accumulate(repeat(interval, count - 1), operator.add, initial=EPOCH + first))
