"""The real product, driven by the contract's variables alone, and what it takes to break it and to wait for its rest.

Web, two workers, beat, PostgreSQL, Redis and the sandbox are processes; nothing in the product knows that it is tested.
The database is read for the verdict, and written for one thing only: the second look for meetings that a lost answer
left over, ten minutes later by the rules, is brought forward.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from integrations.sandbox.testing import Sandbox
from zinnect.demo.environment import isolated
from zinnect.demo.people import InviteeInPerson, OrganizerInPerson
from zinnect.demo.product import Product, manage, run, start_sandbox
from zinnect.demo.seed import EMAIL, PASSWORD
from zinnect.processes import Child, Household, free_port
from zinnect.servers import Server, start_redis
from zinnect.tests.faults.crowd import PATH, Booked, Crowd, until
from zinnect.tests.faults.verdict import Facts, Row, faults

T = TypeVar("T")

# One second for a call, so that a fault costs one; leases and sweeps in proportion.
TIMES = {
    "PROVIDER_TIMEOUT_SECONDS": "1",
    "ARRANGE_LEASE_SECONDS": "6",
    "SWEEP_SECONDS": "1",
    "MEETING_FALLBACK_SECONDS": "60",
    "RATE_LIMITS": "off",
}


@dataclass(kw_only=True)
class Stage(Crowd):
    """The product as it runs, what it runs on, and what invitees were promised."""

    household: Household
    product: Product
    sandbox: Sandbox
    database_url: str
    redis: Server
    organizer: OrganizerInPerson
    workers: list[Child]
    beat: Child
    web: Child
    reported: set[str] = field(default_factory=set)
    stuck: set[int] = field(default_factory=set)
    pool_of_threads: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)

    # --- The organizer and the operator -------------------------------------------------------------------------------

    def second_organizer(self) -> OrganizerInPerson:
        """Another organizer of the same site, signed in."""
        if not self.rows("SELECT 1 FROM bookings_organizer WHERE handle = 'other'"):
            who = ["--email", "other@example.com", "--password", PASSWORD, "--handle", "other"]
            manage("create_organizer", *who, env=self.product.env)
        person = OrganizerInPerson(self.base_url)
        person.sign_in("other@example.com", PASSWORD)
        return person

    def connection(self, provider: str) -> Row:
        """The organizer's connection, as the database has it."""
        (row,) = self.rows(
            "SELECT c.* FROM integrations_connection c JOIN auth_user u ON u.id = c.user_id"
            " WHERE u.email = %s AND c.provider = %s",
            EMAIL,
            provider,
        )
        return row

    def reconnect(self, provider: str) -> None:
        """The one click that mends a lost connection; nothing where it is connected."""
        page = self.organizer.get(f"/apps/integrations/{provider}/")
        if any(form.action.endswith(f"/{provider}/connect/") for form in page.forms):
            self.organizer.connect(provider, self.sandbox)

    def all_is_well_again(self) -> None:
        """Nothing planned any more, everything granted, both accounts connected."""
        self.sandbox.clear_faults()
        self.sandbox.tell("/latency", {"zoom": 0, "google": 0})
        self.new_day()
        for provider in ("google", "zoom"):
            self.sandbox.act("set_scopes", service=provider, scopes=None)
            self.reconnect(provider)

    def new_day(self) -> None:
        """What was used of daily limits was yesterday."""
        self.execute("DELETE FROM integrations_dailyuse")

    def notices(self) -> list[str]:
        """Subjects of the mails to the organizer that speak of no booking, but of a connection."""
        known = {str(row["uid"]) for row in self.rows("SELECT uid FROM bookings_message")}
        mails = self.sandbox.mails(EMAIL)
        ours = [mail for mail in mails if mail["message_id"].strip("<>").partition("@")[0] not in known]
        return [mail["subject"] for mail in ours if "limit" not in mail["subject"]]

    def restart(self, **changes: str) -> None:
        """Start web, workers and beat again, with changes of the environment."""
        for child in (self.beat, *self.workers, self.web):
            self.household.end(child)
        self.product.env = {**self.product.env, **changes}
        self.workers = [self.product.worker(), self.product.worker()]
        self.beat = self.product.beat()
        self.web = self.product.web(int(self.base_url.rpartition(":")[2]), workers=2)

    def open_day_and_night(self) -> None:
        """Bookable at any half-hour of any day."""
        self.execute("DELETE FROM bookings_weeklyhours")
        self.execute(
            "INSERT INTO bookings_weeklyhours (schedule_id, weekday, from_minute, to_minute)"
            " SELECT id, day, 0, 1440 FROM bookings_schedule, generate_series(0, 6) day"
        )

    # --- The database -----------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[Row]:
        """The rows of a query, as dictionaries."""
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as connection:
            return list(connection.execute(query.encode(), values).fetchall())

    def execute(self, statement: str, *values: object) -> None:
        """Write to the database, as the operator might."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement.encode(), values)

    # --- Faults -----------------------------------------------------------------------------------------------------

    def fault(self, service: str, call: str, kind: str, *, times: int | None = 1, **params: Any) -> int:
        """Plan a fault of the sandbox; its id."""
        return self.sandbox.fault(service=service, call=call, kind=kind, times=times, params=params)

    def hits(self, fault_id: int) -> int:
        """How often a planned fault was met."""
        return next((int(f["hits"]) for f in self.sandbox.read("/faults") if f["id"] == fault_id), 0)

    def wait_for_hit(self, fault_id: int, *, seconds: float = 30) -> None:
        """Wait until a planned fault was met; raises AssertionError that names it."""
        try:
            until(lambda: self.hits(fault_id), seconds=seconds)
        except AssertionError:
            plan = next((f for f in self.sandbox.read("/faults") if f["id"] == fault_id), None)
            raise AssertionError(f"nothing met {plan}") from None

    def memory(self) -> int:
        """Kilobytes of the largest process that does work."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,rss="], capture_output=True, text=True, check=True).stdout
        sizes = {int(pid): int(size) for pid, size in (line.split() for line in listed.splitlines())}
        return max(sizes.get(pid, 0) for worker in self.workers for pid in self.pool(worker))

    def pool(self, worker: Child) -> list[int]:
        """The processes of a worker that do the work."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = (line.split() for line in listed.splitlines())
        return [int(pid) for pid, parent in pairs if int(parent) == worker.popen.pid]

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Signal one process."""
        os.kill(pid, number)

    def kill_pool(self) -> int:
        """``kill -9`` of every process that does work now; how many there were."""
        return sum(killed(pid) for worker in self.workers for pid in self.pool(worker))

    def restart_worker(self, index: int = 0) -> None:
        """Let a worker that was killed start again."""
        self.household.end(self.workers[index])
        self.workers[index] = self.product.worker()

    def in_background(self, work: Callable[[], T]) -> Future[T]:
        """Do something in a thread of its own."""
        return self.pool_of_threads.submit(work)

    def shell(self, code: str) -> str:
        """Run code inside the product's own environment; its output."""
        return manage("shell", "-v", "0", "-c", code, env=self.product.env)

    # --- Rest and verdict -------------------------------------------------------------------------------------------

    def rest(self, *, seconds: float = 60) -> None:
        """Wait until everything is done, given up, or waits for a day with an error to show; else AssertionError."""
        deadline = time.monotonic() + seconds
        while unfinished := self._unfinished():
            if time.monotonic() > deadline:
                self.stuck |= {row["id"] for row in unfinished}  # said once
                raise AssertionError(f"no rest after {seconds:g} seconds: {unfinished}")
            self._ten_minutes_later()
            time.sleep(0.2)

    def _unfinished(self) -> list[Row]:
        found = self.rows(
            "SELECT id, invitee_email, status, revision, arranged_revision, next_attempt_at, attempts, last_error,"
            " lease_owner, lease_until FROM bookings_booking"
            " WHERE (arranged_revision < revision OR lease_until IS NOT NULL) AND gave_up_at IS NULL"
            " AND NOT (lease_until IS NULL AND last_error <> '' AND next_attempt_at > now() + interval '1 hour')"
        )
        return [row for row in found if row["id"] not in self.stuck]

    def _ten_minutes_later(self) -> None:
        """Second looks that are only waiting for their time are due, once lists have caught up with the lost call."""
        self.execute(
            "WITH looks AS (UPDATE bookings_meeting SET look_again_at = now() WHERE look_again_at > now() + interval"
            " '1 minute' AND attempted_at < now() - interval '3 seconds' RETURNING booking_id)"
            " UPDATE bookings_booking SET next_attempt_at = now() WHERE id IN (SELECT booking_id FROM looks)"
            " AND next_attempt_at > now() + interval '1 minute'"
        )

    def facts(self) -> Facts:
        """Everything that the verdict looks at."""
        everything, bookings = self.sandbox.state(), self.rows("SELECT * FROM bookings_booking")
        cut_off = {row["token"]: row["invitee_email"] for row in bookings if row["invitee_email"] in self.unsure}
        return Facts(
            bookings=bookings,
            guests=self.rows("SELECT * FROM bookings_guest"),
            meeting_rows=self.rows("SELECT * FROM bookings_meeting"),
            entries=self.rows(
                "SELECT e.*, c.connection_id FROM bookings_calendarentry e"
                " JOIN calendars_calendar c ON c.id = e.calendar_id"
            ),
            timeline=self.rows("SELECT * FROM bookings_timelineentry"),
            announcements=self.rows("SELECT * FROM bookings_announcement"),
            messages=self.rows("SELECT * FROM bookings_message"),
            connections=self.rows("SELECT id, user_id, provider, status, generation FROM integrations_connection"),
            organizers=self.rows(
                "SELECT o.id, o.user_id, o.timezone, u.email"
                " FROM bookings_organizer o JOIN auth_user u ON u.id = o.user_id"
            ),
            events=everything["google"]["events"],
            meetings=everything["zoom"]["meetings"],
            ledger=everything["google"]["ledger"],
            mails=everything["mails"],
            now=datetime.now(UTC),
            promised=cut_off | self.promised,
        )

    def verdict(self, *, seconds: float = 60) -> list[str]:
        """Wait for rest; what is wrong then and was not said before."""
        try:
            self.rest(seconds=seconds)
            restless = []
        except AssertionError as error:
            restless = [str(error)]
        found = [words for words in faults(self.facts()) if words not in self.reported]
        self.reported.update(found)
        fallen = [
            f"{child.name} ended by itself: {child.tail()}" for child in self.household.children if not child.running
        ]
        return [*restless, *found, *fallen]

    def comes_to_rest_unharmed(self, *, seconds: float = 60) -> None:
        """What every test ends with: an AssertionError that says all that is wrong."""
        wrong = self.verdict(seconds=seconds)
        assert not wrong, "\n".join(["", *wrong])


