"""What happened to connections, for admins: no token, not even an encrypted one, and nothing to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from integrations.health import ask_to_reconnect
from integrations.models import Connection, ConnectionEvent, DailyUse, Erasure, Revocation, WebhookEvent
from integrations.removal import remove

if TYPE_CHECKING:
    Inline = admin.TabularInline[ConnectionEvent, Connection]
    ConnectionModelAdmin = admin.ModelAdmin[Connection]
    EventModelAdmin = admin.ModelAdmin[ConnectionEvent]
    RevocationModelAdmin = admin.ModelAdmin[Revocation]
    WebhookModelAdmin = admin.ModelAdmin[WebhookEvent]
    ErasureModelAdmin = admin.ModelAdmin[Erasure]
    DailyUseModelAdmin = admin.ModelAdmin[DailyUse]
else:
    Inline = admin.TabularInline
    ConnectionModelAdmin = EventModelAdmin = RevocationModelAdmin = admin.ModelAdmin
    WebhookModelAdmin = ErasureModelAdmin = DailyUseModelAdmin = admin.ModelAdmin


class ReadOnly:
    """Rows are made and changed by the product only."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits one by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """History stays."""
        return False


class EventInline(ReadOnly, Inline):
    """The history under its connection."""

    model = ConnectionEvent
    fields = ("at", "kind", "text")
    extra = 0


@admin.register(Connection)
class ConnectionAdmin(ReadOnly, ConnectionModelAdmin):
    """Connections with their state and history."""

    list_display = ("user", "provider", "status", "email", "connected_at", "last_success_at", "last_error")
    list_filter = ("provider", "status")
    search_fields = ("user__email", "email", "external_id")
    list_select_related = ("user",)
    fields = (
        "user",
        "provider",
        "status",
        "generation",
        "external_id",
        "account_id",
        "email",
        "display_name",
        "scopes",
        "expires_at",
        "connected_at",
        "removed_at",
        "last_success_at",
        "last_error",
        "last_error_at",
        "notice_due",
    )
    inlines = (EventInline,)
    actions = ("force_reconnect", "remove_connection")

    @admin.action(description=gettext_lazy("Force a reconnect"), permissions=["remove"])
    def force_reconnect(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Its tokens are used no more; the organizer is mailed, and sees a banner until it is connected anew."""
        asked = 0
        for connection in queryset:
            done = ask_to_reconnect(connection)
            self.log_change(request, connection, f"Force a reconnect: {'done' if done else 'refused. Not connected.'}")
            asked += done
        words = ngettext(
            "%(n)d connection has to be made anew; its organizer is mailed.",
            "%(n)d connections have to be made anew; their organizers are mailed.",
            asked,
        )
        self.message_user(request, words % {"n": asked}, messages.SUCCESS if asked else messages.WARNING)

    @admin.action(description=gettext_lazy("Remove connection"), permissions=["remove"])
    def remove_connection(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """The same as Remove on the organizer's page."""
        attached = [connection for connection in queryset if connection.status != Connection.Status.REMOVED]
        for connection in attached:
            remove(connection, by="admin")
            self.log_change(request, connection, "Remove connection: done")
        words = ngettext("%(n)d connection was removed.", "%(n)d connections were removed.", len(attached))
        self.message_user(request, words % {"n": len(attached)}, messages.SUCCESS)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Whoever may change connections by the permissions of Django may remove them."""
        return request.user.has_perm("integrations.change_connection")


@admin.register(ConnectionEvent)
class ConnectionEventAdmin(ReadOnly, EventModelAdmin):
    """The history of all connections."""

    list_display = ("at", "connection", "kind", "text")
    list_filter = ("kind", "connection__provider")
    list_select_related = ("connection",)
    fields = ("connection", "at", "kind", "text")


@admin.register(Revocation)
class RevocationAdmin(ReadOnly, RevocationModelAdmin):
    """Removed grants that are still to be revoked at their provider."""

    list_display = ("created_at", "provider", "external_id", "attempts", "next_attempt_at", "last_error")
    list_filter = ("provider",)
    fields = ("connection", "provider", "external_id", "created_at", "attempts", "next_attempt_at", "last_error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revocation]:
        """Without the tokens: they are not even read."""
        queryset: QuerySet[Revocation] = super().get_queryset(request)
        return queryset.defer("access_token", "refresh_token")


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly, WebhookModelAdmin):
    """What providers told us, and whether it was acted upon. What it said is not shown: it names people's meetings."""

    list_display = ("received_at", "provider", "kind", "handled_at", "attempts", "next_attempt_at", "error")
    list_filter = ("provider", "kind")
    fields = ("provider", "kind", "digest", "received_at", "handled_at", "attempts", "next_attempt_at", "error")


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, ErasureModelAdmin):
    """Accounts whose data are to be erased, or were."""

    list_display = ("connection", "provider", "asked_at", "erase_after", "done_at", "error")
    list_filter = ("provider",)
    list_select_related = ("connection",)
    fields = ("connection", "provider", "external_id", "asked_at", "erase_after", "done_at", "error")


@admin.register(DailyUse)
class DailyUseAdmin(ReadOnly, DailyUseModelAdmin):
    """How much of their daily limit accounts have used lately."""

    list_display = ("day", "provider", "external_id", "calls", "closed_until", "told_at")
    list_filter = ("provider", "day")
    search_fields = ("external_id",)
    fields = ("day", "provider", "external_id", "calls", "closed_until", "told_at")
