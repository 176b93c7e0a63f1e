"""What invitee and organizer see of a booking that waits, and how it is answered: by a POST and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bookings import services
from bookings.models import Booking, Organizer
from bookings.tests.people import booked as row
from bookings.tests.test_organizer_event_types import CHESS
from bookings.tests.world import booked, next_weekday
from zinnect.tests.security.forms import NASTY, filled, strangers_client
from zinnect.tests.security.test_input import FORM, urlencoded

pytestmark = pytest.mark.django_db
PAGE = "/ada/intro/"


@pytest.fixture(autouse=True)
def _ada_confirms_herself(ada: Organizer) -> None:
    ada.event_types.update(requires_confirmation=True)


@pytest.fixture
def request_of_ida(ada: Organizer) -> Booking:
    """Ida asked for a time, and Ada has not answered."""
    return booked(ada, notes="About <b>chess</b>.", guests=("gus@example.org",))


def answer(client: Client, booking: Booking, **fields: str) -> Any:
    """Send one of the two forms of the page that the mail leads to."""
    return client.post(f"/bookings/{booking.uid}/answer/", {"seen": str(booking.revision), **fields}, follow=True)


def text_of(response: Any) -> str:
    """The page's words, white space as one space."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def invitees_page(booking: Booking) -> str:
    return Client().get(f"/b/{booking.token}/").content.decode()


# --- The event type --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "kept"), [({"requires_confirmation": "on"}, True), ({}, False)])
def test_the_event_type_says_whether_it_requires_confirmation(
    as_ada: Client, ada: Organizer, sent: dict[str, str], kept: bool
) -> None:
    assert as_ada.post("/event-types/new/", CHESS | sent).status_code == 302
    assert ada.event_types.get(slug="chess-lesson").requires_confirmation is kept


def test_the_form_says_that_the_organizer_confirms(client: Client, ada: Organizer) -> None:
    form = {"slot": filled(client)["slot"]}
    assert "Ada Ambrose confirms each booking. The time is held for you meanwhile." in text_of(client.get(PAGE, form))
    assert "Ask for this time" in text_of(client.get(PAGE, form))
    ada.event_types.update(requires_confirmation=False)
    assert "confirms each booking" not in text_of(client.get(PAGE, form))


# --- The invitee -----------------------------------------------------------------------------------------------------


def test_asking_leads_to_a_page_that_says_so(client: Client, ada: Organizer) -> None:
    page = client.post(PAGE, filled(client), follow=True)
    assert 'data-status="pending"' in page.content.decode()
    assert "Your request was sent Ada Ambrose has yet to confirm it. The time is held for you until" in text_of(page)
    assert Booking.objects.get().status == "pending"


def test_a_request_is_in_no_calendar_but_can_be_moved_and_cancelled(request_of_ida: Booking) -> None:
    page = invitees_page(request_of_ida)
    assert "Add to your calendar" not in page
    assert Client().get(f"/b/{request_of_ida.token}/invite.ics").status_code == 404
    for change in ("reschedule", "cancel"):
        assert f'href="/b/{request_of_ida.token}/{change}/"' in page
        assert Client().get(f"/b/{request_of_ida.token}/{change}/").status_code == 200


def test_a_declined_request_says_so_with_the_message_and_offers_other_times(request_of_ida: Booking) -> None:
    services.decline(booking=request_of_ida, seen=1, reason="Away <i>that</i> week.\nhttps://ada.example/")
    page = invitees_page(request_of_ida)
    assert 'data-status="declined"' in page
    assert "Ada Ambrose cannot take this time." in page
    assert "Message from Ada Ambrose" in page
    assert "Away &lt;i&gt;that&lt;/i&gt; week.<br>https://ada.example/</p>" in page
    assert "Book another time" in page
    assert "/reschedule/" not in page


