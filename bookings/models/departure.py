"""Who is leaving."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone


class Departure(models.Model):
    """An account that is being deleted (bookings/services/departures.py); the row goes with its user."""

    class By(models.TextChoices):
        ORGANIZER = "organizer", "the organizer"
        ADMIN = "admin", "an administrator"

    user = models.OneToOneField(User, models.CASCADE, related_name="departure")
    asked_at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=12, choices=By.choices)

    def __str__(self) -> str:
        return f"departure of user {self.user_id}"
