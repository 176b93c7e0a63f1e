"""Signal → task, after the commit. The task gets an id and nothing else."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from bookings import language
from bookings.models import Booking, CalendarEntry, Meeting, Organizer
from bookings.services import provider_side
from bookings.signals import (
    arranging_requested,
    booking_cancelled,
    booking_confirmed,
    booking_declined,
    booking_requested,
    booking_rescheduled,
)
from bookings.tasks import arrange_booking
from integrations.models import Connection
from integrations.publish import publish_on_commit
from integrations.signals import account_data_to_erase, connection_made, meeting_deleted


@receiver(
    [
        booking_requested,
        booking_confirmed,
        booking_declined,
        booking_rescheduled,
        booking_cancelled,
        arranging_requested,
    ],
    dispatch_uid="bookings.arrange_after_commit",
)
def arrange_after_commit(sender: object, booking: Booking, **kwargs: object) -> None:
    """Queue the arranging of a booking that has just been requested, answered, moved or cancelled."""
    publish_on_commit(arrange_booking, booking.pk)


@receiver(user_logged_in, dispatch_uid="bookings.speak_the_organizers_language")
def speak_the_organizers_language(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    """Whoever signs in reads the language of their settings, in whatever browser."""
    chosen = Organizer.objects.filter(user=user).values_list("language", flat=True).first()
    if request is not None and chosen:
        language.choose(request, chosen)


@receiver(connection_made, dispatch_uid="bookings.resume_what_waited_for_the_account")
def resume_what_waited_for_the_account(sender: object, connection: Connection, **kwargs: object) -> None:
    """What could not be done while the account was not to be used is due now; the next sweep takes it up."""
    waiting = Booking.objects.unfinished().filter(organizer__user_id=connection.user_id)
    for model in (CalendarEntry, Meeting):
        stuck = model.objects.filter(booking__in=waiting, failed_for_good=True)
        stuck.update(failed_for_good=False, next_attempt_at=None, attempts=0)
    waiting.update(next_attempt_at=timezone.now())


@receiver(meeting_deleted, dispatch_uid="bookings.replace_the_deleted_meeting")
def replace_the_deleted_meeting(
    sender: object, provider: str, external_id: str, host_id: str, **kwargs: object
) -> None:
    """The host deleted a meeting at its provider: whoever is to use it gets another one."""
    provider_side.host_deleted(provider=provider, external_id=external_id, host_id=host_id)


@receiver(account_data_to_erase, dispatch_uid="bookings.forget_the_account")
def forget_the_account(
    sender: object, connection: Connection, provider: str, external_id: str, **kwargs: object
) -> None:
    """The user of an account took our access away some days ago: its meetings' ids and links go."""
    provider_side.forget_account(user_id=connection.user_id, provider=provider, external_id=external_id)
