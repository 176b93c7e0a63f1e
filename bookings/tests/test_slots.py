"""Slots on ordinary days: hours, grid, busy times, buffers, notice, window and limit. Ada works in New York."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bookings.slots import Interval, Rules, is_offered, local_date, merge, slots, wall

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 6, 1)
TUESDAY = date(2026, 6, 2)
NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


ADA = Rules(
    timezone=NEW_YORK,
    weekly={0: [(9 * 60, 12 * 60)]},
    overrides={},
    duration=minutes(60),
    interval=minutes(30),
    buffer_before=minutes(0),
    buffer_after=minutes(0),
    minimum_notice=minutes(0),
    window_days=30,
    daily_limit=None,
)


def at(clock: str, day: date = MONDAY) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def monday(rules: Rules = ADA, **given: Any) -> list[str]:
    """What is offered on Monday and the night after it, as Ada's wall reads it."""
    asked: dict[str, Any] = {"start": at("00:00"), "end": at("12:00", TUESDAY), "now": NOW, "busy": []}
    return [f"{slot.astimezone(NEW_YORK):%H:%M}" for slot in slots(rules, **(asked | given))]


def test_starts_are_offered_every_interval_as_long_as_the_meeting_fits() -> None:
    assert monday() == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_starts_are_aware_and_in_utc() -> None:
    first = slots(ADA, start=NOW, end=at("12:00", TUESDAY), now=NOW, busy=[])[0]
    assert (first, first.tzinfo) == (datetime(2026, 6, 1, 13, tzinfo=UTC), UTC)


def test_a_day_without_hours_offers_nothing() -> None:
    assert slots(ADA, start=at("00:00", TUESDAY), end=at("23:00", TUESDAY), now=NOW, busy=[]) == []


def test_an_override_replaces_the_weekly_hours() -> None:
    assert monday(replace(ADA, overrides={MONDAY: [(14 * 60, 15 * 60)]})) == ["14:00"]


def test_an_empty_override_makes_the_day_unavailable() -> None:
    assert monday(replace(ADA, overrides={MONDAY: []})) == []


def test_an_override_opens_a_day_that_has_no_hours() -> None:
    opened = replace(ADA, overrides={TUESDAY: [(9 * 60, 10 * 60)]})
    assert slots(opened, start=at("00:00", TUESDAY), end=at("23:00", TUESDAY), now=NOW, busy=[]) == [
        at("09:00", TUESDAY)
    ]


def test_several_ranges_each_count_from_their_own_start() -> None:
    rules = replace(ADA, weekly={0: [(13 * 60 + 10, 14 * 60 + 10), (9 * 60, 10 * 60)]})
    assert monday(rules) == ["09:00", "13:10"]


@pytest.mark.parametrize("ranges", [[(600, 660), (540, 600)], [(540, 630), (570, 660)], [(540, 660), (560, 570)]])
def test_ranges_that_touch_or_overlap_are_one(ranges: list[tuple[int, int]]) -> None:
    assert monday(replace(ADA, weekly={0: ranges})) == ["09:00", "09:30", "10:00"]


def test_a_range_that_does_not_end_after_its_start_is_empty() -> None:
    assert monday(replace(ADA, weekly={0: [(540, 540), (600, 540)]})) == []


def test_a_meeting_runs_across_midnight_where_the_hours_do() -> None:
    late = replace(ADA, weekly={0: [(23 * 60, 1440)], 1: [(0, 60)]})
    assert monday(late) == ["23:00", "23:30", "00:00"]


def test_a_meeting_does_not_run_across_midnight_where_the_hours_end() -> None:
    assert monday(replace(ADA, weekly={0: [(23 * 60, 1440)], 1: [(1, 60)]})) == ["23:00"]


def test_the_count_of_intervals_starts_anew_at_midnight() -> None:
    late = replace(ADA, weekly={0: [(23 * 60, 1440)], 1: [(0, 60)]}, duration=minutes(10), interval=minutes(25))
    assert monday(late) == ["23:00", "23:25", "23:50", "00:00", "00:25", "00:50"]


def test_a_meeting_may_last_longer_than_a_day() -> None:
    always = replace(ADA, weekly={day: [(0, 1440)] for day in range(7)}, duration=minutes(36 * 60))
    assert monday(always)[:2] == ["00:00", "00:30"]


def test_hours_may_cross_midnight_of_utc() -> None:
    evening = replace(ADA, weekly={0: [(19 * 60, 22 * 60)]}, interval=minutes(60))
    assert monday(evening) == ["19:00", "20:00", "21:00"]


