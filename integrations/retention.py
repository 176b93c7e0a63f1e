"""Forgetting what is of no use any more: trips to a consent page, and what happened to connections long ago."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from integrations.models import AuthorizationRequest, ConnectionEvent

TRIPS_KEPT = timedelta(days=1)
"""A state is good for ten minutes; a day shows a fault that somebody speaks of."""


def forget_old() -> None:
    """Delete both; the history only where ``LOG_RETENTION_DAYS`` says so."""
    now = timezone.now()
    AuthorizationRequest.objects.filter(created_at__lt=now - TRIPS_KEPT).delete()
    if settings.LOG_RETENTION_DAYS:
        ConnectionEvent.objects.filter(at__lt=now - timedelta(days=settings.LOG_RETENTION_DAYS)).delete()
