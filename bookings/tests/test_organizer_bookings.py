"""The list of bookings, one booking, and what its organizer does with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bookings.availability import BusyUnknown
from bookings.models import Booking, Meeting, Message, Organizer
from bookings.tests.people import announced, booked
from bookings.views import booking_page
from integrations.models import Connection


def _list(client: Client, query: str = "") -> str:
    return client.get(reverse("organizer:bookings") + query).content.decode()


def _page(client: Client, booking: Booking) -> str:
    return client.get(reverse("organizer:booking", args=[booking.uid])).content.decode()


def _offered(client: Client, booking: Booking) -> list[str]:
    page = client.get(reverse("organizer:booking_reschedule", args=[booking.uid])).content.decode()
    return re.findall(r'data-slot="([^"]+)"', page)


def test_upcoming_past_and_cancelled_are_told_apart(as_ada: Client, ada: Organizer) -> None:
    booked(ada, name="Mary Moser")
    booked(ada, name="Paul Past", days=-3)
    booked(ada, name="Carl Cancelled", days=4, status=Booking.Status.CANCELLED)
    everybody = {"Mary Moser", "Paul Past", "Carl Cancelled"}
    for show, name in {"upcoming": "Mary Moser", "past": "Paul Past", "cancelled": "Carl Cancelled"}.items():
        page = _list(as_ada, f"?show={show}")
        assert {person for person in everybody if person in page} == {name}


def test_the_bookings_of_others_are_not_listed(as_ada: Client, ada: Organizer, grace: Organizer) -> None:
    booked(grace, name="Mary Moser")
    page = _list(as_ada)
    assert "Mary Moser" not in page
    assert "Nothing booked yet" in page


def test_the_search_looks_at_invitee_and_title(as_ada: Client, ada: Organizer) -> None:
    booked(ada, name="Mary Moser", title="Chess")
    booked(ada, name="Paul Plum", days=4)
    for query in ("moser", "mary.moser@", "CHESS"):
        page = _list(as_ada, f"?q={query}")
        assert "Mary Moser" in page
        assert "Paul Plum" not in page
    assert "Nothing found for “nobody”" in _list(as_ada, "?q=nobody")


def test_a_null_character_in_the_search_finds_nothing_and_breaks_nothing(as_ada: Client) -> None:
    assert as_ada.get(reverse("organizer:bookings"), {"q": "\x00"}).status_code == 200


def test_times_are_in_the_organizers_zone(as_ada: Client, ada: Organizer) -> None:
    start = datetime(2030, 7, 1, 10, 0, tzinfo=UTC)
    end = start.replace(minute=30)
    booking = booked(ada, start=start, end=end, blocked_from=start, blocked_until=end)
    for page in (_list(as_ada), _page(as_ada, booking)):
        assert "12:00–12:30" in re.sub(r"\s*</?span>\s*", "", page)
        assert "Europe/Berlin" in page


def test_a_long_list_is_paged_and_takes_few_queries(
    as_ada: Client, ada: Organizer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(25):
        announced(booked(ada, name=f"Guest {day:02d}", days=day + 1))
    with django_assert_max_num_queries(8):
        page = _list(as_ada)
    assert "Guest 19" in page
    assert "Guest 20" not in page
    assert "Guest 20" in _list(as_ada, "?page=2")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arranged_revision": 0}, "Being arranged"),
        ({"arranged_revision": 0, "last_error": "Zoom did not answer."}, "Problem: trying again"),
        ({"arranged_revision": 0, "gave_up_at": datetime(2026, 1, 1, tzinfo=UTC)}, "Gave up: needs you"),
        ({}, "No link yet"),
        ({"location": "phone"}, "Ready"),
    ],
)
def test_the_state_is_said_in_words(as_ada: Client, ada: Organizer, changes: dict[str, Any], words: str) -> None:
    booking = booked(ada, **changes)
    assert words in _list(as_ada)
    assert words in _page(as_ada, booking)


def test_the_link_that_people_hold_is_shown(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    announced(booking, url="https://zoom.example/j/42")
    for page in (_list(as_ada), _page(as_ada, booking)):
        assert 'href="https://zoom.example/j/42"' in page
        assert "Join with Zoom" in page
        assert "Ready" in page


def test_a_meeting_that_is_over_is_not_offered_to_join(as_ada: Client, ada: Organizer) -> None:
    announced(booked(ada, name="Paul Past", days=-3), provider="zoom", url="https://zoom.example/j/1")
    announced(booked(ada, name="Mary Moser"), provider="zoom", url="https://zoom.example/j/2")
    assert "Join with Zoom" in _list(as_ada)
    past = _list(as_ada, "?show=past")
    assert "Paul Past" in past
    assert "Join with" not in past


def test_no_link_is_promised_where_we_gave_up(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada, arranged_revision=0)
    assert "The link is on its way." in _page(as_ada, booking)
    Booking.objects.filter(pk=booking.pk).update(gave_up_at=timezone.now())
    assert "The link is on its way." not in _page(as_ada, booking)


def test_a_link_of_meets_is_called_google_meet(as_ada: Client, ada: Organizer) -> None:
    announced(booked(ada), provider="google_meet", url="https://meet.example/abc")
    assert "Join with Google Meet" in _list(as_ada)


def test_a_problem_names_what_mends_it(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada, arranged_revision=0, last_error="Zoom refused: not allowed to host.")
    mine = Connection.objects.create(user=ada.user, provider="zoom", generation=1)
    refused = "Zoom refused: not allowed to host."
    Meeting.objects.create(
        booking=booking, provider="zoom", connection=mine, generation=1, marker="m1", last_error=refused
    )
    page = _page(as_ada, booking)
    assert page.count("Zoom refused: not allowed to host.") == 1
    assert f'href="{reverse("integrations:detail", args=["zoom"])}"' in page
    assert "Try again" in page


def test_a_mail_that_was_refused_is_told_with_a_way_to_write(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    announced(booking)
    Message.objects.create(
        booking=booking,
        revision=1,
        kind="confirmed",
        role="invitee",
        to_email="mary.moser@example.org",
        state=Message.State.FAILED,
        last_error="no such mailbox",
    )
    page = _page(as_ada, booking)
    assert "no such mailbox" in page
    assert 'href="mailto:mary.moser@example.org"' in page


def test_a_fallback_says_why(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    announced(booking, provider="google_meet", url="https://meet.example/x", why="Zoom did not answer for 5 minutes.")
    assert "Zoom did not answer for 5 minutes." in _page(as_ada, booking)


def test_a_meeting_that_is_no_longer_managed_is_named(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    announced(booking)
    Meeting.objects.create(
        booking=booking,
        provider="zoom",
        generation=1,
        marker="m1",
        external_id="84212345678",
        state=Meeting.State.UNMANAGED,
    )
    page = _page(as_ada, booking)
    assert "The Zoom meeting 84212345678 is no longer managed here: it stays in Zoom as it is." in page


def test_what_was_typed_is_shown_as_text(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada, name="<b>Mary</b>", invitee_email="mary@example.org", notes="<script>alert(1)</script>")
    assert "<script>alert" not in _page(as_ada, booking)
    assert "<b>Mary" not in _list(as_ada)


def test_the_token_of_the_invitee_is_on_none_of_the_pages(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    assert booking.token not in _list(as_ada) + _page(as_ada, booking)


def test_try_again_makes_the_work_due(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada, arranged_revision=0, gave_up_at=timezone.now(), next_attempt_at=None)
    answer = as_ada.post(reverse("organizer:booking_retry", args=[booking.uid]))
    assert answer["Location"] == reverse("organizer:booking", args=[booking.uid])
    booking.refresh_from_db()
    assert booking.gave_up_at is None
    assert booking.next_attempt_at is not None


def test_cancelling_keeps_the_reason(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    path = reverse("organizer:booking_cancel", args=[booking.uid])
    assert "Cancel this booking?" in as_ada.get(path).content.decode()
    as_ada.post(path, {"reason": "I am ill."})
    booking.refresh_from_db()
    assert (booking.status, booking.reason, booking.changed_by) == ("cancelled", "I am ill.", "organizer")


def test_what_is_over_cannot_be_cancelled(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada, days=-2)
    answer = as_ada.post(reverse("organizer:booking_cancel", args=[booking.uid]), follow=True)
    assert "This meeting is already over." in answer.content.decode()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_moving_to_an_offered_time(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    slot = _offered(as_ada, booking)[-1]
    answer = as_ada.post(
        reverse("organizer:booking_reschedule", args=[booking.uid]), {"slot": slot, "reason": "A train was late."}
    )
    assert answer["Location"] == reverse("organizer:booking", args=[booking.uid])
    booking.refresh_from_db()
    assert booking.start == datetime.fromisoformat(slot)
    assert (booking.revision, booking.reason, booking.changed_by) == (2, "A train was late.", "organizer")


def test_moving_onto_another_booking_is_refused_and_what_was_typed_stays(as_ada: Client, ada: Organizer) -> None:
    booking = booked(ada)
    slot = _offered(as_ada, booking)[-1]
    start = datetime.fromisoformat(slot)
    length = booking.end - booking.start
    booked(ada, name="Paul Plum", start=start, end=start + length, blocked_from=start, blocked_until=start + length)
    answer = as_ada.post(
        reverse("organizer:booking_reschedule", args=[booking.uid]), {"slot": slot, "reason": "A train was late."}
    )
    assert answer.status_code == 409
    assert "That time has just been taken." in answer.content.decode()
    assert "A train was late." in answer.content.decode()


@pytest.mark.parametrize("slot", ["", "tomorrow", "2026-12-03T09:00:00", "9999-12-31T23:59:59-12:00"])
def test_what_is_not_a_time_is_refused_in_words(as_ada: Client, ada: Organizer, slot: str) -> None:
    answer = as_ada.post(reverse("organizer:booking_reschedule", args=[booked(ada).uid]), {"slot": slot})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_without_busy_times_no_time_is_offered(as_ada: Client, ada: Organizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: object, **kwargs: object) -> list[datetime]:
        raise BusyUnknown

    monkeypatch.setattr(booking_page, "offered", silent)
    page = as_ada.get(reverse("organizer:booking_reschedule", args=[booked(ada).uid])).content.decode()
    assert "Your calendar does not answer right now" in page
    assert "data-slot" not in page


@pytest.mark.parametrize("first", ["0001-01-01", "9999-12-31", "soon", "2026-02-30"])
def test_a_date_from_nowhere_shows_a_week_all_the_same(as_ada: Client, ada: Organizer, first: str) -> None:
    path = reverse("organizer:booking_reschedule", args=[booked(ada).uid])
    assert as_ada.get(path, {"from": first}).status_code == 200