def test_a_request_that_nobody_answered_is_declined_even_before_it_is_swept(request_of_ida: Booking) -> None:
    Booking.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    page = invitees_page(request_of_ida)
    assert 'data-status="declined"' in page
    assert "Ada Ambrose did not confirm it in time." in page
    assert "This booking was not confirmed in time" in text_of(Client().get(f"/b/{request_of_ida.token}/reschedule/"))
    services.release_all_lapsed(10)
    assert invitees_page(request_of_ida) == page


def test_a_move_shows_the_organizers_message_to_the_invitee(ada: Organizer) -> None:
    ada.event_types.update(requires_confirmation=False)
    booking = booked(ada)
    services.reschedule(booking=booking, start=next_weekday(14), by="organizer", reason="A <b>train</b> was late.")
    assert "A &lt;b&gt;train&lt;/b&gt; was late." in invitees_page(booking)
    services.cancel(booking=booking, by="invitee", reason="See www.evil.example")
    page = invitees_page(booking)
    assert "Your message" in page
    assert "www. evil. example" in page


# --- The organizer ---------------------------------------------------------------------------------------------------


def test_looking_at_the_page_changes_nothing(as_ada: Client, request_of_ida: Booking) -> None:
    before = Booking.objects.values().get()
    for method in (as_ada.get, as_ada.head):
        assert method(f"/bookings/{request_of_ida.uid}/answer/", {"answer": "confirm", "seen": "1"}).status_code == 200
    assert Booking.objects.values().get() == before


def test_the_page_shows_what_is_asked(as_ada: Client, request_of_ida: Booking) -> None:
    page = as_ada.get(f"/bookings/{request_of_ida.uid}/answer/")
    for words in ("Intro call with Ida Invitee", "ida@example.org", "gus@example.org", "Video call", "Held until"):
        assert words in text_of(page)
    assert "About &lt;b&gt;chess&lt;/b&gt;." in page.content.decode()
    assert request_of_ida.token not in page.content.decode()


def test_a_stranger_signs_in_first_and_comes_back(client: Client, request_of_ida: Booking) -> None:
    path = f"/bookings/{request_of_ida.uid}/answer/"
    for method in (client.get, client.post):
        assert method(path)["Location"] == f"/accounts/login/?next={path}"
    assert Booking.objects.get().status == "pending"


def test_confirming(as_ada: Client, request_of_ida: Booking) -> None:
    page = answer(as_ada, request_of_ida, answer="confirm")
    assert "Confirmed. Ida Invitee is told." in text_of(page)
    request_of_ida.refresh_from_db()
    assert (request_of_ida.status, request_of_ida.changed_by) == ("confirmed", "organizer")
    assert 'data-status="arranging"' in invitees_page(request_of_ida)


def test_declining_with_a_message(as_ada: Client, request_of_ida: Booking) -> None:
    page = answer(as_ada, request_of_ida, answer="decline", reason="I am away.")
    assert "Declined. Ida Invitee is told." in text_of(page)
    assert "Declined by the organizer. Message: I am away." in text_of(page)
    request_of_ida.refresh_from_db()
    assert (request_of_ida.status, request_of_ida.reason) == ("declined", "I am away.")


def test_answering_twice_says_that_it_was_answered(as_ada: Client, request_of_ida: Booking) -> None:
    answer(as_ada, request_of_ida, answer="confirm")
    for second in ("confirm", "decline"):
        page = answer(as_ada, request_of_ida, answer=second)
        assert page.status_code == 409
        assert "This booking is confirmed already. You can still move or cancel it." in text_of(page)
    request_of_ida.refresh_from_db()
    assert (request_of_ida.status, request_of_ida.revision) == ("confirmed", 2)
    assert "confirmed already" in text_of(as_ada.get(f"/bookings/{request_of_ida.uid}/answer/"))


def test_an_answer_after_the_invitee_cancelled_says_so(as_ada: Client, request_of_ida: Booking) -> None:
    services.cancel(booking=request_of_ida, by="invitee")
    page = answer(as_ada, request_of_ida, answer="confirm")
    assert (page.status_code, "This booking was cancelled." in text_of(page)) == (409, True)


