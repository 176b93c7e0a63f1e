"""How signing up and signing in behave here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmationMixin
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from bookings import limits


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The operator can close sign-up, and links in mail are built from ``BASE_URL``, never from a request."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether strangers may make an account (``SIGNUP_OPEN``)."""
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """By what attempts are counted, the same as for bookings: a forged header gains nothing and breaks nothing."""
        return limits.client_address(request)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmationMixin) -> str:
        """The link that proves an address."""
        return f"{settings.BASE_URL}{reverse('account_confirm_email', args=[emailconfirmation.key])}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link that sets a new password."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.BASE_URL}{path.replace('UID-KEY', key)}"


class AdminLoginForm(AdminAuthenticationForm):
    """The admin's own sign-in knows no second factor, so whoever has one is sent to the sign-in that does.

    Nor does it count attempts, so they are counted here, by address and by name.
    """

    def clean(self) -> dict[str, Any]:
        """Raise TooMany before a password is looked at."""
        if self.request is not None:
            limits.spend(limits.ADMIN_BY_ADDRESS, limits.client_address(self.request))
        limits.spend(limits.ADMIN_BY_NAME, str(self.cleaned_data.get("username", "")).lower())
        return super().clean()

    def confirm_login_allowed(self, user: User) -> None:
        """Raise ValidationError for users who may not come in here."""
        super().confirm_login_allowed(user)
        if is_mfa_enabled(user):
            raise ValidationError(
                _("Your account has a second factor: sign in at %(path)s.") % {"path": reverse("account_login")}
            )
