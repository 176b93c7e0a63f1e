"""Goals 4 and 5: from booking to link on an idle system, and what arranging costs when there is much of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from celery import Celery

from benchmarks.booking import Invitee
from benchmarks.house import House
from benchmarks.measure import Verdict, cpu_seconds, family, megabytes, percentile
from benchmarks.pages import serving
from benchmarks.rows import one, unarranged
from zinnect.processes import Child

LATENCY_MS = 200
IDLE_BOOKINGS, IDLE_MS = 30, 2 * LATENCY_MS + 60
LOAD_BOOKINGS, LOAD_CPU_MS, LOAD_MB = 400, 30.0, 300.0
TOLERANCE = 1.1

# Whoever listens hears of each booking that has just been arranged; nobody has to ask again and again.
LISTEN = """
CREATE OR REPLACE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('arranged', NEW.id::text); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER bench_tell AFTER UPDATE OF arranged_revision ON bookings_booking FOR EACH ROW
WHEN (NEW.arranged_revision = NEW.revision AND OLD.arranged_revision < NEW.arranged_revision)
EXECUTE FUNCTION bench_tell();
LISTEN arranged
"""


@dataclass(frozen=True)
class Load:
    """What arranging many bookings took: CPU milliseconds of the workers and of PostgreSQL for one, and the rest."""

    cpu: float
    database_cpu: float
    rate: float
    megabytes: float
    calls: dict[str, int]


@contextmanager
def working(house: House, *, workers: int = 1, how: str = "") -> Iterator[list[Child]]:
    """Workers as the Procfile starts them, on the core of what is measured; ``how`` comes after that."""
    started = [start_worker(house, number, how) for number in range(workers)]
    try:
        yield started
    finally:
        for child in started:
            house.household.end(child)


def start_worker(house: House, number: int, how: str = "") -> Child:
    """One worker; ready when this returns."""
    line = next(line for line in (house.root / "Procfile").read_text().splitlines() if line.startswith("worker:"))
    command = [sys.executable, "-m", *line.partition(":")[2].split(), *how.split(), "--hostname", f"bench-{number}@%h"]
    log = house.folder / f"worker-{number}.log"
    log.write_bytes(b"")
    with house.measured():
        child = house.household.spawn(f"worker-{number}", command, log=log, env=house.env, cwd=house.root)
    child.wait_until(lambda: b"ready" in log.read_bytes(), seconds=60)
    return child


def wait_for(house: House, ids: set[int], *, seconds: float) -> dict[int, float]:
    """When (``time.monotonic()``) each of the bookings was arranged. AssertionError where one is not in time."""
    done: dict[int, float] = {}
    until = time.monotonic() + seconds
    while ids - done.keys() and time.monotonic() < until:
        for notice in house.database.notifies(timeout=until - time.monotonic(), stop_after=1):
            done[int(notice.payload)] = time.monotonic()
    assert not ids - done.keys(), f"{len(ids - done.keys())} of {len(ids)} not arranged in {seconds:g} s"
    return done


def idle(house: House) -> list[Verdict]:
    """One booking after the other, each through the page; from the answer of the POST to the end of its arranging."""
    house.database.execute(LISTEN.encode())
    found = []
    for zoom, expected in ((True, 3), (False, 1)):
        state = "connected" if zoom else "removed"
        house.database.execute(
            f"UPDATE integrations_connection SET status = '{state}' WHERE provider = 'zoom'".encode()
        )
        with working(house), serving(house, "zinnect.wsgi") as (_child, port):
            times, calls = _one_by_one(house, Invitee(port))
        p95, each = percentile(times, 0.95), sum(calls.values()) / IDLE_BOOKINGS
        goal = IDLE_MS if zoom else IDLE_MS - LATENCY_MS
        figures = (
            f"p95 {p95:.0f} ms, median {percentile(times, 0.5):.0f} ms with {LATENCY_MS} ms a call (goal ≤ {goal});"
            f" {each:g} provider calls (goal {expected})"
        )
        name = "from booking to link" if zoom else "the same without Zoom"
        found.append(Verdict(4, name, figures, p95 <= goal and each == expected))
    house.database.execute(b"UPDATE integrations_connection SET status = 'connected' WHERE provider = 'zoom'")
    return found


def _one_by_one(house: House, invitee: Invitee) -> tuple[list[float], dict[str, int]]:
    invitee.send(*invitee.form(0))
    _newest_arranged(house)
    forms = [invitee.form(number) for number in range(1, IDLE_BOOKINGS + 1)]
    house.ask_standins(f"/latency/{LATENCY_MS}")
    house.ask_standins("/counts")
    times = []
    for form in forms:
        invitee.send(*form)
        answered = time.monotonic()
        times.append((_newest_arranged(house) - answered) * 1000)
    calls = house.ask_standins("/counts")
    house.ask_standins("/latency/0")
    calls.pop("mail", None)
    calls.pop("GET events", None)  # the busy question is the page's
    return times, calls


def _newest_arranged(house: House) -> float:
    newest = int(str(one(house.database, "SELECT max(id) FROM bookings_booking WHERE form_key NOT LIKE 'form-%'")))
    return wait_for(house, {newest}, seconds=20)[newest]


def load(house: House, *, bookings: int = LOAD_BOOKINGS, workers: int = 1, how: str = "") -> Load:
    """So many bookings at once, all calls taking 200 ms."""
    house.database.execute(LISTEN.encode())
    house.forget_tasks()
    with (
        working(house, workers=workers, how=how) as children,
        Celery(broker=house.redis.url, set_as_current=False) as app,
    ):
        deliver(house, app, 4 * workers)
        ids = unarranged(house.database, booking=house.template, count=bookings)
        house.ask_standins(f"/latency/{LATENCY_MS}")
        house.ask_standins("/counts")
        processes = [pid for child in children for pid in family(child.popen.pid)]
        database = family(house.postgres.child.popen.pid)
        before, database_before, began = cpu_seconds(processes), cpu_seconds(database), time.monotonic()
        for booking_id in ids:
            app.send_task("bookings.tasks.arrange_booking", args=[booking_id], ignore_result=True)
        done = wait_for(house, set(ids), seconds=bookings / 2)
        cpu, database_cpu = cpu_seconds(processes) - before, cpu_seconds(database) - database_before
        size = megabytes(processes)
        calls = house.ask_standins("/counts")
        house.ask_standins("/latency/0")
    rate = bookings / (max(done.values()) - began)
    return Load(cpu / bookings * 1000, database_cpu / bookings * 1000, rate, size / workers, calls)


def deliver(house: House, app: Celery, count: int) -> None:
    """Let the workers arrange some, so that what is done once is done."""
    ids = unarranged(house.database, booking=house.template, count=count)
    for booking_id in ids:
        app.send_task("bookings.tasks.arrange_booking", args=[booking_id], ignore_result=True)
    wait_for(house, set(ids), seconds=60)


def verdicts(one_worker: Load, two_workers: Load) -> list[Verdict]:
    """Of one worker, and of two beside it."""
    rate_goal = 1000 / LOAD_CPU_MS
    figures = (
        f"{one_worker.cpu:.1f} ms CPU a booking (goal ≤ {LOAD_CPU_MS:g}), PostgreSQL {one_worker.database_cpu:.1f} ms;"
        f" {one_worker.rate:.0f} a second (goal ≥ {rate_goal:.0f}); {one_worker.megabytes:.0f} MB (goal ≤ {LOAD_MB:g})"
    )
    # Latency is not what limits it where the process is busy all the time.
    busy = one_worker.cpu * one_worker.rate / 1000
    met = one_worker.cpu <= LOAD_CPU_MS and one_worker.rate >= rate_goal and one_worker.megabytes <= LOAD_MB
    more = two_workers.cpu / one_worker.cpu
    return [
        Verdict(5, "arranging under load", f"{figures}; the process is busy {busy:.0%} of the time", met),
        Verdict(
            5,
            "two workers",
            f"{two_workers.cpu:.1f} ms CPU a booking: {more:.2f} × of one (goal ≤ {TOLERANCE:g} ×);"
            f" {two_workers.rate:.0f} a second on one core",
            more <= TOLERANCE,
        ),
    ]
