"""Handing work to Celery without ever depending on it: the database holds what is due, the broker makes it fast."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


PATIENCE = 0.5
"""Seconds that a broker may take for one step. Whoever reads from it has to wait longer; a request must not."""


def publish(task: Task[Any, Any], *args: int | str) -> bool:
    """Queue ``task`` now; False (and a log line) when the broker does not take it: a beat task finds the work later."""
    connection = task.app.connection_for_write()
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    connection.transport_options = {**(connection.transport_options or {}), **patience}
    try:
        # The pool is kept by kombu for all connections that are alike.
        with producers[connection].acquire(block=True) as producer:
            task.apply_async(args=args, producer=producer)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("broker did not take %s%r: %s", task.name, args, type(error).__name__)
        return False
    return True


def publish_on_commit(task: Task[Any, Any], *args: int | str) -> None:
    """Queue ``task`` when the surrounding transaction has committed."""

    def send() -> None:
        publish(task, *args)

    transaction.on_commit(send, robust=True)
