"""Mail and ICS: who is told what, in the reader's own words and time zone (RFC 5545, RFC 5546, RFC 6047)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from bookings.answers import answers_of
from bookings.letters import letter
from bookings.models import Announcement, Booking, Meeting, Message
from bookings.status import current_link, told_before
from bookings.unlinked import unlinked
from bookings.words import MEET, message_of, service_name


def ical_uid(booking: Booking) -> str:
    """The UID of the invitation: the calendar event's own, also where our mail comes first."""
    entry = booking.calendar_entries.exclude(ical_uid="").order_by("-id").first()
    return entry.ical_uid if entry else f"{booking.event_key}@google.com"


def sequence(booking: Booking) -> int:
    """The SEQUENCE of this revision: rises with it, and is never below what the calendar counted."""
    entry = booking.calendar_entries.order_by("-id").first()
    return max(booking.revision, entry.sequence + 1 if entry else 0)


def manage_url(booking: Booking) -> str:
    """The invitee's own link to the booking. It goes to nobody else."""
    return f"{settings.BASE_URL}{reverse('invitee:booking', args=[booking.token])}"


def organizer_url(booking: Booking) -> str:
    """Where the organizer finds the booking."""
    return f"{settings.BASE_URL}{reverse('organizer:booking', args=[booking.uid])}"


def answer_url(booking: Booking) -> str:
    """Where the organizer confirms or declines a booking that waits."""
    return f"{settings.BASE_URL}{reverse('organizer:booking_answer', args=[booking.uid])}"


def when(start: datetime, end: datetime, zone: tzinfo) -> str:
    """``Thursday, 3 December 2026, 10:00–10:30 (Europe/Berlin, UTC+01:00)`` in the active language."""
    return f"{_day(start, zone)}, {start.astimezone(zone):%H:%M}–{end.astimezone(zone):%H:%M} ({_named(start, zone)})"


def moment(at: datetime, zone: tzinfo) -> str:
    """``Thursday, 3 December 2026, 10:00 (Europe/Berlin, UTC+01:00)`` in the active language."""
    return f"{_day(at, zone)}, {at.astimezone(zone):%H:%M} ({_named(at, zone)})"


def _day(at: datetime, zone: tzinfo) -> str:
    return date_format(at.astimezone(zone), "LONG_DATE")


def _named(at: datetime, zone: tzinfo) -> str:
    offset = at.astimezone(zone).strftime("%z")
    return f"{zone}, UTC{offset[:3]}:{offset[3:5]}"


