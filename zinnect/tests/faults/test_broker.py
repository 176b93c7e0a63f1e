"""The broker fails while bookings come in: requests answer at once, and every booking is arranged afterwards."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
import requests

from zinnect.processes import Child
from zinnect.servers import find_redis
from zinnect.tests.faults.harness import Stage, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]

LONGEST = 2.0
"""Seconds a request may take with the broker down."""


def book_timed(product: Stage, count: int = 3) -> list[float]:
    """How long each of so many bookings took the invitee, from sending the form to its 303."""
    took = []
    for slot in product.slots(count):
        _page, form = product.form(slot)
        began = time.monotonic()
        answer = product.post(form, slot=slot, email=product.address("no.broker"))
        took.append(time.monotonic() - began)
        assert answer.status_code == 303
    return took


def start_again(product: Stage) -> None:
    """A new, empty server at the same address."""
    port, folder = str(urlsplit(product.redis.url).port), product.product.folder
    log = folder / "redis-again.log"
    command: list[str | Path] = [find_redis(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    child: Child = product.household.spawn("redis", command, log=log)
    product.redis = type(product.redis)(product.redis.url, child)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    with redis.Redis.from_url(product.redis.url, socket_timeout=1) as client:
        child.wait_until(answers, seconds=20)


def test_a_broker_that_hangs(product: Stage) -> None:
    product.redis.child.send(signal.SIGSTOP)
    try:
        took = book_timed(product)
    finally:
        product.redis.child.send(signal.SIGCONT)
    assert max(took) < LONGEST
    product.comes_to_rest_unharmed()


def test_a_broker_that_refuses_and_comes_back_empty(product: Stage) -> None:
    product.household.end(product.redis.child)
    try:
        took = book_timed(product)
    finally:
        start_again(product)
    assert max(took) < LONGEST
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
    publish = "from bookings.tasks import arrange_booking; [arrange_booking.delay({id}) for _ in range(5)]"
    for _ in range(2):
        booked = product.book("five.times")
        (row,) = product.rows("SELECT id FROM bookings_booking WHERE token = %s", booked.token)
        product.shell(publish.format(id=row["id"]))
    product.comes_to_rest_unharmed()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_page_for_machines_answers_without_a_broker(product: Stage, path: str) -> None:
    product.redis.child.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert requests.get(product.base_url + path, timeout=20).status_code == 200
        assert time.monotonic() - began < 2 * LONGEST
    finally:
        product.redis.child.send(signal.SIGCONT)
    until(lambda: all(child.running for child in product.workers), seconds=5)


def test_many_at_once_while_the_broker_hangs(product: Stage) -> None:
    slots = product.slots(10)
    forms = [product.form(slot)[1] for slot in slots]
    product.redis.child.send(signal.SIGSTOP)
    try:
        work: list[Callable[[], int]] = [
            lambda form=form, slot=slot: product.post(form, slot=slot, email=product.address()).status_code  # type: ignore[misc]
            for form, slot in zip(forms, slots, strict=True)
        ]
        with ThreadPoolExecutor(10) as pool:
            assert set(pool.map(lambda send: send(), work)) == {303}
    finally:
        product.redis.child.send(signal.SIGCONT)
    product.comes_to_rest_unharmed()
