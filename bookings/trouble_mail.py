"""The mail about what gave up or needs a person: what happened, what people have in hand, what mends it."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from bookings.invitations import organizer_url, subject_line, when
from bookings.letters import letter
from bookings.models import Announcement, Booking, Message
from bookings.problems import Problem
from bookings.status import current_link


def mail(message: Message, problems: list[Problem], *, known: str, gave_up: bool) -> EmailMultiAlternatives:
    """In the organizer's language and zone. ``problems`` as the booking's page shows them, ``known`` as ``in_hand``."""
    booking, zone = message.booking, message.booking.organizer.timezone
    with translation.override(booking.organizer.language):
        context = {
            "booking": booking,
            "heading": _("This booking needs you"),
            "other": booking.invitee_name,
            "when": when(booking.start, booking.end, zone),
            "problems": [(problem, _absolute(problem.mend_url)) for problem in problems],
            "in_hand": known,
            "outlook": _outlook(problems, gave_up=gave_up),
            "url": organizer_url(booking),
            "subject": subject_line(
                _("Needs you: %(title)s with %(other)s, %(when)s"), booking, booking.invitee_name, zone
            ),
        }
        return letter(message, template="emails/trouble", context=context)


def _outlook(problems: list[Problem], *, gave_up: bool) -> str:
    """What happens next, and what "Try again" is for; the booking's page follows it."""
    if gave_up:
        return _("We have stopped trying. To have us try once more, press “Try again” on the booking's page:")
    if any(problem.needs_person for problem in problems):
        return _("It does not mend itself. When you have mended it, press “Try again” on the booking's page:")
    return _("We go on trying. What comes of it shows on the booking's page, where “Try again” tries at once:")


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
    ours = booking.messages.exclude(kind__in=Message.ASIDE).filter(revision=booking.revision)
    return by_calendar.exists() or ours.filter(role=Message.Role.INVITEE, state=Message.State.SENT).exists()
