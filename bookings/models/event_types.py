"""What can be booked."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bookings.models.availability import Schedule
from bookings.models.organizer import Organizer


class EventType(models.Model):
    """A kind of meeting that an organizer offers. By which video service it is held is not chosen here (rule 3)."""

    class Location(models.TextChoices):
        VIDEO = "video", _("Video call")
        PHONE = "phone", _("Phone call")
        IN_PERSON = "in_person", _("In person")

    class Reminders(models.TextChoices):
        BOTH = "both", _("24 hours and 1 hour before")
        DAY = "day", _("24 hours before")
        HOUR = "hour", _("1 hour before")
        NONE = "none", _("No reminder")

    organizer = models.ForeignKey(Organizer, models.CASCADE, related_name="event_types")
    schedule = models.ForeignKey(Schedule, models.RESTRICT, related_name="event_types")
    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    description = models.TextField(max_length=2000, blank=True)
    location = models.CharField(max_length=12, choices=Location.choices, default=Location.VIDEO)
    location_detail = models.CharField(max_length=300, blank=True, help_text="The number to call, or the address.")
    duration_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(12 * 60)]
    )
    interval_minutes = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(12 * 60)],
        help_text="A start is offered every so often.",
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6 * 60)])
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6 * 60)])
    minimum_notice_minutes = models.PositiveIntegerField(default=60, validators=[MaxValueValidator(60 * 24 * 60)])
    window_days = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(1), MaxValueValidator(365)], help_text="How many days ahead."
    )
    daily_limit = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    requires_confirmation = models.BooleanField(
        default=False, help_text="A booking waits, with its time held, until the organizer confirms it."
    )
    reminders = models.CharField(
        max_length=4,
        choices=Reminders.choices,
        default=Reminders.BOTH,
        help_text="When the invitee is reminded by mail.",
    )
    active = models.BooleanField(default=True)
    private = models.BooleanField(default=False, help_text="Only its link leads to it.")
    questions = models.JSONField(default=list, blank=True, editable=False, help_text="See bookings/questions.py.")

    class Meta:
        ordering = ["duration_minutes", "title", "id"]
        constraints = [models.UniqueConstraint(fields=["organizer", "slug"], name="a_slug_once_for_an_organizer")]

    def __str__(self) -> str:
        return self.title

    @property
    def duration(self) -> timedelta:
        """How long a meeting is."""
        return timedelta(minutes=self.duration_minutes)

    @property
    def duration_words(self) -> str:
        """How long a meeting is, in words: "30 minutes", and whole hours as hours: "2 hours"."""
        hours, left = divmod(self.duration_minutes, 60)
        if hours and not left:
            return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
        words = ngettext("%(minutes)s minute", "%(minutes)s minutes", self.duration_minutes)
        return words % {"minutes": self.duration_minutes}

    @property
    def is_video(self) -> bool:
        """Whether it is held by video, and so gets a join link."""
        return self.location == self.Location.VIDEO
