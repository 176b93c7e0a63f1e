"""What ``doctor`` finds outside the settings: whether what they name is there and answers."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError

from integrations.fields import EncryptionKeyError
from integrations.models import Connection
from zinnect import heartbeat
from zinnect.metrics import unfinished

SECONDS = 3


@dataclass(frozen=True)
class Problem:
    """Something wrong, and what mends it."""

    what: str
    mend: str


def outside() -> list[Problem]:
    """All problems with database, stored secrets, broker, workers, mail and providers."""
    database = list(_database())
    stored = [] if database else [*_secrets(), *_work()]
    return [*database, *stored, *_broker(), *_mail(), *_providers()]


def _database() -> Iterator[Problem]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Problem(f"The database does not answer: {str(error).strip()}", "Check DATABASE_URL and the server.")
        return
    if missing:
        yield Problem(f"{len(missing)} migrations are not applied.", "Run manage.py migrate.")
    if connection.vendor == "sqlite" and not settings.DEBUG:
        yield Problem(
            "SQLite serves a single organizer on one machine.", "Set DATABASE_URL to a PostgreSQL for anything more."
        )


def _secrets() -> Iterator[Problem]:
    """The stored access token of every connection, decrypted and forgotten."""
    broken = 0
    for pk in Connection.objects.exclude(access_token="").values_list("pk", flat=True):
        try:
            Connection.objects.values_list("access_token").get(pk=pk)
        except EncryptionKeyError:
            broken += 1
    if broken:
        yield Problem(
            f"The tokens of {broken} connections cannot be decrypted.",
            "Put the key they were written with back at the end of ENCRYPTION_KEYS, then run rotate_encryption_keys.",
        )


def _work() -> Iterator[Problem]:
    count = unfinished().filter(attempts__gt=0).count()
    if count:
        yield Problem(
            f"{count} bookings are not fully arranged though it was tried.",
            "Look at their timelines in /admin/; manage.py arrange tries again now.",
        )


def _broker() -> Iterator[Problem]:
    if not settings.REDIS_URL:
        return  # a system check says so
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            client.ping()
    except redis.RedisError as error:
        yield Problem(f"The broker does not answer: {error}", "Check REDIS_URL and the server.")
        return
    for name in heartbeat.silent():
        yield Problem(f"Nothing was heard of {name} lately.", f"Start {name}: see the Procfile.")


def _mail() -> Iterator[Problem]:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        if not settings.DEBUG:
            yield Problem("EMAIL_URL names no mail server: nobody gets mail.", "Set EMAIL_URL to your SMTP server.")
        return
    try:
        with get_connection(timeout=SECONDS):
            return
    except (OSError, smtplib.SMTPException) as error:
        yield Problem(f"The mail server does not take us: {error}", "Check EMAIL_URL.")


def _providers() -> Iterator[Problem]:
    for name in ("ZOOM", "GOOGLE"):
        if not getattr(settings, f"{name}_CLIENT_ID"):
            yield Problem(
                f"{name.title()} is not configured: nobody can connect it.",
                f"Set {name}_CLIENT_ID and {name}_CLIENT_SECRET (README, Connecting Zoom and Google).",
            )
    if urlsplit(settings.BASE_URL).hostname in ("localhost", "127.0.0.1") and not settings.DEBUG:
        yield Problem("BASE_URL is this machine only.", "Set it to the public https:// origin.")
