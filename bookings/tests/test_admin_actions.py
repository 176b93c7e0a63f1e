"""What an admin does about bookings, and what it comes to outside."""

from __future__ import annotations

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from bookings import tasks
from bookings.models import Booking, Guest, Message, Organizer
from bookings.services import cancel, reschedule
from bookings.tests.people import booked as row_of_booking
from bookings.tests.world import INVITEE, LIST, act, booked, connect, live_meeting, next_weekday, settle
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db
ACTIONS = (
    "arrange_now",
    "arrange_here",
    "send_mail_again",
    "cancel_everywhere",
    "export_invitee",
    "erase_invitee",
)


def ids_of(address: str) -> list[str]:
    """The Message-IDs of what was sent to an address."""
    return [message.extra_headers["Message-ID"] for message in mail.outbox if message.to == [address]]


def test_mail_is_sent_again_under_its_message_id(ada: Organizer, as_admin: Client) -> None:
    booking = settle(booked(ada))
    assert "The mails of 1 booking are sent again." in act(as_admin, "send_mail_again", booking)
    booking = settle(booking)
    first, second = ids_of(INVITEE)
    assert first == second
    assert len(ids_of("ada@example.com")) == 2
    assert (booking.arranged_revision, booking.revision) == (1, 1)
    assert booking.messages.filter(state=Message.State.SENT).count() == 2


def test_what_a_change_superseded_is_never_sent_again(ada: Organizer, as_admin: Client) -> None:
    booking = settle(booked(ada))
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="invitee"))
    act(as_admin, "send_mail_again", booking)
    settle(booking)
    confirmed, moved, again = ids_of(INVITEE)
    assert confirmed != moved == again


def test_a_refused_mail_that_was_dropped_stays_dropped_after_a_cancel(
    ada: Organizer, as_admin: Client, refused: str
) -> None:
    booking = settle(booked(ada, email=refused))
    booking = settle(cancel(booking=booking, by="organizer"))
    act(as_admin, "send_mail_again", booking)
    settle(booking)
    states = dict(booking.messages.filter(to_email=refused).values_list("kind", "state"))
    assert states == {"confirmed": "dropped", "cancelled": "failed"}
    subjects = [message.subject.partition(":")[0] for message in mail.outbox]
    assert [subject for subject in subjects if subject != "Needs you"] == ["Confirmed", "Cancelled", "Cancelled"]


def test_a_move_before_the_mail_went_out_again_is_a_move(ada: Organizer, as_admin: Client) -> None:
    """What is queued anew was read all the same."""
    booking = settle(booked(ada))
    act(as_admin, "send_mail_again", booking)
    settle(reschedule(booking=booking, start=next_weekday(14), by="invitee"))
    assert [message.subject.partition(":")[0] for message in mail.outbox if message.to == [INVITEE]] == [
        "Confirmed",
        "New time",
    ]


def test_where_no_mail_can_be_sent_again_that_is_said(ada: Organizer, as_admin: Client) -> None:
    over, untold = row_of_booking(ada, days=-3), row_of_booking(ada, arranged_revision=0)
    page = act(as_admin, "send_mail_again", over, untold)
    assert "It is too late for mail about this booking." in page
    assert "No mail of its present state was sent or refused." in page
    assert "The mails of 0 bookings are sent again." in page


def test_arranging_here_needs_no_worker(ada: Organizer, sandbox: Sandbox, as_admin: Client) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = booked(ada)
    assert "It is arranged: calendar, meeting and mail follow the booking." in act(as_admin, "arrange_here", booking)
    assert live_meeting(sandbox)["join_url"]
    assert len(sandbox.ledger(INVITEE)) == 1


def test_arranging_here_says_what_is_left(ada: Organizer, sandbox: Sandbox, as_admin: Client) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="status", times=None, params={"status": 503})
    booking = booked(ada)
    page = act(as_admin, "arrange_here", booking)
    booking.refresh_from_db()
    assert f"It is not finished: {booking.last_error}" in page
    assert booking.last_error != ""


def test_arranging_here_is_in_the_log_also_where_it_breaks(
    ada: Organizer, as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_booking_id: int) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bookings.admin.actions.arrange", broken)
    booking = row_of_booking(ada, arranged_revision=0)
    with pytest.raises(ZeroDivisionError):
        act(as_admin, "arrange_here", booking)
    entry = LogEntry.objects.get(object_id=booking.pk)
    assert entry.change_message == "Arrange here: failed"


def test_one_booking_at_a_time_is_arranged_here_exported_or_erased(ada: Organizer, as_admin: Client) -> None:
    two = row_of_booking(ada), row_of_booking(ada, name="Paul Plum", days=5)
    for action in ("arrange_here", "export_invitee", "erase_invitee"):
        assert "Choose one booking for this." in act(as_admin, action, *two)
    assert not Booking.objects.filter(invitee_email="").exists()


