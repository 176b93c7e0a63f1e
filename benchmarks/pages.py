"""Goal 2: what a look at a public page costs, beside a bare Django view with one query on the same server."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.house import PYTHON, House
from benchmarks.measure import Client, Verdict, cpu_seconds, percentile, timed
from zinnect.processes import Child, free_port

ROUNDS, LOOKS, CLIENTS, RUSH_SECONDS = 5, 60, 4, 2.0
TIMES_BARE, P95_MS, GROWTH = 4.0, 25.0, 1.2


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds a request (the median of the rounds), p95 in milliseconds at one client, requests a second.

    ``database``: PostgreSQL's CPU milliseconds, which the goal does not count, but its growth does.
    """

    cpu: float
    p95: float
    database: float
    rate: float = 0.0


@dataclass(frozen=True)
class Served:
    """A server with one process of eight threads, and what is asked of it."""

    child: Child
    port: int
    path: str
    postgres: int

    def looks(self) -> Cost:
        """One browser that looks again and again."""
        client, web = Client(self.port), self.child.popen.pid
        client.get(self.path)
        before, before_behind = cpu_seconds(web), cpu_seconds(self.postgres)
        times = [timed(partial(client.get, self.path)) for _ in range(LOOKS)]
        cpu, database = cpu_seconds(web) - before, cpu_seconds(self.postgres) - before_behind
        return Cost(cpu / LOOKS * 1000, percentile(times, 0.95), database / LOOKS * 1000)

    def rush(self) -> float:
        """Requests a second of several browsers."""
        until, done = time.monotonic() + RUSH_SECONDS, [0] * CLIENTS

        def keep_looking(number: int) -> None:
            client = Client(self.port)
            while time.monotonic() < until:
                client.get(self.path)
                done[number] += 1

        threads = [threading.Thread(target=keep_looking, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) / RUSH_SECONDS


@contextmanager
def serving(house: House, application: str) -> Iterator[tuple[Child, int]]:
    """A gunicorn with one process of eight threads on the core of what is measured."""
    port, log = free_port(), house.folder / f"{application.partition(':')[0]}.log"
    how = ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    command = [PYTHON, "-m", "gunicorn", application, *how]
    with house.measured():
        child = house.household.spawn(application, command, log=log, env=house.env, cwd=house.root)
    child.wait_until(lambda: answers(port), seconds=60)
    try:
        yield child, port
    finally:
        house.household.end(child)


def answers(port: int) -> bool:
    """Whether anything is answered there."""
    try:
        return Client(port).send("GET", "/healthz")[0] > 0
    except OSError:
        return False


def next_month() -> tuple[str, str]:
    """The first and the last day of the next month, in which all of the measured times lie ahead."""
    first = (datetime.now(UTC).replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"


def measure(house: House) -> dict[str, Cost]:
    """The bare view, the page and slots.json, in turns, so that a busy machine slows all of them."""
    first, last = next_month()
    with serving(house, "benchmarks.bare") as bare, serving(house, "zinnect.wsgi") as product:
        postgres = house.postgres.child.popen.pid
        asked = {
            "bare": Served(*bare, "/bench-0/", postgres),
            "page": Served(*product, f"/bench-0/intro/?month={first[:7]}", postgres),
            "slots.json": Served(*product, f"/bench-0/intro/slots.json?start={first}&end={last}", postgres),
        }
        for served in asked.values():
            served.looks()  # what is compiled or looked up once is
        rounds = [{name: served.looks() for name, served in asked.items()} for _ in range(ROUNDS)]
        rates = {name: served.rush() for name, served in asked.items()}
    return {
        name: Cost(
            statistics.median(costs[name].cpu for costs in rounds),
            statistics.median(costs[name].p95 for costs in rounds),
            statistics.median(costs[name].database for costs in rounds),
            rates[name],
        )
        for name in asked
    }


def verdicts(costs: dict[str, Cost], *, rows: str, before: dict[str, Cost] | None = None) -> list[Verdict]:
    """``rows``: how many bookings there were; ``before``: the costs with few of them, of which these are a multiple."""
    found = []
    for name in ("page", "slots.json"):
        cost, bare = costs[name], costs["bare"]
        if before is None:
            ratio = cost.cpu / bare.cpu
            figures = (
                f"{cost.cpu:.1f} ms CPU, bare view {bare.cpu:.1f} ms: {ratio:.1f} × (goal ≤ {TIMES_BARE:g} ×);"
                f" p95 {cost.p95:.1f} ms (goal ≤ {P95_MS:g}); {cost.rate:.0f} a second, bare view {bare.rate:.0f}"
            )
            met = ratio <= TIMES_BARE and cost.p95 <= P95_MS
        else:
            now, then = _with_database(costs, name), _with_database(before, name)
            figures = (
                f"{now:.1f} × the bare view, PostgreSQL's CPU included ({cost.database:.1f} ms),"
                f" {then:.1f} × with few: {now / then:.2f} of it (goal ≤ {GROWTH:g})"
            )
            met = now / then <= GROWTH
        found.append(Verdict(2, f"{name}, {rows}", figures, met))
    return found


def _with_database(costs: dict[str, Cost], name: str) -> float:
    return (costs[name].cpu + costs[name].database) / (costs["bare"].cpu + costs["bare"].database)
