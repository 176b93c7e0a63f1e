"""What happened to a booking, and what was sent about it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from bookings.models.arranging import Attempts
from bookings.models.booking import Booking


class TimelineEntry(models.Model):
    """One thing that happened, in words; rows are only ever added."""

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    text = models.TextField()
    is_problem = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return self.text


# As literals, since a model's Meta does not see the class around it.
_REMINDERS = ("reminder_24h", "reminder_1h")
_ASIDE = ("trouble", *_REMINDERS)


class Message(Attempts):
    """One mail to one person about one revision. Sending it again keeps its Message-ID."""

    class Kind(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        MOVED = "moved", "Moved"
        LINK = "link", "New link"
        CORRECTED = "corrected", "Corrected"
        CANCELLED = "cancelled", "Cancelled"
        DECLINED = "declined", "Declined"
        REQUESTED = "requested", "Waits for confirmation"
        TROUBLE = "trouble", "Needs the organizer"
        REMINDER_DAY = "reminder_24h", "Reminder a day before"
        REMINDER_HOUR = "reminder_1h", "Reminder an hour before"

    class Role(models.TextChoices):
        INVITEE = "invitee", "Invitee"
        ORGANIZER = "organizer", "Organizer"
        GUEST = "guest", "Guest"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Dropped: superseded"
        FAILED = "failed", "Refused"

    # What tells nobody of the revision itself.
    REMINDERS = (Kind.REMINDER_DAY, Kind.REMINDER_HOUR)
    ASIDE = (Kind.TROUBLE, *REMINDERS)

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    booking = models.ForeignKey(Booking, models.CASCADE, related_name="messages")
    revision = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    role = models.CharField(max_length=12, choices=Role.choices)
    to_email = models.EmailField(max_length=254)
    reminds_of = models.DateTimeField(null=True, blank=True, help_text="The start that a reminder speaks of.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "revision", "role", "to_email"],
                condition=~models.Q(kind__in=_ASIDE),
                name="one_message_to_a_person_for_a_revision",
            ),
            models.UniqueConstraint(
                fields=["booking", "revision"],
                condition=models.Q(kind="trouble"),
                name="one_trouble_mail_for_a_revision",
            ),
            models.UniqueConstraint(
                fields=["booking", "kind", "to_email", "reminds_of"],
                condition=models.Q(kind__in=_REMINDERS),
                name="one_reminder_of_a_kind_for_a_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to_email}"
