"""Who offers times."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from timezone_field import TimeZoneField

from bookings.handles import validate_handle


class Organizer(models.Model):
    """A user who publishes a page. Its row is the lock under which the organizer's bookings are decided."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="organizer")
    name = models.CharField(max_length=100, help_text="What invitees read.")
    handle = models.SlugField(max_length=40, unique=True, validators=[validate_handle], help_text="The page's address.")
    timezone = TimeZoneField(default="UTC", use_pytz=False)
    language = models.CharField(max_length=10, default="en")

    def __str__(self) -> str:
        return self.name

    @property
    def email(self) -> str:
        """Where the organizer's mail goes."""
        return self.user.email
