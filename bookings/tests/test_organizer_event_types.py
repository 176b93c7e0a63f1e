"""What an organizer offers."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from bookings.models import EventType, Organizer, Schedule
from bookings.tests.people import booked

CHESS = {
    "title": "Chess lesson",
    "slug": "",
    "description": "",
    "location": "video",
    "location_detail": "",
    "duration_minutes": "45",
    "interval_minutes": "15",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "10",
    "minimum_notice_minutes_number": "2",
    "minimum_notice_minutes_unit": "hours",
    "window_days": "30",
    "daily_limit": "",
    "active": "on",
}


def _new(client: Client, **changes: str) -> tuple[int, str]:
    answer = client.post(reverse("organizer:event_type_new"), CHESS | changes)
    return answer.status_code, answer.content.decode()


def test_a_new_event_type_has_everything_that_was_typed(as_ada: Client, ada: Organizer) -> None:
    assert _new(as_ada)[0] == 302
    made = ada.event_types.get(slug="chess-lesson")
    assert (made.title, made.duration_minutes, made.interval_minutes) == ("Chess lesson", 45, 15)
    assert (made.buffer_after_minutes, made.minimum_notice_minutes, made.window_days) == (10, 120, 30)
    assert (made.daily_limit, made.active, made.schedule) == (None, True, ada.schedules.get())


def test_reminders_are_chosen_and_stay_as_they_are_when_left_out(as_ada: Client, ada: Organizer) -> None:
    _new(as_ada, reminders="hour")
    made = ada.event_types.get(slug="chess-lesson")
    assert made.reminders == "hour"
    as_ada.post(reverse("organizer:event_type", args=[made.pk]), CHESS | {"title": "Chess"})
    made.refresh_from_db()
    assert (made.title, made.reminders) == ("Chess", "hour")
    assert _new(as_ada, title="Go", reminders="never")[0] == 422


def test_there_is_no_choice_of_zoom(as_ada: Client) -> None:
    page = as_ada.get(reverse("organizer:event_type_new")).content.decode()
    form = page[page.index('<form method="post" novalidate') : page.index("</main>")]
    assert "Video call" in form
    assert "zoom" not in form.lower()


def test_an_address_that_is_made_from_the_title_is_always_free(as_ada: Client, ada: Organizer) -> None:
    for expected in ("chess-lesson", "chess-lesson-2", "chess-lesson-3"):
        assert _new(as_ada)[0] == 302
        assert ada.event_types.filter(slug=expected).exists()


def test_a_title_without_a_latin_letter_gets_an_address_too(as_ada: Client, ada: Organizer) -> None:
    assert _new(as_ada, title="会議")[0] == 302
    assert ada.event_types.filter(slug="meeting").exists()


def test_a_very_long_title_gets_an_address_that_fits(as_ada: Client, ada: Organizer) -> None:
    assert _new(as_ada, title="x" * 120)[0] == 302
    assert _new(as_ada, title="x" * 120)[0] == 302
    assert ada.event_types.filter(slug__startswith="xxx").count() == 2


def test_an_address_that_is_taken_is_refused_at_its_field(as_ada: Client) -> None:
    status, page = _new(as_ada, slug="Intro")
    assert status == 422
    assert "Another event type of yours has this address already." in page
    assert 'value="Chess lesson"' in page


def test_the_same_address_may_belong_to_another_organizer(as_ada: Client, ada: Organizer, grace: Organizer) -> None:
    grace.event_types.update(slug="chess-lesson")
    assert _new(as_ada)[0] == 302
    assert ada.event_types.filter(slug="chess-lesson").exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "This field is required."),
        ("duration_minutes", "1", "greater than or equal to 5"),
        ("window_days", "400", "less than or equal to 365"),
        ("daily_limit", "0", "greater than or equal to 1"),
        ("minimum_notice_minutes_number", "-1", "greater than or equal to 0"),
        ("minimum_notice_minutes_number", "", "This field is required."),
        ("minimum_notice_minutes_unit", "years", "Select a valid choice."),
        ("location", "zoom", "Select a valid choice."),
        ("slug", "a b", "valid “slug”"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(as_ada: Client, ada: Organizer, field: str, value: str, words: str) -> None:
    status, page = _new(as_ada, **{field: value})
    assert status == 422
    assert words in page
    assert ada.event_types.count() == 1


@pytest.mark.parametrize("location", ["phone", "in_person"])
def test_a_place_is_asked_for_where_one_is_needed(as_ada: Client, ada: Organizer, location: str) -> None:
    assert _new(as_ada, location=location)[0] == 422
    assert _new(as_ada, location=location, location_detail="Room 4")[0] == 302
    assert ada.event_types.get(slug="chess-lesson").location_detail == "Room 4"


def test_the_schedule_is_chosen_among_ones_own(as_ada: Client, ada: Organizer, grace: Organizer) -> None:
    evenings = Schedule.objects.create(organizer=ada, name="Evenings")
    assert _new(as_ada, schedule=str(grace.schedules.get().pk))[0] == 422
    assert _new(as_ada, schedule=str(evenings.pk))[0] == 302
    assert ada.event_types.get(slug="chess-lesson").schedule == evenings


def test_editing_keeps_what_is_booked(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    path = reverse("organizer:event_type", args=[ada.event_types.get().pk])
    assert 'value="intro"' in as_ada.get(path).content.decode()
    assert as_ada.post(path, CHESS | {"slug": "intro"}).status_code == 302
    booking.refresh_from_db()
    assert ada.event_types.get().duration_minutes == 45
    assert (booking.title, booking.duration_minutes) == ("Intro call", 30)


def test_on_and_off(as_ada: Client, ada: Organizer) -> None:
    intro = ada.event_types.get()
    path = reverse("organizer:event_type_toggle", args=[intro.pk])
    for value, expected in (("0", False), ("0", False), ("1", True)):
        as_ada.post(path, {"active": value})
        intro.refresh_from_db()
        assert intro.active is expected


def test_what_was_never_booked_can_be_deleted(as_ada: Client, ada: Organizer) -> None:
    as_ada.post(reverse("organizer:event_type_delete", args=[ada.event_types.get().pk]))
    assert not EventType.objects.filter(organizer=ada).exists()
    assert "Nothing can be booked yet" in as_ada.get(reverse("organizer:event_types")).content.decode()


def test_what_was_booked_stays_and_says_why(as_ada: Client, ada: Organizer) -> None:
    booked(ada, status="cancelled")
    page = as_ada.get(reverse("organizer:event_types")).content.decode()
    path = reverse("organizer:event_type_delete", args=[ada.event_types.get().pk])
    assert path not in page
    assert "Switch it off instead." in as_ada.post(path, follow=True).content.decode()
    assert ada.event_types.exists()


def test_the_card_holds_the_link_to_pass_on(as_ada: Client) -> None:
    page = as_ada.get(reverse("organizer:event_types")).content.decode()
    assert 'value="http://localhost:8000/ada/intro/"' in page
