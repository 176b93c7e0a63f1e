"""A cache that may fail: Redis while it answers, this process's own memory while it does not.

What is kept here makes requests faster or counts them; none of it may make a request fail, or wait. An outage is
noticed once (in at most ``socket_timeout``), and Redis is then left alone for some seconds, so that a request with
several questions to the cache waits once. Counters of rate limits go on, in each process by itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

LEFT_ALONE_SECONDS = 5.0

# Django makes one backend for each thread; the process shares what it knows of the server. Address → monotonic time.
_away_until: dict[str, float] = {}


def is_away() -> bool:
    """Whether the default cache's Redis did not answer a moment ago."""
    address = settings.CACHES["default"].get("LOCATION", "")
    return time.monotonic() < _away_until.get(address, 0.0)


def note_outage(error: RedisError, address: str) -> None:
    """It did not answer: leave it alone for a while."""
    _away_until[address] = time.monotonic() + LEFT_ALONE_SECONDS
    logger.warning("the cache does not answer (%s): each process uses its own memory", type(error).__name__)


def forget_outages() -> None:
    """Ask Redis again at once."""
    _away_until.clear()


def _steady(name: str) -> Callable[..., Any]:
    def method(self: SteadyCache, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _away_until.get(self.address, 0.0):
            try:
                return getattr(super(SteadyCache, self), name)(*args, **kwargs)
            except RedisError as error:
                note_outage(error, self.address)
        return getattr(self.own_memory, name)(*args, **kwargs)

    method.__name__ = name
    return method


class SteadyCache(RedisCache):
    """Django's own Redis cache, which never raises RedisError and never waits twice."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.address = server
        self.own_memory = LocMemCache(f"steady {server}", {})

    add = _steady("add")
    get = _steady("get")
    set = _steady("set")
    touch = _steady("touch")
    delete = _steady("delete")
    get_many = _steady("get_many")
    has_key = _steady("has_key")
    incr = _steady("incr")
    set_many = _steady("set_many")
    delete_many = _steady("delete_many")
    clear = _steady("clear")
