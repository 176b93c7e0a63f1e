"""Taking in what a provider tells us: the row is committed, then the provider has its answer, then a task is queued."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from integrations import tasks
from integrations.models import WebhookEvent
from integrations.publish import publish


class Taken(HttpResponse):
    """200, and what is left to do is queued when the answer is on its way: a broker that hangs keeps nobody waiting."""

    def __init__(self, event_id: int | None = None) -> None:
        super().__init__(status=200)
        self.event_id = event_id

    def close(self) -> None:
        """Called by the web server behind the last byte (PEP 3333)."""
        super().close()
        if self.event_id is not None:
            publish(tasks.handle_webhook, self.event_id)
            self.event_id = None


def take(
    *, provider: str, kind: WebhookEvent.Kind, body: bytes, payload: dict[str, Any] | None = None, error: str = ""
) -> Taken:
    """Write an event down, unless it is a repeat: the same ``body``, whenever it was signed.

    ``payload``: what is needed to act. ``error``: why that cannot be; the row then is there to be seen only.
    """
    now = timezone.now()
    unusable = {"handled_at": now, "next_attempt_at": None, "error": error} if error else {}
    event, made = WebhookEvent.objects.get_or_create(
        digest=hashlib.sha256(body).hexdigest(),
        defaults={"provider": provider, "kind": kind, "payload": payload or {}, **unusable},
    )
    return Taken(event.pk if made and not error else None)
