"""An organizer and an invitee who use the product over HTTP alone, with what its pages offer them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

import requests

from integrations.sandbox.testing import Sandbox
from zinnect.demo.pages import Form, Page

SECONDS = 20


class Refused(Exception):
    """A page did not do what the person came for; the message says what it said."""


class Person:
    """Somebody with a browser that has cookies and no JavaScript."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.http.trust_env = False
        # A server closes a connection that is idle, and a form sent over it at that very moment would be lost.
        self.http.headers["Connection"] = "close"

    def get(self, path: str) -> Page:
        """Open a page; raises Refused unless the answer is 200."""
        return self._read(self.http.get(urljoin(self.base_url, path), timeout=SECONDS))

    def send(self, page: Page, form: Form, **values: str) -> Page:
        """Fill in a form of a page and send it; where it leads to."""
        return self._read(self._post(page, form, values, follow=True))

    def leave_by(self, page: Page, form: Form, **values: str) -> str:
        """Send a form that answers with a redirect; where that points, without going there."""
        answer = self._post(page, form, values, follow=False)
        if answer.status_code not in (302, 303):
            raise Refused(f"{page.url} answered {answer.status_code}: {Page(page.url, answer.text).text[:500]}")
        return urljoin(page.url, answer.headers["Location"])

    def _post(self, page: Page, form: Form, values: dict[str, str], *, follow: bool) -> requests.Response:
        return self.http.post(
            form.action,
            data=form.filled(**values),
            headers={"Referer": page.url},
            allow_redirects=follow,
            timeout=SECONDS,
        )

    def _read(self, answer: requests.Response) -> Page:
        page = Page(answer.url, answer.text)
        if answer.status_code != 200:
            raise Refused(f"{answer.url} answered {answer.status_code}: {page.text[:500]}")
        return page


class OrganizerInPerson(Person):
    """Signs in, connects and removes integrations."""

    def sign_in(self, email: str, password: str) -> None:
        """By the sign-in page; raises Refused when it lets nobody in."""
        page = self.get("/accounts/login/")
        after = self.send(page, page.form("login"), login=email, password=password)
        if "/accounts/" in after.url:
            raise Refused(f"sign-in led to {after.url}: {after.text[:500]}")

    def connect(self, provider: str, sandbox: Sandbox) -> Page:
        """Press the button, then "Authorize" or "Allow" at the provider's; the page that says "Connected"."""
        page = self.get(f"/apps/integrations/{provider}/")
        consent = self.leave_by(page, page.form(action=f"/{provider}/connect/"))
        after = self.get(sandbox.consent(consent))
        if "Connected" not in after.text:
            raise Refused(f"{after.url} does not say Connected: {after.text[:500]}")
        return after

    def remove(self, provider: str) -> Page:
        """Remove and confirm; the page after it."""
        page = self.get(f"/apps/integrations/{provider}/remove/")
        return self.send(page, page.form(action=f"/{provider}/remove/"))


@dataclass(frozen=True)
class Shown:
    """What the booking page shows."""

    url: str
    status: str
    join_url: str
    provider: str
    start: str = ""


class InviteeInPerson(Person):
    """Picks a time on a public page, and looks after the booking by its link."""

    def book(self, path: str, *, name: str, email: str, tz: str, pick: int = 0) -> Shown:
        """Book a time that the page offers, the first unless ``pick`` says which; the booking page right after."""
        slots = self.get(f"{path}?{urlencode({'tz': tz})}").marks.get("slot", [])
        if not slots:
            raise Refused(f"{path} offers no time")
        start = slots[pick]
        page = self.get(f"{path}?{urlencode({'tz': tz, 'slot': start})}")
        url = self.leave_by(page, page.form("email"), name=name, email=email, slot=start, tz=tz)
        return self.look(url, start=start)

    def look(self, url: str, *, start: str = "") -> Shown:
        """The booking page now."""
        page = self.get(url)
        return Shown(url, page.mark("status"), page.mark("join-url"), page.mark("provider"), start)

    def wait_for(self, booking: Shown, status: str = "ready", *, seconds: float = 45) -> Shown:
        """Look again until the page says ``status``; raises Refused when it does not within ``seconds``."""
        deadline = time.monotonic() + seconds
        while (shown := self.look(booking.url, start=booking.start)).status != status:
            if time.monotonic() > deadline:
                raise Refused(f"{booking.url} still says {shown.status!r}, not {status!r}, after {seconds:g} seconds")
            time.sleep(0.2)
        return shown

    def cancel(self, booking: Shown) -> Page:
        """Cancel and confirm; the page after it."""
        page = self.get(booking.url.rstrip("/") + "/cancel/")
        return self.send(page, page.form(action="/cancel/"))
