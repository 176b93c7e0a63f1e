"""`slots` against a reference that reads the wall minute by minute. It shares nothing with the code it checks."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.slots import Interval, Rules, is_offered, merge, slots, wall

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
CHANGES = [
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Europe/Dublin", "2026-03-29T01:00Z"),
    ("Europe/Dublin", "2026-10-25T01:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00Z"),
    ("Africa/Casablanca", "2026-03-22T02:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Pacific/Auckland", "2026-04-04T14:00Z"),
    ("Pacific/Auckland", "2026-09-26T14:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00Z"),
    ("America/Sao_Paulo", "2019-02-17T02:00Z"),
    ("America/St_Johns", "2010-11-07T02:31Z"),
    ("Asia/Kathmandu", "2026-06-01T00:00Z"),
]
Span = tuple[datetime, datetime]


@cache
def reading(zone: ZoneInfo, moment: datetime) -> tuple[date, int]:
    local = moment.astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


@cache
def run_starts(ranges: tuple[tuple[int, int], ...]) -> list[int | None]:
    """For every minute of a day: since which minute there have been hours without a break, or None."""
    table: list[int | None] = []
    for minute in range(1440):
        is_open = any(start <= minute < end for start, end in ranges)
        since = table[-1] if table and table[-1] is not None else minute
        table.append(since if is_open else None)
    return table


def hours_since(rules: Rules, day: date, minute: int) -> int | None:
    ranges = rules.overrides[day] if day in rules.overrides else rules.weekly.get(day.weekday(), [])
    return run_starts(tuple(ranges))[minute]


def reference(
    rules: Rules,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    busy: Iterable[Interval | Span],
    booked_by_day: Mapping[date, int],
) -> list[datetime]:
    """Every minute of [start, end), whole minutes only, asked the rules one by one."""
    last = reading(rules.timezone, now)[0] + timedelta(days=rules.window_days)
    taken = [(span.start, span.end) if isinstance(span, Interval) else span for span in busy]

    def is_free(slot: datetime) -> bool:
        begins, ends = slot - rules.buffer_before, slot + rules.duration + rules.buffer_after
        return all(max(begins, busy_from) >= min(ends, busy_until) for busy_from, busy_until in taken)

    found = []
    open_for = 0  # minutes without a break, from the slot on
    slot = end + rules.duration
    while slot > start:
        slot -= MINUTE
        day, minute = reading(rules.timezone, slot)
        since = hours_since(rules, day, minute)
        open_for = 0 if since is None else open_for + 1
        if (
            since is not None
            and slot < end
            and timedelta(minutes=open_for) >= rules.duration
            and timedelta(minutes=minute - since) % rules.interval == timedelta(0)
            and slot >= now + rules.minimum_notice
            and day <= last
            and (rules.daily_limit is None or booked_by_day.get(day, 0) < rules.daily_limit)
            and is_free(slot)
        ):
            found.append(slot)
    return found[::-1]


def a_rule(zone: str, **changes: Any) -> Rules:
    plain: dict[str, Any] = {
        "timezone": ZoneInfo(zone),
        "weekly": {},
        "overrides": {},
        "duration": 30 * MINUTE,
        "interval": 30 * MINUTE,
        "buffer_before": 0 * MINUTE,
        "buffer_after": 0 * MINUTE,
        "minimum_notice": 0 * MINUTE,
        "window_days": 9,
        "daily_limit": None,
    }
    return Rules(**(plain | changes))


def lengths(*counts: int) -> st.SearchStrategy[timedelta]:
    return st.sampled_from([count * MINUTE for count in counts])


minute_of_day = st.one_of(st.sampled_from([0, 1440, 60, 120, 150, 180]), st.integers(0, 48).map(lambda n: n * 30))
minute_of_day |= st.integers(0, 1440)
ranges = st.lists(st.tuples(minute_of_day, minute_of_day).map(lambda pair: (min(pair), max(pair))), max_size=3)
ranges = st.just([(0, 1440)]) | st.just([(0, 720), (720, 1440)]) | ranges
around = st.integers(-2 * 1440, 2 * 1440).map(lambda count: count * MINUTE)
busy_lengths = st.one_of(
    st.integers(0, 240).map(lambda n: n * MINUTE), st.integers(0, 7200).map(lambda n: n * MINUTE / 60)
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Rules, dict[str, Any]]:
    zone, instant = draw(st.sampled_from(CHANGES))
    change = datetime.fromisoformat(instant)
    day = change.astimezone(ZoneInfo(zone)).date()
    near = st.integers(-2, 2).map(lambda days: day + timedelta(days=days))
    rules = a_rule(
        zone,
        weekly=draw(st.fixed_dictionaries(dict.fromkeys(range(7), ranges))),
        overrides=draw(st.dictionaries(near, ranges, max_size=3)),
        duration=draw(lengths(30, 1, 15, 45, 60, 90, 300, 1500)),
        interval=draw(lengths(5, 7, 15, 20, 30, 45, 60, 90)),
        buffer_before=draw(lengths(0, 5, 30)),
        buffer_after=draw(lengths(0, 10, 45)),
        minimum_notice=draw(lengths(0, 1, 60, 600)),
        window_days=draw(st.sampled_from([9, 9, 2, 1, 0])),
        daily_limit=draw(st.sampled_from([None, None, 1, 2])),
    )
    starts = draw(st.lists(around, max_size=6))
    busy: list[Interval | Span] = [(change + start, change + start + draw(busy_lengths)) for start in starts]
    start = change - draw(st.integers(0, 2 * 1440)) * MINUTE
    return rules, {
        "start": start,
        "end": start + draw(st.integers(0, 4 * 1440)) * MINUTE,
        "now": change - draw(st.integers(0, 2 * 1440)) * MINUTE + draw(st.sampled_from([timedelta(0), MINUTE / 7])),
        "busy": busy,
        "booked_by_day": draw(st.dictionaries(near, st.integers(0, 2), max_size=3)),
    }


@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_what_is_offered_is_what_the_wall_says(question: tuple[Rules, dict[str, Any]]) -> None:
    rules, asked = question
    assert slots(rules, **asked) == reference(rules, **asked)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_a_start_is_accepted_exactly_if_it_is_offered(question: tuple[Rules, dict[str, Any]]) -> None:
    rules, asked = question
    start = asked.pop("start")
    asked.pop("end")
    offered = slots(rules, start=start, end=start + 240 * MINUTE, **asked)
    minutes = [start + count * MINUTE for count in range(240)]
    assert [slot for slot in minutes if is_offered(rules, slot, **asked)] == offered


@pytest.mark.parametrize(("zone", "instant"), CHANGES)
def test_every_kind_of_hours_is_right_around_every_change(zone: str, instant: str) -> None:
    change = datetime.fromisoformat(instant)
    asked: dict[str, Any] = {
        "start": change - timedelta(hours=4),
        "end": change + timedelta(hours=4),
        "now": change - timedelta(days=1),
        "busy": [],
        "booked_by_day": {},
    }
    before, after = reading(ZoneInfo(zone), change - MINUTE)[1], reading(ZoneInfo(zone), change)[1]
    edges = sorted({0, 1440} | {(edge + shift) % 1440 for edge in (before + 1, after) for shift in (-10, 0, 20)})
    plain = a_rule(zone)
    for start, end, (interval, duration) in product(edges, edges, [(20, 10), (60, 90)]):
        if start < end:
            week = {day: [(start, end)] for day in range(7)}
            rules = replace(plain, weekly=week, interval=interval * MINUTE, duration=duration * MINUTE)
            assert slots(rules, **asked) == reference(rules, **asked)


@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12))
def test_merged_times_are_apart_ascending_and_the_same_times(pairs: list[tuple[int, int]]) -> None:
    midnight = datetime(2026, 6, 1, tzinfo=UTC)
    merged = merge((midnight + start * MINUTE, midnight + end * MINUTE) for start, end in pairs)
    numbers = [((span.start - midnight) // MINUTE, (span.end - midnight) // MINUTE) for span in merged]
    flat = [edge for pair in numbers for edge in pair]
    assert flat == sorted(set(flat))
    assert {n for pair in numbers for n in range(*pair)} == {n for pair in pairs for n in range(*pair)}


@pytest.mark.parametrize(("zone", "instant"), CHANGES)
def test_wall_is_the_first_minute_that_reads_as_late(zone: str, instant: str) -> None:
    change, place = datetime.fromisoformat(instant), ZoneInfo(zone)
    for count in range(-180, 181, 10):
        sought = change.astimezone(place).replace(tzinfo=None, fold=0) + count * MINUTE
        moment = change - timedelta(days=2)
        while moment.astimezone(place).replace(tzinfo=None, fold=0) < sought:
            moment += MINUTE
        assert wall(place, sought.date(), sought.hour * 60 + sought.minute) == moment
