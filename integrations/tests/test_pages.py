"""The pages under Apps and Settings: what they say, to whom, and what admins never see."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import health
from integrations.admin import ConnectionAdmin
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from integrations.tests.conftest import Connect, with_tokens

pytestmark = pytest.mark.django_db

PAGES = ["/apps/integrations/", "/settings/integrations/", "/apps/integrations/zoom/", "/apps/integrations/google/"]


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("path", [*PAGES, "/apps/integrations/zoom/remove/"])
def test_strangers_are_sent_to_sign_in(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_support_address(sandbox: Sandbox, as_ada: Client, path: str) -> None:
    assert 'href="mailto:support@zinnect.com"' in page(as_ada, path)


def test_an_unknown_provider_is_not_found(as_ada: Client) -> None:
    assert as_ada.get("/apps/integrations/fax/").status_code == 404
    assert as_ada.post("/apps/integrations/fax/connect/").status_code == 404


def test_both_ways_lead_to_the_same_integrations(sandbox: Sandbox, as_ada: Client) -> None:
    for path in PAGES[:2]:
        shown = page(as_ada, path)
        assert shown.count('data-state="not_connected"') == 2
        assert "/apps/integrations/zoom/" in shown


def test_the_zoom_page_says_before_anyone_leaves_what_it_asks_for(sandbox: Sandbox, as_ada: Client) -> None:
    shown = page(as_ada, "/apps/integrations/zoom/")
    assert re.search(r"<button[^>]*>Connect Zoom Account</button>", shown)
    assert "Not connected" in shown
    assert "create Zoom meetings for bookings" in shown
    assert "No recordings, no chat data, and no personal Zoom content" in shown
    assert "we look for our own mark among your scheduled meetings" in shown


def test_a_connected_zoom_shows_account_and_history_and_offers_removal(connect: Connect, as_ada: Client) -> None:
    connect("zoom")
    shown = page(as_ada, "/apps/integrations/zoom/")
    assert "Connect Zoom Account" not in shown
    assert re.search(r"<svg[^>]*>.*?</svg> Connected</span>", shown)
    assert "Connected to organizer.one@example.com." in shown
    assert 'href="/apps/integrations/zoom/remove/"' in shown


def test_zoom_without_google_calendar_says_what_is_missing(connect: Connect, as_ada: Client) -> None:
    connect("zoom")
    for path in ("/apps/integrations/", "/apps/integrations/zoom/"):
        assert "Zoom is connected, but Google Calendar is not." in page(as_ada, path)
    connect("google")
    for path in ("/apps/integrations/", "/apps/integrations/zoom/"):
        assert "Zoom is connected, but Google Calendar is not." not in page(as_ada, path)


def test_a_lost_connection_says_why_and_offers_the_one_click(connect: Connect, as_ada: Client) -> None:
    health.lose(connect("zoom"), "Zoom no longer accepts our access. Connect it again to go on.")
    shown = page(as_ada, "/apps/integrations/zoom/")
    assert "Needs to be reconnected" in shown
    assert "Zoom no longer accepts our access." in shown
    assert re.search(r"<button[^>]*>Reconnect Zoom</button>", shown)
    assert "Needs to be reconnected" in page(as_ada, "/apps/integrations/")


def test_removing_asks_first_and_then_does_it(connect: Connect, as_ada: Client, ada_user: User) -> None:
    connect("zoom")
    shown = page(as_ada, "/apps/integrations/zoom/remove/")
    assert re.search(r"<button[^>]*>Remove</button>", shown)
    assert "Keep Zoom" in shown
    assert "<strong>0 upcoming meetings</strong> remain in Zoom and are no longer managed" in shown
    assert with_tokens(ada_user).usable
    answer = as_ada.post("/apps/integrations/zoom/remove/", follow=True)
    assert "Zoom was removed." in answer.content.decode()
    assert 'data-state="not_connected"' in answer.content.decode()
    assert with_tokens(ada_user).status == Connection.Status.REMOVED


def test_removing_what_is_not_connected_says_so(sandbox: Sandbox, as_ada: Client) -> None:
    answer = as_ada.post("/apps/integrations/zoom/remove/", follow=True)
    assert "Zoom is not connected." in answer.content.decode()


def test_removal_names_how_many_upcoming_meetings_are_concerned(connect: Connect, as_ada: Client, ada: Any) -> None:
    connection = connect("zoom")
    start = timezone.now() + timedelta(days=2)
    each: list[dict[str, Any]] = [
        {},
        {"start": start + timedelta(days=1)},
        {"status": "cancelled"},
        {"start": start - timedelta(days=9)},
        {"generation": 7},
        {"state": "deleted"},
    ]
    for number, changes in enumerate(each):
        booked_meeting(ada, connection, number, **{"start": start, **changes})
    assert 'data-upcoming="2"' in page(as_ada, "/apps/integrations/zoom/remove/")


def test_removal_of_the_calendar_names_its_upcoming_events(connect: Connect, as_ada: Client, ada: Any) -> None:
    connection = connect("google")
    calendar = connection.calendars.create(external_id="c", account_id="a", name="Ada")
    start = timezone.now() + timedelta(days=2)
    for number, state in enumerate(("live", "deleted")):
        booking = booked(ada, number, start + timedelta(hours=number), "confirmed")
        booking.calendar_entries.create(calendar=calendar, event_id=f"event{number}", state=state)
    assert 'data-upcoming="1"' in page(as_ada, "/apps/integrations/google/remove/")


def test_another_organizers_connection_is_not_mine(connect: Connect, as_grace: Client, as_ada: Client) -> None:
    connect("zoom")
    assert 'data-state="not_connected"' in page(as_grace, "/apps/integrations/zoom/")
    as_grace.post("/apps/integrations/zoom/remove/")
    assert 'data-state="connected"' in page(as_ada, "/apps/integrations/zoom/")


def test_what_zoom_took_away_is_said(connect: Connect, as_ada: Client) -> None:
    connection = connect("zoom")
    Connection.objects.filter(pk=connection.pk).update(status=Connection.Status.DEAUTHORIZED)
    shown = page(as_ada, "/apps/integrations/zoom/")
    assert "The access was taken away at Zoom's side" in shown.replace("&#x27;", "'")
    assert 'data-state="not_connected"' in shown


@pytest.mark.parametrize("path", ["/apps/integrations/zoom/", "/apps/integrations/zoom/remove/"])
def test_the_pages_are_not_cached(connect: Connect, as_ada: Client, path: str) -> None:
    connect("zoom")
    assert "no-store" in as_ada.get(path)["Cache-Control"]


def test_connect_and_callback_are_not_cached(sandbox: Sandbox, as_ada: Client) -> None:
    assert "no-store" in as_ada.post("/apps/integrations/zoom/connect/")["Cache-Control"]
    assert "no-store" in as_ada.get("/apps/integrations/zoom/callback/?state=x")["Cache-Control"]


def test_no_token_shows_on_any_page_or_in_the_admin(
    sandbox: Sandbox, connect: Connect, as_ada: Client, admin_client: Client
) -> None:
    connection = connect("zoom")
    shown = "".join(page(as_ada, path) for path in PAGES)
    for path in (
        "/admin/integrations/connection/",
        f"/admin/integrations/connection/{connection.pk}/change/",
        "/admin/integrations/connectionevent/",
        "/admin/integrations/revocation/",
    ):
        shown += page(admin_client, path)
    assert sandbox.leaks(shown) == []
    assert "gAAAA" not in shown


def test_admins_can_remove_a_connection_but_edit_nothing(
    connect: Connect, admin_client: Client, ada_user: User
) -> None:
    connection = connect("zoom")
    assert not {"access_token", "refresh_token"} & set(ConnectionAdmin.fields)
    assert admin_client.get("/admin/integrations/connection/add/").status_code == 403
    answer = admin_client.post(
        "/admin/integrations/connection/",
        {"action": "remove_connection", "_selected_action": [connection.pk]},
        follow=True,
    )
    assert "1 connection was removed." in answer.content.decode()
    assert with_tokens(ada_user).status == Connection.Status.REMOVED
    assert "an administrator" in str(connection.events.first())


def booked(ada: Any, number: int, start: Any, status: str) -> Any:
    """A booking of Ada's."""
    return ada.bookings.create(
        form_key=str(number),
        event_type=ada.event_types.get(),
        status=status,
        title="Intro",
        start=start,
        end=start + timedelta(minutes=30),
        blocked_from=start,
        blocked_until=start + timedelta(minutes=30),
        invitee_name="Ivy",
        invitee_email="ivy@example.com",
    )


def booked_meeting(ada: Any, connection: Connection, number: int, **details: Any) -> None:
    """A booking of Ada's with a meeting that this connection made."""
    start = details["start"] + timedelta(hours=number)
    booked(ada, number, start, details.get("status", "confirmed")).meetings.create(
        provider="zoom",
        connection=connection,
        generation=details.get("generation", connection.generation),
        host_id=connection.external_id,
        marker=f"m{number}",
        state=details.get("state", "live"),
    )
