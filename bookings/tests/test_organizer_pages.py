"""The organizer's pages: whose rows they show, and to whom."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from bookings.models import Organizer
from bookings.tests.people import booked
from integrations.models import Connection

PAGES = ["bookings", "event_types", "event_type_new", "availability", "settings"]


@pytest.fixture
def configured(settings: Settings) -> None:
    """The operator has set up both providers."""
    settings.ZOOM_CLIENT_ID = settings.GOOGLE_CLIENT_ID = "an id"
    settings.ZOOM_CLIENT_SECRET = settings.GOOGLE_CLIENT_SECRET = "a secret"


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PAGES, "start"])
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str) -> None:
    path = reverse(f"organizer:{name}")
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next={path}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_who_has_no_page_yet_is_sent_to_the_first_steps(client: Client, name: str) -> None:
    client.force_login(get_user_model().objects.create_user("mary", "mary@example.com"))
    answer = client.get(reverse(f"organizer:{name}"))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("organizer:start")


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_an_organizer_are_kept_in_no_cache(as_ada: Client, name: str) -> None:
    answer = as_ada.get(reverse(f"organizer:{name}"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_the_bookings_of_others_are_not_found(as_ada: Client, grace: Organizer) -> None:
    theirs = booked(grace)
    for name in ("booking", "booking_reschedule", "booking_cancel"):
        assert as_ada.get(reverse(f"organizer:{name}", args=[theirs.uid])).status_code == 404
    for name in ("booking_reschedule", "booking_cancel", "booking_retry"):
        assert as_ada.post(reverse(f"organizer:{name}", args=[theirs.uid]), {"slot": "x"}).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.status, theirs.revision) == ("confirmed", 1)


def test_the_event_types_of_others_are_not_found(as_ada: Client, grace: Organizer) -> None:
    theirs = grace.event_types.get()
    assert as_ada.get(reverse("organizer:event_type", args=[theirs.pk])).status_code == 404
    for name in ("event_type", "event_type_toggle", "event_type_delete"):
        assert as_ada.post(reverse(f"organizer:{name}", args=[theirs.pk]), {"title": "Mine"}).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.title, theirs.active) == ("Intro call", True)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("event_type_toggle", 1),
        ("event_type_delete", 1),
        ("schedule_new", 0),
        ("schedule_rename", 1),
        ("schedule_default", 1),
        ("schedule_delete", 1),
        ("availability_date_add", 1),
        ("availability_days_off_add", 1),
        ("availability_days_off_remove", 2),
    ],
)
def test_changes_are_made_by_post_alone(as_ada: Client, name: str, numbers: int) -> None:
    assert as_ada.get(reverse(f"organizer:{name}", args=[1] * numbers)).status_code == 405


def test_a_change_from_another_site_is_refused(ada: Organizer) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada.user)
    assert client.post(reverse("organizer:settings"), {"name": "Mallory"}).status_code == 403


def test_what_is_not_connected_stays_visible(as_ada: Client, ada: Organizer, configured: None) -> None:
    page = as_ada.get(reverse("organizer:bookings")).content.decode()
    assert "Google Calendar is not connected yet." in page
    assert "Zoom is not connected yet." in page
    Connection.objects.create(user=ada.user, provider="google", status=Connection.Status.CONNECTED)
    Connection.objects.create(user=ada.user, provider="zoom", status=Connection.Status.NEEDS_RECONNECT)
    page = as_ada.get(reverse("organizer:bookings")).content.decode()
    assert "Google Calendar is not connected" not in page
    assert "Zoom needs to be reconnected." in page
    assert reverse("integrations:detail", args=["zoom"]) in page


def test_what_the_site_does_not_offer_is_not_asked_for(as_ada: Client) -> None:
    assert "is not connected yet" not in as_ada.get(reverse("organizer:bookings")).content.decode()


def test_integrations_are_reached_from_apps_and_from_settings(as_ada: Client) -> None:
    page = as_ada.get(reverse("organizer:bookings")).content.decode()
    assert reverse("integrations:list") in page
    assert reverse("integrations:settings_list") in page
