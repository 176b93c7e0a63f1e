"""Processes that die, and connections that break, between any two steps: the rest of the system finishes the work.

A process is held at a step without any hook in the product: a call hangs at the sandbox's side, or a write waits for a
lock on its table. There it gets ``kill -9``.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from psycopg import sql

from zinnect.tests.faults.harness import Booked, Stage, killed, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]

# What a booking, a move and a cancel write, in the order of the first time.
TABLES = ["bookings_announcement", "bookings_message", "bookings_timelineentry", "bookings_booking"]
FIRST_TABLES = ["bookings_calendarentry", "bookings_meeting", *TABLES]


def deeds(product: Stage, change: str, count: int) -> Iterator[Callable[[], object]]:
    """So many bookings, moves or cancels to make; what is moved or cancelled was arranged in peace."""
    if change == "confirm":
        yield from [product.book] * count
        return
    before = [product.book(change) for _ in range(count)]
    product.rest()
    todo: dict[str, Callable[[Booked], object]] = {"move": product.move, "cancel": product.cancel}
    yield from (partial(todo[change], booked) for booked in before)


CALLS = {
    "confirm": [("google", "events.insert"), ("zoom", "meetings.create"), ("google", "events.patch"), ("smtp", "smtp")],
    "move": [("google", "events.patch"), ("zoom", "meetings.patch"), ("smtp", "smtp")],
    "cancel": [("google", "events.delete"), ("zoom", "meetings.delete"), ("smtp", "smtp")],
}


@pytest.mark.parametrize("change", CALLS)
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
def test_a_worker_is_killed_in_the_middle_of_a_call(product: Stage, change: str, kind: str) -> None:
    for (service, call), deed in zip(CALLS[change], deeds(product, change, len(CALLS[change])), strict=True):
        planned = product.fault(service, call, kind, seconds=3)
        deed()
        product.wait_for_hit(planned)
        assert product.kill_workers() >= 2
    product.comes_to_rest_unharmed()


@contextmanager
def held(product: Stage, table: str) -> Iterator[psycopg.Connection]:
    """Let every write to a table wait. Everybody may read."""
    with psycopg.connect(product.database_url) as connection:
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(table)))
        yield connection
        connection.rollback()


WAITING = (
    "SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
    " JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()"
    " WHERE NOT l.granted AND c.relname = %s"
)


@pytest.mark.parametrize("change", ["confirm", "move", "cancel"])
@pytest.mark.parametrize("lost", [True, False], ids=["before-the-write", "after-the-write"])
def test_a_worker_is_killed_at_a_write(product: Stage, change: str, lost: bool) -> None:
    """The write itself is lost with the worker, or was still carried out by the database."""
    tables = FIRST_TABLES if change == "confirm" else TABLES
    for table, deed in zip(tables, deeds(product, change, len(tables)), strict=True):
        with _held_after(product, deed, table):
            waiting = until(lambda table=table: product.rows(WAITING, table), seconds=20)  # type: ignore[misc]
            product.kill_workers()
            if lost:
                for row in waiting:
                    product.execute("SELECT pg_terminate_backend(%s)", row["pid"])
    product.comes_to_rest_unharmed()


@contextmanager
def _held_after(product: Stage, deed: Callable[[], object], table: str) -> Iterator[None]:
    """A request may write to the table too: it is let through, while the worker is held at its first call."""
    product.sandbox.tell("/latency", {"google": 700})
    deed()
    with held(product, table):
        product.sandbox.tell("/latency", {"google": 0})
        yield


def test_the_database_closes_every_connection_in_the_middle(product: Stage) -> None:
    for _ in range(6):
        planned = product.fault("zoom", "meetings.create", "delay", ms=500)
        product.book()
        product.wait_for_hit(planned)
        product.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    product.comes_to_rest_unharmed()


def test_a_whole_worker_is_killed_and_another_takes_over(product: Stage) -> None:
    for index in (0, 1):
        planned = product.fault("zoom", "meetings.create", "timeout_after", seconds=3)
        booked = [product.book() for _ in range(4)]
        product.wait_for_hit(planned)
        product.workers[index].kill()
        assert until(lambda booked=booked: _ready(product, booked), seconds=60)  # type: ignore[misc]
        product.restart_worker(index)
    product.comes_to_rest_unharmed()


def _ready(product: Stage, booked: list[Booked]) -> bool:
    return all(product.shown(one)[0] == "ready" for one in booked)


def test_beat_is_killed_and_started_again(product: Stage) -> None:
    product.beat.kill()
    product.fault("zoom", "meetings.create", "status", status=503)
    booked = product.book()
    product.restart_beat()
    until(lambda: product.shown(booked)[0] == "ready", seconds=30)
    product.comes_to_rest_unharmed()


REVISION = "SELECT token, revision FROM bookings_booking WHERE invitee_email = %s"


@pytest.mark.parametrize("change", ["confirm", "move", "cancel"])
def test_the_web_process_is_killed_between_commit_and_publish(product: Stage, change: str) -> None:
    """The broker hangs, so that the request is held where it publishes: what was asked for is stored by then."""
    deed, email = asked_for(product, change)
    before = product.rows(REVISION, email)
    product.redis.child.send(signal.SIGSTOP)
    try:
        sent = product.in_background(deed)
        until(lambda: product.rows(REVISION, email) != before, seconds=10)
        assert all(killed(pid) for pid in product.pool(product.web))
    finally:
        product.redis.child.send(signal.SIGCONT)
    assert sent.exception(20) is not None, "the invitee got an answer"
    assert product.rows(REVISION, email) != before  # it stands all the same
    product.comes_to_rest_unharmed()


def asked_for(product: Stage, change: str) -> tuple[Callable[[], object], str]:
    """What asks for a booking, a move or a cancel, and by whom."""
    (slot,) = product.slots()
    if change == "confirm":
        email, (_page, form) = product.address("cut.off"), product.form(slot)
        return partial(product.post, form, slot=slot, email=email), email
    booked = product.book("cut.off")
    product.rest()
    return partial(product.move, booked, slot) if change == "move" else partial(product.cancel, booked), booked.email


def test_a_worker_that_is_asked_to_stop_finishes_or_hands_back(product: Stage) -> None:
    product.sandbox.tell("/latency", {"zoom": 500, "google": 200})
    for _ in range(6):
        product.book()
    product.workers[0].send(signal.SIGTERM)
    product.workers[0].popen.wait(30)
    assert product.workers[0].popen.returncode == 0
    product.restart_worker(0)
    product.comes_to_rest_unharmed()
