"""Setting up an organizer with defaults that work at once."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext, override

from bookings.models import EventType, Organizer, Schedule, WeeklyHours

NINE, FIVE = 9 * 60, 17 * 60


@transaction.atomic
def set_up_organizer(*, user: User, handle: str, timezone: str, name: str, language: str = "en") -> Organizer:
    """Make ``user`` an organizer: Mon–Fri 09:00–17:00 in ``timezone`` (IANA) and a 30-minute event type ``intro``.

    ``language``: a code such as "de", for pages, mail and the first event type's title.

    Raises ValidationError when the handle is malformed, reserved or taken, or the name is empty.
    """
    organizer = Organizer(user=user, handle=handle, timezone=ZoneInfo(timezone), name=name, language=language)
    organizer.full_clean()
    organizer.save()
    with override(language):
        hours, title = gettext("Working hours"), gettext("Intro call")
    schedule = Schedule.objects.create(organizer=organizer, name=hours, timezone=organizer.timezone, is_default=True)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=day, from_minute=NINE, to_minute=FIVE) for day in range(5)
    )
    EventType.objects.create(organizer=organizer, schedule=schedule, title=title, slug="intro", duration_minutes=30)
    return organizer


@transaction.atomic
def create_organizer(*, email: str, password: str, handle: str, timezone: str = "UTC", name: str = "") -> Organizer:
    """An organizer with a new user and a verified address. Raises ValidationError as ``set_up_organizer`` does."""
    user = get_user_model().objects.create_user(username=email, email=email, password=password)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return set_up_organizer(user=user, handle=handle, timezone=timezone, name=name or handle)
