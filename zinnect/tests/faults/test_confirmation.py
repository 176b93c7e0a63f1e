"""Bookings that wait for their organizer while things break: asked once, answered once, free when nobody answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import requests

from zinnect.demo.people import OrganizerInPerson
from zinnect.demo.seed import EMAIL, PASSWORD
from zinnect.tests.faults.crowd import Booked
from zinnect.tests.faults.harness import Stage, until
from zinnect.tests.faults.test_concurrency import at_once

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _the_organizer_confirms(product: Stage) -> Iterator[None]:
    change = "UPDATE bookings_eventtype SET requires_confirmation = %s"
    product.execute(change, True)
    yield
    product.execute(change, False)


def answer(product: Stage, booked: Booked, *answers: str) -> list[requests.Response]:
    """Give the answers at once, each from a tab of its own that was opened before any of them."""
    (row,) = product.rows("SELECT uid FROM bookings_booking WHERE token = %s", booked.token)
    person = OrganizerInPerson(product.base_url)
    person.sign_in(EMAIL, PASSWORD)
    page = person.get(f"/bookings/{row['uid']}/answer/")
    form = page.form("seen")

    def send(word: str) -> requests.Response:
        filled = form.filled(answer=word)
        headers = {"Referer": page.url}
        return person.http.post(form.action, data=filled, headers=headers, allow_redirects=False, timeout=20)

    return at_once([lambda word=word: send(word) for word in answers])  # type: ignore[misc]


def test_one_of_many_answers_counts_and_the_rest_are_told_so(product: Stage) -> None:
    booked = product.book("asked")
    answers = answer(product, booked, *["confirm", "decline"] * 5)
    assert Counter(one.status_code for one in answers) == {302: 1, 409: 9}
    product.comes_to_rest_unharmed()
    assert product.shown(booked) in (("ready", "zoom"), ("declined", ""))


def test_workers_die_while_requests_are_asked_confirmed_and_declined(product: Stage) -> None:
    confirmed, declined, waiting = (product.book(word) for word in ("confirmed", "declined", "waiting"))
    product.kill_workers()
    answer(product, confirmed, "confirm")
    answer(product, declined, "decline")
    product.kill_workers()
    product.comes_to_rest_unharmed()
    assert product.shown(confirmed) == ("ready", "zoom")
    assert [product.shown(booked)[0] for booked in (declined, waiting)] == ["declined", "pending"]


def test_a_hold_ends_by_itself_and_the_time_goes_to_the_next(product: Stage) -> None:
    """Nobody answers for a day: the sweep declines, the invitee is told once, and somebody else asks for the time."""
    booked = product.book("unanswered")
    product.rest()
    product.execute("UPDATE bookings_booking SET hold_until = now() WHERE token = %s", booked.token)
    query = "SELECT id FROM bookings_booking WHERE token = %s AND status = 'declined'"
    until(lambda: product.rows(query, booked.token), seconds=20)
    product.comes_to_rest_unharmed()
    subjects = [mail["subject"] for mail in product.sandbox.mails(booked.email)]
    assert [subject.partition(":")[0] for subject in subjects] == ["Waits for confirmation", "Declined"]
    product.book("next", slot=booked.start)
    product.comes_to_rest_unharmed()
