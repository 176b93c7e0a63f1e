"""What is wrong with what the settings name: broker, worker, beat, mail, providers, and the clock beside theirs."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.mail import get_connection
from django.urls import reverse
from django.utils import timezone

from integrations import http, providers
from integrations.grants import redirect_uri
from integrations.providers import Provider, ProviderError
from zinnect import heartbeat
from zinnect.diagnosis.problem import Problem

SECONDS = 3
SKEW = timedelta(seconds=60)
"""A token's end, a webhook's age and a meeting's time are compared by two clocks."""
APIS = {"zoom": "ZOOM_API_URL", "google": "GOOGLE_API_URL"}


def broker() -> Iterator[Problem]:
    """Whether Redis answers."""
    if not settings.REDIS_URL:
        yield Problem("There is no broker.", "Set REDIS_URL.")
        return
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            client.ping()
    except redis.RedisError as error:
        yield Problem(f"The broker does not answer: {error}", "Check REDIS_URL and the server.")


def silent() -> list[tuple[str, Problem]]:
    """Workers and beat, by what was last heard of them."""
    how = "Start them by the commands of the Procfile. Just started? Ask again in half a minute."
    return [(name, Problem(f"Nothing was heard of {name} lately.", how)) for name in heartbeat.silent()]


def mail() -> Iterator[Problem]:
    """Whether the mail server takes us."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        if not settings.DEBUG:
            yield Problem("EMAIL_URL names no mail server: nobody gets mail.", "Set EMAIL_URL to your SMTP server.")
        return
    try:
        with get_connection(timeout=SECONDS):
            return
    except (OSError, smtplib.SMTPException) as error:
        yield Problem(f"The mail server does not take us: {error}", "Check EMAIL_URL.")


def in_order() -> list[Provider]:
    """The providers, the one of the headline first."""
    return sorted(providers.all_providers(), key=lambda provider: provider.meetings is None)


def configured(provider: Provider) -> Iterator[Problem]:
    """Whether organizers can connect it."""
    name = provider.slug.upper()
    if not provider.configured:
        yield Problem(
            f"{provider.service} is not configured: nobody can connect it.",
            f"Set {name}_CLIENT_ID and {name}_CLIENT_SECRET (docs/{provider.slug}.md).",
        )
    if provider.client_id and provider.slug == "zoom" and not settings.ZOOM_WEBHOOK_SECRET:
        yield Problem(
            "ZOOM_WEBHOOK_SECRET is not set: Zoom's webhooks are answered with 503.",
            "Copy the secret token of the event subscription from the Zoom app's page.",
        )
    if urlsplit(settings.BASE_URL).hostname in ("localhost", "127.0.0.1") and not settings.DEBUG:
        yield Problem("BASE_URL is this machine only.", "Set it to the public https:// origin.")


def addresses(provider: Provider) -> Iterator[str]:
    """What is to be entered at the provider's."""
    yield f"redirect URL: {redirect_uri(provider)}"
    if provider.slug == "zoom":
        yield f"event notification endpoint: {settings.BASE_URL}{reverse('integrations:zoom_webhook')}"
    yield f"scopes: {' '.join(provider.requested_scopes or [item.scopes[0] for item in provider.permissions])}"


def clock() -> Iterator[Problem]:
    """Our clock beside those of the providers that are configured."""
    for provider in in_order():
        if not provider.configured:
            continue
        try:
            began, theirs = timezone.now(), _their_time(provider)
        except ProviderError as error:
            yield Problem(f"{provider.service} was not reached: {error}", "Let this machine reach it over HTTPS.")
            continue
        if theirs is not None and abs(theirs - began) > SKEW:
            seconds = (theirs - began).total_seconds()
            yield Problem(
                f"This machine's clock is {abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'} "
                f"{provider.service}'s.",
                "Switch on time synchronisation (timedatectl set-ntp true).",
            )


def _their_time(provider: Provider) -> datetime | None:
    """The Date of any answer at all (RFC 9110, 6.6.1)."""
    answer = http.call("GET", getattr(settings, APIS[provider.slug]), service=provider.service, timeout=SECONDS)
    said = answer.headers.get("Date")
    return parsedate_to_datetime(said) if said else None
