"""Celery entry points: load by id, call one service."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from bookings import arrange, reminders
from bookings.services import departures, retention
from integrations import retention as integrations_retention
from integrations.publish import publish


@shared_task
def arrange_booking(booking_id: int) -> None:
    """Bring calendar, meeting and mail in line with the booking."""
    arrange.arrange(booking_id)


@shared_task
def remind(booking_id: int, kind: str) -> None:
    """Remind the invitee of a booking."""
    reminders.remind(booking_id, kind)


@shared_task
def remind_due() -> None:
    """Hand the reminders whose time has come to the workers."""
    for booking_id, kind in reminders.due(arrange.AT_MOST):
        publish(remind, booking_id, kind)


@shared_task
def arrange_due() -> None:
    """Hand the unfinished bookings whose time has come to the workers."""
    for booking_id in arrange.claim_due():
        publish(arrange_booking, booking_id)


@shared_task
def go_on_with_departures() -> None:
    """Go on with accounts that are being deleted."""
    departures.go_on()


@shared_task
def forget_old() -> None:
    """Forget what the settings say is kept no longer, and sessions that have ended."""
    retention.forget_old()
    integrations_retention.forget_old()
    call_command("clearsessions")
