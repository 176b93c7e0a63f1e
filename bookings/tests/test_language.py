"""In which language people read."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from bookings import services
from bookings.models import Organizer
from bookings.tests.world import booked
from zinnect.tests.fixtures import PASSWORD


@pytest.mark.django_db
def test_a_browsers_language_is_spoken(client: Client) -> None:
    page = client.get("/", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de">' in page.content.decode()
    assert page["Content-Language"] == "de"


@pytest.mark.django_db
def test_the_language_asked_for_in_the_address_is_kept(client: Client) -> None:
    client.get("/?lang=de")
    assert '<html lang="de">' in client.get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["xx", "", "../de", "de\r\nSet-Cookie: a=b"])
def test_a_language_that_nobody_speaks_here_changes_nothing(client: Client, asked: str) -> None:
    page = client.get("/", {"lang": asked})
    assert '<html lang="en">' in page.content.decode()
    assert "django_language" not in page.cookies


def test_the_organizers_language_is_theirs_in_every_browser(as_ada: Client, ada: Organizer) -> None:
    settings = {"name": "Ada", "handle": "ada", "timezone": "Europe/Berlin", "language": "de"}
    assert as_ada.post(reverse("organizer:settings"), settings).status_code == 302
    ada.refresh_from_db()
    assert ada.language == "de"
    assert '<html lang="de">' in as_ada.get(reverse("organizer:settings")).content.decode()
    elsewhere = Client()
    elsewhere.post(reverse("account_login"), {"login": ada.user.email, "password": PASSWORD})
    assert '<html lang="de">' in elsewhere.get(reverse("organizer:settings")).content.decode()


def test_the_timeline_is_in_the_organizers_language_whoever_acts(ada: Organizer) -> None:
    ada.language = "de"
    ada.save()
    booking = booked(ada)
    services.cancel(booking=booking, by="invitee")
    assert booking.timeline.get(kind="cancelled").text == "Vom Gast abgesagt."
