"""Slots on the days on which clocks change, each written out by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.slots import Rules, is_offered, slots, wall

Hours = Sequence[tuple[int, int]]


def clock(reading: str) -> int:
    hour, minute = reading.split(":")
    return int(hour) * 60 + int(minute)


def offered(zone: str, hours: dict[str, list[str]], duration: int = 30, interval: int = 30) -> list[str]:
    """What is offered on these dates, as the wall reads it; the second of two equal readings has a + behind it."""
    dates: dict[date, Hours] = {
        date.fromisoformat(day): [(clock(start), clock(end)) for start, end in (span.split("-") for span in spans)]
        for day, spans in hours.items()
    }
    rules = Rules(
        timezone=ZoneInfo(zone),
        weekly={},
        overrides=dates,
        duration=timedelta(minutes=duration),
        interval=timedelta(minutes=interval),
        buffer_before=timedelta(0),
        buffer_after=timedelta(0),
        minimum_notice=timedelta(0),
        window_days=9,
        daily_limit=None,
    )
    start = datetime.combine(min(dates), datetime.min.time(), UTC) - timedelta(days=2)
    found = slots(rules, start=start, end=start + timedelta(days=7), now=start, busy=[])
    local = [slot.astimezone(rules.timezone) for slot in found]
    assert all(is_offered(rules, slot, now=start, busy=[], booked_by_day={}) for slot in found + local)
    days = "%d %H:%M" if len(dates) > 1 else "%H:%M"
    return [moment.strftime(days) + "+" * moment.fold for moment in local]


def test_a_range_that_spans_a_gap_is_shorter_in_real_time() -> None:
    assert offered("America/New_York", {"2026-03-08": ["01:00-04:00"]}, 60) == ["01:00", "01:30", "03:00"]


def test_a_meeting_runs_over_a_gap_without_a_break() -> None:
    assert offered("Europe/Berlin", {"2026-03-29": ["01:00-04:00"]}, 120) == ["01:00"]


def test_a_range_that_starts_in_a_gap_opens_at_its_end_and_keeps_to_its_grid() -> None:
    assert offered("Europe/Berlin", {"2026-03-29": ["02:30-05:00"]}) == ["03:00", "03:30", "04:00", "04:30"]
    assert offered("Europe/Berlin", {"2026-03-29": ["02:20-04:30"]}) == ["03:20", "03:50"]


def test_a_range_that_ends_in_a_gap_closes_at_its_start() -> None:
    assert offered("Europe/Berlin", {"2026-03-29": ["01:00-02:30"]}) == ["01:00", "01:30"]


def test_a_range_inside_a_gap_is_empty() -> None:
    assert offered("America/New_York", {"2026-03-08": ["02:00-03:00"]}) == []


def test_a_range_that_spans_a_repeated_hour_is_longer_in_real_time() -> None:
    assert offered("America/New_York", {"2026-11-01": ["00:30-02:30"]}) == [
        *("00:30", "01:00", "01:30", "01:00+", "01:30+", "02:00"),
    ]


def test_a_meeting_runs_on_into_a_repeated_hour() -> None:
    assert offered("America/New_York", {"2026-11-01": ["00:30-02:30"]}, 150, 15) == ["00:30", "00:45", "01:00"]


def test_a_range_that_ends_within_a_repeated_hour_is_open_twice_up_to_its_end() -> None:
    assert offered("America/New_York", {"2026-11-01": ["00:00-01:30"]}) == ["00:00", "00:30", "01:00", "01:00+"]


def test_no_meeting_runs_through_the_closed_part_of_a_repeated_hour() -> None:
    assert offered("America/New_York", {"2026-11-01": ["00:00-01:30"]}, 60) == ["00:00", "00:30"]


def test_a_range_that_starts_within_a_repeated_hour_is_open_twice_from_its_start() -> None:
    assert offered("Europe/Berlin", {"2026-10-25": ["02:30-03:30"]}) == ["02:30", "02:30+", "03:00"]


def test_dublin_changes_like_its_neighbours_though_its_winter_is_what_is_saved() -> None:
    assert offered("Europe/Dublin", {"2026-03-29": ["00:00-03:00"]}, 60, 60) == ["00:00", "02:00"]
    assert offered("Europe/Dublin", {"2026-10-25": ["00:00-02:00"]}, 60, 60) == ["00:00", "01:00", "01:00+"]


def test_casablanca_goes_back_for_ramadan_and_forward_after_it() -> None:
    assert offered("Africa/Casablanca", {"2026-02-15": ["01:00-04:00"]}, 60, 60) == [
        "01:00",
        "02:00",
        "02:00+",
        "03:00",
    ]
    assert offered("Africa/Casablanca", {"2026-03-22": ["01:00-04:00"]}, 60, 60) == ["01:00", "03:00"]


def test_lord_howe_changes_by_half_an_hour_and_starts_stay_on_the_wall() -> None:
    assert offered("Australia/Lord_Howe", {"2026-04-05": ["01:00-03:00"]}, 30, 30) == [
        *("01:00", "01:30", "01:30+", "02:00", "02:30"),
    ]
    assert offered("Australia/Lord_Howe", {"2026-04-05": ["00:00-04:00"]}, 30, 60) == [
        "00:00",
        "01:00",
        "02:00",
        "03:00",
    ]
    assert offered("Australia/Lord_Howe", {"2026-10-04": ["01:00-04:00"]}, 30, 60) == ["01:00", "03:00"]


def test_auckland_changes_while_it_is_the_day_before_in_utc() -> None:
    assert offered("Pacific/Auckland", {"2026-09-27": ["01:00-04:00"]}, 60, 60) == ["01:00", "03:00"]
    assert offered("Pacific/Auckland", {"2026-04-05": ["01:00-04:00"]}, 60, 60) == ["01:00", "02:00", "02:00+", "03:00"]


def test_a_day_that_starts_with_a_gap_starts_after_it() -> None:
    hours = {"2018-11-03": ["23:00-24:00"], "2018-11-04": ["00:00-02:00"]}
    assert offered("America/Sao_Paulo", hours, 90) == ["03 23:00", "03 23:30"]


def test_a_last_hour_that_comes_twice_is_open_twice() -> None:
    assert offered("America/Sao_Paulo", {"2019-02-16": ["23:00-24:00"]}, 60, 30) == ["23:00", "23:30", "23:00+"]


def test_a_date_that_begins_goes_back_and_begins_again_keeps_its_hours() -> None:
    # One minute into the 7th, St John's goes back to 23:01 of the 6th.
    hours = {"2010-11-06": ["23:30-24:00"], "2010-11-07": ["00:00-01:00"]}
    assert offered("America/St_Johns", hours, 30, 15) == [
        *("06 23:30", "06 23:30+", "06 23:45+", "07 00:00+", "07 00:15", "07 00:30"),
    ]


def test_the_window_of_such_a_date_holds_both_its_parts() -> None:
    zone = ZoneInfo("America/St_Johns")
    rules = Rules(
        timezone=zone,
        weekly={day: [(0, 1440)] for day in range(7)},
        overrides={},
        duration=timedelta(minutes=1),
        interval=timedelta(minutes=1),
        buffer_before=timedelta(0),
        buffer_after=timedelta(0),
        minimum_notice=timedelta(0),
        window_days=0,
        daily_limit=None,
    )
    now = datetime(2010, 11, 7, 2, 29, tzinfo=UTC)  # 23:59 of the 6th
    found = slots(rules, start=now, end=now + timedelta(hours=9), now=now, busy=[])
    assert [f"{slot.astimezone(zone):%d %H:%M}" for slot in found[:2]] == ["06 23:59", "06 23:01"]
    assert (len(found), found[-1].astimezone(zone).strftime("%d %H:%M")) == (60, "06 23:59")


def test_apia_skipped_a_date_and_a_meeting_runs_over_it() -> None:
    hours = {"2011-12-29": ["23:00-24:00"], "2011-12-30": ["09:00-17:00"], "2011-12-31": ["00:00-01:00"]}
    assert offered("Pacific/Apia", hours, 60) == ["29 23:00", "29 23:30", "31 00:00"]


@pytest.mark.parametrize(
    ("zone", "day", "reading", "instant"),
    [
        ("America/New_York", "2026-03-08", "01:59", "2026-03-08 06:59"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08 07:00"),
        ("America/New_York", "2026-03-08", "03:00", "2026-03-08 07:00"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01 05:30"),
        ("America/New_York", "2026-11-01", "02:00", "2026-11-01 07:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-03 15:30"),
        ("Europe/Dublin", "2026-10-25", "01:00", "2026-10-25 00:00"),
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-29", "24:00", "2011-12-30 10:00"),
        ("Asia/Kathmandu", "2026-06-01", "09:00", "2026-06-01 03:15"),
    ],
)
def test_wall_takes_the_first_of_two_and_the_end_of_a_gap(zone: str, day: str, reading: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert wall(ZoneInfo(zone), date.fromisoformat(day), clock(reading)) == expected
