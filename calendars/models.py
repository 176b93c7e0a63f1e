"""The organizer's calendars and what is known of their busy times."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from integrations.models import Connection


class Calendar(models.Model):
    """A calendar of a connected account: whether it blocks time and whether it receives bookings."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="calendars")
    external_id = models.CharField(max_length=255, help_text="The provider's id of the calendar.")
    account_id = models.CharField(max_length=255, help_text="The provider's id of the account it was read from.")
    name = models.CharField(max_length=255)
    timezone = models.CharField(max_length=64, default="UTC")
    is_primary = models.BooleanField(default=False)
    can_write = models.BooleanField(default=False)
    allows_meet = models.BooleanField(default=False, help_text="Google Meet is among its allowed conference solutions.")
    blocks_time = models.BooleanField(default=False)
    receives_bookings = models.BooleanField(default=False)
    seen_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "account_id", "external_id"], name="a_calendar_once_for_a_connection"
            ),
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(receives_bookings=True), name="one_calendar_receives_bookings"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KnownBusy(models.Model):
    """What the provider last said of a user's busy times. In the database, so that every web process knows the same."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_busy")
    # [[start, end, event id or ""], …] in seconds since the epoch; the id names events of the receiving calendar.
    intervals = models.JSONField(default=list)
    covers_from = models.DateTimeField(null=True)
    covers_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="When the question was sent whose answer this is.")
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"busy times of {self.user_id}"
