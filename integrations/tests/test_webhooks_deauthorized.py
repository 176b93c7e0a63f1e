"""``app_deauthorized``: what ends, what is erased, and when neither happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import erasure, quota, signals, tasks
from integrations.models import Connection, DailyUse, Erasure, Revocation
from integrations.oauth import deauthorize, remove
from integrations.sandbox.testing import Sandbox
from integrations.tests.conftest import Connect, with_tokens
from integrations.tests.webhook_events import deauthorized, send

pytestmark = pytest.mark.django_db


def zooms(at: datetime) -> str:
    """A moment as Zoom writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell(connection: Connection, *, after: float = 60, **more: Any) -> None:
    """Zoom says that the user took the access away, ``after`` so many seconds from now; and it is acted upon."""
    at = zooms(timezone.now() + timedelta(seconds=after))
    assert (
        send(deauthorized(connection.external_id, account_id=connection.account_id, at=at, **more)).status_code == 200
    )
    tasks.sweep()


def due_now() -> None:
    """A week later."""
    Erasure.objects.update(erase_after=timezone.now())
    tasks.sweep()


@pytest.fixture
def erased() -> Iterator[list[str]]:
    """The accounts that other apps were told to erase."""
    heard: list[str] = []

    def hear(sender: object, external_id: str, **said: Any) -> None:
        heard.append(external_id)

    signals.account_data_to_erase.connect(hear, weak=False)
    yield heard
    signals.account_data_to_erase.disconnect(hear)


def test_the_tokens_go_at_once_and_the_page_says_so(zoom: Connection, as_ada: Client, ada_user: User) -> None:
    tell(zoom, user_data_retention="true")
    after = with_tokens(ada_user)
    assert (after.status, after.access_token, after.refresh_token) == (Connection.Status.DEAUTHORIZED, "", "")
    assert (after.email, after.display_name) == ("", "")
    page = as_ada.get("/apps/integrations/zoom/").content.decode()
    assert "Not connected" in page
    assert "The access was taken away at Zoom&#x27;s side" in page or "The access was taken away at Zoom's side" in page
    assert after.events.first().kind == "deauthorized"  # type: ignore[union-attr]


def test_the_data_are_erased_within_ten_days(zoom: Connection, ada_user: User, erased: list[str]) -> None:
    account = (zoom.external_id, zoom.email)
    quota.spend("zoom", zoom.external_id, new=True)
    tell(zoom)
    pending = Erasure.objects.get()
    assert timezone.now() + timedelta(days=6) < pending.erase_after < timezone.now() + timedelta(days=10)
    tasks.sweep()
    assert not erased
    due_now()
    assert erased == [account[0]]
    after = with_tokens(ada_user)
    assert not any((after.external_id, after.account_id, after.email, after.display_name, after.scopes))
    history = " ".join(after.events.values_list("text", flat=True))
    assert account[1] not in history
    assert not DailyUse.objects.exists()
    assert after.events.first().kind == "erased"  # type: ignore[union-attr]
    done = Erasure.objects.get()
    assert (done.external_id, bool(done.done_at)) == ("", True)
    tasks.sweep()
    assert len(erased) == 1


def test_a_deauthorization_that_was_long_on_its_way_is_carried_out_at_once(zoom: Connection, erased: list[str]) -> None:
    Connection.objects.update(connected_at=timezone.now() - timedelta(days=30))
    tell(zoom, after=-8 * 86400)
    assert erased == [zoom.external_id]


def test_only_what_was_connected_before_is_concerned(zoom: Connection, ada_user: User) -> None:
    tell(zoom, after=-60)
    assert with_tokens(ada_user).usable
    assert not Erasure.objects.exists()


def test_a_repeated_deauthorization_after_a_reconnect_does_nothing(
    zoom: Connection, connect: Connect, ada_user: User, erased: list[str]
) -> None:
    at = zooms(timezone.now())
    body = deauthorized(zoom.external_id, account_id=zoom.account_id, at=at)
    later = deauthorized(zoom.external_id, account_id=zoom.account_id, at=at, user_data_retention="false")
    send(body)
    tasks.sweep()
    connect("zoom")
    for again in (body, later):
        send(again)
        tasks.sweep()
    assert with_tokens(ada_user).usable
    due_now()
    assert not erased


