"""The language of what is written down for somebody while they are away."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import override


def in_language_of(user: AbstractBaseUser) -> override:
    """The language that the organizer chose, for ``with``: whoever acts, they are the one to read it."""
    organizer = getattr(user, "organizer", None)
    return override(getattr(organizer, "language", settings.LANGUAGE_CODE))
