"""Stretches of time, merged."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from bookings.slots.clock import EPOCH
from bookings.slots.rules import Interval

Point = TypeVar("Point", int, timedelta)


def merge(intervals: Iterable[Interval | tuple[datetime, datetime]]) -> list[Interval]:
    """The same times in as few intervals as can be, ascending: what overlaps or touches is one, what is empty is gone.

    All datetimes are aware: TypeError otherwise.
    """
    starts, ends = union(since_epoch(intervals))
    return [Interval(EPOCH + start, EPOCH + end) for start, end in zip(starts, ends, strict=True)]


def since_epoch(intervals: Iterable[Interval | tuple[datetime, datetime]]) -> list[tuple[timedelta, timedelta]]:
    """Start and end as time since 1970 UTC: these compare right whatever the zone; naive ones are refused."""
    return [
        (span.start - EPOCH, span.end - EPOCH) if isinstance(span, Interval) else (span[0] - EPOCH, span[1] - EPOCH)
        for span in intervals
    ]


def union(spans: Iterable[tuple[Point, Point]]) -> tuple[list[Point], list[Point]]:
    """Half-open spans in any order → the starts and the ends of as few that hold the same points, ascending.

    Starts and ends are sorted each by themselves, which is faster than sorting pairs. They tell where the gaps are:
    where the n-th end comes before the next start, all n that had begun have ended.
    """
    full = [span for span in spans if span[0] < span[1]]
    starts = sorted([start for start, _ in full])
    ends = sorted([end for _, end in full])
    gaps = [(end, start) for end, start in zip(ends, starts[1:], strict=False) if end < start]
    return starts[:1] + [start for _, start in gaps], [end for end, _ in gaps] + ends[-1:]
