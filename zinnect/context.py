"""What every template may say."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The public origin, the support address, and whether sign-up is open."""
    return {
        "base_url": settings.BASE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "signup_open": settings.SIGNUP_OPEN,
    }
