"""Counters that all processes share: numbers in one hash in Redis, added to as things happen.

Web processes and workers make the same calls, and Prometheus asks one web process only; so none keeps counters of its
own. What happens while Redis is away is not counted, and a Redis that lost its memory begins at nought: Prometheus
knows counters that do. The words are a service, a method and an outcome: no id and no address.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import redis
from django.conf import settings

from integrations.signals import provider_called, token_refreshed
from zinnect import cache

KEY = "zinnect-counters"
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of a provider's time to answer; the last is PROVIDER_TIMEOUT_SECONDS' default."""


def called(service: str, method: str, outcome: str, seconds: float, **kwargs: object) -> None:
    """A provider was called."""
    bound = next((str(bound) for bound in SECONDS if seconds <= bound), "+Inf")
    _add({f"calls|{service}|{method}|{outcome}": 1, f"within|{service}|{bound}": 1, f"seconds|{service}": seconds})


def refreshed(provider: str, outcome: str, **kwargs: object) -> None:
    """A token was refreshed, or was not."""
    _add({f"refreshes|{provider}|{outcome}": 1})


def totals() -> Mapping[str, float] | None:
    """All that was counted, by its words; None while Redis is away."""
    client = _client()
    if client is None:
        return None
    try:
        found = client.hgetall(KEY)
    except redis.RedisError as error:
        cache.note_outage(error, settings.REDIS_URL)
        return None
    return {str(name): float(number) for name, number in found.items()}


def queued() -> int | None:
    """How many tasks wait for a worker; None while Redis is away."""
    client = _client()
    if client is None:
        return None
    try:
        return int(client.llen("celery"))
    except redis.RedisError as error:
        cache.note_outage(error, settings.REDIS_URL)
        return None


def connect() -> None:
    """Called once, when the apps are ready."""
    provider_called.connect(called, dispatch_uid="zinnect.counters.called")
    token_refreshed.connect(refreshed, dispatch_uid="zinnect.counters.refreshed")


def _add(amounts: Mapping[str, float]) -> None:
    client = _client()
    if client is None:
        return
    try:
        with client.pipeline(transaction=False) as pipe:
            for name, amount in amounts.items():
                pipe.hincrbyfloat(KEY, name, amount)
            pipe.execute()
    except redis.RedisError as error:
        cache.note_outage(error, settings.REDIS_URL)


def _client() -> redis.Redis | None:
    if not settings.REDIS_URL or cache.is_away():
        return None
    return _connected_to(settings.REDIS_URL)


@lru_cache(maxsize=1)
def _connected_to(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.3, socket_connect_timeout=0.3, decode_responses=True)
