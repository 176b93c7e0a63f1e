"""Which pages may stand in a frame on other sites: those for invitees, on the sites that the operator names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.conf import settings
from django.http import HttpResponse

P = ParamSpec("P")


def embeddable(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let the origins of ``EMBED_ANCESTORS`` frame the page. X-Frame-Options cannot name origins, so it is left out."""

    @wraps(view)
    def inner(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        if settings.EMBED_ANCESTORS:
            # Read by the middlewares of Django and of django-csp.
            response.xframe_options_exempt = True
            response._csp_replace = {"frame-ancestors": list(settings.EMBED_ANCESTORS)}  # type: ignore[attr-defined]
        return response

    return inner
