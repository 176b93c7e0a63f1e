"""What was made of bookings at video services and in calendars: to find what failed there, whatever it belongs to."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.admin.inlines import ModelAdmin, ReadOnlyMixin
from bookings.models import CalendarEntry, Meeting
from integrations.models import with_connection


class TroubledFilter(admin.SimpleListFilter):
    """Rows with an error, by whether they are tried again."""

    title = _("last error")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """The choices."""
        return [("again", str(_("Tried again"))), ("for_good", str(_("Refused for good")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Meeting]) -> QuerySet[Meeting] | None:
        """The rows of a choice."""
        if self.value() not in ("again", "for_good"):
            return queryset
        return queryset.exclude(last_error="").filter(failed_for_good=self.value() == "for_good")


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyMixin, ModelAdmin):
    """Meetings at video services. No link to start one is known here, nor shown."""

    list_display = ("booking", "provider", "state", "external_id", "attempts", "next_attempt_at", "last_error")
    list_filter = (TroubledFilter, "provider", "state")
    search_fields = ("external_id", "booking__uid", "booking__title")
    ordering = ("-id",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        """With their connections, whose tokens stay in the database."""
        everything: QuerySet[Meeting] = super().get_queryset(request)
        return with_connection(everything.select_related("booking"))


@admin.register(CalendarEntry)
class CalendarEntryAdmin(ReadOnlyMixin, ModelAdmin):
    """Events in calendars."""

    list_display = ("booking", "calendar", "state", "conference", "attempts", "next_attempt_at", "last_error")
    list_select_related = ("booking", "calendar")
    list_filter = (TroubledFilter, "state", "conference")
    search_fields = ("event_id", "booking__uid", "booking__title")
    ordering = ("-id",)
    show_full_result_count = False
