"""How far the outside follows a booking: what was intended, what was done, and what is known of it.

Every row is written before the call that it speaks of (architecture.md, "Intent before deed").
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from bookings.models.booking import Booking
from calendars.models import Calendar
from integrations.models import Connection


class Attempts(models.Model):
    """How the tries at one outside thing went."""

    attempts = models.PositiveIntegerField(default=0, help_text="Tries that failed in a row.")
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="Not to be tried before.")
    last_error = models.TextField(blank=True, help_text="In words fit to show to the organizer.")
    failed_for_good = models.BooleanField(default=False, help_text="Trying again does not help by itself.")

    class Meta:
        abstract = True


class Meeting(Attempts):
    """A meeting at a video service, from the intent to make it until it is deleted."""

    class State(models.TextChoices):
        CREATING = "creating", "Being made"
        LIVE = "live", "Live"
        DELETED = "deleted", "Deleted"
        GONE = "gone", "Deleted by the host"
        NEVER_MADE = "never_made", "Never made"
        UNMANAGED = "unmanaged", "No longer managed"

    # Lists of meetings lag: a look right after a lost call is followed by one more.
    SECOND_LOOK = timedelta(minutes=10)

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="meetings")
    provider = models.CharField(max_length=32)
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="meetings")
    generation = models.PositiveIntegerField(help_text="The connection's generation that made it.")
    host_id = models.CharField(max_length=255, help_text="The provider's id of the user who hosts it.")
    marker = models.CharField(max_length=64, unique=True, help_text="Stands at the start of the agenda.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.CREATING)
    attempted_at = models.DateTimeField(null=True, blank=True, help_text="When the last create call began.")
    lost_calls = models.PositiveSmallIntegerField(
        default=0, help_text="Create calls whose answer was lost: each may have made a meeting unseen."
    )
    look_again_at = models.DateTimeField(
        null=True, blank=True, help_text="When to look for surplus meetings with our marker."
    )
    external_id = models.CharField(max_length=64, blank=True)
    join_url = models.CharField(max_length=2000, blank=True)
    written_start = models.DateTimeField(null=True, blank=True, help_text="The start that the provider holds.")
    written_minutes = models.PositiveIntegerField(null=True, blank=True)
    written_topic = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Empty: not known, and left as it is."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["external_id"], condition=~models.Q(external_id=""), name="meeting_by_external_id")
        ]

    def __str__(self) -> str:
        return f"{self.provider} meeting {self.external_id or '(not made yet)'}"


class CalendarEntry(Attempts):
    """The event in the organizer's calendar, from the intent to insert it until it is deleted."""

    class State(models.TextChoices):
        INSERTING = "inserting", "Being inserted"
        LIVE = "live", "Live"
        DELETED = "deleted", "Deleted"
        GONE = "gone", "Deleted in the calendar"
        NEVER_MADE = "never_made", "Never made"

    OPEN = (State.INSERTING, State.LIVE)

    class Conference(models.TextChoices):
        NONE = "none", "None"
        PENDING = "pending", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="calendar_entries")
    calendar = models.ForeignKey(Calendar, models.RESTRICT, related_name="entries")
    event_id = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.INSERTING)
    in_doubt = models.BooleanField(default=False, help_text="An insert may have been carried out unseen.")
    ical_uid = models.CharField(max_length=255, blank=True)
    etag = models.CharField(max_length=255, blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text="The SEQUENCE that the calendar last answered.")
    conference = models.CharField(max_length=8, choices=Conference.choices, default=Conference.NONE)
    meet_url = models.CharField(max_length=2000, blank=True)
    written_revision = models.PositiveIntegerField(default=0, help_text="The revision that the event shows.")
    people_added = models.BooleanField(default=False, help_text="Invitee and guests are on the event.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "calendar entries"

    def __str__(self) -> str:
        return f"event {self.event_id}"


class Announcement(models.Model):
    """Which link people are told for a revision, and by whom. Decided once, before anybody is told."""

    class Channel(models.TextChoices):
        CALENDAR = "calendar", "The calendar's own invitation"
        MAIL = "mail", "Our mail"

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="announcements")
    revision = models.PositiveIntegerField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    provider = models.CharField(max_length=32, blank=True, help_text="Whose link it is; empty where there is none.")
    join_url = models.CharField(max_length=2000, blank=True)
    why = models.TextField(
        blank=True, help_text="Why it is not the link or channel that was wanted, for the organizer."
    )
    decided_at = models.DateTimeField(default=timezone.now)
    in_doubt = models.BooleanField(default=False, help_text="The calendar may have told people unseen.")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["revision"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "revision"], name="one_announcement_for_a_revision"),
        ]

    def __str__(self) -> str:
        return f"revision {self.revision} by {self.channel}"

    @property
    def link_erased(self) -> bool:
        """Whether the link of a video service was erased here later (integrations/erasure.py): people still hold it."""
        return self.provider not in ("", "google_meet") and not self.join_url
