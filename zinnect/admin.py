"""What the libraries' own admin pages show too much of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bookings.admin.inlines import ReadOnlyMixin
from bookings.services import departures
from zinnect.models import AuditEntry
from zinnect.sessions import end_sessions

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's own class takes no type parameters when it runs.
    ModelAdmin = admin.ModelAdmin

admin.site.unregister([Authenticator, User])
# It deletes in bulk, of which no signal tells: every deletion is one that the audit log has seen.
admin.site.disable_action("delete_selected")
admin.site.site_header = admin.site.site_title = "Zinnect Scheduler"


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """People. Their rows go after their bookings were cancelled and their connections revoked, never before."""

    actions = ("sign_out_everywhere", "delete_accounts")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Deleting the row alone would leave events, meetings and grants behind that nobody knows of any more."""
        return False

    @admin.action(description=gettext_lazy("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End every session, in whatever browser; the one that asks for it stays."""
        ended = 0
        for user in queryset:
            count = end_sessions(user.pk, keep=request.session.session_key)
            self.log_change(request, user, f"Sign out everywhere: {count} sessions ended")
            ended += count
        words = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", ended)
        self.message_user(request, words % {"count": ended}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Delete the accounts: cancel, revoke, erase"), permissions=["change"])
    def delete_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """As the settings page does."""
        for user in queryset:
            if user == request.user:
                continue  # never oneself
            departures.depart(user=user, by="admin")
            self.log_change(request, user, "Delete the account: begun")
        self.message_user(request, _("They are being deleted."), messages.SUCCESS)


@admin.register(Authenticator)
class AuthenticatorAdmin(ModelAdmin):
    """Second factors: who has one. Deleting one lets in somebody who lost it; the secret in ``data`` is never shown."""

    fields = ("user", "type", "created_at", "last_used_at")
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People set up their own."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        """Nobody sets up another's."""
        return False


class ActorFilter(admin.SimpleListFilter):
    """Who did it. Accounts that are gone are numbers."""

    title = gettext_lazy("who")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Everybody who did anything."""
        ids = AuditEntry.objects.order_by().values_list("actor_id", flat=True).distinct()
        names = dict(User.objects.filter(pk__in=ids).values_list("pk", "username"))
        return [(str(pk), names.get(pk, str(pk))) for pk in sorted(ids)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry] | None:
        """What one of them did."""
        chosen = self.value() or ""
        return queryset.filter(actor_id=int(chosen)) if chosen.isdecimal() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyMixin, ModelAdmin):
    """What administrators did."""

    list_display = ("at", "who", "action", "model", "object_id", "outcome")
    list_filter = (ActorFilter, "action", "model")
    search_fields = ("object_id", "action")
    date_hierarchy = "at"
    show_full_result_count = False
    fields = ("at", "who", "actor_id", "action", "model", "object_id", "outcome")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """With the actor's name, as long as there is one."""
        name = User.objects.filter(pk=OuterRef("actor_id")).values("username")
        everything: QuerySet[AuditEntry] = super().get_queryset(request)
        return everything.annotate(username=Subquery(name))

    @admin.display(description=gettext_lazy("who"))
    def who(self, entry: AuditEntry) -> str:
        """The name, or the number of an account that is gone."""
        return getattr(entry, "username", None) or str(entry.actor_id)
