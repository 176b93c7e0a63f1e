"""Bookings: looked at, arranged, cancelled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bookings import services
from bookings.admin.inlines import (
    AnnouncementInline,
    CalendarEntryInline,
    GuestInline,
    MeetingInline,
    MessageInline,
    ModelAdmin,
    ReadOnlyMixin,
    TimelineInline,
)
from bookings.models import Announcement, Booking


class UnfinishedFilter(admin.SimpleListFilter):
    """Bookings that calendar, meeting or mail do not follow yet."""

    title = _("arranging")
    parameter_name = "unfinished"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("yes", _("Unfinished")), ("gave_up", _("Gave up")), ("no", _("Finished"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """The bookings of a choice."""
        behind = queryset.filter(arranged_revision__lt=F("revision"))
        choices: dict[str, QuerySet[Any]] = {
            "yes": behind,
            "gave_up": behind.filter(gave_up_at__isnull=False),
            "no": queryset.filter(arranged_revision__gte=F("revision")),
        }
        found: QuerySet[Any] = choices.get(self.value() or "", queryset)
        return found


@admin.register(Booking)
class BookingAdmin(ReadOnlyMixin, ModelAdmin):
    """Bookings with all that is known of them. The invitee's token is shown nowhere."""

    list_display = ("title", "organizer", "invitee_name", "start", "status", "is_finished", "link")
    list_select_related = ("organizer",)
    list_filter = ("status", UnfinishedFilter, "location", "start")
    search_fields = ("uid", "title", "invitee_name", "invitee_email", "organizer__handle")
    search_help_text = _("Title, invitee, organizer's handle, or the booking's id.")
    date_hierarchy = "start"
    ordering = ("-start",)
    list_per_page = 100
    show_full_result_count = False
    actions = ("arrange_now", "cancel_everywhere")
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
        return booking.arranged_revision >= booking.revision

    @admin.display(description=_("link"), ordering="told_provider")
    def link(self, booking: Booking) -> str:
        """Whose link people were told."""
        return getattr(booking, "told_provider", None) or "-"

    def has_arrange_permission(self, request: HttpRequest) -> bool:
        """Who could change bookings, were they not read-only."""
        return request.user.has_perm("bookings.change_booking")

    @admin.action(description=_("Arrange now"), permissions=["arrange"])
    def arrange_now(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """Make what is unfinished due now; the worker does it."""
        chosen = list(queryset)
        for booking in chosen:
            services.retry(booking=booking, by="admin")
            self.log_change(request, booking, "Arrange now")
        words = ngettext("%(count)d booking is being arranged.", "%(count)d bookings are being arranged.", len(chosen))
        self.message_user(request, words % {"count": len(chosen)}, messages.SUCCESS)

    @admin.action(description=_("Cancel everywhere"), permissions=["arrange"])
    def cancel_everywhere(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """Cancel: event and meeting are removed, everybody is told."""
        cancelled = 0
        for booking in queryset:
            try:
                services.cancel(booking=booking, by="admin")
            except services.NotChangeable as error:
                self.message_user(request, f"{booking}: {error}", messages.WARNING)
            else:
                self.log_change(request, booking, "Cancel everywhere")
                cancelled += 1
        words = ngettext("%(count)d booking is cancelled.", "%(count)d bookings are cancelled.", cancelled)
        self.message_user(request, words % {"count": cancelled}, messages.SUCCESS)
