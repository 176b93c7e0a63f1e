"""What happened at a provider, brought into our rows: a meeting that its host deleted, an account whose user left."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _noop

from bookings.models import Announcement, Booking, Meeting
from bookings.services.booking import offer_new_link
from bookings.services.changes import lock, record
from bookings.signals import arranging_requested
from bookings.status import held_link, is_managed
from bookings.words import service_name
from integrations.models import with_connection


def lose_meeting(meeting: Meeting) -> bool:
    """Its host deleted it, and people hold its link: a new one is told as a new revision. False: that is known already.

    Whoever calls it sees to it that the booking is arranged.
    """
    service = {"service": service_name(meeting.provider)}
    with transaction.atomic():
        lock(meeting.booking.organizer_id)
        live = Meeting.objects.filter(pk=meeting.pk, state=Meeting.State.LIVE)
        meeting.state = Meeting.State.GONE
        if not live.update(state=Meeting.State.GONE):
            return False
        booking = Booking.objects.get(pk=meeting.booking_id)
        words = _noop("The meeting was deleted in %(service)s. A new one is being made.")
        record(booking, "meeting_gone", words, problem=True, **service)
        offer_new_link(booking, reason=_noop("The earlier meeting was deleted by its host."))
    return True


@transaction.atomic
def host_deleted(*, provider: str, external_id: str, host_id: str) -> None:
    """A provider says that a meeting was deleted there. Nothing, unless it is a managed one that people will use.

    Our own deletions are announced in the same way: of a cancelled booking, and of a meeting whose link nobody holds.
    """
    live = Meeting.objects.filter(provider=provider, external_id=external_id, state=Meeting.State.LIVE)
    if host_id:
        live = live.filter(host_id=host_id)
    found = live.first()
    if found is None:
        return
    lock(found.booking.organizer_id)
    meeting = with_connection(live.select_related("booking")).filter(pk=found.pk).first()
    if meeting is None or not is_managed(meeting) or not _awaited(meeting):
        return
    if lose_meeting(meeting):
        arranging_requested.send(sender=Booking, booking=meeting.booking)


def _awaited(meeting: Meeting) -> bool:
    """Whether people hold its link, or may get it, for a booking that is still to come."""
    booking = meeting.booking
    if not booking.is_live or booking.is_over(timezone.now()):
        return False
    told = held_link(booking)
    decided = booking.announcements.filter(revision=booking.revision).exclude(provider="").first()
    link = told or decided
    return link is None or link.join_url == meeting.join_url


@transaction.atomic
def forget_account(*, user_id: int, provider: str, external_id: str) -> None:
    """Erase the ids and join URLs of one account's meetings. People find the link in their invitation."""
    hosted = Meeting.objects.filter(provider=provider, host_id=external_id, booking__organizer__user_id=user_id)
    for booking in Booking.objects.filter(meetings__in=hosted).distinct():
        links = hosted.filter(booking=booking).exclude(join_url="").values_list("join_url", flat=True)
        Announcement.objects.filter(booking=booking, join_url__in=list(links)).update(join_url="")
        words = _noop("What was known here of the %(service)s meeting was erased. The link stays in the invitation.")
        record(booking, "meeting_erased", words, service=service_name(provider))
    hosted.filter(state=Meeting.State.LIVE).update(state=Meeting.State.UNMANAGED)
    hosted.update(external_id="", join_url="", host_id="")
