"""The broker fails while bookings come in: requests answer at once, and every booking is arranged afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import redis
import requests
from requests.adapters import HTTPAdapter

from zinnect.demo.people import OrganizerInPerson
from zinnect.demo.seed import EMAIL, PASSWORD
from zinnect.tests.faults.harness import Booked, Stage, until
from zinnect.tests.faults.start import stage

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]

LONGEST = 2.0
"""Seconds a request may take with the broker down."""
WEBHOOK = 1.0
"""Seconds a webhook may take, whatever is down."""


@dataclass(frozen=True)
class Took:
    """How long a request of the product took, to its last byte."""

    seconds: float
    what: str


@contextmanager
def clocked(product: Stage) -> Iterator[list[Took]]:
    """Note how long each request to the product takes, whoever sends it."""
    took: list[Took] = []
    send = HTTPAdapter.send

    def watched(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        began = time.monotonic()
        answer = send(self, request, *args, **{**kwargs, "stream": False})
        if (request.url or "").startswith(product.base_url):
            took.append(Took(time.monotonic() - began, f"{request.method} {request.path_url}"))
        return answer

    with mock.patch.object(HTTPAdapter, "send", watched):
        yield took


def everybody_does_everything(product: Stage, before: list[Booked]) -> None:
    """Look, book, move and cancel; sign in, look at bookings and accounts, remove one and connect it again."""
    for _ in range(2):
        product.shown(product.book("no.broker"))
    product.move(before[0])
    product.cancel(before[1])
    organizer = OrganizerInPerson(product.base_url)
    organizer.sign_in(EMAIL, PASSWORD)
    for path in ("/bookings/", "/event-types/", "/availability/", "/settings/", "/apps/integrations/zoom/", "/readyz"):
        organizer.get(path)
    organizer.remove("zoom")
    organizer.connect("zoom", product.sandbox)


def arranged_before(product: Stage) -> list[Booked]:
    """Two bookings from better times."""
    found = [product.book("before") for _ in range(2)]
    product.rest()
    return found


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Stage]:
    """A product that counts requests in the broker's server too."""
    with stage(os.environ["DATABASE_URL"], tmp_path, RATE_LIMITS="default") as running:
        yield running


@pytest.mark.parametrize("which", ["product", "limited"])
def test_a_broker_that_hangs(request: pytest.FixtureRequest, which: str) -> None:
    product: Stage = request.getfixturevalue(which)
    before = arranged_before(product)
    product.redis.child.send(signal.SIGSTOP)
    try:
        with clocked(product) as took:
            everybody_does_everything(product, before)
    finally:
        product.redis.child.send(signal.SIGCONT)
    assert [one for one in took if one.seconds >= LONGEST] == []
    product.comes_to_rest_unharmed()


def test_a_broker_that_refuses_and_comes_back_empty(product: Stage) -> None:
    """It goes away in the middle of tasks: workers live on, and take them up again."""
    before = arranged_before(product)
    product.sandbox.tell("/latency", {"zoom": 400, "google": 400})
    asked = len(product.sandbox.calls("meetings.create"))
    for slot in product.slots(3):
        product.book("in.the.middle", slot=slot)
    until(lambda: len(product.sandbox.calls("meetings.create")) > asked, seconds=20)
    product.end_redis()
    try:
        with clocked(product) as took:
            everybody_does_everything(product, before)
    finally:
        product.restart_redis()
    assert [one for one in took if one.seconds >= LONGEST] == []
    product.comes_to_rest_unharmed()


def test_a_webhook_is_answered_within_a_second_while_the_broker_hangs(product: Stage) -> None:
    """And acted upon afterwards: the sweep finds what the broker did not take."""
    booked = product.book("webhook")
    product.comes_to_rest_unharmed()
    old = product.invitee.look(booked.url).join_url
    meeting = next(meeting for meeting in product.sandbox.meetings(live=True) if meeting["join_url"] == old)
    product.redis.child.send(signal.SIGSTOP)
    try:
        product.sandbox.act("delete_meeting", id=meeting["id"])
        event = {"account_id": "any", "object": {"id": meeting["id"], "host_id": meeting["host_id"]}}
        began = time.monotonic()
        answer = product.sandbox.act("send_webhook", event="meeting.deleted", payload=event)
        took = time.monotonic() - began
    finally:
        product.redis.child.send(signal.SIGCONT)
    assert (answer["status"], took < WEBHOOK) == (200, True), took
    until(lambda: product.invitee.look(booked.url).join_url not in ("", old), seconds=30)
    product.comes_to_rest_unharmed()


def test_a_broker_that_loses_everything(product: Stage) -> None:
    with redis.Redis.from_url(product.redis.url) as client:
        for _ in range(4):
            product.book("flushed")
            client.flushall()
    product.comes_to_rest_unharmed()


def test_the_same_task_delivered_five_times_at_once(product: Stage) -> None:
    """As a broker does that loses its acknowledgements."""
    product.sandbox.tell("/latency", {"zoom": 300, "google": 300})
    for _ in range(4):
        booked = product.book("five.times")
        (row,) = product.rows("SELECT id FROM bookings_booking WHERE token = %s", booked.token)
        product.deliver(row["id"], 5)
    product.comes_to_rest_unharmed()
    assert not product.rows("SELECT 1 FROM bookings_timelineentry WHERE kind = 'fault'")


def test_many_at_once_while_the_broker_hangs(product: Stage) -> None:
    slots = product.slots(10)
    forms = [product.form(slot)[1] for slot in slots]
    send: list[Callable[[], requests.Response]] = [
        partial(product.post, form, slot=slot, email=product.address()) for form, slot in zip(forms, slots, strict=True)
    ]
    product.redis.child.send(signal.SIGSTOP)
    try:
        with clocked(product) as took:
            answers = [one.result(20) for one in [product.in_background(post) for post in send]]
    finally:
        product.redis.child.send(signal.SIGCONT)
    assert {answer.status_code for answer in answers} == {303}
    assert [one for one in took if one.seconds >= LONGEST] == []
    product.comes_to_rest_unharmed()
