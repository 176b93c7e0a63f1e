"""In which language a person reads: asked for in the address, kept in a cookie, else as their browser says."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

_KEEP = "zinnect.language"  # in request.META, where no header can put it: theirs begin with "HTTP_"


def is_spoken(language: object) -> bool:
    """Whether all our texts exist in ``language``, a code such as "de"."""
    return language in dict(settings.LANGUAGES)


def choose(request: HttpRequest, language: str) -> None:
    """Speak ``language`` from here on, and in this browser until another is chosen. An unknown one changes nothing."""
    if not is_spoken(language):
        return
    translation.activate(language)
    request.LANGUAGE_CODE = language
    request.META[_KEEP] = language


def keep_chosen(request: HttpRequest, response: HttpResponseBase) -> None:
    """Write what was chosen during ``request`` into the browser."""
    language = request.META.get(_KEEP)
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
