"""``create_organizer`` and ``arrange``."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bookings.models import Booking, Organizer
from bookings.tests.people import booked

PAUL = {"email": "Paul@Example.com", "password": "secret words", "handle": "paul", "timezone": "Asia/Tokyo"}


def _create(**changes: str) -> None:
    call_command("create_organizer", **(PAUL | changes))


@pytest.mark.django_db
def test_an_organizer_can_sign_in_and_be_booked(client: Client) -> None:
    _create(name="Paul Plum")
    paul = Organizer.objects.get(handle="paul")
    assert (paul.name, paul.email, str(paul.timezone)) == ("Paul Plum", "paul@example.com", "Asia/Tokyo")
    assert paul.event_types.get().slug == "intro"
    answer = client.post("/accounts/login/", {"login": "paul@example.com", "password": "secret words"})
    assert answer["Location"] == "/bookings/"
    assert client.get("/bookings/").status_code == 200


@pytest.mark.django_db
def test_without_a_name_the_handle_stands_for_it() -> None:
    _create()
    assert Organizer.objects.get(handle="paul").name == "paul"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"handle": "ada"}, "The handle 'ada' is taken."),
        ({"handle": "admin"}, "This address is reserved."),
        ({"handle": "Not A Handle"}, "handle:"),
        ({"email": "ADA@example.com"}, "There is an account with the address ada@example.com already."),
        ({"email": "nobody"}, "is not an e-mail address"),
        ({"timezone": "Mars/Olympus"}, "Unknown time zone 'Mars/Olympus'"),
        ({"password": ""}, "The password is empty."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_left_behind(ada: Organizer, changes: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words.replace(".", r"\.")):
        _create(**changes)
    assert Organizer.objects.get() == ada
    assert type(ada.user).objects.count() == 1


def test_arranging_one_booking_says_how_far_it_came(ada: Organizer, capsys: pytest.CaptureFixture[str]) -> None:
    booking = booked(ada, location="phone", arranged_revision=0)
    call_command("arrange", booking=booking.uid)
    assert f"{booking.uid}: ready." in capsys.readouterr().out
    booking.refresh_from_db()
    assert booking.arranged_revision == booking.revision


def test_arranging_what_is_due_leaves_the_rest(ada: Organizer) -> None:
    due = booked(ada, location="phone", arranged_revision=0)
    Booking.objects.filter(pk=due.pk).update(next_attempt_at=due.created_at)
    later = booked(ada, name="Paul Plum", days=4, location="phone", arranged_revision=0)
    call_command("arrange")
    for booking in (due, later):
        booking.refresh_from_db()
    assert (due.arranged_revision, later.arranged_revision) == (1, 0)


@pytest.mark.django_db
def test_a_booking_that_does_not_exist_is_said() -> None:
    with pytest.raises(CommandError, match="There is no booking"):
        call_command("arrange", booking="00000000-0000-0000-0000-000000000000")
