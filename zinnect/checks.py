"""What can be wrong with the settings though the service starts: ``manage.py check``, and every start, say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from integrations.fields import EncryptionKeyError, decrypt, encrypt


def check_timing(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whether leases, sweeps and timeouts fit together (architecture.md, "One worker at a time")."""
    return list(_timing())


def _timing() -> Iterator[CheckMessage]:
    timeout, lease = settings.PROVIDER_TIMEOUT_SECONDS, settings.ARRANGE_LEASE_SECONDS
    if timeout <= 0:
        yield Error(
            "PROVIDER_TIMEOUT_SECONDS must be above zero.",
            hint="Set the seconds that one call may take in all.",
            id="zinnect.E001",
        )
    elif lease < 3 * timeout:
        yield checks.Warning(
            f"ARRANGE_LEASE_SECONDS ({lease:g}) is shorter than three calls of PROVIDER_TIMEOUT_SECONDS ({timeout:g}).",
            hint="No call starts with less of the lease left than it may take, so work would rarely finish in one go. "
            "Raise ARRANGE_LEASE_SECONDS or lower PROVIDER_TIMEOUT_SECONDS.",
            id="zinnect.W001",
        )
    if settings.SWEEP_SECONDS <= 0:
        yield Error(
            "SWEEP_SECONDS must be above zero.", hint="Set how often unfinished work is looked for.", id="zinnect.E002"
        )
    fallback = settings.MEETING_FALLBACK_SECONDS
    if fallback < timeout:
        yield checks.Warning(
            f"MEETING_FALLBACK_SECONDS ({fallback:g}) is shorter than one call may take ({timeout:g}).",
            hint="Google Meet would be announced while the first call to Zoom is still under way.",
            id="zinnect.W002",
        )


def check_encryption_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whether every one of ENCRYPTION_KEYS is a Fernet key."""
    try:
        works = decrypt(encrypt("a")) == "a"
    except (ImproperlyConfigured, EncryptionKeyError):
        works = False
    if works:
        return []
    return [Error("ENCRYPTION_KEYS cannot encrypt.", hint="Set Fernet keys, newest first.", id="zinnect.E003")]


def check_broker(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whether several processes can work together."""
    if settings.REDIS_URL or settings.DEBUG:
        return []
    return [
        checks.Warning(
            "REDIS_URL is not set: there is no broker, and each process has a cache of its own.",
            hint="Set REDIS_URL. Without it bookings are arranged by `manage.py arrange` alone.",
            id="zinnect.W003",
        )
    ]


def check_providers(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whether what belongs together is set together."""
    if settings.ZOOM_CLIENT_ID and not settings.ZOOM_WEBHOOK_SECRET:
        return [
            checks.Warning(
                "ZOOM_WEBHOOK_SECRET is not set: Zoom's webhooks are answered with 503.",
                hint="Copy the secret token from the Zoom app's page. Zoom requires it.",
                id="zinnect.W004",
            )
        ]
    return []


def check_base_url(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whether the public origin is an origin, and one that the service answers to."""
    found: list[CheckMessage] = []
    if settings.BASE_URL.count("/") > 2:
        found.append(
            Error(
                "BASE_URL has a path.",
                hint="Set the origin alone, such as https://book.example.com.",
                id="zinnect.E004",
            )
        )
    host = settings.BASE_URL.split("://", 1)[-1].split("/")[0].rsplit(":", 1)[0]
    if not {host, "*", "." + host.split(".", 1)[-1]} & set(settings.ALLOWED_HOSTS):
        found.append(
            checks.Warning(
                f"ALLOWED_HOSTS does not name {host}, the host of BASE_URL: links in mail will answer 400.",
                hint="Add it to ALLOWED_HOSTS.",
                id="zinnect.W005",
            )
        )
    return found


def register_all() -> None:
    """Called once, when the apps are ready."""
    for check in (check_timing, check_encryption_keys, check_broker, check_providers, check_base_url):
        register(check, Tags.compatibility)
