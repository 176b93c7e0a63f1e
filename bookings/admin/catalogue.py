"""Who can be booked, for what, when, and the mails about it."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from bookings.admin.inlines import ModelAdmin, ReadOnlyMixin, TabularInline
from bookings.models import DateOverride, EventType, Message, Organizer, Schedule, WeeklyHours


@admin.register(Message)
class MessageAdmin(ReadOnlyMixin, ModelAdmin):
    """Our mails, to find the ones that did not get through."""

    list_display = ("to_email", "kind", "role", "booking", "revision", "state", "sent_at", "last_error")
    list_select_related = ("booking",)
    list_filter = ("state", "kind", "role")
    search_fields = ("to_email", "booking__uid", "booking__title")
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(EventType)
class EventTypeAdmin(ModelAdmin):
    """What can be booked. Bookings keep what they were booked with."""

    list_display = ("title", "organizer", "slug", "duration_minutes", "requires_confirmation", "private", "active")
    list_select_related = ("organizer",)
    list_filter = ("active", "private", "requires_confirmation", "location")
    search_fields = ("title", "slug", "organizer__handle", "organizer__name")
    autocomplete_fields = ("organizer", "schedule")
    readonly_fields = ("questions",)


@admin.register(Organizer)
class OrganizerAdmin(ModelAdmin):
    """Who publishes a page. Never deleted here: the bookings' events and meetings would stay behind."""

    list_display = ("name", "handle", "email", "timezone")
    list_select_related = ("user",)
    search_fields = ("name", "handle", "user__email")
    autocomplete_fields = ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: Organizer | None = None) -> bool:
        """See the class."""
        return False


class WeeklyHoursInline(TabularInline):
    """Hours of the week, in minutes from midnight."""

    model = WeeklyHours
    extra = 0


class DateOverrideInline(TabularInline):
    """Dates with hours of their own."""

    model = DateOverride
    extra = 0


@admin.register(Schedule)
class ScheduleAdmin(ModelAdmin):
    """When somebody can be booked."""

    list_display = ("name", "organizer", "timezone", "is_default")
    list_select_related = ("organizer",)
    search_fields = ("name", "organizer__handle", "organizer__name")
    autocomplete_fields = ("organizer",)
    inlines = (WeeklyHoursInline, DateOverrideInline)
