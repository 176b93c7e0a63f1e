"""A stranger before Ada's public page, on a Monday morning."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.test import Client

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
PAGE = "/ada/intro/"
NINE_IN_BERLIN = "2026-12-03T08:00:00Z"
INES = {"name": "Ines Ibarra", "email": "ines@example.com", "tz": "America/New_York"}


def slots_in(html: bytes) -> list[str]:
    return re.findall(r'data-slot="([^"]+)"', html.decode())


def form_key_in(html: bytes) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', html.decode())
    assert found is not None
    return found[1]


def filled(client: Client, slot: str = NINE_IN_BERLIN, **changes: Any) -> dict[str, Any]:
    """What the form of a slot would send when Ines filled it in."""
    page = client.get(PAGE, {"slot": NINE_IN_BERLIN, "tz": "America/New_York"})
    return {"slot": slot, "form_key": form_key_in(page.content), "website": "", **INES, **changes}
