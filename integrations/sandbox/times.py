"""Time zones and moments as the vendors' APIs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo


def is_zone(name: Any) -> bool:
    """Whether this is an IANA zone's name."""
    return isinstance(name, str) and _known(name)


@lru_cache(maxsize=1024)
def _known(name: str) -> bool:
    if not name or name.startswith(("/", ".")):
        return False
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def moment(value: Any) -> datetime | None:
    """An RFC 3339 date-time that says its offset, in UTC; None for anything else."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo is not None else None


def zulu(value: datetime) -> str:
    """A moment as `2026-12-03T09:00:00Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
