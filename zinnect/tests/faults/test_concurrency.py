"""Many at once over HTTP: one time goes to one person, whoever asks, and what changes under way is not torn."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests

from zinnect.demo.pages import Page
from zinnect.demo.people import OrganizerInPerson, Refused
from zinnect.demo.seed import EMAIL, HANDLE
from zinnect.tests.faults.harness import PATH, Stage, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]


LONG = f"/{HANDLE}/long/"


def at_once(deeds: list[Callable[[], requests.Response]]) -> list[requests.Response]:
    """Do all of it in the same moment."""
    with ThreadPoolExecutor(len(deeds)) as crowd:
        return list(crowd.map(lambda deed: deed(), deeds))


def posts(product: Stage, slots: list[str], path: str = PATH) -> list[Callable[[], requests.Response]]:
    """A post of its own form by a person of their own for each time; one form was shown, and its key is renewed."""

    def post(slot: str, form: object) -> requests.Response:
        return product.post(form, slot=slot, email=product.address("crowd"))  # type: ignore[arg-type]

    shown = at_once([lambda slot=slot: product.invitee_form(slot, path) for slot in slots])  # type: ignore[misc]
    forms = [Page(answer.url, answer.text).form("email") for answer in shown]
    return [lambda slot=slot, form=form: post(slot, form) for slot, form in zip(slots, forms, strict=True)]  # type: ignore[misc]


def is_clean_refusal(answer: requests.Response) -> bool:
    """A page that says the time has gone and offers others."""
    return answer.status_code == 409 and len(Page(answer.url, answer.text).marks.get("slot", [])) > 0


def test_two_hundred_people_want_one_time(product: Stage) -> None:
    (slot,) = product.slots()
    answers = at_once(posts(product, [slot] * 200))
    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: 199}
    assert all(is_clean_refusal(answer) for answer in answers if answer.status_code == 409)
    product.comes_to_rest_unharmed()


def test_two_hundred_people_want_twenty_times(product: Stage) -> None:
    slots = product.slots(20)
    answers = at_once(posts(product, [slot for slot, _ in itertools.product(slots, range(10))]))
    assert Counter(answer.status_code for answer in answers) == {303: 20, 409: 180}
    product.comes_to_rest_unharmed()


def test_overlapping_lengths_and_buffers(product: Stage) -> None:
    """Half an hour with ten minutes around it, and fifty minutes without, every quarter of an hour: all keep apart."""
    product.shell(
        "from bookings.models import EventType as E; e = E.objects.get(organizer__handle='sample', slug='intro');"
        "e.interval_minutes, e.buffer_before_minutes, e.buffer_after_minutes = 15, 10, 10; e.save();"
        "e.pk, e.slug, e.duration_minutes, e.buffer_before_minutes, e.buffer_after_minutes = None, 'long', 50, 0, 0;"
        "e.save()"
    )
    try:
        both = set(product.offered(LONG))
        slots = [slot for slot in product.slots(100) if slot in both][:16]
        answers = at_once([*posts(product, slots * 3), *posts(product, slots * 3, LONG)])
        assert {answer.status_code for answer in answers} == {303, 409}
        product.comes_to_rest_unharmed()
    finally:
        product.shell(
            "from bookings.models import EventType as E; E.objects.filter(slug='long').update(active=False);"
            "E.objects.filter(slug='intro')"
            ".update(interval_minutes=30, buffer_before_minutes=0, buffer_after_minutes=0)"
        )


def test_moves_and_a_confirmation_into_the_same_time(product: Stage) -> None:
    before = [product.book("mover") for _ in range(3)]
    product.rest()
    (slot,) = product.slots()
    moves = [product.move_form(booked, slot) for booked in before]
    _page, form = product.form(slot)
    deeds: list[Callable[[], requests.Response]] = [
        *(
            lambda ask=ask: requests.post(ask.action, data=ask.filled(), allow_redirects=False, timeout=20)
            for ask in moves
        ),
        lambda: product.post(form, slot=slot, email=product.address("confirmer")),
    ]
    answers = at_once(deeds)
    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: 3}
    product.comes_to_rest_unharmed()


def test_one_form_posted_twenty_times(product: Stage) -> None:
    (slot,) = product.slots()
    _page, form = product.form(slot)
    email = product.address("impatient")
    answers = at_once([lambda: product.post(form, slot=slot, email=email)] * 20)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    product.comes_to_rest_unharmed()


def test_cancelled_and_moved_while_it_is_arranged(product: Stage) -> None:
    product.sandbox.tell("/latency", {"zoom": 300, "google": 300})
    for pause in (0, 2, 4):
        calls = len(product.sandbox.calls())
        cancelled, moved = product.book("cancelled"), product.book("moved")
        until(lambda calls=calls, pause=pause: len(product.sandbox.calls()) > calls + pause, seconds=20)  # type: ignore[misc]
        product.cancel(cancelled)
        product.move(moved)
        product.move(moved)
    product.comes_to_rest_unharmed()


def test_zoom_is_removed_while_it_is_arranged(product: Stage) -> None:
    """What Zoom makes after Remove stays, unmanaged; the next bookings get Meet; connected again, Zoom again."""
    product.sandbox.tell("/latency", {"zoom": 300, "google": 300})
    under_way = [product.book("removed") for _ in range(4)]
    product.organizer.remove("zoom")
    after = product.book("after.removal")
    product.comes_to_rest_unharmed()
    assert product.shown(after) == ("ready", "google_meet")
    assert all(product.shown(booked)[0] == "ready" for booked in under_way)
    product.sandbox.tell("/latency", {"zoom": 0, "google": 0})
    product.organizer.connect("zoom", product.sandbox)
    again = product.book("again")
    product.comes_to_rest_unharmed()
    assert product.shown(again) == ("ready", "zoom")


def test_two_tabs_connect_at_once(product: Stage) -> None:
    """Each tab has its own one-time state; both come back, and one working connection is left."""
    product.organizer.remove("zoom")
    both_shown = Barrier(2)

    def tab() -> str:
        person = OrganizerInPerson(product.base_url)
        person.http.cookies.update(product.organizer.http.cookies)
        page = person.get("/apps/integrations/zoom/")
        both_shown.wait(20)
        consent = person.leave_by(page, page.form(action="/zoom/connect/"))
        back = product.sandbox.consent(consent)
        both_shown.wait(20)
        return person.get(back).text

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda _number: tab(), range(2)))
    assert any("Connected" in text for text in said), said
    product.reconnect("zoom")  # what one of them may have to do: the other's exchange can have ended its tokens
    booked = product.book("two.tabs")
    product.comes_to_rest_unharmed()
    assert product.shown(booked) == ("ready", "zoom")


def test_the_same_zoom_user_at_two_organizers(product: Stage) -> None:
    """The second one is refused in words; the first one's bookings get a link, and one click mends what Zoom ended."""
    other = product.second_organizer()
    with pytest.raises(Refused, match="does not say Connected"):
        other.connect("zoom", product.sandbox)
    assert EMAIL not in other.get("/apps/integrations/zoom/").text
    booked = product.book("still.mine")
    product.comes_to_rest_unharmed()
    assert product.shown(booked)[0] == "ready"
    product.reconnect("zoom")
    again = product.book("mine.again")
    product.comes_to_rest_unharmed()
    assert product.shown(again) == ("ready", "zoom")
