"""When work was last done: every sweep that a worker runs shows that broker, beat and worker are alive."""

from __future__ import annotations

import time
from typing import Any

from celery.signals import task_postrun
from django.conf import settings
from django.core.cache import cache

from zinnect.cache import is_away

WORK, SWEEP = "heartbeat-work", "heartbeat-sweep"
KEPT_SECONDS = 24 * 3600


def note(task: Any = None, **kwargs: object) -> None:
    """Remember that a worker has just finished ``task``; without a cache there is nobody to remember it for."""
    swept = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    seen = {WORK: time.time()} | ({SWEEP: time.time()} if getattr(task, "name", "") in swept else {})
    cache.set_many(seen, KEPT_SECONDS)


def silent() -> list[str]:
    """Which of broker, workers and beat have not been heard of for three sweeps."""
    if not settings.REDIS_URL:
        return ["broker: REDIS_URL is not set"]
    seen = cache.get_many([WORK, SWEEP])
    if is_away():
        return ["broker"]  # the same server
    oldest = time.time() - max(3 * settings.SWEEP_SECONDS, 30)
    names = {WORK: "workers", SWEEP: "beat"}
    return [name for key, name in names.items() if seen.get(key, 0) < oldest]


def connect() -> None:
    """Called once, when the apps are ready."""
    task_postrun.connect(note, dispatch_uid="zinnect.heartbeat", weak=False)
