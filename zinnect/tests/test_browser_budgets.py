"""What a public page may cost: bytes, requests, shifts of what is being read, questions to the database."""

from __future__ import annotations

import gzip
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, Response
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from bookings.models import Booking, Organizer
from bookings.tests.people import booked
from zinnect.tests.test_browser_public import BERLIN, NewContext, complaints_of
from zinnect.tests.test_look import ROUND_TRIP

SCRIPTS = 5 * 1024
REQUESTS = 4
QUERIES = 6
PATHS = ("/ada/", "/ada/intro/", "/ada/intro/?tz=Asia/Tokyo")
# Every shift as [how much, what moved from where to where, …].
OBSERVE = """
window.shifts = [];
const moved = ({node, previousRect, currentRect}) =>
  `${node?.outerHTML ?? node?.textContent} ${JSON.stringify(previousRect)} ${JSON.stringify(currentRect)}`.slice(-400);
new PerformanceObserver(list => {
  for (const {value, sources} of list.getEntries()) window.shifts.push([value, ...sources.map(moved)]);
}).observe({type: "layout-shift", buffered: true});
"""
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def visit(page: Page, url: str) -> list[Response]:
    """Go there and to the form of the first time, if times are shown; what was fetched on the way there."""
    fetched: list[Response] = []

    def note(response: Response) -> None:
        fetched.append(response)

    page.on("response", note)
    page.goto(url, wait_until="networkidle")
    page.evaluate(PAINTED)
    return [response for response in fetched if not response.url.startswith("data:")]


def compressed(fetched: list[Response], *kinds: str) -> int:
    """Bytes that travel, of the resources of these kinds. Production compresses all of them (zinnect/settings.py)."""
    return sum(len(gzip.compress(response.body())) for response in fetched if response.request.resource_type in kinds)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1280])
def test_a_public_page_is_light_quiet_and_still(
    live_server: LiveServer, ada: Organizer, new_context: NewContext, width: int
) -> None:
    context = new_context(viewport={"width": width, "height": 740}, **BERLIN)
    context.add_init_script(OBSERVE)
    slot = Client().get("/ada/intro/slots.json", _days()).json()["slots"][0]
    for path in (*PATHS, f"/ada/intro/?tz=Europe/Berlin&slot={slot}"):
        page = context.new_page()
        complaints = complaints_of(page)
        fetched = visit(page, live_server.url + path)

        assert [response.status for response in fetched] == [200] * len(fetched)
        assert {urlsplit(response.url).netloc for response in fetched} == {urlsplit(live_server.url).netloc}
        assert len(fetched) <= REQUESTS, path
        assert fetched[0].headers["content-encoding"] == "gzip"
        assert 0 < compressed(fetched, "document", "stylesheet") <= ROUND_TRIP, path
        assert compressed(fetched, "script") <= SCRIPTS, path
        assert page.evaluate("window.shifts") == [], path
        assert complaints == []
        page.close()


@pytest.mark.browser
def test_a_shift_would_be_seen(new_context: NewContext) -> None:
    context = new_context()
    context.add_init_script(OBSERVE)
    page = context.new_page()
    page.goto("data:text/html,<p>Read me</p>")
    page.evaluate(PAINTED)
    page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<div style=height:200px></div>')")
    page.wait_for_function("window.shifts.length > 0")


def _days() -> dict[str, str]:
    today = timezone.now().date()
    return {"start": f"{today + timedelta(days=1)}", "end": f"{today + timedelta(days=14)}"}


def fill(organizer: Organizer, count: int) -> None:
    """Take every half hour from tomorrow on, ``count`` of them."""
    first = booked(organizer, days=1)
    length = first.end - first.start
    own = {"id", "uid", "token", "event_key", "form_key", "start", "end", "blocked_from", "blocked_until"}
    like = {name: getattr(first, name) for field in Booking._meta.concrete_fields if (name := field.attname) not in own}
    rows = []
    for number in range(1, count):
        start = first.start + number * length
        end = start + length
        times = {"start": start, "end": end, "blocked_from": start, "blocked_until": end}
        rows.append(Booking(**like, **times, form_key=f"form {number}"))
    Booking.objects.bulk_create(rows)


@pytest.mark.parametrize("path", PATHS)
def test_bookings_cost_a_public_page_no_query(
    client: Client, ada: Organizer, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(QUERIES) as empty:
        client.get(path)
    fill(ada, 1000)
    with django_assert_max_num_queries(QUERIES) as full:
        assert client.get(path).status_code == 200
    assert len(full) == len(empty) > 0
