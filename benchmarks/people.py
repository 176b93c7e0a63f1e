"""``python -m benchmarks.people COUNT``: so many organizers with both accounts connected, and what is known of them.

Run with the product's environment. Organizer ``bench-0`` is the one whose page is measured.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, datetime, timedelta

ZONE = "America/New_York"
BUSY = 100


def main() -> None:
    """Write the rows, by the models, since tokens are encrypted by them."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zinnect.settings")
    django.setup()
    from django.db import transaction

    with transaction.atomic():
        for number in range(int(sys.argv[1])):
            _one(number)
    print(_booked_and_arranged())


def _booked_and_arranged() -> int:
    """A booking of the first organizer, with all that belongs to it; its id."""
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    from bookings.arrange import arrange
    from bookings.availability import offered
    from bookings.models import Booking, EventType
    from bookings.services import Invitee, book

    event_type = EventType.objects.select_related("organizer__user", "schedule").get(organizer__handle="bench-0")
    now = timezone.now()
    start = offered(event_type, start=now, end=now + timedelta(days=30), now=now)[-1]
    invitee = Invitee(name="Ida Invitee", email="ida@example.org", timezone=ZoneInfo("Europe/Berlin"))
    booking = book(event_type=event_type, start=start, invitee=invitee, form_key="template")
    arrange(booking.pk)
    done = Booking.objects.get(pk=booking.pk)
    assert done.arranged_revision == done.revision, done.last_error
    return done.pk


def _one(number: int) -> None:
    from django.contrib.auth.models import User

    from bookings.services.organizers import set_up_organizer
    from calendars.models import Calendar, KnownBusy
    from integrations import providers
    from integrations.models import Connection

    user = User.objects.create(username=f"bench-{number}", email=f"bench-{number}@example.com")
    organizer = set_up_organizer(user=user, handle=f"bench-{number}", timezone=ZONE, name=f"Bench {number}")
    organizer.event_types.update(interval_minutes=15, minimum_notice_minutes=0)
    now = datetime.now(UTC)
    for provider in providers.all_providers():
        account = f"{provider.slug}-{number}@example.com"
        connection = Connection.objects.create(
            user=user,
            provider=provider.slug,
            status=Connection.Status.CONNECTED,
            external_id=account,
            email=account,
            account_claim=f"{provider.slug}:{account}" if provider.exclusive_account else None,
            scopes=" ".join(sorted(provider.scopes_in(None))),
            access_token=f"token-{number}",
            refresh_token=f"refresh-{number}",
            expires_at=now + timedelta(days=1),
            connected_at=now,
        )
        if provider.is_calendar:
            Calendar.objects.create(
                connection=connection,
                external_id=account,
                account_id=account,
                name=account,
                timezone=ZONE,
                is_primary=True,
                can_write=True,
                allows_meet=True,
                blocks_time=True,
                receives_bookings=True,
            )
    # An hour ahead: "busy times known" for as long as anything is measured.
    KnownBusy.objects.create(
        user=user,
        intervals=_intervals(now),
        covers_from=now - timedelta(days=2),
        covers_until=now + timedelta(days=80),
        asked_at=now + timedelta(hours=1),
    )


def _intervals(now: datetime) -> list[tuple[int, int, str]]:
    """A hundred meetings of other people's making within sixty days, each an event of the receiving calendar."""
    chance = random.Random(1)
    starts = [int(now.timestamp()) // 900 * 900 + 900 * chance.randrange(60 * 96) for _ in range(BUSY)]
    return [(start, start + 1800, f"other{start}") for start in starts]


if __name__ == "__main__":
    main()
