"""Leaving: the account and everything that belongs to it is deleted."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import limits
from bookings.services import departures
from bookings.views.organizer import organizer_of, submitted

SHOWN = 20


class DeleteAccountForm(forms.Form):
    """The password, once more."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
        max_length=4096,
        strip=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """The words for what stands in the way."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.user.is_staff:
            raise ValidationError(_("This account administers the site. Another administrator can delete it."))
        return cleaned

    def clean_password(self) -> str:
        """Raises TooMany before the eleventh guess in five minutes."""
        limits.spend(limits.PASSWORD_BY_USER, str(self.user.pk))
        typed: str = self.cleaned_data["password"]
        if not self.user.check_password(typed):
            raise ValidationError(_("This is not your password."))
        return typed


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Say what will happen, ask for the password, then do it. For any signed-in user."""
    user = cast(User, request.user)
    form = DeleteAccountForm(submitted(request), user=user)
    if request.method == "POST" and form.is_valid():
        departures.depart(user=user, by="organizer")
        logout(request)
        messages.success(request, _("Your account is being deleted. You are signed out."))
        return redirect("account_login")
    upcoming, organizer = departures.upcoming(user), organizer_of(user)
    context = {"form": form, "upcoming": upcoming[:SHOWN], "count": upcoming.count()}
    with timezone.override(organizer.timezone if organizer else None):
        return render(request, "bookings/organizer/delete_account.html", context, status=422 if form.errors else 200)
