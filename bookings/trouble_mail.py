"""The mail about what gave up or needs a person: what happened, what people have in hand, what mends it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from bookings.invitations import organizer_url, subject_line, when
from bookings.letters import letter
from bookings.models import Announcement, Booking, Message
from bookings.problems import Problem
from bookings.status import current_link


def mail(message: Message, problems: list[Problem], *, gave_up: bool) -> EmailMultiAlternatives:
    """In the organizer's language and zone; ``problems`` as the booking's page shows them."""
    booking = message.booking
    with translation.override(booking.organizer.language):
        return letter(message, template="emails/trouble", context=_context(booking, problems, gave_up=gave_up))


def _context(booking: Booking, problems: list[Problem], *, gave_up: bool) -> dict[str, Any]:
    zone = booking.organizer.timezone
    return {
        "booking": booking,
        "reader": booking.organizer.name,
        "other": booking.invitee_name,
        "when": when(booking.start, booking.end, zone),
        "problems": [(problem, _absolute(problem.mend_url)) for problem in problems],
        "in_hand": in_hand(booking),
        "gave_up": gave_up,
        "goes_on": not gave_up and not any(problem.needs_person for problem in problems),
        "url": organizer_url(booking),
        "subject": subject_line(
            _("Needs you: %(title)s with %(other)s, %(when)s"), booking, booking.invitee_name, zone
        ),
    }


def _absolute(url: str) -> str:
    return f"{settings.BASE_URL}{url}" if url.startswith("/") else url


def in_hand(booking: Booking) -> str:
    """What the invitee has of this revision by now."""
    provider, join_url = current_link(booking)
    if not _is_told(booking):
        words = _("%(name)s has not heard of this yet.")
    elif booking.status == Booking.Status.PENDING:
        words = _("%(name)s waits for your answer.")
    elif booking.status == Booking.Status.DECLINED:
        words = _("%(name)s knows that it was declined.")
    elif not booking.is_live:
        words = _("%(name)s knows that it was cancelled.")
    elif join_url:
        words = _("%(name)s knows the time and has this link: %(url)s")
    elif provider:
        words = _("%(name)s knows the time; the link is in the invitation.")
    elif booking.is_video:
        words = _("%(name)s knows the time, and that you will send a link.")
    else:
        words = _("%(name)s knows the time and the place.")
    return words % {"name": booking.invitee_name, "url": join_url}


def _is_told(booking: Booking) -> bool:
    """Whether the calendar or our mail told the invitee of this revision."""
    by_calendar = booking.announcements.filter(
        revision=booking.revision, channel=Announcement.Channel.CALENDAR, done_at__isnull=False
    )
    ours = booking.messages.filter(revision=booking.revision, role=Message.Role.INVITEE, state=Message.State.SENT)
    return by_calendar.exists() or ours.exists()
