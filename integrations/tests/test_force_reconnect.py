"""An administrator wants an account connected anew: no call is made with it, and its organizer is told once."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from integrations import oauth, tasks
from integrations.errors import ConnectionUnusable
from integrations.health import ask_to_reconnect
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from integrations.tests.conftest import Connect, expire, who

pytestmark = pytest.mark.django_db


def force(admin_client: Client, connection: Connection) -> str:
    chosen = {"action": "force_reconnect", "_selected_action": connection.pk}
    return admin_client.post("/admin/integrations/connection/", chosen, follow=True).content.decode()


def test_its_tokens_are_used_no_more_and_the_organizer_is_told_once(
    zoom: Connection, sandbox: Sandbox, admin_client: Client, as_ada: Client
) -> None:
    assert "1 connection has to be made anew; its organizer is mailed." in force(admin_client, zoom)
    zoom.refresh_from_db()
    assert (zoom.status, zoom.last_error) == (
        "needs_reconnect",
        "An administrator asked for Zoom to be connected again.",
    )
    before = len(sandbox.calls())
    with pytest.raises(ConnectionUnusable):
        oauth.call_with_token(zoom, who)
    assert len(sandbox.calls()) == before
    tasks.sweep()
    tasks.sweep()
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.com"]
    assert "An administrator asked for Zoom to be connected again." in letter.body
    assert "Needs to be reconnected" in as_ada.get("/apps/integrations/zoom/").content.decode()
    assert [event.kind for event in zoom.events.all()][:2] == ["organizer_told", "needs_reconnect"]


def test_tokens_that_were_renewed_since_the_page_was_read_are_used_no_more_either(zoom: Connection) -> None:
    read_before = Connection.objects.get(pk=zoom.pk)
    expire(zoom)
    assert oauth.call_with_token(zoom, who)
    assert Connection.objects.get(pk=zoom.pk).token_version > read_before.token_version
    assert ask_to_reconnect(read_before)
    with pytest.raises(ConnectionUnusable):
        oauth.call_with_token(zoom, who)


def test_connecting_again_ends_it(zoom: Connection, connect: Connect) -> None:
    assert ask_to_reconnect(zoom)
    again = connect("zoom")
    assert (again.usable, again.last_error) == (True, "")
    assert oauth.call_with_token(again, who)


def test_what_is_not_connected_is_left_alone(zoom: Connection, admin_client: Client) -> None:
    oauth.remove(zoom, by="organizer")
    assert "0 connections have to be made anew" in force(admin_client, zoom)
    zoom.refresh_from_db()
    assert zoom.status == "removed"
    assert not zoom.notice_due


def test_it_is_said_in_the_organizers_language(zoom: Connection) -> None:
    zoom.user.organizer.language = "de"
    zoom.user.organizer.save()
    ask_to_reconnect(Connection.objects.get(pk=zoom.pk))
    zoom.refresh_from_db()
    assert zoom.last_error == "Die Administration bittet darum, Zoom neu zu verbinden."
