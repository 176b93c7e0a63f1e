"""Every bad answer of Zoom and Google at every call: the system comes to rest by itself, and the verdict is clean."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from zinnect.tests.faults.harness import PATH, Booked, Stage, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]

Fault = tuple[str, dict[str, Any]]


def status(status: int, kind: str = "status", **params: Any) -> Fault:
    return kind, {"status": status, **params}


# What may go wrong at any call, and passes by itself.
PASSING: list[Fault] = [
    ("refuse", {}),
    ("timeout_before", {"seconds": 3}),
    ("timeout_after", {"seconds": 3}),
    ("drop_after", {}),
    ("truncated", {}),
    ("not_json", {}),
    ("expired_401", {}),
    ("redirect", {}),
    ("huge_body", {}),
    ("slow_drip", {}),
    ("connection_stop", {"seconds": 1}),
    ("delay", {"ms": 700}),
    *(status(code) for code in (500, 502, 503)),
    *(status(code, "status_after") for code in (500, 503)),
    status(429, headers={"Retry-After": "1"}),
]
OF_GOOGLE: list[Fault] = [
    status(403, reason="userRateLimitExceeded"),
    status(403, reason="rateLimitExceeded"),
    status(403, reason="quotaExceeded"),
]
# What does not pass by itself: the booking stands all the same.
LASTING_AT_ZOOM: list[Fault] = [
    status(400, code=300),
    status(400, code=3161),
    status(400, code=4711, message="Invalid access token, does not contain scopes:[meeting:write:meeting]."),
    status(403),
    status(404, code=1001),
    status(409),
]
# The daily limit, said in both ways: Zoom's own time lies beyond the deadline, so that Meet is announced at once.
A_DAY = "You have reached the maximum per-day rate limit for this API."
A_DAY_IN_SECONDS = status(429, code=429, message=A_DAY, headers={"Retry-After": "80000"})
A_DAY_AS_A_DATE = status(
    429,
    code=429,
    message=A_DAY,
    headers={"Retry-After": (datetime.now(UTC) + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")},
)
LASTING_AT_GOOGLE: list[Fault] = [
    status(403, reason="insufficientPermissions"),
    status(403, reason="forbiddenForNonOrganizer"),
    status(400),
]


def go_through(product: Stage, service: str, call: str, kinds: list[Fault], deed: Callable[[], Any]) -> None:
    """Plan each fault in turn, and do what makes the call until it is met. The system is not waited for in between."""
    for kind, params in kinds:
        planned = product.fault(service, call, kind, **params)
        deed()
        product.wait_for_hit(planned)


def booked_before(product: Stage, count: int) -> list[Booked]:
    """Bookings that were arranged while all was well."""
    found = [product.book() for _ in range(count)]
    product.rest()
    return found


@pytest.mark.parametrize(
    ("service", "call", "kinds"),
    [
        ("zoom", "meetings.create", PASSING + LASTING_AT_ZOOM),
        ("google", "events.insert", PASSING + OF_GOOGLE + LASTING_AT_GOOGLE + [status(404), status(409), status(410)]),
        ("google", "events.patch", PASSING + OF_GOOGLE + [status(412)]),
    ],
)
def test_a_booking_survives_every_answer(product: Stage, service: str, call: str, kinds: list[Fault]) -> None:
    go_through(product, service, call, kinds, product.book)
    product.comes_to_rest_unharmed()


@pytest.mark.parametrize("limit", [A_DAY_IN_SECONDS, A_DAY_AS_A_DATE], ids=["seconds", "date"])
def test_the_limit_of_a_day_brings_meet_until_the_day_is_over(product: Stage, limit: Fault) -> None:
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

    def lose_a_meeting() -> None:
        product.fault("zoom", "meetings.create", "drop_after")
        product.book()

    go_through(product, "zoom", "meetings.list", PASSING, lose_a_meeting)
    product.comes_to_rest_unharmed()


def test_looking_for_a_lost_event_survives_every_answer(product: Stage) -> None:
    """An event is asked for only after an insert or an announcement whose answer was lost."""

    def lose_an_answer(calls: Iterator[str] = itertools.cycle(("events.insert", "events.patch"))) -> None:  # noqa: B008
        product.fault("google", next(calls), "drop_after")
        product.book()

    go_through(product, "google", "events.get", PASSING + OF_GOOGLE, lose_an_answer)
    product.comes_to_rest_unharmed()


@pytest.mark.parametrize(
    ("service", "call", "kinds"),
    [
        ("zoom", "meetings.patch", PASSING + LASTING_AT_ZOOM[:1]),
        ("google", "events.patch", PASSING + OF_GOOGLE + [status(412)]),
    ],
)
def test_moving_survives_every_answer(product: Stage, service: str, call: str, kinds: list[Fault]) -> None:
    bookings = iter(booked_before(product, len(kinds)))
    go_through(product, service, call, kinds, lambda: product.move(next(bookings)))
    product.comes_to_rest_unharmed()


@pytest.mark.parametrize(
    ("service", "call", "kinds"),
    [
        ("zoom", "meetings.delete", PASSING),
        ("google", "events.delete", PASSING + OF_GOOGLE + LASTING_AT_GOOGLE[:1]),
    ],
)
def test_cancelling_survives_every_answer(product: Stage, service: str, call: str, kinds: list[Fault]) -> None:
    bookings = iter(booked_before(product, len(kinds)))
    go_through(product, service, call, kinds, lambda: product.cancel(next(bookings)))
    product.comes_to_rest_unharmed()


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

    for kind, params in PASSING + OF_GOOGLE + LASTING_AT_GOOGLE:
        planned = product.fault("google", call, kind, **params)
        until(lambda planned=planned: look() and product.hits(planned), seconds=30)  # type: ignore[misc]
    assert max(waited) < 4
    product.execute("UPDATE calendars_calendar SET blocks_time = is_primary")
    product.comes_to_rest_unharmed()


def test_mail_survives_every_answer(product: Stage) -> None:
    kinds: list[Fault] = [
        ("timeout_before", {"seconds": 11}),
        ("drop_after", {}),
        status(451),
        status(452, "status_after"),
        ("connection_stop", {}),
        ("refuse", {}),
    ]
    go_through(product, "smtp", "smtp", kinds, product.book)
    product.comes_to_rest_unharmed()


def test_memory_stays_bounded(product: Stage) -> None:
    """A worker that was sent fifty megabytes five times is not fifty megabytes larger."""
    before = product.memory()
    go_through(product, "zoom", "meetings.create", [("huge_body", {})] * 5, product.book)
    product.comes_to_rest_unharmed()
    assert product.memory() < before + 50_000