def ics(booking: Booking, *, method: str, join_url: str = "") -> bytes:
    """A calendar object with one event. ``method``: REQUEST, CANCEL or PUBLISH (RFC 5546)."""
    event = Event()
    event.add("uid", ical_uid(booking))
    event.add("sequence", sequence(booking))
    event.add("dtstamp", timezone.now())
    event.add("dtstart", booking.start.astimezone(UTC))
    event.add("dtend", booking.end.astimezone(UTC))
    event.add("summary", f"{booking.title}: {booking.organizer.name} – {booking.invitee_name}")
    place = join_url if booking.is_video else booking.location_detail or str(booking.get_location_display())
    if place:
        event.add("location", place)
    if join_url:
        event.add("description", _("Join: %(url)s") % {"url": join_url})
        event.add("url", join_url)
    if method != "PUBLISH" and (message := message_of(booking)):
        event.add("comment", message)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    organizer = vCalAddress(f"mailto:{booking.organizer.email}")
    organizer.params["cn"] = vText(booking.organizer.name)
    event.add("organizer", organizer)
    if method != "PUBLISH":
        for address, name in [(booking.invitee_email, booking.invitee_name)] + [
            (guest.email, guest.email) for guest in booking.guests.all()
        ]:
            attendee = vCalAddress(f"mailto:{address}")
            attendee.params.update({"cn": vText(name), "role": vText("REQ-PARTICIPANT"), "rsvp": vText("TRUE")})
            event.add("attendee", attendee, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//Zinnect//Zinnect Scheduler//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def ics_for(booking: Booking) -> bytes:
    """What "add to calendar" downloads: the event as it is now, inviting nobody."""
    return ics(booking, method="PUBLISH", join_url=current_link(booking)[1])


def mail(message: Message, announcement: Announcement, unmanaged: Sequence[Meeting] = ()) -> EmailMultiAlternatives:
    """The mail of ``message``, rendered for its reader. The same message always has the same Message-ID.

    ``unmanaged``: meetings of the booking that stay at their provider untouched, for the organizer to know.
    """
    booking = message.booking
    to_organizer = message.role == Message.Role.ORGANIZER
    language = booking.organizer.language if to_organizer else booking.invitee_language
    with translation.override(language):
        link = announcement.provider, announcement.join_url
        context = _facts(message, link) | {
            "notes": unlinked(booking.notes) if to_organizer else "",
            "reason": message_of(booking),
            "answers": _answers(booking) if message.role != Message.Role.GUEST else [],
            "why": announcement.why if to_organizer else "",
            "unmanaged": unmanaged if to_organizer else [],
        }
        email = letter(message, template="emails/booking", context=context)
    method = _method(message, announcement)
    if method:
        with translation.override(language):
            content = ics(booking, method=method, join_url=announcement.join_url).decode()
        email.attach_alternative(content, f"text/calendar; method={method}; charset=utf-8")
    return email


def reminder(message: Message, link: tuple[str, str]) -> EmailMultiAlternatives:
    """A reminder, with the link that people hold now: ``(provider, join URL)`` as ``status.current_link`` gives it."""
    with translation.override(message.booking.invitee_language):
        return letter(message, template="emails/booking", context=_facts(message, link))


# What is not confirmed is nobody's appointment.
_WITHOUT_MEETING = (Message.Kind.REQUESTED, Message.Kind.DECLINED)


def _method(message: Message, announcement: Announcement) -> str:
    """An invitation is one METHOD:REQUEST to a person for a revision: ours only where the calendar does not send it."""
    if announcement.channel != Announcement.Channel.MAIL or message.kind in _WITHOUT_MEETING:
        return ""
    if message.kind == Message.Kind.CANCELLED:
        # As long as nobody knows whether the calendar invited them, they are told: a CANCEL of nothing is ignored.
        told = told_before(message.booking, announcement.revision)
        return "CANCEL" if told and message.role != Message.Role.ORGANIZER else ""
    return "PUBLISH" if message.role == Message.Role.ORGANIZER else "REQUEST"


def _facts(message: Message, link: tuple[str, str]) -> dict[str, Any]:
    """What every mail about a booking says: what, when, with whom, where, and how to change it."""
    booking, (provider, join_url) = message.booking, link
    to_organizer = message.role == Message.Role.ORGANIZER
    zone = booking.organizer.timezone if to_organizer else booking.invitee_timezone
    other = _others(message)
    erased = bool(provider) and provider != MEET and not join_url
    waits = booking.status == Booking.Status.PENDING
    return {
        "booking": booking,
        "heading": _heading(message),
        "remark": _remark(message, other, zone),
        "to_organizer": to_organizer,
        "other": other,
        "when": when(booking.start, booking.end, zone),
        "join_url": join_url if booking.is_live else "",
        "service": service_name(provider),
        "no_link": booking.is_video and booking.is_live and not join_url and not erased,
        "link_erased": booking.is_live and erased,
        "waits": waits,
        "manage_url": manage_url(booking)
        if message.role == Message.Role.INVITEE and booking.status in Booking.HOLDING
        else "",
        "organizer_url": (answer_url if waits else organizer_url)(booking) if to_organizer else "",
        "subject": _subject(message, other, zone),
    }


def _others(message: Message) -> str:
    """With whom the reader meets."""
    booking = message.booking
    if message.role == Message.Role.ORGANIZER:
        return booking.invitee_name
    if message.role == Message.Role.INVITEE:
        return booking.organizer.name
    return _("%(one)s and %(other)s") % {"one": booking.organizer.name, "other": booking.invitee_name}


def _heading(message: Message) -> str:
    """What the mail is, in a sentence."""
    if message.kind == Message.Kind.CONFIRMED and message.role != Message.Role.INVITEE:
        to_organizer = message.role == Message.Role.ORGANIZER
        return _("A meeting was booked with you") if to_organizer else _("You are invited to a meeting")
    return {
        Message.Kind.CONFIRMED: _("Your meeting is booked"),
        Message.Kind.MOVED: _("Your meeting has a new time"),
        Message.Kind.LINK: _("Your meeting has a new link"),
        Message.Kind.CORRECTED: _("What is known of your meeting was corrected"),
        Message.Kind.CANCELLED: _("Your meeting was cancelled"),
        Message.Kind.DECLINED: _("Your request was declined"),
        Message.Kind.REQUESTED: _("Somebody asks for a meeting")
        if message.role == Message.Role.ORGANIZER
        else _("Your request was sent"),
        Message.Kind.REMINDER_DAY: _("Your meeting is coming up"),
        Message.Kind.REMINDER_HOUR: _("Your meeting begins soon"),
    }[Message.Kind(message.kind)]


def _remark(message: Message, other: str, zone: tzinfo) -> str:
    """What the reader should know besides the facts; mostly nothing."""
    booking = message.booking
    if message.kind == Message.Kind.LINK:
        words = _("An earlier link no longer works.")
    elif booking.status == Booking.Status.PENDING and message.role == Message.Role.ORGANIZER:
        words = _(
            "%(other)s waits for your answer. Until you confirm, nothing is in any calendar;"
            " without an answer by %(until)s it is declined by itself."
        )
    elif booking.status == Booking.Status.PENDING:
        words = _(
            "%(other)s has yet to confirm it. The time is held for you until %(until)s, and we write to you as soon as"
            " there is an answer."
        )
    elif booking.went_unanswered(timezone.now()):
        words = _("%(other)s did not answer in time, so the time is free again.")
    elif message.kind == Message.Kind.DECLINED:
        words = _("%(other)s cannot take this time.")
    else:
        return ""
    return words % {"other": other, "until": moment(booking.hold_until, zone) if booking.hold_until else ""}


def _answers(booking: Booking) -> list[tuple[str, str]]:
    """What the invitee was asked, and answered; for the two sides only, as a guest need not know a phone number."""
    return [(answer.label, unlinked(answer.words)) for answer in answers_of(booking)]


def _subject(message: Message, other: str, zone: tzinfo) -> str:
    words = {
        Message.Kind.CONFIRMED: _("Confirmed: %(title)s with %(other)s, %(when)s"),
        Message.Kind.MOVED: _("New time: %(title)s with %(other)s, %(when)s"),
        Message.Kind.LINK: _("New link: %(title)s with %(other)s, %(when)s"),
        Message.Kind.CORRECTED: _("Corrected: %(title)s with %(other)s, %(when)s"),
        Message.Kind.CANCELLED: _("Cancelled: %(title)s with %(other)s, %(when)s"),
        Message.Kind.DECLINED: _("Declined: %(title)s with %(other)s, %(when)s"),
        Message.Kind.REQUESTED: _("Please confirm: %(title)s with %(other)s, %(when)s")
        if message.role == Message.Role.ORGANIZER
        else _("Waits for confirmation: %(title)s with %(other)s, %(when)s"),
        Message.Kind.REMINDER_DAY: _("Reminder: %(title)s with %(other)s, %(when)s"),
        Message.Kind.REMINDER_HOUR: _("Soon: %(title)s with %(other)s, %(when)s"),
    }[Message.Kind(message.kind)]
    return subject_line(words, message.booking, other, zone)


def subject_line(words: str, booking: Booking, other: str, zone: tzinfo) -> str:
    """One line: names may hold anything but line breaks, which the forms refuse; folded once more here."""
    start = booking.start.astimezone(zone)
    filled = words % {
        "title": booking.title,
        "other": other,
        "when": f"{date_format(start, 'SHORT_DAY')} {start:%H:%M}",
    }
    return " ".join(filled.split())
