"""Acting upon what providers told us. The rows are the outbox: a lost task loses nothing."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations.deauthorization import deauthorize
from integrations.models import WebhookEvent
from integrations.signals import meeting_deleted

logger = logging.getLogger(__name__)

TRIED_FOR = timedelta(days=2)
KEPT_FOR = timedelta(days=30)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def due_events(limit: int) -> list[int]:
    """Ids of the events that are still to be acted upon, the oldest first."""
    due = WebhookEvent.objects.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at")
    return list(due.values_list("pk", flat=True)[:limit])


def forget_old() -> None:
    """What was handled, or given up, a month ago needs no row any more."""
    WebhookEvent.objects.filter(next_attempt_at=None, received_at__lt=timezone.now() - KEPT_FOR).delete()


def handle(event_id: int) -> bool:
    """Act upon one event, once; whether this call did. A failure is kept in the row and tried again for two days."""
    try:
        with transaction.atomic():
            return _handle(event_id)
    except Exception as error:
        # A fault of our own, here or in a receiver. It must not keep the sweep from the rest of its work.
        logger.exception("webhook event %s could not be handled", event_id)
        _postpone(event_id, type(error).__name__)
        return False


def _handle(event_id: int) -> bool:
    waiting = WebhookEvent.objects.select_for_update(skip_locked=True)
    event = waiting.filter(pk=event_id, next_attempt_at__isnull=False).first()
    if event is None:
        return False
    _ACTIONS[WebhookEvent.Kind(event.kind)](event.provider, event.payload)
    # What it said is needed no longer, so it is not kept: other people's meetings come this way, too.
    event.payload, event.handled_at, event.next_attempt_at, event.error = {}, timezone.now(), None, ""
    event.save()
    return True


def _deauthorized(provider: str, payload: dict[str, Any]) -> None:
    deauthorize(
        provider=provider,
        external_id=payload["external_id"],
        account_id=payload["account_id"],
        at=datetime.fromisoformat(payload["at"]),
    )


def _meeting_deleted(provider: str, payload: dict[str, Any]) -> None:
    meeting_deleted.send(
        WebhookEvent, provider=provider, external_id=payload["external_id"], host_id=payload["host_id"]
    )


_ACTIONS = {
    WebhookEvent.Kind.DEAUTHORIZED: _deauthorized,
    WebhookEvent.Kind.MEETING_DELETED: _meeting_deleted,
}


def _postpone(event_id: int, error: str) -> None:
    waiting = WebhookEvent.objects.filter(pk=event_id, next_attempt_at__isnull=False)
    event = waiting.first()
    if event is None:
        return
    now = timezone.now()
    pause = min(_FIRST_PAUSE * 2 ** min(event.attempts, 16), _LONGEST_PAUSE)
    again = now + pause if now - event.received_at < TRIED_FOR else None
    waiting.update(attempts=F("attempts") + 1, next_attempt_at=again, error=error)
