"""The calendars that organizers have connected. Read-only: they are read from the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from calendars.models import Calendar

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Calendar]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Calendar)
class CalendarAdmin(ModelAdmin):
    """Which calendars block time, and which one receives bookings."""

    list_display = (
        "name",
        "connection",
        "timezone",
        "is_primary",
        "can_write",
        "allows_meet",
        "blocks_time",
        "receives_bookings",
    )
    list_select_related = ("connection",)
    list_filter = ("blocks_time", "receives_bookings", "allows_meet", "is_primary")
    search_fields = ("name", "external_id", "connection__user__email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the provider."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Calendar | None = None) -> bool:
        """They follow the provider and the organizer's own choice."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Calendar | None = None) -> bool:
        """Events of bookings refer to them."""
        return False
