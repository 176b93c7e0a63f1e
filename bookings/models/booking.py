"""What was booked."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from timezone_field import TimeZoneField

from bookings.models.event_types import EventType
from bookings.models.organizer import Organizer

CLEAN_UP_FOR = timedelta(days=7)

_BEHIND = models.Q(arranged_revision__lt=models.F("revision"))
_UNFINISHED = _BEHIND & models.Q(gave_up_at=None)


def new_token() -> str:
    """The unguessable part of the invitee's link: 192 bits."""
    return secrets.token_urlsafe(24)


def new_event_key() -> str:
    """An id for the calendar event: 128 random bits as hexadecimal, which lies within Google's alphabet [a-v0-9]."""
    return secrets.token_hex(16)


class BookingQuerySet(models.QuerySet["Booking"]):
    """Bookings, by how far arranging has come."""

    def behind(self) -> BookingQuerySet:
        """What calendar, meeting or mail do not follow yet, given up or not."""
        return self.filter(_BEHIND)

    def followed(self) -> BookingQuerySet:
        """What calendar, meeting and mail follow."""
        return self.filter(~_BEHIND)

    def unfinished(self) -> BookingQuerySet:
        """What is behind, and is still being worked at."""
        return self.filter(_UNFINISHED)

    def settled(self) -> BookingQuerySet:
        """What nothing is being done about any more: everything follows it, or it was given up."""
        return self.filter(~_UNFINISHED)


class Booking(models.Model):
    """A time that an invitee took. Every change raises ``revision``; arranging follows with ``arranged_revision``."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for confirmation"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"
        CANCELLED = "cancelled", "Cancelled"

    class Change(models.TextChoices):
        BOOKED = "booked", "Booked"
        MOVED = "moved", "Moved"
        LINK = "link", "New link"
        CORRECTED = "corrected", "Corrected"
        CANCELLED = "cancelled", "Cancelled"
        DECLINED = "declined", "Declined"

    HOLDING = (Status.PENDING, Status.CONFIRMED)

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token = models.CharField(max_length=64, default=new_token, unique=True, editable=False)
    form_key = models.CharField(
        max_length=64, unique=True, editable=False, help_text="The same form twice: one booking."
    )
    event_key = models.CharField(max_length=64, default=new_event_key, unique=True, editable=False)

    organizer = models.ForeignKey(Organizer, models.CASCADE, related_name="bookings")
    event_type = models.ForeignKey(EventType, models.RESTRICT, related_name="bookings")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.CONFIRMED)
    title = models.CharField(max_length=120)
    location = models.CharField(max_length=12, choices=EventType.Location.choices, default=EventType.Location.VIDEO)
    location_detail = models.CharField(max_length=300, blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    blocked_from = models.DateTimeField(help_text="Start less the buffer before it.")
    blocked_until = models.DateTimeField(help_text="End plus the buffer after it.")

    invitee_name = models.CharField(max_length=100)
    invitee_email = models.EmailField(max_length=254)
    invitee_timezone = TimeZoneField(default="UTC", use_pytz=False)
    invitee_language = models.CharField(max_length=10, default="en")
    notes = models.TextField(max_length=2000, blank=True)
    answers = models.JSONField(
        default=list, blank=True, help_text="[{label, value}, …] as it was asked and answered; value: text, or yes/no."
    )
    change = models.CharField(
        max_length=12, choices=Change.choices, default=Change.BOOKED, help_text="What the revision is."
    )
    reason = models.TextField(
        max_length=1000, blank=True, help_text="Why it was moved, cancelled or declined, as written."
    )
    changed_by = models.CharField(
        max_length=12, blank=True, help_text="Who changed it last: invitee, organizer, admin or system."
    )

    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when its time is held for the organizer's answer."
    )
    revision = models.PositiveIntegerField(default=1)
    revised_at = models.DateTimeField(default=timezone.now, help_text="When the revision began.")
    arranged_revision = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="When unfinished work is due again.")
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, help_text="In words fit to show to the organizer.")
    gave_up_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="When the people in it were forgotten.")
    lease_owner = models.CharField(max_length=64, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ["start", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    blocked_from__lte=models.F("start"),
                    start__lt=models.F("end"),
                    end__lte=models.F("blocked_until"),
                ),
                name="booking_times_are_in_order",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="pending") | models.Q(hold_until__isnull=False),
                name="pending_is_held_for_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["organizer", "blocked_from", "blocked_until"], name="booking_by_time"),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(next_attempt_at__isnull=False),
                name="booking_due",
            ),
            models.Index(fields=["hold_until"], condition=models.Q(status="pending"), name="booking_held"),
            models.Index(fields=["invitee_email"], name="booking_by_invitee"),
            models.Index(fields=["start"], condition=models.Q(status="confirmed"), name="booking_to_come"),
        ]

    def __str__(self) -> str:
        return f"{self.title} with {self.invitee_name}"

    @property
    def is_video(self) -> bool:
        """Whether it is held by video, and so gets a join link."""
        return self.location == EventType.Location.VIDEO

    @property
    def is_live(self) -> bool:
        """Whether it is confirmed, so that it should stand in calendars."""
        return self.status == self.Status.CONFIRMED

    @property
    def is_behind(self) -> bool:
        """Whether calendar, meeting or mail do not follow it yet."""
        return self.arranged_revision < self.revision

    @property
    def duration_minutes(self) -> int:
        """How long it is."""
        return int((self.end - self.start).total_seconds()) // 60

    @property
    def last_moment(self) -> datetime:
        """When the chain of tries ends: the end of a confirmed meeting, else seven days after the last change."""
        return self.end if self.is_live else self.revised_at + CLEAN_UP_FOR

    def is_over(self, now: datetime) -> bool:
        """Whether its end has passed."""
        return self.end <= now

    def waits(self, now: datetime) -> bool:
        """Whether the organizer has yet to confirm it, and still can."""
        return self.status == self.Status.PENDING and not self.has_lapsed(now)

    def has_lapsed(self, now: datetime) -> bool:
        """Whether its hold has ended without an answer: its time is free, and the next look declines it."""
        return self.status == self.Status.PENDING and self.hold_until is not None and self.hold_until <= now

    def went_unanswered(self, now: datetime) -> bool:
        """Whether it is declined because nobody answered in time."""
        return self.has_lapsed(now) or (self.status == self.Status.DECLINED and self.changed_by == "system")

    @classmethod
    def taking_time(cls, now: datetime) -> models.Q:
        """The bookings that take their time from others: confirmed ones, and pending ones while they are held."""
        return models.Q(status=cls.Status.CONFIRMED) | models.Q(status=cls.Status.PENDING, hold_until__gt=now)


class Guest(models.Model):
    """Somebody whom the invitee asked to invite as well."""

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="guests")
    email = models.EmailField(max_length=254)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["booking", "email"], name="a_guest_once_for_a_booking")]

    def __str__(self) -> str:
        return self.email
