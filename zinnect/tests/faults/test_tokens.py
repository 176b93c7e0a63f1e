"""Tokens that expire, are lost on the way, withdrawn, or cannot be decrypted: one refresh, one mail, Meet meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import requests
from cryptography.fernet import Fernet

from zinnect.demo.product import CommandFailed, manage
from zinnect.tests.faults.harness import PATH, Booked, Stage, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]


def booked_and_at_rest(product: Stage, word: str) -> Booked:
    """One more booking, arranged."""
    booked = product.book(word)
    product.comes_to_rest_unharmed()
    return booked


def lost_and_mended(product: Stage, *, told_before: int) -> None:
    """Meet meanwhile, one mail, a state that says so; and after the one click Zoom again."""
    meanwhile = booked_and_at_rest(product, "meanwhile")
    assert product.shown(meanwhile) == ("ready", "google_meet")
    assert product.connection("zoom")["status"] == "needs_reconnect"
    assert "Needs to be reconnected" in product.organizer.get("/apps/integrations/zoom/").text
    until(lambda: len(product.notices()) > told_before, seconds=20)
    assert len(product.notices()) == told_before + 1
    product.organizer.connect("zoom", product.sandbox)
    assert product.shown(booked_and_at_rest(product, "mended")) == ("ready", "zoom")


@pytest.mark.parametrize("known", [True, False], ids=["we-know", "only-they-know"])
@pytest.mark.parametrize("service", ["zoom", "google"])
def test_an_expired_token_is_renewed_once_for_fifty_bookings(product: Stage, service: str, known: bool) -> None:
    product.sandbox.tell("/latency", {"zoom": 100, "google": 100})
    forms = [(slot, product.form(slot)[1]) for slot in product.slots(50)]
    refreshed = len(product.sandbox.calls("token.refresh"))
    product.sandbox.act("expire_tokens", service=service)
    if known:
        product.execute("UPDATE integrations_connection SET expires_at = now() WHERE provider = %s", service)
    sent = [
        product.in_background(partial(product.post, form, slot=slot, email=product.address("fifty")))
        for slot, form in forms
    ]
    assert all(one.result(60).status_code in (303, 503) for one in sent)
    product.comes_to_rest_unharmed()
    assert len(product.sandbox.calls("token.refresh")) == refreshed + 1
    assert product.sandbox.state()["reused_refresh_tokens"] == 0


def test_a_refresh_whose_answer_is_lost_costs_the_connection_and_nothing_else(product: Stage) -> None:
    told = len(product.notices())
    product.sandbox.act("expire_tokens", service="zoom")
    product.fault("zoom", "token.refresh", "drop_after")
    lost_and_mended(product, told_before=told)


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
def test_a_worker_is_killed_during_a_refresh(product: Stage, kind: str) -> None:
    told = len(product.notices())
    product.sandbox.act("expire_tokens", service="zoom")
    planned = product.fault("zoom", "token.refresh", kind, seconds=3)
    booked = product.book("killed")
    product.wait_for_hit(planned)
    product.kill_workers()
    product.comes_to_rest_unharmed()
    if kind == "timeout_before":
        assert product.shown(booked) == ("ready", "zoom")
    else:
        assert product.shown(booked) == ("ready", "google_meet")
        lost_and_mended(product, told_before=told)


def test_access_that_is_withdrawn_at_zoom(product: Stage) -> None:
    told = len(product.notices())
    product.sandbox.act("revoke_grant", service="zoom", webhook=False)
    lost_and_mended(product, told_before=told)


def test_access_that_is_withdrawn_at_google(product: Stage) -> None:
    """What was known of busy times serves for a while; invitations go out by our mail, and the event follows."""
    told = len(product.notices())
    product.sandbox.act("revoke_grant", service="google")
    meanwhile = booked_and_at_rest(product, "meanwhile")
    assert product.shown(meanwhile) == ("ready", "zoom")
    assert product.connection("google")["status"] == "needs_reconnect"
    assert not product.sandbox.ledger(meanwhile.email)
    until(lambda: len(product.notices()) > told, seconds=20)
    product.organizer.connect("google", product.sandbox)
    product.comes_to_rest_unharmed()
    assert len(product.notices()) == told + 1
    assert not product.sandbox.ledger(meanwhile.email)
    assert product.shown(booked_and_at_rest(product, "mended")) == ("ready", "zoom")


def test_a_401_that_stays(product: Stage) -> None:
    """The tokens that have just been renewed are refused as well."""
    told = len(product.notices())
    product.fault("zoom", "meetings.create", "expired_401", times=2)
    lost_and_mended(product, told_before=told)


def test_a_permission_that_is_withdrawn_at_zoom(product: Stage) -> None:
    scopes = ["user:read:user", "meeting:read:meeting", "meeting:update:meeting", "meeting:delete:meeting"]
    product.sandbox.act("set_scopes", service="zoom", scopes=scopes, now=True)
    booked = booked_and_at_rest(product, "no.scope")
    assert product.shown(booked) == ("ready", "google_meet")
    assert any("meeting:write:meeting" in mail["text"] for mail in _mails_about(product, booked))
    product.sandbox.act("set_scopes", service="zoom", scopes=None)
    product.organizer.remove("zoom")
    product.organizer.connect("zoom", product.sandbox)
    assert product.shown(booked_and_at_rest(product, "all.scopes")) == ("ready", "zoom")


def test_a_permission_that_was_never_granted_at_zoom(product: Stage) -> None:
    """The page names it and says what mends it; nothing is tried in vain meanwhile."""
    scopes = ["user:read:user", "meeting:read:meeting", "meeting:update:meeting", "meeting:delete:meeting"]
    product.organizer.remove("zoom")
    product.sandbox.act("set_scopes", service="zoom", scopes=scopes)
    page = product.organizer.connect("zoom", product.sandbox)
    assert "Missing: create Zoom meetings for bookings" in page.text
    assert product.connection("zoom")["status"] == "needs_reconnect"
    asked = len(product.sandbox.calls("meetings.create"))
    booked = booked_and_at_rest(product, "never.granted")
    assert product.shown(booked) == ("ready", "google_meet")
    assert len(product.sandbox.calls("meetings.create")) == asked
    product.sandbox.act("set_scopes", service="zoom", scopes=None)
    product.organizer.connect("zoom", product.sandbox)
    assert product.shown(booked_and_at_rest(product, "granted")) == ("ready", "zoom")


def test_a_lost_meeting_without_permission_to_look_is_made_again_and_said(product: Stage) -> None:
    """One may be left over in Zoom, which the timeline says."""
    scopes = [f"meeting:{deed}:meeting" for deed in ("write", "read", "update", "delete")]
    product.sandbox.act("set_scopes", service="zoom", scopes=["user:read:user", *scopes])
    product.organizer.remove("zoom")
    product.organizer.connect("zoom", product.sandbox)
    product.fault("zoom", "meetings.create", "drop_after")
    booked = product.book("cannot.look")
    product.comes_to_rest_unharmed()
    assert product.shown(booked) == ("ready", "zoom")
    said = product.rows(
        "SELECT t.text FROM bookings_timelineentry t JOIN bookings_booking b ON b.id = t.booking_id"
        " WHERE b.token = %s AND t.kind = 'meeting_left'",
        booked.token,
    )
    assert len(said) == 1
    product.sandbox.act("set_scopes", service="zoom", scopes=None)
    product.organizer.remove("zoom")
    product.organizer.connect("zoom", product.sandbox)


def _mails_about(product: Stage, booked: Booked) -> list[dict[str, str]]:
    """The organizer's mails about a booking, known by the invitee's address in Reply-To."""
    return [mail for mail in product.sandbox.mails("organizer@example.com") if booked.email in mail["reply_to"]]


def test_a_permission_that_is_withdrawn_at_google(product: Stage) -> None:
    """Nobody is booked blind: no times are shown. One click later they are, and bookings go on as before."""
    product.sandbox.act("set_scopes", service="google", scopes=["openid", "email"], now=True)
    product.execute("UPDATE calendars_knownbusy SET asked_at = NULL")
    today = datetime.now(UTC).date()
    asked = {"start": str(today), "end": str(today + timedelta(days=7))}
    answer = requests.get(f"{product.base_url}{PATH}slots.json", params=asked, timeout=20)
    assert answer.status_code == 503
    product.sandbox.act("set_scopes", service="google", scopes=None)
    product.organizer.remove("google")
    product.organizer.connect("google", product.sandbox)
    assert product.shown(booked_and_at_rest(product, "calendar.again")) == ("ready", "zoom")


def test_keys_are_rotated_while_bookings_flow(product: Stage) -> None:
    new, old = Fernet.generate_key().decode(), product.product.env["ENCRYPTION_KEYS"]
    product.restart(ENCRYPTION_KEYS=f"{new},{old}")
    flowing = product.in_background(lambda: [product.book("rotating") for _ in range(8)])
    product.sandbox.act("expire_tokens", service="zoom")
    manage("rotate_encryption_keys", env=product.product.env)
    assert len(flowing.result(60)) == 8
    product.comes_to_rest_unharmed()
    product.restart(ENCRYPTION_KEYS=new)
    assert product.shown(booked_and_at_rest(product, "new.key")) == ("ready", "zoom")


def test_a_wrong_key_is_said_clearly_and_harms_nothing(product: Stage) -> None:
    """At start, in the doctor and on the page; what is stored stays as it is, and with the right key all goes on."""
    before, right = product.connection("zoom"), product.product.env["ENCRYPTION_KEYS"]
    wrong = Fernet.generate_key().decode()
    with pytest.raises(CommandFailed, match="ENCRYPTION_KEYS"):
        manage("doctor", env={**product.product.env, "ENCRYPTION_KEYS": wrong})
    booked = booked_and_at_rest(product, "wrong.key")
    try:
        product.restart(ENCRYPTION_KEYS=wrong)
        for started in (product.web, *product.workers):
            until(lambda started=started: "ENCRYPTION_KEYS" in started.tail(200), seconds=20)  # type: ignore[misc]
        product.cancel(booked)  # which needs the tokens, and is never made to wait for them
        until(lambda: "ENCRYPTION_KEYS" in product.organizer.get("/apps/integrations/zoom/").text, seconds=15)
        stored = ("access_token", "refresh_token", "token_version", "status")
        after = product.connection("zoom")
        assert {name: after[name] for name in stored} == {name: before[name] for name in stored}
    finally:
        product.restart(ENCRYPTION_KEYS=right)
    assert product.shown(booked_and_at_rest(product, "right.key")) == ("ready", "zoom")
