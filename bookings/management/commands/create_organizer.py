"""``manage.py create_organizer``: an organizer who can sign in and be booked at once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import Q

from bookings.models import Organizer
from bookings.services import create_organizer


class Command(BaseCommand):
    """Make an organizer with a verified address, Mon–Fri 09:00–17:00 and one 30-minute event type ``intro``."""

    help = "Create an organizer with a verified address, Mon-Fri 09:00-17:00 and one 30-minute event type 'intro'."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The organizer's data."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--handle", required=True, help="the address of the public page: /<handle>/")
        parser.add_argument("--timezone", default="UTC", help="an IANA name, such as Europe/Berlin")
        parser.add_argument("--name", default="", help="what invitees read; the handle if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, or say in words why not. Raises CommandError."""
        email, handle = options["email"].strip().lower(), options["handle"].strip()
        _refuse(email=email, password=options["password"], handle=handle, timezone=options["timezone"])
        try:
            organizer = create_organizer(
                email=email,
                password=options["password"],
                handle=handle,
                timezone=options["timezone"],
                name=options["name"].strip(),
            )
        except ValidationError as error:
            raise CommandError(" ".join(_sentences(error))) from error
        except IntegrityError as error:
            raise CommandError("Somebody took the address or the handle at the same moment.") from error
        self.stdout.write(self.style.SUCCESS(f"{organizer.name} can sign in as {email} and be booked at /{handle}/."))


def _refuse(*, email: str, password: str, handle: str, timezone: str) -> None:
    """Raise CommandError for what the service would not tell. A weak password is the operator's choice."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email!r} is not an e-mail address.") from error
    if not password:
        raise CommandError("The password is empty.")
    if timezone not in available_timezones():
        raise CommandError(f"Unknown time zone {timezone!r}: use an IANA name, such as Europe/Berlin.")
    if get_user_model().objects.filter(Q(username__iexact=email) | Q(email__iexact=email)).exists():
        raise CommandError(f"There is an account with the address {email} already.")
    if EmailAddress.objects.filter(email__iexact=email).exists():
        raise CommandError(f"There is an account with the address {email} already.")
    if Organizer.objects.filter(handle=handle).exists():
        raise CommandError(f"The handle {handle!r} is taken.")


def _sentences(error: ValidationError) -> list[str]:
    """``handle: This address is reserved.``, one for each field."""
    if not hasattr(error, "error_dict"):
        return error.messages
    return [f"{name}: {message}" for name, messages in error.message_dict.items() for message in messages]
