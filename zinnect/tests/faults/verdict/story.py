"""All that is known of one booking, line by line: what somebody reads who wants to know how a wrong one came about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from zinnect.tests.faults.verdict.facts import Case, Row

_ABOUT = ("status", "change", "revision", "arranged_revision", "start", "created_at", "revised_at", "last_error")
_ANNOUNCEMENT = ("revision", "channel", "provider", "join_url", "decided_at", "done_at", "in_doubt", "why")
_ENTRY = ("event_id", "state", "in_doubt", "written_revision", "people_added", "attempts", "last_error")
_MEETING = ("provider", "external_id", "state", "generation", "lost_calls", "attempted_at", "attempts", "last_error")
_MESSAGE = ("revision", "kind", "role", "to_email", "state", "claimed_at", "sent_at", "last_error")


def story(case: Case) -> Iterator[str]:
    """Our rows, then what happened in the order it did, ours and Google's."""
    yield _line("booking", case.booking, _ABOUT)
    for what, rows, names in (
        ("announcement", case.announcements, _ANNOUNCEMENT),
        ("calendar entry", case.entries, _ENTRY),
        ("meeting", case.meeting_rows, _MEETING),
        ("mail", case.messages, _MESSAGE),
    ):
        yield from (_line(what, row, names) for row in sorted(rows, key=lambda row: row["id"]))
    for row in sorted(case.timeline, key=lambda row: row["id"]):
        yield f"{row['at']:%H:%M:%S.%f} {row['text']}"
    for entry in case.ledger:
        yield f"{entry['at']} Google to {entry['to']}: {entry['kind']}, event {entry['event_id']}"


def _line(what: str, row: Row, names: tuple[str, ...]) -> str:
    return f"{what}: " + ", ".join(f"{name}={_short(row[name])}" for name in names if row[name] not in ("", None))


def _short(value: Any) -> str:
    return f"{value:%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)
