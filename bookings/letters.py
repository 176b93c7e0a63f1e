"""One mail of ours as it leaves: HTML and text, replies to the other person, and always the same Message-ID."""

from __future__ import annotations

import smtplib
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
    if message.role == Message.Role.ORGANIZER:
        name, address = booking.invitee_name, booking.invitee_email
    else:
        name, address = booking.organizer.name, booking.organizer.email
    filled = context | {"reply_to": name, "support_email": settings.SUPPORT_EMAIL}
    email = EmailMultiAlternatives(
        subject=context["subject"],
        body=render_to_string(f"{template}.txt", filled),
        to=[message.to_email],
        reply_to=[formataddr((name, address))],
        headers={
            "Message-ID": f"<{message.uid}@{urlsplit(settings.BASE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    email.attach_alternative(render_to_string(f"{template}.html", filled), "text/html")
    return email


def is_refusal(error: smtplib.SMTPException | OSError) -> bool:
    """A 5xx answer to this mail or this recipient will not change by trying again (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in error.recipients.values())
    per_mail = (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
    return isinstance(error, per_mail) and error.smtp_code >= 500
