"""Bookings: looked at, and their story told."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from bookings.admin.actions import GRAVE, BookingActions
from bookings.admin.by_hand import by_hand
from bookings.admin.filters import TroubleFilter, UnfinishedFilter
from bookings.admin.findings import findings, outlook
from bookings.admin.inlines import (
    AnnouncementInline,
    CalendarEntryInline,
    GuestInline,
    MeetingInline,
    MessageInline,
    ReadOnlyMixin,
    TimelineInline,
)
from bookings.admin.story import story
from bookings.models import Announcement, Booking


@admin.register(Booking)
class BookingAdmin(ReadOnlyMixin, BookingActions):
    """Bookings with all that is known of them. The invitee's token is shown nowhere."""

    list_display = ("title", "organizer", "invitee_name", "start", "status", "is_finished", "link")
    list_select_related = ("organizer",)
    list_filter = ("status", UnfinishedFilter, TroubleFilter, "location", "start")
    search_fields = ("uid", "title", "invitee_name", "invitee_email", "organizer__handle")
    search_help_text = _("Title, invitee, organizer's handle, or the booking's id.")
    date_hierarchy = "start"
    ordering = ("-start",)
    list_per_page = 100
    show_full_result_count = False
    change_form_template = "bookings/admin/booking.html"
    inlines = (
        TimelineInline,
        AnnouncementInline,
        MeetingInline,
        CalendarEntryInline,
        MessageInline,
        GuestInline,
    )
    fieldsets = (
        (None, {"fields": ("uid", "organizer", "event_type", "status", "title", "start", "end")}),
        (_("Where"), {"fields": ("location", "location_detail")}),
        (
            _("Invitee"),
            {
                "fields": (
                    "invitee_name",
                    "invitee_email",
                    "invitee_timezone",
                    "invitee_language",
                    "notes",
                    "answers",
                )
            },
        ),
        (
            _("Arranging"),
            {
                "fields": (
                    "revision",
                    "arranged_revision",
                    "next_attempt_at",
                    "attempts",
                    "last_error",
                    "gave_up_at",
                    "changed_by",
                    "reason",
                    "lease_until",
                )
            },
        ),
        (
            _("Times"),
            {"fields": ("created_at", "confirmed_at", "hold_until", "revised_at", "blocked_from", "blocked_until")},
        ),
    )
    readonly_fields = ("uid", "lease_until")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        """With the provider of the newest announcement that was made: one query for the whole list."""
        told = Announcement.objects.filter(booking=OuterRef("pk"), done_at__isnull=False).order_by("-revision")
        everything: QuerySet[Booking] = super().get_queryset(request)
        return everything.annotate(told_provider=Subquery(told.values("provider")[:1]))

    @admin.display(description=_("finished"), boolean=True)
    def is_finished(self, booking: Booking) -> bool:
        """Whether calendar, meeting and mail follow the booking."""
        return not booking.is_behind

    @admin.display(description=_("link"), ordering="told_provider")
    def link(self, booking: Booking) -> str:
        """Whose link people were told."""
        return getattr(booking, "told_provider", None) or "-"

    def get_urls(self) -> list[URLPattern]:
        """The form of a change by hand besides."""
        view = self.admin_site.admin_view(self.by_hand)
        return [path("<int:pk>/by-hand/", view, name="bookings_booking_by_hand"), *super().get_urls()]

    def by_hand(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change what was booked wrongly."""
        return by_hand(self, request, pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The booking's page, which begins with its story and what can be done."""
        booking = self.get_object(request, unquote(object_id))
        told = {} if booking is None else self._told(request, booking)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    def _told(self, request: HttpRequest, booking: Booking) -> dict[str, Any]:
        found = findings(booking)
        deeds = [choice for choice in self.get_action_choices(request, []) if choice[0] in BookingActions.actions]
        return {
            "story": story(booking),
            "findings": found,
            "outlook": "" if found else outlook(booking),
            "deeds": [choice for choice in deeds if choice[0] not in GRAVE],
            "grave": [choice for choice in deeds if choice[0] in GRAVE],
            "may_change": self.has_arrange_permission(request),
        }

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """Back to the booking's own page, where the action was chosen there."""
        answer: HttpResponse | None = super().response_action(request, queryset, *args)
        pk = request.POST.get("page", "")
        if isinstance(answer, HttpResponseRedirect) and pk.isdecimal():
            return redirect("admin:bookings_booking_change", pk)
        return answer
