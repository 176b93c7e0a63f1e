"""Everything that is measured, started on this machine: PostgreSQL, Redis, the stand-ins, and the product's processes.

What is measured runs on one core and everything else on the other, where the system can say so.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from benchmarks.rows import Connection
from zinnect.demo.environment import isolated
from zinnect.demo.product import run
from zinnect.processes import Household
from zinnect.servers import Server, start_postgres, start_redis

ROOT = Path(__file__).resolve().parents[1]
ORGANIZERS = 40
OURS, OTHERS, BOTH = {0}, {1}, {0, 1}
"""The core of what is measured, and the core of everything else."""
PYTHON = str(Path(os.environ.get("MEASURED_PYTHON", sys.executable)).absolute())
"""What runs what is measured. ``make`` gives one with nothing but requirements.txt: libraries import what they find."""


@dataclass
class House:
    """The running servers, and how to start what is measured."""

    household: Household
    folder: Path
    env: dict[str, str]
    standins: int
    database: Connection
    template: int = 0
    redis: Server = field(kw_only=True)
    postgres: Server = field(kw_only=True)
    root: Path = ROOT
    cores: set[int] = field(default_factory=lambda: set(OURS))
    """Where what is measured runs."""

    @contextmanager
    def measured(self) -> Iterator[None]:
        """What is started inside runs on the core of what is measured."""
        pin(0, self.cores)
        try:
            yield
        finally:
            pin(0, OTHERS)

    def forget_tasks(self) -> None:
        """Leave nothing in the queue for a worker that is started later."""
        with redis.Redis.from_url(self.redis.url) as client:
            client.flushdb()

    def ask_standins(self, path: str) -> dict[str, int]:
        """GET of the stand-ins' own pages: ``/counts``, ``/latency/200``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.standins, timeout=10)
        connection.request("GET", path)
        answer: dict[str, int] = json.loads(connection.getresponse().read())
        connection.close()
        return answer


def pin(pid: int, cores: set[int]) -> None:
    """Keep a process, and what it starts, on these cores; where there is but one core, or no way to say so, nothing."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, cores)


@contextmanager
def house() -> Iterator[House]:
    """Everything started, the organizers set up, and one booking made and arranged, of which others are copies."""
    pin(0, OTHERS)
    with Household() as household:
        folder = household.folder(prefix="zinnect-bench-")
        postgres, redis_server = start_postgres(household), start_redis(household)
        standins, smtp = _start_standins(household, folder)
        env = _environment(postgres.url, redis_server.url, standins, smtp)
        run("manage.py", "migrate", "--verbosity", "0", env=env)
        run("manage.py", "collectstatic", "--noinput", "--verbosity", "0", env=env)
        template = run("-m", "benchmarks.people", str(ORGANIZERS), env=env).split()[-1]
        with psycopg.connect(postgres.url, autocommit=True) as database:
            yield House(
                household, folder, env, standins, database, int(template), redis=redis_server, postgres=postgres
            )


def _start_standins(household: Household, folder: Path) -> tuple[int, int]:
    log = folder / "standins.log"
    child = household.spawn("stand-ins", [sys.executable, "-m", "benchmarks.standins", "0"], log=log, cwd=ROOT)
    child.wait_until(lambda: log.read_bytes().endswith(b"]\n"), seconds=30)
    http_port, smtp_port = json.loads(log.read_text())
    return http_port, smtp_port


def _environment(database_url: str, redis_url: str, standins: int, smtp: int) -> dict[str, str]:
    at = f"http://127.0.0.1:{standins}"
    return isolated(
        BASE_URL="http://localhost:8000",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        EMAIL_URL=f"smtp://127.0.0.1:{smtp}",
        RATE_LIMITS="off",
        ZOOM_CLIENT_ID="bench",
        ZOOM_CLIENT_SECRET="bench",
        ZOOM_API_URL=f"{at}/v2",
        ZOOM_OAUTH_URL=f"{at}/oauth",
        GOOGLE_CLIENT_ID="bench",
        GOOGLE_CLIENT_SECRET="bench",
        GOOGLE_API_URL=at,
        GOOGLE_TOKEN_URL=f"{at}/token",
        GOOGLE_REVOKE_URL=f"{at}/revoke",
    )
