"""Whether the service is alive, able to serve, and keeping up: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.models import Booking
from zinnect import heartbeat
from zinnect import metrics as measures

OLD_WORK = timedelta(minutes=15)
"""Unfinished work older than this is worth an operator's look, unless it waits for a time of its own."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Anybody may ask: 200 as long as this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Anybody may ask: 503 without database or with migrations missing; else 200, ``degraded`` naming what lags."""
    try:
        missing = _missing_migrations()
        degraded = [] if missing else [*heartbeat.silent(), *_old_work()]
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "because": ["database"]}, status=503)
    if missing:
        return JsonResponse({"status": "unavailable", "because": ["migrations"]}, status=503)
    return JsonResponse({"status": "degraded" if degraded else "ok", "because": degraded})


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Whoever holds ``METRICS_TOKEN``, as ``Authorization: Bearer``; everybody else gets 404."""
    if not settings.METRICS_TOKEN or not constant_time_compare(
        request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    ):
        raise Http404
    return HttpResponse(measures.text(), content_type=measures.CONTENT_TYPE)


def _missing_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _old_work() -> list[str]:
    return (
        ["old unfinished work"]
        if Booking.objects.unfinished().filter(revised_at__lt=timezone.now() - OLD_WORK).exists()
        else []
    )