def test_an_action_on_a_bookings_page_leads_back_to_it(ada: Organizer, as_admin: Client) -> None:
    booking = row_of_booking(ada, arranged_revision=0)
    chosen = {"action": "arrange_now", "_selected_action": booking.pk, "page": booking.pk}
    assert as_admin.post(LIST, chosen)["Location"] == f"{LIST}{booking.pk}/change/"
    page = as_admin.get(f"{LIST}{booking.pk}/change/").content.decode()
    at_once, apart = page[: page.index("<details>")], page[page.index("<details>") :]
    grave = {"cancel_everywhere", "erase_invitee"}
    assert {action for action in ACTIONS if f'value="{action}"' in apart} == grave
    assert {action for action in ACTIONS if f'value="{action}"' in at_once} == set(ACTIONS) - grave


def test_what_is_known_of_an_invitee_is_a_file(ada: Organizer, grace: Organizer, as_admin: Client) -> None:
    first = settle(booked(ada, notes="Please ring twice", guests=("gus@example.org",)))
    elsewhere = row_of_booking(grace, name="Ida Elsewhere", invitee_email=INVITEE.upper())
    as_guest = row_of_booking(grace, name="Paul Plum", days=5)
    Guest.objects.create(booking=as_guest, email=INVITEE)
    row_of_booking(ada, name="Mary Moser", days=6)
    answer = as_admin.post(LIST, {"action": "export_invitee", "_selected_action": first.pk})
    assert answer["Content-Disposition"] == f'attachment; filename="invitee-{first.pk}.json"'
    found = json.loads(answer.content)
    assert {booking["id"] for booking in found["bookings"]} == {str(first.uid), str(elsewhere.uid)}
    assert [booking["id"] for booking in found["guest_of"]] == [str(as_guest.uid)]
    hers = next(booking for booking in found["bookings"] if booking["id"] == str(first.uid))
    assert (hers["name"], hers["notes"], hers["guests"]) == ("Ida Invitee", "Please ring twice", ["gus@example.org"])
    assert [sent["kind"] for sent in hers["mails"]] == ["confirmed"]
    text = answer.content.decode()
    assert "Plum" not in text
    assert not [key for key in (first.token, first.form_key, first.event_key) if key in text]


def test_an_invitee_is_erased_from_what_is_over_and_what_is_to_come_is_left(
    ada: Organizer, grace: Organizer, as_admin: Client
) -> None:
    over = row_of_booking(ada, name="Ida Invitee", days=-3, invitee_email=INVITEE, notes="Please ring twice")
    cancelled = row_of_booking(grace, name="Ida Invitee", status="cancelled", invitee_email=INVITEE.upper())
    coming = row_of_booking(ada, name="Ida Invitee", days=5, invitee_email=INVITEE)
    under_way = row_of_booking(
        ada, name="Ida Invitee", days=6, invitee_email=INVITEE, status="cancelled", arranged_revision=0
    )
    other = row_of_booking(ada, name="Paul Plum", days=-4)
    Guest.objects.create(booking=other, email=INVITEE)
    page = act(as_admin, "erase_invitee", coming)
    assert "2 bookings name nobody any more." in page
    assert "2 bookings to come, or still being worked at, were left: cancel them first." in page
    people = {booking.pk: booking.invitee_email for booking in Booking.objects.all()}
    assert {pk for pk, address in people.items() if not address} == {over.pk, cancelled.pk}
    assert people[coming.pk] == people[under_way.pk] == INVITEE
    assert not Guest.objects.exists()
    over.refresh_from_db()
    assert (over.invitee_name, over.notes, over.status) == ("", "", "confirmed")
    assert "Its invitee was erased already." in act(as_admin, "erase_invitee", over)


@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_only_look_can_do_nothing(ada: Organizer, client: Client, action: str) -> None:
    looker = get_user_model().objects.create_user("lea", "lea@example.com", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker)
    booking = row_of_booking(ada, days=-1, arranged_revision=0)
    before = Booking.objects.filter(pk=booking.pk).values().get()
    answer = client.post(LIST, {"action": action, "_selected_action": booking.pk})
    assert "attachment" not in answer.get("Content-Disposition", "")
    assert Booking.objects.filter(pk=booking.pk).values().get() == before
    assert f'value="{action}"' not in client.get(f"{LIST}{booking.pk}/change/").content.decode()


def test_actions_are_posted_only(ada: Organizer, as_admin: Client) -> None:
    booking = row_of_booking(ada)
    as_admin.get(LIST, {"action": "cancel_everywhere", "_selected_action": str(booking.pk)})
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_arrange_now_hands_it_to_a_worker_after_the_commit(
    ada: Organizer,
    as_admin: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed: list[int] = []
    monkeypatch.setattr(tasks.arrange_booking, "apply_async", lambda args, **more: handed.extend(args))
    booking = row_of_booking(ada, arranged_revision=0)
    with django_capture_on_commit_callbacks(execute=True):
        act(as_admin, "arrange_now", booking)
    assert handed == [booking.pk]
