"""``manage.py arrange``: do the due work now, in this process."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from bookings import arrange, reminders
from bookings.models import Booking
from bookings.status import page_status


class Command(BaseCommand):
    """What the worker does, for one booking or for all that are due."""

    help = "Bring calendar, meeting and mail in line: of one booking (--booking UID), or of all whose work is due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which booking, if it is only one."""
        parser.add_argument("--booking", type=UUID, metavar="UID", help="arrange this one now, due or not")

    def handle(self, *args: Any, **options: Any) -> None:
        """Arrange, then say how far it came. Raises CommandError when there is no such booking."""
        if options["booking"] is None:
            count = arrange.arrange_due()
            reminded = sum(reminders.remind(*found) for found in reminders.due(arrange.AT_MOST))
            self.stdout.write(f"{count} due, {reminded} reminded.")
            return
        booking = Booking.objects.filter(uid=options["booking"]).first()
        if booking is None:
            raise CommandError(f"There is no booking {options['booking']}.")
        arrange.arrange(booking.pk)
        booking.refresh_from_db()
        self.stdout.write(f"{booking.uid}: {page_status(booking)}. {booking.last_error}".rstrip())
