"""Clocks, sizes and verdicts."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    """One line of the report: both figures, and whether the goal is met."""

    goal: int
    what: str
    figures: str
    met: bool

    def __str__(self) -> str:
        return f"{'met    ' if self.met else 'not met'}  {self.goal}. {self.what}: {self.figures}"


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, its_parent in pairs if its_parent == parent]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """What the processes have used so far, those of their threads that have ended included (Linux only).

    By the clock of another process, ``clock_getcpuclockid(3)``, which Python has no function for: its number is made
    of the process's. What ``/proc`` tells comes in steps of ten milliseconds, which is many requests.
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


class Pace:
    """How slow the cores are at a moment: the CPU milliseconds of a loop that is always the same.

    On a shared machine the same work takes up to twice the CPU time, as others use the other half of a core and its
    caches. Where a goal is in CPU milliseconds, it is told as at the best pace of the run; ratios need no such thing.
    """

    best = float("inf")

    @classmethod
    def now(cls, cores: set[int]) -> float:
        """The least of three rounds, on these cores."""
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        spent = min(_loop() for _ in range(3))
        os.sched_setaffinity(0, mine)
        cls.best = min(cls.best, spent)
        return spent


def _loop() -> float:
    began, total = time.process_time(), 0
    for number in range(300_000):
        total += number * number
    return (time.process_time() - began) * 1000


def megabytes(pids: Iterable[int]) -> float:
    """What the processes hold in memory, each page that they share counted for every one of them (RSS)."""
    sizes = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return sum(sizes) * os.sysconf("SC_PAGE_SIZE") / 1e6


def percentile(values: list[float], part: float) -> float:
    """The value below which ``part`` (0..1) of the values lie."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


class Client:
    """One browser that keeps its connection, as a person behind a proxy does."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str) -> bytes:
        """The body of a page; raises RuntimeError for any status but 200."""
        return self.send("GET", path)[2]

    def send(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body."""
        known = {"Host": "localhost:8000", "Accept-Encoding": "gzip", "Accept-Language": "en-US", **headers}
        for last in (False, True):
            try:
                self._connection.request(method, path, body or None, known)
                answer = self._connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self._connection.close()  # it was idle for too long
                if last:
                    raise
        raise AssertionError("unreachable")


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
