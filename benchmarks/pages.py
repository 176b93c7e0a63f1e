"""Goal 2: what a look at a public page costs, beside a bare Django view with one query on the same server."""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.house import House
from benchmarks.measure import Client, Verdict, cpu_seconds, family, percentile, timed
from zinnect.processes import Child, free_port

ROUNDS, LOOKS, CLIENTS, RUSH_SECONDS = 5, 60, 4, 2.0
TIMES_BARE, P95_MS, GROWTH = 4.0, 25.0, 1.2


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds a request (the median of the rounds), p95 in milliseconds at one client, requests a second."""

    cpu: float
    p95: float
    rate: float = 0.0


@dataclass(frozen=True)
class Served:
    """A server with one process of eight threads, and what is asked of it."""

    child: Child
    port: int
    path: str

    def looks(self) -> Cost:
        """One browser that looks again and again."""
        client, processes = Client(self.port), family(self.child.popen.pid)
        before = cpu_seconds(processes)
        times = [timed(partial(client.get, self.path)) for _ in range(LOOKS)]
        return Cost((cpu_seconds(processes) - before) / LOOKS * 1000, percentile(times, 0.95))

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
    command = [sys.executable, "-m", "gunicorn", application, *how]
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
        asked = {
            "bare": Served(*bare, "/bench-0/"),
            "page": Served(*product, f"/bench-0/intro/?month={first[:7]}"),
            "slots.json": Served(*product, f"/bench-0/intro/slots.json?start={first}&end={last}"),
        }
        for served in asked.values():
            served.looks()  # what is compiled or looked up once is
        rounds = [{name: served.looks() for name, served in asked.items()} for _ in range(ROUNDS)]
        rates = {name: served.rush() for name, served in asked.items()}
    return {
        name: Cost(
            statistics.median(costs[name].cpu for costs in rounds),
            statistics.median(costs[name].p95 for costs in rounds),
            rates[name],
        )
        for name in asked
    }


def verdicts(costs: dict[str, Cost], *, rows: str, before: dict[str, Cost] | None = None) -> list[Verdict]:
    """``rows``: how many bookings there were; ``before``: with few of them."""
    bare, found = costs["bare"], []
    for name in ("page", "slots.json"):
        cost, ratio = costs[name], costs[name].cpu / bare.cpu
        figures = (
            f"{cost.cpu:.1f} ms CPU, bare view {bare.cpu:.1f} ms: {ratio:.1f} × (goal ≤ {TIMES_BARE:g} ×);"
            f" p95 {cost.p95:.1f} ms (goal ≤ {P95_MS:g}); {cost.rate:.0f} a second, bare view {bare.rate:.0f}"
        )
        met = ratio <= TIMES_BARE and cost.p95 <= P95_MS
        if before is not None:
            earlier = before[name].cpu / before["bare"].cpu
            figures += f"; {ratio / earlier:.2f} × of that with few bookings (goal ≤ {GROWTH:g} ×)"
            met = ratio / earlier <= GROWTH
        found.append(Verdict(2, f"{name}, {rows}", figures, met))
    return found
