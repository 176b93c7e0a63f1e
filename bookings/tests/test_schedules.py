"""Several schedules, of which an event type chooses one; and days off in a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings import schedules
from bookings.availability import offered
from bookings.models import DateOverride, EventType, Organizer, Schedule
from bookings.working_hours import schedule_of, set_date, take_days_off

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def _on_a_monday_morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def usual(ada: Organizer) -> Schedule:
    """Ada's default: Mon–Fri 09:00–17:00 in Berlin."""
    return schedule_of(ada)


@pytest.fixture
def evenings(ada: Organizer) -> Schedule:
    """Another one of hers."""
    return schedules.new_schedule(organizer=ada, name="Evenings")


def post(client: Client, click: str, /, *args: object, **data: str) -> tuple[int, str]:
    """Where a click leads: the status of the page in the end, and the page."""
    answer = client.post(reverse(f"organizer:{click}", args=args), data, follow=True)
    return answer.status_code, answer.content.decode()


def open_days(organizer: Organizer, *, until: date) -> list[str]:
    """The dates of December, up to one, on which something can be booked."""
    event_type = EventType.objects.select_related("organizer__user", "schedule").get(organizer=organizer)
    end = datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
    found = offered(event_type, start=datetime(2026, 12, 1, tzinfo=UTC), end=end, now=NOW)
    return sorted({f"{moment:%d}" for moment in found})


# --- Several schedules -----------------------------------------------------------------------------------------------


def test_another_schedule_begins_with_the_hours_of_the_default(as_ada: Client, ada: Organizer) -> None:
    status, page = post(as_ada, "schedule_new", name="Evenings")
    made = ada.schedules.get(name="Evenings")
    assert (status, made.is_default, str(made.timezone)) == (200, False, "Europe/Berlin")
    assert made.weekly_hours.count() == 5
    assert "“Evenings” is used by 0 event types." in page
    assert 'href="/availability/">Working hours' in page


def test_each_schedule_has_hours_of_its_own(as_ada: Client, usual: Schedule, evenings: Schedule) -> None:
    path = reverse("organizer:schedule", args=[evenings.pk])
    sent = {"timezone": "Europe/Berlin", "from-0": "18:00", "to-0": "21:00"}
    assert as_ada.post(path, sent)["Location"] == path
    assert list(evenings.weekly_hours.values_list("from_minute", "to_minute")) == [(18 * 60, 21 * 60)]
    assert usual.weekly_hours.count() == 5
    assert 'value="18:00"' in as_ada.get(path).content.decode()
    assert 'value="18:00"' not in as_ada.get("/availability/").content.decode()


def test_an_event_type_has_the_times_of_its_schedule(ada: Organizer, evenings: Schedule) -> None:
    take_days_off(schedule=evenings, first=date(2026, 12, 1), last=date(2026, 12, 3))
    assert open_days(ada, until=date(2026, 12, 4)) == ["01", "02", "03", "04"]
    ada.event_types.update(schedule=evenings)
    assert open_days(ada, until=date(2026, 12, 4)) == ["04"]


def test_a_new_event_type_begins_with_the_default(as_ada: Client, usual: Schedule, evenings: Schedule) -> None:
    for default in (usual, evenings):
        post(as_ada, "schedule_default", default.pk)
        page = as_ada.get(reverse("organizer:event_type_new")).content.decode()
        assert f'<option value="{default.pk}" selected>' in page


def test_there_is_one_default(as_ada: Client, ada: Organizer, usual: Schedule, evenings: Schedule) -> None:
    post(as_ada, "schedule_default", evenings.pk)
    assert [schedule.name for schedule in ada.schedules.filter(is_default=True)] == ["Evenings"]
    assert ada.event_types.get().schedule == usual


def test_a_schedule_is_renamed(as_ada: Client, evenings: Schedule) -> None:
    assert post(as_ada, "schedule_rename", evenings.pk, name="Nights")[0] == 200
    evenings.refresh_from_db()
    assert evenings.name == "Nights"


