"""A worker that dies at any step: before or after each write to the database, each call to a provider, each mail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.core.mail import EmailMessage
from django.db import connection

from integrations import http

MAIN = threading.main_thread()


class Died(BaseException):
    """The worker was killed: nothing of ours catches this."""


class Steps:
    """Counts the steps of some work, and dies before or after the one with a given name."""

    def __init__(self, fatal: str = "") -> None:
        self.fatal = fatal
        self.seen: list[str] = []
        self._lock = threading.Lock()

    def take(self, name: str, deed: Callable[[], Any]) -> Any:
        """Do one step, unless the worker dies before it; or die when it is done."""
        with self._lock:
            number = sum(known.startswith(f"{name} #") for known in self.seen) + 1
            self.seen.append(name := f"{name} #{number}")
        if self.fatal == f"before {name}":
            raise Died
        done = deed()
        if self.fatal == f"after {name}":
            raise Died
        return done

    def names(self) -> list[str]:
        """Every point at which a worker can die: after a write is as good as before the next."""
        points = [f"before {name}" for name in self.seen]
        return points + [f"after {name}" for name in self.seen if not name.startswith("write ")]


@contextmanager
def watched(steps: Steps) -> Iterator[None]:
    """Let every write, call and mail of this process go through ``steps``."""
    exchange, send = http._exchange, EmailMessage.send

    def write(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split()
        if words[0] not in ("INSERT", "UPDATE", "DELETE") or threading.current_thread() is not MAIN:
            return execute(sql, params, many, context)
        table = next(word.strip('"') for word in words if "_" in word)
        return steps.take(f"write {words[0].lower()} {table}", lambda: execute(sql, params, many, context))

    def call(prepared: Any, **options: Any) -> Any:
        kind = "event" if "/events" in prepared.url else "meeting" if "/meetings" in prepared.url else "token"
        return steps.take(f"call {prepared.method} {kind}", lambda: exchange(prepared, **options))

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(write))
        stack.enter_context(mock.patch.object(http, "_exchange", call))
        stack.enter_context(
            mock.patch.object(EmailMessage, "send", lambda self: steps.take("mail", lambda: send(self)))
        )
        yield


def every_point_is_passed(go_through: Callable[[str], Steps]) -> list[str]:
    """A healthy run first, then one for each of its points at which a worker can die; these points."""
    points = go_through("").names()
    for point in points:
        reached = go_through(point).seen
        assert point.partition(" ")[2] in reached, f"{point} was never reached"
    return points
