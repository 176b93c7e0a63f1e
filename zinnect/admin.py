"""What the libraries' own admin pages show too much of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.services import departures

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's own class takes no type parameters when it runs.
    ModelAdmin = admin.ModelAdmin

admin.site.unregister([Authenticator, User])


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """People. Their rows go after their bookings were cancelled and their connections revoked, never before."""

    actions = ("delete_accounts",)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Deleting the row alone would leave events, meetings and grants behind that nobody knows of any more."""
        return False

    @admin.action(description=gettext_lazy("Delete the accounts: cancel, revoke, erase"), permissions=["change"])
    def delete_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """As the settings page does."""
        for user in queryset:
            if user == request.user:
                continue  # never oneself
            departures.depart(user=user, by="admin")
            self.log_change(request, user, "delete_accounts")
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
