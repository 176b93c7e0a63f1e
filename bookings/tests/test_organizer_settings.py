"""Who an organizer is, and the first steps."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from bookings.models import Organizer
from integrations.models import Connection

MARY = {"name": "Mary Moser", "handle": "mary", "timezone": "Europe/Zurich"}


@pytest.fixture
def mary(db: None) -> User:
    """Somebody who has just signed up."""
    return get_user_model().objects.create_user("mary", "mary@example.com")


@pytest.fixture
def as_mary(mary: User, client: Client) -> Client:
    """Signed in as Mary."""
    client.force_login(mary)
    return client


def test_name_handle_and_zone_are_kept(as_ada: Client, ada: Organizer) -> None:
    answer = as_ada.post(reverse("organizer:settings"), {"name": "Ada A.", "handle": "Ada-A", "timezone": "Asia/Tokyo"})
    assert answer.status_code == 302
    ada.refresh_from_db()
    assert (ada.name, ada.handle, str(ada.timezone)) == ("Ada A.", "ada-a", "Asia/Tokyo")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("handle", "admin", "This address is reserved."),
        ("handle", "settings", "This address is reserved."),
        ("handle", "grace", "Somebody else has this address already."),
        ("handle", "GRACE", "Somebody else has this address already."),
        ("handle", "-ada", "beginning and ending with a letter or digit"),
        ("handle", "a/b", "valid “slug”"),
        ("name", " ", "This field is required."),
        ("timezone", "Mars/Olympus", "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    as_ada: Client, ada: Organizer, grace: Organizer, field: str, value: str, words: str
) -> None:
    typed = {"name": "Ada", "handle": "ada", "timezone": "Asia/Tokyo"} | {field: value}
    answer = as_ada.post(reverse("organizer:settings"), typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.handle, str(ada.timezone)) == ("ada", "Europe/Berlin")


def test_the_settings_lead_to_everything_about_the_account(as_ada: Client) -> None:
    page = as_ada.get(reverse("organizer:settings")).content.decode()
    for name in ("integrations:settings_list", "account_email", "account_change_password", "mfa_index"):
        assert f'href="{reverse(name)}"' in page


def test_the_first_step_makes_a_page_with_working_hours(as_mary: Client, mary: User) -> None:
    answer = as_mary.post(reverse("organizer:start"), MARY)
    assert answer["Location"] == reverse("organizer:start")
    made = Organizer.objects.get(user=mary)
    assert (made.handle, str(made.timezone)) == ("mary", "Europe/Zurich")
    assert made.schedules.get().weekly_hours.count() == 5
    assert made.event_types.get().slug == "intro"
    assert as_mary.get(reverse("organizer:bookings")).status_code == 200


def test_the_same_first_step_twice_makes_one_page(as_mary: Client, mary: User) -> None:
    for _ in range(2):
        assert as_mary.post(reverse("organizer:start"), MARY).status_code == 302
    assert Organizer.objects.filter(user=mary).count() == 1


@pytest.mark.parametrize("handle", ["ada", "help", ""])
def test_a_handle_that_cannot_be_is_refused(as_mary: Client, ada: Organizer, handle: str) -> None:
    answer = as_mary.post(reverse("organizer:start"), MARY | {"handle": handle})
    assert answer.status_code == 422
    assert 'value="Mary Moser"' in answer.content.decode()
    assert Organizer.objects.count() == 1


def test_the_steps_that_are_done_are_marked(as_ada: Client, ada: Organizer, settings: Settings) -> None:
    settings.ZOOM_CLIENT_ID = settings.GOOGLE_CLIENT_ID = "an id"
    settings.ZOOM_CLIENT_SECRET = settings.GOOGLE_CLIENT_SECRET = "a secret"
    Connection.objects.create(user=ada.user, provider="google", status=Connection.Status.CONNECTED)
    page = as_ada.get(reverse("organizer:start")).content.decode()
    assert page.count('<li class="done">') == 2
    assert "Connect Zoom" in page
    assert "Connect Google Calendar" not in page


def test_only_the_next_step_stands_out(as_ada: Client, ada: Organizer, settings: Settings) -> None:
    settings.ZOOM_CLIENT_ID = settings.GOOGLE_CLIENT_ID = "an id"
    settings.ZOOM_CLIENT_SECRET = settings.GOOGLE_CLIENT_SECRET = "a secret"
    page = as_ada.get(reverse("organizer:start")).content.decode()
    assert re.findall(r'class="button".*>Connect (.+)</a>', page) == ["Google Calendar"]
    assert re.findall(r'class="button button-secondary".*>Connect (.+)</a>', page) == ["Zoom"]
