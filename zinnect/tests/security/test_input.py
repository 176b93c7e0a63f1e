"""Whatever a stranger sends to a public page is answered with a page, never a 500, and only what is asked counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.models import Booking, Organizer
from bookings.questions import Kind, Question, ask
from bookings.tests.world import booked
from zinnect.tests.security.forms import NASTY, PAGE, PUBLIC, filled, offered, strangers_client

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FORM = "application/x-www-form-urlencoded"
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
)
TEXT = st.one_of(st.sampled_from(NASTY), st.text(max_size=80))
NAMES = """
    slot tz name email notes guests form_key website clock month date start end login password password1 password2 next
    return_to reason code state error username csrfmiddlewaretoken q-text q-long q-choice q-phone q-checkbox q-none
""".split()
FIELDS = st.dictionaries(st.sampled_from(NAMES), TEXT | st.lists(TEXT, max_size=3), max_size=6)
PATHS = ["/b/{}/", "/b/{}/cancel/", "/{}/", "/ada/{}/", "/ada/{}/slots.json", "/apps/integrations/{}/", "/static/{}"]


def encoded(text: str) -> str:
    """Any code point as bytes, lone surrogates too, as no browser but any program would send it."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def urlencoded(fields: dict[str, Any]) -> str:
    """The fields as one text; a list is a repeated field."""
    pairs = [(name, item) for name, value in fields.items() for item in (value if isinstance(value, list) else [value])]
    return "&".join(f"{name}={encoded(item)}" for name, item in pairs)


@pytest.fixture
def booking(ada: Organizer) -> Booking:
    """A booking whose pages are fuzzed, of an event type with a question of each kind."""
    kinds = [Question(kind.label, kind, choices=["One", "Two"], key=kind) for kind in Kind]
    ask(ada.event_types.get(), kinds)
    return booked(ada)


@BOUNDED
@given(route=st.sampled_from(PUBLIC), query=FIELDS, body=st.none() | FIELDS)
def test_no_query_and_no_form_breaks_a_public_page(
    booking: Booking, route: str, query: dict[str, Any], body: dict[str, Any] | None
) -> None:
    path = f"{route.format(token=booking.token)}?{urlencoded(query)}"
    client = strangers_client()
    answer = client.get(path) if body is None else client.post(path, urlencoded(body), content_type=FORM)
    # Without a secret the webhook says that it cannot tell; nobody else may.
    assert answer.status_code < 500 or (answer.status_code == 503 and route == "/webhooks/zoom/")


ANSWERS = [f"q-{kind}" for kind in Kind]


@pytest.mark.parametrize(
    "field", ["slot", "tz", "name", "email", "notes", "guests", "form_key", "website", "clock", *ANSWERS]
)
def test_no_text_in_a_field_breaks_the_booking_form(booking: Booking, field: str) -> None:
    client = strangers_client()
    form = filled(client)
    answers = {
        text: client.post(PAGE, urlencoded(form | {field: text}), content_type=FORM).status_code for text in NASTY
    }
    assert set(answers.values()) <= {303, 409, 422}, answers


@pytest.mark.parametrize("before", PATHS)
def test_no_path_breaks_anything(booking: Booking, before: str) -> None:
    client = strangers_client()
    answers = {text: client.get(before.format(encoded(text))).status_code for text in NASTY}
    assert set(answers.values()) <= {200, 301, 302, 404}, answers


@pytest.mark.parametrize(
    "parameter",
    ["tz", "month", "date", "slot", "clock", "start", "end", "next", "state", "code", "error", "name", *ANSWERS],
)
def test_no_parameter_breaks_a_page(booking: Booking, parameter: str) -> None:
    client = strangers_client()
    for route in (PAGE, "/ada/intro/slots.json", "/b/{token}/reschedule/", "/accounts/login/"):
        path = route.format(token=booking.token)
        answers = {text: client.get(f"{path}?{parameter}={encoded(text)}").status_code for text in NASTY}
        assert set(answers.values()) <= {200, 422}, (route, answers)


@pytest.mark.parametrize("path", [PAGE, "/b/{token}/cancel/", "/accounts/login/", "/admin/login/", "/accounts/signup/"])
def test_a_huge_body_is_refused_before_it_is_read(booking: Booking, path: str) -> None:
    class Unread:
        def read(self, *args: int) -> bytes:
            raise AssertionError("somebody read the body")

        readline = read

    size = django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    extra: dict[str, Any] = {"CONTENT_LENGTH": str(size), "wsgi.input": Unread(), "CONTENT_TYPE": FORM}
    for kind in (FORM, "multipart/form-data; boundary=x"):
        answer = strangers_client().generic("POST", path.format(token=booking.token), **extra | {"CONTENT_TYPE": kind})
        assert (answer.status_code, answer.content) == (413, b"The request is too large.\n")


@pytest.mark.parametrize("length", ["-1", "many", "1e9", "٣"])
def test_a_length_that_is_none_is_refused(booking: Booking, length: str) -> None:
    assert strangers_client().generic("POST", PAGE, CONTENT_LENGTH=length).status_code == 413


def test_too_many_fields_are_refused(booking: Booking) -> None:
    body = "&".join(f"guests=a{number}%40example.org" for number in range(2000))
    assert strangers_client().post(PAGE, body, content_type=FORM).status_code == 400


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "application/json", "text/x"]
)
def test_a_body_of_another_kind_is_no_form(booking: Booking, kind: str) -> None:
    assert strangers_client().post(PAGE, b"\x00\xff{]", content_type=kind).status_code in (400, 422)


def test_only_listed_fields_are_taken(booking: Booking) -> None:
    client = strangers_client()
    form = filled(client, email="eve@example.org")
    planted = {
        "status": "cancelled",
        "token": "chosen-by-me",
        "uid": "00000000-0000-0000-0000-000000000000",
        "organizer": "999",
        "event_type": "999",
        "title": "Another title",
        "location": "in_person",
        "end": "2099-01-01T00:00:00Z",
        "revision": "99",
        "invitee_email": "victim@example.org",
        "duration_minutes": "600",
        "answers": '[{"label": "Paid", "value": "Yes"}]',
        "id": str(booking.pk),
    }
    assert client.post(PAGE, form | planted).status_code == 303
    made = Booking.objects.get(invitee_email="eve@example.org")
    assert (made.status, made.title, made.location, made.revision) == ("confirmed", "Intro call", "video", 1)
    assert made.organizer == booking.organizer
    assert made.answers == [{"label": "Checkbox", "value": False}]
    assert made.end - made.start == timedelta(minutes=30)
    assert made.token != "chosen-by-me"
    assert str(made.uid) != planted["uid"]
    assert made.pk != booking.pk


def test_no_lesson_in_another_form_is_taken_either(booking: Booking) -> None:
    """A key for one form opens no other: neither the form of another page nor that of another booking."""
    client = strangers_client()
    form = filled(client)
    for page in ("cancel", "reschedule"):
        answer = client.post(f"/b/{booking.token}/{page}/", form | {"slot": offered(client)[0]})
        assert answer.status_code == 422
    booking.refresh_from_db()
    assert (booking.status, booking.revision) == ("confirmed", 1)
