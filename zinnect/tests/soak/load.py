"""People who book, move and cancel without end, and take note of what should not happen to them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from itertools import count

import requests

from zinnect.demo.people import InviteeInPerson, Refused
from zinnect.tests.faults.harness import Booked, Stage
from zinnect.tests.soak.chaos import Chaos

PAUSE = 0.2
EXCUSED_SECONDS = 5


class Load:
    """What was done, and the answers of the product that nothing excuses."""

    def __init__(self, stage: Stage, chaos: Chaos) -> None:
        self.stage, self.chaos = stage, chaos
        self.done: Counter[str] = Counter()
        self.surprises: list[str] = []
        self._lock = threading.Lock()
        self._slots: list[str] = []
        self._people = count()

    def person(self, over: threading.Event) -> None:
        """Book, move and cancel in turn until it is over."""
        mine: list[Booked] = []
        own = InviteeInPerson(self.stage.base_url)
        while not over.wait(random.random() * PAUSE):
            try:
                self._one_thing(own, mine)
            except requests.RequestException:
                self.done["requests cut off"] += 1  # the web process was killed under it
            except (Refused, LookupError) as error:
                self._judge(str(error))
            except AssertionError as error:
                self._judge(f"no answer: {error}")

    def _one_thing(self, own: InviteeInPerson, mine: list[Booked]) -> None:
        dice = random.random()
        if dice < 0.7 or not mine:
            mine.append(self.stage.book("soak", slot=self._slot()))
            self.done["booked"] += 1
            if random.random() < 0.2:
                self._change_at_once(mine)
        elif dice < 0.85:
            self.stage.move(random.choice(mine), self._slot())
            self.done["moved"] += 1
        else:
            self.stage.cancel(mine.pop(random.randrange(len(mine))))
            self.done["cancelled"] += 1

    def _change_at_once(self, mine: list[Booked]) -> None:
        """Somebody who thinks again while the last thing is still being arranged."""
        for _ in range(random.choice([1, 2])):
            self.stage.move(mine[-1], self._slot())
            self.done["moved at once"] += 1
        if random.random() < 0.5:
            self.stage.cancel(mine.pop())
            self.done["cancelled at once"] += 1

    def _slot(self) -> str:
        with self._lock:
            if not self._slots:
                self._slots = self.stage.slots(50)
            return self._slots.pop()

    def _judge(self, words: str) -> None:
        """A time may have gone; a server error is right only where the database has just cut the connection."""
        self.done["turned away"] += 1
        cut = time.monotonic() - self.chaos.cut_at < EXCUSED_SECONDS
        if ("answered 500" in words or "(500" in words) and not cut:
            self.surprises.append(f"no rest: {words}")
