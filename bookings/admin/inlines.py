"""The rows of a booking, below it. None can be changed: they say what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from bookings.models import Announcement, CalendarEntry, Guest, Meeting, Message, TimelineEntry

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    # Django's own classes take no type parameters when they run.
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


class ReadOnlyMixin:
    """Nothing can be added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from the product only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may look, looks."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is outside would stay behind unseen."""
        return False


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    """Rows of a booking."""

    extra = 0
    can_delete = False


class TimelineInline(ReadOnlyInline):
    """What happened."""

    model = TimelineEntry
    fields = ("at", "kind", "text", "is_problem")


class MeetingInline(ReadOnlyInline):
    """Meetings at video services."""

    model = Meeting
    fields = ("provider", "state", "external_id", "join_url", "lost_calls", "attempts", "next_attempt_at", "last_error")


class CalendarEntryInline(ReadOnlyInline):
    """Events in calendars."""

    model = CalendarEntry
    fields = ("calendar", "state", "event_id", "conference", "meet_url", "written_revision", "in_doubt", "last_error")


class AnnouncementInline(ReadOnlyInline):
    """What people were told."""

    model = Announcement
    fields = ("revision", "channel", "provider", "join_url", "why", "decided_at", "done_at")


class MessageInline(ReadOnlyInline):
    """Our mails."""

    model = Message
    fields = ("revision", "kind", "role", "to_email", "state", "sent_at", "attempts", "last_error")


class GuestInline(ReadOnlyInline):
    """Who was asked to come as well."""

    model = Guest
