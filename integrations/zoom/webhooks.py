"""Zoom's webhooks: verified over the raw bytes, reduced to what is needed, written down, answered at once.

Rules: https://developers.zoom.us/docs/api/webhooks/ (signature, validation, retries after 5, 20 and 60 minutes).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.models import WebhookEvent
from integrations.webhooks_inbox import take

logger = logging.getLogger(__name__)

SIZE_CAP = 64 * 1024
WINDOW_SECONDS = 300
_LONGEST_ID = 255


class Unusable(Exception):
    """An event of Zoom's that cannot be acted upon, however often it comes; the message says why."""


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """One event from Zoom: 200 once it is verified, 401 when it is not Zoom's, 503 while no secret is configured."""
    secret = settings.ZOOM_WEBHOOK_SECRET
    if not secret:
        logger.error("a Zoom webhook was refused: ZOOM_WEBHOOK_SECRET is not set")
        return _refuse(503, "Webhooks are not configured here.")
    body = request.read(SIZE_CAP + 1)
    if len(body) > SIZE_CAP:
        return _refuse(413, "An event has at most 64 KB.")
    if not genuine(
        secret,
        body,
        timestamp=request.headers.get("x-zm-request-timestamp", ""),
        signature=request.headers.get("x-zm-signature", ""),
        now=time.time(),
    ):
        return _refuse(401, "The signature is not Zoom's, or is older than five minutes.")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return _refuse(400, "The body is not JSON.")
    if not isinstance(message, dict) or not isinstance(message.get("event"), str):
        return _refuse(400, "The body is no event.")
    payload = message.get("payload")
    return _answer(secret, body, message["event"], payload if isinstance(payload, dict) else {})


def genuine(secret: str, body: bytes, *, timestamp: str, signature: str, now: float) -> bool:
    """Whether Zoom signed these very bytes within the last five minutes. ``timestamp``: seconds since the epoch."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        return False
    expected = "v0=" + _mac(secret, b"v0:%s:%s" % (timestamp.encode(), body))
    return hmac.compare_digest(expected.encode(), signature.encode())


def _refuse(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def _answer(secret: str, body: bytes, event: str, payload: dict[str, Any]) -> HttpResponse:
    if event == "endpoint.url_validation":
        return _validation(secret, payload.get("plainToken"))
    if event not in _WANTED:
        return HttpResponse(status=200)  # nothing of it is kept
    kind, reduce = _WANTED[event]
    try:
        return take(provider="zoom", kind=kind, body=body, payload=reduce(payload))
    except Unusable as reason:
        logger.warning("%s from Zoom was not acted upon: %s", event, reason)
        return take(provider="zoom", kind=kind, body=body, error=str(reason))


def _validation(secret: str, plain: object) -> HttpResponse:
    """Zoom asks whether the secret is known here, at first and every 72 hours."""
    if not isinstance(plain, str) or not plain or not plain.isascii():
        return _refuse(400, "There is no plainToken.")
    return JsonResponse({"plainToken": plain, "encryptedToken": _mac(secret, plain.encode())})


def _deauthorization(payload: dict[str, Any]) -> dict[str, str]:
    """Who took our access away, and when. What older events say of ``user_data_retention`` is ignored."""
    if payload.get("client_id") != settings.ZOOM_CLIENT_ID:
        raise Unusable("it is about another app")
    at = _moment(payload.get("deauthorization_time"))
    if at is None:
        raise Unusable("deauthorization_time is no moment in time")
    user_id = _id(payload.get("user_id"))
    if not user_id:
        raise Unusable("it names no user")
    return {"external_id": user_id, "account_id": _id(payload.get("account_id")), "at": at.isoformat()}


def _deleted_meeting(payload: dict[str, Any]) -> dict[str, str]:
    """Which meeting, by its number; whether it is one of ours is found out by the task."""
    meeting = payload.get("object")
    meeting = meeting if isinstance(meeting, dict) else {}
    external_id = _id(meeting.get("id"))
    if not external_id.isdigit():
        raise Unusable("it names no meeting")
    return {"external_id": external_id, "host_id": _id(meeting.get("host_id"))}


_WANTED = {
    "app_deauthorized": (WebhookEvent.Kind.DEAUTHORIZED, _deauthorization),
    "meeting.deleted": (WebhookEvent.Kind.MEETING_DELETED, _deleted_meeting),
}


def _id(value: object) -> str:
    """An id, which Zoom writes as a number or as text; empty where it is neither."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > _LONGEST_ID:
        return ""
    return text if text.isascii() and text.isprintable() else ""


def _moment(value: object) -> datetime | None:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _mac(secret: str, data: bytes) -> str:
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
