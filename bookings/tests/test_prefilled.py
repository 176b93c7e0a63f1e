"""A link that fills in the form keeps doing so on every step to it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from bookings.models import EventType, Organizer
from bookings.questions import Question, ask
from zinnect.tests.security.forms import PAGE, filled, offered

GIVEN = {"name": 'Ida "<b>" Invitee', "email": "ida@example.org", "q-company": "Acme & Söhne", "q-board": "yes"}


@pytest.fixture
def intro(ada: Organizer) -> EventType:
    """Ada's event type with three questions."""
    intro = ada.event_types.get()
    level = Question("Your level", "choice", choices=["Beginner", "Club player"], key="level")
    ask(intro, [Question("Your company", key="company"), level, Question("I have a board", "checkbox", key="board")])
    return intro


def links(html: str) -> list[dict[str, str]]:
    """The queries of all links of the page to itself."""
    found = [unescape(link) for link in re.findall(r'href="([^"]+)"', html)]
    return [dict(parse_qsl(urlsplit(link).query)) for link in found if link.startswith(f"{PAGE}?")]


def values(html: str) -> dict[str, str]:
    """Name → value of every input."""
    inputs = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input ([^>]*)>", html)]
    return {tag["name"]: unescape(tag.get("value", "")) for tag in inputs if "name" in tag}


def test_the_form_is_filled_in(client: Client, intro: EventType) -> None:
    html = client.get(PAGE, GIVEN | {"q-level": "Club player", "slot": offered(client)[0]}).content.decode()
    assert {name: values(html)[name] for name in ("name", "email", "q-company")} == {
        name: GIVEN[name] for name in ("name", "email", "q-company")
    }
    assert '<option value="Club player" selected>' in html
    assert re.search(r'<input type="checkbox" name="q-board"[^>]* checked>', html)


@pytest.mark.parametrize("ticked", ["0", "no", "off", "false"])
def test_a_box_is_ticked_by_a_yes_only(client: Client, intro: EventType, ticked: str) -> None:
    html = client.get(PAGE, {"q-board": ticked, "slot": offered(client)[0]}).content.decode()
    assert not re.search(r'name="q-board"[^>]* checked', html)


def test_a_choice_that_is_not_offered_is_not_chosen(client: Client, intro: EventType) -> None:
    html = client.get(PAGE, {"q-level": "Grandmaster", "slot": offered(client)[0]}).content.decode()
    assert "Grandmaster</option>" not in html
    assert " selected" not in html


@pytest.mark.parametrize("step", [{}, {"month": "2020-01"}, {"tz": "Asia/Tokyo"}, {"clock": "12"}])
def test_every_step_keeps_it(client: Client, intro: EventType, step: dict[str, str]) -> None:
    html = client.get(PAGE, GIVEN | step).content.decode()
    steps = links(html)
    assert any("slot" in query for query in steps) or "month" in step
    assert len(steps) > 1
    assert all(query.items() >= GIVEN.items() for query in steps)
    assert values(html).items() >= GIVEN.items(), "the form that changes the time zone"


def test_the_way_back_from_the_form_keeps_it(client: Client, intro: EventType) -> None:
    html = client.get(PAGE, GIVEN | {"tz": "Asia/Tokyo", "slot": offered(client)[0]}).content.decode()
    (back,) = links(html)
    assert back.items() >= (GIVEN | {"tz": "Asia/Tokyo"}).items()


def test_what_was_typed_gets_into_no_address(client: Client, intro: EventType) -> None:
    html = client.post(PAGE, filled(client, email="nobody")).content.decode()
    assert [set(query) for query in links(html)] == [{"tz", "clock"}]


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "x" * 101},
        {"email": "x" * 255},
        {"q-company": "x" * 501},
        {"q-company": "  "},
        {"q-company": "a\x00b"},
        {f"q-{'x' * 41}": "long name"},
        {"q-": "no name"},
        {"notes": "not by a link"},
    ],
)
def test_what_does_not_fit_is_left_out(client: Client, intro: EventType, asked: dict[str, str]) -> None:
    html = client.get(PAGE, asked).content.decode()
    assert links(html)
    assert not any(query.keys() & asked.keys() for query in links(html))


def test_addresses_stay_short(client: Client, intro: EventType) -> None:
    asked = {f"q-{number}": "x" * 500 for number in range(20)}
    queries = links(client.get(PAGE, asked).content.decode())
    assert max(len(str(query)) for query in queries) < 2000
    assert "q-0" in queries[0]


def test_who_moves_a_booking_is_asked_nothing_of_it(client: Client, intro: EventType) -> None:
    moving = client.post(PAGE, filled(client))["Location"] + "reschedule/"
    page = client.get(moving, GIVEN).content.decode()
    assert 'name="q-' not in page
    assert ">Acme" not in page
    assert 'value="Acme' not in page
