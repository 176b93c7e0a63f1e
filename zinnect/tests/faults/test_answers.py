"""Every bad answer of Zoom and Google at every call: the system comes to rest by itself, and the verdict is clean.

What is asked for while an account is connected, refreshed or removed is in ``test_account_answers.py``.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial

import pytest
import requests

from zinnect.tests.faults.answers import (
    A_DAY_AS_A_DATE,
    A_DAY_IN_SECONDS,
    GONE,
    LASTING_AT_GOOGLE,
    LASTING_AT_ZOOM,
    PASSING,
    PASSING_AT_GOOGLE,
    Fault,
    name,
    status,
)
from zinnect.tests.faults.harness import PATH, Booked, Stage, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]

REST_SECONDS = 120
"""A booking may meet several of the faults in a row, each with a longer pause behind it."""


def go_through(product: Stage, service: str, call: str, kinds: list[Fault], deeds: list[Callable[[], object]]) -> None:
    """Plan all faults, do what makes a call for each, and wait until every one was met. They are met side by side."""
    planned = [product.fault(service, call, kind, **params) for kind, params in kinds]
    for done in [product.in_background(deed) for deed in deeds]:
        done.result(60)
    for fault in planned:
        product.wait_for_hit(fault, seconds=60)


def bookings_to_make(product: Stage, count: int) -> list[Callable[[], object]]:
    """So many bookings, each at a time of its own."""
    return [partial(product.book, slot=slot) for slot in product.slots(count)]


def booked_before(product: Stage, count: int) -> list[Booked]:
    """Bookings that were arranged while all was well."""
    made = [product.in_background(partial(product.book, slot=slot)) for slot in product.slots(count)]
    found = [one.result(60) for one in made]
    product.rest()
    return found


@pytest.mark.parametrize(
    ("service", "call", "kinds"),
    [
        ("zoom", "meetings.create", PASSING + LASTING_AT_ZOOM),
        ("google", "events.insert", PASSING_AT_GOOGLE + LASTING_AT_GOOGLE + GONE),
        ("google", "events.patch", PASSING_AT_GOOGLE + LASTING_AT_GOOGLE + GONE),
    ],
)
def test_a_booking_survives_every_answer(product: Stage, service: str, call: str, kinds: list[Fault]) -> None:
    go_through(product, service, call, kinds, bookings_to_make(product, len(kinds)))
    product.comes_to_rest_unharmed(seconds=REST_SECONDS)


@pytest.mark.parametrize("limit", [A_DAY_IN_SECONDS, A_DAY_AS_A_DATE], ids=["seconds", "date"])
def test_the_limit_of_a_day_brings_meet_until_the_day_is_over(product: Stage, limit: Fault) -> None:
    """At once: Zoom's own time lies beyond the deadline."""
    planned = product.fault("zoom", "meetings.create", limit[0], **limit[1])
    first = product.book("used.up")
    product.wait_for_hit(planned)
    second = product.book("same.day")
    product.comes_to_rest_unharmed()
    assert [product.shown(booked)[1] for booked in (first, second)] == ["google_meet"] * 2
    product.new_day()
    third = product.book("new.day")
    product.comes_to_rest_unharmed()
    assert product.shown(third) == ("ready", "zoom")


def test_looking_for_a_lost_meeting_survives_every_answer(product: Stage) -> None:
    """The list is asked for only after a create whose answer was lost."""
    kinds = PASSING + LASTING_AT_ZOOM
    product.fault("zoom", "meetings.create", "drop_after", times=len(kinds))
    go_through(product, "zoom", "meetings.list", kinds, bookings_to_make(product, len(kinds)))
    product.comes_to_rest_unharmed(seconds=REST_SECONDS)


def test_looking_for_a_lost_event_survives_every_answer(product: Stage) -> None:
    """An event is asked for only after an insert or an announcement whose answer was lost."""
    kinds = PASSING_AT_GOOGLE + LASTING_AT_GOOGLE
    for call, _kind in zip(itertools.cycle(("events.insert", "events.patch")), kinds, strict=False):
        product.fault("google", call, "drop_after")
    go_through(product, "google", "events.get", kinds, bookings_to_make(product, len(kinds)))
    product.comes_to_rest_unharmed(seconds=REST_SECONDS)


@pytest.mark.parametrize(
    ("service", "call", "kinds"),
    [
        ("zoom", "meetings.patch", [*PASSING, *LASTING_AT_ZOOM, status(404, code=3001)]),
        ("google", "events.patch", PASSING_AT_GOOGLE + LASTING_AT_GOOGLE + GONE),
    ],
)
def test_moving_survives_every_answer(product: Stage, service: str, call: str, kinds: list[Fault]) -> None:
    before = booked_before(product, len(kinds))
    moves = zip(before, product.slots(len(kinds)), strict=True)
    go_through(product, service, call, kinds, [partial(product.move, booked, slot) for booked, slot in moves])
    product.comes_to_rest_unharmed(seconds=REST_SECONDS)


@pytest.mark.parametrize(
    ("service", "call", "kinds"),
    [
        ("zoom", "meetings.delete", PASSING + LASTING_AT_ZOOM),
        ("google", "events.delete", PASSING_AT_GOOGLE + LASTING_AT_GOOGLE),
    ],
)
def test_cancelling_survives_every_answer(product: Stage, service: str, call: str, kinds: list[Fault]) -> None:
    before = booked_before(product, len(kinds))
    go_through(product, service, call, kinds, [partial(product.cancel, booked) for booked in before])
    product.comes_to_rest_unharmed(seconds=REST_SECONDS)


@pytest.mark.parametrize("call", ["events.list", "freebusy"])
def test_busy_times_survive_every_answer(product: Stage, call: str) -> None:
    """They are asked for before each booking: what is known serves meanwhile, and nobody is made to wait."""
    slot, waited = product.slots()[0], []
    product.execute("UPDATE calendars_calendar SET blocks_time = (is_primary OR %s)", call == "freebusy")

    def look() -> bool:
        product.execute("UPDATE calendars_knownbusy SET asked_at = asked_at - interval '1 minute'")
        began = time.monotonic()
        answer = requests.get(product.base_url + PATH, params={"slot": slot}, timeout=20)
        waited.append(time.monotonic() - began)
        return answer.status_code in (200, 503)

    for fault in PASSING_AT_GOOGLE + LASTING_AT_GOOGLE + GONE:
        kind, params = fault
        planned = product.fault("google", call, kind, **params)
        until(lambda planned=planned: look() and product.hits(planned), seconds=30)  # type: ignore[misc]
        assert waited[-1] < 4, name(fault)
    product.execute("UPDATE calendars_calendar SET blocks_time = is_primary")
    product.comes_to_rest_unharmed()


def test_mail_survives_every_answer(product: Stage) -> None:
    kinds: list[Fault] = [
        ("timeout_before", {"seconds": 11}),
        ("timeout_after", {"seconds": 11}),
        ("drop_after", {}),
        status(421),
        status(451),
        status(452, "status_after"),
        status(550),
        ("connection_stop", {}),
        ("refuse", {}),
    ]
    go_through(product, "smtp", "smtp", kinds, bookings_to_make(product, len(kinds)))
    product.comes_to_rest_unharmed(seconds=REST_SECONDS)


def test_memory_stays_bounded(product: Stage) -> None:
    """A worker that was sent fifty megabytes five times is not fifty megabytes larger."""
    before = product.memory()
    go_through(product, "zoom", "meetings.create", [("huge_body", {})] * 5, bookings_to_make(product, 5))
    product.comes_to_rest_unharmed()
    assert product.memory() < before + 50_000
