"""The processes of the product under test, and what ends, holds and starts them."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from celery import Celery

from zinnect.demo.product import Product, manage
from zinnect.processes import Child, Household
from zinnect.servers import Server, start_redis


@dataclass(kw_only=True)
class Machines:
    """Web, workers, beat and Redis. The sandbox and PostgreSQL stay up."""

    household: Household
    product: Product
    redis: Server
    workers: list[Child]
    beat: Child
    web: Child
    base_url: str

    def restart(self, **changes: str) -> None:
        """Start web, workers and beat again, with changes of the environment."""
        ending = (self.beat, *self.workers, self.web)
        for child in ending:
            child.send(child.stop_signal)
        for child in ending:
            self.household.end(child)
        self.product.env = {**self.product.env, **changes}
        self.workers = [self.product.worker(), self.product.worker()]
        self.beat = self.product.beat()
        self.web = self.product.web(int(self.base_url.rpartition(":")[2]), workers=2)

    def restart_worker(self, index: int = 0) -> None:
        """Let a worker that was killed start again."""
        self.household.end(self.workers[index])
        self.workers[index] = self.product.worker()

    def restart_beat(self) -> None:
        """Let beat start again."""
        self.household.end(self.beat)
        self.beat = self.product.beat()

    def end_redis(self) -> None:
        """From here on connections to the broker are refused."""
        self.household.end(self.redis.child)

    def restart_redis(self) -> None:
        """A new, empty server at the same address."""
        self.redis = start_redis(self.household, port=int(self.redis.url.rpartition(":")[2].partition("/")[0]))

    def deliver(self, booking_id: int, times: int) -> None:
        """Hand a booking to the workers so many times at once, as a broker does that loses its acknowledgements.

        Raises kombu's OperationalError while the broker is away.
        """
        with Celery(broker=self.redis.url, set_as_current=False) as app:
            for _ in range(times):
                app.send_task("bookings.tasks.arrange_booking", args=[booking_id], ignore_result=True, retry=False)

    def memory(self) -> int:
        """Kilobytes of the largest process that does work."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,rss="], capture_output=True, text=True, check=True).stdout
        sizes = {int(pid): int(size) for pid, size in (line.split() for line in listed.splitlines())}
        return max(sizes.get(pid, 0) for worker in self.workers for pid in self.pool(worker))

    def pool(self, worker: Child) -> list[int]:
        """The processes of a server or worker that do the work: those that it started, else itself."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = (line.split() for line in listed.splitlines())
        return [int(pid) for pid, parent in pairs if int(parent) == worker.popen.pid] or [worker.popen.pid]

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Signal one process."""
        os.kill(pid, number)

    def kill_workers(self) -> int:
        """``kill -9`` of every worker, each of which is started again; how many there were."""
        count = sum(killed(worker.popen.pid) for worker in self.workers)
        for index in range(len(self.workers)):
            self.restart_worker(index)
        return count

    def shell(self, code: str) -> str:
        """Run code inside the product's own environment; its output."""
        return manage("shell", "-v", "0", "-c", code, env=self.product.env)

    def fallen(self) -> list[str]:
        """Processes that ended although nobody asked them to."""
        ended = [child for child in self.household.children if not child.running]
        return [f"{child.name} ended by itself: {child.tail()}" for child in ended]


def killed(pid: int) -> bool:
    """``kill -9``; whether there was such a process."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
