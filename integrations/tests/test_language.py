"""In which language an organizer reads what happened to a connection while they were away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from integrations import tasks
from integrations.health import lose
from integrations.models import Connection, Erasure
from integrations.oauth import deauthorize, remove
from integrations.tests.conftest import Connect

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoom(connect: Connect, ada_user: User) -> Connection:
    """The Zoom account of Ada, who reads German."""
    connection = connect("zoom")
    ada_user.organizer.language = "de"
    ada_user.organizer.save()
    return connection


def last_words(connection: Connection) -> str:
    event = connection.events.first()
    assert event is not None
    return event.text


def test_removed_by_an_admin(zoom: Connection) -> None:
    remove(zoom, by="admin")
    assert last_words(zoom) == "Von der Administration entfernt."


def test_taken_away_at_zoom_and_erased_later(zoom: Connection) -> None:
    Connection.objects.update(connected_at=datetime(2026, 11, 1, tzinfo=UTC))
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    deauthorize(provider="zoom", external_id=zoom.external_id, account_id=zoom.account_id, at=at)
    due = Erasure.objects.get().erase_after
    assert last_words(zoom).endswith(f"werden am {due.day}. November {due.year} gelöscht.")
    Erasure.objects.update(erase_after=timezone.now())
    tasks.sweep()
    assert last_words(zoom) == "Meeting-IDs, Links und Kontodaten des Anbieters wurden hier gelöscht."


def test_revoked_at_the_provider(zoom: Connection) -> None:
    remove(zoom, by="organizer")
    tasks.sweep()
    assert last_words(zoom) == "Der Zugriff wurde beim Anbieter widerrufen."


def test_mailed_that_it_is_lost(zoom: Connection) -> None:
    lose(zoom, "Zoom nimmt unseren Zugriff nicht mehr an.")
    tasks.sweep()
    assert last_words(zoom) == "Der Gastgeber wurde per E-Mail benachrichtigt, dass neu verbunden werden muss."
    assert mail.outbox[0].subject == "Zoom muss neu verbunden werden"
    assert "Hier verbinden Sie es neu:" in mail.outbox[0].body


def test_connected_again_in_a_browser_that_speaks_english(zoom: Connection, connect: Connect, as_ada: Client) -> None:
    remove(zoom, by="organizer")
    connect("zoom")
    assert last_words(zoom).startswith("Verbunden mit ")
