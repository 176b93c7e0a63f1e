"""Zoom's webhooks: verified over the raw bytes, then answered at once.

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

from integrations.removal import deauthorize

logger = logging.getLogger(__name__)

SIZE_CAP = 64 * 1024
WINDOW_SECONDS = 300


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """One event from Zoom: 200 once it is verified, 401 when it is not Zoom's, 503 while no secret is configured."""
    secret = settings.ZOOM_WEBHOOK_SECRET
    if not secret:
        logger.error("a Zoom webhook was refused: ZOOM_WEBHOOK_SECRET is not set")
        return HttpResponse(status=503)
    body = request.read(SIZE_CAP + 1)
    if len(body) > SIZE_CAP:
        return HttpResponse(status=413)
    if not genuine(
        secret,
        body,
        timestamp=request.headers.get("x-zm-request-timestamp", ""),
        signature=request.headers.get("x-zm-signature", ""),
        now=time.time(),
    ):
        return HttpResponse(status=401)
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    return _answer(secret, message) if isinstance(message, dict) else HttpResponse(status=400)


def genuine(secret: str, body: bytes, *, timestamp: str, signature: str, now: float) -> bool:
    """Whether Zoom signed these very bytes within the last five minutes. ``timestamp``: seconds since the epoch."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        return False
    expected = "v0=" + _mac(secret, b"v0:%s:%s" % (timestamp.encode(), body))
    return hmac.compare_digest(expected.encode(), signature.encode())


def _answer(secret: str, message: dict[str, Any]) -> HttpResponse:
    payload = message.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    if message.get("event") == "endpoint.url_validation":
        plain = str(payload.get("plainToken", ""))
        return JsonResponse({"plainToken": plain, "encryptedToken": _mac(secret, plain.encode())})
    if message.get("event") == "app_deauthorized":
        _deauthorized(payload)
    return HttpResponse(status=200)


def _deauthorized(payload: dict[str, Any]) -> None:
    """One short transaction, so it is done before the answer: what Zoom was told is kept."""
    at = _moment(payload.get("deauthorization_time"))
    if at is None or payload.get("client_id") != settings.ZOOM_CLIENT_ID:
        logger.warning("app_deauthorized without a time, or for another app: ignored")
        return
    user_id, account_id = str(payload.get("user_id", "")), str(payload.get("account_id", ""))
    deauthorize(provider="zoom", external_id=user_id, account_id=account_id, at=at)


def _moment(value: object) -> datetime | None:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _mac(secret: str, data: bytes) -> str:
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