def test_an_answer_to_what_was_moved_meanwhile_shows_the_new_time_and_keeps_the_message(
    as_ada: Client, request_of_ida: Booking
) -> None:
    services.reschedule(booking=request_of_ida, start=next_weekday(14), by="invitee")
    page = answer(as_ada, request_of_ida, answer="decline", reason="Not at ten.")
    assert page.status_code == 409
    assert "This booking has just been changed. Look at it again, then answer." in text_of(page)
    assert "14:00–14:30" in text_of(page)
    assert "Not at ten." in page.content.decode()
    assert 'name="seen" value="2"' in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose whether you confirm or decline."),
        ({"answer": "perhaps"}, "Choose whether you confirm or decline."),
        ({"answer": "confirm", "seen": "x"}, "Look at the booking again, then answer."),
        ({"answer": "confirm", "seen": "9" * 30}, "Look at the booking again, then answer."),
        ({"answer": "decline", "reason": "long " * 300}, "Not declined yet: see the message at the field."),
    ],
)
def test_what_is_no_answer_is_refused_in_words(
    as_ada: Client, request_of_ida: Booking, fields: dict[str, str], words: str
) -> None:
    page = answer(as_ada, request_of_ida, **fields)
    assert page.status_code == 422
    assert words in text_of(page)
    assert fields.get("reason", "").strip() in page.content.decode()
    assert Booking.objects.get().status == "pending"


def test_the_list_says_who_waits_and_leads_to_the_answer(as_ada: Client, ada: Organizer, grace: Organizer) -> None:
    soon = timezone.now() + timedelta(hours=3)
    waiting = row(ada, name="Wanda Waits", status=Booking.Status.PENDING, hold_until=soon)
    row(ada, name="Carl Confirmed", days=4)
    row(ada, name="Lars Late", days=5, status=Booking.Status.PENDING, hold_until=timezone.now())
    row(grace, name="Not Hers", status=Booking.Status.PENDING, hold_until=soon)

    upcoming, page = as_ada.get("/bookings/"), as_ada.get("/bookings/?show=waiting")
    assert "Waiting for you 1 Upcoming" in text_of(upcoming)
    assert "Waits for confirmation" in text_of(upcoming)
    assert "Wanda Waits" in text_of(page)
    assert f"/bookings/{waiting.uid}/answer/" in page.content.decode()
    for name in ("Carl Confirmed", "Lars Late", "Not Hers"):
        assert name not in text_of(page)


def test_who_confirms_nothing_sees_no_empty_tab(as_ada: Client, ada: Organizer) -> None:
    row(ada, name="Carl Confirmed")
    assert "Waiting for you" not in text_of(as_ada.get("/bookings/"))
    assert "Nobody waits for you" in text_of(as_ada.get("/bookings/?show=waiting"))


@pytest.mark.slow
@pytest.mark.parametrize("field", ["answer", "seen", "reason"])
def test_no_text_in_a_field_breaks_the_answer(ada: Organizer, request_of_ida: Booking, field: str) -> None:
    client = strangers_client()
    client.force_login(ada.user)
    path, form = f"/bookings/{request_of_ida.uid}/answer/", {"answer": "decline", "seen": "1", "reason": ""}
    answers = {text: client.post(path, urlencoded(form | {field: text}), FORM).status_code for text in NASTY}
    assert set(answers.values()) <= {302, 409, 422}, answers


def test_the_bookings_page_leads_to_the_answer_while_it_waits(as_ada: Client, request_of_ida: Booking) -> None:
    path = f"/bookings/{request_of_ida.uid}/"
    assert "Ida Invitee waits for your answer until" in text_of(as_ada.get(path))
    assert f"{path}answer/" in as_ada.get(path).content.decode()
    services.confirm(booking=request_of_ida, seen=1)
    assert f"{path}answer/" not in as_ada.get(path).content.decode()
