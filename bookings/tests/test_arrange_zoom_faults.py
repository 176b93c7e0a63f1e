"""What happens when Zoom does not play along, or its answers are lost after the work was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from bookings.models import Booking, Meeting, Organizer
from bookings.problems import problems
from bookings.services import cancel, reschedule
from bookings.status import current_link, page_status, unmanaged_meetings
from bookings.tests.world import (
    INVITEE,
    again,
    booked,
    connect,
    live_event,
    live_meeting,
    next_weekday,
    settle,
)
from integrations.models import Connection
from integrations.oauth import call_with_token, remove
from integrations.sandbox.testing import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.faults]


@pytest.fixture(autouse=True)
def _lists_that_do_not_lag(sandbox: Sandbox) -> None:
    """A list of meetings is up to date, unless a test says otherwise."""
    sandbox.act("list_lag", seconds=0)


def ten_minutes_later(booking: Booking) -> Booking:
    """Ten minutes later: the second look for surplus meetings is due."""
    Meeting.objects.filter(look_again_at__isnull=False).update(look_again_at=booking.created_at)
    return again(booking)


def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    assert page_status(booking) == "arranging"
    assert not sandbox.ledger()
    assert not mail.outbox

    booking = a_timeout_later(booking)
    assert current_link(booking) == ("zoom", live_meeting(sandbox)["join_url"])
    assert len(sandbox.meetings()) == 1
    assert len(sandbox.ledger(INVITEE)) == 1


def a_timeout_later(booking: Booking) -> Booking:
    """One timeout after the lost call: the provider is no longer at it."""
    timeout = timedelta(seconds=django_settings.PROVIDER_TIMEOUT_SECONDS)
    booking.meetings.update(attempted_at=F("attempted_at") - timeout)
    return again(booking)


def test_a_surplus_meeting_is_deleted_by_the_second_look(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("list_lag", seconds=2)
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    booking = a_timeout_later(booking)
    assert len(sandbox.meetings(live=True)) == 2
    assert booking.arranged_revision == 0
    listed = timezone.now() + timedelta(seconds=2)
    sandbox.wait(lambda: timezone.now() > listed)
    booking = ten_minutes_later(booking)
    assert live_meeting(sandbox)["join_url"] == current_link(booking)[1]
    assert booking.arranged_revision == 1


def test_meet_is_announced_at_once_when_zoom_refuses_for_good(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params={"status": 400, "code": 3161})
    booking = settle(booked(ada))
    event = live_event(sandbox)
    assert current_link(booking) == ("google_meet", event["hangoutLink"])
    assert not event.get("location")
    assert len(sandbox.ledger(INVITEE)) == 1
    to_organizer = next(message for message in mail.outbox if message.to == ["ada@example.com"])
    assert "Zoom" in to_organizer.body
    assert booking.arranged_revision == 1


def test_a_meeting_that_turns_up_after_the_fallback_is_deleted(
    ada: Organizer, sandbox: Sandbox, settings: Settings
) -> None:
    connect(ada, sandbox, "google", "zoom")
    settings.MEETING_FALLBACK_SECONDS = 0
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    assert current_link(booking)[0] == "google_meet"
    assert len(sandbox.meetings(live=True)) == 1
    booking = a_timeout_later(booking)
    assert not sandbox.meetings(live=True)
    assert current_link(booking)[0] == "google_meet"
    assert len(sandbox.ledger(INVITEE)) == 1


def test_a_second_look_that_removal_prevents_is_said(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = a_timeout_later(settle(booked(ada)))
    remove(Connection.objects.get(user=ada.user, provider="zoom"), by="organizer")
    booking = ten_minutes_later(booking)
    assert booking.timeline.filter(kind="meeting_left", text__contains="removed here").count() == 1
    assert booking.arranged_revision == 1


def test_a_meeting_that_its_host_deleted_is_made_anew_and_announced_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.act("delete_meeting", id=live_meeting(sandbox)["id"])
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    new = live_meeting(sandbox)
    assert current_link(booking) == ("zoom", new["join_url"])
    assert live_event(sandbox)["location"] == new["join_url"]
    assert ten_minutes_later(booking).arranged_revision == booking.revision == 3


def test_removing_zoom_while_a_create_is_in_doubt_brings_meet(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="status", times=1, params={"status": 503})
    booking = settle(booked(ada))
    remove(Connection.objects.get(user=ada.user, provider="zoom"), by="organizer")
    booking = again(booking)
    assert current_link(booking)[0] == "google_meet"
    assert booking.arranged_revision == 1


def test_an_expired_token_is_renewed_on_the_way(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("expire_tokens", service="zoom")
    sandbox.act("expire_tokens", service="google")
    booking = settle(booked(ada))
    assert current_link(booking)[0] == "zoom"
    assert len(sandbox.calls("token.refresh")) == 2


def test_a_grant_revoked_at_zoom_leads_to_meet_and_one_mail(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("revoke_grant", service="zoom")
    booking = settle(booked(ada))
    assert current_link(booking)[0] == "google_meet"
    assert Connection.objects.get(provider="zoom").status == "needs_reconnect"
    assert booking.arranged_revision == 1


def test_a_create_in_doubt_that_is_then_refused_for_good_is_looked_for_all_the_same(
    ada: Organizer, sandbox: Sandbox
) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("list_lag", seconds=1.5)
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    refusal = {"status": 400, "code": 3161}
    sandbox.fault(service="zoom", call="meetings.create", kind="status", times=None, params=refusal)
    booking = a_timeout_later(booking)
    assert current_link(booking)[0] == "google_meet"
    listed = timezone.now() + timedelta(seconds=1.5)
    sandbox.wait(lambda: timezone.now() > listed)
    booking = ten_minutes_later(booking)
    assert not sandbox.meetings(live=True)
    assert booking.arranged_revision == 1


def test_a_401_that_stays_costs_one_refresh_and_the_connection(ada: Organizer, sandbox: Sandbox) -> None:
    """A token that was just renewed is refused as well: another one would be, too."""
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="expired_401", times=None)
    booking = settle(booked(ada))
    assert (len(sandbox.calls("token.refresh")), len(sandbox.calls("meetings.create"))) == (1, 2)
    assert Connection.objects.get(provider="zoom").status == Connection.Status.NEEDS_RECONNECT
    assert current_link(booking) == ("google_meet", live_event(sandbox)["hangoutLink"])
    assert booking.timeline.filter(is_problem=True, text__contains="no longer accepts our access").exists()
    assert booking.arranged_revision == 1


def test_a_401_that_stays_for_a_move_costs_one_refresh_too(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.fault(service="zoom", call="meetings.patch", kind="expired_401", times=None)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert (len(sandbox.calls("token.refresh")), len(sandbox.calls("meetings.patch"))) == (1, 2)
    assert Connection.objects.get(provider="zoom").status == Connection.Status.NEEDS_RECONNECT
    assert "no longer accepts our access" in booking.last_error


NOT_LISTED = ["user:read:user", *(f"meeting:{deed}:meeting" for deed in ("read", "write", "update", "delete"))]


def test_without_the_permission_to_list_a_lost_meeting_is_made_again_and_that_is_said(
    ada: Organizer, sandbox: Sandbox
) -> None:
    sandbox.act("set_scopes", service="zoom", scopes=NOT_LISTED)
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    assert not sandbox.ledger()
    booking = a_timeout_later(booking)
    left_over, held = sandbox.meetings(live=True)
    assert current_link(booking) == ("zoom", held["join_url"])
    assert live_event(sandbox)["location"] == held["join_url"]
    assert booking.timeline.get(kind="meeting_left").is_problem
    assert booking.arranged_revision == 1

    booking = settle(cancel(booking=booking, by="organizer"))
    assert [meeting["id"] for meeting in sandbox.meetings(live=True)] == [left_over["id"]]
    assert booking.timeline.filter(kind="meeting_left").count() == 1
    assert booking.arranged_revision == 2
    assert sandbox.calls("meetings.list") == []


def test_without_the_permission_to_list_a_meeting_that_may_be_left_after_a_cancel_is_said(
    ada: Organizer, sandbox: Sandbox
) -> None:
    sandbox.act("set_scopes", service="zoom", scopes=NOT_LISTED)
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    cancel(booking=booking, by="invitee")
    booking = a_timeout_later(booking)
    assert len(sandbox.meetings(live=True)) == 1
    assert booking.timeline.get(kind="meeting_left").is_problem
    assert booking.arranged_revision == 2
    assert sandbox.calls("meetings.list") == []


@pytest.mark.parametrize("times", [2, None], ids=["for-a-while", "for-ever"])
def test_a_look_that_is_refused_for_good_is_asked_for_once_more(
    ada: Organizer, sandbox: Sandbox, times: int | None
) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    sandbox.fault(service="zoom", call="meetings.list", kind="status", times=times, params={"status": 403})
    booking = a_timeout_later(settle(booked(ada)))
    assert current_link(booking)[0] == "google_meet"
    assert (len(sandbox.calls("meetings.list")), booking.arranged_revision) == (2, 0)
    booking = ten_minutes_later(booking)
    assert booking.arranged_revision == 1
    assert booking.timeline.filter(kind="meeting_left").count() == len(sandbox.meetings(live=True)) == int(not times)


def test_cancelling_with_an_insert_in_doubt_leaves_nothing(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="google", call="events.insert", kind="drop_after", times=1)
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    cancel(booking=booking, by="invitee")
    booking = a_timeout_later(booking)
    assert not sandbox.events(live=True)
    assert not sandbox.meetings(live=True)
    assert not sandbox.ledger()
    assert len(mail.outbox) == 2
    assert all("cancelled" in message.body for message in mail.outbox)
    assert booking.arranged_revision == 2


def test_what_failed_as_zoom_was_removed_is_no_problem_once_it_is_connected_again(
    ada: Organizer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))

    def too_late(connection: Connection, call: Callable[[str], object]) -> object:
        remove(connection, by="organizer")
        return call_with_token(connection, call)

    with monkeypatch.context() as patched:
        patched.setattr("bookings.arrange.meeting.step.call_with_token", too_late)
        booking = settle(reschedule(booking=booking, start=next_weekday(14), by="invitee"))
    assert booking.meetings.get().last_error == "Zoom is not connected."
    connect(ada, sandbox, "zoom")
    booking = again(booking)
    assert booking.arranged_revision == booking.revision
    assert problems(booking) == []
    assert [meeting.external_id for meeting in unmanaged_meetings(booking)] == [str(live_meeting(sandbox)["id"])]
