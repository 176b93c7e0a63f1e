"""Random faults of providers, mail, broker and database, and processes killed at any moment."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter

import redis

from zinnect.demo.people import Refused
from zinnect.tests.faults.harness import Stage, killed

CALLS = {
    "zoom": ["meetings.create", "meetings.list", "meetings.patch", "meetings.delete"],
    "google": ["events.insert", "events.get", "events.patch", "events.delete", "events.list"],
    "smtp": ["smtp"],
}
KINDS = [
    ("refuse", {}),
    ("timeout_before", {"seconds": 2}),
    ("timeout_after", {"seconds": 2}),
    ("drop_after", {}),
    ("truncated", {}),
    ("not_json", {}),
    ("expired_401", {}),
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("status", {"status": 429}),
    ("status_after", {"status": 502}),
    ("slow_drip", {}),
    ("delay", {"ms": 600}),
]
MAIL_KINDS = [("drop_after", {}), ("status", {"status": 451}), ("timeout_before", {"seconds": 2})]


class Chaos:
    """Breaks something every second or so, something big now and then."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.killed: Counter[str] = Counter()
        self.cut_at = float("-inf")
        """When connections to the database were last cut (monotonic)."""

    def run(self, over: threading.Event) -> None:
        """Until it is over. What was killed is started again, as whatever runs the product would."""
        big = [self._pool, self._worker, self._beat, self._web, self._hang, self._flush, self._database, self._expire]
        while not over.wait(0.3 + random.random()):
            self._plan()
            if random.random() < 0.12:
                random.choice(big)()
            self._reconnect()

    def _plan(self) -> None:
        service = random.choice(["zoom", "zoom", "google", "google", "smtp"])
        kind, params = random.choice(MAIL_KINDS if service == "smtp" else KINDS)
        self.stage.fault(service, random.choice(CALLS[service]), kind, times=random.choice([1, 1, 2]), **params)

    def _pool(self) -> None:
        self.killed["worker processes"] += self.stage.kill_pool()

    def _worker(self) -> None:
        index = random.randrange(2)
        self.stage.workers[index].kill()
        self.killed["workers"] += 1
        self.stage.restart_worker(index)

    def _beat(self) -> None:
        self.stage.beat.kill()
        self.killed["beat"] += 1
        self.stage.household.end(self.stage.beat)
        self.stage.beat = self.stage.product.beat()

    def _web(self) -> None:
        self.killed["web processes"] += sum(killed(pid) for pid in self.stage.pool(self.stage.web)[:1])

    def _hang(self) -> None:
        self.stage.redis.child.send(signal.SIGSTOP)
        time.sleep(1 + 2 * random.random())
        self.stage.redis.child.send(signal.SIGCONT)
        self.killed["broker, for seconds"] += 1

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

    def _expire(self) -> None:
        self.stage.sandbox.act("expire_tokens", service=random.choice(["zoom", "google"]))
        self.killed["tokens, expired"] += 1

    def _reconnect(self) -> None:
        """The organizer does what the mail asks for: a process killed during a refresh can cost the connection."""
        for provider in ("zoom", "google"):
            if self.stage.connection(provider)["status"] == "needs_reconnect":
                try:
                    self.stage.reconnect(provider)
                except (Refused, OSError, LookupError):
                    continue  # the next turn tries again
                self.killed[f"connections of {provider}, mended by a click"] += 1

    def met(self) -> Counter[str]:
        """How often each kind of fault was really met."""
        found: Counter[str] = Counter()
        for fault in self.stage.sandbox.read("/faults"):
            found[fault["kind"]] += fault["hits"]
        return +found

    def mend(self) -> None:
        """All is well again: nothing planned, and the accounts connected. The counts are kept for the table."""
        counted = self.met()
        self.stage.sandbox.clear_faults()
        self.met = lambda: counted  # type: ignore[method-assign]
        self._reconnect()
