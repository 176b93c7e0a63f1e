"""Goal 6: what web and worker hold in memory, and how long it takes from start to the first answer."""

from __future__ import annotations

import statistics
import tempfile
import time

from benchmarks.arranging import working
from benchmarks.house import PYTHON, House
from benchmarks.measure import Client, Verdict, family, megabytes
from benchmarks.pages import answers
from zinnect.processes import free_port

STARTS = 5
WEB_MB, WORKER_MB, START_SECONDS = 120.0, 150.0, 1.5


def start(house: House, *, compiled: str = "") -> tuple[float, float]:
    """Seconds until the first answer, and megabytes of the serving process after some pages.

    ``compiled``: a folder for compiled modules in place of the usual one.
    """
    port, log = free_port(), house.folder / "start.log"
    how = ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    env = {**house.env, **({"PYTHONPYCACHEPREFIX": compiled} if compiled else {})}
    with house.measured():
        began = time.monotonic()
        command = [PYTHON, "-m", "gunicorn", "zinnect.wsgi", *how]
        child = house.household.spawn("start", command, log=log, env=env, cwd=house.root)
    child.wait_until(lambda: answers(port), seconds=90)
    seconds = time.monotonic() - began
    client = Client(port)
    for _ in range(20):
        client.get("/bench-0/intro/")
    size = max(megabytes([pid]) for pid in family(child.popen.pid))
    house.household.end(child)
    return seconds, size


def verdicts(house: House) -> list[Verdict]:
    """Web and worker, each as the Procfile has it, with one process of web."""
    starts = [start(house) for _ in range(STARTS)]
    with tempfile.TemporaryDirectory(prefix="zinnect-bench-") as folder:
        cold, _size = start(house, compiled=folder)
    seconds, web = statistics.median(first for first, _ in starts), statistics.median(size for _, size in starts)
    with working(house) as (worker,):
        worker_size = megabytes(family(worker.popen.pid))
    return [
        Verdict(6, "memory of a web process", f"{web:.0f} MB (goal ≤ {WEB_MB:g})", web <= WEB_MB),
        Verdict(
            6, "memory of an idle worker", f"{worker_size:.0f} MB (goal ≤ {WORKER_MB:g})", worker_size <= WORKER_MB
        ),
        Verdict(
            6,
            "from start to the first answer",
            f"{seconds:.2f} s (goal ≤ {START_SECONDS:g}); {cold:.1f} s where nothing is compiled yet",
            seconds <= START_SECONDS,
        ),
    ]
