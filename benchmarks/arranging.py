"""Goals 4 and 5: from booking to link on an idle system, and what arranging costs when there is much of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from celery import Celery

from benchmarks.booking import Invitee
from benchmarks.house import BOTH, OURS, PYTHON, House
from benchmarks.measure import Verdict, cpu_seconds, family, megabytes, percentile
from benchmarks.pages import serving
from benchmarks.rows import one, unarranged
from zinnect.processes import Child

LATENCY_MS = 200
IDLE_BOOKINGS, IDLE_MS = 30, 2 * LATENCY_MS + 60
LOAD_BOOKINGS, LOAD_CPU_MS, LOAD_MB = 240, 30.0, 300.0
TOLERANCE = 1.1
PART_BOOKINGS, PART_TASKS = 45, 150

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
    nothing_cpu: float
    """CPU milliseconds of a task of the same workers that finds nothing to do: how dear CPU is on this machine now."""


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
    command = [PYTHON, "-m", *line.partition(":")[2].split(), *how.split(), "--hostname", f"bench-{number}@%h"]
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


@dataclass(frozen=True)
class Linked:
    """Milliseconds from the answer of the POST to the end of arranging, and provider calls for a booking."""

    median: float
    p95: float
    calls: float


def idle(house: House) -> list[Verdict]:
    """With both accounts, and with the calendar alone."""
    found = []
    for zoom, expected in ((True, 3), (False, 1)):
        linked = one_by_one(house, zoom=zoom)
        goal = IDLE_MS if zoom else IDLE_MS - LATENCY_MS
        figures = (
            f"p95 {linked.p95:.0f} ms, median {linked.median:.0f} ms with {LATENCY_MS} ms a call (goal ≤ {goal});"
            f" {linked.calls:g} provider calls (goal {expected})"
        )
        name = "from booking to link" if zoom else "the same without Zoom"
        found.append(Verdict(4, name, figures, linked.p95 <= goal and linked.calls == expected))
    return found


def one_by_one(house: House, *, zoom: bool) -> Linked:
    """One booking after the other, each through the page, on an idle system."""
    house.database.execute(LISTEN.encode())
    set_zoom(house, "connected" if zoom else "removed")
    with working(house), serving(house, "zinnect.wsgi") as (_child, port):
        invitee = Invitee(port)
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
    set_zoom(house, "connected")
    # The busy question is the page's, and mail goes to no provider.
    made = sum(count for call, count in calls.items() if call not in ("mail", "GET events"))
    return Linked(percentile(times, 0.5), percentile(times, 0.95), made / IDLE_BOOKINGS)


def set_zoom(house: House, status: str) -> None:
    """Every organizer's Zoom account from here on."""
    house.database.execute("UPDATE integrations_connection SET status = %s WHERE provider = 'zoom'", [status])


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
        processes = [child.popen.pid for child in children]
        database = house.postgres.child.popen.pid
        nothing = _of_nothing(house, app, processes)
        before, database_before, began = cpu_seconds(*processes), cpu_seconds(database), time.monotonic()
        for booking_id in ids:
            app.send_task("bookings.tasks.arrange_booking", args=[booking_id], ignore_result=True)
        done = wait_for(house, set(ids), seconds=bookings / 2)
        cpu, database_cpu = cpu_seconds(*processes) - before, cpu_seconds(database) - database_before
        size = megabytes(pid for each in processes for pid in family(each))
        calls = house.ask_standins("/counts")
        house.ask_standins("/latency/0")
    rate = bookings / (max(done.values()) - began)
    return Load(cpu / bookings * 1000, database_cpu / bookings * 1000, rate, size / workers, calls, nothing)


def by_part(house: House, one_worker: Load) -> str:
    """On what the CPU goes, in words: what is done for a booking, and what Celery adds to it."""
    ids = unarranged(house.database, booking=house.template, count=PART_BOOKINGS)
    command = [sys.executable, "-m", "benchmarks.parts"]
    with house.measured():
        done = subprocess.run(
            command, cwd=house.root, env=house.env, input=json.dumps(ids), capture_output=True, text=True, check=True
        )
    parts = {**json.loads(done.stdout), "Celery": one_worker.nothing_cpu}
    listed = ", ".join(f"{part} {spent:.1f}" for part, spent in parts.items() if part != "CPU")
    return f"CPU by part, in samples of one thread that has nobody beside it, in ms: {listed}"


def _of_nothing(house: House, app: Celery, processes: list[int]) -> float:
    """CPU milliseconds of a task that finds no such booking."""
    before = cpu_seconds(*processes)
    with redis.Redis.from_url(house.redis.url) as client:
        for number in range(PART_TASKS):
            app.send_task("bookings.tasks.arrange_booking", args=[2**40 + number], ignore_result=True)
        while client.llen("celery") or client.hlen("unacked"):
            time.sleep(0.05)
    return (cpu_seconds(*processes) - before) / PART_TASKS * 1000


def deliver(house: House, app: Celery, count: int) -> None:
    """Let the workers arrange some, so that what is done once is done."""
    ids = unarranged(house.database, booking=house.template, count=count)
    for booking_id in ids:
        app.send_task("bookings.tasks.arrange_booking", args=[booking_id], ignore_result=True)
    wait_for(house, set(ids), seconds=60)


def under_load(house: House) -> list[Verdict]:
    """One worker on a core of its own; then, on both cores, one and two beside each other."""
    alone = load(house)
    house.cores = BOTH
    one_worker, two_workers = load(house), load(house, workers=2)
    house.cores = OURS
    found = verdicts(alone, one_worker, two_workers)
    print(f"            {by_part(house, alone)}", flush=True)
    return found


def verdicts(alone: Load, one_worker: Load, two_workers: Load) -> list[Verdict]:
    """``alone``: on one core; the others on both, which the stand-ins and PostgreSQL need too."""
    rate_goal = 1000 / LOAD_CPU_MS
    nothing = alone.nothing_cpu
    figures = (
        f"{alone.cpu:.1f} ms CPU a booking (goal ≤ {LOAD_CPU_MS:g}), {alone.cpu / nothing:.1f} × a task that"
        f" finds nothing to do ({nothing:.1f} ms); PostgreSQL {alone.database_cpu:.1f} ms;"
        f" {alone.rate:.0f} a second (goal ≥ {rate_goal:.0f}); {alone.megabytes:.0f} MB (goal ≤ {LOAD_MB:g})"
    )
    # Latency is not what limits it where the process is busy all the time.
    busy = alone.cpu * alone.rate / 1000
    met = alone.cpu <= LOAD_CPU_MS and alone.rate >= rate_goal and alone.megabytes <= LOAD_MB
    more = two_workers.cpu / one_worker.cpu
    return [
        Verdict(5, "arranging under load", f"{figures}; the process is busy {busy:.0%} of the time", met),
        Verdict(
            5,
            "two workers",
            f"{two_workers.cpu:.1f} ms CPU a booking: {more:.2f} × of one (goal ≤ {TOLERANCE:g} ×);"
            f" {two_workers.rate:.0f} a second on both cores",
            more <= TOLERANCE,
        ),
    ]
