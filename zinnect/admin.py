"""What the libraries' own admin pages show too much of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's own class takes no type parameters when it runs.
    ModelAdmin = admin.ModelAdmin

admin.site.unregister(Authenticator)


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
