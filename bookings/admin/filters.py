"""What a booking is looked for by when something is wrong."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.models import Announcement, Booking, BookingQuerySet, Meeting, Message
from bookings.words import MEET
from integrations.models import Connection


class UnfinishedFilter(admin.SimpleListFilter):
    """Bookings that calendar, meeting or mail do not follow yet."""

    title = _("arranging")
    parameter_name = "unfinished"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("yes", _("Unfinished")), ("gave_up", _("Gave up")), ("no", _("Finished"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The bookings of a choice."""
        bookings = cast(BookingQuerySet, queryset)
        choices = {
            "yes": bookings.behind(),
            "gave_up": bookings.behind().filter(gave_up_at__isnull=False),
            "no": bookings.followed(),
        }
        return choices.get(self.value() or "", bookings)


class TroubleFilter(admin.SimpleListFilter):
    """Bookings by what went wrong with them."""

    title = _("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [
            ("reconnect", _("An account of the organizer needs to be reconnected")),
            ("meet", _("Announced with Meet although Zoom was connected")),
            ("mail", _("A mail was refused")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking] | None:
        """The bookings of a choice."""
        trouble = {"reconnect": needs_reconnect, "meet": fell_back_to_meet, "mail": mail_refused}.get(
            self.value() or ""
        )
        return queryset if trouble is None else queryset.filter(trouble())


def needs_reconnect() -> Exists:
    """The organizer has lost an account."""
    lost = Connection.objects.filter(status=Connection.Status.NEEDS_RECONNECT)
    return Exists(lost.filter(user=OuterRef("organizer__user")))


def fell_back_to_meet() -> Exists:
    """People were told of Meet, with a reason: there is none unless another service was connected.

    Where our mail told them, the reason may be the calendar's; then it is a meeting that was to be made which counts.
    """
    wanted = Meeting.objects.filter(booking=OuterRef("booking"))
    told = Announcement.objects.filter(booking=OuterRef("pk"), provider=MEET).exclude(why="")
    return Exists(told.filter(Q(channel=Announcement.Channel.CALENDAR) | Exists(wanted)))


def mail_refused() -> Exists:
    """A mail of the present revision was refused for good."""
    refused = Message.objects.filter(booking=OuterRef("pk"), revision=OuterRef("revision"))
    return Exists(refused.filter(state=Message.State.FAILED))
