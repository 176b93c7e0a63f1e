"""Goal 1: how long `slots` takes, as a ratio to the shortest sort-merge-sweep in plain Python of the same run.

30-minute meetings every 15 minutes, Monday to Friday 9–17 in New York, a month of 31 days. The references know nothing
of buffers, limits, overrides or hours in which clocks change; the faster of the two counts.
"""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from time import perf_counter
from zoneinfo import ZoneInfo

from benchmarks.measure import Verdict
from bookings.slots import Interval, Rules, slots

GOAL = 1.5
ROUNDS = 300
ZONE = ZoneInfo("America/New_York")
FIRST, DAYS = date(2026, 5, 1), 31
START = datetime.combine(FIRST, time(), ZONE).astimezone(UTC)
END = START + timedelta(days=DAYS)
DURATION, INTERVAL = timedelta(minutes=30), timedelta(minutes=15)
RULES = Rules(
    timezone=ZONE,
    weekly={weekday: [(9 * 60, 17 * 60)] for weekday in range(5)},
    overrides={},
    duration=DURATION,
    interval=INTERVAL,
    buffer_before=timedelta(0),
    buffer_after=timedelta(0),
    minimum_notice=timedelta(0),
    window_days=60,
    daily_limit=None,
)
Pairs = list[tuple[datetime, datetime]]


def made_up(count: int) -> Pairs:
    """Meetings of 15 to 60 minutes at any time of the month, in no order."""
    chance = random.Random(count)
    starts = [START + timedelta(minutes=5 * chance.randrange(DAYS * 288)) for _ in range(count)]
    return [(start, start + timedelta(minutes=chance.choice([15, 30, 60]))) for start in starts]


def hours() -> Pairs:
    """The month's working hours in UTC, as every reference needs them."""
    days = [FIRST + timedelta(days=day) for day in range(DAYS)]
    return [
        (datetime.combine(day, time(9), ZONE).astimezone(UTC), datetime.combine(day, time(17), ZONE).astimezone(UTC))
        for day in days
        if day.weekday() < 5
    ]


def in_datetimes(busy: Pairs) -> list[datetime]:
    """Sort, merge, sweep, with datetimes throughout."""
    merged: Pairs = []
    for start, end in sorted(busy):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    found, here = [], 0
    for opens, closes in hours():
        start = opens
        while start + DURATION <= closes:
            while here < len(merged) and merged[here][1] <= start:
                here += 1
            if here == len(merged) or merged[here][0] >= start + DURATION:
                found.append(start)
            start += INTERVAL
    return found


def in_seconds(busy: Pairs) -> list[datetime]:
    """Sort, merge, sweep, with numbers inside."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((int(start.timestamp()), int(end.timestamp())) for start, end in busy):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    found, here = [], 0
    for opens, closes in hours():
        for at in range(int(opens.timestamp()), int(closes.timestamp()) - 30 * 60 + 1, 15 * 60):
            while here < len(merged) and merged[here][1] <= at:
                here += 1
            if here == len(merged) or merged[here][0] >= at + 30 * 60:
                found.append(datetime.fromtimestamp(at, UTC))
    return found


def ours(busy: Pairs | list[Interval]) -> list[datetime]:
    """What the booking page asks for."""
    return slots(RULES, start=START, end=END, now=START, busy=busy)


def best(*calls: Callable[[], list[datetime]]) -> list[float]:
    """The shortest time of each call in milliseconds. They take turns, so that a busy machine slows all of them."""
    shortest = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for number, call in enumerate(calls):
            began = perf_counter()
            call()
            shortest[number] = min(shortest[number], (perf_counter() - began) * 1000)
    return shortest


def verdicts() -> list[Verdict]:
    """For 0, 100 and 1,000 busy times."""
    found = []
    for count in (0, 100, 1000):
        pairs = made_up(count)
        intervals = [Interval(start, end) for start, end in pairs]
        assert ours(intervals) == ours(pairs) == in_datetimes(pairs) == in_seconds(pairs)
        measured, *references = best(partial(ours, intervals), partial(in_datetimes, pairs), partial(in_seconds, pairs))
        ratio = measured / min(references)
        figures = f"{measured:.3f} ms, reference {min(references):.3f} ms: {ratio:.2f} × (goal ≤ {GOAL:g} ×)"
        found.append(Verdict(1, f"slots of a month, {count} busy times", figures, ratio <= GOAL))
    return found
