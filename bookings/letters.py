"""One mail of ours as it leaves: HTML and text, replies to the other person, and always the same Message-ID."""

from __future__ import annotations

from email.utils import formataddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from bookings.models import Message


def letter(message: Message, *, template: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    """``template`` (without its ending) filled with ``context``, in the active language; ``context`` has a subject."""
    booking = message.booking
    organizer = formataddr((booking.organizer.name, booking.organizer.email))
    invitee = formataddr((booking.invitee_name, booking.invitee_email))
    email = EmailMultiAlternatives(
        subject=context["subject"],
        body=render_to_string(f"{template}.txt", context),
        to=[message.to_email],
        reply_to=[invitee if message.role == Message.Role.ORGANIZER else organizer],
        headers={
            "Message-ID": f"<{message.uid}@{urlsplit(settings.BASE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    email.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return email
