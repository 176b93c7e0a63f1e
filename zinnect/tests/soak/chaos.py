"""Random faults of providers, mail, broker and database, and processes killed at any moment.

What people and vendors do on their own is in ``acts.py``.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import redis

from zinnect.tests.faults.harness import Stage, killed
from zinnect.tests.soak.acts import Acts

CALLS = {
    "zoom": [
        "meetings.create",
        "meetings.create",
        "meetings.list",
        "meetings.patch",
        "meetings.delete",
        "token.refresh",
    ],
    "google": ["events.insert", "events.get", "events.patch", "events.delete", "events.list", "token.refresh"],
    "smtp": ["smtp"],
}
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("refuse", {}),
    ("timeout_before", {"seconds": 2}),
    ("timeout_after", {"seconds": 2}),
    ("drop_after", {}),
    ("truncated", {}),
    ("not_json", {}),
    ("expired_401", {}),
    ("redirect", {}),
    ("huge_body", {}),
    ("slow_drip", {}),
    ("connection_stop", {"seconds": 1}),
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("status", {"status": 429}),
    ("status_after", {"status": 502}),
    ("delay", {"ms": 600}),
]
MAIL_KINDS: list[tuple[str, dict[str, Any]]] = [
    ("drop_after", {}),
    ("status", {"status": 451}),
    ("timeout_before", {"seconds": 2}),
]


class Chaos:
    """Breaks something every second or so, something big now and then."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.acts = stage, Acts(stage)
        self.killed: Counter[str] = Counter()
        self.cut_at = float("-inf")
        """When connections to the database were last cut (monotonic)."""
        self._counted: Counter[str] = Counter()
        self._turns: list[Callable[[], None]] = []

    def run(self, over: threading.Event) -> None:
        """Until it is over. What was killed is started again, as whatever runs the product would."""
        while not over.wait(0.3 + random.random()):
            self._plan()
            if not self._turns:
                self._turns = self._shuffled()
            if random.random() < 0.3:
                self._turns.pop()()
            self.acts.reconnect()

    def _shuffled(self) -> list[Callable[[], None]]:
        """All that is big, in a new order: a short soak has each of them too."""
        big = [self._pool, self._worker, self._beat, self._web, self._hang, self._refuse, self._flush, self._database]
        return random.sample(everything := [*big, *self.acts.all()], len(everything))

    def _plan(self) -> None:
        service = random.choice(["zoom", "zoom", "google", "google", "smtp"])
        kind, params = random.choice(MAIL_KINDS if service == "smtp" else KINDS)
        self.stage.fault(service, random.choice(CALLS[service]), kind, times=random.choice([1, 1, 2]), **params)

    def _pool(self) -> None:
        self.killed["workers, all at once"] += self.stage.kill_workers()

    def _worker(self) -> None:
        index = random.randrange(2)
        self.stage.workers[index].kill()
        self.killed["workers"] += 1
        self.stage.restart_worker(index)

    def _beat(self) -> None:
        self.stage.beat.kill()
        self.killed["beat"] += 1
        self.stage.restart_beat()

    def _web(self) -> None:
        self.killed["web processes"] += sum(killed(pid) for pid in self.stage.pool(self.stage.web)[:1])

    def _hang(self) -> None:
        self.stage.redis.child.send(signal.SIGSTOP)
        time.sleep(1 + 2 * random.random())
        self.stage.redis.child.send(signal.SIGCONT)
        self.killed["broker, hung for seconds"] += 1

    def _refuse(self) -> None:
        self.stage.end_redis()
        time.sleep(1 + 2 * random.random())
        self.stage.restart_redis()
        self.killed["broker, started again empty"] += 1

    def _flush(self) -> None:
        with redis.Redis.from_url(self.stage.redis.url) as client:
            client.flushall()
        self.killed["everything in the broker"] += 1

    def _database(self) -> None:
        ended = self.stage.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND random() < 0.5"
        )
        self.cut_at = time.monotonic()
        self.killed["database connections"] += len(ended)

    def met(self) -> Counter[str]:
        """How often each kind of fault was really met, before and since all was mended."""
        found = Counter(self._counted)
        for fault in self.stage.sandbox.read("/faults"):
            found[fault["kind"]] += fault["hits"]
        return +found

    def mend(self) -> None:
        """All is well again: nothing planned, and the accounts connected."""
        self._counted = self.met()
        self.stage.sandbox.clear_faults()
        self.acts.connect_all()
