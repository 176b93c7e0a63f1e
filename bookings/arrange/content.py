"""The words of the calendar event and of the video meeting."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from bookings.answers import answers_of
from bookings.models import Booking, EventType, Meeting
from bookings.unlinked import unlinked
from bookings.words import MEET, message_of
from integrations import providers
from integrations.providers import MeetingDraft

REVISION_KEY = "zinnectRevision"
BOOKING_KEY = "zinnectBooking"


def summary(booking: Booking) -> str:
    """What both sides' calendars show."""
    return f"{booking.title}: {booking.organizer.name} – {booking.invitee_name}"


def _stamp(booking: Booking, field: str) -> dict[str, str]:
    moment = getattr(booking, field).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"dateTime": moment, "timeZone": str(booking.organizer.timezone)}


def _joining(booking: Booking, provider: str, join_url: str, external_id: str) -> list[str]:
    if not booking.is_video:
        detail = f": {booking.location_detail}" if booking.location_detail else ""
        return [escape(f"{booking.get_location_display()}{detail}")]
    if not provider or provider == MEET:
        return []
    lines = [_("Join with %(service)s: %(url)s") % {"service": providers.get(provider).name, "url": join_url}]
    if external_id:
        lines.append(_("Meeting ID: %(id)s") % {"id": external_id})
    return lines


def _message(booking: Booking) -> list[str]:
    """What was written along with a move. With a cancel there is no event left that could carry it."""
    if booking.change != Booking.Change.MOVED or not booking.reason:
        return []
    names = {"invitee": booking.invitee_name, "organizer": booking.organizer.name}
    name = names.get(booking.changed_by, booking.organizer.name)
    return ["", _("Message from %(name)s:") % {"name": escape(name)}, escape(message_of(booking))]


def event_body(
    booking: Booking,
    *,
    provider: str,
    join_url: str,
    external_id: str = "",
    with_people: bool,
    meet: str = "",
) -> dict[str, Any]:
    """The event as Google takes it, for insert and patch alike.

    ``meet``: ``remove`` takes the Meet link out, a request id asks for one (Google ignores an id that it has seen), and
    the empty string leaves it as it is. What the invitee typed is escaped: Google shows descriptions as HTML.
    """
    with translation.override(booking.invitee_language):
        lines = _joining(booking, provider, join_url, external_id) + _message(booking)
        if booking.notes:
            notes = escape(unlinked(booking.notes))
            lines += ["", _("Notes from %(name)s:") % {"name": escape(booking.invitee_name)}, notes]
        for answer in answers_of(booking):
            lines += ["", escape(answer.label), escape(unlinked(answer.words))]
    body: dict[str, Any] = {
        "summary": summary(booking),
        "description": "\n".join(lines),
        "location": _location(booking, provider, join_url),
        "start": _stamp(booking, "start"),
        "end": _stamp(booking, "end"),
        "extendedProperties": {
            "private": {BOOKING_KEY: str(booking.uid), REVISION_KEY: str(booking.revision) if with_people else "0"}
        },
    }
    if provider not in ("", MEET) and not join_url:
        # The link was erased here: the event is the one place that has it, so these stay as they are.
        del body["description"], body["location"]
    if with_people:
        people = [{"email": booking.invitee_email, "displayName": booking.invitee_name}]
        body["attendees"] = people + [{"email": guest.email} for guest in booking.guests.all()]
    if meet == "remove":
        body["conferenceData"] = None
    elif meet:
        solution = {"type": "hangoutsMeet"}
        body["conferenceData"] = {"createRequest": {"requestId": meet, "conferenceSolutionKey": solution}}
    return body


def _location(booking: Booking, provider: str, join_url: str) -> str:
    if booking.is_video:
        return "" if provider in ("", MEET) else join_url
    if booking.location == EventType.Location.IN_PERSON:
        return booking.location_detail
    with translation.override(booking.invitee_language):
        return str(booking.get_location_display())


def meeting_draft(booking: Booking, meeting: Meeting) -> MeetingDraft:
    """The meeting as its provider takes it. The marker stands first: lists cut agendas to 250 characters."""
    origin = _("Booked through Zinnect Scheduler.")
    return MeetingDraft(
        topic=summary(booking)[:200],
        agenda=f"{meeting.marker}\n{origin}",
        start=booking.start,
        minutes=booking.duration_minutes,
        timezone=str(booking.organizer.timezone),
    )
