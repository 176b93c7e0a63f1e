"""The real product, driven by the contract's variables alone, and what it takes to break it and to wait for its rest.

Web, two workers, beat, PostgreSQL, Redis and the sandbox are processes; nothing in the product knows that it is tested.
The database is read for the verdict, and written for one thing only: the second look for meetings that a lost answer
left over, ten minutes later by the rules, is brought forward.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from integrations.sandbox.testing import Sandbox
from zinnect.demo.people import OrganizerInPerson
from zinnect.demo.product import manage
from zinnect.demo.seed import EMAIL, PASSWORD
from zinnect.tests.faults.crowd import PATH, Booked, Crowd, until
from zinnect.tests.faults.machines import Machines, killed
from zinnect.tests.faults.records import Records
from zinnect.tests.faults.verdict import Facts, faults, pages

__all__ = ["PATH", "Booked", "Stage", "killed", "until"]

T = TypeVar("T")


@dataclass(kw_only=True)
class Stage(Crowd, Machines, Records):
    """The product as it runs, what it runs on, and what invitees were promised."""

    sandbox: Sandbox
    organizer: OrganizerInPerson
    reported: set[str] = field(default_factory=set)
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Token of a booking → what its page showed."""
    stuck: set[int] = field(default_factory=set)
    pool_of_threads: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)

    # --- The organizer ------------------------------------------------------------------------------------------------

    def second_organizer(self) -> OrganizerInPerson:
        """Another organizer of the same site, signed in."""
        if not self.rows("SELECT 1 FROM bookings_organizer WHERE handle = 'other'"):
            who = ["--email", "other@example.com", "--password", PASSWORD, "--handle", "other"]
            manage("create_organizer", *who, env=self.product.env)
        person = OrganizerInPerson(self.base_url)
        person.sign_in("other@example.com", PASSWORD)
        return person

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

    def in_background(self, work: Callable[[], T]) -> Future[T]:
        """Do something in a thread of its own."""
        return self.pool_of_threads.submit(work)

    # --- Rest and verdict -------------------------------------------------------------------------------------------

    def rest(self, *, seconds: float = 60) -> None:
        """Wait until everything is done, given up, or waits for a day with an error to show; else AssertionError."""
        deadline = time.monotonic() + seconds
        while unfinished := [row for row in self.unfinished() if row["id"] not in self.stuck]:
            if time.monotonic() > deadline:
                self.stuck |= {row["id"] for row in unfinished}  # said once
                raise AssertionError(f"no rest after {seconds:g} seconds: {unfinished}")
            self.ten_minutes_later()
            time.sleep(0.2)

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
        facts = self.facts()
        found = [words for words in [*faults(facts), *self._wrong_pages(facts)] if words not in self.reported]
        self.reported.update(found)
        return [*restless, *found, *self.fallen()]

    def _wrong_pages(self, facts: Facts) -> list[str]:
        """Invitees' pages that show something else than what is. Those that were right are not looked at again."""
        right = pages(facts)
        due = [token for token, shown in right.items() if self.seen.get(token) != shown]
        self.seen |= dict(zip(due, self.pool_of_threads.map(self.page, due), strict=True))
        return [
            f"the page of {self.promised.get(token, token)} shows {self.seen[token]}, not {right[token]}"
            for token in due
            if self.seen[token] != right[token]
        ]

    def comes_to_rest_unharmed(self, *, seconds: float = 60) -> None:
        """What every test ends with: an AssertionError that says all that is wrong."""
        wrong = self.verdict(seconds=seconds)
        assert not wrong, "\n".join(["", *wrong])
