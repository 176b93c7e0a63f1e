"""A sandbox for tests: a process of its own, asked over HTTP.

with start_sandbox() as sandbox:
    location = sandbox.consent(authorize_url)
    sandbox.fault(service="zoom", call="meetings.create", kind="timeout_after", params={"seconds": 3})
    assert len(sandbox.ledger()) == 1
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

ROOT = Path(__file__).resolve().parents[2]
YES = frozenset(("Authorize", "Allow"))
REDIRECT = "http://127.0.0.1:8000/callback/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALENDAR_SCOPE = "https://www.googleapis.com/auth/calendar"
GOOGLE_SCOPES = (
    f"openid email {CALENDAR_SCOPE}.events.owned {CALENDAR_SCOPE}.freebusy {CALENDAR_SCOPE}.calendarlist.readonly"
)


class ConsentForm(HTMLParser):
    """The one form of a consent page: where it goes, and what a person sees filled in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[tuple[str, str]] = []
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = at.get("action", "")
        elif tag == "input" and (at.get("type") != "checkbox" or "checked" in at):
            self.fields.append((at["name"], at.get("value", "")))
        elif tag == "select":
            self._select = at["name"]
        elif tag == "option" and "selected" in at:
            self.fields.append((self._select, at["value"]))
        elif tag == "button":
            self.buttons.append((at["name"], at["value"]))


