"""Accounts connected as people connect them: through our pages, the sandbox's consent page, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from integrations import providers
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox

Connect = Callable[..., Connection]


def consent_url(client: Client, slug: str) -> str:
    """Press "Connect"; the consent page's address."""
    answer = client.post(f"/apps/integrations/{slug}/connect/")
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def come_back(client: Client, location: str) -> HttpResponse:
    """Follow the provider's redirect back to us, as the browser would."""
    parts = urlsplit(location)
    return client.get(f"{parts.path}?{parts.query}", follow=True)  # type: ignore[return-value]


@pytest.fixture
def ada_user(ada: Any) -> User:
    """The user that Ada is."""
    user: User = ada.user
    return user


@pytest.fixture
def grace_user(grace: Any) -> User:
    """The user that Grace is."""
    user: User = grace.user
    return user


@pytest.fixture
def as_grace(grace_user: User) -> Client:
    """A test client that Grace is signed in with."""
    client = Client()
    client.force_login(grace_user)
    return client


@pytest.fixture
def connect(sandbox: Sandbox, as_ada: Client, ada_user: User) -> Connect:
    """``connect("zoom")``: Ada connects, and here is her connection with its tokens."""

    def through_the_pages(slug: str = "zoom", **consent: Any) -> Connection:
        come_back(as_ada, sandbox.consent(consent_url(as_ada, slug), **consent))
        return with_tokens(ada_user, slug)

    return through_the_pages


def with_tokens(user: User, slug: str = "zoom") -> Connection:
    """The connection as it stands in the database now."""
    return Connection.objects.defer(None).get(user=user, provider=slug)


@pytest.fixture
def zoom(connect: Connect) -> Connection:
    """Ada's Zoom, connected."""
    return connect("zoom")


def expire(connection: Connection, sandbox: Sandbox | None = None) -> None:
    """Its access token has run out; at Zoom as well, where a sandbox is given."""
    Connection.objects.filter(pk=connection.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    if sandbox is not None:
        sandbox.act("expire_tokens", service=connection.provider)


def who(token: str) -> str:
    """The name of the Zoom user that a token belongs to."""
    return providers.get("zoom").fetch_account(token).display_name


def refreshes(sandbox: Sandbox) -> int:
    """How many refreshes were asked for."""
    return len(sandbox.calls("token.refresh"))