def killed(pid: int) -> bool:
    """``kill -9``; whether there was such a process."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """A database of its own on a server; its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def stage(server: str, folder: Path, **changes: str) -> Iterator[Stage]:
    """Everything started and both accounts connected; ``changes`` are variables of the environment."""
    with Household() as household, database(server, f"faults_{os.getpid()}") as database_url:
        yield _start(household, database_url, folder, {**TIMES, **changes})


def _start(household: Household, database_url: str, folder: Path, times: dict[str, str]) -> Stage:
    redis, port = start_redis(household), free_port()
    webhooks = f"--product-webhook-url=http://127.0.0.1:{port}/webhooks/zoom/"
    sandbox = start_sandbox(household, folder, webhooks)
    env = isolated(
        **sandbox.environment(),
        BASE_URL=f"http://127.0.0.1:{port}",
        DATABASE_URL=database_url,
        REDIS_URL=redis.url,
        **times,
    )
    del env["ZINNECT_SANDBOX"]
    manage("collectstatic", "--noinput", "--verbosity", "0", env=env)
    run("-m", "zinnect.demo.seed", env=env)
    product = Product(household, folder, env)
    workers = [product.worker(), product.worker()]
    beat, web, base_url = product.beat(), product.web(port, workers=2), f"http://127.0.0.1:{port}"
    organizer, invitee = OrganizerInPerson(base_url), InviteeInPerson(base_url)
    sandbox.act("daily_limit", limit=100_000)
    organizer.sign_in(EMAIL, PASSWORD)
    for provider in ("google", "zoom"):
        organizer.connect(provider, sandbox)
    return Stage(
        household=household,
        product=product,
        sandbox=sandbox,
        database_url=database_url,
        redis=redis,
        base_url=base_url,
        organizer=organizer,
        invitee=invitee,
        workers=workers,
        beat=beat,
        web=web,
    )


__all__ = ["PATH", "Booked", "Stage", "killed", "stage", "until"]