def test_the_start_of_what_is_asked_for_is_included_and_its_end_is_not() -> None:
    assert monday(start=at("09:30"), end=at("10:30")) == ["09:30", "10:00"]


def test_an_end_that_is_not_after_the_start_offers_nothing() -> None:
    assert monday(start=at("10:00"), end=at("10:00")) == monday(start=at("11:00"), end=at("09:00")) == []


def test_what_is_asked_for_may_begin_between_two_starts() -> None:
    assert monday(start=at("09:30") + timedelta(microseconds=1)) == ["10:00", "10:30", "11:00"]


def test_a_busy_time_takes_the_starts_whose_meetings_it_meets() -> None:
    assert monday(busy=[Interval(at("10:00"), at("10:30"))]) == ["09:00", "10:30", "11:00"]


def test_a_busy_time_that_only_touches_a_meeting_leaves_it_alone() -> None:
    assert monday(busy=[(at("08:00"), at("09:00")), (at("12:00"), at("13:00"))]) == monday()


def test_an_empty_busy_time_takes_nothing() -> None:
    assert monday(busy=[(at("10:00"), at("10:00")), (at("11:00"), at("10:00"))]) == monday()


def test_a_busy_time_of_a_microsecond_takes_what_it_meets() -> None:
    blink = (at("10:00"), at("10:00") + timedelta(microseconds=1))
    assert monday(busy=[blink]) == ["09:00", "10:30", "11:00"]


@pytest.mark.parametrize(
    "clocks",
    [
        [("10:15", "10:30"), ("09:45", "10:15")],
        [("09:45", "10:30"), ("10:00", "10:05")],
        [("10:05", "10:30"), ("09:45", "10:10"), ("09:45", "09:50")],
    ],
)
def test_busy_times_come_in_any_order_overlapping_or_touching(clocks: list[tuple[str, str]]) -> None:
    busy = [(at(start), at(end)) for start, end in clocks]
    assert monday(busy=iter(busy)) == ["10:30", "11:00"]


def test_a_busy_time_inside_a_longer_one_frees_nothing() -> None:
    assert monday(busy=[(at("08:00"), at("18:00")), (at("09:00"), at("09:30"))]) == []


def test_busy_times_may_come_in_another_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert monday(busy=[(at("10:00").astimezone(berlin), at("10:30"))]) == ["09:00", "10:30", "11:00"]


def test_the_buffer_before_keeps_clear_of_what_ends_earlier() -> None:
    buffered = replace(ADA, buffer_before=minutes(15))
    assert monday(buffered, busy=[(at("08:00"), at("09:15"))]) == ["09:30", "10:00", "10:30", "11:00"]
    assert monday(buffered, busy=[(at("08:00"), at("09:16"))]) == ["10:00", "10:30", "11:00"]


def test_the_buffer_after_keeps_clear_of_what_starts_later() -> None:
    buffered = replace(ADA, buffer_after=minutes(15))
    assert monday(buffered, busy=[(at("11:45"), at("18:00"))]) == ["09:00", "09:30", "10:00", "10:30"]
    assert monday(buffered, busy=[(at("11:44"), at("18:00"))]) == ["09:00", "09:30", "10:00"]


def test_buffers_may_lie_outside_the_hours() -> None:
    assert monday(replace(ADA, buffer_before=minutes(120), buffer_after=minutes(120))) == monday()


def test_minimum_notice_is_kept_to_the_microsecond() -> None:
    rules = replace(ADA, minimum_notice=minutes(60))
    assert monday(rules, now=at("09:00")) == ["10:00", "10:30", "11:00"]
    assert monday(rules, now=at("09:00") + timedelta(microseconds=1)) == ["10:30", "11:00"]


def test_what_has_begun_is_not_offered() -> None:
    assert monday(now=at("10:01")) == ["10:30", "11:00"]


def test_the_window_ends_with_a_local_date_of_the_schedule() -> None:
    rules = replace(ADA, weekly={day: [(0, 1440)] for day in range(7)}, interval=minutes(12 * 60), window_days=1)
    offered = slots(rules, start=NOW, end=NOW + timedelta(days=9), now=at("23:00"), busy=[])
    assert offered == [at("00:00", TUESDAY), at("12:00", TUESDAY)]


