"""What load balancers, Prometheus and operators are told."""

from __future__ import annotations

import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bookings.models import Booking, Organizer
from bookings.tests.people import booked
from integrations.models import Connection
from zinnect import heartbeat

ALIVE = {heartbeat.WORK: 0.0, heartbeat.SWEEP: 0.0}


@pytest.fixture
def working() -> None:
    """A worker has just finished a sweep."""
    cache.set_many(dict.fromkeys(ALIVE, time.time()))


def test_healthz_answers_without_the_database(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
@pytest.mark.usefixtures("working")
def test_readyz_is_ok_when_all_is_well(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "because": []}


@pytest.mark.django_db
def test_readyz_names_workers_and_beat_that_were_not_heard_of(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "because": ["workers", "beat"]}


@pytest.mark.django_db
def test_readyz_names_a_broker_that_is_gone(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}

    try:
        assert client.get("/readyz").json() == {"status": "degraded", "because": ["broker"]}
    finally:
        del settings.CACHES


@pytest.mark.usefixtures("working")
def test_readyz_names_old_unfinished_work(client: Client, ada: Organizer) -> None:
    booked(ada, arranged_revision=0, revised_at=timezone.now() - timedelta(hours=1))

    assert client.get("/readyz").json() == {"status": "degraded", "because": ["old unfinished work"]}


@pytest.mark.django_db
def test_readyz_answers_503_while_migrations_are_missing(client: Client) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="bookings").delete()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["because"] == ["migrations"]


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer "])
def test_metrics_are_not_there_for_strangers(client: Client, settings: Settings, token: str) -> None:
    settings.METRICS_TOKEN = "the token"

    assert client.get("/metrics", headers={"Authorization": token}).status_code == 404


def test_metrics_are_not_there_where_no_token_is_set(client: Client) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_count_bookings_and_name_nobody(client: Client, settings: Settings, ada: Organizer) -> None:
    settings.METRICS_TOKEN = "the token"
    booked(ada)
    late = booked(ada, name="Late Lotte", days=4, arranged_revision=0)
    Booking.objects.filter(pk=late.pk).update(revised_at=timezone.now() - timedelta(seconds=90))

    text = client.get("/metrics", headers={"Authorization": "Bearer the token"}).content.decode()

    assert 'zinnect_bookings{status="confirmed"} 2' in text
    assert 'zinnect_bookings{status="cancelled"} 0' in text
    assert "zinnect_bookings_unfinished 1" in text
    assert "zinnect_bookings_unfinished_oldest_seconds 9" in text
    assert "Lotte" not in text


def test_the_doctor_finds_tokens_that_no_key_fits(ada: Organizer, settings: Settings) -> None:
    Connection.objects.create(user=ada.user, provider="zoom", access_token="planted", refresh_token="planted")
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OWFiY2RlZmdoaWo="]
    output = StringIO()

    with pytest.raises(CommandError):
        call_command("doctor", stdout=output)

    assert "The tokens of 1 connections cannot be decrypted." in output.getvalue()
    assert "planted" not in output.getvalue()
