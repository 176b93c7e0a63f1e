"""What happens when Google does not play along, or its answers are lost after the work was done."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from pytest_django import Settings

from bookings.models import Organizer, TimelineEntry
from bookings.services import reschedule
from bookings.status import current_link, page_status
from bookings.tests.world import (
    INVITEE,
    again,
    booked,
    calendar_part,
    connect,
    live_event,
    live_meeting,
    next_weekday,
    settle,
)
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.faults]


def test_an_insert_whose_answer_was_lost_is_found(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="google", call="events.insert", kind="drop_after", times=1)
    booking = again(settle(booked(ada)))
    assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"]
    assert len(sandbox.events()) == 1
    assert len(sandbox.ledger(INVITEE)) == 1
    assert booking.arranged_revision == 1


def test_an_announcement_whose_answer_was_lost_is_not_repeated(
    ada: Organizer, sandbox: Sandbox, settings: Settings
) -> None:
    connect(ada, sandbox, "google", "zoom")
    settings.PROVIDER_TIMEOUT_SECONDS = 2
    sandbox.fault(service="google", call="events.patch", kind="timeout_after", times=1, params={"seconds": 4})
    booking = again(settle(booked(ada)))
    assert len(sandbox.ledger(INVITEE)) == 1
    assert len(sandbox.calls("events.patch")) == 1
    assert len(mail.outbox) == 2
    assert booking.arranged_revision == 1


def test_an_insert_that_tells_people_is_not_repeated_either(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    sandbox.fault(service="google", call="events.insert", kind="status_after", times=1, params={"status": 503})
    booking = again(settle(booked(ada)))
    assert len(sandbox.ledger(INVITEE)) == 1
    assert current_link(booking) == ("google_meet", live_event(sandbox)["hangoutLink"])
    assert booking.arranged_revision == 1


def test_our_mail_invites_when_google_is_late_and_google_stays_silent_then(
    ada: Organizer, sandbox: Sandbox, settings: Settings
) -> None:
    connect(ada, sandbox, "google", "zoom")
    settings.MEETING_FALLBACK_SECONDS = 0
    sandbox.fault(service="google", call="events.insert", kind="status", times=1, params={"status": 503})
    booking = settle(booked(ada))
    assert current_link(booking) == ("zoom", live_meeting(sandbox)["join_url"])
    invitation = calendar_part(next(message for message in mail.outbox if message.to == [INVITEE]))
    assert "METHOD:REQUEST" in invitation
    assert live_meeting(sandbox)["join_url"] in invitation

    booking = again(booking)
    event = live_event(sandbox)
    assert event["location"] == live_meeting(sandbox)["join_url"]
    assert not event.get("hangoutLink")
    assert event["iCalUID"] in invitation
    assert not sandbox.ledger()
    assert len(mail.outbox) == 2
    assert booking.arranged_revision == 1


def test_an_event_that_was_deleted_in_the_calendar_is_made_anew(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.act("delete_event", id=live_event(sandbox)["id"])
    booking = again(settle(reschedule(booking=booking, start=next_weekday(14), by="organizer")))
    assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"]
    assert booking.arranged_revision == 2


def test_an_event_that_was_changed_meanwhile_is_written_again(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.act("change_event", id=live_event(sandbox)["id"], changes={"summary": "Mine"})
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation", "updated invitation"]
    assert booking.arranged_revision == 2


def test_meet_that_is_still_being_made_is_taken_out_only_when_it_is_there(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("meet_pending_seconds", seconds=0.5)
    booking = again(settle(booked(ada)))
    event = live_event(sandbox)
    assert not event.get("hangoutLink")
    assert event["location"] == live_meeting(sandbox)["join_url"]
    assert booking.arranged_revision == 1


def test_meet_that_the_calendar_puts_back_is_taken_out_again(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("meet_by_default", calendar="primary", times=1)
    booking = settle(booked(ada))
    event = live_event(sandbox)
    assert event["location"] == live_meeting(sandbox)["join_url"]
    problems = TimelineEntry.objects.filter(booking=booking, is_problem=True)
    assert not event.get("hangoutLink") or problems.exists()


def test_a_calendar_that_refuses_meet_gets_its_event_without_one(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    sandbox.act("set_allowed_conference", calendar="primary", types=[])
    booking = again(settle(booked(ada)))
    assert not live_event(sandbox).get("hangoutLink")
    assert len(sandbox.ledger(INVITEE)) == 1
    assert (page_status(booking), current_link(booking)) == ("ready", ("", ""))


def test_an_insert_that_is_refused_for_good_is_not_tried_at_every_sweep(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    refusal = {"status": 403, "reason": "insufficientPermissions"}
    sandbox.fault(service="google", call="events.insert", kind="status", times=None, params=refusal)
    booking = settle(booked(ada))
    assert current_link(booking)[0] == "zoom"
    assert booking.next_attempt_at == booking.end


def test_an_event_that_is_only_said_to_be_gone_is_not_made_twice(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.fault(service="google", call="events.patch", kind="status", times=1, params={"status": 404})
    booking = again(settle(reschedule(booking=booking, start=next_weekday(14), by="organizer")))
    assert len(sandbox.events()) == 1
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation", "updated invitation"]


def test_arranging_reads_no_token_but_to_call_with_it(ada: Organizer, sandbox: Sandbox, settings: Settings) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    reschedule(booking=booking, start=next_weekday(14), by="organizer")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    booking = settle(booking)
    assert "ENCRYPTION_KEYS" in booking.last_error
    assert "ENCRYPTION_KEYS" in Connection.objects.get(provider="google").last_error


def test_an_event_that_keeps_changing_is_tried_again_later(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="google", call="events.patch", kind="status", times=2, params={"status": 412})
    booking = settle(booked(ada))
    assert (booking.arranged_revision, len(sandbox.ledger())) == (0, 0)
    assert not booking.timeline.filter(kind="fault").exists()
    assert again(booking).arranged_revision == 1
    assert len(sandbox.ledger(INVITEE)) == 1


def test_a_link_that_is_known_only_after_the_mails_is_told_once_more(
    ada: Organizer, sandbox: Sandbox, settings: Settings
) -> None:
    """The insert that announces is in doubt by the deadline: the mails have no link, and a new revision has it."""
    connect(ada, sandbox, "google")
    settings.MEETING_FALLBACK_SECONDS = 0
    sandbox.fault(service="google", call="events.insert", kind="drop_after", times=1)
    booking = settle(booked(ada))
    assert [message.to for message in mail.outbox if "meet.google.com" in message.body] == []
    booking = again(again(booking))
    link = live_event(sandbox)["hangoutLink"]
    assert current_link(booking) == ("google_meet", link)
    assert booking.arranged_revision == booking.revision
    for person in (INVITEE, "ada@example.com"):
        assert link in [message for message in mail.outbox if message.to == [person]][-1].body