@pytest.mark.parametrize("name", ["", "x" * 81, "One\nTwo"])
@pytest.mark.parametrize("click", ["schedule_rename", "schedule_new"])
def test_a_name_that_does_not_do_is_refused_at_its_field(
    as_ada: Client, ada: Organizer, evenings: Schedule, click: str, name: str
) -> None:
    status, page = post(as_ada, click, *([evenings.pk] if click == "schedule_rename" else []), name=name)
    assert status == 422
    assert page.count('class="field-error"') == 1
    assert {schedule.name for schedule in ada.schedules.all()} == {"Working hours", "Evenings"}


def test_a_schedule_that_nothing_uses_is_deleted(as_ada: Client, ada: Organizer, evenings: Schedule) -> None:
    assert "“Evenings” is deleted." in post(as_ada, "schedule_delete", evenings.pk)[1]
    assert [schedule.name for schedule in ada.schedules.all()] == ["Working hours"]


def test_a_schedule_in_use_stays_and_says_why(as_ada: Client, ada: Organizer, evenings: Schedule) -> None:
    ada.event_types.update(schedule=evenings)
    assert "Event types still use these hours." in post(as_ada, "schedule_delete", evenings.pk)[1]
    assert ada.schedules.filter(pk=evenings.pk).exists()


def test_the_default_stays(as_ada: Client, ada: Organizer, usual: Schedule, evenings: Schedule) -> None:
    ada.event_types.update(schedule=evenings)
    assert "Make another one the default first." in post(as_ada, "schedule_delete", usual.pk)[1]
    assert ada.schedules.filter(pk=usual.pk).exists()


def test_there_is_an_end_to_schedules(as_ada: Client, ada: Organizer, usual: Schedule) -> None:
    Schedule.objects.bulk_create(Schedule(organizer=ada, name=f"{number}") for number in range(19))
    status, page = post(as_ada, "schedule_new", name="One more")
    assert (status, ada.schedules.count()) == (422, 20)
    assert "more are not possible" in page
    assert 'value="One more"' in page


def test_schedules_of_others_are_not_found(as_ada: Client, grace: Organizer) -> None:
    theirs = schedule_of(grace)
    holiday = DateOverride.objects.create(
        schedule=theirs, date=date(2026, 12, 1), last_date=date(2026, 12, 2), from_minute=0, to_minute=0
    )
    clicks: list[tuple[str, list[object]]] = [
        ("schedule", []),
        ("schedule_rename", []),
        ("schedule_default", []),
        ("schedule_delete", []),
        ("availability_date_add", []),
        ("availability_days_off_add", []),
        ("availability_days_off_remove", [holiday.pk]),
        ("availability_date_remove", [date(2026, 12, 1)]),
    ]
    for name, more in clicks:
        assert post(as_ada, name, theirs.pk, *more)[0] == 404, name


def test_anothers_days_off_are_not_found_below_ones_own_schedule(
    as_ada: Client, usual: Schedule, grace: Organizer
) -> None:
    take_days_off(schedule=schedule_of(grace), first=date(2026, 12, 1), last=date(2026, 12, 4))
    holiday = DateOverride.objects.get()
    assert post(as_ada, "availability_days_off_remove", usual.pk, holiday.pk)[0] == 404
    assert DateOverride.objects.exists()


# --- Days off --------------------------------------------------------------------------------------------------------


def test_days_off_are_one_row_with_both_ends_included(as_ada: Client, ada: Organizer, usual: Schedule) -> None:
    status, page = post(as_ada, "availability_days_off_add", usual.pk, first="2026-12-02", last="2026-12-09")
    assert status == 200
    assert "Wed 2 Dec 2026 – Wed 9 Dec 2026" in page
    assert usual.overrides.count() == 1
    assert open_days(ada, until=date(2026, 12, 11)) == ["01", "10", "11"]


def test_days_off_are_removed_as_one(as_ada: Client, ada: Organizer, usual: Schedule) -> None:
    take_days_off(schedule=usual, first=date(2026, 12, 2), last=date(2026, 12, 9))
    path = reverse("organizer:availability_days_off_remove", args=[usual.pk, usual.overrides.get().pk])
    assert path in as_ada.get("/availability/").content.decode()
    as_ada.post(path)
    assert open_days(ada, until=date(2026, 12, 4)) == ["01", "02", "03", "04"]
    assert as_ada.post(path).status_code == 404


