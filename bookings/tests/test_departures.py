"""Leaving: what is to come is cancelled, both connections are revoked, and nothing of the account is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bookings.models import Booking, Departure, Organizer
from bookings.services import departures
from bookings.tests.people import booked as row_of_booking
from bookings.tests.world import INVITEE, booked, connect, settle
from integrations import revocations
from integrations.models import Revocation
from integrations.sandbox.testing import Sandbox
from zinnect.tests.fixtures import PASSWORD

PAGE = "/settings/delete-account/"


@pytest.fixture
def with_booking(ada: Organizer, sandbox: Sandbox) -> Booking:
    """Ada with both accounts connected and one booking to come."""
    connect(ada, sandbox, "google", "zoom")
    return settle(booked(ada))


def rows_of(user_id: int) -> Iterator[str]:
    """Every row that points to the user, by model."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            points = isinstance(field, models.ForeignKey) and field.related_model is User
            if points and model._default_manager.filter(**{field.name: user_id}).exists():
                yield model.__name__


def test_the_page_says_what_will_happen_and_asks_for_the_password(as_ada: Client, with_booking: Booking) -> None:
    page = as_ada.get(PAGE).content.decode()

    assert "1 upcoming booking is cancelled" in page
    assert "Ida Invitee" in page
    assert 'type="password"' in page


@pytest.mark.parametrize("typed", ["", "wrong"])
def test_without_the_password_nothing_happens(as_ada: Client, with_booking: Booking, typed: str) -> None:
    answer = as_ada.post(PAGE, {"password": typed})

    assert answer.status_code == 422
    assert ("This is not your password." if typed else "This field is required.") in answer.content.decode()
    with_booking.refresh_from_db()
    assert with_booking.is_live
    assert not Departure.objects.exists()


def test_guessing_ends_after_ten_tries(as_ada: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = "default"

    assert [as_ada.post(PAGE, {"password": "wrong"}).status_code for _try in range(11)] == [422] * 10 + [429]


def test_an_administrator_is_not_deleted_here(as_ada: Client, ada: Organizer) -> None:
    User.objects.filter(pk=ada.user_id).update(is_staff=True)

    assert "Another administrator can delete it." in as_ada.post(PAGE, {"password": PASSWORD}).content.decode()


def test_everything_goes_once_everybody_is_told(
    as_ada: Client, ada: Organizer, with_booking: Booking, sandbox: Sandbox, client: Client
) -> None:
    assert _live_grants(sandbox)
    answer = as_ada.post(PAGE, {"password": PASSWORD}, follow=True)

    assert "Your account is being deleted." in answer.content.decode()
    assert as_ada.get("/bookings/").status_code == 302
    assert client.get("/ada/intro/").status_code == 404
    assert departures.go_on() == 0, "invitees are not told yet"
    settle(with_booking)
    assert sandbox.events(live=True) == []
    assert sandbox.meetings(live=True) == []
    assert departures.go_on() == 0, "the grants are not revoked yet"
    for revocation in Revocation.objects.all():
        revocations.attempt(revocation.pk)
    assert departures.go_on() == 1

    assert list(rows_of(ada.user_id)) == []
    assert not User.objects.filter(pk=ada.user_id).exists()
    assert not Booking.objects.exists()
    told = [entry for entry in sandbox.ledger() if entry["to"] == INVITEE]
    assert [entry["method"] for entry in told] == ["REQUEST", "CANCEL"]
    assert "account was closed" in next(m.body for m in reversed(mail.outbox) if m.to == [INVITEE])
    assert _live_grants(sandbox) == []


def _live_grants(sandbox: Sandbox) -> list[object]:
    """The tokens that the providers still honour."""
    return [token for token in sandbox.state()["tokens"]["ids"] if token["state"] == "live"]


def test_a_provider_that_never_answers_does_not_keep_anybody(
    ada: Organizer, with_booking: Booking, sandbox: Sandbox
) -> None:
    departures.depart(user=ada.user, by="organizer")
    Departure.objects.update(asked_at=timezone.now() - departures.PATIENCE - timedelta(minutes=1))

    assert departures.go_on() == 1
    assert list(rows_of(ada.user_id)) == []


def test_asking_twice_is_asking_once(ada: Organizer) -> None:
    first = departures.depart(user=ada.user, by="organizer")

    assert departures.depart(user=ada.user, by="admin") == first


def test_others_are_left_alone(ada: Organizer, grace: Organizer) -> None:
    hers = row_of_booking(grace)
    departures.depart(user=ada.user, by="organizer")
    departures.go_on()

    assert Booking.objects.get() == hers
    assert User.objects.get() == grace.user


def test_past_bookings_are_not_cancelled_but_go_with_the_account(ada: Organizer) -> None:
    past = row_of_booking(ada, days=-3)
    departures.depart(user=ada.user, by="organizer")
    past.refresh_from_db()
    assert past.is_live

    assert departures.go_on() == 1
    assert not Booking.objects.exists()


def test_the_command_does_the_same(ada: Organizer, capsys: pytest.CaptureFixture[str]) -> None:
    row_of_booking(ada)
    call_command("delete_account", email="ADA@example.com")

    assert "1 bookings are being cancelled." in capsys.readouterr().out
    assert Departure.objects.get().by == "admin"
    with pytest.raises(CommandError, match="0 accounts"):
        call_command("delete_account", email="nobody@example.com")


def test_an_admin_can_by_an_action_and_not_by_deleting_the_row(ada: Organizer) -> None:
    root = User.objects.create_superuser("root", "root@example.com")
    admin = Client()
    admin.force_login(root)
    data = {"action": "delete_accounts", "_selected_action": [ada.user_id, root.pk]}
    page = admin.post("/admin/auth/user/", data, follow=True).content.decode()

    assert "They are being deleted." in page
    assert [departure.user for departure in Departure.objects.all()] == [ada.user], "never oneself"
    assert admin.post(f"/admin/auth/user/{ada.user_id}/delete/", {"post": "yes"}).status_code == 403