def test_a_meeting_may_run_past_the_end_of_the_window() -> None:
    rules = replace(ADA, weekly={day: [(0, 1440)] for day in range(7)}, window_days=0)
    assert slots(rules, start=NOW, end=NOW + timedelta(days=9), now=at("23:10"), busy=[]) == [at("23:30")]


def test_the_end_of_the_window_is_found_without_walking_to_a_far_end() -> None:
    begin, end = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    assert slots(replace(ADA, window_days=1), start=begin, end=end, now=NOW, busy=[])[0] == at("09:00")


@pytest.mark.parametrize(("limit", "booked", "count"), [(None, 9, 5), (2, 1, 5), (2, 2, 0), (2, 3, 0), (0, 0, 0)])
def test_a_day_with_as_many_bookings_as_its_limit_offers_none(limit: int | None, booked: int, count: int) -> None:
    assert len(monday(replace(ADA, daily_limit=limit), booked_by_day={MONDAY: booked})) == count


def test_the_limit_counts_each_local_date_by_itself() -> None:
    late = replace(ADA, weekly={0: [(23 * 60, 1440)], 1: [(0, 120)]}, daily_limit=1)
    assert monday(late, booked_by_day={MONDAY: 1}) == ["00:00", "00:30", "01:00"]
    assert monday(late, booked_by_day={TUESDAY: 1}) == ["23:00", "23:30"]


def test_is_offered_says_yes_to_what_is_offered_and_no_to_all_else() -> None:
    busy, booked = [(at("10:00"), at("10:20"))], {MONDAY: 1}
    offered = slots(ADA, start=at("00:00"), end=at("23:00"), now=NOW, busy=busy, booked_by_day=booked)
    for minute in range(24 * 60):
        slot = at("00:00") + minutes(minute)
        assert is_offered(ADA, slot, now=NOW, busy=busy, booked_by_day=booked) == (slot in offered)


def test_is_offered_says_no_to_a_start_between_seconds() -> None:
    assert not is_offered(ADA, at("09:00") + timedelta(microseconds=1), now=NOW, busy=[], booked_by_day={})


def test_is_offered_takes_a_start_in_any_zone() -> None:
    assert is_offered(ADA, at("09:00").astimezone(NEW_YORK), now=NOW, busy=[], booked_by_day={})


def test_naive_datetimes_are_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    for given in ({"start": naive}, {"end": naive}, {"now": naive}, {"busy": [(naive, naive)]}):
        with pytest.raises(TypeError):
            monday(**given)
    with pytest.raises(TypeError):
        is_offered(ADA, naive, now=NOW, busy=[], booked_by_day={})
    with pytest.raises(TypeError):
        local_date(ADA, naive)


@pytest.mark.parametrize("field", ["duration", "interval", "buffer_before", "buffer_after", "minimum_notice"])
def test_rules_refuse_lengths_that_are_negative_or_not_whole_seconds(field: str) -> None:
    for length in (minutes(-1), timedelta(milliseconds=1500)):
        with pytest.raises(ValueError, match="whole seconds"):
            replace(ADA, **{field: length})  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["duration", "interval"])
def test_rules_refuse_a_duration_and_an_interval_of_zero(field: str) -> None:
    with pytest.raises(ValueError, match="at least a second"):
        replace(ADA, **{field: minutes(0)})  # type: ignore[arg-type]


def test_merge_joins_what_overlaps_or_touches_and_drops_what_is_empty() -> None:
    spans = [("12:00", "13:00"), ("09:00", "10:00"), ("10:00", "10:30"), ("12:15", "12:20"), ("11:00", "11:00")]
    given: list[Interval | tuple[datetime, datetime]] = [(at(start), at(end)) for start, end in spans[:3]]
    given += [Interval(at(start), at(end)) for start, end in spans[3:]]
    assert merge(given) == [Interval(at("09:00"), at("10:30")), Interval(at("12:00"), at("13:00"))]
    assert merge([]) == []


def test_local_date_is_the_date_on_the_wall_of_the_schedule() -> None:
    assert local_date(ADA, at("23:59")) == MONDAY
    assert local_date(ADA, at("23:59") + minutes(1)) == TUESDAY


def test_wall_tells_the_instant_of_a_minute_of_a_day() -> None:
    assert wall(NEW_YORK, MONDAY, 9 * 60) == datetime(2026, 6, 1, 13, tzinfo=UTC)
    assert wall(NEW_YORK, MONDAY, 1440) == wall(NEW_YORK, TUESDAY, 0) == datetime(2026, 6, 2, 4, tzinfo=UTC)