def test_one_day_off_is_like_a_date_without_hours(as_ada: Client, ada: Organizer, usual: Schedule) -> None:
    post(as_ada, "availability_days_off_add", usual.pk, first="2026-12-02", last="2026-12-02")
    assert usual.overrides.get().last_date is None
    assert open_days(ada, until=date(2026, 12, 3)) == ["01", "03"]
    post(as_ada, "availability_date_remove", usual.pk, date(2026, 12, 2))
    assert not usual.overrides.exists()


def test_hours_of_a_date_stand_within_a_holiday_that_was_there(ada: Organizer, usual: Schedule) -> None:
    take_days_off(schedule=usual, first=date(2026, 12, 1), last=date(2026, 12, 9))
    set_date(schedule=usual, day=date(2026, 12, 3), ranges=[(600, 660)])
    assert open_days(ada, until=date(2026, 12, 9)) == ["03"]


def test_a_later_holiday_takes_the_place_of_what_lies_within_and_leaves_the_rest(
    ada: Organizer, usual: Schedule
) -> None:
    for day in (2, 5, 12):
        set_date(schedule=usual, day=date(2026, 12, day), ranges=[(600, 660)])
    take_days_off(schedule=usual, first=date(2026, 12, 4), last=date(2026, 12, 5))
    take_days_off(schedule=usual, first=date(2026, 12, 8), last=date(2026, 12, 11))
    take_days_off(schedule=usual, first=date(2026, 12, 3), last=date(2026, 12, 9))
    assert [(row.date.day, row.last.day) for row in usual.overrides.all()] == [(2, 2), (3, 9), (8, 11), (12, 12)]
    assert open_days(ada, until=date(2026, 12, 14)) == ["01", "02", "12", "14"]


def test_a_holiday_that_has_begun_can_still_be_taken_and_seen(as_ada: Client, usual: Schedule) -> None:
    assert post(as_ada, "availability_days_off_add", usual.pk, first="2026-11-20", last="2026-12-01")[0] == 200
    page = as_ada.get("/availability/").content.decode()
    assert "Fri 20 Nov 2026 – Tue 1 Dec 2026" in page


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("", "2026-12-02", "This field is required."),
        ("2026-12-02", "", "This field is required."),
        ("2026-12-02", "soon", "Enter a valid date."),
        ("2026-12-03", "2026-12-02", "The last day has to come after the first."),
        ("2026-11-02", "2026-11-03", "This date is over."),
        ("2026-12-02", "2027-12-03", "At most 366 days at once."),
        ("0001-01-01", "9999-12-31", "At most 366 days at once."),
    ],
)
def test_days_that_cannot_be_are_refused(as_ada: Client, usual: Schedule, first: str, last: str, words: str) -> None:
    status, page = post(as_ada, "availability_days_off_add", usual.pk, first=first, last=last)
    assert status == 422
    assert words in page
    assert not usual.overrides.exists()


def test_the_longest_holiday_at_the_end_of_time_breaks_no_page(as_ada: Client, usual: Schedule) -> None:
    post(as_ada, "availability_days_off_add", usual.pk, first="9999-01-01", last="9999-12-31")
    assert as_ada.get("/availability/").status_code == 200
    assert Client().get("/ada/intro/").status_code == 200


# --- Private event types ---------------------------------------------------------------------------------------------


def test_a_private_event_type_is_found_by_its_link_only(ada: Organizer, client: Client) -> None:
    ada.event_types.update(private=True)
    assert "/ada/intro/" not in client.get("/ada/").content.decode()
    slot = "2026-12-03T09:00:00Z"
    for path in ("/ada/intro/", f"/ada/intro/?slot={slot}", "/ada/intro/slots.json?start=2026-12-03&end=2026-12-03"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert slot in answer.content.decode() or "?" not in path
        assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_others_may_be_found(ada: Organizer, client: Client) -> None:
    assert "/ada/intro/" in client.get("/ada/").content.decode()
    assert "X-Robots-Tag" not in client.get("/ada/intro/")


def test_the_organizer_sees_which_are_private(as_ada: Client, ada: Organizer) -> None:
    ada.event_types.update(private=True)
    assert "Private</span>" in as_ada.get(reverse("organizer:event_types")).content.decode()
