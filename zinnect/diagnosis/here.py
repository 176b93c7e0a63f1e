"""What is wrong on this machine and in the database."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core import checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError

from bookings.models import Booking
from integrations import providers
from integrations.fields import EncryptionKeyError
from integrations.models import Connection
from zinnect.checks import check_encryption_keys
from zinnect.diagnosis.problem import Problem

SAID_ELSEWHERE = ("zinnect.E003", "zinnect.W003", "zinnect.W004")
"""Keys, broker and webhook secret have lines of their own."""


def settings_checks() -> Iterator[Problem]:
    """Django's checks and ours, those for deployment too; and whether visitors can be told apart."""
    for message in checks.run_checks(include_deployment_checks=True):
        if message.level >= checks.WARNING and not message.is_silenced() and message.id not in SAID_ELSEWHERE:
            yield Problem(f"{message.msg} ({message.id})", str(message.hint or "See the message."))
    if settings.BASE_URL.startswith("https:") and not settings.TRUSTED_PROXIES:
        yield Problem(
            "TRUSTED_PROXIES is 0 though BASE_URL's TLS ends in front of us: all visitors seem to have one address.",
            "Set TRUSTED_PROXIES to the number of proxies that add to X-Forwarded-For.",
        )


def keys() -> Iterator[Problem]:
    """Whether ENCRYPTION_KEYS encrypt."""
    for message in check_encryption_keys(None):
        yield Problem(f"{message.msg} ({message.id})", str(message.hint))


def zone_data() -> Iterator[Problem]:
    """Whether the zones that people live in can be read."""
    try:
        for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"):
            ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        yield Problem(f"There is no time zone data: {error}.", "pip install -r requirements.txt (tzdata).")


def static_files() -> Iterator[Problem]:
    """Whether collectstatic was run for files with hashed names, and for this version's."""
    how = "Run manage.py collectstatic --noinput, then restart the web processes."
    if settings.DEBUG:
        return
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield Problem("Static files are not collected: browsers may keep old ones.", how)
    elif names := sorted(_not_as_collected(Path(settings.STATIC_ROOT))):
        yield Problem(f"{len(names)} static files are not those of this version, {names[0]} for one.", how)


def _not_as_collected(root: Path) -> Iterator[str]:
    """Files of ours that are missing in ``root``, or are others there."""
    ours: dict[str, Path] = {}
    for finder in get_finders():
        for name, storage in finder.list([]):
            ours.setdefault(name, Path(storage.path(name)))  # of two by one name the first is taken
    for name, path in ours.items():
        if not (root / name).exists() or not filecmp.cmp(path, root / name, shallow=False):
            yield name


def database() -> Iterator[Problem]:
    """Whether it answers, and is one for production."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Problem(f"The database does not answer: {str(error).strip()}", "Check DATABASE_URL and the server.")
        return
    if connection.vendor == "sqlite" and not settings.DEBUG:
        yield Problem(
            "SQLite serves a single organizer on one machine.",
            "Set DATABASE_URL to a PostgreSQL for anything more.",
            passing=True,
        )


def migrations() -> Iterator[Problem]:
    """Whether all are applied."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Problem(f"{len(missing)} migrations are not applied.", "Run manage.py migrate.")


def stored_tokens(newest: int | None = None) -> Iterator[Problem]:
    """The stored access token of every connection, or of the newest few, decrypted and forgotten."""
    broken = 0
    for pk in Connection.objects.exclude(access_token="").order_by("-pk").values_list("pk", flat=True)[:newest]:
        try:
            Connection.objects.values_list("access_token").get(pk=pk)
        except EncryptionKeyError:
            broken += 1
    if broken:
        yield Problem(
            f"The tokens of {broken} connections cannot be decrypted.",
            "Put the key they were written with back at the end of ENCRYPTION_KEYS, then run rotate_encryption_keys.",
        )


def permissions() -> Iterator[Problem]:
    """Connections in use whose granted scopes lack one that is needed."""
    for provider in providers.all_providers():
        used = Connection.objects.filter(provider=provider.slug, status=Connection.Status.CONNECTED)
        lacking = [row for row in used.only("scopes", "provider", "status") if provider.missing(row.scope_set)]
        names = ", ".join(sorted({item.scopes[0] for row in lacking for item in provider.missing(row.scope_set)}))
        if lacking:
            yield Problem(
                f"{len(lacking)} connections to {provider.name} lack {names}.",
                f"Add the scopes to the app at {provider.service}; their organizers then connect again.",
            )


def unfinished_work() -> Iterator[Problem]:
    """Bookings that were tried and are not in line."""
    count = Booking.objects.unfinished().filter(attempts__gt=0).count()
    if count:
        yield Problem(
            f"{count} bookings are not fully arranged though it was tried.",
            "Look at their timelines in /admin/; manage.py arrange tries again now.",
        )
