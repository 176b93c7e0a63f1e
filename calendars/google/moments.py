"""Moments as Google writes them: aware UTC on our side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def stamp(moment: datetime) -> str:
    """``moment`` (aware) in RFC 3339."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """The moment that RFC 3339 ``text`` names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name; UTC for a name that we do not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def edge_of(edge: Mapping[str, str], zone: Any) -> datetime:
    """Start or end of an event: a moment, or midnight in ``zone`` of an all-day event's date."""
    if "dateTime" in edge:
        moment = datetime.fromisoformat(edge["dateTime"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_named(edge.get("timeZone", "UTC")))
        return moment.astimezone(UTC)
    return datetime.combine(date.fromisoformat(edge["date"]), time(), zone).astimezone(UTC)
