"""When an organizer can be booked, as it is typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from bookings.forms_hours import clock, minute
from bookings.models import Organizer, WeeklyHours

PATH = "/availability/"


def _week(**days: list[tuple[str, str]]) -> dict[str, object]:
    """``_week(mon=[("09:00", "17:00")])`` as the form sends it."""
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    data: dict[str, object] = {"timezone": "Europe/Berlin"}
    for number, name in enumerate(names):
        data[f"from-{number}"] = [opens for opens, _ in days.get(name, [])]
        data[f"to-{number}"] = [closes for _, closes in days.get(name, [])]
    return data


def _stored(organizer: Organizer) -> list[tuple[int, int, int]]:
    hours = WeeklyHours.objects.filter(schedule__organizer=organizer)
    return list(hours.values_list("weekday", "from_minute", "to_minute"))


def _dates(organizer: Organizer) -> str:
    return reverse("organizer:availability_date_add", args=[organizer.schedules.get().pk])


def _coming(days: int = 10) -> str:
    return (datetime.now(tz=UTC).date() + timedelta(days=days)).isoformat()


def test_the_page_shows_what_is_stored(as_ada: Client) -> None:
    page = as_ada.get(PATH).content.decode()
    assert page.count('name="from-0" value="09:00"') == 1
    assert page.count('name="to-4" value="17:00"') == 1
    assert "Not available" in page


def test_a_day_may_have_several_ranges_in_any_order(as_ada: Client, ada: Organizer) -> None:
    answer = as_ada.post(PATH, _week(mon=[("13:00", "17:30"), ("09:00", "12:00")], sun=[("10:00", "11:00")]))
    assert answer.status_code == 302
    assert _stored(ada) == [(0, 540, 720), (0, 780, 1050), (6, 600, 660)]


def test_blank_rows_are_left_out(as_ada: Client, ada: Organizer) -> None:
    as_ada.post(PATH, _week(mon=[("", ""), ("09:00", "12:00"), ("", "")]))
    assert _stored(ada) == [(0, 540, 720)]


@pytest.mark.parametrize("end", ["24:00", "00:00"])
def test_a_range_may_last_until_midnight(as_ada: Client, ada: Organizer, end: str) -> None:
    assert as_ada.post(PATH, _week(mon=[("22:00", end)], tue=[("00:00", end)])).status_code == 302
    assert _stored(ada) == [(0, 1320, 1440), (1, 0, 1440)]
    assert 'name="to-0" value="00:00"' in as_ada.get(PATH).content.decode()


def test_what_the_page_shows_can_be_saved_again(as_ada: Client, ada: Organizer) -> None:
    as_ada.post(PATH, _week(mon=[("22:00", "24:00")]))
    as_ada.post(PATH, _week(mon=[("22:00", "00:00")]))
    assert _stored(ada) == [(0, 1320, 1440)]


def test_ranges_that_touch_are_fine(as_ada: Client, ada: Organizer) -> None:
    assert as_ada.post(PATH, _week(mon=[("09:00", "12:00"), ("12:00", "17:00")])).status_code == 302


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ([("09:00", "12:00"), ("11:59", "14:00")], "This overlaps with 09:00–12:00."),
        ([("09:00", "17:00"), ("10:00", "11:00"), ("16:00", "18:00")], "This overlaps with 09:00–17:00."),
        ([("09:00", "12:00"), ("09:00", "12:00")], "This overlaps with 09:00–12:00."),
        ([("12:00", "09:00")], "The end has to come after the start."),
        ([("12:00", "12:00")], "The end has to come after the start."),
        ([("09:00", "")], "Give both times"),
        ([("25:00", "26:00")], "Give both times"),
        ([("noon", "17:00")], "Give both times"),
    ],
)
def test_what_is_wrong_is_said_at_its_row_and_nothing_is_saved(
    as_ada: Client, ada: Organizer, ranges: list[tuple[str, str]], words: str
) -> None:
    before = _stored(ada)
    answer = as_ada.post(PATH, _week(mon=ranges, tue=[("07:15", "08:15")]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'aria-invalid="true"' in page
    assert 'value="07:15"' in page
    assert _stored(ada) == before


def test_every_range_inside_a_long_one_is_told(as_ada: Client) -> None:
    page = as_ada.post(PATH, _week(mon=[("09:00", "17:00"), ("10:00", "11:00"), ("16:00", "18:00")])).content.decode()
    assert page.count("This overlaps with 09:00–17:00.") == 2


def test_a_zone_that_nobody_knows_is_refused(as_ada: Client, ada: Organizer) -> None:
    answer = as_ada.post(PATH, _week(mon=[("09:00", "12:00")]) | {"timezone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert len(_stored(ada)) == 5


def test_the_zone_is_kept(as_ada: Client, ada: Organizer) -> None:
    as_ada.post(PATH, _week(mon=[("09:00", "12:00")]) | {"timezone": "Asia/Kolkata"})
    assert str(ada.schedules.get().timezone) == "Asia/Kolkata"


def test_a_row_is_added_without_saving_and_without_losing_what_was_typed(as_ada: Client, ada: Organizer) -> None:
    answer = as_ada.post(PATH, _week(mon=[("07:15", "08:15")]) | {"add": "0"})
    page = answer.content.decode()
    assert page.count('name="from-0"') == 2
    assert 'value="07:15"' in page
    assert len(_stored(ada)) == 5


def test_a_row_is_taken_out(as_ada: Client) -> None:
    page = as_ada.post(PATH, _week(mon=[("07:15", "08:15"), ("09:00", "10:00")]) | {"remove": "0-0"}).content.decode()
    assert 'value="07:15"' not in page
    assert page.count('name="from-0"') == 1


def test_a_day_off(as_ada: Client, ada: Organizer) -> None:
    day = _coming()
    as_ada.post(_dates(ada), {"date": day, "from-date": ["", ""], "to-date": ["", ""]})
    override = ada.schedules.get().overrides.get()
    assert (override.date.isoformat(), override.is_day_off) == (day, True)


def test_other_hours_on_a_date_replace_the_ones_before(as_ada: Client, ada: Organizer) -> None:
    day = _coming()
    for opens, closes in ((["10:00", ""], ["12:00", ""]), (["14:00", "17:00"], ["15:00", "24:00"])):
        as_ada.post(_dates(ada), {"date": day, "from-date": opens, "to-date": closes})
    overrides = ada.schedules.get().overrides.values_list("from_minute", "to_minute")
    assert list(overrides) == [(840, 900), (1020, 1440)]
    assert "14:00–15:00, 17:00–24:00" in as_ada.get(PATH).content.decode()


@pytest.mark.parametrize(
    ("day", "opens", "closes", "words"),
    [
        ("2020-01-01", "09:00", "12:00", "This date is over."),
        ("soon", "09:00", "12:00", "Enter a valid date."),
        ("", "", "", "This field is required."),
        (_coming(), "12:00", "09:00", "The end has to come after the start."),
    ],
)
def test_a_date_that_cannot_be_is_refused(
    as_ada: Client, ada: Organizer, day: str, opens: str, closes: str, words: str
) -> None:
    answer = as_ada.post(_dates(ada), {"date": day, "from-date": opens, "to-date": closes})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ada.schedules.get().overrides.exists()


def test_a_date_gets_its_weekly_hours_back(as_ada: Client, ada: Organizer, grace: Organizer) -> None:
    day = _coming()
    schedule, theirs = ada.schedules.get(), grace.schedules.get()
    for one in (schedule, theirs):
        one.overrides.create(date=day, from_minute=0, to_minute=0)
    assert (
        as_ada.post(
            reverse("organizer:availability_date_remove", args=[schedule.pk, date.fromisoformat(day)])
        ).status_code
        == 302
    )
    assert not schedule.overrides.exists()
    assert theirs.overrides.exists()


def test_a_date_that_does_not_exist_is_not_found(as_ada: Client, ada: Organizer) -> None:
    assert as_ada.post(f"{_dates(ada)}2026-02-30/remove/").status_code == 404


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9:05", 545),
        ("00:00", 0),
        ("24:00", 1440),
        ("09:30:00", 570),
        ("24:01", None),
        ("09:60", None),
        ("-1:00", None),
    ],
)
def test_times_are_read(text: str, expected: int | None) -> None:
    assert minute(text) == expected


def test_times_are_written() -> None:
    assert [clock(minutes) for minutes in (0, 545, 1440)] == ["00:00", "09:05", "00:00"]
