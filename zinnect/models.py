"""What administrators did."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """One thing that somebody did in admin. Rows are only ever added: the database refuses anything else.

    Ids and no foreign keys: the row outlives whoever did it and what it was done to, and names nobody.
    """

    at = models.DateTimeField(default=timezone.now)
    actor_id = models.BigIntegerField(db_index=True, help_text="The user who did it.")
    action = models.CharField(max_length=80, db_index=True)
    model = models.CharField(max_length=100, help_text="What it was done to, such as bookings.booking.")
    object_id = models.CharField(max_length=64)
    outcome = models.TextField(blank=True, help_text="How it went: names of fields and counts, never what they hold.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action}: {self.model} {self.object_id}"
