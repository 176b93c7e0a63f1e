"""What the organizer, Zoom and time do on their own while people book: an account removed, a meeting deleted."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from kombu.exceptions import OperationalError

from zinnect.demo.people import Refused
from zinnect.tests.faults.harness import Stage, until

AWAY_SECONDS = 5
"""How long the organizer leaves an account unconnected."""
TROUBLE = (Refused, OSError, LookupError, ValueError)
"""What may happen to somebody who clicks while everything breaks: they click again."""


class Acts:
    """Each is counted by its name in the table."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.done: Counter[str] = Counter()
        self._away_since = 0.0

    def all(self) -> list[Callable[[], None]]:
        """Everything that may happen."""
        often = [self._deliver_again, self._delete_meeting] * 2
        return [self._expire, self._remove, self._withdraw, *often]

    def _expire(self) -> None:
        self.stage.sandbox.act("expire_tokens", service=random.choice(["zoom", "google"]))
        self.done["tokens run out"] += 1

    def _remove(self) -> None:
        """The organizer removes Zoom, and connects it again some seconds later."""
        try:
            self.stage.organizer.remove("zoom")
        except TROUBLE:
            return
        self.done["Zoom removed"] += 1

    def _deliver_again(self) -> None:
        """The broker hands out what is under way several times over, and goes on so for a while."""
        ends = time.monotonic() + 2
        while time.monotonic() < ends:
            for row in self.stage.unfinished():
                try:
                    self.stage.deliver(row["id"], 3)
                except OperationalError:
                    return  # it is away itself
                self.done["tasks delivered again"] += 3
            time.sleep(0.2)

    def _delete_meeting(self) -> None:
        """The host deletes one in Zoom, which says so until it is heard."""
        live = self.stage.sandbox.meetings(live=True)
        if live:
            meeting = random.choice(live)
            self.stage.sandbox.act("delete_meeting", id=meeting["id"])
            self._say("meeting.deleted", {"object": {"id": meeting["id"], "host_id": meeting["host_id"]}})
            self.done["meetings deleted in Zoom"] += 1

    def _withdraw(self) -> None:
        """The user takes the access away in Zoom, which says so, and twice."""
        if self.stage.sandbox.act("revoke_grant", service="zoom", webhook=False)["revoked"]:
            self._say("app_deauthorized")
            self._say("app_deauthorized")
            self.done["access withdrawn in Zoom"] += 1

    def _say(self, event: str, payload: dict[str, Any] | None = None) -> None:
        """As Zoom does: again until it is answered with 200."""

        def heard() -> bool:
            return bool(self.stage.sandbox.act("send_webhook", event=event, payload=payload)["status"] == 200)

        until(heard, seconds=60)

    def reconnect(self) -> None:
        """The organizer does what page and mail ask for, not at once."""
        lost = [name for name in ("zoom", "google") if self.stage.connection(name)["status"] != "connected"]
        if not lost:
            self._away_since = time.monotonic()
        elif time.monotonic() > self._away_since + AWAY_SECONDS:
            for provider in lost:
                self._click(provider)

    def _click(self, provider: str) -> bool:
        try:
            self.stage.reconnect(provider)
        except TROUBLE:
            return False
        self.done[f"{provider.title()} connected again"] += 1
        return True

    def connect_all(self) -> None:
        """Until both accounts work."""
        for provider in ("zoom", "google"):
            while self.stage.connection(provider)["status"] != "connected":
                until(lambda provider=provider: self._click(provider), seconds=60)  # type: ignore[misc]
