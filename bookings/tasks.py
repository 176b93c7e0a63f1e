"""Celery entry points: load by id, call one service."""

from __future__ import annotations

from celery import shared_task

from bookings import arrange
from integrations.publish import publish


@shared_task
def arrange_booking(booking_id: int) -> None:
    """Bring calendar, meeting and mail in line with the booking."""
    arrange.arrange(booking_id)


@shared_task
def arrange_due() -> None:
    """Hand the unfinished bookings whose time has come to the workers."""
    for booking_id in arrange.claim_due():
        publish(arrange_booking, booking_id)
