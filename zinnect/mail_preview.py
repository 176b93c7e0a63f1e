"""``/mail-preview/``: every mail as its reader gets it, for developers (``DEBUG``) only. Nothing is written or sent."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from zinnect.mail_samples import samples


def _language(request: HttpRequest) -> str:
    """The language that was asked for; 404 where this runs for others."""
    if not settings.DEBUG:
        raise Http404
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@require_safe
@csp_update({"frame-src": [SELF]})
def index(request: HttpRequest) -> HttpResponse:
    """All mails in one language: subject, HTML in a frame, text beside it."""
    language = _language(request)
    context = {"mails": samples(language), "language": language, "languages": settings.LANGUAGES}
    return render(request, "pages/mail_preview.html", context)


@require_safe
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF], "style-src": [UNSAFE_INLINE]})
def html(request: HttpRequest) -> HttpResponse:
    """The HTML of the mail that ``?mail=`` names; its styles stand in itself, as mail programs want it."""
    found = samples(_language(request)).get(request.GET.get("mail", ""))
    if found is None:
        raise Http404
    return HttpResponse(str(found.alternatives[0][0]))
