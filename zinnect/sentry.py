"""Errors to Sentry, where ``SENTRY_DSN`` is set: what broke and where, and nothing of what it was about.

What an event may hold is listed; the rest of it is left out. So what a later version of the library collects is left
out, too.
"""

from __future__ import annotations

from typing import Any

import sentry_sdk
import structlog
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint

from zinnect.scrub import scrub

_KEPT = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment", "sdk", "server_name")
_IDS = ("request_id", "task_id", "parent_task_id", "booking_id", "connection_id")
_OF_A_FRAME = ("filename", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context")


def start(dsn: str, *, transport: type[Transport] | None = None) -> None:
    """Begin to report. ``transport`` is for tests."""
    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        before_send=quiet,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
    )


def quiet(event: Event, hint: Hint) -> Event:
    """What of an event is sent."""
    found: dict[str, Any] = dict(event)
    ids = structlog.contextvars.get_contextvars()
    sent: dict[str, Any] = {name: found[name] for name in _KEPT if name in found}
    sent["tags"] = {name: str(ids[name]) for name in _IDS if name in ids}
    sent["transaction"] = scrub(str(found.get("transaction") or ""))
    sent["request"] = {"method": str((found.get("request") or {}).get("method", ""))}
    entry = found.get("logentry") or {}
    if words := entry.get("formatted") or entry.get("message"):
        sent["logentry"] = {"message": scrub(str(words))}
    sent["exception"] = {"values": [_exception(value) for value in (found.get("exception") or {}).get("values", [])]}
    return sent  # type: ignore[return-value]


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": scrub(str(value.get("value") or "")),
        "stacktrace": {"frames": [{key: frame[key] for key in _OF_A_FRAME if key in frame} for frame in frames]},
    }
