"""Zoom's webhooks to the product, signed as Zoom signs them.

Rule: https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request

from .personas import ZoomUser
from .state import Json, World

ANSWER_WITHIN = 3.0


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`x-zm-signature` for a raw body."""
    mac = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={mac.hexdigest()}"


def deliver(world: World, event: str, payload: Json, options: Json | None = None) -> Json:
    """POST one event and note what came back. Not under the lock: the product may call us meanwhile.

    Options: `timestamp` (seconds), `bad_signature`, `event_ts` (milliseconds), `url`.
    """
    options = options or {}
    url = str(options.get("url") or world.config.product_webhook_url)
    record: Json = {"at": world.stamp(), "event": event, "status": None, "body": None, "error": None}
    if not url:
        record["error"] = "no product webhook URL"
    else:
        message = {"event": event, "event_ts": options.get("event_ts", int(time.time() * 1000)), "payload": payload}
        body = json.dumps(message).encode()
        timestamp = str(options.get("timestamp", int(time.time())))
        secret = "wrong" if options.get("bad_signature") else world.config.zoom_webhook_secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zoom Marketplace/1.0a (sandbox)",
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": signature(secret, timestamp, body),
        }
        request = urllib.request.Request(url, body, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN) as answer:  # noqa: S310  # nosec B310
                record["status"], record["body"] = answer.status, answer.read(65536).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            record["status"], record["body"] = error.code, error.read(65536).decode("utf-8", "replace")
        except OSError as error:
            record["error"] = str(error)
    with world.lock:
        world.webhooks.append(record)
    return record


def deliver_soon(world: World, event: str, payload: Json) -> None:
    """The same from a thread of its own, when there is a product to tell."""
    if world.config.product_webhook_url:
        threading.Thread(target=deliver, args=(world, event, payload), daemon=True).start()


def app_deauthorized(world: World, user: ZoomUser) -> None:
    """Tell the product that a user's connection ended; Zoom does so after the app's own revoke, too."""
    deliver_soon(world, "app_deauthorized", deauthorization(world, user))


def deauthorization(world: World, user: ZoomUser) -> Json:
    """The payload of `app_deauthorized`."""
    return {
        "account_id": user.account_id,
        "user_id": user.id,
        "signature": hashlib.sha256(f"{user.id}{time.time_ns()}".encode()).hexdigest(),
        "deauthorization_time": world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "client_id": world.config.zoom_client_id,
    }
