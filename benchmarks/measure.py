"""Clocks, sizes and verdicts."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
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


def cpu_seconds(*pids: int) -> float:
    """What these processes have used so far, with all that descend from them, those that have ended included.

    Linux only. By the clock of another process, ``clock_getcpuclockid(3)``, which Python has no function for: its
    number is made of the process's. What ``/proc`` tells comes in steps of ten milliseconds, which is many requests;
    it is good enough for what has ended (proc(5): stat, fields 16 and 17).
    """
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        for one in family(pid):
            with suppress(OSError):  # it ended meanwhile
                total += time.clock_gettime((~one << 3) | 2)
    return total


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