def test_connecting_the_same_user_again_calls_the_erasure_off(
    zoom: Connection, connect: Connect, erased: list[str]
) -> None:
    tell(zoom)
    again = connect("zoom")
    assert not Erasure.objects.exists()
    due_now()
    assert not erased
    assert again.usable
    assert again.events.filter(kind="erasure_called_off").exists()


def test_connecting_another_user_does_not(
    zoom: Connection, connect: Connect, ada_user: User, erased: list[str]
) -> None:
    tell(zoom)
    Connection.objects.filter(pk=zoom.pk).update(connected_at=timezone.now() - timedelta(minutes=1))
    Erasure.objects.update(asked_at=timezone.now())
    other = connect("zoom", persona="yan")
    due_now()
    assert erased == [zoom.external_id]
    after = with_tokens(ada_user)
    assert (after.external_id, after.email, after.usable) == (other.external_id, other.email, True)
    history = " ".join(after.events.values_list("text", flat=True))
    assert (zoom.email in history, other.email in history) == (False, True)


def test_after_remove_nothing_is_erased(zoom: Connection, ada_user: User) -> None:
    """Our own revocation is announced as a deauthorization, too."""
    remove(zoom, by="organizer")
    tell(zoom, after=1)
    after = with_tokens(ada_user)
    assert (after.status, after.external_id) == (Connection.Status.REMOVED, zoom.external_id)
    assert not Erasure.objects.exists()


def test_a_deauthorization_before_remove_counts_however_late_it_is_heard(zoom: Connection, ada_user: User) -> None:
    Connection.objects.update(connected_at=timezone.now() - timedelta(hours=2))
    remove(zoom, by="organizer")
    assert Revocation.objects.exists()
    at = timezone.now() - timedelta(hours=1)
    Revocation.objects.update(created_at=at - timedelta(minutes=1))
    assert deauthorize(provider="zoom", external_id=zoom.external_id, account_id="", at=at) == 1
    assert with_tokens(ada_user).status == Connection.Status.REMOVED
    assert Erasure.objects.get().external_id == zoom.external_id
    assert not Revocation.objects.exists()


def test_an_event_that_names_nobody_ends_nothing(ada_user: User) -> None:
    Connection.objects.create(
        user=ada_user, provider="zoom", status="connected", external_id="", connected_at=timezone.now()
    )
    assert deauthorize(provider="zoom", external_id="", account_id="", at=timezone.now() + timedelta(1)) == 0


def test_an_erasure_that_fails_is_tried_again(
    zoom: Connection, ada_user: User, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(sender: object, **said: Any) -> None:
        raise LookupError("planted")

    signals.account_data_to_erase.connect(fail, weak=False)
    request.addfinalizer(lambda: signals.account_data_to_erase.disconnect(fail))
    tell(zoom)
    due_now()
    pending = Erasure.objects.get()
    assert (pending.done_at, pending.error) == (None, "LookupError")
    assert pending.erase_after > timezone.now()
    assert with_tokens(ada_user).external_id == zoom.external_id
    assert "failed" in caplog.text
    signals.account_data_to_erase.disconnect(fail)
    assert erasure.erase(pending.pk)


def test_an_admin_sees_erasures(zoom: Connection, admin_client: Client) -> None:
    tell(zoom)
    pk = Erasure.objects.get().pk
    for page in ("", f"{pk}/change/"):
        assert admin_client.get(f"/admin/integrations/erasure/{page}").status_code == 200
    assert admin_client.post(f"/admin/integrations/erasure/{pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_sandboxs_own_events_are_accepted(
    sandbox: Sandbox, connect: Connect, ada_user: User, live_server: Any
) -> None:
    """Signed by the other side's code, over real HTTP."""
    sandbox.act("set_product", webhook_url=f"{live_server.url}/webhooks/zoom/")
    connect("zoom")
    sandbox.act("revoke_grant", service="zoom", user="zoe")

    def ended() -> bool:
        tasks.sweep()
        return not with_tokens(ada_user).usable

    sandbox.wait(ended)
    sandbox.act("set_product", webhook_url="")
    assert with_tokens(ada_user).status == Connection.Status.DEAUTHORIZED
    assert [delivered["status"] for delivered in sandbox.read("/webhooks")] == [200]
