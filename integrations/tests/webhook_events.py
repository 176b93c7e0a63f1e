"""Zoom's webhooks as tests send them: bodies, and signatures of our own making."""

from __future__ import annotations

import json
import time
from typing import Any

from django.conf import settings
from django.test import Client

from integrations.sandbox.webhooks import signature

SECRET = "webhook-secret"
APP = "our-app"


def send(body: bytes, *, secret: str = "", age: int = 0, **changes: str) -> Any:
    """POST one event, signed ``age`` seconds ago; ``changes`` are other headers."""
    timestamp = str(int(time.time()) - age)
    headers = {
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": signature(secret or settings.ZOOM_WEBHOOK_SECRET or SECRET, timestamp, body),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    client = Client(enforce_csrf_checks=True)
    return client.post("/webhooks/zoom/", body, content_type="application/json", headers=headers)


def event(name: str, **payload: Any) -> bytes:
    """A body, spaced as Zoom would not space it."""
    return json.dumps({"event": name, "event_ts": 1, "payload": payload}, indent=1).encode()


def meeting_deleted(number: object, *, host_id: str = "zoe", **more: Any) -> bytes:
    """``meeting.deleted`` of one meeting."""
    return event("meeting.deleted", account_id="a1", object={"id": number, "host_id": host_id, **more})


def deauthorized(
    user_id: str, *, at: str = "2999-01-01T00:00:00.000Z", account_id: str = "", client_id: str = "", **more: Any
) -> bytes:
    """``app_deauthorized`` by one user."""
    return event(
        "app_deauthorized",
        user_id=user_id,
        account_id=account_id,
        deauthorization_time=at,
        client_id=client_id or settings.ZOOM_CLIENT_ID or APP,
        **more,
    )
