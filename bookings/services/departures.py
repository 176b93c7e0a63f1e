"""Deleting an account: what is to come is cancelled, both connections are revoked, then every row goes.

That takes a while, since invitees are told and providers answer when they like; so it is a row, and the sweep goes on
with it. Meanwhile the user is switched off: nobody can sign in, and the public page is not there.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _noop

from bookings.models import Booking, Departure, Organizer
from bookings.services.booking import cancel
from bookings.services.changes import NotChangeable
from integrations.models import Connection, Revocation
from integrations.oauth import remove

logger = structlog.stdlib.get_logger(__name__)

PATIENCE = timedelta(days=8)
"""After that the rows go, whatever a provider did not answer: revocations end after seven days, in words."""
AT_A_TIME = 50


def upcoming(user: User) -> QuerySet[Booking]:
    """The bookings that would be cancelled."""
    mine = Booking.objects.filter(organizer__user=user, status__in=Booking.HOLDING)
    return mine.filter(end__gt=timezone.now()).order_by("start")


def depart(*, user: User, by: str) -> Departure:
    """Begin to delete an account. ``by`` is "organizer" or "admin". Twice is once."""
    with transaction.atomic():
        departure, made = Departure.objects.get_or_create(user=user, defaults={"by": by})
        # Under the organizer's lock: a booking that is being made is seen below, or does not come about.
        Organizer.objects.select_for_update(no_key=True).filter(user=user).first()
        User.objects.filter(pk=user.pk).update(is_active=False)
        user.is_active = False
        for booking in upcoming(user):
            _cancel(booking)
    if made:
        logger.info("departure", kind="asked", user_id=user.pk)
    return departure


def _cancel(booking: Booking) -> None:
    try:
        cancel(booking=booking, by="system", reason=_noop("The organizer's account was closed."))
    except NotChangeable:
        logger.log(logging.INFO, "departure", kind="over meanwhile", booking_id=booking.pk)


def go_on() -> int:
    """Do for each account that is being deleted what can be done now; how many were deleted."""
    waiting = Departure.objects.select_related("user").order_by("asked_at")[:AT_A_TIME]
    return sum(_go_on(departure) for departure in waiting)


def _go_on(departure: Departure) -> bool:
    user, patient = departure.user, departure.asked_at > timezone.now() - PATIENCE
    if patient and _untold(user).exists():
        return False
    for connection in Connection.objects.filter(user=user):
        if connection.attached:
            remove(connection, by=departure.by)
    if patient and Revocation.objects.filter(connection__user=user).exists():
        return False
    logger.info("departure", kind="done", user_id=user.pk)
    user.delete()
    return True


def _untold(user: User) -> QuerySet[Booking]:
    """Bookings whose calendar event, meeting or mail does not follow yet, and still may."""
    return Booking.objects.unfinished().filter(organizer__user=user)
