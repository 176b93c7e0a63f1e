"""What a process says when it starts."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from bookings.models import Organizer
from integrations.models import Connection
from zinnect.startup import look_at_secrets

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _connected(ada: Organizer) -> None:
    Connection.objects.create(user=ada.user, provider="zoom", access_token="an access token")


def test_wrong_keys_are_said_with_what_mends_them(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    look_at_secrets()
    (line,) = caplog.messages
    assert line.startswith("The tokens of 1 connections cannot be decrypted.")
    assert "at the end of ENCRYPTION_KEYS" in line


def test_the_right_keys_are_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    look_at_secrets()
    assert caplog.messages == []
