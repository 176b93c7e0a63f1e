"""One mail of each kind, to look at: rendered by the code that sends them, from objects that are never saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from bookings import invitations, trouble_mail
from bookings.models import Announcement, Booking, EventType, Message, Organizer
from bookings.problems import Problem
from bookings.words import MEET
from integrations import notices, usage
from integrations.models import Connection, DailyUse

# No row has this key, so that what is asked of the database about a sample is never there.
NOWHERE = 0
START = datetime(2026, 12, 3, 9, tzinfo=UTC)
ZOOM = ("zoom", "https://zoom.us/j/84212345678?pwd=sample")
NO_LINK = ("", "")
KIND, ROLE = Message.Kind, Message.Role


def samples(language: str) -> dict[str, EmailMultiAlternatives]:
    """Every mail by its name, to readers of ``language``."""
    with translation.override(language):
        return dict([*_announcing(language), *_reminders(language), *_trouble(language), *_others(language)])


def _organizer(language: str) -> Organizer:
    user = User(pk=NOWHERE, email="sarah@example.com")
    zone = ZoneInfo("Europe/Berlin")
    return Organizer(pk=NOWHERE, user=user, name="Sarah Sample", handle="sarah", timezone=zone, language=language)


def _message(language: str, kind: Message.Kind, role: Message.Role = ROLE.INVITEE, **changes: Any) -> Message:
    cancelled = kind == KIND.CANCELLED
    row = {
        "status": Booking.Status.CANCELLED if cancelled else Booking.Status.CONFIRMED,
        "title": "Intro call",
        "start": START,
        "end": START + timedelta(minutes=30),
        "invitee_name": "Ines Ibarra",
        "invitee_email": "ines@example.org",
        "invitee_timezone": ZoneInfo("America/New_York"),
        "invitee_language": language,
        "notes": "I should like to talk about the schedule for January.",
        "token": "sample",
        "changed_by": "organizer",
    }
    event_type = EventType(pk=NOWHERE, title="Intro call")
    booking = Booking(pk=NOWHERE, organizer=_organizer(language), event_type=event_type, **(row | changes))
    to = {ROLE.INVITEE: "ines@example.org", ROLE.ORGANIZER: "sarah@example.com", ROLE.GUEST: "gus@example.net"}[role]
    return Message(booking=booking, revision=1, kind=kind, role=role, to_email=to)


def _announcement(message: Message, link: tuple[str, str], why: str = "") -> Announcement:
    provider, join_url = link
    return Announcement(
        booking=message.booking, revision=1, channel="calendar", provider=provider, join_url=join_url, why=why
    )


Sample = tuple[str, EmailMultiAlternatives]


def _announcing(language: str) -> Iterator[Sample]:
    def mail(
        kind: Message.Kind, role: Message.Role, link: tuple[str, str] = ZOOM, why: str = "", **changes: Any
    ) -> Any:
        message = _message(language, kind, role, **changes)
        return invitations.mail(message, _announcement(message, link, why))

    phone = {"location": EventType.Location.PHONE, "location_detail": "+49 30 1234567"}
    late = _("%(service)s did not deliver a meeting in time: %(why)s The invitation carries the default video link.")
    late %= {"service": "Zoom", "why": _("it did not answer.")}
    yield "confirmed", mail(KIND.CONFIRMED, ROLE.INVITEE)
    yield "confirmed-organizer", mail(KIND.CONFIRMED, ROLE.ORGANIZER)
    meet = MEET, "https://meet.google.com/abc-defg-hij"
    yield "confirmed-organizer-fallback", mail(KIND.CONFIRMED, ROLE.ORGANIZER, meet, late)
    yield "confirmed-guest", mail(KIND.CONFIRMED, ROLE.GUEST)
    yield "confirmed-no-link", mail(KIND.CONFIRMED, ROLE.INVITEE, NO_LINK)
    yield "confirmed-no-link-organizer", mail(KIND.CONFIRMED, ROLE.ORGANIZER, NO_LINK)
    yield "confirmed-phone", mail(KIND.CONFIRMED, ROLE.INVITEE, NO_LINK, **phone)
    yield "moved", mail(KIND.MOVED, ROLE.INVITEE, reason="My train is late.\nPlease excuse me.")
    yield "moved-organizer", mail(KIND.MOVED, ROLE.ORGANIZER)
    yield "moved-link-erased", mail(KIND.MOVED, ROLE.INVITEE, ("zoom", ""))
    yield "corrected", mail(KIND.CORRECTED, ROLE.INVITEE)
    yield "new-link", mail(KIND.LINK, ROLE.INVITEE, reason="The earlier meeting was deleted in Zoom.")
    yield "new-link-organizer", mail(KIND.LINK, ROLE.ORGANIZER)
    pending, declined = Booking.Status.PENDING, Booking.Status.DECLINED
    held: dict[str, Any] = {"status": pending, "hold_until": START - timedelta(days=2)}
    yield "requested", mail(KIND.REQUESTED, ROLE.INVITEE, NO_LINK, **held)
    yield "requested-organizer", mail(KIND.REQUESTED, ROLE.ORGANIZER, NO_LINK, **held)
    yield "declined", mail(KIND.DECLINED, ROLE.INVITEE, NO_LINK, status=declined, reason="I am away that day.")
    yield "declined-unanswered", mail(KIND.DECLINED, ROLE.INVITEE, NO_LINK, status=declined, changed_by="system")
    yield "cancelled", mail(KIND.CANCELLED, ROLE.INVITEE, NO_LINK, reason="I am ill.")
    yield "cancelled-organizer", mail(KIND.CANCELLED, ROLE.ORGANIZER, NO_LINK)
    yield "cancelled-guest", mail(KIND.CANCELLED, ROLE.GUEST, NO_LINK)


def _reminders(language: str) -> Iterator[Sample]:
    yield "reminder-day", invitations.reminder(_message(language, KIND.REMINDER_DAY), ZOOM)
    yield "reminder-hour", invitations.reminder(_message(language, KIND.REMINDER_HOUR), ZOOM)
    yield "reminder-no-link", invitations.reminder(_message(language, KIND.REMINDER_DAY), NO_LINK)


def _trouble(language: str) -> Iterator[Sample]:
    message = _message(language, KIND.TROUBLE, ROLE.ORGANIZER)
    zoom, name = {"service": "Zoom"}, {"name": "Ines Ibarra"}
    refused = Problem(
        _("Zoom did not accept the meeting's details."),
        "/apps/integrations/zoom/",
        _("Look at the %(service)s integration") % zoom,
        _("In %(service)s the meeting still has its earlier time; its link works all the same.") % zoom,
        needs_person=True,
    )
    silent = Problem(_("The mail to %(address)s could not be sent yet.") % {"address": "ines@example.org"})
    cancelled = _message(language, KIND.TROUBLE, ROLE.ORGANIZER, status=Booking.Status.CANCELLED)
    left = Problem(_("Zoom asked us to slow down."), undone=_("The meeting is still there in %(service)s.") % zoom)
    known = _("%(name)s knows the time and has this link: %(url)s") % (name | {"url": ZOOM[1]})
    yield "trouble", trouble_mail.mail(message, [refused], known=known, gave_up=False)
    yield "trouble-goes-on", trouble_mail.mail(message, [silent], known=known, gave_up=False)
    known = _("%(name)s knows that it was cancelled.") % name
    yield "trouble-gave-up", trouble_mail.mail(cancelled, [left], known=known, gave_up=True)


def _others(language: str) -> Iterator[Sample]:
    organizer = _organizer(language)
    words = _("%(name)s no longer accepts our access. Connect it again to go on.") % {"name": "Zoom"}
    zoom = Connection(pk=NOWHERE, user=organizer.user, provider="zoom", email="sarah@zoom.example", last_error=words)
    yield "needs-reconnect", notices.letter(zoom, "needs_reconnect")
    used = usage.usage(DailyUse(provider="zoom", calls=80), organizer.timezone)
    yield "daily-limit", notices.letter(zoom, "daily_limit", usage=used)
    account = {
        "email_confirmation": {"activate_url": f"{settings.BASE_URL}/accounts/confirm-email/sample/"},
        "password_reset_key": {"password_reset_url": f"{settings.BASE_URL}/accounts/password/reset/key/sample/"},
        "unknown_account": {},
        "account_already_exists": {},
    }
    for name, context in account.items():
        to = "sarah@example.com"
        mail = get_adapter().render_mail(f"account/email/{name}", to, {"email": to, **context})
        yield name.replace("_", "-"), mail
