"""No address that a stranger typed becomes a link in a mail or an event of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.mail import EmailMessage

from bookings.arrange.content import event_body
from bookings.invitations import mail
from bookings.models import Announcement, Booking, Message, Organizer
from bookings.questions import Question, ask
from bookings.services import cancel
from bookings.tests.world import booked
from zinnect.tests.security.forms import PAGE, filled, strangers_client

TYPED = "Pay at https://evil.example/pay or www.evil.example, evil.example/x, eve@evil.example"
# What mail programs make links of: a scheme, www., or a name that ends like a domain (Gmail, Outlook, Apple Mail).
LINKED = re.compile(r"\w+://\S*evil|www\.evil|evil\.example", re.IGNORECASE)


@pytest.fixture
def booking(ada: Organizer) -> Booking:
    """Booked by somebody who wants to be clicked."""
    client = strangers_client()
    ask(ada.event_types.get(), [Question("Who?", key="who"), Question("Why?", "long", key="why")])
    typed: dict[str, Any] = {"notes": TYPED, "q-who": TYPED, "q-why": TYPED}
    form = filled(client, name="Eve evil.example", **typed)
    assert client.post(PAGE, form).status_code == 303
    return Booking.objects.get()


def texts(booking: Booking, role: str, kind: str = "confirmed") -> str:
    """Everything that a reader of our mail sees, the subject and the invitation included."""
    message = Message(booking=booking, revision=booking.revision, kind=kind, role=role, to_email="reader@example.net")
    announcement = Announcement(booking=booking, revision=booking.revision, channel="mail", provider="", join_url="")
    made: EmailMessage = mail(message, announcement)
    parts = [part.get_payload(decode=True) for part in made.message().walk() if not part.is_multipart()]
    return "\n".join([str(made.subject), *(part.decode() for part in parts if isinstance(part, bytes))])


def test_the_pattern_finds_what_was_typed() -> None:
    assert len(LINKED.findall(TYPED)) == 4


@pytest.mark.parametrize("role", ["organizer", "invitee", "guest"])
def test_in_no_mail(booking: Booking, role: str) -> None:
    text = texts(booking, role)
    assert ("Who?" in text) is (role != "guest")
    assert LINKED.findall(text) == []


def test_in_no_event(booking: Booking) -> None:
    body = event_body(booking, provider="", join_url="", with_people=True)
    assert body["description"].count("Pay at") == 3
    assert LINKED.findall(str(body)) == []


def test_in_no_reason_of_an_invitee(ada: Organizer) -> None:
    cancelled = cancel(booking=booked(ada), by="invitee", reason=TYPED)
    text = texts(cancelled, "organizer", "cancelled")
    assert "Pay at" in text
    assert LINKED.findall(text) == []


def test_an_organizer_may_send_a_link(ada: Organizer) -> None:
    cancelled = cancel(booking=booked(ada), by="organizer", reason="Book anew: https://ada.example/")
    assert "https://ada.example/" in texts(cancelled, "invitee", "cancelled")
