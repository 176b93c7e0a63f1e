"""``manage.py delete_account --email E``: what the settings page does, for somebody who asked by mail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from bookings.services import departures


class Command(BaseCommand):
    """Begins the deletion; workers do the rest."""

    help = "Delete an account: cancel what is to come, revoke both connections, erase everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose."""
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many bookings are cancelled by it."""
        found = User.objects.filter(email__iexact=options["email"])
        if len(found) != 1:
            raise CommandError(f"{len(found)} accounts have the address {options['email']}.")
        count = departures.upcoming(found[0]).count()
        departures.depart(user=found[0], by="admin")
        self.stdout.write(f"{count} bookings are being cancelled. The rest follows by itself.")
