"""What Prometheus reads: true of all processes together, and of nobody in particular."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from bookings.models import Announcement, Booking, CalendarEntry, Organizer
from bookings.services import retention
from bookings.tests.people import announced
from bookings.tests.people import booked as row_of_booking
from bookings.tests.world import booked, connect, settle
from integrations import http, oauth
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from zinnect import counters, metrics
from zinnect.demo.product import ROOT

Sample = tuple[str, tuple[tuple[str, str], ...]]


def read() -> dict[Sample, float]:
    """All samples by name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def value(name: str, **labels: str) -> float:
    """One of them; KeyError when it is not there."""
    return read()[f"zinnect_{name}", tuple(sorted(labels.items()))]


@pytest.fixture
def with_zoom(ada: Organizer, sandbox: Sandbox) -> Booking:
    """A booking that went as it should."""
    connect(ada, sandbox, "google", "zoom")
    return settle(booked(ada))


def test_a_booking_counts_with_its_link_and_the_calls_that_it_took(with_zoom: Booking) -> None:
    assert value("bookings", status="confirmed") == 1
    assert value("bookings_unfinished") == 0
    assert value("link_seconds_count") == 1
    assert value("link_seconds_bucket", le="300.0") == 1
    assert value("one_link_violations") == 0
    assert value("provider_calls_total", service="Zoom", method="POST", outcome="ok") >= 2  # the exchange, the meeting
    assert value("provider_calls_total", service="Google Calendar", method="PATCH", outcome="ok") == 1
    assert value("provider_call_seconds_count", service="Zoom") == value(
        "provider_call_seconds_bucket", service="Zoom", le="+Inf"
    )
    assert value("connections", provider="zoom", status="connected") == 1


def test_no_sample_names_a_person_a_meeting_or_a_link(with_zoom: Booking, sandbox: Sandbox) -> None:
    text = metrics.text().decode()
    (meeting,) = sandbox.meetings()
    rows = [*Connection.objects.all(), with_zoom, with_zoom.organizer]
    secret = [str(meeting["id"]), meeting["join_url"], with_zoom.invitee_email, with_zoom.token]
    secret += [row.external_id for row in rows if isinstance(row, Connection)]
    assert all(secret)
    assert [word for word in secret if word in text] == []


def test_the_time_to_the_first_link_is_counted_once_for_a_booking(ada: Organizer) -> None:
    now = timezone.now()
    booking = row_of_booking(ada, confirmed_at=now - timedelta(seconds=40))
    announced(booking)
    Booking.objects.filter(pk=booking.pk).update(revision=2)
    booking.refresh_from_db()
    announced(booking)
    Announcement.objects.filter(revision=1).update(done_at=now)

    assert value("link_seconds_count") == 1
    assert value("link_seconds_bucket", le="30.0") == 0
    assert value("link_seconds_bucket", le="60.0") == 1
    assert value("link_seconds_sum") == pytest.approx(40)


def test_a_booking_announced_with_meet_though_zoom_was_wanted_is_a_fallback(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params={"status": 400})
    settle(booked(ada))

    assert value("fallbacks", link="google_meet", channel="calendar") == 1
    assert value("provider_calls_total", service="Zoom", method="POST", outcome="refused") == 1


def test_an_event_with_two_links_is_a_violation(with_zoom: Booking) -> None:
    CalendarEntry.objects.update(meet_url="https://meet.google.com/abc-defg-hij")

    assert value("one_link_violations") == 1


def test_what_was_given_up_is_counted(ada: Organizer) -> None:
    row_of_booking(ada, arranged_revision=0, gave_up_at=timezone.now())

    assert value("bookings_gave_up") == 1
    assert value("bookings_unfinished") == 0


def test_refreshes_are_counted_by_what_became_of_them(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "zoom")
    zoom = Connection.objects.get()
    Connection.objects.update(expires_at=timezone.now())
    oauth.with_valid_token(zoom.pk)
    Connection.objects.update(expires_at=timezone.now())
    sandbox.fault(service="zoom", call="token.refresh", kind="status", params={"status": 500})
    with pytest.raises(http.ProviderError):
        oauth.with_valid_token(zoom.pk)

    assert value("token_refreshes_total", provider="zoom", outcome="ok") == 1
    assert value("token_refreshes_total", provider="zoom", outcome="failed") == 1


@pytest.mark.slow
@pytest.mark.django_db
def test_what_another_process_counted_is_counted() -> None:
    counters.called("Zoom", "GET", "ok", 0.2)
    script = "import django; django.setup(); from zinnect import counters; counters.called('Zoom', 'GET', 'ok', 3.0)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "zinnect.settings"}
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=environment)

    assert value("provider_calls_total", service="Zoom", method="GET", outcome="ok") == 2
    assert value("provider_call_seconds_bucket", service="Zoom", le="0.25") == 1
    assert value("provider_call_seconds_bucket", service="Zoom", le="5.0") == 2
    assert value("provider_call_seconds_sum", service="Zoom") == pytest.approx(3.2)


def test_forgetting_people_changes_no_number_of_bookings(with_zoom: Booking) -> None:
    def of_bookings() -> dict[Sample, float]:
        words = ("bookings", "link_seconds", "fallbacks")
        return {sample: number for sample, number in read().items() if any(word in sample[0] for word in words)}

    before = of_bookings()
    assert retention.forget_people(Booking.objects.all()) == 1
    assert of_bookings() == before


@pytest.mark.django_db
def test_tasks_that_wait_are_counted() -> None:
    client = counters._connected_to(os.environ["REDIS_URL"])
    client.rpush("celery", "one", "two")

    assert value("queue_length") == 2


@pytest.mark.django_db
def test_without_redis_the_rest_is_told_and_calls_go_on(settings: Settings, sandbox: Sandbox) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    try:
        answer = http.call("GET", f"{sandbox.urls['zoom_api_url']}/users/me", service="Zoom")
        samples = read()
    finally:
        del settings.CACHES

    assert answer.status == 401
    assert samples["zinnect_broker_up", ()] == 0
    assert ("zinnect_queue_length", ()) not in samples
    assert samples["zinnect_bookings_unfinished", ()] == 0


@pytest.mark.parametrize(
    ("status", "word"),
    [(200, "ok"), (204, "ok"), (302, "redirected"), (404, "refused"), (429, "limited"), (503, "failed")],
)
def test_an_outcome_is_a_word_for_a_class_of_answers(status: int, word: str) -> None:
    assert http.outcome(status) == word


def test_a_call_without_an_answer_counts_too(settings: Settings) -> None:
    settings.ZOOM_API_URL = "http://127.0.0.1:9/v2"
    with pytest.raises(http.ProviderError):
        http.call("GET", "http://127.0.0.1:9/v2/users/me", service="Zoom")

    assert counters.totals() == pytest.approx(
        {"calls|Zoom|GET|no_answer": 1.0, "within|Zoom|0.1": 1.0, "seconds|Zoom": counters.totals()["seconds|Zoom"]}  # type: ignore[index]
    )


def test_metrics_are_served_to_whoever_holds_the_token(client: Client, settings: Settings, with_zoom: Booking) -> None:
    settings.METRICS_TOKEN = "the token"

    answer = client.get("/metrics", headers={"Authorization": "Bearer the token"})

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert b"zinnect_provider_calls_total{" in answer.content
