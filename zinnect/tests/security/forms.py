"""What the tests of input share: a stranger, and the form that a stranger fills in."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

PAGE = "/ada/intro/"
PUBLIC = [
    "/",
    "/ada/",
    PAGE,
    "/ada/intro/slots.json",
    "/b/{token}/",
    "/b/{token}/reschedule/",
    "/b/{token}/cancel/",
    "/b/{token}/invite.ics",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/2fa/authenticate/",
    "/admin/login/",
    "/apps/integrations/zoom/callback/",
    "/webhooks/zoom/",
    "/readyz",
    "/metrics",
]
# What broke other people's forms: the ends of ranges, other writings of the same thing, and what is no text at all.
NASTY = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\r\nBcc: all@example.org",
    "\ud800",
    "\u202e\u2066gpj.exe",
    "\ufeff",
    "\U0010ffff" * 300,
    "a" * 10_000,
    "../../etc/passwd",
    "%00",
    "%s%n{0}{{7*7}}{% debug %}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "-1",
    "9" * 400,
    "NaN",
    "1e400",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-02-30",
    "2026-12-03T09:00:00+99:99",
    "٢٠٢٦-١٢-٠٣",
    "2026-W49-4",
    "20261203",
    "/etc/localtime",
    "Factory",
    "localtime",
    "posixrules",
    "//evil.example",
    "[]",
]
SLOT = re.compile(r'data-slot="([^"]+)"')
FORM_KEY = re.compile(r'name="form_key" value="([^"]+)"')


def strangers_client(**environ: Any) -> Client:
    """A browser that nobody is signed in with, against a server that answers a mistake of its own with 500."""
    return Client(raise_request_exception=False, **environ)


def offered(client: Client) -> list[str]:
    """The starts that the page shows."""
    found = SLOT.findall(client.get(PAGE).content.decode())
    assert found
    return found


def filled(client: Client, *, pick: int = -1, **changes: Any) -> dict[str, Any]:
    """The form of an offered time as Ida fills it in."""
    slot = offered(client)[pick]
    key = FORM_KEY.search(client.get(PAGE, {"slot": slot}).content.decode())
    assert key is not None
    ida = {"name": "Ida Invitee", "email": "ida@example.org", "tz": "Europe/Paris"}
    return {"slot": slot, "form_key": key[1], "website": "", **ida, **changes}
