"""Invitees in any number, over HTTP: they see times, book, move and cancel, and what they were told is remembered."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from zinnect.demo.pages import Form, Page
from zinnect.demo.people import InviteeInPerson
from zinnect.demo.seed import HANDLE

PATH = f"/{HANDLE}/intro/"
ZONE = "Europe/Paris"


@dataclass
class Booked:
    """A booking that an invitee was told of by a 303."""

    token: str
    email: str
    url: str
    start: str


@dataclass(kw_only=True)
class Crowd:
    """Everybody who books at the one organizer's."""

    base_url: str
    invitee: InviteeInPerson
    promised: dict[str, str] = field(default_factory=dict)
    """Token of every booking that was confirmed by a 303 → its invitee."""
    unsure: set[str] = field(default_factory=set)
    """Those who sent the form and got no answer, or a server error."""
    used: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def offered(self, path: str = PATH) -> list[str]:
        """The times that a page offers. While they cannot be shown (503) it asks again."""
        first = datetime.now(UTC).date() + timedelta(days=2)
        asked = {"start": str(first), "end": str(first + timedelta(days=55)), "tz": "UTC"}

        def times() -> list[str]:
            answer = requests.get(f"{self.base_url}{path}slots.json", params=asked, timeout=20)
            return list(answer.json().get("slots", []))

        found: list[str] = until(times, seconds=20)
        return found

    def slots(self, count: int = 1) -> list[str]:
        """Offered times that no test took yet."""
        free = [slot for slot in self.offered() if slot not in self.used][:count]
        self.used.update(free)
        return free

    def form(self, slot: str) -> tuple[Page, Form]:
        """The booking form for a time, as somebody sees it."""
        page = until(lambda: self._form_page(slot), seconds=20)
        return page, page.form("email")

    def _form_page(self, slot: str) -> Page | None:
        page = self.invitee.get(f"{PATH}?slot={slot}&tz={ZONE}")
        return page if any(form.has("email") for form in page.forms) else None

    def invitee_form(self, slot: str, path: str = PATH) -> requests.Response:
        """The same page as one more person gets it, with a form of its own."""
        return requests.get(f"{self.base_url}{path}", params={"slot": slot, "tz": ZONE}, timeout=60)

    def address(self, word: str = "invitee") -> str:
        """An address that nobody else books with."""
        return f"{word}.{next(self.numbers)}@example.org"

    def post(self, form: Form, *, slot: str, email: str, **more: str) -> requests.Response:
        """Send the booking form; what came back, whatever it is. A 303 is a promise."""
        values = {"name": "Sample Invitee", "email": email, "slot": slot, "tz": ZONE, **more}
        self.unsure.add(email)  # until there is an answer: the booking may stand although nobody hears of it
        answer = requests.post(form.action, data=form.filled(**values), allow_redirects=False, timeout=60)
        if answer.status_code < 500:
            self.unsure.discard(email)
        if answer.status_code == 303:
            self.promised[answer.headers["Location"].strip("/").rpartition("/")[2]] = email
        return answer

    def book(self, word: str = "invitee", *, slot: str = "") -> Booked:
        """Book as a new person; the first free time unless ``slot`` says which. Sent again while Google is silent."""
        slot = slot or self.slots()[0]
        email, (_page, form) = self.address(word), self.form(slot)

        def sent() -> requests.Response | None:
            answer = self.post(form, slot=slot, email=email)
            return None if answer.status_code == 503 else answer

        answer = until(sent, seconds=30)
        assert answer.status_code == 303, (answer.status_code, Page("", answer.text).text[:400])
        path = answer.headers["Location"]
        return Booked(path.strip("/").rpartition("/")[2], email, self.base_url + path, slot)

    def move(self, booked: Booked, slot: str = "") -> Booked:
        """Move a booking by the invitee's link."""
        slot = slot or self.slots()[0]

        def sent() -> bool:
            ask = self.move_form(booked, slot)
            answer = requests.post(ask.action, data=ask.filled(), allow_redirects=False, timeout=20)
            assert answer.status_code in (303, 503), (answer.status_code, Page("", answer.text).text[:400])
            return answer.status_code == 303

        until(sent, seconds=30)
        booked.start = slot
        return booked

    def move_form(self, booked: Booked, slot: str) -> Form:
        """The form that moves a booking to a time."""

        def form() -> Form | None:
            page = self.invitee.get(f"{booked.url}reschedule/?slot={slot}&tz={ZONE}")
            return next((one for one in page.forms if one.method == "post" and one.has("slot")), None)

        found: Form = until(form, seconds=20)
        return found

    def cancel(self, booked: Booked) -> None:
        """Cancel a booking by the invitee's link."""
        page = self.invitee.get(f"{booked.url}cancel/")
        self.invitee.send(page, page.form(action="/cancel/"))

    def page(self, token: str) -> tuple[str, str]:
        """(status, join URL) as a booking's page says them."""
        answer = requests.get(f"{self.base_url}/b/{token}/", timeout=20)
        page = Page(answer.url, answer.text)
        return page.mark("status"), page.mark("join-url")

    def shown(self, booked: Booked) -> tuple[str, str]:
        """(status, provider) as the invitee's page says them."""
        shown = self.invitee.look(booked.url)
        return shown.status, shown.provider


def until(condition: Callable[[], Any], *, seconds: float) -> Any:
    """Wait until a condition holds; its value."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} seconds in vain")
        time.sleep(0.05)
    return found