@dataclass
class Sandbox:
    """A running sandbox. Its addresses and credentials are attributes: `sandbox.urls["zoom_api_url"]`."""

    urls: dict[str, Any]
    process: subprocess.Popen[str]
    http: requests.Session = field(default_factory=requests.Session)

    def authorize_url(self, service: str, **changes: str) -> str:
        """An authorize URL as the product would send it; a change of "" leaves an argument out."""
        asked = {
            "response_type": "code",
            "client_id": str(self.urls[f"{service}_client_id"]),
            "redirect_uri": REDIRECT,
            "state": "state-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        if service == "google":
            asked |= {"scope": GOOGLE_SCOPES, "access_type": "offline", "prompt": "consent"}
        base = self.urls["google_auth_url"] if service == "google" else f"{self.urls['zoom_oauth_url']}/authorize"
        return f"{base}?{urlencode({name: value for name, value in {**asked, **changes}.items() if value})}"

    def token(self, service: str, **body: str) -> requests.Response:
        """Ask the token endpoint, with the client's own credentials by HTTP Basic."""
        url = self.urls["google_token_url"] if service == "google" else f"{self.urls['zoom_oauth_url']}/token"
        client = (self.urls[f"{service}_client_id"], self.urls[f"{service}_client_secret"])
        return self.http.post(url, data=body, auth=client, timeout=10)

    def connect(self, service: str, persona: str = "", **changes: str) -> dict[str, Any]:
        """Consent and exchange: the token answer, for tests that need a token of their own."""
        location = self.consent(self.authorize_url(service, **changes), persona=persona)
        code = parse_qs(urlsplit(location).query)["code"][0]
        answer = self.token(
            service, grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER
        )
        answer.raise_for_status()
        tokens: dict[str, Any] = answer.json()
        return tokens

    def environment(self) -> dict[str, str]:
        """The product's environment variables for this sandbox."""
        names = (
            "zoom_oauth_url zoom_api_url google_auth_url google_token_url google_revoke_url google_api_url "
            "zoom_client_id zoom_client_secret zoom_webhook_secret google_client_id google_client_secret"
        ).split()
        return {name.upper(): str(self.urls[name]) for name in names} | {"EMAIL_URL": str(self.urls["smtp"])}

    def read(self, path: str) -> Any:
        """GET from the control port."""
        answer = self.http.get(self.urls["control_url"] + path, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def tell(self, path: str, body: Any) -> Any:
        """POST to the control port; a ValueError says what was wrong with it."""
        answer = self.http.post(self.urls["control_url"] + path, json=body, timeout=10)
        if answer.status_code >= 400:
            raise ValueError(answer.text)
        return answer.json()

    def state(self) -> dict[str, Any]:
        """Everything at once."""
        found: dict[str, Any] = self.read("/state")
        return found

    def _list(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.read(path)
        return found

    def meetings(self, *, live: bool = False) -> list[dict[str, Any]]:
        """Zoom meetings, deleted ones too unless `live`."""
        return [item for item in self._list("/zoom/meetings") if not live or item["state"] == "live"]

    def events(self, *, live: bool = False) -> list[dict[str, Any]]:
        """Calendar events, cancelled ones too unless `live`."""
        return [item for item in self._list("/google/events") if not live or item["status"] != "cancelled"]

    def ledger(self, to: str = "") -> list[dict[str, Any]]:
        """The mails Google would have sent, to one address if given."""
        return [item for item in self._list("/google/ledger") if to in ("", item["to"])]

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """The product's own mails, to one address if given."""
        return [item for item in self._list("/mails") if not to or to in item["envelope_to"]]

    def calls(self, call: str = "") -> list[dict[str, Any]]:
        """The requests that came in, of one call if given."""
        return [item for item in self._list("/calls") if call in ("", item["call"])]

    def fault(self, **fault: Any) -> int:
        """Plan a fault; its id."""
        return int(self.tell("/faults", fault)["ids"][0])

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.http.delete(self.urls["control_url"] + "/faults", timeout=10).raise_for_status()

    def act(self, do: str, **details: Any) -> dict[str, Any]:
        """Do something on a vendor's or a person's side."""
        done: dict[str, Any] = self.tell("/act", {"do": do, **details})
        return done

    def persona(self, **keys: str) -> None:
        """Who is signed in by default: `zoom="yan"`, `google="two"`."""
        self.tell("/consent-persona", keys)

    def reset(self, *, keep_grants: bool = False) -> None:
        """Start anew."""
        self.tell("/reset", {"keep_grants": keep_grants})

    def leaks(self, text: str) -> list[str]:
        """Names of the secrets that occur in a text."""
        answer = self.http.post(self.urls["control_url"] + "/leaks", data=text.encode(), timeout=10)
        found: list[str] = answer.json()["found"]
        return found

    def consent(
        self, authorize_url: str, decision: str = "Authorize", *, persona: str = "", untick: tuple[str, ...] = ()
    ) -> str:
        """Press the consent page's button, as a browser without JavaScript would; where it redirects to.

        `Authorize` and `Allow` mean whichever of them the page has; `untick` names scopes to leave out.
        """
        shown = self.http.get(authorize_url, timeout=10)
        form = ConsentForm(shown.text)
        if not form.action:
            raise ValueError(f"no consent page: {shown.status_code}")
        fields = [(name, value) for name, value in form.fields if not (name == "granted" and value in untick)]
        if persona:
            fields = [(name, persona if name == "persona" else value) for name, value in fields]
        button = next(pair for pair in form.buttons if pair[1] == decision or {pair[1], decision} <= YES)
        action = urljoin(authorize_url, form.action)
        sent = self.http.post(action, data=[*fields, button], allow_redirects=False, timeout=10)
        if sent.status_code != 302:
            raise ValueError(f"no redirect: {sent.status_code}")
        return sent.headers["Location"]

    def wait(self, condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        """Wait until a condition holds; its value."""
        until = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > until:
                raise AssertionError("waited in vain")
            time.sleep(0.02)
        return found


@contextmanager
def start_sandbox(**options: Any) -> Iterator[Sandbox]:
    """Start a sandbox on free ports; options are the command line's, a list repeats one: `redirect_uri=[…]`."""
    command = [sys.executable, "-m", "integrations.sandbox"]
    for name, value in options.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            command += [f"--{name.replace('_', '-')}", str(item)]
    environment = {**os.environ, "ZINNECT_DIE_WITH_PARENT": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise RuntimeError("the sandbox did not start")
        sandbox = Sandbox(json.loads(line), process)
        with sandbox.http:
            yield sandbox
    finally:
        process.terminate()
        process.wait(timeout=5)
        if process.stdout:
            process.stdout.close()
