"""Logs: one JSON object a line with the ids of request, task, booking and connection; with DEBUG, lines to read.

The ids come from structlog's context (``bound_contextvars``); django-structlog begins one for each request and hands it
on to the tasks that the request queues. At INFO no line holds more of a person than such an id.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.typing import EventDict, Processor

from zinnect.scrub import scrub

# These print request bodies or signed headers at DEBUG, and tokens are in them.
TALKATIVE = ("requests_oauthlib", "oauthlib", "googleapiclient", "urllib3", "google", "kombu", "amqp")
_SCRUBBED = ("event", "exception", "stack", "error", "reason")


def _scrubbed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The words of a line, without what should not have been said."""
    return {key: scrub(value) if key in _SCRUBBED and isinstance(value, str) else value for key, value in event.items()}


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configuration(*, level: str, readable: bool) -> dict[str, Any]:
    """Django's ``LOGGING``. Lines of other libraries get the same ids and the same form."""
    renderer: list[Processor] = [structlog.processors.format_exc_info, _scrubbed, structlog.processors.JSONRenderer()]
    if readable:
        # Not the default for tracebacks, which shows the values of variables where `rich` is installed.
        plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        renderer = [_scrubbed, plain]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{name: {"level": "INFO"} for name in TALKATIVE},
            # Says in words with the path what `request_finished` says with the route.
            "django.request": {"level": "CRITICAL"},
            # Say once more what `task_started` and `task_succeeded` say.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


def configure() -> None:
    """Let structlog's own loggers write through Python's. Called once, when the apps are ready."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class RouteMiddleware(RequestMiddleware):
    """One line for each request, which names the route and never the path: a path may hold an invitee's token."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """``GET /b/<slug:token>/``."""
        match = request.resolver_match
        return f"{request.method} /{match.route}" if match else f"{request.method} (no such page)"
