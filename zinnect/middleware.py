"""What every answer has, and what no request may do."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render

from bookings import language
from bookings.limits import TooMany

GetResponse = Callable[[HttpRequest], HttpResponse]

# Nothing here uses any of these, in our own pages or in what is framed.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)
# Whoever asks whether a process lives asks it by its address, which is no name of the service's.
PROBES = ("/healthz", "/readyz")
# What allauth counts, it counts by the minute.
ALLAUTHS_MINUTE = 60


class BoundsMiddleware:
    """Bounds the body before anybody reads it, answers TooMany with 429, and says what pages may not do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Around every view."""
        if request.path in PROBES:
            request.META["HTTP_HOST"] = urlsplit(settings.BASE_URL).netloc
        response = too_large(request) or self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if response.status_code == 429:
            response.headers.setdefault("Retry-After", str(ALLAUTHS_MINUTE))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A 429 in words, for whoever asked for too much."""
        if not isinstance(exception, TooMany):
            return None
        minutes = -(-exception.retry_after // 60)
        context = {"minutes": minutes, "hours": round(minutes / 60) if minutes >= 120 else 0}
        answer = render(request, "429.html", context, status=429)
        answer["Retry-After"] = str(exception.retry_after)
        answer["Cache-Control"] = "no-store"
        return answer


class LanguageMiddleware(LocaleMiddleware):
    """Django's choice (the cookie, then what the browser says), unless the address asks: ``?lang=de``."""

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language that this request is answered in."""
        super().process_request(request)
        language.choose(request, request.GET.get("lang", ""))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Keep what was asked for."""
        language.keep_chosen(request, response)
        return super().process_response(request, response)


def too_large(request: HttpRequest) -> HttpResponse | None:
    """413 for a body that no form of ours sends: files too, which Django would write to disk. No length means no body.

    (A chunked body has no length: Django's WSGIRequest reads none of it.)
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdigit() and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return None
    return HttpResponse("The request is too large.\n", status=413, content_type="text/plain; charset=utf-8")
